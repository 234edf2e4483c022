/* A block as numbers: speed at the baseline's mix, tails by bucket, stalls; and what is missing or stands still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "judge/metric.h"

#include <math.h>
#include <string.h>

static void near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.10g is not %.10g", a, b);
}

/* n operations of `us` each, of which `slow` lie above 100 us and a fifth of those above 1000. */
static void put(struct lode_interval *iv, int op, uint64_t n, double us, uint64_t slow)
{
	struct lode_hist *h = &iv->op[op].hist;

	iv->op[op].count = h->count = n;
	iv->op[op].sum_us = h->sum = (uint64_t)((double)n * us);
	h->n = 3;
	h->limit[0] = 100, h->limit[1] = 1000, h->limit[2] = 10000;
	h->bucket[0] = n - slow, h->bucket[1] = slow - slow / 5, h->bucket[2] = slow / 5;
}

static struct lode_interval block(double seconds)
{
	struct lode_interval iv;

	memset(&iv, 0, sizeof(iv));
	iv.seconds = seconds;
	iv.end_ns = (uint64_t)(seconds * 1e9);
	iv.parts = 1;
	iv.has_stats = iv.has_timers = true;
	return iv;
}

static struct lode_interval mixed(double get_us, double write_us)
{
	struct lode_interval iv = block(5);

	put(&iv, LODE_H_GET, 90000, get_us, 900);
	put(&iv, LODE_H_WRITE, 10000, write_us, 100);
	return iv;
}

static double speed(const struct lode_baseline *b, const struct lode_interval *iv)
{
	struct lode_metrics m;

	lode_metrics_of(b, iv, &m);
	return m.v[LODE_M_SPEED];
}

static void test_speed_is_cost_at_the_baselines_mix(void **state)
{
	struct lode_interval base = mixed(10, 50), other;
	struct lode_baseline b;

	(void)state;
	lode_baseline_of(&base, &b);
	assert_false(b.by_rate);
	near(b.mix[LODE_H_GET], 0.9, 1e-12);
	near(b.cost_us[LODE_H_WRITE], 50, 1e-9);
	near(speed(&b, &base), -log(14), 1e-9);
	other = mixed(5, 25);
	near(speed(&b, &other) - speed(&b, &base), log(2), 1e-9);
	/* Another mix in the block does not change the yardstick. */
	put(&other, LODE_H_GET, 1000, 10, 10);
	put(&other, LODE_H_WRITE, 99000, 50, 10);
	near(speed(&b, &other), speed(&b, &base), 1e-9);
	/* A kind that is missing costs what it did before, one that is new costs nothing. */
	other = block(5);
	put(&other, LODE_H_GET, 1000, 5, 10);
	put(&other, LODE_H_SEEK, 1000, 500, 10);
	near(speed(&b, &other), -log(0.9 * 5 + 0.1 * 50), 1e-9);
}

static void test_nothing_done_is_unknown_but_a_stop_is_terrible(void **state)
{
	struct lode_interval base = mixed(10, 50), iv = block(5);
	struct lode_baseline b;
	struct lode_metrics m;

	(void)state;
	lode_baseline_of(&base, &b);
	lode_metrics_of(&b, &iv, &m);
	assert_true(isnan(m.v[LODE_M_SPEED]) && isnan(m.v[LODE_M_GET_TAIL]));
	near(m.v[LODE_M_STALL], 0, 0);
	iv.stopped_s = 4;
	iv.write_stopped = true;
	lode_metrics_of(&b, &iv, &m);
	near(m.v[LODE_M_SPEED], -log(5e6), 1e-6);
	near(m.v[LODE_M_GET_TAIL], 0, 0);
	near(m.v[LODE_M_WRITE_TAIL], 0, 0);
	near(m.v[LODE_M_STALL], -0.8, 1e-12);
	/* Readers go on, no write ends. */
	put(&iv, LODE_H_GET, 90000, 10, 900);
	assert_true(speed(&b, &iv) < speed(&b, &base) - 9);
	iv.invalid = LODE_INVALID_RESET;
	assert_true(isnan(speed(&b, &iv)));
}

static void test_write_in_flight_at_the_end_counts(void **state)
{
	struct lode_interval base = block(5), iv;
	struct lode_baseline b;

	(void)state;
	put(&base, LODE_H_WRITE, 100000, 50, 900); /* one closed loop: 5 s of writing */
	lode_baseline_of(&base, &b);
	iv = base;
	put(&iv, LODE_H_WRITE, 20000, 50, 180); /* one second of it, then a stop of four */
	near(speed(&b, &iv), speed(&b, &base), 1e-9);
	iv.stopped_s = 4;
	iv.write_stopped = true;
	near(speed(&b, &base) - speed(&b, &iv), log(5), 1e-3);
}

