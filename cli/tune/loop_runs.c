/* What the loop measures: the baseline, candidate against best, last against first. Every run is on disk before the next begins. */
#include "tune/loop_private.h"

#include "base/fmt.h"
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 2		/* of a run of the best file, which has run before */
#define EARLY_RATIO 0.6 /* worse than this is not worth the rest of its run */
#define CONFIRM_LEAST 3
#define CONFIRM_MOST 5

static uint64_t seed_of(const struct tune_sitting *g, unsigned a, unsigned b)
{
	struct lode_rng r;

	lode_rng_seed(&r, (uint64_t)g->spec->seed ^ ((uint64_t)g->s.stage << 48) ^ ((uint64_t)a << 24) ^ b);
	return lode_rng_u64(&r) >> 12;
}

/* ---- one run ---- */

static bool watch(void *ctx, double seconds, double ops)
{
	struct tune_sitting *g = ctx;

	g->p.seconds = seconds;
	g->p.rate = seconds > 0 ? ops / seconds : NAN;
	if (!tune_sitting_pulse(g))
		return false;
	return !g->early || tune_early_go_on(g->early, seconds, ops);
}

static int run_once(struct tune_sitting *g, const char *file, const char *label, uint64_t seed, struct tune_result *out)
{
	double began = g->w->now(g->w->self), took;
	int r;

	tune_result_init(out);
	r = g->w->run(g->w->self, file, label, seed, watch, g, out);
	took = g->w->now(g->w->self) - began - out->fill_s; /* a fill is not for every run */
	g->p.seconds = g->p.rate = NAN;
	if (r == 0 && g->stopped)
		r = -EINTR;
	if (r == 0 && out->end == TUNE_RAN)
		g->run_s = isfinite(g->run_s) ? 0.7 * g->run_s + 0.3 * took : took;
	if (r && r != -EINTR)
		lode_err_set(g->err, -r, "the benchmark could not be run: %.200s", out->why);
	if (r)
		tune_result_fini(out);
	return r;
}

/* A file that has run before, and must again. */
static int run_known(struct tune_sitting *g, const char *file, const char *label, uint64_t seed, struct tune_result *out)
{
	char what[96];

	for (int i = 0; i < TRIES; i++) {
		int r = run_once(g, file, label, seed, out);

		if (r)
			return r;
		if (out->end == TUNE_RAN && isfinite(tune_score(g->spec, &g->h->baseline, out)))
			return 0;
		if (i == TRIES - 1)
			break;
		tune_result_fini(out);
	}
	if (out->end == TUNE_RAN)
		lode_err_set(g->err, EINVAL, "the benchmark's result has no %s", tune_score_name(g->spec, what, sizeof what));
	else
		lode_err_set(g->err, EIO, "the benchmark (%s) does not run to its end: %s: %.150s", label, tune_end_name(out->end), out->why);
	tune_result_fini(out);
	return -g->err->code;
}

/* The result is the shots' from then on. */
static int keep_shot(struct tune_sitting *g, unsigned pair, bool candidate, struct tune_result *result)
{
	struct tune_shot *all = g->s.nshot < TUNE_SHOTS_MAX ? realloc(g->s.shot, (g->s.nshot + 1) * sizeof *all) : NULL;

	if (!all) {
		tune_result_fini(result);
		return lode_err_set(g->err, ENOMEM, "no memory for a run");
	}
	g->s.shot = all;
	all[g->s.nshot++] = (struct tune_shot){.pair = pair, .candidate = candidate, .result = *result};
	return tune_sitting_save(g);
}

void tune_sitting_forget_shots(struct tune_sitting *g)
{
	for (size_t i = 0; i < g->s.nshot; i++)
		tune_result_fini(&g->s.shot[i].result);
	free(g->s.shot);
	g->s.shot = NULL;
	g->s.nshot = 0;
}

/* The oldest makes room. Without memory there is one less: only the early end needs them. */
static void remember_best(struct tune_sitting *g, const struct tune_result *r)
{
	struct tune_result copy = {0};

	if (!tune_result_copy(&copy, r))
		return;
	if (g->s.nbest == TUNE_BEST_KEPT) {
		tune_result_fini(&g->s.best[0]);
		memmove(g->s.best, g->s.best + 1, (TUNE_BEST_KEPT - 1) * sizeof g->s.best[0]);
		g->s.nbest--;
	}
	g->s.best[g->s.nbest++] = copy;
}

