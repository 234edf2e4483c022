/* What costs the application time: each bottleneck on a situation made for it, the ranking, and what is said where nothing is wrong or nothing is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "advise/bottleneck.h"
#include "base/rng.h"
#include "test_advise_world.h"

static struct lode_diagnosis found[LODE_DIAGNOSES_MAX];
static size_t n;

static enum lode_bottleneck worst(struct world *w)
{
	struct lode_signs s;

	lode_signs_of(&w->q, &s);
	n = lode_diagnose(&w->q, &s, found, LODE_DIAGNOSES_MAX);
	assert_in_range(n, 1, LODE_DIAGNOSES_MAX);
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(found[i].evidence) > 10);
		assert_null(strstr(found[i].evidence, CANARY));
		assert_true(isnan(found[i].share) || (found[i].share >= 0 && found[i].share <= 1));
	}
	return found[0].what;
}

static double share_of(enum lode_bottleneck b)
{
	for (size_t i = 0; i < n; i++)
		if (found[i].what == b)
			return found[i].share;
	return -1;
}

static void cached(struct world *w)
{
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = w->window.ticker[LODE_T_CACHE_HIT] = 4000000000;
	w->window.hist_sum[LODE_H_SST_READ] = 100000;
}

static void test_cache(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(worst(w), LODE_BOTTLENECK_CACHE);
	/* 3.7 million blocks of 6 us in 4.2 million reads of 14 us, half as much again */
	assert_float_equal(found[0].share, 1.5 * 3.7 * 6 / (4.2 * 14), 1e-6);
	assert_float_equal(lode_diagnosis_worth(found, n), found[0].share, 1e-9);
	assert_non_null(strstr(found[0].evidence, "8 MiB"));
	/* Not timed: a block counts as much as the rest of a read. */
	world_untimed(w);
	assert_int_equal(worst(w), LODE_BOTTLENECK_CACHE);
	assert_float_equal(found[0].share, 3.7 / (3.7 + 4.2), 1e-6);
	/* A cache that is not full yet. */
	w->sample.cache.usage = 4u << 20;
	assert_int_equal(worst(w), LODE_BOTTLENECK_NONE);
	free(w);
}

static void test_disk(void **state)
{
	struct world *w = world_new();

	(void)state;
	world_op(w, LODE_H_GET, 300000, 200);
	w->window.ticker[LODE_T_CACHE_DATA_MISS] = 280000;
	w->window.hist_count[LODE_H_SST_READ] = 280000;
	w->window.hist_sum[LODE_H_SST_READ] = 280000 * 150;
	assert_int_equal(worst(w), LODE_BOTTLENECK_DISK_READ);
	assert_true(found[0].share > 0.9);
	assert_true(share_of(LODE_BOTTLENECK_CACHE) < 0);
	free(w);
}

static void test_nothing(void **state)
{
	struct world *w = world_new();

	(void)state;
	cached(w);
	assert_int_equal(worst(w), LODE_BOTTLENECK_NONE);
	assert_true(lode_diagnosis_worth(found, n) == 0);
	assert_true(share_of(LODE_BOTTLENECK_READ_CPU) > 0.9); /* said all the same */
	w->workload.known = false;
	assert_int_equal(worst(w), LODE_BOTTLENECK_UNKNOWN);
	assert_int_equal(n, 1);
	assert_true(lode_diagnosis_worth(found, n) == 0);
	free(w);
}

static void test_reads_of_a_written_tree(void **state)
{
	struct world *w = world_new();

	(void)state;
	cached(w);
	w->window.hist_count[LODE_H_FLUSH] = 2;
	w->window.l0_files = 8;
	assert_int_equal(worst(w), LODE_BOTTLENECK_L0_READS);
	assert_float_equal(found[0].share, 0.8 / 1.8, 1e-6);
	world_op(w, LODE_H_WRITE, 100000, 10);
	w->window.ticker[LODE_T_MEMTABLE_MISS] = 4200000;
	w->window.l0_files = 0;
	w->sample.cf[0].files[0] = 0;
	assert_int_equal(worst(w), LODE_BOTTLENECK_MEMTABLE_READS);
	world_op(w, LODE_H_SEEK, 1000000, 20);
	w->window.ticker[LODE_T_SEEK] = 1000000;
	w->window.ticker[LODE_T_NEXT] = 1000000;
	w->window.ticker[LODE_T_ITER_SKIP] = 40000000;
	assert_int_equal(worst(w), LODE_BOTTLENECK_SCAN);
	free(w);
}

