/* The sections of what was tried: earlier proposals of this kind of work with what became of them, what memory holds of it and of other kinds. Numbers
 * and our own words only: what a model once wrote does not go back in, so that a model is never moved by what a model once said. */
#include "advise/prompt_private.h"
#include "advise/catalogue.h"
#include "advise/tokens.h"

#include <math.h>
#include <string.h>

#define KEYS_MAX 64   /* options and directions that are told apart when old rounds are condensed */
#define EXPECTED 3     /* metrics of a round: the first is what the change was for */
#define LINE_BYTES 4096 /* bytes */

static bool here(const struct lode_question *q, const struct lode_outcome *o)
{
	return !q->workload || o->regime == q->workload->regime;
}

static bool named(const struct lode_change *c)
{
	return c->tunable >= 0 && c->tunable < lode_tunable_count;
}

static void duration(struct lode_buf *b, double s)
{
	lode_buf_addf(b, "%s %s", TWO(s < 90 ? s : s < 5400 ? s / 60 : s / 3600), s < 90 ? "s" : s < 5400 ? "min" : "h");
}

/* ---- one round ---- */

/* "block_cache_size 8388608 -> 33554432 (cf0)" */
static void change(struct lode_buf *b, const struct lode_outcome *o, size_t i)
{
	const struct lode_change *c = &o->proposal.change[i];

	if (!named(c))
		return;
	lode_buf_addf(b, "%s ", lode_tunables[c->tunable].id);
	if (o->from[i] != LODE_FROM_UNKNOWN) {
		lode_catalogue_value(b, c->tunable, o->from[i]);
		lode_buf_adds(b, " ");
	}
	lode_buf_adds(b, "-> ");
	lode_catalogue_value(b, c->tunable, c->value);
	if (lode_tunables[c->tunable].scope == LODE_SCOPE_CF && c->cf != LODE_CF_ALL)
		lode_buf_addf(b, " (cf%u)", (unsigned)c->cf);
}

/* A gain with its sign. */
static void effect(struct lode_buf *b, double v)
{
	lode_buf_addf(b, "%s%s", v > 0 ? "+" : "", PCT(v));
}

static const char *fate(int what)
{
	static const char *const names[] = {"refused", "kept", "reverted", "invalid", "tripped a safety limit and was undone"};

	return (unsigned)what < sizeof names / sizeof names[0] ? names[what] : "unknown";
}

static void measured(struct lode_buf *b, const struct lode_outcome *o)
{
	const struct lode_verdict *v = &o->verdict;

	if (!v->pairs)
		return;
	if (isfinite(v->effect)) {
		lode_buf_adds(b, v->primary == LODE_M_SPEED ? ", speed " : ", gain in its objective ");
		effect(b, v->effect);
	}
	if (isfinite(v->lo) && isfinite(v->hi))
		lode_buf_addf(b, " (%s to %s)", PCT(v->lo), PCT(v->hi));
	lode_buf_addf(b, ", %u %s", v->pairs, v->design == LODE_DESIGN_SWITCH ? "pairs" : "slots");
	if (o->what == LODE_OUT_REVERTED && v->worst != v->primary && (unsigned)v->worst < LODE_METRIC_N)
		lode_buf_addf(b, ", worse in %s", lode_metric_name[v->worst]);
}

/* "; expected speed +20 %, get tail +30 % (measured +4 %)": the metric that the trial was about is told below. */
static void expected(struct lode_buf *b, const struct lode_outcome *o)
{
	const struct lode_proposal *p = &o->proposal;

	for (size_t i = 0; i < p->nexpects && i < EXPECTED; i++) {
		int m = p->expects[i].metric;

		if (m < 0 || m >= LODE_METRIC_N || !isfinite(p->expects[i].gain))
			continue;
		lode_buf_addf(b, "%s%s ", i ? ", " : "; expected ", lode_metric_name[m]);
		effect(b, p->expects[i].gain);
		if (o->what == LODE_OUT_REFUSED || !o->verdict.pairs || m == (int)o->verdict.primary || !isfinite(o->verdict.metric[m]))
			continue;
		lode_buf_adds(b, " (measured ");
		effect(b, lode_metric_gain((enum lode_metric)m, o->verdict.metric[m]));
		lode_buf_adds(b, ")");
	}
	if (!p->nexpects && isfinite(p->expect) && p->expect != 0) {
		lode_buf_adds(b, "; expected ");
		effect(b, p->expect);
	}
}

static void outcome(struct lode_buf *b, const struct lode_outcome *o)
{
	char plain[300];

	lode_buf_adds(b, "- ");
	duration(b, o->age_s);
	lode_buf_adds(b, " ago: ");
	for (size_t i = 0; i < o->proposal.n && i < LODE_CHANGES_MAX; i++) {
		lode_buf_adds(b, i ? ", " : "");
		change(b, o, i);
	}
	expected(b, o);
	lode_buf_addf(b, "; %s", fate(o->what));
	if (o->what == LODE_OUT_REFUSED) { /* by contract numbers and option names only */
		lode_text_plain(plain, sizeof plain, o->refusal.why, strlen(o->refusal.why));
		lode_buf_addf(b, " (%s): %s", lode_rule_name(o->refusal.rule), plain);
	} else {
		measured(b, o);
	}
	lode_buf_adds(b, "\n");
}

