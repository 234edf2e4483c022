/* Block length from a correlogram.
 *
 * m is the first lag after which a run of autocorrelations stays inside the band of white noise; M = 2 m lags are used, under a flat-top window
 * lambda(t) = 1 for |t| <= 1/2, 2 (1 - |t|) up to 1. With R_k the autocovariances,
 *     G = sum lambda(k/M) |k| R_k      s2 = sum lambda(k/M) R_k       (k = -M .. M; s2: the long-run variance)
 *     b = (2 G^2 / D)^(1/3) n^(1/3)    D = 2 s2^2 (stationary bootstrap), 4/3 s2^2 (circular)
 * For AR(1) noise G / s2 = 2 phi / (1 - phi^2), so b = (2 phi / (1 - phi^2))^(2/3) n^(1/3): what the test compares with. */
#include "judge/autocorr.h"
#include "judge/design.h"

#include <math.h>

#define SERIES_MAX 256

static double clamp(double v, double lo, double hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static double covariance(const double *y, size_t n, double mean, size_t lag)
{
	double sum = 0;

	for (size_t i = lag; i < n; i++)
		sum += (y[i] - mean) * (y[i - lag] - mean);
	return sum / (double)n;
}

static double window(double t)
{
	return t <= 0.5 ? 1 : t < 1 ? 2 * (1 - t) : 0;
}

/* The lag after which nothing stands out from white noise for `run` lags; the last that stands out where there is no such run. */
static size_t memory_of(const double *y, size_t n, double mean, double r0, size_t most, size_t run)
{
	double band = 2 * sqrt(log10((double)n) / (double)n) * r0;
	size_t inside = 0, last = 0;

	for (size_t k = 1; k <= most + run && k < n; k++) {
		if (fabs(covariance(y, n, mean, k)) < band) {
			if (++inside == run)
				return k - run > 1 ? k - run : 1;
			continue;
		}
		inside = 0;
		last = k;
	}
	return last ? last : 1;
}

bool lode_block_length_of(const double *y, size_t n, struct lode_block_length *out)
{
	double mean = 0, r0, g = 0, s2, root = sqrt((double)n), cap;
	size_t run, most, lags;

	*out = (struct lode_block_length){1, 1};
	if (n < LODE_AUTOCORR_MIN)
		return false;
	for (size_t i = 0; i < n; i++)
		mean += y[i] / (double)n;
	r0 = s2 = covariance(y, n, mean, 0);
	if (!(r0 > 1e-18) || !isfinite(r0))
		return false;
	run = (size_t)fmax(5, log10((double)n));
	most = (size_t)ceil(root) + run;
	lags = 2 * memory_of(y, n, mean, r0, most, run);
	if (lags > most)
		lags = most;
	for (size_t k = 1; k <= lags && k < n; k++) {
		double r = window((double)k / (double)lags) * covariance(y, n, mean, k);

		g += 2 * (double)k * r;
		s2 += 2 * r;
	}
	cap = ceil(fmin(3 * root, (double)n / 3));
	/* Noise can make the long-run variance come out at nothing or below; then the cap is all that is known. */
	out->stationary = s2 > 1e-3 * r0 ? clamp(cbrt(g * g / (s2 * s2) * (double)n), 1, cap) : cap;
	out->circular = s2 > 1e-3 * r0 ? clamp(cbrt(1.5 * g * g / (s2 * s2) * (double)n), 1, cap) : cap;
	return true;
}

/* A load that drifts is not one with a memory: blocks that lie next to each other share the drift. */
static void remove_line(double *y, size_t n)
{
	double mean = 0, xy = 0, xx = 0, middle = ((double)n - 1) / 2;

	for (size_t i = 0; i < n; i++)
		mean += y[i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		xy += ((double)i - middle) * (y[i] - mean);
		xx += ((double)i - middle) * ((double)i - middle);
	}
	for (size_t i = 0; i < n && xx > 0; i++)
		y[i] -= mean + xy / xx * ((double)i - middle);
}

#define CYCLES 1.75 /* fillings of level 0 that a block should see: three memtables and one compaction out of level 0, at the usual four files */

/* Options that act from the next flush on: how long their blocks must be, in units of the pace's. */
static double flush_scale(const struct lode_trial_spec *s, double block, const struct lode_interval *history, size_t n)
{
	double bytes = 0, seconds = 0;

	for (size_t i = 0; i < n; i++) {
		bytes += (double)history[i].bytes_written;
		seconds += history[i].seconds;
	}
	return n >= LODE_AUTOCORR_MIN && s->blocks == LODE_BLOCKS_FLUSH && s->cycle > 0 && bytes > 0 ? CYCLES * s->cycle * seconds / bytes / block : 1;
}

void lode_trial_stretch(struct lode_trial_spec *s, const struct lode_baseline *b, const struct lode_interval *history, size_t n)
{
	struct lode_block_length len;
	struct lode_metrics m;
	double y[SERIES_MAX], seconds = 0, clean, most = fmax(1, s->pace->stretch);
	enum lode_metric judged = lode_metric_own(b->primary) ? b->primary : LODE_M_SPEED;
	size_t have = 0;

	s->block_scale = 1;
	clean = lode_trial_block(s) - lode_trial_washout(s);
	s->block_scale = clamp(flush_scale(s, lode_trial_block(s), history, n), 1, most);
	for (size_t i = n > SERIES_MAX ? n - SERIES_MAX : 0; i < n; i++) {
		lode_metrics_of(b, &history[i], &m);
		if (!isfinite(m.v[judged]))
			continue;
		y[have++] = m.v[judged];
		seconds += history[i].seconds;
	}
	remove_line(y, have);
	if (!lode_block_length_of(y, have, &len) || !(clean > 0))
		return;
	s->block_scale = clamp(len.circular * seconds / (double)have / clean, s->block_scale, most);
}
