/* Promises: read strictly, rounded to a bucket limit, counted exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sense/slo.h"

#include <math.h>
#include <string.h>

static void near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.10g is not %.10g", a, b);
}

static void test_what_people_write(void **state)
{
	static const struct {
		const char *text, *shown;
		double us, share, bucket;
	} rows[] = {
	    {"p99.9 < 2ms", "p99.9 < 2 ms", 2000, 0.999, 1900}, {"p99<500us", "p99 < 500 us", 500, 0.99, 580},
	    {"  p50 < 1s ", "p50 < 1 s", 1e6, 0.5, 860000},	{"p99.99 <1.5 ms", "p99.99 < 1.5 ms", 1500, 0.9999, 1300},
	    {"p95 < 870us", "p95 < 870 us", 870, 0.95, 870},	{"p99 < 1us", "p99 < 1 us", 1, 0.99, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lode_slo s;
		char shown[48];

		assert_int_equal(lode_slo_parse(rows[i].text, &s, NULL), 0);
		near(s.limit_us, rows[i].us, 1e-6);
		near(s.share, rows[i].share, 1e-12);
		near(s.bucket_us, rows[i].bucket, 0);
		assert_string_equal(lode_slo_show(&s, shown, sizeof(shown)), rows[i].shown);
	}
}

static void test_none(void **state)
{
	struct lode_slo s = {.limit_us = 5};
	char shown[48];

	(void)state;
	assert_int_equal(lode_slo_parse("none", &s, NULL), 0);
	near(s.limit_us, 0, 0);
	assert_string_equal(lode_slo_show(&s, shown, sizeof(shown)), "none");
	s.limit_us = 5;
	assert_int_equal(lode_slo_parse("", &s, NULL), 0);
	near(s.limit_us, 0, 0);
}

static void test_nothing_else(void **state)
{
	static const char *const wrong[] = {
	    "2ms",	   "p99",	 "p99 2ms",	"p99 > 2ms",  "p99 < 2",	"p99 < 2 min", "p100 < 2ms", "p49 < 2ms",    "p < 2ms",	  "p99 < ms",
	    "p99 < -2ms",  "p99 < 2ms x", "P99 < 2ms", "p99 <= 2ms", "p99 < 0us",	"p99 < 61s",   "p99,9 < 2ms", "p9.9e1 < 2ms", "p99 < 2MS", "99% < 2ms",
	    "p99 < 0.5us", "p99 < nan",	 "p99 < 1e3us", "nonee",     "p99 < 2ms; p50 < 1ms", "p0x63 < 2ms", "p99.9999999999999 < 2ms",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct lode_slo s = {.limit_us = 42};
		struct lode_err err = {0};

		if (lode_slo_parse(wrong[i], &s, &err) >= 0)
			fail_msg("'%s' was read", wrong[i]);
		assert_non_null(strstr(err.msg, "p99.9 < 2ms")); /* says how to write it */
		near(s.limit_us, 42, 0);
	}
}

static void test_counts_what_missed(void **state)
{
	struct lode_interval iv = {.seconds = 1, .parts = 1, .has_stats = true, .has_timers = true};
	struct lode_op *op = &iv.op[LODE_H_MULTIGET];
	struct lode_slo s;
	double n, missed;

	(void)state;
	assert_int_equal(lode_slo_parse("p99 < 2ms", &s, NULL), 0);
	assert_false(lode_slo_count(&s, &iv, LODE_H_GET, &n, &missed));
	op->count = op->hist.count = 1000;
	op->hist.n = 3;
	op->hist.limit[0] = 580, op->hist.limit[1] = 1900, op->hist.limit[2] = 2900;
	op->hist.bucket[0] = 900, op->hist.bucket[1] = 70, op->hist.bucket[2] = 30;
	assert_true(lode_slo_count(&s, &iv, LODE_H_GET, &n, &missed)); /* all reads are batched: these stand for reads */
	near(n, 1000, 0);
	near(missed, 30, 1e-9);
	assert_false(lode_slo_count(&s, &iv, LODE_H_WRITE, &n, &missed));
	iv.has_timers = false;
	assert_false(lode_slo_count(&s, &iv, LODE_H_GET, &n, &missed));
	iv.has_timers = true;
	iv.op[LODE_H_GET] = *op;
	iv.op[LODE_H_GET].hist.bucket[2] = 10;
	iv.op[LODE_H_GET].hist.bucket[0] = 920;
	assert_true(lode_slo_count(&s, &iv, LODE_H_GET, &n, &missed));
	near(missed, 10, 1e-9);
}

/* The series goes on as RocksDB's does. */
static void test_limits(void **state)
{
	static const double limit[] = {1, 2, 3, 4, 6, 10, 15, 22, 34, 51, 76, 110, 170, 250, 380, 580, 870, 1300, 1900, 2900, 4400, 6600, 9900, 14000};

	(void)state;
	for (size_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++)
		near(lode_hist_limit_near(limit[i]), limit[i], 0);
	near(lode_hist_limit_near(1580), 1900, 0); /* sqrt(1300 * 1900) = 1572 */
	near(lode_hist_limit_near(1565), 1300, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_people_write), cmocka_unit_test(test_none),   cmocka_unit_test(test_nothing_else),
	    cmocka_unit_test(test_counts_what_missed), cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
