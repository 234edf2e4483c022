/* Limits of the control groups above this process, versions 1 and 2, with or without a cgroup namespace.
 *
 * /proc/self/cgroup says where we are in each hierarchy, /proc/self/mountinfo where it is mounted and which of its directories is
 * the root of that mount. From our own directory we walk up to the mount point: the least limit on the way is the one that holds. */
#include "sense/files.h"

#include "base/fmt.h"

#include <stdlib.h>
#include <string.h>

#define PATH_LEN 1024
#define UNLIMITED (UINT64_C(1) << 60) /* version 1 says "no limit" with a number near 2^63 */

struct hierarchy { /* what differs between the versions */
	const char *controller; /* of version 1; "" for version 2 */
	void (*read)(const char *root, const char *dir, struct lode_limits *out);
};

static bool read_u64_at(const char *root, const char *dir, const char *name, uint64_t *out)
{
	char path[PATH_LEN];
	int n = lode_fmt(path, sizeof path, "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof path && lode_file_u64(root, path, out);
}

static uint64_t stat_at(const char *root, const char *dir, const char *field)
{
	char path[PATH_LEN], buf[8192], value[64];
	int n = lode_fmt(path, sizeof path, "%s/memory.stat", dir);

	if (n <= 0 || (size_t)n >= sizeof path || !lode_file_read(root, path, buf, sizeof buf) ||
	    !lode_file_field(buf, field, value, sizeof value))
		return 0;
	return strtoull(value, NULL, 10);
}

static void limit_memory(struct lode_limits *out, uint64_t limit, uint64_t used, uint64_t reclaimable)
{
	used = used > reclaimable ? used - reclaimable : 0;
	uint64_t room = limit > used ? limit - used : 0;

	if (!out->mem_limit || limit < out->mem_limit)
		out->mem_limit = limit;
	if (room < out->mem_available)
		out->mem_available = room;
}

static void limit_cores(struct lode_limits *out, double quota, double period)
{
	if (quota > 0 && period > 0 && (!(out->cores > 0) || quota / period < out->cores))
		out->cores = quota / period;
}

static void read_v2(const char *root, const char *dir, struct lode_limits *out)
{
	char path[PATH_LEN], buf[64];
	uint64_t limit, used = 0;
	/* Beyond "high" the kernel throttles us until we shrink: as good a ceiling as "max". */
	static const char *const ceilings[] = {"memory.max", "memory.high"};

	for (size_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++) {
		if (!read_u64_at(root, dir, ceilings[i], &limit))
			continue;
		if (!used)
			read_u64_at(root, dir, "memory.current", &used);
		limit_memory(out, limit, used, stat_at(root, dir, "inactive_file "));
	}
	int n = lode_fmt(path, sizeof path, "%s/cpu.max", dir);
	if (n > 0 && (size_t)n < sizeof path && lode_file_read(root, path, buf, sizeof buf)) { /* "200000 100000" or "max 100000" */
		char *end;
		unsigned long quota = strtoul(buf, &end, 10);
		limit_cores(out, (double)quota, (double)strtoul(end, NULL, 10));
	}
}

static void read_v1_memory(const char *root, const char *dir, struct lode_limits *out)
{
	uint64_t limit, used = 0, above;

	read_u64_at(root, dir, "memory.usage_in_bytes", &used);
	if (read_u64_at(root, dir, "memory.limit_in_bytes", &limit) && limit < UNLIMITED)
		limit_memory(out, limit, used, stat_at(root, dir, "total_inactive_file "));
	/* Groups above the mount, which we cannot see, still count here. */
	above = stat_at(root, dir, "hierarchical_memory_limit ");
	if (above && above < UNLIMITED)
		limit_memory(out, above, used, stat_at(root, dir, "total_inactive_file "));
}

static void read_v1_cpu(const char *root, const char *dir, struct lode_limits *out)
{
	uint64_t quota, period;

	/* "-1", for none, is no number here. */
	if (read_u64_at(root, dir, "cpu.cfs_quota_us", &quota) && read_u64_at(root, dir, "cpu.cfs_period_us", &period))
		limit_cores(out, (double)quota, (double)period);
}

static const struct hierarchy hierarchies[] = {
	{"", read_v2},
	{"memory", read_v1_memory},
	{"cpu", read_v1_cpu},
};

/* True if the comma-separated list has the word. */
static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; s; s = strchr(s, ','), s = s ? s + 1 : NULL)
		if (!strncmp(s, word, n) && (s[n] == '\0' || s[n] == ','))
			return true;
	return false;
}

/* Our directory in a hierarchy, from lines like "4:memory:/a/b" or "0::/a/b". */
static bool own_path(const char *cgroup, const char *controller, char *out, size_t len)
{
	char line[PATH_LEN];

	for (const char *s = cgroup; s && *s; s = strchr(s, '\n'), s = s ? s + 1 : NULL) {
		lode_file_field(s, "", line, sizeof line);
		char *list = strchr(line, ':');
		char *path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		list++;
		if (*controller ? !has_word(list, controller) : *list != '\0')
			continue;
		lode_fmt(out, len, "%s", path);
		return true;
	}
	return false;
}

struct search {
	const struct hierarchy *h;
	const char *path;    /* ours, as /proc/self/cgroup says */
	char point[PATH_LEN];
	char dir[PATH_LEN];  /* point + the part of path below the mount's root */
};

static bool find_mount(void *ctx, const struct lode_mount *m)
{
	struct search *s = ctx;
	size_t n = strlen(m->root);
	const char *below = s->path;

	if (*s->h->controller ? strcmp(m->fstype, "cgroup") || !has_word(m->options, s->h->controller) : strcmp(m->fstype, "cgroup2"))
		return false;
	if (strcmp(m->root, "/") != 0) {
		/* A container without its own namespace sees the host's path; its mount shows only the part from m->root on. */
		bool inside = !strncmp(below, m->root, n) && (below[n] == '/' || below[n] == '\0');
		below = inside ? below + n : "";
	}
	if (!strncmp(below, "/..", 3)) /* outside of our namespace's root: nothing of it is visible */
		below = "";
	lode_fmt(s->point, sizeof s->point, "%s", m->point);
	int len = lode_fmt(s->dir, sizeof s->dir, "%s%s", m->point, below);
	if (len <= 0 || (size_t)len >= sizeof s->dir)
		lode_fmt(s->dir, sizeof s->dir, "%s", m->point);
	return true;
}

static void trim(char *dir, size_t stop)
{
	size_t end = strlen(dir);

	while (end > stop && dir[end - 1] == '/')
		end--;
	dir[end] = '\0';
}

/* Our own directory first, the mount point last. */
static void walk_up(const char *root, struct search *s, struct lode_limits *out)
{
	size_t stop = strlen(s->point);

	for (;;) {
		trim(s->dir, stop);
		s->h->read(root, s->dir, out);
		size_t end = strlen(s->dir);
		if (end <= stop)
			return;
		while (end > stop && s->dir[end - 1] != '/')
			end--;
		s->dir[end] = '\0';
	}
}

void lode_limits_read(const char *root, struct lode_limits *out)
{
	char cgroup[4096], path[PATH_LEN];

	*out = (struct lode_limits){.mem_available = UINT64_MAX};
	if (!lode_file_read(root, "/proc/self/cgroup", cgroup, sizeof cgroup))
		return;
	for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++) {
		struct search s = {.h = &hierarchies[i], .path = path};

		if (!own_path(cgroup, s.h->controller, path, sizeof path))
			continue;
		lode_mounts_each(root, find_mount, &s);
		if (*s.point)
			walk_up(root, &s, out);
	}
}
