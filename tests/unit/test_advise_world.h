/* A constructed situation for tests of the advisors: one small machine, one database with two families, values as db_bench has them. Tests
 * change what they are about. Names and paths carry a token that must never be seen outside. */
#ifndef TEST_ADVISE_WORLD_H
#define TEST_ADVISE_WORLD_H

#include "advise/advisor.h"
#include "base/fmt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CANARY "canary7f3a"
#define MIB (1024.0 * 1024)
#define GIB (1024.0 * MIB)

struct world {
	struct lode_state state;
	struct lode_sample sample;
	struct lode_machine machine;
	struct lode_policy policy;
	struct lode_interval window;
	struct lode_workload workload;
	struct lode_outcome history[512];
	struct lode_question q;
};

static inline void world_value(struct lode_value *v, int t, int64_t value)
{
	*v = (struct lode_value){.exists = true, .numeric = true, .value = value};
	if (lode_tunable_print(&lode_tunables[t], value, v->text, sizeof v->text) != 0)
		lode_fmt(v->text, sizeof v->text, "%lld", (long long)value);
}

/* Sets an option in all families, or in the database. */
static inline void world_set(struct world *w, const char *id, double value)
{
	int t = lode_tunable_find(id);

	if (t < 0)
		abort();
	if (lode_tunables[t].scope != LODE_SCOPE_CF)
		world_value(&w->state.db[t], t, (int64_t)value);
	else
		for (size_t i = 0; i < w->state.ncf; i++)
			world_value(&w->state.cf[i].v[t], t, (int64_t)value);
	if (!strcmp(id, "block_cache_size"))
		w->sample.cache.capacity = (uint64_t)value;
}

/* count operations of a kind, all of them in one bucket. */
static inline void world_op(struct world *w, int op, uint64_t count, double us)
{
	struct lode_op *o = &w->window.op[op];

	*o = (struct lode_op){.count = count, .sum_us = (uint64_t)((double)count * us)};
	o->hist.n = 2;
	o->hist.limit[0] = us * 0.5;
	o->hist.limit[1] = us * 1.5;
	o->hist.bucket[1] = count;
	o->hist.count = count;
	o->hist.sum = o->sum_us;
}

/* Small values read at random out of 1 GiB with an 8 MiB cache. */
static inline struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof *w);
	static const struct {
		const char *id;
		double value;
	} options[] = {{"write_buffer_size", 64 * MIB},
		       {"max_write_buffer_number", 2},
		       {"arena_block_size", MIB},
		       {"level0_file_num_compaction_trigger", 4},
		       {"level0_slowdown_writes_trigger", 20},
		       {"level0_stop_writes_trigger", 36},
		       {"soft_pending_compaction_bytes_limit", 64 * GIB},
		       {"hard_pending_compaction_bytes_limit", 256 * GIB},
		       {"max_bytes_for_level_base", 256 * MIB},
		       {"max_bytes_for_level_multiplier", 10000},
		       {"target_file_size_base", 64 * MIB},
		       {"max_sequential_skip_in_iterations", 8},
		       {"compression", 1},
		       {"disable_auto_compactions", 0},
		       {"block_cache_size", 8 * MIB},
		       {"max_background_jobs", 2},
		       {"max_subcompactions", 1},
		       {"bytes_per_sync", MIB},
		       {"compaction_readahead_size", 0},
		       {"delayed_write_rate", 16 * MIB}};

	w->state.version = 70803;
	w->state.ncf = w->sample.ncf = w->sample.ncf_total = 2;
	for (size_t i = 0; i < 2; i++) {
		struct lode_cf_state *c = &w->state.cf[i];
		struct lode_cf_sample *s = &w->sample.cf[i];

		*c = (struct lode_cf_state){.cf.id = (uint32_t)(3 * i), .min_merge = 1, .num_levels = 7, .style = "kCompactionStyleLevel"};
		lode_fmt(c->cf.name, sizeof c->cf.name, i ? "customers-" CANARY "-%zu" : "default", i);
		*s = (struct lode_cf_sample){.id = c->cf.id, .mem_active = 20u << 20, .mem_all = 20u << 20, .base_level = 1, .levels = 4};
		s->files[0] = i ? 0 : 2;
		s->bytes[0] = i ? 0 : 100u << 20;
		s->files[1] = i ? 0 : 4;
		s->bytes[1] = i ? 0 : 250u << 20;
		s->files[2] = i ? 0 : 11;
		s->bytes[2] = i ? 0 : 674u << 20;
		s->sst_bytes = s->live_bytes = i ? 0 : 1u << 30;
		s->keys = i ? 0 : 9000000;
	}
	w->sample.cache = (struct lode_cache){.present = true, .resizable = true, .usage = 8u << 20, .kind = "LRUCache"};
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		world_set(w, options[i].id, options[i].value);
	w->sample.has_stats = w->sample.has_timers = true;
	w->machine = (struct lode_machine){.cores = 2,
					   .mem_limit = 16ull << 30,
					   .mem_available = 12ull << 30,
					   .rss = 300u << 20,
					   .disk = LODE_DISK_VIRTUAL,
					   .disk_size = 100ull << 30,
					   .disk_free = 60ull << 30,
					   .cpu = "Model " CANARY};
	lode_policy_init(&w->policy);

	w->window = (struct lode_interval){.seconds = 30, .parts = 30, .end_ns = 30000000000ull, .has_stats = true, .has_timers = true};
	world_op(w, LODE_H_GET, 4200000, 14);
	w->window.ticker[LODE_T_KEYS_READ] = 4200000;
	w->window.ticker[LODE_T_CACHE_DATA_MISS] = w->window.ticker[LODE_T_CACHE_MISS] = 3700000;
	w->window.ticker[LODE_T_CACHE_DATA_HIT] = w->window.ticker[LODE_T_CACHE_HIT] = 500000;
	w->window.hist_count[LODE_H_SST_READ] = 3700000;
	w->window.hist_sum[LODE_H_SST_READ] = 3700000 * 6;
	w->window.cpu_ns = 57000000000ull;
	w->workload = (struct lode_workload){.known = true,
					     .ops = 140000,
					     .share = {1, 0, 0, 0},
					     .found = 0.63,
					     .value_bytes = 100,
					     .write_bytes = NAN,
					     .scan_next = NAN,
					     .batch_keys = NAN,
					     .data_bytes = 1u << 30,
					     .regime = 77,
					     .text = "reads 100 %"};
	w->q = (struct lode_question){.now = {&w->state, &w->sample, &w->machine, &w->policy},
				      .window = &w->window,
				      .workload = &w->workload,
				      .history = w->history,
				      .objective = NULL,
				      .rocksdb_version = "7.8.3",
				      .waiting = NAN,
				      .others = NAN,
				      .harm_left = NAN,
				      .trials_left = UINT32_MAX};
	return w;
}

