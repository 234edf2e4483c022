/* What costs the application time, by our own reckoning: the expert's rules answer to it, the prompt tells it to a model (which may disagree), and where
 * there is nothing to win nobody is asked. docs/expert.md has the formulas and what they cannot see. */
#ifndef LODE_ADVISE_BOTTLENECK_H
#define LODE_ADVISE_BOTTLENECK_H

#include "advise/signs.h"

/* X(id, name, reach, what it is). Reach: the part of its share that options which can be changed in an open database may take away at the very most. */
#define LODE_BOTTLENECKS(X) \
	X(UNKNOWN, "unknown", 0, "too little is measured to say") \
	X(NONE, "none", 0, "nothing that an option could change costs enough to be proven better") \
	X(CACHE, "cache-misses", 1, "reads fetch blocks into a full block cache, mostly from the memory of the operating system") \
	X(DISK_READ, "disk-reads", 1, "reads fetch blocks into a full block cache, and wait for the disk") \
	X(READ_CPU, "read-cpu", 0, "reads find their blocks and cost processor time") \
	X(L0_READS, "l0-reads", 1, "reads look into many files of level 0") \
	X(MEMTABLE_READS, "memtable-reads", 1, "reads search large memtables in vain") \
	X(SCAN, "scan-skips", 1, "iterators step over old versions and deletions, or seek again") \
	X(MEMTABLE, "memtable-stalls", 1, "writers wait for memtables to be flushed") \
	X(L0, "l0-stalls", 1, "writers are held back by the number of files in level 0") \
	X(DEBT, "debt", 1, "compactions fall behind: writers are held back for it, or soon will be") \
	X(STALL, "stalls", 1, "writers are held back; which limit it was is not seen") \
	X(COMPACTION_CPU, "compaction-cpu", 0.5, "flushes and compactions take processor time that the application wants") \
	X(REWRITES, "rewrites", 0.5, "bytes are written to disk again and again") \
	X(SYNC_BURSTS, "sync-bursts", 0.5, "syncs of the log wait behind what flushes and compactions have left to be written out") \
	X(WAL_SYNC, "wal-sync", 0, "writers wait for the log to reach the disk") \
	X(WRITE_CPU, "write-cpu", 0, "writes cost processor time in log and memtable")

enum lode_bottleneck {
#define X(id, name, reach, doc) LODE_BOTTLENECK_##id,
	LODE_BOTTLENECKS(X)
#undef X
	LODE_BOTTLENECK_N
};
const char *lode_bottleneck_name(enum lode_bottleneck b);
const char *lode_bottleneck_doc(enum lode_bottleneck b);
double lode_bottleneck_reach(enum lode_bottleneck b);

struct lode_diagnosis {
	enum lode_bottleneck what;
	double share;	    /* of the time (where nothing is timed, of the operations; REWRITES: of the bytes written) that it may cost at the most, 0..1; NAN: not known */
	double weight;	    /* by how much more it counts under the objective; 1 */
	char evidence[240]; /* our words and numbers only */
};

#define LODE_DIAGNOSES_MAX 8
#define LODE_BOTTLENECK_LEAST 0.02 /* the judge's default least effect: what costs less cannot be proven better */

/* The worst first: by the share that options could take away, known before unknown; what no option takes away stands last. Where nothing can be won the
 * first is NONE, where nothing is known it is UNKNOWN, alone. At least one, if max is not 0. */
size_t lode_diagnose(const struct lode_question *q, const struct lode_signs *s, struct lode_diagnosis *out, size_t max);
/* By how much more a share of this counts under the objective: stalls, where slow operations are what it is about or more of them than a promise lets. */
double lode_bottleneck_weight(const struct lode_question *q, enum lode_bottleneck b);
/* The most that could be won, as a share (weighted, 1 at the most); 0: nothing; NAN: not known, but there is something. */
double lode_diagnosis_worth(const struct lode_diagnosis *d, size_t n);

#endif