void tune_sitting_promote(struct tune_sitting *g)
{
	for (size_t i = 0; i < TUNE_BEST_KEPT; i++) {
		tune_result_fini(&g->s.best[i]);
		tune_result_init(&g->s.best[i]);
	}
	g->s.nbest = 0;
	for (size_t i = 0; i < g->s.nshot; i++)
		if (g->s.shot[i].candidate)
			remember_best(g, &g->s.shot[i].result);
}

static size_t pick(const struct tune_sitting *g, bool candidate, const struct tune_result *out[TUNE_SHOTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < g->s.nshot; i++)
		if (g->s.shot[i].candidate == candidate)
			out[n++] = &g->s.shot[i].result;
	return n;
}

static void summarise(const struct tune_sitting *g, bool candidate, struct tune_summary *out)
{
	const struct tune_result *r[TUNE_SHOTS_MAX];
	size_t n = pick(g, candidate, r);

	tune_summarise(r, n, out);
}

/* ---- the baseline ---- */

int tune_sitting_baseline(struct tune_sitting *g)
{
	unsigned runs = g->spec->baseline_runs < TUNE_SHOTS_MAX ? g->spec->baseline_runs : TUNE_SHOTS_MAX;
	double x[TUNE_SHOTS_MAX];
	char path[TUNE_PATH_MAX];

	g->p.runs = runs ? runs : 1;
	while (g->s.nshot < g->p.runs) {
		struct tune_result result;
		int r;

		g->p.run = (unsigned)g->s.nshot + 1;
		if (!tune_sitting_tell(g, TUNE_MEASURES_BASELINE, NULL, "the file to begin with is measured"))
			return -EINTR;
		r = run_known(g, tune_sitting_file(g, "start.ini", path), "baseline", seed_of(g, 0, (unsigned)g->s.nshot), &result);
		if (!r)
			r = keep_shot(g, (unsigned)g->s.nshot, false, &result);
		if (r)
			return r;
	}
	g->p.run = g->p.runs = 0;
	summarise(g, false, &g->h->baseline);
	for (size_t i = 0; i < g->s.nshot; i++) {
		x[i] = tune_score(g->spec, &g->h->baseline, &g->s.shot[i].result);
		remember_best(g, &g->s.shot[i].result);
	}
	tune_contest_learn(x, g->s.nshot, &g->s.noise_ss, &g->s.noise_df);
	return 0;
}

/* ---- pairs ---- */

/* The coin of a pair is thrown anew after an interruption, and falls the same way. */
static bool candidate_next(const struct tune_sitting *g, unsigned iteration)
{
	unsigned pair = (unsigned)g->s.nshot / 2;
	bool first = seed_of(g, iteration, pair) & 1;

	return g->s.nshot % 2 ? !g->s.shot[g->s.nshot - 1].candidate : first;
}

static void contest_of(const struct tune_sitting *g, unsigned pairs, struct tune_contest *c)
{
	*c = (struct tune_contest){.alpha = g->spec->alpha, .worthwhile = log1p(g->spec->min_effect), .pairs = pairs, .ss = g->s.noise_ss, .df = g->s.noise_df};
	for (size_t i = 0; i + 1 < g->s.nshot; i += 2) {
		const struct tune_shot *a = &g->s.shot[i], *b = &g->s.shot[i + 1];
		double d = tune_score(g->spec, &g->h->baseline, &b->result) - tune_score(g->spec, &g->h->baseline, &a->result);

		tune_contest_add(c, a->candidate ? -d : d);
	}
}

static bool is_bad(const struct tune_sitting *g, const struct tune_result *r)
{
	return r->end != TUNE_RAN || !isfinite(tune_score(g->spec, &g->h->baseline, r));
}

/* One more run of a pair. trial: against a candidate that may fail, or be stopped when it is clearly worse; else both files have run before. *bad: the candidate did
 * not come to a good end, and stands as the last shot. */
