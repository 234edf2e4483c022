/* See drift.h. */
#include "judge/drift.h"

#include <math.h>
#include <string.h>

#define PHI_MOST 0.95
#define SUSPICION 2.0 /* of the sum: nothing is learnt from here on */

double lode_cusum(double sum, double z, double k)
{
	return fmax(0, sum - z - k);
}

void lode_drift_init(struct lode_drift *d)
{
	memset(d, 0, sizeof(*d));
	d->last = NAN;
}

/* Slope of a block on the one before it; from n blocks it comes out low by about (1 + 3 phi) / n. */
static double memory_of(const struct lode_drift *d)
{
	double my = 0, mb = 0, cov = 0, var = 0, n = (double)d->n;

	for (size_t i = 0; i < d->n; i++) {
		my += d->y[i] / n;
		mb += d->before[i] / n;
	}
	for (size_t i = 0; i < d->n; i++) {
		cov += (d->y[i] - my) * (d->before[i] - mb);
		var += (d->before[i] - mb) * (d->before[i] - mb);
	}
	return var > 0 && n > 3 ? fmax(0, fmin(PHI_MOST, (cov / var + 1 / n) / (1 - 3 / n))) : 0;
}

/* The score of a standard normal variable with this probability below (Acklam's rational approximation, relative error below 1.2e-9). */
static double normal_score(double p)
{
	static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00};
	static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01, 1};
	static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00};
	static const double d[] = {0, 7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1};
	double q, r, num = 0, den = 0;

	if (p > 0.02425 && p < 1 - 0.02425) {
		q = p - 0.5;
		r = q * q;
		for (int i = 0; i < 6; i++)
			num = num * r + a[i], den = den * r + b[i];
		return num * q / den;
	}
	q = sqrt(-2 * log(p < 0.5 ? p : 1 - p));
	for (int i = 0; i < 6; i++)
		num = num * q + c[i], den = den * q + d[i];
	return (p < 0.5 ? 1 : -1) * num / den;
}

/* The residual's rank among those of the beginning, itself included; ties count half. */
static double score(const struct lode_drift *d, double residual)
{
	double below = 0, n = 1;

	for (size_t i = 0; i < d->n; i++) {
		double r = d->y[i] - d->phi * d->before[i];

		below += r < residual ? 1 : r == residual ? 0.5 : 0;
		n++;
	}
	return normal_score((below + 0.5) / n);
}

bool lode_drift_feed(struct lode_drift *d, double y)
{
	double before = d->last;

	d->last = isfinite(y) ? y : NAN;
	if (!isfinite(y) || !isfinite(before))
		return false;
	if (d->n >= LODE_DRIFT_LEAST)
		d->sum = lode_cusum(d->sum, score(d, y - d->phi * before), LODE_CUSUM_K);
	if (d->sum >= LODE_CUSUM_H) {
		lode_drift_init(d);
		return true;
	}
	if (d->n < LODE_DRIFT_LEARN && d->sum < SUSPICION) {
		d->y[d->n] = y;
		d->before[d->n++] = before;
		d->phi = memory_of(d);
	}
	return false;
}

double lode_drift_strain(const struct lode_drift *d)
{
	return d->sum / LODE_CUSUM_H;
}
