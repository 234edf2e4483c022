/* Limits for a benchmark, in file systems that look like those of machines. */
#include "tune/fence.h"
#include "tune/scratch.h"

#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char root[64];
static struct lode_buf notes;
static struct tune_fence f;

static const char *at(const char *name)
{
	static char paths[4][600];
	static unsigned turn;
	char *p = paths[turn++ % 4];

	snprintf(p, sizeof(paths[0]), "%s/%s", root, name);
	return p;
}

static void put(const char *name, const char *text)
{
	char dir[600];

	snprintf(dir, sizeof(dir), "%s", at(name));
	*strrchr(dir, '/') = 0;
	assert_int_equal(lode_fs_mkdirs(dir, 0700), 0);
	assert_int_equal(lode_fs_write_atomic(at(name), text, strlen(text), 0600), 0);
}

static bool holds(const char *path, const char *file, const char *text)
{
	char name[PATH_MAX + 40];
	struct lode_buf got;
	bool same;

	snprintf(name, sizeof(name), "%s/%s", path, file);
	lode_buf_init(&got, 4096);
	lode_fs_read(name, &got);
	same = strcmp(lode_buf_str(&got), text) == 0;
	lode_buf_fini(&got);
	return same;
}

static int begin(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/test_tune_fence_XXXXXX");
	lode_buf_init(&notes, 4096);
	return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	lode_buf_fini(&notes);
	return tune_scratch_remove(root);
}

/* A kernel makes the files of a cgroup with its folder; here the folder with its files is there first. */
static void control_files(const char *parent, const char *const *names)
{
	for (; *names; names++) {
		char name[400];

		snprintf(name, sizeof(name), "%s/lodestone-tune-%d/%s", parent, (int)getpid(), *names);
		put(name, "");
	}
}

static void one_hierarchy(void **state)
{
	static const char *const files[] = {"cpu.max", "memory.max", "memory.swap.max", "cgroup.procs", NULL};

	(void)state;
	put("proc/self/cgroup", "0::/a/b\n");
	put("sys/fs/cgroup/a/b/cgroup.controllers", "cpuset cpu io memory pids\n");
	put("sys/fs/cgroup/a/b/cgroup.subtree_control", "cpu memory\n");
	control_files("sys/fs/cgroup/a/b", files);
	tune_fence_make(root, 1.5, 1 << 30, &f, &notes);
	assert_true(f.cpus && f.memory && f.ndir == 1 && f.affinity == 0 && !f.wrap[0]);
	assert_true(holds(f.dir[0], "cpu.max", "150000 100000") && holds(f.dir[0], "memory.max", "1073741824") && holds(f.dir[0], "memory.swap.max", "0"));
	assert_true(strstr(f.join[0], "/sys/fs/cgroup/a/b/lodestone-tune-") && strstr(f.join[0], "/cgroup.procs") && !f.join[1]);
	assert_string_equal(lode_buf_str(&notes), "");
}

static void two_hierarchies(void **state)
{
	static const char *const cpu[] = {"cpu.cfs_quota_us", "cpu.cfs_period_us", "cgroup.procs", NULL};
	static const char *const memory[] = {"memory.limit_in_bytes", "cgroup.procs", NULL};

	(void)state;
	put("proc/self/cgroup", "4:memory:/x\n1:cpu:/\n0::/\n");
	control_files("sys/fs/cgroup/cpu", cpu);
	control_files("sys/fs/cgroup/memory/x", memory);
	tune_fence_make(root, 2, 4096, &f, &notes);
	assert_true(f.cpus && f.memory && f.ndir == 2 && f.join[1] && !f.join[2]);
	assert_true(holds(f.dir[0], "cpu.cfs_quota_us", "200000") && holds(f.dir[1], "memory.limit_in_bytes", "4096"));
}

