/* The guardian: parent of a command and of whatever the command leaves behind. It ends when none of them is left. */
#include "tune/guardian.h"
#include "tune/scratch.h"

#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE 1.5 /* seconds between SIGTERM and SIGKILL */

/* One stream of output: its beginning goes to the file at once, its end is kept and follows when the stream ends. */
struct stream {
	int fd, file;
	size_t room;	     /* that the file may still take at once */
	char *tail;	     /* a ring */
	size_t size, at;
	unsigned long long late; /* bytes that went into the ring */
};

struct guard {
	const struct tune_child_how *how;
	int ctl, signals, exec_fd;
	struct stream out, err;
	struct tune_guardian_word word;
	bool reaped, ending, orphaned; /* orphaned: we are gone */
	double deadline;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void stream_add(struct stream *s, const char *data, size_t len)
{
	size_t first = len < s->room ? len : s->room;

	if (first && lode_fs_write_all(s->file, data, first))
		s->room = first = 0; /* no room on the disk; the end may still find some */
	s->room -= first;
	for (size_t i = first; s->tail && i < len; i++) {
		s->tail[s->at] = data[i];
		s->at = (s->at + 1) % s->size;
		s->late++;
	}
}

static void stream_end(struct stream *s)
{
	char note[80];

	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	if (s->file < 0)
		return;
	if (s->late > s->size)
		lode_fs_write_all(s->file, note, (size_t)snprintf(note, sizeof(note), "\n[... %llu bytes left out ...]\n", s->late - s->size));
	if (s->late >= s->size)
		lode_fs_write_all(s->file, s->tail + s->at, s->size - s->at);
	lode_fs_write_all(s->file, s->tail, s->at);
	close(s->file);
	s->file = -1;
}

/* Reads what is there. A stream without writers ends. */
static void stream_read(struct stream *s)
{
	char data[16384];

	for (int i = 0; i < 64 && s->fd >= 0; i++) {
		ssize_t n = read(s->fd, data, sizeof(data));

		if (n > 0)
			stream_add(s, data, (size_t)n);
		else if (n == 0 || errno != EINTR) {
			if (n == 0 || errno != EAGAIN)
				stream_end(s);
			return;
		}
	}
}

static int stream_open(struct stream *s, const char *path, size_t max)
{
	int ends[2];

	s->fd = -1;
	s->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	s->size = max / 2;
	s->room = max - s->size;
	s->tail = malloc(s->size);
	if (s->file < 0 || !s->tail || pipe2(ends, O_CLOEXEC))
		return -1;
	s->fd = ends[0];
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	return ends[1];
}

/* Keeps the first n of the processors that we may use. */
static void narrow(unsigned n)
{
	cpu_set_t set;
	unsigned have = 0;

	if (!n || sched_getaffinity(0, sizeof(set), &set))
		return;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set) && have++ >= n)
			CPU_CLR(i, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int join(const char *const *files)
{
	int rc = 0;

	for (; !rc && files && *files; files++) {
		int fd = open(*files, O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		rc = lode_fs_write_all(fd, "0", 1);
		close(fd);
	}
	return rc;
}

/* The command itself, from here on. */
static _Noreturn void become(const struct tune_child_how *how, int out, int err, int failed, pid_t guardian)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), code;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != guardian)
		_exit(127);
	setpgid(0, 0);
	if ((code = join(how->join))) { /* without its limits it would measure something else */
		lode_fs_write_all(failed, &code, sizeof(code));
		_exit(127);
	}
	narrow(how->cpus);
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvpe(how->argv[0], how->argv, how->env);
	code = errno;
	lode_fs_write_all(failed, &code, sizeof(code));
	_exit(127);
}

static void say(struct guard *g)
{
	send(g->ctl, &g->word, sizeof(g->word), MSG_NOSIGNAL);
}

