/* The sign-flip betting e-process: is a paired difference above or below tau0, at any time, whatever the noise (docs/judge.md). */
#ifndef LODE_JUDGE_EPROCESS_H
#define LODE_JUDGE_EPROCESS_H

#include <stdbool.h>
#include <stddef.h>

#define LODE_BETS 8
#define LODE_PAIRS_MAX 256

struct lode_eprocess {
	double tau0, scale;		       /* null value; c, the rms of A/A differences, fixed beforehand */
	double up[LODE_BETS], down[LODE_BETS]; /* log wealth per bet */
	double d[LODE_PAIRS_MAX];	       /* differences so far */
	size_t n;
};

void lode_eprocess_init(struct lode_eprocess *e, double tau0, double scale);
void lode_eprocess_add(struct lode_eprocess *e, double difference); /* finite; ignored beyond LODE_PAIRS_MAX */
double lode_eprocess_above(const struct lode_eprocess *e);	    /* evidence that the effect exceeds tau0; decide at 1/alpha */
double lode_eprocess_below(const struct lode_eprocess *e);
/* What lode_eprocess_above could be after `more` pairs that all speak for the effect with full weight: the ground of a futility stop. */
double lode_eprocess_reach(const struct lode_eprocess *e, size_t more);
/* Interval for the effect: all values that the e-process has not rejected at 1/alpha on either side, so that it excludes tau0 exactly when
 * the e-process decides. Each end holds with 1-alpha at any time. false if there are too few pairs for a finite one; *mean is set if there
 * are any. */
bool lode_eprocess_interval(const struct lode_eprocess *e, double alpha, double *mean, double *lo, double *hi);

/* Cross-check without a sequence: the share of the 2^n sign patterns whose sum is at least as far out, on the side of the observed sum.
 * NAN for n = 0 and n > 20. */
double lode_signflip_p(const double *d, size_t n);

#endif
