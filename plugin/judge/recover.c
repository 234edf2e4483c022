/* A trace is gone when it is within the band of the control, or when it no longer falls: an arm that has more files in level 0 by its nature must not
 * wait for what will never come. The band changes between pairs only, and neither rule asks which arm is live: so under "it does nothing" the blocks lie
 * where they would lie had the coin fallen the other way. */
#include "judge/recover.h"

#include <math.h>
#include <string.h>

#define HISTORY_LEAST 4
#define SLACK 1.25
#define FALLS 0.9    /* of the step before: less is still falling */
#define WARM 0.1     /* of the control's misses: with so few left the cache holds what is asked for, full or not */

static const double more[LODE_TRACES] = {1, 4 << 20, 256 << 10}; /* files; bytes; bytes a second */

static void values(const struct lode_interval *iv, double v[LODE_TRACES])
{
	v[LODE_TRACE_L0] = (double)iv->l0_files;
	v[LODE_TRACE_ABOVE] = (double)iv->level_bytes_excess;
	v[LODE_TRACE_REFILL] = iv->seconds > 0 ? (double)iv->ticker[LODE_T_CACHE_BYTES_WRITE] / iv->seconds : 0;
}

void lode_recover_init(struct lode_recover *r, double refill)
{
	memset(r, 0, sizeof(*r));
	r->refill = refill;
	for (int i = 0; i < LODE_TRACES; i++)
		r->band[i] = INFINITY;
	lode_recover_begin(r, 0);
}

static void widen(struct lode_recover *r)
{
	for (int i = 0; i < LODE_TRACES; i++) {
		double top = SLACK * r->most[i] + more[i];

		r->band[i] = isfinite(r->band[i]) ? fmax(r->band[i], top) : top;
		r->most[i] = 0;
	}
}

void lode_recover_control(struct lode_recover *r, const struct lode_interval *iv)
{
	double v[LODE_TRACES];

	if (iv->invalid)
		return;
	values(iv, v);
	for (int i = 0; i < LODE_TRACES; i++)
		r->most[i] = fmax(r->most[i], v[i]);
}

void lode_recover_learn_history(struct lode_recover *r, const struct lode_interval *history, size_t n)
{
	if (n < HISTORY_LEAST)
		return;
	for (size_t i = 0; i < n; i++)
		lode_recover_control(r, &history[i]);
	widen(r);
}

void lode_recover_pair_closed(struct lode_recover *r)
{
	if (isfinite(r->band[0]))
		widen(r);
}

void lode_recover_begin(struct lode_recover *r, double step_s)
{
	r->filled = r->seconds = 0;
	r->step_s = step_s;
	for (int i = 0; i < LODE_TRACES; i++) {
		r->now[i] = r->sum[i] = 0;
		r->mean[i] = NAN;
		r->gone[i] = false;
	}
}

void lode_recover_feed(struct lode_recover *r, const struct lode_interval *iv)
{
	if (iv->invalid || !(iv->seconds > 0))
		return;
	values(iv, r->now);
	r->filled += (double)iv->ticker[LODE_T_CACHE_BYTES_WRITE];
	r->seconds += iv->seconds;
	for (int i = 0; i < LODE_TRACES; i++)
		r->sum[i] += r->now[i] * iv->seconds;
	if (r->seconds < r->step_s)
		return;
	for (int i = 0; i < LODE_TRACES; i++) {
		double mean = r->sum[i] / r->seconds;

		r->gone[i] = mean >= FALLS * r->mean[i]; /* never against NAN */
		r->mean[i] = mean;
		r->sum[i] = 0;
	}
	r->seconds = 0;
}

bool lode_recover_done(const struct lode_recover *r)
{
	for (int i = 0; i < LODE_TRACES; i++)
		if (r->now[i] > r->band[i] && !r->gone[i])
			return false;
	return r->filled >= r->refill || r->gone[LODE_TRACE_REFILL] || r->now[LODE_TRACE_REFILL] < WARM * r->band[LODE_TRACE_REFILL];
}
