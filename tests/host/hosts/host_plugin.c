/* RocksDB as a plugin: opened with dlopen and local to its handle, so that no look-up in the global scope finds it. The preload has to find
 * the real functions through the address that called it and through the vtables. */
#include "check.h"

#include <string.h>

int main(int argc, char **argv)
{
	void *lib = dlopen(TEST_ROCKSDB, RTLD_NOW | RTLD_LOCAL);
	struct standin_counts c;
	char *err = NULL;
	void *options, *db;

	CHECK(argc == 2);
	if (!lib)
		fprintf(stderr, "%s\n", dlerror());
	CHECK(lib && !dlsym(RTLD_DEFAULT, "rocksdb_open"));
	void *(*options_create)(void) = (void *(*)(void))dlsym(lib, "rocksdb_options_create");
	void (*create_if_missing)(void *, unsigned char) =
	    (void (*)(void *, unsigned char))dlsym(lib, "rocksdb_options_set_create_if_missing");
	void *(*open)(void *, const char *, char **) = (void *(*)(void *, const char *, char **))dlsym(lib, "rocksdb_open");
	void *(*open_read_only)(void *, const char *, unsigned char, char **) =
	    (void *(*)(void *, const char *, unsigned char, char **))dlsym(lib, "rocksdb_open_for_read_only");
	void (*close)(void *) = (void (*)(void *))dlsym(lib, "rocksdb_close");
	CHECK(options_create && create_if_missing && open && open_read_only && close);

	options = options_create();
	create_if_missing(options, 1);
	for (int i = 0; i < 5; i++) {
		db = open(options, argv[1], &err);
		CHECK(db && !err);
		close(db);
		db = open_read_only(options, argv[1], 0, &err);
		CHECK(db && !err);
		close(db);
	}
	CHECK(standin());
	standin()->counts(&c);
	if (c.refused)
		fprintf(stderr, "refused: %s\n", standin()->reason());
	CHECK(c.opened == 5 && c.refused == 0 && c.closing == 5 && c.closed == 5 && c.unknown == 0);
	return 0;
}
