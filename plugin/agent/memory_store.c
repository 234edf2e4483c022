/* Memory on disk: records "memory" of the journal, one regime each, whole. Why there and not in a file of its own: the journal is already written, synced,
 * checked (every line has a checksum), mended where it was torn, and read back at attach; a second file would need all of that again and could disagree with it.
 * A record says all that is known of its regime, so the last one counts and nothing has to be replayed. Records of a later format are passed over. */
#include "agent/memory.h"

#include "base/num.h"
#include "record/record_json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FORMAT 1
#define FEATURES_MAX 1e15

/* ---- writing ---- */

static void write_face(struct lode_json *j, const struct lode_workload *w, bool ours)
{
	lode_json_object(j, NULL);
	lode_json_bool(j, "ours", ours);
	lode_json_array(j, "share");
	for (int i = 0; i < LODE_OP_N; i++)
		lode_json_num(j, NULL, w->share[i]);
	lode_json_end(j);
	lode_json_num(j, "found", w->found);
	lode_json_num(j, "value_bytes", w->value_bytes);
	lode_json_num(j, "write_bytes", w->write_bytes);
	lode_json_num(j, "scan_next", w->scan_next);
	lode_json_num(j, "batch_keys", w->batch_keys);
	lode_json_num(j, "rate", w->rate);
	lode_json_str(j, "text", w->text);
	lode_json_end(j);
}

static void write_proven(struct lode_json *j, const struct lode_proven *p)
{
	lode_json_object(j, NULL);
	lode_json_array(j, "changes");
	for (size_t i = 0; i < p->n; i++) {
		const struct lode_tunable *t = &lode_tunables[p->change[i].tunable];
		lode_json_object(j, NULL);
		lode_json_str(j, "option", t->id);
		if (t->scope == LODE_SCOPE_CF && p->change[i].cf == LODE_CF_ALL)
			lode_json_str(j, "cf", "all");
		else if (t->scope == LODE_SCOPE_CF)
			lode_json_u64(j, "cf", p->change[i].cf);
		lode_json_i64(j, "value", p->change[i].value);
		lode_json_end(j);
	}
	lode_json_end(j);
	lode_json_num(j, "effect", p->effect);
	lode_json_num(j, "lo", p->lo);
	lode_json_num(j, "hi", p->hi);
	lode_json_u64(j, "pairs", p->pairs);
	lode_json_u64(j, "times", p->times);
	lode_json_u64(j, "doubts", p->doubts);
	lode_json_i64(j, "decade", p->decade);
	lode_json_str(j, "rocksdb", p->rocksdb);
	lode_json_end(j);
}

void lode_memory_write(struct lode_memory *m, uint32_t regime, uint64_t now_ns, uint64_t wall_us, struct lode_json *j)
{
	const struct lode_regime *r = regime ? lode_regimes_find(&m->book, regime) : NULL;
	const struct lode_lesson *l = lode_memory_lesson(m, regime);

	lode_json_u64(j, "format", FORMAT);
	lode_json_u64(j, "wall_us", wall_us);
	lode_json_u64(j, "regime", regime);
	lode_json_u64(j, "visits", r ? r->visits : 0);
	lode_json_num(j, "seconds", r ? lode_num_round(r->seconds, 6) : 0);
	lode_json_array(j, "faces");
	for (int i = 0; r && i < 2; i++)
		if (r->has[i])
			write_face(j, &r->face[i], i);
	lode_json_end(j);
	lode_json_array(j, "proven");
	for (size_t i = 0; l && i < l->nproven; i++)
		write_proven(j, &l->proven[i]);
	lode_json_end(j);
	lode_json_array(j, "failed");
	for (size_t i = 0; l && i < l->nfailed; i++) {
		const struct lode_failed *f = &l->failed[i];
		lode_json_object(j, NULL);
		lode_json_str(j, "option", lode_tunables[f->tunable].id);
		lode_json_bool(j, "up", f->up);
		lode_json_u64(j, "times", f->times);
		lode_json_num(j, "seconds_left", f->until_ns > now_ns ? (double)(f->until_ns - now_ns) / 1e9 : 0);
		lode_json_end(j);
	}
	lode_json_end(j);
}

