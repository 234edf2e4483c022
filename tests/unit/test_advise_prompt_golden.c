/* Whole prompts to the byte, for a dozen situations: tests/data/prompts. After a deliberate change they are written anew by
 *
 *     LODE_UPDATE_GOLDEN=1 build/release/tests/test_advise_prompt_golden
 *
 * and the difference is to be read, for it is what a model will read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_world.h"
#include "advise/prompt.h"
#include "base/fs.h"

#include <stdio.h>

static void compare(const char *name, const char *got)
{
	char path[500];
	struct lode_buf b;

	snprintf(path, sizeof path, "%s/prompts/%s.txt", LODE_TEST_DATA, name);
	if (getenv("LODE_UPDATE_GOLDEN"))
		assert_int_equal(lode_fs_write_atomic(path, got, strlen(got), 0644), 0);
	lode_buf_init(&b, 1 << 20);
	assert_int_equal(lode_fs_read(path, &b), 0);
	assert_string_equal(lode_buf_str(&b), got);
	lode_buf_fini(&b);
}

/* The user text of this world; frees it. */
static void golden(struct world *w, const char *name, unsigned tokens)
{
	struct lode_prompt_options o = {.tokens = tokens};
	struct lode_prompt p;

	w->q.left = (struct lode_cost){.calls = 28, .tokens = 481300, .nano = LODE_UNLIMITED};

	assert_int_equal(lode_prompt_build(&w->q, &o, &p), 0);
	assert_true(p.tokens <= (tokens ? tokens : LODE_PROMPT_TOKENS));
	assert_null(strstr(lode_buf_str(&p.user), CANARY));
	compare(name, lode_buf_str(&p.user));
	lode_prompt_fini(&p);
	free(w);
}

static void from(struct lode_outcome *o, int64_t value, double expect)
{
	o->from[0] = value;
	o->proposal.expect = expect;
}

/* ---- situations ---- */

static void test_system(void **state)
{
	struct world *w = world_new();
	struct lode_objective o = {.kind = LODE_LATENCY};
	struct lode_prompt p;

	(void)state;
	assert_int_equal(lode_prompt_build(&w->q, NULL, &p), 0);
	compare("system", lode_buf_str(&p.system));
	lode_prompt_fini(&p);
	w->q.objective = &o;
	assert_int_equal(lode_prompt_build(&w->q, NULL, &p), 0);
	compare("system-latency", lode_buf_str(&p.system));
	lode_prompt_fini(&p);
	free(w);
}

static void test_first_look(void **state)
{
	struct world *w = world_new();

	(void)state;
	w->window = (struct lode_interval){.invalid = LODE_INVALID_FIRST};
	w->workload = (struct lode_workload){0};
	w->sample.cache.present = false;
	golden(w, "first-look", 0);
}

static void test_no_statistics(void **state)
{
	struct world *w = world_new();

	(void)state;
	world_writes(w);
	world_untimed(w);
	memset(w->window.ticker, 0, sizeof w->window.ticker);
	w->window.has_stats = w->sample.has_stats = false;
	w->policy.reads_unseen = true;
	golden(w, "no-statistics", 0);
}

static void test_untimed(void **state)
{
	struct world *w = world_new();

	(void)state;
	world_untimed(w);
	golden(w, "untimed", 0);
}

static void trend(struct world *w, struct lode_moment *m, size_t n, double ops, double hit)
{
	for (size_t i = 0; i < n; i++)
		m[i] = (struct lode_moment){.seconds = 6, .age_s = 6.0 * (double)(n - 1 - i), .ops = ops * (1 + 0.02 * (double)i), .mean_us = 14.3 - 0.2 * (double)i, .data_hit = hit};
	w->q.trend = m;
	w->q.ntrend = n;
}

/* Everything that reads can show. */
static void test_reads(void **state)
{
	struct world *w = world_new();
	struct lode_moment m[5];
	uint64_t *t = w->window.ticker;

	(void)state;
	trend(w, m, 5, 137000, 0.119);
	t[LODE_T_CACHE_INDEX_HIT] = 4000000;
	t[LODE_T_CACHE_INDEX_MISS] = 21000;
	t[LODE_T_CACHE_FILTER_HIT] = 9000000;
	t[LODE_T_CACHE_FILTER_MISS] = 1000;
	t[LODE_T_BLOOM_USEFUL] = 7100000;
	t[LODE_T_BLOOM_POSITIVE] = 2710000;
	t[LODE_T_BLOOM_TRUE_POSITIVE] = 2640000;
	t[LODE_T_MEMTABLE_HIT] = 12000;
	t[LODE_T_L0_HIT] = 240000;
	t[LODE_T_L1_HIT] = 610000;
	t[LODE_T_L2_HIT] = 1784000;
	w->sample.cf[0].live_bytes = 700u << 20;
	w->q.loop = LODE_LOOP_CLOSED;
	w->q.waiting = 0.93;
	w->q.others = 0.4;
	w->q.harm_left = 0.82;
	w->machine.mem_limited = true;
	golden(w, "reads", 0);
}

