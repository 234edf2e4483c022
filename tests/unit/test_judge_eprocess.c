/* Evidence: the betting martingale, its interval and its cross-check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "judge/eprocess.h"

#include <math.h>

static void near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.10g is not %.10g", a, b);
}

static void test_wins_multiply(void **state)
{
	struct lode_eprocess e;

	(void)state;
	lode_eprocess_init(&e, 0, 0.01);
	near(lode_eprocess_above(&e), 1, 1e-12);
	for (int i = 0; i < 5; i++)
		lode_eprocess_add(&e, 0.5);
	near(exp(e.up[LODE_BETS - 1]), 24.76099, 1e-5); /* 1.9^5: the boldest bet decides in five */
	near(exp(e.down[LODE_BETS - 1]), 1e-5, 1e-15);
	lode_eprocess_add(&e, 0.5);
	assert_true(lode_eprocess_above(&e) < 20); /* the mixture needs seven */
	near(lode_eprocess_reach(&e, 1), 24.149, 1e-3);
	lode_eprocess_add(&e, 0.5);
	near(lode_eprocess_above(&e), 24.149, 1e-3);
	assert_true(lode_eprocess_below(&e) < 0.2);
}

static void test_weight_is_clipped_and_counts_from_tau0(void **state)
{
	struct lode_eprocess a, b;

	(void)state;
	lode_eprocess_init(&a, 0, 0.1);
	lode_eprocess_init(&b, -0.3, 0.1);
	lode_eprocess_add(&a, 0.05); /* half a scale: half the stake */
	near(exp(a.up[LODE_BETS - 1]), 1.45, 1e-12);
	lode_eprocess_add(&b, -0.25);
	near(lode_eprocess_above(&a), lode_eprocess_above(&b), 1e-12);
	lode_eprocess_add(&a, -7);
	lode_eprocess_add(&b, -0.4);
	near(lode_eprocess_above(&a), lode_eprocess_above(&b), 1e-12);
	lode_eprocess_add(&a, NAN);
	assert_int_equal(a.n, 2);
}

/* The heart of it: over all sign patterns of any sizes the mean is exactly 1, so a fair coin cannot win. */
static void test_fair_coin_wins_nothing(void **state)
{
	struct lode_rng r;
	double size[12], up = 0, down = 0;

	(void)state;
	lode_rng_seed(&r, 4);
	for (int i = 0; i < 12; i++)
		size[i] = lode_rng_unit(&r) * lode_rng_unit(&r);
	for (unsigned pattern = 0; pattern < 1u << 12; pattern++) {
		struct lode_eprocess e;

		lode_eprocess_init(&e, 0.02, 0.1);
		for (int i = 0; i < 12; i++)
			lode_eprocess_add(&e, 0.02 + (pattern >> i & 1 ? size[i] : -size[i]));
		up += lode_eprocess_above(&e) / 4096;
		down += lode_eprocess_below(&e) / 4096;
	}
	near(up, 1, 1e-9);
	near(down, 1, 1e-9);
}

static double gauss(struct lode_rng *r)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += lode_rng_unit(r);
	return sum;
}

/* The interval excludes the null exactly when the evidence decides, and moves along with the data. */
static void test_interval_agrees_with_decision(void **state)
{
	struct lode_rng r;
	unsigned decided = 0;

	(void)state;
	lode_rng_seed(&r, 5);
	for (int k = 0; k < 400; k++) {
		double effect = 0.3 * (lode_rng_unit(&r) - 0.5), mean, lo, hi, mean2, lo2, hi2;
		struct lode_eprocess e, f;

		lode_eprocess_init(&e, 0, 0.06);
		lode_eprocess_init(&f, 0, 0.06);
		for (int i = 0; i < 8 + k % 20; i++) {
			double d = effect + 0.05 * gauss(&r);

			lode_eprocess_add(&e, d);
			lode_eprocess_add(&f, d + 1);
		}
		assert_true(lode_eprocess_interval(&e, 0.05, &mean, &lo, &hi));
		assert_true(lo <= hi);
		assert_int_equal(lode_eprocess_above(&e) >= 20, lo > -1e-12);
		assert_int_equal(lode_eprocess_below(&e) >= 20, hi < 1e-12);
		decided += lo > 0 || hi < 0;
		assert_true(lode_eprocess_interval(&f, 0.05, &mean2, &lo2, &hi2));
		near(mean2 - mean, 1, 1e-9);
		near(lo2 - lo, 1, 1e-9);
		near(hi2 - hi, 1, 1e-9);
	}
	assert_in_range(decided, 100, 399);
}

