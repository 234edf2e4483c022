/* A change that sets in at s and stays, by profile likelihood.
 *
 * Comparing the mean before with the mean after cannot tell neighbouring slots apart: their windows overlap, and by chance the neighbour
 * comes out ahead of the true start every other time. What tells them apart is the bend itself. So each candidate is fitted with a level, a
 * step that is reached at once or along a ramp (a cache must warm up), and AR(1) noise: its whitened residuals hold a sudden step against
 * the innovations, which are much smaller than the noise where noise is persistent, and do not take slow drift for an effect. Ramp and
 * autocorrelation are free for every candidate, from the same small sets; the height of the step and the variance are solved for. */
#include "judge/onset.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define RAMPS 5
#define PHIS 6
static const double phi_of[PHIS] = {0, 0.3, 0.5, 0.7, 0.85, 0.95};
static const double ramp_of[RAMPS] = {0, 0.25, 0.5, 1, 2}; /* time constant, in washouts */
/* What a ramp costs, in log-likelihood for each washout of its time constant. Without it a slow ramp from the slot before fits a sudden
 * step almost as well as the truth does, and the lot goes to the neighbour (+20 % at phi 0.5: 92 % found; with it 97 %). */
#define RAMP_PRICE 4

struct whitened { /* the record for one phi: e[t] = y[t] - phi y[t-1], and the same for the constant 1 */
	double e[LODE_BINS_MAX];
	double first, rest; /* the constant, whitened: at 0, and from 1 on */
	double cc, cy, yy;  /* sums of products */
	double jacobian;    /* what whitening adds to the log-likelihood */
};

struct fit {
	double gain;   /* log-likelihood */
	double height; /* of the step */
	double tau;    /* of the ramp, bins */
};

unsigned lode_onset_start(const struct lode_onset *o, unsigned s)
{
	return o->first + (unsigned)(s * o->step + 1e-9);
}

static void whiten(const double *y, unsigned n, double phi, struct whitened *w)
{
	double centre = 0;

	for (unsigned i = 0; i < n; i++)
		centre += y[i] / n;
	w->first = sqrt(1 - phi * phi);
	w->rest = 1 - phi;
	w->e[0] = (y[0] - centre) * w->first;
	for (unsigned i = 1; i < n; i++)
		w->e[i] = y[i] - centre - phi * (y[i - 1] - centre);
	w->cc = w->first * w->first + (n - 1) * w->rest * w->rest;
	w->cy = w->first * w->e[0];
	w->yy = w->e[0] * w->e[0];
	for (unsigned i = 1; i < n; i++) {
		w->cy += w->rest * w->e[i];
		w->yy += w->e[i] * w->e[i];
	}
	w->jacobian = log(1 - phi * phi) / 2;
}

static double likelihood(const struct whitened *w, unsigned n, double squares)
{
	return w->jacobian - n / 2.0 * log(fmax(squares, 1e-18 * n) / n);
}

/* The response in bin k after the start, averaged over the bin. */
static double ramp(double tau, unsigned k)
{
	if (tau <= 0)
		return 1;
	return 1 - tau * (exp(-(double)k / tau) - exp(-(double)(k + 1) / tau));
}

static void whiten_ramp(double tau, double phi, unsigned n, double *z)
{
	double last = 0;

	for (unsigned k = 0; k < n; k++) {
		double x = ramp(tau, k);

		z[k] = x - phi * last;
		last = x;
	}
}

/* Least squares of the whitened record on level and ramp from bin `at` on. */
static void fit_at(const struct whitened *w, const double *z, unsigned n, unsigned at, double price, double tau, struct fit *best)
{
	double cz = 0, zz = 0, zy = 0, det, height, squares, gain;

	for (unsigned i = at; i < n; i++) {
		double v = z[i - at];

		cz += v * w->rest;
		zz += v * v;
		zy += v * w->e[i];
	}
	det = zz - cz * cz / w->cc;
	if (!(det > 0))
		return;
	height = (zy - cz * w->cy / w->cc) / det;
	squares = w->yy - w->cy * w->cy / w->cc - height * height * det;
	gain = likelihood(w, n, squares) - price;
	if (gain > best->gain)
		*best = (struct fit){gain, height, tau};
}

