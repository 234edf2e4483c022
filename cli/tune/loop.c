/* From iteration to iteration. Each step leaves a state on disk from which the next can be made without this process. */
#include "tune/loop_private.h"

#include "base/buf.h"
#include "base/fmt.h"
#include "base/fs.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define FILE_MAX (4u << 20)
#define UNASKED_MOST 3 /* times in a row: whoever is not there now may be there in an hour */

const char *tune_phase_name(enum tune_phase p)
{
	static const char *const names[] = {"baseline", "asking", "making", "comparing", "live", "confirming", "done"};

	return (unsigned)p < sizeof names / sizeof names[0] ? names[p] : "?";
}

/* ---- what a sitting knows ---- */

double tune_sitting_active(const struct tune_sitting *g)
{
	return g->before + g->w->now(g->w->self) - g->began;
}

double tune_sitting_left(const struct tune_sitting *g)
{
	return g->spec->time > 0 ? g->spec->time - tune_sitting_active(g) : INFINITY;
}

bool tune_sitting_has_time(const struct tune_sitting *g, unsigned pairs)
{
	double run = isfinite(g->run_s) ? g->run_s : 0;

	return tune_sitting_left(g) > 0 && tune_sitting_left(g) >= 2 * run * (pairs + tune_sitting_confirm_pairs(g));
}

const char *tune_sitting_file(const struct tune_sitting *g, const char *name, char path[TUNE_PATH_MAX])
{
	lode_fmt(path, TUNE_PATH_MAX, "%s/%s", g->spec->out, name);
	return path;
}

const char *tune_sitting_candidate(const struct tune_sitting *g, unsigned number, char path[TUNE_PATH_MAX])
{
	lode_fmt(path, TUNE_PATH_MAX, "%s/candidate-%u.ini", g->spec->out, number);
	return path;
}

const char *tune_sitting_best(const struct tune_sitting *g, char path[TUNE_PATH_MAX])
{
	return g->s.best_trial ? tune_sitting_candidate(g, g->s.best_trial, path) : tune_sitting_file(g, "start.ini", path);
}

int tune_sitting_save(struct tune_sitting *g)
{
	char path[TUNE_PATH_MAX];

	g->h->active_s = tune_sitting_active(g);
	return tune_history_save(tune_sitting_file(g, "history.json", path), g->h, &g->s, g->err);
}

/* Trials that are none: nobody was there to ask. */
static unsigned unasked(const struct tune_history *h)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->ntrial; i++)
		n += h->trial[i].unasked;
	return n;
}

/* What is left at the most: by the time budget, or as many runs as the iterations may take. */
static double estimate(const struct tune_sitting *g)
{
	double left = tune_sitting_left(g), runs;
	unsigned most = g->spec->iterations + unasked(g->h);

	if (isfinite(left) || !isfinite(g->run_s))
		return isfinite(left) ? fmax(0, left) : NAN;
	runs = (double)(most > g->h->ntrial ? most - g->h->ntrial : 0) * 2 * g->spec->runs + 2 * tune_sitting_confirm_pairs(g);
	return fmax(0, runs - (double)g->s.nshot) * g->run_s;
}

bool tune_sitting_pulse(struct tune_sitting *g)
{
	g->p.active_s = tune_sitting_active(g);
	g->p.left_s = g->p.phase == TUNE_DONE ? 0 : estimate(g);
	if (g->progress && !g->progress(g->ctx, &g->p))
		g->stopped = true;
	return !g->stopped;
}

bool tune_sitting_tell(struct tune_sitting *g, enum tune_phase phase, const struct tune_trial *ended, const char *fmt, ...)
{
	va_list ap;
	bool go;

	va_start(ap, fmt);
	lode_fmt_v(g->now, sizeof g->now, fmt, ap);
	va_end(ap);
	g->p.phase = phase;
	g->p.now = g->now;
	g->p.ended = ended;
	g->p.iterations = g->spec->iterations + unasked(g->h);
	g->p.iteration = g->s.open.number || phase != TUNE_ASKS ? g->s.open.number : (unsigned)g->h->ntrial + 1;
	g->p.seconds = g->p.rate = NAN;
	g->p.gain = g->h->ntrial && isfinite(g->h->trial[g->h->ntrial - 1].total) ? g->h->trial[g->h->ntrial - 1].total : 0;
	go = tune_sitting_pulse(g);
	g->p.ended = NULL;
	return go;
}

