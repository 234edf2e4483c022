/* How long the memory of a series is: the block length at which blocks of it are about independent (Politis and White, Econometric Reviews 23, 2004, with
 * the correction of Patton, Politis and White, ibid. 28, 2009). Pure. */
#ifndef LODE_JUDGE_AUTOCORR_H
#define LODE_JUDGE_AUTOCORR_H

#include <stdbool.h>
#include <stddef.h>

/* Fewer values than this say nothing about their memory. */
#define LODE_AUTOCORR_MIN 32

struct lode_block_length { /* in values of the series; at least 1 */
	double stationary; /* mean block of the stationary bootstrap */
	double circular;   /* block of the circular bootstrap: (3/2)^(1/3) times that */
};

/* Of y[0..n-1], oldest first, finite. False (and 1, 1) where there are too few values or they do not vary. */
bool lode_block_length_of(const double *y, size_t n, struct lode_block_length *out);

struct lode_trial_spec;
struct lode_baseline;
struct lode_interval;
/* Stretches the trial's blocks to the memory of log speed in a quiet history (oldest first), and those of options that act from the next flush on to a few
 * fillings of level 0 (s->cycle), as far as the pace allows: sets s->block_scale. Before lode_trial_scales, which
 * measures blocks of that length. Only power depends on it, never validity. */
void lode_trial_stretch(struct lode_trial_spec *s, const struct lode_baseline *b, const struct lode_interval *history, size_t n);

#endif
