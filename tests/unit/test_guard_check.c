/* Each rule refuses what it is there for, says so, and lets its neighbour pass. */
#include "test_guard_world.h"

#include <errno.h>
#include <math.h>

static struct world w;
static struct lode_plan plan;
static struct lode_refusal refusal;

static int setup(void **state)
{
	(void)state;
	world_init(&w);
	return 0;
}

static struct lode_proposal wish(const char *id, uint32_t cf, int64_t value)
{
	struct lode_proposal p = {.n = 1, .expect = NAN, .confidence = NAN};

	p.change[0] = (struct lode_change){world_id(id), cf, value};
	return p;
}

static void also(struct lode_proposal *p, const char *id, uint32_t cf, int64_t value)
{
	p->change[p->n++] = (struct lode_change){world_id(id), cf, value};
}

static void passes(struct lode_proposal p)
{
	if (lode_guard_check(&w.now, &p, &plan, &refusal))
		fail_msg("refused: %s: %s", lode_rule_name(refusal.rule), refusal.why);
	assert_true(plan.n > 0);
}

static void refused(struct lode_proposal p, enum lode_rule rule, const char *says)
{
	assert_int_equal(lode_guard_check(&w.now, &p, &plan, &refusal), -EPERM);
	if (refusal.rule != rule || !strstr(refusal.why, says))
		fail_msg("expected %s (%s), got %s: %s", lode_rule_name(rule), says, lode_rule_name(refusal.rule), refusal.why);
	assert_int_equal(plan.n, 0);
}

static void one(const char *id, int64_t value, enum lode_rule rule, const char *says)
{
	refused(wish(id, LODE_CF_ALL, value), rule, says);
}

static void pass_one(const char *id, int64_t value)
{
	passes(wish(id, LODE_CF_ALL, value));
}

static void who_may(void **state)
{
	struct lode_proposal p = wish("write_buffer_size", LODE_CF_ALL, 128 * MIB);

	(void)state;
	p.change[0].tunable = lode_tunable_count;
	refused(p, LODE_RULE_UNKNOWN, "names no tunable");
	p.change[0].tunable = -1;
	refused(p, LODE_RULE_UNKNOWN, "names no tunable");
	one("ttl", 1, LODE_RULE_FORBIDDEN, "never changed");
	one("level_compaction_dynamic_level_bytes", 1, LODE_RULE_FORBIDDEN, "while the database is open");
	one("prefix_extractor", 1, LODE_RULE_FORBIDDEN, "prefix");
	one("compression", 6, LODE_RULE_OPTIN, "operator allows");
	one("block_size", 8192, LODE_RULE_ABSENT, "RocksDB 7.8.3");
	one("uncache_aggressiveness", 10, LODE_RULE_ABSENT, "7.8.3");
	w.state.version = 90800;
	one("block_size", 8192, LODE_RULE_OPTIN, "operator allows");
	one("max_bytes_for_level_base", 512 * MIB, LODE_RULE_LAG, "no live trial");
	w.policy.allow_slow_lag = w.policy.allow_optin = true;
	pass_one("max_bytes_for_level_base", 512 * MIB);
	assert_int_equal(plan.lag, LODE_LAG_SHAPE);
	pass_one("compression", 6);
	assert_string_equal(plan.todo[0].value, "kZSTD");
	assert_string_equal(plan.undo[1].value, "kSnappyCompression");
	pass_one("block_size", 8192);
	assert_string_equal(plan.todo[0].key, "block_based_table_factory.block_size");
	one("uncache_aggressiveness", 10, LODE_RULE_ABSENT, "does not exist");
	one("compression", 7, LODE_RULE_VALUE, "not one of its word values");
	one("memtable_whole_key_filtering", 2, LODE_RULE_VALUE, "boolean");
}

