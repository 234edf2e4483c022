/* One database, one change, six objectives: each hangs on its own metric, and its guards hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "judge/objective.h"
#include "sim/test_judge_noise.h"

#include <errno.h>
#include <stdlib.h>

#define MIB 1048576.0

static void near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.10g is not %.10g", a, b);
}

/* What an arm is like, by the second. */
struct arm {
	double get_us, write_us;
	double slow; /* share of gets beyond 2 ms */
	double amp;  /* bytes to disk for each that is written */
	double cpu;  /* cores */
	double held, space; /* MiB in memory; bytes on disk for each live one */
	double put_off;	    /* share of the compactions that are left for later */
	double own;	    /* what the program itself measures, a second */
};

static const struct arm usual = {100, 50, 0.01, 8, 1, 256, 1.2, 0, 10};

struct bed {
	struct lode_rng rng;
	struct lode_objective o;
	struct arm arm[2];
	double clients;	      /* > 0: closed loop; else 10000 operations a second come */
	bool untimed;
	double mem_limit, planned, now;
	double crossings;
	struct lode_interval iv, history[60];
	struct lode_baseline base;
	struct lode_trial_spec spec;
	struct lode_verdict v;
	char note[200];
};

static void setup(struct bed *b, int kind, uint64_t seed)
{
	memset(b, 0, sizeof(*b));
	lode_rng_seed(&b->rng, seed);
	b->o.kind = kind;
	b->o.price_cpu = 1, b->o.price_memory = 0.125, b->o.price_io = 0.005;
	b->arm[0] = b->arm[1] = usual;
	b->clients = 4;
	b->mem_limit = 1024 * MIB;
}

static void fill_op(struct lode_interval *iv, int op, double n, double us, double slow)
{
	struct lode_op *o = &iv->op[op];

	o->count = o->hist.count = (uint64_t)n;
	o->sum_us = (uint64_t)(n * us);
	o->hist.n = 2;
	o->hist.limit[0] = 1900, o->hist.limit[1] = 2900;
	o->hist.bucket[1] = (uint64_t)(n * slow);
	o->hist.bucket[0] = o->count - o->hist.bucket[1];
}

/* Nine gets for each write; a write brings 1000 bytes, and a flush comes every second. */
static const struct lode_interval *second(struct bed *b, enum lode_arm live)
{
	const struct arm *a = &b->arm[live];
	struct lode_interval *iv = &b->iv;
	double noise = exp(0.02 * noise_normal(&b->rng)), us = noise * (0.9 * a->get_us + 0.1 * a->write_us);
	double ops = b->clients > 0 ? b->clients * 1e6 / us : 10000, user = 100 * ops, work = user * (a->amp - 0.5);

	memset(iv, 0, sizeof(*iv));
	iv->start_ns = (uint64_t)(b->now * 1e9);
	b->now += 1;
	iv->end_ns = (uint64_t)(b->now * 1e9);
	iv->seconds = 1;
	iv->parts = 1;
	iv->has_stats = true;
	iv->has_timers = !b->untimed;
	iv->ticker[LODE_T_KEYS_READ] = (uint64_t)(0.9 * ops);
	iv->keys_written = (uint64_t)(0.1 * ops);
	iv->bytes_written = (uint64_t)user;
	if (!b->untimed) {
		fill_op(iv, LODE_H_GET, 0.9 * ops, a->get_us * noise, a->slow);
		fill_op(iv, LODE_H_WRITE, 0.1 * ops, a->write_us * noise, 0);
	}
	iv->flushes = 1;
	iv->ticker[LODE_T_FLUSH_WRITE_BYTES] = (uint64_t)(0.5 * user);
	iv->depth = 3;
	iv->crossings_start = b->crossings;
	if (live == LODE_TREATMENT) /* a byte left in L0 has three levels to cross; the control pays it back */
		b->crossings += a->put_off * 0.5 * user * 3;
	else
		b->crossings *= 0.5;
	iv->crossings = b->crossings;
	work -= (iv->crossings - iv->crossings_start) / 3 / 0.5 * (usual.amp - 0.5);
	iv->ticker[LODE_T_COMPACT_WRITE_BYTES] = (uint64_t)fmax(0, work);
	iv->cpu_ns = (uint64_t)(a->cpu * 1e9);
	iv->held_s = a->held * MIB;
	iv->own = (struct lode_own){true, a->own * exp(0.02 * noise_normal(&b->rng)), 1};
	iv->live_bytes = 1u << 30;
	iv->sst_bytes = (uint64_t)((1u << 30) * a->space);
	return iv;
}

