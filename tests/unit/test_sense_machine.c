/* The machine as cgroups, affinity and sysfs describe it, from fixture trees in tests/data/machine. */
#include "sense/files.h"
#include "sense/machine.h"
#include "sense/others.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define DIR LODE_TEST_DATA "/machine/"
#define MIB (1024ull * 1024)
#define GIB (1024ull * MIB)
#define KB 1024ull

static void unlimited_is_the_hardware(void **state)
{
	struct lode_machine m;

	(void)state;
	lode_machine_read(DIR "unlimited", NULL, &m);
	assert_true(m.cores == 8);
	assert_true(m.mem_limit == 16384000 * KB);
	assert_true(m.mem_available == 9000000 * KB);
	assert_false(m.mem_limited);
	assert_true(m.rss == 204800 * KB);
	assert_string_equal(m.cpu, "Example(R) Server CPU E5 @ 2.40GHz");
	assert_int_equal(m.disk, LODE_DISK_UNKNOWN);
	assert_true(m.disk_size == 0);
	assert_true(fabs(lode_machine_busy(DIR "unlimited") * (double)sysconf(_SC_CLK_TCK) - (1000 + 200 + 300 + 10 + 20 + 30)) < 1e-6);
}

/* What anybody used, less what we did. */
static void others_are_the_rest(void **state)
{
	double busy = 100;
	struct lode_sample *s = calloc(1, sizeof *s);
	struct lode_others o = {0};

	(void)state;
	s->mono_ns = 1000000000;
	s->process_cpu_ns = 5000000000;
	lode_others_feed(&o, busy, s);
	assert_true(isnan(lode_others_cores(&o)));
	for (int i = 0; i < 400; i++) {
		s->mono_ns += 1000000000;
		s->process_cpu_ns += 1500000000;
		busy += i < 200 ? 3.5 : 2.0;
		lode_others_feed(&o, busy, s);
		if (i == 0 || i == 199)
			assert_true(fabs(lode_others_cores(&o) - 2) < 1e-6);
	}
	assert_true(fabs(lode_others_cores(&o) - 0.5) < 0.1); /* it forgets */
	s->mono_ns += 1000000000;
	lode_others_feed(&o, busy, s); /* the same reading of the machine */
	lode_others_feed(&o, lode_machine_busy(DIR "absent"), s);
	assert_true(fabs(lode_others_cores(&o) - 0.5) < 0.1);
	free(s);
}

static void v2_limits_beat_the_hardware(void **state)
{
	struct lode_machine m;

	(void)state;
	lode_machine_read(DIR "v2", NULL, &m);
	assert_true(m.cores == 2.5);
	assert_true(m.mem_limit == 4 * GIB);
	assert_true(m.mem_limited);
	/* 4 GiB - (3 GiB used - 1 GiB that can be dropped) */
	assert_true(m.mem_available == 2 * GIB);
}

static void nested_groups_count_from_the_least(void **state)
{
	struct lode_machine m;

	(void)state;
	lode_machine_read(DIR "nested", NULL, &m);
	assert_true(m.cores == 1.5); /* pod1; the container's own 3 and the affinity's 4 are more */
	assert_true(m.mem_limit == 2 * GIB); /* pod1's memory.high */
	assert_true(m.mem_available == 512 * MIB); /* what is left in kubepods: 8 GiB - 7.5 GiB */
	assert_true(m.mem_limited);
}

static void v1_without_namespace(void **state)
{
	struct lode_machine m;

	(void)state;
	lode_machine_read(DIR "v1", NULL, &m);
	assert_true(m.cores == 8); /* quota -1 */
	assert_true(m.mem_limit == GIB); /* hierarchical, of the inner group */
	assert_true(m.mem_available == GIB - 600000000);
	assert_true(m.mem_limited);
}

static void v1_quota_and_no_memory_limit(void **state)
{
	struct lode_machine m;

	(void)state;
	lode_machine_read(DIR "v1flat", NULL, &m);
	assert_true(m.cores == 1.5);
	assert_true(m.mem_limit == 16384000 * KB);
	assert_false(m.mem_limited);
}

