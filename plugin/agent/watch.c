/* After a keep. What was proven may stop being true: the work changes, or the gain goes away. Nothing here decides by before and after: a reason to doubt
 * (other work, a drift alarm, the calendar) leads to an experiment, in which the control is the application's own value, and that decides.
 *
 *  - other work: what was kept for one regime stands in another provisionally: tripwires are armed, nothing else is tried, and a trial of its full length
 *    decides. What cannot be tried within a while, and what has failed in that regime before, is put back.
 *  - drift: the level fell below that at the keep (judge/drift.h). scheduled: once, some time after the keep. The evidence of the keep still counts, so
 *    four times the alpha are enough to confirm it; what is not confirmed goes back.
 *
 * Between two lasting changes lies at least a settle time, except where harm is being ended. */
#include "agent/conductor_private.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE 4.0         /* times pace.observe, and */
#define PATIENCE_S 10.0      /* seconds, in which a provisional change must come to its trial */
#define SETTLE_BLOCKS 2.0    /* of the pace's long ones: the least between two lasting changes */
#define INVALID_MAX 3        /* checks in a row that told nothing */
#define SPACING_MAX 6        /* doublings of the time between checks that an alarm asks for */
#define CONFIRM_ALPHA 4.0    /* what was proven before needs less evidence */
#define CONFIRM_PAIRS 7
#define CONFIRM_SLOTS 8

const char *lode_purpose_name(enum lode_purpose p)
{
	static const char *const names[] = {"new", "step", "confirm", "other-work", "drift", "scheduled"};

	return names[p];
}

bool lode_watch_checks(const struct lode_conductor *c)
{
	return c->purpose >= LODE_PURPOSE_OTHER_WORK;
}

static double since(const struct lode_conductor *c, uint64_t ns)
{
	return (double)(lode_conductor_now(c) - ns) / 1e9;
}

/* Has the last lasting change had its time? */
bool lode_watch_settled(const struct lode_conductor *c)
{
	return !c->watch.changed_ns || since(c, c->watch.changed_ns) >= SETTLE_BLOCKS * c->pace.block_flush;
}

/* A trial of what is known needs less of everything; of its control, too. */
void lode_watch_length(struct lode_conductor *c, struct lode_trial_spec *s)
{
	struct lode_pace *p = &c->trial_pace;
	bool known = c->purpose != LODE_PURPOSE_NEW && c->purpose != LODE_PURPOSE_STEP && c->purpose != LODE_PURPOSE_OTHER_WORK;

	*p = c->pace;
	s->pace = p;
	if (!known)
		return;
	s->alpha = fmin(0.5, CONFIRM_ALPHA * s->alpha);
	if (p->slots > CONFIRM_SLOTS)
		p->slots = CONFIRM_SLOTS;
	if (c->purpose == LODE_PURPOSE_CONFIRM && p->max_pairs > CONFIRM_PAIRS)
		p->max_pairs = CONFIRM_PAIRS;
}

/* ---- what is to be checked ---- */

typedef bool choice(struct lode_conductor *c, const struct kept *k);

/* What acts through the shape of the tree cannot be flipped, and there is nothing short for it. */
static bool slow(const struct kept *k)
{
	enum lode_lag lag = k->tunable >= 0 ? lode_tunables[k->tunable].lag : LODE_LAG_FLUSH;

	return lag == LODE_LAG_SHAPE || lag == LODE_LAG_REWRITE;
}

static bool everything(struct lode_conductor *c, const struct kept *k)
{
	(void)c;
	return !slow(k);
}

static bool of_the_last_keep(struct lode_conductor *c, const struct kept *k)
{
	return k->trial == c->watch.trial && !slow(k);
}

/* Kept, but not proven in the present regime. Helpers go with the option that they help. */
static bool unproven_here(struct lode_conductor *c, const struct kept *k)
{
	const struct lode_lesson *l = lode_memory_lesson(&c->memory, lode_memory_regime(c));
	int64_t value;

	if (k->tunable < 0 || lode_tunables[k->tunable].tier == LODE_TIER_FORBIDDEN || lode_tunable_read(&lode_tunables[k->tunable], k->now.value, &value))
		return false;
	return !lode_lesson_holds(l, k->tunable, k->now.cf, value);
}

