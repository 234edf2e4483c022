/* The error rates of the judge on made-up noise: how often noise alone is kept or blamed, how often a real effect is found, by shape of noise.
 *   test_judge_calibration [TRIALS|long] [--seed N] [--table] [--csv FILE]
 *   test_judge_calibration TRIALS --start SLOTS SECONDS     what another geometry of START would do; no bars
 * Without an argument a quick run with fixed seeds; with --table the grid that the manual quotes, the rules of others on the same noise beside ours
 * (bench/judge). Fails if a rate is beyond its bar. */
#include "sim/test_judge_noise.h"

#include <stdlib.h>

#define CELLS_MAX 256

struct way { /* to run a trial */
	const char *name;
	enum lode_design design;
	const struct lode_pace *pace;
	double interval, span; /* seconds; span: in which drift, step or day unfold */
	size_t past;	       /* intervals of history */
};

/* Production's geometry: blocks of six intervals of which one is washout. */
static const struct way production = {"SWITCH", LODE_DESIGN_SWITCH, &lode_pace_production, 10, 3600, 48};
static const struct way bench = {"SWITCH at bench pace", LODE_DESIGN_SWITCH, &lode_pace_bench, 1, 90, 8};
static struct lode_pace other; /* bench pace with other slots */
static struct way start = {"START at bench pace", LODE_DESIGN_START, &lode_pace_bench, 1, 60, 8};

static struct {
	unsigned n;
	uint64_t seed;
	bool table, failed;
	struct cell cell[CELLS_MAX];
	size_t cells;
} run = {.n = 150, .seed = 1};

struct noise_of { /* a cell's */
	enum noise_shape shape;
	double phi, ramp;
};

static struct cell *new_cell(const struct way *w, const struct noise_of *of, double effect, unsigned n)
{
	struct cell *c = &run.cell[run.cells];

	if (run.cells == CELLS_MAX || cell_init(c, n)) {
		fprintf(stderr, "no room for another cell\n");
		exit(2);
	}
	run.cells++;
	snprintf(c->noise, sizeof(c->noise), of->ramp > 0 ? "%s, comes in %.0f s" : "%s", noise_shape_name[of->shape], of->ramp);
	c->phi = of->phi;
	c->effect = effect;
	c->design = w->name;
	return c;
}

static void make_noise(struct noise *noise, const struct way *w, const struct noise_of *of, double effect, uint64_t seed)
{
	noise_init(noise, seed, of->shape, of->phi, 0.05, w->interval, w->span);
	noise->effect = log1p(effect);
	noise->ramp = of->ramp;
}

/* "fast": the right end within the time that a bar names: put back within 12 pairs of a loss, kept within 90 s of a gain at bench pace. */
static bool in_time(const struct lode_verdict *v, double effect)
{
	return effect < 0 ? v->kind == LODE_VERDICT_REVERT && v->pairs <= 12 : v->kind == LODE_VERDICT_KEEP && v->seconds <= 90;
}

static const struct cell *measure(const struct way *w, const struct noise_of *of, double effect, unsigned n, bool naive)
{
	struct cell *c = new_cell(w, of, effect, n);
	uint64_t stream = run.seed * 1000003 + run.cells * 7919;

	for (unsigned i = 0; i < n; i++) {
		struct naive_call call[RULES_MAX];
		struct noise noise;
		struct play p = noise_play(&noise);
		struct lode_verdict v;

		make_noise(&noise, w, of, effect, stream * 100003 + i);
		v = noise_trial(&noise, w->design, w->pace, stream * 15485863 + 2 * i + 1, w->past);
		cell_add_verdict(c, &v);
		c->by[0].fast += in_time(&v, effect);
		if (!naive)
			continue;
		make_noise(&noise, w, of, effect, stream * 100003 + i);
		play_naive(&p, w->interval, call);
		cell_add_naive(c, call);
	}
	cells_markdown(stdout, c, 1, run.cells == 1);
	return c;
}

static void bar(const struct cell *c, const char *what, unsigned k, double limit, bool at_most)
{
	if (limit >= 0 && start.pace != &other && !bar_holds(c, what, k, c->by[0].n, limit, at_most))
		run.failed = true;
}

static const double phis[] = {0, 0.5, 0.8, 0.95};

static void nothing_happens(const struct way *w, unsigned n, bool naive)
{
	for (int shape = 0; shape < NOISE_SHAPES; shape++)
		for (int p = 0; p < 4; p++) {
			const struct cell *c = measure(w, &(struct noise_of){shape, phis[p], 0}, 0, n, naive);

			bar(c, "false keep", c->by[0].up, 0.025, true);
			bar(c, "false revert", c->by[0].down, 0.025, true);
		}
}

struct expected {
	const struct way *way;
	struct noise_of of;
	double effect;
	double right, fast; /* least shares of gains kept, of losses put back; negative: no bar */
};

