/* A service in C that opens its database again with the options that it had last: they bring the entry along.
 *
 *     host_listener_c DIR    until RocksDB's LOG says that the tuner is in */
#include "check.h"

#include <rocksdb/c.h>
#include <string.h>
#include <unistd.h>

static int is_in(const char *dir)
{
	char path[1000], line[2000];
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/LOG", dir);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, "lodestone: 0.") != NULL;
	if (f)
		fclose(f);
	return found;
}

int main(int argc, char **argv)
{
	rocksdb_env_t *env = rocksdb_create_default_env();
	rocksdb_cache_t *cache = rocksdb_cache_create_lru(8 << 20);
	rocksdb_column_family_handle_t *handle = NULL;
	rocksdb_options_t *options = NULL, **family_options = NULL;
	rocksdb_writeoptions_t *w = rocksdb_writeoptions_create();
	rocksdb_flushoptions_t *f = rocksdb_flushoptions_create();
	char *err = NULL, **names = NULL, key[32];
	size_t n = 0;

	CHECK(argc == 2);
	rocksdb_load_latest_options(argv[1], env, 0, cache, &options, &n, &names, &family_options, &err);
	CHECK(!err && n == 1);
	rocksdb_t *db = rocksdb_open_column_families(options, argv[1], 1, (const char *const *)names, (const rocksdb_options_t *const *)family_options, &handle, &err);
	CHECK(db && !err);
	for (int i = 0; i < 200 && !is_in(argv[1]); i++) {
		int len = snprintf(key, sizeof(key), "key %d", i);
		rocksdb_put(db, w, key, (size_t)len, key, (size_t)len, &err);
		CHECK(!err);
		rocksdb_flush(db, f, &err);
		CHECK(!err);
		usleep(30000);
	}
	CHECK(is_in(argv[1]));
	rocksdb_column_family_handle_destroy(handle);
	rocksdb_close(db);
	rocksdb_load_latest_options_destroy(options, names, family_options, n);
	rocksdb_flushoptions_destroy(f);
	rocksdb_writeoptions_destroy(w);
	rocksdb_cache_destroy(cache);
	rocksdb_env_destroy(env);
	return 0;
}
