/* Limits for the benchmark by whatever this machine has for it. */
#include "tune/fence.h"
#include "tune/child.h"

#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PERIOD_US 100000
#define PREFIX "lodestone-tune-"
#define MANAGER_PATIENCE 10.0 /* seconds for an answer of the service manager */

static int put(const char *dir, const char *file, const char *text)
{
	char path[PATH_MAX];
	int fd, rc;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = lode_fs_write_all(fd, text, strlen(text));
	close(fd);
	return rc;
}

static int put_number(const char *dir, const char *file, long long v)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", v);
	return put(dir, file, text);
}

static bool is_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (size_t len;; list += len + 1) {
		len = strcspn(list, ",");
		if (len == n && memcmp(list, word, n) == 0)
			return true;
		if (!list[len])
			return false;
	}
}

/* The cgroup that we are in, of a controller ("" = the unified hierarchy), below its mount point. Controllers that share a hierarchy ("cpu,cpuacct") are mounted
 * under that name; each mostly has a link of its own to it. */
static bool own(const char *root, const char *controller, char *out, size_t len)
{
	char path[PATH_MAX], mount[PATH_MAX];
	struct lode_buf text;
	bool found = false;

	snprintf(path, sizeof(path), "%.3000s/proc/self/cgroup", root);
	lode_buf_init(&text, 1 << 16);
	lode_fs_read(path, &text);
	for (char *p = text.data, *line; !found && p && (line = strsep(&p, "\n"));) {
		char *list = strchr(line, ':'), *at = list ? strchr(list + 1, ':') : NULL;

		if (!at)
			continue;
		*at++ = 0;
		list++;
		if (!is_word(list, controller))
			continue;
		snprintf(mount, sizeof(mount), "%.3000s/sys/fs/cgroup%s%.200s", root, *list ? "/" : "", list);
		if (access(mount, F_OK))
			snprintf(mount, sizeof(mount), "%.3000s/sys/fs/cgroup/%s", root, controller);
		found = snprintf(out, len, "%s%s", mount, strcmp(at, "/") ? at : "") < (int)len;
	}
	lode_buf_fini(&text);
	return found;
}

static bool has_word(const char *dir, const char *file, const char *word)
{
	char path[PATH_MAX];
	struct lode_buf text;
	bool found = false;

	lode_buf_init(&text, 4096);
	if (snprintf(path, sizeof(path), "%s/%s", dir, file) < (int)sizeof(path) && lode_fs_read(path, &text) == 0)
		for (char *p = text.data, *w; !found && p && (w = strsep(&p, " \n"));)
			found = strcmp(w, word) == 0;
	lode_buf_fini(&text);
	return found;
}

