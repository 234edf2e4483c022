/* The whole loop over databases whose Statistics are ours, count only, or are not there: timers run for a trial and no longer, nothing is judged half timed,
 * and where reads are not seen nothing is tried that could harm them. */
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

static void ours(struct bed *b, uint64_t seed)
{
	bed_init(b, seed);
	b->lsm.statistics_ours = true;
}

static void mix(struct bed *b, double reads)
{
	memset(b->lsm.mix.share, 0, sizeof(b->lsm.mix.share));
	b->lsm.mix.share[LODE_H_GET] = reads;
	b->lsm.mix.share[LODE_H_WRITE] = 1 - reads;
}

static bool timed(struct bed *b)
{
	struct lode_host *h = lode_lsm_host(b->sim);
	return h->ops->info(h)->has_timers;
}

static bool in_state(struct bed *b, const char *state)
{
	char text[40];
	snprintf(text, sizeof(text), "\"state\":\"%s\"", state);
	return strstr(bed_status(b), text) != NULL;
}

static bool journal_has(struct bed *b, const char *text)
{
	struct lode_buf journal;
	bool found;
	lode_buf_init(&journal, 4 << 20);
	bed_journal(b, &journal);
	found = strstr(lode_buf_str(&journal), text) != NULL;
	lode_buf_fini(&journal);
	return found;
}

/* Timers exactly while something is qualified or tried, seen after every tick. */
static void test_up_for_a_trial_and_down_again(void **state)
{
	bool tried = false, kept = false;
	struct bed b;
	(void)state;
	ours(&b, 1);
	bed_start(&b);
	assert_false(timed(&b));
	for (int s = 0; s < 240; s++) {
		bed_run(&b, 1);
		bool judging = in_state(&b, "QUALIFY") || in_state(&b, "TRIAL");
		assert_int_equal(timed(&b), judging);
		tried |= in_state(&b, "TRIAL");
		kept |= strstr(bed_status(&b), "\"what\":\"kept\"") != NULL;
	}
	assert_true(tried && kept);
	assert_true(journal_has(&b, "\"judged_by\":\"service time\""));
	lode_conductor_settle(b.c);
	assert_false(timed(&b));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_observing_never_times(void **state)
{
	struct bed b;
	(void)state;
	ours(&b, 2);
	b.config.mode = LODE_MODE_OBSERVE;
	bed_start(&b);
	for (int s = 0; s < 100; s++) {
		bed_run(&b, 1);
		assert_false(timed(&b));
	}
	assert_non_null(strstr(bed_status(&b), "\"workload\":\"reads 100 %"));
	assert_non_null(strstr(bed_status(&b), "\"mean_us\":null"));
	bed_free(&b);
}

static void test_pause_close_and_crash_lower(void **state)
{
	static const struct bed_wish wish[] = {{"block_cache_size", 64 * MIB}};
	static const char *const phases[] = {"QUALIFY", "TRIAL"};
	(void)state;
	for (size_t p = 0; p < 2; p++)
		for (int how = 0; how < 3; how++) {
			struct bed b;
			bool there = false;
			ours(&b, 3);
			b.asker.advisor = bed_advisor(wish, 1);
			bed_start(&b);
			for (int s = 0; s < 60 && !there; s++) {
				bed_run(&b, 1);
				there = in_state(&b, phases[p]);
			}
			assert_true(there && timed(&b));
			if (how == 0) {
				lode_conductor_pause(b.c, true);
				bed_run(&b, 1);
			} else if (how == 1) {
				lode_conductor_settle(b.c);
			} else {
				bed_crash(&b);
				bed_attach(&b);
			}
			assert_false(timed(&b));
			assert_true(bed_as_before(&b));
			bed_free(&b);
		}
}

/* Somebody else switches the timers off in the middle: what is not timed is not judged, and the trial comes to nothing. */
static void test_nothing_is_judged_half_timed(void **state)
{
	static const struct bed_wish wish[] = {{"block_cache_size", 64 * MIB}};
	struct bed b;
	(void)state;
	bed_init(&b, 4);
	b.lsm.statistics_ours = true;
	b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&b);
	assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 60));
	for (int s = 0; s < 200 && in_state(&b, "TRIAL"); s++) {
		struct lode_host *h = lode_lsm_host(b.sim);
		h->ops->statistics_level(h, s % 2);
		bed_run(&b, 1);
	}
	assert_non_null(strstr(bed_status(&b), "\"what\":\"invalid\""));
	assert_null(strstr(bed_status(&b), "\"what\":\"kept\""));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