static void nothing_readable_is_no_fault(void **state)
{
	struct lode_machine m;

	(void)state;
	lode_machine_read(DIR "absent", "/nonexistent/db", &m);
	assert_true(m.cores >= 1);
	assert_true(m.mem_limit == 0);
	assert_int_equal(m.disk, LODE_DISK_UNKNOWN);
}

static void this_machine_is_plausible(void **state)
{
	struct lode_machine m;

	(void)state;
	lode_machine_read("", "/", &m);
	assert_true(m.cores > 0);
	assert_true(m.mem_limit > 16 * MIB);
	assert_true(m.mem_available <= m.mem_limit);
	assert_true(m.rss > 0);
	assert_true(m.disk_size >= m.disk_free);
}

static void memory_file_systems(void **state)
{
	struct lode_machine m;

	(void)state;
	lode_machine_read("", "/dev/shm", &m);
	if (m.disk_size == 0)
		skip(); /* no such place here */
	assert_int_equal(m.disk, LODE_DISK_MEMORY);
}

static void disks_by_device(void **state)
{
	static const struct {
		unsigned major, minor;
		enum lode_disk disk;
	} cases[] = {
		{8, 1, LODE_DISK_HDD}, /* a partition: its parent rotates */
		{8, 16, LODE_DISK_SSD},
		{8, 32, LODE_DISK_VIRTUAL}, /* "rotational", but of a hypervisor */
		{259, 0, LODE_DISK_NVME},
		{259, 2, LODE_DISK_NVME},
		{254, 0, LODE_DISK_VIRTUAL},
		{253, 0, LODE_DISK_HDD}, /* dm on a partition of the HDD */
		{9, 0, LODE_DISK_SSD}, /* md over SSD and NVMe: the slower */
		{253, 1, LODE_DISK_SSD}, /* dm over md */
		{253, 9, LODE_DISK_UNKNOWN}, /* dm on itself: must end */
		{7, 0, LODE_DISK_UNKNOWN},
		{43, 0, LODE_DISK_NETWORK},
		{99, 99, LODE_DISK_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum lode_disk got = lode_disk_of_dev(DIR "disks", cases[i].major, cases[i].minor);
		if (got != cases[i].disk)
			fail_msg("%u:%u is %s, not %s", cases[i].major, cases[i].minor, lode_disk_name(got), lode_disk_name(cases[i].disk));
	}
}

static bool count_mounts(void *ctx, const struct lode_mount *m)
{
	assert_non_null(m->fstype);
	assert_non_null(m->options);
	++*(int *)ctx;
	return false;
}

static void mounts_survive_strange_lines(void **state)
{
	char dir[] = "/tmp/lode-mounts-XXXXXX", path[128];
	int n = 0;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "mkdir -p %s/proc/self", dir);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof path, "%s/proc/self/mountinfo", dir);
	assert_non_null(f = fopen(path, "w"));
	fputs("1 2 0:1 / /a rw - ext4 /dev/a rw\n\nbroken line\n1 2 0:1 / /b rw - \n1 2 0:1 / /b rw opt:1 opt:2 - ext4 /dev/a\n", f);
	fputs("3 1 0:9 / /o rw - overlay overlay rw,lowerdir=", f);
	for (int i = 0; i < 3000; i++)
		fputs("/layer:", f);
	fputs("\n1 2 0:1 / /last rw - ext4 /dev/a rw", f); /* no newline: the kernel always writes one, so it is not a line */
	fclose(f);
	lode_mounts_each(dir, count_mounts, &n);
	assert_int_equal(n, 2);
	snprintf(path, sizeof path, "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_the_rest), cmocka_unit_test(unlimited_is_the_hardware),   cmocka_unit_test(v2_limits_beat_the_hardware),
		cmocka_unit_test(nested_groups_count_from_the_least), cmocka_unit_test(v1_without_namespace),
		cmocka_unit_test(v1_quota_and_no_memory_limit), cmocka_unit_test(nothing_readable_is_no_fault),
		cmocka_unit_test(this_machine_is_plausible),   cmocka_unit_test(memory_file_systems),
		cmocka_unit_test(disks_by_device),	       cmocka_unit_test(mounts_survive_strange_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
