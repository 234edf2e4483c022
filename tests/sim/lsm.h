/* A simulated RocksDB behind struct lode_host_ops, on a virtual clock: the whole agent can be run through days of work in seconds, and the
 * same seed gives the same run. What is modelled and what is not stands in lsm_model.c.
 *
 * One thread. Time passes only in lode_lsm_advance (and a few milliseconds in every write of an option, as in the real one). */
#ifndef LODE_SIM_LSM_H
#define LODE_SIM_LSM_H

#include "base/buf.h"
#include "base/clock.h"
#include "host/host.h"
#include "sense/sample.h"

#define LODE_LSM_CF_MAX 4

struct lode_lsm_mix {
	double share[LODE_OP_N]; /* get, write, seek, multiget (keys); sum 1 */
	double value_bytes;
	double found; /* fraction of reads that find their key */
	double next;  /* nexts per seek */
	double skew;  /* 1 = all keys alike; 0.3: a third of the blocks takes most reads. Hit rate = (cached share)^skew */
};

struct lode_lsm_config {
	uint64_t seed;
	struct lode_lsm_mix mix;
	double keys;          /* key space */
	double filled;        /* share of it that exists at the start, compacted */
	unsigned ncf;         /* column families, loaded alike */
	unsigned threads;     /* closed-loop clients */
	double rate;          /* operations per second that they offer together, as far as they come through; 0: all that go */
	double cores;
	uint64_t cache_bytes;
	bool cache_resizable;
	bool statistics;
	bool statistics_ours; /* as if we had added them: their level can be set */
	bool untimed;         /* at the start they count only, and if they are not ours, for good */
	double noise, noise_phi; /* AR(1) of log service time, per second: standard deviation and correlation */
	double compact_mbps;  /* input of one compaction job, MB/s, with a core of its own */
	double flush_mbps;
	const char *version;  /* "7.8.3" */
	unsigned hazards;     /* enum lode_hazard (host/versions.h): what this RocksDB does to those who write options; told in info, and played */
	const char *dir;      /* OPTIONS files are written there as RocksDB does; NULL: they stay in memory, and have no number */
};
/* readrandom of 10 million 100-byte values, 2 threads on 2 cores, db_bench's defaults. */
void lode_lsm_config_init(struct lode_lsm_config *c);

enum lode_lsm_what {
	LODE_LSM_MIX,          /* the work changes: mix */
	LODE_LSM_SET,          /* the operator's own SetOptions (db: SetDBOptions): key, value */
	LODE_LSM_CLOSE,        /* every call from now on: -ESHUTDOWN */
	LODE_LSM_BG_ERROR,     /* a background error: counted, and writes stop */
	LODE_LSM_SET_FAILS,    /* n writes, after so many that are fine: -EIO, nothing applied */
	LODE_LSM_SET_LIES,     /* the next n writes: -EIO, and yet live */
	LODE_LSM_FILE_FAILS,   /* the next n writes: live, but no OPTIONS file; -EIO, or 0 where the hazard is that it says nothing */
	LODE_LSM_RACE,         /* the operator's SetDBOptions (key, value) meets ours: with the hazard of lost updates, theirs is undone by it */
	LODE_LSM_STATS_RESET,  /* Statistics::Reset */
	LODE_LSM_SUSPEND,      /* the clock jumps by n seconds in which nothing ran */
	LODE_LSM_WALL,         /* the wall clock alone is set on by n seconds */
	LODE_LSM_FLUSH,        /* the application flushes all memtables */
	LODE_LSM_COMPACT,      /* ... or compacts everything into the last level, at once */
	LODE_LSM_REOPEN,       /* the database was closed and opened again between two samples: its counters begin anew */
};

struct lode_lsm_event {
	double at_s; /* since the start */
	enum lode_lsm_what what;
	struct lode_lsm_mix mix;
	bool db;
	char key[64], value[160];
	double n, after;
};

struct lode_lsm_report { /* the truth, for tests */
	double seconds, ops, stopped_s, delayed_s;
	unsigned sets;               /* calls that changed options, ours and the operator's */
	unsigned sets_while_stopped; /* on RocksDB up to 8.7 each of these may hang the host */
	unsigned sets_while_delayed; /* each of these cuts the delayed write rate */
	double hung_s;               /* longest that a write hung behind stopped writers */
	double reverted_s;           /* time in which other values were in force than were shown */
	const char *died;            /* why the real RocksDB would have aborted by now, or NULL */
};

struct lode_lsm;
struct lode_lsm *lode_lsm_new(const struct lode_lsm_config *c); /* NULL: no memory */
void lode_lsm_free(struct lode_lsm *s);
struct lode_host *lode_lsm_host(struct lode_lsm *s);
const struct lode_clock *lode_lsm_clock(struct lode_lsm *s);
void lode_lsm_advance(struct lode_lsm *s, double seconds);
/* Up to 64, in any order; one that lies in the past happens with the next advance. False: no room. */
bool lode_lsm_at(struct lode_lsm *s, const struct lode_lsm_event *e);
void lode_lsm_report(const struct lode_lsm *s, struct lode_lsm_report *out);
/* The column family made last is dropped, with its options. Its number is not used again. False: there is only the default one. */
bool lode_lsm_drop_last(struct lode_lsm *s);
/* The OPTIONS file as RocksDB would write it now. */
void lode_lsm_options_text(const struct lode_lsm *s, struct lode_buf *out);
/* The value in force (not the one shown); -1 if there is no such option. */
double lode_lsm_value(const struct lode_lsm *s, uint32_t cf, const char *key);

#endif
