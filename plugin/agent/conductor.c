/* The conductor's tick: look, know, guard, then whatever the phase is about. Birth, death and the operator's commands. */
#include "agent/conductor_private.h"

#include "base/log.h"
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MACHINE_EVERY 10 /* samples, where nobody decides by it: twenty small files below /proc and /sys */

const char *lode_phase_name(enum lode_phase p)
{
	static const char *const names[] = {"OBSERVE", "QUALIFY", "TRIAL", "WATCH", "COOLDOWN", "SAFE"};
	return names[p];
}

void lode_conductor_phase(struct lode_conductor *c, enum lode_phase p, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	if (p != c->phase)
		c->phase_ns = lode_conductor_now(c);
	c->phase = p;
}

/* ---- what is known ---- */

static void history_push(struct lode_conductor *c)
{
	c->history[c->history_at] = c->unit;
	c->history_at = (c->history_at + 1) % HISTORY;
	if (c->history_n < HISTORY)
		c->history_n++;
	memset(&c->unit, 0, sizeof(c->unit));
}

void lode_conductor_forget(struct lode_conductor *c)
{
	c->history_n = 0;
	memset(&c->unit, 0, sizeof(c->unit));
	c->quiet_ns = lode_conductor_now(c);
}

const struct lode_interval *lode_conductor_past(const struct lode_conductor *c, size_t back) /* 0 = newest */
{
	return &c->history[(c->history_at + HISTORY - 1 - back) % HISTORY];
}

double lode_conductor_window(const struct lode_conductor *c, double seconds, struct lode_interval *out)
{
	size_t n = 0;
	double have = 0;
	memset(out, 0, sizeof(*out));
	while (n < c->history_n && have < seconds)
		have += lode_conductor_past(c, n++)->seconds;
	while (n-- > 0)
		lode_interval_add(out, lode_conductor_past(c, n));
	return have;
}

/* Takes a sample and the interval since the one before. False: nothing can be said or done this time. */
static bool look(struct lode_conductor *c)
{
	struct lode_sample *s = c->prev;
	bool first = c->counts.samples == 0;
	bool shape = first || c->now->ncf <= 4 || c->counts.samples % 10 == 0;
	int rc = lode_sample_take(c->host, c->env.clock, shape, first ? NULL : c->now, s);
	if (rc) {
		if (rc != -ESHUTDOWN)
			lode_conductor_phase(c, c->phase, "the database does not answer: %s", strerror(-rc));
		return false;
	}
	lode_claims_apply(c->env.claims, &s->cache, c);
	lode_own_take(c, c->now, s);
	c->prev = c->now;
	c->now = s;
	c->counts.samples++;
	c->counts.sample_ns += s->took_ns;
	lode_interval_diff(first ? NULL : c->prev, c->now, c->config->interval, &c->last);
	c->policy.reads_unseen = !c->now->has_stats || (!c->last.invalid && !c->last.has_stats);
	if (c->config->mode != LODE_MODE_OBSERVE || c->counts.samples % MACHINE_EVERY == 1)
		lode_machine_read(c->env.root, c->host->ops->info(c->host)->path, &c->machine);
	if (c->counts.samples % MACHINE_EVERY == 1)
		lode_others_feed(&c->others, lode_machine_busy(c->env.root), c->now);
	if (c->last.invalid) {
		if (c->last.invalid != LODE_INVALID_FIRST)
			lode_conductor_forget(c);
		c->quiet_ns = lode_conductor_now(c);
		return c->trial != NULL;
	}
	if (lode_qualify_skips(c))
		return true;
	lode_interval_add(&c->unit, &c->last);
	if (c->unit.seconds >= c->pace.block / 6 - c->config->interval / 2)
		history_push(c);
	return true;
}

/* The workload of the last seconds; another kind of work than before starts the quiet time anew. */
static void know_workload(struct lode_conductor *c)
{
	struct lode_workload w;
	if (lode_conductor_window(c, c->pace.block, c->window) <= 0)
		return;
	lode_workload_of(c->window, c->now, &w);
	if (c->phase != LODE_TRIAL) /* whose arms may differ in their mix */
		lode_memory_meet(c, &w);
	w.regime = lode_memory_regime(c);
	c->workload = w;
}

