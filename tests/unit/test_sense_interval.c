/* Intervals: differences, sums, resets; histograms: parsing, percentiles, exceedance; properties over random streams of samples. */
#include "host/histogram.h"
#include "sense/interval.h"

#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const double series[] = {1, 2, 3, 4, 6, 10, 15, 22, 34, 51, 76, 110, 170, 250, 380, 580, 870, 1300, 1900, 2900};
#define SERIES ((int)(sizeof series / sizeof *series))

/* As RocksDB 7.8.3 prints it. */
static const char printed[] = "Count: 1000 Average: 3.5160  StdDev: 5.99\n"
			      "Min: 0  Median: 2.6511  Max: 176\n"
			      "Percentiles: P50: 2.65 P75: 3.18 P99: 9.69 P99.9: 170.00 P99.99: 176.00\n"
			      "------------------------------------------------------\n"
			      "[       0,       1 ]       75   7.500%   7.500% ##\n"
			      "(       1,       2 ]       35   3.500%  11.000% #\n"
			      "(       2,       3 ]      599  59.900%  70.900% ############\n"
			      "(       3,       4 ]      229  22.900%  93.800% #####\n"
			      "(       4,       6 ]       40   4.000%  97.800% #\n"
			      "(       6,      10 ]       13   1.300%  99.100% \n"
			      "(      10,      15 ]        5   0.500%  99.600% \n"
			      "(      15,      22 ]        2   0.200%  99.800% \n"
			      "(      51,      76 ]        1   0.100%  99.900% \n"
			      "(     170,     250 ]        1   0.100% 100.000% \n";

static void near(double got, double want, double eps)
{
	if (!(fabs(got - want) <= eps))
		fail_msg("%.6f is not %.6f", got, want);
}

static int parse(const char *text, struct lode_hist *h)
{
	return lode_host_hist_parse(text, strlen(text), h);
}

static void percentiles_agree_with_rocksdb(void **state)
{
	struct lode_hist h;

	(void)state;
	assert_int_equal(parse(printed, &h), 0);
	assert_int_equal(h.count, 1000);
	assert_int_equal(h.sum, 3516);
	assert_int_equal(h.n, 10);
	near(lode_hist_percentile(&h, 0.50), 2.6511, 5e-5);
	near(lode_hist_percentile(&h, 0.75), 3.18, 5e-3);
	near(lode_hist_percentile(&h, 0.99), 9.69, 5e-3);
	/* (51,76] holds the value ranked 999: the edge 51 is known although the bucket (34,51] was left out. */
	near(lode_hist_percentile(&h, 0.9985), 51 + 25 * 0.5, 1e-6);
	near(lode_hist_exceed(&h, 10), 0.009, 1e-12);
	near(lode_hist_exceed(&h, 8), 0.009 + 0.0065, 1e-12);
	near(lode_hist_exceed(&h, 0), 1, 1e-12);
	near(lode_hist_exceed(&h, 1e9), 0, 1e-12);
}

static void empty_histograms_say_nothing(void **state)
{
	struct lode_hist h;

	(void)state;
	assert_int_equal(parse("Count: 0 Average: 0.0000  StdDev: 0.00\nMin: 0  Median: 0.0000  Max: 0\n", &h), 0);
	assert_true(isnan(lode_hist_percentile(&h, 0.5)));
	assert_true(lode_hist_exceed(&h, 5) == 0);
}

