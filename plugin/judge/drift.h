/* Has what was kept become worse than when it was kept? An alarm, not a verdict: it asks for an experiment (agent/watch.c) and changes nothing. Pure.
 *
 * One value a block goes in (log-speed; larger is better). Neighbouring blocks resemble each other, so what is looked at is the residual of an AR(1) fit;
 * noise has heavy tails, so of the residual only its rank among the residuals of the beginning counts, as a normal score; the scores go into Page's CUSUM:
 *
 *     r_i = y_i - phi y_(i-1)      z_i = Phi^-1((rank of r_i among the first ones - 1/2) / number)      C = max(0, C - z_i - k),  alarm at C >= h
 *
 * With k = 0.5 and h = 5 a level that stays gives one false alarm in about 930 blocks (one-sided; two-sided 465: Montgomery, Introduction to Statistical Quality
 * Control), whatever the distribution of the noise. What comes while an alarm is in the making is not learnt. */
#ifndef LODE_JUDGE_DRIFT_H
#define LODE_JUDGE_DRIFT_H

#include <stdbool.h>
#include <stddef.h>

#define LODE_CUSUM_K 0.5
#define LODE_CUSUM_H 5.0
#define LODE_DRIFT_LEARN 64 /* blocks that are remembered as the level at the keep */
#define LODE_DRIFT_LEAST 20 /* ... before the first can be judged */

/* Page's one-sided CUSUM for a fall: returns the new sum. z: standardised. */
double lode_cusum(double sum, double z, double k);

struct lode_drift {
	double y[LODE_DRIFT_LEARN], before[LODE_DRIFT_LEARN]; /* the level at the keep: blocks, and the block before each */
	size_t n;
	double last; /* the value before; NAN: a gap */
	double phi;
	double sum; /* of the CUSUM */
};

void lode_drift_init(struct lode_drift *d);
/* A block of the same work. True: alarm; then the detector begins anew, with the level that it sees from now on. NAN: a gap. */
bool lode_drift_feed(struct lode_drift *d, double y);
/* How far the sum is on its way to an alarm, 0..1, for people. */
double lode_drift_strain(const struct lode_drift *d);

#endif
