/* A storm of options: a stand-in agent that does nothing but draw proposals at random on the live state, pass them through the guard, and apply every
 * plan that the guard accepts through the host's one door, one on top of the other, back in the opposite order, over and over. No trials, no judge, no
 * waiting: thousands of accepted changes a minute under whatever the host is doing. At close everything goes back, and is compared to the byte.
 *
 * STORM_SEED: of the draws. STORM_REPORT: a file that gets one line for each database. STORM_MEMORY: bytes that memtables and cache may take. */
#include "agent/capability.h"
#include "base/rng.h"
#include "guard/check.h"
#include "host/entry.h"
#include "host/real.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DB_MAX 8
#define DEPTH 8 /* plans that are live at once */
#define RELATED 24 /* the rows of the table that rules speak of stand first */

struct counts {
	unsigned drawn, refused, applied, entries, calls, undone, later, failed, stops, ours, differ, deepest;
};

struct storm {
	void *db; /* NULL: free row */
	struct lode_host *host;
	struct lode_injected *injected;
	pthread_t thread;
	atomic_bool closing;
	struct lode_rng rng;
	struct lode_capability can;
	struct lode_machine machine;
	struct lode_policy policy;
	struct lode_sample *sample, *prev;
	struct lode_state *state, *first; /* now; before anything */
	struct lode_plan live[DEPTH];
	size_t depth;
	struct counts n;
	char wrong[300]; /* the first failure, in words */
};