/* ---- many rounds as one: by option and direction ---- */

struct key {
	int tunable;
	int way; /* 1 up, -1 down, 0 not known */
	unsigned n[LODE_OUT_TRIPPED + 1];
	double best, worst; /* effects of what was kept; of what was reverted */
	enum lode_rule rule; /* of the last refusal */
};

struct sums {
	struct key key[KEYS_MAX];
	size_t n, rounds;
};

static struct key *key_of(struct sums *s, int tunable, int way)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->key[i].tunable == tunable && s->key[i].way == way)
			return &s->key[i];
	if (s->n == KEYS_MAX)
		return NULL;
	s->key[s->n] = (struct key){.tunable = tunable, .way = way, .best = NAN, .worst = NAN};
	return &s->key[s->n++];
}

static void sum(struct sums *s, const struct lode_outcome *o)
{
	s->rounds++;
	for (size_t i = 0; i < o->proposal.n && i < LODE_CHANGES_MAX; i++) {
		const struct lode_change *c = &o->proposal.change[i];
		struct key *k;

		if (!named(c) || (unsigned)o->what > LODE_OUT_TRIPPED)
			continue;
		k = key_of(s, c->tunable, o->from[i] == LODE_FROM_UNKNOWN ? 0 : (c->value > o->from[i]) - (c->value < o->from[i]));
		if (!k)
			continue;
		k->n[o->what]++;
		if (o->what == LODE_OUT_REFUSED)
			k->rule = o->refusal.rule;
		if (o->what == LODE_OUT_KEPT && o->verdict.pairs)
			k->best = fmax(k->best, o->verdict.effect);
		if (o->what == LODE_OUT_REVERTED && o->verdict.pairs)
			k->worst = fmin(k->worst, o->verdict.effect);
	}
}

/* "block_cache_size up: 2 kept (+40 %), 1 reverted (-3 %), 1 refused (memory-budget)" */
static void print_key(struct lode_buf *b, const struct key *k)
{
	static const char *const ways[] = {" down", "", " up"};
	static const char *const shorts[] = {"refused", "kept", "reverted", "invalid", "tripped"};
	static const int order[] = {LODE_OUT_KEPT, LODE_OUT_REVERTED, LODE_OUT_TRIPPED, LODE_OUT_REFUSED, LODE_OUT_INVALID};
	bool any = false;

	lode_buf_addf(b, "%s%s:", lode_tunables[k->tunable].id, ways[k->way + 1]);
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		int what = order[i];
		double e = what == LODE_OUT_KEPT ? k->best : what == LODE_OUT_REVERTED ? k->worst : NAN;

		if (!k->n[what])
			continue;
		lode_buf_addf(b, "%s %u %s", any ? "," : "", k->n[what], shorts[what]);
		any = true;
		if (isfinite(e)) {
			lode_buf_adds(b, " (");
			effect(b, e);
			lode_buf_adds(b, ")");
		} else if (what == LODE_OUT_REFUSED) {
			lode_buf_addf(b, " (%s)", lode_rule_name(k->rule));
		}
	}
}

/* As many options as room has tokens for, the last used first. */
static void print_sums(struct lode_buf *b, const struct sums *s, const char *lead, size_t room)
{
	char line[400];
	struct lode_buf one;
	size_t start = b->len;

	lode_buf_init(&one, sizeof line);
	for (size_t i = s->n; i-- > 0;) {
		lode_buf_clear(&one);
		print_key(&one, &s->key[i]);
		if (one.failed || lode_tokens(lode_buf_str(b) + start, b->len - start) + lode_tokens(one.data, one.len) + lode_tokens(lead, strlen(lead)) + 2 > room)
			break;
		lode_buf_addf(b, "%s%s", b->len == start ? lead : "; ", lode_buf_str(&one));
	}
	if (b->len > start)
		lode_buf_adds(b, "\n");
	lode_buf_fini(&one);
}

/* ---- the section ---- */

static const char title[] = "\n# Earlier proposals for this kind of work, oldest first\n";

/* How many of the newest fit, each with a line of its own. */
static size_t newest(const struct lode_question *q, size_t room)
{
	struct lode_buf one;
	size_t used = 0, first = q->nhistory;

	lode_buf_init(&one, LINE_BYTES);
	for (size_t i = q->nhistory; i-- > 0;) {
		if (!here(q, &q->history[i]))
			continue;
		lode_buf_clear(&one);
		outcome(&one, &q->history[i]);
		used += lode_tokens(lode_buf_str(&one), one.len);
		if (one.failed || used > room)
			break;
		first = i;
	}
	lode_buf_fini(&one);
	return first;
}

