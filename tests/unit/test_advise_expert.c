/* The expert's rules on constructed situations: what it sees, how far it goes, what it leaves alone, and when it keeps still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "advise/rules.h"
#include "test_advise_world.h"

static struct lode_reply ask(struct world *w)
{
	struct lode_advisor *a = lode_advisor_expert();
	struct lode_reply r;

	assert_non_null(a);
	a->ops->ask(a, &w->q, &r);
	a->ops->free(a);
	/* Whatever it proposes has a reason, and passes the guard. */
	if (r.answer == LODE_ANSWER_PROPOSAL) {
		struct lode_plan *plan = malloc(sizeof *plan);
		struct lode_refusal refusal;

		assert_int_equal(lode_guard_check(&w->q.now, &r.proposal, plan, &refusal), 0);
		assert_true(strlen(r.proposal.why) > 60);
		assert_null(strstr(r.proposal.why, CANARY));
		assert_string_equal(r.proposal.advisor, "expert");
		free(plan);
	} else {
		assert_int_equal(r.answer, LODE_ANSWER_NOTHING);
		assert_true(strlen(r.why) > 20);
	}
	return r;
}

/* The rule that spoke, or "". */
static const char *spoke(const struct lode_reply *r)
{
	return r->answer == LODE_ANSWER_PROPOSAL ? r->proposal.rule : "";
}

static int64_t proposed(const struct lode_reply *r, const char *id)
{
	for (size_t i = 0; i < r->proposal.n; i++)
		if (r->proposal.change[i].tunable == lode_tunable_find(id))
			return r->proposal.change[i].value;
	return -1;
}

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
	w->sample.cache.usage = (uint64_t)GIB;
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = 400000000;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	/* Full and missing, but already as large as the data needs. */
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = 500000;
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
		world_past(w, r.proposal.rule, LODE_OUT_REVERTED, 1, "write_buffer_size", 1);
	}
	free(w);
}

static void test_cache_again_after_keep(void **state)
{
	struct world *w = world_new();

	(void)state;
	world_past(w, "cache-misses", LODE_OUT_KEPT, 60, "block_cache_size", 8 * MIB);
	struct lode_reply r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	free(w);
}

static void test_cooldown(void **state)
{
	struct world *w = world_new();
	struct lode_outcome *o = world_past(w, "cache-misses", LODE_OUT_REVERTED, 500, "block_cache_size", GIB);
	struct lode_reply r = ask(w);

	(void)state;
	assert_string_not_equal(spoke(&r), "cache-misses");
	assert_string_not_equal(spoke(&r), "cache-misses-some"); /* the same change under another name */
	o->age_s = 601;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	/* The second failure counts double. */
	o = world_past(w, "cache-misses", LODE_OUT_REVERTED, 601, "block_cache_size", GIB);
	r = ask(w);
	assert_string_not_equal(spoke(&r), "cache-misses");
	o->age_s = 1201;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	/* In another regime it failed for other reasons; a tripwire counts everywhere. */
	o->age_s = 1;
	o->regime = 78;
	w->history[0].age_s = 1e6;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	o->what = LODE_OUT_TRIPPED;
	r = ask(w);
	assert_string_not_equal(spoke(&r), "cache-misses");
	free(w);
}

static void test_refused_cools_down(void **state)
{
	struct world *w = world_new();
	struct lode_outcome *o = world_past(w, "cache-misses", LODE_OUT_REFUSED, 10, "block_cache_size", GIB);
	struct lode_reply r = ask(w);

	(void)state;
	assert_string_equal(spoke(&r), "");
	assert_non_null(strstr(r.why, "cooling down"));
	o->age_s = 400;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	free(w);
}

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
	world_past(w, "memtable-stall-number", LODE_OUT_REVERTED, 5, "max_write_buffer_number", 4);
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
	world_op(w, LODE_H_GET, 3600000, 8);
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = 400000000;
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
	world_writes(w);
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
	assert_string_not_equal(spoke(&r), "small-flushes");
	free(w);
}

static void test_compaction_cpu(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->window.hist_count[LODE_H_FLUSH] = 1;
	w->window.cpu_ns = 58000000000ull;
	r = ask(w);
	assert_string_equal(spoke(&r), "compaction-cpu");
	assert_int_equal(proposed(&r, "level0_file_num_compaction_trigger"), 8);
	free(w);
}

static void test_l0_reads(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = 400000000;
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
	world_op(w, LODE_H_SEEK, 100000, 20);
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = 400000000;
	w->window.ticker[LODE_T_SEEK] = 100000;
	w->window.ticker[LODE_T_NEXT] = 1000000;
	w->window.ticker[LODE_T_ITER_RESEEKS] = 200000;
	r = ask(w);
	assert_string_equal(spoke(&r), "scan-reseeks");
	assert_int_equal(proposed(&r, "max_sequential_skip_in_iterations"), 32);
	free(w);
}

