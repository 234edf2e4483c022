/* The error rates of the judge, measured: how often noise alone is kept or blamed, how often a real effect is found, by shape of noise.
 * Without an argument a quick run; with "long" (or a number: that many trials a cell) the one that the manual quotes. Seeds are fixed. */
#include "sim/test_judge_noise.h"

#include <stdio.h>
#include <stdlib.h>

struct cell {
	const char *name;
	enum lode_design design;
	const struct lode_pace *pace;
	enum noise_shape shape;
	double phi, sd, interval, span;
	size_t past;
	double effect, tail_effect, ramp;
};

struct tally {
	unsigned n, keep, keep_fast, blamed, reverted, reverted12, invalid, covered, bounded;
	double pairs, seconds;
};

/* A revert for which evidence was claimed, as against one for lack of it. */
static bool by_evidence(const struct lode_verdict *v)
{
	return v->kind == LODE_VERDICT_REVERT && strncmp(v->why, "undecided", 9) && strncmp(v->why, "too small", 9);
}

static void run(const struct cell *c, unsigned n, uint64_t seed, struct tally *t)
{
	memset(t, 0, sizeof(*t));
	for (t->n = 0; t->n < n; t->n++) {
		struct noise noise;
		struct lode_verdict v;

		noise_init(&noise, seed * 1000003 + t->n, c->shape, c->phi, c->sd, c->interval, c->span);
		noise.effect = c->effect;
		noise.tail_effect = c->tail_effect;
		noise.ramp = c->ramp;
		v = noise_trial(&noise, c->design, c->pace, seed * 7919 + 2 * t->n + 1, c->past);
		t->keep += v.kind == LODE_VERDICT_KEEP;
		t->keep_fast += v.kind == LODE_VERDICT_KEEP && v.seconds <= 90;
		t->blamed += by_evidence(&v);
		t->reverted += v.kind == LODE_VERDICT_REVERT;
		t->reverted12 += v.kind == LODE_VERDICT_REVERT && v.pairs <= 12;
		t->invalid += v.kind == LODE_VERDICT_INVALID;
		t->pairs += v.pairs;
		t->seconds += v.seconds;
		if (isfinite(v.lo) && isfinite(v.hi)) {
			t->bounded++;
			t->covered += v.lo <= expm1(c->effect) + 1e-9 && expm1(c->effect) <= v.hi + 1e-9;
		}
	}
}

static double share(unsigned k, unsigned n)
{
	return n ? 100.0 * k / n : 0;
}

static void print(const struct cell *c, const struct tally *t)
{
	printf("%-28s %-8s phi %.2f %6u  keep %6.2f %%  blamed %6.2f %%  revert %6.2f %%  pairs %5.1f  %6.0f s  interval %5.1f %% of %5.1f "
	       "%%\n",
	       c->name, noise_shape_name[c->shape], c->phi, t->n, share(t->keep, t->n), share(t->blamed, t->n), share(t->reverted, t->n),
	       t->pairs / t->n, t->seconds / t->n, share(t->covered, t->bounded), share(t->bounded, t->n));
	fflush(stdout);
}

static int failed;

/* A rate against its bar, with what luck may add at three standard deviations: the sample is fixed, the rate is not. */
static void check(const struct cell *c, const char *what, unsigned k, unsigned n, double bar, bool at_most)
{
	double slack = 3 * sqrt(bar * (1 - bar) * n);

	if (at_most ? k <= bar * n + slack : k >= bar * n - slack)
		return;
	printf("  ^ FAILED: %s %u of %u, bar %.4f (%s, phi %.2f)\n", what, k, n, bar, c->name, c->phi);
	failed = 1;
}

static const double phis[] = {0, 0.5, 0.8, 0.95};

/* Nothing changes: what does the judge make of it? Production's geometry: blocks of six intervals of which one is washout. */
static void nothing_happens(unsigned n)
{
	struct tally t;

	for (int shape = 0; shape < NOISE_SHAPES; shape++)
		for (int p = 0; p < 4; p++) {
			struct cell c = {
			    "switch A/A", LODE_DESIGN_SWITCH, &lode_pace_production, shape, phis[p], 0.05, 10, 3600, 48, 0, 0, 0};

			run(&c, n, 11, &t);
			print(&c, &t);
			check(&c, "false keep", t.keep, n, 0.025, true);
			check(&c, "false blame", t.blamed, n, 0.025, true);
		}
	for (int shape = 0; shape < NOISE_SHAPES; shape++)
		for (int p = 0; p < 4; p++) {
			struct cell c = {"start A/A", LODE_DESIGN_START, &lode_pace_bench, shape, phis[p], 0.05, 1, 60, 8, 0, 0, 0};

			run(&c, n / 2, 12, &t);
			print(&c, &t);
			check(&c, "false keep", t.keep, t.n, 1 / 24.0, true);
			check(&c, "false blame", t.blamed, t.n, 1 / 24.0, true);
		}
}

