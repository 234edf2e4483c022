/* The SWITCH design on made-up intervals: what counts, what does not, and each way in which it can end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "judge/trial.h"
#include "sim/test_judge_noise.h"

/* A trial on a database without noise: cost of a read in each arm is what the test says. */
struct bed {
	struct lode_trial *t;
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_interval iv;
	uint64_t now_ns;
	double interval, us[2];
	uint64_t slow[2];
};

static void put(struct bed *b, double us, uint64_t slow)
{
	struct lode_op *op = &b->iv.op[LODE_H_GET];

	op->count = op->hist.count = 10000;
	op->sum_us = (uint64_t)(us * 10000);
	op->hist.n = 2;
	op->hist.limit[0] = 100, op->hist.limit[1] = 1000;
	op->hist.bucket[0] = op->count - slow, op->hist.bucket[1] = slow;
}

static void setup(struct bed *b, uint64_t seed)
{
	memset(b, 0, sizeof(*b));
	b->now_ns = 7000000000;
	b->interval = 1;
	b->us[0] = b->us[1] = 100;
	b->slow[0] = b->slow[1] = 100;
	b->iv.seconds = 1;
	b->iv.parts = 1;
	b->iv.has_timers = b->iv.has_stats = true;
	put(b, 100, 100);
	lode_baseline_of(&b->iv, &b->base);
	lode_trial_spec_init(&b->spec, LODE_DESIGN_SWITCH, &lode_pace_bench, seed);
}

static void begin(struct bed *b)
{
	b->t = lode_trial_new(&b->spec, &b->base, b->now_ns);
	assert_non_null(b->t);
}

static enum lode_trial_step next(struct bed *b)
{
	enum lode_arm arm = lode_trial_arm(b->t);

	put(b, b->us[arm], b->slow[arm]);
	b->iv.start_ns = b->now_ns;
	b->iv.seconds = b->iv.invalid ? 0 : b->interval;
	b->now_ns += (uint64_t)(b->interval * 1e9);
	b->iv.end_ns = b->now_ns;
	return lode_trial_feed(b->t, &b->iv);
}

/* Feeds until it is done, applying at once. Returns the number of intervals. */
static unsigned finish(struct bed *b)
{
	unsigned n = 0;

	do
		lode_trial_applied(b->t, b->now_ns);
	while (++n < 10000 && next(b) != LODE_TRIAL_DONE);
	return n;
}

static const struct lode_verdict *verdict(struct bed *b)
{
	return lode_trial_verdict(b->t);
}

static void near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.10g is not %.10g", a, b);
}

static void test_keeps_what_is_faster(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 1);
	b.us[LODE_TREATMENT] = 80;
	begin(&b);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_NONE);
	assert_int_equal(lode_trial_pairs_max(b.t), 20);
	near(lode_trial_seconds_left(b.t), 240, 1e-9);
	assert_int_equal(finish(&b), 84); /* seven pairs of two blocks of six seconds */
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_KEEP);
	assert_int_equal(verdict(&b)->pairs, 7);
	near(verdict(&b)->effect, 0.25, 1e-6);
	assert_true(verdict(&b)->lo > 0 && verdict(&b)->lo <= 0.25 && verdict(&b)->hi >= 0.25);
	near(verdict(&b)->p, 1 / 128.0, 0);
	near(verdict(&b)->seconds, 84, 1e-6);
	near(verdict(&b)->metric[LODE_M_GET_TAIL], 0, 1e-9);
	assert_true(isnan(verdict(&b)->metric[LODE_M_WRITE_TAIL]));
	assert_int_equal(lode_trial_arm(b.t), LODE_TREATMENT);
	assert_int_equal(next(&b), LODE_TRIAL_DONE);
	near(lode_trial_seconds_left(b.t), 0, 0);
	lode_trial_stop(b.t, LODE_VERDICT_REVERT, "writes stopped before it was written for good");
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_REVERT);
	assert_int_equal(lode_trial_arm(b.t), LODE_CONTROL);
	lode_trial_free(b.t);
}

