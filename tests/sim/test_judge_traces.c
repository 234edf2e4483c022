/* The error rates of the judge on recorded noise: real RocksDBs, one interval a second, at which nothing was changed (bench/record). Thousands of trials
 * begin at random places of each trace; the trace goes on from its beginning where it ends ("circular"), or, for trials that are longer than it, is cut
 * into stretches of 60 to 120 s that follow each other at random ("stitched"), which keeps what noise remembers within a stretch. A placebo leaves the
 * treated intervals as they were. An effect is put into them: each operation takes so many times as long, in sums and in buckets; where operations are only
 * counted, there are so many fewer.
 *   test_judge_traces [TRIALS] [long] [--seed N] [--csv FILE] [--traces DIRECTORY] */
#include "base/rng.h"
#include "sim/evidence.h"
#include "sim/trace.h"

#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 256

struct tape { /* a trace that is played for ever */
	const struct trace *trace;
	struct lode_interval *arm[2]; /* control as recorded, treated */
	bool stitched;
	struct lode_rng rng;
	size_t at, left; /* left: intervals of this stretch */
	uint64_t now_ns;
	double speed, rate; /* of treated intervals; of the interval just given */
};

static const struct lode_interval *tape_next(void *self, enum lode_arm arm)
{
	struct tape *t = self;
	struct lode_interval *iv;

	if (t->stitched && t->left-- == 0) {
		t->at = lode_rng_below(&t->rng, t->trace->n);
		t->left = 60 + lode_rng_below(&t->rng, 60);
	}
	iv = &t->arm[arm][t->at];
	t->at = (t->at + 1) % t->trace->n;
	iv->start_ns = t->now_ns;
	t->now_ns += (uint64_t)(iv->seconds * 1e9);
	iv->end_ns = t->now_ns;
	t->rate = lode_interval_ops(iv) * (arm == LODE_TREATMENT && iv->has_timers ? t->speed : 1);
	return iv;
}

static double tape_rate(void *self)
{
	return ((struct tape *)self)->rate;
}

static void rewind_to_chance(struct tape *t, bool stitched, uint64_t seed)
{
	lode_rng_seed(&t->rng, seed);
	t->stitched = stitched;
	t->at = lode_rng_below(&t->rng, t->trace->n);
	t->left = 60 + lode_rng_below(&t->rng, 60);
	t->now_ns = 1000000000;
}

/* ---- an effect ---- */

static unsigned bucket_of(const struct trace *t, double value)
{
	unsigned b = 0;

	while (b + 1 < t->limits && t->limit[b] < value)
		b++;
	return b;
}

/* What lay evenly between two limits lies evenly between `slower` times them; the bucket with most of it takes what rounding leaves. */
static void move_bucket(const struct trace *t, unsigned from, uint64_t n, double slower, uint64_t *to)
{
	double lo = slower * (from ? t->limit[from - 1] : 0), hi = slower * t->limit[from], most = -1;
	unsigned first = bucket_of(t, nextafter(lo, hi)), last = bucket_of(t, hi), main = last;
	uint64_t left = n;

	for (unsigned b = first; b <= last; b++) {
		double bottom = b == first ? lo : t->limit[b - 1], top = b == last ? hi : t->limit[b], part = (top - bottom) / (hi - lo);
		uint64_t share = (uint64_t)((double)n * fmin(1, fmax(0, part)));

		share = share < left ? share : left;
		to[b] += share;
		left -= share;
		main = part > most ? b : main;
		most = fmax(most, part);
	}
	to[main] += left;
}

static void slow_op(const struct trace *t, struct lode_op *op, double slower)
{
	uint64_t to[LODE_HIST_BUCKETS] = {0};
	struct lode_hist *h = &op->hist;

	for (uint32_t b = 0; b < h->n; b++)
		move_bucket(t, bucket_of(t, h->limit[b]), h->bucket[b], slower, to);
	op->sum_us = h->sum = (uint64_t)((double)op->sum_us * slower + 0.5);
	h->n = 0;
	for (unsigned b = 0; b < t->limits; b++)
		if (to[b]) {
			h->limit[h->n] = t->limit[b];
			h->bucket[h->n++] = to[b];
		}
}

static void fewer(uint64_t *count, double slower)
{
	*count = (uint64_t)((double)*count / slower + 0.5);
}

static void put_effect(struct tape *t, double effect)
{
	t->speed = 1 + effect;
	memcpy(t->arm[LODE_TREATMENT], t->arm[LODE_CONTROL], t->trace->n * sizeof(struct lode_interval));
	for (size_t i = 0; effect != 0 && i < t->trace->n; i++) {
		struct lode_interval *iv = &t->arm[LODE_TREATMENT][i];

		for (int k = 0; iv->has_timers && k < LODE_OP_N; k++)
			slow_op(t->trace, &iv->op[k], 1 / t->speed);
		if (iv->has_timers)
			continue;
		fewer(&iv->keys_written, 1 / t->speed);
		for (int k = 0; k < (int)LODE_TICKER_N; k++)
			fewer(&iv->ticker[k], 1 / t->speed);
	}
}

/* ---- trials ---- */

struct way {
	const char *name;
	enum lode_design design;
	const struct lode_pace *pace;
	bool stitched, naive;
	size_t past;
	unsigned one_of; /* of the trials of a cell one of so many, since they take longer */
	bool only_long;
};

