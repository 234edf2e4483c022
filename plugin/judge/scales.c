/* How noisy this database is: A/A differences of neighbouring blocks in a quiet history. */
#include "judge/design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POSITIONS 48 /* enough for a root mean square; adding up histograms is not free */

#define X(id, name, as, guess, least, margin, widest) least,
static const double least[LODE_METRIC_N] = {LODE_METRICS(X)};
#undef X
/* A guard cannot be held closer than two like blocks differ: its margin grows to twice c, but never beyond these. */
#define X(id, name, as, guess, least, margin, widest) widest,
static const double widest[LODE_METRIC_N] = {LODE_METRICS(X)};
#undef X

/* Adds valid intervals from *at on until about `need` seconds are in. false if the history ends before. */
static bool block_from(const struct lode_interval *h, size_t n, size_t *at, double need, struct lode_interval *sum)
{
	double kept = 0;

	memset(sum, 0, sizeof(*sum));
	while (*at < n) {
		const struct lode_interval *iv = &h[(*at)++];

		if (iv->invalid)
			continue;
		lode_interval_add(sum, iv);
		kept += iv->seconds;
		if (kept + iv->seconds / 2 >= need)
			return true;
	}
	return false;
}

struct squares {
	double sum[LODE_METRIC_N];
	unsigned n[LODE_METRIC_N];
};

static bool add_difference(const struct lode_baseline *b, const struct lode_interval *h, size_t n, size_t from, double need,
			   struct lode_interval *work, struct squares *q)
{
	struct lode_metrics one, two;
	size_t at = from;

	if (!block_from(h, n, &at, need, work))
		return false;
	lode_metrics_of(b, work, &one);
	if (!block_from(h, n, &at, need, work))
		return false;
	lode_metrics_of(b, work, &two);
	for (int m = 0; m < LODE_METRIC_N; m++) {
		double d = two.v[m] - one.v[m];

		if (!isfinite(d))
			continue;
		q->sum[m] += d * d;
		q->n[m]++;
	}
	return true;
}

void lode_trial_scales(struct lode_trial_spec *s, const struct lode_baseline *b, const struct lode_interval *history, size_t n)
{
	struct lode_interval *work = malloc(sizeof(*work));
	struct squares q = {0};
	double have = 0, need = lode_trial_block(s) - lode_trial_washout(s);
	size_t step;

	if (!work)
		return; /* the first guess stays: only power suffers */
	for (size_t i = 0; i < n; i++)
		have += history[i].invalid ? 0 : history[i].seconds;
	/* A short history gives shorter, overlapping blocks: a little noisier than the real ones, and so a little careful. */
	need = fmin(need, have / 3);
	step = n / POSITIONS ? n / POSITIONS : 1;
	for (size_t i = 0; i < n && need > 0; i += step)
		if (!add_difference(b, history, n, i, need, work, &q))
			break;
	for (int m = 0; m < LODE_METRIC_N; m++) {
		if (q.n[m])
			s->scale[m] = fmax(least[m], sqrt(q.sum[m] / q.n[m]));
		s->margin[m] = fmax(s->margin[m], fmin(2 * s->scale[m], widest[m]));
	}
	free(work);
}