static const struct expected expected[] = {
    {&production, {NOISE_CLEAN, 0.8, 0}, -0.1, 0.995, 0.995},  {&production, {NOISE_STEP, 0.95, 0}, -0.1, 0.995, 0.995},
    {&production, {NOISE_HEAVY, 0.5, 0}, -0.1, 0.995, 0.995},  {&production, {NOISE_CLEAN, 0.8, 0}, -0.05, 0.98, -1},
    {&production, {NOISE_CLEAN, 0.8, 0}, 0.05, 0.95, -1},      {&production, {NOISE_DRIFT, 0.95, 0}, 0.1, 0.99, -1},
    {&bench, {NOISE_CLEAN, 0.5, 0}, -0.2, 0.995, 0.995},       {&bench, {NOISE_CLEAN, 0.5, 0}, 0.2, 0.95, 0.95},
    {&bench, {NOISE_HEAVY, 0.8, 0}, 0.2, 0.95, -1},	       {&start, {NOISE_CLEAN, 0.5, 0}, 0.2, 0.9, -1},
    {&start, {NOISE_CLEAN, 0.8, 0}, 0.25, 0.95, -1},	       {&start, {NOISE_DRIFT, 0.8, 0}, 0.25, 0.95, -1},
    {&start, {NOISE_HEAVY, 0.8, 0}, 0.25, 0.85, -1},	       {&start, {NOISE_CLEAN, 0.5, 1}, 0.2, 0.55, -1},
    {&start, {NOISE_CLEAN, 0.8, 1}, 0.25, 0.85, -1},	       {&start, {NOISE_CLEAN, 0.8, 3}, 0.6, 0.85, -1},
    {&start, {NOISE_CLEAN, 0.8, 6}, 1, 0.7, -1},	       {&start, {NOISE_CLEAN, 0.8, 3}, 2, 0.99, -1},
    {&start, {NOISE_CLEAN, 0.8, 0}, -0.2, 0.99, -1},
};

static void effects_are_found(unsigned n)
{
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct expected *e = &expected[i];
		const struct cell *c;

		if (start.pace == &other && e->way != &start)
			continue;
		c = measure(e->way, &e->of, e->effect, e->way->design == LODE_DESIGN_START ? n / 2 : n, false);
		bar(c, "right", e->effect > 0 ? c->by[0].up : c->by[0].down + c->by[0].careful + c->by[0].undecided, e->right, false);
		bar(c, "right in time", c->by[0].fast, e->fast, false);
		bar(c, "wrong direction", e->effect > 0 ? c->by[0].down : c->by[0].up, 0.001, true);
	}
}

/* Every noise with every effect, others beside us. A loss of a tenth is put back within 12 pairs, and none goes in the wrong direction. A spike in the
 * history makes like blocks look unlike and the bets timid: there it takes some trials longer. */
static void whole_grid(unsigned n)
{
	static const double effects[] = {-0.1, -0.05, -0.03, 0.05, 0.1, 0.2};

	for (size_t e = 0; e < sizeof(effects) / sizeof(effects[0]); e++)
		for (int shape = 0; shape < NOISE_SHAPES; shape++)
			for (int p = 0; p < 4; p++) {
				const struct cell *c = measure(&production, &(struct noise_of){shape, phis[p], 0}, effects[e], n, true);

				bar(c, "wrong direction", effects[e] > 0 ? c->by[0].down : c->by[0].up, 0.001, true);
				bar(c, "put back within 12 pairs", c->by[0].fast, effects[e] != -0.1 ? -1 : shape == NOISE_SPIKES ? 0.9 : 0.995, false);
			}
}

static void summarise(const char *csv)
{
	FILE *f = csv ? fopen(csv, "w") : NULL;

	printf("\nThe worst cell of each, others beside us:\n\n");
	cells_summary(stdout, run.cell, run.cells);
	if (f) {
		cells_csv(f, run.cell, run.cells, true);
		fclose(f);
	} else if (csv) {
		perror(csv);
		run.failed = true;
	}
}

static void other_start(const char *slots, const char *seconds)
{
	other = lode_pace_bench;
	other.slots = (unsigned)strtoul(slots, NULL, 10);
	other.slot = strtod(seconds, NULL);
	start.pace = &other;
}

int main(int argc, char **argv)
{
	const char *csv = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--table"))
			run.table = true;
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			run.seed = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--csv") && i + 1 < argc)
			csv = argv[++i];
		else if (!strcmp(argv[i], "--start") && i + 2 < argc)
			other_start(argv[i + 1], argv[i + 2]), i += 2;
		else
			run.n = strcmp(argv[i], "long") ? (unsigned)strtoul(argv[i], NULL, 10) : 2000;
	}
	if (run.n < 20)
		run.n = 20;
	if (start.pace != &other)
		nothing_happens(&production, run.n, run.table);
	nothing_happens(&start, run.n / 2, false);
	effects_are_found(run.n);
	if (run.table && start.pace != &other)
		whole_grid(run.n / 4);
	if (run.table || csv || start.pace == &other)
		summarise(csv);
	printf("%s\n", run.failed ? "FAILED" : "all within their bars");
	for (size_t i = 0; i < run.cells; i++)
		cell_free(&run.cell[i]);
	return run.failed;
}
