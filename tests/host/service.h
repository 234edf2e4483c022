/* A small service on RocksDB's C API, for programs with habits of their own: it opens a database with two column families, works on it with
 * puts and gets, and closes it. One database at a time. Nothing here knows of the tuner. */
#ifndef LODE_TEST_SERVICE_H
#define LODE_TEST_SERVICE_H

#include <errno.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static rocksdb_t *db;
static rocksdb_column_family_handle_t *family[2];
static rocksdb_options_t *options;
static const char *token = "plain";

static inline void die(const char *what, const char *detail)
{
	fprintf(stderr, "host: %s: %s\n", what, detail);
	_exit(3);
}

static inline double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void say_leaving(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	printf("leaving %lld\n", (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000);
	fflush(stdout);
}

static inline void open_db(const char *dir)
{
	const char *names[] = {"default", token};
	const rocksdb_options_t *each[2];
	char *err = NULL;

	options = rocksdb_options_create();
	rocksdb_options_set_create_if_missing(options, 1);
	rocksdb_options_set_create_missing_column_families(options, 1);
	rocksdb_options_set_max_file_opening_threads(options, 1); /* an open that makes no threads of its own */
	each[0] = each[1] = options;
	db = rocksdb_open_column_families(options, dir, 2, names, each, family, &err);
	if (err)
		die("open", err);
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
}

static inline void close_db(void)
{
	rocksdb_column_family_handle_destroy(family[0]);
	rocksdb_column_family_handle_destroy(family[1]);
	rocksdb_close(db);
	rocksdb_options_destroy(options);
	db = NULL;
}

/* Some ten thousand operations a second: enough to be worth tuning, and little for the machine. */
static inline void work(double seconds)
{
	static unsigned i;
	rocksdb_readoptions_t *ro = rocksdb_readoptions_create();
	rocksdb_writeoptions_t *wo = rocksdb_writeoptions_create();
	double end = now() + seconds;

	while (now() < end) {
		for (int k = 0; k < 40; k++, i++) {
			char key[96], value[160], *err = NULL, *got;
			size_t len;
			int n = snprintf(key, sizeof(key), "%s-key-%06u", token, i * 2654435761u % 20000);

			if (i % 4 == 0) {
				int m = snprintf(value, sizeof(value), "%s-value-%060u", token, i);
				rocksdb_put_cf(db, wo, family[k & 1], key, (size_t)n, value, (size_t)m, &err);
			} else {
				got = rocksdb_get_cf(db, ro, family[k & 1], key, (size_t)n, &len, &err);
				free(got);
			}
			if (err)
				die("operation", err);
		}
		usleep(3000);
	}
	rocksdb_readoptions_destroy(ro);
	rocksdb_writeoptions_destroy(wo);
}

#endif
