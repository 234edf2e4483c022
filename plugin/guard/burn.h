/* How fast the error budget of an SLO burns: the share of operations that miss it, over the share that may. 1 uses it up exactly in time. Looked at over a
 * short and a longer window, as in the SRE workbook (ch. 5, "Alerting on SLOs"): the long one so that a blip is no alarm, the short one so that an alarm
 * ends when its cause does. */
#ifndef LODE_GUARD_BURN_H
#define LODE_GUARD_BURN_H

#include "sense/slo.h"

#define LODE_BURN_SLOTS 32

struct lode_burn { /* zeroed: a good start */
	struct lode_burn_slot {
		double seconds, n[LODE_SLO_N], missed[LODE_SLO_N];
	} slot[LODE_BURN_SLOTS];
	unsigned at;
	double usual[LODE_SLO_N]; /* while nothing of ours is live, smoothed */
	bool learnt[LODE_SLO_N];
};

/* Every valid interval, once. short_s: length of the short window. */
void lode_burn_add(struct lode_burn *b, const struct lode_slo slo[LODE_SLO_N], const struct lode_interval *iv, double short_s);
void lode_burn_learn(struct lode_burn *b, const struct lode_slo slo[LODE_SLO_N], const struct lode_interval *iv);
/* The burn rate over the last `windows` short windows (1 or 5), as far as they are known; 0 if too few operations missed to say. */
double lode_burn_rate(const struct lode_burn *b, const struct lode_slo *slo, int kind, unsigned windows);
/* The rate that is too much: 14.4, but not more than half of all operations, and not less than three times what is usual here. */
double lode_burn_limit(const struct lode_burn *b, const struct lode_slo *slo, int kind);

#endif
