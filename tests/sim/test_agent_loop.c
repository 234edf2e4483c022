/* The whole loop over a simulated RocksDB: what helps is kept, what hurts is put back, what others do is respected, what crashes is mended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bed.h"
#include "record/journal.h"

#define MIB (1ll << 20)

static double capacity(struct bed *b)
{
	struct lode_cache cache = {0};
	lode_lsm_host(b->sim)->ops->cache(lode_lsm_host(b->sim), &cache);
	return (double)cache.capacity;
}

static void write_heavy(struct bed *b)
{
	memset(b->lsm.mix.share, 0, sizeof(b->lsm.mix.share));
	b->lsm.mix.share[LODE_H_GET] = 0.2;
	b->lsm.mix.share[LODE_H_WRITE] = 0.8;
}

static void test_expert_grows_the_cache(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 1);
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 180));
	assert_true(capacity(&b) > 8 * (double)b.cache_before);
	assert_non_null(strstr(bed_status(&b), "\"option\":\"block_cache_size\""));
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_kept_stays_if_asked(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 2);
	b.config.on_close = LODE_CLOSE_KEEP;
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 180));
	lode_conductor_settle(b.c);
	assert_true(capacity(&b) > (double)b.cache_before);
	bed_free(&b);
}

static void test_what_hurts_is_put_back(void **state)
{
	static const struct bed_wish wish[] = {{"block_cache_size", 8 * MIB}};
	struct bed b;
	(void)state;
	bed_init(&b, 3);
	b.lsm.cache_bytes = 64 * MIB;
	b.lsm.keys = 400000; /* all of it is in the cache; an eighth would not be */
	b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&b);
	bed_run(&b, 240);
	assert_null(strstr(bed_status(&b), "\"what\":\"kept\""));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_observe_never_writes(void **state)
{
	struct lode_lsm_report r;
	struct bed b;
	(void)state;
	bed_init(&b, 4);
	b.config.mode = LODE_MODE_OBSERVE;
	bed_start(&b);
	bed_run(&b, 300);
	lode_conductor_settle(b.c);
	lode_lsm_report(b.sim, &r);
	assert_int_equal(r.sets, 0);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_suggest_waits(void **state)
{
	struct lode_lsm_report r;
	struct lode_buf out;
	struct bed b;
	(void)state;
	lode_buf_init(&out, 65536);
	bed_init(&b, 5);
	b.config.mode = LODE_MODE_SUGGEST;
	bed_start(&b);
	assert_true(bed_until(&b, "\"suggestion\":{", 60));
	bed_run(&b, 60);
	lode_lsm_report(b.sim, &r);
	assert_int_equal(r.sets, 0);
	assert_int_equal(lode_conductor_decide(b.c, true, &out), 0);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 180));
	lode_buf_fini(&out);
	bed_free(&b);
}

static void test_rejected_suggestion(void **state)
{
	struct lode_buf out;
	struct bed b;
	(void)state;
	lode_buf_init(&out, 65536);
	bed_init(&b, 6);
	b.config.mode = LODE_MODE_SUGGEST;
	bed_start(&b);
	assert_true(bed_until(&b, "\"suggestion\":{", 60));
	assert_int_equal(lode_conductor_decide(b.c, false, &out), 0);
	assert_true(lode_conductor_decide(b.c, false, &out) < 0);
	bed_run(&b, 30);
	assert_null(strstr(bed_status(&b), "\"suggestion\":{"));
	assert_true(bed_as_before(&b));
	lode_buf_fini(&out);
	bed_free(&b);
}

static void test_pause_and_rollback(void **state)
{
	struct lode_buf out;
	struct bed b;
	(void)state;
	lode_buf_init(&out, 1 << 20);
	bed_init(&b, 7);
	bed_start(&b);
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 120));
	lode_conductor_pause(b.c, true);
	assert_true(bed_as_before(&b));
	bed_run(&b, 60);
	assert_non_null(strstr(bed_status(&b), "\"paused\":true"));
	assert_true(bed_as_before(&b));
	lode_conductor_pause(b.c, false);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	assert_int_equal(lode_conductor_rollback(b.c, true, &out), 0);
	assert_non_null(strstr(lode_buf_str(&out), "\"done\":false"));
	assert_false(capacity(&b) == (double)b.cache_before);
	assert_int_equal(lode_conductor_rollback(b.c, false, &out), 0);
	assert_true(bed_as_before(&b));
	lode_buf_fini(&out);
	bed_free(&b);
}

