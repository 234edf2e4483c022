/* What makes a trial worthless ends it as INVALID: put back, nothing learnt from it, nothing banned. And what only looks like it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bed.h"

#define MIB (1ll << 20)

/* Writes and reads, slow enough that a memtable takes a minute to fill. */
static void begin(struct bed *b, uint64_t seed, const struct bed_wish *wish, size_t n)
{
	bed_init(b, seed);
	memset(b->lsm.mix.share, 0, sizeof(b->lsm.mix.share));
	b->lsm.mix.share[LODE_H_GET] = b->lsm.mix.share[LODE_H_WRITE] = 0.5;
	b->lsm.rate = 16000;
	b->asker.advisor = bed_advisor(wish, n);
	bed_start(b);
}

struct upset {
	const char *why;
	struct lode_lsm_event event;
	bool theirs; /* an option is the operator's afterwards */
};

static const struct upset upsets[] = {
	{"reset", {.what = LODE_LSM_REOPEN}, false}, /* so quick that only its counters tell */
	{"Statistics were reset", {.what = LODE_LSM_STATS_RESET}, false},
	{"suspended", {.what = LODE_LSM_SUSPEND, .n = 600}, false},
	{"wall clock", {.what = LODE_LSM_WALL, .n = 3600}, false},
	{"wall clock", {.what = LODE_LSM_WALL, .n = -3600}, false},
	{"flushed", {.what = LODE_LSM_FLUSH}, false},
	{"manual compaction", {.what = LODE_LSM_COMPACT}, false},
	{"another option", {.what = LODE_LSM_SET, .key = "paranoid_file_checks", .value = "true"}, true},
};

/* The same wish goes on trial again: neither banned nor refused. */
static void test_each_upset(void **state)
{
	static const struct bed_wish wish[] = {{"max_write_buffer_number", 4}, {"max_write_buffer_number", 4}};
	(void)state;
	for (size_t i = 0; i < sizeof(upsets) / sizeof(upsets[0]); i++) {
		struct lode_lsm_event e = upsets[i].event;
		struct bed b;
		begin(&b, 30 + i, wish, 2);
		assert_true(bed_until(&b, "\"trial\":{", 60));
		bed_run(&b, 25);
		assert_non_null(strstr(bed_status(&b), "\"trial\":{"));
		assert_true(lode_lsm_at(b.sim, &e));
		if (!bed_until(&b, "\"what\":\"invalid\"", 10) || !strstr(bed_status(&b), upsets[i].why))
			fail_msg("%s: %s", upsets[i].why, bed_status(&b));
		assert_true(upsets[i].theirs || bed_as_before(&b));
		assert_non_null(strstr(bed_status(&b), "\"reverted\":0"));
		if (!bed_until(&b, "\"trial\":{", 90))
			fail_msg("%s: not tried again: %s", upsets[i].why, bed_status(&b));
		assert_non_null(strstr(bed_status(&b), "\"refused\":0"));
		bed_free(&b);
	}
}

/* Undisturbed, the same trial comes to a verdict: neither full memtables nor automatic compactions end it. */
static void test_ordinary_work_is_valid(void **state)
{
	static const struct bed_wish wish[] = {{"max_write_buffer_number", 4}};
	(void)state;
	for (uint64_t seed = 50; seed < 53; seed++) {
		struct bed b;
		begin(&b, seed, wish, 1);
		bed_run(&b, 600);
		assert_non_null(strstr(bed_status(&b), "\"trials\":1"));
		assert_non_null(strstr(bed_status(&b), "\"invalid\":0"));
		assert_null(strstr(bed_status(&b), "\"trial\":{"));
		bed_free(&b);
	}
}

/* An application that flushes by itself all the time does so in both arms. */
static void test_usual_flushes_are_no_upset(void **state)
{
	static const struct bed_wish wish[] = {{"max_write_buffer_number", 4}};
	struct bed b;
	(void)state;
	begin(&b, 60, wish, 1);
	for (int i = 0; i < 30; i++) {
		struct lode_lsm_event e = {.what = LODE_LSM_FLUSH};
		assert_true(lode_lsm_at(b.sim, &e));
		bed_run(&b, 7);
	}
	assert_non_null(strstr(bed_status(&b), "\"invalid\":0"));
	assert_non_null(strstr(bed_status(&b), "\"trials\":1"));
	bed_free(&b);
}

/* Hit rate and operations of a closed loop double under the change, and that is no shift of the work. */
static void test_what_answers_does_not_gate(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 61);
	b.lsm.mix.share[LODE_H_GET] = 0.9;
	b.lsm.mix.share[LODE_H_WRITE] = 0.1;
	b.lsm.mix.skew = 0.4;
	bed_start(&b);
	bed_run(&b, 300);
	assert_non_null(strstr(bed_status(&b), "\"what\":\"kept\""));
	assert_non_null(strstr(bed_status(&b), "\"invalid\":0"));
	bed_free(&b);
}

