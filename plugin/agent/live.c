/* What is live: the only file of the agent that writes options. Every change is announced in the journal first, read back after, and can be undone to the byte. */
#include "agent/conductor_private.h"

#include "base/log.h"
#include "host/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDO_TRIES 3

static bool bit(const uint64_t *set, int i)
{
	return set[i / 64] >> (i % 64) & 1;
}

/* ---- reading, and noticing what others did ---- */

static int tunable_of_write(const struct lode_write *w)
{
	for (int i = 0; i < lode_tunable_count; i++)
		if (lode_tunables[i].scope == w->scope && (w->scope == LODE_SCOPE_CACHE || strcmp(lode_tunables[i].key, w->key) == 0))
			return i;
	return -1;
}

/* The whole list, so that the last such record says what an earlier life had changed for good. */
void lode_live_list_kept(struct lode_conductor *c)
{
	struct lode_write now[KEPT_MAX], original[KEPT_MAX];
	struct lode_json *j = lode_journal_begin(c->journal, "kept");
	for (size_t i = 0; i < c->nkept; i++) {
		now[i] = c->kept[i].now;
		original[i] = c->kept[i].original;
	}
	lode_json_u64(j, "trial", c->proposal.id);
	lode_json_writes(j, "todo", now, c->nkept);
	lode_json_writes(j, "undo", original, c->nkept);
	lode_journal_end(c->journal, true);
}

/* Out of the kept list and out of the plan, so that no undo of ours overwrites the value in force. */
void lode_live_release(struct lode_conductor *c, int tunable)
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
		if (tunable_of_write(&c->plan.todo[i]) == tunable)
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

static void overridden(struct lode_conductor *c, int tunable, const char *old, const char *now)
{
	struct lode_json *j = lode_journal_begin(c->journal, "override");
	bool on_trial = false;
	lode_json_str(j, "option", lode_tunables[tunable].id);
	lode_json_str(j, "from", plain(c, tunable, old));
	lode_json_str(j, "to", plain(c, tunable, now));
	lode_journal_end(c->journal, false);
	lode_log(LODE_LOG_NOTICE, "%s: %s was changed by someone else (%s -> %s); it is theirs from now on", c->id, lode_tunables[tunable].id, old, now);
	for (size_t i = 0; i < c->plan.n; i++)
		on_trial |= tunable_of_write(&c->plan.todo[i]) == tunable;
	c->policy.manual[tunable / 64] |= 1ull << (tunable % 64); /* the operator's from now on */
	lode_live_release(c, tunable);
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
		if (tunable_of_write(&o->w[i]) == tunable && (o->w[i].scope != LODE_SCOPE_CF || o->w[i].cf == cf))
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
				overridden(c, t, a->text, b->text);
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
		overridden(c, t, v->text, now);
	v->value = (int64_t)c->now->cache.capacity;
	snprintf(v->text, sizeof(v->text), "%s", now);
}

static int read_state(struct lode_conductor *c, const struct ours *ours)
{
	struct lode_options *o = NULL;
	struct lode_err err = {0};
	int rc = c->host->ops->options(c->host, c->state ? c->state->options_number : 0, &o, &err);
	if (rc == -EALREADY)
		return 0;
	if (rc == 0)
		rc = rebuild(c, o, ours);
	else if (rc != -ESHUTDOWN)
		lode_log(LODE_LOG_DEBUG, "%s: OPTIONS file: %s", c->id, err.msg);
	lode_options_free(o);
	return rc;
}

int lode_live_read_state(struct lode_conductor *c)
{
	int rc = read_state(c, &(struct ours){NULL, 0});
	if (c->state)
		notice_cache(c);
	return rc;
}

/* ---- writing ---- */

void lode_live_count(struct lode_conductor *c, const struct lode_write_report *rep)
{
	c->counts.writes += rep->calls;
	c->counts.write_ns += rep->ns;
	if (rep->ns > c->counts.write_ns_max)
		c->counts.write_ns_max = rep->ns;
}

