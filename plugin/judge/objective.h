/* What the operator wants, as what a trial is judged by: the primary metric, its guards, their margins. docs/judge.md, "Objectives". */
#ifndef LODE_JUDGE_OBJECTIVE_H
#define LODE_JUDGE_OBJECTIVE_H

#include "judge/loop.h"
#include "judge/trial.h"
#include "sense/slo.h"

enum lode_objective_kind { LODE_BALANCED, LODE_THROUGHPUT, LODE_LATENCY, LODE_WRITE_AMP, LODE_COST, LODE_CUSTOM, LODE_OBJECTIVES };
extern const char *const lode_objective_name[LODE_OBJECTIVES + 1]; /* "balanced", ...; NULL at the end */

struct lode_objective {
	int kind;			   /* enum lode_objective_kind */
	struct lode_slo slo[LODE_SLO_N];   /* get, write, seek */
	double price_cpu, price_memory, price_io; /* of a core-hour, of a GiB-hour, of a GiB moved; only their ratios matter */
	bool falls;			   /* CUSTOM: less of the program's own metric is better. From the program, not from the configuration */
	double margin[LODE_METRIC_N];	   /* of guards, as people say it: 0.1 = a tenth more of what should not rise; 0: the metric's own. Tails: GET_TAIL's */
};

const char *lode_objective_doc(const struct lode_objective *o); /* what it asks for, in a few words. NULL: balanced */

#define LODE_FLUSHES_LEAST 8 /* that a history must hold to know what is written for each byte: two rounds of L0 */

struct lode_objective_case { /* what is known before a trial */
	const struct lode_interval *history; /* without changes, oldest first */
	size_t n;
	double mem_limit;		     /* bytes; 0: not known */
	double planned;			     /* bytes that the plan may cost; what it frees is no licence */
};

/* Completes baseline and spec of a trial (initialised, its lengths set): primary, guards, margins, scales. *note: what a reader of the journal should know,
 * such as a guard that is too noisy to be one; "" if nothing. -ENODATA: this load gives nothing to judge the objective by; note says why. -ENOMEM. */
int lode_objective_prepare(const struct lode_objective *o, const struct lode_objective_case *at, struct lode_baseline *b, struct lode_trial_spec *s, char *note,
			   size_t len);
bool lode_objective_has_slo(const struct lode_objective *o);
/* "get p99.9 < 2 ms, write p99 < 10 ms"; "" if there are none. Returns buf. */
const char *lode_objective_slos(const struct lode_objective *o, char *buf, size_t len);

#endif
