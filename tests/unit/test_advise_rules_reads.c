/* The expert's rules about reads on situations made for them: what they see, how far they go, what they leave alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_ask.h"

static void test_cache_grows_to_data(void **state)
{
	struct world *w = world_new();
	struct lode_reply r = ask(w);

	(void)state;
	assert_string_equal(spoke(&r), "cache-misses");
	assert_int_equal(r.proposal.n, 1);
	assert_int_equal(proposed(&r, "block_cache_size"), (int64_t)(2.5 * GIB));
	assert_true(r.proposal.expect > 0.1 && r.proposal.expect <= 1);
	assert_non_null(strstr(r.proposal.why, "8 MiB"));
	assert_non_null(strstr(r.proposal.why, "2.5 GiB"));
	free(w);
}

/* More data than memory: all of the guard's room but an eighth. */
static void test_cache_bounded_by_memory(void **state)
{
	struct world *w = world_new();
	int64_t lo, hi;

	(void)state;
	w->sample.cf[0].sst_bytes = 500ull << 30;
	assert_true(lode_guard_range(&w->q.now, lode_tunable_find("block_cache_size"), 0, &lo, &hi));
	struct lode_reply r = ask(w);
	assert_true(proposed(&r, "block_cache_size") < hi);
	assert_true((double)proposed(&r, "block_cache_size") > 0.8 * (double)hi);
	free(w);
}

static void test_cache_left_alone(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	/* Not full: what it misses it never had. */
	world_set(w, "block_cache_size", GIB);
	w->sample.cache.usage = (uint64_t)(0.4 * GIB);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	/* Full, and hit almost always. */
	struct lode_interval before = w->window;
	w->sample.cache.usage = (uint64_t)GIB;
	world_cached(w);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	/* Full and missing, but already as large as the data needs. */
	w->window = before;
	world_set(w, "block_cache_size", 2.4 * GIB);
	w->sample.cache.usage = (uint64_t)(2.4 * GIB);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	assert_non_null(strstr(r.why, "cache-misses"));
	/* Of a kind that cannot be resized. */
	world_set(w, "block_cache_size", 8 * MIB);
	w->sample.cache.usage = 8u << 20;
	w->sample.cache.resizable = false;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	free(w);
}

/* Compactions miss the cache too; without reads that is nobody's loss. */
static void test_writes_never_grow_cache(void **state)
{
	struct world *w = world_new();

	(void)state;
	world_writes(w);
	for (int i = 0; i < 12; i++) {
		struct lode_reply r = ask(w);

		assert_int_equal(proposed(&r, "block_cache_size"), -1);
		if (r.answer != LODE_ANSWER_PROPOSAL)
			break;
		world_became(w, &r.proposal, LODE_OUT_REVERTED, 1, -0.01);
	}
	free(w);
}

static void test_cache_again_after_keep(void **state)
{
	struct world *w = world_new();

	(void)state;
	struct lode_reply r = ask(w);
	r.proposal.change[0].value = (int64_t)(64 * MIB);
	world_became(w, &r.proposal, LODE_OUT_KEPT, 60, 0.3);
	w->sample.cache.usage = w->sample.cache.capacity;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	assert_int_equal(proposed(&r, "block_cache_size"), (int64_t)(2.5 * GIB)); /* it knows where to go: no further */
	free(w);
}

static void test_l0_reads(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_cached(w);
	w->window.hist_count[LODE_H_FLUSH] = 2;
	w->window.l0_files = 4;
	r = ask(w);
	assert_string_equal(spoke(&r), "l0-reads");
	assert_int_equal(proposed(&r, "level0_file_num_compaction_trigger"), 2);
	/* Where nobody writes, L0 does not come back. */
	w->window.hist_count[LODE_H_FLUSH] = 0;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	free(w);
}

static void test_scan_reseeks(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_op(w, LODE_H_SEEK, 1000000, 20);
	world_cached(w);
	w->window.ticker[LODE_T_SEEK] = 1000000;
	w->window.ticker[LODE_T_NEXT] = 10000000;
	w->window.ticker[LODE_T_ITER_RESEEKS] = 5000000;
	r = ask(w);
	assert_string_equal(spoke(&r), "scan-reseeks");
	assert_int_equal(proposed(&r, "max_sequential_skip_in_iterations"), 32);
	free(w);
}

/* A filter of the memtables: only where the operator lets it, for reads of single keys that find nothing there, and both options together. */
static void test_memtable_filter(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_cached(w);
	world_op(w, LODE_H_WRITE, 100000, 10);
	w->window.ticker[LODE_T_MEMTABLE_MISS] = 4000000;
	world_set(w, "memtable_prefix_bloom_size_ratio", 0);
	world_set(w, "memtable_whole_key_filtering", 0);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	assert_non_null(strstr(r.why, "memtable-filter"));
	w->policy.allow_optin = true;
	r = ask(w);
	assert_string_equal(spoke(&r), "memtable-filter");
	assert_int_equal(proposed(&r, "memtable_prefix_bloom_size_ratio"), 20);
	assert_int_equal(proposed(&r, "memtable_whole_key_filtering"), 1);
	world_op(w, LODE_H_SEEK, 9000000, 14);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	free(w);
}

/* Only versions that know them have the options about deletions in memtables and about flushes into the cache. */
static void test_newer_options(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	w->policy.allow_optin = true;
	w->state.version = 110000;
	world_set(w, "memtable_op_scan_flush_trigger", 0);
	world_set(w, "prepopulate_block_cache", 0);
	world_cached(w);
	world_op(w, LODE_H_WRITE, 100000, 10);
	world_op(w, LODE_H_SEEK, 1000000, 20);
	w->window.ticker[LODE_T_SEEK] = 1000000;
	w->window.ticker[LODE_T_NEXT] = 1000000;
	w->window.ticker[LODE_T_ITER_SKIP] = 40000000;
	r = ask(w);
	assert_string_equal(spoke(&r), "scan-skips");
	assert_int_equal(proposed(&r, "memtable_op_scan_flush_trigger"), 1000);
	w->state.version = 90800;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	free(w);
	/* What was flushed just now is read; the cache itself cannot be resized. */
	w = world_new();
	w->policy.allow_optin = true;
	w->state.version = 90800;
	world_set(w, "prepopulate_block_cache", 0);
	w->sample.cache.resizable = false;
	w->window.hist_count[LODE_H_FLUSH] = 1;
	w->window.ticker[LODE_T_L2_HIT] = 3000000;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	w->window.ticker[LODE_T_L0_HIT] = 600000;
	r = ask(w);
	assert_string_equal(spoke(&r), "warm-flushes");
	assert_int_equal(proposed(&r, "prepopulate_block_cache"), 1);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cache_grows_to_data),
	    cmocka_unit_test(test_cache_bounded_by_memory),
	    cmocka_unit_test(test_cache_left_alone),
	    cmocka_unit_test(test_writes_never_grow_cache),
	    cmocka_unit_test(test_cache_again_after_keep),
	    cmocka_unit_test(test_l0_reads),
	    cmocka_unit_test(test_scan_reseeks),
	    cmocka_unit_test(test_memtable_filter),
	    cmocka_unit_test(test_newer_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