static int prepare(struct bed *b)
{
	struct lode_objective_case at = {b->history, 60, b->mem_limit, b->planned};
	static struct lode_interval all;

	memset(&all, 0, sizeof(all));
	for (int i = 0; i < 60; i++) {
		b->history[i] = *second(b, LODE_CONTROL);
		lode_interval_add(&all, &b->history[i]);
	}
	lode_baseline_of(&all, &b->base);
	lode_trial_spec_init(&b->spec, LODE_DESIGN_SWITCH, &lode_pace_bench, 7);
	return lode_objective_prepare(&b->o, &at, &b->base, &b->spec, b->note, sizeof(b->note));
}

static enum lode_verdict_kind run(struct bed *b)
{
	struct lode_trial *t;

	assert_int_equal(prepare(b), 0);
	t = lode_trial_new(&b->spec, &b->base, (uint64_t)(b->now * 1e9));
	assert_non_null(t);
	for (int i = 0; i < 10000; i++) {
		lode_trial_applied(t, (uint64_t)(b->now * 1e9));
		if (lode_trial_feed(t, second(b, lode_trial_arm(t))) == LODE_TRIAL_DONE)
			break;
	}
	b->v = *lode_trial_verdict(t);
	lode_trial_free(t);
	return b->v.kind;
}

