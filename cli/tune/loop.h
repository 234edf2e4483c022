/* The loop: baseline, then iteration by iteration propose, make, compare with the best so far, keep or discard; in the end the best file against the first, measured
 * afresh. After every step the history is on disk (history.h), and the loop goes on from there if it is called again. Decides and writes files; all else
 * it does through a tune_world, so that tests have one without a benchmark. docs/offline.md, "How it decides". */
#ifndef LODE_TUNE_LOOP_H
#define LODE_TUNE_LOOP_H

#include "tune/history.h"

struct tune_spec;
struct tune_bench;

enum tune_phase { TUNE_MEASURES_BASELINE, TUNE_ASKS, TUNE_MAKES, TUNE_COMPARES, TUNE_LIVES, TUNE_CONFIRMS, TUNE_DONE };
const char *tune_phase_name(enum tune_phase p); /* "baseline", "asking", ... */

struct tune_progress {
	enum tune_phase phase;
	unsigned iteration, iterations; /* 1..iterations; 0: before the first */
	unsigned run, runs;		/* the run at hand, of at most so many in this phase; 0: none runs */
	double active_s, left_s;	/* so far; at the most, by the time budget or by the runs that may come (NAN: not known) */
	double gain;			/* of the best so far against the baseline, relative; 0 at first */
	double seconds, rate;		/* of the run at hand: since its work began, operations a second so far; NAN */
	const char *now;		/* a sentence: what is being done, or what has just been decided; valid during the call */
	const struct tune_trial *ended; /* an iteration that has just ended; NULL else */
};
/* Called at each step, and some times a second within a run. False: stop here. What was measured is on disk. */
typedef bool tune_progress_fn(void *ctx, const struct tune_progress *p);

/* *h is initialised by it and the caller's to end (tune_history_fini(h, NULL)), also on error. What it makes stands in the spec's out folder: history.json,
 * start.ini, candidate-N.ini, best.ini, final.ini. 0: it came to an end, and h->ended says why. -EINTR: progress said stop; call it again to go on.
 * Else -errno: nothing could be measured or written. */
int tune_loop(const struct tune_spec *spec, struct tune_bench *bench, struct tune_history *h, tune_progress_fn *progress, void *ctx, struct lode_err *err);

/* Writes the file that the loop would begin with: the spec's OPTIONS file, made one for benchmarks of the RocksDB at hand (space.h, tune_space_adopt; what that
 * changes is noted), or else the defaults. 0 or -errno. */
int tune_start_file(const struct tune_spec *spec, struct tune_bench *bench, const char *path, struct lode_err *err);

#endif