static void test_rare_kind_missing_by_chance(void **state)
{
	struct lode_interval base = block(5), iv;
	struct lode_baseline b;

	(void)state;
	put(&base, LODE_H_GET, 99999, 10, 900);
	put(&base, LODE_H_SEEK, 1, 10, 0);
	lode_baseline_of(&base, &b);
	iv = block(5);
	put(&iv, LODE_H_GET, 100000, 10, 900);
	iv.stopped_s = 0.5;
	near(speed(&b, &iv), speed(&b, &base), 1e-9);
	near(b.tail_us[LODE_H_SEEK], 0, 0);
	assert_false(lode_metric_defined(&b, LODE_M_SEEK_TAIL));
	assert_false(lode_metric_defined(&b, LODE_M_STALL)); /* nobody writes */
}

static void test_without_timers_the_rate_counts(void **state)
{
	struct lode_interval base = block(5), iv;
	struct lode_baseline b;

	(void)state;
	base.has_timers = false;
	base.ticker[LODE_T_KEYS_READ] = 50000;
	base.keys_written = base.ticker[LODE_T_KEYS_WRITTEN] = 50000;
	lode_baseline_of(&base, &b);
	assert_true(b.by_rate);
	assert_string_equal(lode_baseline_judged_by(&b), "operations per second");
	near(b.mix[LODE_H_WRITE], 0.5, 1e-12);
	near(speed(&b, &base), log(20000), 1e-9);
	iv = base;
	iv.ticker[LODE_T_KEYS_READ] = iv.ticker[LODE_T_KEYS_WRITTEN] = iv.keys_written = 25000;
	near(speed(&b, &base) - speed(&b, &iv), log(2), 1e-9);
	iv = block(5);
	assert_true(isnan(speed(&b, &iv)));
	iv.stopped_s = 5;
	near(speed(&b, &iv), log(0.1), 1e-9);
}

/* More of one kind must not hide less of another. */
static void test_without_timers_each_kind_is_guarded(void **state)
{
	struct lode_interval base = block(5), iv;
	struct lode_baseline b;
	struct lode_metrics m, n;

	(void)state;
	base.has_timers = false;
	base.ticker[LODE_T_KEYS_READ] = 50000;
	base.keys_written = base.ticker[LODE_T_KEYS_WRITTEN] = 50000;
	base.ticker[LODE_T_SEEK] = 100;
	lode_baseline_of(&base, &b);
	assert_true(lode_metric_defined(&b, LODE_M_GET_RATE) && lode_metric_defined(&b, LODE_M_WRITE_RATE));
	assert_false(lode_metric_defined(&b, LODE_M_SEEK_RATE)); /* too few */
	iv = base;
	iv.ticker[LODE_T_KEYS_READ] = 40000;
	iv.keys_written = 80000;
	lode_metrics_of(&b, &base, &m);
	lode_metrics_of(&b, &iv, &n);
	assert_true(n.v[LODE_M_SPEED] > m.v[LODE_M_SPEED]);
	near(n.v[LODE_M_GET_RATE] - m.v[LODE_M_GET_RATE], log(0.8), 1e-9);
	near(n.v[LODE_M_WRITE_RATE] - m.v[LODE_M_WRITE_RATE], log(1.6), 1e-9);
	assert_true(isnan(n.v[LODE_M_SEEK_RATE]));
	base.keys_written = base.ticker[LODE_T_KEYS_WRITTEN] = 0;
	lode_baseline_of(&base, &b);
	assert_false(lode_metric_defined(&b, LODE_M_GET_RATE)); /* the speed says it */
}

static void test_without_statistics_writes_count(void **state)
{
	struct lode_interval base = {.seconds = 5, .parts = 5, .keys_written = 50000}, iv;
	struct lode_baseline b;
	struct lode_metrics m;

	(void)state;
	lode_baseline_of(&base, &b);
	assert_true(b.by_rate && b.writes_only);
	assert_string_equal(lode_baseline_judged_by(&b), "writes per second");
	assert_true(lode_metric_defined(&b, LODE_M_STALL) && !lode_metric_defined(&b, LODE_M_WRITE_TAIL));
	iv = base;
	iv.keys_written = 25000;
	iv.stall_us = 2500000;
	near(speed(&b, &base) - speed(&b, &iv), log(2), 1e-9);
	lode_metrics_of(&b, &iv, &m);
	near(m.v[LODE_M_STALL], -0.5, 1e-9);
}

/* A block without service times says nothing to a baseline that hangs on them, however much was done in it. */
static void test_untimed_block_says_nothing(void **state)
{
	struct lode_interval base = block(5), iv = block(5);
	struct lode_baseline b;
	struct lode_metrics m;

	(void)state;
	base.op[LODE_H_GET].count = 50000;
	base.op[LODE_H_GET].sum_us = 5000000;
	lode_baseline_of(&base, &b);
	assert_string_equal(lode_baseline_judged_by(&b), "service time");
	iv.has_timers = false;
	iv.ticker[LODE_T_KEYS_READ] = 50000;
	lode_metrics_of(&b, &iv, &m);
	for (int i = 0; i < LODE_METRIC_N; i++)
		assert_true(isnan(m.v[i]));
}