static void test_operator_is_right(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 96 * MIB}, {"write_buffer_size", 120 * MIB}};
	struct lode_lsm_event set = {.what = LODE_LSM_SET, .key = "write_buffer_size", .value = "50331648"};
	struct bed b;
	(void)state;
	bed_init(&b, 8);
	write_heavy(&b);
	b.asker.advisor = bed_advisor(wish, 2);
	bed_start(&b);
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 120));
	assert_true(lode_lsm_at(b.sim, &set));
	assert_true(bed_until(&b, "\"what\":\"invalid\"", 30));
	bed_run(&b, 120);
	assert_true(lode_lsm_value(b.sim, 0, "write_buffer_size") == 48 * (double)MIB);
	assert_non_null(strstr(bed_status(&b), "was changed by the operator"));
	lode_conductor_settle(b.c);
	assert_true(lode_lsm_value(b.sim, 0, "write_buffer_size") == 48 * (double)MIB);
	bed_free(&b);
}

/* The cache is in no OPTIONS file: that an operator has resized it is seen even where they change another option in the same second. */
static void test_operator_resizes_the_cache(void **state)
{
	struct lode_lsm_event set = {.what = LODE_LSM_SET, .key = "write_buffer_size", .value = "50331648"};
	struct lode_cache cache;
	struct lode_host *h;
	struct bed b;
	(void)state;
	bed_init(&b, 3);
	bed_start(&b);
	h = lode_lsm_host(b.sim);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 600));
	assert_true(lode_lsm_at(b.sim, &set));
	assert_int_equal(h->ops->set_cache_capacity(h, 16 * MIB, NULL), 0);
	bed_run(&b, 120);
	assert_null(strstr(bed_status(&b), "\"kept\":[{"));
	lode_conductor_settle(b.c);
	assert_int_equal(h->ops->cache(h, &cache), 0);
	assert_int_equal(cache.capacity, 16 * MIB);
	bed_free(&b);
}

static void test_shift_of_work_invalidates(void **state)
{
	struct lode_lsm_event shift = {.what = LODE_LSM_MIX};
	struct bed b;
	(void)state;
	bed_init(&b, 9);
	bed_start(&b);
	assert_true(bed_until(&b, "\"trial\":{", 60));
	shift.mix = b.lsm.mix;
	shift.mix.share[LODE_H_GET] = 0.1;
	shift.mix.share[LODE_H_WRITE] = 0.9;
	assert_true(lode_lsm_at(b.sim, &shift));
	assert_true(bed_until(&b, "\"what\":\"invalid\"", 40));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_crash_in_a_trial(void **state)
{
	struct lode_buf journal;
	struct bed b;
	(void)state;
	bed_init(&b, 10);
	bed_start(&b);
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 120));
	bed_crash(&b);
	assert_true(capacity(&b) > (double)b.cache_before);
	b.asker.advisor->ops->free(b.asker.advisor);
	b.asker.advisor = bed_advisor(NULL, 0);
	bed_attach(&b);
	assert_true(bed_as_before(&b));
	lode_buf_init(&journal, 1 << 20);
	bed_journal(&b, &journal);
	assert_non_null(strstr(lode_buf_str(&journal), "undone after a crash"));
	lode_buf_fini(&journal);
	bed_crash(&b); /* and once more: nothing is left to undo */
	bed_attach(&b);
	assert_null(strstr(bed_status(&b), "\"what\":\"invalid\""));
	bed_free(&b);
}

static void test_crash_after_a_keep(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 21);
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 180));
	bed_crash(&b);
	bed_attach(&b); /* the simulated database still has it, as one that was opened with its last OPTIONS file */
	assert_true(capacity(&b) > (double)b.cache_before);
	assert_non_null(strstr(bed_status(&b), "\"option\":\"block_cache_size\""));
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_crash(&b);
	bed_attach(&b); /* restored at close: nothing is left to adopt */
	assert_non_null(strstr(bed_status(&b), "\"kept\":[]"));
	bed_free(&b);
}

/* Between the list of what is kept and the record that settles the trial: the keep is done, and is restored at close like any other. */
static void test_crash_while_keeping(void **state)
{
	struct lode_buf journal;
	struct bed b;
	char path[800], *at, *settled = NULL;
	(void)state;
	bed_init(&b, 23);
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 180));
	snprintf(path, sizeof(path), "%s/%s/journal.jsonl", b.config.state_dir, lode_conductor_id(b.c));
	lode_buf_init(&journal, 1 << 20);
	bed_journal(&b, &journal);
	bed_crash(&b);
	for (at = strstr(journal.data, "\n{"); at; at = strstr(at + 1, "\n{"))
		if (strstr(at, "\"kind\":\"settled\""))
			settled = at + 1;
	assert_non_null(settled);
	assert_int_equal(truncate(path, settled - journal.data), 0);
	lode_buf_fini(&journal);
	bed_attach(&b);
	assert_true(capacity(&b) > (double)b.cache_before);
	assert_non_null(strstr(bed_status(&b), "\"option\":\"block_cache_size\""));
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