static void parsing_is_strict(void **state)
{
	static const char *const bad[] = {
		"",
		"Count: x Average: 1",
		"Count: 5",
		"Count: 5 Average: -1.0",
		"Count: -5 Average: 1.0",
		"Count: 99999999999999999999 Average: 1.0",
		"Count: 5 Average: 1.0\n( 2, 1 ] 5 1%\n",
		"Count: 5 Average: 1.0\n( 1, 2 ] \n",
		"Count: 5 Average: 1.0\n( 1, 2 ) 5\n",
		"Count: 5 Average: 1.0\n( 3, 4 ] 5 1%\n( 1, 2 ] 5 1%\n",
	};
	struct lode_hist h;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (parse(bad[i], &h) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
	/* A host with a comma for its decimal point. */
	assert_int_equal(parse("Count: 10 Average: 2,5000  StdDev: 5,99\n", &h), 0);
	assert_int_equal(h.sum, 25);
}

static void diff_matches_buckets_by_limit(void **state)
{
	struct lode_hist a = {.count = 3, .sum = 9, .n = 2, .limit = {2, 6}, .bucket = {1, 2}};
	struct lode_hist b = {.count = 10, .sum = 40, .n = 4, .limit = {2, 3, 6, 10}, .bucket = {1, 4, 3, 2}};
	struct lode_hist d;

	(void)state;
	assert_true(lode_hist_diff(&a, &b, &d));
	assert_int_equal(d.count, 7);
	assert_int_equal(d.sum, 31);
	assert_int_equal(d.n, 3);
	assert_true(d.limit[0] == 3 && d.bucket[0] == 4);
	assert_true(d.limit[1] == 6 && d.bucket[1] == 1);
	assert_true(d.limit[2] == 10 && d.bucket[2] == 2);
	assert_false(lode_hist_diff(&b, &a, &d));
	b.n = 3; /* a bucket that vanished went backwards too */
	a = b;
	a.count = a.sum = 0;
	b.limit[1] = 4;
	assert_false(lode_hist_diff(&a, &b, &d));
}

static void record(struct lode_hist *h, int bucket, uint64_t times)
{
	if (!h->n)
		for (h->n = 0; h->n < (uint32_t)SERIES; h->n++)
			h->limit[h->n] = series[h->n];
	h->bucket[bucket] += times;
	h->count += times;
	h->sum += times * (uint64_t)series[bucket];
}

/* Time goes on and everything that can grow grows. */
static void live(struct lode_rng *r, struct lode_sample *s)
{
	s->mono_ns += 900000000 + lode_rng_below(r, 200000000);
	for (int i = 0; i < (int)LODE_TICKER_N; i++)
		s->ticker[i] += lode_rng_below(r, 100000);
	for (int i = 0; i < (int)LODE_HIST_N; i++)
		for (int k = 0; k < 4; k++)
			record(&s->hist[i], (int)lode_rng_below(r, (uint64_t)SERIES), lode_rng_below(r, 50));
	s->user_stall_us += lode_rng_below(r, 100000);
	s->user_bytes_written += lode_rng_below(r, 1u << 20);
	s->user_keys_written += lode_rng_below(r, 1u << 12);
	s->process_cpu_ns += lode_rng_below(r, 1u << 30);
	s->write_stopped = lode_rng_below(r, 4) == 0;
	s->delayed_write_rate = lode_rng_below(r, 3) ? 0 : 1000000;
	s->ncf = 1;
	s->cf[0].debt = lode_rng_below(r, 1u << 30);
	s->cf[0].levels = 3;
	for (int l = 0; l < 3; l++) {
		s->cf[0].files[l] = lode_rng_below(r, 30);
		s->cf[0].bytes[l] = lode_rng_below(r, 1u << 30);
	}
}

static void same_interval(const struct lode_interval *a, const struct lode_interval *b)
{
	assert_memory_equal(a->ticker, b->ticker, sizeof a->ticker);
	assert_memory_equal(a->hist_count, b->hist_count, sizeof a->hist_count);
	assert_memory_equal(a->hist_sum, b->hist_sum, sizeof a->hist_sum);
	for (int i = 0; i < LODE_OP_N; i++) {
		assert_int_equal(a->op[i].count, b->op[i].count);
		assert_int_equal(a->op[i].sum_us, b->op[i].sum_us);
		assert_int_equal(a->op[i].hist.n, b->op[i].hist.n);
		assert_memory_equal(a->op[i].hist.limit, b->op[i].hist.limit, sizeof(double) * a->op[i].hist.n);
		assert_memory_equal(a->op[i].hist.bucket, b->op[i].hist.bucket, sizeof(uint64_t) * a->op[i].hist.n);
	}
	assert_true(a->stall_us == b->stall_us && a->bytes_written == b->bytes_written && a->keys_written == b->keys_written);
	assert_true(a->cpu_ns == b->cpu_ns && a->debt == b->debt && a->debt_start == b->debt_start);
	assert_true(a->level_bytes_excess == b->level_bytes_excess && a->start_ns == b->start_ns && a->end_ns == b->end_ns);
	near(a->seconds, b->seconds, 1e-9);
}

static void sum_of_diffs_is_diff_of_sums(void **state)
{
	struct lode_sample *s = calloc(2, sizeof *s), *first = calloc(1, sizeof *first);
	struct lode_interval iv, sum, whole;
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 11);
	for (int round = 0; round < 200; round++) {
		int parts = 1 + (int)lode_rng_below(&r, 20);

		memset(&s[0], 0, sizeof s[0]);
		memset(&sum, 0, sizeof sum);
		s[0].has_stats = s[0].has_timers = true;
		s[0].epoch = 1;
		live(&r, &s[0]);
		*first = s[0];
		for (int i = 0; i < parts; i++) {
			s[1] = s[0];
			live(&r, &s[1]);
			lode_interval_diff(&s[0], &s[1], 1, &iv);
			assert_int_equal(iv.invalid, LODE_VALID);
			lode_interval_add(&sum, &iv);
			s[0] = s[1];
		}
		lode_interval_diff(first, &s[1], 0, &whole);
		assert_int_equal(whole.invalid, LODE_VALID);
		assert_int_equal(sum.parts, parts);
		same_interval(&sum, &whole);
		assert_true(sum.l0_files >= whole.l0_files);
		assert_true(sum.stopped_s <= sum.seconds && sum.delayed_s <= sum.seconds);
	}
	free(first);
	free(s);
}