static void test_reverts_what_is_slower(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 2);
	b.us[LODE_TREATMENT] = 110;
	begin(&b);
	finish(&b);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_REVERT);
	assert_true(verdict(&b)->pairs >= 3 && verdict(&b)->pairs <= 5); /* no number of wins in the rest could bring it to 20 */
	assert_non_null(strstr(verdict(&b)->why, "given up"));
	assert_int_equal(lode_trial_arm(b.t), LODE_CONTROL);
	lode_trial_free(b.t);

	setup(&b, 2);
	b.spec.pace = &lode_pace_production; /* where thirty pairs leave hope, evidence decides */
	b.us[LODE_TREATMENT] = 110;
	begin(&b);
	finish(&b);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_REVERT);
	assert_int_equal(verdict(&b)->pairs, 7);
	assert_int_equal(verdict(&b)->worst, LODE_M_SPEED);
	assert_true(verdict(&b)->evidence >= 20 && verdict(&b)->hi < 0);
	assert_non_null(strstr(verdict(&b)->why, "evidence"));
	lode_trial_free(b.t);
}

static void test_heavy_loss_ends_at_once(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 3);
	b.spec.pace = &lode_pace_production;
	b.us[LODE_TREATMENT] = 150;
	begin(&b);
	finish(&b);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_REVERT);
	assert_int_equal(verdict(&b)->pairs, 2);
	assert_non_null(strstr(verdict(&b)->why, "stopped early"));
	lode_trial_free(b.t);
}

static void test_guard_stands_in_the_way(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 4);
	b.us[LODE_TREATMENT] = 80;
	b.slow[LODE_TREATMENT] = 200; /* faster, but twice as many slow ones */
	begin(&b);
	finish(&b);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_REVERT);
	assert_int_equal(verdict(&b)->worst, LODE_M_GET_TAIL);
	lode_trial_free(b.t);

	setup(&b, 4);
	b.spec.pace = &lode_pace_production;
	b.us[LODE_TREATMENT] = 80;
	b.slow[LODE_TREATMENT] = 200;
	begin(&b);
	finish(&b);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_REVERT);
	assert_int_equal(verdict(&b)->worst, LODE_M_GET_TAIL);
	assert_non_null(strstr(verdict(&b)->why, "beyond the margin"));
	near(verdict(&b)->metric[LODE_M_GET_TAIL], -log(2), 0.01);
	lode_trial_free(b.t);

	setup(&b, 4);
	b.us[LODE_TREATMENT] = 80;
	b.slow[LODE_TREATMENT] = 120; /* within its margin */
	begin(&b);
	finish(&b);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_KEEP);
	lode_trial_free(b.t);
}

/* Bursts in either arm, a block in three: no evidence about the tail either way. It is kept if the tail is no worse on the whole, and not if it is. */
static void test_noisy_guard(void **state)
{
	static const struct {
		uint64_t burst[2]; /* slow ones in a burst, control and treatment; 100 in calm */
		enum lode_verdict_kind kind;
	} rows[] = {{{1500, 1500}, LODE_VERDICT_KEEP}, {{100, 4000}, LODE_VERDICT_REVERT}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		unsigned kept = 0, runs = 20;

		for (unsigned seed = 0; seed < runs; seed++) {
			struct lode_rng rng;
			struct bed b;

			setup(&b, seed);
			lode_rng_seed(&rng, seed);
			b.us[LODE_TREATMENT] = 60;
			begin(&b);
			for (unsigned n = 0; n < 1000; n++) {
				if (n % 6 == 0) {
					bool burst[2] = {lode_rng_below(&rng, 3) == 0, lode_rng_below(&rng, 3) != 0};
					for (int arm = 0; arm < 2; arm++)
						b.slow[arm] = burst[i ? arm : 0] ? rows[i].burst[arm] : 100;
				}
				lode_trial_applied(b.t, b.now_ns);
				if (next(&b) == LODE_TRIAL_DONE)
					break;
			}
			kept += verdict(&b)->kind == LODE_VERDICT_KEEP;
			lode_trial_free(b.t);
		}
		assert_true(rows[i].kind == LODE_VERDICT_KEEP ? kept >= 15 : kept == 0);
	}
}