/* Rewriting options cannot be judged live: the rule speaks only where the policy lets it. */
static void test_compression_offline_only(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_writes(w);
	w->window.hist_count[LODE_H_FLUSH] = 1;
	w->window.cpu_ns = 58000000000ull;
	world_set(w, "level0_file_num_compaction_trigger", 10);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	w->policy.allow_optin = w->policy.allow_slow_lag = true;
	r = ask(w);
	assert_string_equal(spoke(&r), "compression-cpu");
	free(w);
}

static void test_keeps_still(void **state)
{
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	w->sample.write_stopped = true;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	assert_non_null(strstr(r.why, "stopped"));
	w->sample.write_stopped = false;
	w->sample.delayed_write_rate = 1000000;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	w->sample.delayed_write_rate = 0;
	w->workload.known = false;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	w->workload.known = true;
	w->window.invalid = LODE_INVALID_EPOCH;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	/* Without Statistics nothing is known of the cache. */
	w->window.invalid = LODE_VALID;
	w->window.has_stats = w->window.has_timers = false;
	memset(w->window.ticker, 0, sizeof w->window.ticker);
	memset(w->window.op, 0, sizeof w->window.op);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	free(w);
}

/* What is counted is enough for the two that matter most; and the reasons say of what the shares are. */
static void test_without_timers(void **state)
{
	struct world *w = world_new();
	struct lode_reply timed, r;

	(void)state;
	timed = ask(w);
	world_untimed(w);
	r = ask(w);
	assert_string_equal(spoke(&r), spoke(&timed));
	assert_int_equal(r.proposal.change[0].value, timed.proposal.change[0].value);
	assert_non_null(strstr(timed.proposal.why, "of the time in RocksDB"));
	assert_non_null(strstr(r.proposal.why, "of the operations in RocksDB"));
	world_writes(w);
	w->window.has_timers = true;
	w->window.ticker[LODE_T_COMPACT_WRITE_BYTES] *= 2;
	timed = ask(w);
	world_untimed(w);
	r = ask(w);
	assert_string_equal(spoke(&r), "small-flushes");
	assert_string_equal(spoke(&timed), "small-flushes");
	free(w);
}

static void test_pinned_is_left(void **state)
{
	struct world *w = world_new();
	int t = lode_tunable_find("block_cache_size");
	struct lode_reply r;

	(void)state;
	w->policy.locked[t / 64] |= 1ull << (t % 64);
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	free(w);
}

static void test_prompt_describes(void **state)
{
	struct world *w = world_new();
	struct lode_advisor *a = lode_advisor_expert();
	struct lode_buf b;

	(void)state;
	lode_buf_init(&b, 1 << 16);
	assert_int_equal(a->ops->prompt(a, &w->q, &b), 0);
	assert_non_null(strstr(lode_buf_str(&b), "cache-misses"));
	assert_null(strstr(lode_buf_str(&b), CANARY));
	lode_buf_fini(&b);
	a->ops->free(a);
	free(w);
}

/* A rule speaks only where it serves what is asked for: nothing that makes RocksDB write more under write_amp, nothing that only readers feel. */
static void test_objective_chooses_rules(void **state)
{
	struct lode_objective o = {.kind = LODE_WRITE_AMP};
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	w->q.objective = &o;
	r = ask(w); /* reads miss the cache */
	assert_string_equal(spoke(&r), "");
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = 400000000;
	w->window.hist_count[LODE_H_FLUSH] = 2;
	w->window.l0_files = 4; /* and look into L0, which could be compacted more often */
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	o.kind = LODE_COST;
	r = ask(w);
	assert_string_equal(spoke(&r), "");
	o.kind = LODE_LATENCY;
	r = ask(w);
	assert_string_equal(spoke(&r), "l0-reads");
	world_writes(w);
	o.kind = LODE_WRITE_AMP;
	r = ask(w);
	assert_true(proposed(&r, "write_buffer_size") > 0);
	for (size_t i = 0; i < lode_expert_rule_count; i++)
		assert_true(lode_expert_rules[i].serves != 0 && lode_expert_rules[i].serves < 1u << LODE_OBJECTIVES);
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
	    cmocka_unit_test(test_cooldown),
	    cmocka_unit_test(test_refused_cools_down),
	    cmocka_unit_test(test_memtable_stall),
	    cmocka_unit_test(test_l0_stall),
	    cmocka_unit_test(test_debt_jobs),
	    cmocka_unit_test(test_small_flushes),
	    cmocka_unit_test(test_compaction_cpu),
	    cmocka_unit_test(test_l0_reads),
	    cmocka_unit_test(test_scan_reseeks),
	    cmocka_unit_test(test_compression_offline_only),
	    cmocka_unit_test(test_keeps_still),
	    cmocka_unit_test(test_without_timers), cmocka_unit_test(test_pinned_is_left),
	    cmocka_unit_test(test_objective_chooses_rules),
	    cmocka_unit_test(test_prompt_describes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