/* The record of a restoring is written ahead of it. If the process ends in between, what was kept still stands, and is the next life's to put back. */
static void test_crash_while_restoring(void **state)
{
	struct lode_journal *journal;
	struct bed b;
	char dir[700];
	(void)state;
	bed_init(&b, 22);
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 180));
	snprintf(dir, sizeof(dir), "%s/%s", b.config.state_dir, lode_conductor_id(b.c));
	bed_crash(&b);
	journal = lode_journal_open(dir, lode_lsm_clock(b.sim));
	lode_json_str(lode_journal_begin(journal, "restore"), "why", "restored at close");
	assert_int_equal(lode_journal_end(journal, true), 0);
	lode_journal_close(journal);
	bed_attach(&b);
	assert_non_null(strstr(bed_status(&b), "\"option\":\"block_cache_size\""));
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_crash(&b);
	bed_attach(&b);
	assert_non_null(strstr(bed_status(&b), "\"kept\":[]"));
	bed_free(&b);
}

static void test_writes_that_lie(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 96 * MIB}};
	static const enum lode_lsm_what kinds[] = {LODE_LSM_SET_FAILS, LODE_LSM_SET_LIES};
	(void)state;
	for (size_t k = 0; k < 2; k++)
		for (int n = 1; n < 8; n++) {
			struct lode_lsm_event e = {.what = kinds[k], .n = n};
			struct bed b;
			bed_init(&b, 11 + (uint64_t)n);
			write_heavy(&b);
			b.asker.advisor = bed_advisor(wish, 1);
			bed_start(&b);
			assert_true(bed_until(&b, "\"trial\":{", 60));
			assert_true(lode_lsm_at(b.sim, &e));
			bed_run(&b, 300);
			if (!strstr(bed_status(&b), "\"state\":\"SAFE\"")) {
				lode_conductor_settle(b.c);
				assert_true(bed_as_before(&b));
			}
			bed_free(&b);
		}
}

static void test_same_seed_same_journal(void **state)
{
	struct lode_buf journal[2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bed b;
		char *at;
		bed_init(&b, 77);
		bed_start(&b);
		bed_run(&b, 240);
		lode_buf_init(&journal[i], 1 << 20);
		assert_true(bed_journal(&b, &journal[i]) > 4);
		/* the first record holds the path of this run, and its checksum with it */
		at = strchr(journal[i].data, '\n');
		memmove(journal[i].data, at, strlen(at) + 1);
		bed_free(&b);
	}
	assert_string_equal(journal[0].data, journal[1].data);
	lode_buf_fini(&journal[0]);
	lode_buf_fini(&journal[1]);
}

static void test_unwritable_journal_means_no_trial(void **state)
{
	struct lode_lsm_report r;
	struct bed b;
	(void)state;
	bed_init(&b, 12);
	snprintf(b.config.state_dir, sizeof(b.config.state_dir), "/proc/nowhere");
	bed_start(&b);
	bed_run(&b, 120);
	lode_lsm_report(b.sim, &r);
	assert_int_equal(r.sets, 0);
	assert_non_null(strstr(bed_status(&b), "journal"));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_closing_in_every_phase(void **state)
{
	(void)state;
	for (int at = 1; at < 130; at += 3) {
		struct bed b;
		bed_init(&b, 13);
		bed_start(&b);
		bed_run(&b, at);
		lode_conductor_settle(b.c);
		assert_true(bed_as_before(&b));
		bed_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expert_grows_the_cache), cmocka_unit_test(test_kept_stays_if_asked),
		cmocka_unit_test(test_what_hurts_is_put_back), cmocka_unit_test(test_observe_never_writes),
		cmocka_unit_test(test_suggest_waits),          cmocka_unit_test(test_rejected_suggestion),
		cmocka_unit_test(test_pause_and_rollback),     cmocka_unit_test(test_operator_is_right),
		cmocka_unit_test(test_operator_resizes_the_cache),
		cmocka_unit_test(test_shift_of_work_invalidates), cmocka_unit_test(test_crash_in_a_trial),
		cmocka_unit_test(test_crash_after_a_keep), cmocka_unit_test(test_crash_while_restoring), cmocka_unit_test(test_crash_while_keeping), cmocka_unit_test(test_writes_that_lie),        cmocka_unit_test(test_same_seed_same_journal),
		cmocka_unit_test(test_unwritable_journal_means_no_trial), cmocka_unit_test(test_closing_in_every_phase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