static void test_too_small_to_keep(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 5);
	b.spec.scale[LODE_M_SPEED] = 0.01;
	b.us[LODE_TREATMENT] = 99;
	begin(&b);
	finish(&b);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_REVERT);
	assert_int_equal(verdict(&b)->pairs, 20);
	assert_non_null(strstr(verdict(&b)->why, "too small"));
	lode_trial_free(b.t);
}

/* What happens in the washout, or while an arm waits to be applied, must not reach the verdict. */
static void test_washout_and_waiting_do_not_count(void **state)
{
	struct bed b;
	unsigned switches = 0;
	double fine;

	(void)state;
	setup(&b, 6);
	b.us[LODE_TREATMENT] = fine = 80;
	begin(&b);
	for (int i = 0; i < 1000; i++) {
		enum lode_trial_step step = next(&b);

		if (step == LODE_TRIAL_DONE)
			break;
		b.us[LODE_TREATMENT] = fine;
		if (step != LODE_TRIAL_SWITCH)
			continue;
		switches++;
		b.us[LODE_TREATMENT] = 1e6; /* pending: asked for again, and not counted */
		assert_int_equal(next(&b), LODE_TRIAL_SWITCH);
		b.now_ns += 200000000; /* applying takes a fifth of a second */
		lode_trial_applied(b.t, b.now_ns);
		next(&b); /* the washout, still terrible */
		b.us[LODE_TREATMENT] = fine;
	}
	assert_in_range(switches, 7, 14);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_KEEP);
	near(verdict(&b)->effect, 0.25, 1e-6);
	lode_trial_free(b.t);
}

/* The interval after a sample holds the moment of applying; the one after it must not be lost to a few milliseconds. */
static void test_applying_takes_a_moment(void **state)
{
	struct bed b;
	unsigned n = 0;

	(void)state;
	setup(&b, 7);
	b.us[LODE_TREATMENT] = 80;
	begin(&b);
	do
		lode_trial_applied(b.t, b.now_ns + 5000000);
	while (++n < 1000 && next(&b) != LODE_TRIAL_DONE);
	assert_int_equal(n, 84);
	lode_trial_free(b.t);
}

static void test_other_sampling_intervals(void **state)
{
	static const double interval[] = {0.1, 0.5, 2, 10};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct bed b;

		setup(&b, 8);
		b.interval = interval[i];
		b.us[LODE_TREATMENT] = 80;
		begin(&b);
		finish(&b);
		assert_int_equal(verdict(&b)->kind, LODE_VERDICT_KEEP);
		assert_in_range(verdict(&b)->pairs, 7, 8);
		assert_true(verdict(&b)->seconds >= 7 * 12 - 8 && verdict(&b)->seconds <= fmax(7 * 12 + 15, 7 * 2 * 2 * interval[i]));
		lode_trial_free(b.t);
	}
}

static void test_longer_blocks(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 9);
	b.spec.blocks = LODE_BLOCKS_FLUSH;
	b.us[LODE_TREATMENT] = 80;
	begin(&b);
	assert_int_equal(finish(&b), 140);
	lode_trial_free(b.t);
	setup(&b, 9);
	b.spec.block_scale = 2;
	b.us[LODE_TREATMENT] = 80;
	begin(&b);
	assert_int_equal(finish(&b), 168);
	lode_trial_free(b.t);
}