/* Writers that wait for level 0, with syncs of the log. */
static void test_write_stall(void **state)
{
	struct world *w = world_new();
	uint64_t *t = w->window.ticker;

	(void)state;
	world_writes(w);
	w->window.stall_us = 7200000;
	w->window.delayed_s = 6;
	w->window.stalls[LODE_STALL_L0_DELAY] = 14;
	w->window.stalls[LODE_STALL_MEMTABLE_STOP] = 2;
	w->window.l0_files = 21;
	w->window.immutable = 1;
	w->window.debt = 3ull << 30;
	w->window.debt_start = 2ull << 30;
	w->sample.cf[0].files[0] = 18;
	w->sample.cf[0].bytes[0] = 700u << 20;
	w->sample.cf[0].debt = 3ull << 30;
	w->window.hist_sum[LODE_H_FLUSH] = 4200000;
	w->window.hist_count[LODE_H_COMPACTION] = 5;
	w->window.hist_sum[LODE_H_COMPACTION] = 21000000;
	t[LODE_T_COMPACT_READ_BYTES] = t[LODE_T_COMPACT_WRITE_BYTES] - (100u << 20);
	t[LODE_T_WRITE_SELF] = 1200000;
	t[LODE_T_WRITE_OTHER] = 2400000;
	t[LODE_T_WAL_SYNCED] = 3000;
	w->window.hist_count[LODE_H_WAL_SYNC] = 3000;
	w->window.hist_sum[LODE_H_WAL_SYNC] = 2100000;
	golden(w, "write-stall", 0);
}

/* Families that differ; more than are listed one by one. */
static void test_families(void **state)
{
	struct world *w = world_new();

	(void)state;
	for (uint32_t i = 2; i < 12; i++) {
		w->state.cf[i] = w->state.cf[1];
		w->sample.cf[i] = w->sample.cf[0];
		w->state.cf[i].cf.id = w->sample.cf[i].id = 3 * i;
	}
	w->state.ncf = w->sample.ncf = w->sample.ncf_total = 12;
	world_value(&w->state.cf[1].v[lode_tunable_find("write_buffer_size")], lode_tunable_find("write_buffer_size"), 32 << 20);
	world_value(&w->state.cf[2].v[lode_tunable_find("level0_stop_writes_trigger")], lode_tunable_find("level0_stop_writes_trigger"), 40);
	golden(w, "families", 0);
}

/* Three hundred rounds: what is condensed, what is cut, and what stays. */
static void long_history(struct world *w)
{
	static const struct {
		const char *id;
		double low, high;
	} wish[] = {{"block_cache_size", 8 * MIB, 512 * MIB}, {"write_buffer_size", 64 * MIB, 128 * MIB}, {"max_background_jobs", 2, 4}, {"level0_file_num_compaction_trigger", 4, 8}};
	static const int fates[] = {LODE_OUT_KEPT, LODE_OUT_REVERTED, LODE_OUT_REFUSED, LODE_OUT_REVERTED, LODE_OUT_INVALID};

	for (int i = 0; i < 300; i++) {
		int what = fates[i % 5];
		bool up = i % 3;
		struct lode_outcome *o = world_past(w, "r", what, (300 - i) * 120.0, wish[i % 4].id, up ? wish[i % 4].high : wish[i % 4].low);

		from(o, (int64_t)(up ? wish[i % 4].low : wish[i % 4].high), 0.1);
		if (what == LODE_OUT_REFUSED) {
			o->refusal.rule = LODE_RULE_STEP;
			snprintf(o->refusal.why, sizeof o->refusal.why, "%s is too large a step: 2..4 here (one step up, x4 at the most)", wish[i % 4].id);
		}
		o->verdict.effect = what == LODE_OUT_KEPT ? 0.02 + 0.001 * i : -0.01 - 0.0002 * i;
		o->verdict.lo = o->verdict.effect - 0.01;
		o->verdict.hi = o->verdict.effect + 0.01;
		o->regime = i % 7 ? 77 : 5;
	}
}

static void test_long_history(void **state)
{
	struct world *w = world_new();
	struct lode_moment m[5];

	(void)state;
	trend(w, m, 5, 137000, 0.119);
	long_history(w);
	golden(w, "long-history", 0);
}

static void test_tight(void **state)
{
	struct world *w = world_new();
	struct lode_moment m[5];

	(void)state;
	trend(w, m, 5, 137000, 0.119);
	long_history(w);
	golden(w, "long-history-tight", LODE_PROMPT_LEAST);
}

static void set(uint64_t *bits, const char *id)
{
	int t = lode_tunable_find(id);

	bits[t / 64] |= 1ull << (t % 64);
}

