/* One experiment: begun, fed, ended. A tripwire ends it at once; whatever ends it, the options agree with the verdict before anything else happens. */
#include "agent/conductor_private.h"

#include "base/log.h"
#include "base/num.h"
#include "base/rng.h"
#include "judge/autocorr.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_DELAY_S 30.0   /* how long a trial waits for throttled or stopped writes to recover before it is given up */

static bool waited_long(const struct lode_conductor *c)
{
	return lode_conductor_now(c) - c->quiet_ns > lode_seconds_ns(NEAR_DELAY_S);
}

static void end_trial(struct lode_conductor *c)
{
	lode_trial_free(c->trial);
	c->trial = NULL;
	c->plan.n = 0;
	lode_conductor_forget(c);
	c->ask_ns = lode_conductor_now(c) + lode_seconds_ns(c->pace.between);
}

static void journal_verdict(struct lode_conductor *c, const struct lode_verdict *v, const char *trip)
{
	struct lode_json *j = lode_journal_begin(c->journal, "verdict");
	char changes[200];
	lode_report_changes(c, &c->plan, changes, sizeof(changes));
	lode_json_u64(j, "trial", c->proposal.id);
	lode_json_str(j, "advisor", c->proposal.advisor);
	lode_json_str(j, "rule", c->proposal.rule);
	lode_json_str(j, "changes", changes);
	lode_json_str(j, "purpose", lode_purpose_name(c->purpose));
	lode_json_u64(j, "regime", lode_memory_regime(c));
	lode_json_verdict(j, "verdict", v);
	if (trip)
		lode_json_str(j, "trip", trip);
	lode_journal_end(c->journal, true);
}

static void count_verdict(struct lode_conductor *c, const struct lode_verdict *v, const char *trip)
{
	struct lode_outcome *o = lode_advice_outcome(c);
	o->verdict = *v;
	if (trip) {
		o->what = LODE_OUT_TRIPPED;
		c->counts.tripped++;
	} else if (v->kind == LODE_VERDICT_KEEP) {
		o->what = LODE_OUT_KEPT;
		c->counts.kept += !lode_watch_checks(c);
		c->counts.confirmed += lode_watch_checks(c);
	} else if (v->kind == LODE_VERDICT_REVERT) {
		o->what = LODE_OUT_REVERTED;
		c->counts.reverted += !lode_watch_checks(c);
		c->counts.put_back += lode_watch_checks(c);
	} else {
		o->what = LODE_OUT_INVALID;
		c->counts.invalid++;
	}
}

/* For people: a check confirms what was kept, or puts it back. */
static const char *name_of(const struct lode_conductor *c, const struct lode_verdict *v, const char *trip)
{
	bool check = lode_watch_checks(c);
	if (trip)
		return "tripped";
	if (v->kind == LODE_VERDICT_INVALID)
		return "invalid";
	if (v->kind == LODE_VERDICT_KEEP)
		return check ? "confirmed" : "kept";
	return check ? "went away" : "reverted";
}

/* A trial that harmed teaches to go less far, one that was kept that one may go further. Undecided, too small or invalid: nothing. */
static enum lode_step_news news_of(const struct lode_verdict *v, const char *trip)
{
	if (trip)
		return LODE_STEP_BAD;
	if (v->kind == LODE_VERDICT_KEEP)
		return LODE_STEP_GOOD;
	return v->kind == LODE_VERDICT_REVERT && (v->effect < 0 || v->worst != v->primary) ? LODE_STEP_BAD : LODE_STEP_NOTHING;
}

static void learn_steps(struct lode_conductor *c, const struct lode_verdict *v, const char *trip)
{
	/* A check that confirms says nothing new. */
	enum lode_step_news news = !trip && v->kind == LODE_VERDICT_KEEP && lode_watch_checks(c) ? LODE_STEP_NOTHING : news_of(v, trip);
	for (size_t i = 0; i < c->plan.n; i++) {
		int64_t from, to;
		int t = c->plan.tunable[i];
		bool seen = false;
		for (size_t k = 0; k < i; k++) /* one lesson for all families */
			seen |= c->plan.tunable[k] == t;
		if (seen || t < 0 || lode_tunable_read(&lode_tunables[t], c->plan.undo[i].value, &from) ||
		    lode_tunable_read(&lode_tunables[t], c->plan.todo[i].value, &to) || !lode_steps_learn(&c->steps, t, to > from, news))
			continue;
		struct lode_json *j = lode_journal_begin(c->journal, "step");
		lode_json_u64(j, "trial", c->proposal.id);
		lode_json_str(j, "option", lode_tunables[t].id);
		lode_json_bool(j, "up", to > from);
		lode_json_num(j, "scale", lode_steps_factor(&c->steps, t, to > from) / lode_tunables[t].step);
		lode_json_num(j, "factor", lode_steps_factor(&c->steps, t, to > from));
		lode_journal_end(c->journal, false);
	}
}

