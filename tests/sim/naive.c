/* The rules:
 *  - mean < 0.9x: ELMo-Tune (HotStorage '24), as in its code: every 30 s the average since the start is compared with the average of the run before; below
 *    0.9 of it the run is ended. At the end the best of single runs by average operations per second is what is kept.
 *  - flagger: ELMo-Tune-V2 (arXiv 2502.17606): runs of 200 s, first look after 100 s, then every 90 s, below 0.9 of the run before it is ended; best as above.
 *  - Welch's t and Mann and Whitney's U at 5 %, two-sided, on single intervals. Peeking: Welch after each interval from the fifth on, until it says yes.
 *  - Kayenta: the rule of Netflix's canary judge 1.0: interval for the shift at 98 %, and the nearer end beyond a quarter of the estimate. */
#include "sim/naive.h"

#include <math.h>
#include <stdlib.h>

#define PAIRS_MAX (NAIVE_N * NAIVE_N)

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static double mean(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return n ? sum / (double)n : NAN;
}

static double variance(const double *v, size_t n)
{
	double m = mean(v, n), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (v[i] - m) * (v[i] - m);
	return n > 1 ? sum / (double)(n - 1) : 0;
}

/* Continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	f = d;
	for (int m = 1; m < 500; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), step;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		f *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		f *= step;
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return f;
}

static double incomplete_beta(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double naive_t_two_sided(double t, double df)
{
	return incomplete_beta(df / 2, 0.5, df / (df + t * t));
}

double naive_welch_p(const double *a, size_t na, const double *b, size_t nb, double *t)
{
	double va = variance(a, na) / (double)na, vb = variance(b, nb) / (double)nb, v = va + vb;

	*t = v > 0 ? (mean(b, nb) - mean(a, na)) / sqrt(v) : 0;
	return v > 0 ? naive_t_two_sided(*t, v * v / (va * va / (double)(na - 1) + vb * vb / (double)(nb - 1))) : 1;
}

static int ascending(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* Sum of t^3 - t over groups of equal values. */
static double ties(const double *a, size_t na, const double *b, size_t nb)
{
	double all[2 * NAIVE_N], sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < na; i++)
		all[n++] = a[i];
	for (size_t i = 0; i < nb; i++)
		all[n++] = b[i];
	qsort(all, n, sizeof(all[0]), ascending);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i; j < n && all[j] == all[i]; j++)
			;
		sum += pow((double)(j - i), 3) - (double)(j - i);
	}
	return sum;
}

static double spread(const double *a, size_t na, const double *b, size_t nb)
{
	double n = (double)(na + nb);

	return sqrt((double)na * (double)nb / 12 * (n + 1 - ties(a, na, b, nb) / (n * (n - 1))));
}

double naive_mwu_p(const double *a, size_t na, const double *b, size_t nb, double *u)
{
	double sd, off;

	*u = 0;
	na = least(na, NAIVE_N);
	nb = least(nb, NAIVE_N);
	for (size_t i = 0; i < na; i++)
		for (size_t j = 0; j < nb; j++)
			*u += (a[i] > b[j]) + 0.5 * (a[i] == b[j]);
	sd = spread(a, na, b, nb);
	off = fabs(*u - (double)na * (double)nb / 2) - 0.5;
	return sd > 0 ? fmin(1, erfc(fmax(off, 0) / sd / sqrt(2))) : 1;
}

void naive_shift(const double *a, size_t na, const double *b, size_t nb, double z, double *lo, double *estimate, double *hi)
{
	static _Thread_local double d[PAIRS_MAX];
	double below;
	size_t n = 0, k;

	na = least(na, NAIVE_N);
	nb = least(nb, NAIVE_N);
	for (size_t i = 0; i < na; i++)
		for (size_t j = 0; j < nb; j++)
			d[n++] = b[j] - a[i];
	qsort(d, n, sizeof(d[0]), ascending);
	below = floor((double)n / 2 - z * spread(a, na, b, nb) - 0.5);
	k = below > 0 ? (size_t)below : 0;
	*lo = d[k];
	*hi = d[n - 1 - k];
	*estimate = (d[(n - 1) / 2] + d[n / 2]) / 2;
}

/* ---- the rules ---- */

static struct naive_call at(int side, size_t n, const struct naive_series *s)
{
	return (struct naive_call){side, (double)n * s->interval};
}

/* The best of single runs, by its average. */
static struct naive_call best_of(const struct naive_series *s, size_t n, double reference)
{
	return at(mean(s->after, n) > reference, n, s);
}

static size_t intervals(double seconds, const struct naive_series *s)
{
	size_t n = (size_t)ceil(seconds / s->interval - 1e-9);

	return n ? n : 1;
}

static struct naive_call elmo(const struct naive_series *s)
{
	size_t n = least(s->nafter, NAIVE_N), look = intervals(30, s);
	double reference = mean(s->before, s->nbefore);

	for (size_t i = look; i <= n; i += look)
		if (mean(s->after, i) < 0.9 * reference)
			return at(-1, i, s);
	return best_of(s, n, reference);
}

static struct naive_call flagger(const struct naive_series *s)
{
	size_t n = least(s->nafter, intervals(200, s)), look = intervals(90, s);
	double reference = mean(s->before, s->nbefore);

	for (size_t i = intervals(100, s); i <= n; i += look)
		if (mean(s->after + i - look, look) < 0.9 * reference)
			return at(-1, i, s);
	return best_of(s, n, reference);
}

static struct naive_call welch_at(const struct naive_series *s, size_t n)
{
	double t, p = naive_welch_p(s->before, s->nbefore, s->after, n, &t);

	return at(p < 0.05 ? (t > 0) - (t < 0) : 0, n, s);
}

static struct naive_call welch(const struct naive_series *s)
{
	return welch_at(s, least(s->nafter, NAIVE_N));
}

static struct naive_call peeking(const struct naive_series *s)
{
	size_t n = least(s->nafter, NAIVE_N);
	struct naive_call c = at(0, n, s);

	for (size_t i = 5; i <= n && !c.side; i++)
		c = welch_at(s, i);
	return c;
}

static struct naive_call mann_whitney(const struct naive_series *s)
{
	size_t n = least(s->nafter, NAIVE_N), nb = least(s->nbefore, NAIVE_N);
	double u, p = naive_mwu_p(s->after, n, s->before, nb, &u), middle = (double)n * (double)nb / 2;

	return at(p < 0.05 ? (u > middle) - (u < middle) : 0, n, s);
}

static struct naive_call kayenta(const struct naive_series *s)
{
	size_t n = least(s->nafter, NAIVE_N);
	double lo, estimate, hi;

	naive_shift(s->before, s->nbefore, s->after, n, 2.3263478740408408, &lo, &estimate, &hi);
	return at(lo > 0.25 * fabs(estimate) ? 1 : hi < -0.25 * fabs(estimate) ? -1 : 0, n, s);
}

const struct naive_rule naive_rule[] = {
    {"ELMo-Tune: mean < 0.9x, best run", elmo}, {"ELMo-Tune-V2: flagger, best run", flagger}, {"Welch t, 5 %", welch},
    {"Mann-Whitney, 5 %", mann_whitney},	  {"Kayenta judge", kayenta},			{"Welch t, peeking", peeking},
};
const size_t naive_rules = sizeof(naive_rule) / sizeof(naive_rule[0]);
