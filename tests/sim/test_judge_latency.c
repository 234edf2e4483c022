/* Error rates where the objective is latency: a trial that hangs on how fast the error budget of a promise burns, with speed and the tail as guards.
 *   test_judge_latency [TRIALS]   fixed seeds; fails if a rate is beyond its bar, with what luck may add at three standard deviations */
#include "sim/test_judge_noise.h"

#include "judge/objective.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAST 48

static const struct lode_objective latency = {.kind = LODE_LATENCY, .slo[LODE_H_GET] = {.limit_us = 20, .share = 0.99, .bucket_us = 20}};
static bool failed;

static struct lode_verdict trial(double phi, double effect, double slow_effect, uint64_t seed)
{
	static struct lode_interval history[PAST], window;
	struct lode_objective_case at = {.history = history, .n = PAST};
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_verdict v = {0};
	struct lode_trial *t;
	struct noise noise;
	char note[200];

	noise_init(&noise, seed, NOISE_CLEAN, phi, 0.05, 10, 3600);
	noise.effect = effect;
	noise.tail_effect = slow_effect;
	memset(&window, 0, sizeof(window));
	for (int i = 0; i < PAST; i++) {
		history[i] = *noise_next(&noise, LODE_CONTROL);
		lode_interval_add(&window, &history[i]);
	}
	lode_baseline_of(&window, &base);
	lode_trial_spec_init(&spec, LODE_DESIGN_SWITCH, &lode_pace_production, 2 * seed + 1);
	if (lode_objective_prepare(&latency, &at, &base, &spec, note, sizeof(note)) || !(t = lode_trial_new(&spec, &base, noise.now_ns)))
		return v;
	do
		lode_trial_applied(t, noise.now_ns);
	while (lode_trial_feed(t, noise_next(&noise, lode_trial_arm(t))) != LODE_TRIAL_DONE);
	v = *lode_trial_verdict(t);
	lode_trial_free(t);
	return v;
}

static void bar(const char *what, unsigned k, unsigned n, double limit, bool at_most)
{
	double slack = 3 * sqrt(limit * (1 - limit) * n);

	if (at_most ? k <= limit * n + slack : k >= limit * n - slack)
		return;
	printf("  ^ FAILED: %s %u of %u, bar %.4f\n", what, k, n, limit);
	failed = true;
}

/* slower and more: changes of service time and of the number of slow operations, as factors. */
static void cell(unsigned n, double phi, double slower, double more, enum lode_verdict_kind right)
{
	unsigned keep = 0, revert = 0, blamed = 0, covered = 0, bounded = 0;
	double truth = 1 - more, pairs = 0;

	for (unsigned i = 0; i < n; i++) {
		struct lode_verdict v = trial(phi, -log(slower), -log(more), 7919 * i + (uint64_t)(1000 * phi + 10 * slower + 100 * more));

		keep += v.kind == LODE_VERDICT_KEEP;
		revert += v.kind == LODE_VERDICT_REVERT;
		blamed += v.kind == LODE_VERDICT_REVERT && strncmp(v.why, "undecided", 9) && strncmp(v.why, "too small", 9);
		pairs += v.pairs;
		if (isfinite(v.lo) && isfinite(v.hi)) {
			bounded++;
			covered += v.lo <= truth + 0.005 && truth <= v.hi + 0.005; /* half an operation is added to each count */
		}
	}
	printf("phi %.2f, time x%.2f, slow ones x%.2f: kept %5.1f %%, reverted %5.1f %%, blamed %5.1f %%, %4.1f pairs, interval holds it %5.1f %% of %u\n", phi, slower,
	       more, 100.0 * keep / n, 100.0 * revert / n, 100.0 * blamed / n, pairs / n, bounded ? 100.0 * covered / bounded : NAN, bounded);
	if (right == LODE_VERDICT_KEEP) {
		bar("kept", keep, n, 0.95, false);
	} else if (right == LODE_VERDICT_REVERT) {
		bar("kept", keep, n, 0.001, true);
		bar("reverted", revert, n, 0.995, false);
	} else { /* nothing changes */
		bar("false keep", keep, n, 0.025, true);
		bar("false blame", blamed, n, 0.025, true);
	}
	if (bounded)
		bar("interval", covered, bounded, 0.95, false);
}

int main(int argc, char **argv)
{
	static const double phis[] = {0, 0.5, 0.8, 0.95};
	unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 150;

	if (n < 20)
		n = 20;
	for (int i = 0; i < 4; i++)
		cell(n, phis[i], 1, 1, LODE_VERDICT_NONE);
	cell(n, 0.5, 1, 0.7, LODE_VERDICT_KEEP);
	cell(n, 0.5, 1, 1.3, LODE_VERDICT_REVERT);
	cell(n, 0.5, 1.1, 0.7, LODE_VERDICT_REVERT); /* fewer slow ones, but everything else takes longer */
	return failed;
}
