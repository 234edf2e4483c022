/* Keeping in force what was written. Up to RocksDB 9.10 a flush or compaction that began before a SetOptions installs the options of its own
 * beginning when it ends; the OPTIONS file goes on showing ours. The next switch of a memtable, or the end of a job that began after the
 * write, heals it; a quiet database may stay wrong for long, and an undo may be undone. So a write is followed up until no job is left that
 * began before it: whenever a version was installed since, the same values are written again, at intervals that double. */
#include "agent/conductor_private.h"

#include "base/log.h"
#include "host/versions.h"

#include <errno.h>
#include <string.h>

#define FIRST_S 1.0
#define LAST_S 64.0

/* The options that RocksDB obeys from the installed version; the others are read afresh by every job and every new memtable. */
static bool installed(const struct lode_write *w)
{
	static const char *const keys[] = {
	    "level0_", "soft_pending_", "hard_pending_", "max_write_buffer_number", "write_buffer_size", "disable_auto_compactions",
	    "max_bytes_for_level_", "max_sequential_skip_", "ttl", "periodic_compaction_", "compaction_options_", "max_compaction_bytes"};

	for (size_t i = 0; w->scope == LODE_SCOPE_CF && i < sizeof(keys) / sizeof(*keys); i++)
		if (strncmp(w->key, keys[i], strlen(keys[i])) == 0)
			return true;
	return false;
}

static uint64_t property(const struct lode_conductor *c, uint32_t cf, const char *name)
{
	uint64_t v = 0;
	return c->host->ops->int_property(c->host, cf, name, &v) == 0 ? v : 0;
}

static uint64_t jobs(const struct lode_conductor *c)
{
	return property(c, 0, "rocksdb.num-running-flushes") + property(c, 0, "rocksdb.num-running-compactions");
}

/* Grows by one with every version installed in a family of this write. */
static uint64_t installs(const struct lode_conductor *c, const struct lode_write *w, size_t n)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++) {
		bool seen = false;
		for (size_t k = 0; k < i; k++)
			seen |= installed(&w[k]) && w[k].cf == w[i].cf;
		if (installed(&w[i]) && !seen)
			sum += property(c, w[i].cf, "rocksdb.current-super-version-number");
	}
	return sum;
}

static uint64_t calls(const struct lode_write *w, size_t n)
{
	uint64_t families = 0;
	for (size_t i = 0; i < n; i++) {
		bool seen = false;
		for (size_t k = 0; k < i; k++)
			seen |= installed(&w[k]) && w[k].cf == w[i].cf;
		families += installed(&w[i]) && !seen;
	}
	return families;
}

static void take_over(struct lode_settle *s, const struct lode_write *w, size_t n)
{
	s->n = 0;
	for (size_t i = 0; i < n; i++)
		if (installed(&w[i]))
			s->w[s->n++] = w[i];
}

void lode_settle_before(struct lode_conductor *c, const struct lode_write *w, size_t n)
{
	const struct lode_host_info *info = c->host->ops->info(c->host);
	struct lode_settle *s = &c->settle;
	s->hazard = info->hazards & LODE_HAZARD_QUIET_REVERT;
	if (!s->hazard)
		return;
	s->jobs = jobs(c);
	s->installs = installs(c, w, n);
}

void lode_settle_after(struct lode_conductor *c, const struct lode_write *w, size_t n, bool undo)
{
	struct lode_settle *s = &c->settle;
	if (!s->hazard)
		return;
	take_over(s, w, n);
	s->undo = undo;
	s->since_ns = lode_conductor_now(c);
	s->wait_s = FIRST_S;
	s->installs += calls(w, n);
	s->watching = s->n && (s->jobs || jobs(c));
}

void lode_settle_forget(struct lode_conductor *c, uint32_t cf, const char *key)
{
	size_t n = 0;
	for (size_t i = 0; i < c->settle.n; i++)
		if (c->settle.w[i].cf != cf || strcmp(c->settle.w[i].key, key) != 0)
			c->settle.w[n++] = c->settle.w[i];
	c->settle.n = n;
}

bool lode_settle_tick(struct lode_conductor *c)
{
	struct lode_settle *s = &c->settle;
	struct lode_write_report rep = {.failed = -1};
	struct lode_err err = {0};
	uint64_t running, now = lode_conductor_now(c);
	bool changed;
	int rc;
	if (!s->watching || !s->n)
		return false;
	running = jobs(c);
	changed = installs(c, s->w, s->n) != s->installs;
	if (changed && running && now - s->since_ns < lode_seconds_ns(s->wait_s))
		return false;
	if (changed) {
		s->installs = installs(c, s->w, s->n) + calls(s->w, s->n);
		rc = lode_host_renew(c->host, s->w, s->n, s->undo, &rep, &err);
		lode_live_count(c, &rep);
		if (rc == -EAGAIN) {
			s->installs -= calls(s->w, s->n) + 1; /* still to be done */
			return false;
		}
		lode_log(LODE_LOG_DEBUG, "%s: written again, for a job of before may have put older options in force%s%s", c->id, rc ? ": " : "", rc ? err.msg : "");
		s->wait_s = s->wait_s < LAST_S ? 2 * s->wait_s : LAST_S;
		s->since_ns = now;
	}
	if (!running)
		s->watching = false;
	return changed;
}