/* The verdict of each objective on the same change. K keep, R revert. */
static void test_the_right_metric_decides(void **state)
{
	static const struct {
		const char *what;
		struct arm treated;
		const char *verdicts; /* balanced, throughput, latency, write_amp, cost, custom */
	} rows[] = {
	    {"nothing", {100, 50, 0.01, 8, 1, 256, 1.2, 0, 10}, "RRRRRR"},
	    {"faster", {80, 40, 0.01, 8, 1, 256, 1.2, 0, 10}, "KKRRKR"}, /* the cores do more for each second */
	    {"fewer slow ones", {100, 50, 0.004, 8, 1, 256, 1.2, 0, 10}, "RRKRRR"},
	    {"fewer bytes to disk", {100, 50, 0.01, 5, 1, 256, 1.2, 0, 10}, "RRRKKR"},
	    {"less processor", {100, 50, 0.01, 8, 0.7, 256, 1.2, 0, 10}, "RRRRKR"},
	    {"faster, more slow ones", {80, 40, 0.02, 8, 1, 256, 1.2, 0, 10}, "RRRRRR"},
	    {"faster, more bytes to disk", {80, 40, 0.01, 12, 1, 256, 1.2, 0, 10}, "RRRRRR"}, /* cost has weighed it */
	    {"faster, more disk", {80, 40, 0.01, 8, 1, 256, 1.6, 0, 10}, "RRRRRR"},
	    {"faster, more memory", {80, 40, 0.01, 8, 1, 512, 1.2, 0, 10}, "RRRRKR"},
	    {"fewer bytes to disk, slower", {115, 58, 0.01, 5, 1, 256, 1.2, 0, 10}, "RRRRRR"},
	    {"bytes to disk put off", {100, 50, 0.01, 8, 1, 256, 1.2, 0.5, 10}, "RRRRRR"},
	    {"less processor, slower", {115, 58, 0.01, 8, 0.5, 256, 1.2, 0, 10}, "RRRRRR"},
	    {"more of its own", {100, 50, 0.01, 8, 1, 256, 1.2, 0, 12}, "RRRRRK"},
	    {"more of its own, slower", {115, 58, 0.01, 8, 1, 256, 1.2, 0, 12}, "RRRRRR"},
	    {"more of its own, more slow ones", {100, 50, 0.02, 8, 1, 256, 1.2, 0, 12}, "RRRRRR"},
	    {"less of its own, faster", {80, 40, 0.01, 8, 1, 256, 1.2, 0, 8}, "KKRRKR"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int kind = 0; kind < LODE_OBJECTIVES; kind++) {
			static struct bed b;
			bool keep;

			setup(&b, kind, 100 * i + (uint64_t)kind);
			b.arm[LODE_TREATMENT] = rows[i].treated;
			keep = run(&b) == LODE_VERDICT_KEEP;
			if (keep != (rows[i].verdicts[kind] == 'K'))
				fail_msg("%s under %s: %s", rows[i].what, lode_objective_name[kind], b.v.why);
			assert_int_equal(b.v.primary, b.base.primary);
		}
}

static void test_sentences_and_effects(void **state)
{
	static struct bed b;

	(void)state;
	setup(&b, LODE_WRITE_AMP, 1);
	b.arm[LODE_TREATMENT].amp = 6;
	assert_int_equal(run(&b), LODE_VERDICT_KEEP);
	near(b.v.effect, 0.25, 0.01); /* a quarter less */
	assert_true(b.v.lo > 0.1 && b.v.lo <= b.v.effect && b.v.hi >= b.v.effect);
	assert_true(strstr(b.v.why, "write amplification -2") != NULL);
	near(b.v.metric[LODE_M_WRITE_AMP], log(8 / 6.0), 0.02);
	assert_string_equal(lode_baseline_judged_by(&b.base), "write amplification");

	setup(&b, LODE_BALANCED, 1);
	b.arm[LODE_TREATMENT] = (struct arm){80, 40, 0.01, 12, 1, 256, 1.2, 0, 10};
	assert_int_equal(run(&b), LODE_VERDICT_REVERT);
	assert_int_equal(b.v.worst, LODE_M_WRITE_AMP);
	assert_non_null(strstr(b.v.why, "write amplification"));
}

/* Work that is only put off looks like less work, unless what waits is charged. */
static void test_put_off_is_charged(void **state)
{
	static struct bed b;
	double off;

	(void)state;
	setup(&b, LODE_WRITE_AMP, 1);
	b.arm[LODE_TREATMENT].put_off = 0.5;
	run(&b);
	off = b.v.metric[LODE_M_WRITE_AMP];
	assert_true(fabs(off) < 0.05);
}

static void test_memory_that_was_announced(void **state)
{
	static struct bed b;

	(void)state;
	setup(&b, LODE_BALANCED, 3);
	b.arm[LODE_TREATMENT] = (struct arm){80, 40, 0.01, 8, 1, 512, 1.2, 0, 10};
	b.planned = 256 * MIB;
	assert_int_equal(run(&b), LODE_VERDICT_KEEP);
	setup(&b, LODE_BALANCED, 3);
	b.arm[LODE_TREATMENT] = (struct arm){80, 40, 0.01, 8, 1, 512, 1.2, 0, 10};
	assert_int_equal(run(&b), LODE_VERDICT_REVERT);
	assert_int_equal(b.v.worst, LODE_M_MEMORY);
	setup(&b, LODE_BALANCED, 3);
	b.arm[LODE_TREATMENT] = (struct arm){80, 40, 0.01, 8, 1, 512, 1.2, 0, 10};
	b.o.margin[LODE_M_MEMORY] = 0.3; /* or the operator does not mind */
	assert_int_equal(run(&b), LODE_VERDICT_KEEP);
}

static void test_open_loop(void **state)
{
	static struct bed b;
	double share;

	(void)state;
	setup(&b, LODE_THROUGHPUT, 4);
	b.clients = 0;
	b.arm[LODE_TREATMENT].get_us = 80;
	assert_int_equal(run(&b), LODE_VERDICT_KEEP); /* throughput cannot move; service time can */
	assert_int_equal(b.v.primary, LODE_M_SPEED);
	assert_non_null(strstr(b.note, "the load is open"));
	assert_int_equal(lode_loop_of(b.history, 60, &share), LODE_LOOP_OPEN);
	near(share, 0, 0.05);
	setup(&b, LODE_THROUGHPUT, 4);
	assert_int_equal(prepare(&b), 0);
	assert_int_equal(b.base.primary, LODE_M_THROUGHPUT);
	assert_string_equal(b.note, "");
	assert_int_equal(lode_loop_of(b.history, 60, &share), LODE_LOOP_CLOSED);
	near(share, 1, 0.05);
	assert_int_equal(lode_loop_of(b.history, 5, &share), LODE_LOOP_UNKNOWN);
	assert_true(isnan(share));
	for (int i = 0; i < 60; i++) /* nothing moves: nothing to tell by */
		b.history[i] = b.history[0];
	assert_int_equal(lode_loop_of(b.history, 60, NULL), LODE_LOOP_UNKNOWN);
}

/* Clients that think between two questions: the slope is their waiting share. Noise of arrivals of its own only makes it less sure. */
static void test_think_time(void **state)
{
	static const struct {
		double think_us, noise;
		enum lode_loop loop;
	} rows[] = {{0, 0, LODE_LOOP_CLOSED}, {20, 0.02, LODE_LOOP_CLOSED}, {900, 0, LODE_LOOP_OPEN}, {900, 0.02, LODE_LOOP_OPEN}, {100, 0.03, LODE_LOOP_UNKNOWN}};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		static struct lode_interval h[60];
		struct lode_rng rng;
		double share;

		lode_rng_seed(&rng, r);
		memset(h, 0, sizeof(h));
		for (int i = 0; i < 60; i++) {
			double us = 100 * exp(0.05 * noise_normal(&rng)), n = 4e6 / (rows[r].think_us + us) * exp(rows[r].noise * noise_normal(&rng));

			h[i] = (struct lode_interval){.seconds = 1, .parts = 1, .has_stats = true, .has_timers = true};
			h[i].op[LODE_H_GET].count = (uint64_t)n;
			h[i].op[LODE_H_GET].sum_us = (uint64_t)(n * us);
		}
		assert_int_equal(lode_loop_of(h, 60, &share), rows[r].loop);
		near(share, 100 / (100 + rows[r].think_us), 0.3);
	}
}

