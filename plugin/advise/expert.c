/* The built-in expert: deterministic, no network. It walks the table of rules (rules.c) and proposes the first that sees its case, is not
 * cooling down, and whose change the guard would let pass. */
#include "advise/rules.h"
#include "advise/text.h"
#include "base/fmt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COOL_REVERTED_S 600 /* doubles with each further failure in this regime */
#define COOL_REFUSED_S 300
#define COOL_INVALID_S 30
#define COOL_BANNED_S 120 /* the agent's own ban says how long it lasts; ours must not outlast it by much */

/* Was the same tried: the same rule, or the same option in the same direction? What failed was put back, so that the present value tells
 * which. */
static bool alike(const struct lode_question *q, const struct lode_proposal *past, const struct lode_proposal *p)
{
	const struct lode_change *c = &p->change[0];
	const struct lode_value *now = lode_state_value(q->now.state, c->tunable, c->cf);

	if (!strcmp(past->rule, p->rule))
		return true;
	for (size_t i = 0; now && i < past->n && i < LODE_CHANGES_MAX; i++)
		if (past->change[i].tunable == c->tunable && (past->change[i].value > now->value) == (c->value > now->value))
			return true;
	return false;
}

/* Seconds until this may be proposed again; 0 = now. A failure counts for the regime it happened in; a tripwire counts everywhere. */
static double cooling(const struct lode_question *q, const struct lode_proposal *p)
{
	double wait = 0;
	unsigned failures = 0;

	for (size_t i = 0; i < q->nhistory; i++) {
		const struct lode_outcome *o = &q->history[i];
		bool here = !q->workload || o->regime == q->workload->regime || o->what == LODE_OUT_TRIPPED;

		if (!here || o->what == LODE_OUT_KEPT || !alike(q, &o->proposal, p))
			continue;
		bool banned = o->what == LODE_OUT_REFUSED && o->refusal.rule == LODE_RULE_COOLDOWN;
		double cool = banned ? COOL_BANNED_S : o->what == LODE_OUT_REFUSED ? COOL_REFUSED_S : o->what == LODE_OUT_INVALID ? COOL_INVALID_S : COOL_REVERTED_S;

		if (o->what == LODE_OUT_REVERTED || o->what == LODE_OUT_TRIPPED)
			cool *= pow(2, fmin(failures++, 8));
		wait = fmax(wait, cool - o->age_s);
	}
	return wait;
}

/* What is there to say when nothing is to be done. */
static void nothing(const struct lode_signs *s, const char *held, struct lode_reply *out)
{
	if (!s->usable)
		lode_fmt(out->why, sizeof out->why, "%s", s->why_not);
	else
		lode_fmt(out->why, sizeof out->why,
			 "No rule sees anything to gain: reads %s of the %s with a data hit rate of %s, writers stalled %s of the time, "
			 "%s of debt, %s of the cores busy.%s%s",
			 lode_text_percent(s->read_share).s, s->timed ? "time" : "operations", lode_text_percent(s->data_hit).s, lode_text_percent(s->stall_share).s,
			 lode_text_bytes(s->debt).s, lode_text_percent(s->cpu_share).s, *held ? " Held back: " : "", held);
	out->answer = LODE_ANSWER_NOTHING;
}

static void hold(char *held, size_t len, const char *rule, const char *why)
{
	size_t n = strlen(held);

	lode_fmt(held + n, len - n, "%s%s (%s)", n ? ", " : "", rule, why);
}

/* True if the rule has something to propose that would pass. */
static bool try_rule(const struct lode_expert_rule *r, const struct lode_view *v, struct lode_plan *plan, struct lode_proposal *p,
		     char *held, size_t len)
{
	struct lode_refusal refusal = {0};
	char why[48];

	if (!(r->serves & 1u << (v->q->objective ? v->q->objective->kind : LODE_BALANCED)) || !r->sees(v))
		return false;
	*p = (struct lode_proposal){.advisor = "expert", .expect = NAN, .confidence = r->confidence};
	lode_fmt(p->rule, sizeof p->rule, "%s", r->name);
	if (!r->proposes(v, p)) {
		hold(held, len, r->name, "nothing that is allowed now would move");
		return false;
	}
	double wait = cooling(v->q, p);
	if (wait > 0) {
		lode_fmt(why, sizeof why, "cooling down, %.0f s", wait);
		hold(held, len, r->name, why);
		return false;
	}
	if (lode_guard_check(&v->q->now, p, plan, &refusal) != 0) {
		hold(held, len, r->name, lode_rule_name(refusal.rule));
		return false;
	}
	return true;
}

static void expert_ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct lode_signs s;
	struct lode_view v = {q, &s};
	struct lode_plan *plan = malloc(sizeof *plan); /* too large for a small stack */
	char held[200] = "";

	(void)a;
	*out = (struct lode_reply){.answer = LODE_ANSWER_FAILED, .call = LODE_CALL_INTERNAL, .why = "no memory"};
	if (!plan)
		return;
	out->call = LODE_CALL_OK;
	out->why[0] = '\0';
	lode_signs_of(q, &s);
	if (s.usable && q->now.sample->write_stopped) {
		s.usable = false;
		s.why_not = "writes are stopped at this moment; nothing is changed during a stop";
	} else if (s.usable && q->now.sample->delayed_write_rate) {
		s.usable = false;
		s.why_not = "writers are being delayed at this moment; any change would make RocksDB delay them more";
	}
	for (size_t i = 0; s.usable && i < lode_expert_rule_count; i++)
		if (try_rule(&lode_expert_rules[i], &v, plan, &out->proposal, held, sizeof held)) {
			out->answer = LODE_ANSWER_PROPOSAL;
			goto out;
		}
	memset(&out->proposal, 0, sizeof out->proposal);
	nothing(&s, held, out);
out:
	free(plan);
}

static void expert_poll(struct lode_advisor *a, struct lode_reply *out)
{
	(void)a;
	*out = (struct lode_reply){.answer = LODE_ANSWER_NOTHING, .call = LODE_CALL_OK, .why = "the expert answers when it is asked"};
}

static int expert_prompt(struct lode_advisor *a, const struct lode_question *q, struct lode_buf *out)
{
	struct lode_reply r;

	lode_buf_adds(out, "The built-in expert sends nothing anywhere. Its rules, in order:\n");
	for (size_t i = 0; i < lode_expert_rule_count; i++)
		lode_buf_addf(out, "  %-22s %s\n", lode_expert_rules[i].name, lode_expert_rules[i].doc);
	expert_ask(a, q, &r);
	lode_buf_addf(out, "Asked now: %s\n", r.answer == LODE_ANSWER_PROPOSAL ? r.proposal.why : r.why);
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
