/* The search around what was tried: how far the next step goes, when it waits, when it rests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "advise/search.h"
#include "test_advise_ask.h"

/* Busy with writes: compaction-cpu sees its case, with level0_file_num_compaction_trigger 4. Small flushes are no matter. */
static struct world *busy(void)
{
	struct world *w = world_new();

	world_busy_writes(w);
	w->window.hist_count[LODE_H_FLUSH] = 1;
	world_set(w, "level0_slowdown_writes_trigger", 240);
	world_set(w, "level0_stop_writes_trigger", 400);
	return w;
}

static int64_t trigger(struct world *w, struct lode_reply *r)
{
	*r = ask(w);
	return proposed(r, "level0_file_num_compaction_trigger");
}

static void older(struct world *w, double seconds)
{
	for (size_t i = 0; i < w->q.nhistory; i++)
		w->history[i].age_s += seconds;
}

static void test_grows_after_success(void **state)
{
	struct world *w = busy();
	struct lode_reply r;

	(void)state;
	assert_int_equal(trigger(w, &r), 8);
	world_became(w, &r.proposal, LODE_OUT_KEPT, 1, 0.05);
	assert_int_equal(trigger(w, &r), 23); /* 8 x 2^1.5 */
	assert_non_null(strstr(r.proposal.why, "More than the usual step"));
	world_became(w, &r.proposal, LODE_OUT_KEPT, 1, 0.05);
	assert_int_equal(trigger(w, &r), 92); /* 23 x 2^2 */
	world_became(w, &r.proposal, LODE_OUT_KEPT, 1, 0.05);
	assert_int_equal(trigger(w, &r), 120); /* half of the slowdown: the rule knows no further */
	world_became(w, &r.proposal, LODE_OUT_KEPT, 1, 0.05);
	assert_int_equal(trigger(w, &r), -1);
	free(w);
}

static void test_halves_after_too_far(void **state)
{
	struct world *w = busy();
	struct lode_reply r;

	(void)state;
	trigger(w, &r);
	world_became(w, &r.proposal, LODE_OUT_KEPT, 1, 0.05);
	trigger(w, &r); /* 8 to 23 */
	world_became(w, &r.proposal, LODE_OUT_REVERTED, 1, -0.06);
	assert_int_equal(trigger(w, &r), -1);
	assert_non_null(strstr(r.why, "compaction-cpu (cooling down"));
	older(w, 600);
	assert_int_equal(trigger(w, &r), 14); /* 8 x 2^0.75 */
	assert_non_null(strstr(r.proposal.why, "A part of the usual step"));
	world_became(w, &r.proposal, LODE_OUT_REVERTED, 1, -0.06);
	older(w, 1200);
	assert_int_equal(trigger(w, &r), 11); /* 8 x 2^0.375 */
	world_became(w, &r.proposal, LODE_OUT_REVERTED, 1, -0.06);
	older(w, 2400);
	assert_int_equal(trigger(w, &r), -1);
	assert_non_null(strstr(r.why, "compaction-cpu (tried enough"));
	free(w);
}

static void test_other_side_once(void **state)
{
	struct world *w = busy();
	struct lode_reply r;

	(void)state;
	trigger(w, &r);
	world_became(w, &r.proposal, LODE_OUT_REVERTED, 1, -0.06);
	assert_int_equal(trigger(w, &r), 2); /* 4 / 2^0.5, at once: what cools down is the way up */
	assert_non_null(strstr(r.proposal.why, "other side"));
	assert_non_null(strstr(r.proposal.why, "-6 %"));
	struct lode_reply down = r;
	world_became(w, &down.proposal, LODE_OUT_REVERTED, 1, -0.04);
	assert_int_equal(trigger(w, &r), -1);
	older(w, 7200);
	assert_int_equal(trigger(w, &r), -1);
	assert_non_null(strstr(r.why, "tried enough"));
	older(w, 86400); /* another day */
	assert_int_equal(trigger(w, &r), 8);
	/* Had it been better there, it would go on there. */
	w->q.nhistory--;
	older(w, -93600 + 1);
	world_became(w, &down.proposal, LODE_OUT_KEPT, 1, 0.04);
	assert_int_equal(trigger(w, &r), 1);
	free(w);
}

