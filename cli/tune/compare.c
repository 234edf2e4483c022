/* The sequential comparison of two files. */
#include "tune/compare.h"

#include <math.h>

#define PRIOR_MOST 8	/* differences that the past may weigh: a candidate that is more restless than its forerunners soon counts by itself */
#define RESTLESS 4	/* times the past's variance: then the past says nothing about this pair of files */
#define SD_LEAST 1e-4

/* ---- Student's t ---- */

/* The continued fraction of the incomplete beta function (Lentz's method; Abramowitz and Stegun 26.5.8). */
static double beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
	f = d;
	for (int m = 1; m < 300; m++) {
		double k = m, even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)), odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1)), step;

		for (int i = 0; i < 2; i++) {
			double t = i ? odd : even;

			d = 1 + t * d;
			d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
			c = 1 + t / c;
			c = fabs(c) < 1e-300 ? 1e-300 : c;
			step = c * d;
			f *= step;
		}
		if (fabs(step - 1) < 1e-14)
			break;
	}
	return f;
}

static double beta_share(double a, double b, double x)
{
	double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));

	return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static double student_tail(double t, double df)
{
	return 0.5 * beta_share(df / 2, 0.5, df / (df + t * t));
}

double tune_student(double p, double df)
{
	double lo = 1e-9, hi = 1;

	if (!(df > 0))
		return INFINITY;
	while (student_tail(hi, df) > p && hi < 1e12)
		hi *= 2;
	for (int i = 0; i < 80; i++) {
		double mid = (lo + hi) / 2;

		if (student_tail(mid, df) > p)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

/* ---- the scale ---- */

static double mean_of(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return n ? sum / (double)n : NAN;
}

static double squares(const double *x, size_t n)
{
	double mean = mean_of(x, n), ss = 0;

	for (size_t i = 0; i < n; i++)
		ss += (x[i] - mean) * (x[i] - mean);
	return ss;
}

struct scale {
	double sd, df;
};

/* Of one difference: the past and the pairs at hand together, or the pairs alone where these are far more restless. */
static struct scale scale_of(const struct tune_contest *c)
{
	double df = fmin(c->df, PRIOR_MOST), past = c->df > 0 ? c->ss / c->df : 0, own = squares(c->d, c->n), n = c->n > 1 ? (double)c->n - 1 : 0;

	if (n >= 2 && own / n > RESTLESS * past)
		df = 0;
	if (df + n <= 0)
		return (struct scale){NAN, 0};
	return (struct scale){.sd = fmax(SD_LEAST, sqrt((df * past + own) / (df + n))), .df = df + n};
}

void tune_contest_teach(const struct tune_contest *c, double *ss, double *df)
{
	if (c->n < 2)
		return;
	*ss += squares(c->d, c->n);
	*df += (double)c->n - 1;
}

/* A difference of two runs has twice the variance of one. */
void tune_contest_learn(const double *x, size_t n, double *ss, double *df)
{
	if (n < 2)
		return;
	*ss += 2 * squares(x, n);
	*df += (double)n - 1;
}

/* ---- looks ---- */

void tune_contest_add(struct tune_contest *c, double difference)
{
	if (isfinite(difference) && c->n < c->pairs && c->n < TUNE_PAIRS_MAX)
		c->d[c->n++] = difference;
}

static struct scale read_out(const struct tune_contest *c, double level, struct tune_reading *out)
{
	struct scale s = scale_of(c);
	double half = s.df > 0 ? tune_student(level, s.df) * s.sd / sqrt(c->n) : INFINITY;

	*out = (struct tune_reading){.mean = mean_of(c->d, c->n), .sd = s.sd};
	out->lo = out->mean - half;
	out->hi = out->mean + half;
	return s;
}

/* Even if the truth lay one standard error above what was seen: would all pairs not show it, or not show enough? */
static bool hopeless(const struct tune_contest *c, const struct scale *s, double level, double mean)
{
	double hoped = mean + s->sd / sqrt(c->n), df = s->df + (c->pairs - c->n);

	return hoped < c->worthwhile || hoped < tune_student(level, df) * s->sd / sqrt(c->pairs);
}

enum tune_leaning tune_contest_look(const struct tune_contest *c, struct tune_reading *out)
{
	double level = c->alpha / (c->pairs < TUNE_PAIRS_LEAST ? 1 : c->pairs - TUNE_PAIRS_LEAST + 1);
	struct scale s;

	*out = (struct tune_reading){NAN, NAN, NAN, NAN};
	if (!c->n)
		return TUNE_OPEN;
	s = read_out(c, level, out);
	if (c->n >= TUNE_PAIRS_LEAST) {
		if (out->lo > 0 && out->mean >= c->worthwhile)
			return TUNE_BETTER;
		if (out->hi < 0)
			return TUNE_LESS;
		if (out->hi < c->worthwhile || (c->n < c->pairs && hopeless(c, &s, level, out->mean)))
			return TUNE_SMALL;
	}
	return c->n >= c->pairs ? TUNE_RUN_OUT : TUNE_OPEN;
}

void tune_contest_close(const struct tune_contest *c, struct tune_reading *out)
{
	*out = (struct tune_reading){NAN, NAN, NAN, NAN};
	if (c->n)
		read_out(c, c->alpha / 2, out);
}
