/* The agent against what RocksDB versions do to those who write options (host/versions.h), each played by the simulated one: throttled and stopped writers,
 * jobs that bring old options back, OPTIONS files that could not be written, calls that fail half way through the families, updates that are lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bed.h"
#include "host/versions.h"
#include "host/write.h"

#define MIB (1ll << 20)
#define SEEDS 6

static unsigned long count(struct bed *b, const char *name)
{
	const char *status = bed_status(b), *at = strstr(status, name);
	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static void writes(struct bed *b, double share)
{
	memset(b->lsm.mix.share, 0, sizeof(b->lsm.mix.share));
	b->lsm.mix.share[LODE_H_GET] = 1 - share;
	b->lsm.mix.share[LODE_H_WRITE] = share;
}

/* At that second the writers become too much for the compactions, or for the flushes. */
static void flood(struct bed *b, double at_s, double value_bytes)
{
	struct lode_lsm_event e = {.at_s = at_s, .what = LODE_LSM_MIX, .mix = b->lsm.mix};
	e.mix.share[LODE_H_GET] = 0;
	e.mix.share[LODE_H_WRITE] = 1;
	e.mix.value_bytes = value_bytes;
	assert_true(lode_lsm_at(b->sim, &e));
}

/* Whatever arm a trial is in when writes are slowed down: the one write that may follow is the one that ends it. */
static void test_slowed_writers_are_not_slowed_further(void **state)
{
	static const struct bed_wish wish[] = {{"level0_file_num_compaction_trigger", 6}, {"max_sequential_skip_in_iterations", 12}, {"write_buffer_size", 80 * MIB}};
	double delayed = 0;
	unsigned long trials = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
		struct lode_lsm_report r;
		struct bed b;
		bed_init(&b, seed);
		writes(&b, 0.3);
		b.lsm.hazards = seed % 2 ? ~0u : 0;
		b.lsm.compact_mbps = 20;
		b.asker.advisor = bed_advisor(wish, 3);
		bed_start(&b);
		flood(&b, 30 + 3 * (double)seed, 400);
		bed_run(&b, 400);
		lode_lsm_report(b.sim, &r);
		delayed += r.delayed_s;
		trials += count(&b, "\"trials\":");
		if (r.sets_while_delayed > count(&b, "\"trials\":"))
			fail_msg("seed %llu: %u writes of options while writers were slowed, in %lu trials", (unsigned long long)seed, r.sets_while_delayed,
				 count(&b, "\"trials\":"));
		lode_conductor_settle(b.c);
		assert_true(bed_as_before(&b));
		bed_free(&b);
	}
	assert_true(delayed > 60 && trials > SEEDS); /* else nothing was tried here */
}

/* Stops of the host's own making, again and again: no write meets one, except what a tripwire takes back. */
static void test_nothing_is_written_into_a_stop(void **state)
{
	double stopped = 0;
	unsigned long trials = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct lode_lsm_report r;
		struct bed b;
		bed_init(&b, seed);
		writes(&b, 0.5);
		b.lsm.hazards = ~0u;
		b.lsm.flush_mbps = 12;
		b.lsm.mix.value_bytes = 120;
		b.asker.advisor = lode_advisor_random(seed);
		bed_start(&b);
		bed_run(&b, 900);
		lode_lsm_report(b.sim, &r);
		stopped += r.stopped_s;
		trials += count(&b, "\"trials\":");
		if (r.sets_while_stopped > 2 * count(&b, "\"tripped\":")) /* the database's and the families' */
			fail_msg("seed %llu: %u writes of options into a stop, %lu trips", (unsigned long long)seed, r.sets_while_stopped, count(&b, "\"tripped\":"));
		lode_conductor_settle(b.c);
		assert_true(bed_as_before(&b));
		bed_free(&b);
	}
	print_message("stopped for %.0f s, %lu trials\n", stopped, trials);
	assert_true(stopped > 1 && trials > 0);
}