/* The image's own answer stands above the table's versions; a table option that is not safe stays out whatever it says. */
static void what_the_image_says(void **state)
{
	int size = world_id("write_buffer_size"), block = world_id("block_size"), skip = world_id("max_sequential_skip_in_iterations");
	int64_t lo, hi;

	(void)state;
	w.policy.allow_slow_lag = w.policy.allow_optin = true;
	w.state.can[size] = LODE_CAN_NO;
	one("write_buffer_size", 128 * MIB, LODE_RULE_IMAGE, "7.8.3 was asked");
	assert_false(lode_guard_range(&w.now, size, LODE_CF_ALL, &lo, &hi));
	w.state.can[size] = LODE_CAN_YES;
	pass_one("write_buffer_size", 128 * MIB);
	assert_true(lode_guard_range(&w.now, size, LODE_CF_ALL, &lo, &hi));
	w.state.can[block] = LODE_CAN_YES;
	one("block_size", 8192, LODE_RULE_ABSENT, "cannot be changed safely in RocksDB 7.8.3");
	w.state.version = 90800;
	pass_one("block_size", 8192);
	w.state.can[block] = LODE_CAN_NO;
	one("block_size", 8192, LODE_RULE_IMAGE, "does not let it be changed");
	w.state.can[skip] = LODE_CAN_YES;
	pass_one("max_sequential_skip_in_iterations", 9);
	assert_string_equal(lode_rule_name(LODE_RULE_IMAGE), "not-changeable-here");
}

static void operator_is_right(void **state)
{
	int t = world_id("max_write_buffer_number");

	(void)state;
	w.policy.locked[t / 64] |= 1ull << (t % 64);
	one("max_write_buffer_number", 4, LODE_RULE_PINNED, "pinned");
	w.policy.locked[t / 64] = 0;
	w.policy.manual[t / 64] |= 1ull << (t % 64);
	one("max_write_buffer_number", 4, LODE_RULE_MANUAL, "theirs");
	w.policy.manual[t / 64] = 0;
	pass_one("max_write_buffer_number", 4);
}

static void families(void **state)
{
	(void)state;
	refused(wish("write_buffer_size", 3, 128 * MIB), LODE_RULE_CF, "cf3");
	passes(wish("write_buffer_size", 7, 128 * MIB));
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.todo[0].cf, 7);
	passes(wish("write_buffer_size", LODE_CF_ALL, 128 * MIB));
	assert_int_equal(plan.n, 2);
	assert_int_equal(plan.memory, 4 * 64 * MIB);
	w.sample.ncf = 1; /* cf7 has appeared since */
	refused(wish("write_buffer_size", 7, 128 * MIB), LODE_RULE_CF, "not been sampled");
	passes(wish("max_sequential_skip_in_iterations", 7, 16)); /* harmless anywhere */
}

static void shape_of_a_proposal(void **state)
{
	struct lode_proposal p = wish("write_buffer_size", LODE_CF_ALL, 64 * MIB);

	(void)state;
	refused(p, LODE_RULE_EMPTY, "changes nothing");
	also(&p, "max_write_buffer_number", LODE_CF_ALL, 3);
	passes(p); /* the idle part is dropped */
	assert_int_equal(plan.n, 2);
	also(&p, "max_write_buffer_number", 7, 4);
	refused(p, LODE_RULE_DUPLICATE, "twice");
	p.n = 0;
	refused(p, LODE_RULE_EMPTY, "changes nothing");
	p.n = LODE_CHANGES_MAX + 1;
	refused(p, LODE_RULE_TOO_MANY, "at most 8");
}

static void too_many_writes(void **state)
{
	struct lode_proposal p = wish("write_buffer_size", LODE_CF_ALL, 32 * MIB);

	(void)state;
	w.state.ncf = w.sample.ncf = LODE_CF_MAX;
	for (uint32_t i = 0; i < LODE_CF_MAX; i++) {
		w.state.cf[i] = w.state.cf[0];
		w.state.cf[i].cf.id = w.sample.cf[i].id = i;
	}
	passes(p);
	assert_int_equal(plan.n, LODE_CF_MAX);
	also(&p, "max_sequential_skip_in_iterations", LODE_CF_ALL, 16);
	passes(p);
	assert_int_equal(plan.n, LODE_WRITE_MAX);
	also(&p, "level0_stop_writes_trigger", 0, 40);
	refused(p, LODE_RULE_TOO_MANY, "single column families");
}

