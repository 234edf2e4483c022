/* Files, the log and the generator: what base does with the outside world. */
#include "base/fs.h"
#include "base/log.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[2][256];
	static int i;

	i ^= 1;
	snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
	return path[i];
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/lode-base-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

static void files(void **state)
{
	struct lode_buf b;
	struct stat st;
	(void)state;
	lode_buf_init(&b, 10);
	assert_int_equal(lode_fs_read(in_dir("none"), &b), -ENOENT);
	assert_int_equal(lode_fs_write_atomic(in_dir("f"), "0123456789", 10, 0640), 0);
	assert_int_equal(lode_fs_read(in_dir("f"), &b), 0);
	assert_string_equal(lode_buf_str(&b), "0123456789");
	assert_int_equal(stat(in_dir("f"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(lode_fs_read(in_dir("f"), &b), -E2BIG);
	lode_buf_clear(&b);
	assert_int_equal(lode_fs_write_atomic(in_dir("f"), "x", 1, 0600), 0);
	assert_int_equal(lode_fs_read(in_dir("f"), &b), 0);
	assert_string_equal(lode_buf_str(&b), "x");
	assert_int_equal(lode_fs_write_atomic(in_dir("no/f"), "x", 1, 0600), -ENOENT);
	assert_int_equal(lode_fs_read(dir, &b), -EISDIR);
	lode_buf_fini(&b);
}

static void directories(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(lode_fs_mkdirs(in_dir("a/b//c/"), 0700), 0);
	assert_int_equal(stat(in_dir("a/b/c"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(lode_fs_mkdirs(in_dir("a/b/c"), 0700), 0);
	assert_int_equal(lode_fs_write_atomic(in_dir("file"), "", 0, 0600), 0);
	assert_int_equal(lode_fs_mkdirs(in_dir("file"), 0700), -ENOTDIR);
	assert_int_equal(lode_fs_mkdirs(in_dir("file/x"), 0700), -ENOTDIR);
	assert_int_equal(lode_fs_mkdirs("", 0700), -ENOENT);
}

/* A host that closes all descriptors and opens a file of its own in their place must not find our text in it. */
static void kept_descriptor(void **state)
{
	struct lode_fs_file f;
	(void)state;
	assert_int_equal(lode_fs_open(&f, in_dir("ours"), O_WRONLY | O_CREAT, 0600), 0);
	assert_true(f.fd > STDERR_FILENO);
	assert_true(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(lode_fs_still(&f));
	close(f.fd);
	assert_false(lode_fs_still(&f));
	int theirs = open(in_dir("theirs"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(theirs, f.fd);
	assert_false(lode_fs_still(&f));
	lode_fs_close(&f);
	assert_int_equal(f.fd, -1);
	assert_int_equal(write(theirs, "x", 1), 1);
	close(theirs);
}

static void log_lines(void **state)
{
	char name[256], line[2000] = "";
	struct lode_buf b;
	int level = 99;
	(void)state;
	snprintf(name, sizeof name, "%s/log.%d", dir, (int)getpid());
	lode_buf_init(&b, 1 << 16);
	assert_int_equal(lode_log_open(in_dir("log.%p")), 0);
	lode_log_level_set(LODE_LOG_INFO);
	lode_log(LODE_LOG_DEBUG, "not shown");
	errno = EBADF;
	lode_log(LODE_LOG_INFO, "two\nlines \x1b[31m %d", 7);
	assert_int_equal(errno, EBADF);
	memset(line, 'y', sizeof line - 1);
	lode_log(LODE_LOG_ERROR, "%s", line);
	lode_log_level_set(LODE_LOG_OFF);
	lode_log(LODE_LOG_ERROR, "not shown either");
	assert_int_equal(lode_fs_read(name, &b), 0);
	assert_non_null(strstr(lode_buf_str(&b), " info: two lines  [31m 7\n"));
	assert_null(strstr(lode_buf_str(&b), "shown"));
	assert_int_equal(b.data[b.len - 1], '\n');
	assert_true(b.len < 1200);
	assert_int_equal(lode_log_open(in_dir("no/log")), -ENOENT);
	assert_int_equal(lode_log_level_parse("Debug", &level), 0);
	assert_int_equal(level, LODE_LOG_DEBUG);
	assert_int_equal(lode_log_level_parse("off", &level), 0);
	assert_int_equal(level, LODE_LOG_OFF);
	assert_int_equal(lode_log_level_parse("loud", &level), -EINVAL);
	assert_int_equal(level, LODE_LOG_OFF);
	lode_buf_fini(&b);
	lode_log_open(NULL);
}

/* A closed pipe as standard error raises no signal; a full one does not hold us. The next line says what is missing. */
static void log_pipe(void **state)
{
	int saved = dup(STDERR_FILENO), pipe_fd[2];
	char got[1 << 17];
	(void)state;
	signal(SIGPIPE, SIG_DFL);
	lode_log_level_set(LODE_LOG_INFO);
	assert_int_equal(pipe(pipe_fd), 0);
	dup2(pipe_fd[1], STDERR_FILENO);
	for (int i = 0; i < 3000; i++)
		lode_log(LODE_LOG_INFO, "line %d with some more text to fill the pipe that nobody empties", i);
	ssize_t n = read(pipe_fd[0], got, sizeof got);
	assert_true(n > 4096);
	lode_log(LODE_LOG_INFO, "room again");
	n = read(pipe_fd[0], got, sizeof got - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_non_null(strstr(got, "room again ("));
	assert_non_null(strstr(got, "lost)"));
	close(pipe_fd[0]);
	lode_log(LODE_LOG_INFO, "nobody reads this");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_fd[1]);
	lode_log_level_set(LODE_LOG_OFF);
}

static void generator(void **state)
{
	struct lode_rng a, b;
	unsigned heads = 0, seen[7] = {0};
	double sum = 0;
	(void)state;
	/* The reference implementations' first outputs for seed 0. */
	lode_rng_seed(&a, 0);
	assert_true(a.s[0] == 0xe220a8397b1dcdafu && a.s[1] == 0x6e789e6aa1b965f4u);
	assert_true(lode_rng_u64(&a) == 0x99ec5f36cb75f2b4u);
	assert_true(lode_rng_u64(&a) == 0xbf6e1f784956452au);
	lode_rng_seed(&a, 42);
	lode_rng_seed(&b, 42);
	for (int i = 0; i < 10000; i++) {
		double u = lode_rng_unit(&a);

		assert_true(u >= 0 && u < 1);
		sum += u;
		heads += lode_rng_coin(&a);
		seen[lode_rng_below(&a, 7)]++;
	}
	/* Deterministic for this seed, so bounds are no gamble. */
	assert_in_range((unsigned)sum, 4900, 5100);
	assert_in_range(heads, 4800, 5200);
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 1300, 1560);
	assert_int_equal(lode_rng_below(&a, 1), 0);
	assert_true(lode_rng_unit(&b) == (lode_rng_seed(&a, 42), lode_rng_unit(&a)));
	assert_true(lode_rng_entropy() != lode_rng_entropy());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files),	 cmocka_unit_test(directories), cmocka_unit_test(kept_descriptor),
	    cmocka_unit_test(log_lines), cmocka_unit_test(log_pipe),	cmocka_unit_test(generator),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