static void what_says_nothing_is_invalid(void **state)
{
	struct lode_sample *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	struct lode_interval iv, sum = {0};
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 3);
	a->has_stats = b->has_stats = true;
	live(&r, a);
	*b = *a;
	live(&r, b);
	lode_interval_diff(NULL, b, 1, &iv);
	assert_int_equal(iv.invalid, LODE_INVALID_FIRST);
	b->epoch = 1;
	lode_interval_diff(a, b, 1, &iv);
	assert_int_equal(iv.invalid, LODE_INVALID_EPOCH);
	a->epoch = 1;
	lode_interval_diff(b, a, 1, &iv);
	assert_int_equal(iv.invalid, LODE_INVALID_CLOCK);
	lode_interval_diff(a, a, 1, &iv);
	assert_int_equal(iv.invalid, LODE_INVALID_CLOCK);
	lode_interval_diff(a, b, 0.1, &iv); /* asked for 0.1 s, got about 1 */
	assert_int_equal(iv.invalid, LODE_INVALID_CLOCK);
	lode_interval_diff(a, b, 0, &iv);
	assert_int_equal(iv.invalid, LODE_VALID);

	uint64_t keep = b->ticker[LODE_T_NEXT];
	b->ticker[LODE_T_NEXT] = 0;
	lode_interval_diff(a, b, 1, &iv);
	assert_int_equal(iv.invalid, LODE_INVALID_RESET);
	assert_int_equal(iv.parts, 0);
	assert_int_equal(iv.ticker[LODE_T_SEEK], 0);
	b->ticker[LODE_T_NEXT] = keep;
	b->user_bytes_written = a->user_bytes_written - 1;
	lode_interval_diff(a, b, 1, &iv);
	assert_int_equal(iv.invalid, LODE_INVALID_RESET);
	b->user_bytes_written = a->user_bytes_written;

	/* A histogram that slips back by a few is RocksDB's own sloppiness; one that starts anew is a reset. */
	a->hist[LODE_H_GET].count = 100000;
	b->hist[LODE_H_GET].count = 99990;
	lode_interval_diff(a, b, 1, &iv);
	assert_int_equal(iv.invalid, LODE_VALID);
	assert_int_equal(iv.op[LODE_H_GET].count, 0);
	b->hist[LODE_H_GET].count = 500;
	lode_interval_diff(a, b, 1, &iv);
	assert_int_equal(iv.invalid, LODE_INVALID_RESET);
	lode_interval_add(&sum, &iv);
	assert_int_equal(sum.parts, 0);
	for (int i = LODE_VALID; i <= LODE_INVALID_UNTIMED; i++)
		assert_string_not_equal(lode_invalid_name((enum lode_invalid)i), "unknown");
	free(a);
	free(b);
}

