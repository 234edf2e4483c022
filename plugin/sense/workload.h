/* What kind of work this is: features that a tuning change cannot influence. To know it again: judge/regime.h. */
#ifndef LODE_SENSE_WORKLOAD_H
#define LODE_SENSE_WORKLOAD_H

#include "sense/interval.h"

struct lode_workload {
	bool known;          /* enough was seen */
	double ops;          /* per second, smoothed */
	double share[LODE_OP_N]; /* fraction of operations by kind: get, write, seek, multiget */
	double found;        /* fraction of reads that found their key; NAN unknown */
	double value_bytes;  /* mean read value size; NAN */
	double write_bytes;  /* mean bytes per key written; NAN */
	double scan_next;    /* nexts per seek; NAN */
	double batch_keys;   /* keys per write; NAN */
	double rate;         /* operations a second that arrive whatever the database does (an open loop); NAN: not known, or a closed loop */
	double data_bytes;   /* live SST bytes */
	uint64_t regime;     /* which kind of work this is, once that is settled (judge/regime.h, set by the agent); 0 = not known */
	char text[96];       /* "reads 90 % writes 10 %, 100 B values": for people and prompts */
};

/* From a window of intervals added up (10 s or more). */
void lode_workload_of(const struct lode_interval *window, const struct lode_sample *now, struct lode_workload *out);
/* How far apart two workloads are in features that a change cannot influence: 0 = the same, about 1 = another kind of work.
 * Jensen-Shannon divergence of the mix plus log-ratios of sizes (judging.md 4.3). */
double lode_workload_distance(const struct lode_workload *a, const struct lode_workload *b);
/* Its two parts. The mix of a closed loop answers to a change after all: what gets faster is done more often. Sizes, scan length and what is
 * found do not. */
void lode_workload_distances(const struct lode_workload *a, const struct lode_workload *b, double *mix, double *sizes);
/* Moves w towards `now` by weight (0..1): sizes as ratios. A mean of many, or one that forgets. */
void lode_workload_blend(struct lode_workload *w, const struct lode_workload *now, double weight);

#endif