/* With an SLO the tail is held against what may miss, not against what misses now. */
static void test_slo_takes_the_place_of_the_p99(void **state)
{
	static struct bed b;

	(void)state;
	setup(&b, LODE_BALANCED, 5);
	b.arm[LODE_TREATMENT] = (struct arm){80, 40, 0.02, 8, 1, 256, 1.2, 0, 10}; /* twice as many slow ones ... */
	assert_int_equal(lode_slo_parse("p90 < 2ms", &b.o.slo[LODE_H_GET], NULL), 0); /* ... where a tenth may be */
	assert_int_equal(run(&b), LODE_VERDICT_KEEP);
	near(b.base.tail_us[LODE_H_GET], 1900, 0);
	setup(&b, LODE_BALANCED, 5);
	b.arm[LODE_TREATMENT] = (struct arm){80, 40, 0.06, 8, 1, 256, 1.2, 0, 10}; /* half of the budget more */
	assert_int_equal(lode_slo_parse("p90 < 2ms", &b.o.slo[LODE_H_GET], NULL), 0);
	assert_int_equal(run(&b), LODE_VERDICT_REVERT);
	assert_int_equal(b.v.worst, LODE_M_GET_TAIL);
	setup(&b, LODE_BALANCED, 5);
	b.arm[LODE_TREATMENT] = (struct arm){80, 40, 0.012, 8, 1, 256, 1.2, 0, 10};
	assert_int_equal(lode_slo_parse("p99.9 < 2ms", &b.o.slo[LODE_H_GET], NULL), 0); /* a tighter promise: the half again still holds */
	assert_int_equal(run(&b), LODE_VERDICT_KEEP);
}

static void test_latency_counts_budgets(void **state)
{
	static struct bed b;

	(void)state;
	setup(&b, LODE_LATENCY, 6);
	assert_int_equal(lode_slo_parse("p99.9 < 2ms", &b.o.slo[LODE_H_GET], NULL), 0);
	assert_int_equal(lode_slo_parse("p99 < 2ms", &b.o.slo[LODE_H_WRITE], NULL), 0);
	b.arm[LODE_TREATMENT].slow = 0.006;
	assert_int_equal(run(&b), LODE_VERDICT_KEEP);
	near(b.v.effect, 0.4, 0.02);
	near(b.base.slow_weight[LODE_H_GET] / b.base.slow_weight[LODE_H_WRITE], 90, 0.5);
	near(b.spec.min_effect, 0.05, 0);
	assert_non_null(strstr(b.v.why, "slow operations -"));

	setup(&b, LODE_LATENCY, 6); /* speed is a guard */
	b.arm[LODE_TREATMENT] = (struct arm){115, 58, 0.004, 8, 1, 256, 1.2, 0, 10};
	assert_int_equal(run(&b), LODE_VERDICT_REVERT);
}

static void test_nothing_to_judge_by(void **state)
{
	static struct bed b;

	(void)state;
	setup(&b, LODE_LATENCY, 7);
	assert_int_equal(lode_slo_parse("p50 < 2ms", &b.o.slo[LODE_H_GET], NULL), 0);
	assert_int_equal(prepare(&b), -ENODATA);
	assert_non_null(strstr(b.note, "SLOs are met"));
	setup(&b, LODE_LATENCY, 7);
	b.untimed = true;
	assert_int_equal(prepare(&b), -ENODATA);
	setup(&b, LODE_LATENCY, 7);
	assert_int_equal(lode_slo_parse("p99 < 2ms", &b.o.slo[LODE_H_SEEK], NULL), 0); /* nobody seeks */
	assert_int_equal(prepare(&b), -ENODATA);
	setup(&b, LODE_WRITE_AMP, 7);
	for (int i = 0; i < 2; i++)
		b.arm[i].amp = 0;
	b.untimed = true;
	assert_int_equal(prepare(&b), 0); /* untimed, writes are still seen */
	assert_int_equal(b.base.primary, LODE_M_WRITE_AMP);
	assert_true(b.base.by_rate && lode_metric_guards(&b.base, LODE_M_SPEED));
}

