/* The built-in expert: deterministic, no network. Every rule whose bottleneck costs something is asked for its change; the one with the most to expect that is
 * not resting and that the guard would let pass is proposed. What it may expect: the share of time that the bottleneck costs, by what the rule usually takes away
 * of it, by how sure it may be here (search.c). */
#include "advise/expert.h"
#include "advise/search.h"
#include "advise/text.h"
#include "base/fmt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST LODE_BOTTLENECK_LEAST /* of a gain, in what the judge can prove */
#define UNKNOWN_SHARE 0.2 /* of the time, that a bottleneck may come to cost which costs nothing yet */

/* The bottleneck that the rule answers and that costs most. NULL: none of them is there. */
static const struct lode_diagnosis *worst(const struct lode_view *v, const struct lode_expert_rule *r)
{
	const struct lode_diagnosis *most = NULL;

	for (size_t i = 0; i < v->nd; i++)
		for (size_t k = 0; k < LODE_RULE_AGAINST && r->against[k]; k++)
			if (v->d[i].what == r->against[k] && (!most || v->d[i].share > most->share || isnan(most->share)))
				most = &v->d[i];
	return most;
}

/* Relative: what takes away half of the time doubles the speed. */
static double gain(double share, double part)
{
	double x = fmin(0.9, (isnan(share) ? UNKNOWN_SHARE : share) * part);

	return x / (1 - x);
}

/* ---- one rule ---- */

/* The search's words for a step that is not the rule's own. */
static void explain(const struct lode_search *s, struct lode_proposal *p)
{
	char text[sizeof p->why];
	size_t n = strlen(p->why);

	if (s->reach < 0) {
		lode_fmt(text, sizeof text, "This was tried the other way and gave %s%s. So half a step to the other side is tried, once.", s->last >= 0 ? "+" : "",
			 lode_text_percent(s->last).s);
		memcpy(p->why, text, sizeof text);
	} else if (s->reach != 1 && n < sizeof p->why) {
		lode_fmt(p->why + n, sizeof p->why - n, " (%s the usual step, after one that was %s.)", s->reach > 1 ? "More than" : "A part of", s->reach > 1 ? "proven" : "too far");
	}
}

static bool passes(const struct lode_question *q, struct lode_plan *plan, struct lode_advised *a)
{
	struct lode_refusal refusal = {0};

	if (lode_guard_check(&q->now, &a->proposal, plan, &refusal) == 0)
		return true;
	lode_fmt(a->held, sizeof a->held, "%s", lode_rule_name(refusal.rule));
	return false;
}

static double propose(struct lode_view *v, const struct lode_expert_rule *r, struct lode_proposal *p)
{
	*p = (struct lode_proposal){.advisor = "expert", .expect = NAN, .confidence = NAN};
	lode_fmt(p->rule, sizeof p->rule, "%s", r->name);
	return r->proposes(v, p);
}

/* True if the rule sees its case; then *a says what it would do, or what holds it. */
static bool consult(struct lode_view *v, const struct lode_expert_rule *r, struct lode_plan *plan, struct lode_advised *a)
{
	const struct lode_diagnosis *d = r->serves & 1u << (v->q->objective ? v->q->objective->kind : LODE_BALANCED) ? worst(v, r) : NULL;
	struct lode_search s;

	v->reach = 1;
	if (!d || (r->sees && !r->sees(v)))
		return false;
	*a = (struct lode_advised){.rule = r, .against = d->what};
	double part = propose(v, r, &a->proposal), confidence = lode_search_confidence(v->q, r);
	if (!(part > 0)) {
		lode_fmt(a->held, sizeof a->held, "nothing that is allowed now would move");
		return true;
	}
	lode_search_next(v->q, r, &a->proposal, LEAST, &s);
	if (s.reach != 1) {
		v->reach = s.reach;
		part = propose(v, r, &a->proposal);
		explain(&s, &a->proposal);
	}
	a->proposal.expect = gain(d->share, r->brings * fmin(1, part));
	a->proposal.confidence = confidence;
	a->value = a->proposal.expect * confidence * d->weight;
	double wait = fmax(s.wait_s, part > 0 ? lode_search_banned(v->q, &a->proposal) : 0);
	if (!(part > 0))
		lode_fmt(a->held, sizeof a->held, "the next step would not move anything");
	else if (wait > 0)
		lode_fmt(a->held, sizeof a->held, "%s, %.0f s", s.rests ? "tried enough" : "cooling down", wait);
	else if (a->proposal.expect * d->weight < LEAST)
		lode_fmt(a->held, sizeof a->held, "too little to be proven: %s", lode_text_percent(a->proposal.expect).s);
	else
		passes(v->q, plan, a);
	return true;
}

/* ---- all of them ---- */

static bool before(const struct lode_advised *a, const struct lode_advised *b)
{
	if (!*a->held != !*b->held)
		return !*a->held;
	return a->value > b->value;
}

