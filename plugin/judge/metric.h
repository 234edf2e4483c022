/* A block of time, as the few numbers that a verdict hangs on. All in log units or shares, so that pair differences are unit-free. */
#ifndef LODE_JUDGE_METRIC_H
#define LODE_JUDGE_METRIC_H

#include "sense/interval.h"

/* X(id, name, reads as, first guess of c, least c, margin as a guard, widest margin). All are bigger when better; differences are log units, or shares.
 * Reads as: UP a quantity that should rise, DOWN one that should fall (its minus logarithm is the metric), SHARE minus a share. */
#define LODE_METRICS(X) \
	X(SPEED, "speed", UP, 0.03, 0.01, 0.03, 0.1)	       /* -log(service time of one operation of the baseline's mix); untimed: log(rate) */ \
	X(GET_TAIL, "get tail", DOWN, 0.15, 0.05, 0.4, 0.7)   /* -log(share of operations above a limit) */ \
	X(WRITE_TAIL, "write tail", DOWN, 0.15, 0.05, 0.4, 0.7) \
	X(SEEK_TAIL, "seek tail", DOWN, 0.15, 0.05, 0.4, 0.7) \
	X(STALL, "stalls", SHARE, 0.02, 0.01, 0.02, 0.25)     /* -stall share */ \
	X(GET_RATE, "get rate", UP, 0.03, 0.01, 0.05, 0.2)    /* where speed is the rate of all operations: log(rate) of each kind, so that none */ \
	X(WRITE_RATE, "write rate", UP, 0.03, 0.01, 0.05, 0.2) /* pays for another */ \
	X(SEEK_RATE, "seek rate", UP, 0.03, 0.01, 0.05, 0.2) \
	X(THROUGHPUT, "throughput", UP, 0.03, 0.01, 0.03, 0.1) /* log(operations per second) */ \
	X(SLOW, "slow operations", DOWN, 0.15, 0.05, 0.4, 0.7) /* -log(how fast the error budget of all SLOs burns) */ \
	X(WRITE_AMP, "write amplification", DOWN, 0.1, 0.02, 0.0953, 0.4) /* what is put off is charged: see write_amp */ \
	X(SPACE_AMP, "space amplification", DOWN, 0.03, 0.01, 0.0953, 0.2) \
	X(MEMORY, "memory", SHARE, 0.01, 0.005, 0.02, 0.05)   /* -(memtables and block cache) / memory limit */ \
	X(COST, "cost", DOWN, 0.03, 0.01, 0.03, 0.1)	       /* -log(price of one operation) */ \
	X(OWN, "own metric", UP, 0.03, 0.01, 0.03, 0.1)	       /* log of what the program itself measures, where more of it is better */ \
	X(OWN_COST, "own cost", DOWN, 0.03, 0.01, 0.03, 0.1)   /* -log of that, where less is */

enum lode_metric {
#define X(id, name, as, guess, least, margin, widest) LODE_M_##id,
	LODE_METRICS(X)
#undef X
	LODE_METRIC_N
};
extern const char *const lode_metric_name[LODE_METRIC_N];
/* A difference as people say it: 0.25 = a quarter more of what should rise, or a quarter less of what should fall. Positive is better. */
double lode_metric_gain(enum lode_metric m, double difference);
bool lode_metric_falls(enum lode_metric m); /* better is less of it */
bool lode_metric_own(enum lode_metric m);   /* the program's: there under one objective only */

/* What stays fixed during a trial, from the window before it. */
struct lode_baseline {
	enum lode_metric primary;  /* what a trial is about; SPEED, unless the objective says otherwise */
	uint32_t guards;	   /* bit per metric: what guards it, where it is defined */
	double mix[LODE_OP_N];	   /* share of operations by kind */
	double cost_us[LODE_OP_N]; /* mean service time, for kinds that a block happens to miss */
	double tail_us[LODE_OP_N]; /* bucket limit nearest to p99; 0 = kind not used, or too rarely to have a tail */
	double cap_us[LODE_OP_N];  /* reads only: 0, or what a single slow read counts at the most (see metric.c) */
	/* what only an objective asks for (objective.c); all 0: not known, not asked */
	double tail_floor[LODE_OP_N]; /* added to the share above tail_us: what lies far within an SLO is no concern */
	double slow_us[LODE_OP_N], slow_weight[LODE_OP_N], slow_share[LODE_OP_N]; /* limit; weight of its share; the share itself, before */
	double write_amp;	   /* bytes written to disk for each that the application writes */
	double crossing;	   /* bytes that will be written for each in an SST file and each level that it has to cross */
	double mem_limit;
	bool space;
	double price_cpu, price_memory, price_io; /* for a core-second; byte-second; byte */
	double own;		   /* the program's own metric; 0: it has none */
	bool own_falls;		   /* less of it is better */
	bool by_rate;		   /* no timers: speed is log(operations per second) instead */
	bool writes_only;	   /* ... of which only writes are seen: no Statistics */
};
void lode_baseline_of(const struct lode_interval *window, struct lode_baseline *out);
/* What the primary metric is: "service time", "operations per second", "write amplification" ...: for the journal and for people. */
const char *lode_baseline_judged_by(const struct lode_baseline *b);
/* Does this load have that metric at all? A guard that is not defined guards nothing and asks for nothing. */
bool lode_metric_defined(const struct lode_baseline *b, enum lode_metric m);
/* ... and is it a guard of this trial? */
bool lode_metric_guards(const struct lode_baseline *b, enum lode_metric m);

struct lode_metrics {
	double v[LODE_METRIC_N]; /* NAN: not defined for this load */
};
void lode_metrics_of(const struct lode_baseline *b, const struct lode_interval *block, struct lode_metrics *out);

#endif
