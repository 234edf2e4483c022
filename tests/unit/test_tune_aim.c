/* What a run is worth under each objective, what breaks a constraint, and what the live tuner's journal gives to the next file. */
#include "tune/aim.h"
#include "tune/live.h"

#include "base/cjson.h"
#include "record/journal_read.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tune_spec spec;

static int setup(void **state)
{
	(void)state;
	tune_spec_init(&spec);
	return lode_cjson_open(NULL);
}

static void a_score_is_the_log_of_what_is_asked_for(void **state)
{
	const struct tune_summary none = {0};
	struct tune_summary baseline = {.nop = 2, .op = {{.name = "get", .count = 50}, {.name = "write", .count = 60}}};
	struct tune_result r;

	(void)state;
	tune_result_init(&r);
	r.seconds = 10;
	spec.aim = TUNE_AIM_THROUGHPUT;
	assert_true(isnan(tune_score(&spec, &none, &r)));
	r.ops_per_sec = 1000;
	assert_true(fabs(tune_score(&spec, &none, &r) - log(1000)) < 1e-12);
	r.nop = 2;
	r.op[0] = (struct tune_op){.name = "write", .count = 10, .mean_us = 5, .p50_us = 4, .p99_us = 50, .p999_us = 500};
	r.op[1] = (struct tune_op){.name = "get", .count = 90, .mean_us = 2, .p50_us = 1, .p99_us = 20, .p999_us = NAN};
	spec.aim = TUNE_AIM_LATENCY;
	assert_true(fabs(tune_score(&spec, &none, &r) + log(20)) < 1e-12); /* the p99 of what is counted most often */
	assert_true(fabs(tune_score(&spec, &baseline, &r) + log(50)) < 1e-12); /* in the baseline, whatever this run did most */
	strcpy(baseline.op[1].name, "merge");
	assert_true(isnan(tune_score(&spec, &baseline, &r)));
	strcpy(spec.op, "write");
	strcpy(spec.tail, "mean");
	assert_true(fabs(tune_score(&spec, &none, &r) + log(5)) < 1e-12);
	strcpy(spec.op, "seek");
	assert_true(isnan(tune_score(&spec, &none, &r)));
	strcpy(spec.op, "get");
	strcpy(spec.tail, "p999");
	assert_true(isnan(tune_score(&spec, &none, &r)));
	spec.aim = TUNE_AIM_COST;
	spec.price_cpu = 1;
	spec.price_memory = spec.price_io = 0;
	r.cpu_s = 36;
	assert_true(fabs(tune_score(&spec, &none, &r) - log(1e4 / 0.01)) < 1e-9);
	r.statistics = strdup("rocksdb.wal.bytes COUNT : 1073741824\n");
	spec.price_io = 0.01;
	assert_true(fabs(tune_score(&spec, &none, &r) - log(1e4 / 0.02)) < 1e-9);
	tune_result_fini(&r);
	spec.aim = TUNE_AIM_THROUGHPUT;
}

static struct tune_summary summary(double rss, double wa, double p99)
{
	const struct tune_result *none = NULL;
	struct tune_summary s;

	tune_summarise(&none, 0, &s);
	s.rss_bytes = rss;
	s.write_amp = wa;
	s.nop = 1;
	s.op[0] = (struct tune_op){.name = "get", .count = 1, .mean_us = 1, .p50_us = 1, .p99_us = p99, .p999_us = NAN};
	return s;
}

static bool breaks(const struct tune_history *h, struct tune_summary best, struct tune_summary candidate)
{
	char why[200] = "";
	bool b = tune_breaks(&spec, h, &best, &candidate, why, sizeof why);

	assert_true(b == (*why != '\0'));
	return b;
}