/* Controllers that share a hierarchy, with and without a link for each. */
static void one_of_several(void **state)
{
	static const char *const cpu[] = {"cpu.cfs_quota_us", "cpu.cfs_period_us", "cgroup.procs", NULL};

	(void)state;
	put("proc/self/cgroup", "5:cpuset:/s\n4:cpuacct,cpu:/y\n1:name=systemd:/z\n");
	control_files("sys/fs/cgroup/cpu/y", cpu);
	tune_fence_make(root, 2, 0, &f, &notes);
	assert_true(f.cpus && f.ndir == 1 && strstr(f.dir[0], "/sys/fs/cgroup/cpu/y/"));
	control_files("sys/fs/cgroup/cpuacct,cpu/y", cpu);
	tune_fence_make(root, 2, 0, &f, &notes);
	assert_true(f.cpus && f.ndir == 1 && strstr(f.dir[0], "/sys/fs/cgroup/cpuacct,cpu/y/"));
	assert_string_equal(lode_buf_str(&notes), "");
}

static void nothing_to_be_had(void **state)
{
	(void)state;
	tune_fence_make(root, 2, 4096, &f, &notes);
	assert_true(!f.cpus && !f.memory && f.affinity == 2 && !f.join[0]);
	assert_non_null(strstr(lode_buf_str(&notes), "bound to 2 processors"));
	assert_non_null(strstr(lode_buf_str(&notes), "all memory"));
	tune_fence_make(root, 0, 0, &f, &notes);
	assert_true(f.affinity == 0 && !f.join[0] && !f.wrap[0]);
}

/* A cgroup with processes in it cannot hand anything on; systemd can. */
static void by_a_service_manager(void **state)
{
	char *before = strdup(getenv("PATH"));

	(void)state;
	put("proc/self/cgroup", "0::/user.slice\n");
	put("sys/fs/cgroup/user.slice/cgroup.controllers", "cpu memory\n");
	put("run/systemd/system/x", "");
	put("bin/systemd-run", "#!/bin/sh\n");
	chmod(at("bin/systemd-run"), 0755);
	setenv("PATH", at("bin"), 1);
	tune_fence_make(root, 0.5, 4096, &f, &notes);
	setenv("PATH", before, 1);
	free(before);
	assert_true(f.cpus && f.memory && f.ndir == 0 && f.affinity == 0);
	assert_string_equal(f.wrap[0], "systemd-run");
	bool quota = false, limit = false, last = false;
	for (size_t i = 0; f.wrap[i]; i++) {
		quota |= strcmp(f.wrap[i], "--property=CPUQuota=50%") == 0;
		limit |= strcmp(f.wrap[i], "--property=MemoryMax=4096") == 0;
		last = strcmp(f.wrap[i], "--") == 0;
	}
	assert_true(quota && limit && last);
}

/* It is there, and does nothing for us. */
static void by_no_service_manager(void **state)
{
	char *before = strdup(getenv("PATH"));

	(void)state;
	put("run/systemd/system/x", "");
	put("bin/systemd-run", "#!/bin/sh\necho Failed to connect to bus >&2\nexit 1\n");
	chmod(at("bin/systemd-run"), 0755);
	setenv("PATH", at("bin"), 1);
	tune_fence_make(root, 2, 4096, &f, &notes);
	setenv("PATH", before, 1);
	free(before);
	assert_true(!f.cpus && !f.memory && f.affinity == 2 && !f.wrap[0]);
	assert_non_null(strstr(lode_buf_str(&notes), "all memory"));
}

/* Of a process that is no more; not of one that lives. */
static void swept(void **state)
{
	static const char *const files[] = {"cpu.max", "cgroup.procs", NULL};

	(void)state;
	put("proc/self/cgroup", "0::/\n");
	put("sys/fs/cgroup/cgroup.controllers", "cpu\n");
	put("sys/fs/cgroup/cgroup.subtree_control", "cpu\n");
	control_files("sys/fs/cgroup", files);
	lode_fs_mkdirs(at("sys/fs/cgroup/lodestone-tune-2147483646"), 0700);
	lode_fs_mkdirs(at("sys/fs/cgroup/lodestone-tune-1"), 0700);
	tune_fence_make(root, 1, 0, &f, &notes);
	assert_true(f.cpus);
	assert_int_equal(access(at("sys/fs/cgroup/lodestone-tune-2147483646"), F_OK), -1);
	assert_int_equal(access(at("sys/fs/cgroup/lodestone-tune-1"), F_OK), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(one_hierarchy), TEST(two_hierarchies), TEST(one_of_several), TEST(nothing_to_be_had),
					   TEST(by_a_service_manager), TEST(by_no_service_manager), TEST(swept)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
