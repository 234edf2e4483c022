/* What the conductor remembers: which kind of work this is, what was proven in it and is offered first when it returns, what failed in it and
 * cools down. The values and their rules: memory.h. */
#include "agent/conductor_private.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTER_BLOCKS 2.0   /* of the pace: other work for so long is another regime (twelve units) */
#define TRIES_MAX 3        /* offers of one proof in one visit: trials may end invalid */
#define LONGEST_BAN_S 31e6 /* a year; of what is read back */

uint32_t lode_memory_regime(const struct lode_conductor *c)
{
	const struct lode_regime *r = lode_regimes_now(&c->memory.book);

	return r ? r->id : LODE_EVERYWHERE;
}

static struct lode_lesson *here(struct lode_conductor *c)
{
	return lode_memory_lesson(&c->memory, lode_memory_regime(c));
}

static int decade_of(double bytes)
{
	return bytes >= 1 ? (int)floor(log10(bytes)) : 0;
}

/* ---- the journal ---- */

static void note(struct lode_conductor *c, uint32_t regime)
{
	struct lode_json *j = lode_journal_begin(c->journal, "memory");
	lode_memory_write(&c->memory, regime, lode_conductor_now(c), lode_clock_wall(c->env.clock), j);
	lode_journal_end(c->journal, false);
}

void lode_memory_note(struct lode_conductor *c)
{
	if (lode_memory_regime(c))
		note(c, lode_memory_regime(c));
}

void lode_memory_open(struct lode_conductor *c)
{
	lode_memory_init(&c->memory);
	if (!*lode_journal_path(c->journal) ||
	    !lode_memory_load(&c->memory, lode_journal_path(c->journal), lode_conductor_now(c), lode_clock_wall(c->env.clock), LONGEST_BAN_S))
		return;
	/* The journal has been set aside since; the next time that one will be gone. */
	note(c, LODE_EVERYWHERE);
	for (size_t i = 0; i < c->memory.book.n; i++)
		note(c, c->memory.book.r[i].id);
}

/* ---- which work this is ---- */

static void entered(struct lode_conductor *c, uint32_t from)
{
	const struct lode_regime *r = lode_regimes_now(&c->memory.book);
	struct lode_lesson *l = here(c);
	struct visit *v;
	struct lode_json *j = lode_journal_begin(c->journal, "regime");

	lode_json_u64(j, "from", from);
	lode_json_u64(j, "to", r->id);
	lode_json_u64(j, "visits", r->visits);
	lode_json_str(j, "workload", lode_regime_work(r, c->nkept > 0)->text);
	lode_json_u64(j, "proven", l ? l->nproven : 0);
	lode_journal_end(c->journal, false);
	if (from)
		note(c, from);
	note(c, r->id);
	for (size_t i = 0; l && i < l->nproven; i++)
		l->proven[i].tries = 0;
	if (c->nvisits == VISITS)
		memmove(c->visit, c->visit + 1, sizeof(c->visit[0]) * (--c->nvisits));
	v = &c->visit[c->nvisits++];
	v->regime = r->id;
	lode_clock_iso(lode_clock_wall(c->env.clock), v->ts);
	lode_log(LODE_LOG_INFO, "%s: %s work: %s", c->id, r->visits > 1 ? "known" : "new", lode_regime_work(r, c->nkept > 0)->text);
	lode_watch_entered(c);
}

void lode_memory_meet(struct lode_conductor *c, struct lode_workload *w)
{
	uint32_t from = lode_memory_regime(c);

	switch (lode_regimes_feed(&c->memory.book, w, c->last.invalid ? 0 : c->last.seconds, ENTER_BLOCKS * c->pace.block, c->nkept > 0)) {
	case LODE_REGIME_STRANGE:
		lode_conductor_forget(c);
		lode_tripwire_init(&c->trip);
		break;
	case LODE_REGIME_ENTERED:
		entered(c, from);
		break;
	case LODE_REGIME_SAME:
	case LODE_REGIME_WAITING:
		break;
	}
}

/* ---- what failed ---- */

static bool goes_up(const struct lode_conductor *c, const struct lode_change *ch)
{
	uint32_t cf = ch->cf == LODE_CF_ALL && c->state->ncf ? c->state->cf[0].cf.id : ch->cf;
	const struct lode_value *v = lode_state_value(c->state, ch->tunable, cf);
	return !v || ch->value > v->value;
}

void lode_memory_ban(struct lode_conductor *c, bool everywhere)
{
	struct lode_lesson *l = everywhere ? &c->memory.lesson[0] : here(c);

	for (size_t i = 0; l && i < c->proposal.n; i++)
		lode_lesson_fail(l, c->proposal.change[i].tunable, goes_up(c, &c->proposal.change[i]), lode_conductor_now(c), c->pace.cooldown);
	note(c, everywhere ? LODE_EVERYWHERE : lode_memory_regime(c));
}

