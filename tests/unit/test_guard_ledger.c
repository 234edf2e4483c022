/* The harm ledger alone: the sum, the day, the worst case; and trials that lose whatever an adversary can think of, which never cost more than the cap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "guard/ledger.h"

#define T0 1800000000u /* on the hour */
#define HOUR 3600u

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9 * fmax(1, fabs(b));
}

static void test_a_day(void **state)
{
	struct lode_ledger l;
	(void)state;
	lode_ledger_init(&l, 0.005);
	assert_true(near(l.cap, 432));
	assert_true(near(lode_ledger_allowance(&l), 108));
	lode_ledger_charge(&l, T0 + 10, 100);
	lode_ledger_charge(&l, T0 + 5 * HOUR, 50);
	lode_ledger_charge(&l, T0 + 5 * HOUR, -7); /* gains refill nothing */
	lode_ledger_charge(&l, T0 + 5 * HOUR, NAN);
	assert_true(near(lode_ledger_spent(&l, T0 + 5 * HOUR), 150));
	assert_true(near(lode_ledger_spent(&l, T0 + 10 + 24 * HOUR), 150)); /* a day old to the second: still there */
	assert_true(near(lode_ledger_spent(&l, T0 + 25 * HOUR), 50));
	assert_true(near(lode_ledger_spent(&l, T0 + 1000 * HOUR), 0));
	lode_ledger_charge(&l, T0 + 30 * HOUR, 1);
	assert_true(near(lode_ledger_spent(&l, T0 + 30 * HOUR), 1));
	lode_ledger_charge(&l, T0 + 5 * HOUR, 99); /* what is older than a day does not displace what is not */
	assert_true(near(lode_ledger_spent(&l, T0 + 30 * HOUR), 1));
}

static void test_fits_and_when(void **state)
{
	struct lode_ledger l;
	(void)state;
	lode_ledger_init(&l, 0.005);
	assert_true(lode_ledger_fits(&l, T0, 432));
	assert_false(lode_ledger_fits(&l, T0, 432.1));
	lode_ledger_charge(&l, T0, 300);
	lode_ledger_charge(&l, T0 + 3 * HOUR, 100);
	l.held = 20;
	assert_true(lode_ledger_fits(&l, T0 + 3 * HOUR, 12));
	assert_false(lode_ledger_fits(&l, T0 + 3 * HOUR, 13));
	assert_int_equal(lode_ledger_when(&l, T0 + 3 * HOUR, 12), T0 + 3 * HOUR);
	assert_int_equal(lode_ledger_when(&l, T0 + 3 * HOUR, 108), T0 + 25 * HOUR);
	assert_int_equal(lode_ledger_when(&l, T0 + 3 * HOUR, 350), T0 + 28 * HOUR);
	assert_int_equal(lode_ledger_when(&l, T0 + 3 * HOUR, 433), 0);
	lode_ledger_init(&l, 0);
	assert_false(lode_ledger_fits(&l, T0, 1));
	assert_int_equal(lode_ledger_when(&l, T0, 1), 0);
}

static void test_worst(void **state)
{
	struct lode_harm_limits l = {.interval = 1, .block = 60, .washout = 10, .exposure = 1800, .heavy = 0.3};
	(void)state;
	/* 3 s of everything, two blocks and a washout of two thirds, the rest of three tenths */
	assert_true(near(lode_harm_worst(&l, 1e9), 3 + 130 * 2 / 3.0 + 1680 * 0.3));
	assert_true(near(lode_harm_worst(&l, 108), 108));
	l.exposure = 30;
	assert_true(near(lode_harm_worst(&l, 1e9), 3 + 40 * 2 / 3.0));
}

static void feed(struct lode_harm *h, enum lode_harm_part part, double speed, int seconds)
{
	for (int i = 0; i < seconds; i++)
		lode_harm_feed(h, part, speed > 0 ? log(speed) : NAN, 1);
}

