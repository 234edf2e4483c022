/* The objective at work: what a trial is told to judge by, when it asks for nothing, and how both are told to people. */
#include "agent/conductor_private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MET 0.1 /* of an error budget: who burns less has no latency to win */

static const struct lode_objective *objective(const struct lode_conductor *c)
{
	return &c->config->objective;
}

/* "+3 %", "x1.5", "2 % of time": a margin in the units of its metric, for people. */
static double in_words(enum lode_metric m, double margin)
{
	return m == LODE_M_STALL || m == LODE_M_MEMORY ? margin : expm1(margin);
}

static void tell_guards(struct lode_conductor *c, const struct lode_baseline *b, const struct lode_trial_spec *s)
{
	struct lode_goal *g = &c->goal;
	size_t at = 0;

	snprintf(g->judged_by, sizeof(g->judged_by), "%s", lode_baseline_judged_by(b));
	g->guards[0] = 0;
	for (int m = 0; m < LODE_METRIC_N && at < sizeof(g->guards); m++)
		if (lode_metric_guards(b, (enum lode_metric)m))
			at += (size_t)snprintf(g->guards + at, sizeof(g->guards) - at, "%s%s %+.0f %%", at ? ", " : "", lode_metric_name[m],
					       (lode_metric_falls((enum lode_metric)m) ? 100 : -100) * in_words((enum lode_metric)m, s->margin[m]));
}

int lode_goal_prepare(struct lode_conductor *c, const struct lode_interval *past, size_t n, struct lode_baseline *b, struct lode_trial_spec *s)
{
	struct lode_objective_case at = {.history = past, .n = n, .mem_limit = (double)c->machine.mem_limit, .planned = (double)c->plan.memory};
	int rc;

	if (lode_watch_checks(c)) /* what is checked announced its memory when it was kept */
		at.mem_limit = 0;
	rc = lode_objective_prepare(objective(c), &at, b, s, c->goal.note, sizeof(c->goal.note));

	if (rc == 0)
		tell_guards(c, b, s);
	return rc;
}

void lode_goal_json(const struct lode_conductor *c, const struct lode_baseline *b, const struct lode_trial_spec *s, struct lode_json *j)
{
	char slos[160];

	lode_json_str(j, "objective", lode_objective_name[objective(c)->kind]);
	lode_json_str(j, "judged_by", s->design == LODE_DESIGN_VOLUME ? "write amplification once settled" : lode_baseline_judged_by(b));
	lode_json_num(j, "min_effect", s->min_effect);
	lode_json_object(j, "guards");
	for (int m = 0; m < LODE_METRIC_N; m++)
		if (lode_metric_guards(b, (enum lode_metric)m))
			lode_json_num(j, lode_metric_name[m], in_words((enum lode_metric)m, s->margin[m]));
	lode_json_end(j);
	if (lode_metric_own(b->primary)) {
		lode_json_object(j, "metric");
		lode_own_json(c, j);
		lode_json_end(j);
	}
	if (lode_objective_has_slo(objective(c)))
		lode_json_str(j, "slo", lode_objective_slos(objective(c), slos, sizeof(slos)));
	if (c->goal.note[0])
		lode_json_str(j, "note", c->goal.note);
}

void lode_goal_status(const struct lode_conductor *c, struct lode_json *j)
{
	char slos[160];

	lode_json_object(j, "objective");
	lode_json_str(j, "kind", lode_objective_name[objective(c)->kind]);
	lode_json_str(j, "means", lode_objective_doc(objective(c)));
	lode_json_str(j, "slo", lode_objective_slos(objective(c), slos, sizeof(slos)));
	lode_own_status(c, j);
	if (c->goal.judged_by[0]) { /* of the trial in flight, or of the last one */
		lode_json_str(j, "judged_by", c->goal.judged_by);
		lode_json_str(j, "guards", c->goal.guards);
	}
	lode_json_str(j, "note", c->goal.note);
	lode_json_end(j);
}

void lode_goal_policy(const struct lode_conductor *c, struct lode_policy *p)
{
	memcpy(p->slo, objective(c)->slo, sizeof(p->slo));
	p->burn_window = c->pace.block;
}

/* The fastest that an error budget burns, over the history; NAN if no operation was timed that has one. */
static double burn_of(const struct lode_conductor *c)
{
	double worst = NAN;

	for (int k = 0; k < LODE_SLO_N; k++) {
		const struct lode_slo *s = &objective(c)->slo[k];
		double n = 0, missed = 0, one_n, one;

		for (size_t i = 0; i < c->history_n; i++)
			if (lode_slo_count(s, lode_conductor_past(c, i), k, &one_n, &one))
				n += one_n, missed += one;
		if (n > 0)
			worst = fmax(isnan(worst) ? 0 : worst, missed / n / lode_slo_budget(s));
	}
	return worst;
}

static const char *latency_not_yet(const struct lode_conductor *c)
{
	double burn = burn_of(c);

	if (!c->now->has_timers && c->timers == LODE_TIMERS_FIXED)
		return "objective latency: service times are not taken here, so slow operations are not seen";
	if (lode_objective_has_slo(objective(c)) && burn < MET)
		return "objective latency: the SLOs are met, with less than a tenth of their error budgets in use";
	return NULL;
}

static const char *write_amp_not_yet(const struct lode_conductor *c)
{
	uint64_t flushes = 0;

	if (!c->now->has_stats)
		return "objective write_amp: without Statistics write amplification is not seen";
	for (size_t i = 0; i < c->history_n; i++)
		flushes += lode_conductor_past(c, i)->flushes;
	if (flushes >= LODE_FLUSHES_LEAST)
		return NULL;
	return c->history_n == HISTORY ? "objective write_amp: hardly anything is flushed, so there is nothing to win"
				       : "objective write_amp: getting to know flushes and compactions";
}

const char *lode_goal_not_yet(struct lode_conductor *c)
{
	switch (objective(c)->kind) {
	case LODE_LATENCY:
		return latency_not_yet(c);
	case LODE_WRITE_AMP:
		return write_amp_not_yet(c);
	case LODE_CUSTOM:
		return lode_own_not_yet(c);
	default:
		return NULL;
	}
}

const char *lode_goal_judged_by(const struct lode_conductor *c)
{
	static const char *const other[LODE_OBJECTIVES] = {
		[LODE_THROUGHPUT] = "throughput where the load is closed, else service time", [LODE_LATENCY] = "slow operations",
		[LODE_WRITE_AMP] = "write amplification", [LODE_COST] = "cost of an operation", [LODE_CUSTOM] = "the program's own metric"};
	const char *by = other[objective(c)->kind];

	return by && (c->now->has_stats || objective(c)->kind == LODE_CUSTOM) ? by : lode_qualify_judged_by(c);
}
