/* What is made of the end of a process that asks RocksDB: here it is a script that ends in each way there is. With RocksDB: tests/host/test_tune_prove.sh. */
#include "tune/prove.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define REAL LODE_TEST_DATA "/host/OPTIONS-000031"

static char scratch[] = "/tmp/test_tune_prove.XXXXXX", script[64];

static int set_up(void **state)
{
	FILE *f;

	(void)state;
	if (!mkdtemp(scratch))
		return -1;
	snprintf(script, sizeof script, "%s.sh", scratch);
	f = fopen(script, "w");
	/* tune --prove LIBRARY FOLDER: the library's name is what it does. */
	fputs("#!/bin/sh\nsay() { echo \"$*\" >&3; }\nsay at loading the library\ncase $3 in\n"
	      "good) say codecs 53; mkdir $4/db; cp $4/options/OPTIONS-000001 $4/db/OPTIONS-000007; [ \"$4\" = - ] || say done;;\n"
	      "words) say at opening a database; say error \"Invalid argument: $4/db: no\";;\n"
	      "abort) say at writing; echo noise >&2; echo 'memtable.cc:120: Assertion failed' >&2; echo >&2; kill -ABRT $$;;\n"
	      "hang) say at flushing a memtable; sleep 60 & echo $! >$0.pid; wait;;\n"
	      "exit) say at closing the database; echo bye; exit 7;;\n"
	      "child) say at writing; sleep 60 & exec 3>&-; exit 1;;\n"
	      "cannot) say cannot it has no rocksdb_open;;\n"
	      "garbage) head -c 100000 /dev/urandom >&3; head -c 1000 /dev/urandom >&2;;\n"
	      "quiet) :;;\n"
	      "esac\n", f);
	fclose(f);
	return chmod(script, 0700);
}

static int tear_down(void **state)
{
	char pid[96];

	(void)state;
	snprintf(pid, sizeof pid, "%s.pid", script);
	unlink(pid);
	unlink(script);
	return rmdir(scratch);
}

/* No process of a proof, and no file. */
static void assert_nothing_left(void)
{
	char path[96], state = 0;
	struct dirent *e;
	int pid = 0;
	DIR *d;
	FILE *f;

	snprintf(path, sizeof path, "%s.pid", script);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	for (int i = 0; i < 1000; i++) { /* it was killed, and may take a moment */
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		f = fopen(path, "r");
		if (f && fscanf(f, "%*d (sleep) %c", &state) != 1)
			state = 0;
		if (f)
			fclose(f);
		if (!f || !state || state == 'Z' || state == 'X')
			break;
		usleep(10000);
	}
	assert_true(!f || !state || state == 'Z' || state == 'X');
	d = opendir(scratch);
	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			fail_msg("left behind: %s", e->d_name);
	closedir(d);
}

static int asked(void *ctx, const char *path, struct lode_err *err)
{
	(void)path;
	++*(int *)ctx;
	return lode_err_set(err, EINVAL, "the benchmark said no");
}

static void ends(void **state)
{
	static const struct {
		const char *how;
		int rc;
		const char *why;
	} rows[] = {
	    {"good", 0, ""},
	    {"words", -EINVAL, "RocksDB, opening a database: Invalid argument: /db: no"},
	    {"abort", -EINVAL, "RocksDB died of SIGABRT while writing: memtable.cc:120: Assertion failed"},
	    {"hang", -EINVAL, "RocksDB hung (1 s) while flushing a memtable"},
	    {"exit", -EINVAL, "RocksDB ended its process (7) while closing the database: bye"},
	    {"child", -EINVAL, "hung"}, /* a process that it left behind holds the descriptor */
	    {"cannot", -ENOSYS, "it has no rocksdb_open"},
	    {"garbage", -EINVAL, "ended its process (0)"},
	    {"quiet", -EINVAL, "while loading the library"},
	};
	struct tune_prover p = {.scratch = scratch, .program = script, .timeout_s = 1};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct lode_err err = {0};

		p.library = rows[i].how;
		int rc = tune_prove(&p, REAL, NULL, &err);
		if (rc != rows[i].rc || !strstr(err.msg, rows[i].why))
			fail_msg("%s: %d %s", rows[i].how, rc, err.msg);
	}
	assert_nothing_left();
}

