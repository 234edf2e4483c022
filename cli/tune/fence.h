/* Fewer processors and less memory for the benchmark than the machine has: by cgroups of our own below the one that we are in, by a scope of systemd, or, for
 * processors alone, by affinity. */
#ifndef LODE_TUNE_FENCE_H
#define LODE_TUNE_FENCE_H

#include "base/buf.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TUNE_FENCE_DIRS 2

struct tune_fence {
	bool cpus, memory; /* which limits are in force by a cgroup */
	unsigned affinity; /* so many processors; 0 = all */
	size_t ndir;
	char dir[TUNE_FENCE_DIRS][PATH_MAX], procs[TUNE_FENCE_DIRS][PATH_MAX];
	const char *join[TUNE_FENCE_DIRS + 1]; /* for tune_child_how */
	char quota[48], limit[64];	       /* systemd-run's properties; "" = not by systemd */
	const char *wrap[12];		       /* words before the command */
};

/* cpus and memory: 0 = no limit. root is "" but in tests. What cannot be had goes to notes, a line each. */
void tune_fence_make(const char *root, double cpus, int64_t memory, struct tune_fence *f, struct lode_buf *notes);
/* Once nothing runs in it. */
void tune_fence_remove(struct tune_fence *f);

#endif
