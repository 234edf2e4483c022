/* Burn rates over a ring of slots. */
#include "guard/burn.h"

#include <math.h>
#include <string.h>

#define SHORT_SLOTS 6	/* of the short window */
#define TOO_FAST 14.4	/* a month's budget in two days */
#define USUAL_FACTOR 3	/* times what burns without us */
#define LEAST_MISSED 10 /* in the window: a few slow operations in a trickle of work are no fire */
#define LEARN 0.2	/* weight of a new interval */

void lode_burn_add(struct lode_burn *b, const struct lode_slo slo[LODE_SLO_N], const struct lode_interval *iv, double short_s)
{
	struct lode_burn_slot *s = &b->slot[b->at];

	if (iv->invalid || !(iv->seconds > 0))
		return;
	if (s->seconds + iv->seconds / 2 > short_s / SHORT_SLOTS) {
		b->at = (b->at + 1) % LODE_BURN_SLOTS;
		s = &b->slot[b->at];
		memset(s, 0, sizeof *s);
	}
	s->seconds += iv->seconds;
	for (int k = 0; k < LODE_SLO_N; k++) {
		double n, missed;

		if (!lode_slo_count(&slo[k], iv, k, &n, &missed))
			continue;
		s->n[k] += n;
		s->missed[k] += missed;
	}
}

void lode_burn_learn(struct lode_burn *b, const struct lode_slo slo[LODE_SLO_N], const struct lode_interval *iv)
{
	for (int k = 0; k < LODE_SLO_N; k++) {
		double n, missed;

		if (!lode_slo_count(&slo[k], iv, k, &n, &missed))
			continue;
		double rate = missed / n / lode_slo_budget(&slo[k]);
		b->usual[k] = b->learnt[k] ? b->usual[k] + LEARN * (rate - b->usual[k]) : rate;
		b->learnt[k] = true;
	}
}

double lode_burn_rate(const struct lode_burn *b, const struct lode_slo *slo, int kind, unsigned windows)
{
	unsigned slots = windows * SHORT_SLOTS;
	double n = 0, missed = 0;

	if (!(slo->limit_us > 0))
		return 0;
	for (unsigned i = 0; i < slots && i < LODE_BURN_SLOTS; i++) {
		const struct lode_burn_slot *s = &b->slot[(b->at + LODE_BURN_SLOTS - i) % LODE_BURN_SLOTS];

		n += s->n[kind];
		missed += s->missed[kind];
	}
	return n > 0 && missed >= LEAST_MISSED ? missed / n / lode_slo_budget(slo) : 0;
}

double lode_burn_limit(const struct lode_burn *b, const struct lode_slo *slo, int kind)
{
	return fmax(USUAL_FACTOR * b->usual[kind], fmin(TOO_FAST, 0.5 / lode_slo_budget(slo)));
}
