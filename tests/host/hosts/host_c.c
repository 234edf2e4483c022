/* The C API, from C: a service that has never heard of C++. */
#include "check.h"

#include <rocksdb/c.h>
#include <string.h>

static void put_get(rocksdb_t *db)
{
	rocksdb_writeoptions_t *w = rocksdb_writeoptions_create();
	rocksdb_readoptions_t *r = rocksdb_readoptions_create();
	char *err = NULL, *value;
	size_t len;

	rocksdb_put(db, w, "key", 3, "value", 5, &err);
	CHECK(!err);
	value = rocksdb_get(db, r, "key", 3, &len, &err);
	CHECK(!err && value && len == 5 && memcmp(value, "value", 5) == 0);
	rocksdb_free(value);
	rocksdb_readoptions_destroy(r);
	rocksdb_writeoptions_destroy(w);
}

int main(int argc, char **argv)
{
	rocksdb_options_t *o = rocksdb_options_create();
	struct standin_counts c;
	char *err = NULL;
	rocksdb_t *db;

	CHECK(argc == 2);
	rocksdb_options_set_create_if_missing(o, 1);
	for (int i = 0; i < 3; i++) {
		db = rocksdb_open(o, argv[1], &err);
		CHECK(db && !err);
		put_get(db);
		rocksdb_close(db);
	}
	rocksdb_options_set_error_if_exists(o, 1);
	db = rocksdb_open(o, argv[1], &err);
	CHECK(!db && err);
	rocksdb_free(err);
	rocksdb_options_destroy(o);
	CHECK(standin());
	standin()->counts(&c);
	CHECK(c.opened == 3 && c.failed == 1 && c.refused == 0 && c.closing == 3 && c.closed == 3 && c.unknown == 0);
	return 0;
}
