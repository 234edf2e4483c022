/* Advice: when to ask, what to make of an answer. */
#include "agent/conductor_private.h"

#include "advise/extra.h"
#include "base/log.h"
#include "record/spoken.h"
#include "record/spent.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_OPS 10.0 /* operations a second below which there is nothing to tune for */

/* ---- outcomes: what the next question tells the advisor ---- */

struct lode_outcome *lode_advice_outcome(struct lode_conductor *c)
{
	struct lode_outcome *o;
	if (c->noutcome == OUTCOMES) {
		memmove(c->outcome, c->outcome + 1, sizeof(c->outcome[0]) * (OUTCOMES - 1));
		memmove(c->outcome_ns, c->outcome_ns + 1, sizeof(c->outcome_ns[0]) * (OUTCOMES - 1));
		c->noutcome--;
	}
	o = &c->outcome[c->noutcome];
	memset(o, 0, sizeof(*o));
	c->outcome_ns[c->noutcome++] = lode_conductor_now(c);
	o->proposal = c->proposal;
	memcpy(o->from, c->from, sizeof(o->from));
	o->regime = c->workload.regime;
	return o;
}

void lode_advice_refuse(struct lode_conductor *c, const struct lode_refusal *r)
{
	struct lode_json *j = lode_journal_begin(c->journal, "refused");
	lode_json_u64(j, "trial", c->proposal.id);
	lode_json_refusal(j, "refusal", r);
	lode_journal_end(c->journal, false);
	c->counts.refused++;
	lode_advice_outcome(c)->refusal = *r;
	c->plan.n = 0;
	lode_report_recent(c, "refused", r->why, NULL);
	lode_log(LODE_LOG_INFO, "%s: refused (%s): %s", c->id, lode_rule_name(r->rule), r->why);
	snprintf(c->why, sizeof(c->why), "refused (%s): %.180s", lode_rule_name(r->rule), r->why);
}

/* ---- asking ---- */

static void json_cost(struct lode_json *j, const struct lode_cost *cost)
{
	if (!cost->calls) /* advice that is free, or never came to a call */
		return;
	lode_json_u64(j, "tokens", cost->tokens);
	lode_json_num(j, "money", (double)cost->nano / 1e9);
}

static void journal_reply(struct lode_conductor *c, const struct lode_reply *r)
{
	struct lode_json *j = lode_journal_begin(c->journal, "advice");
	lode_json_str(j, "advisor", c->env.asker->advisor->ops->name);
	lode_json_str(j, "outcome", lode_call_name(r->call));
	lode_json_str(j, "why", r->why);
	lode_json_str(j, "model", r->model);
	if (r->wording[0])
		lode_json_str(j, "prompt", r->wording);
	lode_json_u64(j, "calls", r->calls);
	lode_json_u64(j, "prompt_tokens", r->prompt_tokens);
	lode_json_u64(j, "completion_tokens", r->completion_tokens);
	lode_json_num(j, "seconds", r->seconds);
	json_cost(j, &r->cost);
	if (r->note[0])
		lode_json_str(j, "note", r->note);
	if (r->wants) {
		lode_json_array(j, "wants");
		for (int e = 0; e < LODE_EXTRA_N; e++)
			if (r->wants >> e & 1)
				lode_json_str(j, NULL, lode_extra_name((enum lode_extra)e));
		lode_json_end(j);
	}
	if (r->dialect[0])
		lode_json_str(j, "dialect", r->dialect);
	if (r->raw)
		lode_json_str(j, "reply", r->raw);
	lode_journal_end(c->journal, false);
	c->counts.calls += r->calls;
	c->counts.tokens += r->prompt_tokens + r->completion_tokens;
}

/* Before the answer comes: a process that ends while it waits has asked all the same. */
static void journal_asked(struct lode_conductor *c, const struct lode_cost *most)
{
	struct lode_json *j = lode_journal_begin(c->journal, "asked");
	lode_json_str(j, "advisor", c->env.asker->advisor->ops->name);
	if (most->calls)
		lode_json_u64(j, "calls", most->calls);
	json_cost(j, most);
	lode_journal_end(c->journal, false);
}

void lode_advice_recall(struct lode_conductor *c)
{
	struct lode_life life = {.now_ns = lode_conductor_now(c), .now_us = lode_clock_wall(c->env.clock), .since_us = c->env.asker->since_us};
	struct lode_advisor *a = c->env.asker->advisor;
	struct lode_budget spent;
	if (a->ops->recall && lode_journal_spent(lode_journal_path(c->journal), &life, &spent))
		a->ops->recall(a, &spent);
	char dialect[LODE_DIALECT_TEXT];
	if (a->ops->remember && lode_journal_dialect(lode_journal_path(c->journal), life.now_us, dialect, sizeof(dialect)))
		a->ops->remember(a, dialect);
}

