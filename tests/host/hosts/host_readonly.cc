// Instances without the right to write, of a database that is there already, kept open until standard input ends.
//
//     host_readonly read_only|families|secondary|ttl|both DIR
#include "ledger.h"

#include <rocksdb/utilities/db_ttl.h>

#include <cstring>

using namespace rocksdb;

static void count(DB *db, const char *what)
{
	Iterator *it = db->NewIterator(ReadOptions());
	unsigned n = 0;

	for (it->SeekToFirst(); it->Valid(); it->Next())
		n++;
	must_ok(it->status(), what);
	delete it;
	printf("%s sees %u\n", what, n);
	MUST(n > 0);
}

static DB *open_as(const char *what, const std::string &dir)
{
	std::vector<ColumnFamilyDescriptor> d(1);
	std::vector<ColumnFamilyHandle *> h;
	DBWithTTL *ttl = nullptr;
	DB *db = nullptr;
	Options o;

	if (!strcmp(what, "read_only")) {
		must_ok(DB::OpenForReadOnly(o, dir, &db), what);
	} else if (!strcmp(what, "families")) {
		must_ok(DB::OpenForReadOnly(o, dir, d, &h, &db), what);
		must_ok(db->DestroyColumnFamilyHandle(h[0]), what);
	} else if (!strcmp(what, "ttl")) {
		must_ok(DBWithTTL::Open(o, dir, &ttl, 86400, true), what);
		db = ttl;
	} else {
		o.max_open_files = -1;
		must_ok(DB::OpenAsSecondary(o, dir, dir + ".secondary", &db), what);
		must_ok(db->TryCatchUpWithPrimary(), what);
	}
	count(db, what);
	return db;
}

int main(int argc, char **argv)
{
	DB *db, *writer = nullptr;
	Options o;

	MUST(argc == 3);
	bool both = !strcmp(argv[1], "both");
	if (both) {
		o.create_if_missing = true;
		must_ok(DB::Open(o, std::string(argv[2]) + ".own", &writer), "own");
	}
	for (int i = 0; i < 3; i++) // opened again and again, said once
		delete open_as(both ? "read_only" : argv[1], argv[2]);
	db = open_as(both ? "secondary" : argv[1], argv[2]);
	ready();
	while (getchar() != EOF)
		;
	delete db;
	delete writer;
	return 0;
}