struct lode_situation lode_conductor_situation(const struct lode_conductor *c)
{
	return (struct lode_situation){.state = c->state, .sample = c->now, .machine = &c->machine, .policy = &c->policy};
}

/* ---- the tick ---- */

void lode_conductor_tick(struct lode_conductor *c)
{
	static void (*const act[])(struct lode_conductor *) = {
		[LODE_OBSERVE] = lode_advice_observe, [LODE_QUALIFY] = lode_qualify_feed, [LODE_TRIAL] = lode_experiment_feed, [LODE_WATCH] = lode_watch_feed, [LODE_COOLDOWN] = lode_experiment_cooldown};
	if (!look(c))
		return;
	lode_overrides_look(c);
	lode_settle_tick(c);
	lode_validity_look(c);
	know_workload(c);
	lode_watch_look(c);
	lode_account_feed(c);
	if (c->phase != LODE_OBSERVE) /* where it is part of the business */
		lode_advice_poll(c);
	if (c->phase != LODE_SAFE && !lode_experiment_tripped(c) && !lode_account_exceeded(c))
		act[c->phase](c);
	lode_qualify_rest(c);
}

/* ---- commands ---- */

void lode_conductor_pause(struct lode_conductor *c, bool paused)
{
	lode_journal_begin(c->journal, paused ? "pause" : "resume");
	lode_journal_end(c->journal, false);
	c->paused = paused;
	if (!paused)
		lode_asking_resume(c);
	if (paused && c->phase == LODE_QUALIFY)
		lode_experiment_give_up(c, "paused by the operator");
	if (paused && c->trial)
		lode_experiment_stop(c, LODE_VERDICT_INVALID, "paused by the operator", NULL);
	if (!paused && c->phase == LODE_SAFE)
		lode_conductor_phase(c, LODE_OBSERVE, "resumed by the operator");
}

void lode_conductor_settle(struct lode_conductor *c)
{
	struct lode_json *j;
	lode_experiment_close(c);
	lode_account_close(c);
	lode_qualify_close(c);
	lode_memory_note(c);
	if (c->config->on_close == LODE_CLOSE_RESTORE && c->nkept)
		lode_live_restore_kept(c, "restored at close");
	j = lode_journal_begin(c->journal, "close");
	lode_json_u64(j, "kept", c->counts.kept);
	lode_json_u64(j, "reverted", c->counts.reverted);
	lode_json_u64(j, "refused", c->counts.refused);
	lode_journal_end(c->journal, false);
	if (c->config->on_close == LODE_CLOSE_RESTORE && c->nkept) /* what could not be put back is the next life's to put right */
		lode_live_list_kept(c);
	lode_claims_drop(c->env.claims, c);
	if (c->env.asker->busy == c) {
		c->env.asker->advisor->ops->cancel(c->env.asker->advisor);
		c->env.asker->busy = NULL;
	}
}

/* ---- birth and death ---- */

