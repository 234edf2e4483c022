/* The options as RocksDB has them, and what others did to them: the application, the operator, whoever calls SetOptions. What somebody else has changed is
 * theirs from then on, and no undo of ours overwrites it. */
#include "agent/conductor_private.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool bit(const uint64_t *set, int i)
{
	return set[i / 64] >> (i % 64) & 1;
}

int lode_overrides_tunable(const struct lode_write *w)
{
	for (int i = 0; i < lode_tunable_count; i++)
		if (lode_tunables[i].scope == w->scope && (w->scope == LODE_SCOPE_CACHE || strcmp(lode_tunables[i].key, w->key) == 0))
			return i;
	return -1;
}

/* Out of the kept list and out of the plan, so that no undo of ours overwrites the value in force. */
void lode_overrides_release(struct lode_conductor *c, int tunable)
{
	size_t n = 0, kept = c->nkept;
	for (size_t i = 0; c->state && i < c->state->ncf; i++)
		lode_settle_forget(c, c->state->cf[i].cf.id, lode_tunables[tunable].key);
	for (size_t i = 0; i < c->nkept; i++)
		if (c->kept[i].tunable != tunable)
			c->kept[n++] = c->kept[i];
	c->nkept = n;
	n = 0;
	for (size_t i = 0; i < c->plan.n; i++) {
		if (lode_overrides_tunable(&c->plan.todo[i]) == tunable)
			continue;
		c->plan.todo[n] = c->plan.todo[i];
		c->plan.undo[n] = c->plan.undo[i];
		c->plan.tunable[n++] = c->plan.tunable[i];
	}
	c->plan.n = n;
	if (c->nkept != kept)
		lode_live_list_kept(c);
}

/* A value as it may be written down: of options that are numbers or words of ours. Anything else may be the application's own text. */
static const char *plain(const struct lode_conductor *c, int tunable, const char *text)
{
	int64_t v;
	return c->config->names || lode_tunable_read(&lode_tunables[tunable], text, &v) == 0 ? text : NULL;
}

static void overridden(struct lode_conductor *c, int tunable, uint32_t cf, const char *old, const char *now)
{
	struct lode_event e = {.kind = LODE_EVENT_OVERRIDDEN, .db = c->id, .trial = c->proposal.id, .option = lode_tunables[tunable].id, .value = now};
	struct lode_json *j = lode_journal_begin(c->journal, "override");
	bool on_trial = false;
	lode_json_str(j, "option", lode_tunables[tunable].id);
	lode_json_str(j, "from", plain(c, tunable, old));
	lode_json_str(j, "to", plain(c, tunable, now));
	lode_journal_end(c->journal, false);
	lode_log(LODE_LOG_NOTICE, "%s: %s was changed by someone else (%s -> %s); it is theirs from now on", c->id, lode_tunables[tunable].id, old, now);
	for (size_t i = 0; i < c->plan.n; i++)
		on_trial |= lode_overrides_tunable(&c->plan.todo[i]) == tunable;
	c->policy.manual[tunable / 64] |= 1ull << (tunable % 64); /* the operator's from now on */
	lode_overrides_release(c, tunable);
	e.cf = lode_tunables[tunable].scope == LODE_SCOPE_CF ? lode_report_cf_name(c, cf) : "";
	if (c->env.listener.heard)
		c->env.listener.heard(c->env.listener.ctx, &e);
	if (c->trial)
		lode_trial_stop(c->trial, LODE_VERDICT_INVALID,
				on_trial ? "an option on trial was changed by someone else" : "another option was changed by someone else while the trial ran");
}

struct ours { /* what we have written since the last look: not somebody else's doing */
	const struct lode_write *w;
	size_t n;
};

static bool is_ours(const struct ours *o, int tunable, uint32_t cf)
{
	bool sync = strcmp(lode_tunables[tunable].id, "bytes_per_sync") == 0; /* follows every change of a database option */
	for (size_t i = 0; i < o->n; i++)
		if (lode_overrides_tunable(&o->w[i]) == tunable && (o->w[i].scope != LODE_SCOPE_CF || o->w[i].cf == cf))
			return true;
		else if (sync && o->w[i].scope == LODE_SCOPE_DB)
			return true;
	return false;
}

/* Compares what RocksDB has with what it had when we last looked. */
static void notice_overrides(struct lode_conductor *c, const struct lode_state *old, const struct lode_state *now, const struct ours *ours)
{
	for (int t = 0; t < lode_tunable_count; t++) {
		bool family = lode_tunables[t].scope == LODE_SCOPE_CF;
		if (bit(c->policy.manual, t) || lode_tunables[t].scope == LODE_SCOPE_RESTART)
			continue;
		for (size_t i = 0; i < (family ? now->ncf : 1); i++) {
			const struct lode_value *a = lode_state_value(old, t, now->cf[i].cf.id), *b = lode_state_value(now, t, now->cf[i].cf.id);
			if (a && b && a->exists && b->exists && !lode_value_equal(a->text, b->text) && !is_ours(ours, t, now->cf[i].cf.id)) {
				overridden(c, t, now->cf[i].cf.id, a->text, b->text);
				break;
			}
		}
	}
}

static bool is_dropped(const struct lode_write *w, const struct lode_cf *cf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cf[i].id == w->cf)
			return false;
	return w->scope == LODE_SCOPE_CF;
}

