/* Folders for databases: copied without copying what never changes, counted, removed, found again; and commands that leave nothing behind. */
#include "tune/child.h"
#include "tune/scratch.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char root[64];
static char path[512];

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
	assert_int_equal(lode_fs_write_atomic(at(name), text, strlen(text), 0600), 0);
}

static ino_t inode(const char *name)
{
	struct stat st;

	return stat(at(name), &st) ? 0 : st.st_ino;
}

static int make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/test_tune_scratch_XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	return tune_scratch_remove(root);
}

static void clones(void **state)
{
	const struct tune_scratch_bounds any = {.most = INFINITY};
	struct lode_err err = {0};

	(void)state;
	mkdir(at("db"), 0700);
	mkdir(at("db/sub"), 0700);
	put("db/000004.sst", "table");
	put("db/000005.blob", "blob");
	put("db/000006.log", "log");
	put("db/CURRENT", "MANIFEST-000003\n");
	put("db/MANIFEST-000003", "manifest");
	put("db/LOG", "words");
	put("db/LOG.old.1", "words");
	put("db/LOCK", "");
	put("db/sub/000007.sst", "table");
	assert_int_equal(tune_scratch_clone(at("db"), at("copy"), &any, &err), 0);
	assert_true(inode("copy/000004.sst") == inode("db/000004.sst"));
	assert_true(inode("copy/000005.blob") == inode("db/000005.blob"));
	assert_true(inode("copy/sub/000007.sst") == inode("db/sub/000007.sst"));
	assert_true(inode("copy/000006.log") && inode("copy/000006.log") != inode("db/000006.log"));
	assert_true(inode("copy/MANIFEST-000003") && inode("copy/MANIFEST-000003") != inode("db/MANIFEST-000003"));
	assert_true(inode("copy/CURRENT") && !inode("copy/LOG") && !inode("copy/LOG.old.1") && !inode("copy/LOCK"));

	struct lode_buf text;
	lode_buf_init(&text, 100);
	assert_int_equal(lode_fs_read(at("copy/MANIFEST-000003"), &text), 0);
	assert_string_equal(lode_buf_str(&text), "manifest");
	lode_buf_fini(&text);

	/* What has two names is counted once; lengths of a database without its LOG. */
	put("one", "x");
	double used = tune_scratch_used(root);
	link(at("one"), at("two"));
	assert_true(tune_scratch_used(root) == used);
	assert_true(tune_scratch_database_bytes(at("db")) == 5 + 4 + 3 + 16 + 8 + 5);

	assert_int_not_equal(tune_scratch_clone(at("db"), at("copy"), &any, &err), 0); /* there is one already */
	assert_int_not_equal(tune_scratch_clone(at("none"), at("other"), &any, &err), 0);
	assert_true(*err.msg);
}

/* A file for which there is no room is not begun; whoever says stop is heard. */
static void clones_within_bounds(void **state)
{
	static const struct {
		struct tune_scratch_bounds bounds;
		const char *why;
	} rows[] = {{{.most = 15}, "takes 10 B, and the scratch folder may only grow by 5 B (--scratch-limit)"}, {{.most = -1}, "grow by 0 B"},
		    {{.most = INFINITY, .reserve = 1e30}, "(--reserve)"}};
	static const volatile sig_atomic_t stop = SIGINT;
	char dir[] = "/dev/shm/test_tune_scratch_XXXXXX"; /* where no file is a copy of another without taking room */
	char from[64], to[64], file[80];
	struct lode_err err = {0};

	(void)state;
	if (!mkdtemp(dir))
		skip();
	snprintf(from, sizeof(from), "%s/db", dir);
	snprintf(to, sizeof(to), "%s/copy", dir);
	mkdir(from, 0700);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(file, sizeof(file), "%s/00000%u.log", from, i);
		assert_int_equal(lode_fs_write_atomic(file, "0123456789", 10, 0600), 0);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(tune_scratch_clone(from, to, &rows[i].bounds, &err), -ENOSPC);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("row %zu: %s", i, err.msg);
		assert_true(tune_scratch_database_bytes(to) <= fmax(0, rows[i].bounds.most) && tune_scratch_database_bytes(to) <= 10);
		tune_scratch_remove(to);
	}
	assert_int_equal(tune_scratch_clone(from, to, &(struct tune_scratch_bounds){.most = 30, .stop = &stop}, &err), -EINTR);
	assert_true(tune_scratch_database_bytes(to) == 0);
	tune_scratch_remove(to);
	assert_int_equal(tune_scratch_clone(from, to, &(struct tune_scratch_bounds){.most = 30}, &err), 0);
	tune_scratch_remove(dir);
}