/* A plan that has become impossible while the work was timed is refused, and the timers go. */
static void test_the_world_moves_while_qualifying(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 96 * MIB}};
	struct lode_lsm_event set = {.what = LODE_LSM_SET, .key = "write_buffer_size", .value = "50331648"};
	struct lode_lsm_report r;
	struct bed b;
	(void)state;
	ours(&b, 5);
	mix(&b, 0.5);
	b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&b);
	assert_true(bed_until(&b, "\"state\":\"QUALIFY\"", 60));
	assert_true(lode_lsm_at(b.sim, &set));
	assert_true(bed_until(&b, "\"what\":\"refused\"", 60));
	bed_run(&b, 1);
	assert_false(timed(&b));
	lode_lsm_report(b.sim, &r);
	assert_int_equal(r.sets, 1); /* the operator's */
	bed_free(&b);
}

/* The host's own, which count only: judged by operations per second, and nobody touches their level. */
static void test_counters_of_the_host(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 6);
	b.lsm.untimed = true;
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	assert_false(timed(&b));
	assert_true(journal_has(&b, "\"judged_by\":\"operations per second\""));
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_no_statistics_and_pure_reads(void **state)
{
	static const struct bed_wish wish[] = {{"block_cache_size", 64 * MIB}};
	struct lode_lsm_report r;
	struct bed b;
	(void)state;
	bed_init(&b, 7);
	b.lsm.statistics = false;
	b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&b);
	bed_run(&b, 120);
	lode_lsm_report(b.sim, &r);
	assert_int_equal(r.sets, 0);
	assert_non_null(strstr(bed_status(&b), "reads are not seen, so nothing could be judged"));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

/* What could harm the reads that nobody sees is refused, each with that reason; what could not is tried and judged by writes. */
static void test_no_statistics_and_writes(void **state)
{
	static const struct bed_wish wish[] = {{"block_cache_size", 64 * MIB},
					       {"level0_slowdown_writes_trigger", 30},
					       {"level0_file_num_compaction_trigger", 8},
					       {"write_buffer_size", 62 * MIB},
					       {"max_write_buffer_number", 4},
					       {"write_buffer_size", 128 * MIB}};
	struct bed b;
	const char *at;
	int refused = 0;
	(void)state;
	bed_init(&b, 8);
	mix(&b, 0.2);
	b.lsm.statistics = false;
	b.asker.advisor = bed_advisor(wish, 6);
	bed_start(&b);
	assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 300));
	for (at = bed_status(&b); (at = strstr(at, "reads are not seen here")); at++)
		refused++;
	assert_int_equal(refused, 5);
	assert_true(journal_has(&b, "\"judged_by\":\"writes per second\""));
	assert_non_null(strstr(bed_status(&b), "judged_by\":\"writes per second and stalls only"));
	bed_run(&b, 600);
	assert_true(journal_has(&b, "\"kind\":\"verdict\""));
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

/* The built-in expert on its own, without service times and without Statistics, whatever it finds: the end is as the beginning. */
static void test_expert_in_the_dark(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		struct bed b;
		bed_init(&b, 20 + (uint64_t)i);
		mix(&b, (i % 3) * 0.45);
		b.lsm.statistics = i / 3 != 0;
		b.lsm.statistics_ours = i / 3 == 1;
		b.lsm.untimed = i / 3 == 2;
		bed_start(&b);
		bed_run(&b, 600);
		lode_conductor_settle(b.c);
		assert_true(bed_as_before(&b));
		bed_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_for_a_trial_and_down_again), cmocka_unit_test(test_observing_never_times),
		cmocka_unit_test(test_pause_close_and_crash_lower),   cmocka_unit_test(test_nothing_is_judged_half_timed),
		cmocka_unit_test(test_the_world_moves_while_qualifying), cmocka_unit_test(test_counters_of_the_host),
		cmocka_unit_test(test_no_statistics_and_pure_reads),  cmocka_unit_test(test_no_statistics_and_writes),
		cmocka_unit_test(test_expert_in_the_dark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