/* A family that was dropped took its options with it: there is nothing left to put back, now or at close. Numbers of families are not used again. */
static void forget_dropped(struct lode_conductor *c, const struct lode_cf *cf, size_t ncf)
{
	size_t kept = 0, planned = 0, was_kept = c->nkept, was_planned = c->plan.n;
	uint32_t gone = 0;
	for (size_t i = 0; i < was_kept; i++) {
		if (!is_dropped(&c->kept[i].now, cf, ncf))
			c->kept[kept++] = c->kept[i];
		else
			gone = c->kept[i].now.cf;
	}
	for (size_t i = 0; i < was_planned; i++) {
		if (is_dropped(&c->plan.todo[i], cf, ncf)) {
			gone = c->plan.todo[i].cf;
			continue;
		}
		c->plan.todo[planned] = c->plan.todo[i];
		c->plan.undo[planned] = c->plan.undo[i];
		c->plan.tunable[planned++] = c->plan.tunable[i];
	}
	c->nkept = kept;
	c->plan.n = planned;
	if (kept == was_kept && planned == was_planned)
		return;
	lode_json_u64(lode_journal_begin(c->journal, "dropped"), "cf", gone);
	lode_journal_end(c->journal, false);
	lode_log(LODE_LOG_INFO, "%s: column family %u was dropped, and with it what we had changed there", c->id, (unsigned)gone);
	if (kept != was_kept)
		lode_live_list_kept(c);
	if (c->trial && planned != was_planned)
		lode_trial_stop(c->trial, LODE_VERDICT_INVALID, "a column family on trial was dropped");
}

static int rebuild(struct lode_conductor *c, struct lode_options *o, const struct ours *ours)
{
	struct lode_cf cfs[LODE_CF_MAX];
	struct lode_cache cache = {0};
	struct lode_state *s = calloc(1, sizeof(*s)); /* pages come as families do */
	struct lode_err err = {0};
	size_t n = 0;
	int rc = s ? c->host->ops->column_families(c->host, cfs, LODE_CF_MAX, &n) : -ENOMEM;
	if (rc == 0) {
		c->host->ops->cache(c->host, &cache);
		lode_claims_apply(c->env.claims, &cache, c);
		rc = lode_state_build(o, cfs, n < LODE_CF_MAX ? n : LODE_CF_MAX, &cache, s, &err);
	}
	if (rc) {
		free(s);
		if (rc == -ESHUTDOWN)
			return rc;
		lode_log(LODE_LOG_WARN, "%s: the options in force could not be read: %s", c->id, err.msg[0] ? err.msg : strerror(-rc));
		return rc;
	}
	if (c->state)
		notice_overrides(c, c->state, s, ours);
	lode_capability_learn(&c->can, c->host, s);
	memcpy(s->can, c->can.can, sizeof(s->can));
	free(c->state);
	c->state = s;
	if (n <= LODE_CF_MAX) /* else not all are listed */
		forget_dropped(c, cfs, n);
	return 0;
}

/* Someone resized the cache: the value in the state follows, and it is theirs. Not so where another database of ours tunes it. */
static void notice_cache(struct lode_conductor *c)
{
	int t = lode_tunable_find("block_cache_size");
	struct lode_value *v = t >= 0 ? &c->state->db[t] : NULL;
	char now[32];
	bool was_ours = v && v->exists;
	if (!v || !c->now->cache.present || c->counts.samples == 0)
		return;
	v->exists = c->now->cache.resizable; /* it may have come to us, or been ours to begin with */
	if ((uint64_t)v->value == c->now->cache.capacity)
		return;
	snprintf(now, sizeof(now), "%llu", (unsigned long long)c->now->cache.capacity);
	if (was_ours && v->exists && !bit(c->policy.manual, t))
		overridden(c, t, 0, v->text, now);
	v->value = (int64_t)c->now->cache.capacity;
	snprintf(v->text, sizeof(v->text), "%s", now);
}

int lode_overrides_read(struct lode_conductor *c, const struct lode_write *w, size_t n)
{
	const struct ours ours = {w, n};
	struct lode_options *o = NULL;
	struct lode_err err = {0};
	int rc = c->host->ops->options(c->host, c->state ? c->state->options_number : 0, &o, &err);
	if (rc == -EALREADY)
		return 0;
	if (rc == 0)
		rc = rebuild(c, o, &ours);
	else if (rc != -ESHUTDOWN)
		lode_log(LODE_LOG_DEBUG, "%s: OPTIONS file: %s", c->id, err.msg);
	lode_options_free(o);
	return rc;
}

int lode_overrides_look(struct lode_conductor *c)
{
	int rc = lode_overrides_read(c, NULL, 0);
	if (c->state)
		notice_cache(c);
	return rc;
}

void lode_overrides_third(struct lode_conductor *c, const struct lode_write *w, const struct lode_write_report *rep)
{
	const struct lode_write *f = rep->failed >= 0 ? &w[rep->failed] : NULL;
	for (size_t i = 0; f && rep->got[0] && i < c->plan.n; i++) {
		const struct lode_write *todo = &c->plan.todo[i], *undo = &c->plan.undo[i];
		if (todo->scope != f->scope || todo->cf != f->cf || strcmp(todo->key, f->key) != 0)
			continue;
		if (!lode_value_equal(rep->got, todo->value) && !lode_value_equal(rep->got, undo->value) && lode_overrides_tunable(f) >= 0)
			overridden(c, lode_overrides_tunable(f), f->cf, f->value, rep->got);
		return;
	}
}
