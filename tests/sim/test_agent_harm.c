/* What trials may cost has a hard limit: advisors that always propose harm, for simulated days, beside an undisturbed twin with the same seed. The true
 * loss stays below the cap of each day, and all options come back to the byte. Argument: number of proposals (400; 1000 take half a minute). */
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
#include "bed.h"

#define MIB (1ll << 20)
#define DAY 86400.0

static unsigned long wanted = 400;

static double number(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	return at ? strtod(at + strlen(name), NULL) : NAN;
}

/* ---- an advisor that only proposes what harms, as far as the guard lets it ---- */

struct saboteur {
	struct lode_advisor base;
	struct lode_rng rng;
};

static void sabotage(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	static const struct {
		const char *id;
		bool up;
	} acts[] = {{"block_cache_size", false}, {"write_buffer_size", false}, {"level0_slowdown_writes_trigger", false}, {"level0_stop_writes_trigger", false},
		    {"level0_file_num_compaction_trigger", false}, {"max_write_buffer_number", false}, {"target_file_size_base", false},
		    {"block_cache_size", false}};
	struct lode_rng *r = &((struct saboteur *)a)->rng;
	*out = (struct lode_reply){.answer = LODE_ANSWER_NOTHING, .call = LODE_CALL_OK};
	for (int tries = 0; tries < 20; tries++) {
		size_t i = lode_rng_below(r, sizeof(acts) / sizeof(acts[0]));
		int t = lode_tunable_find(acts[i].id);
		int64_t lo, hi;
		if (!lode_guard_range(&q->now, t, 0, &lo, &hi))
			continue;
		out->answer = LODE_ANSWER_PROPOSAL;
		out->proposal = (struct lode_proposal){.advisor = "saboteur", .n = 1, .expect = 9, .confidence = 1};
		out->proposal.change[0] = (struct lode_change){.tunable = t, .cf = LODE_CF_ALL, .value = acts[i].up ? hi : lo};
		return;
	}
}

static void cancel(struct lode_advisor *a)
{
	(void)a;
}

static void discard(struct lode_advisor *a)
{
	free(a);
}

static struct lode_advisor *saboteur(uint64_t seed)
{
	static const struct lode_advisor_ops ops = {.name = "saboteur", .ask = sabotage, .cancel = cancel, .free = discard};
	struct saboteur *s = calloc(1, sizeof(*s));
	assert_non_null(s);
	s->base.ops = &ops;
	lode_rng_seed(&s->rng, seed);
	return &s->base;
}

/* ---- days beside a twin ---- */

struct twins {
	struct bed b;
	struct lode_lsm *twin;
	double ops[2], seconds; /* at the beginning of the day */
};

static void sleep_both(struct twins *t, double seconds)
{
	struct lode_lsm_event e = {.what = LODE_LSM_SUSPEND, .n = seconds};
	assert_true(lode_lsm_at(t->b.sim, &e));
	if (t->twin)
		assert_true(lode_lsm_at(t->twin, &e));
}

static double lost(struct twins *t)
{
	struct lode_lsm_report ours, twin;
	double ops, rate;
	lode_lsm_report(t->b.sim, &ours);
	lode_lsm_report(t->twin, &twin);
	ops = (twin.ops - t->ops[1]) - (ours.ops - t->ops[0]);
	rate = (twin.ops - t->ops[1]) / t->seconds;
	t->ops[0] = ours.ops;
	t->ops[1] = twin.ops;
	return ops / rate;
}

static const double mixes[][LODE_OP_N] = {{1, 0, 0, 0}, {0.9, 0.1, 0, 0}, {0.3, 0.7, 0, 0}, {0, 1, 0, 0}, {0.2, 0.1, 0.7, 0}};

static void prepare(struct bed *b, uint64_t seed)
{
	bed_init(b, seed);
	memcpy(b->lsm.mix.share, mixes[seed % 5], sizeof(mixes[0]));
	if (seed % 2) { /* all is in the cache: a smaller one hurts most */
		b->lsm.cache_bytes = 64 * MIB;
		b->lsm.keys = 400000;
	}
	b->config.harm_per_day = 0.0005;
	b->asker.advisor = saboteur(seed);
}