unsigned tune_sitting_since_kept(const struct tune_sitting *g)
{
	unsigned n = 0;

	for (size_t i = g->h->ntrial; i-- > 0 && g->h->trial[i].verdict != TUNE_KEPT;)
		n += !g->h->trial[i].unasked;
	return n;
}

double tune_sitting_tokens_left(const struct tune_sitting *g)
{
	double spent = 0;

	for (size_t i = 0; i < g->h->ntrial; i++)
		spent += (double)(g->h->trial[i].tokens_in + g->h->trial[i].tokens_out);
	return g->spec->tokens > 0 ? (double)g->spec->tokens - spent : INFINITY;
}

int tune_sitting_copy(const char *from, const char *to, struct lode_err *err)
{
	struct lode_buf b;
	int r;

	lode_buf_init(&b, FILE_MAX);
	r = lode_fs_read(from, &b);
	if (!r)
		r = lode_fs_write_atomic(to, lode_buf_str(&b), b.len, 0644);
	lode_buf_fini(&b);
	return r ? lode_err_set(err, -r, "'%s' cannot be copied to '%s': %s", from, to, strerror(-r)) : 0;
}

/* ---- the end ---- */

/* Why no further iteration is begun; false: there is one. The time for the runs that confirm is set aside. */
static bool enough(const struct tune_sitting *g, char *why, size_t len)
{
	if (g->h->ntrial - unasked(g->h) >= g->spec->iterations)
		lode_fmt(why, len, "%u iteration%s, as many as were asked for", g->spec->iterations, g->spec->iterations == 1 ? "" : "s");
	else if (tune_sitting_since_kept(g) >= g->spec->patience)
		lode_fmt(why, len, "no worthwhile gain in %u iterations", g->spec->patience);
	else if (g->unasked >= UNASKED_MOST)
		lode_fmt(why, len, "the advisor could not be asked %u times in a row: %.150s", g->unasked, g->h->trial[g->h->ntrial - 1].reason);
	else if (!tune_sitting_has_time(g, TUNE_PAIRS_LEAST))
		lode_fmt(why, len, "the time budget is used up");
	else if (tune_sitting_tokens_left(g) <= 0)
		lode_fmt(why, len, "the token budget is used up");
	else
		return false;
	return true;
}

/* The file that is handed out: the best, unless measured afresh it is behind the first one. */
static int finish(struct tune_sitting *g)
{
	char best[TUNE_PATH_MAX], to[TUNE_PATH_MAX];
	bool gained = g->s.best_trial && !(g->h->gain < 0);
	int r;

	tune_sitting_file(g, "final.ini", to);
	if (gained)
		tune_sitting_best(g, best);
	else
		tune_sitting_file(g, "start.ini", best);
	r = g->w->finish ? g->w->finish(g->w->self, gained ? g->h : NULL, best, to, g->err) : tune_sitting_copy(best, to, g->err);
	if (r)
		return r;
	lode_fmt(g->h->file, sizeof g->h->file, "%.500s", gained ? to : "");
	g->s.stage = TUNE_AT_END;
	tune_sitting_forget_shots(g);
	return tune_sitting_save(g);
}

/* What was measured afresh stands until something else is kept: measured again and again it would please some time. */
static int conclude(struct tune_sitting *g)
{
	int r;

	if (g->s.stage == TUNE_AT_TRIAL) {
		g->s.stage = TUNE_AT_FINAL;
		if ((r = tune_sitting_save(g)))
			return r;
	}
	if (g->s.best_trial && !isfinite(g->h->gain) && (r = tune_sitting_confirm(g)))
		return r;
	return finish(g);
}