static void test_account(void **state)
{
	struct lode_harm h;
	(void)state;
	lode_harm_begin(&h, 0, 0.02, 10, 50);
	feed(&h, LODE_HARM_TREATED, 0.8, 10);
	assert_true(near(lode_harm_charge(&h), 10 * 0.22));
	feed(&h, LODE_HARM_AFTER, 0.9, 2);
	assert_true(near(lode_harm_charge(&h), 10 * 0.22 + 2 * 0.12));
	feed(&h, LODE_HARM_CLEAN, 0.5, 10); /* the work itself has become slower: compared with that from now on */
	feed(&h, LODE_HARM_TREATED, 0.5, 10);
	assert_true(near(lode_harm_charge(&h), 10 * 0.22 + 2 * 0.12 + 10 * 0.02));
	feed(&h, LODE_HARM_TREATED, 5, 10); /* a gain in another piece refills nothing */
	feed(&h, LODE_HARM_TREATED, 0, 5);  /* unmeasured, after a gain: no loss, but for the doubt */
	feed(&h, LODE_HARM_CLEAN, 0.5, 1);
	assert_true(near(lode_harm_charge(&h), 10 * 0.22 + 2 * 0.12 + 15 * 0.02));
	feed(&h, LODE_HARM_TREATED, 0.25, 10);
	feed(&h, LODE_HARM_TREATED, 0, 10); /* unmeasured, after a loss: the same again */
	assert_true(near(lode_harm_charge(&h), 10 * 0.22 + 2 * 0.12 + 15 * 0.02 + 20 * 0.52));
	assert_true(near(h.treated, 55));
	lode_harm_add(&h, 3);
	assert_true(near(lode_harm_charge(&h), 10 * 0.22 + 2 * 0.12 + 15 * 0.02 + 20 * 0.52 + 3));
}

static void test_must_end(void **state)
{
	struct lode_harm h;
	int s = 0;
	(void)state;
	lode_harm_begin(&h, 0, 0, 60, 20);
	while (!lode_harm_must_end(&h, 1, 10)) {
		feed(&h, LODE_HARM_TREATED, 0.5, 1);
		s++;
	}
	assert_int_equal(s, 24); /* 12 lost, 3 until it is undone, 5 until it is forgotten */
	assert_true(near(lode_harm_charge(&h), 12));
}

/* What an adversary's change does in the second s. Each of these tries to hide from a guard: below the trips, in bursts, at the end, or after good news. */
static double hurts(unsigned kind, int s, struct lode_rng *r)
{
	switch (kind) {
	case 0:
		return 0.29;
	case 1:
		return 0.66;
	case 2:
		return s % 3 ? 0 : 1;
	case 3:
		return s > 20 ? 0.6 : -0.5;
	case 4:
		return 0.02;
	case 5:
		return lode_rng_unit(r);
	default:
		return s % 20 < 10 ? -1 : 0.9;
	}
}

/* 1000 trials of a service whose guards are all blind but for the ledger. lost: what was truly lost in each hour. */
static void adversary(uint64_t seed)
{
	struct lode_ledger l;
	struct lode_rng r;
	uint64_t now = T0;
	double hour[40000] = {0};
	unsigned done = 0;
	lode_rng_seed(&r, seed);
	lode_ledger_init(&l, 0.005);
	for (unsigned trial = 0; trial < 1000; trial++) {
		struct lode_harm_limits limits = {1, 60, 10, 60.0 * (double)(1 + lode_rng_below(&r, 30)), 0.3};
		struct lode_harm h;
		unsigned kind = (unsigned)lode_rng_below(&r, 7);
		double worst = lode_harm_worst(&limits, lode_ledger_allowance(&l)), day = 0;
		uint64_t at = lode_ledger_when(&l, now, worst);
		assert_true(at >= now);
		now = at;
		assert_true(lode_ledger_fits(&l, now, worst));
		lode_harm_begin(&h, 0, 0.01, limits.block, worst);
		l.held = worst;
		for (int s = 0; s < limits.exposure && !lode_harm_must_end(&h, 1, 0); s++, now++) {
			double noise = 0.05 * (lode_rng_unit(&r) - 0.5), loss = hurts(kind, s, &r);
			lode_harm_feed(&h, LODE_HARM_TREATED, log(1 - fmin(loss, 0.999)) + noise, 1);
			hour[(now - T0) / HOUR] += loss;
		}
		l.held = 0;
		assert_true(lode_harm_charge(&h) <= worst);
		lode_ledger_charge(&l, now, lode_harm_charge(&h));
		assert_true(lode_ledger_spent(&l, now) <= l.cap);
		for (uint64_t back = 0; back < 25 && back <= (now - T0) / HOUR; back++)
			day += hour[(now - T0) / HOUR - back];
		if (day > l.cap)
			fail_msg("seed %llu trial %u (kind %u): %.1f s were lost in a day, %.1f are allowed", (unsigned long long)seed, trial, kind, day, l.cap);
		done++;
		now += 600;
	}
	assert_int_equal(done, 1000);
}

static void test_adversaries(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		adversary(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_day), cmocka_unit_test(test_fits_and_when), cmocka_unit_test(test_worst),
					   cmocka_unit_test(test_account), cmocka_unit_test(test_must_end), cmocka_unit_test(test_adversaries)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
