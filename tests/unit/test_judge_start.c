/* The START design: the rank is exact, the layout of time is kept, and each way in which it can end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "judge/onset.h"
#include "judge/trial.h"
#include "sim/test_judge_noise.h"

static const struct lode_onset layout = {.bins = 68, .first = 9, .step = 2, .slots = 24, .washout = 3, .window = 8};

static void near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.10g is not %.10g", a, b);
}

static void record(uint64_t seed, enum noise_shape shape, double phi, double *y)
{
	struct noise n;
	struct lode_baseline b = {.mix = {1}};
	struct lode_metrics m;

	noise_init(&n, seed, shape, phi, 0.05, 1, 60);
	for (unsigned i = 0; i < layout.bins; i++) {
		lode_metrics_of(&b, noise_next(&n, LODE_CONTROL), &m);
		y[i] = m.v[LODE_M_SPEED];
	}
}

/* In a record without an effect the candidates' ranks are a permutation: whichever is drawn, one in 24 comes first. */
static void test_rank_is_exact(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		double y[LODE_BINS_MAX], gain[LODE_SLOTS_MAX];
		unsigned seen = 0, harm = 0;

		record(seed, seed % NOISE_SHAPES, 0.8, y);
		lode_onset_scan(&layout, y, gain);
		for (unsigned s = 0; s < layout.slots; s++) {
			seen |= 1u << (lode_onset_rank(&layout, gain, s, 1) - 1);
			harm |= 1u << (lode_onset_rank(&layout, gain, s, -1) - 1);
		}
		assert_int_equal(seen, (1u << 24) - 1);
		assert_int_equal(harm, (1u << 24) - 1);
	}
}

static void test_ties_count_against(void **state)
{
	double y[LODE_BINS_MAX] = {0}, gain[LODE_SLOTS_MAX];

	(void)state;
	lode_onset_scan(&layout, y, gain); /* nothing ever happens */
	for (unsigned s = 0; s < layout.slots; s++) {
		assert_int_equal(lode_onset_rank(&layout, gain, s, 1), 24);
		assert_int_equal(lode_onset_rank(&layout, gain, s, -1), 24);
	}
}

static void test_finds_the_bend(void **state)
{
	double y[LODE_BINS_MAX], gain[LODE_SLOTS_MAX], lo, hi;

	(void)state;
	for (unsigned s = 0; s < layout.slots; s++)
		for (int ramp = 0; ramp < 2; ramp++) {
			record(900 + s, NOISE_CLEAN, 0.5, y);
			for (unsigned i = 0; layout.first + 2 * s + i < layout.bins; i++)
				y[layout.first + 2 * s + i] += ramp ? 0.6 * (1 - exp(-(i + 0.5) / 2)) : 0.4;
			lode_onset_scan(&layout, y, gain);
			assert_int_equal(lode_onset_rank(&layout, gain, s, 1), 1);
			assert_int_equal(lode_onset_rank(&layout, gain, s, -1), 24);
			near(lode_onset_change(&layout, y, s), ramp ? 0.58 : 0.4, 0.12);
			lode_onset_interval(&layout, y, s, &lo, &hi);
			if (!(lo > 0.1 && lo < hi && hi < 1.6))
				fail_msg("slot %u ramp %d: %g to %g", s, ramp, lo, hi);
		}
}

static struct lode_interval history[NOISE_PAST_MAX];

static struct lode_trial *begin(struct noise *n, uint64_t seed, size_t past, struct lode_trial_spec *spec)
{
	struct lode_interval window;
	struct lode_baseline base;
	struct lode_trial *t;

	memset(&window, 0, sizeof(window));
	for (size_t i = 0; i < past; i++) {
		history[i] = *noise_next(n, LODE_CONTROL);
		lode_interval_add(&window, &history[i]);
	}
	if (!past)
		lode_interval_add(&window, noise_next(n, LODE_CONTROL));
	lode_baseline_of(&window, &base);
	lode_trial_spec_init(spec, LODE_DESIGN_START, &lode_pace_bench, seed);
	t = lode_trial_new(spec, &base, n->now_ns);
	assert_non_null(t);
	if (past)
		lode_trial_prime(t, history, past);
	return t;
}

