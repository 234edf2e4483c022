/* The inside of the real host, shared by its files: real.c (life and operations), families.c, cache.c, statistics.c, nudge.c. */
#ifndef LODE_HOST_REAL_PRIVATE_H
#define LODE_HOST_REAL_PRIVATE_H

#include "host/gate.h"
#include "host/image.h"
#include "host/real.h"

#include <pthread.h>

struct lode_family {
	uint32_t id;
	void *handle; /* ours, made by GetColumnFamilyHandleUnlocked; NULL: at rest */
	char name[LODE_CF_NAME_MAX];
};

struct lode_families {
	struct lode_family at[LODE_CF_MAX]; /* ascending by id; [0] is "default", which cannot be dropped */
	size_t n;
	size_t total;	  /* in the database */
	uint64_t options; /* number of the OPTIONS file that this list belongs to; 0: none seen */
};

struct lode_block_cache {
	void *object; /* rocksdb::Cache*, of the default family: it lives as long as the database. NULL: not reachable */
	void *get_capacity, *get_usage, *get_pinned; /* may be NULL */
	void *set_capacity;			     /* NULL: not resizable, and why_fixed says why */
	const char *why_fixed;
	uint64_t opened;	/* capacity when the database was opened */
	unsigned grow, shrink;	/* factors of `opened` that its class tolerates; 0: any */
	unsigned others, reads; /* as in struct lode_cache; how often it was read */
	char kind[32];
};

/* Everything below `gate` belongs to the agent thread while it is inside the gate, and to the closing thread after it has shut it. */
#define LODE_SESSION_MAX 48 /* of RocksDB's session ids: 20 characters */

struct lode_real {
	struct lode_host host; /* first member */
	struct lode_host_info info;
	struct lode_image image;
	void *db;
	struct lode_gate gate;
	uint64_t oldest_options; /* OPTIONS files up to this number are of earlier lives of the database */
	struct lode_families families;
	struct lode_block_cache cache;
	struct lode_scratch *scratch; /* capability.h; NULL: not asked yet, or cannot be asked */
	bool asked;
	void *statistics; /* rocksdb::StatisticsImpl*, kept by the database; NULL: none, or of another class */
	bool unseen;		  /* nobody tells us when it closes: alive.c */
	_Atomic(bool) gone;
	char session[LODE_SESSION_MAX];
	uint64_t operations, timed; /* that they had counted when they were last read */
	struct {
		enum { LODE_LEVEL_UNKNOWN, LODE_LEVEL_FOUND, LODE_LEVEL_FIXED } state;
		size_t at;	    /* of the byte in the object */
		unsigned char last; /* as we left it */
	} level;
};

/* alive.c: inside the gate */
void lode_alive_begin(struct lode_real *r);
bool lode_alive_look(struct lode_real *r); /* before every operation: quick */
bool lode_alive_same(struct lode_real *r); /* and is it the same one? */

/* families.c: the caller is inside the gate (or is the opening or closing thread). */
int lode_families_first(struct lode_real *r);	/* the default family; -ENOTSUP */
int lode_families_refresh(struct lode_real *r); /* follows families that were created and dropped */
void lode_families_drop(struct lode_real *r);
void lode_families_rest(struct lode_real *r); /* gives the handles back, and not the list */
bool lode_families_wake(struct lode_real *r); /* takes them again; what was dropped meanwhile is forgotten. False: there is no database any more */
void *lode_families_handle(struct lode_real *r, uint32_t id); /* NULL: no such family */

/* cache.c */
void lode_block_cache_find(struct lode_real *r, const void *cf_descriptors);
int lode_block_cache_read(struct lode_real *r, struct lode_cache *out);
int lode_block_cache_resize(struct lode_real *r, uint64_t bytes, struct lode_err *err);

/* statistics.c */
void *lode_statistics_find(const struct lode_image *image, const void *db_options);
int lode_statistics_read(struct lode_real *r, lode_stat_fn *fn, void *ctx);
int lode_statistics_histogram(struct lode_real *r, const char *name, struct lode_hist *out);

/* stats_level.c: where a Statistics of this image keeps its level, 0 if that cannot be told; and lode_host_ops.statistics_level. */
size_t lode_stats_level_place(const struct lode_image *image);
int lode_stats_level_set(struct lode_real *r, bool timers);

/* late.c: the image and the DBImpl of a database that is open already. -EINVAL, -ENOTSUP. */
int lode_host_find(void *db, struct lode_image *image, void **root, struct lode_err *err);

/* nudge.c: keeps a write from hanging behind stopped writers on RocksDB up to 8.7. */
struct lode_nudge {
	struct lode_real *r;
	_Atomic(uint32_t) done;
	pthread_t thread;
	bool running;
	bool seen; /* writes were stopped since the call began, or since the last nudge; of the thread once that runs */
};
int lode_nudge_start(struct lode_nudge *n, struct lode_real *r, struct lode_err *err); /* -EAGAIN: writing now could hang */
void lode_nudge_stop(struct lode_nudge *n);

#endif
