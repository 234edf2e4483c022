/* A service in C whose advisor asks for the block cache and for the memtables in turn: what is written has to come through, be seen, and be put back. Built
 * twice: with the shared libraries, and with RocksDB and the tuner in the executable itself, where nothing is exported.
 *
 *     host_linked DIR STATUS-FILE [hold]        settings come from the environment; hold: stays open until standard input ends;
 *                                               HOST_LINKED=look: writes the status at once */
#include "lodestone.h"

#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST(x)                                                                                                                            \
	do {                                                                                                                               \
		if (!(x)) {                                                                                                                \
			fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #x, err ? err : "no error");                       \
			exit(1);                                                                                                           \
		}                                                                                                                          \
	} while (0)

#define CACHE (8u << 20)
#define KEYS 200000u

/* What was applied and reverted, by option. */
enum { MEMTABLE, BLOCK_CACHE, JOBS, OPTIONS };
static const char *const option[OPTIONS] = {"write_buffer_size", "block_cache_size", "max_background_jobs"};
static atomic_int applied[OPTIONS], reverted[OPTIONS];
static atomic_uint asked;

static void advise(void *ctx, lodestone_question_t *q)
{
	const char *want = option[atomic_fetch_add(&asked, 1) % OPTIONS];
	int64_t now, lo, hi;

	(void)ctx;
	if (lodestone_question_option(q, want, &now, &lo, &hi))
		lodestone_question_propose(q, want, 2 * now <= hi ? 2 * now : hi);
	lodestone_question_because(q, "a test");
}

static void heard(void *ctx, const lodestone_event_t *e)
{
	(void)ctx;
	for (int i = 0; i < OPTIONS && e->option; i++)
		if (!strcmp(e->option, option[i]))
			atomic_fetch_add(e->kind == LODESTONE_APPLIED ? &applied[i] : &reverted[i], 1);
}

static bool all_seen(void)
{
	for (int i = 0; i < OPTIONS; i++)
		if (!applied[i])
			return false;
	return true;
}

static void work(rocksdb_t *db, rocksdb_column_family_handle_t *other, unsigned i)
{
	static rocksdb_readoptions_t *ro;
	static rocksdb_writeoptions_t *wo;
	char key[32], value[200] = "", *err = NULL, *got;
	size_t n = (size_t)snprintf(key, sizeof(key), "%u", i * 2654435761u % KEYS), len;

	if (!ro) {
		ro = rocksdb_readoptions_create();
		wo = rocksdb_writeoptions_create();
		rocksdb_writeoptions_disable_WAL(wo, 1);
	}
	if (i < KEYS || i % 2) {
		rocksdb_put(db, wo, key, n, value, sizeof(value), &err);
		if (i % 64 == 0)
			rocksdb_put_cf(db, wo, other, key, n, value, sizeof(value), &err);
	} else {
		got = rocksdb_get(db, ro, key, n, &len, &err);
		free(got);
	}
	MUST(!err);
}

static void write_status(lodestone_t *t, const char *path)
{
	char *err = NULL, *json = NULL;
	FILE *f = fopen(path, "w");

	for (int i = 0; i < 200 && !json; i++) {
		lodestone_free(err);
		err = NULL;
		json = lodestone_status_json(t, &err);
		if (!json)
			usleep(50000);
	}
	MUST(f && json && !err);
	fputs(json, f);
	MUST(!fclose(f));
	lodestone_free(json);
}

int main(int argc, char **argv)
{
	rocksdb_options_t *o = rocksdb_options_create();
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
	rocksdb_cache_t *cache = rocksdb_cache_create_lru(CACHE);
	rocksdb_column_family_handle_t *other;
	lodestone_options_t *lo = lodestone_options_create();
	size_t most = CACHE;
	char *err = NULL;

	MUST(argc >= 3);
	rocksdb_block_based_options_set_block_cache(table, cache);
	rocksdb_options_set_block_based_table_factory(o, table);
	rocksdb_options_set_create_if_missing(o, 1);
	rocksdb_options_set_write_buffer_size(o, 1 << 20);
	rocksdb_options_enable_statistics(o);
	rocksdb_t *db = rocksdb_open(o, argv[1], &err);
	MUST(db && !err);
	other = rocksdb_create_column_family(db, o, "other", &err);
	MUST(other && !err);
	lodestone_options_set_advisor(lo, "test", advise, NULL);
	lodestone_options_set_event_callback(lo, heard, NULL);
	lodestone_t *t = lodestone_attach(db, lo, &err);
	if (!t) { /* a reason that a script may look for */
		printf("not tuned: %s\n", err);
		rocksdb_column_family_handle_destroy(other);
		rocksdb_close(db);
		return 3;
	}
	MUST(!err);
	for (unsigned i = 0; i < 60000000 && !getenv("HOST_LINKED") && !all_seen(); i++) {
		work(db, other, i);
		if (i % 1024 == 0 && rocksdb_cache_get_capacity(cache) > most)
			most = rocksdb_cache_get_capacity(cache);
	}
	write_status(t, argv[2]);
	for (int i = 0; i < OPTIONS; i++)
		printf("%s applied %d reverted %d\n", option[i], applied[i], reverted[i]);
	printf("cache %u at the most %zu\n", CACHE, most);
	fflush(stdout);
	if (argc > 3)
		getchar();
	lodestone_detach(t);
	printf("after detach %zu\n", rocksdb_cache_get_capacity(cache));
	rocksdb_column_family_handle_destroy(other);
	rocksdb_close(db);
	rocksdb_cache_destroy(cache);
	rocksdb_block_based_options_destroy(table);
	rocksdb_options_destroy(o);
	lodestone_options_destroy(lo);
	return 0;
}
