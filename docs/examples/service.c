/* A service with its own RocksDB, tuned in place.
 *
 *     cc service.c -o service $(pkg-config --cflags --libs lodestone rocksdb)     (where RocksDB has no .pc file: -lrocksdb)
 *     ./service /tmp/db 600 */
#include <lodestone.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	rocksdb_options_t *ro = rocksdb_options_create();
	rocksdb_writeoptions_t *wo = rocksdb_writeoptions_create();
	lodestone_options_t *lo = lodestone_options_create();
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 10);
	char *err = NULL, key[32];

	rocksdb_options_set_create_if_missing(ro, 1);
	rocksdb_options_enable_statistics(ro);
	rocksdb_t *db = rocksdb_open(ro, argc > 1 ? argv[1] : "/tmp/lodestone-example", &err);
	if (err) {
		fprintf(stderr, "open: %s\n", err);
		return 1;
	}
	lodestone_options_set(lo, "agent.mode", "auto", NULL);
	lodestone_t *tuner = lodestone_attach(db, lo, &err);
	if (err) { /* the service goes on without it */
		fprintf(stderr, "not tuned: %s\n", err);
		lodestone_free(err);
		err = NULL;
	}
	for (unsigned i = 0; time(NULL) < end && !err; i++) {
		size_t n = (size_t)snprintf(key, sizeof(key), "%u", i * 2654435761u % 1000000);
		rocksdb_put(db, wo, key, n, key, n, &err);
	}
	char *status = lodestone_status_json(tuner, NULL);
	puts(status ? status : "{}");
	lodestone_free(status);
	lodestone_detach(tuner); /* always before the database is closed */
	rocksdb_close(db);
	lodestone_options_destroy(lo);
	rocksdb_writeoptions_destroy(wo);
	rocksdb_options_destroy(ro);
	return err != NULL;
}
