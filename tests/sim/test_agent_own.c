/* The program's own metric as the objective: the verdict follows it, not RocksDB's speed; and whatever the program says, nothing is kept by nonsense. */
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

struct world {
	struct bed b;
	struct lode_rng rng;
	double treated; /* the metric while the change is live, times what it is without */
	bool (*say)(struct world *w, double *done, double *over);
	double done, over, at_s;
	unsigned asked;
	bool live, silent;
};

static double capacity(struct bed *b)
{
	struct lode_cache cache = {0};

	lode_lsm_host(b->sim)->ops->cache(lode_lsm_host(b->sim), &cache);
	return (double)cache.capacity;
}

/* Work per second, 1000 on average with noise of 5 %, times what the change does to it. */
static bool honest(struct world *w, double *done, double *over)
{
	double now = *over, rate = 1000 * (1 + 0.1 * (lode_rng_unit(&w->rng) - 0.5));

	w->done += (now - w->at_s) * rate * (w->live ? w->treated : 1);
	w->at_s = now;
	*done = w->done;
	return !w->silent;
}

static bool read_metric(void *ctx, const char *db, double *done, double *over)
{
	struct world *w = ctx;

	assert_string_equal(db, lode_conductor_id(w->b.c));
	w->asked++;
	w->live = w->b.sim && (capacity(&w->b) > (double)w->b.cache_before || lode_lsm_value(w->b.sim, 0, "write_buffer_size") > 64 * (double)MIB);
	return w->say(w, done, over);
}

static void begin(struct world *w, uint64_t seed, const struct bed_wish *wish, double treated, bool falls)
{
	memset(w, 0, sizeof(*w));
	bed_init(&w->b, seed);
	lode_rng_seed(&w->rng, seed);
	w->treated = treated;
	w->say = honest;
	w->b.config.objective.kind = LODE_CUSTOM;
	w->b.config.objective.falls = falls;
	w->b.meter = (struct lode_own_metric){.read = read_metric, .ctx = w, .name = "checkouts", .falls = falls};
	w->b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&w->b);
}

static const struct bed_wish cache[] = {{"block_cache_size", 256 * MIB}};	  /* readers gain much */
static const struct bed_wish memtable[] = {{"write_buffer_size", 128 * MIB}}; /* who only reads does not notice */

static void must_have(struct world *w, const char *what, double seconds)
{
	if (!bed_until(&w->b, what, seconds))
		fail_msg("no %s in %s", what, bed_status(&w->b));
}

static void end(struct world *w)
{
	lode_conductor_settle(w->b.c);
	assert_true(bed_as_before(&w->b));
	bed_free(&w->b);
}

static void test_kept_for_it_alone(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1, memtable, 1.2, false);
	must_have(&w, "\"what\":\"kept\"", 900);
	assert_non_null(strstr(bed_status(&w.b), "own metric +"));
	assert_int_equal(bed_count(&w.b, "\"judged_by\":\"own metric\""), 1);
	assert_int_equal(bed_count(&w.b, "\"metric\":{\"name\":\"checkouts\",\"better\":\"more\"}"), 1);
	assert_non_null(strstr(bed_status(&w.b), "\"metric\":{\"name\":\"checkouts\",\"better\":\"more\",\"now\":1"));
	end(&w);
}

static void test_less_is_better(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 2, memtable, 0.8, true);
	must_have(&w, "\"what\":\"kept\"", 900);
	assert_non_null(strstr(bed_status(&w.b), "own cost -"));
	end(&w);
	begin(&w, 3, memtable, 1.2, true);
	must_have(&w, "\"what\":\"reverted\"", 900);
	end(&w);
}

/* What readers gain by the cache is much, and not what was asked for. A heavy loss ends it in two pairs. */
static void test_put_back_although_faster(void **state)
{
	static const double treated[] = {0.9, 0.3};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w;

		begin(&w, 4 + (uint64_t)i, cache, treated[i], false);
		must_have(&w, "\"what\":\"reverted\"", 900);
		assert_int_equal(bed_count(&w.b, "stopped early: more than 30 % worse in two pairs running"), i);
		assert_true(capacity(&w.b) == (double)w.b.cache_before);
		end(&w);
	}
}

