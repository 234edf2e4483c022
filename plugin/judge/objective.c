/* Objectives as a table, and what a history says about each. */
#include "judge/objective.h"

#include "judge/autocorr.h"
#include "judge/design.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(m) (1u << LODE_M_##m)
#define TAILS (BIT(GET_TAIL) | BIT(WRITE_TAIL) | BIT(SEEK_TAIL))
#define RATES (BIT(GET_RATE) | BIT(WRITE_RATE) | BIT(SEEK_RATE))
#define ALWAYS (TAILS | RATES | BIT(STALL) | BIT(SPACE_AMP))

#define SLOW_LEAST 20	  /* slow operations that a history must hold to be judged by them */
#define BUDGET_LEAST 0.1  /* of the error budget: who burns less has no latency to win */
#define FLOOR_SHARE 0.5	  /* of the error budget, added to shares of slow operations: see slo_tails */
#define FLUSHES 3	  /* in a block, for write amplification to be what a trial is about; a guard needs one */
#define STRETCH_MOST 4.0  /* times the block of the pace */

static const struct {
	enum lode_metric primary;
	uint32_t guards;
	double least; /* worthwhile effect, log units: not below this */
	const char *doc;
} kinds[] = {
	[LODE_BALANCED] = {LODE_M_SPEED, ALWAYS | BIT(WRITE_AMP) | BIT(MEMORY), 0, "less service time for the work that comes"},
	[LODE_THROUGHPUT] = {LODE_M_THROUGHPUT, ALWAYS | BIT(WRITE_AMP) | BIT(MEMORY), 0, "more operations per second"},
	[LODE_LATENCY] = {LODE_M_SLOW, ALWAYS | BIT(SPEED) | BIT(WRITE_AMP) | BIT(MEMORY), 0.05, "fewer operations slower than the SLO"},
	[LODE_WRITE_AMP] = {LODE_M_WRITE_AMP, ALWAYS | BIT(SPEED) | BIT(MEMORY), 0.03, "fewer bytes written to disk for each that the application writes"},
	[LODE_COST] = {LODE_M_COST, ALWAYS | BIT(SPEED), 0, "less processor time, memory and disk traffic for each operation"},
	[LODE_CUSTOM] = {LODE_M_OWN, ALWAYS | BIT(SPEED) | BIT(WRITE_AMP) | BIT(MEMORY), 0, "more of the owner's own metric, which the program itself measures"},
};

const char *const lode_objective_name[] = {"balanced", "throughput", "latency", "write_amp", "cost", "custom", NULL};

const char *lode_objective_doc(const struct lode_objective *o)
{
	if (o && o->kind == LODE_CUSTOM && o->falls)
		return "less of the owner's own metric, which the program itself measures";
	return kinds[o ? o->kind : LODE_BALANCED].doc;
}

bool lode_objective_has_slo(const struct lode_objective *o)
{
	for (int k = 0; k < LODE_SLO_N; k++)
		if (o->slo[k].limit_us > 0)
			return true;
	return false;
}

const char *lode_objective_slos(const struct lode_objective *o, char *buf, size_t len)
{
	size_t at = 0;

	buf[0] = 0;
	for (int k = 0; k < LODE_SLO_N; k++) {
		char one[48];

		if (o->slo[k].limit_us > 0 && at < len)
			at += (size_t)snprintf(buf + at, len - at, "%s%s %s", at ? ", " : "", lode_op_name[k], lode_slo_show(&o->slo[k], one, sizeof(one)));
	}
	return buf;
}

struct work {
	const struct lode_objective *o;
	const struct lode_objective_case *at;
	struct lode_baseline *b;
	struct lode_trial_spec *s;
	struct lode_interval all; /* the whole history, added up */
	char *note;
	size_t len;
};

static void say(struct work *w, const char *fmt, const char *what)
{
	size_t at = strlen(w->note);

	if (at + 2 < w->len) {
		snprintf(w->note + at, w->len - at, "%s", at ? "; " : "");
		at = strlen(w->note);
		snprintf(w->note + at, w->len - at, fmt, what);
	}
}

static int unmet(struct work *w, const char *why)
{
	w->note[0] = 0;
	say(w, "%s", why);
	return -ENODATA;
}

/* With a promise, its limit takes the place of the baseline's p99, and the tail is measured against what may miss: half of the error budget is added to the
 * share of slow ones, so that at the usual margin a change may take a quarter of the budget, or half as many again, whichever is more. */