/* What the operator has taken back is not offered again as proven, nor proposed again for a while, in any kind of work. */
void lode_memory_rolled_back(struct lode_conductor *c)
{
	for (size_t i = 0; i < c->nkept; i++) {
		const struct kept *k = &c->kept[i];
		int64_t now, original;
		if (k->tunable < 0 || lode_tunable_read(&lode_tunables[k->tunable], k->now.value, &now) ||
		    lode_tunable_read(&lode_tunables[k->tunable], k->original.value, &original))
			continue;
		lode_lesson_fail(&c->memory.lesson[0], k->tunable, now > original, lode_conductor_now(c), c->pace.cooldown);
		for (size_t r = 1; r <= LODE_REGIMES_MAX; r++)
			lode_lesson_withdraw(&c->memory.lesson[r], k->tunable);
	}
	note(c, LODE_EVERYWHERE);
	for (size_t i = 0; i < c->memory.book.n; i++)
		note(c, c->memory.book.r[i].id);
}

bool lode_memory_bans(struct lode_conductor *c, const struct lode_proposal *p, struct lode_refusal *r)
{
	uint64_t now = lode_conductor_now(c);

	for (size_t i = 0; i < p->n; i++) {
		const struct lode_failed *f = NULL;
		if (p->change[i].tunable >= 0 && p->change[i].tunable < lode_tunable_count)
			f = lode_memory_banned(&c->memory, lode_memory_regime(c), p->change[i].tunable, goes_up(c, &p->change[i]), now);
		if (!f)
			continue;
		r->rule = LODE_RULE_COOLDOWN;
		r->change = (int)i;
		snprintf(r->why, sizeof(r->why), "%s in this direction was reverted %u time%s; not again for %.0f s", lode_tunables[f->tunable].id, f->times,
			 f->times > 1 ? "s" : "", (double)(f->until_ns - now) / 1e9);
		return true;
	}
	return false;
}

/* ---- what is proven ---- */

static void prove(struct lode_conductor *c, struct lode_lesson *l, const struct lode_verdict *v)
{
	struct lode_proven p = {.n = c->proposal.n, .effect = v->effect, .lo = v->lo, .hi = v->hi, .pairs = v->pairs, .decade = decade_of(c->workload.data_bytes)};

	memcpy(p.change, c->proposal.change, sizeof(p.change));
	if (c->offered.n) { /* the rest of it was in force */
		p.n = c->offered.n;
		memcpy(p.change, c->offered.change, sizeof(p.change));
	}
	snprintf(p.rocksdb, sizeof(p.rocksdb), "%s", c->host->ops->info(c->host)->version);
	lode_lesson_prove(l, &p);
}

/* A verdict on the present proposal. Kept: proven here. Reverted: banned, and what was proven is in doubt. Invalid: nothing was learnt. */
void lode_memory_learn(struct lode_conductor *c, const struct lode_verdict *v, bool tripped)
{
	struct lode_lesson *l = here(c);
	struct lode_proven *p = !l ? NULL : c->offered.n ? lode_lesson_find(l, c->offered.change, c->offered.n) : lode_lesson_find(l, c->proposal.change, c->proposal.n);
	bool checked = lode_watch_checks(c);

	if (!l || v->kind == LODE_VERDICT_INVALID || v->kind == LODE_VERDICT_NONE)
		return;
	if (v->kind == LODE_VERDICT_KEEP && c->purpose == LODE_PURPOSE_STEP && p)
		p->tries = 0; /* on to the next step */
	else if (v->kind == LODE_VERDICT_KEEP)
		prove(c, l, v);
	if (v->kind == LODE_VERDICT_KEEP)
		for (size_t i = 0; i < c->proposal.n; i++)
			lode_lesson_forgive(l, c->proposal.change[i].tunable, true), lode_lesson_forgive(l, c->proposal.change[i].tunable, false);
	else if (p && (tripped || checked || ++p->doubts >= LODE_DOUBTS_MAX))
		lode_lesson_drop(l, p);
	if (v->kind == LODE_VERDICT_REVERT)
		lode_memory_ban(c, tripped);
	lode_memory_note(c);
}

/* ---- offers ---- */

/* The proven values as far as the guard lets them be reached in one step. *whole: all of it. False: nothing to change, or nothing possible. */
static bool approach(struct lode_conductor *c, const struct lode_proven *p, struct lode_proposal *out, bool *whole)
{
	struct lode_situation s = lode_conductor_situation(c);

	*whole = true;
	for (size_t i = 0; i < p->n; i++) {
		struct lode_change ch = p->change[i];
		uint32_t cf = ch.cf == LODE_CF_ALL && c->state->ncf ? c->state->cf[0].cf.id : ch.cf;
		const struct lode_value *v = lode_state_value(c->state, ch.tunable, cf);
		int64_t lo, hi;
		if (!v || !v->exists || (v->numeric && v->value == ch.value))
			continue;
		if (!lode_guard_range(&s, ch.tunable, ch.cf, &lo, &hi))
			return false;
		if (ch.value < lo || ch.value > hi) {
			ch.value = ch.value < lo ? lo : hi;
			*whole = false;
		}
		if (!v->numeric || v->value != ch.value)
			out->change[out->n++] = ch;
	}
	return out->n > 0;
}