/* Control until the drawn slot, treatment ever after; every draw of the same record ends at the same second. */
static void test_layout_of_time(void **state)
{
	uint64_t seen = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 600; seed++) {
		struct lode_trial_spec spec;
		struct noise n;
		struct lode_trial *t;
		unsigned fed = 0, start = 0, slot;

		noise_init(&n, 3, NOISE_CLEAN, 0.5, 0.05, 1, 60);
		t = begin(&n, seed, 20, &spec);
		assert_int_equal(lode_trial_pairs_max(t), 40);
		near(lode_trial_seconds_left(t), 1 + 60 + 3 + 8, 1e-6);
		for (;;) {
			enum lode_trial_step step = lode_trial_feed(t, noise_next(&n, lode_trial_arm(t)));

			fed++;
			if (step == LODE_TRIAL_DONE)
				break;
			if (step == LODE_TRIAL_SWITCH) {
				assert_int_equal(start, 0);
				assert_int_equal(lode_trial_arm(t), LODE_TREATMENT);
				start = fed;
				slot = (unsigned)ceil((fed - 1) / 1.5);
				assert_int_equal(fed, 1 + (unsigned)(1.5 * slot)); /* at whole seconds, one and two apart in turn */
				assert_in_range(lode_trial_pairs_done(t), slot ? slot - 1 : 0, slot);
				seen |= (uint64_t)1 << slot;
				lode_trial_applied(t, n.now_ns + 3000000);
			}
		}
		assert_int_equal(fed, 72);
		assert_int_equal(lode_trial_verdict(t)->pairs, 40);
		lode_trial_free(t);
	}
	assert_true(seen == ((uint64_t)1 << 40) - 1); /* every slot can be drawn */
}

static void test_without_history_it_waits_for_one(void **state)
{
	struct lode_trial_spec spec;
	struct lode_trial *t;
	struct noise n;
	unsigned fed = 1;

	(void)state;
	for (size_t past = 0; past < 6; past += 5) {
		fed = 1;
		noise_init(&n, 4, NOISE_CLEAN, 0.5, 0.05, 1, 60);
		t = begin(&n, 9, past, &spec);
		while (lode_trial_feed(t, noise_next(&n, lode_trial_arm(t))) != LODE_TRIAL_DONE) {
			lode_trial_applied(t, n.now_ns);
			fed++;
		}
		assert_int_equal(fed, 8 - past + 60 + 11);
		lode_trial_free(t);
	}
}

static struct lode_verdict one(double effect, double tail_effect, uint64_t seed)
{
	struct noise n;

	noise_init(&n, seed, NOISE_CLEAN, 0.5, 0.03, 1, 60);
	n.effect = effect;
	n.tail_effect = tail_effect;
	return noise_trial(&n, LODE_DESIGN_START, &lode_pace_bench, seed, 8);
}

static void test_verdicts(void **state)
{
	struct lode_verdict v;

	(void)state;
	for (uint64_t seed = 1; seed < 20; seed++) {
		v = one(log(1.5), 0.2, seed);
		assert_int_equal(v.kind, LODE_VERDICT_KEEP);
		assert_int_equal(v.design, LODE_DESIGN_START);
		near(v.effect, 0.5, 0.15);
		assert_true(v.lo > 0.2 && v.hi < 0.9 && v.lo <= v.effect && v.effect <= v.hi);
		near(v.p, 1 / 40.0, 1e-12);
		near(v.evidence, 40, 1e-9);
		v = one(log(0.8), 0, seed);
		assert_int_equal(v.kind, LODE_VERDICT_REVERT);
		assert_int_equal(v.worst, LODE_M_SPEED);
		assert_non_null(strstr(v.why, "worse"));
		v = one(log(1.5), -1.5, seed); /* faster on average, four times as many slow ones */
		assert_int_equal(v.kind, LODE_VERDICT_REVERT);
		assert_int_equal(v.worst, LODE_M_GET_TAIL);
		v = one(log(0.5), 0, seed);
		assert_int_equal(v.kind, LODE_VERDICT_REVERT);
		if (v.seconds < 67)
			assert_non_null(strstr(v.why, "stopped early"));
	}
}

