/* What the comparison of two files errs, and what it sees: simulated runs with noise as benchmarks have it. `test_tune_compare table` prints the rates of many
 * repetitions, for docs/offline.md. */
#include "tune/compare.h"
#include "tune/early.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- noise ---- */

struct cell { /* log scores of runs */
	const char *name;
	double sd, phi, drift; /* of one run; how much of a deviation the next run keeps; a trend, per run */
	double spike, depth;   /* share of runs that something else disturbs, and by how much */
	double restless;       /* times the noise of the candidate's runs */
};

static const struct cell cells[] = {
    {"1 %, independent", 0.01, 0, 0, 0, 0, 1},		 {"3 %, independent", 0.03, 0, 0, 0, 0, 1},
    {"8 %, independent", 0.08, 0, 0, 0, 0, 1},		 {"20 %, independent", 0.20, 0, 0, 0, 0, 1},
    {"3 %, slow waves (phi 0.8)", 0.03, 0.8, 0, 0, 0, 1}, {"3 %, 1 % down each run", 0.03, 0, -0.01, 0, 0, 1},
    {"3 %, one run in ten -30 %", 0.03, 0, 0, 0.1, 0.36, 1}, {"3 %, candidate 2 x as noisy", 0.03, 0, 0, 0, 0, 2},
    {"3 %, candidate 4 x as noisy", 0.03, 0, 0, 0, 0, 4},
};
#define CELLS (sizeof cells / sizeof cells[0])

static double normal(struct lode_rng *r)
{
	return sqrt(-2 * log(1 - lode_rng_unit(r))) * cos(2 * M_PI * lode_rng_unit(r));
}

struct machine {
	const struct cell *c;
	struct lode_rng rng;
	double wave;
	unsigned runs;
};

static double run(struct machine *m, bool candidate, double effect)
{
	const struct cell *c = m->c;
	double x;

	m->wave = m->runs ? c->phi * m->wave + sqrt(1 - c->phi * c->phi) * c->sd * normal(&m->rng) : c->sd * normal(&m->rng);
	x = (candidate ? c->restless : 1) * m->wave + c->drift * m->runs++;
	if (lode_rng_unit(&m->rng) < c->spike)
		x -= c->depth;
	return x + (candidate ? effect : 0);
}

/* ---- the comparison ---- */

struct tally {
	unsigned n, better, less, small, out, pairs;
};

static void compare(const struct cell *cell, double effect, unsigned pairs, uint64_t seed, struct tally *t)
{
	struct tune_contest c = {.alpha = 0.05, .worthwhile = log1p(0.02), .pairs = pairs};
	struct machine m = {.c = cell};
	struct tune_reading reading;
	enum tune_leaning l = TUNE_OPEN;
	double x[3];

	lode_rng_seed(&m.rng, seed);
	for (size_t i = 0; i < 3; i++)
		x[i] = run(&m, false, 0);
	tune_contest_learn(x, 3, &c.ss, &c.df);
	while (l == TUNE_OPEN) {
		bool first = lode_rng_coin(&m.rng);
		double a = run(&m, first, effect), b = run(&m, !first, effect);

		tune_contest_add(&c, first ? a - b : b - a);
		l = tune_contest_look(&c, &reading);
	}
	t->n++;
	t->better += l == TUNE_BETTER;
	t->less += l == TUNE_LESS;
	t->small += l == TUNE_SMALL;
	t->out += l == TUNE_RUN_OUT;
	t->pairs += c.n;
}

static struct tally many(const struct cell *cell, double effect, unsigned pairs, unsigned reps)
{
	struct tally t = {0};

	for (unsigned i = 0; i < reps; i++)
		compare(cell, effect, pairs, 1000003ull * i + (uint64_t)(cell - cells), &t);
	return t;
}

static double share(unsigned n, const struct tally *t)
{
	return (double)n / t->n;
}

static void equal_files_are_seldom_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < CELLS; i++) {
		struct tally t = many(&cells[i], 0, 6, 2000);

		double most = cells[i].restless > 2 ? 0.1 : 0.05; /* what is that restless is beyond what was said beforehand */

		assert_true(share(t.better, &t) <= most);
		assert_true(share(t.less, &t) <= most);
	}
}

static void what_is_better_is_seen(void **state)
{
	struct tally t;

	(void)state;
	t = many(&cells[0], log(1.05), 6, 1000);
	assert_true(share(t.better, &t) > 0.9);
	t = many(&cells[1], log(1.1), 6, 1000);
	assert_true(share(t.better, &t) > 0.75);
	t = many(&cells[1], log(1.2), 6, 1000);
	assert_true(share(t.better, &t) > 0.97 && t.less == 0);
	t = many(&cells[2], log(2.7), 6, 1000);
	assert_true(share(t.better, &t) > 0.99);
	t = many(&cells[1], log(0.8), 6, 1000);
	assert_true(t.better == 0 && (double)t.pairs / t.n < 3); /* and what is bad costs little */
}

