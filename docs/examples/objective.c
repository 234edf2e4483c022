/* An objective of one's own: this service is paid for jobs, not for operations of RocksDB. A change is kept only if more jobs get done; what RocksDB itself
 * shows (slow operations, stalls, memory, ...) still must not get worse.
 *
 *     ./objective /tmp/db 600 [lodestone.conf] */
#include <lodestone.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static atomic_ullong jobs; /* done so far */

/* Work per second: `done` grows with the jobs, `over` stays what it is, the time. */
static int measure(void *ctx, const char *database, double *done, double *over)
{
	(void)ctx, (void)database, (void)over;
	*done = (double)atomic_load(&jobs);
	return 1;
}

static void heard(void *ctx, const lodestone_event_t *e)
{
	(void)ctx;
	if (e->kind == LODESTONE_VERDICT)
		printf("trial %llu: %s (%s)\n", (unsigned long long)e->trial, e->what, e->why);
}

int main(int argc, char **argv)
{
	rocksdb_options_t *ro = rocksdb_options_create();
	rocksdb_writeoptions_t *wo = rocksdb_writeoptions_create();
	rocksdb_readoptions_t *rd = rocksdb_readoptions_create();
	lodestone_options_t *lo = lodestone_options_create();
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 10);
	char *err = NULL, key[32], value[400] = "";

	rocksdb_options_set_create_if_missing(ro, 1);
	rocksdb_options_enable_statistics(ro);
	rocksdb_t *db = rocksdb_open(ro, argc > 1 ? argv[1] : "/tmp/lodestone-example", &err);
	if (err) {
		fprintf(stderr, "open: %s\n", err);
		return 1;
	}
	lodestone_options_set(lo, "agent.mode", "auto", &err);
	if (argc > 3) /* a configuration file */
		lodestone_options_load(lo, argv[3], &err);
	lodestone_options_set_objective(lo, "jobs", measure, NULL, 1, &err);
	lodestone_options_set_event_callback(lo, heard, NULL);
	if (err) {
		fprintf(stderr, "%s\n", err);
		return 2;
	}
	lodestone_t *tuner = lodestone_attach(db, lo, &err);
	if (err) {
		fprintf(stderr, "not tuned: %s\n", err);
		return 1;
	}
	for (unsigned i = 0; time(NULL) < end && !err; i++) { /* a job: read one thing, write another */
		size_t n = (size_t)snprintf(key, sizeof(key), "%u", i * 2654435761u % 1000000), len;
		rocksdb_free(rocksdb_get(db, rd, key, n, &len, &err));
		if (!err)
			rocksdb_put(db, wo, key, n, value, sizeof(value), &err);
		atomic_fetch_add(&jobs, 1);
	}
	char *status = lodestone_status_json(tuner, NULL);
	puts(status ? status : "{}");
	lodestone_free(status);
	lodestone_detach(tuner);
	rocksdb_close(db);
	lodestone_options_destroy(lo);
	rocksdb_readoptions_destroy(rd);
	rocksdb_writeoptions_destroy(wo);
	rocksdb_options_destroy(ro);
	return err != NULL;
}
