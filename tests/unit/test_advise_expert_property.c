/* Thousands of random situations: whatever the expert proposes passes the guard, the same question gets the same answer, and question after question with the
 * history that it makes comes to rest, whatever becomes of the proposals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rng.h"
#include "test_advise_ask.h"

#define WORLDS 6000
#define STORIES 100
#define ROUNDS 500 /* room for history is 512 */

static struct lode_rng rng;

static uint64_t below(uint64_t n)
{
	return lode_rng_below(&rng, n);
}

/* Any size up to 2^bits, each order of magnitude as likely as the next. */
static uint64_t spread(unsigned bits)
{
	uint64_t size = below(bits);

	return lode_rng_u64(&rng) >> 1 >> (63 - 1 - size);
}

static void random_options(struct world *w)
{
	static const struct {
		const char *id;
		double least, most; /* a value between them, on a log scale */
	} options[] = {{"write_buffer_size", 1e6, 1e9},	    {"max_write_buffer_number", 2, 12}, {"level0_file_num_compaction_trigger", 1, 20},
		       {"level0_slowdown_writes_trigger", 8, 80}, {"level0_stop_writes_trigger", 16, 200}, {"soft_pending_compaction_bytes_limit", 1e8, 1e11},
		       {"hard_pending_compaction_bytes_limit", 1e9, 1e12}, {"max_bytes_for_level_base", 1e7, 4e9}, {"max_sequential_skip_in_iterations", 1, 200},
		       {"block_cache_size", 2e6, 4e9}, {"max_background_jobs", 1, 16}, {"max_subcompactions", 1, 8}, {"bytes_per_sync", 1e5, 1e8},
		       {"compaction_readahead_size", 1e3, 1e7}, {"delayed_write_rate", 1e6, 1e9}, {"compression", 1, 6}};
	static const unsigned versions[] = {62900, 70803, 90800, 110800};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (below(3) == 0)
			world_set(w, options[i].id, floor(options[i].least * pow(options[i].most / options[i].least, lode_rng_unit(&rng))));
	w->state.version = versions[below(4)];
	if (lode_rng_coin(&rng)) {
		world_set(w, "memtable_prefix_bloom_size_ratio", 0);
		world_set(w, "memtable_whole_key_filtering", 0);
		world_set(w, "memtable_op_scan_flush_trigger", 0);
		world_set(w, "prepopulate_block_cache", 0);
	}
	w->policy.allow_optin = lode_rng_coin(&rng);
	w->policy.allow_shape = lode_rng_coin(&rng);
	w->policy.allow_slow_lag = lode_rng_coin(&rng);
	w->policy.debt_fraction = lode_rng_coin(&rng) ? 1 : 0.5;
	for (int i = 0; i < lode_tunable_count; i++)
		w->policy.locked[i / 64] |= (uint64_t)(below(40) == 0) << (i % 64);
}

/* One draw a statement: the order in which a compiler computes operands is its own, and the worlds should not depend on it. */
static struct world *random_world(struct lode_objective *o)
{
	struct world *w = world_new();

	if (lode_rng_coin(&rng))
		world_writes(w);
	random_options(w);
	for (int op = 0; op < LODE_OP_N; op++)
		if (lode_rng_coin(&rng)) {
			uint64_t n = spread(22);
			world_op(w, op, n, 1 + (double)below(300));
		}
	for (int t = 0; t < LODE_TICKER_N; t++)
		if (below(3) == 0)
			w->window.ticker[t] = spread(33);
	for (int h = 0; h < LODE_HIST_N; h++)
		if (below(3) == 0) {
			w->window.hist_count[h] = spread(22);
			w->window.hist_sum[h] = spread(27);
		}
	if (lode_rng_coin(&rng))
		w->window.stall_us = spread(26);
	size_t cause = below(LODE_STALL_N);
	w->window.stalls[cause] = below(3);
	w->window.immutable = below(7);
	w->window.l0_files = below(60);
	w->window.debt = spread(38);
	w->window.debt_start = spread(38);
	if (lode_rng_coin(&rng))
		w->window.delayed_s = (double)below(30);
	w->window.cpu_ns = below(60) * 1000000000ull;
	w->sample.cache.usage = w->sample.cache.capacity;
	for (size_t i = 0; i < 2; i++) {
		w->sample.cf[i].immutable = below(4);
		w->sample.cf[i].files[0] = below(30);
		w->sample.cf[i].sst_bytes = spread(40);
	}
	w->machine.cores = (double)(1 + below(32));
	if (below(4) == 0)
		w->machine.cores /= 4;
	if (lode_rng_coin(&rng)) /* all of them busy, which by chance is rare */
		w->window.cpu_ns = (uint64_t)(0.95e9 * w->machine.cores * w->window.seconds);
	if (below(4) == 0) { /* and so are syncs that wait for what compactions have written */
		w->window.hist_count[LODE_H_WAL_SYNC] = 1 + below(1000);
		w->window.hist_sum[LODE_H_WAL_SYNC] = 20000 * w->window.hist_count[LODE_H_WAL_SYNC];
	}
	w->machine.disk = (enum lode_disk)below(7);
	w->machine.disk_free = spread(42);
	if (below(4) == 0)
		world_untimed(w);
	*o = (struct lode_objective){.kind = (int)below(LODE_OBJECTIVES)};
	if (lode_rng_coin(&rng))
		o->slo[LODE_H_WRITE] = (struct lode_slo){.limit_us = 100, .bucket_us = 110, .share = 0.99};
	w->q.objective = o;
	return w;
}

