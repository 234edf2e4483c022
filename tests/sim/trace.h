/* Recorded time: the intervals of a real RocksDB, one a second, as a text file. Written by tests/host/recorder.c, played
 * back to the judge by test_judge_traces.c. A trace holds what a verdict hangs on: operations with their histograms, stalls, counters. No keys, no names. */
#ifndef TEST_TRACE_H
#define TEST_TRACE_H

#include "sense/interval.h"

#include <stdbool.h>
#include <stddef.h>

#define TRACE_MAX 600 /* intervals */

struct trace {
	char name[64];	 /* of the workload */
	char what[320];	 /* RocksDB's version and how it was run */
	struct lode_interval *iv; /* start and end count from the beginning of the trace */
	size_t n;
	double limit[LODE_HIST_BUCKETS]; /* of all buckets that occur, ascending */
	unsigned limits;
};

/* 0 or a negative errno; *fault: a static sentence. */
int trace_write(const char *path, const char *what, const struct lode_interval *iv, size_t n);
int trace_read(const char *path, struct trace *out, const char **fault);
void trace_free(struct trace *t);

#endif