static void bounds(void **state)
{
	(void)state;
	one("write_buffer_size", 4096, LODE_RULE_BOUNDS, "write_buffer_size=4096 in cf0 is out of bounds: ");
	one("write_buffer_size", -1, LODE_RULE_BOUNDS, "write_buffer_size=-1");
	one("write_buffer_size", INT64_MAX, LODE_RULE_BOUNDS, "");
	one("write_buffer_size", INT64_MIN, LODE_RULE_BOUNDS, "");
	one("max_write_buffer_number", 0, LODE_RULE_BOUNDS, "2..");
	one("max_write_buffer_number", 1, LODE_RULE_BOUNDS, "");
	one("level0_file_num_compaction_trigger", 0, LODE_RULE_BOUNDS, "1..16");
	one("level0_file_num_compaction_trigger", -1, LODE_RULE_BOUNDS, "");
	w.policy.allow_optin = true;
	one("delayed_write_rate", 0, LODE_RULE_BOUNDS, "");
	one("memtable_prefix_bloom_size_ratio", 251, LODE_RULE_BOUNDS, "0..250");
	pass_one("memtable_prefix_bloom_size_ratio", 100);
	assert_string_equal(plan.todo[0].value, "0.100");
}

static void machine_bounds(void **state)
{
	(void)state;
	one("max_background_jobs", 9, LODE_RULE_STEP, "2..8");
	world_set(&w, "max_background_jobs", "4");
	one("max_background_jobs", 11, LODE_RULE_BOUNDS, "2..10");
	pass_one("max_background_jobs", 10);
	world_set(&w, "max_background_jobs", "40"); /* the operator's idea: it may come down, not go up */
	pass_one("max_background_jobs", 20);
	one("max_background_jobs", 41, LODE_RULE_BOUNDS, "..40");
	w.machine.cores = 1.5;
	one("max_subcompactions", 2, LODE_RULE_BOUNDS, "1..1");
	world_set(&w, "max_background_compactions", "3");
	one("max_background_jobs", 20, LODE_RULE_RELATION, "max_background_compactions");
}

static void steps(void **state)
{
	(void)state;
	one("write_buffer_size", 257 * MIB, LODE_RULE_STEP, "is too large a step: 16777216..268435456 here");
	pass_one("write_buffer_size", 256 * MIB);
	pass_one("write_buffer_size", 16 * MIB);
	one("write_buffer_size", 15 * MIB, LODE_RULE_STEP, "");
	w.policy.step_scale = 2;
	pass_one("write_buffer_size", 8 * MIB);
	w.policy.step_scale = NAN;
	one("write_buffer_size", 65 * MIB, LODE_RULE_STEP, "67108865 here"); /* a broken policy allows next to nothing */
	w.policy.step_scale = 1;
	pass_one("compaction_readahead_size", 4 * MIB); /* from "off" there is no ladder ... */
	world_set(&w, "compaction_readahead_size", "4194304");
	one("compaction_readahead_size", 1000, LODE_RULE_STEP, "1048576..");
	pass_one("compaction_readahead_size", 0); /* ... nor back to it */
	pass_one("block_cache_size", 2 * GIB);	  /* growth is the budget's business */
	assert_int_equal(plan.lag, LODE_LAG_CACHE);
	one("block_cache_size", 3 * MIB, LODE_RULE_STEP, "4194304..");
}

