/* What is to be tuned: keys, files, commands, and what is wrong with them. */
#include "tune/adapter.h"
#include "tune/bench_private.h"

#include "base/fs.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct tune_spec s;
static struct lode_err err;

static int fresh(void **state)
{
	(void)state;
	tune_spec_init(&s);
	memset(&err, 0, sizeof(err));
	return 0;
}

static int done(void **state)
{
	(void)state;
	tune_spec_fini(&s);
	return 0;
}

static void command(const char *line)
{
	char **words;

	tune_spec_fini(&s);
	assert_int_equal(tune_words_split(line, &words, &err), 0);
	s.argv = words;
}

static void says(int rc, int code, const char *what)
{
	if (rc != -code || !strstr(err.msg, what))
		fail_msg("%d: '%s' does not say '%s'", rc, err.msg, what);
}

static void keys(void **state)
{
	(void)state;
	assert_int_equal(tune_spec_set(&s, "budget", "iterations", "5", &err), 0);
	assert_int_equal(s.iterations, 5);
	assert_int_equal(tune_spec_set(&s, "budget", "time", "2h", &err), 0);
	assert_true(s.time == 7200);
	assert_int_equal(tune_spec_set(&s, "constraint", "p99_get", "2ms", &err), 0);
	assert_true(fabs(s.p99_get - 0.002) < 1e-12);
	assert_int_equal(tune_spec_set(&s, "constraint", "memory", "4G", &err), 0);
	assert_true(s.memory == 4ll << 30);
	assert_int_equal(tune_spec_set(&s, "objective", "kind", "latency", &err), 0);
	assert_int_equal(s.aim, TUNE_AIM_LATENCY);
	assert_int_equal(tune_spec_set(&s, "llm", "model", "some", &err), 0); /* of the configuration */
	assert_string_equal(s.config.model, "some");

	says(tune_spec_set(&s, "budget", "iterations", "many", &err), EINVAL, "whole number");
	says(tune_spec_set(&s, "budget", "iterations", "-1", &err), EINVAL, "between");
	says(tune_spec_set(&s, "budget", "runs", "1", &err), EINVAL, "between 2 and 24"); /* one pair decides nothing */
	says(tune_spec_set(&s, "budget", "runs", "25", &err), EINVAL, "between 2 and 24");
	says(tune_spec_set(&s, "budget", "baseline_runs", "65", &err), EINVAL, "between 1 and 64");
	assert_int_equal(tune_spec_set(&s, "budget", "runs", "2", &err), 0);
	says(tune_spec_set(&s, "budget", "min_effect", "nan", &err), EINVAL, "number such as");
	says(tune_spec_set(&s, "budget", "min_effect", "", &err), EINVAL, "number such as");
	says(tune_spec_set(&s, "budget", "time", "soon", &err), EINVAL, "time such as");
	says(tune_spec_set(&s, "run", "drop_caches", "perhaps", &err), EINVAL, "true or false");
	says(tune_spec_set(&s, "objective", "kind", "speed", &err), EINVAL, "one of throughput, latency, cost");
	says(tune_spec_set(&s, "budget", "iteration", "5", &err), ENOENT, "did you mean budget.iterations?");
	says(tune_spec_set(&s, "workload", "iterations", "5", &err), ENOENT, "did you mean budget.iterations?");
	says(tune_spec_set(&s, "nonsense", "nonsensical_thing", "5", &err), ENOENT, "help tune");
}

/* What is printed is read back to the same. */
static void round_trip(void **state)
{
	char path[] = "/tmp/test_tune_spec_XXXXXX";
	struct lode_buf one, two;
	int fd = mkstemp(path);

	(void)state;
	lode_buf_init(&one, 1 << 16);
	lode_buf_init(&two, 1 << 16);
	command("db_bench '--benchmarks=read random' --num=5");
	s.iterations = 3;
	s.p99_get = 0.25;
	s.live = true;
	tune_spec_print(&s, &one);
	assert_int_equal(write(fd, one.data, one.len), one.len);
	close(fd);
	tune_spec_fini(&s);
	tune_spec_init(&s);
	assert_int_equal(tune_spec_read(path, &s, &err), 0);
	assert_string_equal(s.command, "db_bench '--benchmarks=read random' --num=5");
	tune_words_split(s.command, &s.argv, NULL);
	tune_spec_print(&s, &two);
	/* A path that is relative is one of the file's folder, so that line may differ. */
	char *a = strstr(one.data, "[output]"), *b = strstr(two.data, "[output]");
	*a = *b = 0;
	assert_string_equal(one.data, two.data);
	assert_string_equal(s.out, "/tmp/lodestone-tune");
	unlink(path);
	lode_buf_fini(&one);
	lode_buf_fini(&two);
}

