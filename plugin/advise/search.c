/* See search.h. */
#include "advise/search.h"

#include <math.h>
#include <string.h>

#define GROW 1.5	 /* of a step after a success: twice, then 2.8 times, then four times the value for a rule that doubles */
#define REACH_MOST 2.0	 /* four times the value: what the guard lets one change do */
#define REACH_LEAST 0.25 /* a factor of 1.19: less is lost in the noise */
#define FAILURES_MOST 3	 /* without a success between them: then rest */
#define REST_S 86400	 /* a day: by then the data is another */
#define COOL_REVERTED_S 600 /* doubles with each further failure */
#define COOL_REFUSED_S 300  /* the same */
#define COOL_INVALID_S 30   /* the same */
#define COOL_BANNED_S 120   /* the agent's own ban says how long it lasts; ours must not outlast it by much */
#define PRIOR 2.0	 /* trials that a rule's confidence is worth */
#define ELSEWHERE 0.5	 /* of a trial, in another kind of work */

static bool is_here(const struct lode_question *q, const struct lode_outcome *o)
{
	return !q->workload || o->regime == q->workload->regime;
}

static int sign(double x)
{
	return (x > 0) - (x < 0);
}

static bool same_place(const struct lode_change *a, const struct lode_change *b)
{
	return a->tunable == b->tunable && (lode_tunables[a->tunable].scope != LODE_SCOPE_CF || a->cf == b->cf || a->cf == LODE_CF_ALL || b->cf == LODE_CF_ALL);
}

/* Which way did it move what p moves: 1 the same way, -1 the other, 0 not at all. What failed was put back, so that the present value tells where the value
 * before is not known; of what was kept it does not: then the rule's own way. */
static int way(const struct lode_question *q, const struct lode_outcome *o, const struct lode_expert_rule *r, const struct lode_proposal *p)
{
	const struct lode_change *main = &p->change[0];
	const struct lode_value *now = lode_state_value(q->now.state, main->tunable, main->cf);
	int ours = now ? sign((double)main->value - (double)now->value) : 1;

	for (size_t i = 0; now && i < o->proposal.n && i < LODE_CHANGES_MAX; i++) {
		const struct lode_change *c = &o->proposal.change[i];
		if (c->tunable < 0 || c->tunable >= lode_tunable_count || !same_place(c, main))
			continue;
		bool known = o->from[i] != LODE_FROM_UNKNOWN;
		if (!known && o->what == LODE_OUT_KEPT)
			break;
		int theirs = sign((double)c->value - (double)(known ? o->from[i] : now->value));
		return theirs == 0 ? 0 : theirs == ours ? 1 : -1;
	}
	return strcmp(o->proposal.rule, r->name) == 0;
}

struct walk {
	struct lode_search *s;
	bool both, climbs;
	double least, wait[2]; /* of the rule's way, of the other */
	unsigned refused, invalid; /* in a row */
	bool other; /* the other side was tried */
};

static void rest(struct walk *w, const struct lode_outcome *o)
{
	w->s->rests = true;
	w->wait[0] = fmax(w->wait[0], REST_S - o->age_s);
	w->wait[1] = fmax(w->wait[1], REST_S - o->age_s);
}

static void kept(struct walk *w, int side)
{
	struct lode_search *s = w->s;
	double reach = fabs(s->reach);

	s->kept++;
	s->failed = 0;
	s->rests = false;
	w->refused = w->invalid = 0;
	w->wait[0] = w->wait[1] = 0;
	s->reach = side * (w->climbs ? fmin(REACH_MOST, reach * GROW) : fmin(1, reach));
}

/* Too far: half as far the next time. */
static void halve(struct walk *w, const struct lode_outcome *o)
{
	w->s->reach /= 2;
	if (fabs(w->s->reach) < REACH_LEAST)
		rest(w, o);
}