static void otherwise(void **state)
{
	struct lode_err err = {0};
	int calls = 0;
	struct tune_prover p = {.scratch = scratch, .program = script, .timeout_s = 1}, nobody = p;

	(void)state;
	assert_int_equal(tune_prove(&p, REAL, NULL, &err), -ENOSYS);
	p.fallback = asked;
	p.ctx = &calls;
	assert_int_equal(tune_prove(&p, REAL, NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "the benchmark said no");
	p.library = "cannot";
	assert_int_equal(tune_prove(&p, REAL, NULL, &err), -EINVAL);
	assert_int_equal(calls, 2);
	p.library = "good";
	assert_int_equal(tune_prove(&p, "/nowhere", NULL, &err), -ENOENT);
	p.scratch = "/nowhere";
	assert_int_equal(tune_prove(&p, REAL, NULL, &err), -ENOENT);
	nobody.program = "/nowhere";
	nobody.library = "good";
	assert_int_equal(tune_prove(&nobody, REAL, NULL, &err), -ENOSYS);
	assert_int_equal(calls, 2);
}

static volatile sig_atomic_t stop;

static void on_alarm(int number)
{
	stop = number;
}

/* Neither waited for, nor a verdict, nor a reason to ask somebody else. */
static void stopped(void **state)
{
	struct lode_err err = {0};
	int calls = 0;
	struct tune_prover p = {.library = "hang", .scratch = scratch, .program = script, .timeout_s = 1000, .fallback = asked, .ctx = &calls, .stop = &stop};

	(void)state;
	signal(SIGALRM, on_alarm);
	ualarm(50000, 0);
	assert_int_equal(tune_prove(&p, REAL, NULL, &err), -EINTR);
	assert_int_equal(err.code, EINTR);
	assert_int_equal(calls, 0);
	assert_true(tune_prove_codecs(&p) == 0);
	stop = 0;
	p.library = "good";
	assert_int_equal(tune_prove(&p, REAL, NULL, &err), 0);
	assert_nothing_left();
}

static void settled(void **state)
{
	struct tune_prover p = {.library = "good", .scratch = scratch, .program = script};
	struct tune_space *s;
	struct tune_config *c, *written;
	struct tune_fix fix[4] = {{.fate = TUNE_TAKEN, .name = "write_buffer_size", .to = "4096"}, {.fate = TUNE_TAKEN, .name = "block_size", .to = "8192"}, {.fate = TUNE_DROPPED, .name = "compression"}};
	size_t nfix = 3;
	char buf[64];

	(void)state;
	assert_int_equal(tune_prove_codecs(&p), 0x53);
	assert_int_equal(tune_space_load(REAL, NULL, &s, NULL), 0);
	assert_int_equal(tune_prove(&p, REAL, &written, NULL), 0);
	assert_non_null(written);
	assert_false(tune_config_has(written, TUNE_SEC_DB, 0, "wal_dir")); /* a proof writes no log where the application has its own */
	c = tune_config_clone(written);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, TUNE_ALL, "write_buffer_size", "4096"), 0);
	assert_int_equal(tune_config_set(c, TUNE_SEC_TABLE, TUNE_ALL, "block_size", "8192"), 0);
	assert_int_equal(tune_config_set(written, TUNE_SEC_TABLE, TUNE_ALL, "block_size", "8192"), 0);
	assert_int_equal(tune_prove_settle(s, c, written, fix, &nfix), 1);
	assert_int_equal(fix[0].fate, TUNE_CORRECTED);
	assert_string_equal(fix[0].to, "67108864");
	assert_int_equal(fix[1].fate, TUNE_TAKEN);
	assert_string_equal(tune_config_get(c, TUNE_SEC_CF, 1, "write_buffer_size", buf, sizeof buf), "67108864");
	tune_config_free(c);
	tune_config_free(written);
	tune_space_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ends), cmocka_unit_test(otherwise), cmocka_unit_test(stopped), cmocka_unit_test(settled)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