static void known_values_of_student(void **state)
{
	(void)state; /* any table of the distribution */
	assert_true(fabs(tune_student(0.025, 1) - 12.7062) < 1e-3);
	assert_true(fabs(tune_student(0.05, 4) - 2.13185) < 1e-4);
	assert_true(fabs(tune_student(0.01, 10) - 2.76377) < 1e-4);
	assert_true(fabs(tune_student(0.005, 100) - 2.62589) < 1e-4);
	assert_true(isinf(tune_student(0.05, 0)));
}

/* ---- the early end ---- */

static void make_run(struct lode_rng *r, double level, double wave, double hole, struct tune_result *out)
{
	double x = 0;

	*out = (struct tune_result){.end = TUNE_RAN, .nrate = 60, .rate = malloc(60 * sizeof(float))};
	for (size_t i = 0; i < 60; i++) {
		x = 0.7 * x + 0.7 * wave * normal(r);
		out->rate[i] = (float)(1000 * level * exp(x) * (i >= 20 && (double)i < 20 + hole ? 0.05 : 1) * (1 + 0.5 * sin((double)i / 5)));
		out->ops_per_sec += (double)out->rate[i] / 60;
	}
}

/* The second at which it was stopped; 0: not at all. */
static size_t watched(uint64_t seed, double level, double noise, double hole)
{
	struct tune_result best[3], candidate;
	struct tune_early e;
	struct lode_rng r;
	double ops = 0;
	size_t at = 0;

	lode_rng_seed(&r, seed);
	for (size_t i = 0; i < 3; i++)
		make_run(&r, exp(0.05 * normal(&r)), noise, 0, &best[i]);
	make_run(&r, level, noise, hole, &candidate);
	tune_early_init(&e, best, 3, 0.07, 0.6);
	for (size_t i = 0; i < 60 && !at; i++) {
		ops += (double)candidate.rate[i];
		if (!tune_early_go_on(&e, (double)i + 1, ops))
			at = i + 1;
	}
	for (size_t i = 0; i < 3; i++)
		tune_result_fini(&best[i]);
	tune_result_fini(&candidate);
	return at;
}

static unsigned stops(double level, double noise, double hole, unsigned reps, double *mean)
{
	unsigned n = 0;

	*mean = 0;
	for (unsigned i = 0; i < reps; i++) {
		size_t at = watched(i, level, noise, hole);

		n += at > 0;
		*mean += (double)at;
	}
	*mean = n ? *mean / n : NAN;
	return n;
}

static void only_the_clearly_worse_is_stopped(void **state)
{
	double mean;

	(void)state;
	assert_int_equal(stops(1, 0.2, 0, 300, &mean), 0);
	assert_int_equal(stops(0.7, 0.2, 0, 300, &mean), 0);
	assert_int_equal(stops(1, 0.2, 10, 300, &mean), 0); /* one long stall, made good by the rest */
	assert_true(stops(0.2, 0.2, 0, 300, &mean) >= 299);
	assert_true(mean < 40);
}

static void without_anything_to_go_by_nothing_is_stopped(void **state)
{
	struct tune_early e;

	(void)state;
	tune_early_init(&e, NULL, 0, 0.1, 0.6);
	for (int i = 1; i < 1000; i++)
		assert_true(tune_early_go_on(&e, i, 0));
	assert_true(isnan(tune_early_ratio(&e)));
}

/* ---- figures ---- */

static void table(unsigned reps)
{
	static const double effects[] = {0, 0.05, 0.10, 0.20, -0.10};
	static const double levels[] = {1, 0.8, 0.6, 0.5, 0.4, 0.2};
	double mean;

	printf("%-30s %6s | %8s %8s %8s %8s %6s\n", "noise of a run", "effect", "kept", "worse", "small", "run out", "pairs");
	for (size_t i = 0; i < CELLS; i++)
		for (size_t k = 0; k < sizeof effects / sizeof effects[0]; k++) {
			struct tally t = many(&cells[i], log1p(effects[k]), 6, reps);

			printf("%-30s %+5.0f%% | %7.2f%% %7.2f%% %7.2f%% %7.2f%% %6.1f\n", cells[i].name, 100 * effects[k], 100 * share(t.better, &t),
			       100 * share(t.less, &t), 100 * share(t.small, &t), 100 * share(t.out, &t), (double)t.pairs / t.n);
		}
	printf("\nearly end of a run of 60 s, noise of a second 20 %%\n%8s %8s %10s\n", "speed", "stopped", "after");
	for (size_t k = 0; k < sizeof levels / sizeof levels[0]; k++) {
		unsigned n = stops(levels[k], 0.2, 0, reps / 10, &mean);

		printf("%7.1fx %7.2f%% %8.0f s\n", levels[k], 1000.0 * n / reps, mean);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(equal_files_are_seldom_told_apart), cmocka_unit_test(what_is_better_is_seen),
					   cmocka_unit_test(known_values_of_student), cmocka_unit_test(only_the_clearly_worse_is_stopped),
					   cmocka_unit_test(without_anything_to_go_by_nothing_is_stopped)};

	if (argc > 1 && !strcmp(argv[1], "table")) {
		table(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 20000);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
