/* The expert as an advisor: when it keeps still, what it says then, what it goes by without timers, under pins and objectives; its counsel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_ask.h"

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
	w->window.has_timers = w->sample.has_timers = true;
	world_busy_writes(w);
	world_set(w, "level0_file_num_compaction_trigger", 10);
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
	world_cached(w);
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

/* Writers that wait a little come before reads that cost much, where slow operations are what it is about. */
static void test_tails_first(void **state)
{
	struct lode_objective o = {.kind = LODE_BALANCED};
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	world_op(w, LODE_H_WRITE, 300000, 60);
	w->window.stall_us = 15000000; /* a fifth of the time */
	w->window.immutable = 2;
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	w->q.objective = &o;
	o.slo[LODE_H_WRITE] = (struct lode_slo){.limit_us = 50, .bucket_us = 30, .share = 0.99};
	r = ask(w);
	assert_string_equal(spoke(&r), "memtable-stall-number");
	o.slo[LODE_H_WRITE].bucket_us = 300; /* kept well */
	r = ask(w);
	assert_string_equal(spoke(&r), "cache-misses");
	free(w);
}

/* What one rule may expect decides, and what this database has told about it. */
static void test_order_is_learnt(void **state)
{
	struct lode_counsel *c = malloc(sizeof *c);
	struct world *w = world_new();

	(void)state;
	world_op(w, LODE_H_WRITE, 300000, 300);
	w->window.stall_us = 80000000;
	w->window.immutable = 2;
	lode_expert_counsel(&w->q, c);
	assert_true(c->n >= 3);
	assert_string_equal(c->nothing, "");
	for (size_t i = 1; i < c->n; i++)
		assert_true(*c->a[i].held || c->a[i - 1].value >= c->a[i].value);
	assert_string_equal(c->a[0].rule->name, "memtable-stall-number");
	assert_string_equal(c->a[1].rule->name, "cache-misses");
	/* It has failed twice in this database, for another kind of work. */
	for (int i = 0; i < 4; i++)
		world_became(w, &c->a[0].proposal, LODE_OUT_REVERTED, 5000, 0.01)->regime = 12;
	lode_expert_counsel(&w->q, c);
	assert_string_equal(c->a[0].rule->name, "cache-misses");
	free(c);
	free(w);
}

/* What the agent's memory bans is not asked for again. */
static void test_memory_bans(void **state)
{
	struct world *w = world_new();
	struct lode_lore lore = {.regime = 77, .nfailed = 1, .failed = {{lode_tunable_find("block_cache_size"), true, 3, 1000}}};
	struct lode_counsel *c = malloc(sizeof *c);

	(void)state;
	w->q.lore = &lore;
	w->q.nlore = 1;
	lode_expert_counsel(&w->q, c);
	assert_string_equal(c->a[0].rule->name, "cache-misses");
	assert_string_equal(c->a[0].held, "cooling down, 1000 s");
	assert_non_null(strstr(c->nothing, "cache-misses (cooling down, 1000 s)"));
	lore.failed[0].up = false;
	lode_expert_counsel(&w->q, c);
	assert_string_equal(c->a[0].held, "");
	lore.failed[0].up = true;
	lore.regime = 78;
	lode_expert_counsel(&w->q, c);
	assert_string_equal(c->a[0].held, "");
	free(c);
	free(w);
}

/* A gain that the judge could not prove is not worth a trial. */
static void test_too_little(void **state)
{
	struct world *w = world_new();
	struct lode_counsel *c = malloc(sizeof *c);

	(void)state;
	world_busy_writes(w);
	w->window.hist_sum[LODE_H_COMPACTION] = 2500000; /* of 58 s of processor time: what a rule takes away of it is nothing */
	lode_expert_counsel(&w->q, c);
	assert_true(c->n > 0 && *c->nothing);
	assert_non_null(strstr(c->a[0].held, "too little"));
	free(c);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keeps_still),
	    cmocka_unit_test(test_without_timers),
	    cmocka_unit_test(test_pinned_is_left),
	    cmocka_unit_test(test_prompt_describes),
	    cmocka_unit_test(test_objective_chooses_rules),
	    cmocka_unit_test(test_tails_first),
	    cmocka_unit_test(test_order_is_learnt),
	    cmocka_unit_test(test_memory_bans),
	    cmocka_unit_test(test_too_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
