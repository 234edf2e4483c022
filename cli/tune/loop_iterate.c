/* One iteration of the loop: a proposal, the file that is made of it, the runs that decide, and what is remembered. */
#include "tune/loop_private.h"
#include "base/fmt.h"
#include "base/rng.h"
#include <errno.h>
#include <math.h>
#include <string.h>

/* The best against the baseline, by what each kept trial has measured; errors of independent measurements add up as squares. */
static void chain(const struct tune_history *h, const struct tune_trial *t, double *total, double *lo, double *hi)
{
	double sum = 0, below = 0, above = 0;

	for (size_t i = 0; i <= h->ntrial; i++) {
		const struct tune_trial *k = i < h->ntrial ? &h->trial[i] : t;

		if (k->verdict != TUNE_KEPT || !isfinite(k->gain))
			continue;
		sum += log1p(k->gain);
		below += pow(log1p(k->gain) - log1p(k->lo), 2);
		above += pow(log1p(k->hi) - log1p(k->gain), 2);
	}
	*total = expm1(sum);
	*lo = expm1(sum - sqrt(below));
	*hi = expm1(sum + sqrt(above));
}

static void take_last(struct tune_sitting *g)
{
	tune_result_fini(&g->s.last);
	tune_result_init(&g->s.last);
	for (size_t i = g->s.nshot; i-- > 0;)
		if (g->s.shot[i].candidate) {
			tune_result_copy(&g->s.last, &g->s.shot[i].result);
			return;
		}
}

/* The open trial has its verdict. One write to disk makes it so. */
static int close_trial(struct tune_sitting *g)
{
	struct tune_trial *t = &g->s.open, *ended;
	char best[TUNE_PATH_MAX], copy[TUNE_PATH_MAX];
	int r;

	t->seconds = tune_sitting_active(g) - t->began_s;
	chain(g->h, t, &t->total, &t->total_lo, &t->total_hi);
	if (t->verdict == TUNE_KEPT) {
		g->h->gain = g->h->lo = g->h->hi = NAN; /* if a loop goes on that was at its end: of another file */
		g->h->pairs = 0;
		g->h->file[0] = '\0';
		g->s.best_trial = t->number;
		tune_sitting_promote(g);
	} else {
		take_last(g);
	}
	tune_sitting_forget_shots(g);
	if (!(ended = tune_history_add(g->h, t)))
		return lode_err_set(g->err, ENOMEM, "no memory for the history");
	tune_trial_init(&g->s.open);
	g->s.nwish = 0;
	g->s.made = false;
	r = tune_sitting_save(g);
	if (!r && ended->verdict == TUNE_KEPT) /* for people; the loop itself knows the candidate's */
		r = tune_sitting_copy(tune_sitting_best(g, best), tune_sitting_file(g, "best.ini", copy), g->err);
	if (!r && !tune_sitting_tell(g, TUNE_COMPARES, ended, "%s: %.200s", tune_verdict_name(ended->verdict), ended->reason))
		r = -EINTR;
	return r;
}

static int refuse(struct tune_sitting *g, enum tune_verdict verdict, const char *fmt, const char *why)
{
	g->s.open.verdict = verdict;
	lode_fmt(g->s.open.reason, sizeof g->s.open.reason, fmt, why);
	return close_trial(g);
}

static bool pulse(void *ctx)
{
	return tune_sitting_pulse(ctx);
}

static void look(struct tune_sitting *g, char path[TUNE_PATH_MAX], struct tune_view *v)
{
	struct lode_rng r;

	lode_rng_seed(&r, (uint64_t)g->spec->seed + g->h->ntrial);
	*v = (struct tune_view){.spec = g->spec,
				.past = g->h,
				.best_file = tune_sitting_best(g, path),
				.best = g->s.nbest ? &g->s.best[g->s.nbest - 1] : NULL,
				.last = g->h->ntrial && g->s.last.statistics ? &g->s.last : NULL,
				.iteration = (unsigned)g->h->ntrial + 1,
				.seed = lode_rng_u64(&r),
				.since_kept = tune_sitting_since_kept(g),
				.time_left = tune_sitting_left(g),
				.tokens_left = tune_sitting_tokens_left(g),
				.pulse = pulse,
				.ctx = g};
}

/* Once for each best file, if there is time for it: what is proven within one run may be worth many. */
static bool may_live(const struct tune_sitting *g)
{
	return g->spec->live && g->w->live && g->s.lived != g->s.best_trial + 1 && tune_sitting_has_time(g, TUNE_PAIRS_LEAST) &&
	       tune_sitting_left(g) > 2 * g->spec->live_seconds;
}

