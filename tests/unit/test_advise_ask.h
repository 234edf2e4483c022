/* Asking the expert: for the tests of its rules. Include after cmocka. */
#ifndef TEST_ADVISE_ASK_H
#define TEST_ADVISE_ASK_H

#include "advise/expert.h"
#include "test_advise_world.h"

/* Whatever it proposes has a reason, and passes the guard. */
static inline struct lode_reply ask(struct world *w)
{
	struct lode_advisor *a = lode_advisor_expert();
	struct lode_reply r;

	assert_non_null(a);
	a->ops->ask(a, &w->q, &r);
	a->ops->free(a);
	if (r.answer == LODE_ANSWER_PROPOSAL) {
		struct lode_plan *plan = malloc(sizeof *plan);
		struct lode_refusal refusal;

		assert_int_equal(lode_guard_check(&w->q.now, &r.proposal, plan, &refusal), 0);
		assert_true(strlen(r.proposal.why) > 60);
		assert_null(strstr(r.proposal.why, CANARY));
		assert_string_equal(r.proposal.advisor, "expert");
		assert_true(r.proposal.expect > 0 && r.proposal.confidence > 0 && r.proposal.confidence < 1);
		free(plan);
	} else {
		assert_int_equal(r.answer, LODE_ANSWER_NOTHING);
		assert_true(strlen(r.why) > 20);
		assert_null(strstr(r.why, CANARY));
	}
	return r;
}

/* The rule that spoke, or "". */
static inline const char *spoke(const struct lode_reply *r)
{
	return r->answer == LODE_ANSWER_PROPOSAL ? r->proposal.rule : "";
}

static inline int64_t proposed(const struct lode_reply *r, const char *id)
{
	for (size_t i = 0; i < r->proposal.n && r->answer == LODE_ANSWER_PROPOSAL; i++)
		if (r->proposal.change[i].tunable == lode_tunable_find(id))
			return r->proposal.change[i].value;
	return -1;
}

/* Reads find all that they ask for. */
static inline void world_cached(struct world *w)
{
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = w->window.ticker[LODE_T_CACHE_HIT] = 400000000;
	w->window.ticker[LODE_T_CACHE_DATA_MISS] = w->window.ticker[LODE_T_CACHE_MISS] = 10000;
	w->window.hist_count[LODE_H_SST_READ] = 10000;
	w->window.hist_sum[LODE_H_SST_READ] = 60000;
}

/* Random writes, amid compactions that take the cores. */
static inline void world_busy_writes(struct world *w)
{
	world_writes(w);
	w->window.cpu_ns = 58000000000ull;
	w->window.hist_sum[LODE_H_COMPACTION] = 20000000;
}

/* What became of a proposal as the expert made it: in the history, and, if it was kept, in the options. effect: what the trial measured. */
static inline struct lode_outcome *world_became(struct world *w, const struct lode_proposal *p, int what, double age_s, double effect)
{
	struct lode_outcome *o = &w->history[w->q.nhistory++];

	*o = (struct lode_outcome){.proposal = *p, .regime = w->workload.regime, .age_s = age_s, .what = what};
	o->verdict = (struct lode_verdict){.kind = what == LODE_OUT_KEPT ? LODE_VERDICT_KEEP : LODE_VERDICT_REVERT, .effect = effect, .lo = effect - 0.05, .hi = effect + 0.05, .pairs = 12};
	for (size_t i = 0; i < LODE_CHANGES_MAX; i++)
		o->from[i] = LODE_FROM_UNKNOWN;
	for (size_t i = 0; i < p->n; i++) {
		const struct lode_change *c = &p->change[i];
		const struct lode_value *v = lode_state_value(&w->state, c->tunable, c->cf);
		if (v)
			o->from[i] = v->value;
		if (what == LODE_OUT_KEPT)
			world_set(w, lode_tunables[c->tunable].id, (double)c->value); /* all families: good enough here */
	}
	return o;
}

#endif