/* ---- reading: nothing is believed ---- */

static const cJSON *member(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool number(const cJSON *o, const char *name, double lo, double hi, double *out)
{
	const cJSON *item = member(o, name);

	if (!cJSON_IsNumber(item) || !(item->valuedouble >= lo && item->valuedouble <= hi))
		return false;
	*out = item->valuedouble;
	return true;
}

/* null stands for what is not known. */
static bool number_or_null(const cJSON *o, const char *name, double lo, double hi, double *out)
{
	*out = NAN;
	return cJSON_IsNull(member(o, name)) || number(o, name, lo, hi, out);
}

static bool whole(const cJSON *o, const char *name, double lo, double hi, double *out)
{
	return number(o, name, lo, hi, out) && *out == floor(*out);
}

static void text(const cJSON *o, const char *name, char *out, size_t len)
{
	const char *s = cJSON_GetStringValue(member(o, name));

	snprintf(out, len, "%s", s ? s : "");
}

static bool read_face(const cJSON *o, struct lode_regime *r)
{
	struct lode_workload w = {.known = true};
	const cJSON *share = member(o, "share"), *item;
	bool ours = cJSON_IsTrue(member(o, "ours"));
	double sum = 0;
	int n = 0;

	cJSON_ArrayForEach(item, share) {
		if (n == LODE_OP_N || !cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 1.001))
			return false;
		sum += w.share[n++] = item->valuedouble;
	}
	text(o, "text", w.text, sizeof(w.text));
	if (n != LODE_OP_N || !(fabs(sum - 1) < 0.02) || !number_or_null(o, "found", 0, 1.001, &w.found) ||
	    !number_or_null(o, "value_bytes", 0, FEATURES_MAX, &w.value_bytes) || !number_or_null(o, "write_bytes", 0, FEATURES_MAX, &w.write_bytes) ||
	    !number_or_null(o, "scan_next", 0, FEATURES_MAX, &w.scan_next) || !number_or_null(o, "batch_keys", 0, FEATURES_MAX, &w.batch_keys) ||
	    !number_or_null(o, "rate", 0, FEATURES_MAX, &w.rate))
		return false;
	r->has[ours] = true;
	r->face[ours] = w;
	return true;
}

static int tunable_of(const cJSON *o)
{
	const char *id = cJSON_GetStringValue(member(o, "option"));

	return id ? lode_tunable_find(id) : -1;
}

static bool read_change(const cJSON *o, struct lode_change *c)
{
	const char *all = cJSON_GetStringValue(member(o, "cf"));
	double value, cf = 0;

	c->tunable = tunable_of(o);
	if (c->tunable < 0 || lode_tunables[c->tunable].tier == LODE_TIER_FORBIDDEN || !whole(o, "value", -0x1p53, 0x1p53, &value))
		return false;
	if (lode_tunables[c->tunable].scope == LODE_SCOPE_CF && !(all && !strcmp(all, "all")) && !whole(o, "cf", 0, UINT32_MAX, &cf))
		return false;
	c->cf = all ? LODE_CF_ALL : (uint32_t)cf;
	c->value = (int64_t)value;
	return true;
}

/* An option that this version does not know any more takes its whole entry along. */
static bool read_proven(const cJSON *o, struct lode_proven *p)
{
	const cJSON *item;
	double pairs, times, doubts, decade;

	memset(p, 0, sizeof(*p));
	cJSON_ArrayForEach(item, member(o, "changes")) if (p->n == LODE_CHANGES_MAX || !read_change(item, &p->change[p->n++])) return false;
	text(o, "rocksdb", p->rocksdb, sizeof(p->rocksdb));
	if (!p->n || !number_or_null(o, "effect", -1, 1e6, &p->effect) || !number_or_null(o, "lo", -1, 1e6, &p->lo) || !number_or_null(o, "hi", -1, 1e6, &p->hi) ||
	    !whole(o, "pairs", 0, 1e6, &pairs) || !whole(o, "times", 1, 1e9, &times) || !whole(o, "doubts", 0, LODE_DOUBTS_MAX, &doubts) ||
	    !whole(o, "decade", 0, 20, &decade))
		return false;
	p->pairs = (unsigned)pairs;
	p->times = (unsigned)times;
	p->doubts = (unsigned)doubts;
	p->decade = (int)decade;
	return true;
}