static void test_cache_blocks_follow_the_fill(void **state)
{
	static const double fill[] = {0.1, 1.5, 2}, block[] = {3, 3.5, 4};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bed b;

		setup(&b, 9);
		b.spec.blocks = LODE_BLOCKS_CACHE;
		b.spec.fill = fill[i];
		b.us[LODE_TREATMENT] = 80;
		begin(&b);
		near(lode_trial_seconds_left(b.t), 20 * 2 * block[i], 1e-9);
		finish(&b);
		assert_int_equal(verdict(&b)->kind, LODE_VERDICT_KEEP);
		assert_int_equal(verdict(&b)->pairs, 7);
		lode_trial_free(b.t);
	}
}

static void test_invalid_intervals(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 10);
	b.us[LODE_TREATMENT] = 80;
	begin(&b);
	for (int i = 0; i < 1000 && verdict(&b)->kind == LODE_VERDICT_NONE; i++) {
		lode_trial_applied(b.t, b.now_ns);
		b.iv.invalid = i % 5 == 4 ? LODE_INVALID_CLOCK : LODE_VALID; /* now and then: blocks stretch */
		next(&b);
	}
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_KEEP);
	assert_true(verdict(&b)->seconds > 95);
	lode_trial_free(b.t);

	setup(&b, 10);
	begin(&b);
	for (int i = 0; i < 1000 && verdict(&b)->kind == LODE_VERDICT_NONE; i++) {
		lode_trial_applied(b.t, b.now_ns);
		b.iv.invalid = i % 2 ? LODE_INVALID_RESET : LODE_VALID; /* half of them: pairs are thrown away */
		next(&b);
	}
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_INVALID);
	assert_int_equal(verdict(&b)->pairs, 0);
	lode_trial_free(b.t);

	setup(&b, 10);
	b.iv.invalid = LODE_INVALID_EPOCH; /* never a valid one */
	begin(&b);
	assert_in_range(finish(&b), 30, 400);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_INVALID);
	lode_trial_free(b.t);
}

/* Timers that are off now and then stretch the blocks; what is counted meanwhile is in none of them. Off for good, there is no verdict. */
static void test_untimed_intervals(void **state)
{
	struct bed b;

	(void)state;
	for (int every = 5; every >= 1; every -= 4) {
		setup(&b, 10);
		b.us[LODE_TREATMENT] = 80;
		begin(&b);
		for (int i = 0; i < 1000 && verdict(&b)->kind == LODE_VERDICT_NONE; i++) {
			double us[2] = {b.us[0], b.us[1]};

			lode_trial_applied(b.t, b.now_ns);
			b.iv.has_timers = i % every != every - 1;
			if (!b.iv.has_timers) /* as if the few that were timed had told the opposite */
				b.us[LODE_CONTROL] = 1, b.us[LODE_TREATMENT] = 900;
			next(&b);
			b.us[0] = us[0], b.us[1] = us[1];
		}
		assert_int_equal(verdict(&b)->kind, every > 1 ? LODE_VERDICT_KEEP : LODE_VERDICT_INVALID);
		assert_true(every == 1 || (verdict(&b)->effect > 0.2 && verdict(&b)->effect < 0.3));
		lode_trial_free(b.t);
	}
}

/* Counters alone: writers gain much and readers lose a little. All operations together are more, and yet it is not kept. */
static void test_rate_of_one_kind_stands_in_the_way(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 12);
	b.iv.has_timers = false;
	b.iv.ticker[LODE_T_KEYS_READ] = 10000;
	b.iv.keys_written = 10000;
	lode_baseline_of(&b.iv, &b.base);
	begin(&b);
	for (int i = 0; i < 2000 && verdict(&b)->kind == LODE_VERDICT_NONE; i++) {
		bool treated = lode_trial_arm(b.t) == LODE_TREATMENT;

		lode_trial_applied(b.t, b.now_ns);
		b.iv.ticker[LODE_T_KEYS_READ] = treated ? 8500 : 10000;
		b.iv.keys_written = treated ? 14000 : 10000;
		next(&b);
	}
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_REVERT);
	assert_int_equal(verdict(&b)->worst, LODE_M_GET_RATE);
	near(verdict(&b)->metric[LODE_M_GET_RATE], log(0.85), 1e-9);
	assert_true(verdict(&b)->effect > 0.1 && strstr(verdict(&b)->why, "get rate"));
	lode_trial_free(b.t);
}