static void level0(void **state)
{
	struct lode_proposal p;

	(void)state;
	one("level0_slowdown_writes_trigger", 37, LODE_RULE_RELATION, "not above level0_stop_writes_trigger");
	one("level0_stop_writes_trigger", 19, LODE_RULE_RELATION, "20..144 here (not below level0_slowdown_writes_trigger)");
	world_set(&w, "level0_file_num_compaction_trigger", "16");
	one("level0_file_num_compaction_trigger", 21, LODE_RULE_RELATION, "not above level0_slowdown");
	one("level0_slowdown_writes_trigger", 15, LODE_RULE_RELATION, "not below level0_file_num");
	p = wish("level0_file_num_compaction_trigger", LODE_CF_ALL, 24);
	also(&p, "level0_slowdown_writes_trigger", LODE_CF_ALL, 40);
	refused(p, LODE_RULE_RELATION, "level0_stop_writes_trigger");
	also(&p, "level0_stop_writes_trigger", LODE_CF_ALL, 60);
	passes(p);					   /* as a triple they agree */
	p = wish("level0_slowdown_writes_trigger", 0, 40); /* a stop elsewhere does not help cf0 */
	also(&p, "level0_stop_writes_trigger", 7, 60);
	refused(p, LODE_RULE_RELATION, "cf0");
}

static void level0_now(void **state)
{
	(void)state;
	w.sample.cf[1].files[0] = 12;
	one("level0_slowdown_writes_trigger", 15, LODE_RULE_RELATION, "cf7 breaks a relation: 16..36 here (the present L0 files");
	pass_one("level0_slowdown_writes_trigger", 16);
	w.sample.cf[1].files[0] = 19;
	pass_one("level0_slowdown_writes_trigger", 21); /* up is always better than staying */
	one("level0_slowdown_writes_trigger", 19, LODE_RULE_RELATION, "20..36");
	w.sample.cf[1].files[0] = 3;
	strcpy(w.state.cf[1].style, "kCompactionStyleUniversal");
	for (int i = 1; i < 7; i++)
		w.sample.cf[1].bytes[i] = 1000;
	one("level0_slowdown_writes_trigger", 12, LODE_RULE_RELATION, "13..36");
}

static void memtables(void **state)
{
	(void)state;
	world_set(&w, "max_write_buffer_number", "6");
	w.sample.cf[0].immutable = 3;
	one("max_write_buffer_number", 4, LODE_RULE_RELATION, "5..24");
	pass_one("max_write_buffer_number", 5);
	w.sample.cf[0].immutable = 0;
	w.state.cf[1].min_merge = 3;
	one("max_write_buffer_number", 3, LODE_RULE_RELATION, "4..24 here (more than min_write_buffer_number_to_merge)");
}

static void arena_comes_along(void **state)
{
	int arena = world_id("arena_block_size");

	(void)state;
	world_set(&w, "write_buffer_size", "16777216");
	passes(wish("write_buffer_size", 7, 4 * MIB));
	assert_int_equal(plan.n, 2);
	assert_string_equal(plan.todo[1].key, "arena_block_size");
	assert_string_equal(plan.todo[1].value, "524288");
	assert_string_equal(plan.undo[1].value, "1048576");
	assert_int_equal(plan.todo[1].cf, 7);
	passes(wish("write_buffer_size", 7, 8 * MIB)); /* still fits */
	assert_int_equal(plan.n, 1);
	world_set(&w, "write_buffer_size", "131072");
	world_set(&w, "arena_block_size", "16384");
	pass_one("write_buffer_size", 65536);
	assert_string_equal(plan.todo[2].value, "8192");
	world_set(&w, "write_buffer_size", "16777216");
	world_set(&w, "arena_block_size", "1048576");
	w.policy.manual[arena / 64] |= 1ull << (arena % 64);
	one("write_buffer_size", 7 * MIB, LODE_RULE_RELATION, "arena_block_size");
	pass_one("write_buffer_size", 8 * MIB);
}