/* Unproven, and not to be tried either: this direction has failed here, or it shows its effect only after hours. */
static bool unwelcome_here(struct lode_conductor *c, const struct kept *k)
{
	int64_t value, original;

	if (!unproven_here(c, k) || lode_tunable_read(&lode_tunables[k->tunable], k->now.value, &value) ||
	    lode_tunable_read(&lode_tunables[k->tunable], k->original.value, &original))
		return false;
	return slow(k) || lode_memory_banned(&c->memory, lode_memory_regime(c), k->tunable, value > original, lode_conductor_now(c));
}

static bool helps(const struct lode_conductor *c, const struct kept *helper)
{
	for (size_t i = 0; i < c->plan.n; i++)
		if (c->plan.todo[i].scope == helper->now.scope && c->plan.todo[i].cf == helper->now.cf)
			return true;
	return false;
}

static void add_kept(struct lode_conductor *c, const struct kept *k)
{
	struct lode_plan *p = &c->plan;

	p->todo[p->n] = k->now;
	p->undo[p->n] = k->original;
	p->tunable[p->n++] = k->tunable;
}

/* The plan: from the application's values to the kept ones that are chosen. False: there are none. */
static bool choose(struct lode_conductor *c, choice *chosen)
{
	bool cache = false;

	memset(&c->plan, 0, sizeof(c->plan));
	for (size_t i = 0; i < c->nkept; i++)
		if (chosen(c, &c->kept[i]))
			add_kept(c, &c->kept[i]);
	for (size_t i = 0; i < c->nkept; i++) {
		const struct kept *k = &c->kept[i];
		if (!chosen(c, k) && k->tunable >= 0 && lode_tunables[k->tunable].tier == LODE_TIER_FORBIDDEN && helps(c, k))
			add_kept(c, k);
	}
	for (size_t i = 0; i < c->plan.n; i++) {
		enum lode_lag lag = c->plan.tunable[i] >= 0 ? lode_tunables[c->plan.tunable[i]].lag : LODE_LAG_FLUSH;
		cache |= lag == LODE_LAG_CACHE;
		if (lag != LODE_LAG_CACHE && lag > c->plan.lag)
			c->plan.lag = lag;
	}
	if (cache && (c->plan.lag == LODE_LAG_INSTANT || lode_watch_fill(c) > c->pace.washout_flush))
		c->plan.lag = LODE_LAG_CACHE;
	return c->plan.n > 0;
}

/* As the proposal that it once was, for the journal, the bans and the advisor's history. */
static void describe(struct lode_conductor *c, enum lode_purpose purpose)
{
	static const char *const why[] = {
		[LODE_PURPOSE_OTHER_WORK] = "it was proven for other work: is it better here than what the application has?",
		[LODE_PURPOSE_DRIFT] = "it has become slower than when this was kept: is the gain still there?",
		[LODE_PURPOSE_SCHEDULED] = "some time has passed since it was kept: is the gain still there?",
	};
	struct lode_proposal *p = &c->proposal;

	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < LODE_CHANGES_MAX; i++)
		c->from[i] = LODE_FROM_UNKNOWN;
	p->expect = p->confidence = NAN;
	snprintf(p->advisor, sizeof(p->advisor), "watch");
	snprintf(p->rule, sizeof(p->rule), "%s", lode_purpose_name(purpose));
	snprintf(p->why, sizeof(p->why), "%s", why[purpose]);
	for (size_t i = 0; i < c->plan.n && p->n < LODE_CHANGES_MAX; i++) {
		int t = c->plan.tunable[i];
		struct lode_change ch = {.tunable = t, .cf = c->plan.todo[i].scope == LODE_SCOPE_CF ? LODE_CF_ALL : 0};
		bool seen = false;
		if (t < 0 || lode_tunables[t].tier == LODE_TIER_FORBIDDEN || lode_tunable_read(&lode_tunables[t], c->plan.todo[i].value, &ch.value))
			continue;
		for (size_t k = 0; k < i; k++) /* families that differ from each other are named */
			if (c->plan.tunable[k] == t && strcmp(c->plan.todo[k].value, c->plan.todo[i].value) != 0)
				ch.cf = c->plan.todo[i].cf;
		if (ch.cf == LODE_CF_ALL && c->plan.todo[i].scope == LODE_SCOPE_CF && c->state && c->state->ncf > 1) {
			size_t families = 0;
			for (size_t k = 0; k < c->plan.n; k++)
				families += c->plan.tunable[k] == t;
			ch.cf = families < c->state->ncf ? c->plan.todo[i].cf : LODE_CF_ALL;
		}
		for (size_t k = 0; k < p->n; k++)
			seen |= p->change[k].tunable == t && p->change[k].cf == ch.cf;
		if (!seen)
			p->change[p->n++] = ch;
	}
}