/* A database that one more file in level 0 would stop, for as long as one looks, as its own application has set it: no option of it is changed there,
 * where a change behind stopped writers hangs. A block cache is resized all the same: nobody waits for that. */
static void test_a_cache_does_not_wait_for_writers(void **state)
{
	static const char *const full[] = {"level0_file_num_compaction_trigger", "level0_slowdown_writes_trigger", "level0_stop_writes_trigger"};
	static const struct bed_wish wish[] = {{"max_sequential_skip_in_iterations", 12}, {"block_cache_size", 64 * MIB}};
	(void)state;
	for (int cache = 0; cache < 2; cache++) {
		struct bed b;
		bed_init(&b, 70);
		b.lsm.hazards = LODE_HAZARD_HANGS_STOPPED;
		b.asker.advisor = bed_advisor(&wish[cache], 1);
		bed_start(&b);
		for (size_t i = 0; i < sizeof(full) / sizeof(*full); i++) {
			struct lode_lsm_event e = {.what = LODE_LSM_SET, .value = "1"};
			snprintf(e.key, sizeof(e.key), "%s", full[i]);
			assert_true(lode_lsm_at(b.sim, &e));
		}
		assert_int_equal(bed_until(&b, "\"arm\":\"treatment\"", 120), cache);
		assert_int_equal(count(&b, "\"trials\":"), 1);
		bed_free(&b);
	}
}

/* Long compactions and few memtables: what an old job brings back would stay for minutes. */
static void test_old_jobs_do_not_bring_old_options_back(void **state)
{
	static const struct bed_wish wish[] = {{"level0_file_num_compaction_trigger", 6}, {"level0_file_num_compaction_trigger", 3}, {"write_buffer_size", 80 * MIB}};
	double reverted = 0, seconds = 0;
	unsigned long trials = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct lode_lsm_report r;
		struct bed b;
		bed_init(&b, seed);
		writes(&b, 0.1);
		b.lsm.hazards = LODE_HAZARD_QUIET_REVERT;
		b.lsm.compact_mbps = 8;
		b.asker.advisor = bed_advisor(wish, 3);
		bed_start(&b);
		bed_run(&b, 600);
		trials += count(&b, "\"trials\":");
		lode_conductor_settle(b.c);
		lode_lsm_report(b.sim, &r);
		reverted += r.reverted_s;
		seconds += r.seconds;
		bed_free(&b);
	}
	print_message("%lu trials, other options in force than shown for %.1f of %.0f s\n", trials, reverted, seconds);
	assert_true(trials >= SEEDS);
	assert_true(reverted > 0 && reverted < 0.01 * seconds);
}

/* RocksDB could not write its OPTIONS file, n times in a row, and says so or not: what it shows is the past, what is in force is ours. */
static void test_options_file_that_cannot_be_written(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 96 * MIB}};
	(void)state;
	for (int silent = 0; silent < 2; silent++)
		for (int n = 1; n < 8; n++) {
			struct lode_lsm_event e = {.what = LODE_LSM_FILE_FAILS, .n = n};
			struct lode_lsm_report r;
			struct bed b;
			bool safe;
			bed_init(&b, 20 + (uint64_t)n);
			writes(&b, 0.8);
			b.lsm.hazards = silent ? LODE_HAZARD_FILE_ERROR_SILENT : LODE_HAZARD_FILE_ERROR_IS_LIVE;
			b.asker.advisor = bed_advisor(wish, 1);
			bed_start(&b);
			assert_true(bed_until(&b, "\"trial\":{", 60));
			assert_true(lode_lsm_at(b.sim, &e));
			bed_run(&b, 300);
			lode_lsm_report(b.sim, &r);
			assert_true(r.sets > 0);
			safe = strstr(bed_status(&b), "\"state\":\"SAFE\"");
			assert_int_equal(safe, n > 3); /* one try and three ways back */
			assert_null(strstr(bed_status(&b), "\"what\":\"kept\""));
			if (!safe) {
				assert_true(lode_lsm_value(b.sim, 0, "write_buffer_size") == 64 * (double)MIB);
				assert_true(bed_as_before(&b));
			}
			bed_free(&b);
		}
}

