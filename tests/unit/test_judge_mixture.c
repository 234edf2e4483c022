/* The normal mixture: against published figures, against its definition, and that it covers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "judge/mixture.h"
#include "sim/test_judge_noise.h"

static void near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.10g is not %.10g", a, b);
}

/* The figures that the authors' own library (confseq) is tested with. */
static void test_published_figures(void **state)
{
	double two = lode_mixture_rho(100, 0.05), one = lode_mixture_rho(100, 0.1);

	(void)state;
	near(two, 12.60056, 5e-6);
	near(lode_mixture_log(10, 100, two), -0.6510052, 5e-8);
	near(lode_mixture_bound(100, two, 0.05), 30.35209, 5e-6);
	near(lode_mixture_log_above(10, 100, one), -0.06502391, 5e-9);
	near(lode_mixture_bound_above(100, one, 0.05), 27.66071, 5e-6);
}

/* The closed form is the mean of exp(l S - l^2 V / 2) over l ~ N(0, 1 / rho). */
static void test_is_the_mixture(void **state)
{
	double s = 7, v = 30, rho = 5, sum = 0, step = 1e-4, sd = 1 / sqrt(rho);

	(void)state;
	for (double z = -8; z < 8; z += step)
		sum += step * exp(-z * z / 2) / sqrt(2 * M_PI) * exp(z * sd * s - z * z * sd * sd * v / 2);
	near(log(sum), lode_mixture_log(s, v, rho), 1e-6);
	near(lode_mixture_log(lode_mixture_bound(v, rho, 0.05), v, rho), log(20), 1e-9);
}

static void test_interval(void **state)
{
	double d[30], lo, hi;

	(void)state;
	for (int i = 0; i < 30; i++)
		d[i] = 0.2 + (i % 2 ? 0.03 : -0.03);
	assert_false(lode_mixture_interval(d, 4, 0.05, 0.05, &lo, &hi)); /* too few */
	assert_true(lode_mixture_interval(d, 20, 0.05, 0.05, &lo, &hi));
	near((lo + hi) / 2, 0.2, 1e-3);
	assert_true(lo > 0.15 && hi < 0.25);
	double narrow = hi - lo;
	assert_true(lode_mixture_interval(d, 30, 0.05, 0.05, &lo, &hi));
	assert_true(hi - lo < narrow);
}

/* Looked at after every pair, in noise of any size that has coins for signs: it loses the truth in at most one in twenty. */
static void test_covers_at_any_time(void **state)
{
	struct lode_rng rng;
	unsigned lost = 0, runs = 400;

	(void)state;
	lode_rng_seed(&rng, 5);
	for (unsigned run = 0; run < runs; run++) {
		double d[40], lo, hi;
		bool out = false;

		for (size_t n = 0; n < 40; n++) {
			d[n] = 0.1 + 0.05 * exp(0.5 * noise_normal(&rng)) * noise_normal(&rng);
			if (lode_mixture_interval(d, n + 1, 0.05, 0.05, &lo, &hi))
				out |= lo > 0.1 || hi < 0.1;
		}
		lost += out;
	}
	assert_in_range(lost, 0, runs / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_published_figures),
	    cmocka_unit_test(test_is_the_mixture),
	    cmocka_unit_test(test_interval),
	    cmocka_unit_test(test_covers_at_any_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
