/* Weeks of watching a kept change whose gain stays: how often does the drift watch ask, and how often is the gain then put back for nothing? And a gain that
 * is gone: how soon is it put back? The detector and the trial are the real ones; the lengths are those of agent/watch.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>

#include "judge/drift.h"
#include "test_judge_noise.h"

#define WEEK_BLOCKS 10080 /* of a minute */
#define RATE 930.0	  /* blocks from one false alarm to the next, by the table of the CUSUM */

struct weeks {
	unsigned alarms, checks, put_back;
	double minutes; /* until the first put back */
};

static enum lode_verdict_kind check(const struct noise *like, uint64_t seed)
{
	static struct lode_interval history[30], window;
	struct noise n = *like;
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_trial *t;
	enum lode_verdict_kind kind;

	memset(&window, 0, sizeof(window));
	for (size_t i = 0; i < 30; i++) {
		history[i] = *noise_next(&n, LODE_TREATMENT);
		lode_interval_add(&window, &history[i]);
	}
	lode_baseline_of(&window, &base);
	lode_trial_spec_init(&spec, LODE_DESIGN_SWITCH, &lode_pace_production, seed);
	spec.alpha *= 4; /* it was proven before */
	lode_trial_scales(&spec, &base, history, 30);
	t = lode_trial_new(&spec, &base, n.now_ns);
	assert_non_null(t);
	do
		lode_trial_applied(t, n.now_ns);
	while (lode_trial_feed(t, noise_next(&n, lode_trial_arm(t))) != LODE_TRIAL_DONE);
	kind = lode_trial_verdict(t)->kind;
	lode_trial_free(t);
	return kind;
}

/* Until the weeks are over or the change was put back for good; what stands after a check is watched on, at growing distances. */
static void watch(struct weeks *out, uint64_t seed, double phi, double gain, double lost_at, unsigned weeks)
{
	struct noise n;
	struct lode_drift d;
	double spacing = 60, not_before = 60;

	noise_init(&n, seed, NOISE_CLEAN, phi, 0.05, 10, WEEK_BLOCKS * 60.0);
	n.effect = gain;
	lode_drift_init(&d);
	for (unsigned b = 0; b < weeks * WEEK_BLOCKS; b++) {
		double y = 0;
		for (int i = 0; i < 6; i++) {
			n.x = phi * n.x + n.sd * sqrt(1 - phi * phi) * noise_normal(&n.rng);
			y += (n.x + (b < lost_at ? gain : 0)) / 6;
		}
		if (!lode_drift_feed(&d, y))
			continue;
		out->alarms++;
		if (b < not_before)
			continue;
		out->checks++;
		n.effect = b < lost_at ? gain : 0;
		if (check(&n, seed * 1000 + b) == LODE_VERDICT_REVERT) {
			out->put_back++;
			out->minutes += b - lost_at;
			return;
		}
		spacing = fmin(2 * spacing, 60 * 64);
		not_before = b + spacing;
	}
}

static void false_put_backs(void **state)
{
	static const double phis[] = {0, 0.5, 0.8}, gains[] = {0.03, 0.05, 0.1};
	unsigned weeks = getenv("LODE_TEST_WEEKS") ? (unsigned)atoi(getenv("LODE_TEST_WEEKS")) : 12;
	(void)state;
	for (int p = 0; p < 3; p++)
		for (int g = 0; g < 3; g++) {
			struct weeks w = {0};
			for (unsigned i = 0; i < weeks; i++)
				watch(&w, 100 * (uint64_t)(3 * p + g) + i, phis[p], gains[g], INFINITY, 1);
			if (getenv("LODE_TEST_PRINT"))
				printf("phi %.1f gain %2.0f %%: %.2f alarms, %.2f checks a week, %u of %u weeks with a gain put back for nothing\n", phis[p], 100 * gains[g],
				       (double)w.alarms / weeks, (double)w.checks / weeks, w.put_back, weeks);
			assert_true(w.alarms <= weeks * WEEK_BLOCKS / RATE);
			if (gains[g] >= 0.05)
				assert_true(w.put_back * 20 <= weeks);
		}
}

static void gone_gains(void **state)
{
	struct weeks w = {0};
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		watch(&w, 5000 + i, 0.5, 0.1, 2000, 2);
	if (getenv("LODE_TEST_PRINT"))
		printf("a gain of 10 %% that is gone: put back in %u of 20, after %.0f minutes\n", w.put_back, w.minutes / w.put_back);
	assert_true(w.put_back >= 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(false_put_backs), cmocka_unit_test(gone_gains)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
