/* Betting on the sign of paired differences, and what follows from it: evidence, interval, permutation p. */
#include "judge/eprocess.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Fractions of the wealth that are staked. A mixture of timid and bold bets: bold ones decide strong effects in seven pairs, timid ones
 * live on to find weak effects. */
static const double bet[LODE_BETS] = {0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9};

void lode_eprocess_init(struct lode_eprocess *e, double tau0, double scale)
{
	memset(e, 0, sizeof(*e));
	e->tau0 = tau0;
	e->scale = scale > 0 ? scale : 1e-9;
}

/* Sign times weight, in [-1, 1]. The weight may depend on the size of the difference but not on its sign: that is all that validity needs.
 */
static double stake(const struct lode_eprocess *e, double difference, double tau)
{
	return fmax(-1, fmin(1, (difference - tau) / e->scale));
}

void lode_eprocess_add(struct lode_eprocess *e, double difference)
{
	double s;

	if (e->n == LODE_PAIRS_MAX || !isfinite(difference))
		return;
	s = stake(e, difference, e->tau0);
	e->d[e->n++] = difference;
	for (size_t i = 0; i < LODE_BETS; i++) {
		e->up[i] += log1p(bet[i] * s);
		e->down[i] += log1p(-bet[i] * s);
	}
}

static double mean_exp(const double *wealth, size_t more)
{
	double sum = 0;

	for (size_t i = 0; i < LODE_BETS; i++)
		sum += exp(wealth[i] + (double)more * log1p(bet[i]));
	return sum / LODE_BETS;
}

double lode_eprocess_above(const struct lode_eprocess *e)
{
	return mean_exp(e->up, 0);
}

double lode_eprocess_below(const struct lode_eprocess *e)
{
	return mean_exp(e->down, 0);
}

double lode_eprocess_reach(const struct lode_eprocess *e, size_t more)
{
	return mean_exp(e->up, more);
}

/* The e-value against tau, had it been the null; side +1: effect above tau, -1: below. Monotone in tau, which makes bisection right. */
static double against(const struct lode_eprocess *e, double tau, double side)
{
	double wealth[LODE_BETS], sum = 0;

	for (size_t i = 0; i < LODE_BETS; i++)
		wealth[i] = 1;
	for (size_t j = 0; j < e->n; j++) {
		double s = side * stake(e, e->d[j], tau);

		for (size_t i = 0; i < LODE_BETS; i++)
			wealth[i] *= 1 + bet[i] * s;
	}
	for (size_t i = 0; i < LODE_BETS; i++)
		sum += wealth[i];
	return sum / LODE_BETS;
}

/* The border between rejected and not rejected; `out` is a value far out on that side. false if even that one is not rejected. */
static bool border(const struct lode_eprocess *e, double need, double side, double out, double in, double *at)
{
	if (against(e, out, side) < need)
		return false;
	for (int i = 0; i < 60; i++) {
		double mid = (out + in) / 2;

		if (against(e, mid, side) >= need)
			out = mid;
		else
			in = mid;
	}
	*at = in;
	return true;
}

bool lode_eprocess_interval(const struct lode_eprocess *e, double alpha, double *mean, double *lo, double *hi)
{
	double min = INFINITY, max = -INFINITY, sum = 0;

	if (e->n == 0)
		return false;
	for (size_t j = 0; j < e->n; j++) {
		min = fmin(min, e->d[j]);
		max = fmax(max, e->d[j]);
		sum += e->d[j];
	}
	*mean = sum / (double)e->n;
	min -= e->scale;
	max += e->scale;
	return border(e, 1 / alpha, 1, min, max, lo) && border(e, 1 / alpha, -1, max, min, hi) && *lo <= *hi;
}

double lode_signflip_p(const double *d, size_t n)
{
	double sum = 0, size = 0, limit, side;
	uint32_t reached = 0, flipped = 0, patterns;

	if (n == 0 || n > 20)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		sum += d[i];
		size += fabs(d[i]);
	}
	side = sum < 0 ? -1 : 1;
	limit = fabs(sum) - 1e-12 * size; /* rounding must not break ties */
	patterns = 1u << n;
	for (uint32_t k = 1;; k++) { /* a Gray code: one sign changes a step */
		uint32_t b;

		if (side * sum >= limit)
			reached++;
		if (k == patterns)
			break;
		b = (uint32_t)__builtin_ctz(k);
		flipped ^= 1u << b;
		sum += (flipped >> b & 1) ? -2 * d[b] : 2 * d[b];
	}
	return (double)reached / patterns;
}