static void note_cache(struct lode_conductor *c) /* it is not in the OPTIONS file */
{
	int t = lode_tunable_find("block_cache_size");
	struct lode_cache cache = {0};
	if (t < 0 || !c->state || c->host->ops->cache(c->host, &cache))
		return;
	c->now->cache.capacity = cache.capacity;
	c->state->db[t].value = (int64_t)cache.capacity;
	snprintf(c->state->db[t].text, LODE_VALUE_MAX, "%llu", (unsigned long long)cache.capacity);
}

/* The value found instead of ours is neither the old nor the new one: somebody else has written at the same moment. */
static void notice_third(struct lode_conductor *c, const struct lode_write *w, const struct lode_write_report *rep)
{
	const struct lode_write *f = rep->failed >= 0 ? &w[rep->failed] : NULL;
	for (size_t i = 0; f && rep->got[0] && i < c->plan.n; i++) {
		const struct lode_write *todo = &c->plan.todo[i], *undo = &c->plan.undo[i];
		if (todo->scope != f->scope || todo->cf != f->cf || strcmp(todo->key, f->key) != 0)
			continue;
		if (!lode_value_equal(rep->got, todo->value) && !lode_value_equal(rep->got, undo->value) && tunable_of_write(f) >= 0)
			overridden(c, tunable_of_write(f), f->value, rep->got);
		return;
	}
}

/* RocksDB has what was asked for: whoever owns it wants to know. */
static void tell(const struct lode_conductor *c, const struct lode_write *w, size_t n, bool undo)
{
	struct lode_event e = {.kind = undo || w == c->plan.undo ? LODE_EVENT_REVERTED : LODE_EVENT_APPLIED, .db = c->id, .trial = c->proposal.id};
	for (size_t i = 0; c->env.listener.heard && i < n; i++) {
		int t = tunable_of_write(&w[i]);
		e.option = t >= 0 ? lode_tunables[t].id : w[i].key;
		e.cf = w[i].scope == LODE_SCOPE_CF ? lode_report_cf_name(c, w[i].cf) : "";
		e.value = w[i].value;
		c->env.listener.heard(c->env.listener.ctx, &e);
	}
}

/* undo: at any time. -EAGAIN: nothing was done. */
static int write_all(struct lode_conductor *c, const struct lode_write *w, size_t n, bool undo)
{
	struct lode_write_report rep = {.failed = -1};
	struct lode_err err = {0};
	int rc = 0;
	if (n == 0)
		return 0;
	lode_settle_before(c, w, n);
	rc = undo ? lode_host_undo(c->host, w, n, c->doubt, &rep, &err) : lode_host_write(c->host, w, n, &rep, &err);
	lode_live_count(c, &rep);
	if (rc == -EAGAIN && rep.calls == 0)
		return rc;
	if (rc == -EAGAIN) /* half of it: to be undone like any failure */
		rc = -EIO;
	if (rc != -ESHUTDOWN)
		c->doubt = rep.doubt;
	if (rep.mended)
		lode_log(LODE_LOG_NOTICE, "%s: %u option%s that the application set at the same moment had been undone by RocksDB; set again", c->id, rep.mended,
			 rep.mended == 1 ? "" : "s");
	if (rc && rc != -ESHUTDOWN)
		lode_log(LODE_LOG_WARN, "%s: a write did not read back as asked: %s", c->id, err.msg);
	if (rep.calls)
		lode_settle_after(c, w, n, undo);
	for (size_t i = 0; i < n; i++)
		if (w[i].scope == LODE_SCOPE_CACHE)
			note_cache(c);
	read_state(c, &(struct ours){w, n});
	if (rc == -EIO && !rep.doubt)
		notice_third(c, w, &rep);
	if (rc == 0)
		tell(c, w, n, undo);
	return rc;
}

/* A block cache is resized without a word to RocksDB's writers. */
static bool sets_options(const struct lode_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->todo[i].scope != LODE_SCOPE_CACHE)
			return true;
	return false;
}