/* One call for each family, and any of them may fail: those before it go back. */
static void test_failure_between_families(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 96 * MIB}};
	(void)state;
	for (int k = 0; k < 12; k++) {
		struct lode_lsm_event e = {.what = LODE_LSM_SET_FAILS, .n = 1 + k / 4, .after = k % 4};
		struct lode_lsm_report r;
		struct bed b;
		bed_init(&b, 40 + (uint64_t)k);
		writes(&b, 0.8);
		b.lsm.ncf = 4;
		b.asker.advisor = bed_advisor(wish, 1);
		bed_start(&b);
		assert_true(lode_lsm_at(b.sim, &e)); /* before the first write of ours */
		bed_run(&b, 300);
		lode_lsm_report(b.sim, &r);
		assert_true(r.sets >= (unsigned)(k % 4));
		assert_int_equal(count(&b, "\"trials\":"), 1);
		if (!strstr(bed_status(&b), "\"state\":\"SAFE\"")) {
			lode_conductor_settle(b.c);
			assert_true(bed_as_before(&b));
		}
		bed_free(&b);
	}
}

/* Database options where bytes_per_sync is 0: everything goes back, and that reads otherwise and does the same. */
static void test_database_options_leave_nothing_that_acts(void **state)
{
	static const struct bed_wish wish[] = {{"max_background_jobs", 4}};
	struct lode_lsm_report r;
	struct bed b;
	(void)state;
	bed_init(&b, 60);
	b.config.allow_residue = true;
	writes(&b, 0.8);
	b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&b);
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 120));
	assert_true(lode_lsm_value(b.sim, 0, "max_background_jobs") == 4);
	lode_conductor_settle(b.c);
	lode_lsm_report(b.sim, &r);
	assert_int_equal(r.sets, 2);
	assert_true(lode_lsm_value(b.sim, 0, "max_background_jobs") == 2);
	assert_true(lode_lsm_value(b.sim, 0, "bytes_per_sync") == strtod(LODE_NO_SYNC, NULL));
	bed_free(&b);
}

/* The operator's SetDBOptions and ours at the same moment, where the later undoes the earlier: theirs is set again, and theirs from then on. */
static void test_the_operators_update_is_not_lost(void **state)
{
	static const struct bed_wish wish[] = {{"max_background_jobs", 4}};
	(void)state;
	for (int hazard = 0; hazard < 2; hazard++) {
		struct lode_lsm_event e = {.what = LODE_LSM_RACE, .key = "stats_dump_period_sec", .value = "77"};
		struct bed b;
		bed_init(&b, 61);
		b.config.allow_residue = true;
		writes(&b, 0.8);
		b.lsm.hazards = hazard ? LODE_HAZARD_LOST_UPDATES : 0;
		b.asker.advisor = bed_advisor(wish, 1);
		bed_start(&b);
		assert_true(lode_lsm_at(b.sim, &e));
		assert_true(bed_until(&b, "\"arm\":\"treatment\"", 120));
		assert_true(lode_lsm_value(b.sim, 0, "stats_dump_period_sec") == 77);
		lode_conductor_settle(b.c);
		assert_true(lode_lsm_value(b.sim, 0, "stats_dump_period_sec") == 77);
		assert_true(lode_lsm_value(b.sim, 0, "max_background_jobs") == 2);
		bed_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slowed_writers_are_not_slowed_further), cmocka_unit_test(test_nothing_is_written_into_a_stop),
		cmocka_unit_test(test_a_cache_does_not_wait_for_writers),
		cmocka_unit_test(test_old_jobs_do_not_bring_old_options_back), cmocka_unit_test(test_options_file_that_cannot_be_written),
		cmocka_unit_test(test_failure_between_families),
		cmocka_unit_test(test_database_options_leave_nothing_that_acts), cmocka_unit_test(test_the_operators_update_is_not_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