static void test_stalls(void **state)
{
	struct world *w = world_new();

	(void)state;
	world_writes(w);
	w->window.stall_us = 6000000;
	assert_int_equal(worst(w), LODE_BOTTLENECK_STALL);
	assert_float_equal(found[0].share, 6.0 / (3.6 * 8), 1e-6);
	w->window.immutable = 2;
	assert_int_equal(worst(w), LODE_BOTTLENECK_MEMTABLE);
	assert_true(share_of(LODE_BOTTLENECK_STALL) < 0);
	w->window.immutable = 0;
	w->window.l0_files = 17;
	assert_int_equal(worst(w), LODE_BOTTLENECK_L0);
	w->window.l0_files = 5;
	w->window.debt = 60ull << 30;
	assert_int_equal(worst(w), LODE_BOTTLENECK_DEBT);
	assert_true(found[0].share > 0.2);
	world_untimed(w);
	assert_int_equal(worst(w), LODE_BOTTLENECK_DEBT);
	assert_float_equal(found[0].share, 0.2, 1e-6);
	free(w);
}

/* Nobody waits yet, and what it will cost is not known: that is worth something, but stands behind what is measured. */
static void test_debt_to_come(void **state)
{
	struct world *w = world_new();

	(void)state;
	world_writes(w);
	w->window.debt_start = 20ull << 30;
	w->window.debt = 25ull << 30; /* 5 GiB in 30 s: 64 GiB in four minutes */
	assert_int_equal(worst(w), LODE_BOTTLENECK_DEBT);
	assert_true(isnan(found[0].share));
	assert_true(isnan(lode_diagnosis_worth(found, n)));
	w->window.cpu_ns = 58000000000ull;
	w->window.hist_sum[LODE_H_COMPACTION] = 20000000;
	assert_int_equal(worst(w), LODE_BOTTLENECK_COMPACTION_CPU);
	assert_float_equal(lode_diagnosis_worth(found, n), 0.5 * 20 / 58, 1e-6);
	w->window.debt_start = w->window.debt - (100u << 20); /* hours away */
	worst(w);
	assert_true(share_of(LODE_BOTTLENECK_DEBT) < 0 && !isnan(share_of(LODE_BOTTLENECK_DEBT)));
	free(w);
}

static void test_writes(void **state)
{
	struct lode_objective o = {.kind = LODE_WRITE_AMP};
	struct world *w = world_new();

	(void)state;
	world_writes(w);
	assert_int_equal(worst(w), LODE_BOTTLENECK_NONE);
	assert_true(share_of(LODE_BOTTLENECK_WRITE_CPU) > 0.9);
	w->window.hist_count[LODE_H_WAL_SYNC] = 5000;
	w->window.hist_sum[LODE_H_WAL_SYNC] = 20000000;
	assert_int_equal(worst(w), LODE_BOTTLENECK_NONE); /* no option that may be changed makes a disk sync faster */
	assert_float_equal(share_of(LODE_BOTTLENECK_WAL_SYNC), 20 / 28.8, 1e-6);
	assert_float_equal(share_of(LODE_BOTTLENECK_WRITE_CPU), 1 - 20 / 28.8, 1e-6);
	w->window.hist_count[LODE_H_WAL_SYNC] = 1000; /* 20 ms each, amid three times as many bytes of compactions */
	w->window.ticker[LODE_T_COMPACT_WRITE_BYTES] *= 2;
	assert_int_equal(worst(w), LODE_BOTTLENECK_SYNC_BURSTS);
	w->q.objective = &o;
	w->window.hist_count[LODE_H_WAL_SYNC] = 0;
	assert_int_equal(worst(w), LODE_BOTTLENECK_REWRITES);
	free(w);
}

