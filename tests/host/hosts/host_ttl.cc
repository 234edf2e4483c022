// DBWithTTL wraps every value and installs a compaction filter of its own.
//
//     host_ttl DIR SECONDS
#include "ledger.h"

#include <rocksdb/utilities/db_ttl.h>

int main(int argc, char **argv)
{
	rocksdb::Options o;
	rocksdb::DBWithTTL *db;

	MUST(argc == 3);
	o.create_if_missing = true;
	o.write_buffer_size = 1 << 20;
	must_ok(rocksdb::DBWithTTL::Open(o, argv[1], &db, 86400), "open");
	Ledger l(db, db->DefaultColumnFamily(), "ttl");
	ready();
	l.work(atof(argv[2]));
	must_ok(db->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr), "compact");
	l.verify();
	delete db;
	must_ok(rocksdb::DBWithTTL::Open(o, argv[1], &db, 86400), "open again");
	l.db = db;
	l.cf = db->DefaultColumnFamily();
	l.verify();
	delete db;
	return 0;
}
