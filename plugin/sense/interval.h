/* What happened between two samples: differences that can be added up, and true percentiles from bucket differences. */
#ifndef LODE_SENSE_INTERVAL_H
#define LODE_SENSE_INTERVAL_H

#include "sense/sample.h"

enum lode_invalid { /* why an interval says nothing */
	LODE_VALID = 0,
	LODE_INVALID_FIRST,   /* no sample before */
	LODE_INVALID_EPOCH,   /* database was reopened */
	LODE_INVALID_RESET,   /* a counter went backwards: Statistics were reset */
	LODE_INVALID_CLOCK,   /* no time passed, or far more than asked (suspended, starved) */
	LODE_INVALID_UNTIMED, /* the judge's: no service times although the trial hangs on them */
	LODE_INVALID_UNTOLD,  /* the judge's: the program did not say its own metric, and the trial hangs on it */
};
const char *lode_invalid_name(enum lode_invalid why);

struct lode_op { /* one kind of operation over the interval */
	uint64_t count;
	uint64_t sum_us;
	struct lode_hist hist; /* bucket differences */
};

struct lode_interval {
	enum lode_invalid invalid;
	uint64_t start_ns, end_ns; /* monotonic */
	double seconds;            /* > 0 when valid; sum of parts after lode_interval_add */
	uint32_t parts;            /* intervals added into this one */
	bool has_stats;
	bool has_timers;           /* service times were taken all the time; else op and hist_* are empty, and tickers alone count */
	uint64_t ticker[LODE_TICKER_N];
	struct lode_op op[LODE_OP_N];
	uint64_t hist_count[LODE_HIST_N];
	uint64_t hist_sum[LODE_HIST_N];
	uint64_t stall_us;       /* writers' time in stalls */
	uint64_t bytes_written;  /* by the user */
	uint64_t keys_written;
	uint64_t flushes;        /* known without Statistics too */
	uint64_t stalls[LODE_STALL_N]; /* all column families */
	double stopped_s;        /* seconds with writes stopped (sampled) */
	double delayed_s;
	uint64_t cpu_ns;
	double held_s;           /* bytes of memtables and block cache, times seconds */
	struct lode_own own;     /* of the program's own metric, differences; known: all the time */
	/* levels at the end (maxima over parts where that is what hurts) */
	uint64_t debt;           /* all column families */
	uint64_t debt_start;
	uint64_t level_bytes_excess; /* option-independent: bytes in all levels but the last */
	uint64_t l0_files;       /* the largest of any family */
	uint64_t immutable;      /* the largest of any family */
	uint64_t mem_bytes;      /* all memtables */
	uint64_t rss;
	uint64_t background_errors;
	bool write_stopped;      /* at the end */
	/* work that is put off, at both ends: memtables are not flushed yet, bytes in SST files have levels to cross */
	uint64_t mem_start, mem_end;
	double crossings_start, crossings; /* bytes times levels that they have to cross until they reach the last */
	uint64_t depth;          /* levels that a byte in L0 has to cross */
	uint64_t sst_bytes, live_bytes;
};

/* a may be NULL (LODE_INVALID_FIRST). expect_s: the sampling interval asked for; more than 5x of it is LODE_INVALID_CLOCK. */
void lode_interval_diff(const struct lode_sample *a, const struct lode_sample *b, double expect_s, struct lode_interval *out);
/* *sum += *iv; a zeroed *sum is a good start; invalid parts are ignored. */
void lode_interval_add(struct lode_interval *sum, const struct lode_interval *iv);

double lode_interval_ops(const struct lode_interval *iv);           /* operations per second: gets + multiget keys + writes(keys) + seeks; nexts not counted */
/* Operations of a kind: timed ones, or where there are no service times, keys (seeks) that were counted. */
double lode_interval_count(const struct lode_interval *iv, int op);
double lode_interval_mean_us(const struct lode_interval *iv, int op); /* NAN if none */
/* Percentile q in (0,1), linear inside the bucket as RocksDB does; NAN if empty. */
double lode_hist_percentile(const struct lode_hist *h, double q);
/* Fraction of values above `limit` (pass a bucket limit for an exact answer). 0 if empty. */
double lode_hist_exceed(const struct lode_hist *h, double limit);
/* out = b - a by bucket limit; false if any went backwards. */
bool lode_hist_diff(const struct lode_hist *a, const struct lode_hist *b, struct lode_hist *out);
void lode_hist_add(struct lode_hist *sum, const struct lode_hist *h);
/* The limit of RocksDB's series of buckets that is nearest to v, on a log scale: at most 22 % away (from 1 us up). */
double lode_hist_limit_near(double v);

/* Ratios; NAN where undefined. */
double lode_interval_own(const struct lode_interval *iv); /* the program's own metric */
double lode_interval_write_amp(const struct lode_interval *iv); /* (flush + compaction bytes written) / user bytes written */
double lode_interval_cache_hit(const struct lode_interval *iv); /* all blocks; data blocks: */
double lode_interval_data_hit(const struct lode_interval *iv);
double lode_interval_read_amp(const struct lode_interval *iv); /* data blocks looked at per read (gets, multiget keys and seeks) */
double lode_interval_stall_share(const struct lode_interval *iv); /* writers' stall time / time, may exceed 1 with several writers */

#endif