static void test_shape_is_opt_in(void **state)
{
	static const struct bed_wish wish[] = {{"target_file_size_base", 32 * MIB}};
	struct bed b;
	(void)state;
	begin(&b, 70, wish, 1);
	bed_run(&b, 60);
	assert_non_null(strstr(bed_status(&b), "judge.shape = volume"));
	assert_non_null(strstr(bed_status(&b), "\"trials\":0"));
	bed_free(&b);
}

static void test_shape_goes_on_trial_where_it_may(void **state)
{
	static const struct bed_wish wish[] = {{"target_file_size_base", 32 * MIB}};
	struct bed b;
	(void)state;
	bed_init(&b, 71);
	memset(b.lsm.mix.share, 0, sizeof(b.lsm.mix.share));
	b.lsm.mix.share[LODE_H_GET] = b.lsm.mix.share[LODE_H_WRITE] = 0.5;
	b.config.shape = LODE_SHAPE_VOLUME;
	b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&b);
	if (!bed_until(&b, "\"design\":\"volume\"", 60))
		fail_msg("%s", bed_status(&b));
	bed_run(&b, 60);
	assert_non_null(strstr(bed_status(&b), "\"arm\":\"control\""));
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void set_first(struct bed *b, const char *key, const char *value)
{
	struct lode_lsm_event e = {.what = LODE_LSM_SET};
	snprintf(e.key, sizeof(e.key), "%s", key);
	snprintf(e.value, sizeof(e.value), "%s", value);
	assert_true(lode_lsm_at(b->sim, &e));
}

/* A small tree, and a multiplier that shows a fall by a quarter at first and a rise by a sixth in the end: from the wish to the verdict, and all is back. */
static void test_shape_is_judged_by_what_settles(void **state)
{
	static const struct bed_wish wish[] = {{"max_bytes_for_level_multiplier", 20000}, {"max_bytes_for_level_multiplier", 20000}};
	struct bed b;
	(void)state;
	bed_init(&b, 73);
	memset(b.lsm.mix.share, 0, sizeof(b.lsm.mix.share));
	b.lsm.mix.share[LODE_H_GET] = b.lsm.mix.share[LODE_H_WRITE] = 0.5;
	b.lsm.mix.value_bytes = 400;
	b.lsm.keys = 6e6;
	b.lsm.threads = b.lsm.cores = 4;
	b.lsm.rate = 2 * 4e6 / 212;
	b.config.shape = LODE_SHAPE_VOLUME;
	b.config.allow_optin = true;
	b.asker.advisor = bed_advisor(wish, 2);
	b.config.mode = LODE_MODE_OBSERVE;
	bed_start(&b);
	set_first(&b, "write_buffer_size", "4194304");
	set_first(&b, "max_bytes_for_level_base", "16777216");
	set_first(&b, "target_file_size_base", "4194304");
	bed_run(&b, 400);
	lode_buf_clear(&b.before);
	lode_lsm_options_text(b.sim, &b.before);
	b.config.mode = LODE_MODE_AUTO;
	if (!bed_until(&b, "\"what\":\"reverted\"", 1500) || !strstr(bed_status(&b), "write amplification +"))
		fail_msg("%s", bed_status(&b));
	/* what the operator has set stands, and ours is back to the value; the number of the file is another by now */
	assert_true(lode_lsm_value(b.sim, 0, "max_bytes_for_level_multiplier") == 10);
	assert_true(lode_lsm_value(b.sim, 0, "write_buffer_size") == 4 * (double)MIB);
	assert_true(bed_until(&b, "not again for", 60)); /* a verdict, so there is a ban */
	bed_free(&b);
}

static void test_shape_needs_writes(void **state)
{
	static const struct bed_wish wish[] = {{"target_file_size_base", 32 * MIB}};
	struct bed b;
	(void)state;
	bed_init(&b, 72);
	b.config.shape = LODE_SHAPE_VOLUME;
	b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&b);
	bed_run(&b, 60);
	assert_non_null(strstr(bed_status(&b), "nothing is written"));
	assert_non_null(strstr(bed_status(&b), "\"trials\":0"));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_upset),
		cmocka_unit_test(test_ordinary_work_is_valid),
		cmocka_unit_test(test_usual_flushes_are_no_upset),
		cmocka_unit_test(test_what_answers_does_not_gate),
		cmocka_unit_test(test_shape_is_opt_in),
		cmocka_unit_test(test_shape_goes_on_trial_where_it_may),
		cmocka_unit_test(test_shape_is_judged_by_what_settles),
		cmocka_unit_test(test_shape_needs_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
