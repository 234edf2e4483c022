/* Block length: against the closed form for AR(1) noise, and what becomes of it in a trial. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim/test_judge_noise.h"

static const double phis[] = {0, 0.3, 0.5, 0.8, 0.9, 0.95};

static void ar1(double *y, size_t n, double phi, uint64_t seed)
{
	struct lode_rng r;
	double x = 0;

	lode_rng_seed(&r, seed);
	for (size_t i = 0; i < n + 200; i++) {
		x = phi * x + sqrt(1 - phi * phi) * noise_normal(&r);
		if (i >= 200)
			y[i - 200] = x;
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median over 15 series, because G of one series is noisy itself. */
static double median_length(double phi, size_t n)
{
	static double y[10000];
	struct lode_block_length len;
	double all[15];

	for (uint64_t k = 0; k < 15; k++) {
		ar1(y, n, phi, 100 * k + 7);
		assert_true(lode_block_length_of(y, n, &len));
		assert_true(len.circular >= len.stationary);
		all[k] = len.stationary;
	}
	qsort(all, 15, sizeof(all[0]), by_size);
	return all[7];
}

/* b = (2 phi / (1 - phi^2))^(2/3) n^(1/3); 1 at the least. */
static void test_closed_form(void **state)
{
	(void)state;
	for (size_t i = 1; i < sizeof(phis) / sizeof(phis[0]); i++) {
		double phi = phis[i], want = cbrt(pow(2 * phi / (1 - phi * phi), 2) * 10000), got = median_length(phi, 10000);

		assert_true(got > 0.7 * want && got < 1.3 * want);
	}
	assert_true(median_length(0, 10000) < 8); /* of nothing: what is left is the noise of G */
}

/* The two lengths of one series differ by (3/2)^(1/3), as 15.6089 and 13.6357 do in the published example. */
static void test_ratio(void **state)
{
	static double y[10000];
	struct lode_block_length len;

	(void)state;
	ar1(y, 10000, 0.3, 1);
	assert_true(lode_block_length_of(y, 10000, &len));
	assert_true(fabs(len.circular / len.stationary - 15.6089 / 13.6357) < 1e-4);
	assert_true(len.stationary > 8 && len.stationary < 25);
}

static void test_short_and_odd_series(void **state)
{
	struct lode_block_length len;
	double y[96], last = 0;

	(void)state;
	memset(y, 0, sizeof(y));
	assert_false(lode_block_length_of(y, 0, &len));
	assert_false(lode_block_length_of(y, LODE_AUTOCORR_MIN - 1, &len));
	assert_false(lode_block_length_of(y, 96, &len)); /* never varies */
	assert_true(len.stationary == 1 && len.circular == 1);
	for (size_t i = 0; i < 96; i++)
		y[i] = i % 2 ? 1 : -1;
	assert_true(lode_block_length_of(y, 96, &len) && len.circular >= 1 && len.circular <= 30);
	for (size_t i = 0; i < 96; i++)
		y[i] = (double)i;
	assert_true(lode_block_length_of(y, 96, &len) && len.circular >= 1 && len.circular <= 30);
	for (size_t i = 0; i < sizeof(phis) / sizeof(phis[0]); i++) { /* the agent's own length of history */
		double got = median_length(phis[i], 96);

		assert_true(got >= last && got <= 30);
		last = got;
	}
	assert_true(last > 2 * median_length(0.3, 96));
}

/* What the spec makes of it, at each pace. */
static double scale_of(const struct lode_pace *pace, double phi, enum noise_shape shape, size_t n, uint64_t seed)
{
	static struct lode_interval past[96];
	struct lode_interval window = {0};
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct noise noise;

	noise_init(&noise, seed, shape, phi, 0.05, pace->block / 6, 96 * pace->block / 6);
	for (size_t i = 0; i < n; i++) {
		past[i] = *noise_next(&noise, LODE_CONTROL);
		lode_interval_add(&window, &past[i]);
	}
	lode_baseline_of(&window, &base);
	lode_trial_spec_init(&spec, LODE_DESIGN_SWITCH, pace, 1);
	lode_trial_stretch(&spec, &base, past, n);
	return spec.block_scale;
}

static void test_blocks_follow_the_memory(void **state)
{
	const struct lode_pace *prod = &lode_pace_production;
	double white = 0, slow = 0, drift = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		double s = scale_of(prod, 0.9, NOISE_CLEAN, 96, seed);

		assert_true(s >= 1 && s <= prod->stretch);
		slow += s / 20;
		white += scale_of(prod, 0, NOISE_CLEAN, 96, seed) / 20;
		drift += scale_of(prod, 0, NOISE_DRIFT, 96, seed) / 20;
		assert_true(scale_of(&lode_pace_bench, 0.95, NOISE_CLEAN, 96, seed) <= lode_pace_bench.stretch);
		assert_true(scale_of(&lode_pace_rush, 0.95, NOISE_CLEAN, 96, seed) == 1);
		assert_true(scale_of(prod, 0.95, NOISE_CLEAN, LODE_AUTOCORR_MIN - 1, seed) == 1);
	}
	assert_true(white < 1.3 && drift < 1.3);
	assert_true(slow > 1.6);
}

/* A memtable of 64 MiB, four of them a filling of level 0, at 1 MB/s: 470 s, of which a block of 240 s sees too little. */
static void test_blocks_see_level_0_fill(void **state)
{
	static struct lode_interval past[40];
	struct lode_trial_spec spec;
	struct lode_baseline base;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		past[i] = (struct lode_interval){.seconds = 10, .parts = 1, .has_stats = true, .has_timers = true, .bytes_written = 10000000};
		past[i].op[LODE_H_WRITE] = (struct lode_op){.count = 1000, .sum_us = 10000};
	}
	lode_baseline_of(&past[0], &base);
	lode_trial_spec_init(&spec, LODE_DESIGN_SWITCH, &lode_pace_production, 1);
	spec.cycle = 256 << 20;
	lode_trial_stretch(&spec, &base, past, 40);
	assert_true(spec.block_scale == 1); /* not for what acts at once */
	spec.blocks = LODE_BLOCKS_FLUSH;
	lode_trial_stretch(&spec, &base, past, 40);
	assert_true(fabs(spec.block_scale - 1.75 * 268.435456 / 240) < 1e-6);
	spec.cycle *= 10;
	lode_trial_stretch(&spec, &base, past, 40);
	assert_true(spec.block_scale == lode_pace_production.stretch);
	for (size_t i = 0; i < 40; i++)
		past[i].bytes_written = 0;
	lode_trial_stretch(&spec, &base, past, 40);
	assert_true(spec.block_scale == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_closed_form),
	    cmocka_unit_test(test_ratio),
	    cmocka_unit_test(test_short_and_odd_series),
	    cmocka_unit_test(test_blocks_follow_the_memory),
	    cmocka_unit_test(test_blocks_see_level_0_fill),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
