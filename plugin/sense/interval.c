/* The difference of two samples, and sums of differences. */
#include "sense/interval.h"

#include <math.h>
#include <string.h>

#define LATE 5.0 /* an interval this many times longer than asked for: the process was suspended or starved */

static const char *const invalid_names[] = {
	[LODE_VALID] = "valid",
	[LODE_INVALID_FIRST] = "first sample",
	[LODE_INVALID_EPOCH] = "database reopened",
	[LODE_INVALID_RESET] = "statistics reset",
	[LODE_INVALID_CLOCK] = "clock jumped",
	[LODE_INVALID_UNTIMED] = "no service times",
	[LODE_INVALID_UNTOLD] = "no metric from the program",
};

const char *lode_invalid_name(enum lode_invalid why)
{
	return (size_t)why < sizeof invalid_names / sizeof *invalid_names ? invalid_names[why] : "unknown";
}

/* RocksDB updates histograms with a load and a store, so under preemption a count may slip back a little: that is no reset. */
static bool fell(uint64_t a, uint64_t b)
{
	return b < a && a - b > 16 + a / 1000;
}

static uint64_t minus(uint64_t b, uint64_t a)
{
	return b > a ? b - a : 0;
}

static bool diff_tickers(const struct lode_sample *a, const struct lode_sample *b, struct lode_interval *out)
{
	for (int i = 0; i < (int)LODE_TICKER_N; i++) {
		if (b->ticker[i] < a->ticker[i])
			return false;
		out->ticker[i] = b->ticker[i] - a->ticker[i];
	}
	return true;
}

static bool diff_hists(const struct lode_sample *a, const struct lode_sample *b, struct lode_interval *out)
{
	for (int i = 0; i < (int)LODE_HIST_N; i++) {
		const struct lode_hist *ha = &a->hist[i], *hb = &b->hist[i];

		if (fell(ha->count, hb->count) || fell(ha->sum, hb->sum))
			return false;
		out->hist_count[i] = minus(hb->count, ha->count);
		out->hist_sum[i] = minus(hb->sum, ha->sum);
		if (i >= LODE_OP_N)
			continue;
		out->op[i].count = out->hist_count[i];
		out->op[i].sum_us = out->hist_sum[i];
		(void)lode_hist_diff(ha, hb, &out->op[i].hist); /* what slipped back a little is 0 there */
	}
	return true;
}

static void drop_times(struct lode_interval *out)
{
	memset(out->op, 0, sizeof out->op);
	memset(out->hist_count, 0, sizeof out->hist_count);
	memset(out->hist_sum, 0, sizeof out->hist_sum);
}

static bool diff_counters(const struct lode_sample *a, const struct lode_sample *b, struct lode_interval *out)
{
	if (b->user_stall_us < a->user_stall_us || b->user_bytes_written < a->user_bytes_written ||
	    b->user_keys_written < a->user_keys_written)
		return false;
	if (a->has_stats && !b->has_stats) /* all at nought again */
		return false;
	out->has_stats = a->has_stats && b->has_stats &&
			 (b->ticker[LODE_T_KEYS_WRITTEN] != a->ticker[LODE_T_KEYS_WRITTEN] ||
			  b->user_keys_written - a->user_keys_written < LODE_UNCOUNTED);
	/* Began or ceased in between: half of the operations would have a time and the other half none. */
	out->has_timers = out->has_stats && a->has_timers && b->has_timers && a->timing == b->timing;
	if (out->has_stats && (!diff_tickers(a, b, out) || !diff_hists(a, b, out)))
		return false;
	if (!out->has_timers)
		drop_times(out);
	out->stall_us = b->user_stall_us - a->user_stall_us;
	out->bytes_written = b->user_bytes_written - a->user_bytes_written;
	out->keys_written = b->user_keys_written - a->user_keys_written;
	if (out->has_stats) { /* a RocksDB without the map property still has the tickers */
		if (!b->user_stall_us)
			out->stall_us = out->ticker[LODE_T_STALL_MICROS];
		if (!b->user_bytes_written)
			out->bytes_written = out->ticker[LODE_T_BYTES_WRITTEN];
		if (!b->user_keys_written)
			out->keys_written = out->ticker[LODE_T_KEYS_WRITTEN];
	}
	return true;
}

/* Counted family by family: one that is new has no difference yet. */
static void take_counts(const struct lode_sample *a, const struct lode_cf_sample *b, struct lode_interval *out)
{
	for (size_t i = 0; i < a->ncf; i++) {
		if (a->cf[i].id != b->id)
			continue;
		out->flushes += minus(b->flushes, a->cf[i].flushes);
		for (int k = 0; k < (int)LODE_STALL_N; k++)
			out->stalls[k] += minus(b->stalls[k], a->cf[i].stalls[k]);
		return;
	}
}

