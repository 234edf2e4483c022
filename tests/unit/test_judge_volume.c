/* The VOLUME design on made-up work: how each verdict comes about, and how often noise alone is kept. Without an argument a quick run; with a number, so
 * many trials a cell: the rates that the manual quotes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>

#include "sim/test_judge_noise.h"

#define CHUNK 1e9
#define SETTLE 8 /* chunks: the rule's volume */

static unsigned trials = 150;

struct work {
	struct noise noise;	    /* of log work; its own speed is made below */
	double effect, speed;	    /* log units, in the end */
	double transient, stays;    /* at once, fading over so many chunks */
	double slope;		    /* growth of the upper levels per byte, under the change, settled or not */
	double stop;		    /* write no more after so many chunks; 0: go on */
	bool stats_lost;
};

/* One interval that fills one chunk: 10 bytes of work per byte written, 100 us an operation. `live`: chunks since the change, < 0: not live. */
static void chunk_of_work(struct work *w, double live, unsigned at, struct lode_interval *iv)
{
	double speed = noise_normal(&w->noise.rng) * 0.01 + (live >= 0 ? w->speed : 0), work, above = live >= 0 ? w->slope * live * CHUNK : 0;
	const struct lode_interval *n = noise_next(&w->noise, LODE_CONTROL);
	struct lode_op *op = &iv->op[LODE_H_WRITE];

	work = log(10) + log((double)n->op[LODE_H_GET].sum_us / 1e6) + (live >= 0 ? w->effect + w->transient * exp(-live / fmax(1, w->stays)) : 0);
	memset(iv, 0, sizeof(*iv));
	iv->start_ns = n->start_ns;
	iv->end_ns = n->end_ns;
	iv->seconds = n->seconds;
	iv->parts = 1;
	iv->has_stats = iv->has_timers = true;
	if (w->stop > 0 && at >= w->stop)
		return;
	iv->bytes_written = (uint64_t)(2 * CHUNK);
	iv->ticker[LODE_T_FLUSH_WRITE_BYTES] = (uint64_t)CHUNK;
	iv->ticker[LODE_T_COMPACT_WRITE_BYTES] = (uint64_t)(2 * CHUNK * exp(work) - CHUNK);
	iv->ticker[LODE_T_COMPACT_READ_BYTES] = iv->ticker[LODE_T_COMPACT_WRITE_BYTES];
	iv->level_bytes_excess = (uint64_t)(50 * CHUNK + above);
	op->count = op->hist.count = 10000;
	op->sum_us = op->hist.sum = (uint64_t)(1e6 * exp(-speed));
	op->hist.n = 2;
	op->hist.limit[0] = 200, op->hist.limit[1] = 2000;
	op->hist.bucket[0] = 9900, op->hist.bucket[1] = 100;
}

static void work_init(struct work *w, uint64_t seed, enum noise_shape shape, double phi, double sd)
{
	memset(w, 0, sizeof(*w));
	noise_init(&w->noise, seed, shape, phi, sd, 100, 4500);
}

static struct lode_verdict run(struct work *w, uint64_t seed)
{
	static struct lode_interval iv;
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_verdict v = {0};
	struct lode_trial *t;
	double live = -1;

	chunk_of_work(w, -1, 0, &iv);
	lode_baseline_of(&iv, &base);
	lode_trial_spec_init(&spec, LODE_DESIGN_VOLUME, &lode_pace_production, seed);
	spec.settle = SETTLE * CHUNK;
	spec.cycle = CHUNK / 10;
	t = lode_trial_new(&spec, &base, w->noise.now_ns);
	if (!t)
		return v;
	for (unsigned i = 0; i < 100000; i++) {
		enum lode_trial_step step;

		chunk_of_work(w, live, i, &iv);
		live += live >= 0;
		if (w->stats_lost && i % 2)
			iv.invalid = LODE_INVALID_RESET;
		step = lode_trial_feed(t, &iv);
		if (step == LODE_TRIAL_DONE)
			break;
		if (step == LODE_TRIAL_SWITCH) {
			live = 0;
			lode_trial_applied(t, w->noise.now_ns);
		}
	}
	v = *lode_trial_verdict(t);
	assert_true(lode_trial_arm(t) == (v.kind == LODE_VERDICT_KEEP ? LODE_TREATMENT : LODE_CONTROL));
	lode_trial_free(t);
	return v;
}