static void mistakes_in_files(void **state)
{
	char path[] = "/tmp/test_tune_spec_XXXXXX";
	static const char wrong[] = "[workload]\ncommand = db_bench\n\n[budget]\niterations = lots\n";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, wrong, strlen(wrong)), strlen(wrong));
	close(fd);
	says(tune_spec_read(path, &s, &err), EINVAL, ":5: budget.iterations cannot be 'lots'");
	unlink(path);
	says(tune_spec_read(path, &s, &err), ENOENT, "cannot be read");
}

static void words(void **state)
{
	static const struct {
		const char *in, *out[6];
	} rows[] = {
	    {"a b  c", {"a", "b", "c"}}, {" a\tb\n", {"a", "b"}}, {"'a b' \"c d\"", {"a b", "c d"}}, {"a\\ b", {"a b"}}, {"a'b'\"c\"", {"abc"}}, {"'' x", {"", "x"}},
	    {"\"a\\\"b\"", {"a\"b"}}, {"'a\\b'", {"a\\b"}}, {"$HOME *", {"$HOME", "*"}}, {"", {NULL}},
	};
	char **got;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = 0;

		assert_int_equal(tune_words_split(rows[i].in, &got, &err), 0);
		for (; rows[i].out[n]; n++)
			assert_string_equal(got[n], rows[i].out[n]);
		assert_null(got[n]);
		tune_words_free(got);
	}
	says(tune_words_split("a 'b", &got, &err), EINVAL, "quote");
}

static void which_adapter(void **state)
{
	(void)state;
	says(tune_spec_check(&s, &err), EINVAL, "no command");
	command("taskset -c 0 /opt/rocksdb/db_bench --benchmarks=readrandom");
	assert_int_equal(tune_spec_check(&s, &err), 0);
	assert_int_equal(s.adapter, TUNE_ADAPT_DB_BENCH);
	s.adapter = TUNE_ADAPT_AUTO;
	command("./my-benchmark --db_bench");
	says(tune_spec_check(&s, &err), EINVAL, "OPTIONS file to start from");
	snprintf(s.options, sizeof(s.options), "/nonexistent/OPTIONS");
	s.adapter = TUNE_ADAPT_AUTO;
	says(tune_spec_check(&s, &err), ENOENT, "/nonexistent/OPTIONS");
}

