/* The table of rules. Sources: pages of RocksDB's wiki as of 2020 and later, its public headers, its own Optimize... functions (options.cc of 7.8.3); what is our own
 * reckoning says so. */
#include "tune/expert_rules.h"

#include <math.h>
#include <string.h>

#define SHARE 0.2   /* of the time: what takes less is not worth an experiment */
#define STALLED 0.02

/* ---- what they see ---- */

static bool is(const struct tune_eyes *e, const char *option, const char *word)
{
	char text[TUNE_VALUE_MAX];

	return !strcmp(tune_eyes_text(e, option, text, sizeof text), word);
}

static bool reads(const struct tune_eyes *e)
{
	return e->f.read_share >= SHARE;
}

static bool scans(const struct tune_eyes *e)
{
	return e->f.seek_share >= SHARE;
}

static bool writes(const struct tune_eyes *e)
{
	return e->f.write_share >= SHARE;
}

static bool looks_up(const struct tune_eyes *e)
{
	return reads(e) || scans(e);
}

/* Not known counts as yes: an experiment will tell. */
static bool stalled(const struct tune_eyes *e)
{
	return writes(e) && !(e->f.stall_share < STALLED);
}

static bool no_filter(const struct tune_eyes *e)
{
	return reads(e) && is(e, "filter_policy", "nullptr");
}

static bool misses(const struct tune_eyes *e)
{
	return looks_up(e) && !(e->f.hit > 0.98) && !(e->f.misses < 0.02);
}

static bool hits(const struct tune_eyes *e)
{
	return reads(e) && (e->f.hit > 0.8 || !(e->f.misses > 0.3));
}

static bool index_misses(const struct tune_eyes *e)
{
	return looks_up(e) && e->f.index_misses > 0.2 && e->f.misses > 0.1;
}

static bool larger_than_memory(const struct tune_eyes *e)
{
	return looks_up(e) && e->memory > 0 && e->f.db_bytes > 1.5 * e->memory;
}

static bool compresses(const struct tune_eyes *e)
{
	char text[TUNE_VALUE_MAX];

	tune_eyes_text(e, "compression", text, sizeof text);
	return *text && strcmp(text, "kNoCompression") != 0;
}

/* Blocks come from the kernel's memory, so taking them apart is what a miss costs. */
static bool unpacks(const struct tune_eyes *e)
{
	return compresses(e) && !larger_than_memory(e) && (misses(e) || writes(e));
}

static bool compresses_dearly(const struct tune_eyes *e)
{
	return compresses(e) && !is(e, "compression", "kLZ4Compression");
}

static bool both(const struct tune_eyes *e)
{
	return reads(e) && writes(e);
}

static bool flushes(const struct tune_eyes *e)
{
	return writes(e) && !(e->f.flushed < 32e6);
}

static bool compacts(const struct tune_eyes *e)
{
	return writes(e) && !(e->f.compacted < 64e6);
}

/* By level; the last word goes for all below. */
#define TOP_LEVELS_UNPACKED "kNoCompression:kNoCompression:kLZ4Compression"

static bool packs_top_levels(const struct tune_eyes *e)
{
	char text[TUNE_VALUE_MAX];

	return compacts(e) && (is(e, "compression", "kSnappyCompression") || is(e, "compression", "kLZ4Compression")) &&
	       !*tune_eyes_text(e, "compression_per_level", text, sizeof text);
}

static bool only_writes(const struct tune_eyes *e)
{
	return e->f.write_share > 0.95 && compacts(e) && is(e, "compaction_style", "kCompactionStyleLevel");
}

/* Not for a database that is there already: up to 8.1 RocksDB advises against changing it there. */
static bool static_levels(const struct tune_eyes *e)
{
	return compacts(e) && e->v->spec->refill && is(e, "level_compaction_dynamic_level_bytes", "false");
}

static bool other_priority(const struct tune_eyes *e)
{
	return compacts(e) && !is(e, "compaction_pri", "kMinOverlappingRatio");
}

static bool files_closed(const struct tune_eyes *e)
{
	return looks_up(e) && tune_eyes_number(e, "max_open_files") >= 0;
}

static bool finds_in_files(const struct tune_eyes *e)
{
	return reads(e) && writes(e) && !(e->f.memtable_hit > 0.5);
}

static bool finds_all(const struct tune_eyes *e)
{
	return reads(e) && e->f.absent < 0.02 && !is(e, "filter_policy", "nullptr");
}

/* ---- the table, the surest first ---- */