static void test_interval_needs_seven_pairs(void **state)
{
	struct lode_eprocess e;
	double mean = 9, lo, hi;

	(void)state;
	lode_eprocess_init(&e, 0, 0.1);
	assert_false(lode_eprocess_interval(&e, 0.05, &mean, &lo, &hi));
	near(mean, 9, 0);
	for (int i = 0; i < 6; i++)
		lode_eprocess_add(&e, 0.2 + 0.01 * i);
	assert_false(lode_eprocess_interval(&e, 0.05, &mean, &lo, &hi));
	near(mean, 0.225, 1e-12);
	lode_eprocess_add(&e, 0.2);
	assert_true(lode_eprocess_interval(&e, 0.05, &mean, &lo, &hi));
	assert_true(lo > 0.1 && lo < mean && mean < hi && hi < 0.35);
}

/* An independent yardstick: the normal mixture of Robbins and of Howard et al., whose numbers the confseq library publishes. */
static double mixture_rho(double v, double alpha)
{
	return v / (2 * log(1 / alpha) + log(1 + 2 * log(1 / alpha)));
}

static double mixture_log(double s, double v, double rho)
{
	return 0.5 * log(rho / (v + rho)) + s * s / (2 * (v + rho));
}

static double mixture_bound(double v, double rho, double alpha)
{
	return sqrt((v + rho) * (log(1 + v / rho) + 2 * log(1 / alpha)));
}

static void test_interval_against_normal_mixture(void **state)
{
	double rho = mixture_rho(100, 0.05), c = 0.05, mean, lo, hi;
	struct lode_eprocess e;
	struct lode_rng r;

	(void)state;
	near(rho, 12.60056, 1e-5);
	near(mixture_log(10, 100, rho), -0.6510052, 1e-7);
	near(mixture_bound(100, rho, 0.05), 30.35209, 1e-5);
	lode_rng_seed(&r, 6);
	for (int k = 0; k < 200; k++) {
		double half = mixture_bound(30 * c * c, mixture_rho(30 * c * c, 0.05), 0.05) / 30;

		lode_eprocess_init(&e, 0, c);
		for (int i = 0; i < 30; i++)
			lode_eprocess_add(&e, 0.1 + c * gauss(&r));
		assert_true(lode_eprocess_interval(&e, 0.05, &mean, &lo, &hi));
		near((hi - lo) / (2 * half), 1.1, 0.5); /* of the same size: clipping costs a little */
	}
}

static double brute_p(const double *d, size_t n)
{
	double sum = 0, side;
	unsigned reached = 0;

	for (size_t i = 0; i < n; i++)
		sum += d[i];
	side = sum < 0 ? -1 : 1;
	for (unsigned p = 0; p < 1u << n; p++) {
		double s = 0;

		for (size_t i = 0; i < n; i++)
			s += p >> i & 1 ? -d[i] : d[i];
		reached += side * s >= fabs(sum) - 1e-10;
	}
	return (double)reached / (1u << n);
}

static void test_signflip(void **state)
{
	static const double up[] = {1, 2, 3}, flat[] = {1, -1}, down[] = {-1, -2, 0.5};
	double d[20];
	struct lode_rng r;

	(void)state;
	near(lode_signflip_p(up, 3), 1 / 8.0, 0);
	near(lode_signflip_p(flat, 2), 3 / 4.0, 0);
	near(lode_signflip_p(down, 3), 2 / 8.0, 0);
	assert_true(isnan(lode_signflip_p(up, 0)));
	assert_true(isnan(lode_signflip_p(d, 21)));
	lode_rng_seed(&r, 7);
	for (int k = 0; k < 60; k++) {
		size_t n = 1 + lode_rng_below(&r, 11);

		for (size_t i = 0; i < n; i++)
			d[i] = gauss(&r) + 0.3;
		near(lode_signflip_p(d, n), brute_p(d, n), 1e-12);
	}
	for (int i = 0; i < 20; i++)
		d[i] = 0.1;
	near(lode_signflip_p(d, 20), 1.0 / (1 << 20), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wins_multiply),
	    cmocka_unit_test(test_weight_is_clipped_and_counts_from_tau0),
	    cmocka_unit_test(test_fair_coin_wins_nothing),
	    cmocka_unit_test(test_interval_agrees_with_decision),
	    cmocka_unit_test(test_interval_needs_seven_pairs),
	    cmocka_unit_test(test_interval_against_normal_mixture),
	    cmocka_unit_test(test_signflip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
