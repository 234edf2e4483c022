/* The built-in expert: first all its surest rules at once, then one rule at a time, then steps around what is there. Driven by the view alone: the same view, the same
 * wishes. What was tried against the best file that stands is not tried again. */
#include "tune/expert_rules.h"

#include "base/fmt.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SURE 0.6	 /* rules from here on go together in the first proposal */
#define TOGETHER_MOST 12 /* wishes of it */
#define FORM_SHARE 0.2	 /* of the time: so much writing rewrites what is read */
#define CACHE_DATA 3	 /* times the files that a block cache may be */
#define CACHE_LEAST (64 << 20)

/* ---- eyes ---- */

/* Of the first family: what the wishes go to stands in all of them. */
const char *tune_eyes_text(const struct tune_eyes *e, const char *option, char *buf, size_t len)
{
	const struct tune_option *o = tune_space_find(e->v->space, option);

	buf[0] = '\0';
	if (o && !o->closed && !tune_config_get(e->v->config, o->section, 0, o->name, buf, len))
		lode_fmt(buf, len, "%s", o->def);
	return buf;
}

double tune_eyes_number(const struct tune_eyes *e, const char *option)
{
	const struct tune_option *o = tune_space_find(e->v->space, option);
	char text[TUNE_VALUE_MAX];
	int64_t v;

	if (!strcmp(option, "block_cache_size") && !*tune_eyes_text(e, option, text, sizeof text))
		return e->v->limits->cache ? (double)e->v->limits->cache : 8 << 20;
	if (!o || !tune_value_number(o, tune_eyes_text(e, option, text, sizeof text), &v))
		return NAN;
	return o->kind == TUNE_MILLI ? (double)v / 1000 : (double)v;
}

/* ---- steps ---- */

/* The option's value, or what is wished for it already. */
static double soon(const struct tune_eyes *e, const struct tune_proposal *p, const char *option)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->wish[i].name, option))
			return strtod(p->wish[i].value, NULL); /* printed by wish_number */
	return tune_eyes_number(e, option);
}

/* RocksDB Tuning Guide, Level Style Compaction. */
static double level0_size(const struct tune_eyes *e, const struct tune_proposal *p)
{
	return soon(e, p, "write_buffer_size") * soon(e, p, "min_write_buffer_number_to_merge") * soon(e, p, "level0_file_num_compaction_trigger");
}

static double wanted(const struct tune_eyes *e, const struct tune_step *s, const struct tune_proposal *p, double now)
{
	switch (s->how) {
	case TUNE_AT_LEAST:
		return fmax(now, s->amount);
	case TUNE_TIMES:
		return now * s->amount;
	case TUNE_PART:
		return e->memory > 0 ? fmax(now, s->amount * e->memory) : fmax(now, 256 << 20);
	case TUNE_CORES:
		return fmax(now, fmax(2, ceil(s->amount * e->cores)));
	case TUNE_LEVEL0:
		return fmax(now, s->amount * level0_size(e, p));
	default:
		return NAN;
	}
}

/* What a rule thinks good, within the option's bounds, and memory within what the work can use. */
static double bounded(const struct tune_eyes *e, const struct tune_option *o, double v)
{
	if (!strcmp(o->name, "write_buffer_size") && e->memory > 0)
		v = fmin(v, e->memory / 12);
	if (!strcmp(o->name, "block_cache_size") && e->f.db_bytes > 0) /* no more than what could be in it, unpacked */
		v = fmin(v, fmax(CACHE_LEAST, CACHE_DATA * e->f.db_bytes));
	if (o->kind == TUNE_SIZE && v > 16 << 20)
		v -= fmod(v, 1 << 20);
	if (o->kind == TUNE_INT || o->kind == TUNE_SIZE)
		v = fmin(fmax(round(v), (double)o->min), (double)o->max);
	else if (o->kind == TUNE_MILLI)
		v = fmin(fmax(v, (double)o->min / 1000), (double)o->max / 1000);
	return v;
}

static bool has_wish(const struct tune_proposal *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->wish[i].name, name))
			return true;
	return false;
}

static void wish(struct tune_proposal *p, const struct tune_option *o, const char *value, const char *reason)
{
	struct tune_wish *w = &p->wish[p->n++];

	*w = (struct tune_wish){0};
	lode_fmt(w->section, sizeof w->section, "%s", tune_section_name(o->section));
	lode_fmt(w->name, sizeof w->name, "%s", o->name);
	lode_fmt(w->value, sizeof w->value, "%s", value);
	lode_fmt(w->reason, sizeof w->reason, "%s", reason);
}

static void wish_number(struct tune_proposal *p, const struct tune_option *o, double v, const char *reason)
{
	char value[48];

	lode_fmt(value, sizeof value, o->kind == TUNE_MILLI ? "%.6g" : "%.0f", v);
	wish(p, o, value, reason);
}