/* Elastic: if all have room, each has its line. Otherwise the older ones are condensed into a third of it. */
void lode_page_past(struct lode_page *p)
{
	const struct lode_question *q = p->q;
	size_t heading = lode_tokens(title, sizeof title) + 20, room = p->room > heading ? p->room - heading : 0, first = newest(q, room), any = 0;
	struct sums old = {.n = 0};

	for (size_t i = 0; i < q->nhistory; i++)
		any += here(q, &q->history[i]);
	if (!any) {
		lode_buf_adds(p->b, "\n# Earlier proposals for this kind of work\nnone\n");
		return;
	}
	for (size_t i = 0; i < first; i++)
		if (here(q, &q->history[i])) {
			first = newest(q, room - room / 3);
			break;
		}
	for (size_t i = 0; i < first; i++)
		if (here(q, &q->history[i]))
			sum(&old, &q->history[i]);
	lode_buf_adds(p->b, title);
	if (old.rounds) {
		lode_buf_addf(p->b, "(%zu older ones: ", old.rounds);
		print_sums(p->b, &old, "", room / 3);
		if (p->b->data[p->b->len - 1] == '\n')
			p->b->len--;
		lode_buf_adds(p->b, ")\n");
	}
	for (size_t i = first; i < q->nhistory; i++)
		if (here(q, &q->history[i]))
			outcome(p->b, &q->history[i]);
}

/* ---- what memory holds ---- */

static void proven(struct lode_buf *b, const struct lode_lore_proven *p)
{
	for (size_t i = 0; i < p->n && i < LODE_CHANGES_MAX; i++)
		lode_catalogue_change(b, &p->change[i], i ? ", " : "");
	lode_buf_adds(b, " ");
	effect(b, p->effect);
	if (isfinite(p->lo) && isfinite(p->hi))
		lode_buf_addf(b, " (%s to %s)", PCT(p->lo), PCT(p->hi));
	if (p->times > 1)
		lode_buf_addf(b, ", %u times", p->times);
	lode_buf_adds(b, p->in_force ? ", in force" : ", not in force");
}

void lode_page_remembered(struct lode_page *p)
{
	const struct lode_lore *l = p->q->nlore ? &p->q->lore[0] : NULL;
	const char *lead = "tried and put back: ";

	if (!l || (!l->nproven && !l->nfailed))
		return;
	lode_buf_adds(p->b, "\n# Remembered of this kind of work\n");
	for (size_t i = 0; i < l->nproven && i < LODE_LORE_PROVEN; i++) {
		lode_buf_adds(p->b, "proven: ");
		proven(p->b, &l->proven[i]);
		lode_buf_adds(p->b, "\n");
	}
	for (size_t i = 0; i < l->nfailed && i < LODE_LORE_FAILED; i++) {
		const struct lode_lore_failed *f = &l->failed[i];

		if (f->tunable < 0 || f->tunable >= lode_tunable_count)
			continue;
		lode_buf_addf(p->b, "%s%s %s, %u times", lead, lode_tunables[f->tunable].id, f->up ? "up" : "down", f->times);
		if (f->left_s > 0) {
			lode_buf_adds(p->b, " (refused for another ");
			duration(p->b, f->left_s);
			lode_buf_adds(p->b, ")");
		}
		lead = "; ";
	}
	if (*lead == ';')
		lode_buf_adds(p->b, "\n");
}

/* "reads 90 %, writes 10 %, 100 bytes a value": shares of operations, in our words. */
static void work(struct lode_buf *b, const struct lode_workload *w)
{
	bool any = false;

	for (int op = 0; op < LODE_OP_N; op++)
		if (w->share[op] >= 0.005) {
			lode_buf_addf(b, "%s%s %s", any ? ", " : "", lode_op_name[op], PCT(lode_num_round(w->share[op], 2)));
			any = true;
		}
	if (isfinite(w->value_bytes) && w->value_bytes > 0)
		lode_buf_addf(b, ", bytes per value read %s", TWO(w->value_bytes));
	if (isfinite(w->write_bytes) && w->write_bytes > 0)
		lode_buf_addf(b, ", bytes per key written %s", TWO(w->write_bytes));
}

/* A line each: what is proven there, and what else was tried. */
void lode_page_elsewhere(struct lode_page *p)
{
	const struct lode_question *q = p->q;
	struct sums tried = {.n = 0};
	bool any = false;

	for (size_t i = 1; i < q->nlore; i++) {
		const struct lode_lore *l = &q->lore[i];

		if (!l->nproven)
			continue;
		if (!any)
			lode_buf_adds(p->b, "\n# Other kinds of work in this database\n");
		any = true;
		lode_buf_addf(p->b, "number %u (", (unsigned)l->regime);
		work(p->b, &l->work);
		lode_buf_adds(p->b, "): proven ");
		for (size_t k = 0; k < l->nproven && k < LODE_LORE_PROVEN; k++) {
			lode_buf_adds(p->b, k ? "; " : "");
			proven(p->b, &l->proven[k]);
		}
		lode_buf_adds(p->b, "\n");
	}
	for (size_t i = 0; i < q->nhistory; i++)
		if (!here(q, &q->history[i]))
			sum(&tried, &q->history[i]);
	if (tried.rounds && !any)
		lode_buf_adds(p->b, "\n# Other kinds of work in this database\n");
	print_sums(p->b, &tried, "tried there: ", 300);
}