/* Turns the load into random writes of 116 bytes, 14 MiB a second. */
static inline void world_writes(struct world *w)
{
	memset(w->window.op, 0, sizeof w->window.op);
	memset(w->window.ticker, 0, sizeof w->window.ticker);
	memset(w->window.hist_sum, 0, sizeof w->window.hist_sum);
	memset(w->window.hist_count, 0, sizeof w->window.hist_count);
	world_op(w, LODE_H_WRITE, 3600000, 8);
	w->window.keys_written = 3600000;
	w->window.bytes_written = w->window.ticker[LODE_T_BYTES_WRITTEN] = (uint64_t)(30 * 14 * MIB);
	w->window.hist_count[LODE_H_FLUSH] = 6;
	w->window.ticker[LODE_T_FLUSH_WRITE_BYTES] = (uint64_t)(6 * 40 * MIB);
	w->window.ticker[LODE_T_COMPACT_WRITE_BYTES] = (uint64_t)(30 * 40 * MIB);
	/* Compactions look into the cache and miss. */
	w->window.ticker[LODE_T_CACHE_DATA_MISS] = w->window.ticker[LODE_T_CACHE_MISS] = 900000;
	w->window.cpu_ns = 30000000000ull;
	w->window.l0_files = 5;
	w->workload.share[0] = 0;
	w->workload.share[1] = 1;
	w->workload.write_bytes = 116;
	w->workload.batch_keys = 1;
	w->workload.found = w->workload.value_bytes = NAN;
}

/* The same work while nothing is timed: operations are counted, flushes known from the level table. */
static inline void world_untimed(struct world *w)
{
	struct lode_interval *iv = &w->window;

	if (iv->op[LODE_H_WRITE].count)
		iv->ticker[LODE_T_KEYS_WRITTEN] = iv->keys_written;
	iv->flushes = iv->hist_count[LODE_H_FLUSH];
	iv->has_timers = w->sample.has_timers = false;
	memset(iv->op, 0, sizeof iv->op);
	memset(iv->hist_count, 0, sizeof iv->hist_count);
	memset(iv->hist_sum, 0, sizeof iv->hist_sum);
}

static inline struct lode_outcome *world_past(struct world *w, const char *rule, int what, double age_s, const char *id, double value)
{
	struct lode_outcome *o = &w->history[w->q.nhistory++];

	*o = (struct lode_outcome){.regime = 77, .age_s = age_s, .what = what};
	lode_fmt(o->proposal.advisor, sizeof o->proposal.advisor, "expert");
	lode_fmt(o->proposal.rule, sizeof o->proposal.rule, "%s", rule);
	lode_fmt(o->proposal.why, sizeof o->proposal.why, "because of " CANARY);
	o->proposal.expect = NAN;
	for (int i = 0; i < LODE_CHANGES_MAX; i++)
		o->from[i] = LODE_FROM_UNKNOWN;
	o->proposal.n = 1;
	o->proposal.change[0] = (struct lode_change){.tunable = lode_tunable_find(id), .cf = LODE_CF_ALL, .value = (int64_t)value};
	o->verdict = (struct lode_verdict){.kind = LODE_VERDICT_KEEP, .effect = 0.31, .lo = 0.24, .hi = 0.38, .pairs = 12, .why = CANARY};
	return o;
}

#endif
