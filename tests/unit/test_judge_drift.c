/* The drift watch: Page's CUSUM against the published average run lengths, and the detector's own rate of false alarms on noise with a memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "judge/drift.h"

static double normal(struct lode_rng *r)
{
	double u = 1 - lode_rng_unit(r), v = lode_rng_unit(r);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static double below(double z)
{
	return 0.5 * erfc(-z / M_SQRT2);
}

/* Average run length of the one-sided CUSUM by a Markov chain (Brook and Evans, Biometrika 1972): states of equal width over [0,h), the equations
 * (I - Q) L = 1 solved by elimination. shift: of the mean, in standard deviations, in the direction that is looked for. */
#define STATES 200
static double run_length(double k, double h, double shift)
{
	static double q[STATES][STATES + 1];
	double w = 2 * h / (2 * STATES - 1), arl;

	for (int i = 0; i < STATES; i++) {
		for (int j = 0; j < STATES; j++) {
			double step = (j - i) * w + k - shift;
			q[i][j] = (i == j) - (j ? below(step + w / 2) - below(step - w / 2) : below(step + w / 2));
		}
		q[i][STATES] = 1;
	}
	for (int i = 0; i < STATES; i++)
		for (int r = 0; r < STATES; r++) {
			double f = q[r][i] / q[i][i];
			if (r != i)
				for (int c = i; c <= STATES; c++)
					q[r][c] -= f * q[i][c];
		}
	arl = q[0][STATES] / q[0][0];
	return arl;
}

/* Two one-sided sums that cannot both be near h: 1/ARL = 1/ARL+ + 1/ARL-. */
static double both_sides(double k, double h, double shift)
{
	return 1 / (1 / run_length(k, h, shift) + 1 / run_length(k, h, -shift));
}

/* Montgomery, Introduction to Statistical Quality Control, table of the two-sided tabular CUSUM with k = 0.5. */
static const struct {
	double h, shift, arl;
} published[] = {
    {4, 0, 168},    {4, 0.25, 74.2}, {4, 0.5, 26.6}, {4, 0.75, 13.3}, {4, 1, 8.38},  {4, 1.5, 4.75}, {4, 2, 3.34}, {4, 2.5, 2.62}, {4, 3, 2.19},
    {5, 0, 465},    {5, 0.25, 139},  {5, 0.5, 38.0}, {5, 0.75, 17.0}, {5, 1, 10.4},  {5, 1.5, 5.75}, {5, 2, 4.01}, {5, 2.5, 3.11}, {5, 3, 2.57},
};

static void published_run_lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
		double arl = both_sides(0.5, published[i].h, published[i].shift);
		if (fabs(arl / published[i].arl - 1) > 0.02)
			fail_msg("h=%g shift=%g: %.2f, published %g", published[i].h, published[i].shift, arl, published[i].arl);
	}
}

/* The code that runs, against the same figures: two sums on white noise. Fixed seed; the bands are three standard errors. */
static void the_code_has_them(void **state)
{
	static const struct {
		double h, shift, arl;
		int runs;
	} cell[] = {{4, 0, 168, 6000}, {4, 1, 8.38, 60000}, {5, 0, 465, 3000}, {5, 1, 10.4, 60000}};
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 11);
	for (size_t i = 0; i < 4; i++) {
		double total = 0;
		for (int n = 0; n < cell[i].runs; n++) {
			double up = 0, down = 0;
			while (up < cell[i].h && down < cell[i].h) {
				double z = normal(&r) - cell[i].shift;
				up = lode_cusum(up, -z, LODE_CUSUM_K);
				down = lode_cusum(down, z, LODE_CUSUM_K);
				total++;
			}
		}
		total /= cell[i].runs;
		if (fabs(total / cell[i].arl - 1) > (cell[i].shift > 0 ? 0.02 : 3.0 / sqrt(cell[i].runs) + 0.01))
			fail_msg("h=%g shift=%g: %.2f, published %g", cell[i].h, cell[i].shift, total, cell[i].arl);
	}
}

struct noise {
	double phi, x;
	int tails; /* degrees of freedom of Student's t; 0: normal */
};

static double draw(struct noise *n, struct lode_rng *r)
{
	double z = normal(r), sum = 0;

	for (int i = 0; i < n->tails; i++) {
		double b = normal(r);
		sum += b * b;
	}
	if (n->tails)
		z /= sqrt(sum / n->tails) * sqrt(3);
	return n->x = n->phi * n->x + sqrt(1 - n->phi * n->phi) * z;
}

static const struct noise kinds[] = {{0, 0, 0}, {0.3, 0, 0}, {0.5, 0, 0}, {0.8, 0, 0}, {0, 0, 3}, {0.5, 0, 3}};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* Blocks from one alarm to the next where nothing changes: at least 465 in every cell, whatever the noise. */
static void false_alarms(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct noise n = kinds[k];
		struct lode_drift d;
		struct lode_rng r;
		int alarms = 0, blocks = 150000;

		lode_rng_seed(&r, 20 + k);
		lode_drift_init(&d);
		for (int i = 0; i < blocks; i++)
			alarms += lode_drift_feed(&d, 0.05 * draw(&n, &r));
		if (getenv("LODE_TEST_PRINT"))
			printf("phi %.1f tails %d: one alarm in %.0f blocks\n", n.phi, n.tails, (double)blocks / alarms);
		assert_true(alarms * 465 < blocks);
	}
}

/* A fall of two standard deviations, 40 blocks after the keep. */
static void finds_a_fall(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		double delay = 0;
		int missed = 0, early = 0, trials = 400;
		struct lode_rng r;

		lode_rng_seed(&r, 40 + k);
		for (int t = 0; t < trials; t++) {
			struct noise n = kinds[k];
			struct lode_drift d;
			int i = 0;

			lode_drift_init(&d);
			for (; i < 40 + 100; i++)
				if (lode_drift_feed(&d, 0.05 * (draw(&n, &r) - (i >= 40 ? 2 : 0))))
					break;
			early += i < 40;
			missed += i == 140;
			delay += i >= 40 ? i - 40 + 1 : 0;
		}
		if (getenv("LODE_TEST_PRINT"))
			printf("phi %.1f tails %d: %.1f blocks to see a fall, %d of %d missed, %d early\n", kinds[k].phi, kinds[k].tails, delay / (trials - early), missed,
			       trials, early);
		assert_true(missed * 100 < (kinds[k].phi > 0.6 ? 30 : 3) * trials);
		assert_true(kinds[k].phi > 0.6 || delay / (trials - early) < 16);
	}
}

static void gains_are_no_alarm(void **state)
{
	struct noise n = kinds[1];
	struct lode_drift d;
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 60);
	lode_drift_init(&d);
	for (int i = 0; i < 200; i++)
		assert_false(lode_drift_feed(&d, 0.05 * (draw(&n, &r) + (i > 30 ? 3 : 0))));
}

static void gaps_and_constants(void **state)
{
	struct lode_drift d;

	(void)state;
	lode_drift_init(&d);
	for (int i = 0; i < 1000; i++)
		assert_false(lode_drift_feed(&d, i % 7 ? 1.5 : NAN));
	assert_true(d.n == LODE_DRIFT_LEARN && lode_drift_strain(&d) < 1);
	for (int i = 0; i < 1000; i++)
		assert_false(lode_drift_feed(&d, i % 2 ? INFINITY : NAN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_run_lengths), cmocka_unit_test(the_code_has_them), cmocka_unit_test(false_alarms),
		cmocka_unit_test(finds_a_fall), cmocka_unit_test(gains_are_no_alarm), cmocka_unit_test(gaps_and_constants),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