static void set_policy(struct lode_conductor *c)
{
	char pins[sizeof(c->config->pin)], *save = NULL;
	lode_policy_init(&c->policy);
	c->policy.allow_optin = c->config->allow_optin;
	c->policy.allow_residue = c->config->allow_residue;
	c->policy.allow_shape = c->config->shape == LODE_SHAPE_VOLUME;
	c->policy.memory_fraction = c->config->memory_fraction;
	c->policy.memory_max = (uint64_t)c->config->memory_max;
	lode_goal_policy(c, &c->policy);
	snprintf(pins, sizeof(pins), "%s", c->config->pin);
	for (char *id = strtok_r(pins, " ,\t", &save); id; id = strtok_r(NULL, " ,\t", &save)) {
		int i = lode_tunable_find(id);
		const char *near = i < 0 ? lode_tunable_nearest(id) : NULL;
		if (i >= 0)
			c->policy.locked[i / 64] |= 1ull << (i % 64);
		else
			lode_log(LODE_LOG_WARN, "guard.pin: there is no option %s%s%s%s", id, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
}

static void journal_attach(struct lode_conductor *c)
{
	const struct lode_host_info *info = c->host->ops->info(c->host);
	struct lode_json *j = lode_journal_begin(c->journal, "attach");
	struct lode_cache cache = {0};
	if (c->config->names)
		lode_json_str(j, "path", info->path);
	lode_json_str(j, "rocksdb", info->version);
	lode_json_str(j, "lodestone", LODE_VERSION);
	lode_json_str(j, "mode", lode_mode_name((enum lode_mode)c->config->mode));
	lode_json_str(j, "advisor", c->env.asker->advisor->ops->name);
	lode_json_str(j, "pace", c->pace.name);
	lode_json_str(j, "statistics", c->statistics);
	c->host->ops->cache(c->host, &cache);
	lode_claims_apply(c->env.claims, &cache, c);
	lode_capability_json(&c->can, c->host, &cache, c->statistics, j);
	lode_json_u64(j, "seed", c->env.seed);
	lode_json_i64(j, "pid", getpid());
	lode_journal_end(c->journal, true);
}

static bool allocate(struct lode_conductor *c)
{
	c->prev = calloc(1, sizeof(*c->prev));
	c->now = calloc(1, sizeof(*c->now));
	c->window = calloc(1, sizeof(*c->window));
	c->history = calloc(HISTORY, sizeof(*c->history)); /* pages come as they are used */
	return c->prev && c->now && c->window && c->history;
}

struct lode_conductor *lode_conductor_new(struct lode_host *h, const struct lode_conductor_env *env, struct lode_err *err)
{
	const struct lode_host_info *info = h->ops->info(h);
	const struct lode_pace *pace = lode_pace_find(env->config->pace);
	struct lode_conductor *c = calloc(1, sizeof(*c));
	char dir[700];
	if (!c || !allocate(c)) {
		lode_conductor_free(c);
		lode_err_set(err, ENOMEM, "no memory for the agent");
		return NULL;
	}
	c->host = h;
	c->env = *env;
	c->config = env->config;
	c->pace = pace ? *pace : lode_pace_production;
	if (c->config->max_pairs)
		c->pace.max_pairs = c->config->max_pairs;
	c->born_ns = c->quiet_ns = c->phase_ns = lode_conductor_now(c);
	c->last_call = "none";
	snprintf(c->statistics, sizeof(c->statistics), "%s", !info->has_statistics ? "none" : info->statistics_ours ? "ours" : "host");
	lode_journal_db_id(info->path, c->id, sizeof(c->id));
	snprintf(dir, sizeof(dir), "%s/%s", c->config->state_dir, c->id);
	c->journal = lode_journal_open(dir, env->clock);
	c->next_id = lode_journal_seq(c->journal) + 1; /* every proposal leaves a record, so numbers never return */
	if (!c->journal) {
		lode_conductor_free(c);
		lode_err_set(err, ENOMEM, "no memory for the journal");
		return NULL;
	}
	set_policy(c);
	lode_account_recall(c);
	lode_tripwire_init(&c->trip);
	lode_conductor_phase(c, LODE_OBSERVE, "getting to know the work");
	lode_overrides_look(c); /* the journal tells what can be done here */
	lode_advice_recall(c);
	journal_attach(c);
	lode_qualify_rest(c);
	lode_memory_open(c);
	lode_live_recover(c);
	return c;
}

void lode_conductor_free(struct lode_conductor *c)
{
	if (!c)
		return;
	lode_claims_drop(c->env.claims, c);
	lode_account_free(c);
	lode_trial_free(c->trial);
	if (c->journal)
		lode_journal_close(c->journal);
	free(c->state);
	free(c->history);
	free(c->window);
	free(c->prev);
	free(c->now);
	free(c);
}

const char *lode_conductor_id(const struct lode_conductor *c)
{
	return c->id;
}
