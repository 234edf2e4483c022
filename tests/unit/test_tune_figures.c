/* What db_bench and scripts say, read without trust: real outputs, other versions, and whatever is no result. */
#include "tune/adapter.h"
#include "tune/figures.h"

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
#include <cmocka.h>

static struct lode_buf text;

static const char *saved(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), LODE_TEST_DATA "/tune/%s", name);
	lode_buf_clear(&text);
	if (lode_fs_read(path, &text))
		fail_msg("%s cannot be read", path);
	return lode_buf_str(&text);
}

static int take(const char *out, const char *benchmarks, struct tune_result *r, struct lode_err *err)
{
	bool missed;

	tune_result_init(r);
	return tune_figures_db_bench(out, benchmarks, r, &missed, err);
}

#define near(a, b) assert_true(fabs((a) - (double)(b)) <= 1e-3 * fabs((double)(b)))

static void reads_and_writes(void **state)
{
	struct tune_result r;

	(void)state;
	assert_int_equal(take(saved("readrandomwriterandom.out"), "readrandomwriterandom", &r, NULL), 0);
	near(r.ops_per_sec, 365998 / 3.018);
	near(r.seconds, 3.018);
	assert_int_equal(r.nop, 2);
	assert_string_equal(r.op[0].name, "get");
	near(r.op[0].count, 329400);
	near(r.op[0].mean_us, 16.5538);
	near(r.op[0].p50_us, 4.69);
	near(r.op[0].p99_us, 13.46);
	near(r.op[0].p999_us, 4550.53);
	assert_string_equal(r.op[1].name, "write");
	near(r.op[1].p99_us, 28.74);
	near(r.write_amp, 8641389.0 / 4794050);
	near(r.cache_hit, 158727.0 / (158727 + 142367));
	near(r.read_amp, (158727.0 + 142367) / 329400);
	assert_true(r.stall_share == 0);
	assert_true(isnan(r.space_amp)); /* all of it in L0: nothing to divide by */
	assert_non_null(strstr(r.shape, "** Compaction Stats [default] **"));
	assert_null(strstr(r.shape, "STATISTICS"));
	assert_int_equal(strncmp(r.statistics, "rocksdb.", 8), 0);
	tune_result_fini(&r);
}

static void writes_alone(void **state)
{
	struct tune_result r;

	(void)state;
	assert_int_equal(take(saved("fillrandom.out"), "fillrandom", &r, NULL), 0);
	near(r.ops_per_sec, 300000 / 2.560);
	assert_int_equal(r.nop, 1);
	assert_true(isnan(r.read_amp));
	assert_true(isnan(r.cache_hit) || r.cache_hit >= 0);
	tune_result_fini(&r);
}

/* Two benchmarks that count: all operations in all seconds. One of them alone: only its own histograms. */
static void two_benchmarks(void **state)
{
	struct tune_result r;

	(void)state;
	assert_int_equal(take(saved("seekrandom,readrandom.out"), "seekrandom,readrandom", &r, NULL), 0);
	near(r.ops_per_sec, (135999 + 141999) / (1.005 + 1.004));
	assert_int_equal(r.nop, 2);
	tune_result_fini(&r);
	assert_int_equal(take(saved("seekrandom,readrandom.out"), "readrandom", &r, NULL), 0);
	near(r.seconds, 1.004);
	assert_int_equal(r.nop, 1);
	assert_string_equal(r.op[0].name, "get");
	near(r.op[0].p99_us, 8.96);
	tune_result_fini(&r);
}

/* Before 7.0: no seconds, no operations. Repeated ones: their averages are no results of their own. */
static void other_forms(void **state)
{
	struct tune_result r;

	(void)state;
	assert_int_equal(take("readrandom   :       3.400 micros/op 294117 ops/sec;   32.5 MB/s (63 of 100 found)\n", "readrandom", &r, NULL), 0);
	near(r.ops_per_sec, 294117);
	assert_true(isnan(r.seconds));
	tune_result_fini(&r);
	assert_int_equal(take("overwrite : 1.000 micros/op 100 ops/sec 2.000 seconds 200 operations;\noverwrite : 1.000 micros/op 300 ops/sec 2.000 seconds 600 operations;\n"
			      "overwrite [AVG 2 runs] : 200 (\xC2\xB1 20) ops/sec;  3.0 (\xC2\xB1 0.1) MB/sec\n", "overwrite[X2]", &r, NULL), 0);
	near(r.ops_per_sec, 200);
	tune_result_fini(&r);
}