static void test_tail_watches_the_limit_nearest_to_p99(void **state)
{
	struct lode_interval base = block(5), iv;
	struct lode_baseline b;
	struct lode_metrics m, n;

	(void)state;
	put(&base, LODE_H_GET, 100000, 10, 1000);    /* 1 % above 100 us, 0.2 % above 1000 */
	put(&base, LODE_H_SEEK, 100000, 10, 5000);   /* 5 % and 1 % */
	put(&base, LODE_H_WRITE, 100000, 10, 50000); /* half of them and a tenth: nothing there is a tail of 1 % */
	lode_baseline_of(&base, &b);
	near(b.tail_us[LODE_H_GET], 100, 0);
	near(b.tail_us[LODE_H_SEEK], 1000, 0);
	near(b.tail_us[LODE_H_WRITE], 1000, 0);
	lode_metrics_of(&b, &base, &m);
	near(m.v[LODE_M_GET_TAIL], -log(1000.5 / 100001), 1e-9);
	iv = base;
	put(&iv, LODE_H_GET, 100000, 10, 2000);
	lode_metrics_of(&b, &iv, &n);
	near(n.v[LODE_M_GET_TAIL] - m.v[LODE_M_GET_TAIL], -log(2), 1e-3);
	near(n.v[LODE_M_SEEK_TAIL], m.v[LODE_M_SEEK_TAIL], 0);
	/* None slow at all is good, not infinitely good. */
	put(&iv, LODE_H_GET, 1000, 10, 0);
	lode_metrics_of(&b, &iv, &n);
	near(n.v[LODE_M_GET_TAIL], -log(0.5 / 1001), 1e-9);
}

static void test_tail_of_batched_reads_and_of_too_few(void **state)
{
	struct lode_interval base = block(5);
	struct lode_baseline b;
	struct lode_metrics m;

	(void)state;
	put(&base, LODE_H_MULTIGET, 100000, 100, 1000);
	put(&base, LODE_H_SEEK, 500, 100, 5); /* five slow ones are no tail */
	lode_baseline_of(&base, &b);
	assert_true(lode_metric_defined(&b, LODE_M_GET_TAIL));
	assert_false(lode_metric_defined(&b, LODE_M_SEEK_TAIL));
	lode_metrics_of(&b, &base, &m);
	near(m.v[LODE_M_GET_TAIL], -log(1000.5 / 100001), 1e-9);
	assert_true(isnan(m.v[LODE_M_SEEK_TAIL]) && isnan(m.v[LODE_M_STALL]));
}

/* n reads of 3 us, a hundredth of 6 us, and `lost` that lost the processor for about 4 ms. */
static struct lode_interval shared(uint64_t n, uint64_t lost, double us)
{
	struct lode_interval iv = block(5);
	struct lode_hist *h = &iv.op[LODE_H_GET].hist;

	h->n = 3;
	h->limit[0] = us, h->limit[1] = 2 * us, h->limit[2] = 4400;
	h->bucket[0] = n - n / 100 - lost, h->bucket[1] = n / 100, h->bucket[2] = lost;
	h->count = iv.op[LODE_H_GET].count = n;
	h->sum = iv.op[LODE_H_GET].sum_us = (uint64_t)(us * (double)(n - n / 100 - lost) + 2 * us * (double)n / 100 + 4000 * (double)lost);
	return iv;
}

static void test_reads_that_lost_the_processor_are_capped(void **state)
{
	struct lode_interval base = shared(100000, 300, 3), calm = shared(100000, 30, 3), busy = shared(100000, 900, 3), half = shared(100000, 300, 2);
	struct lode_interval quiet = shared(100000, 0, 3);
	struct lode_baseline b;

	(void)state;
	lode_baseline_of(&base, &b);
	assert_true(b.cap_us[LODE_H_GET] >= 8 * 3 && b.cap_us[LODE_H_GET] < 100);
	/* the mean moves from 4 to 39 us; what options could have done stays as it was */
	near(speed(&b, &calm), speed(&b, &busy), 0.15);
	assert_true(speed(&b, &half) - speed(&b, &base) > 0.25);
	lode_baseline_of(&quiet, &b);
	assert_true(b.cap_us[LODE_H_GET] == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_speed_is_cost_at_the_baselines_mix),
	    cmocka_unit_test(test_nothing_done_is_unknown_but_a_stop_is_terrible),
	    cmocka_unit_test(test_write_in_flight_at_the_end_counts),
	    cmocka_unit_test(test_rare_kind_missing_by_chance),
	    cmocka_unit_test(test_without_timers_the_rate_counts),
	    cmocka_unit_test(test_without_timers_each_kind_is_guarded),
	    cmocka_unit_test(test_without_statistics_writes_count),
	    cmocka_unit_test(test_untimed_block_says_nothing),
	    cmocka_unit_test(test_tail_watches_the_limit_nearest_to_p99),
	    cmocka_unit_test(test_tail_of_batched_reads_and_of_too_few),
	    cmocka_unit_test(test_reads_that_lost_the_processor_are_capped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
