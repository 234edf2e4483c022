/* Error budgets that burn: too fast over both windows trips at once, a blip or what was there before does not. */
#include "test_guard_world.h"
#include "guard/tripwire.h"

#include <math.h>

static struct world w;
static struct lode_tripwire t;

/* A second of 1000 reads of which `missed` took longer than 2 ms. */
static struct lode_interval second_of(uint64_t n, uint64_t missed)
{
	struct lode_interval iv = {.seconds = 1, .parts = 1, .has_stats = true, .has_timers = true};
	struct lode_op *op = &iv.op[LODE_H_GET];

	op->count = op->hist.count = n;
	op->sum_us = n * 100;
	op->hist.n = 2;
	op->hist.limit[0] = 1900, op->hist.limit[1] = 2900;
	op->hist.bucket[0] = n - missed, op->hist.bucket[1] = missed;
	iv.ticker[LODE_T_KEYS_READ] = n;
	return iv;
}

static void quiet(unsigned seconds, uint64_t missed)
{
	for (unsigned i = 0; i < seconds; i++) {
		struct lode_interval iv = second_of(1000, missed);

		lode_tripwire_learn(&t, &iv);
		lode_tripwire_learn_slo(&t, &w.policy, &iv);
		lode_tripwire_count(&t, &w.policy, &iv);
	}
}

/* Seconds until it trips, at most so many. */
static unsigned until(unsigned most, uint64_t n, uint64_t missed)
{
	for (unsigned i = 0; i < most; i++) {
		struct lode_interval iv = second_of(n, missed);

		lode_tripwire_count(&t, &w.policy, &iv);
		if (lode_tripwire_look(&t, &w.now, &iv) == LODE_TRIP_SLO)
			return i;
	}
	return most;
}

static int setup(void **state)
{
	(void)state;
	world_init(&w);
	lode_tripwire_init(&t);
	assert_int_equal(lode_slo_parse("p99.9 < 2ms", &w.policy.slo[LODE_H_GET], NULL), 0);
	w.policy.burn_window = 6;
	return 0;
}

static void fire(void **state)
{
	(void)state;
	quiet(60, 1); /* burns at 1 */
	assert_in_range(until(60, 1000, 1000), 0, 1);
	assert_non_null(strstr(t.why, "get misses p99.9 < 2 ms"));
	setup(NULL);
	quiet(60, 1);
	assert_in_range(until(60, 1000, 100), 3, 6); /* 100 times too fast: a few seconds until half a minute is spoilt */
	setup(NULL);
	quiet(60, 1);
	assert_in_range(until(60, 1000, 20), 15, 30);
}

static void no_fire(void **state)
{
	(void)state;
	quiet(60, 1);
	assert_int_equal(until(120, 1000, 13), 120); /* 13 times: the judge's matter */
	setup(NULL);
	quiet(60, 1);
	assert_int_equal(until(3, 1000, 100), 3); /* a blip */
	assert_int_equal(until(60, 1000, 0), 60);
	setup(NULL);
	assert_int_equal(until(60, 10, 1), 60); /* a tenth of a trickle misses: too few to say */
	setup(NULL);
	memset(&w.policy.slo, 0, sizeof w.policy.slo);
	assert_int_equal(until(60, 1000, 1000), 60); /* nothing promised */
}

static void what_was_there_before(void **state)
{
	(void)state;
	quiet(60, 30); /* thirty times too fast, without our help */
	assert_int_equal(until(60, 1000, 60), 60);
	assert_in_range(until(60, 1000, 200), 1, 59);
}

/* A p90 may miss a tenth: 14.4 times that cannot be, so half of all is too much. */
static void loose_promise(void **state)
{
	(void)state;
	assert_int_equal(lode_slo_parse("p90 < 2ms", &w.policy.slo[LODE_H_GET], NULL), 0);
	quiet(60, 10);
	assert_int_equal(until(60, 1000, 450), 60);
	assert_in_range(until(60, 1000, 900), 1, 59);
}

/* Without service times nothing is counted, and what is long past is forgotten. */
static void windows(void **state)
{
	struct lode_interval iv = second_of(1000, 1000);
	struct lode_burn b = {.at = 0};
	const struct lode_slo *slo = w.policy.slo;

	(void)state;
	iv.has_timers = false;
	lode_burn_add(&b, slo, &iv, 6);
	assert_true(lode_burn_rate(&b, &slo[LODE_H_GET], LODE_H_GET, 1) == 0);
	iv.has_timers = true;
	lode_burn_add(&b, slo, &iv, 6);
	assert_true(fabs(lode_burn_rate(&b, &slo[LODE_H_GET], LODE_H_GET, 5) - 1000) < 1e-6);
	iv = second_of(1000, 0);
	for (int i = 0; i < 6; i++)
		lode_burn_add(&b, slo, &iv, 6);
	assert_true(lode_burn_rate(&b, &slo[LODE_H_GET], LODE_H_GET, 1) == 0);
	assert_true(lode_burn_rate(&b, &slo[LODE_H_GET], LODE_H_GET, 5) > 100);
	for (int i = 0; i < 30; i++)
		lode_burn_add(&b, slo, &iv, 6);
	assert_true(lode_burn_rate(&b, &slo[LODE_H_GET], LODE_H_GET, 5) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(fire, setup),	 cmocka_unit_test_setup(no_fire, setup), cmocka_unit_test_setup(what_was_there_before, setup),
	    cmocka_unit_test_setup(loose_promise, setup), cmocka_unit_test_setup(windows, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