/* False: it was refused, as the last outcome says. */
static bool consider(struct lode_conductor *c, const struct lode_proposal *p, enum lode_purpose purpose)
{
	struct lode_situation s = lode_conductor_situation(c);
	struct lode_refusal refusal = {.change = -1};
	struct lode_json *j;

	c->proposal = *p;
	c->proposal.id = c->next_id++;
	lode_question_note(c);
	c->purpose = purpose;
	if (strcmp(p->advisor, "memory") != 0)
		c->offered.n = 0;
	c->counts.proposals++;
	j = lode_journal_begin(c->journal, "proposal");
	lode_json_u64(j, "trial", c->proposal.id);
	lode_json_proposal(j, "proposal", &c->proposal);
	lode_journal_end(c->journal, false);
	c->ask_ns = lode_conductor_now(c) + lode_seconds_ns(c->pace.between);
	if (lode_memory_bans(c, p, &refusal) || lode_guard_check(&s, &c->proposal, &c->plan, &refusal)) {
		lode_advice_refuse(c, &refusal);
		return false;
	}
	if (c->config->mode == LODE_MODE_SUGGEST) {
		char changes[200];
		c->suggested = true;
		lode_report_changes(c, &c->plan, changes, sizeof(changes));
		lode_conductor_phase(c, LODE_OBSERVE, "suggests %.160s; `lodestone approve` tries it", changes);
		lode_log(LODE_LOG_NOTICE, "%s: suggests %s: %s", c->id, changes, c->proposal.why);
		return true;
	}
	lode_qualify_begin(c);
	return true;
}

int lode_advice_recheck(struct lode_conductor *c, struct lode_buf *out)
{
	struct lode_situation s = lode_conductor_situation(c);
	struct lode_refusal refusal = {.change = -1};
	int rc = 0;

	if (!lode_watch_checks(c)) /* whose values are in force already */
		rc = lode_guard_check(&s, &c->proposal, &c->plan, &refusal);
	if (rc)
		lode_advice_refuse(c, &refusal);
	if (rc && out)
		lode_buf_addf(out, "no longer possible: %s\n", refusal.why);
	return rc;
}

/* An answer to a question about another world is written down and dropped. */
static bool drop(struct lode_conductor *c, const struct lode_reply *r)
{
	const char *why = r->answer == LODE_ANSWER_PROPOSAL ? lode_asking_stale(c) : NULL;
	if (!why)
		return false;
	lode_json_str(lode_journal_begin(c->journal, "stale"), "why", why);
	lode_journal_end(c->journal, false);
	lode_log(LODE_LOG_INFO, "%s: an answer came too late: %s", c->id, why);
	snprintf(c->advice, sizeof(c->advice), "the answer came too late: %s", why);
	return true;
}

static void take_reply(struct lode_conductor *c, struct lode_reply *r);

/* A refused answer is worth one more word, as a malformed one is; with the answer to that the round is over. What is proposed then is checked like
 * anything else: nothing is left of the first. */
static void complain(struct lode_conductor *c)
{
	struct lode_advisor *a = c->env.asker->advisor;
	struct lode_refusal refusal = c->outcome[c->noutcome - 1].refusal;
	struct lode_reply reply = {0};
	struct lode_asked asked;

	a->ops->complain(a, lode_question_whole(c, &asked), &c->proposal, &refusal, &reply);
	reply.complained = true;
	c->asking.open = false; /* the round goes on */
	if (reply.answer == LODE_ANSWER_WAIT) {
		journal_asked(c, &reply.cost);
		lode_asking_begun(c);
	}
	take_reply(c, &reply);
}

static void take_reply(struct lode_conductor *c, struct lode_reply *r)
{
	bool taken;
	if (r->answer == LODE_ANSWER_WAIT) {
		c->env.asker->busy = c;
		if (c->phase == LODE_OBSERVE)
			snprintf(c->why, sizeof(c->why), "waiting for the model's answer");
		return;
	}
	if (c->env.asker->busy == c)
		c->env.asker->busy = NULL;
	c->ask_ns = lode_conductor_now(c) + lode_seconds_ns(lode_asking_pause(c));
	c->last_call = lode_call_name(r->call);
	snprintf(c->advice, sizeof(c->advice), "%s", r->why);
	snprintf(c->note, sizeof(c->note), "%s", r->note);
	if (r->calls || r->answer == LODE_ANSWER_FAILED)
		journal_reply(c, r);
	if (r->answer == LODE_ANSWER_FAILED)
		lode_log(LODE_LOG_WARN, "%s: no advice (%s): %s", c->id, c->last_call, r->why);
	taken = r->answer == LODE_ANSWER_PROPOSAL && !drop(c, r);
	if (c->phase == LODE_OBSERVE)
		snprintf(c->why, sizeof(c->why), "%.230s", c->advice);
	lode_asking_answered(c, r, taken);
	if (r->answer != LODE_ANSWER_FAILED)
		c->wants = r->wants;
	free(r->raw);
	r->raw = NULL;
	if (!taken || consider(c, &r->proposal, LODE_PURPOSE_NEW))
		return;
	c->last_call = lode_call_name(LODE_CALL_REFUSED);
	if (c->env.asker->advisor->ops->complain && !r->complained)
		complain(c);
}