/* Everything that ends a trial passes here: the verdict is written down, the options are made to agree with it. */
static void conclude(struct lode_conductor *c, const char *trip)
{
	int rc = 0;
	struct lode_verdict v = *lode_trial_verdict(c->trial);
	enum lode_purpose purpose = c->purpose;
	bool check = lode_watch_checks(c), stays = v.kind == LODE_VERDICT_KEEP || (v.kind == LODE_VERDICT_INVALID && lode_watch_stands(c));
	const char *what;
	char changes[200];

	if (stays)
		rc = lode_live_apply(c, true);
	if (rc == -EAGAIN && !waited_long(c))
		return; /* stays in TRIAL until writes flow again */
	if (rc && v.kind == LODE_VERDICT_KEEP) {
		v.kind = LODE_VERDICT_INVALID;
		snprintf(v.why, sizeof(v.why), "it was better, but could not be written for good");
	}
	stays &= rc == 0;
	if (!stays && !lode_live_undo(c))
		return; /* stays in TRIAL: the next tick tries again, or SAFE */
	what = name_of(c, &v, trip);
	lode_report_changes(c, &c->plan, changes, sizeof(changes));
	lode_account_end(c, stays, trip);
	journal_verdict(c, &v, trip);
	learn_steps(c, &v, trip);
	count_verdict(c, &v, trip);
	lode_report_recent(c, what, v.why, &v);
	lode_log(LODE_LOG_NOTICE, "%s: %s %s: %s", c->id, what, changes, v.why);
	if (v.kind == LODE_VERDICT_KEEP) {
		lode_live_keep(c);
		lode_memory_learn(c, &v, false);
		lode_watch_ended(c, v.kind);
		c->watch_until_ns = lode_conductor_now(c) + lode_seconds_ns(purpose > LODE_PURPOSE_OTHER_WORK ? c->pace.between : c->pace.watch);
		lode_conductor_phase(c, LODE_WATCH, "watching what was kept: %.180s", changes);
		lode_trial_free(c->trial);
		c->trial = NULL;
		lode_conductor_forget(c);
		return;
	}
	c->treated = false;
	if (check && !stays)
		lode_live_unkeep(c);
	else
		lode_live_settled(c, c->proposal.id, what);
	lode_memory_learn(c, &v, trip);
	lode_watch_ended(c, v.kind);
	end_trial(c);
	lode_conductor_phase(c, LODE_COOLDOWN, "%s: %.200s", what, v.why);
}

void lode_experiment_stop(struct lode_conductor *c, enum lode_verdict_kind kind, const char *why, const char *trip)
{
	lode_trial_stop(c->trial, kind, why);
	conclude(c, trip);
}

void lode_experiment_give_up(struct lode_conductor *c, const char *why)
{
	c->plan.n = 0;
	lode_watch_ended(c, LODE_VERDICT_INVALID);
	c->ask_ns = lode_conductor_now(c) + lode_seconds_ns(c->pace.observe);
	lode_conductor_phase(c, LODE_OBSERVE, "%s", why);
}

/* The database closes in the middle: back, without a lesson. */
void lode_experiment_close(struct lode_conductor *c)
{
	struct lode_verdict v;
	if (!c->trial)
		return;
	lode_trial_stop(c->trial, LODE_VERDICT_INVALID, "the database was closed");
	v = *lode_trial_verdict(c->trial);
	if (!lode_live_undo(c))
		return;
	journal_verdict(c, &v, NULL);
	if (lode_watch_checks(c))
		lode_live_unkeep(c);
	else
		lode_live_settled(c, c->proposal.id, "undone at close");
	end_trial(c);
}