/* The step as a wish; nothing where it would change nothing, or this RocksDB does not have it. */
static void add_step(const struct tune_eyes *e, const struct tune_step *s, const char *reason, struct tune_proposal *p)
{
	const struct tune_option *o = tune_space_find(e->v->space, s->option);
	char text[TUNE_VALUE_MAX];
	double now, then;

	if (!o || o->closed || p->n == TUNE_WISHES_MAX || has_wish(p, o->name) || (e->v->limits->fixed_cache && !strcmp(o->name, "block_cache_size")))
		return;
	if (s->how == TUNE_SET) {
		if (!tune_config_equal(tune_eyes_text(e, s->option, text, sizeof text), s->word))
			wish(p, o, s->word, reason);
		return;
	}
	now = tune_eyes_number(e, s->option);
	then = bounded(e, o, wanted(e, s, p, now));
	if (isfinite(now) && isfinite(then) && fabs(then - now) > 0.1 * fabs(now))
		wish_number(p, o, then, reason);
}

static void add_rule(const struct tune_eyes *e, const struct tune_expert_rule *r, struct tune_proposal *p)
{
	for (size_t i = 0; i < TUNE_STEPS_MAX && r->step[i].option; i++)
		add_step(e, &r->step[i], r->reason, p);
}

/* Would the calibration leave anything of it? It is pure, so it can be asked; what it would drop (for want of memory, mostly) is no proposal. */
static bool comes_to_something(const struct tune_eyes *e, const struct tune_proposal *p)
{
	struct tune_fix *fix = calloc(TUNE_FIXES_MAX, sizeof *fix);
	struct tune_config *made = NULL;
	size_t n = 0;
	bool something = false;

	if (fix && tune_calibrate(e->v->space, e->v->config, e->v->limits, p->wish, p->n, &made, fix, &n, NULL) == 0)
		for (size_t i = 0; i < n; i++)
			something |= (fix[i].fate == TUNE_TAKEN || fix[i].fate == TUNE_CORRECTED) && strcmp(fix[i].from, fix[i].to) != 0;
	tune_config_free(made);
	free(fix);
	return something;
}

/* ---- what was tried ---- */

/* Trials of a rule against the best file that stands: since the last that was kept, that one included where it may not be repeated. */
static bool tried(const struct tune_history *h, const char *rule, bool climbs)
{
	for (size_t i = h->ntrial; i-- > 0;) {
		const struct tune_trial *t = &h->trial[i];
		bool mine = !strcmp(t->advisor, "expert") && !strcmp(t->rule, rule);

		if (mine && (t->verdict != TUNE_KEPT || !climbs))
			return true;
	}
	return false;
}

/* Numbers that are a tenth apart or less are one value to an experiment; bounds that come from measurements (the size of the data) move by as much. */
static bool near(const char *a, const char *b)
{
	char *ea, *eb;
	double x = strtod(a, &ea), y = strtod(b, &eb);

	if (ea == a || eb == b || *ea || *eb)
		return tune_config_equal(a, b);
	return fabs(x - y) <= 0.1 * fmax(fabs(x), fabs(y));
}

/* Against the best file that stands; and what was left behind by a step that was kept is not gone back to. */
static bool tried_value(const struct tune_history *h, const char *name, const char *value)
{
	size_t len = strlen(name);
	bool stands = true;

	for (size_t i = h->ntrial; i-- > 0;) {
		bool kept = h->trial[i].verdict == TUNE_KEPT;

		stands &= !kept;
		for (size_t k = 0; (stands || kept) && k < h->trial[i].nfix; k++) {
			const struct tune_fix *f = &h->trial[i].fix[k];

			/* It may have become another value on its way into the file. */
			if (stands && !strncmp(f->wished, name, len) && f->wished[len] == '=' && near(f->wished + len + 1, value))
				return true;
			if (f->fate != TUNE_DROPPED && !strcmp(f->name, name) && near(kept ? f->from : f->to, value))
				return true;
		}
	}
	return false;
}

static void name_it(struct tune_proposal *p, const char *rule, const char *why, const char *source)
{
	lode_fmt(p->rule, sizeof p->rule, "%s", rule);
	if (source)
		lode_fmt(p->why, sizeof p->why, "%s (%s)", why, source);
	else
		lode_fmt(p->why, sizeof p->why, "%s", why);
}

/* ---- in this order ---- */

static bool together(const struct tune_eyes *e, struct tune_proposal *p)
{
	char names[400] = "";
	unsigned n = 0;

	if (tried(e->v->past, "together", false))
		return false;
	for (size_t i = 0; i < tune_expert_rule_count && p->n < TOGETHER_MOST; i++) {
		const struct tune_expert_rule *r = &tune_expert_rules[i];
		size_t before = p->n;

		if (r->sure < SURE || (r->form && !e->form) || !r->sees(e) || p->n + TUNE_STEPS_MAX > TUNE_WISHES_MAX)
			continue;
		add_rule(e, r, p);
		if (p->n == before)
			continue;
		lode_fmt(names + strlen(names), sizeof names - strlen(names), "%s%s", n++ ? ", " : "", r->name);
	}
	if (n < 2) { /* alone they have a name of their own */
		p->n = 0;
		return false;
	}
	name_it(p, "together", "the rules that are surest here, all at once: ", NULL);
	lode_fmt(p->why + strlen(p->why), sizeof p->why - strlen(p->why), "%s", names);
	return true;
}