static void check(struct lode_conductor *c, enum lode_purpose purpose)
{
	struct lode_json *j;
	char changes[200];

	describe(c, purpose);
	c->proposal.id = c->next_id++;
	lode_report_changes(c, &c->plan, changes, sizeof(changes));
	j = lode_journal_begin(c->journal, "check");
	lode_json_u64(j, "trial", c->proposal.id);
	lode_json_str(j, "purpose", lode_purpose_name(purpose));
	lode_json_u64(j, "regime", lode_memory_regime(c));
	lode_json_str(j, "changes", changes);
	lode_journal_end(c->journal, false);
	c->purpose = purpose;
	c->watch.due = LODE_PURPOSE_NEW;
	lode_qualify_begin(c);
}

/* The chosen changes back to the application's values, without a trial. */
static void put_back(struct lode_conductor *c, const char *why)
{
	describe(c, LODE_PURPOSE_OTHER_WORK);
	c->proposal.id = c->next_id++;
	if (!lode_live_put_back(c, why))
		return; /* the next tick tries again, or SAFE */
	lode_report_recent(c, "put back", why, NULL);
	lode_log(LODE_LOG_NOTICE, "%s: put back: %s", c->id, why);
	lode_watch_restart(c);
	c->counts.put_back++;
	c->plan.n = 0;
	lode_conductor_forget(c);
}

/* ---- other work ---- */

static void stand(struct lode_conductor *c)
{
	lode_conductor_phase(c, LODE_WATCH, "other work: what was kept stands provisionally until it has been tried here");
}

void lode_watch_entered(struct lode_conductor *c)
{
	if (c->phase == LODE_QUALIFY)
		lode_experiment_give_up(c, "the work changed before the trial began");
	lode_drift_init(&c->watch.drift);
	c->watch.based = false;
	if (!c->nkept || c->config->mode != LODE_MODE_AUTO || c->phase == LODE_SAFE)
		return;
	c->watch.due = LODE_PURPOSE_NEW;
	c->watch.invalid = 0;
	if (!choose(c, unproven_here)) {
		if (c->phase == LODE_WATCH)
			lode_conductor_phase(c, LODE_OBSERVE, "what was kept is proven for this work, too");
		return;
	}
	c->watch.due = LODE_PURPOSE_OTHER_WORK;
	c->watch.due_ns = lode_conductor_now(c);
	describe(c, LODE_PURPOSE_OTHER_WORK); /* for the tripwires */
	stand(c);
}

/* Every tick until it has been decided: what failed here goes back, the rest goes on trial as soon as anything can. */
static void provisional(struct lode_conductor *c)
{
	const char *wait;

	if (c->paused)
		return;
	if (c->watch.invalid >= INVALID_MAX && choose(c, unproven_here)) {
		put_back(c, "it was kept for other work, and no trial in this one came to an end");
		return;
	}
	if (lode_watch_settled(c) && choose(c, unwelcome_here)) {
		put_back(c, "it was kept for other work, and has failed in this one before");
		return;
	}
	if (!choose(c, unproven_here)) {
		c->watch.due = LODE_PURPOSE_NEW;
		lode_conductor_phase(c, LODE_OBSERVE, "nothing is left that was kept for other work only");
		return;
	}
	wait = lode_watch_settled(c) ? lode_advice_not_yet(c) : "what was changed last has its time to settle";
	if (!wait)
		check(c, LODE_PURPOSE_OTHER_WORK);
	else if (since(c, c->watch.due_ns) > PATIENCE * c->pace.observe + PATIENCE_S + SETTLE_BLOCKS * c->pace.block_flush)
		put_back(c, "it was kept for other work, and could not be tried in this one");
}