#define GUIDE "RocksDB Tuning Guide"

const struct tune_expert_rule tune_expert_rules[] = {
    {"filter", no_filter, {{"filter_policy", TUNE_SET, 0, "bloomfilter:10:false"}}, 0.9, false,
     "gets look into every file of level 0 and one of each level below; ten bits a key save almost all of these looks", GUIDE ", Bloom filters", true},
    {"block-cache", misses, {{"block_cache_size", TUNE_PART, 0.5, NULL}}, 0.9, false,
     "reads miss the block cache while memory is left: half of it, the rest stays with the kernel and the memtables",
     "wiki, Setup Options and Basic Tuning, says a third; half is our own reckoning", false},
    {"memtables", flushes, {{"write_buffer_size", TUNE_AT_LEAST, 128 << 20, NULL}, {"max_write_buffer_number", TUNE_AT_LEAST, 4, NULL}}, 0.75, true,
     "larger and more memtables take bursts in and make fewer, larger files in level 0", "wiki, Write Stalls; sizes are our own reckoning", false},
    {"background-jobs", stalled, {{"max_background_jobs", TUNE_CORES, 4.0 / 3, NULL}, {"max_subcompactions", TUNE_CORES, 0.5, NULL}}, 0.7, false,
     "writers wait for flushes and compactions: as many compactions at a time as there are processors, and a quarter of the jobs for flushes",
     GUIDE ", Parallelism options; wiki, Leveled Compaction", false},
    {"level-sizes", compacts, {{"max_bytes_for_level_base", TUNE_LEVEL0, 1, NULL}, {"target_file_size_base", TUNE_LEVEL0, 0.25, NULL}}, 0.6, true,
     "level 1 as large as level 0 makes compactions between them as quick as they can be", GUIDE ", Level Style Compaction; Memory usage in RocksDB", false},
    {"later-stalls", stalled,
     {{"level0_slowdown_writes_trigger", TUNE_TIMES, 2, NULL}, {"level0_stop_writes_trigger", TUNE_TIMES, 2, NULL},
      {"soft_pending_compaction_bytes_limit", TUNE_TIMES, 4, NULL}, {"hard_pending_compaction_bytes_limit", TUNE_TIMES, 4, NULL},
      {"delayed_write_rate", TUNE_AT_LEAST, 64 << 20, NULL}},
     0.6, false, "writers may be held back for a burst that the machine could take", "wiki, Write Stalls; the rate is our own reckoning", false},
    {"no-compression", unpacks, {{"compression", TUNE_SET, 0, "kNoCompression"}}, 0.6, false,
     "the data fits into memory, where packing and unpacking blocks is what is left to pay",
     GUIDE ", In-memory database; for disks options.h advises against it, so an experiment has to tell", true},
    {"light-compression", compresses_dearly, {{"compression", TUNE_SET, 0, "kLZ4Compression"}}, 0.5, false,
     "LZ4 is almost always better than Snappy, and quicker than the rest", "wiki, Compression", true},
    {"level0-trigger", compacts, {{"level0_file_num_compaction_trigger", TUNE_TIMES, 2, NULL}}, 0.45, true,
     "compactions of level 0 come half as often and do more at a time", "our own reckoning; examples of the " GUIDE " have 8 and 10", false},
    {"block-hash", hits, {{"data_block_index_type", TUNE_SET, 0, "kDataBlockBinaryAndHash"}, {"data_block_hash_table_util_ratio", TUNE_SET, 0, "0.75"}}, 0.45, false,
     "gets find their blocks in memory, so what is searched within a block counts", "wiki, Data Block Hash Index", true},
    {"memtable-filter", finds_in_files, {{"memtable_prefix_bloom_size_ratio", TUNE_SET, 0, "0.02"}, {"memtable_whole_key_filtering", TUNE_SET, 0, "true"}}, 0.45, false,
     "gets search memtables that do not have their keys", "OptimizeForPointLookup; advanced_options.h", false},
    {"pipelined-writes", writes, {{"enable_pipelined_write", TUNE_SET, 0, "true"}}, 0.4, false,
     "with several writers, the log of one group is written while the group before still fills the memtable", "wiki, Pipelined Write", false},
    {"small-blocks", misses, {{"block_size", TUNE_TIMES, 0.5, NULL}}, 0.3, true, "a miss reads and unpacks half as much",
     GUIDE ", in memory block table; wiki, Basic Operations", true},
    {"large-blocks", scans, {{"block_size", TUNE_TIMES, 4, NULL}}, 0.4, true, "scans need what lies next to each other: fewer and larger blocks",
     "wiki, Basic Operations, of bulk scans", true},
    {"dynamic-levels", static_levels, {{"level_compaction_dynamic_level_bytes", TUNE_SET, 0, "true"}}, 0.4, false,
     "level sizes that follow the last level bound space amplification, and rewrite less while level 0 lags behind", "wiki, Leveled Compaction; advanced_options.h", false},
    {"compaction-order", other_priority, {{"compaction_pri", TUNE_SET, 0, "kMinOverlappingRatio"}}, 0.4, false,
     "taking first what overlaps least usually rewrites least", GUIDE ", Compaction Priority", false},
    {"sync-in-steps", flushes, {{"bytes_per_sync", TUNE_AT_LEAST, 1 << 20, NULL}, {"wal_bytes_per_sync", TUNE_AT_LEAST, 512 << 10, NULL}}, 0.35, false,
     "files that are written out in steps leave no burst behind", "wiki, IO; Setup Options and Basic Tuning", false},
    {"top-levels-unpacked", packs_top_levels, {{"compression_per_level", TUNE_SET, 0, TOP_LEVELS_UNPACKED}}, 0.35, false,
     "what lies in levels 0 and 1 is soon rewritten: packing it is work for nothing", GUIDE ", compression_per_level; OptimizeLevelStyleCompaction", true},
    {"readahead", compacts, {{"compaction_readahead_size", TUNE_AT_LEAST, 4 << 20, NULL}}, 0.35, false, "compactions read in larger pieces",
     "options.h; wiki, IO; the size is our own reckoning", false},
    {"tight-last-level", larger_than_memory, {{"bottommost_compression", TUNE_SET, 0, "kZSTD"}}, 0.35, false,
     "nearly all data is in the last level: packed tighter, more of it fits into the kernel's memory", "wiki, Setup Options and Basic Tuning", true},
    {"first-keys", scans, {{"index_type", TUNE_SET, 0, "kBinarySearchWithFirstKey"}}, 0.3, false,
     "an index that knows each block's first key spares short scans blocks that they do not need", "table.h", true},
    {"partitioned-index", index_misses,
     {{"index_type", TUNE_SET, 0, "kTwoLevelIndexSearch"}, {"partition_filters", TUNE_SET, 0, "true"}, {"cache_index_and_filter_blocks", TUNE_SET, 0, "true"},
      {"pin_l0_filter_and_index_blocks_in_cache", TUNE_SET, 0, "true"}, {"pin_top_level_index_and_filter", TUNE_SET, 0, "true"}},
     0.5, false, "index and filter blocks push data out of the cache: parts of them do less so", "wiki, Partitioned Index Filters", true},
    {"open-files", files_closed, {{"max_open_files", TUNE_SET, 0, "-1"}}, 0.5, false, "files are closed and opened again", GUIDE ", General options", false},
    {"direct-reads", larger_than_memory, {{"use_direct_reads", TUNE_SET, 0, "true"}, {"block_cache_size", TUNE_PART, 0.75, NULL}}, 0.3, false,
     "the data is larger than memory: one cache instead of two that hold the same, once packed and once not", "wiki, Direct IO; the size is our own reckoning", false},
    {"no-last-filter", finds_all, {{"optimize_filters_for_hits", TUNE_SET, 0, "true"}}, 0.2, false,
     "nearly all gets find their key, so filters of the last level only take room", "wiki, Memory usage in RocksDB; advanced_options.h", true},
    {"merge-memtables", both, {{"min_write_buffer_number_to_merge", TUNE_AT_LEAST, 2, NULL}, {"max_write_buffer_number", TUNE_AT_LEAST, 6, NULL}}, 0.25, false,
     "less of what is overwritten soon reaches a file; gets have more memtables to search", GUIDE ", Flushing options; OptimizeLevelStyleCompaction", false},
    {"universal", only_writes, {{"compaction_style", TUNE_SET, 0, "kCompactionStyleUniversal"}}, 0.3, false,
     "nothing but writes: universal compaction rewrites less, and may take twice the space for it", GUIDE ", Universal Compaction", false},
    {"direct-flushes", compacts, {{"use_direct_io_for_flush_and_compaction", TUNE_SET, 0, "true"}}, 0.15, false,
     "what flushes and compactions write does not push other things out of memory, and its first reader fetches it from disk", "wiki, Direct IO", false},
};
const size_t tune_expert_rule_count = sizeof tune_expert_rules / sizeof tune_expert_rules[0];