/* Memtables or level 0 so full that writes may stop before the plan is through, where it would hang then. */
static bool near_stop(const struct lode_conductor *c)
{
	if (!(c->host->ops->info(c->host)->hazards & LODE_HAZARD_HANGS_STOPPED) || !c->state || !sets_options(&c->plan))
		return false;
	for (size_t i = 0; i < c->now->ncf; i++) {
		const struct lode_cf_sample *s = &c->now->cf[i];
		int64_t buffers = lode_state_int(c->state, "max_write_buffer_number", s->id, 2), stop = lode_state_int(c->state, "level0_stop_writes_trigger", s->id, 36);
		if ((int64_t)s->immutable >= buffers - 1 && (int64_t)s->mem_active > lode_state_int(c->state, "write_buffer_size", s->id, 64 << 20) / 2)
			return true;
		if ((int64_t)s->files[0] >= stop - 1)
			return true;
	}
	return false;
}

int lode_live_apply(struct lode_conductor *c, bool treatment)
{
	bool before = c->treated;
	int rc;
	if (near_stop(c))
		return -EAGAIN;
	if (treatment)
		c->treated = true; /* before the write: whatever comes of it must be undone */
	rc = write_all(c, treatment ? c->plan.todo : c->plan.undo, c->plan.n, false);
	if (rc == 0)
		c->treated = treatment;
	else if (rc == -EAGAIN)
		c->treated = before;
	return rc;
}

bool lode_live_undo(struct lode_conductor *c)
{
	int rc;
	if (!c->treated)
		return true;
	rc = write_all(c, c->plan.undo, c->plan.n, true);
	if (rc == -ENOENT) /* a family was dropped a moment ago, which is known by now: the rest of the plan */
		rc = write_all(c, c->plan.undo, c->plan.n, true);
	if (rc == 0) {
		c->treated = false;
		return true;
	}
	if (rc == -ESHUTDOWN || ++c->failed_reverts < UNDO_TRIES)
		return false;
	lode_log(LODE_LOG_ERROR, "%s: a change could not be put back; hands off from now on (`lodestone rollback --print` shows what to do by hand)", c->id);
	lode_journal_begin(c->journal, "safe");
	lode_journal_end(c->journal, true);
	lode_conductor_phase(c, LODE_SAFE, "a change could not be put back: hands off until `lodestone resume`");
	return false;
}

bool lode_live_start(struct lode_conductor *c, uint64_t seed, const char *design, const struct lode_baseline *b, const struct lode_trial_spec *s)
{
	struct lode_json *j = lode_journal_begin(c->journal, "intent");
	lode_json_u64(j, "trial", c->proposal.id);
	lode_json_str(j, "design", design);
	lode_goal_json(c, b, s, j);
	lode_json_u64(j, "seed", seed);
	lode_json_str(j, "pace", c->pace.name);
	lode_json_num(j, "alpha", s->alpha);
	lode_json_str(j, "purpose", lode_purpose_name(c->purpose));
	lode_json_u64(j, "regime", lode_memory_regime(c));
	lode_json_writes(j, "todo", c->plan.todo, c->plan.n);
	lode_json_writes(j, "undo", c->plan.undo, c->plan.n);
	return lode_journal_end(c->journal, true) == 0;
}

void lode_live_settled(struct lode_conductor *c, uint64_t trial, const char *how)
{
	struct lode_json *j = lode_journal_begin(c->journal, "settled");
	lode_json_u64(j, "trial", trial);
	lode_json_str(j, "how", how);
	lode_journal_end(c->journal, true);
}

/* ---- what was kept ---- */

void lode_live_keep(struct lode_conductor *c)
{
	for (size_t i = 0; i < c->plan.n; i++) {
		size_t k = 0;
		while (k < c->nkept && !(c->kept[k].now.scope == c->plan.todo[i].scope && c->kept[k].now.cf == c->plan.todo[i].cf &&
					 strcmp(c->kept[k].now.key, c->plan.todo[i].key) == 0))
			k++;
		if (k == KEPT_MAX)
			continue;
		if (k == c->nkept) { /* the application's own value is remembered once */
			c->kept[k].original = c->plan.undo[i];
			c->kept[k].tunable = c->plan.tunable[i];
			c->nkept++;
		}
		c->kept[k].now = c->plan.todo[i];
		c->kept[k].fill = c->fill;
		if (!lode_watch_checks(c))
			c->kept[k].trial = c->proposal.id;
	}
	c->treated = false;
	lode_live_list_kept(c);
	lode_live_settled(c, c->proposal.id, "kept");
}

