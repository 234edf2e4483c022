/* The options that may be changed now: those of this RocksDB, in an allowed tier, whose effect can be judged, with the range that would
 * pass, what limits it, what it costs, and the relations that hold between them. */
#include "advise/catalogue.h"
#include "advise/text.h"
#include "advise/tokens.h"
#include "base/fmt.h"
#include "base/num.h"
#include "guard/table.h"

#include <inttypes.h>
#include <string.h>

#define LINE_BYTES 4096 /* bytes, of one line */
#define LEAST 30      /* tokens that must be left for the line about what had no room */

struct line {
	bool there;
	struct lode_bounds at;
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

	if (v && v->exists && v->numeric && lode_guard_bounds(s, t, cf, &l.at)) {
		l.at.now = v->value;
		l.there = l.at.lo < l.at.hi || l.at.lo != l.at.now;
	}
	return l;
}

void lode_catalogue_value(struct lode_buf *b, int tunable, int64_t value)
{
	const struct lode_tunable *t = &lode_tunables[tunable];

	if (t->kind == LODE_KIND_ENUM && t->words && value >= t->min && value <= t->max)
		lode_buf_adds(b, t->words[value]);
	else if (t->kind == LODE_KIND_BOOL)
		lode_buf_adds(b, value ? "true" : "false");
	else
		lode_buf_addf(b, "%lld", (long long)value);
}

static void add_range(struct lode_buf *b, int tunable, int64_t lo, int64_t hi)
{
	const struct lode_tunable *t = &lode_tunables[tunable];

	if (t->kind != LODE_KIND_ENUM && t->kind != LODE_KIND_BOOL) {
		lode_buf_addf(b, "%lld..%lld", (long long)lo, (long long)hi);
		return;
	}
	for (int64_t v = lo; v <= hi && v - lo < 32; v++) {
		lode_buf_adds(b, v == lo ? "" : ",");
		lode_catalogue_value(b, tunable, v);
	}
}

/* "up to: memory; down to: half of it": what a model may not know by itself. Hard bounds explain nothing. */
static void add_limit(struct lode_buf *b, const char *lead, enum lode_rule rule, const char *why, double factor)
{
	if (rule == LODE_RULE_NONE || (rule == LODE_RULE_BOUNDS && !strcmp(why, "hard bounds")))
		return;
	if (rule == LODE_RULE_STEP)
		lode_buf_addf(b, "%sone step, x%s", lead, lode_text_num(factor, 3).s);
	else
		lode_buf_addf(b, "%s%s", lead, rule == LODE_RULE_MEMORY ? "memory" : why);
}

static void add_limits(struct lode_buf *b, const struct lode_bounds *at)
{
	size_t start = b->len;

	add_limit(b, "down: ", at->lo_rule, at->lo_why, at->down);
	add_limit(b, b->len > start ? "; up: " : "up: ", at->hi_rule, at->hi_why, at->up);
	if (b->len == start)
		lode_buf_adds(b, "-");
}

/* What one unit of it costs in memory, if it does. */
static void add_memory(struct lode_buf *b, const struct lode_situation *s, int tunable)
{
	int64_t numbers = 0, sizes = 0;

	for (size_t i = 0; i < s->state->ncf; i++) {
		const struct lode_value *size = &s->state->cf[i].v[LODE_ID_WRITE_BUFFER], *number = &s->state->cf[i].v[LODE_ID_WRITE_BUFFERS];

		numbers += number->numeric && number->value > 0 && number->value < INT32_MAX ? number->value : 2;
		if (size->numeric && size->value > 0 && sizes < INT64_MAX / 2)
			sizes += size->value < INT64_MAX / 4 ? size->value : INT64_MAX / 4;
	}
	if (tunable == LODE_ID_BLOCK_CACHE)
		lode_buf_adds(b, "; memory: as much");
	else if (tunable == LODE_ID_WRITE_BUFFER)
		lode_buf_addf(b, "; memory: %lld times it, in all families", (long long)numbers);
	else if (tunable == LODE_ID_WRITE_BUFFERS)
		lode_buf_addf(b, "; memory: %s for each, in all families", lode_text_bytes(lode_num_round((double)sizes, 3)).s);
}