/* Proven under conditions like the present ones? Else it takes a whole trial. */
static bool same_world(const struct lode_conductor *c, const struct lode_proven *p)
{
	return !p->doubts && strcmp(p->rocksdb, c->host->ops->info(c->host)->version) == 0 && abs(p->decade - decade_of(c->workload.data_bytes)) <= 1;
}

bool lode_memory_offer(struct lode_conductor *c, struct lode_proposal *out, enum lode_purpose *purpose)
{
	struct lode_lesson *l = here(c);
	struct lode_refusal refusal;
	char effect[64];
	bool whole;

	for (size_t i = l ? l->nproven : 0; i-- > 0;) {
		struct lode_proven *p = &l->proven[i];
		memset(out, 0, sizeof(*out));
		out->expect = p->effect;
		out->confidence = NAN;
		if (p->tries >= TRIES_MAX || !approach(c, p, out, &whole) || lode_memory_bans(c, out, &refusal))
			continue;
		p->tries++;
		c->offered = *p;
		snprintf(out->advisor, sizeof(out->advisor), "memory");
		snprintf(out->rule, sizeof(out->rule), "proven-before");
		snprintf(effect, sizeof(effect), "%+.1f %%", 100 * p->effect);
		snprintf(out->why, sizeof(out->why), "proven in this kind of work: %s in %u pairs or slots, %u time%s%s", isfinite(p->effect) ? effect : "better", p->pairs,
			 p->times, p->times == 1 ? "" : "s", whole ? "" : "; a step towards it");
		*purpose = !whole ? LODE_PURPOSE_STEP : same_world(c, p) ? LODE_PURPOSE_CONFIRM : LODE_PURPOSE_NEW;
		return true;
	}
	return false;
}

/* ---- what is told ---- */

static void json_changes(struct lode_json *j, const struct lode_proven *p)
{
	char text[LODE_VALUE_MAX];

	lode_json_array(j, "changes");
	for (size_t i = 0; i < p->n; i++) {
		lode_json_object(j, NULL);
		lode_json_str(j, "option", lode_tunables[p->change[i].tunable].id);
		lode_json_str(j, "value", lode_tunable_show(&lode_tunables[p->change[i].tunable], p->change[i].value, text, sizeof(text)));
		lode_json_end(j);
	}
	lode_json_end(j);
}

static void json_lesson(const struct lode_conductor *c, struct lode_json *j, const struct lode_lesson *l)
{
	uint64_t now = lode_conductor_now(c);

	lode_json_array(j, "proven");
	for (size_t i = 0; l && i < l->nproven; i++) {
		lode_json_object(j, NULL);
		json_changes(j, &l->proven[i]);
		lode_json_num(j, "effect", l->proven[i].effect);
		lode_json_u64(j, "times", l->proven[i].times);
		lode_json_end(j);
	}
	lode_json_end(j);
	lode_json_array(j, "cooling_down");
	for (size_t i = 0; l && i < l->nfailed; i++) {
		const struct lode_failed *f = &l->failed[i];
		if (f->until_ns <= now)
			continue;
		lode_json_object(j, NULL);
		lode_json_str(j, "option", lode_tunables[f->tunable].id);
		lode_json_str(j, "direction", f->up ? "up" : "down");
		lode_json_u64(j, "times", f->times);
		lode_json_num(j, "seconds", (double)(f->until_ns - now) / 1e9);
		lode_json_end(j);
	}
	lode_json_end(j);
}

static const struct lode_lesson *lesson_of(const struct lode_memory *m, uint32_t id)
{
	for (size_t i = 1; i <= LODE_REGIMES_MAX; i++)
		if (m->lesson[i].regime == id)
			return &m->lesson[i];
	return NULL;
}

void lode_memory_json(const struct lode_conductor *c, struct lode_json *j)
{
	const struct lode_regimes *g = &c->memory.book;

	lode_json_u64(j, "regime", lode_memory_regime(c));
	lode_json_bool(j, "regime_unsettled", g->strange);
	lode_json_array(j, "regimes");
	for (size_t i = 0; i < g->n; i++) {
		lode_json_object(j, NULL);
		lode_json_u64(j, "id", g->r[i].id);
		lode_json_str(j, "workload", lode_regime_work(&g->r[i], c->nkept > 0)->text);
		lode_json_u64(j, "visits", g->r[i].visits);
		lode_json_num(j, "seconds", g->r[i].seconds);
		json_lesson(c, j, lesson_of(&c->memory, g->r[i].id));
		lode_json_end(j);
	}
	lode_json_end(j);
	lode_json_object(j, "everywhere");
	json_lesson(c, j, &c->memory.lesson[0]);
	lode_json_end(j);
	lode_json_array(j, "regime_history");
	for (size_t i = 0; i < c->nvisits; i++) {
		lode_json_object(j, NULL);
		lode_json_str(j, "ts", c->visit[i].ts);
		lode_json_u64(j, "regime", c->visit[i].regime);
		lode_json_end(j);
	}
	lode_json_end(j);
}