static bool by_rule(const struct tune_eyes *e, struct tune_proposal *p)
{
	const struct tune_expert_rule *best = NULL;

	for (size_t i = 0; i < tune_expert_rule_count; i++) {
		const struct tune_expert_rule *r = &tune_expert_rules[i];
		struct tune_proposal mine = {0};

		if ((best && r->sure <= best->sure) || (r->form && !e->form) || !r->sees(e) || tried(e->v->past, r->name, r->climbs))
			continue;
		add_rule(e, r, &mine);
		if (!mine.n || !comes_to_something(e, &mine))
			continue;
		best = r;
		memcpy(p->wish, mine.wish, sizeof p->wish);
		p->n = mine.n;
	}
	if (best)
		name_it(p, best->name, best->reason, best->source);
	return best != NULL;
}

/* A factor up and down of what usually matters most, for the work at hand. What shapes the tree is of use to reads that come after; a short run of reads alone, on a tree
 * that is there already, sees only whether a compaction falls into it. */
static const struct {
	const char *option;
	double factor;
	bool reads, writes, tree;
} search[] = {
    {"write_buffer_size", 2, false, true, false},
    {"block_cache_size", 1.5, true, false, false},
    {"max_background_jobs", 2, false, true, false},
    {"level0_file_num_compaction_trigger", 2, true, true, true},
    {"max_bytes_for_level_base", 2, true, true, true},
    {"block_size", 2, true, false, true},
    {"max_write_buffer_number", 2, false, true, false},
    {"target_file_size_base", 2, true, true, true},
    {"max_bytes_for_level_multiplier", 1.5, true, true, true},
    {"max_subcompactions", 2, false, true, false},
    {"compaction_readahead_size", 4, false, true, false},
    {"delayed_write_rate", 4, false, true, false},
    {"bytes_per_sync", 4, false, true, false},
    {"memtable_prefix_bloom_size_ratio", 2, true, true, false},
};

static bool step_aside(const struct tune_eyes *e, size_t i, double factor, struct tune_proposal *p)
{
	const struct tune_step s = {search[i].option, TUNE_TIMES, factor, NULL};
	char why[120];

	add_step(e, &s, "a step of the search around the best file", p);
	if (p->n && (tried_value(e->v->past, p->wish[0].name, p->wish[0].value) || !comes_to_something(e, p)))
		p->n = 0;
	if (!p->n)
		return false;
	lode_fmt(why, sizeof why, "%s %.3g times: no rule is left, so the neighbourhood of the best file is searched", search[i].option, factor);
	name_it(p, "search", why, NULL);
	return true;
}

static bool by_search(const struct tune_eyes *e, struct tune_proposal *p)
{
	bool reads = e->f.read_share + e->f.seek_share >= 0.1, writes = e->f.write_share >= 0.1;

	for (size_t i = 0; i < sizeof search / sizeof search[0]; i++) {
		bool for_reads = search[i].reads && reads && (e->form || !search[i].tree), for_writes = search[i].writes && writes;

		if (!for_reads && !for_writes)
			continue;
		if (step_aside(e, i, search[i].factor, p) || step_aside(e, i, 1 / search[i].factor, p))
			return true;
	}
	return false;
}

static void propose(struct tune_proposer *self, const struct tune_view *v, struct tune_proposal *out)
{
	struct tune_eyes e = {.v = v, .memory = (double)v->limits->memory, .cores = v->limits->cores > 0 ? v->limits->cores : 1};

	(void)self;
	*out = (struct tune_proposal){.advisor = "expert"};
	if (v->best)
		tune_facts_of(v->best, &e.f);
	if (!v->best || e.f.read_share + e.f.write_share + e.f.seek_share <= 0) {
		/* A script that does not say what it does: whatever it is, both may be meant. */
		e.f = (struct tune_facts){.read_share = 0.4, .write_share = 0.4, .seek_share = 0.2, .absent = NAN, .memtable_hit = NAN, .hit = NAN, .misses = NAN,
					  .index_misses = NAN, .bloom_useful = NAN, .flushed = NAN, .compacted = NAN, .ingest = NAN, .stall_share = NAN,
					  .write_amp = NAN, .space_amp = NAN, .syncs = NAN, .db_bytes = NAN, .cpu = NAN};
	}
	e.form = v->spec->refill || e.f.write_share >= FORM_SHARE;
	if (together(&e, out) || by_rule(&e, out) || by_search(&e, out))
		return;
	out->last = true;
	lode_fmt(out->why, sizeof out->why, "no rule sees anything that was not tried, and the search around the best file is at its end");
}

struct tune_proposer *tune_propose_expert(struct lode_err *err)
{
	static const struct tune_proposer_ops ops = {propose, tune_proposer_plain_free};

	return tune_proposer_plain(&ops, err);
}