static void test_late_or_broken_is_invalid(void **state)
{
	struct lode_trial_spec spec;
	struct lode_trial *t;
	struct noise n;
	int i;

	(void)state;
	noise_init(&n, 5, NOISE_CLEAN, 0.5, 0.05, 1, 60); /* never applied */
	t = begin(&n, 1, 8, &spec);
	while (lode_trial_feed(t, noise_next(&n, LODE_CONTROL)) != LODE_TRIAL_DONE)
		;
	assert_int_equal(lode_trial_verdict(t)->kind, LODE_VERDICT_INVALID);
	assert_true(lode_trial_verdict(t)->seconds < 68);
	lode_trial_free(t);

	noise_init(&n, 5, NOISE_CLEAN, 0.5, 0.05, 1, 60); /* applied long after, without intervals in between */
	t = begin(&n, 1, 8, &spec);
	while (lode_trial_feed(t, noise_next(&n, LODE_CONTROL)) != LODE_TRIAL_SWITCH)
		;
	lode_trial_applied(t, n.now_ns + 9000000000);
	assert_int_equal(lode_trial_verdict(t)->kind, LODE_VERDICT_INVALID);
	assert_int_equal(lode_trial_arm(t), LODE_CONTROL);
	lode_trial_free(t);

	noise_init(&n, 5, NOISE_CLEAN, 0.5, 0.05, 1, 60); /* every other interval invalid */
	t = begin(&n, 1, 8, &spec);
	for (i = 0; i < 200; i++) {
		noise_next(&n, lode_trial_arm(t));
		n.iv.invalid = i % 2 ? LODE_INVALID_RESET : LODE_VALID;
		if (lode_trial_feed(t, &n.iv) == LODE_TRIAL_DONE)
			break;
		lode_trial_applied(t, n.now_ns);
	}
	assert_int_equal(lode_trial_verdict(t)->kind, LODE_VERDICT_INVALID);
	lode_trial_free(t);
}

/* Slow sampling makes longer bins, and with them longer slots; production's pace fits as well. */
static void test_other_paces_and_intervals(void **state)
{
	struct lode_verdict v;
	struct noise n;

	(void)state;
	noise_init(&n, 6, NOISE_CLEAN, 0.3, 0.03, 10, 600);
	n.effect = log(1.5);
	v = noise_trial(&n, LODE_DESIGN_START, &lode_pace_bench, 5, 8);
	assert_int_equal(v.kind, LODE_VERDICT_KEEP);
	noise_init(&n, 7, NOISE_CLEAN, 0.3, 0.03, 10, 2000);
	n.effect = log(1.5);
	n.ramp = 60;
	v = noise_trial(&n, LODE_DESIGN_START, &lode_pace_production, 6, 40);
	assert_int_equal(v.kind, LODE_VERDICT_KEEP);
	near(v.seconds, 30 + 40 * 60 + 420, 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rank_is_exact),
	    cmocka_unit_test(test_ties_count_against),
	    cmocka_unit_test(test_finds_the_bend),
	    cmocka_unit_test(test_layout_of_time),
	    cmocka_unit_test(test_without_history_it_waits_for_one),
	    cmocka_unit_test(test_verdicts),
	    cmocka_unit_test(test_late_or_broken_is_invalid),
	    cmocka_unit_test(test_other_paces_and_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
