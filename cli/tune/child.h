/* A command and everything that it starts, with somebody who lets none of it outlive us.
 *
 * Between us and the command stands a guardian, a process that does nothing else: it is the command's parent, becomes the parent of whatever the command
 * leaves behind, takes its output, and reports its end. If we die, however suddenly, the guardian ends them all and removes our folder. */
#ifndef LODE_TUNE_CHILD_H
#define LODE_TUNE_CHILD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tune_child_how {
	char *const *argv, *const *env;
	const char *out, *err;	/* files for its output; the middle of what is longer than output_max is left out */
	size_t output_max;
	const char *remove;	/* the folder to remove if we die; NULL = none */
	const char *const *join; /* files of cgroups ("cgroup.procs") that it is written into; NULL at the end */
	unsigned cpus;		/* affinity: so many of our processors; 0 = all */
};

struct tune_child {
	pid_t guardian, pid;
	int ctl;
	/* once it has ended */
	int status;	 /* as wait4 gives it */
	int exec_errno;	 /* it could not be started; negative: it could not be put into its cgroups */
	double cpu_s, rss_bytes;
	unsigned left;	 /* processes that it had left behind, and that were ended */
	bool killed;	 /* by us */
};

int tune_child_start(const struct tune_child_how *how, struct tune_child *c, struct lode_err *err);
/* Waits for at most that long. 1: it has ended, and nothing of it is left; 0: not yet; -errno: the guardian is gone. -EINTR: a signal. */
int tune_child_wait(struct tune_child *c, double seconds);
/* Ends it and everything that it started: SIGTERM first, SIGKILL after a moment. */
void tune_child_kill(struct tune_child *c);
/* Processor time so far of what runs of it, whatever group or session it has gone to; seconds. */
double tune_child_cpu(const struct tune_child *c);

#endif
