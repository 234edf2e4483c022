/* The stand-in agent: see standin.h. Prints what it did when the process ends, if LODE_TEST_REPORT names a file. */
#include "standin.h"
#include "host/entry.h"
#include "host/real.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DB_MAX 256

struct db {
	void *db; /* NULL: free row */
	bool closing;
	struct lode_host *host;
	struct lode_injected *injected;
	pthread_t thread;
	bool threaded;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct db dbs[DB_MAX];
static struct standin_counts counts;
static char reason[256];
static bool inject, background;
static atomic_uint rounds, errors;

static void on_kv(void *ctx, const char *key, const char *value)
{
	*(unsigned *)ctx += key && value;
}

static void on_stat(void *ctx, const char *name, uint64_t count, uint64_t sum, bool is_hist)
{
	(void)count, (void)sum, (void)is_hist;
	*(unsigned *)ctx += name != NULL;
}

/* Two values that come to the same: the database behaves as without us. */
static int flip(struct lode_host *h, unsigned round)
{
	struct lode_write w[2] = {
	    {LODE_SCOPE_CF, 0, "max_sequential_skip_in_iterations", ""},
	    {LODE_SCOPE_DB, 0, "delete_obsolete_files_period_micros", ""},
	};
	struct lode_err err;

	snprintf(w[0].value, sizeof(w[0].value), "%u", 8 + round % 2);
	snprintf(w[1].value, sizeof(w[1].value), "%u000000", 21600 + round % 2);
	return lode_host_write(h, w, 2, NULL, &err);
}

static bool fine(int rc)
{
	return rc == 0 || rc == -ESHUTDOWN || rc == -ENOENT;
}

/* The two file reads may meet a database that is just being destroyed by its owner; the operations may not fail. */
static void *background_main(void *arg)
{
	struct lode_host *h = arg;
	struct lode_cf cf[LODE_CF_MAX];
	struct lode_cache cache;
	struct lode_hist hist;
	unsigned seen = 0;
	uint64_t value;
	size_t n;
	int rc;

	for (unsigned round = 0;; round++) {
		rc = h->ops->column_families(h, cf, LODE_CF_MAX, &n);
		for (size_t i = 0; !rc && i < n && i < LODE_CF_MAX; i++) {
			rc = h->ops->int_property(h, cf[i].id, "rocksdb.estimate-pending-compaction-bytes", &value);
			if (!rc)
				rc = h->ops->map_property(h, cf[i].id, "rocksdb.cfstats", on_kv, &seen);
		}
		errors += !fine(rc);
		errors += !fine(h->ops->statistics(h, on_stat, &seen));
		errors += !fine(h->ops->histogram(h, "rocksdb.db.get.micros", &hist));
		errors += !fine(h->ops->cache(h, &cache));
		rc = flip(h, round);
		errors += !fine(rc) && rc != -EIO; /* the application may set the same option */
		rounds++;
		if (h->ops->int_property(h, 0, "rocksdb.is-write-stopped", &value) == -ESHUTDOWN)
			return NULL;
	}
}

static const void *db_opening(struct lode_entry_open *o)
{
	struct lode_injected *keep = NULL;
	const void *options = NULL;
	const char *why;

	pthread_mutex_lock(&lock);
	counts.opening++;
	pthread_mutex_unlock(&lock);
	if (inject)
		options = lode_statistics_inject(o->image, o->db_options, &keep, &why);
	o->cookie = keep;
	return options ? options : o->db_options;
}

static struct db *row_of(void *db, bool closing)
{
	for (int i = 0; i < DB_MAX; i++) {
		if (dbs[i].db == db && (!db || dbs[i].closing == closing))
			return &dbs[i];
	}
	return NULL;
}

static void db_opened(struct lode_entry_open *o)
{
	struct lode_open open = {o->image, o->image_path, o->db, o->path, o->db_options, o->cf_descriptors, o->cookie != NULL};
	struct lode_injected *keep = o->cookie;
	struct lode_host *host = NULL;
	struct lode_err err = {0};
	struct db *row;

	lode_statistics_view_done(keep);
	if (o->db && lode_host_real_new(&open, &host, &err) != 0)
		snprintf(reason, sizeof(reason), "%s", err.msg);
	pthread_mutex_lock(&lock);
	counts.failed += !o->db;
	counts.refused += o->db && !host;
	counts.opened += host != NULL;
	row = o->db ? row_of(NULL, false) : NULL;
	if (row) {
		*row = (struct db){.db = o->db, .host = host, .injected = keep};
		if (host && background)
			row->threaded = pthread_create(&row->thread, NULL, background_main, host) == 0;
	} else {
		lode_statistics_release(keep);
	}
	pthread_mutex_unlock(&lock);
}

static void db_closing(void *db)
{
	struct lode_host *host = NULL;
	struct db *row;

	pthread_mutex_lock(&lock);
	row = row_of(db, false);
	counts.closing += row != NULL;
	counts.unknown += row == NULL;
	if (row) {
		row->closing = true;
		host = row->host;
	}
	pthread_mutex_unlock(&lock);
	if (host)
		lode_host_real_close(host);
}

static void db_closed(void *db)
{
	struct db gone = {0};
	struct db *row;

	pthread_mutex_lock(&lock);
	row = row_of(db, true);
	counts.closed += row != NULL;
	counts.unknown += row == NULL;
	if (row) {
		gone = *row;
		row->db = NULL;
	}
	pthread_mutex_unlock(&lock);
	if (gone.threaded)
		pthread_join(gone.thread, NULL);
	if (gone.host)
		lode_host_real_free(gone.host);
	lode_statistics_release(gone.injected);
}

static void get_counts(struct standin_counts *out)
{
	pthread_mutex_lock(&lock);
	*out = counts;
	pthread_mutex_unlock(&lock);
	out->rounds = rounds;
	out->errors = errors;
}

static void db_read_only(const char *path, const void *opener)
{
	pthread_mutex_lock(&lock);
	counts.read_only += path[0] == '/' && opener;
	pthread_mutex_unlock(&lock);
}

static void process_exit(void)
{
	const char *path = getenv("LODE_TEST_REPORT");
	FILE *f = path ? fopen(path, "a") : NULL;
	struct standin_counts c;

	/* RocksDB's own statics are destroyed next: no operation may begin any more. The rows of databases left open do not change now. */
	for (int i = 0; i < DB_MAX; i++) {
		if (dbs[i].db && dbs[i].host && !dbs[i].closing)
			lode_host_real_close(dbs[i].host);
	}
	get_counts(&c);
	if (!f)
		return;
	fprintf(f, "opening=%u opened=%u failed=%u refused=%u closing=%u closed=%u unknown=%u rounds=%u errors=%u%s%s\n", c.opening,
		c.opened, c.failed, c.refused, c.closing, c.closed, c.unknown, c.rounds, c.errors, *reason ? " reason=" : "", reason);
	fclose(f);
}

static void fork_child(void)
{
}

static struct lode_host *get_host(void *db)
{
	struct lode_host *h;
	struct db *row;

	pthread_mutex_lock(&lock);
	row = db ? row_of(db, false) : NULL;
	h = row ? row->host : NULL;
	pthread_mutex_unlock(&lock);
	return h;
}

static const char *get_reason(void)
{
	return reason;
}

static void set_inject(bool on)
{
	inject = on;
}

const struct standin_api *lodestone_test(void)
{
	static const struct standin_api api = {
	    get_host, get_counts, get_reason, lode_host_write, lode_host_read_back, lode_options_get, lode_options_free, set_inject,
	    lode_host_undo, lode_host_renew,
	};
	return &api;
}

const struct lode_entry *lodestone_entry(uint32_t abi, char *const *env)
{
	static const struct lode_entry entry = {LODE_ENTRY_ABI, db_opening, db_opened,   db_closing, db_closed,
						db_read_only,   process_exit, fork_child};
	const char *on = getenv("LODE_TEST_BACKGROUND"), *add = getenv("LODE_TEST_INJECT");

	(void)env;
	background = on && *on == '1';
	inject = add && *add == '1';
	return abi == LODE_ENTRY_ABI ? &entry : NULL;
}
