/* What a task finds behind its paths: a line for each thing that may change under the same name. */
#include "tune/given.h"

#include "base/fs.h"

#include <fcntl.h>
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

static char dir[] = "/tmp/lode-tune-given-XXXXXX", options[64], program[64], data[64];

static void put(const char *path, const char *text, mode_t mode)
{
	assert_int_equal(lode_fs_write_atomic(path, text, strlen(text), mode), 0);
}

static void lines(void **state)
{
	const struct timespec then[2] = {{.tv_sec = 1769860800}, {.tv_sec = 1769860800, .tv_nsec = 5000}};
	char *argv[] = {"sh", program, data, "--count=/no/such", dir, NULL}, now[2048], again[2048], want[512];
	struct tune_spec *s = calloc(1, sizeof *s);

	(void)state;
	assert_non_null(s);
	s->adapter = TUNE_ADAPT_SCRIPT;
	s->argv = argv;
	put(options, "[DBOptions]\n", 0644);
	put(program, "exit 0\n", 0755);
	put(data, "1\n", 0644);
	assert_int_equal(utimensat(AT_FDCWD, program, then, 0), 0);
	snprintf(s->options, sizeof s->options, "%s", options);
	tune_given(s, "7.8.3", now, sizeof now);
	assert_int_equal(strncmp(now, "RocksDB 7.8.3\nsum ", 18), 0);
	assert_non_null(strstr(now, "/sh\n")); /* found as a shell does */
	snprintf(want, sizeof want, "\n7 bytes of 2026-01-31T12:00:00.000005Z: %s\n", program);
	assert_non_null(strstr(now, want));
	assert_null(strstr(now, data)); /* what a benchmark may write itself */
	put(data, "2\n", 0644);
	tune_given(s, "7.8.3", again, sizeof again);
	assert_string_equal(again, now);
	put(options, "[DBOptions] \n", 0644);
	tune_given(s, "7.8.3", again, sizeof again);
	assert_string_not_equal(again, now);
	tune_given(s, "", again, 12); /* no room */
	assert_true(strlen(again) < 12);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines)};
	int r;

	if (!mkdtemp(dir))
		return 1;
	snprintf(options, sizeof options, "%s/options.ini", dir);
	snprintf(program, sizeof program, "%s/program", dir);
	snprintf(data, sizeof data, "%s/data", dir);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(options);
	unlink(program);
	unlink(data);
	rmdir(dir);
	return r;
}