static double spent(struct bed *b)
{
	return number(bed_status(b), "\"harm\":{\"spent\":");
}

static double cap(struct bed *b)
{
	return number(strstr(bed_status(b), "\"harm\":{"), "\"cap\":");
}

/* Days of ten minutes' work each, the rest of which is slept through. */
static void days(uint64_t seed, unsigned n, unsigned long *proposals, unsigned long *trials)
{
	const double awake = 600;
	struct twins t = {0};
	prepare(&t.b, seed);
	bed_start(&t.b);
	assert_non_null(t.twin = lode_lsm_new(&t.b.lsm));
	for (unsigned day = 0; day < n; day++) {
		double charged, truth;
		bed_run(&t.b, awake);
		lode_lsm_advance(t.twin, awake);
		t.seconds = awake;
		charged = spent(&t.b);
		truth = lost(&t);
		if (getenv("HARM_SHOW"))
			print_message("seed %llu day %u: charged %.1f s, lost %.1f s of %.1f s, %g trials\n", (unsigned long long)seed, day, charged, truth,
				      cap(&t.b), number(bed_status(&t.b), "\"trials\":"));
		if (charged > cap(&t.b) || truth > cap(&t.b))
			fail_msg("seed %llu day %u: charged %.1f s, lost %.1f s, and %.1f s were allowed", (unsigned long long)seed, day, charged, truth, cap(&t.b));
		sleep_both(&t, DAY + 3600);
	}
	*proposals += (unsigned long)number(bed_status(&t.b), "\"proposals\":");
	*trials += (unsigned long)number(bed_status(&t.b), "\"trials\":");
	lode_conductor_settle(t.b.c);
	assert_true(bed_as_before(&t.b));
	lode_lsm_free(t.twin);
	bed_free(&t.b);
}

static void test_cap_is_hard(void **state)
{
	unsigned long proposals = 0, trials = 0;
	(void)state;
	for (uint64_t seed = 1; proposals < wanted; seed++)
		days(seed, 3, &proposals, &trials);
	print_message("%lu proposals, %lu trials\n", proposals, trials);
	assert_true(trials > proposals / 20);
}

static unsigned long trials_of(struct bed *b)
{
	return (unsigned long)number(bed_status(b), "\"trials\":");
}

static void pass(struct bed *b, double seconds)
{
	struct lode_lsm_event e = {.what = LODE_LSM_SUSPEND, .n = seconds};
	assert_true(lode_lsm_at(b->sim, &e));
	bed_run(b, 60);
}

static void attach_again(struct bed *b)
{
	bed_crash(b);
	b->config.harm_per_day = 0.0005;
	bed_attach(b);
}

/* Used up: observed only, and a restart changes nothing about it. A day later it goes on. */
static void test_exhausted_and_again(void **state)
{
	unsigned long trials;
	double before;
	struct bed b;
	(void)state;
	prepare(&b, 3);
	b.config.harm_per_day = 0.0005;
	bed_start(&b);
	assert_true(bed_until(&b, "harm budget of today is used up", 3600));
	assert_non_null(strstr(bed_status(&b), "\"exhausted\":true"));
	assert_non_null(strstr(bed_status(&b), "\"state\":\"OBSERVE\""));
	assert_true(bed_as_before(&b));
	trials = trials_of(&b);
	for (int hours = 0; hours < 20; hours += 4)
		pass(&b, 4 * 3600);
	assert_int_equal(trials_of(&b), trials);
	before = spent(&b);
	attach_again(&b);
	assert_true(fabs(spent(&b) - before) < 1e-6);
	bed_run(&b, 120);
	assert_int_equal(trials_of(&b), 0);
	assert_non_null(strstr(bed_status(&b), "harm budget of today is used up"));
	pass(&b, 6 * 3600);
	assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 300));
	bed_free(&b);
}