static void pending_limits(void **state)
{
	(void)state;
	w.policy.allow_optin = true;
	w.policy.step_scale = 100;
	one("soft_pending_compaction_bytes_limit", 257 * GIB, LODE_RULE_RELATION, "not above hard");
	one("hard_pending_compaction_bytes_limit", 63 * GIB, LODE_RULE_RELATION, "not below soft");
	w.sample.cf[0].debt = 10 * (uint64_t)GIB;
	one("soft_pending_compaction_bytes_limit", 19 * GIB, LODE_RULE_DEBT, "10737418240 bytes of compaction pending");
	pass_one("soft_pending_compaction_bytes_limit", 20 * GIB);
	w.sample.cf[0].debt = 60 * (uint64_t)GIB; /* too much already: raising helps, lowering does not */
	pass_one("soft_pending_compaction_bytes_limit", 80 * GIB);
	one("soft_pending_compaction_bytes_limit", 63 * GIB, LODE_RULE_RELATION, "the present debt");
	world_set(&w, "hard_pending_compaction_bytes_limit", "0");
	one("hard_pending_compaction_bytes_limit", 70 * GIB, LODE_RULE_RELATION, "the present debt");
	pass_one("soft_pending_compaction_bytes_limit", 300 * GIB); /* 0 is no limit */
}

static void debt_of_a_smaller_tree(void **state)
{
	(void)state;
	w.policy.allow_slow_lag = true;
	for (int i = 1; i < 4; i++)
		w.sample.cf[1].bytes[i] = (uint64_t)(i == 1 ? 256 * MIB : i == 2 ? 2560 * MIB : 25 * GIB);
	world_set(&w, "soft_pending_compaction_bytes_limit", "4294967296");
	refused(wish("max_bytes_for_level_base", 7, 64 * MIB), LODE_RULE_DEBT, "at most 2147483648");
	passes(wish("max_bytes_for_level_base", 0, 64 * MIB)); /* an empty family owes nothing */
	passes(wish("max_bytes_for_level_base", 7, 512 * MIB));
	world_set(&w, "soft_pending_compaction_bytes_limit", "68719476736");
	passes(wish("max_bytes_for_level_base", 7, 64 * MIB));
	world_set(&w, "hard_pending_compaction_bytes_limit", "4294967296"); /* below the soft one: then it is what counts */
	refused(wish("max_bytes_for_level_base", 7, 64 * MIB), LODE_RULE_DEBT, "at most 2147483648");
}

static void memory(void **state)
{
	struct lode_proposal p;

	(void)state;
	assert_int_equal(lode_guard_memory(&w.state), (8 + 4 * 64) * MIB);
	assert_int_equal(lode_guard_memory_budget(&w.now), 4 * GIB);
	pass_one("block_cache_size", 4 * GIB - 256 * MIB);
	assert_int_equal(plan.memory, 4 * GIB - 264 * MIB);
	one("block_cache_size", 4 * GIB - 255 * MIB, LODE_RULE_MEMORY, "4026531840 here (all memtables and the block cache");
	w.policy.memory_max = GIB;
	one("block_cache_size", 800 * MIB, LODE_RULE_MEMORY, "805306368");
	w.policy.memory_max = 0;
	p = wish("block_cache_size", 0, 3 * GIB); /* each alone would do, together they are too much */
	also(&p, "write_buffer_size", LODE_CF_ALL, 256 * MIB);
	passes(p);
	also(&p, "max_write_buffer_number", LODE_CF_ALL, 3);
	refused(p, LODE_RULE_MEMORY, "");
	w.machine.mem_available = GIB; /* a twentieth of 8 GiB stays free */
	w.sample.cache.usage = 8 * MIB;
	assert_int_equal(lode_guard_memory_budget(&w.now), GIB + 8 * MIB - 8 * GIB / 20);
	w.machine.mem_available = 0;
	one("block_cache_size", 9 * MIB, LODE_RULE_MEMORY, "");
	pass_one("block_cache_size", 4 * MIB);	   /* less is always possible */
	p = wish("block_cache_size", 0, 72 * MIB); /* ... and one may give what another takes */
	also(&p, "write_buffer_size", LODE_CF_ALL, 48 * MIB);
	passes(p);
	w.machine = (struct lode_machine){0}; /* nothing is known of the machine */
	one("block_cache_size", 9 * MIB, LODE_RULE_MEMORY, "");
}