static void reverted(struct walk *w, const struct lode_outcome *o, int side)
{
	struct lode_search *s = w->s;
	double effect = o->verdict.effect;
	bool tripped = o->what == LODE_OUT_TRIPPED, guard = !tripped && o->verdict.worst != o->verdict.primary;
	bool harm = !tripped && !guard && effect <= -w->least, flat = !tripped && !guard && fabs(effect) < w->least;

	if (side < 0 && !w->other) { /* somebody else's idea: it says nothing about the rule's own way */
		w->wait[1] = fmax(w->wait[1], COOL_REVERTED_S - o->age_s);
		w->other = true;
		return;
	}
	s->failed += flat ? 2 : 1; /* nothing to be had, in either direction */
	w->wait[side < 0] = fmax(w->wait[side < 0], COOL_REVERTED_S * exp2(fmin(s->failed - 1, 8)) - o->age_s);
	if (side < 0 || s->failed >= FAILURES_MOST) {
		rest(w, o); /* the other side has been tried: what is in force is best, as far as can be told */
	} else if (harm && w->both && !s->kept && !w->other) {
		s->reach = -0.5;
		w->other = true;
	} else if (harm || guard || tripped) {
		halve(w, o);
	} /* else undecided, and perhaps better after all: as before, later */
}

static void tell(struct walk *w, const struct lode_outcome *o, int side)
{
	double cool = 0;

	switch (o->what) {
	case LODE_OUT_KEPT:
		kept(w, side);
		break;
	case LODE_OUT_REVERTED:
	case LODE_OUT_TRIPPED:
		w->refused = w->invalid = 0;
		reverted(w, o, side);
		break;
	case LODE_OUT_REFUSED:
		cool = o->refusal.rule == LODE_RULE_COOLDOWN ? COOL_BANNED_S : COOL_REFUSED_S * exp2(fmin(w->refused++, 8));
		break;
	case LODE_OUT_INVALID:
		cool = COOL_INVALID_S * exp2(fmin(w->invalid++, 8));
		break;
	}
	w->wait[side < 0] = fmax(w->wait[side < 0], cool - o->age_s);
	if (o->what != LODE_OUT_REFUSED && o->what != LODE_OUT_INVALID)
		w->s->last = o->verdict.effect;
}

void lode_search_next(const struct lode_question *q, const struct lode_expert_rule *r, const struct lode_proposal *p, double least, struct lode_search *out)
{
	struct walk w = {.s = out, .both = r->both, .climbs = r->climbs, .least = least};

	*out = (struct lode_search){.reach = 1, .last = NAN};
	for (size_t i = 0; i < q->nhistory; i++) {
		const struct lode_outcome *o = &q->history[i];
		int side = o->age_s > REST_S || !(is_here(q, o) || o->what == LODE_OUT_TRIPPED) ? 0 : way(q, o, r, p);

		if (side)
			tell(&w, o, side);
	}
	out->wait_s = w.wait[out->reach < 0];
}

double lode_search_banned(const struct lode_question *q, const struct lode_proposal *p)
{
	double longest = 0;

	if (!q->nlore || !q->workload || q->lore[0].regime != q->workload->regime)
		return 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct lode_value *now = lode_state_value(q->now.state, p->change[i].tunable, p->change[i].cf);
		for (size_t k = 0; now && k < q->lore[0].nfailed && k < LODE_LORE_FAILED; k++) {
			const struct lode_lore_failed *f = &q->lore[0].failed[k];
			if (f->tunable == p->change[i].tunable && f->up == (p->change[i].value > now->value))
				longest = fmax(longest, f->left_s);
		}
	}
	return longest;
}

double lode_search_confidence(const struct lode_question *q, const struct lode_expert_rule *r)
{
	double good = PRIOR * r->confidence, all = PRIOR;

	for (size_t i = 0; i < q->nhistory; i++) {
		const struct lode_outcome *o = &q->history[i];
		double weight = is_here(q, o) ? 1 : ELSEWHERE;

		if (strcmp(o->proposal.rule, r->name) != 0 || o->what == LODE_OUT_REFUSED || o->what == LODE_OUT_INVALID)
			continue;
		all += weight;
		good += o->what == LODE_OUT_KEPT ? weight : 0;
	}
	return good / all;
}