bool lode_advice_poll(struct lode_conductor *c)
{
	struct lode_reply reply = {0};
	if (c->env.asker->busy != c)
		return false;
	c->env.asker->advisor->ops->poll(c->env.asker->advisor, &reply);
	take_reply(c, &reply);
	return true;
}

const char *lode_advice_not_yet(struct lode_conductor *c)
{
	uint64_t now = lode_conductor_now(c);
	const char *wait;
	if (c->config->mode == LODE_MODE_OBSERVE)
		return "observing only (agent.mode = observe)";
	if (c->paused)
		return "paused by the operator";
	if (!c->state)
		return "the options in force could not be read";
	if (c->config->max_trials && c->counts.trials >= c->config->max_trials)
		return "as many trials as advisor.max_trials allows were made";
	if (c->config->mode == LODE_MODE_AUTO && !lode_journal_ok(c->journal))
		return "the journal cannot be written, so nothing is tried; see agent.state_dir";
	if (c->memory.book.strange)
		return "other work: getting to know it";
	wait = lode_account_not_yet(c);
	if (wait)
		return wait;
	if (now - c->quiet_ns < lode_seconds_ns(c->pace.observe) || c->history_n < 4)
		return "getting to know the work";
	if (c->now->background_errors)
		return "RocksDB has a background error: hands off";
	if (c->last.delayed_s > 0 || c->now->write_stopped)
		return "writes are throttled: a change of options now would throttle them further";
	if (!c->now->has_stats && c->workload.ops < IDLE_OPS)
		return "no Statistics in this database and hardly a write: reads are not seen, so nothing could be judged";
	if (c->workload.ops < IDLE_OPS)
		return "idle: nothing to tune for";
	return NULL;
}

static void ask(struct lode_conductor *c)
{
	struct lode_reply reply = {0};
	struct lode_asked a;
	c->env.asker->advisor->ops->ask(c->env.asker->advisor, lode_question_whole(c, &a), &reply);
	if (reply.answer == LODE_ANSWER_WAIT) {
		journal_asked(c, &reply.cost);
		lode_asking_begun(c);
	}
	take_reply(c, &reply);
}

void lode_advice_learn(struct lode_conductor *c)
{
	struct lode_situation s = lode_conductor_situation(c);
	lode_tripwire_learn(&c->trip, &c->last);
	lode_tripwire_learn_slo(&c->trip, &c->policy, &c->last);
	if (c->state)
		lode_tripwire_learn_situation(&c->trip, &s);
}

/* What was proven for this work comes before anything new. */
static bool recall(struct lode_conductor *c)
{
	enum lode_purpose purpose;
	struct lode_proposal p;
	if (!lode_watch_settled(c) || !lode_memory_offer(c, &p, &purpose))
		return false;
	consider(c, &p, purpose);
	return true;
}

void lode_advice_observe(struct lode_conductor *c)
{
	const char *wait;
	lode_advice_learn(c);
	if (lode_advice_poll(c) || c->suggested)
		return;
	wait = lode_advice_not_yet(c);
	if (!wait)
		wait = lode_goal_not_yet(c);
	if (wait) {
		lode_conductor_phase(c, LODE_OBSERVE, "%s", wait);
		return;
	}
	if (lode_conductor_now(c) < c->ask_ns || lode_watch_first(c) || recall(c) || c->env.asker->busy)
		return;
	wait = lode_asking_not_yet(c);
	if (wait)
		lode_conductor_phase(c, LODE_OBSERVE, "%s", wait);
	else
		ask(c);
}

/* ---- the operator's part ---- */

int lode_conductor_decide(struct lode_conductor *c, bool approve, struct lode_buf *out)
{
	if (!c->suggested) {
		lode_buf_adds(out, "no suggestion is waiting\n");
		return -ENOENT;
	}
	if (approve) {
		c->suggested = false;
		if (lode_advice_recheck(c, out)) /* the world may have moved since */
			return -EPERM;
		lode_qualify_begin(c);
		lode_buf_addf(out, "%s\n", c->why);
		return 0;
	}
	c->suggested = false;
	lode_memory_ban(c, true);
	lode_report_recent(c, "refused", "rejected by the operator", NULL);
	lode_experiment_give_up(c, "the suggestion was rejected");
	lode_buf_adds(out, "rejected\n");
	return 0;
}

int lode_conductor_prompt(struct lode_conductor *c, struct lode_buf *out)
{
	struct lode_asked a;
	if (!c->state || !c->history_n)
		return -EAGAIN;
	return c->env.asker->advisor->ops->prompt(c->env.asker->advisor, lode_question_whole(c, &a), out);
}
