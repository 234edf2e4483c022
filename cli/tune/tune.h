/* `lodestone tune`, the offline loop: what its parts hand each other. One process, one thread, nothing of it in a host.
 *
 *   spec      what is to be tuned: command, workload, objective, constraints, budget          (spec.c)
 *   run       one benchmark, in a process group of its own, in our scratch folder             (run.c, adapter_*.c, scratch.c)
 *   space     every option that this RocksDB has, and OPTIONS files as values                 (space.c, config.c)
 *   calibrate wishes, in whatever words, to an OPTIONS file that RocksDB has proven            (calibrate.c, prove.c)
 *   propose   the expert's or the model's wishes, from what was measured so far                (propose*.c)
 *   compare   is the candidate better than the best so far, in interleaved runs                (compare.c)
 *   loop      iteration by iteration, with a history that survives any end                     (loop.c, history.c)
 *   report    HTML, JSON and the final file                                                    (report*.c)
 *
 * Each of them has a header of its own; this one holds the values that cross. Strings in values are NUL-terminated, "" = none. */
#ifndef LODE_TUNE_H
#define LODE_TUNE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- measured ---- */

enum tune_end {
	TUNE_RAN,     /* to its end, and the result could be read */
	TUNE_STOPPED, /* by us, because it was clearly worse */
	TUNE_FAILED,  /* exit status, signal */
	TUNE_HUNG,    /* no progress, or past its time */
	TUNE_GARBAGE, /* it ended well, and what it printed is no result */
	TUNE_SPACE,   /* the scratch folder would have grown past its limit */
};

#define TUNE_OPS_MAX 6
struct tune_op {
	char name[16]; /* "get", "write", "seek", "multiget" as in sense/sample.h; a script's own words else */
	double count, mean_us, p50_us, p99_us, p999_us; /* NAN: not known */
};

struct tune_result {
	enum tune_end end;
	char why[400];	    /* end != TUNE_RAN: a sentence, with the last lines of what it printed */
	double seconds;	    /* of the measured part */
	double fill_s;	    /* that went before the run, to fill the database that it starts from; 0: it was there. Not in the history */
	double ops_per_sec; /* the whole measured part; NAN unless TUNE_RAN or TUNE_STOPPED */
	struct tune_op op[TUNE_OPS_MAX];
	size_t nop;
	/* NAN: not known */
	double stall_share, write_amp, space_amp, read_amp, cache_hit, cpu_s, rss_bytes, db_bytes;
	float *rate; /* operations in each second; malloc'd, of tune_result_fini */
	size_t nrate;
	char *statistics; /* RocksDB's Statistics as text, "rocksdb.x COUNT : n" a line; malloc'd or NULL */
	char *shape;	  /* "rocksdb.stats" at the end: levels, stalls; malloc'd or NULL */
};
void tune_result_fini(struct tune_result *r);

/* ---- wished and made of it ---- */

#define TUNE_NAME_MAX 96
#define TUNE_VALUE_MAX 192
#define TUNE_WISHES_MAX 24

struct tune_wish {
	char section[16]; /* "DBOptions", "CFOptions", "TableOptions", "CacheOptions" or "": wherever the name belongs */
	char name[TUNE_NAME_MAX];
	char value[TUNE_VALUE_MAX]; /* as the advisor wrote it: "64MB", "true", "kZSTD", "67108864" */
	char reason[200];
};

enum tune_fate {
	TUNE_TAKEN,	/* as wished */
	TUNE_CORRECTED, /* another value, unit, name or section than wished */
	TUNE_DROPPED,	/* not at all */
	TUNE_ADDED,	/* nobody wished it: what keeps a relation */
};
struct tune_fix {
	enum tune_fate fate;
	char name[TUNE_NAME_MAX];	 /* RocksDB's name, once it is known; "cf1.NAME" where only one of several families is meant, counted from 0 */
	char wished[TUNE_NAME_MAX + TUNE_VALUE_MAX]; /* "name=value"; "" for TUNE_ADDED */
	char from[TUNE_VALUE_MAX];	 /* the value in the file that it was made from */
	char to[TUNE_VALUE_MAX];	 /* the value in the new file; "" if dropped */
	char why[240];			 /* not TUNE_TAKEN: our own words, also told to the model */
};
#define TUNE_FIXES_MAX 48
const char *tune_fix_option(const char *name); /* without the family */

/* ---- remembered ---- */

struct tune_summary { /* of the runs of one file within a comparison */
	unsigned runs;
	double ops_per_sec, spread; /* mean; (max - min) / mean */
	struct tune_op op[TUNE_OPS_MAX];
	size_t nop;
	double stall_share, write_amp, space_amp, read_amp, cache_hit, rss_bytes, db_bytes;
};

enum tune_verdict {
	TUNE_KEPT,	/* it is the best now */
	TUNE_WORSE,	/* shown */
	TUNE_UNDECIDED, /* no worthwhile difference could be shown within the runs allowed */
	TUNE_BROKEN,	/* a constraint (p99, memory, space, write amplification) */
	TUNE_REFUSED,	/* nothing was left of the wishes, or RocksDB did not take the file */
	TUNE_ENDED,	/* its benchmark failed, hung, or printed garbage */
	TUNE_NOTHING,	/* the advisor had nothing to propose, or could not be asked */
};

struct tune_trial { /* one iteration */
	unsigned number; /* 1, 2, ... */
	char advisor[24], rule[64];
	char why[600];
	struct tune_fix fix[TUNE_FIXES_MAX];
	size_t nfix;
	enum tune_verdict verdict;
	char reason[400];
	double gain, lo, hi;	       /* of the objective against the best so far, relative; NAN */
	double total, total_lo, total_hi; /* of the best after this iteration against the baseline */
	struct tune_summary best, candidate;
	bool early;	 /* stopped before its full length */
	bool unasked;	 /* TUNE_NOTHING: the advisor could not be asked, which says nothing about what it knows */
	double began_s, seconds; /* since the loop began, active time; of the iteration */
	unsigned calls;
	uint64_t tokens_in, tokens_out;
};

struct tune_history {
	char command[1024], version[32], objective[160], machine[400];
	double began; /* UNIX time */
	struct tune_summary baseline;
	struct tune_trial *trial;
	size_t ntrial;
	char ended[240]; /* why the loop ended; "" while it runs */
	char file[512];	 /* the final OPTIONS file; "" = none: nothing was kept, or it still runs */
	double gain, lo, hi; /* of that file against the baseline, measured afresh at the end, relative; NAN = not measured */
	unsigned pairs;	     /* of runs that say so */
	double active_s; /* over all sittings */
};

#endif