/* ---- drift and calendar ---- */

static void alarm(struct lode_conductor *c)
{
	struct lode_watch *w = &c->watch;
	bool ask = lode_conductor_now(c) >= w->not_before_ns;
	struct lode_json *j = lode_journal_begin(c->journal, "drift");

	lode_json_u64(j, "regime", lode_memory_regime(c));
	lode_json_str(j, "judged_by", lode_baseline_judged_by(&w->base));
	lode_json_bool(j, "check", ask);
	lode_journal_end(c->journal, false);
	c->counts.alarms++;
	lode_log(LODE_LOG_INFO, "%s: slower than when the last change was kept%s", c->id, ask ? ": it will be tried against the application's values" : "");
	if (ask && w->due == LODE_PURPOSE_NEW)
		w->due = LODE_PURPOSE_DRIFT;
}

/* One block of the pace, whole and undisturbed, is one value. */
static void gather(struct lode_conductor *c)
{
	struct lode_watch *w = &c->watch;
	struct lode_metrics m;

	lode_interval_add(&w->block, &c->last);
	if (w->block.seconds < c->pace.block - c->config->interval / 2)
		return;
	if (!w->based)
		lode_baseline_of(&w->block, &w->base);
	w->based = true;
	lode_metrics_of(&w->base, &w->block, &m);
	memset(&w->block, 0, sizeof(w->block));
	if (lode_drift_feed(&w->drift, m.v[LODE_M_SPEED]))
		alarm(c);
}

void lode_watch_look(struct lode_conductor *c)
{
	struct lode_watch *w = &c->watch;
	bool looking = c->phase == LODE_OBSERVE || c->phase == LODE_WATCH || c->phase == LODE_COOLDOWN;

	if (!c->nkept) {
		w->due = LODE_PURPOSE_NEW;
		w->recheck_ns = 0;
		return;
	}
	if (!looking || c->trial)
		return;
	if (w->due == LODE_PURPOSE_OTHER_WORK && c->phase != LODE_WATCH)
		stand(c); /* a trial of it told nothing */
	if (w->due == LODE_PURPOSE_OTHER_WORK || c->memory.book.strange)
		return;
	if (c->last.invalid)
		memset(&w->block, 0, sizeof(w->block));
	else
		gather(c);
	if (w->recheck_ns && lode_conductor_now(c) >= w->recheck_ns) {
		w->recheck_ns = 0;
		if (w->due == LODE_PURPOSE_NEW)
			w->due = LODE_PURPOSE_SCHEDULED;
	}
}

/* In OBSERVE, when nothing speaks against a trial: is there one that comes before any new one? */
bool lode_watch_first(struct lode_conductor *c)
{
	struct lode_watch *w = &c->watch;
	enum lode_purpose due = w->due;

	if (due == LODE_PURPOSE_NEW || c->config->mode != LODE_MODE_AUTO)
		return false;
	if (!lode_watch_settled(c))
		return true;
	if (!choose(c, due == LODE_PURPOSE_SCHEDULED ? of_the_last_keep : everything) && !choose(c, everything)) {
		w->due = LODE_PURPOSE_NEW;
		return false;
	}
	check(c, due);
	return true;
}

/* ---- the phase WATCH ---- */

bool lode_watch_provisional(const struct lode_conductor *c)
{
	return c->phase == LODE_WATCH && c->watch.due == LODE_PURPOSE_OTHER_WORK;
}

void lode_watch_feed(struct lode_conductor *c)
{
	if (lode_watch_provisional(c)) {
		provisional(c);
		return;
	}
	if (lode_conductor_now(c) < c->watch_until_ns)
		return;
	c->plan.n = 0;
	c->ask_ns = lode_conductor_now(c) + lode_seconds_ns(c->pace.between);
	lode_conductor_phase(c, LODE_OBSERVE, "what was kept held");
}

