/* Is a run so clearly worse that its end need not be awaited? A sequential rule on operations a second against what the best file did at the same age. */
#ifndef LODE_TUNE_EARLY_H
#define LODE_TUNE_EARLY_H

#include "tune/tune.h"

#define TUNE_EARLY_BLOCKS 256

struct tune_early {
	/* given */
	const struct tune_result *best; /* whole runs of the best file, with rates; borrowed */
	size_t nbest;
	double sd;    /* of the log ratio of two whole runs of one file; NAN: not known, and nothing is ever stopped */
	double ratio; /* what is worse than this is not worth its time */
	/* its own */
	double block_s, warm_s, noise, whole; /* whole: operations of the best file's run */
	double at, ops, mark, mark_ops; /* the last report; the beginning of the block at hand */
	double r[TUNE_EARLY_BLOCKS];	/* log ratio of each block after the warm-up */
	unsigned n;
	double lost; /* operations, since the warm-up */
};

void tune_early_init(struct tune_early *e, const struct tune_result *best, size_t nbest, double sd, double ratio);
/* False: stop it. Both arguments grow. */
bool tune_early_go_on(struct tune_early *e, double seconds, double ops);
double tune_early_ratio(const struct tune_early *e); /* of the blocks so far, as a factor; NAN */

#endif
