/* Normal mixtures in closed form, and their inversion. */
#include "judge/mixture.h"

#include <math.h>

#define EXPECTED_PAIRS 12 /* for which the mixture is tightest */
#define STEPS 400	  /* of a quarter of the scale: how far out an end is looked for */

double lode_mixture_rho(double v, double alpha)
{
	double l = 2 * log(1 / alpha);

	return v / (l + log1p(l));
}

double lode_mixture_log(double s, double v, double rho)
{
	return 0.5 * log(rho / (v + rho)) + s * s / (2 * (v + rho));
}

double lode_mixture_bound(double v, double rho, double alpha)
{
	return sqrt((v + rho) * (log1p(v / rho) + 2 * log(1 / alpha)));
}

double lode_mixture_log_above(double s, double v, double rho)
{
	return 0.5 * log(4 * rho / (v + rho)) + s * s / (2 * (v + rho)) + log(0.5 * erfc(-s / sqrt(v + rho) / sqrt(2)));
}

double lode_mixture_bound_above(double v, double rho, double alpha)
{
	double lo = 0, hi = 2 * lode_mixture_bound(v, rho, alpha);

	for (int i = 0; i < 100; i++) {
		double mid = (lo + hi) / 2;

		if (lode_mixture_log_above(mid, v, rho) < log(1 / alpha))
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

static bool rejected(const double *d, size_t n, double effect, double rho, double alpha)
{
	double s = 0, v = 0;

	for (size_t i = 0; i < n; i++) {
		s += d[i] - effect;
		v += (d[i] - effect) * (d[i] - effect);
	}
	return lode_mixture_log(s, v, rho) >= log(1 / alpha);
}

/* The first rejected effect on the way out from `in`, by steps of `step`. Far out the martingale falls again, so there is no bisecting from infinity. */
static bool end(const double *d, size_t n, double in, double step, double rho, double alpha, double *at)
{
	for (int i = 0; i < STEPS; i++) {
		double out = in + step;

		if (!rejected(d, n, out, rho, alpha)) {
			in = out;
			continue;
		}
		for (int k = 0; k < 40; k++) {
			double mid = (in + out) / 2;

			if (rejected(d, n, mid, rho, alpha))
				out = mid;
			else
				in = mid;
		}
		*at = in;
		return true;
	}
	return false;
}

bool lode_mixture_interval(const double *d, size_t n, double scale, double alpha, double *lo, double *hi)
{
	double mean = 0, rho = lode_mixture_rho(EXPECTED_PAIRS * scale * scale, alpha);

	if (n < 2 || !(scale > 0))
		return false;
	for (size_t i = 0; i < n; i++)
		mean += d[i] / (double)n;
	return end(d, n, mean, -scale / 4, rho, alpha, lo) && end(d, n, mean, scale / 4, rho, alpha, hi);
}
