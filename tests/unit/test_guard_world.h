/* A database as RocksDB makes it by default, with two families and an ordinary machine, for the tests of the guard. */
#ifndef TEST_GUARD_WORLD_H
#define TEST_GUARD_WORLD_H

#include "guard/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MIB (1024LL * 1024)
#define GIB (1024LL * MIB)

struct world {
	struct lode_state state;
	struct lode_sample sample;
	struct lode_machine machine;
	struct lode_policy policy;
	struct lode_situation now;
};

static inline int world_id(const char *id)
{
	int i = lode_tunable_find(id);

	if (i < 0)
		fail_msg("no tunable %s", id);
	return i;
}

static inline void world_value(struct lode_value *v, const char *text, int tunable)
{
	*v = (struct lode_value){.exists = true};
	snprintf(v->text, sizeof v->text, "%s", text);
	v->numeric = lode_tunable_read(&lode_tunables[tunable], text, &v->value) == 0;
}

/* In every family, or in the database. */
static inline void world_set(struct world *w, const char *id, const char *text)
{
	int t = world_id(id);

	if (lode_tunables[t].scope != LODE_SCOPE_CF)
		world_value(&w->state.db[t], text, t);
	for (size_t i = 0; lode_tunables[t].scope == LODE_SCOPE_CF && i < w->state.ncf; i++)
		world_value(&w->state.cf[i].v[t], text, t);
}

static inline void world_init(struct world *w)
{
	static const char *const defaults[][2] = {
	    {"block_cache_size", "8388608"},
	    {"write_buffer_size", "67108864"},
	    {"max_write_buffer_number", "2"},
	    {"arena_block_size", "1048576"},
	    {"level0_file_num_compaction_trigger", "4"},
	    {"level0_slowdown_writes_trigger", "20"},
	    {"level0_stop_writes_trigger", "36"},
	    {"soft_pending_compaction_bytes_limit", "68719476736"},
	    {"hard_pending_compaction_bytes_limit", "274877906944"},
	    {"max_bytes_for_level_base", "268435456"},
	    {"max_bytes_for_level_multiplier", "10.000000"},
	    {"target_file_size_base", "67108864"},
	    {"max_compaction_bytes", "1677721600"},
	    {"compaction_options_universal.min_merge_width", "2"},
	    {"compaction_options_universal.max_merge_width", "4294967295"},
	    {"max_sequential_skip_in_iterations", "8"},
	    {"compression", "kSnappyCompression"},
	    {"ttl", "18446744073709551614"},
	    {"memtable_whole_key_filtering", "false"},
	    {"memtable_prefix_bloom_size_ratio", "0.000000"},
	    {"max_background_jobs", "2"},
	    {"max_background_compactions", "-1"},
	    {"max_background_flushes", "-1"},
	    {"max_subcompactions", "1"},
	    {"bytes_per_sync", "1048576"},
	    {"compaction_readahead_size", "0"},
	    {"delayed_write_rate", "16777216"},
	    {"block_size", "4096"},
	};

	memset(w, 0, sizeof *w);
	w->state.version = 70803;
	w->state.ncf = w->sample.ncf = w->sample.ncf_total = 2;
	for (size_t i = 0; i < 2; i++) {
		w->state.cf[i] = (struct lode_cf_state){
		    .cf = {.id = (uint32_t)i * 7}, .min_merge = 1, .num_levels = 7, .style = "kCompactionStyleLevel"};
		w->sample.cf[i].id = (uint32_t)i * 7;
	}
	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
		world_set(w, defaults[i][0], defaults[i][1]);
	w->sample.cache = (struct lode_cache){.present = true, .resizable = true, .capacity = 8 * MIB};
	w->machine = (struct lode_machine){
	    .cores = 4, .mem_limit = 8 * GIB, .mem_available = 6 * GIB, .disk_size = 100 * GIB, .disk_free = 50 * GIB};
	lode_policy_init(&w->policy);
	w->now = (struct lode_situation){&w->state, &w->sample, &w->machine, &w->policy};
}

/* Every row of the table gets a value that it may hold, where it has none: an image that knows all options. */
static inline void world_fill(struct world *w)
{
	for (int t = 0; t < lode_tunable_count; t++) {
		const struct lode_tunable *row = &lode_tunables[t];
		const struct lode_value *v = row->scope == LODE_SCOPE_CF ? &w->state.cf[0].v[t] : &w->state.db[t];
		int64_t value = row->min > 0 || row->max < 2 ? row->min : 2;
		char text[LODE_VALUE_MAX] = "nullptr";

		if (v->exists)
			continue;
		if (row->kind != LODE_KIND_OTHER && lode_tunable_print(row, value, text, sizeof text))
			fail_msg("%s cannot hold %lld", row->id, (long long)value);
		world_set(w, row->id, text);
	}
}

#endif
