/* What kind of work a window of intervals shows, and how far two kinds of work are apart.
 *
 * Only features that a tuning change cannot influence take part: the mix, sizes, scan length, batch size, the fraction of keys found.
 * Speed, hit rates and level shape answer to the tuner and must not decide what the work is. */
#include "sense/workload.h"

#include "base/fmt.h"

#include <math.h>
#include <string.h>

#define MIN_SECONDS 5.0
#define MIN_OPS 10.0 /* per second; below it the database idles */

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

#define RARE 0.0075 /* a kind of operation with a smaller share has no sizes worth knowing */

struct feature {
	bool log;      /* ratios count, not differences */
	int only_with; /* the kind of operation without which the feature means nothing */
};

enum { F_VALUE, F_WRITE, F_SCAN, F_BATCH, F_FOUND, FEATURES };

static const struct feature features[FEATURES] = {
	[F_VALUE] = {true, 0}, [F_WRITE] = {true, 1}, [F_SCAN] = {true, 2}, [F_BATCH] = {true, 1}, [F_FOUND] = {false, 0},
};

static void feature_values(const struct lode_workload *w, double v[FEATURES])
{
	v[F_VALUE] = w->value_bytes;
	v[F_WRITE] = w->write_bytes;
	v[F_SCAN] = w->scan_next;
	v[F_BATCH] = w->batch_keys;
	v[F_FOUND] = w->found;
}

static void describe(struct lode_workload *w, bool blind)
{
	static const char *const names[LODE_OP_N] = {"reads", "writes", "seeks", "multi-reads"};
	size_t at = 0;

	for (int i = 0; i < LODE_OP_N; i++)
		if (w->share[i] >= 0.005 && at < sizeof w->text)
			at += (size_t)lode_fmt(w->text + at, sizeof w->text - at, "%s%s %.0f %%", at ? " " : "", names[i],
					       w->share[i] * 100);
	double size = w->share[1] > 0.5 || isnan(w->value_bytes) ? w->write_bytes : w->value_bytes;
	if (!isnan(size) && at < sizeof w->text)
		at += (size_t)lode_fmt(w->text + at, sizeof w->text - at, ", %.0f B %s", size, size == w->write_bytes ? "a key" : "values");
	if (w->share[2] >= 0.005 && !isnan(w->scan_next) && at < sizeof w->text)
		at += (size_t)lode_fmt(w->text + at, sizeof w->text - at, ", %.0f steps a seek", w->scan_next);
	if (blind && at < sizeof w->text)
		lode_fmt(w->text + at, sizeof w->text - at, "; reads are not seen");
}

void lode_workload_of(const struct lode_interval *window, const struct lode_sample *now, struct lode_workload *out)
{
	const uint64_t *t = window->ticker;
	double kind[LODE_OP_N] = {(double)t[LODE_T_KEYS_READ], (double)window->keys_written, (double)t[LODE_T_SEEK],
				  (double)t[LODE_T_MULTIGET_KEYS]};
	double all = kind[0] + kind[1] + kind[2] + kind[3];

	*out = (struct lode_workload){.found = NAN, .value_bytes = NAN, .write_bytes = NAN, .scan_next = NAN, .batch_keys = NAN, .rate = NAN};
	for (size_t i = 0; now && i < now->ncf; i++)
		out->data_bytes += (double)now->cf[i].sst_bytes;
	out->ops = lode_interval_ops(window);
	out->known = window->seconds >= MIN_SECONDS && out->ops >= MIN_OPS;
	if (!(all > 0)) {
		bool blind = window->parts && !window->has_stats;
		lode_fmt(out->text, sizeof out->text, "%s", blind ? "no writes; reads not visible without statistics" : "idle");
		return;
	}
	for (int i = 0; i < LODE_OP_N; i++)
		out->share[i] = kind[i] / all;
	/* The hit tickers count the keys of gets and multigets together; value bytes are those of gets alone. */
	double found = (double)(t[LODE_T_MEMTABLE_HIT] + t[LODE_T_L0_HIT] + t[LODE_T_L1_HIT] + t[LODE_T_L2_HIT]);
	out->found = fmin(1, ratio(found, kind[0] + kind[3]));
	out->value_bytes = ratio((double)t[LODE_T_BYTES_READ], found - (double)t[LODE_T_MULTIGET_FOUND]);
	out->write_bytes = ratio((double)window->bytes_written, kind[1]);
	out->scan_next = ratio((double)(t[LODE_T_NEXT] + t[LODE_T_PREV]), kind[2]);
	out->batch_keys = ratio(kind[1], (double)(t[LODE_T_WRITE_SELF] + t[LODE_T_WRITE_OTHER]));
	describe(out, !window->has_stats);
}

/* Jensen-Shannon divergence of two mixes, base 2: 0..1. */
static double divergence(const double *p, const double *q)
{
	double d = 0;

	for (int i = 0; i < LODE_OP_N; i++) {
		double m = (p[i] + q[i]) / 2;

		if (p[i] > 0)
			d += p[i] / 2 * log2(p[i] / m);
		if (q[i] > 0)
			d += q[i] / 2 * log2(q[i] / m);
	}
	return fmax(0, d);
}

/* Scales: a mix of 90/10 against 50/50 is about 1; so are sizes four times as large, or half of the keys not found any more. */
void lode_workload_distances(const struct lode_workload *a, const struct lode_workload *b, double *mix, double *sizes)
{
	double va[FEATURES], vb[FEATURES], sum = 0;

	feature_values(a, va);
	feature_values(b, vb);
	for (int i = 0; i < FEATURES; i++) {
		const struct feature *f = &features[i];
		int kind = f->only_with;
		bool rare = a->share[kind] < RARE || b->share[kind] < RARE;

		if (rare || isnan(va[i]) || isnan(vb[i]))
			continue;
		double d = f->log ? log2((va[i] + 1) / (vb[i] + 1)) / 2 : (va[i] - vb[i]) * 2;
		sum += d * d;
	}
	*mix = 2.5 * sqrt(divergence(a->share, b->share));
	*sizes = sqrt(sum);
}

double lode_workload_distance(const struct lode_workload *a, const struct lode_workload *b)
{
	double mix, sizes;

	lode_workload_distances(a, b, &mix, &sizes);
	return hypot(mix, sizes);
}

/* From what was to what is, as far as both are known; what was not known before is taken over. */
static void blend(double *was, double is, double weight, bool log)
{
	if (isnan(is))
		return;
	if (isnan(*was))
		*was = is;
	else if (log)
		*was = expm1((1 - weight) * log1p(*was) + weight * log1p(is));
	else
		*was += weight * (is - *was);
}

void lode_workload_blend(struct lode_workload *w, const struct lode_workload *now, double weight)
{
	for (int i = 0; i < LODE_OP_N; i++)
		blend(&w->share[i], now->share[i], weight, false);
	blend(&w->found, now->found, weight, false);
	blend(&w->value_bytes, now->value_bytes, weight, true);
	blend(&w->write_bytes, now->write_bytes, weight, true);
	blend(&w->scan_next, now->scan_next, weight, true);
	blend(&w->batch_keys, now->batch_keys, weight, true);
	blend(&w->rate, now->rate, weight, true);
	w->ops = now->ops;
	w->data_bytes = now->data_bytes;
	w->known |= now->known;
	memcpy(w->text, now->text, sizeof w->text);
}
