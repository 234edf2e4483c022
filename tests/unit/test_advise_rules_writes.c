/* The expert's rules about stalls and writes on situations made for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_ask.h"

static void test_memtable_stall(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->window.stall_us = 6000000;
	w->window.immutable = 2;
	w->sample.cf[1].immutable = 1;
	r = ask(w);
	assert_string_equal(spoke(&r), "memtable-stall-number");
	assert_int_equal(proposed(&r, "max_write_buffer_number"), 4);
	assert_int_equal(r.proposal.change[0].cf, 3); /* the family that has them */
	world_became(w, &r.proposal, LODE_OUT_REVERTED, 5, 0.01);
	r = ask(w);
	assert_string_equal(spoke(&r), "memtable-stall-size");
	assert_int_equal(proposed(&r, "write_buffer_size"), (int64_t)(128 * MIB));
	free(w);
}

static void test_l0_stall(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->window.stall_us = 6000000;
	w->window.l0_files = 22;
	w->sample.cf[0].files[0] = 18;
	w->window.cpu_ns = 58000000000ull;
	r = ask(w);
	assert_string_equal(spoke(&r), "l0-stall-limits");
	int64_t trigger = proposed(&r, "level0_file_num_compaction_trigger"), slow = proposed(&r, "level0_slowdown_writes_trigger"),
		stop = proposed(&r, "level0_stop_writes_trigger");
	assert_true(trigger > 4 && trigger < slow && slow > 20 && slow < stop && stop > 36);
	/* Where there are readers, they pay for each L0 file. */
	world_op(w, LODE_H_GET, 4000000, 8);
	world_cached(w);
	r = ask(w);
	assert_string_equal(spoke(&r), "l0-stall-limits");
	assert_int_equal(proposed(&r, "level0_file_num_compaction_trigger"), -1);
	/* With idle cores, more work at once comes first. */
	w->machine.cores = 8;
	r = ask(w);
	assert_string_equal(spoke(&r), "l0-stall-jobs");
	assert_int_equal(proposed(&r, "max_background_jobs"), 4);
	assert_int_equal(proposed(&r, "max_subcompactions"), 2);
	free(w);
}

static void test_debt_jobs(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->window.debt_start = 1u << 30;
	w->window.debt = 2u << 30;
	w->machine.cores = 4;
	r = ask(w);
	assert_string_equal(spoke(&r), "debt-jobs");
	assert_int_equal(proposed(&r, "max_background_jobs"), 4);
	/* Busy cores do not get more to do. */
	w->machine.cores = 1;
	r = ask(w);
	assert_string_not_equal(spoke(&r), "debt-jobs");
	free(w);
}

static void test_small_flushes(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_busy_writes(w);
	world_set(w, "level0_file_num_compaction_trigger", 10); /* nothing for compaction-cpu */
	w->window.ticker[LODE_T_COMPACT_WRITE_BYTES] *= 3;
	r = ask(w);
	assert_string_equal(spoke(&r), "small-flushes"); /* one in five seconds */
	assert_int_equal(proposed(&r, "write_buffer_size"), (int64_t)(128 * MIB));
	w->window.hist_count[LODE_H_FLUSH] = 2; /* one in fifteen */
	r = ask(w);
	assert_int_equal(proposed(&r, "write_buffer_size"), (int64_t)(128 * MIB));
	w->window.hist_count[LODE_H_FLUSH] = 1; /* one in thirty seconds is fine */
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	w->window.hist_count[LODE_H_FLUSH] = 6; /* often, but nothing is merged again and nobody waits */
	w->window.ticker[LODE_T_COMPACT_WRITE_BYTES] = 0;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	w->window.ticker[LODE_T_COMPACT_WRITE_BYTES] = (uint64_t)(30 * 120 * MIB); /* merged often, but the cores are idle and nobody waits */
	w->window.cpu_ns = 20000000000ull;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	free(w);
}

static void test_compaction_cpu(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_busy_writes(w);
	w->window.hist_count[LODE_H_FLUSH] = 1;
	r = ask(w);
	assert_string_equal(spoke(&r), "compaction-cpu");
	assert_int_equal(proposed(&r, "level0_file_num_compaction_trigger"), 8);
	free(w);
}

/* Rewriting options cannot be judged live: the rule speaks only where the policy lets it. */
static void test_compression_offline_only(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_busy_writes(w);
	w->window.hist_count[LODE_H_FLUSH] = 1;
	world_set(w, "level0_file_num_compaction_trigger", 10);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	w->policy.allow_optin = w->policy.allow_slow_lag = true;
	r = ask(w);
	assert_string_equal(spoke(&r), "compression-cpu");
	free(w);
}