static struct lode_pace third; /* production's blocks, three times as short */
static const struct way ways[] = {
    {"SWITCH, blocks of 6 s, circular", LODE_DESIGN_SWITCH, &lode_pace_bench, false, true, 8, 1, false},
    {"START, 40 slots of 1.5 s, circular", LODE_DESIGN_START, &lode_pace_bench, false, false, 8, 2, false},
    {"SWITCH, blocks of 20 s, stitched", LODE_DESIGN_SWITCH, &third, true, false, 30, 4, false},
    {"SWITCH, blocks of 60 s, stitched", LODE_DESIGN_SWITCH, &lode_pace_production, true, false, 30, 10, true},
};

static struct {
	unsigned n;
	uint64_t seed;
	bool longer, failed;
	struct cell cell[CELLS_MAX];
	size_t cells;
	bool fooled; /* a rule of others called a tenth of the placebos of some trace a change */
} run = {.n = 120, .seed = 1};

static void bar(const struct cell *c, const char *what, unsigned k, double limit)
{
	if (!bar_holds(c, what, k, c->by[0].n, limit, true))
		run.failed = true;
}

static void judge_cell(const struct cell *c, enum lode_design design)
{
	if (c->effect == 0) {
		bar(c, "false keep", c->by[0].up, 0.025);
		/* In START speed and each guard have a rank of their own, and forty slots leave nothing to share out among them. */
		bar(c, "false revert", c->by[0].down, design == LODE_DESIGN_START ? 0.05 : 0.025);
		for (size_t r = 0; c->naive && r < naive_rules; r++)
			run.fooled |= 10 * (c->by[1 + r].up + c->by[1 + r].down) > c->by[1 + r].n;
	} else {
		/* One start in forty is all that START can promise where the noise is several times the effect. */
		bar(c, "wrong direction", c->effect > 0 ? c->by[0].down : c->by[0].up, design == LODE_DESIGN_START ? 0.025 : 0.001);
	}
}

static void measure(struct tape *t, const struct way *w, double effect)
{
	struct cell *c = &run.cell[run.cells];
	unsigned n = run.n / w->one_of;

	if (run.cells == CELLS_MAX || cell_init(c, n)) {
		run.failed = true;
		return;
	}
	run.cells++;
	snprintf(c->noise, sizeof(c->noise), "%.39s", t->trace->name);
	c->phi = NAN;
	c->effect = effect;
	c->design = w->name;
	put_effect(t, effect);
	for (unsigned i = 0; i < n; i++) {
		uint64_t seed = (run.seed * 1000003 + run.cells) * 100003 + i;
		struct play p = {tape_next, tape_rate, t};
		struct naive_call call[RULES_MAX];
		struct lode_verdict v;

		rewind_to_chance(t, w->stitched, seed);
		v = play_trial(&p, w->design, w->pace, seed * 7919 + 1, w->past, w->pace->block / 6);
		cell_add_verdict(c, &v);
		if (!w->naive)
			continue;
		rewind_to_chance(t, w->stitched, seed);
		play_naive(&p, 1, call);
		cell_add_naive(c, call);
	}
	cells_markdown(stdout, c, 1, run.cells == 1);
	judge_cell(c, w->design);
}

static void play_trace(const struct trace *trace)
{
	static const double effects[] = {0, -0.1, 0.1, -0.2, 0.25};
	struct tape t = {.trace = trace, .arm = {trace->iv, malloc(trace->n * sizeof(*trace->iv))}};

	for (size_t w = 0; t.arm[1] && w < sizeof(ways) / sizeof(ways[0]); w++)
		for (size_t e = 0; e < sizeof(effects) / sizeof(effects[0]); e++)
			if (run.longer || (!ways[w].only_long && e < 3))
				measure(&t, &ways[w], effects[e]);
	run.failed |= !t.arm[1];
	free(t.arm[1]);
}

static void play_all(const char *directory)
{
	char pattern[4200];
	glob_t found = {0};

	snprintf(pattern, sizeof(pattern), "%s/*.trace", directory);
	if (glob(pattern, 0, NULL, &found)) {
		printf("no traces: %s\n", pattern);
		run.failed = true;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct trace trace;
		const char *fault;

		if (trace_read(found.gl_pathv[i], &trace, &fault)) {
			printf("FAILED: %s: %s\n", found.gl_pathv[i], fault);
			run.failed = true;
			continue;
		}
		play_trace(&trace);
		trace_free(&trace);
	}
	globfree(&found);
}

int main(int argc, char **argv)
{
	const char *csv = NULL, *directory = LODE_TEST_DATA "/traces";
	FILE *f;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			run.seed = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--csv") && i + 1 < argc)
			csv = argv[++i];
		else if (!strcmp(argv[i], "--traces") && i + 1 < argc)
			directory = argv[++i];
		else if (!strcmp(argv[i], "long"))
			run.longer = true;
		else
			run.n = (unsigned)strtoul(argv[i], NULL, 10);
	}
	run.n = run.n < 20 ? 20 : run.n;
	third = lode_pace_production;
	third.block /= 3;
	third.washout /= 3;
	third.window /= 3;
	play_all(directory);
	printf("\nThe worst trace of each, others beside us:\n\n");
	cells_summary(stdout, run.cell, run.cells);
	f = csv ? fopen(csv, "w") : NULL;
	if (f) {
		cells_csv(f, run.cell, run.cells, true);
		fclose(f);
	}
	if (!run.fooled) { /* noise that fools nobody shows nothing */
		printf("FAILED: no rule is fooled by these traces\n");
		run.failed = true;
	}
	printf("%s\n", run.failed ? "FAILED" : "all within their bars");
	for (size_t i = 0; i < run.cells; i++)
		cell_free(&run.cell[i]);
	return run.failed || (csv && !f);
}