static void test_pinned_and_theirs(void **state)
{
	struct world *w = world_new();

	(void)state;
	set(w->policy.locked, "block_cache_size");
	set(w->policy.locked, "max_background_jobs");
	set(w->policy.manual, "write_buffer_size");
	w->state.can[lode_tunable_find("max_subcompactions")] = LODE_CAN_NO;
	golden(w, "pinned-and-theirs", 0);
}

static void prove(struct lode_lore *l, const char *id, double value, double effect, bool in_force)
{
	struct lode_lore_proven *p = &l->proven[l->nproven++];

	*p = (struct lode_lore_proven){.n = 1, .effect = effect, .lo = effect - 0.04, .hi = effect + 0.05, .times = 2, .in_force = in_force};
	p->change[0] = (struct lode_change){.tunable = lode_tunable_find(id), .cf = LODE_CF_ALL, .value = (int64_t)value};
}

/* Back in work that was known before, after a restart of the process: no rounds, but a memory. */
static void test_second_visit(void **state)
{
	struct world *w = world_new();
	struct lode_lore l[2] = {{.regime = 2, .visits = 3, .seconds = 5200, .work = w->workload},
				 {.regime = 1, .visits = 2, .seconds = 9000, .work = {.share = {0.1, 0.9, 0, 0}, .write_bytes = 116, .value_bytes = NAN}}};
	struct lode_regimes *book = calloc(1, sizeof *book);

	(void)state;
	lode_regimes_init(book);
	for (uint32_t i = 1; i <= 2; i++)
		lode_regimes_restore(book, &(struct lode_regime){.id = i, .visits = i + 1, .seconds = 5200, .has = {true}, .face = {w->workload}});
	book->at = 1;
	w->q.regimes = book;
	prove(&l[0], "block_cache_size", 8 * MIB, 0.21, true);
	l[0].failed[l[0].nfailed++] = (struct lode_lore_failed){lode_tunable_find("max_background_jobs"), true, 2, 5400};
	l[0].failed[l[0].nfailed++] = (struct lode_lore_failed){lode_tunable_find("bytes_per_sync"), false, 1, 0};
	prove(&l[1], "write_buffer_size", 128 * MIB, 0.06, false);
	w->q.lore = l;
	w->q.nlore = 2;
	w->q.trials_left = 4;
	golden(w, "second-visit", 0);
	free(book);
}

static void test_slo(void **state)
{
	struct world *w = world_new();
	struct lode_objective o = {.kind = LODE_LATENCY};

	(void)state;
	assert_int_equal(lode_slo_parse("p99 < 15us", &o.slo[LODE_H_GET], NULL), 0);
	assert_int_equal(lode_slo_parse("p99.9 < 2ms", &o.slo[LODE_H_WRITE], NULL), 0);
	w->q.objective = &o;
	golden(w, "slo", 0);
}

static void test_rounds(void **state)
{
	struct world *w = world_new();
	struct lode_outcome *o;

	(void)state;
	o = world_past(w, "stand-in", LODE_OUT_REFUSED, 1500, "write_buffer_size", 4096);
	o->refusal.rule = LODE_RULE_BOUNDS;
	snprintf(o->refusal.why, sizeof o->refusal.why, "write_buffer_size=4096 is out of bounds: 65536..1073741824 here (hard bounds)");
	o->proposal.change[0].cf = 3;
	from(o, 67108864, 0.2);
	o = world_past(w, "stand-in", LODE_OUT_REVERTED, 900, "max_background_jobs", 4);
	from(o, 2, 0.15);
	o->verdict.effect = -0.041;
	o->verdict.lo = -0.062;
	o->verdict.hi = -0.02;
	o->verdict.worst = LODE_M_GET_TAIL;
	o->proposal.expects[0] = (struct lode_expectation){.metric = LODE_M_SPEED, .gain = 0.15};
	o->proposal.expects[1] = (struct lode_expectation){.metric = LODE_M_GET_TAIL, .gain = 0.1};
	o->proposal.nexpects = 2;
	o->verdict.metric[LODE_M_GET_TAIL] = -0.6;
	o = world_past(w, "cache-misses", LODE_OUT_KEPT, 61, "block_cache_size", 8 * MIB);
	from(o, 4 << 20, NAN);
	o->verdict.design = LODE_DESIGN_START;
	o->verdict.pairs = 20;
	o = world_past(w, "stand-in", LODE_OUT_TRIPPED, 30, "level0_stop_writes_trigger", 30);
	o->regime = 5;
	o->verdict.pairs = 0;
	golden(w, "rounds", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_system),	     cmocka_unit_test(test_first_look),	  cmocka_unit_test(test_no_statistics), cmocka_unit_test(test_untimed),
	    cmocka_unit_test(test_reads),	     cmocka_unit_test(test_write_stall),  cmocka_unit_test(test_families),	cmocka_unit_test(test_long_history),
	    cmocka_unit_test(test_tight),	     cmocka_unit_test(test_pinned_and_theirs), cmocka_unit_test(test_second_visit), cmocka_unit_test(test_slo),
	    cmocka_unit_test(test_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
