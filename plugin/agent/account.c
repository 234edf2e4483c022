/* The harm ledger at work: reserves before a trial, charges while it runs and while it is still felt, ends it when its part is used up. What was reserved
 * and what was spent stand in the journal ("harm"), so that a crash or a restart forgets nothing. */
#include "agent/conductor_private.h"

#include "base/log.h"
#include "record/metrics.h"
#include "record/recall.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECOVERY 4.0 /* washouts after which what was undone is nobody's concern any more */
#define CALM 3	     /* intervals without a loss: it is forgotten */
#define PIECES 16     /* of a trial that takes hours */
#define BLIND 5.0    /* sampling intervals: what a longer pause counts */

/* By the monotonic clock since birth: a wall clock that is set forward forgives nothing. */
static uint64_t now_s(const struct lode_conductor *c)
{
	return c->born_wall_s + (lode_conductor_now(c) - c->born_ns) / 1000000000u;
}

static double alpha(const struct lode_conductor *c)
{
	return c->config->harm_per_day >= 0 ? c->config->harm_per_day : c->pace.harm;
}

/* ---- memory ---- */

void lode_account_recall(struct lode_conductor *c)
{
	struct lode_recall *r = calloc(1, sizeof(*r));
	struct lode_purse *p = c->env.purse;
	int rc;
	c->born_wall_s = lode_clock_wall(c->env.clock) / 1000000u;
	lode_ledger_init(&c->account.ledger, alpha(c));
	if (p && !p->ready) {
		lode_ledger_init(&p->ledger, alpha(c));
		p->ready = true;
	}
	if (!r) {
		lode_ledger_charge(&c->account.ledger, c->born_wall_s, c->account.ledger.cap);
		return;
	}
	r->ledger = c->account.ledger;
	rc = lode_journal_recall(lode_journal_path(c->journal), c->born_wall_s, r);
	if (rc)
		lode_log(LODE_LOG_WARN, "%s: the journal cannot be read (%s): nothing is tried for a day", c->id, strerror(-rc));
	else if (r->gaps)
		lode_log(LODE_LOG_NOTICE, "%s: the journal of the last day is damaged in %u place%s; each counts as a trial that went badly", c->id, r->gaps,
			 r->gaps == 1 ? "" : "s");
	c->account.ledger = r->ledger;
	c->steps = r->steps;
	c->policy.steps = &c->steps;
	for (size_t i = 0; i < LODE_TUNABLE_WORDS; i++) {
		c->pinned[i] = r->pinned[i];
		c->policy.locked[i] |= r->pinned[i];
		c->policy.manual[i] |= r->manual[i];
	}
	free(r);
}

static void journal_harm(struct lode_conductor *c, const char *what, uint64_t trial, double seconds)
{
	struct lode_json *j = lode_journal_begin(c->journal, "harm");
	lode_json_u64(j, "trial", trial);
	lode_json_str(j, "what", what);
	lode_json_num(j, "seconds", seconds);
	lode_json_num(j, "treated", c->account.harm.treated);
	lode_json_num(j, "spent", lode_ledger_spent(&c->account.ledger, now_s(c)));
	lode_json_num(j, "cap", c->account.ledger.cap);
	lode_journal_end(c->journal, true);
}

/* ---- may it begin ---- */

/* No trial of this pace is worse than this. */
static double worst_of_pace(const struct lode_conductor *c)
{
	const struct lode_pace *p = &c->pace;
	double stretch = fmax(1, p->stretch);
	const struct lode_harm_limits limits[] = {
		{c->config->interval, p->block * stretch, p->washout * stretch, p->block * stretch * p->max_pairs, -expm1(LODE_HEAVY_LOSS)},
		{c->config->interval, p->block_flush * stretch, p->washout_flush * stretch, p->block_flush * stretch * p->max_pairs, -expm1(LODE_HEAVY_LOSS)},
		{c->config->interval, p->window, p->washout_cache, p->slot * p->slots + p->washout_cache + p->window, -expm1(LODE_HEAVY_LOSS)},
	};
	double worst = 0;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		worst = fmax(worst, lode_harm_worst(&limits[i], lode_ledger_allowance(&c->account.ledger)));
	return worst;
}

/* This database's share of what the process does. */
static double share(const struct lode_conductor *c)
{
	const struct lode_purse *p = c->env.purse;
	return p && p->ops > 0 ? fmin(1, fmax(c->account.ops, 0) / p->ops) : 1;
}