/* ---- the whole ---- */

/* What the noise of these runs lets anybody see, so that nobody waits for what cannot come. */
static bool tell_scale(struct tune_sitting *g)
{
	unsigned pairs = g->spec->runs < TUNE_PAIRS_MAX ? g->spec->runs : TUNE_PAIRS_MAX, looks = pairs > TUNE_PAIRS_LEAST ? pairs - TUNE_PAIRS_LEAST + 1 : 1;
	double sd = g->s.noise_df > 0 ? sqrt(g->s.noise_ss / g->s.noise_df) : NAN;

	if (!isfinite(sd))
		return true;
	return tune_sitting_tell(g, TUNE_MEASURES_BASELINE, NULL, "runs of equal files differ by %.1f %% (standard deviation): %u pairs may show a gain of %.1f %%", 100 * sd, pairs,
				 100 * expm1(tune_student(g->spec->alpha / looks, g->s.noise_df + pairs - 1) * sd / sqrt(pairs)));
}

static int go(struct tune_sitting *g)
{
	bool over = false;
	char why[200];
	int r;

	if (g->s.stage == TUNE_AT_BASELINE) {
		if ((r = tune_sitting_baseline(g)))
			return r;
		tune_sitting_forget_shots(g);
		g->s.stage = TUNE_AT_TRIAL;
		if ((r = tune_sitting_save(g)) || (r = tell_scale(g) ? 0 : -EINTR))
			return r;
	}
	if (g->s.stage == TUNE_AT_END && !enough(g, why, sizeof why)) { /* it may go on: there is more of the budget now, or somebody to ask */
		g->s.stage = TUNE_AT_TRIAL;
		g->h->ended[0] = '\0';
	} else if (g->s.stage == TUNE_AT_END) {
		lode_fmt(g->h->ended, sizeof g->h->ended, "%s", why); /* by the budget as it is now */
	}
	while (g->s.stage == TUNE_AT_TRIAL && (g->s.open.number || !enough(g, g->h->ended, sizeof g->h->ended))) {
		if ((r = tune_sitting_iterate(g, &over)))
			return r;
		if (over) {
			const struct tune_trial *t = &g->h->trial[g->h->ntrial - 1];

			lode_fmt(g->h->ended, sizeof g->h->ended, "the advisor %s: %.180s", t->unasked ? "could not be asked" : "has nothing more to propose", t->reason);
			break;
		}
	}
	return g->s.stage == TUNE_AT_END ? 0 : conclude(g);
}

int tune_loop_in(const struct tune_world *w, const struct tune_spec *spec, struct tune_history *h, tune_progress_fn *progress, void *ctx, struct lode_err *err)
{
	struct lode_err own = {0};
	struct tune_sitting g = {.w = w, .spec = spec, .h = h, .progress = progress, .ctx = ctx, .err = err ? err : &own, .began = w->now(w->self), .run_s = NAN};
	int r;

	tune_history_init(h, &g.s);
	g.p = (struct tune_progress){.left_s = NAN, .seconds = NAN, .rate = NAN, .now = g.now};
	r = lode_fs_mkdirs(spec->out, 0755);
	if (r)
		return lode_err_set(err, -r, "the folder '%s' cannot be made: %s", spec->out, strerror(-r));
	r = tune_sitting_open(&g);
	g.before = h->active_s;
	if (g.s.nbest) /* until a run of this sitting says better */
		g.run_s = g.s.best[g.s.nbest - 1].seconds;
	if (!r)
		r = go(&g);
	if (!r)
		tune_sitting_tell(&g, TUNE_DONE, NULL, "%s", h->ended);
	if (r == -EINTR)
		lode_err_set(err, EINTR, "stopped; the same command goes on from here");
	/* The state ends with the sitting; the history is the caller's. */
	struct tune_history none = {0};
	tune_history_fini(&none, &g.s);
	return r;
}