static void workloads(void **state)
{
	static const struct {
		const char *benchmarks, *measure, *fill, *measured, *wrong;
		bool invented;
		unsigned parts;
	} rows[] = {
	    {"fillrandom", "", "", "fillrandom", NULL, false, 1},
	    {"fillrandom,readrandom", "", "fillrandom", "readrandom", NULL, false, 1},
	    {"fillrandom,compact,readrandom,stats", "", "fillrandom,compact", "readrandom,stats", NULL, false, 1},
	    {"readrandom", "", "fillrandom", "readrandom", NULL, true, 1},
	    {"mixgraph", "", "fillrandom", "mixgraph", NULL, true, 1},
	    {"overwrite", "", "", "overwrite", NULL, false, 1},
	    {"fillseq,fillrandom", "", "", "fillseq,fillrandom", NULL, false, 2},
	    {"fillrandom,overwrite,readrandom", "readrandom", "fillrandom,overwrite", "readrandom", NULL, false, 1},
	    {"fillrandom,overwrite,compact,readrandom", "", "fillrandom", "overwrite,compact,readrandom", NULL, false, 2},
	    {"readrandom[X3-W1]", "", "fillrandom", "readrandom[X3-W1]", NULL, true, 4},
	    {"readrandom[X2],seekrandom", "", "fillrandom", "readrandom[X2],seekrandom", NULL, true, 3},
	    {"readrandom[X99999999999999999999]", "", "fillrandom", "readrandom[X99999999999999999999]", NULL, true, 1000},
	    {"stats", "", "", "", "none of the benchmarks measures", false, 0},
	    {"readrandom", "seekrandom", "", "", "workload.measure", false, 0},
	    {"fillseq,fillrandom", "fillrandom", "", "", "fillseq before it leaves one with data", false, 0},
	    {"fillrandom,readrandom,fillseq", "", "", "", "fillseq is measured", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tune_workload load;
		char line[200];

		snprintf(line, sizeof(line), "db_bench --num=10 -benchmarks %s", rows[i].benchmarks);
		command(line);
		snprintf(s.measure, sizeof(s.measure), "%s", rows[i].measure);
		if (rows[i].wrong) {
			says(tune_db_bench_workload(&s, &load, &err), EINVAL, rows[i].wrong);
			continue;
		}
		assert_int_equal(tune_db_bench_workload(&s, &load, &err), 0);
		assert_string_equal(load.fill, rows[i].fill);
		assert_string_equal(load.measured, rows[i].measured);
		assert_int_equal(load.invented, rows[i].invented);
		assert_int_equal(load.parts, rows[i].parts);
	}
	command("db_bench --num=10");
	says(tune_db_bench_take(&s, &err), EINVAL, "names no benchmark");
	command("db_bench --benchmarks=readrandom --use_existing_db=1");
	says(tune_db_bench_take(&s, &err), EINVAL, "--db=PATH");
	command("db_bench --benchmarks=fillrandom,readrandom --use_existing_db --db=/srv/x");
	s.measure[0] = 0;
	says(tune_db_bench_take(&s, &err), EINVAL, "has data already");
	s.database[0] = 0;
	command("db_bench --benchmarks=readrandom --use_existing_db=1 --db=/srv/x --options_file=/srv/o");
	assert_int_equal(tune_db_bench_take(&s, &err), 0);
	assert_string_equal(s.database, "/srv/x");
	assert_string_equal(s.options, "/srv/o");
}

static const char *called(enum tune_errand errand, const char *options, int64_t cache, double seconds)
{
	static char line[1024];
	struct tune_workload load;
	struct tune_call call = {0};
	struct tune_where w = {.spec = &s, .errand = errand, .folder = "/f", .db = "/f/db", .filled = errand == TUNE_MEASURE, .options_file = options, .cache = cache,
			       .seed = 7, .seconds = seconds};

	assert_int_equal(tune_db_bench_workload(&s, &load, &err), 0);
	tune_db_bench_call(&w, &load, &call);
	line[0] = 0;
	for (size_t i = 0; i < call.argc; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i ? " " : "", call.argv[i]);
	tune_call_fini(&call);
	return line;
}

static void calls(void **state)
{
	(void)state;
	command("nice db_bench --benchmarks=fillrandom,readrandom --num 1000 --db=/precious --bloom_bits=10 --cache_size=5 -duration 9 --seed=3 --statistics "
		"--wal_dir=/elsewhere -keyrange_dist_b=-2.9");
	assert_string_equal(called(TUNE_FILL, "/o", -1, 5),
			    "nice db_bench --num 1000 --cache_size=5 -keyrange_dist_b=-2.9 --db=/f/db --use_existing_db=0 --seed=7 --options_file=/o "
			    "--benchmarks=fillrandom,flush,waitforcompaction --report_interval_seconds=1 --report_file=/f/report.csv");
	assert_string_equal(called(TUNE_MEASURE, "/o", 99, 5),
			    "nice db_bench --num 1000 -keyrange_dist_b=-2.9 --db=/f/db --use_existing_db=1 --seed=7 --options_file=/o --cache_size=99 "
			    "--benchmarks=readrandom,stats --histogram=1 --statistics=1 --duration=5 --report_interval_seconds=1 --report_file=/f/report.csv");
	assert_non_null(strstr(called(TUNE_MEASURE, "/o", -1, 0), " -duration 9 "));
	assert_string_equal(called(TUNE_DEFAULTS, NULL, -1, 0), "nice db_bench --bloom_bits=10 --cache_size=5 -keyrange_dist_b=-2.9 --db=/f/db --use_existing_db=0 --seed=7 "
								"--num=1 --benchmarks=stats");
}

static void help_of_db_bench(void **state)
{
	static const char help[] = "    -blob_cache_size (bytes) type: uint64 default: 1\n    -cache_size (Number of bytes to use as a cache of uncompressed data)\n"
				   "      type: int64 default: 8388608\n    -cache_type (Type.) type: string default: \"lru_cache\"\n    -last (x) type: bool\n";
	char v[40];

	(void)state;
	assert_true(tune_db_bench_default(help, "cache_size", v, sizeof(v)));
	assert_string_equal(v, "8388608");
	assert_true(tune_db_bench_default(help, "cache_type", v, sizeof(v)));
	assert_string_equal(v, "lru_cache");
	assert_true(tune_db_bench_default(help, "last", v, sizeof(v)));
	assert_string_equal(v, "");
	assert_false(tune_db_bench_default(help, "type", v, sizeof(v)));
}

/* Only what stands in files counts for their form. */
static void forms(void **state)
{
	static const char base[] = "[DBOptions]\n  max_background_jobs=2\n[CFOptions \"default\"]\n  compression=kSnappyCompression\n  level0_slowdown_writes_trigger=20\n"
				   "[TableOptions/BlockBasedTable \"default\"]\n  block_size=4096\n  filter_policy=nullptr\n";
	static const struct {
		const char *from, *to;
		bool same;
	} rows[] = {{"jobs=2", "jobs=8", true}, {"trigger=20", "trigger=30", true}, {"kSnappyCompression", "kNoCompression", false}, {"4096", "8192", false},
		    {"nullptr", "bloomfilter:10:false", false}, {"[DBOptions]", "# lodestone: block_cache_size=1\n[DBOptions]", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[600];
		const char *at = strstr(base, rows[i].from);

		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - base), base, rows[i].to, at + strlen(rows[i].from));
		assert_int_equal(tune_bench_form(text) == tune_bench_form(base), rows[i].same);
	}
}