static void lives_and_dies(void **state)
{
	struct lode_err err = {0};
	int lock = -1;

	(void)state;
	assert_int_equal(tune_scratch_make(root, path, sizeof(path), &lock, &err), 0);
	char file[600];
	snprintf(file, sizeof(file), "%s/db", path);
	mkdir(file, 0700);
	snprintf(file, sizeof(file), "%s/db/000001.sst", path);
	assert_int_equal(lode_fs_write_atomic(file, "x", 1, 0600), 0);
	assert_true(fcntl(lock, F_GETFD) & FD_CLOEXEC);

	/* Folders that are none of ours, whatever they are called. */
	mkdir(at("lodestone-tune-empty"), 0700);
	mkdir(at("lodestone-tune-other"), 0700);
	put("lodestone-tune-other/lock", "Something else, and as long as what stands in a lock of ours, so that it is what it says, and not its length, that counts, to the end.\n");
	symlink("/etc", at("lodestone-tune-link"));
	mkdir(at("lodestone-tune-trick"), 0700);
	symlink(file, at("lodestone-tune-trick/lock"));

	assert_int_equal(tune_scratch_sweep(root), 0); /* somebody lives in it */
	assert_int_equal(access(file, F_OK), 0);
	close(lock);
	assert_int_equal(tune_scratch_sweep(root), 1);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(inode("lodestone-tune-empty") && inode("lodestone-tune-other/lock") && inode("lodestone-tune-link"));
	assert_int_not_equal(tune_scratch_make("/nonexistent", path, sizeof(path), &lock, &err), 0);
	assert_non_null(strstr(err.msg, "--scratch"));
}

/* A link inside of it leads nowhere. */
static void removes_no_more(void **state)
{
	(void)state;
	mkdir(at("keep"), 0700);
	put("keep/file", "x");
	mkdir(at("gone"), 0700);
	symlink(at("keep"), at("gone/link"));
	put("gone/lock", "");
	assert_int_equal(tune_scratch_remove(at("gone")), 0);
	assert_true(inode("keep/file") && !inode("gone"));
}

