/* VOLUME: for options that act through the shape of the tree (sizes of levels and files). They cannot be flipped: for as long as levels fill up to new
 * targets the work is the opposite of what it will be. So there is one exposure, time is counted in bytes that enter level 0, and what is judged is work:
 * bytes that flushes and compactions write per byte that the application writes, from where the tree has settled on, against before.
 *
 * The start is drawn by lot among K chunks, as in START, and the record ends after the same volume whatever is drawn. For each start that could have been
 * drawn the record is fitted with a level before it, and a transient that fades and a level after it: if the change does nothing, the drawn one fits best
 * with probability 1/K, whatever drift or steps the record holds. A change of which only the transient is real would pass that; so the fall from before to
 * after it has settled must also stand out from what chunks differ by among themselves, and be worth while, and nothing else may be worse. */
#include "judge/design.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEAD 8	/* chunks before the first slot */
#define AFTER 8 /* chunks after the last slot has settled */
#define SLOTS 20
#define SETTLE_CHUNKS 8	     /* the settle volume is divided into these, */
#define SETTLE_SAFETY 1.5    /* and so many times that is waited: levels that shrink take longer than those that grow */
#define CHUNK_CYCLES 2	     /* but a chunk holds at least so many fillings of level 0 */
#define EMPTY_SHARE 3	     /* a record with more than a third of its time invalid is none */
#define STANDS_OUT 2.6	     /* standard errors; Student's t at 1 % on either side, 15 degrees of freedom */
#define SLOPE_MOST 0.05	     /* of what comes in: levels that still grow or shrink faster than this have not settled */
#define WORSE_S 1.645	     /* standard errors of a guard's mean that count against it */
#define LOSS_CHUNKS 2	     /* a heavy loss over so many stops the trial */

static unsigned slots_of(const struct lode_trial_spec *s)
{
	double n = ceil(1 / s->alpha - 1e-9); /* so that the first rank is alpha */

	return n < SLOTS ? SLOTS : n > LODE_VOLUME_SLOTS_MAX ? LODE_VOLUME_SLOTS_MAX : (unsigned)n;
}

static double chunk_of(const struct lode_trial_spec *s)
{
	return fmax(1, fmax(s->settle / SETTLE_CHUNKS, CHUNK_CYCLES * s->cycle));
}

static unsigned settle_of(const struct lode_trial_spec *s)
{
	double n = ceil(SETTLE_SAFETY * s->settle / chunk_of(s) - 1e-6);

	return n < 1 ? 1 : n > SETTLE_SAFETY * SETTLE_CHUNKS ? (unsigned)(SETTLE_SAFETY * SETTLE_CHUNKS) : (unsigned)n;
}

static unsigned chunks_of(const struct lode_trial_spec *s)
{
	return LEAD + slots_of(s) - 1 + settle_of(s) + AFTER;
}

/* What comes into the tree. Overwrites that end in a memtable and compression are not in it, and move no level. */
static double inflow(const struct lode_interval *iv)
{
	return (double)iv->ticker[LODE_T_FLUSH_WRITE_BYTES];
}

double lode_trial_volume_time(const struct lode_trial_spec *s, const struct lode_interval *window)
{
	double rate = window->seconds > 0 ? fmax(inflow(window), (double)window->bytes_written) / window->seconds : 0; /* a short one may hold no flush */

	return rate > 0 ? chunks_of(s) * chunk_of(s) / rate : INFINITY;
}

static void init(struct lode_trial *t)
{
	struct lode_volume *v = &t->vo;
	struct lode_rng draw;

	lode_rng_seed(&draw, t->spec.seed);
	v->slots = slots_of(&t->spec);
	v->slot = (unsigned)lode_rng_below(&draw, v->slots);
	v->settle = settle_of(&t->spec);
	v->chunks = chunks_of(&t->spec);
	v->chunk = chunk_of(&t->spec);
	t->verdict.pairs = v->slots;
}

static void prime(struct lode_trial *t, const struct lode_interval *history, size_t n)
{
	(void)t, (void)history, (void)n; /* it gathers its own past, which must be long */
}

static unsigned start_chunk(const struct lode_volume *v)
{
	return LEAD + v->slot;
}