static void a_limit_is_a_limit_whatever_the_gain(void **state)
{
	struct tune_history h;
	struct tune_trial t;

	(void)state;
	tune_history_init(&h, NULL);
	spec.memory = 1000000;
	spec.write_amp = 10;
	spec.p99_worse = 0.5;
	assert_false(breaks(&h, summary(5e5, 5, 10), summary(9e5, 9, 14)));
	assert_true(breaks(&h, summary(5e5, 5, 10), summary(11e5, 9, 14)));
	assert_true(breaks(&h, summary(5e5, 5, 10), summary(9e5, 11, 14)));
	assert_true(breaks(&h, summary(5e5, 5, 10), summary(9e5, 9, 16)));
	assert_false(breaks(&h, summary(NAN, NAN, NAN), summary(NAN, NAN, NAN)));
	/* both break it: only the one that breaks it by more */
	assert_false(breaks(&h, summary(20e5, 5, 10), summary(20e5, 5, 10)));
	assert_true(breaks(&h, summary(20e5, 5, 10), summary(21e5, 5, 10)));
	/* absolute */
	spec.p99_worse = 0;
	spec.p99_get = 12e-6;
	assert_true(breaks(&h, summary(5e5, 5, 10), summary(5e5, 5, 13)));
	spec.p99_get = 0;
	/* what was kept before has used up some of it */
	spec.p99_worse = 0.5;
	tune_trial_init(&t);
	t.verdict = TUNE_KEPT;
	t.best = summary(5e5, 5, 10);
	t.candidate = summary(5e5, 5, 14);
	assert_non_null(tune_history_add(&h, &t));
	assert_true(breaks(&h, summary(5e5, 5, 100), summary(5e5, 5, 120)));
	assert_false(breaks(&h, summary(5e5, 5, 100), summary(5e5, 5, 105)));
	tune_history_fini(&h, NULL);
	spec.memory = 0;
	spec.write_amp = 0;
}

static void add_line(struct lode_buf *b, unsigned seq, const char *members)
{
	char line[1000];
	int n = snprintf(line, sizeof line, "{\"ts\":\"2026-01-31T12:00:00.123456Z\",\"seq\":%u,\"kind\":\"kept\",\"trial\":1,%s", seq, members);

	lode_buf_addf(b, "%s,\"crc\":\"%08x\"}\n", line, lode_crc32(line, (size_t)n));
}

static void what_was_kept_live_becomes_wishes(void **state)
{
	struct tune_proposal *p = calloc(1, sizeof *p);
	struct lode_buf b;

	(void)state;
	lode_buf_init(&b, 1 << 16);
	lode_buf_adds(&b, "nonsense\n");
	add_line(&b, 1, "\"todo\":[{\"scope\":\"cache\",\"key\":\"block_cache_size\",\"value\":\"1000\"}],\"undo\":[]");
	add_line(&b, 2,
		 "\"todo\":[{\"scope\":\"cache\",\"key\":\"block_cache_size\",\"value\":\"2000\"},{\"scope\":\"cf\",\"cf\":0,\"key\":\"write_buffer_size\",\"value\":\"3000\"},"
		 "{\"scope\":\"cf\",\"cf\":1,\"key\":\"write_buffer_size\",\"value\":\"4000\"},{\"scope\":\"cf\",\"key\":\"no_such\",\"value\":\"1\"}],\"undo\":[]");
	add_line(&b, 3, "\"todo\":[],\"undo\":[]"); /* put back at the close */
	tune_live_read(lode_buf_str(&b), p);
	assert_int_equal(p->n, 2);
	assert_string_equal(p->wish[0].name, "block_cache_size");
	assert_string_equal(p->wish[0].value, "2000");
	assert_string_equal(p->wish[1].name, "write_buffer_size");
	assert_string_equal(p->wish[1].value, "3000");
	lode_buf_fini(&b);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_score_is_the_log_of_what_is_asked_for), cmocka_unit_test(a_limit_is_a_limit_whatever_the_gain),
					   cmocka_unit_test(what_was_kept_live_becomes_wishes)};

	return cmocka_run_group_tests(tests, setup, NULL);
}