static int run_next(struct tune_sitting *g, unsigned iteration, const char *best, const char *candidate, bool trial, bool *bad)
{
	bool theirs = candidate_next(g, iteration);
	unsigned pair = (unsigned)g->s.nshot / 2;
	struct tune_early early;
	struct tune_result result;
	char label[32];
	int r;

	*bad = false;
	if (trial)
		lode_fmt(label, sizeof label, theirs ? "candidate %u" : "best (%u)", theirs ? iteration : g->s.best_trial);
	else
		lode_fmt(label, sizeof label, theirs ? "last" : "first");
	g->early = NULL;
	if (theirs && trial && g->spec->aim == TUNE_AIM_THROUGHPUT && g->s.noise_df > 0) {
		tune_early_init(&early, g->s.best, g->s.nbest, sqrt(g->s.noise_ss / g->s.noise_df), EARLY_RATIO);
		g->early = &early;
	}
	if (theirs && trial)
		r = run_once(g, candidate, label, seed_of(g, iteration, pair | 1u << 20), &result);
	else
		r = run_known(g, theirs ? candidate : best, label, seed_of(g, iteration, pair | 1u << 20), &result);
	g->early = NULL;
	if (r)
		return r;
	*bad = is_bad(g, &result);
	if (result.end == TUNE_STOPPED)
		lode_fmt(result.why, sizeof result.why, "stopped after %.0f s: %.2f times what the best file did at the same age", result.seconds,
			 tune_early_ratio(&early));
	if (!theirs && trial)
		remember_best(g, &result);
	return keep_shot(g, pair, theirs, &result);
}

/* ---- candidate against best ---- */

static void figures(const struct tune_reading *r, double *gain, double *lo, double *hi)
{
	*gain = expm1(r->mean);
	*lo = isfinite(r->lo) ? expm1(r->lo) : NAN;
	*hi = isfinite(r->hi) ? expm1(r->hi) : NAN;
}

static void in_words(const struct tune_trial *t, unsigned pairs, char *buf, size_t len)
{
	if (isfinite(t->lo) && isfinite(t->hi) && t->hi < 100)
		lode_fmt(buf, len, "%+.1f %% (%+.1f %% to %+.1f %%, %u pair%s)", 100 * t->gain, 100 * t->lo, 100 * t->hi, pairs, pairs == 1 ? "" : "s");
	else
		lode_fmt(buf, len, "%+.1f %% (%u pair%s)", 100 * t->gain, pairs, pairs == 1 ? "" : "s");
}

static void sum_up(struct tune_sitting *g)
{
	summarise(g, false, &g->s.open.best);
	summarise(g, true, &g->s.open.candidate);
}

/* The candidate's last run did not end well. */
static void end_badly(struct tune_sitting *g)
{
	struct tune_trial *t = &g->s.open;
	const struct tune_result *r = &g->s.shot[g->s.nshot - 1].result;

	sum_up(g);
	t->gain = t->lo = t->hi = NAN; /* of the pairs before it, and of no verdict */
	t->early = r->end == TUNE_STOPPED;
	t->verdict = t->early ? TUNE_WORSE : TUNE_ENDED;
	if (t->early)
		lode_fmt(t->reason, sizeof t->reason, "%.390s", r->why);
	else
		lode_fmt(t->reason, sizeof t->reason, "its benchmark %s%s%.340s",
			 r->end == TUNE_RAN ? "did not say what is looked for" : tune_end_name(r->end), *r->why ? ": " : "", r->why);
	if (t->early && g->s.nbest)
		t->gain = t->candidate.ops_per_sec / g->s.best[g->s.nbest - 1].ops_per_sec - 1;
}

static unsigned pairs_most(const struct tune_sitting *g)
{
	return g->spec->runs < TUNE_PAIRS_MAX ? g->spec->runs : TUNE_PAIRS_MAX;
}

/* Not by the mean of a few runs alone, which one bad run can raise: each of them by itself. */
static bool breaks_always(const struct tune_sitting *g)
{
	const struct tune_result *r[TUNE_SHOTS_MAX];
	size_t n = pick(g, true, r), broken = 0;
	char why[200];

	for (size_t i = 0; i < n; i++) {
		struct tune_summary one;

		tune_summarise(&r[i], 1, &one);
		broken += tune_breaks(g->spec, g->h, &g->s.open.best, &one, why, sizeof why);
	}
	return n >= TUNE_PAIRS_LEAST && broken == n;
}