/* Nobody knows what a trial cost that never came to its end: all that was reserved for it. */
static void test_crash_costs_what_was_reserved(void **state)
{
	double worst, before;
	struct bed b;
	(void)state;
	prepare(&b, 3);
	bed_start(&b);
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 300));
	before = spent(&b);
	worst = number(bed_status(&b), "\"worst\":");
	assert_true(worst > 1);
	bed_crash(&b);
	bed_attach(&b);
	assert_true(fabs(spent(&b) - before - worst) < 1e-6);
	assert_true(bed_as_before(&b));
	bed_crash(&b);
	bed_attach(&b); /* once */
	assert_true(fabs(spent(&b) - before - worst) < 1e-6);
	bed_free(&b);
}

static void path_of(struct bed *b, char *path, size_t len)
{
	snprintf(path, len, "%s/%s/journal.jsonl", b->config.state_dir, lode_conductor_id(b->c));
}

static void damage(const char *path, const char *kind)
{
	char text[32];
	struct lode_buf all;
	FILE *f;
	char *at, *last = NULL;
	lode_buf_init(&all, 64 << 20);
	f = fopen(path, "r+");
	assert_non_null(f);
	for (int c; (c = fgetc(f)) != EOF;)
		lode_buf_add(&all, &(char){(char)c}, 1);
	snprintf(text, sizeof(text), "\"kind\":\"%s\"", kind);
	for (at = all.data; (at = strstr(at, text)); at++)
		last = at;
	assert_non_null(last);
	fseek(f, (long)(last - all.data) + 20, SEEK_SET);
	fputc('#', f);
	fclose(f);
	lode_buf_fini(&all);
}

/* A record that cannot be read may have been the worst of all trials. */
static void test_damaged_journal_is_read_with_caution(void **state)
{
	double whole, allowance;
	struct bed b;
	char path[700];
	(void)state;
	prepare(&b, 3);
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"reverted\"", 1200));
	assert_true(bed_until(&b, "\"state\":\"OBSERVE\"", 60));
	whole = spent(&b);
	allowance = cap(&b) / LODE_LEDGER_ALLOWANCE;
	path_of(&b, path, sizeof(path));
	bed_crash(&b);
	damage(path, "harm");
	bed_attach(&b);
	assert_true(spent(&b) >= allowance);
	assert_true(spent(&b) >= whole);
	bed_free(&b);
}

static void test_a_tail_that_is_torn(void **state)
{
	struct bed b;
	double before;
	char path[700];
	FILE *f;
	(void)state;
	prepare(&b, 3);
	bed_start(&b);
	bed_run(&b, 5);
	before = spent(&b);
	path_of(&b, path, sizeof(path));
	bed_crash(&b);
	f = fopen(path, "a");
	assert_non_null(f);
	fputs("{\"ts\":\"2026-01-01T00:00:00.000000Z\",\"seq\":2,\"kind\":\"harm\",\"tri", f);
	fclose(f);
	for (int lives = 0; lives < 3; lives++) { /* it counts once, however often it is read */
		bed_attach(&b);
		assert_true(fabs(spent(&b) - before - cap(&b) / LODE_LEDGER_ALLOWANCE) < 1e-6);
		bed_crash(&b);
	}
	bed_attach(&b);
	bed_free(&b);
}

static void test_no_budget_no_trial(void **state)
{
	struct bed b;
	(void)state;
	prepare(&b, 3);
	b.config.harm_per_day = 0;
	bed_start(&b);
	bed_run(&b, 120);
	assert_int_equal(trials_of(&b), 0);
	assert_non_null(strstr(bed_status(&b), "guard.harm_per_day"));
	bed_free(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cap_is_hard), cmocka_unit_test(test_exhausted_and_again), cmocka_unit_test(test_crash_costs_what_was_reserved),
		cmocka_unit_test(test_damaged_journal_is_read_with_caution), cmocka_unit_test(test_a_tail_that_is_torn), cmocka_unit_test(test_no_budget_no_trial),
	};
	if (argc > 1)
		wanted = strtoul(argv[1], NULL, 10);
	else if (getenv("LODE_TEST_QUICK"))
		wanted = 150;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
