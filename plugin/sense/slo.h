/* A promise about the time that operations take, as whoever is on call writes it: "p99.9 < 2ms". Gets (MultiGets where there are no Gets), writes, seeks. */
#ifndef LODE_SENSE_SLO_H
#define LODE_SENSE_SLO_H

#include "base/err.h"
#include "sense/interval.h"

#define LODE_SLO_N 3 /* LODE_H_GET, LODE_H_WRITE, LODE_H_SEEK: the first three kinds of operation */

struct lode_slo {
	double limit_us; /* as promised; 0: no promise */
	double share;	 /* of the operations that must not take longer: 0.999 */
	double bucket_us; /* the histogram bucket limit nearest to it: what is really looked at, because shares above it are exact */
};

/* "" and "none" for no promise; else p<percent> < <time>, the time with its unit: us, ms or s. Percent from 50 to below 100. Strict: 0, or -EINVAL with
 * a sentence that says what is wrong; *out is set on success only. */
int lode_slo_parse(const char *text, struct lode_slo *out, struct lode_err *err);
/* "p99.9 < 2 ms", or "none". Returns buf. */
const char *lode_slo_show(const struct lode_slo *s, char *buf, size_t len);
/* The operation that the promise for `kind` is about in this interval. */
int lode_slo_op(const struct lode_interval *iv, int kind);
/* Operations of a kind, and how many of them missed. False: no promise, no times, or none came. */
bool lode_slo_count(const struct lode_slo *s, const struct lode_interval *iv, int kind, double *n, double *missed);

static inline double lode_slo_budget(const struct lode_slo *s) /* share that may miss */
{
	return 1 - s->share;
}

#endif