static const char *exhausted(struct lode_conductor *c, double worst)
{
	struct lode_account *a = &c->account;
	const struct lode_purse *p = c->env.purse;
	const struct lode_ledger *full = NULL;
	uint64_t now = now_s(c), at;
	char again[32] = "not before it is raised";
	double part = 1;
	if (worst < 2 * lode_harm_delay(c->config->interval)) {
		snprintf(a->why, sizeof(a->why), "guard.harm_per_day leaves %.3g s of lost work to a trial, less than a guard needs to act: nothing is tried",
			 lode_ledger_allowance(&a->ledger));
		return a->why;
	}
	if (!lode_ledger_fits(&a->ledger, now, worst))
		full = &a->ledger;
	else if (p && !lode_ledger_fits(&p->ledger, now, worst * share(c)))
		full = &p->ledger, part = share(c);
	if (!full)
		return NULL;
	at = lode_ledger_when(full, now, worst * part);
	if (at)
		lode_clock_iso(lode_clock_wall(c->env.clock) + (at - now) * 1000000u, again);
	if (at)
		snprintf(again + 16, sizeof(again) - 16, "Z"); /* to the minute */
	snprintf(a->why, sizeof(a->why), "harm budget of today is used up%s: %.3g s of %.3g s of work lost, and the next trial could cost %.3g s; again at %s",
		 full == &a->ledger ? "" : " by the databases of this process together", lode_ledger_spent(full, now), full->cap, worst * part, again);
	return a->why;
}

const char *lode_account_not_yet(struct lode_conductor *c)
{
	if (c->account.open)
		return "what was undone is still felt";
	return exhausted(c, worst_of_pace(c));
}

/* ---- a trial ---- */

static void release(struct lode_conductor *c)
{
	struct lode_account *a = &c->account;
	a->open = a->over = false;
	a->ledger.held = 0;
}

const char *lode_account_begin(struct lode_conductor *c, const struct lode_trial_spec *spec, const struct lode_baseline *b, const struct lode_interval *window)
{
	struct lode_account *a = &c->account;
	double left = lode_trial_seconds_left(c->trial);
	struct lode_harm_limits limits = {c->config->interval, lode_trial_block(spec), lode_trial_washout(spec), left / 2, -expm1(lode_trial_heavy_loss(c->trial))};
	struct lode_metrics y;
	double worst, allowance = lode_ledger_allowance(&a->ledger), doubt = spec->scale[LODE_M_SPEED];
	const char *why;
	if (spec->design == LODE_DESIGN_VOLUME) { /* hours: longer pieces, each less in doubt; and half of the day's budget */
		limits.exposure = left;
		allowance *= LODE_LEDGER_ALLOWANCE / 2;
		doubt /= sqrt(fmax(1, left / PIECES / limits.block));
		limits.block = fmax(limits.block, left / PIECES);
	}
	if (spec->design == LODE_DESIGN_START) {
		limits.block = c->pace.window;
		limits.washout = c->pace.washout_cache;
		limits.exposure = left;
	}
	worst = lode_harm_worst(&limits, allowance);
	why = exhausted(c, worst);
	if (why)
		return why;
	lode_metrics_of(b, window, &y);
	lode_harm_begin(&a->harm, y.v[LODE_M_SPEED], doubt, limits.block, worst);
	a->base = *b;
	a->open = true;
	a->over = false;
	a->trial = c->proposal.id;
	a->washout = limits.washout;
	a->live_ns = 0;
	a->fed_ns = lode_conductor_now(c);
	a->ledger.held = worst;
	if (c->env.purse) {
		a->share = share(c);
		a->purse_held = worst * a->share;
		c->env.purse->ledger.held += a->purse_held;
	}
	journal_harm(c, "reserve", a->trial, worst);
	return NULL;
}

static void pay_purse(struct lode_conductor *c, double seconds)
{
	struct lode_purse *p = c->env.purse;
	if (!p)
		return;
	p->ledger.held = fmax(0, p->ledger.held - c->account.purse_held);
	lode_ledger_charge(&p->ledger, now_s(c), seconds);
	c->account.purse_held = 0;
}

static double finish(struct lode_conductor *c)
{
	struct lode_account *a = &c->account;
	double seconds;
	seconds = lode_harm_charge(&a->harm);
	release(c);
	lode_ledger_charge(&a->ledger, now_s(c), seconds);
	journal_harm(c, "spent", a->trial, seconds);
	return seconds;
}

/* Which part of the trial the last interval belongs to. */
static enum lode_harm_part part_of(struct lode_conductor *c)
{
	struct lode_account *a = &c->account;
	uint64_t now = lode_conductor_now(c);
	if (c->treated) {
		a->live_ns = now;
		return LODE_HARM_TREATED;
	}
	if (a->over || (a->live_ns && now - a->live_ns < lode_seconds_ns(a->washout + c->config->interval)))
		return LODE_HARM_AFTER;
	return LODE_HARM_CLEAN;
}

static void recover(struct lode_conductor *c, double y)
{
	struct lode_account *a = &c->account;
	double since = (double)(lode_conductor_now(c) - a->over_ns) / 1e9;
	a->calm = y >= a->harm.ref - a->harm.c || !isfinite(y) ? a->calm + 1 : 0;
	if (a->calm >= CALM || since > RECOVERY * fmax(a->washout, CALM * c->config->interval))
		pay_purse(c, finish(c) * a->share);
}

static void tell_purse(struct lode_conductor *c)
{
	struct lode_purse *p = c->env.purse;
	if (!p)
		return;
	p->ops = fmax(0, p->ops + c->workload.ops - c->account.ops);
	c->account.ops = c->workload.ops;
}

