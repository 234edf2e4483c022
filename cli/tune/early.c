/* The early end of a run that is clearly worse. Three things must be so: the mean over all blocks since the warm-up lies below the limit by four standard errors
 * (of runs among themselves and of blocks within a run, these as if only every fourth were independent); each of the last five blocks lies below it; and what is
 * lost is a quarter of the best file's whole run, so that it could not be made good by the rest. Neither a bad beginning nor one long stall decides. */
#include "tune/early.h"

#include <math.h>

#define WARM_SHARE 0.2
#define BLOCKS_IN_RUN 40
#define BLOCKS_LEAST 6
#define BLOCKS_LAST 5
#define ALIKE 4	  /* neighbouring blocks are: so many count as one */
#define CERTAIN 4 /* standard errors */
#define NOISE_LEAST 0.05
#define NOTHING_DONE 1e-3
#define LOST 0.25 /* of the best file's operations */

/* Operations a second that one run did between two ages; after its end, what it did on the whole. */
static double rate_of(const struct tune_result *r, double from, double to)
{
	size_t a = (size_t)from, b = (size_t)ceil(to);
	double sum = 0;

	if (b > r->nrate)
		b = r->nrate;
	if (a >= b)
		return r->ops_per_sec;
	for (size_t i = a; i < b; i++)
		sum += (double)r->rate[i];
	return sum / (double)(b - a);
}

static double best_rate(const struct tune_early *e, double from, double to)
{
	double sum = 0;

	for (size_t i = 0; i < e->nbest; i++)
		sum += rate_of(&e->best[i], from, to);
	return sum / (double)e->nbest;
}

static double log_ratio(double a, double b)
{
	return b > 0 ? log(fmax(a / b, NOTHING_DONE)) : 0;
}

/* What blocks of the best's own runs scatter by, around what these runs have in common at that age and their own level. */
static double noise_of(const struct tune_early *e, double length)
{
	double sum = 0, squares = 0;
	size_t n = 0;

	for (size_t i = 0; i < e->nbest; i++)
		for (double t = e->warm_s; t + e->block_s <= length; t += e->block_s) {
			double common = best_rate(e, t, t + e->block_s);
			double x = log_ratio(rate_of(&e->best[i], t, t + e->block_s), e->nbest > 1 ? common : e->best[i].ops_per_sec);

			sum += x;
			squares += x * x;
			n++;
		}
	return n > 1 ? fmax(NOISE_LEAST, sqrt(fmax(0, (squares - sum * sum / (double)n) / (double)(n - 1)))) : NAN;
}

void tune_early_init(struct tune_early *e, const struct tune_result *best, size_t nbest, double sd, double ratio)
{
	double length = INFINITY;

	*e = (struct tune_early){.best = best, .nbest = nbest, .sd = sd, .ratio = ratio, .noise = NAN};
	for (size_t i = 0; i < nbest; i++)
		length = fmin(length, (double)best[i].nrate);
	if (!nbest || length < BLOCKS_LEAST)
		return;
	e->block_s = fmax(1, length / BLOCKS_IN_RUN);
	e->warm_s = WARM_SHARE * length;
	e->whole = best_rate(e, 0, length) * length;
	e->noise = noise_of(e, length);
}

static bool clearly_worse(const struct tune_early *e)
{
	double limit = log(e->ratio), sum = 0, se;

	if (e->n < BLOCKS_LEAST || e->lost < LOST * e->whole)
		return false;
	for (unsigned i = 0; i < e->n; i++)
		sum += e->r[i];
	for (unsigned i = e->n - BLOCKS_LAST; i < e->n; i++)
		if (e->r[i] >= limit)
			return false;
	se = sqrt(e->sd * e->sd + e->noise * e->noise * ALIKE / e->n);
	return sum / e->n + CERTAIN * se < limit;
}

bool tune_early_go_on(struct tune_early *e, double seconds, double ops)
{
	if (!isfinite(e->noise) || !isfinite(e->sd) || !(seconds > e->at) || !(ops >= e->ops))
		return true;
	e->at = seconds;
	e->ops = ops;
	if (seconds < e->warm_s || e->mark == 0) {
		e->mark = seconds;
		e->mark_ops = ops;
		return true;
	}
	if (seconds - e->mark < e->block_s || e->n == TUNE_EARLY_BLOCKS)
		return true;
	double best = best_rate(e, e->mark, seconds);

	e->r[e->n++] = log_ratio((ops - e->mark_ops) / (seconds - e->mark), best);
	e->lost += best * (seconds - e->mark) - (ops - e->mark_ops);
	e->mark = seconds;
	e->mark_ops = ops;
	return !clearly_worse(e);
}

double tune_early_ratio(const struct tune_early *e)
{
	double sum = 0;

	for (unsigned i = 0; i < e->n; i++)
		sum += e->r[i];
	return e->n ? exp(sum / e->n) : NAN;
}