/* RocksDB's own guards hold, whatever the metric says: a cache too small makes reads slow. */
static void test_guards_hold(void **state)
{
	static const struct bed_wish small[] = {{"block_cache_size", 32 * MIB}};
	struct world w;

	(void)state;
	memset(&w, 0, sizeof(w));
	bed_init(&w.b, 6);
	w.b.lsm.cache_bytes = 64 * MIB;
	w.b.lsm.keys = 400000;
	w.say = honest;
	w.treated = 1;
	w.b.config.objective.kind = LODE_CUSTOM;
	w.b.meter = (struct lode_own_metric){.read = read_metric, .ctx = &w, .name = "checkouts"};
	w.b.asker.advisor = bed_advisor(small, 1);
	bed_start(&w.b);
	for (int i = 0; i < 900 && !strstr(bed_status(&w.b), "\"what\":\""); i++)
		bed_run(&w.b, 1);
	assert_null(strstr(bed_status(&w.b), "\"what\":\"kept\""));
	assert_non_null(strstr(bed_status(&w.b), "\"what\":\""));
	end(&w);
}

/* No change in it: not kept, however much faster reads are. */
static bool steady(struct world *w, double *done, double *over)
{
	(void)w;
	*done = 7 * *over;
	return true;
}

static void test_steady(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 7, cache, 1, false);
	w.say = steady;
	must_have(&w, "\"what\":\"reverted\"", 900);
	assert_non_null(strstr(bed_status(&w.b), "undecided"));
	end(&w);
}

/* ---- nonsense ---- */

static bool unknown(struct world *w, double *done, double *over)
{
	(void)w, (void)over;
	*done = 1;
	return false;
}

static bool no_number(struct world *w, double *done, double *over)
{
	(void)over;
	*done = w->asked % 2 ? NAN : INFINITY;
	return true;
}

static bool falling(struct world *w, double *done, double *over)
{
	(void)over;
	*done = -(double)w->asked;
	return true;
}

static bool standing(struct world *w, double *done, double *over)
{
	(void)w, (void)over;
	*done = 1e9;
	return true;
}

static bool both_standing(struct world *w, double *done, double *over)
{
	(void)w;
	*done = *over = 5;
	return true;
}

static bool huge(struct world *w, double *done, double *over)
{
	(void)over;
	*done = w->asked % 2 ? -1e308 : 1e308;
	return true;
}

static void test_nonsense_is_not_judged_by(void **state)
{
	static const struct {
		bool (*say)(struct world *w, double *done, double *over);
		const char *why;
	} rows[] = {
	    {unknown, "the program says that its metric is not known now"},
	    {no_number, "is not a number"},
	    {falling, "have fallen; they must only grow"},
	    {standing, "stands still"},
	    {both_standing, "stands still"},
	    {huge, "objective custom: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lode_lsm_report r;
		struct world w;

		begin(&w, 10 + i, cache, 2, false);
		w.say = rows[i].say;
		bed_run(&w.b, 200);
		lode_lsm_report(w.b.sim, &r);
		assert_int_equal(r.sets, 0);
		assert_true(capacity(&w.b) == (double)w.b.cache_before);
		assert_true(w.asked >= 190);
		if (!bed_until(&w.b, rows[i].why, 3))
			fail_msg("no %s in %s", rows[i].why, bed_status(&w.b));
		end(&w);
	}
}

/* No metric at all: the operator asked for it, and the program has none. */
static void test_none_given(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 20);
	b.config.objective.kind = LODE_CUSTOM;
	b.asker.advisor = bed_advisor(cache, 1);
	bed_start(&b);
	assert_true(bed_until(&b, "lodestone_options_set_objective", 200));
	assert_int_equal(bed_count(&b, "\"kind\":\"intent\""), 0);
	bed_free(&b);
}

/* It falls silent in the middle of a trial: no verdict, everything back, and status says why. Then it speaks again. */
static void test_silence(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 21, cache, 1.3, false);
	must_have(&w, "\"arm\":\"treatment\"", 300);
	w.silent = true;
	must_have(&w, "\"what\":\"invalid\"", 900);
	assert_non_null(strstr(bed_status(&w.b), "no metric from the program"));
	assert_true(bed_as_before(&w.b));
	must_have(&w, "objective custom: the program says that its metric is not known now", 300);
	end(&w);
}

/* It makes leaps of many orders of magnitude, which count as a thousandfold at the most, or not at all. */
static bool leaping(struct world *w, double *done, double *over)
{
	(void)over;
	w->done += w->asked % 7 ? 1 : 1e200 * lode_rng_unit(&w->rng);
	*done = w->done;
	return true;
}

static void test_leaps(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 22, cache, 1, false);
	w.say = leaping;
	bed_run(&w.b, 900);
	assert_null(strstr(bed_status(&w.b), "\"what\":\"kept\""));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kept_for_it_alone),
	    cmocka_unit_test(test_less_is_better),
	    cmocka_unit_test(test_put_back_although_faster),
	    cmocka_unit_test(test_guards_hold),
	    cmocka_unit_test(test_steady),
	    cmocka_unit_test(test_nonsense_is_not_judged_by),
	    cmocka_unit_test(test_none_given),
	    cmocka_unit_test(test_silence),
	    cmocka_unit_test(test_leaps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