/* The plan's options are as they were before it, kept earlier or never. */
static void forget_kept(struct lode_conductor *c)
{
	for (size_t i = 0; i < c->plan.n; i++)
		for (size_t k = 0; k < c->nkept; k++) {
			if (c->kept[k].now.scope != c->plan.todo[i].scope || c->kept[k].now.cf != c->plan.todo[i].cf ||
			    strcmp(c->kept[k].now.key, c->plan.todo[i].key) != 0)
				continue;
			c->kept[k].now = c->plan.undo[i];
			if (lode_value_equal(c->kept[k].now.value, c->kept[k].original.value))
				c->kept[k--] = c->kept[--c->nkept];
		}
	lode_live_list_kept(c);
}

void lode_live_unkeep(struct lode_conductor *c)
{
	forget_kept(c);
	lode_live_settled(c, c->proposal.id, "put back after a keep");
}

static void journal_restore(struct lode_conductor *c, const char *why, const struct lode_write *w, size_t n)
{
	struct lode_json *j = lode_journal_begin(c->journal, "restore");
	lode_json_str(j, "why", why);
	lode_json_writes(j, "writes", w, n);
	lode_journal_end(c->journal, true);
}

/* No trial stands behind this one, so it is announced by itself. */
bool lode_live_put_back(struct lode_conductor *c, const char *why)
{
	journal_restore(c, why, c->plan.undo, c->plan.n);
	c->treated = true;
	if (!lode_live_undo(c)) {
		lode_live_list_kept(c); /* still */
		return false;
	}
	forget_kept(c);
	return true;
}

int lode_live_restore_kept(struct lode_conductor *c, const char *how)
{
	struct lode_write w[KEPT_MAX];
	size_t n;
	int rc;
	lode_live_read_state(c); /* a family may have been dropped since */
	n = c->nkept;
	for (size_t i = 0; i < n; i++)
		w[i] = c->kept[i].original;
	journal_restore(c, how, w, n);
	rc = write_all(c, w, n, true);
	if (rc == 0) { /* only now: a crash in between leaves the rest to the next life */
		c->nkept = 0;
		lode_live_list_kept(c);
	}
	lode_log(rc ? LODE_LOG_WARN : LODE_LOG_INFO, "%s: %zu kept change%s %s", c->id, n, n == 1 ? "" : "s", rc ? "could not be restored" : how);
	return rc;
}

/* ---- after a crash ---- */

/* Kept changes outlive a crash in programs that load their last OPTIONS file. Those that still stand are ours to restore at close or on rollback. */
static void adopt_kept(struct lode_conductor *c, struct lode_unfinished *u, struct lode_write *live)
{
	memcpy(live, u->todo, sizeof(u->todo));
	for (size_t i = 0; i < u->n && c->nkept < KEPT_MAX; i++) {
		if (lode_host_read_back(c->host, &live[i], 1, NULL) || !lode_value_equal(live[i].value, u->todo[i].value) ||
		    lode_value_equal(u->todo[i].value, u->undo[i].value))
			continue;
		c->kept[c->nkept++] = (struct kept){.tunable = tunable_of_write(&u->todo[i]), .original = u->undo[i], .now = u->todo[i]};
	}
	if (c->nkept)
		lode_log(LODE_LOG_NOTICE, "%s: %zu change%s kept by an earlier run still stand%s", c->id, c->nkept, c->nkept == 1 ? "" : "s",
			 c->nkept == 1 ? "s" : "");
}

/* A trial was in flight when an earlier life ended. What still stands as the trial had it is put back; what the application has set anew since is its own.
 * False: it could not be put back. */