/* Rare flushes stretch the blocks of a trial that is about write amplification; where a block can hold none, it is neither primary nor guard. */
static void test_blocks_hold_flushes(void **state)
{
	static struct bed b;
	struct lode_objective_case at = {b.history, 60, 0, 0};

	(void)state;
	for (int kind = 0; kind < LODE_OBJECTIVES; kind += LODE_WRITE_AMP)
		for (int every = 3; every <= 60; every *= 20) { /* 20 flushes in a minute, and one */
			setup(&b, kind, 8);
			prepare(&b);
			for (int i = 0; i < 60; i++)
				b.history[i].flushes = i % every == 0;
			lode_baseline_of(&b.history[0], &b.base);
			lode_trial_spec_init(&b.spec, LODE_DESIGN_SWITCH, &lode_pace_bench, 7);
			int rc = lode_objective_prepare(&b.o, &at, &b.base, &b.spec, b.note, sizeof(b.note));
			assert_int_equal(rc, kind == LODE_WRITE_AMP && every == 60 ? -ENODATA : 0);
			assert_true(every == 3 || !lode_metric_defined(&b.base, LODE_M_WRITE_AMP));
			if (kind == LODE_WRITE_AMP && every == 3) /* nine seconds, washout apart */
				assert_true(b.spec.block_scale >= 9 / 5.0 - 1e-9);
		}
}

/* What is too noisy in blocks of this length is dropped, and the note says so. */
static void test_noisy_guards_are_dropped(void **state)
{
	static struct bed b;
	struct lode_objective_case at = {b.history, 60, 0, 0};

	(void)state;
	setup(&b, LODE_BALANCED, 9);
	prepare(&b);
	assert_true(lode_metric_guards(&b.base, LODE_M_WRITE_AMP) && lode_metric_guards(&b.base, LODE_M_SPACE_AMP));
	for (int i = 0; i < 60; i++)
		b.history[i].ticker[LODE_T_COMPACT_WRITE_BYTES] *= i / 6 % 2 ? 4 : 0;
	lode_baseline_of(&b.history[0], &b.base);
	lode_trial_spec_init(&b.spec, LODE_DESIGN_SWITCH, &lode_pace_bench, 7);
	assert_int_equal(lode_objective_prepare(&b.o, &at, &b.base, &b.spec, b.note, sizeof(b.note)), 0);
	assert_false(lode_metric_guards(&b.base, LODE_M_WRITE_AMP));
	assert_non_null(strstr(b.note, "write amplification is too noisy"));
}

static void test_margins(void **state)
{
	static struct bed b;

	(void)state;
	setup(&b, LODE_BALANCED, 10);
	b.o.margin[LODE_M_GET_TAIL] = 1;
	b.o.margin[LODE_M_STALL] = 0.05;
	b.o.margin[LODE_M_SPACE_AMP] = 0.2;
	b.planned = -512 * MIB; /* what is freed is no licence */
	prepare(&b);
	near(b.spec.margin[LODE_M_GET_TAIL], log(2), 1e-9);
	near(b.spec.margin[LODE_M_WRITE_TAIL], log(2), 1e-9);
	near(b.spec.margin[LODE_M_STALL], 0.05, 1e-9);
	near(b.spec.margin[LODE_M_SPACE_AMP], log(1.2), 1e-9);
	near(b.spec.margin[LODE_M_MEMORY], 0.02, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_right_metric_decides), cmocka_unit_test(test_sentences_and_effects),
	    cmocka_unit_test(test_put_off_is_charged),	      cmocka_unit_test(test_memory_that_was_announced),
	    cmocka_unit_test(test_open_loop),		      cmocka_unit_test(test_think_time),
	    cmocka_unit_test(test_slo_takes_the_place_of_the_p99), cmocka_unit_test(test_latency_counts_budgets),
	    cmocka_unit_test(test_nothing_to_judge_by),	      cmocka_unit_test(test_blocks_hold_flushes),
	    cmocka_unit_test(test_noisy_guards_are_dropped), cmocka_unit_test(test_margins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
