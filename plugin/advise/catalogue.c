/* The options that may be changed now: those of this RocksDB, in an allowed tier, whose effect can be judged, with the range that would
 * pass. */
#include "advise/catalogue.h"
#include "base/fmt.h"

#include <inttypes.h>

struct line {
	bool there;
	int64_t now, lo, hi;
};

const struct lode_cf_sample *lode_catalogue_sample(const struct lode_situation *s, size_t i)
{
	for (size_t k = 0; k < s->sample->ncf; k++)
		if (s->sample->cf[k].id == s->state->cf[i].cf.id)
			return &s->sample->cf[k];
	return NULL;
}

/* May it be offered at all? The guard asks again, and more. */
static bool offered(const struct lode_tunable *t, const struct lode_policy *p)
{
	if (t->scope == LODE_SCOPE_RESTART || t->kind == LODE_KIND_OTHER || t->tier == LODE_TIER_FORBIDDEN)
		return false;
	if (t->tier == LODE_TIER_OPTIN && !p->allow_optin)
		return false;
	return lode_policy_waits(p, t);
}

static struct line line_of(const struct lode_situation *s, int t, uint32_t cf)
{
	const struct lode_value *v = lode_state_value(s->state, t, cf);
	struct line l = {0};

	if (v && v->exists && v->numeric && lode_guard_range(s, t, cf, &l.lo, &l.hi)) {
		l.now = v->value;
		l.there = l.lo < l.hi || l.lo != l.now;
	}
	return l;
}

/* A value as an answer must spell it. */
static void add_value(struct lode_buf *b, const struct lode_tunable *t, int64_t value)
{
	if (t->kind == LODE_KIND_ENUM && t->words && value >= t->min && value <= t->max)
		lode_buf_adds(b, t->words[value]);
	else if (t->kind == LODE_KIND_BOOL)
		lode_buf_adds(b, value ? "true" : "false");
	else
		lode_buf_addf(b, "%lld", (long long)value);
}

static void add_range(struct lode_buf *b, const struct lode_tunable *t, int64_t lo, int64_t hi)
{
	if (t->kind != LODE_KIND_ENUM && t->kind != LODE_KIND_BOOL) {
		lode_buf_addf(b, "%lld..%lld", (long long)lo, (long long)hi);
		return;
	}
	for (int64_t v = lo; v <= hi && v - lo < 32; v++) {
		lode_buf_adds(b, v == lo ? "" : ",");
		add_value(b, t, v);
	}
}

/* meaning is false where the line above has said it. */
static void add_line(struct lode_buf *b, const struct lode_tunable *t, const char *where, const struct line *l, bool meaning)
{
	static const char *const acts[] = {[LODE_LAG_INSTANT] = "at once",
					   [LODE_LAG_FLUSH] = "from the next flush",
					   [LODE_LAG_SHAPE] = "as the tree is reshaped",
					   [LODE_LAG_REWRITE] = "as data is rewritten",
					   [LODE_LAG_CACHE] = "as the cache warms up"};
	static const char *const units[] = {[LODE_KIND_INT] = "number", [LODE_KIND_SIZE] = "bytes",	   [LODE_KIND_BOOL] = "word",
					    [LODE_KIND_ENUM] = "word",	[LODE_KIND_MILLI] = "thousandths", [LODE_KIND_OTHER] = ""};

	lode_buf_addf(b, "%s | %s | ", t->id, where);
	add_value(b, t, l->now);
	lode_buf_adds(b, " | ");
	add_range(b, t, l->lo, l->hi);
	if (meaning)
		lode_buf_addf(b, " | %s | %s | %s\n", units[t->kind], acts[t->lag], t->doc);
	else
		lode_buf_adds(b, "\n");
}

static bool same(const struct line *a, const struct line *b)
{
	return a->there == b->there && a->now == b->now && a->lo == b->lo && a->hi == b->hi;
}

/* All families alike: one line. Otherwise one each, of those that are listed. */
static bool add_families(struct lode_buf *b, const struct lode_situation *s, int t)
{
	const struct lode_state *st = s->state;
	struct line l[LODE_CF_MAX];
	bool alike = true, any = false;
	char where[16];

	for (size_t i = 0; i < st->ncf; i++) {
		l[i] = line_of(s, t, st->cf[i].cf.id);
		alike = alike && same(&l[i], &l[0]);
	}
	if (st->ncf && alike && l[0].there) {
		add_line(b, &lode_tunables[t], "all", &l[0], true);
		return true;
	}
	for (size_t i = 0; i < st->ncf && i < LODE_CATALOGUE_FAMILIES; i++) {
		if (!l[i].there)
			continue;
		lode_fmt(where, sizeof where, "cf%" PRIu32, st->cf[i].cf.id);
		add_line(b, &lode_tunables[t], where, &l[i], !any);
		any = true;
	}
	return any;
}

void lode_catalogue_print(struct lode_buf *b, const struct lode_situation *s, struct lode_offer *offer)
{
	lode_buf_adds(b, "\n# Catalogue: the options that may be changed now\n"
			 "option | cf | now | allowed | unit | acts | meaning\n");
	for (int t = 0; t < lode_tunable_count && t < LODE_TUNABLE_MAX; t++) {
		const struct lode_tunable *row = &lode_tunables[t];

		if (!offered(row, s->policy))
			continue;
		if (row->scope == LODE_SCOPE_CF) {
			offer->option[t] = add_families(b, s, t);
			continue;
		}
		struct line l = line_of(s, t, 0);
		if (l.there)
			add_line(b, row, "all", &l, true);
		offer->option[t] = l.there;
	}
	offer->ncf = s->state->ncf < LODE_CATALOGUE_FAMILIES ? s->state->ncf : LODE_CATALOGUE_FAMILIES;
	for (size_t i = 0; i < offer->ncf; i++)
		offer->cf[i] = s->state->cf[i].cf.id;
}

bool lode_offer_any(const struct lode_offer *offer)
{
	for (size_t t = 0; t < LODE_TUNABLE_MAX; t++)
		if (offer->option[t])
			return true;
	return false;
}

void lode_catalogue_change(struct lode_buf *b, const struct lode_change *c, const char *lead)
{
	if (c->tunable < 0 || c->tunable >= lode_tunable_count)
		return;
	const struct lode_tunable *t = &lode_tunables[c->tunable];
	lode_buf_addf(b, "%s%s=", lead, t->id);
	add_value(b, t, c->value);
	if (t->scope == LODE_SCOPE_CF && c->cf != LODE_CF_ALL)
		lode_buf_addf(b, " (cf%" PRIu32 ")", c->cf);
}