static void insert(struct lode_counsel *c, const struct lode_advised *a)
{
	size_t i = c->n;

	while (i > 0 && before(a, &c->a[i - 1]))
		i--;
	if (i >= LODE_COUNSEL_MAX)
		return;
	size_t last = c->n < LODE_COUNSEL_MAX ? c->n : LODE_COUNSEL_MAX - 1;
	memmove(&c->a[i + 1], &c->a[i], (last - i) * sizeof c->a[0]);
	c->a[i] = *a;
	c->n = last + 1;
}

/* What is there to say when nothing is to be done. */
static void say_nothing(const struct lode_view *v, struct lode_counsel *c)
{
	const struct lode_signs *s = v->s;
	size_t n;

	if (!s->usable) {
		lode_fmt(c->nothing, sizeof c->nothing, "%s", s->why_not);
		return;
	}
	lode_fmt(c->nothing, sizeof c->nothing, "No rule sees anything to gain: %s (%s).", lode_bottleneck_name(v->d[0].what), v->d[0].evidence);
	for (size_t i = 0; i < c->n; i++) {
		n = strlen(c->nothing);
		lode_fmt(c->nothing + n, sizeof c->nothing - n, "%s%s (%s)", i ? ", " : " Held back: ", c->a[i].rule->name, c->a[i].held);
	}
}

void lode_expert_counsel(const struct lode_question *q, struct lode_counsel *out)
{
	struct lode_signs s;
	struct lode_diagnosis d[LODE_BOTTLENECK_N];
	struct lode_view v = {.q = q, .s = &s, .reach = 1, .d = d};
	struct lode_plan *plan = malloc(sizeof *plan); /* too large for a small stack */
	struct lode_advised a;

	out->n = 0;
	out->nothing[0] = '\0';
	lode_signs_of(q, &s);
	if (s.usable && q->now.sample->write_stopped) {
		s.usable = false;
		s.why_not = "writes are stopped at this moment; nothing is changed during a stop";
	} else if (s.usable && q->now.sample->delayed_write_rate) {
		s.usable = false;
		s.why_not = "writers are being delayed at this moment; a change makes RocksDB reckon the delay anew, and may make it longer";
	} else if (!plan) {
		s.usable = false;
		s.why_not = "no memory";
	}
	v.nd = lode_diagnose(q, &s, d, LODE_BOTTLENECK_N);
	for (size_t i = 0; s.usable && i < lode_expert_rule_count; i++)
		if (consult(&v, &lode_expert_rules[i], plan, &a))
			insert(out, &a);
	free(plan);
	if (!out->n || *out->a[0].held)
		say_nothing(&v, out);
}

/* ---- as an advisor ---- */

static void expert_ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct lode_counsel *c = malloc(sizeof *c);

	(void)a;
	*out = (struct lode_reply){.answer = LODE_ANSWER_FAILED, .call = LODE_CALL_INTERNAL, .why = "no memory"};
	if (!c)
		return;
	lode_expert_counsel(q, c);
	out->call = LODE_CALL_OK;
	lode_fmt(out->why, sizeof out->why, "%s", c->nothing);
	out->answer = *c->nothing ? LODE_ANSWER_NOTHING : LODE_ANSWER_PROPOSAL;
	if (out->answer == LODE_ANSWER_PROPOSAL)
		out->proposal = c->a[0].proposal;
	free(c);
}

static void expert_poll(struct lode_advisor *a, struct lode_reply *out)
{
	(void)a;
	*out = (struct lode_reply){.answer = LODE_ANSWER_NOTHING, .call = LODE_CALL_OK, .why = "the expert answers when it is asked"};
}

static int expert_prompt(struct lode_advisor *a, const struct lode_question *q, struct lode_buf *out)
{
	struct lode_counsel *c = malloc(sizeof *c);

	(void)a;
	if (!c)
		return -1;
	lode_buf_adds(out, "The built-in expert sends nothing anywhere. Its rules, and what each answers:\n");
	for (size_t i = 0; i < lode_expert_rule_count; i++)
		lode_buf_addf(out, "  %-22s %-16s %s\n", lode_expert_rules[i].name, lode_bottleneck_name(lode_expert_rules[i].against[0]), lode_expert_rules[i].doc);
	lode_expert_counsel(q, c);
	lode_buf_addf(out, "Asked now: %s\n", *c->nothing ? c->nothing : c->a[0].proposal.why);
	for (size_t i = 0; !*c->nothing && i < c->n; i++)
		lode_buf_addf(out, "  %-22s expects %s, %s sure%s%s\n", c->a[i].rule->name, lode_text_percent(c->a[i].proposal.expect).s,
			      lode_text_percent(c->a[i].proposal.confidence).s, *c->a[i].held ? "; held back: " : "", c->a[i].held);
	free(c);
	return out->failed ? -1 : 0;
}

static void expert_cancel(struct lode_advisor *a)
{
	(void)a;
}

static void expert_free(struct lode_advisor *a)
{
	free(a);
}

static const struct lode_advisor_ops expert_ops = {
    .name = "expert", .ask = expert_ask, .poll = expert_poll, .prompt = expert_prompt, .cancel = expert_cancel, .free = expert_free};

struct lode_advisor *lode_advisor_expert(void)
{
	struct lode_advisor *a = calloc(1, sizeof *a);

	if (a)
		a->ops = &expert_ops;
	return a;
}
