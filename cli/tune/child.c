/* Our side of a command: starts the guardian, hears from it, tells it to end. */
#include "tune/child.h"
#include "tune/guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GUARDIAN_PATIENCE 30.0 /* seconds: a process that waits for a disk cannot be killed */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int tune_child_start(const struct tune_child_how *how, struct tune_child *c, struct lode_err *err)
{
	sigset_t all, before;
	int pair[2];

	memset(c, 0, sizeof(*c));
	c->ctl = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return lode_err_set(err, errno, "no socket: %s", strerror(errno));
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before); /* until the guardian has put away our handlers */
	c->guardian = fork();
	if (c->guardian == 0) {
		close(pair[0]);
		tune_guardian(how, pair[1], getppid()); /* does not return */
	}
	int failed = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[1]);
	if (c->guardian < 0) {
		close(pair[0]);
		return lode_err_set(err, failed, "no process: %s", strerror(failed));
	}
	c->ctl = pair[0];
	return 0;
}

/* The guardian goes by itself after its last word; one that does not is not waited for. */
static void finish(struct tune_child *c)
{
	if (c->ctl >= 0)
		close(c->ctl);
	c->ctl = -1;
	for (double end = now() + 5; c->guardian > 0 && now() < end;) {
		pid_t gone = waitpid(c->guardian, NULL, WNOHANG);

		if (gone == c->guardian || (gone < 0 && errno == ECHILD))
			break;
		poll(NULL, 0, 5);
	}
	c->guardian = 0;
}

/* One message. 1: its last; 0: not the last. */
static int hear(struct tune_child *c)
{
	struct tune_guardian_word word;
	ssize_t n = recv(c->ctl, &word, sizeof(word), 0);

	if (n != (ssize_t)sizeof(word)) {
		finish(c);
		return -ECHILD;
	}
	c->pid = word.pid;
	if (!word.ended)
		return 0;
	c->status = word.status;
	c->exec_errno = word.exec_errno;
	c->cpu_s = word.cpu_s;
	c->rss_bytes = word.rss_bytes;
	c->left = word.left;
	finish(c);
	return 1;
}

int tune_child_wait(struct tune_child *c, double seconds)
{
	double end = now() + seconds;

	for (;;) {
		struct pollfd p = {.fd = c->ctl, .events = POLLIN};
		double left = end - now();
		int rc = poll(&p, 1, left > 0 ? (int)(left * 1000) + 1 : 0);

		if (rc < 0)
			return -errno;
		if (rc == 0)
			return 0;
		rc = hear(c);
		if (rc)
			return rc;
	}
}

void tune_child_kill(struct tune_child *c)
{
	double end = now() + GUARDIAN_PATIENCE;
	int rc = 0;

	if (c->ctl < 0)
		return;
	c->killed = true;
	send(c->ctl, "k", 1, MSG_NOSIGNAL);
	while (now() < end && (rc = tune_child_wait(c, end - now())) != 1 && (rc == 0 || rc == -EINTR))
		;
	if (c->ctl >= 0)
		finish(c);
}

struct process {
	pid_t pid, parent;
	double ticks;
	bool below; /* the guardian */
};

/* All processes that there are. NULL: none could be read. */
static struct process *list_processes(size_t *n)
{
	struct process *all = NULL;
	DIR *proc = opendir("/proc");

	*n = 0;
	for (struct dirent *e; proc && (e = readdir(proc));) {
		char path[300], line[512], *after;
		unsigned long own[2], waited[2];
		struct process p = {.pid = (pid_t)atol(e->d_name)}, *more;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		f = p.pid > 0 ? fopen(path, "re") : NULL;
		if (f && fgets(line, sizeof(line), f) && (after = strrchr(line, ')')) &&
		    sscanf(after + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &p.parent, &own[0], &own[1], &waited[0], &waited[1]) == 5 &&
		    (more = realloc(all, (*n + 1) * sizeof(*all)))) {
			p.ticks = (double)(own[0] + own[1] + waited[0] + waited[1]);
			all = more;
			all[(*n)++] = p;
		}
		if (f)
			fclose(f);
	}
	if (proc)
		closedir(proc);
	return all;
}

double tune_child_cpu(const struct tune_child *c)
{
	double ticks = 0;
	size_t n;
	struct process *all = list_processes(&n);

	for (bool found = true; found;) { /* generation by generation */
		found = false;
		for (size_t i = 0; i < n; i++) {
			bool below = all[i].parent == c->guardian;

			for (size_t j = 0; j < n && !below && !all[i].below; j++)
				below = all[j].below && all[j].pid == all[i].parent;
			if (!below || all[i].below)
				continue;
			all[i].below = found = true;
			ticks += all[i].ticks;
		}
	}
	free(all);
	return ticks / (double)sysconf(_SC_CLK_TCK);
}