/* What hardly costs time may be all of the slow operations. */
static void test_tails(void **state)
{
	struct lode_objective o = {.kind = LODE_BALANCED};
	struct world *w = world_new();

	(void)state;
	world_op(w, LODE_H_WRITE, 100000, 10);
	w->window.stall_us = 600000; /* one hundredth of the time of reads and writes */
	w->window.immutable = 2;
	assert_int_equal(worst(w), LODE_BOTTLENECK_CACHE);
	assert_true(share_of(LODE_BOTTLENECK_MEMTABLE) < 0);
	w->q.objective = &o;
	o.slo[LODE_H_WRITE] = (struct lode_slo){.limit_us = 10, .bucket_us = 5, .share = 0.99};
	assert_int_equal(worst(w), LODE_BOTTLENECK_CACHE);
	assert_true(share_of(LODE_BOTTLENECK_MEMTABLE) > 0); /* too many writes are slow */
	o.slo[LODE_H_WRITE].bucket_us = 15;
	worst(w);
	assert_true(share_of(LODE_BOTTLENECK_MEMTABLE) < 0);
	o.kind = LODE_LATENCY;
	w->window.stall_us = 10000000;
	assert_int_equal(worst(w), LODE_BOTTLENECK_MEMTABLE);
	free(w);
}

/* Whatever is measured: ranked, bounded, and the same for any room. */
static void test_ranked(void **state)
{
	struct world *w = world_new();
	struct lode_diagnosis few[2];
	struct lode_rng rng;
	struct lode_signs s;

	(void)state;
	lode_rng_seed(&rng, 5);
	for (int i = 0; i < 3000; i++) {
		if (i % 2)
			world_writes(w);
		for (int t = 0; t < LODE_TICKER_N; t++)
			w->window.ticker[t] = lode_rng_u64(&rng) >> 1 >> lode_rng_below(&rng, 62);
		for (int h = 0; h < LODE_HIST_N; h++) {
			w->window.hist_count[h] = lode_rng_u64(&rng) >> 1 >> lode_rng_below(&rng, 62);
			w->window.hist_sum[h] = lode_rng_u64(&rng) >> 1 >> lode_rng_below(&rng, 62);
		}
		for (int op = 0; op < LODE_OP_N; op++)
			world_op(w, op, lode_rng_below(&rng, 1000000), (double)lode_rng_below(&rng, 1000));
		w->window.stall_us = lode_rng_below(&rng, 1u << 28);
		w->window.debt = lode_rng_u64(&rng) >> 1 >> lode_rng_below(&rng, 50);
		w->window.debt_start = lode_rng_u64(&rng) >> 1 >> lode_rng_below(&rng, 50);
		w->window.l0_files = lode_rng_below(&rng, 40);
		w->window.has_timers = lode_rng_coin(&rng);
		worst(w);
		for (size_t k = 1; k + 1 < n; k++)
			if (!isnan(found[k].share) && !isnan(found[k + 1].share) && lode_bottleneck_reach(found[k].what) > 0 && lode_bottleneck_reach(found[k + 1].what) > 0)
				assert_true(found[k].share * lode_bottleneck_reach(found[k].what) >= found[k + 1].share * lode_bottleneck_reach(found[k + 1].what));
		lode_signs_of(&w->q, &s);
		size_t m = lode_diagnose(&w->q, &s, few, 2);
		assert_int_equal(m, n < 2 ? n : 2);
		for (size_t k = 0; k < m; k++)
			assert_int_equal(few[k].what, found[k].what);
	}
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cache),	  cmocka_unit_test(test_disk),	 cmocka_unit_test(test_nothing), cmocka_unit_test(test_reads_of_a_written_tree),
	    cmocka_unit_test(test_stalls),	  cmocka_unit_test(test_debt_to_come), cmocka_unit_test(test_writes),  cmocka_unit_test(test_tails),
	    cmocka_unit_test(test_ranked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