static void slo_tails(struct work *w)
{
	for (int k = 0; k < LODE_SLO_N; k++) {
		const struct lode_slo *s = &w->o->slo[k];
		int op = lode_slo_op(&w->all, k);

		if (!(s->limit_us > 0) || w->b->by_rate || !w->all.op[op].count)
			continue;
		w->b->tail_us[op] = s->bucket_us;
		w->b->tail_floor[op] = FLOOR_SHARE * lode_slo_budget(s);
	}
}

/* What LODE_M_SLOW counts: operations beyond their SLO, each kind by how fast its budget burns; where nothing is promised, operations beyond what is the
 * p99 now. Returns 0 or -ENODATA. */
static int slow_operations(struct work *w)
{
	bool promised = lode_objective_has_slo(w->o);
	double slow = 0, burn = 0, weight = 0;
	struct lode_baseline *b = w->b;

	if (b->by_rate)
		return unmet(w, "objective latency: there are no service times, so slow operations are not seen");
	for (int op = 0; op < LODE_OP_N; op++) {
		double n = (double)w->all.op[op].count, budget = 0;

		for (int k = 0; k < LODE_SLO_N; k++)
			if (w->o->slo[k].limit_us > 0 && lode_slo_op(&w->all, k) == op)
				budget = lode_slo_budget(&w->o->slo[k]);
		if (!(n > 0) || !(b->tail_us[op] > 0) || (promised && !(budget > 0)))
			continue;
		b->slow_us[op] = b->tail_us[op];
		b->slow_share[op] = lode_hist_exceed(&w->all.op[op].hist, b->slow_us[op]);
		b->slow_weight[op] = b->mix[op] / (promised ? budget : 1);
		slow += n * b->slow_share[op];
		burn += b->slow_weight[op] * b->slow_share[op];
		weight += b->mix[op];
	}
	if (!(weight > 0))
		return unmet(w, "objective latency: none of the operations that have an SLO come");
	if (promised && burn / weight < BUDGET_LEAST)
		return unmet(w, "objective latency: the SLOs are met, with less than a tenth of their error budgets in use");
	if (slow < SLOW_LEAST)
		return unmet(w, "objective latency: too few slow operations to judge anything by");
	return 0;
}

/* Flush interval and amplification of the whole history: what is put off is priced by them. False: too little is written. */
static bool know_writes(struct work *w, double *flush_s)
{
	const struct lode_interval *all = &w->all;
	double amp = lode_interval_write_amp(all), flushed;

	if (!isfinite(amp) || !(amp > 0) || all->flushes < LODE_FLUSHES_LEAST)
		return false;
	*flush_s = all->seconds / (double)all->flushes;
	flushed = (double)all->ticker[LODE_T_FLUSH_WRITE_BYTES] / (double)all->bytes_written;
	w->b->write_amp = amp;
	w->b->crossing = flushed > 0 && all->depth ? fmax(0, amp - flushed) / flushed / (double)all->depth : 0;
	return true;
}

static int writes(struct work *w)
{
	double flush_s = 0, block = lode_trial_block(w->s) - lode_trial_washout(w->s);
	bool known = know_writes(w, &flush_s), primary = w->b->primary == LODE_M_WRITE_AMP;

	if (known && primary) {
		w->s->block_scale = fmax(w->s->block_scale, fmin(STRETCH_MOST, w->s->block_scale * FLUSHES * flush_s / block));
		block = lode_trial_block(w->s) - lode_trial_washout(w->s);
	}
	if (known && flush_s <= block)
		return 0;
	w->b->write_amp = 0;
	return primary ? unmet(w, "objective write_amp: too little is flushed to judge what is written for each byte") : 0;
}

#define OWN_LEAST 0.5 /* of a history's time, in which the program must have told its metric */

/* What the program itself measures, as it was over the history. Returns 0 or -ENODATA. */
static int own_metric(struct work *w)
{
	double done = 0, over = 0, told = 0;

	for (size_t i = 0; i < w->at->n; i++) {
		const struct lode_interval *iv = &w->at->history[i];

		if (iv->invalid || !iv->own.known)
			continue;
		done += iv->own.done;
		over += iv->own.over;
		told += iv->seconds;
	}
	if (!(told > 0) || told < OWN_LEAST * w->all.seconds)
		return unmet(w, "objective custom: the program did not tell its metric for most of the time");
	if (!(done > 0) || !(over > 0) || !isfinite(done / over))
		return unmet(w, "objective custom: the program's metric stands still, so nothing could be judged by it");
	w->b->own = done / over;
	w->b->own_falls = w->o->falls;
	w->b->primary = w->o->falls ? LODE_M_OWN_COST : LODE_M_OWN;
	return 0;
}