static bool blamed(const struct lode_verdict *v)
{
	return v->kind == LODE_VERDICT_REVERT && !strncmp(v->why, "more work", 9);
}

/* ---- each way it can end ---- */

static struct work quiet(void)
{
	struct work w;

	work_init(&w, 5, NOISE_CLEAN, 0, 0.01);
	return w;
}

static void test_less_work_is_kept(void **state)
{
	struct work w = quiet();
	struct lode_verdict v;

	(void)state;
	w.effect = log(0.8);
	v = run(&w, 1);
	assert_int_equal(v.kind, LODE_VERDICT_KEEP);
	assert_true(v.effect > 0.18 && v.effect < 0.22 && v.lo > 0.15 && v.hi < 0.25);
	assert_true(fabs(v.p - 0.05) < 1e-9);
}

static void test_more_work_is_blamed(void **state)
{
	struct work w = quiet();
	struct lode_verdict v;

	(void)state;
	w.effect = log(1.2);
	v = run(&w, 2);
	assert_true(blamed(&v));
	assert_true(v.effect < -0.18);
}

/* The first hours show a fall by two thirds, the end a rise: the reason for all this. */
static void test_a_flattering_beginning(void **state)
{
	struct work w = quiet();
	struct lode_verdict v;

	(void)state;
	w.effect = log(1.1);
	w.transient = log(0.3);
	w.stays = 2;
	v = run(&w, 3);
	assert_int_equal(v.kind, LODE_VERDICT_REVERT);
	w = quiet();
	w.transient = log(0.3);
	w.stays = 2;
	v = run(&w, 3);
	assert_int_equal(v.kind, LODE_VERDICT_REVERT);
	w = quiet(); /* and the other way round */
	w.effect = log(0.9);
	w.transient = log(2);
	w.stays = 2;
	v = run(&w, 3);
	assert_int_equal(v.kind, LODE_VERDICT_KEEP);
}

static void ends(struct work w, enum lode_verdict_kind kind, const char *why)
{
	struct lode_verdict v = run(&w, 4);

	if (v.kind != kind || !strstr(v.why, why))
		fail_msg("%s: %s", lode_verdict_name(v.kind), v.why);
}

static void test_other_ends(void **state)
{
	struct work w;

	(void)state;
	w = quiet();
	w.effect = log(0.8);
	w.speed = log(0.9);
	ends(w, LODE_VERDICT_REVERT, "speed was not shown to be unharmed");
	w = quiet();
	w.effect = log(0.8);
	w.slope = 0.2;
	ends(w, LODE_VERDICT_REVERT, "still grow");
	w = quiet();
	w.effect = log(0.8);
	w.speed = log(0.6);
	ends(w, LODE_VERDICT_REVERT, "stopped early");
	w = quiet();
	w.effect = log(0.8);
	w.stats_lost = true;
	ends(w, LODE_VERDICT_INVALID, "too few valid");
	w = quiet();
	w.effect = log(0.8);
	w.stop = 20;
	ends(w, LODE_VERDICT_INVALID, "too little was written");
}