/* An arm that is live a chunk late did not start where the lot said, and its rank means nothing. */
static bool in_time(struct lode_trial *t)
{
	if (t->vo.n <= start_chunk(&t->vo))
		return true;
	lode_trial_end(t, LODE_VERDICT_INVALID, LODE_M_SPEED, "the change was not live within a slot of its drawn start");
	return false;
}

static void applied(struct lode_trial *t, uint64_t now_ns)
{
	(void)now_ns;
	in_time(t);
}

/* ---- the record ---- */

static double per_byte(double bytes, const struct lode_interval *sum)
{
	return bytes > 0 && sum->bytes_written > 0 ? log(bytes / (double)sum->bytes_written) : NAN;
}

static void close_chunk(struct lode_trial *t)
{
	struct lode_volume *v = &t->vo;
	const struct lode_interval *sum = &v->sum;
	double out = (double)sum->ticker[LODE_T_COMPACT_WRITE_BYTES], in = (double)sum->ticker[LODE_T_COMPACT_READ_BYTES];
	struct lode_metrics y;

	lode_metrics_of(&t->base, sum, &y);
	for (int m = 0; m < LODE_METRIC_N; m++)
		v->y[m][v->n] = y.v[m];
	v->work[v->n] = per_byte(inflow(sum) + out, sum);
	v->moved[v->n] = per_byte(in + out, sum);
	v->above[v->n] = (double)sum->level_bytes_excess;
	v->n++;
	memset(&v->sum, 0, sizeof(v->sum));
}

struct level {
	double mean, squares, products; /* of the distances from the mean; of neighbours' */
	unsigned n;
};

static struct level level_of(const double *y, unsigned from, unsigned to)
{
	struct level l = {0};

	for (unsigned i = from; i < to; i++)
		if (isfinite(y[i]))
			l.mean += y[i], l.n++;
	l.mean = l.n ? l.mean / l.n : NAN;
	for (unsigned i = from; i < to; i++) {
		l.squares += isfinite(y[i]) ? (y[i] - l.mean) * (y[i] - l.mean) : 0;
		if (i > from && isfinite(y[i]) && isfinite(y[i - 1]))
			l.products += (y[i] - l.mean) * (y[i - 1] - l.mean);
	}
	return l;
}

/* After has settled, minus before. *se: its standard error, with the memory from one chunk to the next that both parts show together. A mean that is taken
 * out hides memory: of n values (1 + 4 rho) / n (Marriott and Pope, Biometrika 41, 1954), for each of the parts. */
static double change(const struct lode_volume *v, const double *y, double *se)
{
	struct level a = level_of(y, 0, start_chunk(v)), b = level_of(y, start_chunk(v) + v->settle, v->n);
	double squares = a.squares + b.squares, rho = squares > 0 ? (a.products + b.products) / squares : 0, n = a.n + b.n;

	*se = INFINITY;
	if (a.n < 3 || b.n < 3)
		return b.mean - a.mean;
	rho = fmin(0.9, fmax(0, rho + 2 * (1 + 4 * rho) / n));
	*se = sqrt(squares / (n - 2) * (1.0 / a.n + 1.0 / b.n) * (1 + rho) / (1 - rho));
	return b.mean - a.mean;
}

/* What is left of y from `at` on when a level and a transient that begins there, and fades with that time constant, are taken out by least squares. */
static double rest_of(const double *y, unsigned at, unsigned n, double tau)
{
	double m = 0, my = 0, mz = 0, yy = 0, zz = 0, zy = 0;

	for (unsigned i = at; i < n; i++) {
		double z = exp(-(double)(i - at) / tau);

		if (!isfinite(y[i]))
			continue;
		m++, my += y[i], mz += z;
		yy += y[i] * y[i], zz += z * z, zy += z * y[i];
	}
	if (m < 3)
		return yy;
	yy -= my * my / m, zz -= mz * mz / m, zy -= mz * my / m;
	return fmax(0, zz > 1e-12 ? yy - zy * zy / zz : yy);
}

static double unexplained(const struct lode_volume *v, unsigned at)
{
	static const double fades[] = {0.125, 0.25, 0.5, 1}; /* in settle volumes */
	double least = level_of(v->work, at, v->n).squares;

	for (unsigned i = 0; i < sizeof(fades) / sizeof(fades[0]); i++)
		least = fmin(least, rest_of(v->work, at, v->n, fades[i] * v->settle));
	return level_of(v->work, 0, at).squares + least;
}