static bool read_failed(const cJSON *o, uint64_t now_ns, double since_s, double max_s, struct lode_failed *f)
{
	double times, left;

	f->tunable = tunable_of(o);
	f->up = cJSON_IsTrue(member(o, "up"));
	if (f->tunable < 0 || !whole(o, "times", 1, LODE_TIMES_MAX, &times) || !number(o, "seconds_left", 0, 1e15, &left))
		return false;
	f->times = (unsigned)times;
	f->until_ns = now_ns + (uint64_t)(fmax(0, fmin(left, max_s) - since_s) * 1e9);
	return true;
}

static void read_lists(const cJSON *o, uint64_t now_ns, double since_s, double max_s, struct lode_lesson *l)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, member(o, "proven")) if (l->nproven < LODE_PROVEN_MAX && read_proven(item, &l->proven[l->nproven])) l->nproven++;
	cJSON_ArrayForEach(item, member(o, "failed")) if (l->nfailed < LODE_FAILED_MAX && read_failed(item, now_ns, since_s, max_s, &l->failed[l->nfailed])) l->nfailed++;
}

static bool take(struct lode_memory *m, const cJSON *o, uint64_t now_ns, uint64_t wall_us, double max_s)
{
	struct lode_regime r = {0};
	struct lode_lesson *l;
	double format, id, visits, wall;
	const cJSON *item;

	if (!whole(o, "format", FORMAT, FORMAT, &format) || !whole(o, "regime", 0, UINT32_MAX - 1, &id) || !whole(o, "visits", 0, 1e9, &visits) ||
	    !number(o, "seconds", 0, 1e12, &r.seconds) || !whole(o, "wall_us", 0, 0x1p53, &wall))
		return false;
	cJSON_ArrayForEach(item, member(o, "faces")) if (!read_face(item, &r)) return false;
	r.id = (uint32_t)id;
	r.visits = (unsigned)visits;
	lode_regimes_restore(&m->book, &r);
	l = lode_memory_lesson(m, r.id);
	if (!l)
		return false;
	memset(l, 0, sizeof(*l));
	l->regime = r.id;
	/* a clock that was set back makes no ban longer */
	read_lists(o, now_ns, (double)wall_us > wall ? ((double)wall_us - wall) / 1e6 : 0, max_s, l);
	return true;
}

bool lode_memory_read(struct lode_memory *m, const struct lode_record *r, uint64_t now_ns, uint64_t wall_us, double max_s)
{
	cJSON *o;
	bool taken;

	if (!r->whole || strcmp(r->kind, "memory") != 0)
		return false;
	o = lode_record_json(r);
	taken = o && take(m, o, now_ns, wall_us, max_s);
	cJSON_Delete(o);
	return taken;
}

struct load {
	struct lode_memory *m;
	uint64_t now_ns, wall_us;
	double max_s;
	size_t taken;
};

static void load_record(void *ctx, const struct lode_record *r)
{
	struct load *l = ctx;

	l->taken += lode_memory_read(l->m, r, l->now_ns, l->wall_us, l->max_s);
}

bool lode_memory_load(struct lode_memory *m, const char *path, uint64_t now_ns, uint64_t wall_us, double max_s)
{
	struct load l = {.m = m, .now_ns = now_ns, .wall_us = wall_us, .max_s = max_s};
	char aside[PATH_MAX];
	size_t old;

	if (snprintf(aside, sizeof(aside), "%s.1", path) < (int)sizeof(aside))
		lode_journal_each(aside, 0, load_record, &l);
	old = l.taken;
	lode_journal_each(path, 0, load_record, &l);
	return old && l.taken == old;
}
