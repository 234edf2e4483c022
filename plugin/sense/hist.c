/* RocksDB's histograms: subtract, add, percentiles. Buckets are matched by their limits, because empty ones may be left out. */
#include "sense/interval.h"


#include <math.h>
#include <string.h>

/* RocksDB's limits: 1, 2, then times 1.5, cut to two digits. *exact carries the series on; begin with 2. */
static double next_limit(double *exact)
{
	double shown, power = 1;

	*exact *= 1.5;
	shown = floor(*exact);
	while (floor(shown / 10) > 10) {
		shown = floor(shown / 10);
		power *= 10;
	}
	return shown * power;
}

/* The lower edge of the bucket that ends at `limit`. The bucket below may have been left out, so the edge comes from RocksDB's series; a limit that is
 * not of the series falls back to the listed neighbour. */
static double lower_edge(double limit, double listed)
{
	double exact = 2, shown = 2, below = 1;

	if (limit <= 1)
		return 0;
	if (limit == 2)
		return 1;
	while (shown < limit && exact < 1e19) {
		below = shown;
		shown = next_limit(&exact);
	}
	return shown == limit && below > listed ? below : listed;
}

double lode_hist_limit_near(double v)
{
	double exact = 2, above = 2, below = 1;

	while (above < v && exact < 1e19) {
		below = above;
		above = next_limit(&exact);
	}
	return v / below < above / v ? below : above;
}

static double total_of(const struct lode_hist *h)
{
	double total = 0;

	for (uint32_t i = 0; i < h->n; i++)
		total += (double)h->bucket[i];
	return total;
}

double lode_hist_percentile(const struct lode_hist *h, double q)
{
	double need = total_of(h) * q, below = 0;

	for (uint32_t i = 0; i < h->n; i++) {
		double in = (double)h->bucket[i];

		if (in > 0 && below + in >= need) {
			double left = lower_edge(h->limit[i], i ? h->limit[i - 1] : 0);
			return left + (h->limit[i] - left) * fmax(0, need - below) / in;
		}
		below += in;
	}
	return NAN;
}

double lode_hist_exceed(const struct lode_hist *h, double limit)
{
	double above = 0, total = total_of(h);

	for (uint32_t i = 0; i < h->n; i++) {
		double left = lower_edge(h->limit[i], i ? h->limit[i - 1] : 0);

		if (left >= limit)
			above += (double)h->bucket[i];
		else if (h->limit[i] > limit)
			above += (double)h->bucket[i] * (h->limit[i] - limit) / (h->limit[i] - left);
	}
	return total > 0 ? above / total : 0;
}

bool lode_hist_diff(const struct lode_hist *a, const struct lode_hist *b, struct lode_hist *out)
{
	bool ok = b->count >= a->count && b->sum >= a->sum;
	uint32_t i = 0, j = 0;

	*out = (struct lode_hist){.count = b->count > a->count ? b->count - a->count : 0, .sum = b->sum > a->sum ? b->sum - a->sum : 0};
	for (; j < b->n && j < LODE_HIST_BUCKETS; j++) {
		uint64_t before = 0;

		for (; i < a->n && a->limit[i] < b->limit[j]; i++)
			ok &= !a->bucket[i]; /* gone from b altogether */
		if (i < a->n && a->limit[i] == b->limit[j])
			before = a->bucket[i++];
		ok &= b->bucket[j] >= before;
		if (b->bucket[j] <= before)
			continue;
		out->limit[out->n] = b->limit[j];
		out->bucket[out->n++] = b->bucket[j] - before;
	}
	for (; i < a->n; i++)
		ok &= !a->bucket[i];
	return ok;
}

void lode_hist_add(struct lode_hist *sum, const struct lode_hist *h)
{
	struct lode_hist m = {.count = sum->count + h->count, .sum = sum->sum + h->sum};
	uint32_t i = 0, j = 0;

	while (i < sum->n || j < h->n) {
		bool left = i < sum->n && (j >= h->n || sum->limit[i] <= h->limit[j]);
		double limit = left ? sum->limit[i] : h->limit[j];
		uint64_t count = left ? sum->bucket[i++] : h->bucket[j++];

		if (m.n && m.limit[m.n - 1] == limit) {
			m.bucket[m.n - 1] += count;
		} else if (m.n < LODE_HIST_BUCKETS) {
			m.limit[m.n] = limit;
			m.bucket[m.n++] = count;
		} else { /* two foreign series: the last bucket takes the rest, no count is lost */
			m.limit[m.n - 1] = limit;
			m.bucket[m.n - 1] += count;
		}
	}
	*sum = m;
}