static bool undo_unfinished(struct lode_conductor *c, struct lode_unfinished *u, struct lode_write *live)
{
	size_t n = 0;
	c->proposal.id = u->trial; /* what is written and told is about that one */
	memcpy(live, u->todo, sizeof(u->todo));
	for (size_t i = 0; i < u->n; i++) {
		if (lode_host_read_back(c->host, &live[i], 1, NULL) == 0 && lode_value_equal(live[i].value, u->todo[i].value) &&
		    !lode_value_equal(u->todo[i].value, u->undo[i].value))
			u->undo[n++] = u->undo[i];
	}
	if (n && write_all(c, u->undo, n, true)) {
		lode_conductor_phase(c, LODE_SAFE, "what an earlier run had in flight could not be put back: hands off");
		return false;
	}
	lode_log(LODE_LOG_NOTICE, "%s: trial %llu was in flight when an earlier run ended; %s", c->id, (unsigned long long)u->trial,
		 n ? "its changes were put back" : "nothing of it is live any more");
	lode_live_settled(c, u->trial, n ? "undone after a crash" : "found undone after a crash");
	lode_report_recent(c, "invalid", n ? "undone after a crash" : "an earlier run ended in the middle of a trial; nothing of it is live any more", NULL);
	return true;
}

/* The list of what is kept was written, and the record that settles the trial was not: the keep is done. */
static bool kept_already(const struct lode_unfinished *trial, const struct lode_unfinished *kept)
{
	size_t n = 0;
	for (size_t i = 0; i < trial->n; i++)
		for (size_t k = 0; k < kept->n; k++) {
			const struct lode_write *a = &trial->todo[i], *b = &kept->todo[k];
			n += a->scope == b->scope && a->cf == b->cf && strcmp(a->key, b->key) == 0 && lode_value_equal(a->value, b->value);
		}
	return trial->n && n == trial->n && kept->trial == trial->trial;
}

/* In every mode, observe too: it mends what we have done ourselves. */
void lode_live_recover(struct lode_conductor *c)
{
	struct lode_unfinished *trial = malloc(sizeof(*trial)), *kept = malloc(sizeof(*kept));
	struct lode_write *live = malloc(sizeof(kept->todo));
	const char *path = lode_journal_path(c->journal);
	if (trial && kept && live && lode_journal_ok(c->journal)) {
		bool any_kept = lode_journal_kept(path, kept) > 0, any_trial = lode_journal_unfinished(path, trial) > 0;
		if (any_trial && any_kept && kept_already(trial, kept)) {
			lode_live_settled(c, trial->trial, "kept");
			any_trial = false;
		}
		if ((!any_trial || undo_unfinished(c, trial, live)) && any_kept)
			adopt_kept(c, kept, live);
	}
	free(live);
	free(kept);
	free(trial);
}

/* ---- the operator's wish ---- */

static size_t collect(const struct lode_conductor *c, struct lode_write *w)
{
	size_t n = 0;
	for (size_t i = 0; c->treated && i < c->plan.n && n < LODE_WRITE_MAX; i++)
		w[n++] = c->plan.undo[i];
	for (size_t i = 0; i < c->nkept && n < LODE_WRITE_MAX; i++)
		w[n++] = c->kept[i].original;
	return n;
}

int lode_conductor_rollback(struct lode_conductor *c, bool print, struct lode_buf *out)
{
	struct lode_write *w = calloc(LODE_WRITE_MAX, sizeof(*w));
	struct lode_json j;
	size_t n;
	int rc = 0;
	if (!w)
		return -ENOMEM;
	n = collect(c, w);
	if (!print) {
		if (c->trial)
			lode_trial_stop(c->trial, LODE_VERDICT_INVALID, "rolled back by the operator");
		if (!lode_live_undo(c))
			rc = -EIO;
		if (rc == 0 && c->nkept)
			lode_memory_rolled_back(c);
		if (rc == 0 && c->nkept)
			rc = lode_live_restore_kept(c, "rolled back by the operator");
	}
	lode_json_init(&j, out);
	lode_json_object(&j, NULL);
	lode_json_str(&j, "id", c->id);
	lode_json_bool(&j, "done", !print && rc == 0);
	lode_json_writes(&j, "writes", w, n);
	lode_json_end(&j);
	free(w);
	return rc;
}
