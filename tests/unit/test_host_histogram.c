/* The printed histogram, as RocksDB 7.8.3 printed it, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/histogram.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char printed[] = "Count: 53 Average: 174025887487826720.0000  StdDev: 0.00\n"
			      "Min: 0  Median: 609.0000  Max: 18446744073709551615\n"
			      "Percentiles: P50: 609.00 P75: 1450.00 P99: 11992999999999997952.00\n"
			      "------------------------------------------------------\n"
			      "[       0,       1 ]        3   5.660%   5.660% #\n"
			      "(       3,       4 ]        1   1.887%   7.547% \n"
			      "(       6,      10 ]       47   1.887%   9.434% ####\n"
			      "( 9200000000000000000, 13000000000000000000 ]        2   3.774% 100.000% #\n";

static void reads_every_bucket(void **state)
{
	struct lode_hist h;

	(void)state;
	assert_int_equal(lode_host_hist_parse(printed, strlen(printed), &h), 0);
	assert_int_equal(h.n, 4);
	assert_int_equal(h.count, 53);
	assert_true(h.limit[0] == 1 && h.limit[1] == 4 && h.limit[2] == 10 && h.limit[3] == 13e18);
	assert_true(h.bucket[0] == 3 && h.bucket[1] == 1 && h.bucket[2] == 47 && h.bucket[3] == 2);
	assert_true(h.sum > 9223372036854775000u && h.sum < 9223372036854900000u);
}

static void empty(void **state)
{
	const char *text = "Count: 0 Average: 0.0000  StdDev: 0.00\nMin: 0  Median: 0.0000  Max: 0\nPercentiles: P50: 0.00\n-----\n";
	struct lode_hist h;

	(void)state;
	assert_int_equal(lode_host_hist_parse(text, strlen(text), &h), 0);
	assert_true(h.n == 0 && h.count == 0 && h.sum == 0);
}

/* Other threads count while RocksDB prints: the rows are what differences are taken of, so the count is theirs. */
static void rows_decide_the_count(void **state)
{
	const char *text = "Count: 11 Average: 2,5000  StdDev: 0.00\n[       0,       1 ]        10   5.660%   5.660% #\n";
	struct lode_hist h;

	(void)state;
	assert_int_equal(lode_host_hist_parse(text, strlen(text), &h), 0);
	assert_true(h.count == 10 && h.sum == 25);
}

static void damaged(void **state)
{
	static const char *const texts[] = {
	    "",
	    "Count:",
	    "Count: x Average: 1.0",
	    "Count: 99999999999999999999 Average: 1.0",
	    "Count: 1 Average: -",
	    "Count: 5 Average: 1.0\n[ 0, 1 ] \n",
	    "Count: 5 Average: 1.0\n[ 0, 1 ) 5\n",
	    "Count: 5 Average: 1.0\n[ 2, 1 ] 5\n",
	    "Count: 5 Average: 1.0\n[ 0, 4 ] 3\n( 2, 3 ] 2\n",
	    "Count: 5 Average: 1.0\n[ 0, 4 ] 3\n( 2, 4 ] 2\n",
	    "Count: 5 Average: 1.0\n[ 0, 4 ] 0\n",
	    "Count: 5 Average: 1.0\n[ 0, 4 ] 18446744073709551615\n( 4, 5 ] 1\n",
	};
	struct lode_hist h;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (lode_host_hist_parse(texts[i], strlen(texts[i]), &h) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
	}
}

static void too_many_rows(void **state)
{
	char text[LODE_HIST_BUCKETS * 40];
	struct lode_hist h;
	int n = snprintf(text, sizeof(text), "Count: 5 Average: 1.0\n");

	(void)state;
	for (int i = 0; i < LODE_HIST_BUCKETS; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "( %d, %d ] 1\n", i, i + 1);
	assert_int_equal(lode_host_hist_parse(text, (size_t)n, &h), 0);
	assert_int_equal(h.n, LODE_HIST_BUCKETS);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "( 1000, 1001 ] 1\n");
	assert_int_equal(lode_host_hist_parse(text, (size_t)n, &h), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_bucket),    cmocka_unit_test(empty),
	    cmocka_unit_test(rows_decide_the_count), cmocka_unit_test(damaged),
	    cmocka_unit_test(too_many_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