static void prices(struct work *w)
{
	w->b->price_cpu = w->o->price_cpu / 3600;
	w->b->price_memory = w->o->price_memory / 3600 / (double)(1 << 30);
	w->b->price_io = w->o->price_io / (double)(1 << 30);
}

/* In an open loop throughput is what the clients make it: a constraint, not something to win. */
static void loop(struct work *w)
{
	enum lode_loop l;

	if (w->b->by_rate) {
		w->b->primary = LODE_M_SPEED; /* which is the rate */
		return;
	}
	l = lode_loop_of(w->at->history, w->at->n, NULL);
	if (l == LODE_LOOP_CLOSED)
		return;
	w->b->primary = LODE_M_SPEED;
	say(w, "objective throughput: %s, so service time is judged",
	    l == LODE_LOOP_OPEN ? "the load is open (it does not follow the service time)" : "whether the load is closed could not be told");
}

/* As people say it, in the units of a metric. */
static double in_units(enum lode_metric m, double margin)
{
	return m == LODE_M_STALL || m == LODE_M_MEMORY ? margin : log1p(margin);
}

static void margins(struct work *w)
{
	for (int m = 0; m < LODE_METRIC_N; m++) {
		bool tail = m >= LODE_M_GET_TAIL && m <= LODE_M_SEEK_TAIL;
		double margin = w->o->margin[tail ? LODE_M_GET_TAIL : m];

		if (margin > 0)
			w->s->margin[m] = in_units(m, margin);
	}
	if (w->at->mem_limit > 0)
		w->s->margin[LODE_M_MEMORY] += fmax(0, w->at->planned) / w->at->mem_limit;
	if (kinds[w->o->kind].least > w->s->min_effect)
		w->s->min_effect = kinds[w->o->kind].least;
}

/* What a trial of this length cannot show is no guard of it. Tails and stalls are held, whatever their noise: switch.c says how they pass. */
static void drop_noisy(struct work *w)
{
#define X(id, name, as, guess, least, margin, widest) widest,
	static const double widest[LODE_METRIC_N] = {LODE_METRICS(X)};
#undef X
	static const enum lode_metric optional[] = {LODE_M_WRITE_AMP, LODE_M_SPACE_AMP};

	for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
		enum lode_metric m = optional[i];

		if (!lode_metric_guards(w->b, m) || 2 * w->s->scale[m] <= widest[m])
			continue;
		w->b->guards &= ~(1u << m);
		say(w, "%s is too noisy in blocks of this length to be a guard", lode_metric_name[m]);
	}
}

/* VOLUME judges the work of the tree, whatever is asked for: then what is asked for is a guard. It measures write amplification in its own way. */
static void by_volume(struct work *w)
{
	if (w->s->design != LODE_DESIGN_VOLUME)
		return;
	w->b->guards |= 1u << w->b->primary;
	w->b->guards &= ~BIT(WRITE_AMP);
	w->b->primary = LODE_M_SPEED;
}

static int prepare(struct work *w)
{
	struct lode_baseline *b = w->b;
	int rc = 0;

	for (size_t i = 0; i < w->at->n; i++)
		lode_interval_add(&w->all, &w->at->history[i]);
	b->primary = kinds[w->o->kind].primary;
	b->guards = kinds[w->o->kind].guards;
	b->mem_limit = w->at->mem_limit;
	b->space = w->all.sst_bytes && w->all.live_bytes;
	prices(w);
	slo_tails(w);
	if (b->primary == LODE_M_THROUGHPUT)
		loop(w);
	if (b->primary == LODE_M_SLOW)
		rc = slow_operations(w);
	if (b->primary == LODE_M_OWN)
		rc = own_metric(w);
	if (rc)
		return rc;
	by_volume(w);
	lode_trial_stretch(w->s, b, w->at->history, w->at->n);
	rc = writes(w);
	if (rc)
		return rc;
	margins(w);
	lode_trial_scales(w->s, b, w->at->history, w->at->n);
	drop_noisy(w);
	return 0;
}

int lode_objective_prepare(const struct lode_objective *o, const struct lode_objective_case *at, struct lode_baseline *b, struct lode_trial_spec *s, char *note,
			   size_t len)
{
	struct work *w = calloc(1, sizeof(*w)); /* histograms: too large for a small stack */
	int rc;

	note[0] = 0;
	if (!w)
		return -ENOMEM;
	w->o = o, w->at = at, w->b = b, w->s = s, w->note = note, w->len = len;
	rc = prepare(w);
	free(w);
	return rc;
}