/* Best fits of candidates s0 .. s1-1; returns the best log-likelihood without a change. */
static double scan(const struct lode_onset *o, const double *y, unsigned s0, unsigned s1, struct fit *best)
{
	double z[LODE_BINS_MAX], none = -INFINITY;
	struct whitened w;

	for (unsigned s = s0; s < s1; s++)
		best[s - s0] = (struct fit){-INFINITY, 0, 0};
	for (unsigned p = 0; p < PHIS; p++) {
		whiten(y, o->bins, phi_of[p], &w);
		none = fmax(none, likelihood(&w, o->bins, w.yy - w.cy * w.cy / w.cc));
		for (unsigned r = 0; r < RAMPS; r++) {
			double tau = ramp_of[r] * o->washout;

			whiten_ramp(tau, phi_of[p], o->bins, z);
			for (unsigned s = s0; s < s1; s++)
				fit_at(&w, z, o->bins, lode_onset_start(o, s), RAMP_PRICE * ramp_of[r], tau, &best[s - s0]);
		}
	}
	return none;
}

void lode_onset_scan(const struct lode_onset *o, const double *y, double *gain)
{
	struct fit best[LODE_SLOTS_MAX];
	double none = scan(o, y, 0, o->slots, best);

	for (unsigned s = 0; s < o->slots; s++)
		gain[s] = copysign(fmax(0, best[s].gain - none), best[s].height);
}

unsigned lode_onset_rank(const struct lode_onset *o, const double *gain, unsigned s, double sign)
{
	unsigned rank = 1;

	for (unsigned i = 0; i < o->slots; i++)
		rank += i != s && sign * gain[i] >= sign * gain[s] - 1e-9;
	return rank;
}

static double mean(const double *y, unsigned from, unsigned n)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += y[from + i];
	return sum / n;
}

double lode_onset_change(const struct lode_onset *o, const double *y, unsigned s)
{
	unsigned at = lode_onset_start(o, s), before = o->window < at ? o->window : at, after = at + o->washout;
	unsigned n = o->window < o->bins - after ? o->window : o->bins - after;

	return mean(y, after, n) - mean(y, at - before, before);
}

/* Is s still alone at the top (sign +1: too good for chance) after an effect of height h has been taken out of the record? */
static bool outstanding(const struct lode_onset *o, const double *y, unsigned s, double tau, double h, double sign)
{
	double rest[LODE_BINS_MAX], gain[LODE_SLOTS_MAX];
	unsigned at = lode_onset_start(o, s);

	memcpy(rest, y, o->bins * sizeof(*rest));
	for (unsigned i = at; i < o->bins; i++)
		rest[i] -= h * ramp(tau, i - at);
	lode_onset_scan(o, rest, gain);
	return lode_onset_rank(o, gain, s, sign) == 1;
}

/* From the fitted height outwards in doubling steps until s stands out, then bisect. */
static double bound(const struct lode_onset *o, const double *y, unsigned s, const struct fit *f, double sign)
{
	double in = f->height, out, step = 0.005;
	int i;

	for (i = 0; i < 12; i++, step *= 2) {
		out = f->height - sign * step;
		if (outstanding(o, y, s, f->tau, out, sign))
			break;
		in = out;
	}
	if (i == 12)
		return -sign * INFINITY;
	for (i = 0; i < 8; i++) {
		double mid = (in + out) / 2;

		if (outstanding(o, y, s, f->tau, mid, sign))
			out = mid;
		else
			in = mid;
	}
	return (in + out) / 2;
}

void lode_onset_interval(const struct lode_onset *o, const double *y, unsigned s, double *lo, double *hi)
{
	struct fit f;

	scan(o, y, s, s + 1, &f);
	*lo = bound(o, y, s, &f, 1);
	*hi = bound(o, y, s, &f, -1);
}
