/* How fast: the two tables of seconds, and a trial's defaults. */
#include "judge/trial.h"

#include <string.h>

/* A person at a desk: a strong effect is decided in a minute and a half. Seven pairs of 2 x 6 s are the least that can decide. */
const struct lode_pace lode_pace_bench = {
    .name = "bench",
    .observe = 8,
    .block = 6,
    .washout = 1,
    .block_flush = 10,
    .washout_flush = 3,
    .block_cache = 4,
    .washout_fill = 2,
    .stretch = 1.5,
    .max_pairs = 20,
    .slots = 40, /* 1 / 40: see docs/judge.md for what other numbers and lengths give */
    .slot = 1.5,
    .window = 8,
    .washout_cache = 3,
    .volume_most = 2 * 3600,
    .cooldown = 120,
    .between = 4,
    .watch = 20,
    .recheck = 1800,
    .harm = 0.05,
};

/* A service: blocks long against its hiccups, small effects within an hour. */
const struct lode_pace lode_pace_production = {
    .name = "production",
    .observe = 300,
    .block = 60,
    .washout = 10,
    .block_flush = 240,
    .washout_flush = 60,
    .block_cache = 60,
    .washout_fill = 20,
    .stretch = 3,
    .max_pairs = 30,
    .slots = 40,
    .slot = 60,
    .window = 300,
    .washout_cache = 120,
    .volume_most = 72 * 3600,
    .cooldown = 3600,
    .between = 120,
    .watch = 3600,
    .recheck = 5 * 3600,
    .harm = 0.005,
};

/* Not for people: so quick that it decides on noise. Tests of the guard use it to apply and undo as many changes as they can. */
const struct lode_pace lode_pace_rush = {
	.name = "rush",
	.observe = 0.6,
	.block = 0.6,
	.washout = 0.1,
	.block_flush = 0.8,
	.washout_flush = 0.2,
	.block_cache = 0.7,
	.washout_fill = 0.2,
	.stretch = 1,
	.max_pairs = 3,
	.slots = 21,
	.slot = 0.1,
	.window = 0.5,
	.washout_cache = 0.1,
	.volume_most = 60,
	.cooldown = 0.5,
	.between = 0.1,
	.watch = 0.5,
	.recheck = 60,
	.harm = 1,
};

const struct lode_pace *lode_pace_find(const char *name)
{
	static const struct lode_pace *const all[] = {&lode_pace_bench, &lode_pace_production, &lode_pace_rush};

	for (size_t i = 0; name && i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

/* Margins of the guards: half as many slow operations again (with the usual heavy tails that is a p99 some 15-20 % longer), and two
 * hundredths of a writer's time in stalls. Scales are only a first guess; lode_trial_scales measures them. */
#define X(id, name, as, guess, least, margin, widest) margin,
static const double margin[LODE_METRIC_N] = {LODE_METRICS(X)};
#undef X
#define X(id, name, as, guess, least, margin, widest) guess,
static const double scale[LODE_METRIC_N] = {LODE_METRICS(X)};
#undef X

void lode_trial_spec_init(struct lode_trial_spec *s, enum lode_design d, const struct lode_pace *pace, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->design = d;
	s->pace = pace;
	s->block_scale = 1;
	s->alpha = 0.05;
	s->min_effect = 0.02;
	memcpy(s->margin, margin, sizeof(margin));
	memcpy(s->scale, scale, sizeof(scale));
	s->seed = seed;
}