static void without_statistics_writes_are_still_seen(void **state)
{
	struct lode_sample *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	struct lode_interval iv;

	(void)state;
	b->mono_ns = 2000000000;
	b->user_keys_written = 300;
	b->user_bytes_written = 30000;
	lode_interval_diff(a, b, 1, &iv);
	assert_int_equal(iv.invalid, LODE_VALID);
	assert_false(iv.has_stats);
	near(lode_interval_ops(&iv), 150, 1e-9);
	assert_true(isnan(lode_interval_write_amp(&iv)));
	assert_true(isnan(lode_interval_cache_hit(&iv)));
	assert_true(isnan(lode_interval_data_hit(&iv)));
	assert_true(isnan(lode_interval_read_amp(&iv)));
	assert_true(isnan(lode_interval_mean_us(&iv, LODE_H_GET)));
	near(lode_interval_stall_share(&iv), 0, 0);
	free(a);
	free(b);
}

static void ratios(void **state)
{
	struct lode_interval iv = {.seconds = 2, .has_stats = true, .bytes_written = 100, .stall_us = 500000, .keys_written = 10};

	(void)state;
	iv.ticker[LODE_T_FLUSH_WRITE_BYTES] = 100;
	iv.ticker[LODE_T_COMPACT_WRITE_BYTES] = 250;
	iv.ticker[LODE_T_CACHE_HIT] = 3;
	iv.ticker[LODE_T_CACHE_MISS] = 1;
	iv.ticker[LODE_T_CACHE_DATA_HIT] = 1;
	iv.ticker[LODE_T_CACHE_DATA_MISS] = 3;
	iv.ticker[LODE_T_KEYS_READ] = 2;
	iv.op[0].count = 4;
	iv.op[0].sum_us = 10;
	near(lode_interval_write_amp(&iv), 3.5, 1e-12);
	near(lode_interval_cache_hit(&iv), 0.75, 1e-12);
	near(lode_interval_data_hit(&iv), 0.25, 1e-12);
	near(lode_interval_read_amp(&iv), 2, 1e-12);
	near(lode_interval_stall_share(&iv), 0.25, 1e-12);
	near(lode_interval_mean_us(&iv, 0), 2.5, 1e-12);
	near(lode_interval_ops(&iv), 6, 1e-12);
	assert_true(isnan(lode_interval_mean_us(&iv, -1)));
	assert_true(isnan(lode_interval_mean_us(&iv, LODE_OP_N)));
}

static void adding_foreign_series_loses_no_count(void **state)
{
	struct lode_hist a = {.n = LODE_HIST_BUCKETS}, b = {.n = LODE_HIST_BUCKETS};
	uint64_t total = 0;

	(void)state;
	for (uint32_t i = 0; i < LODE_HIST_BUCKETS; i++) {
		a.limit[i] = 2 * i + 1;
		b.limit[i] = 2 * i + 2;
		a.bucket[i] = b.bucket[i] = 1;
	}
	a.count = b.count = LODE_HIST_BUCKETS;
	lode_hist_add(&a, &b);
	for (uint32_t i = 0; i < a.n; i++) {
		total += a.bucket[i];
		assert_true(!i || a.limit[i] > a.limit[i - 1]);
	}
	assert_int_equal(total, 2 * LODE_HIST_BUCKETS);
	assert_int_equal(a.count, total);
}