/* again: the line above is of the same option and has said what it means. */
static void add_line(struct lode_buf *b, const struct lode_situation *s, int tunable, const char *where, const struct line *l, enum lode_terse terse, bool again)
{
	static const char *const acts[] = {[LODE_LAG_INSTANT] = "at once",
					   [LODE_LAG_FLUSH] = "from the next flush",
					   [LODE_LAG_SHAPE] = "as the tree is reshaped",
					   [LODE_LAG_REWRITE] = "as data is rewritten",
					   [LODE_LAG_CACHE] = "as the cache warms up"};
	static const char *const units[] = {[LODE_KIND_INT] = "",  [LODE_KIND_SIZE] = "bytes, ",	     [LODE_KIND_BOOL] = "",
					    [LODE_KIND_ENUM] = "", [LODE_KIND_MILLI] = "thousandths, ", [LODE_KIND_OTHER] = ""};
	const struct lode_tunable *t = &lode_tunables[tunable];

	lode_buf_addf(b, "%s | %s | ", t->id, where);
	lode_catalogue_value(b, tunable, l->at.now);
	lode_buf_adds(b, " | ");
	add_range(b, tunable, l->at.lo, l->at.hi);
	if (terse < LODE_TERSE_LIMITS) {
		lode_buf_adds(b, " | ");
		add_limits(b, &l->at);
	}
	if (!again && terse < LODE_TERSE_MEANING) {
		lode_buf_addf(b, " | %s%s | %s", units[t->kind], acts[t->lag], t->doc);
		add_memory(b, s, tunable);
	}
	lode_buf_adds(b, "\n");
}

static bool same(const struct line *a, const struct line *b)
{
	return a->there == b->there && a->at.now == b->at.now && a->at.lo == b->at.lo && a->at.hi == b->at.hi && a->at.lo_rule == b->at.lo_rule &&
	       a->at.hi_rule == b->at.hi_rule;
}

static size_t families(const struct lode_situation *s, enum lode_terse terse)
{
	size_t most = terse < LODE_TERSE_FAMILIES ? LODE_CATALOGUE_FAMILIES : 2;

	return s->state->ncf < most ? s->state->ncf : most;
}

/* All families alike: one line. Otherwise one each, of those that are listed. */
static bool add_families(struct lode_buf *b, const struct lode_situation *s, int t, enum lode_terse terse)
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
		add_line(b, s, t, "all", &l[0], terse, false);
		return true;
	}
	for (size_t i = 0; i < families(s, terse); i++) {
		if (!l[i].there)
			continue;
		lode_fmt(where, sizeof where, "cf%" PRIu32, st->cf[i].cf.id);
		add_line(b, s, t, where, &l[i], terse, any);
		any = true;
	}
	return any;
}

static bool add_option(struct lode_buf *b, const struct lode_situation *s, int t, enum lode_terse terse)
{
	if (lode_tunables[t].scope == LODE_SCOPE_CF)
		return add_families(b, s, t, terse);
	struct line l = line_of(s, t, 0);
	if (l.there)
		add_line(b, s, t, "all", &l, terse, false);
	return l.there;
}

void lode_catalogue_print(struct lode_buf *b, const struct lode_situation *s, enum lode_terse terse, size_t room, struct lode_offer *offer)
{
	struct lode_buf one;
	size_t start = b->len, left_out = 0;

	memset(offer, 0, sizeof *offer);
	lode_buf_init(&one, LINE_BYTES * LODE_CATALOGUE_FAMILIES);
	lode_buf_addf(b, "\n# Catalogue: the options that may be changed now\noption | cf | now | allowed%s%s\n", terse < LODE_TERSE_LIMITS ? " | what limits it" : "",
		      terse < LODE_TERSE_MEANING ? " | acts | meaning" : "");
	for (int t = 0; t < lode_tunable_count && t < LODE_TUNABLE_MAX; t++) {
		lode_buf_clear(&one);
		if (!offered(&lode_tunables[t], s->policy) || !add_option(&one, s, t, terse))
			continue;
		if (one.failed || lode_tokens(b->data + start, b->len - start) + lode_tokens(one.data, one.len) + LEAST > room) {
			left_out++;
			continue;
		}
		lode_buf_add(b, one.data, one.len);
		offer->option[t] = true;
	}
	if (left_out)
		lode_buf_addf(b, "(%zu more options have no room here)\n", left_out);
	offer->ncf = families(s, terse);
	for (size_t i = 0; i < offer->ncf; i++)
		offer->cf[i] = s->state->cf[i].cf.id;
	lode_buf_fini(&one);
}

