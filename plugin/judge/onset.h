/* Where in a record did something begin? The statistic of the START design: for each start that could have been drawn, how much better the
 * record is explained by a change that begins there and stays. Pure functions of the record and the candidate: exactness of the rank needs
 * no more. */
#ifndef LODE_JUDGE_ONSET_H
#define LODE_JUDGE_ONSET_H

#include <stddef.h>

#define LODE_BINS_MAX 512
#define LODE_SLOTS_MAX 128

struct lode_onset {		  /* the layout, fixed before the record exists */
	unsigned bins;		  /* of the record, <= LODE_BINS_MAX */
	unsigned first;		  /* bin where candidate 0 begins; > 0 */
	double step;		  /* bins between candidates, 1 at least: see lode_onset_start */
	unsigned slots;		  /* candidates, <= LODE_SLOTS_MAX; the last begins inside the record */
	unsigned washout, window; /* for lode_onset_change */
};

/* The bin where candidate s begins. */
unsigned lode_onset_start(const struct lode_onset *o, unsigned s);
/* gain[s]: log-likelihood that a change beginning at candidate s adds to no change at all, with the sign of that change. y: finite, o->bins
 * long. */
void lode_onset_scan(const struct lode_onset *o, const double *y, double *gain);
/* Place of candidate s among all, 1 .. slots; sign +1: among the gains, -1: among the losses. Ties count against s. */
unsigned lode_onset_rank(const struct lode_onset *o, const double *gain, unsigned s, double sign);
/* Mean over the window after s and its washout minus the mean over the window before s. */
double lode_onset_change(const struct lode_onset *o, const double *y, unsigned s);
/* Interval for the lasting effect at s: the values whose removal from the record leaves s an ordinary candidate. Each end holds with 1 -
 * 1/slots. lo -INFINITY or hi INFINITY where the record gives no bound. */
void lode_onset_interval(const struct lode_onset *o, const double *y, unsigned s, double *lo, double *hi);

#endif