/* ---- the end of a trial ---- */

/* From a lasting change on, the level that counts is the one from now on. */
void lode_watch_restart(struct lode_conductor *c)
{
	struct lode_watch *w = &c->watch;

	lode_drift_init(&w->drift);
	memset(&w->block, 0, sizeof(w->block));
	w->based = false;
	w->changed_ns = lode_conductor_now(c);
	lode_regimes_moved(&c->memory.book);
}

/* Seconds that the kept block cache took to fill when it was tried; INFINITY: not known. */
double lode_watch_fill(const struct lode_conductor *c)
{
	for (size_t i = 0; i < c->nkept; i++)
		if (c->kept[i].now.scope == LODE_SCOPE_CACHE)
			return c->kept[i].fill > 0 ? c->kept[i].fill : INFINITY;
	return INFINITY;
}

static bool is_kept(const struct lode_conductor *c, const struct lode_write *w)
{
	for (size_t i = 0; i < c->nkept; i++)
		if (c->kept[i].now.scope == w->scope && c->kept[i].now.cf == w->cf && strcmp(c->kept[i].now.key, w->key) == 0)
			return true;
	return false;
}

/* A check that told nothing leaves things as they were, unless they have been rolled back meanwhile or it has told nothing too often. */
bool lode_watch_stands(const struct lode_conductor *c)
{
	bool kept = true;

	for (size_t i = 0; i < c->plan.n; i++)
		kept &= is_kept(c, &c->plan.todo[i]);
	return lode_watch_checks(c) && kept && !(c->purpose == LODE_PURPOSE_OTHER_WORK && c->watch.invalid + 1 >= INVALID_MAX);
}

/* After the verdict is written and in force. */
void lode_watch_ended(struct lode_conductor *c, enum lode_verdict_kind kind)
{
	struct lode_watch *w = &c->watch;
	enum lode_purpose purpose = c->purpose;
	uint64_t now = lode_conductor_now(c);

	c->purpose = LODE_PURPOSE_NEW;
	if (kind == LODE_VERDICT_INVALID) {
		if (purpose == LODE_PURPOSE_OTHER_WORK || (purpose > LODE_PURPOSE_OTHER_WORK && w->invalid + 1 < INVALID_MAX)) {
			w->invalid++;
			w->due = purpose;
			w->due_ns = now;
		}
		return;
	}
	w->invalid = 0;
	if (purpose < LODE_PURPOSE_OTHER_WORK && kind != LODE_VERDICT_KEEP)
		return; /* nothing has changed for good */
	lode_watch_restart(c);
	if (kind != LODE_VERDICT_KEEP)
		return;
	if (purpose < LODE_PURPOSE_OTHER_WORK) {
		w->trial = c->proposal.id;
		w->recheck_ns = now + lode_seconds_ns(c->config->recheck > 0 ? c->config->recheck : c->pace.recheck);
		w->stood = 0;
	} else if (w->stood < SPACING_MAX) {
		w->stood++;
	}
	w->not_before_ns = now + lode_seconds_ns(c->pace.watch * exp2(w->stood));
}

void lode_watch_json(const struct lode_conductor *c, struct lode_json *j)
{
	const struct lode_watch *w = &c->watch;
	uint64_t now = lode_conductor_now(c);

	if (!c->nkept)
		return;
	lode_json_object(j, "watch");
	lode_json_num(j, "drift", lode_drift_strain(&w->drift));
	lode_json_str(j, "due", w->due == LODE_PURPOSE_NEW ? NULL : lode_purpose_name(w->due));
	lode_json_num(j, "recheck_in_s", w->recheck_ns > now ? (double)(w->recheck_ns - now) / 1e9 : NAN);
	lode_json_u64(j, "alarms", c->counts.alarms);
	lode_json_u64(j, "confirmed", c->counts.confirmed);
	lode_json_u64(j, "put_back", c->counts.put_back);
	lode_json_end(j);
}