static void harm_is_found(unsigned n)
{
	const struct lode_pace *prod = &lode_pace_production, *bench = &lode_pace_bench;
	const struct cell cells[] = {
	    {"switch -10 %", LODE_DESIGN_SWITCH, prod, NOISE_CLEAN, 0.8, 0.05, 10, 3600, 48, log(0.9), 0, 0},
	    {"switch -10 %", LODE_DESIGN_SWITCH, prod, NOISE_STEP, 0.95, 0.05, 10, 3600, 48, log(0.9), 0, 0},
	    {"switch -10 %", LODE_DESIGN_SWITCH, prod, NOISE_HEAVY, 0.5, 0.05, 10, 3600, 48, log(0.9), 0, 0},
	    {"switch -20 %, bench", LODE_DESIGN_SWITCH, bench, NOISE_CLEAN, 0.5, 0.05, 1, 90, 8, log(0.8), 0, 0},
	};
	struct tally t;

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		run(&cells[i], n, 21, &t);
		print(&cells[i], &t);
		check(&cells[i], "reverted within 12 pairs", t.reverted12, n, 0.995, false);
		check(&cells[i], "kept", t.keep, n, 0.001, true);
	}
}

static void gain_is_found(unsigned n)
{
	const struct lode_pace *prod = &lode_pace_production, *bench = &lode_pace_bench;
	const struct {
		struct cell c;
		double keep;
		bool fast;
	} cells[] = {
	    {{"switch +5 %", LODE_DESIGN_SWITCH, prod, NOISE_CLEAN, 0.8, 0.05, 10, 3600, 48, log(1.05), 0, 0}, 0.95, false},
	    {{"switch +10 %", LODE_DESIGN_SWITCH, prod, NOISE_DRIFT, 0.95, 0.05, 10, 3600, 48, log(1.1), 0, 0}, 0.99, false},
	    {{"switch +20 % in 90 s, bench", LODE_DESIGN_SWITCH, bench, NOISE_CLEAN, 0.5, 0.05, 1, 90, 8, log(1.2), 0, 0}, 0.95, true},
	    {{"switch +20 %, bench", LODE_DESIGN_SWITCH, bench, NOISE_HEAVY, 0.8, 0.05, 1, 90, 8, log(1.2), 0, 0}, 0.95, false},
	    {{"start +20 %", LODE_DESIGN_START, bench, NOISE_CLEAN, 0.5, 0.05, 1, 60, 8, log(1.2), 0, 0}, 0.90, false},
	    {{"start +20 %, ramp 1 s", LODE_DESIGN_START, bench, NOISE_CLEAN, 0.5, 0.05, 1, 60, 8, log(1.2), 0, 1}, 0.80, false},
	    {{"start +25 %", LODE_DESIGN_START, bench, NOISE_CLEAN, 0.8, 0.05, 1, 60, 8, log(1.25), 0, 0}, 0.90, false},
	    {{"start +25 %", LODE_DESIGN_START, bench, NOISE_DRIFT, 0.8, 0.05, 1, 60, 8, log(1.25), 0, 0}, 0.90, false},
	    {{"start +25 %", LODE_DESIGN_START, bench, NOISE_HEAVY, 0.8, 0.05, 1, 60, 8, log(1.25), 0, 0}, 0.90, false},
	    {{"start +25 %, ramp 1 s", LODE_DESIGN_START, bench, NOISE_CLEAN, 0.8, 0.05, 1, 60, 8, log(1.25), 0, 1}, 0.95, false},
	    {{"start +60 %, ramp 3 s", LODE_DESIGN_START, bench, NOISE_CLEAN, 0.8, 0.05, 1, 60, 8, log(1.6), 0, 3}, 0.95, false},
	    {{"start +100 %, ramp 6 s", LODE_DESIGN_START, bench, NOISE_CLEAN, 0.8, 0.05, 1, 60, 8, log(2), 0, 6}, 0.90, false},
	    {{"start -20 %", LODE_DESIGN_START, bench, NOISE_CLEAN, 0.8, 0.05, 1, 60, 8, log(0.8), 0, 0}, -1, false},
	};
	struct tally t;

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		const struct cell *c = &cells[i].c;

		run(c, c->design == LODE_DESIGN_START ? n / 2 : n, 31, &t);
		print(c, &t);
		if (cells[i].keep >= 0) {
			check(c, "kept", cells[i].fast ? t.keep_fast : t.keep, t.n, cells[i].keep, false);
			check(c, "blamed", t.blamed, t.n, 0.001, true);
		} else {
			check(c, "kept", t.keep, t.n, 0.001, true);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned n = 200;

	if (argc > 1)
		n = strcmp(argv[1], "long") ? (unsigned)strtoul(argv[1], NULL, 10) : 2000;
	if (n < 20)
		n = 20;
	printf(
	    "%u trials a cell; \"blamed\": reverted with evidence claimed; \"interval\": holds the true effect, of those that are finite\n",
	    n);
	nothing_happens(n);
	harm_is_found(n);
	gain_is_found(n);
	printf("%s\n", failed ? "FAILED" : "all within their bars");
	return failed;
}