/* Work that drifts slowly (a keyspace that fills up) is no shift: each block is compared with the one before. The mix is kept from the blocks without the
 * change, because it may answer to it. */
static void follow_drift(struct lode_conductor *c)
{
	struct lode_workload w = c->block_workload;
	if (!w.known)
		return;
	if (c->treated)
		memcpy(w.share, c->trial_workload.share, sizeof(w.share));
	c->trial_workload = w;
	c->block_workload.known = false;
}

/* Makes the arm that the trial wants live. Either arm waits while writes are throttled or stopped: a change would throttle them further. Its
 * block begins when no job that began under the other arm is left to put the other arm's options in force again. */
static void set_arm(struct lode_conductor *c)
{
	bool treat = lode_trial_arm(c->trial) == LODE_TREATMENT;
	if (treat != c->treated) {
		int rc;
		follow_drift(c);
		rc = lode_live_apply(c, treat);
		if (rc == -ESHUTDOWN || rc == -EAGAIN)
			return;
		if (rc) {
			lode_experiment_stop(c, LODE_VERDICT_INVALID, "RocksDB did not take the values as written", NULL);
			return;
		}
		c->unsettled = c->settle.watching;
	}
	c->arm_ns = lode_conductor_now(c);
	if (!c->unsettled)
		lode_trial_applied(c->trial, c->arm_ns);
}

/* Waits for the jobs of the other arm, not longer than a washout: under a steady load the next memtable heals what they install. */
static bool settled(struct lode_conductor *c)
{
	if (!c->unsettled)
		return true;
	if (c->settle.watching && lode_conductor_now(c) - c->arm_ns < lode_seconds_ns(c->pace.washout_flush))
		return false;
	c->unsettled = false;
	c->arm_ns = lode_conductor_now(c);
	lode_trial_applied(c->trial, c->arm_ns);
	return true;
}

static bool arm_is_live(const struct lode_conductor *c)
{
	return (lode_trial_arm(c->trial) == LODE_TREATMENT) == c->treated;
}

/* Bytes by which the plan lets the block cache grow; 0 if it does not. */
static double cache_growth(const struct lode_conductor *c)
{
	int64_t from, to, grows = 0;
	for (size_t i = 0; i < c->plan.n; i++)
		if (c->plan.todo[i].scope == LODE_SCOPE_CACHE && lode_num_parse(c->plan.todo[i].value, strlen(c->plan.todo[i].value), &to) == 0 &&
		    lode_num_parse(c->plan.undo[i].value, strlen(c->plan.undo[i].value), &from) == 0)
			grows = to - from;
	return grows > 0 ? (double)grows : 0;
}

/* Seconds until a grown block cache is full: what fills it are the misses that are seen now; half as much again, because the last blocks take longest to be
 * asked for. A block cache that fills within the washout can be flipped like any other option. INFINITY if it does not grow. */
static double cache_fill_time(const struct lode_conductor *c)
{
	const struct lode_interval *w = c->window;
	double grows = cache_growth(c);
	return grows > 0 ? 1.5 * grows * w->seconds / (double)w->ticker[LODE_T_CACHE_BYTES_WRITE] : INFINITY;
}

/* Sets c->trial. 0, -ENOMEM, or -ENODATA: there is nothing here to judge the objective by, and c->goal.note says why. */
static int fill_spec(struct lode_conductor *c, struct lode_trial_spec *spec, struct lode_baseline *b, uint64_t seed)
{
	int rc;
	struct lode_interval *past = calloc(HISTORY, sizeof(*past));
	bool cache = c->plan.lag == LODE_LAG_CACHE;
	bool check = lode_watch_checks(c), shape = c->plan.lag == LODE_LAG_SHAPE;
	double fill = !cache ? 0 : check ? lode_watch_fill(c) : cache_fill_time(c);
	c->fill = fill;
	lode_trial_spec_init(spec, shape ? LODE_DESIGN_VOLUME : fill > c->pace.washout_fill ? LODE_DESIGN_START : LODE_DESIGN_SWITCH, &c->pace, seed);
	spec->fill = fill;
	spec->refill = cache ? cache_growth(c) : 0;
	spec->settle = (double)c->plan.settle;
	spec->cycle = (double)c->plan.cycle;
	spec->blocks = cache ? LODE_BLOCKS_CACHE : c->plan.lag == LODE_LAG_INSTANT ? LODE_BLOCKS_INSTANT : LODE_BLOCKS_FLUSH;
	spec->alpha = c->config->alpha;
	spec->min_effect = c->config->min_effect;
	lode_watch_length(c, spec);
	if (!past)
		return -ENOMEM;
	for (size_t i = 0; i < c->history_n; i++)
		past[i] = *lode_conductor_past(c, c->history_n - 1 - i);
	rc = lode_goal_prepare(c, past, c->history_n, b, spec);
	if (rc == 0)
		c->trial = lode_trial_new(spec, b, lode_conductor_now(c));
	if (c->trial && !check) /* the past of a check had the treatment */
		lode_trial_prime(c->trial, past, c->history_n);
	free(past);
	return rc || c->trial ? rc : -ENOMEM;
}

