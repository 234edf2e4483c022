/* What the other arm left behind: when it counts as gone, and what SWITCH makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "judge/recover.h"
#include "sim/test_judge_noise.h"

static struct lode_interval at(double l0, double above, double refill)
{
	struct lode_interval iv = {.seconds = 1, .parts = 1, .has_stats = true, .l0_files = (uint64_t)l0, .level_bytes_excess = (uint64_t)above};

	iv.ticker[LODE_T_CACHE_BYTES_WRITE] = (uint64_t)refill;
	return iv;
}

/* Control: up to 4 files, 100 MB above the last level, 10 MB/s of misses. */
static void usual(struct lode_recover *r, double refill)
{
	struct lode_interval history[8];

	for (int i = 0; i < 8; i++)
		history[i] = at(i % 5, 1e8, 1e7);
	lode_recover_init(r, refill);
	lode_recover_learn_history(r, history, 8);
	lode_recover_begin(r, 3);
}

static bool after(struct lode_recover *r, double l0, double above, double refill)
{
	struct lode_interval iv = at(l0, above, refill);

	lode_recover_feed(r, &iv);
	return lode_recover_done(r);
}

static void test_unknown_band_waits_for_nothing(void **state)
{
	struct lode_recover r;

	(void)state;
	lode_recover_init(&r, 0);
	assert_true(lode_recover_done(&r));
	assert_true(after(&r, 100, 1e12, 1e12));
}

static void test_debt_drains(void **state)
{
	struct lode_recover r;

	(void)state;
	usual(&r, 0);
	assert_true(after(&r, 6, 1e8, 1e7)); /* a quarter and one file more */
	usual(&r, 0);
	assert_false(after(&r, 20, 1e8, 1e7));
	for (int l0 = 18; l0 > 6; l0 -= 2)
		assert_false(after(&r, l0, 1e8, 1e7));
	assert_true(after(&r, 5, 1e8, 1e7));
	usual(&r, 0);
	for (double above = 5e8; above > 1.3e8; above *= 0.8)
		assert_false(after(&r, 0, above, 1e7));
	assert_true(after(&r, 0, 1.2e8, 1e7));
}

static void test_what_does_not_fall_is_its_nature(void **state)
{
	struct lode_recover r;
	int n = 0;

	(void)state;
	usual(&r, 0);
	while (!after(&r, 12, 1e8, 1e7))
		assert_true(++n < 12);
	assert_true(n >= 4); /* two steps are compared */
}

static void test_a_cache_must_fill(void **state)
{
	struct lode_recover r;

	(void)state;
	usual(&r, 5e7);
	assert_false(after(&r, 0, 1e8, 2e7)); /* more misses than control has, until they fall */
	assert_false(after(&r, 0, 1e8, 1.2e7));
	assert_false(after(&r, 0, 1e8, 1.2e7));
	assert_true(after(&r, 0, 1e8, 1.2e7)); /* 56 MB */
	usual(&r, 5e7);
	assert_false(after(&r, 0, 1e8, 8e6));
	assert_true(after(&r, 0, 1e8, 1e5)); /* nothing is missed any more */
}

static void test_control_blocks_widen_the_band(void **state)
{
	struct lode_interval iv = at(16, 1e8, 1e7);
	struct lode_recover r;

	(void)state;
	usual(&r, 0);
	lode_recover_control(&r, &iv);
	assert_false(after(&r, 16, 1e8, 1e7)); /* not within the pair */
	lode_recover_pair_closed(&r);
	lode_recover_begin(&r, 3);
	assert_true(after(&r, 16, 1e8, 1e7));
}

/* The treatment leaves files behind that make control slow until they are gone: without the wait it would look better than it is. */
static double measured(bool primed)
{
	static struct lode_interval history[8];
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_verdict v;
	struct noise noise;
	struct lode_trial *t;
	double l0 = 0;

	noise_init(&noise, 3, NOISE_CLEAN, 0, 0.001, 1, 100);
	for (int i = 0; i < 8; i++)
		history[i] = *noise_next(&noise, LODE_CONTROL);
	lode_baseline_of(&history[0], &base);
	lode_trial_spec_init(&spec, LODE_DESIGN_SWITCH, &lode_pace_bench, 5);
	t = lode_trial_new(&spec, &base, noise.now_ns);
	if (!t)
		return NAN;
	if (primed)
		lode_trial_prime(t, history, 8);
	for (int i = 0; i < 10000; i++) {
		struct lode_interval iv;
		bool treated = lode_trial_arm(t) == LODE_TREATMENT;

		lode_trial_applied(t, noise.now_ns);
		l0 = treated ? fmin(20, l0 + 5) : fmax(0, l0 - 4); /* five seconds to get rid of */
		noise.effect = 0;
		iv = *noise_next(&noise, LODE_CONTROL);
		iv.l0_files = (uint64_t)l0;
		if (!treated)
			iv.op[LODE_H_GET].sum_us = (uint64_t)((double)iv.op[LODE_H_GET].sum_us * (1 + l0 / 40));
		if (lode_trial_feed(t, &iv) == LODE_TRIAL_DONE)
			break;
	}
	v = *lode_trial_verdict(t);
	lode_trial_free(t);
	return v.effect;
}

static void test_switch_waits(void **state)
{
	(void)state;
	assert_true(measured(false) > 0.05);
	assert_true(fabs(measured(true)) < 0.03);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unknown_band_waits_for_nothing), cmocka_unit_test(test_debt_drains),
	    cmocka_unit_test(test_what_does_not_fall_is_its_nature), cmocka_unit_test(test_a_cache_must_fill),
	    cmocka_unit_test(test_control_blocks_widen_the_band),	 cmocka_unit_test(test_switch_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