/* After a pair: true if there is a verdict. */
static bool judge(struct tune_sitting *g)
{
	struct tune_trial *t = &g->s.open;
	struct tune_contest c;
	struct tune_reading r;
	enum tune_leaning l;
	char effect[96], why[200];
	bool broken;

	contest_of(g, pairs_most(g), &c);
	l = tune_contest_look(&c, &r);
	figures(&r, &t->gain, &t->lo, &t->hi);
	in_words(t, c.n, effect, sizeof effect);
	sum_up(g);
	broken = tune_breaks(g->spec, g->h, &t->best, &t->candidate, why, sizeof why);
	if (broken && (l != TUNE_OPEN || breaks_always(g))) {
		t->verdict = TUNE_BROKEN;
		lode_fmt(t->reason, sizeof t->reason, "%s; %s", why, effect);
		return true;
	}
	if (l == TUNE_OPEN && tune_sitting_has_time(g, 1))
		return false;
	t->verdict = l == TUNE_BETTER ? TUNE_KEPT : l == TUNE_LESS ? TUNE_WORSE : TUNE_UNDECIDED;
	lode_fmt(t->reason, sizeof t->reason, "%s%s", effect,
		 l == TUNE_BETTER  ? ""
		 : l == TUNE_LESS  ? ": worse"
		 : l == TUNE_SMALL ? ": not worth more runs"
		 : l == TUNE_OPEN  ? ": the time is over"
				   : ": not shown within the runs allowed");
	tune_contest_teach(&c, &g->s.noise_ss, &g->s.noise_df);
	return true;
}

int tune_sitting_compare(struct tune_sitting *g)
{
	char best[TUNE_PATH_MAX], candidate[TUNE_PATH_MAX];
	unsigned number = g->s.open.number;
	bool bad = g->s.nshot && is_bad(g, &g->s.shot[g->s.nshot - 1].result);

	tune_sitting_best(g, best);
	tune_sitting_candidate(g, number, candidate);
	while (!bad) {
		int r;

		if (g->s.nshot && g->s.nshot % 2 == 0 && judge(g))
			break;
		g->p.run = (unsigned)g->s.nshot + 1;
		g->p.runs = 2 * pairs_most(g);
		if (!tune_sitting_tell(g, TUNE_COMPARES, NULL, "%s runs", candidate_next(g, number) ? "the candidate" : "the best so far"))
			return -EINTR;
		r = run_next(g, number, best, candidate, true, &bad);
		if (r)
			return r;
	}
	if (bad)
		end_badly(g);
	g->p.run = g->p.runs = 0;
	return 0;
}

/* ---- the live tuner ---- */

int tune_sitting_live(struct tune_sitting *g, struct tune_proposal *out)
{
	char best[TUNE_PATH_MAX];
	int r;

	*out = (struct tune_proposal){0};
	if (!tune_sitting_tell(g, TUNE_LIVES, NULL, "the live tuner explores within a run of the best file"))
		return -EINTR;
	r = g->w->live(g->w->self, tune_sitting_best(g, best), seed_of(g, (unsigned)g->h->ntrial + 1, 1u << 21), watch, g, out);
	g->p.seconds = g->p.rate = NAN;
	if (r == 0 && g->stopped)
		r = -EINTR;
	if (r && r != -EINTR)
		lode_err_set(g->err, -r, "the run with the live tuner could not be made");
	return r;
}

/* ---- the last against the first ---- */

unsigned tune_sitting_confirm_pairs(const struct tune_sitting *g)
{
	return g->spec->runs < CONFIRM_LEAST ? CONFIRM_LEAST : g->spec->runs > CONFIRM_MOST ? CONFIRM_MOST : g->spec->runs;
}

int tune_sitting_confirm(struct tune_sitting *g)
{
	char first[TUNE_PATH_MAX], last[TUNE_PATH_MAX];
	unsigned pairs = tune_sitting_confirm_pairs(g);
	struct tune_contest c;
	struct tune_reading r;
	bool bad = false;

	tune_sitting_file(g, "start.ini", first);
	tune_sitting_best(g, last);
	while (g->s.nshot < 2 * pairs) {
		int e;

		g->p.run = (unsigned)g->s.nshot + 1;
		g->p.runs = 2 * pairs;
		if (!tune_sitting_tell(g, TUNE_CONFIRMS, NULL, "%s runs", candidate_next(g, 0) ? "the last file" : "the first file"))
			return -EINTR;
		e = run_next(g, 0, first, last, false, &bad);
		if (e)
			return e;
	}
	contest_of(g, pairs, &c);
	tune_contest_close(&c, &r);
	figures(&r, &g->h->gain, &g->h->lo, &g->h->hi);
	g->h->pairs = c.n;
	g->p.run = g->p.runs = 0;
	return 0;
}