/* A tree takes its new shape from what is written. Where that would take too long nothing is begun, and the advisor is told. */
static bool too_slow(struct lode_conductor *c, const struct lode_trial_spec *spec)
{
	struct lode_refusal r = {.rule = LODE_RULE_LAG, .change = -1};
	double seconds;

	if (spec->design != LODE_DESIGN_VOLUME)
		return false;
	lode_conductor_window(c, INFINITY, c->window);
	seconds = lode_trial_volume_time(spec, c->window);
	if (seconds <= c->pace.volume_most)
		return false;
	if (isfinite(seconds))
		snprintf(r.why, sizeof(r.why), "at the present rate of writing it would take %.0f hours to judge this; at most %.0f are allowed", seconds / 3600,
			 c->pace.volume_most / 3600);
	else
		snprintf(r.why, sizeof(r.why), "nothing is written, so the tree would not take the new shape and nothing could be judged");
	lode_trial_free(c->trial);
	c->trial = NULL;
	lode_advice_refuse(c, &r);
	lode_experiment_give_up(c, r.why);
	return true;
}

void lode_experiment_begin(struct lode_conductor *c)
{
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_rng rng;
	uint64_t seed;
	const char *refused;
	char changes[200];
	int rc;

	c->suggested = false;
	lode_rng_seed(&rng, c->env.seed + c->proposal.id * 0x9e3779b97f4a7c15ull);
	seed = lode_rng_u64(&rng) >> 11; /* exact in JSON readers that know doubles only */
	lode_conductor_window(c, c->pace.window, c->window);
	lode_baseline_of(c->window, &base);
	rc = fill_spec(c, &spec, &base, seed);
	if (rc) {
		lode_experiment_give_up(c, rc == -ENODATA ? c->goal.note : "no memory for a trial");
		return;
	}
	if (too_slow(c, &spec))
		return;
	refused = lode_account_begin(c, &spec, &base, c->window);
	if (refused) {
		lode_trial_free(c->trial);
		c->trial = NULL;
		lode_experiment_give_up(c, refused);
		return;
	}
	lode_report_changes(c, &c->plan, changes, sizeof(changes));
	if (!lode_live_start(c, seed, lode_design_name(spec.design), &base, &spec)) {
		lode_trial_free(c->trial);
		c->trial = NULL;
		lode_account_cancel(c);
		lode_experiment_give_up(c, "the journal cannot be written, so nothing is tried; see agent.state_dir");
		return;
	}
	c->counts.trials++;
	c->trial_workload = c->workload;
	c->block_workload.known = false;
	c->failed_reverts = 0;
	c->unsettled = false;
	c->treated = lode_watch_checks(c);
	lode_log(LODE_LOG_INFO, "%s: trying %s: %s", c->id, changes, c->proposal.why);
	lode_conductor_phase(c, LODE_TRIAL, "trying %.200s", changes);
	set_arm(c);
}

/* Looks at the arm now live alone: the arms of a change that works differ, and that is no shift. */
static bool shifted(struct lode_conductor *c, char *why, size_t len)
{
	double live = (double)(lode_conductor_now(c) - c->arm_ns) / 1e9 - c->pace.washout, mix, sizes;
	struct lode_workload w;
	if (live < c->pace.block / 3 || lode_conductor_window(c, fmin(live, c->pace.block), c->window) <= 0)
		return false;
	lode_workload_of(c->window, c->now, &w);
	if (!w.known || !c->trial_workload.known)
		return false;
	lode_workload_distances(&w, &c->trial_workload, &mix, &sizes);
	snprintf(why, len, "the work changed while the trial ran: from %s to %s", c->trial_workload.text, w.text);
	c->block_workload = w;
	return sizes > SHIFT_DISTANCE || mix > (c->treated ? SHIFT_MIX_LIVE : SHIFT_MIX);
}

