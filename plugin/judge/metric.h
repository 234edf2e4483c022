/* A block of time, as the few numbers that a verdict hangs on. All in log units or shares, so that pair differences are unit-free. */
#ifndef LODE_JUDGE_METRIC_H
#define LODE_JUDGE_METRIC_H

#include "sense/interval.h"

enum lode_metric {
	LODE_M_SPEED,	 /* primary: -log(cost of one operation of the baseline's mix); bigger is better */
	LODE_M_GET_TAIL, /* guards: -log(exceedance of the baseline's p99 limit), bigger is better */
	LODE_M_WRITE_TAIL,
	LODE_M_SEEK_TAIL,
	LODE_M_STALL, /* -stall share */
	LODE_M_GET_RATE, /* where speed is the rate of all operations: log(rate) of each kind, so that none pays for another */
	LODE_M_WRITE_RATE,
	LODE_M_SEEK_RATE,
	LODE_METRIC_N
};
extern const char *const lode_metric_name[LODE_METRIC_N];

/* What stays fixed during a trial, from the window before it. */
struct lode_baseline {
	double mix[LODE_OP_N];	   /* share of operations by kind */
	double cost_us[LODE_OP_N]; /* mean service time, for kinds that a block happens to miss */
	double tail_us[LODE_OP_N]; /* bucket limit nearest to p99; 0 = kind not used, or too rarely to have a tail */
	double cap_us[LODE_OP_N];  /* reads only: 0, or what a single slow read counts at the most (see metric.c) */
	bool by_rate;		   /* no timers: speed is log(operations per second) instead */
	bool writes_only;	   /* ... of which only writes are seen: no Statistics */
};
void lode_baseline_of(const struct lode_interval *window, struct lode_baseline *out);
/* "service time", "operations per second" or "writes per second": for the journal and for people. */
const char *lode_baseline_judged_by(const struct lode_baseline *b);
/* Does this load have that metric at all? A guard that is not defined guards nothing and asks for nothing. */
bool lode_metric_defined(const struct lode_baseline *b, enum lode_metric m);

struct lode_metrics {
	double v[LODE_METRIC_N]; /* NAN: not defined for this load */
};
void lode_metrics_of(const struct lode_baseline *b, const struct lode_interval *block, struct lode_metrics *out);

#endif