/* Place of the drawn start among all, by what a level before it, and a transient and a level after it leave unexplained; where work rose in the end comes
 * after where it fell (sign +1; -1: the other way). Ties count against it. */
static unsigned rank_of(const struct lode_volume *v, double sign)
{
	double real = 0, gain[LODE_VOLUME_SLOTS_MAX];
	unsigned rank = 0;

	for (unsigned s = 0; s < v->slots; s++) {
		unsigned at = LEAD + s;
		double rose = level_of(v->work, at + v->settle, v->n).mean - level_of(v->work, 0, at).mean;

		gain[s] = 1 / (1e-12 + unexplained(v, at));
		if (rose * sign >= 0)
			gain[s] = -gain[s];
		if (s == v->slot)
			real = gain[s];
	}
	for (unsigned s = 0; s < v->slots; s++)
		rank += gain[s] >= real;
	return rank;
}

/* ---- the verdict ---- */

/* Bytes by which the levels above the last grow (or shrink) per byte that comes in: halves of the settled part against each other. */
static double slope_of(const struct lode_volume *v)
{
	unsigned from = start_chunk(v) + v->settle, half = (v->n - from) / 2;
	double d = level_of(v->above, v->n - half, v->n).mean - level_of(v->above, from, from + half).mean;

	return half ? d / (v->chunk * (v->n - from - half)) : 0;
}

/* The guard that is worse than its margin, or could be; LODE_M_SPEED (with *bad) is one here. A guard whose noise is wider than its margin passes with a
 * mean within it. */
static enum lode_metric worse_guard(struct lode_trial *t, bool *bad)
{
	struct lode_volume *v = &t->vo;

	*bad = false;
	for (int m = 0; m < LODE_METRIC_N; m++) {
		bool speed = m == LODE_M_SPEED;
		double margin = speed ? t->spec.min_effect : t->spec.margin[m], se, d, at;

		if (!lode_metric_defined(&t->base, (enum lode_metric)m) || (!speed && !lode_metric_guards(&t->base, (enum lode_metric)m)))
			continue;
		t->verdict.metric[m] = d = change(v, v->y[m], &se);
		at = WORSE_S * se > margin ? d : d - WORSE_S * se;
		if (*bad || !isfinite(d) || at >= -margin)
			continue;
		*bad = true;
		t->verdict.worst = (enum lode_metric)m;
	}
	return t->verdict.worst;
}

static void measure(struct lode_trial *t, double fall, double se, unsigned rank)
{
	struct lode_verdict *v = &t->verdict;

	v->effect = -expm1(-fall);
	v->lo = isfinite(se) ? -expm1(-fall + STANDS_OUT * se) : NAN;
	v->hi = isfinite(se) ? -expm1(-fall - STANDS_OUT * se) : NAN;
	v->p = (double)rank / t->vo.slots;
	v->evidence = 1 / v->p;
}

