/* The sign-flip betting e-process: is a paired difference above or below tau0, at any time, whatever the noise (judging.md 1.3). */
#ifndef LODE_JUDGE_EPROCESS_H
#define LODE_JUDGE_EPROCESS_H

#include <stdbool.h>
#include <stddef.h>

#define LODE_BETS 8
#define LODE_PAIRS_MAX 256

struct lode_eprocess {
	double tau0, scale;       /* null value; c, the rms of A/A differences, fixed beforehand */
	double up[LODE_BETS], down[LODE_BETS]; /* log wealth per bet */
	double d[LODE_PAIRS_MAX]; /* differences so far */
	size_t n;
};

void lode_eprocess_init(struct lode_eprocess *e, double tau0, double scale);
void lode_eprocess_add(struct lode_eprocess *e, double difference);
double lode_eprocess_above(const struct lode_eprocess *e); /* evidence that the effect exceeds tau0; decide at 1/alpha */
double lode_eprocess_below(const struct lode_eprocess *e);
/* Interval for the effect: normal mixture inverted by bisection, coverage 1-alpha at any time. false if too few pairs for a finite one. */
bool lode_eprocess_interval(const struct lode_eprocess *e, double alpha, double *mean, double *lo, double *hi);

#endif