/* Nothing measured either way: the same again would tell nothing new, so twice is enough. */
static void test_flat_rests(void **state)
{
	struct world *w = busy();
	struct lode_reply r;

	(void)state;
	trigger(w, &r);
	world_became(w, &r.proposal, LODE_OUT_REVERTED, 1, 0.004);
	assert_int_equal(trigger(w, &r), -1);
	older(w, 600);
	assert_int_equal(trigger(w, &r), -1);
	older(w, 600);
	assert_int_equal(trigger(w, &r), 8);
	world_became(w, &r.proposal, LODE_OUT_REVERTED, 1, 0.004);
	older(w, 7200);
	assert_int_equal(trigger(w, &r), -1);
	free(w);
}

/* Better, but undecided: as before, later. Better, but a guard forbade it: half as far. */
static void test_undecided(void **state)
{
	struct world *w = busy();
	struct lode_reply r;

	(void)state;
	trigger(w, &r);
	struct lode_outcome *o = world_became(w, &r.proposal, LODE_OUT_REVERTED, 601, 0.04);
	assert_int_equal(trigger(w, &r), 8);
	o->verdict.worst = LODE_M_STALL;
	assert_int_equal(trigger(w, &r), 6);
	free(w);
}

static void test_cooldown(void **state)
{
	struct world *w = world_new();
	struct lode_reply r = ask(w);

	(void)state;
	struct lode_proposal p = r.proposal;
	struct lode_outcome *o = world_became(w, &p, LODE_OUT_REVERTED, 500, 0.04);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	o->age_s = 601;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	/* The second failure counts double. */
	o = world_became(w, &p, LODE_OUT_REVERTED, 601, 0.04);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	o->age_s = 1201;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	/* In another regime it failed for other reasons; a tripwire counts everywhere. */
	o->age_s = 1;
	o->regime = 78;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	o->what = LODE_OUT_TRIPPED;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	/* The same option, moved the same way by somebody else. */
	o->what = LODE_OUT_REVERTED;
	o->regime = 77;
	lode_fmt(o->proposal.rule, sizeof o->proposal.rule, "a model");
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	o->proposal.change[0].value = 4 << 20; /* the other way */
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	free(w);
}

static void test_refused_cools_down(void **state)
{
	struct world *w = world_new();
	struct lode_reply r = ask(w);
	struct lode_outcome *o;

	(void)state;
	struct lode_proposal p = r.proposal;
	o = world_became(w, &p, LODE_OUT_REFUSED, 10, NAN);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	assert_non_null(strstr(r.why, "cooling down"));
	o->age_s = 301;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	o->age_s = 121;
	o->refusal.rule = LODE_RULE_COOLDOWN;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	/* Again and again: each time twice as long. */
	o->refusal.rule = LODE_RULE_MEMORY;
	world_became(w, &p, LODE_OUT_REFUSED, 301, NAN);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	o = world_became(w, &p, LODE_OUT_INVALID, 1, NAN);
	older(w, 600);
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	free(w);
}

static void test_confidence(void **state)
{
	struct world *w = world_new();
	const struct lode_expert_rule *r = &lode_expert_rules[0];
	double prior = lode_search_confidence(&w->q, r);
	struct lode_reply a = ask(w);

	(void)state;
	assert_float_equal(prior, r->confidence, 1e-9);
	assert_string_equal(a.proposal.rule, r->name);
	world_became(w, &a.proposal, LODE_OUT_REVERTED, 1, 0);
	assert_float_equal(lode_search_confidence(&w->q, r), 2 * prior / 3, 1e-9);
	world_became(w, &a.proposal, LODE_OUT_KEPT, 1, 0.2)->regime = 5;
	assert_float_equal(lode_search_confidence(&w->q, r), (2 * prior + 0.5) / 3.5, 1e-9);
	world_became(w, &a.proposal, LODE_OUT_REFUSED, 1, 0);
	assert_float_equal(lode_search_confidence(&w->q, r), (2 * prior + 0.5) / 3.5, 1e-9);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grows_after_success), cmocka_unit_test(test_halves_after_too_far), cmocka_unit_test(test_other_side_once),
	    cmocka_unit_test(test_flat_rests),		cmocka_unit_test(test_undecided),	     cmocka_unit_test(test_cooldown),
	    cmocka_unit_test(test_refused_cools_down),	cmocka_unit_test(test_confidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