static void test_never_applied_ends(void **state)
{
	struct bed b;
	unsigned n = 0;

	(void)state;
	setup(&b, 11);
	begin(&b);
	while (++n < 1000 && next(&b) != LODE_TRIAL_DONE)
		;
	assert_true(n < 400);
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_INVALID);
	lode_trial_free(b.t);
}

/* While writes are throttled no block begins, of either arm; but the wait has an end. */
static void test_blocks_wait_for_a_quiet_moment(void **state)
{
	struct bed b;

	(void)state;
	for (uint64_t seed = 20; seed < 40; seed++) {
		enum lode_arm arm;
		unsigned waited = 0;

		setup(&b, seed);
		begin(&b);
		lode_trial_applied(b.t, b.now_ns);
		for (int i = 0; i < 5; i++)
			next(&b);
		b.iv.delayed_s = 0.5;
		arm = lode_trial_arm(b.t);
		next(&b); /* the first block closes in a throttled moment */
		assert_int_equal(lode_trial_arm(b.t), arm);
		while (lode_trial_arm(b.t) == arm && waited < 100) {
			if (seed % 2 && waited == 3)
				b.iv.delayed_s = 0;
			next(&b);
			waited++;
		}
		assert_int_equal(waited, seed % 2 ? 4 : 7);
		lode_trial_free(b.t);
	}
}

static void test_coin_is_fair_and_seeded(void **state)
{
	unsigned first[2] = {0, 0};

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct bed b;
		enum lode_arm arm;

		setup(&b, seed);
		begin(&b);
		first[arm = lode_trial_arm(b.t)]++;
		lode_trial_free(b.t);
		begin(&b);
		assert_int_equal(lode_trial_arm(b.t), arm);
		lode_trial_free(b.t);
	}
	assert_in_range(first[LODE_TREATMENT], 160, 240);
}

static void test_same_seed_same_verdict(void **state)
{
	struct lode_verdict v[2];

	(void)state;
	for (uint64_t seed = 1; seed < 30; seed++) {
		for (int i = 0; i < 2; i++) {
			struct noise n;

			noise_init(&n, seed, NOISE_HEAVY, 0.5, 0.05, 1, 90);
			n.effect = 0.1;
			v[i] = noise_trial(&n, seed % 2 ? LODE_DESIGN_SWITCH : LODE_DESIGN_START, &lode_pace_bench, seed, 8);
		}
		assert_int_equal(v[0].kind, v[1].kind);
		assert_memory_equal(&v[0].effect, &v[1].effect, sizeof(double));
		assert_string_equal(v[0].why, v[1].why);
		assert_true(strlen(v[0].why) > 20 && strlen(v[0].why) < sizeof(v[0].why) - 1);
	}
}

static void test_stopped_from_outside(void **state)
{
	struct bed b;

	(void)state;
	setup(&b, 12);
	begin(&b);
	lode_trial_stop(b.t, LODE_VERDICT_INVALID, "the operator said so");
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_INVALID);
	assert_string_equal(verdict(&b)->why, "the operator said so");
	assert_int_equal(lode_trial_arm(b.t), LODE_CONTROL);
	lode_trial_stop(b.t, LODE_VERDICT_REVERT, "again"); /* the first word stands */
	assert_int_equal(verdict(&b)->kind, LODE_VERDICT_INVALID);
	assert_int_equal(next(&b), LODE_TRIAL_DONE);
	lode_trial_free(b.t);
	lode_trial_free(NULL);
}

