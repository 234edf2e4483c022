/* The printed form, stable from 6.11 to 11.x:
 *   Count: 3 Average: 5.6667  StdDev: 2.05
 *   Min: 3  Median: 6.0000  Max: 8
 *   Percentiles: P50: 6.00 ...
 *   ------------------------------------------------------
 *   [       2,       3 ]        1  33.333%  33.333% #######
 *   (       4,       6 ]        1  33.333%  66.667% #######
 * One row for each bucket that is not empty, with its exact count. */
#include "host/histogram.h"

#include <errno.h>
#include <string.h>

struct cursor {
	const char *at;
	const char *end;
};

static void skip_spaces(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

static bool take(struct cursor *c, const char *word)
{
	size_t len = strlen(word);

	skip_spaces(c);
	if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
		return false;
	c->at += len;
	return true;
}

static bool take_u64(struct cursor *c, uint64_t *out)
{
	uint64_t v = 0;
	const char *from;

	skip_spaces(c);
	for (from = c->at; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*c->at - '0'), &v))
			return false;
	}
	*out = v;
	return c->at > from;
}

/* Digits with a fraction; printed by the host under its own locale, so the point may be a comma. */
static bool take_decimal(struct cursor *c, double *out)
{
	double scale = 1;
	uint64_t whole;

	if (!take_u64(c, &whole))
		return false;
	*out = (double)whole;
	if (c->at < c->end && (*c->at == '.' || *c->at == ',')) {
		for (c->at++; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
			scale /= 10;
			*out += scale * (*c->at - '0');
		}
	}
	return true;
}

static bool next_line(struct cursor *c)
{
	const char *nl = memchr(c->at, '\n', (size_t)(c->end - c->at));

	c->at = nl ? nl + 1 : c->end;
	return c->at < c->end;
}

static bool take_bucket(struct cursor *c, struct lode_hist *h, uint64_t *total)
{
	uint64_t low, high, count;

	if (!take_u64(c, &low) || !take(c, ",") || !take_u64(c, &high) || !take(c, "]") || !take_u64(c, &count))
		return false;
	if (high < low || (h->n && (double)high <= h->limit[h->n - 1]) || h->n == LODE_HIST_BUCKETS)
		return false;
	h->limit[h->n] = (double)high;
	h->bucket[h->n++] = count;
	return !__builtin_add_overflow(*total, count, total);
}

int lode_host_hist_parse(const char *text, size_t len, struct lode_hist *out)
{
	struct cursor c = {text, text + len};
	uint64_t total = 0;
	double average, sum;

	memset(out, 0, sizeof(*out));
	if (!take(&c, "Count:") || !take_u64(&c, &out->count) || !take(&c, "Average:") || !take_decimal(&c, &average))
		return -EINVAL;
	while (next_line(&c)) {
		if (!take(&c, "[") && !take(&c, "("))
			continue;
		if (!take_bucket(&c, out, &total))
			return -EINVAL;
	}
	/* Other threads count on while RocksDB prints: the parts may differ from the total a little, but never be nothing against
	 * something. */
	if ((out->count == 0) != (total == 0) && out->n)
		return -EINVAL;
	out->count = out->n ? total : out->count;
	sum = average * (double)out->count;
	out->sum = sum < 1.8e19 ? (uint64_t)(sum + 0.5) : UINT64_MAX;
	return 0;
}