static void no_result(void **state)
{
	static const struct {
		const char *out, *why;
	} rows[] = {
	    {"", "no result"},
	    {"Segmentation fault\n", "no result"},
	    {"fillrandom : 1.000 micros/op 100 ops/sec 2.000 seconds 200 operations;\n", "no result"}, /* of another benchmark */
	    {"readrandomx : 1.000 micros/op 100 ops/sec 2.000 seconds 200 operations;\n", "no result"},
	    {"readrandom : 1.000 micros/op 0 ops/sec 2.000 seconds 0 operations;\n", "no operation"},
	    {"readrandom : 1.000 micros/op 1e99 ops/sec 2.000 seconds 0 operations;\n", "contradicts"},
	    {"readrandom : micros/op ops/sec\n", "no operation"},
	    {"readrandom : 1.000 micros/op 900000 ops/sec 10.000 seconds 1000 operations;\n", "contradicts"},
	    {"readrandom : 1.0 micros/op 99999999999999999999999999999999999999999 ops/sec\n", "no operation"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lode_err err = {0};
		struct tune_result r;

		assert_int_equal(take(rows[i].out, "readrandom", &r, &err), -EBADMSG);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("%s: '%s'", rows[i].out, err.msg);
		tune_result_fini(&r);
	}
}

static void statistics(void **state)
{
	static const char s[] = "rocksdb.bytes.written COUNT : 1000\nxrocksdb.stall.micros COUNT : 5\nrocksdb.stall.micros COUNT : 500000\nrocksdb.flush.write.bytes COUNT : 1000\n"
				"rocksdb.compact.write.bytes COUNT : 1500\nrocksdb.big COUNT : 99999999999999999999999\nrocksdb.word COUNT : many\n"
				"rocksdb.db.get.micros P50 : 1.0 P95 : 2.0 P99 : 3.0 P100 : 4.0 COUNT : 5 SUM : 6\nsomething else\n";
	struct tune_result r;

	(void)state;
	assert_true(tune_figures_count(s, "rocksdb.stall.micros") == 500000);
	assert_true(isnan(tune_figures_count(s, "rocksdb.stall")));
	assert_true(isnan(tune_figures_count(s, "rocksdb.big")));
	assert_true(isnan(tune_figures_count(s, "rocksdb.word")));
	tune_result_init(&r);
	r.seconds = 2;
	tune_figures_take(s, &r);
	near(r.write_amp, 2.5);
	near(r.stall_share, 0.25);
	assert_true(isnan(r.cache_hit));
	assert_null(strstr(r.statistics, "something else"));
	tune_result_fini(&r);
}

static void space_amp(void **state)
{
	(void)state;
	near(tune_figures_space_amp("** Compaction Stats [default] **\n  L0      2/0   10.00 MB   1.0\n  L5      1/0   10.00 MB   1.0\n  L6      9/0    0.08 GB   1.0\n Sum     12/0  9 GB\n"),
	     (20 + 0.08 * 1024) / (0.08 * 1024));
	assert_true(isnan(tune_figures_space_amp("  L0      2/0   10.00 MB   1.0\n")));
	assert_true(isnan(tune_figures_space_amp("")));
}

static void believed(void **state)
{
	struct lode_err err = {0};
	struct tune_result r;

	(void)state;
	tune_result_init(&r);
	r.ops_per_sec = 100;
	r.seconds = 10;
	assert_int_equal(tune_figures_believe(&r, 11, &err), 0);
	assert_int_equal(tune_figures_believe(&r, 5, &err), -EBADMSG);
	r.ops_per_sec = INFINITY;
	assert_int_equal(tune_figures_believe(&r, 11, &err), -EBADMSG);
	r.ops_per_sec = 100;
	r.op[r.nop++] = (struct tune_op){.name = "get", .count = 5, .mean_us = NAN, .p50_us = 9, .p99_us = 3, .p999_us = NAN};
	assert_int_equal(tune_figures_believe(&r, 11, &err), -EBADMSG);
}

static void progress(void **state)
{
	struct tune_rates p = {0};

	(void)state;
	assert_int_equal(tune_rates_take(&p, TUNE_RATES_REPORT, "secs_elapsed,interval_qps\n1,100\n2,300\n3,20"), 0);
	assert_int_equal(p.n, 2); /* the last line is still being written */
	assert_true(p.rate[0] == 100 && p.rate[1] == 300 && p.ops == 400 && p.seconds == 2);
	assert_int_equal(tune_rates_take(&p, TUNE_RATES_REPORT, "secs_elapsed,interval_qps\n1,100\n2,300\n3,200\n"), 0);
	assert_true(p.n == 3 && p.rate[2] == 200 && p.ops == 600);
	assert_int_equal(tune_rates_take(&p, TUNE_RATES_TOTAL, "0.5 50\n2.5 250\nnonsense\n2 900\n3 100\n-1 5\n1e99 7\n"), 0);
	assert_true(p.ops == 250 && p.seconds == 2.5 && p.n == 3);
	near(p.rate[0], 100.0);
	near(p.rate[1], 100.0);
	near(p.rate[2], 50.0);
	assert_int_equal(tune_rates_take(&p, TUNE_RATES_TOTAL, "1 900\n"), 0); /* begun once more */
	assert_true(p.n == 1 && p.ops == 900 && p.rate[0] == 900);
	free(p.rate);
}

/* One line, written anew each time: what came before it stays. */
static void rewritten_progress(void **state)
{
	static const char *const looks[] = {"1 100\n", "2 400\n", "2 400\n", "", "3.5 700\n", "5 1000"};
	struct tune_rates p = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		assert_int_equal(tune_rates_take(&p, TUNE_RATES_TOTAL, looks[i]), 0);
	assert_true(p.n == 4 && p.ops == 700 && p.seconds == 3.5);
	near(p.rate[0], 100.0);
	near(p.rate[1], 300.0);
	near(p.rate[2], 200.0);
	near(p.rate[3], 100.0);
	free(p.rate);
}

static int script(const char *json, struct tune_result *r, struct lode_err *err)
{
	tune_result_init(r);
	return tune_script_read(json, strlen(json), LODE_TEST_DATA "/tune", r, err);
}

static void scripts(void **state)
{
	struct lode_err err = {0};
	struct tune_result r;

	(void)state;
	assert_int_equal(script("{\"ops_per_sec\": 1200.5, \"seconds\": 3.018, \"ops\": {\"get\": {\"count\": 10, \"p99_us\": 7, \"p50_us\": null}, \"scan\": {}},"
				" \"write_amp\": 3, \"statistics\": \"fillrandom.out\"}", &r, &err), 0);
	near(r.ops_per_sec, 1200.5);
	assert_int_equal(r.nop, 2);
	assert_true(r.op[0].p99_us == 7 && isnan(r.op[0].p50_us));
	assert_true(r.write_amp == 3); /* what it says itself holds */
	assert_non_null(strstr(r.statistics, "rocksdb.bytes.written COUNT"));
	tune_result_fini(&r);
	assert_int_equal(script("{\"ops_per_sec\": 5, \"p99_us\": 70}", &r, &err), 0);
	assert_string_equal(r.op[0].name, "op");
	assert_true(r.op[0].p99_us == 70);
	tune_result_fini(&r);

	static const char *const bad[] = {"", "{", "[]", "{}", "{\"ops_per_sec\": 0}", "{\"ops_per_sec\": \"5\"}", "{\"ops_per_sec\": -1}", "{\"ops_per_sec\": 1e999}",
					  "{\"ops_per_sec\": 5, \"seconds\": []}", "{\"ops_per_sec\": 5, \"ops\": {\"get\": {\"p99_us\": \"x\"}}}",
					  "{\"ops_per_sec\": 5, \"cache_hit\": {}}"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(script(bad[i], &r, &err), -EBADMSG);
		assert_true(*err.msg);
		tune_result_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_and_writes), cmocka_unit_test(writes_alone), cmocka_unit_test(two_benchmarks), cmocka_unit_test(other_forms),
	    cmocka_unit_test(no_result),	cmocka_unit_test(statistics),	cmocka_unit_test(space_amp),	  cmocka_unit_test(believed),
	    cmocka_unit_test(progress),		cmocka_unit_test(rewritten_progress), cmocka_unit_test(scripts),
	};

	lode_buf_init(&text, 1 << 20);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	lode_buf_fini(&text);
	return rc;
}
