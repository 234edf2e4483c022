// Nothing but puts and gets; what matters is how it is linked: with librocksdb.a, as host_static and, exporting its symbols, as
// host_static_rdynamic.
//
//     host_static DIR SECONDS
#include "ledger.h"

int main(int argc, char **argv)
{
	rocksdb::Options o;
	rocksdb::DB *db;

	MUST(argc == 3);
	o.create_if_missing = true;
	must_ok(rocksdb::DB::Open(o, argv[1], &db), "open");
	Ledger l(db, db->DefaultColumnFamily(), "static");
	ready();
	l.work(atof(argv[2]));
	l.verify();
	delete db;
	return 0;
}