static void start(struct guard *g)
{
	int failed[2] = {-1, -1}, out = stream_open(&g->out, g->how->out, g->how->output_max),
	    err = stream_open(&g->err, g->how->err, g->how->output_max);
	pid_t self = getpid(), pid = -1;

	if (out >= 0 && err >= 0 && pipe2(failed, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0)
		become(g->how, out, err, failed[1], self);
	if (pid < 0) {
		g->word.exec_errno = errno ? errno : EIO;
		g->reaped = true;
		return;
	}
	close(out);
	close(err);
	close(failed[1]);
	setpgid(pid, pid);
	g->word.pid = pid;
	/* Ends when the command has begun, or with the reason why not. */
	if (read(failed[0], &g->word.exec_errno, sizeof(int)) != (ssize_t)sizeof(int))
		g->word.exec_errno = 0;
	close(failed[0]);
	say(g);
}

/* True once no child is left. */
static bool reap(struct guard *g)
{
	struct rusage use;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &use)) > 0) {
		if (pid != g->word.pid) {
			g->word.left += g->reaped;
			continue;
		}
		g->reaped = true;
		g->word.status = status;
		g->word.cpu_s = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + 1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
		g->word.rss_bytes = (double)use.ru_maxrss * 1024;
	}
	return pid < 0 && errno == ECHILD;
}

static bool is_mine(const char *pid, pid_t me)
{
	char path[300], line[512], *after;
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f) && (after = strrchr(line, ')')))
		sscanf(after + 1, " %*c %d", &parent);
	if (f)
		fclose(f);
	return parent == me;
}

/* The command with its group, and what others have left to us. What those have started follows to us when they are gone. */
static void signal_all(struct guard *g, int sig)
{
	DIR *proc = opendir("/proc");
	pid_t me = getpid();

	if (!g->reaped && g->word.pid > 0)
		kill(-g->word.pid, sig);
	for (struct dirent *e; proc && (e = readdir(proc));)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_mine(e->d_name, me))
			kill((pid_t)atol(e->d_name), sig);
	if (proc)
		closedir(proc);
}

static void begin_end(struct guard *g)
{
	if (!g->ending) {
		g->ending = true;
		g->deadline = now() + GRACE;
		signal_all(g, SIGTERM);
		signal_all(g, SIGCONT); /* one that stands still would not hear it */
	}
}

static void hear(struct guard *g)
{
	char word;

	if (recv(g->ctl, &word, 1, MSG_DONTWAIT) == 0)
		g->orphaned = true;
	begin_end(g);
}

static void take_signal(struct guard *g)
{
	struct signalfd_siginfo info;

	while (read(g->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGTERM) {
			g->orphaned = true;
			begin_end(g);
		}
}

/* Until nothing is left of the command. */
static void watch(struct guard *g)
{
	for (;;) {
		struct pollfd p[4] = {{.fd = g->orphaned ? -1 : g->ctl, .events = POLLIN}, {.fd = g->signals, .events = POLLIN},
				      {.fd = g->out.fd, .events = POLLIN}, {.fd = g->err.fd, .events = POLLIN}};

		poll(p, 4, g->ending ? 50 : 1000);
		if (p[2].revents)
			stream_read(&g->out);
		if (p[3].revents)
			stream_read(&g->err);
		if (p[1].revents)
			take_signal(g);
		if (p[0].revents)
			hear(g);
		if (reap(g))
			return;
		if (g->reaped)
			begin_end(g);
		if (g->ending && now() > g->deadline)
			signal_all(g, SIGKILL);
	}
}

_Noreturn void tune_guardian(const struct tune_child_how *how, int ctl, pid_t parent)
{
	struct guard g = {.how = how, .ctl = ctl, .out = {.fd = -1, .file = -1}, .err = {.fd = -1, .file = -1}};
	sigset_t heard;

	setpgid(0, 0);
	prctl(PR_SET_NAME, "lodestone-guard");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGCHLD, SIG_DFL); /* ignored, children would vanish without a report */
	sigemptyset(&heard);
	sigaddset(&heard, SIGCHLD);
	sigaddset(&heard, SIGTERM);
	g.signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
	g.orphaned = getppid() != parent;
	if (!g.orphaned)
		start(&g);
	watch(&g);
	for (struct stream *s = &g.out; s; s = s == &g.out ? &g.err : NULL) {
		stream_read(s);
		stream_end(s);
		free(s->tail);
	}
	g.word.ended = true;
	say(&g);
	if (g.orphaned && how->remove)
		tune_scratch_remove(how->remove);
	_exit(0);
}