static void test_scales(void **state)
{
	static struct lode_interval history[60];
	struct lode_trial_spec s, first;
	struct bed b;
	struct noise n;

	(void)state;
	setup(&b, 13);
	lode_trial_spec_init(&first, LODE_DESIGN_SWITCH, &lode_pace_bench, 1);
	s = first;
	lode_trial_scales(&s, &b.base, NULL, 0);
	near(s.scale[LODE_M_SPEED], first.scale[LODE_M_SPEED], 0); /* nothing known: the first guess */
	noise_init(&n, 5, NOISE_CLEAN, 0, 0.05, 1, 60);
	for (int i = 0; i < 60; i++)
		history[i] = *noise_next(&n, LODE_CONTROL);
	history[7].invalid = LODE_INVALID_CLOCK;
	lode_baseline_of(&history[0], &b.base);
	lode_trial_scales(&s, &b.base, history, 60);
	near(s.scale[LODE_M_SPEED], 0.05 * sqrt(2 / 5.0), 0.01);
	near(s.margin[LODE_M_GET_TAIL], 0.4, 0);
	noise_init(&n, 5, NOISE_CLEAN, 0, 0, 1, 60);
	n.tail_sd = 0;
	for (int i = 0; i < 60; i++)
		history[i] = *noise_next(&n, LODE_CONTROL);
	lode_trial_scales(&s, &b.base, history, 60);
	near(s.scale[LODE_M_SPEED], 0.01, 0); /* floors */
	near(s.scale[LODE_M_GET_TAIL], 0.05, 0);
	noise_init(&n, 5, NOISE_CLEAN, 0, 0.05, 1, 60);
	n.tail_sd = 2;
	for (int i = 0; i < 60; i++)
		history[i] = *noise_next(&n, LODE_CONTROL);
	lode_trial_scales(&s, &b.base, history, 60);
	near(s.margin[LODE_M_GET_TAIL], 0.7, 0); /* a wild tail is guarded as closely as it can be, within limits */
	near(s.margin[LODE_M_WRITE_TAIL], 0.4, 0);
}

static void test_paces(void **state)
{
	(void)state;
	assert_ptr_equal(lode_pace_find("bench"), &lode_pace_bench);
	assert_ptr_equal(lode_pace_find("production"), &lode_pace_production);
	assert_null(lode_pace_find("leisurely"));
	assert_null(lode_pace_find(NULL));
	assert_string_equal(lode_design_name(LODE_DESIGN_SWITCH), "switch");
	assert_string_equal(lode_design_name(LODE_DESIGN_START), "start");
	assert_string_equal(lode_verdict_name(LODE_VERDICT_KEEP), "keep");
	assert_string_equal(lode_verdict_name((enum lode_verdict_kind)99), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keeps_what_is_faster),
	    cmocka_unit_test(test_reverts_what_is_slower),
	    cmocka_unit_test(test_heavy_loss_ends_at_once),
	    cmocka_unit_test(test_guard_stands_in_the_way),
	    cmocka_unit_test(test_noisy_guard),
	    cmocka_unit_test(test_too_small_to_keep),
	    cmocka_unit_test(test_washout_and_waiting_do_not_count),
	    cmocka_unit_test(test_applying_takes_a_moment),
	    cmocka_unit_test(test_other_sampling_intervals),
	    cmocka_unit_test(test_longer_blocks),
	    cmocka_unit_test(test_cache_blocks_follow_the_fill),
	    cmocka_unit_test(test_invalid_intervals),
	    cmocka_unit_test(test_untimed_intervals),
	    cmocka_unit_test(test_rate_of_one_kind_stands_in_the_way),
	    cmocka_unit_test(test_never_applied_ends),
	    cmocka_unit_test(test_blocks_wait_for_a_quiet_moment),
	    cmocka_unit_test(test_coin_is_fair_and_seeded),
	    cmocka_unit_test(test_same_seed_same_verdict),
	    cmocka_unit_test(test_stopped_from_outside),
	    cmocka_unit_test(test_scales),
	    cmocka_unit_test(test_paces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