/* A run writes nowhere but into the scratch folder, however the file is written: RocksDB would destroy what is there. */
static void no_folders(void **state)
{
	static const char text[] = "# lodestone: block_cache_size=77\n[DBOptions]\n  wal_dir=/srv/a\n wal_dir = /srv/b\n\t\fwal_dir\t =/srv/c # mine\r\n  db_log_dir =\t/srv/d\n"
				   "  # wal_dir = kept\n  my_wal_dir=kept\n  max_background_jobs = 2\n  wal_dir";
	char from[] = "/tmp/lode-tune-spec-XXXXXX", to[64];
	struct lode_buf b;
	int64_t cache;
	int fd = mkstemp(from);

	(void)state;
	assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
	close(fd);
	snprintf(to, sizeof(to), "%s.out", from);
	assert_int_equal(tune_bench_options(from, to, &cache, &err), 0);
	lode_buf_init(&b, 4096);
	assert_int_equal(lode_fs_read(to, &b), 0);
	assert_string_equal(lode_buf_str(&b), "# lodestone: block_cache_size=77\n[DBOptions]\n  wal_dir=\n wal_dir =\n\t\fwal_dir\t =\n  db_log_dir =\n"
					      "  # wal_dir = kept\n  my_wal_dir=kept\n  max_background_jobs = 2\n  wal_dir");
	assert_int_equal(cache, 77);
	lode_buf_fini(&b);
	unlink(from);
	unlink(to);
}

/* Every key has a sentence, and no two options of the command line are the same. */
static void documented(void **state)
{
	struct tune_spec_key a, b;

	(void)state;
	for (size_t i = 0; tune_spec_key(i, &a); i++) {
		assert_true(strlen(a.doc) > 10 && a.doc[strlen(a.doc) - 1] == '.');
		for (size_t j = 0; j < i && tune_spec_key(j, &b); j++)
			assert_false(a.flag && b.flag && strcmp(a.flag, b.flag) == 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(keys),	    TEST(round_trip), TEST(mistakes_in_files), TEST(words),	 TEST(which_adapter),
					   TEST(workloads), TEST(calls),      TEST(help_of_db_bench),  TEST(forms), TEST(no_folders), TEST(documented)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