void lode_experiment_feed(struct lode_conductor *c)
{
	char why[240];
	if (!c->trial)
		return;
	if (lode_trial_verdict(c->trial)->kind != LODE_VERDICT_NONE) { /* concluded, but the undo has not succeeded yet */
		conclude(c, NULL);
		return;
	}
	if (lode_validity_broken(c, why, sizeof(why)) || shifted(c, why, sizeof(why))) {
		lode_experiment_stop(c, LODE_VERDICT_INVALID, why, NULL);
		return;
	}
	if (!arm_is_live(c)) {
		if (waited_long(c))
			lode_experiment_stop(c, LODE_VERDICT_INVALID, "writes are throttled, and a change of options would throttle them further", NULL);
		else
			set_arm(c);
		return;
	}
	c->quiet_ns = lode_conductor_now(c);
	if (!settled(c))
		return;
	if (!c->treated)
		lode_tripwire_learn(&c->trip, &c->last); /* the work drifts by itself: what counts is how it was just before */
	switch (lode_trial_feed(c->trial, &c->last)) {
	case LODE_TRIAL_SWITCH:
		set_arm(c);
		break;
	case LODE_TRIAL_DONE:
		conclude(c, NULL);
		break;
	case LODE_TRIAL_RUNNING:
		break;
	}
}

void lode_experiment_cooldown(struct lode_conductor *c)
{
	if (lode_conductor_now(c) >= c->ask_ns)
		lode_conductor_phase(c, LODE_OBSERVE, "getting to know the work");
}

/* ---- tripwires ---- */

static void trip(struct lode_conductor *c, const char *name, const char *why)
{
	struct lode_json *j = lode_journal_begin(c->journal, "trip");
	lode_json_u64(j, "trial", c->proposal.id);
	lode_json_str(j, "trip", name);
	lode_json_str(j, "why", why);
	lode_journal_end(c->journal, false);
	if (c->trial) {
		lode_experiment_stop(c, LODE_VERDICT_REVERT, why, name);
		return;
	}
	/* after a keep: the plan is still here until the watch ends */
	if (lode_watch_provisional(c)) {
		if (!lode_live_put_back(c, why))
			return;
	} else {
		c->treated = true;
		if (!lode_live_undo(c))
			return;
		lode_live_unkeep(c);
	}
	lode_account_tripped_later(c);
	learn_steps(c, NULL, name);
	lode_watch_restart(c);
	c->counts.tripped++;
	lode_report_recent(c, "tripped", why, NULL);
	lode_log(LODE_LOG_NOTICE, "%s: put back after a keep: %s", c->id, why);
	lode_memory_ban(c, true);
	end_trial(c);
	lode_conductor_phase(c, LODE_COOLDOWN, "tripped (%s): %.180s", name, why);
}

bool lode_conductor_exposed(const struct lode_conductor *c)
{
	return c->plan.n && (c->phase == LODE_TRIAL || c->phase == LODE_WATCH);
}

bool lode_experiment_tripped(struct lode_conductor *c)
{
	struct lode_situation s = lode_conductor_situation(c);
	enum lode_trip t;
	lode_tripwire_count(&c->trip, &c->policy, &c->last);
	if (!lode_conductor_exposed(c) || !c->state)
		return false;
	t = lode_tripwire_look(&c->trip, &s, &c->last);
	if (t == LODE_TRIP_NONE)
		return false;
	trip(c, lode_trip_name(t), c->trip.why);
	return true;
}

void lode_conductor_guard(struct lode_conductor *c)
{
	uint64_t stopped = 0;
	if (!lode_conductor_exposed(c) || c->trip.stopped_before || !c->now->ncf)
		return;
	if (c->host->ops->int_property(c->host, c->now->cf[0].id, "rocksdb.is-write-stopped", &stopped) || !stopped)
		return;
	trip(c, lode_trip_name(LODE_TRIP_WRITE_STOP), "writes stopped while the change was live");
}