/* Limits of pending compaction bytes: together, where the operator lets them be changed, and only for debt that does not grow. */
static void test_debt_limits(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->policy.allow_optin = true;
	w->policy.debt_fraction = 1;
	w->window.stall_us = 6000000;
	w->window.cpu_ns = 48000000000ull;
	w->window.debt = w->window.debt_start = 60ull << 30;
	w->sample.cf[0].debt = 60ull << 30;
	r = ask(w);
	assert_string_equal(spoke(&r), "debt-limits");
	assert_int_equal(proposed(&r, "soft_pending_compaction_bytes_limit"), (int64_t)(96 * GIB));
	assert_int_equal(proposed(&r, "hard_pending_compaction_bytes_limit"), (int64_t)(384 * GIB));
	w->window.debt_start = 50ull << 30;
	r = ask(w);
	assert_string_not_equal(spoke(&r), "debt-limits");
	free(w);
}

static void test_slow_seeks(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->window.cpu_ns = 48000000000ull;
	w->window.debt_start = 1u << 30;
	w->window.debt = 3u << 30;
	w->window.ticker[LODE_T_COMPACT_READ_BYTES] = 1u << 30;
	r = ask(w);
	assert_string_not_equal(spoke(&r), "slow-seeks");
	w->machine.disk = LODE_DISK_HDD;
	r = ask(w);
	assert_string_equal(spoke(&r), "slow-seeks");
	assert_int_equal(proposed(&r, "compaction_readahead_size"), (int64_t)(2 * MIB));
	free(w);
}

/* Three families wait for one flush at a time. */
static void test_flushes_side_by_side(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->machine.cores = 8;
	w->window.stall_us = 6000000;
	w->window.immutable = 2;
	w->sample.cf[0].immutable = 2;
	world_set(w, "max_write_buffer_number", 6);
	world_set(w, "max_background_jobs", 4);
	w->policy.memory_max = 1; /* no larger memtables */
	r = ask(w);
	assert_string_not_equal(spoke(&r), "memtable-stall-jobs");
	w->sample.cf[1].immutable = 5;
	r = ask(w);
	assert_string_equal(spoke(&r), "memtable-stall-jobs");
	assert_int_equal(proposed(&r, "max_background_jobs"), 8);
	free(w);
}

/* Acts through the shape of the tree: proposed only where the judge waits for that. */
static void test_level_1_small(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_busy_writes(w);
	world_set(w, "level0_file_num_compaction_trigger", 10);
	world_set(w, "max_bytes_for_level_base", 64 * MIB);
	w->window.hist_count[LODE_H_FLUSH] = 2;
	w->window.ticker[LODE_T_FLUSH_WRITE_BYTES] = (uint64_t)(2 * 40 * MIB);
	r = ask(w);
	assert_string_not_equal(spoke(&r), "level-1-small");
	w->policy.allow_shape = true;
	r = ask(w);
	assert_string_equal(spoke(&r), "level-1-small");
	assert_in_range(proposed(&r, "max_bytes_for_level_base"), (int64_t)(128 * MIB), (int64_t)(400 * MIB));
	free(w);
}

static void test_sync_bursts(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->window.hist_count[LODE_H_WAL_SYNC] = 1000;
	w->window.hist_sum[LODE_H_WAL_SYNC] = 20000000;
	r = ask(w);
	assert_string_equal(spoke(&r), ""); /* every MiB already */
	world_set(w, "bytes_per_sync", 64 * MIB);
	r = ask(w);
	assert_string_equal(spoke(&r), "sync-bursts");
	assert_in_range(proposed(&r, "bytes_per_sync"), MIB, (int64_t)(16 * MIB)); /* as far as a step goes */
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memtable_stall),
	    cmocka_unit_test(test_l0_stall),
	    cmocka_unit_test(test_debt_jobs),
	    cmocka_unit_test(test_small_flushes),
	    cmocka_unit_test(test_compaction_cpu),
	    cmocka_unit_test(test_compression_offline_only),
	    cmocka_unit_test(test_debt_limits),
	    cmocka_unit_test(test_slow_seeks),
	    cmocka_unit_test(test_flushes_side_by_side),
	    cmocka_unit_test(test_level_1_small),
	    cmocka_unit_test(test_sync_bursts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