static bool has(const struct lode_situation *s, int tunable)
{
	const struct lode_value *v = lode_state_value(s->state, tunable, LODE_CF_ALL);

	return v && v->numeric;
}

/* One of its ends may be moved, both are there, and no two others say the same. */
static bool matters(const struct lode_situation *s, const struct lode_offer *offer, const struct lode_relation *r)
{
	struct lode_relation first, second;

	if ((!offer->option[r->low] && !offer->option[r->high]) || !has(s, r->low) || !has(s, r->high))
		return false;
	for (size_t i = 0; lode_guard_relation(i, &first); i++)
		for (size_t k = 0; first.low == r->low && first.factor >= r->factor && lode_guard_relation(k, &second); k++)
			if (second.low == first.high && second.high == r->high && has(s, first.high))
				return false;
	return true;
}

void lode_catalogue_relations(struct lode_buf *b, const struct lode_situation *s, const struct lode_offer *offer)
{
	struct lode_relation r;
	bool any = false;

	for (size_t i = 0; lode_guard_relation(i, &r); i++) {
		if (!matters(s, offer, &r))
			continue;
		lode_buf_adds(b, any ? "; " : "After all changes together, in each family: ");
		if (r.factor > 1)
			lode_buf_addf(b, "%" PRId64 " x ", r.factor);
		lode_buf_addf(b, "%s <= %s", lode_tunables[r.low].id, lode_tunables[r.high].id);
		any = true;
	}
	if (offer->option[LODE_ID_BLOCK_CACHE] || offer->option[LODE_ID_WRITE_BUFFER] || offer->option[LODE_ID_WRITE_BUFFERS]) {
		uint64_t now = lode_guard_memory(s->state), may = lode_guard_memory_budget(s);

		lode_buf_addf(b, "%sblock_cache_size + the sum over families of write_buffer_size x max_write_buffer_number <= %" PRIu64, any ? "; " : "After all changes together: ",
			      may > now ? may : now);
		any = true;
	}
	if (any)
		lode_buf_adds(b, "\n");
}

/* Options of the default tier that somebody would look for, by what keeps them out. */
static bool add_withheld(struct lode_buf *b, const struct lode_situation *s, enum lode_rule rule, const char *why, bool first)
{
	bool any = false;

	for (int t = 0; t < lode_tunable_count && t < LODE_TUNABLE_MAX; t++) {
		const struct lode_tunable *row = &lode_tunables[t];
		bool theirs = rule == LODE_RULE_PINNED || rule == LODE_RULE_MANUAL;

		if (row->kind == LODE_KIND_OTHER || row->scope == LODE_SCOPE_RESTART || (row->tier != LODE_TIER_DEFAULT && !(theirs && row->tier == LODE_TIER_OPTIN)) ||
		    lode_guard_bars(s, t) != rule)
			continue;
		lode_buf_addf(b, "%s%s%s", any ? ", " : first ? "Not to be changed here: " : "; ", any ? "" : why, row->id);
		any = true;
	}
	return any;
}

void lode_catalogue_withheld(struct lode_buf *b, const struct lode_situation *s, const struct lode_offer *offer)
{
	static const struct {
		enum lode_rule rule;
		const char *why;
	} reasons[] = {
	    {LODE_RULE_PINNED, "pinned by the operator: "},
	    {LODE_RULE_MANUAL, "set by the operator, and theirs: "},
	    {LODE_RULE_IMAGE, "not changeable in this RocksDB: "},
	    {LODE_RULE_ABSENT, "not in this RocksDB: "},
	    {LODE_RULE_LAG, "cannot be judged live: "},
	    {LODE_RULE_OPTIN, "needs the operator's permission: "},
	};
	bool any = false;

	(void)offer;
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		any |= add_withheld(b, s, reasons[i].rule, reasons[i].why, !any);
	if (any)
		lode_buf_adds(b, "\n");
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
	lode_catalogue_value(b, c->tunable, c->value);
	if (t->scope == LODE_SCOPE_CF && c->cf != LODE_CF_ALL)
		lode_buf_addf(b, " (cf%" PRIu32 ")", c->cf);
}