/* Those of others that were killed before they could remove theirs. */
static void sweep(const char *parent)
{
	DIR *d = opendir(parent);

	for (struct dirent *e; d && (e = readdir(d));) {
		long pid = strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0 ? atol(e->d_name + strlen(PREFIX)) : 0;

		if (pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	if (d)
		closedir(d);
}

static const char *add_dir(struct tune_fence *f, const char *parent)
{
	char dir[PATH_MAX];

	sweep(parent);
	if (f->ndir == TUNE_FENCE_DIRS || snprintf(dir, sizeof(dir), "%s/" PREFIX "%d", parent, (int)getpid()) >= PATH_MAX - 20 ||
	    (mkdir(dir, 0755) && errno != EEXIST))
		return NULL;
	memcpy(f->dir[f->ndir], dir, sizeof(dir));
	snprintf(f->procs[f->ndir], PATH_MAX, "%.*s/cgroup.procs", PATH_MAX - 20, dir);
	f->join[f->ndir] = f->procs[f->ndir];
	return f->dir[f->ndir++];
}

/* One hierarchy for both. A cgroup other than the topmost can hand controllers to those below only if no process is in it. */
static bool unified(const char *root, double cpus, int64_t memory, struct tune_fence *f)
{
	char parent[PATH_MAX], quota[48];
	const char *dir;

	if (!own(root, "", parent, sizeof(parent)) || (cpus > 0 && !has_word(parent, "cgroup.controllers", "cpu")) ||
	    (memory > 0 && !has_word(parent, "cgroup.controllers", "memory")))
		return false;
	if ((cpus > 0 && !has_word(parent, "cgroup.subtree_control", "cpu") && put(parent, "cgroup.subtree_control", "+cpu")) ||
	    (memory > 0 && !has_word(parent, "cgroup.subtree_control", "memory") && put(parent, "cgroup.subtree_control", "+memory")))
		return false;
	dir = add_dir(f, parent);
	if (!dir)
		return false;
	snprintf(quota, sizeof(quota), "%.0f %d", fmax(cpus * PERIOD_US, 1000), PERIOD_US);
	if ((cpus > 0 && put(dir, "cpu.max", quota)) || (memory > 0 && put_number(dir, "memory.max", (long long)memory))) {
		tune_fence_remove(f);
		return false;
	}
	if (memory > 0)
		put(dir, "memory.swap.max", "0"); /* a kernel without it has no such file */
	f->cpus = cpus > 0;
	f->memory = memory > 0;
	return true;
}

/* A hierarchy for each. */
static void separate(const char *root, double cpus, int64_t memory, struct tune_fence *f)
{
	char parent[PATH_MAX];
	const char *dir;

	if (cpus > 0 && own(root, "cpu", parent, sizeof(parent)) && (dir = add_dir(f, parent)))
		f->cpus = !put_number(dir, "cpu.cfs_period_us", PERIOD_US) && !put_number(dir, "cpu.cfs_quota_us", (long long)fmax(cpus * PERIOD_US, 1000));
	if (memory > 0 && own(root, "memory", parent, sizeof(parent)) && (dir = add_dir(f, parent)))
		f->memory = !put_number(dir, "memory.limit_in_bytes", (long long)memory);
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");

	for (const char *p = path ? path : "/usr/bin:/bin"; *p; p += strcspn(p, ":") + (p[strcspn(p, ":")] == ':')) {
		char file[PATH_MAX];

		if (snprintf(file, sizeof(file), "%.*s/%s", (int)strcspn(p, ":"), p, program) < (int)sizeof(file) && access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* Tried once: whoever comes by cron or su has no session, and no manager that would answer. */
static bool is_granted(const struct tune_fence *f)
{
	extern char **environ;
	char *argv[sizeof(f->wrap) / sizeof(f->wrap[0]) + 1];
	struct tune_child_how how = {.argv = argv, .env = environ, .out = "/dev/null", .err = "/dev/null", .output_max = 4096};
	struct tune_child c;
	size_t n = 0;

	for (; f->wrap[n]; n++)
		argv[n] = (char *)f->wrap[n];
	argv[n++] = "true";
	argv[n] = NULL;
	if (tune_child_start(&how, &c, NULL))
		return false;
	if (tune_child_wait(&c, MANAGER_PATIENCE) != 1)
		tune_child_kill(&c);
	return !c.killed && !c.exec_errno && WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0;
}

/* A scope for each run: the command stays our descendant, and the scope goes when it is empty. */
static bool by_systemd(const char *root, double cpus, int64_t memory, struct tune_fence *f)
{
	char path[PATH_MAX];
	size_t n = 0;

	snprintf(path, sizeof(path), "%.3000s/run/systemd/system", root);
	if (access(path, F_OK) || !in_path("systemd-run"))
		return false;
	f->wrap[n++] = "systemd-run";
	if (geteuid() != 0)
		f->wrap[n++] = "--user";
	f->wrap[n++] = "--scope";
	f->wrap[n++] = "--quiet";
	f->wrap[n++] = "--collect";
	if (cpus > 0) {
		snprintf(f->quota, sizeof(f->quota), "--property=CPUQuota=%.0f%%", fmax(cpus * 100, 1));
		f->wrap[n++] = f->quota;
	}
	if (memory > 0) {
		snprintf(f->limit, sizeof(f->limit), "--property=MemoryMax=%lld", (long long)memory);
		f->wrap[n++] = f->limit;
		f->wrap[n++] = "--property=MemorySwapMax=0";
	}
	f->wrap[n++] = "--";
	if (!is_granted(f)) {
		memset(f, 0, sizeof(*f));
		return false;
	}
	f->cpus = cpus > 0;
	f->memory = memory > 0;
	return true;
}

void tune_fence_make(const char *root, double cpus, int64_t memory, struct tune_fence *f, struct lode_buf *notes)
{
	memset(f, 0, sizeof(*f));
	if (cpus <= 0 && memory <= 0)
		return;
	if (!unified(root, cpus, memory, f) && !by_systemd(root, cpus, memory, f))
		separate(root, cpus, memory, f);
	if (cpus > 0 && !f->cpus) {
		f->affinity = (unsigned)fmax(1, round(cpus));
		lode_buf_addf(notes, "no cgroup can be made here for run.cpus: the benchmark is bound to %u processor%s instead\n", f->affinity,
			      f->affinity == 1 ? "" : "s");
	}
	if (memory > 0 && !f->memory)
		lode_buf_adds(notes, "no cgroup can be made here for run.memory: the benchmark may use all memory\n");
}

void tune_fence_remove(struct tune_fence *f)
{
	for (size_t i = 0; i < f->ndir; i++)
		for (int tries = 0; rmdir(f->dir[i]) && errno == EBUSY && tries < 50; tries++)
			usleep(20000); /* the last process is gone, and the kernel has yet to see it */
	memset(f, 0, sizeof(*f));
}