/* Compactions move a byte one level at a time, the first time from L0 to the base level. *depth: how often that is for a byte in L0. */
static double crossings(const struct lode_sample *s, uint64_t *depth)
{
	double sum = 0;

	for (size_t i = 0; i < s->ncf; i++) {
		const struct lode_cf_sample *cf = &s->cf[i];
		uint64_t base = cf->base_level ? cf->base_level : 1, last = base;

		for (uint64_t l = base; l < cf->levels && l < LODE_LEVEL_MAX; l++)
			if (cf->bytes[l])
				last = l;
		sum += (double)cf->bytes[0] * (double)(last - base + 1);
		for (uint64_t l = base; l < last; l++)
			sum += (double)cf->bytes[l] * (double)(last - l);
		if (last - base + 1 > *depth)
			*depth = last - base + 1;
	}
	return sum;
}

static void take_put_off(const struct lode_sample *a, const struct lode_sample *b, struct lode_interval *out)
{
	uint64_t before = 0;

	out->crossings_start = crossings(a, &before);
	out->crossings = crossings(b, &out->depth);
	for (size_t i = 0; i < a->ncf; i++)
		out->mem_start += a->cf[i].mem_all;
	for (size_t i = 0; i < b->ncf; i++) {
		out->mem_end += b->cf[i].mem_all;
		out->sst_bytes += b->cf[i].sst_bytes;
		out->live_bytes += b->cf[i].live_bytes;
	}
}

static void take_levels(const struct lode_sample *a, const struct lode_sample *b, struct lode_interval *out)
{
	for (size_t i = 0; i < a->ncf; i++)
		out->debt_start += a->cf[i].debt;
	for (size_t i = 0; i < b->ncf; i++) {
		const struct lode_cf_sample *cf = &b->cf[i];
		uint64_t all = 0, last = 0;

		for (uint64_t l = 0; l < cf->levels && l < LODE_LEVEL_MAX; l++) {
			all += cf->bytes[l];
			if (cf->bytes[l])
				last = cf->bytes[l];
		}
		out->level_bytes_excess += all - last;
		take_counts(a, cf, out);
		out->debt += cf->debt;
		out->mem_bytes += cf->mem_all;
		if (cf->files[0] > out->l0_files)
			out->l0_files = cf->files[0];
		if (cf->immutable > out->immutable)
			out->immutable = cf->immutable;
	}
	out->rss = b->process_rss;
	out->background_errors = b->background_errors;
	out->write_stopped = b->write_stopped;
}

/* Whatever the program says, what comes of it is finite and not below zero, or is not known. */
static void take_own(const struct lode_own *a, const struct lode_own *b, struct lode_own *out)
{
	double done = b->done - a->done, over = b->over - a->over;

	if (a->known && b->known && isfinite(done) && isfinite(over) && done >= 0 && over >= 0)
		*out = (struct lode_own){true, done, over};
}

static enum lode_invalid comparable(const struct lode_sample *a, const struct lode_sample *b, double expect_s)
{
	if (!a)
		return LODE_INVALID_FIRST;
	if (a->epoch != b->epoch)
		return LODE_INVALID_EPOCH;
	if (b->mono_ns <= a->mono_ns)
		return LODE_INVALID_CLOCK;
	if (expect_s > 0 && (double)(b->mono_ns - a->mono_ns) * 1e-9 > LATE * expect_s)
		return LODE_INVALID_CLOCK;
	return LODE_VALID;
}

static void make_invalid(struct lode_interval *out, enum lode_invalid why, uint64_t start_ns, uint64_t end_ns)
{
	memset(out, 0, sizeof *out);
	out->invalid = why;
	out->start_ns = start_ns;
	out->end_ns = end_ns;
}

