/* A database for the judge's tests that is nothing but noise: a log-speed with memory, drift, steps, days and outliers, as intervals. */
#ifndef TEST_JUDGE_NOISE_H
#define TEST_JUDGE_NOISE_H

#include "base/rng.h"
#include "judge/autocorr.h"
#include "judge/trial.h"
#include "sim/evidence.h"

#include <math.h>
#include <string.h>

enum noise_shape { NOISE_CLEAN, NOISE_DRIFT, NOISE_STEP, NOISE_DIURNAL, NOISE_HEAVY, NOISE_SPIKES, NOISE_DEBT, NOISE_SHAPES };
static const char *const noise_shape_name[NOISE_SHAPES] = {"clean", "drift", "step", "diurnal", "heavy", "spikes", "debt"};

struct noise {
	struct lode_rng rng;
	enum noise_shape shape;
	double phi, sd, tail_sd;    /* of log-speed and of the log of the tail's exceedance, per interval */
	double span;		    /* seconds in which drift, step or day unfold */
	double effect, tail_effect; /* of the treatment, log units */
	double ramp;		    /* time constant with which the effect comes, seconds; 0: at once */
	double x, tail, live, y;    /* states; y: log-speed of the last interval */
	double drift, step_at, step, phase;
	double interval; /* seconds */
	uint64_t now_ns;
	struct lode_interval iv;
};

static inline double noise_normal(struct lode_rng *r)
{
	double u = 1 - lode_rng_unit(r), v = lode_rng_unit(r);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* Unit variance; Student's t with 3 degrees of freedom where tails are heavy. */
static inline double noise_draw(struct noise *n)
{
	double a = noise_normal(&n->rng), sum = 0;

	if (n->shape != NOISE_HEAVY)
		return a;
	for (int i = 0; i < 3; i++) {
		double b = noise_normal(&n->rng);

		sum += b * b;
	}
	return a / sqrt(sum / 3) / sqrt(3);
}

static inline void noise_init(struct noise *n, uint64_t seed, enum noise_shape shape, double phi, double sd, double interval, double span)
{
	memset(n, 0, sizeof(*n));
	lode_rng_seed(&n->rng, seed);
	n->shape = shape;
	n->phi = phi;
	n->sd = sd;
	n->tail_sd = 0.1;
	n->span = span;
	n->interval = interval;
	n->x = sd * noise_draw(n);
	n->drift = (lode_rng_coin(&n->rng) ? 1 : -1) * 0.2;
	n->step_at = lode_rng_unit(&n->rng) * span;
	n->step = (lode_rng_coin(&n->rng) ? 1 : -1) * 0.1;
	n->phase = lode_rng_unit(&n->rng) * 6.283185307179586;
	n->now_ns = 1000000000;
}

static inline double noise_level(const struct noise *n)
{
	double t = (double)n->now_ns / 1e9;

	switch (n->shape) {
	case NOISE_DRIFT:
		return n->drift * t / n->span;
	case NOISE_DEBT:
		return -0.3 * t / n->span;
	case NOISE_STEP:
		return t > n->step_at ? n->step : 0;
	case NOISE_DIURNAL:
		return 0.1 * sin(n->phase + 6.283185307179586 * 1.5 * t / n->span);
	default:
		return 0;
	}
}

/* The next interval with `arm` live: 100 000 reads of about 10 us, 1 % of them slower than 20 us. */
static inline const struct lode_interval *noise_next(struct noise *n, enum lode_arm arm)
{
	struct lode_interval *iv = &n->iv;
	struct lode_op *op = &iv->op[LODE_H_GET];
	double y, decay = n->ramp > 0 ? exp(-n->interval / n->ramp) : 0, live = 0; /* live: of the effect, on average over the interval */

	n->x = n->phi * n->x + n->sd * sqrt(1 - n->phi * n->phi) * noise_draw(n);
	n->tail = n->phi * n->tail + n->tail_sd * sqrt(1 - n->phi * n->phi) * noise_normal(&n->rng);
	if (arm == LODE_TREATMENT)
		live = n->ramp > 0 ? 1 - (1 - n->live) * (1 - decay) * n->ramp / n->interval : 1;
	n->live = arm == LODE_TREATMENT ? 1 - (1 - n->live) * decay : 0;
	y = n->x + noise_level(n) + n->effect * live;
	if (n->shape == NOISE_HEAVY && lode_rng_below(&n->rng, 100) == 0)
		y -= 0.3; /* a hiccup */
	if (n->shape == NOISE_SPIKES && lode_rng_below(&n->rng, 100) == 0)
		y -= 1; /* seldom, and nearly three times as slow */
	n->y = y;
	iv->start_ns = n->now_ns;
	n->now_ns += (uint64_t)(n->interval * 1e9);
	iv->end_ns = n->now_ns;
	iv->seconds = n->interval;
	iv->parts = 1;
	iv->has_stats = iv->has_timers = true;
	if (n->shape == NOISE_DEBT) { /* slow is it when much lies in level 0: ever more, and blocks wait for that to go */
		iv->l0_files = (uint64_t)fmax(0, 4 - 3 * (n->x + noise_level(n)) / n->sd);
		iv->level_bytes_excess = iv->l0_files << 26;
	}
	op->count = 100000;
	op->sum_us = (uint64_t)((double)op->count * 10 * exp(-y));
	op->hist.count = op->count;
	op->hist.sum = op->sum_us;
	op->hist.n = 2;
	op->hist.limit[0] = 20;
	op->hist.limit[1] = 1000;
	op->hist.bucket[1] = (uint64_t)(0.01 * (double)op->count * exp(n->tail - n->tail_effect * live));
	op->hist.bucket[0] = op->count - op->hist.bucket[1];
	return iv;
}

#define NOISE_PAST_MAX 64 /* for tests that keep a history of their own */

static inline const struct lode_interval *noise_play_next(void *self, enum lode_arm arm)
{
	return noise_next(self, arm);
}

static inline double noise_play_rate(void *self)
{
	return 1e5 * exp(((struct noise *)self)->y);
}

static inline struct play noise_play(struct noise *n)
{
	return (struct play){noise_play_next, noise_play_rate, n};
}

/* A whole trial as the agent runs it: quiet history, baseline, scales, then intervals until the verdict. */
static inline struct lode_verdict noise_trial(struct noise *n, enum lode_design design, const struct lode_pace *pace, uint64_t seed,
					      size_t past)
{
	struct play p = noise_play(n);

	return play_trial(&p, design, pace, seed, past, n->interval);
}

#endif
