/* What an advisor is asked: the present situation, where it comes from, and what is remembered, put together from the conductor. Changes nothing but the
 * scratch window and the ages of outcomes. */
#include "agent/conductor_private.h"

#include "advise/extra.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the trend ---- */

/* All of history, in up to LODE_ASKED_TREND stretches of as many units each. */
static void trend(struct lode_conductor *c, struct lode_asked *a)
{
	size_t parts = c->history_n / 2 < LODE_ASKED_TREND ? c->history_n / 2 : LODE_ASKED_TREND, each;

	if (parts < 2)
		return;
	each = c->history_n / parts;
	for (size_t i = 0; i < parts; i++) {
		memset(c->window, 0, sizeof(*c->window));
		for (size_t k = each; k-- > 0;)
			lode_interval_add(c->window, lode_conductor_past(c, (parts - 1 - i) * each + k));
		if (c->window->parts)
			lode_moment_of(c->window, lode_conductor_now(c), &a->trend[a->question.ntrend++]);
	}
	a->question.trend = a->trend;
}

static void loop(const struct lode_conductor *c, struct lode_question *q)
{
	struct lode_interval *past = c->history_n ? calloc(c->history_n, sizeof(*past)) : NULL;

	for (size_t i = 0; past && i < c->history_n; i++)
		past[i] = *lode_conductor_past(c, c->history_n - 1 - i);
	if (past)
		q->loop = lode_loop_of(past, c->history_n, &q->waiting);
	free(past);
}

/* ---- what is remembered ---- */

static bool in_force(const struct lode_conductor *c, const struct lode_change *change)
{
	uint32_t cf = change->cf == LODE_CF_ALL && c->state && c->state->ncf ? c->state->cf[0].cf.id : change->cf;
	const struct lode_value *v = c->state ? lode_state_value(c->state, change->tunable, cf) : NULL;
	return v && v->numeric && v->value == change->value;
}

static void take_proven(const struct lode_conductor *c, const struct lode_proven *p, struct lode_lore_proven *out)
{
	*out = (struct lode_lore_proven){.n = p->n, .effect = p->effect, .lo = p->lo, .hi = p->hi, .times = p->times, .in_force = p->n > 0};
	memcpy(out->change, p->change, sizeof(out->change));
	for (size_t i = 0; i < p->n; i++)
		out->in_force = out->in_force && in_force(c, &p->change[i]);
}

static void take_lore(struct lode_conductor *c, const struct lode_regime *r, struct lode_lore *out)
{
	const struct lode_lesson *l = lode_memory_lesson(&c->memory, r->id);
	uint64_t now = lode_conductor_now(c);

	*out = (struct lode_lore){.regime = r->id, .visits = r->visits, .seconds = r->seconds, .work = *lode_regime_work(r, c->nkept > 0)};
	for (size_t i = 0; l && i < l->nproven && i < LODE_LORE_PROVEN; i++)
		take_proven(c, &l->proven[i], &out->proven[out->nproven++]);
	for (size_t i = 0; l && i < l->nfailed && i < LODE_LORE_FAILED; i++) {
		const struct lode_failed *f = &l->failed[i];
		out->failed[out->nfailed++] = (struct lode_lore_failed){f->tunable, f->up, f->times, f->until_ns > now ? (double)(f->until_ns - now) / 1e9 : 0};
	}
}

/* The kind of work that was left last, before that turn; the present one apart. */
static const struct lode_regime *left_before(const struct lode_regimes *book, const struct lode_regime *now, uint64_t turn)
{
	const struct lode_regime *last = NULL;

	for (size_t i = 0; i < book->n; i++)
		if (&book->r[i] != now && book->r[i].turn < turn && (!last || book->r[i].turn > last->turn))
			last = &book->r[i];
	return last;
}

/* The present kind of work, then the others, the one that was left last first. */
static void lore(struct lode_conductor *c, struct lode_asked *a)
{
	const struct lode_regimes *book = &c->memory.book;
	const struct lode_regime *now = lode_regimes_now(book);

	if (!now)
		return;
	take_lore(c, now, &a->lore[a->question.nlore++]);
	for (const struct lode_regime *r = left_before(book, now, UINT64_MAX); r && a->question.nlore < LODE_ASKED_LORE; r = left_before(book, now, r->turn))
		take_lore(c, r, &a->lore[a->question.nlore++]);
	a->question.lore = a->lore;
}

/* ---- the question ---- */

static double harm_left(const struct lode_conductor *c)
{
	const struct lode_ledger *l = &c->account.ledger;
	return l->cap > 0 ? fmax(0, 1 - lode_ledger_spent(l, lode_clock_wall(c->env.clock) / 1000000) / l->cap) : NAN;
}

static unsigned trials_left(const struct lode_conductor *c)
{
	if (!c->config->max_trials)
		return UINT_MAX;
	return c->config->max_trials > c->counts.trials ? (unsigned)(c->config->max_trials - c->counts.trials) : 0;
}

static void left(const struct lode_conductor *c, struct lode_question *q)
{
	struct lode_advisor *a = c->env.asker->advisor;
	struct lode_standing s;

	if (!a->ops->standing)
		return;
	a->ops->standing(a, &s);
	q->left = s.left;
}

const struct lode_question *lode_question_now(struct lode_conductor *c, struct lode_asked *a)
{
	memset(a, 0, sizeof(*a));
	a->question = (struct lode_question){.now = lode_conductor_situation(c),
					     .window = c->window,
					     .workload = &c->workload,
					     .objective = &c->config->objective,
					     .rocksdb_version = c->host->ops->info(c->host)->version,
					     .waiting = NAN,
					     .others = lode_others_cores(&c->others),
					     .harm_left = harm_left(c),
					     .trials_left = trials_left(c)};
	lode_conductor_window(c, fmax(c->pace.window, c->pace.observe), c->window);
	return &a->question;
}

static void past(struct lode_conductor *c, struct lode_asked *a)
{
	struct lode_question *q = &a->question;

	q->regimes = &c->memory.book;
	q->history = c->outcome;
	q->nhistory = c->noutcome;
	for (size_t i = 0; i < c->noutcome; i++)
		c->outcome[i].age_s = (double)(lode_conductor_now(c) - c->outcome_ns[i]) / 1e9;
	left(c, q);
	trend(c, a);
	loop(c, q);
	lore(c, a);
}

const struct lode_question *lode_question_whole(struct lode_conductor *c, struct lode_asked *a)
{
	unsigned parts = lode_extra_parts(c->wants);

	lode_question_now(c, a);
	past(c, a);
	lode_conductor_window(c, fmax(c->pace.window, c->pace.observe), c->window); /* the trend has used it */
	a->question.wants = c->wants;
	if (parts && !lode_detail_take(c->host, parts, c->now, &c->detail))
		a->question.detail = &c->detail;
	return &a->question;
}

void lode_question_note(struct lode_conductor *c)
{
	for (size_t i = 0; i < LODE_CHANGES_MAX; i++) {
		const struct lode_change *change = &c->proposal.change[i];
		bool named = i < c->proposal.n && change->tunable >= 0 && change->tunable < lode_tunable_count && c->state;
		uint32_t cf = named && change->cf == LODE_CF_ALL && c->state->ncf ? c->state->cf[0].cf.id : change->cf;
		const struct lode_value *v = named ? lode_state_value(c->state, change->tunable, cf) : NULL;
		c->from[i] = v && v->numeric ? v->value : LODE_FROM_UNKNOWN;
	}
}
