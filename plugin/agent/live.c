/* What is live: the only file of the agent that writes options. Every change is announced in the journal first, read back after, and can be undone to the byte. */
#include "agent/conductor_private.h"

#include "base/log.h"
#include "host/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDO_TRIES 3

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

/* RocksDB has this value now: whoever owns it wants to know. */
static void tell(const struct lode_conductor *c, const struct lode_write *w, bool undo)
{
	int t = lode_overrides_tunable(w);
	struct lode_event e = {.kind = undo ? LODE_EVENT_REVERTED : LODE_EVENT_APPLIED, .db = c->id, .trial = c->proposal.id, .value = w->value};
	e.option = t >= 0 ? lode_tunables[t].id : w->key;
	e.cf = w->scope == LODE_SCOPE_CF ? lode_report_cf_name(c, w->cf) : "";
	c->env.listener.heard(c->env.listener.ctx, &e);
}

/* Of a write that failed, what is live all the same. */
static void tell_all(const struct lode_conductor *c, const struct lode_write *w, size_t n, bool undo, bool failed)
{
	struct lode_write *now = failed && c->env.listener.heard ? malloc(n * sizeof(*now)) : NULL;
	if (now)
		memcpy(now, w, n * sizeof(*now));
	if (c->env.listener.heard && (!failed || (now && lode_host_read_back(c->host, now, n, NULL) == 0)))
		for (size_t i = 0; i < n; i++)
			if (!failed || lode_value_equal(now[i].value, w[i].value))
				tell(c, &w[i], undo);
	free(now);
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
	lode_overrides_read(c, w, n);
	if (rc == -EIO && !rep.doubt)
		lode_overrides_third(c, w, &rep);
	if (rc == 0 || rep.calls)
		tell_all(c, w, n, undo || w == c->plan.undo, rc != 0);
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
	lode_overrides_look(c); /* a family may have been dropped since */
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
		c->kept[c->nkept++] = (struct kept){.tunable = lode_overrides_tunable(&u->todo[i]), .original = u->undo[i], .now = u->todo[i]};
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