/* A change that came late has not started where the lot said. */
static void test_late_start(void **state)
{
	static struct lode_interval iv;
	struct work w = quiet();
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_trial *t;

	(void)state;
	chunk_of_work(&w, -1, 0, &iv);
	lode_baseline_of(&iv, &base);
	lode_trial_spec_init(&spec, LODE_DESIGN_VOLUME, &lode_pace_production, 9);
	spec.settle = SETTLE * CHUNK;
	t = lode_trial_new(&spec, &base, w.noise.now_ns);
	assert_non_null(t);
	for (int i = 0; i < 200 && lode_trial_verdict(t)->kind == LODE_VERDICT_NONE; i++) { /* asked for, never applied */
		chunk_of_work(&w, -1, 0, &iv);
		lode_trial_feed(t, &iv);
	}
	assert_int_equal(lode_trial_verdict(t)->kind, LODE_VERDICT_INVALID);
	assert_true(lode_trial_volume_time(&spec, &iv) > 1000 && lode_trial_volume_time(&spec, &iv) < 1e4);
	memset(&iv, 0, sizeof(iv));
	assert_true(isinf(lode_trial_volume_time(&spec, &iv)));
	lode_trial_free(t);
}

/* ---- error rates ---- */

static void cell(const char *name, enum noise_shape shape, double phi, double effect, double transient, double most, double least)
{
	unsigned kept = 0, blame = 0;

	for (unsigned i = 0; i < trials; i++) {
		struct lode_verdict v;
		struct work w;

		work_init(&w, 1000003ull * i + 17, shape, phi, 0.03);
		w.effect = effect;
		w.transient = transient;
		w.stays = SETTLE / 4.0;
		v = run(&w, 7919ull * i + 3);
		kept += v.kind == LODE_VERDICT_KEEP;
		blame += blamed(&v);
	}
	if (trials > 150)
		printf("%-24s %-8s phi %.2f %6u  kept %5.2f %%  blamed %5.2f %%\n", name, noise_shape_name[shape], phi, trials, 100.0 * kept / trials,
		       100.0 * blame / trials);
	/* with what luck may add at three standard deviations */
	if (kept > most * trials + 3 * sqrt(most * (1 - most) * trials) || kept < least * trials - 3 * sqrt(least * (1 - least) * trials) ||
	    (effect <= 0 && blame > most * trials + 3 * sqrt(most * (1 - most) * trials)))
		fail_msg("%s, %s, phi %.2f: kept %u, blamed %u of %u", name, noise_shape_name[shape], phi, kept, blame, trials);
}

static void test_nothing_happens(void **state)
{
	static const double phis[] = {0, 0.5, 0.8, 0.95};

	(void)state;
	for (int shape = 0; shape < NOISE_SHAPES; shape++)
		for (int p = 0; p < 4; p++)
			cell("A/A", (enum noise_shape)shape, phis[p], 0, 0, 0.025, 0);
	for (int p = 0; p < 3; p++) /* only the beginning is real: here the lot does not help, the levels must */
		cell("transient only", NOISE_CLEAN, phis[p], 0, log(0.3), p < 2 ? 0.025 : 0.05, 0);
}

static void test_effects_are_found(void **state)
{
	(void)state;
	cell("-10 %", NOISE_CLEAN, 0, log(0.9), 0, 1, 0.5);
	cell("-10 %, -70 % at first", NOISE_CLEAN, 0, log(0.9), log(0.3), 1, 0.9);
	cell("-10 %, twice at first", NOISE_CLEAN, 0, log(0.9), log(2), 1, 0.9);
	cell("-20 %", NOISE_CLEAN, 0.5, log(0.8), 0, 1, 0.6);
	cell("+10 %, -70 % at first", NOISE_CLEAN, 0.5, log(1.1), log(0.3), 0.001, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_less_work_is_kept), cmocka_unit_test(test_more_work_is_blamed), cmocka_unit_test(test_a_flattering_beginning),
	    cmocka_unit_test(test_other_ends),	      cmocka_unit_test(test_late_start),	  cmocka_unit_test(test_nothing_happens),
	    cmocka_unit_test(test_effects_are_found),
	};
	if (argc > 1)
		trials = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
