/* Whole runs, of a db_bench that is a shell script: what is kept of several benchmarks, how long they may take, what is no result, and what is said. */
#include "tune/bench_private.h"
#include "tune/history.h"
#include "tune/scratch.h"

#include "base/fs.h"

#include <errno.h>
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

static char root[] = "/tmp/test_tune_run_XXXXXX", options[64];
static struct tune_spec spec;
static struct lode_err err;

/* Each benchmark writes its report anew, as db_bench does; one of them fills. */
static const char program[] = "#!/bin/sh\n"
			      "for a; do case $a in --db=*) db=${a#*=};; --report_file=*) report=${a#*=};; --benchmarks=*) list=${a#*=};; esac; done\n"
			      "mkdir -p $db; echo MANIFEST >$db/CURRENT\n"
			      "for b in $(echo $list | tr , ' '); do\n"
			      "case $b in stats | flush | waitforcompaction) continue;; fillrandom) sleep 0.05;; esac\n"
			      "printf 'secs_elapsed,interval_qps\\n1,100\\n2,200\\n' >$report\n"
			      "echo \"$b : 10000.000 micros/op 100 ops/sec 0.500 seconds 50 operations;\"\n"
			      "done\n";

static void put(const char *name, const char *text, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(lode_fs_write_atomic(path, text, strlen(text), mode), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	put("db_bench", program, 0700);
	put("OPTIONS.ini", "[Version]\n  rocksdb_version=7.8.3\n[DBOptions]\n[CFOptions \"default\"]\n  write_buffer_size=4096\n", 0600);
	snprintf(options, sizeof(options), "%s/OPTIONS.ini", root);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return tune_scratch_remove(root);
}

static void begin(const char *benchmarks, const char *database)
{
	char program_path[64], list[128];
	char *argv[] = {program_path, list};

	tune_spec_init(&spec);
	snprintf(program_path, sizeof(program_path), "%s/db_bench", root);
	snprintf(list, sizeof(list), "--benchmarks=%s", benchmarks);
	assert_int_equal(tune_spec_command(&spec, 2, argv, &err), 0);
	snprintf(spec.options, sizeof(spec.options), "%s", options);
	snprintf(spec.scratch, sizeof(spec.scratch), "%s", root);
	if (database)
		snprintf(spec.database, sizeof(spec.database), "%s/%s", root, database);
	spec.reserve = 0;
	if (tune_spec_check(&spec, &err))
		fail_msg("%s", err.msg);
}

static void run_twice(const char *benchmarks, struct tune_result *first, struct tune_result *second)
{
	struct tune_bench *b;

	begin(benchmarks, NULL);
	assert_int_equal(tune_bench_new(&spec, &b, &err), 0);
	assert_int_equal(tune_bench_run(b, options, "one", 1, NULL, NULL, first), 0);
	assert_int_equal(tune_bench_run(b, options, "two", 2, NULL, NULL, second), 0);
	if (first->end != TUNE_RAN || second->end != TUNE_RAN)
		fail_msg("%s, %s", first->why, second->why);
	tune_bench_free(b);
	tune_spec_fini(&spec);
}

/* Seconds of the last benchmark are none of the first. */
static void rates_are_of_one_benchmark(void **state)
{
	struct tune_result one, two;

	(void)state;
	run_twice("fillrandom,readrandom", &one, &two);
	assert_true(one.nrate == 2 && one.rate[0] == 100 && one.rate[1] == 200 && one.seconds == 0.5 && one.ops_per_sec == 100);
	assert_true(one.fill_s >= 0.05); /* it filled */
	tune_result_fini(&one);
	tune_result_fini(&two);
	run_twice("fillrandom,readrandom,seekrandom", &one, &two);
	assert_true(one.nrate == 0 && two.nrate == 0 && one.seconds == 1 && one.ops_per_sec == 100);
	tune_result_fini(&one);
	tune_result_fini(&two);
}

static void time_is_for_each_benchmark(void **state)
{
	struct tune_bench b = {.spec = &spec};

	(void)state;
	tune_spec_init(&spec);
	spec.adapter = TUNE_ADAPT_SCRIPT;
	assert_true(tune_bench_allows(&b, 0) == 3600);
	assert_true(tune_bench_allows(&b, 60) == 4 * 60 + 120);
	b.load.parts = 5;
	assert_true(tune_bench_allows(&b, 60) == 4 * 5 * 60 + 120);
	b.longest = 1000;
	assert_true(tune_bench_allows(&b, 60) == 4 * 1000 + 120);
	spec.timeout = 7;
	assert_true(tune_bench_allows(&b, 60) == 7);
	tune_spec_fini(&spec);
}

/* A database for which there is no room is a result of that kind; one who says stop is heard before anything is copied. */
static void a_database_is_copied_within_bounds(void **state)
{
	static char large[100001];
	static volatile sig_atomic_t stop;
	char path[128];
	struct tune_bench *b;
	struct tune_result r;

	(void)state;
	snprintf(path, sizeof(path), "%s/mine", root);
	mkdir(path, 0700);
	memset(large, 'x', sizeof(large) - 1);
	put("mine/000004.log", large, 0600);
	put("mine/CURRENT", "MANIFEST\n", 0600);
	begin("readrandom", "mine");
	spec.scratch_limit = 50000;
	assert_int_equal(tune_bench_new(&spec, &b, &err), 0);
	tune_bench_stop_with(b, &stop);
	assert_int_equal(tune_bench_run(b, options, "one", 1, NULL, NULL, &r), 0);
	assert_int_equal(r.end, TUNE_SPACE);
	assert_non_null(strstr(r.why, "--scratch-limit"));
	tune_result_fini(&r);
	spec.scratch_limit = 0;
	assert_int_equal(tune_bench_run(b, options, "two", 1, NULL, NULL, &r), 0);
	assert_int_equal(r.end, TUNE_RAN);
	tune_result_fini(&r);
	stop = 1;
	assert_int_equal(tune_bench_run(b, options, "three", 1, NULL, NULL, &r), -EINTR);
	tune_result_fini(&r);
	tune_bench_free(b);
	tune_spec_fini(&spec);
}

/* The end of the last line is what is told, however long it is, and not what else was printed. */
static void last_words_are_told(void **state)
{
	static struct tune_attempt a;
	char line[501], words[300];

	(void)state;
	snprintf(a.err, sizeof(a.err), "%s/err", root);
	snprintf(a.out, sizeof(a.out), "%s/out", root);
	put("out", "unrelated\n", 0600);
	for (size_t len = 290; len < sizeof(line); len++) {
		size_t told = len < sizeof(words) ? len - 1 : sizeof(words) - 1;

		memset(line, 'x', len);
		memcpy(line + len - 6, "alas!\n", 7);
		put("err", line, 0600);
		tune_attempt_words(&a, words, sizeof(words));
		assert_int_equal(strlen(words), told);
		assert_string_equal(words + told - 5, "alas!");
	}
	put("err", "before\nafter  \n", 0600);
	tune_attempt_words(&a, words, sizeof(words));
	assert_string_equal(words, "before | after | unrelated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rates_are_of_one_benchmark), cmocka_unit_test(time_is_for_each_benchmark),
					   cmocka_unit_test(a_database_is_copied_within_bounds), cmocka_unit_test(last_words_are_told)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