void lode_interval_diff(const struct lode_sample *a, const struct lode_sample *b, double expect_s, struct lode_interval *out)
{
	enum lode_invalid why = comparable(a, b, expect_s);
	uint64_t start = a ? a->mono_ns : b->mono_ns;

	make_invalid(out, why, start, b->mono_ns);
	if (why)
		return;
	if (!diff_counters(a, b, out)) {
		make_invalid(out, LODE_INVALID_RESET, start, b->mono_ns);
		return;
	}
	out->seconds = (double)(b->mono_ns - a->mono_ns) * 1e-9;
	out->parts = 1;
	out->cpu_ns = minus(b->process_cpu_ns, a->process_cpu_ns);
	/* Seen at both ends: all of it; at one end: half of it, which is right on average. */
	out->stopped_s = out->seconds * 0.5 * (a->write_stopped + b->write_stopped);
	out->delayed_s = out->seconds * 0.5 * ((a->delayed_write_rate != 0) + (b->delayed_write_rate != 0));
	take_levels(a, b, out);
	take_put_off(a, b, out);
	take_own(&a->own, &b->own, &out->own);
	out->held_s = out->seconds * (double)(out->mem_bytes + b->cache.usage);
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_levels(struct lode_interval *sum, const struct lode_interval *iv)
{
	sum->debt = iv->debt;
	sum->level_bytes_excess = iv->level_bytes_excess;
	sum->background_errors = iv->background_errors;
	sum->write_stopped = iv->write_stopped;
	sum->mem_end = iv->mem_end;
	sum->crossings = iv->crossings;
	sum->depth = iv->depth;
	sum->sst_bytes = iv->sst_bytes;
	sum->live_bytes = iv->live_bytes;
	sum->l0_files = most(sum->l0_files, iv->l0_files);
	sum->immutable = most(sum->immutable, iv->immutable);
	sum->mem_bytes = most(sum->mem_bytes, iv->mem_bytes);
	sum->rss = most(sum->rss, iv->rss);
}

void lode_interval_add(struct lode_interval *sum, const struct lode_interval *iv)
{
	if (iv->invalid || !iv->parts)
		return;
	if (!sum->parts) {
		*sum = *iv;
		return;
	}
	sum->has_stats &= iv->has_stats;
	sum->has_timers &= iv->has_timers;
	sum->end_ns = iv->end_ns;
	sum->seconds += iv->seconds;
	sum->parts += iv->parts;
	for (int i = 0; i < (int)LODE_TICKER_N; i++)
		sum->ticker[i] += iv->ticker[i];
	for (int i = 0; i < (int)LODE_HIST_N; i++) { /* has_timers is false if a part lacks them: then nobody may divide by these */
		sum->hist_count[i] += iv->hist_count[i];
		sum->hist_sum[i] += iv->hist_sum[i];
	}
	for (int i = 0; i < LODE_OP_N; i++) {
		sum->op[i].count += iv->op[i].count;
		sum->op[i].sum_us += iv->op[i].sum_us;
		lode_hist_add(&sum->op[i].hist, &iv->op[i].hist);
	}
	sum->stall_us += iv->stall_us;
	sum->bytes_written += iv->bytes_written;
	sum->keys_written += iv->keys_written;
	sum->flushes += iv->flushes;
	for (int i = 0; i < (int)LODE_STALL_N; i++)
		sum->stalls[i] += iv->stalls[i];
	sum->stopped_s += iv->stopped_s;
	sum->delayed_s += iv->delayed_s;
	sum->cpu_ns += iv->cpu_ns;
	sum->held_s += iv->held_s;
	sum->own.known &= iv->own.known;
	sum->own.done += iv->own.done;
	sum->own.over += iv->own.over;
	add_levels(sum, iv);
}

double lode_interval_ops(const struct lode_interval *iv)
{
	const uint64_t *t = iv->ticker;

	if (!(iv->seconds > 0))
		return 0;
	return (double)(iv->keys_written + t[LODE_T_KEYS_READ] + t[LODE_T_MULTIGET_KEYS] + t[LODE_T_SEEK]) / iv->seconds;
}

double lode_interval_own(const struct lode_interval *iv)
{
	double v = iv->own.known && iv->own.over > 0 ? iv->own.done / iv->own.over : NAN;

	return isfinite(v) ? v : NAN;
}

double lode_interval_count(const struct lode_interval *iv, int op)
{
	static const enum lode_ticker untimed[LODE_OP_N] = {
	    [LODE_H_GET] = LODE_T_KEYS_READ, [LODE_H_WRITE] = LODE_T_KEYS_WRITTEN, [LODE_H_SEEK] = LODE_T_SEEK, [LODE_H_MULTIGET] = LODE_T_MULTIGET_KEYS};

	if (op < 0 || op >= LODE_OP_N)
		return 0;
	if (iv->has_timers && iv->op[op].count)
		return (double)iv->op[op].count;
	if (op == LODE_H_WRITE && iv->keys_written)
		return (double)iv->keys_written;
	return (double)iv->ticker[untimed[op]];
}

double lode_interval_mean_us(const struct lode_interval *iv, int op)
{
	if (op < 0 || op >= LODE_OP_N || !iv->op[op].count)
		return NAN;
	return (double)iv->op[op].sum_us / (double)iv->op[op].count;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

double lode_interval_write_amp(const struct lode_interval *iv)
{
	return ratio((double)(iv->ticker[LODE_T_FLUSH_WRITE_BYTES] + iv->ticker[LODE_T_COMPACT_WRITE_BYTES]),
		     iv->has_stats ? (double)iv->bytes_written : 0);
}

double lode_interval_read_amp(const struct lode_interval *iv)
{
	const uint64_t *t = iv->ticker;

	return ratio((double)(t[LODE_T_CACHE_DATA_HIT] + t[LODE_T_CACHE_DATA_MISS]),
		     (double)(t[LODE_T_KEYS_READ] + t[LODE_T_MULTIGET_KEYS] + t[LODE_T_SEEK]));
}

double lode_interval_cache_hit(const struct lode_interval *iv)
{
	double hit = (double)iv->ticker[LODE_T_CACHE_HIT];

	return ratio(hit, hit + (double)iv->ticker[LODE_T_CACHE_MISS]);
}

double lode_interval_data_hit(const struct lode_interval *iv)
{
	double hit = (double)iv->ticker[LODE_T_CACHE_DATA_HIT];

	return ratio(hit, hit + (double)iv->ticker[LODE_T_CACHE_DATA_MISS]);
}

double lode_interval_stall_share(const struct lode_interval *iv)
{
	return ratio((double)iv->stall_us * 1e-6, iv->seconds);
}
