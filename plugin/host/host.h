/* The one door to a live RocksDB, as a struct of functions: the real thing (host/real.h), a simulated LSM (tests/sim), or a fake.
 *
 * Threads: one agent thread calls these; nothing else does, except close (host/real.h). No call keeps a pointer that it was given.
 * Errors: 0 or a negative errno. -ENOENT: this RocksDB does not have it (not an error of ours). -ESHUTDOWN: the database is closing; do nothing more.
 * Column families are named by RocksDB's numeric id; the name is for the journal and the operator, never for a prompt. */
#ifndef LODE_HOST_HOST_H
#define LODE_HOST_HOST_H

#include "base/err.h"
#include "host/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lode_scope { LODE_SCOPE_DB, LODE_SCOPE_CF, LODE_SCOPE_CACHE, LODE_SCOPE_RESTART };

struct lode_kv {
	const char *key;
	const char *value;
};

#define LODE_CF_NAME_MAX 96
#define LODE_CF_MAX 64 /* column families that are tuned and sampled; more are counted, not touched */

struct lode_cf {
	uint32_t id;
	char name[LODE_CF_NAME_MAX]; /* truncated for display if longer */
};

/* RocksDB's latency histogram, cumulative: bucket i counts values in (limit[i-1], limit[i]], microseconds (or the histogram's own unit).
 * Source of the bucket limits: monitoring/histogram.cc, HistogramBucketMapper (109 limits up to 7.x; factor 1.5 rounded to two digits). */
#define LODE_HIST_BUCKETS 128
struct lode_hist {
	uint64_t count;
	uint64_t sum; /* exact where "options-statistics" gave it, else average * count */
	uint32_t n;   /* buckets in use, ascending limits; empty buckets may be left out */
	double limit[LODE_HIST_BUCKETS];
	uint64_t bucket[LODE_HIST_BUCKETS];
};

typedef void lode_kv_fn(void *ctx, const char *key, const char *value);
/* name without "rocksdb." is NOT stripped: "rocksdb.block.cache.miss". For histograms count and sum, for tickers count only (sum = 0, is_hist = false). */
typedef void lode_stat_fn(void *ctx, const char *name, uint64_t count, uint64_t sum, bool is_hist);

struct lode_cache {
	bool present;
	bool resizable;
	uint64_t capacity; /* bytes */
	uint64_t usage;
	uint64_t pinned;
	uintptr_t identity; /* equal for databases that share one cache */
	uint64_t floor, ceiling; /* bytes that its class tolerates in one change from here; 0: no limit */
	unsigned others;    /* column families that are known to have a block cache of their own, which is neither read nor resized */
	const char *why_fixed; /* static text: why it is not resizable; NULL: it is */
	char kind[32];      /* "LRUCache", "HyperClockCache", ... */
};

struct lode_host_info {
	char version[32];        /* "7.8.3" */
	char path[4096];         /* database directory; for the journal only */
	bool has_statistics;     /* there is a Statistics object */
	bool statistics_ours;    /* we put it there */
	bool has_timers;         /* service time histograms are filled */
	uint32_t timing;         /* grows whenever they begin or cease to be: what was timed before does not go on after */
	const char *row;         /* static text: the range of versions in the table that this one belongs to; NULL: no real RocksDB */
	bool newer;              /* newer than any version that was checked */
	unsigned hazards;        /* enum lode_hazard (host/versions.h) */
	const char *why_limited; /* static text, or NULL: what could not be reached, for status and doctor */
};

struct lode_host;

struct lode_host_ops {
	const struct lode_host_info *(*info)(struct lode_host *h);
	/* Fills up to cap entries, *n = all that exist. Owned handles are made and dropped as families come and go. */
	int (*column_families)(struct lode_host *h, struct lode_cf *out, size_t cap, size_t *n);
	int (*int_property)(struct lode_host *h, uint32_t cf, const char *name, uint64_t *out);
	int (*map_property)(struct lode_host *h, uint32_t cf, const char *name, lode_kv_fn *fn, void *ctx);
	int (*statistics)(struct lode_host *h, lode_stat_fn *fn, void *ctx);
	int (*histogram)(struct lode_host *h, const char *name, struct lode_hist *out);
	/* Statistics of ours with service times, or cheaper, with counters alone; info's has_timers and timing follow. NULL: cannot. -ENOTSUP: not ours,
	 * or their level could not be found; info's why_limited then says so, and nothing was touched. */
	int (*statistics_level)(struct lode_host *h, bool timers);
	/* The options now in force, from the newest OPTIONS file. A new object only if the file changed since *have (number), else -EALREADY.
	 * The caller owns *out. */
	int (*options)(struct lode_host *h, uint64_t have, struct lode_options **out, struct lode_err *err);
	int (*cache)(struct lode_host *h, struct lode_cache *out);
	/* Would this RocksDB let the option be changed to this value (best: the one it holds) while the database is open? Asked of the image, with
	 * objects of our own; the database is not touched. 1: yes. 0: no. -ENOENT: no such option, or the value makes no sense to it. -ENOTSUP: it
	 * cannot be asked. May be NULL: as -ENOTSUP. Scopes DB and CF. */
	int (*changeable)(struct lode_host *h, enum lode_scope scope, const char *key, const char *value);
	/* Raw writes. Only host/write.c calls these; everybody else uses lode_host_write. */
	int (*set_cf_options)(struct lode_host *h, uint32_t cf, const struct lode_kv *kv, size_t n, struct lode_err *err);
	int (*set_db_options)(struct lode_host *h, const struct lode_kv *kv, size_t n, struct lode_err *err);
	int (*set_cache_capacity)(struct lode_host *h, uint64_t bytes, struct lode_err *err);
};

/* Implementations embed this as their first member. */
struct lode_host {
	const struct lode_host_ops *ops;
};

#endif