/* The index of some classes of cache is made for the capacity at creation. */
static void cache_of_a_fixed_index(void **state)
{
	int cache = world_id("block_cache_size");
	int64_t lo, hi;

	(void)state;
	w.sample.cache.floor = 4 * MIB;
	w.sample.cache.ceiling = 16 * MIB;
	assert_true(lode_guard_range(&w.now, cache, LODE_CF_ALL, &lo, &hi));
	assert_true(lo == 4 * MIB && hi == 16 * MIB);
	pass_one("block_cache_size", 16 * MIB);
	one("block_cache_size", 17 * MIB, LODE_RULE_RELATION, "this class of cache tolerates");
	w.sample.cache.floor = 6 * MIB;
	pass_one("block_cache_size", 6 * MIB);
	one("block_cache_size", 5 * MIB, LODE_RULE_RELATION, "6291456..16777216");
	w.sample.cache.floor = w.sample.cache.ceiling = 0;
	pass_one("block_cache_size", 64 * MIB);
}

static void pinned_cache(void **state)
{
	(void)state;
	w.sample.cache.pinned = 3 * MIB;
	one("block_cache_size", 5 * MIB, LODE_RULE_RELATION, "6291456..");
	w.state.db[world_id("block_cache_size")].exists = false; /* a kind that cannot be resized */
	one("block_cache_size", 16 * MIB, LODE_RULE_ABSENT, "");
	assert_int_equal(lode_guard_memory(&w.state), (8 + 4 * 64) * MIB); /* ... still takes its room */
}

static void writes_in_trouble(void **state)
{
	(void)state;
	w.sample.delayed_write_rate = 16 << 20;
	one("write_buffer_size", 128 * MIB, LODE_RULE_STOPPED, "delayed");
	w.sample.write_stopped = true;
	one("write_buffer_size", 128 * MIB, LODE_RULE_STOPPED, "stopped");
	one("write_buffer_size", 1, LODE_RULE_BOUNDS, ""); /* what can never pass is said first */
}

/* RocksDB cannot go back to bytes_per_sync=0: no database option is touched unless that is accepted. */
static void residue(void **state)
{
	(void)state;
	world_set(&w, "bytes_per_sync", "0");
	one("max_background_jobs", 4, LODE_RULE_OPTIN, "in place of bytes_per_sync=0");
	one("bytes_per_sync", 1048576, LODE_RULE_RELATION, "could not be put back");
	pass_one("write_buffer_size", 128 * MIB);
	assert_string_equal(plan.note, "");
	w.policy.allow_residue = true;
	pass_one("max_background_jobs", 4);
	assert_non_null(strstr(plan.note, "bytes_per_sync"));
	one("bytes_per_sync", 1048576, LODE_RULE_RELATION, "could not be put back");
}

static void notes(void **state)
{
	(void)state;
	w.sample.cf[1].mem_active = 40 * MIB;
	one("write_buffer_size", 32 * MIB, LODE_RULE_RELATION, "41943040..268435456 here (the active memtable holds more");
	world_set(&w, "max_write_buffer_number", "3");
	pass_one("write_buffer_size", 32 * MIB);
	assert_non_null(strstr(plan.note, "cf7"));
	pass_one("write_buffer_size", 48 * MIB);
	assert_string_equal(plan.note, "");
}