static void test_passes_the_guard(void **state)
{
	struct lode_counsel *c = malloc(sizeof *c), *again = malloc(sizeof *again);
	struct lode_plan *plan = malloc(sizeof *plan);
	size_t spoken[64] = {0};
	size_t silent = 0;

	(void)state;
	lode_rng_seed(&rng, 20);
	for (int i = 0; i < WORLDS; i++) {
		struct lode_objective o;
		struct lode_refusal refusal;
		struct world *w = random_world(&o);
		struct lode_reply r = ask(w); /* which looks at what it says */

		silent += r.answer == LODE_ANSWER_NOTHING;
		memset(c, 0, sizeof *c);
		memset(again, 0, sizeof *again);
		lode_expert_counsel(&w->q, c);
		lode_expert_counsel(&w->q, again);
		assert_memory_equal(c, again, sizeof *c);
		for (size_t k = 0; k < c->n; k++) {
			size_t rule = (size_t)(c->a[k].rule - lode_expert_rules);
			assert_true(rule < lode_expert_rule_count);
			if (*c->a[k].held)
				continue;
			spoken[rule]++;
			assert_true(c->a[k].rule->serves & 1u << o.kind);
			assert_int_equal(lode_guard_check(&w->q.now, &c->a[k].proposal, plan, &refusal), 0);
			for (size_t n = 0; n < c->a[k].proposal.n; n++) { /* nothing but what the table says */
				const char *id = lode_tunables[c->a[k].proposal.change[n].tunable].id;
				bool named = false;
				for (size_t m = 0; m < LODE_RULE_OPTIONS && c->a[k].rule->options[m]; m++)
					named |= strcmp(c->a[k].rule->options[m], id) == 0;
				assert_true(named);
			}
		}
		free(w);
	}
	for (size_t i = 0; i < lode_expert_rule_count; i++) {
		if (getenv("LODE_TEST_PRINT"))
			print_message("%s speaks %zu times\n", lode_expert_rules[i].name, spoken[i]);
		if (!spoken[i])
			fail_msg("%s never speaks", lode_expert_rules[i].name);
	}
	assert_true(silent > WORLDS / 20 && silent < WORLDS);
	free(plan);
	free(again);
	free(c);
}

/* One story: what becomes of each proposal is decided by fate. Returns how many there were until it came to rest, each question `apart` seconds after the last. */
static size_t story(struct world *w, int fate, double apart)
{
	size_t n = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct lode_reply r = ask(w);
		int what = fate >= 0 ? fate : (int)below(5);

		if (r.answer == LODE_ANSWER_PROPOSAL) {
			n++;
			world_became(w, &r.proposal, what, 0, what == LODE_OUT_KEPT ? 0.1 : fate == LODE_OUT_TRIPPED ? NAN : ((double)below(100) - 80) / 400);
		} else if (apart == 0) {
			return n;
		}
		for (size_t i = 0; i < w->q.nhistory; i++)
			w->history[i].age_s += apart;
	}
	return n;
}

static void test_comes_to_rest(void **state)
{
	static const struct {
		int fate;
		double apart;
		size_t most;
	} fates[] = {
	    {LODE_OUT_REVERTED, 0, 10},	   {LODE_OUT_REFUSED, 0, 10}, {LODE_OUT_INVALID, 0, 10}, {LODE_OUT_TRIPPED, 0, 12}, {LODE_OUT_KEPT, 0, 40}, {-1, 0, 15},
	    {LODE_OUT_REVERTED, 170, 30}, /* the whole of a day: every rule that sees a case, until it rests */
	    {LODE_OUT_REFUSED, 170, 80},  {LODE_OUT_INVALID, 170, 130}, {LODE_OUT_TRIPPED, 170, 30},
	};

	(void)state;
	for (size_t f = 0; f < sizeof fates / sizeof fates[0]; f++) {
		size_t longest = 0;
		lode_rng_seed(&rng, 30 + f);
		for (int i = 0; i < STORIES; i++) {
			struct lode_objective o;
			struct world *w = random_world(&o);
			size_t n = story(w, fates[f].fate, fates[f].apart);
			longest = n > longest ? n : longest;
			free(w);
		}
		if (getenv("LODE_TEST_PRINT"))
			print_message("fate %d, every %.0f s: %zu proposals at the most\n", fates[f].fate, fates[f].apart, longest);
		assert_true(longest <= fates[f].most);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_passes_the_guard),
	    cmocka_unit_test(test_comes_to_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