/* The level changed in between: half of the operations have a time and the other half none, so none has. */
static void half_timed_is_untimed(void **state)
{
	struct lode_sample *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	struct lode_interval iv, sum = {0};
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 5);
	a->has_stats = a->has_timers = true;
	a->epoch = a->timing = 1;
	live(&r, a);
	*b = *a;
	live(&r, b);
	b->ticker[LODE_T_KEYS_READ] = a->ticker[LODE_T_KEYS_READ] + 1000;
	b->hist[LODE_H_GET].count = a->hist[LODE_H_GET].count + 500;
	lode_interval_diff(a, b, 1, &iv);
	assert_true(iv.has_timers && lode_interval_count(&iv, LODE_H_GET) == 500);
	lode_interval_add(&sum, &iv);
	for (int how = 0; how < 3; how++) {
		a->has_timers = how != 0;
		b->has_timers = how != 1;
		b->timing = how == 2 ? 3 : 1; /* off and on again between two looks */
		lode_interval_diff(a, b, 1, &iv);
		assert_true(!iv.invalid && iv.has_stats && !iv.has_timers);
		assert_int_equal(iv.op[LODE_H_GET].count + iv.op[LODE_H_GET].sum_us + iv.op[LODE_H_GET].hist.n + iv.hist_count[LODE_H_GET], 0);
		assert_true(lode_interval_count(&iv, LODE_H_GET) == 1000 && isnan(lode_interval_mean_us(&iv, LODE_H_GET)));
	}
	lode_interval_add(&sum, &iv);
	assert_true(!sum.has_timers && lode_interval_count(&sum, LODE_H_GET) == 2000);
	free(a);
	free(b);
}

/* Switched off in between: what RocksDB counts anyway goes on. */
static void uncounted_writes_mean_no_statistics(void **state)
{
	struct lode_sample *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	struct lode_interval iv;

	(void)state;
	a->has_stats = b->has_stats = a->has_timers = b->has_timers = true;
	a->mono_ns = 1;
	b->mono_ns = 1000000001;
	a->ticker[LODE_T_KEYS_WRITTEN] = b->ticker[LODE_T_KEYS_WRITTEN] = a->user_keys_written = 7000;
	b->user_keys_written = 7020; /* on their way */
	lode_interval_diff(a, b, 1, &iv);
	assert_true(iv.has_stats && iv.has_timers);
	b->user_keys_written = 8000;
	lode_interval_diff(a, b, 1, &iv);
	assert_false(iv.has_stats || iv.has_timers);
	assert_int_equal(iv.keys_written, 1000);
	b->ticker[LODE_T_KEYS_WRITTEN] = 7900;
	lode_interval_diff(a, b, 1, &iv);
	assert_true(iv.has_stats && iv.has_timers);
	free(a);
	free(b);
}

static void flushes_are_counted_by_family(void **state)
{
	struct lode_sample *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	struct lode_interval iv;

	(void)state;
	a->mono_ns = 1;
	b->mono_ns = 1000000001;
	a->ncf = b->ncf = 2;
	a->cf[0] = (struct lode_cf_sample){.id = 0, .flushes = 10};
	a->cf[1] = (struct lode_cf_sample){.id = 1, .flushes = 500};
	b->cf[0] = (struct lode_cf_sample){.id = 0, .flushes = 13};
	b->cf[1] = (struct lode_cf_sample){.id = 2, .flushes = 70}; /* another one: how long it has been there is not known */
	a->cf[0].stalls[LODE_STALL_L0_DELAY] = 3;
	b->cf[0].stalls[LODE_STALL_L0_DELAY] = 10;
	b->cf[1].stalls[LODE_STALL_DEBT_STOP] = 2;
	lode_interval_diff(a, b, 1, &iv);
	assert_int_equal(iv.flushes, 3);
	assert_int_equal(iv.stalls[LODE_STALL_L0_DELAY], 7);
	assert_int_equal(iv.stalls[LODE_STALL_DEBT_STOP], 0);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_agree_with_rocksdb), cmocka_unit_test(empty_histograms_say_nothing),
		cmocka_unit_test(parsing_is_strict),		  cmocka_unit_test(diff_matches_buckets_by_limit),
		cmocka_unit_test(sum_of_diffs_is_diff_of_sums),	  cmocka_unit_test(what_says_nothing_is_invalid),
		cmocka_unit_test(without_statistics_writes_are_still_seen), cmocka_unit_test(half_timed_is_untimed),
		cmocka_unit_test(flushes_are_counted_by_family),
		cmocka_unit_test(uncounted_writes_mean_no_statistics), cmocka_unit_test(ratios),
		cmocka_unit_test(adding_foreign_series_loses_no_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