static void ranges(void **state)
{
	int64_t lo, hi;

	(void)state;
	assert_true(lode_guard_range(&w.now, world_id("write_buffer_size"), LODE_CF_ALL, &lo, &hi));
	assert_int_equal(lo, 16 * MIB);
	assert_int_equal(hi, 256 * MIB);
	w.machine.mem_limit = 600 * MIB; /* budget 300 MiB: four memtables beside the cache */
	assert_true(lode_guard_range(&w.now, world_id("write_buffer_size"), LODE_CF_ALL, &lo, &hi));
	assert_int_equal(hi, 73 * MIB);
	assert_true(lode_guard_range(&w.now, world_id("write_buffer_size"), 0, &lo, &hi));
	assert_int_equal(hi, 82 * MIB);
	assert_true(lode_guard_range(&w.now, world_id("level0_slowdown_writes_trigger"), LODE_CF_ALL, &lo, &hi));
	assert_int_equal(lo, 5);
	assert_int_equal(hi, 36);
	assert_false(lode_guard_range(&w.now, world_id("ttl"), LODE_CF_ALL, &lo, &hi));
	assert_false(lode_guard_range(&w.now, world_id("compression"), LODE_CF_ALL, &lo, &hi));
	assert_false(lode_guard_range(&w.now, world_id("write_buffer_size"), 5, &lo, &hi));
	assert_false(lode_guard_range(&w.now, -1, 0, &lo, &hi));
	w.sample.write_stopped = true;
	assert_false(lode_guard_range(&w.now, world_id("write_buffer_size"), LODE_CF_ALL, &lo, &hi));
}

static void debt_range(void **state)
{
	int64_t lo, hi;

	(void)state;
	w.policy.allow_slow_lag = true;
	w.sample.cf[0].bytes[1] = 256 * MIB;
	w.sample.cf[0].bytes[2] = 2560 * MIB;
	world_set(&w, "soft_pending_compaction_bytes_limit", "2147483648");
	world_set(&w, "target_file_size_base", "1048576");
	assert_true(lode_guard_range(&w.now, world_id("max_bytes_for_level_base"), LODE_CF_ALL, &lo, &hi));
	assert_in_range(lo, 65 * MIB, 255 * MIB);
	pass_one("max_bytes_for_level_base", lo);
	one("max_bytes_for_level_base", lo - 1, LODE_RULE_DEBT, "");
	assert_int_equal(hi, GIB);
}

static void reads_unseen(void **state)
{
	int64_t lo, hi;

	(void)state;
	w.policy.reads_unseen = true;
	one("block_cache_size", 64 * MIB, LODE_RULE_UNSEEN, "reads are not seen");
	one("level0_slowdown_writes_trigger", 25, LODE_RULE_UNSEEN, "");
	one("max_background_jobs", 4, LODE_RULE_UNSEEN, "");
	one("write_buffer_size", 32 * MIB, LODE_RULE_UNSEEN, "");
	pass_one("write_buffer_size", 96 * MIB);
	pass_one("level0_file_num_compaction_trigger", 3);
	one("level0_file_num_compaction_trigger", 5, LODE_RULE_UNSEEN, "");
	assert_true(lode_guard_range(&w.now, world_id("write_buffer_size"), LODE_CF_ALL, &lo, &hi));
	assert_int_equal(lo, 64 * MIB);
	assert_false(lode_guard_range(&w.now, world_id("max_write_buffer_number"), LODE_CF_ALL, &lo, &hi));
	w.policy.reads_unseen = false;
	assert_true(lode_guard_range(&w.now, world_id("max_write_buffer_number"), LODE_CF_ALL, &lo, &hi));
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(lode_rule_name(LODE_RULE_MEMORY), "memory-budget");
	assert_string_equal(lode_rule_name(LODE_RULE_TOO_MANY), "too-many-changes");
	assert_string_equal(lode_rule_name((enum lode_rule)99), "?");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    T(who_may),
	    T(what_the_image_says),
	    T(operator_is_right),
	    T(families),
	    T(shape_of_a_proposal),
	    T(too_many_writes),
	    T(bounds),
	    T(machine_bounds),
	    T(steps),
	    T(level0),
	    T(level0_now),
	    T(memtables),
	    T(arena_comes_along),
	    T(pending_limits),
	    T(debt_of_a_smaller_tree),
	    T(memory),
	    T(cache_of_a_fixed_index),
	    T(pinned_cache),
	    T(writes_in_trouble),
	    T(residue),
	    T(notes),
	    T(ranges),
	    T(debt_range),
	    T(reads_unseen),
    T(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