static void open_database(void **state)
{
	struct lode_err err = {0};
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int ready[2];
	char byte;

	(void)state;
	mkdir(at("db"), 0700);
	assert_int_equal(tune_scratch_idle(at("db"), &err), 0);
	put("db/LOCK", "");
	assert_int_equal(tune_scratch_idle(at("db"), &err), 0);
	assert_int_equal(pipe(ready), 0);
	pid_t other = fork();
	if (other == 0) {
		int fd = open(at("db/LOCK"), O_RDWR);

		fcntl(fd, F_SETLK, &range);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(tune_scratch_idle(at("db"), &err), -EBUSY);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

/* ---- commands ---- */

static void start(struct tune_child *c, const char *script)
{
	static char out[600], errors[600];
	static char *argv[4] = {"/bin/sh", "-c"};
	static char *env[] = {"PATH=/usr/bin:/bin", NULL};
	struct tune_child_how how = {.argv = argv, .env = env, .out = out, .err = errors, .output_max = 4096};
	struct lode_err err = {0};

	argv[2] = (char *)script;
	snprintf(out, sizeof(out), "%s/out", root);
	snprintf(errors, sizeof(errors), "%s/err", root);
	assert_int_equal(tune_child_start(&how, c, &err), 0);
}

static const char *output(const char *name)
{
	static struct lode_buf text;

	lode_buf_fini(&text);
	lode_buf_init(&text, 1 << 20);
	lode_fs_read(at(name), &text);
	return lode_buf_str(&text);
}

static void ends(void **state)
{
	struct tune_child c;

	(void)state;
	start(&c, "echo one; echo two >&2; exit 3");
	assert_int_equal(tune_child_wait(&c, 60), 1);
	assert_true(WIFEXITED(c.status) && WEXITSTATUS(c.status) == 3 && !c.killed && c.left == 0 && c.exec_errno == 0);
	assert_true(c.rss_bytes > 0);
	assert_string_equal(output("out"), "one\n");
	assert_string_equal(output("err"), "two\n");

	start(&c, "kill -SEGV $$");
	assert_int_equal(tune_child_wait(&c, 60), 1);
	assert_true(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGSEGV);
}

/* The beginning and the end of much output. */
static void talks_much(void **state)
{
	struct tune_child c;
	const char *text;

	(void)state;
	start(&c, "echo first; i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i + 1)); done; echo last");
	assert_int_equal(tune_child_wait(&c, 60), 1);
	text = output("out");
	assert_int_equal(strncmp(text, "first\nline 0\n", 13), 0);
	assert_non_null(strstr(text, "bytes left out"));
	assert_true(strlen(text) < 4096 + 60 && strcmp(text + strlen(text) - 15, "line 1999\nlast\n") == 0);
}

/* A process that has left its group and does not listen. */
static void leaves_one_behind(void **state)
{
	struct tune_child c;
	char script[300];
	pid_t left;

	(void)state;
	snprintf(script, sizeof(script), "setsid sh -c 'trap \"\" TERM; echo $$; touch %s/ready; exec sleep 1000' & while [ ! -e %s/ready ]; do sleep 0.01; done", root, root);
	start(&c, script);
	assert_int_equal(tune_child_wait(&c, 60), 1);
	assert_int_equal(c.left, 1);
	left = (pid_t)atol(output("out"));
	assert_true(left > 1);
	assert_int_equal(kill(left, 0), -1);
}

static void is_killed(void **state)
{
	struct tune_child c;

	(void)state;
	start(&c, "sleep 1000 & echo $!; wait");
	while (tune_child_wait(&c, 0.01) == 0 && !*output("out"))
		;
	tune_child_kill(&c);
	assert_true(c.killed && WIFSIGNALED(c.status));
	assert_int_equal(kill((pid_t)atol(output("out")), 0), -1);
	tune_child_kill(&c); /* once more does no harm */
}

/* Whoever works counts, in a session of its own, too. */
static void works(void **state)
{
	struct tune_child c;

	(void)state;
	start(&c, "setsid sh -c 'while :; do :; done' & wait");
	while (tune_child_wait(&c, 0.05) == 0 && tune_child_cpu(&c) < 0.05)
		;
	assert_true(tune_child_cpu(&c) >= 0.05);
	tune_child_kill(&c);
}

static void cannot_start(void **state)
{
	static char *argv[] = {"/nonexistent/program", NULL}, *env[] = {NULL};
	struct tune_child_how how = {.argv = argv, .env = env, .out = "/dev/null", .err = "/dev/null", .output_max = 100};
	struct tune_child c;

	(void)state;
	assert_int_equal(tune_child_start(&how, &c, NULL), 0);
	assert_int_equal(tune_child_wait(&c, 60), 1);
	assert_int_equal(c.exec_errno, ENOENT);
}

/* Without its limits it is not run. */
static void cannot_join(void **state)
{
	static char *argv[] = {"/bin/sh", "-c", "echo I run", NULL}, *env[] = {NULL};
	static const char *const join[] = {"/dev/null", "/nonexistent/cgroup.procs", NULL};
	struct tune_child_how how = {.argv = argv, .env = env, .err = "/dev/null", .output_max = 100, .join = join};
	struct tune_child c;
	char out[200];

	(void)state;
	snprintf(out, sizeof(out), "%s/out", root);
	how.out = out;
	assert_int_equal(tune_child_start(&how, &c, NULL), 0);
	assert_int_equal(tune_child_wait(&c, 60), 1);
	assert_int_equal(c.exec_errno, -ENOENT);
	assert_string_equal(output("out"), "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(clones),     TEST(clones_within_bounds), TEST(lives_and_dies),    TEST(removes_no_more), TEST(open_database), TEST(ends),
					   TEST(talks_much), TEST(leaves_one_behind), TEST(is_killed), TEST(works), TEST(cannot_start),
					   TEST(cannot_join)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