static struct storm storms[DB_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void say(struct storm *s, const char *what, const char *why)
{
	if (!s->wrong[0])
		snprintf(s->wrong, sizeof s->wrong, "%s: %s", what, why);
}

/* ---- the live state ---- */

static struct lode_state *read_state(struct storm *s)
{
	struct lode_cf cfs[LODE_CF_MAX];
	struct lode_options *o = NULL;
	struct lode_cache cache = {0};
	struct lode_err err = {0};
	struct lode_state *state = calloc(1, sizeof *state);
	size_t n = 0;

	if (!state || s->host->ops->column_families(s->host, cfs, LODE_CF_MAX, &n) || s->host->ops->options(s->host, 0, &o, &err) ||
	    lode_state_build(o, cfs, n < LODE_CF_MAX ? n : LODE_CF_MAX, (s->host->ops->cache(s->host, &cache), &cache), state, &err)) {
		say(s, "the state cannot be read", err.msg);
		free(state);
		state = NULL;
	}
	lode_options_free(o);
	if (!state)
		return NULL;
	lode_capability_learn(&s->can, s->host, state);
	memcpy(state->can, s->can.can, sizeof state->can);
	return state;
}

static bool look(struct storm *s)
{
	struct lode_sample *out = s->prev;

	free(s->state);
	s->state = read_state(s);
	if (!s->state || lode_sample_take(s->host, &lode_clock_real, true, s->sample->ncf ? s->sample : NULL, out))
		return false;
	s->prev = s->sample;
	s->sample = out;
	return true;
}

static bool stopped(struct storm *s)
{
	uint64_t v = 0;

	return s->host->ops->int_property(s->host, 0, "rocksdb.is-write-stopped", &v) == 0 && v;
}

static unsigned differences(const struct lode_state *a, const struct lode_state *b)
{
	unsigned n = a->ncf != b->ncf;

	for (int t = 0; t < lode_tunable_count; t++) {
		n += strcmp(a->db[t].text, b->db[t].text) != 0;
		for (size_t i = 0; i < a->ncf && i < b->ncf; i++)
			n += strcmp(a->cf[i].v[t].text, b->cf[i].v[t].text) != 0;
	}
	return n;
}

/* ---- proposals ---- */

static uint64_t below(struct storm *s, uint64_t n)
{
	return lode_rng_below(&s->rng, n);
}

/* Any size as likely as any other, between lo and hi. */
static int64_t between(struct storm *s, int64_t lo, int64_t hi)
{
	uint64_t span = (uint64_t)hi - (uint64_t)lo, v;
	unsigned bits = 1;

	while (bits < 63 && span >> bits)
		bits++;
	v = below(s, UINT64_C(1) << below(s, bits + 1));
	if (v > span)
		v = span;
	return lode_rng_coin(&s->rng) ? lo + (int64_t)v : hi - (int64_t)v;
}

static struct lode_change draw_change(struct storm *s, const struct lode_situation *now)
{
	struct lode_change c = {.tunable = (int)below(s, below(s, 3) ? RELATED : (uint64_t)lode_tunable_count), .cf = LODE_CF_ALL};
	int64_t lo = lode_tunables[c.tunable].min, hi = lode_tunables[c.tunable].max;

	if (lode_rng_coin(&s->rng))
		c.cf = s->state->cf[below(s, s->state->ncf)].cf.id;
	if (below(s, 8)) /* mostly what the catalogue says would pass */
		lode_guard_range(now, c.tunable, c.cf, &lo, &hi);
	c.value = below(s, 4) ? between(s, lo, hi) : below(s, 2) ? lo : hi;
	return c;
}

static bool draw_plan(struct storm *s, struct lode_plan *plan)
{
	struct lode_situation now = {s->state, s->sample, &s->machine, &s->policy};
	struct lode_proposal p = {.advisor = "storm", .expect = NAN, .confidence = NAN, .n = 1 + (below(s, 3) ? 0 : below(s, 4))};
	struct lode_refusal refusal;

	s->policy.step_scale = below(s, 3) ? 1 : 1000;
	for (size_t i = 0; i < p.n; i++)
		p.change[i] = draw_change(s, &now);
	s->n.drawn++;
	if (lode_guard_check(&now, &p, plan, &refusal) == 0)
		return true;
	s->n.refused++;
	return false;
}

/* ---- what is live ---- */

static void put_back(struct storm *s)
{
	const struct lode_plan *plan = &s->live[s->depth - 1];
	struct lode_write_report rep = {0};
	struct lode_err err = {0};
	int rc = -1;

	for (int tries = 0; rc && tries < 3; tries++) {
		rc = lode_host_undo(s->host, plan->undo, plan->n, tries > 0, &rep, &err);
		s->n.calls += rep.calls;
	}
	if (rc)
		say(s, "undo", err.msg);
	s->n.undone += rc == 0;
	s->depth--;
}

/* Writes stopped, which ran before the plan: ours if they run again once it is gone. Where RocksDB up to 8.7 sleeps on, its own jobs wake it. */
static void blame(struct storm *s)
{
	char what[LODE_VALUE_MAX + 80];
	const struct lode_write *w = &s->live[s->depth - 1].todo[0];

	snprintf(what, sizeof what, "%s=%s", w->key, w->value);
	s->n.stops++;
	put_back(s);
	if (stopped(s))
		return;
	s->n.ours++;
	say(s, "writes stopped", what);
}

static void put(struct storm *s, const struct lode_plan *plan)
{
	struct lode_write_report rep = {0};
	struct lode_err err = {0};
	bool before = stopped(s);
	int rc = lode_host_write(s->host, plan->todo, plan->n, &rep, &err);

	s->n.calls += rep.calls;
	if (rc == -ESHUTDOWN || (rc == -EAGAIN && !rep.calls)) {
		s->n.later++;
		return;
	}
	s->live[s->depth++] = *plan;
	if (s->depth > s->n.deepest)
		s->n.deepest = (unsigned)s->depth;
	if (rc) {
		s->n.later += rc == -EAGAIN;
		s->n.failed += rc != -EAGAIN;
		if (rc != -EAGAIN)
			say(s, "write", err.msg);
		put_back(s);
		return;
	}
	s->n.applied++;
	s->n.entries += (unsigned)plan->n;
	if (!before && stopped(s))
		blame(s);
}

static void compare(struct storm *s)
{
	struct lode_state *now = read_state(s);

	if (!now || differences(s->first, now)) {
		s->n.differ++;
		say(s, "everything was put back", "and options differ from the first");
	}
	free(now);
}

static void pause_a_little(struct storm *s)
{
	nanosleep(&(struct timespec){.tv_nsec = (long)below(s, 4) * (long)below(s, 3000000)}, NULL);
}

static void *storm_main(void *arg)
{
	struct storm *s = arg;
	struct lode_plan plan;

	s->sample = calloc(1, sizeof *s->sample);
	s->prev = calloc(1, sizeof *s->prev);
	s->first = s->sample && s->prev ? read_state(s) : NULL;
	while (s->first && !atomic_load(&s->closing) && s->n.differ < 3) {
		size_t deep = 1 + below(s, DEPTH);

		lode_machine_read("", s->host->ops->info(s->host)->path, &s->machine);
		for (int tries = 0; s->depth < deep && tries < 40 && !atomic_load(&s->closing); tries++) {
			if (look(s) && draw_plan(s, &plan))
				put(s, &plan);
			pause_a_little(s);
		}
		while (s->depth)
			put_back(s);
		compare(s);
	}
	return NULL;
}

/* ---- as the preload sees it ---- */

static const void *db_opening(struct lode_entry_open *o)
{
	return o->db_options;
}

static struct storm *row_of(void *db)
{
	for (int i = 0; i < DB_MAX; i++)
		if (storms[i].db == db)
			return &storms[i];
	return NULL;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void begin(struct storm *s, void *db, struct lode_host *host)
{
	memset(s, 0, sizeof *s);
	s->db = db;
	s->host = host;
	lode_rng_seed(&s->rng, number("STORM_SEED", 1) + (uint64_t)(s - storms));
	lode_policy_init(&s->policy);
	s->policy.allow_optin = s->policy.allow_slow_lag = s->policy.allow_residue = true;
	s->policy.memory_max = number("STORM_MEMORY", UINT64_C(256) << 20);
	if (pthread_create(&s->thread, NULL, storm_main, s))
		s->db = NULL;
}

static void db_opened(struct lode_entry_open *o)
{
	struct lode_open open = {o->image, o->image_path, o->db, o->path, o->db_options, o->cf_descriptors, false};
	struct lode_host *host = NULL;
	struct lode_err err = {0};
	struct storm *s;

	if (!o->db || lode_host_real_new(&open, &host, &err) != 0)
		return;
	pthread_mutex_lock(&lock);
	s = row_of(NULL);
	if (s)
		begin(s, o->db, host);
	pthread_mutex_unlock(&lock);
}

static void report(const struct storm *s)
{
	const char *path = getenv("STORM_REPORT");
	const struct counts *n = &s->n;
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	fprintf(f,
		"drawn=%u refused=%u applied=%u entries=%u calls=%u undone=%u later=%u failed=%u stops=%u ours=%u differ=%u deepest=%u left=%zu%s%s\n",
		n->drawn, n->refused, n->applied, n->entries, n->calls, n->undone, n->later, n->failed, n->stops, n->ours, n->differ, n->deepest,
		s->depth, s->wrong[0] ? " " : "", s->wrong);
	fclose(f);
}

static void db_closing(void *db)
{
	struct storm *s = row_of(db);

	if (!s || atomic_exchange(&s->closing, true))
		return;
	pthread_join(s->thread, NULL);
	report(s);
	lode_host_real_close(s->host);
}

static void db_closed(void *db)
{
	struct storm *s = row_of(db);

	if (!s)
		return;
	lode_host_real_free(s->host);
	free(s->state);
	free(s->first);
	free(s->sample);
	free(s->prev);
	s->db = NULL;
}

static void db_read_only(const char *path, const void *opener)
{
	(void)path, (void)opener;
}

static void nothing(void)
{
}

const struct lode_entry *lodestone_entry(uint32_t abi, char *const *env)
{
	static const struct lode_entry entry = {LODE_ENTRY_ABI, db_opening, db_opened, db_closing, db_closed, db_read_only, nothing, nothing};

	(void)env;
	return abi == LODE_ENTRY_ABI ? &entry : NULL;
}