static int get_proposal(struct tune_sitting *g, struct tune_proposal *p)
{
	char path[TUNE_PATH_MAX];
	struct tune_view v;

	if (may_live(g)) {
		int r = tune_sitting_live(g, p);

		if (r)
			return r;
		g->s.lived = g->s.best_trial + 1;
		if (p->n)
			return 0;
		if ((r = tune_sitting_save(g)))
			return r;
	}
	look(g, path, &v);
	if (!tune_sitting_tell(g, TUNE_ASKS, NULL, "the advisor is asked"))
		return -EINTR;
	*p = (struct tune_proposal){0};
	g->w->propose(g->w->self, &v, p);
	return g->stopped ? -EINTR : 0;
}

/* *over: the advisor has nothing, and will have nothing. */
static int ask(struct tune_sitting *g, bool *over)
{
	struct tune_proposal p;
	struct tune_trial *t = &g->s.open;
	double began = tune_sitting_active(g);
	int r = get_proposal(g, &p);

	if (r)
		return r;
	tune_trial_init(t);
	t->number = (unsigned)g->h->ntrial + 1;
	t->began_s = began;
	memcpy(t->advisor, p.advisor, sizeof t->advisor);
	memcpy(t->rule, p.rule, sizeof t->rule);
	memcpy(t->why, p.why, sizeof t->why);
	t->calls = p.calls;
	t->tokens_in = p.tokens_in;
	t->tokens_out = p.tokens_out;
	t->unasked = p.unasked;
	g->unasked = p.unasked ? g->unasked + 1 : 0;
	*over = p.n == 0 && p.last;
	if (p.n == 0)
		return refuse(g, TUNE_NOTHING, "%.390s", p.why);
	memcpy(g->s.wish, p.wish, sizeof g->s.wish);
	g->s.nwish = p.n < TUNE_WISHES_MAX ? p.n : TUNE_WISHES_MAX;
	return tune_sitting_save(g);
}

static bool changes(const struct tune_fix *f)
{
	return f->fate != TUNE_DROPPED && strcmp(f->from, f->to) != 0;
}

static bool has_change(const struct tune_trial *t, const struct tune_fix *f)
{
	for (size_t i = 0; i < t->nfix; i++)
		if (changes(&t->fix[i]) && !strcmp(t->fix[i].name, f->name) && !strcmp(t->fix[i].to, f->to))
			return true;
	return false;
}

/* The number of the trial against this same best file that had just these changes; 0: none. What failed to start may come again. */
static unsigned tried_before(const struct tune_history *h, const struct tune_trial *t)
{
	for (size_t i = h->ntrial; i-- > 0 && h->trial[i].verdict != TUNE_KEPT;) {
		const struct tune_trial *k = &h->trial[i];
		bool same = k->verdict != TUNE_NOTHING;

		for (size_t j = 0; same && j < t->nfix; j++)
			same = !changes(&t->fix[j]) || has_change(k, &t->fix[j]);
		for (size_t j = 0; same && j < k->nfix; j++)
			same = !changes(&k->fix[j]) || has_change(t, &k->fix[j]);
		if (same)
			return k->number;
	}
	return 0;
}

static int make(struct tune_sitting *g)
{
	char best[TUNE_PATH_MAX], to[TUNE_PATH_MAX], number[16];
	struct tune_trial *t = &g->s.open;
	struct lode_err err = {0};
	unsigned before, left = 0;
	int r;

	if (!tune_sitting_tell(g, TUNE_MAKES, NULL, "the file is made and shown to RocksDB"))
		return -EINTR;
	t->nfix = 0;
	r = g->w->make(g->w->self, tune_sitting_best(g, best), g->s.wish, g->s.nwish, tune_sitting_candidate(g, t->number, to), t->fix, &t->nfix, &err);
	if (r == -EINVAL)
		return refuse(g, TUNE_REFUSED, "%s", err.msg);
	if (r) {
		if (g->err)
			*g->err = err;
		return r;
	}
	for (size_t i = 0; i < t->nfix; i++)
		left += changes(&t->fix[i]);
	if (!left)
		return refuse(g, TUNE_REFUSED, "%s", "nothing of the wishes was left that would change the file");
	if ((before = tried_before(g->h, t))) {
		lode_fmt(number, sizeof number, "%u", before);
		return refuse(g, TUNE_REFUSED, "just these changes were tried in iteration %s", number);
	}
	g->s.made = true;
	return tune_sitting_save(g);
}

int tune_sitting_iterate(struct tune_sitting *g, bool *over)
{
	int r = 0;

	if (!g->s.open.number)
		r = ask(g, over);
	if (!r && g->s.open.number && !g->s.made)
		r = make(g);
	if (!r && g->s.open.number) {
		r = tune_sitting_compare(g);
		if (!r)
			r = close_trial(g);
	}
	return r;
}