void lode_account_feed(struct lode_conductor *c)
{
	struct lode_account *a = &c->account;
	const struct lode_interval *iv = &c->last;
	uint64_t now = lode_conductor_now(c);
	double seconds = iv->invalid ? fmin((double)(now - a->fed_ns) / 1e9, BLIND * c->config->interval) : iv->seconds;
	struct lode_metrics y;
	tell_purse(c);
	if (!a->open)
		return;
	a->fed_ns = now;
	lode_metrics_of(&a->base, iv, &y);
	/* Idle: no work, and none lost. */
	if (!iv->invalid && !(lode_interval_ops(iv) > 0) && !(iv->keys_written > 0) && !(iv->stopped_s > 0))
		return;
	lode_harm_feed(&a->harm, part_of(c), y.v[LODE_M_SPEED], seconds);
	if (a->over && !c->treated)
		recover(c, y.v[LODE_M_SPEED]);
}

bool lode_account_exceeded(struct lode_conductor *c)
{
	struct lode_account *a = &c->account;
	char why[200];
	if (!a->open || a->over || !c->trial || lode_trial_verdict(c->trial)->kind != LODE_VERDICT_NONE ||
	    !lode_harm_must_end(&a->harm, c->config->interval, a->washout))
		return false;
	snprintf(why, sizeof(why), "it may have cost %.3g s of work, and could cost %.3g s, which is all that a trial may lose (guard.harm_per_day)",
		 lode_harm_charge(&a->harm), a->harm.worst);
	lode_experiment_stop(c, LODE_VERDICT_REVERT, why, "harm-budget");
	return true;
}

void lode_account_end(struct lode_conductor *c, bool kept, bool tripped)
{
	struct lode_account *a = &c->account;
	uint64_t now = lode_conductor_now(c);
	if (!a->open || a->over)
		return;
	/* Since the last look. */
	if (a->live_ns && !kept)
		lode_harm_add(&a->harm, (tripped ? 1 : lode_harm_rate(&a->harm)) * fmin((double)(now - a->fed_ns) / 1e9, BLIND * c->config->interval));
	a->over = true;
	a->over_ns = now;
	a->calm = 0;
	if (kept || !a->live_ns)
		pay_purse(c, finish(c) * a->share);
}

void lode_account_cancel(struct lode_conductor *c)
{
	pay_purse(c, 0);
	release(c);
}

/* What was kept has tripped: what went on until then counts in full. */
void lode_account_tripped_later(struct lode_conductor *c)
{
	double seconds = lode_harm_delay(c->config->interval);
	lode_ledger_charge(&c->account.ledger, now_s(c), seconds);
	pay_purse(c, seconds * share(c));
	journal_harm(c, "spent", c->proposal.id, seconds);
}

/* The database closes, perhaps on a thread of the host, so the purse is left as it is: with all that was reserved. */
void lode_account_close(struct lode_conductor *c)
{
	struct lode_account *a = &c->account;
	if (!a->open)
		return;
	lode_harm_add(&a->harm, lode_harm_rate(&a->harm) * a->washout);
	finish(c);
}

void lode_account_free(struct lode_conductor *c)
{
	if (!c->env.purse)
		return;
	if (c->account.purse_held > 0)
		pay_purse(c, c->account.purse_held);
	c->env.purse->ops = fmax(0, c->env.purse->ops - c->account.ops);
}

/* ---- what is told ---- */

void lode_account_json(const struct lode_conductor *c, struct lode_json *j)
{
	const struct lode_account *a = &c->account;
	double worst = worst_of_pace(c), spent = lode_ledger_spent(&a->ledger, now_s(c));
	bool full = !lode_ledger_fits(&a->ledger, now_s(c), a->open ? 0 : worst);
	uint64_t at = full ? lode_ledger_when(&a->ledger, now_s(c), worst) : 0;
	char again[32];
	lode_json_object(j, "harm");
	lode_json_num(j, "spent", spent);
	lode_json_num(j, "cap", a->ledger.cap);
	lode_json_num(j, "worst", a->open ? a->harm.worst : worst);
	lode_json_num(j, "trial", a->open ? lode_harm_charge(&a->harm) : NAN);
	lode_json_bool(j, "exhausted", full);
	lode_json_str(j, "again", at ? lode_clock_iso(lode_clock_wall(c->env.clock) + (at - now_s(c)) * 1000000u, again) : NULL);
	lode_json_end(j);
}

void lode_account_metrics(const struct lode_conductor *c, struct lode_expo *e, const char *db)
{
	const struct lode_account *a = &c->account;
	lode_expo_add(e, "lodestone_harm_spent_seconds", LODE_GAUGE, "Work that trials of the last day may have cost, in seconds of it.", db,
		      lode_ledger_spent(&a->ledger, now_s(c)));
	lode_expo_add(e, "lodestone_harm_cap_seconds", LODE_GAUGE, "What trials may cost in a day.", db, a->ledger.cap);
	lode_expo_add(e, "lodestone_harm_worst_seconds", LODE_GAUGE, "What is reserved for the running trial; 0 without one.", db, a->open ? a->harm.worst : 0);
}