static void decide(struct lode_trial *t)
{
	struct lode_volume *v = &t->vo;
	double se, moved_se, fall = -change(v, v->work, &se), moved = change(v, v->moved, &moved_se), slope = slope_of(v);
	double limit = t->spec.alpha * v->slots + 1e-9;
	unsigned best = rank_of(v, 1), worst = rank_of(v, -1);
	enum lode_metric guard;
	char work[80];
	bool bad;

	measure(t, fall, se, best <= worst ? best : worst);
	guard = worse_guard(t, &bad);
	snprintf(work, sizeof(work), "write amplification %+.1f %% (+/- %.1f %%) once settled", 100 * expm1(-fall), 100 * STANDS_OUT * se);
	if (!isfinite(fall) || !isfinite(se))
		lode_trial_end(t, LODE_VERDICT_INVALID, LODE_M_SPEED, "too little was written to tell");
	else if (worst <= limit && fall < -STANDS_OUT * se)
		lode_trial_end(t, LODE_VERDICT_REVERT, LODE_M_SPEED, "more work: %s; it stands out from %u starts that could have been drawn", work, v->slots);
	else if (best > limit)
		lode_trial_end(t, LODE_VERDICT_REVERT, LODE_M_SPEED, "undecided: %s; the start ranks only %u of %u that could have been drawn", work, best, v->slots);
	else if (fall < STANDS_OUT * se || fall < t->spec.min_effect)
		lode_trial_end(t, LODE_VERDICT_REVERT, LODE_M_SPEED, "undecided: %s, asked for %+.1f %% at least and more than chance", work,
			       100 * expm1(-t->spec.min_effect));
	else if (fabs(slope) > SLOPE_MOST)
		lode_trial_end(t, LODE_VERDICT_REVERT, LODE_M_SPEED, "undecided: %s, but upper levels still %s by %.0f %% of what is written", work,
			       slope > 0 ? "grow" : "shrink", 100 * fabs(slope));
	else if (moved > t->spec.min_effect)
		lode_trial_end(t, LODE_VERDICT_REVERT, LODE_M_SPEED, "undecided: %s, but compactions move %+.1f %% bytes", work, 100 * expm1(moved));
	else if (bad)
		lode_trial_end(t, LODE_VERDICT_REVERT, guard, "undecided: %s, but %s was not shown to be unharmed (%+.3f)", work, lode_metric_name[guard],
			       t->verdict.metric[guard]);
	else
		lode_trial_end(t, LODE_VERDICT_KEEP, LODE_M_SPEED, "%s; it stands out from %u starts that could have been drawn (p = %.3f)", work, v->slots,
			       t->verdict.p);
}

/* Only a revert may come before the end of the record. */
static void watch_loss(struct lode_trial *t)
{
	struct lode_volume *v = &t->vo;
	double loss;

	if (v->n < start_chunk(v) + LOSS_CHUNKS)
		return;
	loss = level_of(v->y[LODE_M_SPEED], v->n - LOSS_CHUNKS, v->n).mean - level_of(v->y[LODE_M_SPEED], 0, start_chunk(v)).mean;
	if (loss >= LODE_HEAVY_LOSS || !isfinite(loss))
		return;
	t->verdict.metric[LODE_M_SPEED] = loss;
	lode_trial_end(t, LODE_VERDICT_REVERT, LODE_M_SPEED, "stopped early: operations %.0f %% slower after the start", -100 * expm1(loss));
}

static void feed(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_volume *v = &t->vo;
	double seconds = lode_seconds(iv->start_ns, iv->end_ns);

	v->seen_s += seconds;
	v->bad_s += iv->invalid ? seconds : 0;
	if (lode_trial_elapsed(t) > t->pace.volume_most || (v->seen_s > 60 && EMPTY_SHARE * v->bad_s > v->seen_s)) {
		lode_trial_end(t, LODE_VERDICT_INVALID, LODE_M_SPEED, "%s", EMPTY_SHARE * v->bad_s > v->seen_s ? "too few valid intervals" : "too little was written in the time that there is");
		return;
	}
	if (iv->invalid)
		return;
	lode_interval_add(&v->sum, iv);
	v->filled += inflow(iv);
	if (v->filled >= v->chunk) {
		v->filled = fmod(v->filled, v->chunk); /* what is over belongs to the next: boundaries do not wander */
		close_chunk(t);
		if (v->n == v->chunks) {
			decide(t);
			return;
		}
		if (t->live == LODE_TREATMENT)
			watch_loss(t);
	}
	if (t->verdict.kind != LODE_VERDICT_NONE)
		return;
	if (v->n >= start_chunk(v))
		lode_trial_want(t, LODE_TREATMENT);
	if (t->want != t->live)
		in_time(t);
}

static double left(const struct lode_trial *t)
{
	const struct lode_volume *v = &t->vo;
	double done = v->n * v->chunk + v->filled, all = v->chunks * v->chunk, most = t->pace.volume_most - lode_trial_elapsed(t);

	return done > 0 ? fmin(most, lode_trial_elapsed(t) * (all - done) / done) : most;
}

static unsigned done(const struct lode_trial *t)
{
	return t->vo.n;
}

static unsigned max(const struct lode_trial *t)
{
	return t->vo.chunks;
}

const struct lode_design_ops lode_design_volume = {"volume", init, prime, applied, feed, left, done, max};
