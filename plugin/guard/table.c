/* The table itself: one row per option. The names, types and first versions are those of RocksDB's own option maps
 * (options/cf_options.cc, options/db_options.cc, block_based_table_factory.cc, 6.11 to 11.8); bounds, tiers and lags are our judgement, and
 * the reason stands in the row. Options that RocksDB accepts and ignores are left out. */
#include "guard/table.h"

#define KIB 1024LL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
#define I32 2147483647LL
#define I64 INT64_MAX

#define ROW(id_, scope_, kind_, lag_, tier_, lo_, hi_, step_)                                                                              \
	.id = id_, .key = id_, .scope = LODE_SCOPE_##scope_, .kind = LODE_KIND_##kind_, .lag = LODE_LAG_##lag_, .tier = LODE_TIER_##tier_, \
	.min = lo_, .max = hi_, .step = step_
/* Never ours to touch: the bounds are only what the type holds. */
#define NEVER(id_, scope_, kind_, lag_, hi_) ROW(id_, scope_, kind_, lag_, FORBIDDEN, 0, hi_, 0)
/* Options of the block-based table: reached through the factory, by the alias that works in every version. Up to 9.7 SetOptions changes the
 * live factory in place, which is a data race and leaks into every family that shares it; 9.8 clones it. */
#define TABLE(name_, kind_, lag_, tier_, lo_, hi_, step_)                                                                                  \
	.id = name_, .key = "block_based_table_factory." name_, .scope = LODE_SCOPE_CF, .kind = LODE_KIND_##kind_, .lag = LODE_LAG_##lag_, \
	.tier = LODE_TIER_##tier_, .min = lo_, .max = hi_, .step = step_, .since = 90800
#define RESTART(id_, kind_, tier_, lo_, hi_) ROW(id_, RESTART, kind_, REWRITE, tier_, lo_, hi_, 0)

static const char *const compressions[] = {
    "kNoCompression", "kSnappyCompression", "kZlibCompression", "kBZip2Compression", "kLZ4Compression", "kLZ4HCCompression", "kZSTD", NULL};
/* Only the bottommost level may say "as the others"; in plain `compression` the word trips an assertion. */
static const char *const bottommost[] = {"kNoCompression",
					 "kSnappyCompression",
					 "kZlibCompression",
					 "kBZip2Compression",
					 "kLZ4Compression",
					 "kLZ4HCCompression",
					 "kZSTD",
					 "kDisableCompressionOption",
					 NULL};
static const char *const stop_styles[] = {"kCompactionStopStyleSimilarSize", "kCompactionStopStyleTotalSize", NULL};
static const char *const prepopulate[] = {"kDisable", "kFlushOnly", NULL};
static const char *const styles[] = {"kCompactionStyleLevel", "kCompactionStyleUniversal", "kCompactionStyleFIFO", "kCompactionStyleNone",
				     NULL};
static const char *const priorities[] = {
    "kByCompensatedSize", "kOldestLargestSeqFirst", "kOldestSmallestSeqFirst", "kMinOverlappingRatio", "kRoundRobin", NULL};

#define WHY_STALL "moves the line where writers are slowed or stopped"
#define WHY_SHAPE "reshapes the tree over hours; only a deliberate, long comparison can judge it"
#define WHY_REWRITE "takes effect only as data is rewritten, and again to undo it"
#define WHY_BLOB "changes how data is stored: values move between file formats and do not move back by themselves"
#define WHY_DATA "can make RocksDB delete or rewrite data"
#define WHY_CHECK "an integrity check is the operator's to switch"
#define WHY_RARE "no measured gain that would justify the risk"
#define WHY_OBSERVE "belongs to the operator's observation of the database"
#define WHY_CODEC "passed unchecked to the compression library"
#define WHY_TABLE "new files only; the memory of open table readers changes with it"
#define WHY_RESTART "only with a restart, after a comparison offline"

const struct lode_tunable lode_tunables[] = {
    /* The named rows: order as in guard/table.h. */
    [LODE_ID_BLOCK_CACHE] =
	{ROW("block_cache_size", CACHE, SIZE, CACHE, DEFAULT, MIB, 16 * TIB, 2),
	 .doc = "capacity of the block cache; the largest lever on reads; growth is bounded by the memory budget, not by the step"},
    {ROW("write_buffer_size", CF, SIZE, FLUSH, DEFAULT, 64 * KIB, 64 * GIB, 4), .powerful = true,
     .doc = "size of one memtable; larger means fewer, larger flushes and less L0 work"},
    {ROW("max_write_buffer_number", CF, INT, FLUSH, DEFAULT, 2, 64, 4), .powerful = true,
     .doc = "memtables a family may hold before writes stop; more absorbs longer bursts"},
    {ROW("arena_block_size", CF, SIZE, FLUSH, FORBIDDEN, 4 * KIB, 2 * GIB, 0), .doc = "allocation unit of a memtable",
     .why = "follows write_buffer_size: the guard moves it where it must"},
    {ROW("level0_file_num_compaction_trigger", CF, INT, FLUSH, DEFAULT, 1, 256, 4), .powerful = true,
     .doc = "L0 files that start a compaction; lower helps reads, higher helps writes"},
    {ROW("level0_slowdown_writes_trigger", CF, INT, INSTANT, DEFAULT, 2, 1024, 4), .powerful = true,
     .doc = "L0 files at which writers are slowed"},
    {ROW("level0_stop_writes_trigger", CF, INT, INSTANT, DEFAULT, 4, 4096, 4), .powerful = true,
     .doc = "L0 files at which writers are stopped"},
    {ROW("soft_pending_compaction_bytes_limit", CF, SIZE, INSTANT, OPTIN, 64 * MIB, 64 * TIB, 4), .powerful = true,
     .doc = "pending compaction bytes at which writers are slowed", .why = WHY_STALL},
    {ROW("hard_pending_compaction_bytes_limit", CF, SIZE, INSTANT, OPTIN, 128 * MIB, 256 * TIB, 4), .powerful = true,
     .doc = "pending compaction bytes at which writers are stopped", .why = WHY_STALL},
    {ROW("max_bytes_for_level_base", CF, SIZE, SHAPE, DEFAULT, 4 * MIB, 16 * TIB, 4), .powerful = true,
     .doc = "target size of the first level below L0"},
    {ROW("max_bytes_for_level_multiplier", CF, MILLI, SHAPE, OPTIN, 2000, 100000, 2), .powerful = true,
     .doc = "each level's target is this many times the one above; in thousandths", .why = WHY_SHAPE},
    {ROW("target_file_size_base", CF, SIZE, SHAPE, DEFAULT, MIB, 64 * GIB, 4), .doc = "size of the files that compactions write"},
    {ROW("max_compaction_bytes", CF, SIZE, SHAPE, OPTIN, 16 * MIB, 256 * TIB, 4), .doc = "upper limit for the input of one compaction",
     .why = WHY_SHAPE},
    {ROW("compaction_options_universal.min_merge_width", CF, INT, SHAPE, OPTIN, 2, 64, 2),
     .doc = "universal: fewest runs in one compaction", .why = WHY_SHAPE},
    {ROW("compaction_options_universal.max_merge_width", CF, INT, SHAPE, OPTIN, 2, 4294967295LL, 0),
     .doc = "universal: most runs in one compaction", .why = WHY_SHAPE},
    {ROW("compaction_options_universal.max_read_amp", CF, INT, SHAPE, OPTIN, 1, 1024, 4), .since = 90400, .powerful = true,
     .doc = "universal: limit on sorted runs", .why = WHY_SHAPE},
    {TABLE("initial_auto_readahead_size", SIZE, INSTANT, OPTIN, 4 * KIB, 16 * MIB, 4),
     .doc = "first readahead of an iterator that reads on", .why = WHY_TABLE},
    {TABLE("max_auto_readahead_size", SIZE, INSTANT, OPTIN, 4 * KIB, 16 * MIB, 4), .doc = "largest readahead of an iterator that reads on",
     .why = WHY_TABLE},
    {ROW("max_background_jobs", DB, INT, INSTANT, DEFAULT, 2, 512, 4), .powerful = true,
     .doc = "flushes and compactions at once, a quarter of them flushes; the thread pool grows and never shrinks"},
    {ROW("max_background_compactions", DB, INT, INSTANT, FORBIDDEN, -1, I32, 0), .doc = "old form of max_background_jobs",
     .why = "anything but -1 makes max_background_jobs ineffective"},
    {ROW("max_background_flushes", DB, INT, INSTANT, FORBIDDEN, -1, I32, 0), .doc = "old form of max_background_jobs",
     .why = "anything but -1 makes max_background_jobs ineffective"},
    {ROW("max_subcompactions", DB, INT, INSTANT, DEFAULT, 1, 256, 2), .since = 61200, .doc = "threads within one compaction"},
    {ROW("bytes_per_sync", DB, SIZE, INSTANT, DEFAULT, 64 * KIB, 256 * MIB, 4),
     .doc = "data file bytes after which writing out is started; RocksDB turns 0 into 1 MiB at any change of a database option"},

    /* The database. */
    {ROW("compaction_readahead_size", DB, SIZE, INSTANT, DEFAULT, 0, 64 * MIB, 4),
     .doc = "readahead of compactions; pays on disks and network storage"},
    {ROW("delayed_write_rate", DB, SIZE, INSTANT, OPTIN, MIB, 16 * GIB, 4), .powerful = true,
     .doc = "bytes per second that slowed writers may write at first", .why = WHY_STALL},
    {ROW("writable_file_max_buffer_size", DB, SIZE, INSTANT, OPTIN, 64 * KIB, 64 * MIB, 4), .doc = "write buffer of one file being written",
     .why = WHY_RARE},
    {ROW("strict_bytes_per_sync", DB, BOOL, INSTANT, OPTIN, 0, 1, 0), .doc = "wait for writing out instead of starting it",
     .why = "makes background writers wait for the disk"},
    {NEVER("wal_bytes_per_sync", DB, SIZE, INSTANT, I64), .doc = "WAL bytes after which writing out is started",
     .why = "every change blocks writers and flushes all memtables"},
    {NEVER("max_total_wal_size", DB, SIZE, INSTANT, I64), .doc = "WAL bytes that force a flush",
     .why = "a value below the present WAL flushes all memtables at once"},
    {ROW("max_open_files", DB, INT, INSTANT, FORBIDDEN, -1, I32, 0), .doc = "open table files, -1 for all",
     .why = "running out of file descriptors becomes a background error; values below 10 are taken as unlimited"},
    {NEVER("avoid_flush_during_shutdown", DB, BOOL, INSTANT, 1), .doc = "leave memtables unflushed at close",
     .why = "loses writes made without the WAL"},
    {NEVER("delete_obsolete_files_period_micros", DB, INT, INSTANT, I64), .doc = "how often unused files are looked for", .why = WHY_RARE},
    {NEVER("stats_dump_period_sec", DB, INT, INSTANT, I32), .doc = "how often statistics go to the LOG", .why = WHY_OBSERVE},
    {NEVER("stats_persist_period_sec", DB, INT, INSTANT, I32), .doc = "how often statistics are stored", .why = WHY_OBSERVE},
    {NEVER("stats_history_buffer_size", DB, SIZE, INSTANT, I64), .doc = "memory for stored statistics", .why = WHY_OBSERVE},
    {NEVER("max_manifest_file_size", DB, SIZE, INSTANT, I64), .since = 100800, .doc = "size at which the MANIFEST is written anew",
     .why = WHY_RARE},
    {NEVER("max_manifest_space_amp_pct", DB, INT, INSTANT, I32), .since = 100800, .doc = "garbage at which the MANIFEST is written anew",
     .why = WHY_RARE},
    {NEVER("manifest_preallocation_size", DB, SIZE, INSTANT, I64), .since = 100800, .doc = "bytes set aside for the MANIFEST",
     .why = WHY_RARE},
    {NEVER("verify_manifest_content_on_close", DB, BOOL, INSTANT, 1), .since = 110100, .doc = "read the MANIFEST back at close",
     .why = WHY_CHECK},
    {NEVER("optimize_manifest_for_recovery", DB, BOOL, INSTANT, 1), .since = 110800, .doc = "write the MANIFEST for a fast open",
     .why = WHY_RARE},
    {NEVER("fast_sst_open", DB, BOOL, INSTANT, 1), .since = 110800, .doc = "open table files with fewer checks", .why = WHY_CHECK},
    {NEVER("max_compaction_trigger_wakeup_seconds", DB, INT, INSTANT, I64), .since = 110800,
     .doc = "how often compactions are looked for by time", .why = WHY_RARE},
    {NEVER("daily_offpeak_time_utc", DB, OTHER, INSTANT, 0), .since = 80800, .doc = "quiet hours of the day",
     .why = "only the operator knows the quiet hours"},

    /* Memtables of a family. */
    {ROW("memtable_prefix_bloom_size_ratio", CF, MILLI, FLUSH, OPTIN, 0, 250, 0),
     .doc = "share of a memtable for its bloom filter, in thousandths",
     .why = "spends memtable memory; pays only where reads miss the memtable"},
    {ROW("memtable_whole_key_filtering", CF, BOOL, FLUSH, OPTIN, 0, 1, 0), .doc = "whole keys in the memtable's bloom filter",
     .why = "needs memtable_prefix_bloom_size_ratio above 0 to have an effect"},
    {NEVER("memtable_huge_page_size", CF, SIZE, FLUSH, I64), .doc = "memtables in huge pages of this size",
     .why = "needs huge pages that the machine has set aside"},
    {NEVER("inplace_update_num_locks", CF, INT, FLUSH, I64), .doc = "locks for updates in place", .why = WHY_RARE},
    {NEVER("max_successive_merges", CF, INT, FLUSH, I64), .doc = "merge operands that are folded while writing",
     .why = "changes what merges store and makes writes read"},
    {NEVER("strict_max_successive_merges", CF, BOOL, FLUSH, 1), .since = 90100, .doc = "fold merges even if that reads the disk",
     .why = "makes writes wait for reads"},
    {NEVER("experimental_mempurge_threshold", CF, MILLI, FLUSH, I64), .since = 70500, .doc = "purge memtables in memory",
     .why = "experimental in RocksDB itself"},
    {NEVER("memtable_protection_bytes_per_key", CF, INT, FLUSH, 8), .since = 70600, .doc = "checksum bytes per memtable entry",
     .why = WHY_CHECK},
    {NEVER("memtable_verify_per_key_checksum_on_seek", CF, BOOL, FLUSH, 1), .since = 110800, .doc = "check them while seeking",
     .why = WHY_CHECK},
    {NEVER("paranoid_memory_checks", CF, BOOL, FLUSH, 1), .since = 90600, .doc = "check the order of memtable entries", .why = WHY_CHECK},
    {ROW("memtable_max_range_deletions", CF, INT, FLUSH, OPTIN, 0, 1000000, 0), .since = 80600,
     .doc = "range deletions after which a memtable is flushed, 0 for any", .why = "only for workloads with range deletions"},
    {ROW("memtable_op_scan_flush_trigger", CF, INT, FLUSH, OPTIN, 0, 1000000, 0), .since = 100200,
     .doc = "hidden memtable entries in one scan step that ask for a flush, 0 for never", .why = "only for scans over many deletions"},
    {ROW("memtable_avg_op_scan_flush_trigger", CF, INT, FLUSH, OPTIN, 0, 1000000, 0), .since = 100400,
     .doc = "hidden memtable entries per scan step, on average, that ask for a flush, 0 for never",
     .why = "only for scans over many deletions"},
    {NEVER("min_tombstones_for_range_conversion", CF, INT, FLUSH, I32), .since = 110800, .doc = "deletions that are stored as one range",
     .why = WHY_DATA},

    /* Reading. */
    {ROW("max_sequential_skip_in_iterations", CF, INT, INSTANT, DEFAULT, 1, 1000000, 8),
     .doc = "old versions of a key that an iterator steps over before it seeks"},
    {NEVER("prefix_extractor", CF, OTHER, REWRITE, 0), .doc = "how a prefix is cut from a key",
     .why = "a wrong prefix makes iterators miss keys"},

    /* Compaction. */
    {NEVER("disable_auto_compactions", CF, BOOL, INSTANT, 1), .powerful = true, .doc = "no compaction by itself",
     .why = "lets debt grow without limit, hides the stalls, and stops writes when switched back"},
    {ROW("target_file_size_multiplier", CF, INT, SHAPE, OPTIN, 1, 10, 2), .doc = "growth of file sizes from level to level",
     .why = WHY_SHAPE},
    {NEVER("max_bytes_for_level_multiplier_additional", CF, OTHER, SHAPE, 0), .doc = "further factors per level",
     .why = "a list; " WHY_SHAPE},
    {ROW("ignore_max_compaction_bytes_for_input", CF, BOOL, SHAPE, OPTIN, 0, 1, 0), .since = 70800, .until = 90000,
     .doc = "let the start of a compaction exceed max_compaction_bytes", .why = WHY_SHAPE},
    {NEVER("ttl", CF, INT, SHAPE, I64), .doc = "age at which data is compacted, or deleted under FIFO", .why = WHY_DATA},
    {NEVER("periodic_compaction_seconds", CF, INT, SHAPE, I64), .doc = "age at which files are rewritten", .why = WHY_DATA},
    {NEVER("bottommost_file_compaction_delay", CF, INT, SHAPE, I32), .since = 80600, .doc = "wait before the last level is cleaned",
     .why = WHY_RARE},
    {NEVER("preclude_last_level_data_seconds", CF, INT, SHAPE, I64), .since = 91100, .doc = "young data kept out of the last level",
     .why = WHY_DATA},
    {NEVER("preserve_internal_time_seconds", CF, INT, SHAPE, I64), .since = 91100, .doc = "how long write times are kept", .why = WHY_DATA},
    {NEVER("read_triggered_compaction_threshold", CF, MILLI, SHAPE, I64), .since = 110800, .doc = "reads that make a file a candidate",
     .why = WHY_SHAPE},
    {ROW("target_file_size_is_upper_bound", CF, BOOL, SHAPE, OPTIN, 0, 1, 0), .since = 100900, .doc = "files never exceed the target size",
     .why = WHY_SHAPE},
    {ROW("compaction_options_universal.size_ratio", CF, INT, SHAPE, OPTIN, 0, 1000, 0),
     .doc = "universal: how unequal runs may be, percent", .why = WHY_SHAPE},
    {ROW("compaction_options_universal.max_size_amplification_percent", CF, INT, SHAPE, OPTIN, 20, 1000, 4),
     .doc = "universal: space overhead that starts a full compaction", .why = WHY_SHAPE},
    {ROW("compaction_options_universal.compression_size_percent", CF, INT, REWRITE, OPTIN, -1, 100, 0),
     .doc = "universal: share of data that is compressed, -1 for all", .why = WHY_REWRITE},
    {ROW("compaction_options_universal.stop_style", CF, ENUM, SHAPE, OPTIN, 0, 1, 0), .words = stop_styles,
     .doc = "universal: how a set of runs is closed", .why = WHY_SHAPE},
    {NEVER("compaction_options_universal.incremental", CF, BOOL, SHAPE, 1), .since = 62600, .doc = "universal: compact a part at a time",
     .why = "experimental in RocksDB itself"},
    {ROW("compaction_options_universal.allow_trivial_move", CF, BOOL, SHAPE, OPTIN, 0, 1, 0),
     .doc = "universal: move files that overlap nothing", .why = WHY_SHAPE},
    {NEVER("compaction_options_universal.reduce_file_locking", CF, BOOL, SHAPE, 1), .since = 100400, .doc = "universal: lock fewer files",
     .why = WHY_RARE},
    {NEVER("compaction_options_fifo.max_table_files_size", CF, SIZE, SHAPE, I64),
     .doc = "FIFO: size beyond which the oldest data is deleted", .why = WHY_DATA},
    {NEVER("compaction_options_fifo.max_data_files_size", CF, SIZE, SHAPE, I64), .since = 110000, .doc = "FIFO: the same with blobs",
     .why = WHY_DATA},
    {NEVER("compaction_options_fifo.use_kv_ratio_compaction", CF, BOOL, SHAPE, 1), .since = 110000, .doc = "FIFO: compact by ratio",
     .why = WHY_DATA},
    {NEVER("compaction_options_fifo.age_for_warm", CF, INT, SHAPE, I64), .since = 62400, .doc = "FIFO: age of warm files", .why = WHY_DATA},
    {NEVER("compaction_options_fifo.allow_compaction", CF, BOOL, SHAPE, 1), .doc = "FIFO: merge small files", .why = WHY_DATA},
    {NEVER("compaction_options_fifo.file_temperature_age_thresholds", CF, OTHER, SHAPE, 0), .since = 80300,
     .doc = "FIFO: ages of temperatures", .why = WHY_DATA},
    {NEVER("compaction_options_fifo.allow_trivial_copy_when_change_temperature", CF, BOOL, SHAPE, 1), .since = 100400,
     .doc = "FIFO: copy files as they are", .why = WHY_DATA},
    {NEVER("compaction_options_fifo.trivial_copy_buffer_size", CF, SIZE, SHAPE, I64), .since = 100400, .doc = "FIFO: buffer of such copies",
     .why = WHY_DATA},

    /* Compression. */
    {ROW("compression", CF, ENUM, REWRITE, OPTIN, 0, 6, 0), .words = compressions, .doc = "compression of new files", .why = WHY_REWRITE},
    {ROW("bottommost_compression", CF, ENUM, REWRITE, OPTIN, 0, 7, 0), .words = bottommost, .doc = "compression of the last level",
     .why = WHY_REWRITE},
    {NEVER("compression_per_level", CF, OTHER, REWRITE, 0), .since = 70100, .doc = "compression level by level",
     .why = "a list; it overrides `compression`"},
    {NEVER("compression_manager", CF, OTHER, REWRITE, 0), .since = 100400, .doc = "who compresses", .why = WHY_CODEC},
    {NEVER("sample_for_compression", CF, INT, INSTANT, I64), .doc = "how often blocks are compressed for statistics only",
     .why = WHY_OBSERVE},
#define CODEC(s)                                                                                                                           \
	{ROW(s ".level", CF, INT, REWRITE, OPTIN, 1, 19, 0), .since = 61200, .doc = "effort of the compressor", .why = WHY_REWRITE},       \
	    {NEVER(s ".enabled", CF, BOOL, REWRITE, 1), .since = 61200, .doc = "whether these settings count", .why = WHY_CODEC},          \
	    {NEVER(s ".window_bits", CF, INT, REWRITE, I32), .since = 61200, .doc = "zlib's window", .why = WHY_CODEC},                    \
	    {NEVER(s ".strategy", CF, INT, REWRITE, I32), .since = 61200, .doc = "zlib's strategy", .why = WHY_CODEC},                     \
	    {NEVER(s ".max_dict_bytes", CF, INT, REWRITE, I32), .since = 61200, .doc = "size of a dictionary",                             \
	     .why = "holds a whole output file in memory"},                                                                                \
	    {NEVER(s ".zstd_max_train_bytes", CF, INT, REWRITE, I32), .since = 61200, .doc = "training data of a dictionary",              \
	     .why = WHY_CODEC},                                                                                                            \
	    {NEVER(s ".parallel_threads", CF, INT, REWRITE, I32), .since = 61200, .doc = "threads that compress one file",                 \
	     .why = "starts threads in the host for every file"},                                                                          \
	    {NEVER(s ".max_dict_buffer_bytes", CF, SIZE, REWRITE, I64), .since = 61900, .doc = "memory for a dictionary's samples",        \
	     .why = WHY_CODEC},                                                                                                            \
	    {NEVER(s ".use_zstd_dict_trainer", CF, BOOL, REWRITE, 1), .since = 70300, .doc = "how a dictionary is made",                   \
	     .why = WHY_CODEC},                                                                                                            \
	    {NEVER(s ".max_compressed_bytes_per_kb", CF, INT, REWRITE, I32), .since = 80300,                                               \
	     .doc = "ratio below which compression is kept", .why = WHY_CODEC},                                                            \
	{                                                                                                                                  \
		NEVER(s ".checksum", CF, BOOL, REWRITE, 1), .since = 80600, .doc = "zstd's own checksum", .why = WHY_CHECK                 \
	}
    CODEC("compression_opts"),
    CODEC("bottommost_compression_opts"),

    /* Blobs and temperatures. */
    {NEVER("enable_blob_files", CF, BOOL, REWRITE, 1), .since = 61300, .doc = "large values in files of their own", .why = WHY_BLOB},
    {NEVER("min_blob_size", CF, SIZE, REWRITE, I64), .since = 61300, .doc = "size from which a value is large", .why = WHY_BLOB},
    {NEVER("blob_file_size", CF, SIZE, REWRITE, I64), .since = 61300, .doc = "size of a blob file", .why = WHY_BLOB},
    {NEVER("blob_compression_type", CF, OTHER, REWRITE, 0), .since = 61300, .doc = "compression of blobs", .why = WHY_BLOB},
    {NEVER("blob_compression_opts", CF, OTHER, REWRITE, 0), .since = 110800, .doc = "settings of that compression", .why = WHY_BLOB},
    {NEVER("enable_blob_garbage_collection", CF, BOOL, REWRITE, 1), .since = 61500, .doc = "rewrite old blob files", .why = WHY_DATA},
    {NEVER("blob_garbage_collection_age_cutoff", CF, MILLI, REWRITE, 1000), .since = 61500, .doc = "which blob files are old",
     .why = WHY_DATA},
    {NEVER("blob_garbage_collection_force_threshold", CF, MILLI, REWRITE, 1000), .since = 62600, .doc = "garbage that forces a rewrite",
     .why = WHY_DATA},
    {ROW("blob_compaction_readahead_size", CF, SIZE, INSTANT, OPTIN, 0, 64 * MIB, 0), .since = 62700,
     .doc = "readahead of compactions in blob files", .why = "only for databases with blob files"},
    {NEVER("blob_file_starting_level", CF, INT, REWRITE, I32), .since = 70400, .doc = "level from which values become blobs",
     .why = WHY_BLOB},
    {NEVER("prepopulate_blob_cache", CF, OTHER, FLUSH, 0), .since = 70600, .doc = "new blobs enter the cache at once", .why = WHY_BLOB},
    {NEVER("last_level_temperature", CF, OTHER, REWRITE, 0), .since = 70600, .doc = "where the last level is stored",
     .why = "moves data between storage tiers"},
    {NEVER("default_write_temperature", CF, OTHER, REWRITE, 0), .since = 90100, .doc = "where new files are stored",
     .why = "moves data between storage tiers"},

    /* Checks and reports. */
    {NEVER("report_bg_io_stats", CF, BOOL, INSTANT, 1), .doc = "measure background I/O", .why = WHY_OBSERVE},
    {NEVER("paranoid_file_checks", CF, BOOL, FLUSH, 1), .doc = "read every new file back", .why = WHY_CHECK},
    {NEVER("check_flush_compaction_key_order", CF, BOOL, FLUSH, 1), .since = 61400, .until = 90000,
     .doc = "check the order of keys being written", .why = WHY_CHECK},
    {NEVER("block_protection_bytes_per_key", CF, INT, INSTANT, 8), .since = 80300, .doc = "checksum bytes per entry of a block in memory",
     .why = WHY_CHECK},
    {NEVER("verify_output_flags", CF, INT, FLUSH, I64), .since = 100800, .doc = "how new files are verified", .why = WHY_CHECK},
    {ROW("uncache_aggressiveness", CF, INT, INSTANT, OPTIN, 0, 10000, 0), .since = 90400,
     .doc = "how eagerly blocks of deleted files leave the cache", .why = WHY_RARE},

    /* Block-based table. */
    {TABLE("block_size", SIZE, REWRITE, OPTIN, KIB, MIB, 4), .doc = "uncompressed size of a data block", .why = WHY_REWRITE},
    {TABLE("block_restart_interval", INT, REWRITE, OPTIN, 1, 256, 4), .doc = "keys between two full keys in a block", .why = WHY_REWRITE},
    {TABLE("index_block_restart_interval", INT, REWRITE, OPTIN, 1, 256, 4), .doc = "the same for index blocks", .why = WHY_REWRITE},
    {TABLE("metadata_block_size", SIZE, REWRITE, OPTIN, KIB, MIB, 4), .doc = "size of index and filter partitions", .why = WHY_REWRITE},
    {TABLE("num_file_reads_for_auto_readahead", INT, INSTANT, OPTIN, 0, 64, 0), .doc = "reads in a row after which readahead starts",
     .why = WHY_TABLE},
    {TABLE("prepopulate_block_cache", ENUM, FLUSH, OPTIN, 0, 1, 0), .words = prepopulate,
     .doc = "blocks of flushed files enter the cache at once", .why = "may push hotter blocks out of the cache"},
    {TABLE("cache_index_and_filter_blocks", BOOL, REWRITE, FORBIDDEN, 0, 1, 0), .doc = "index and filter blocks live in the block cache",
     .why = "moves memory in or out of the budget, file by file as they are opened"},
    {TABLE("pin_l0_filter_and_index_blocks_in_cache", BOOL, REWRITE, FORBIDDEN, 0, 1, 0), .doc = "those of L0 stay there",
     .why = WHY_TABLE},
    {TABLE("whole_key_filtering", BOOL, REWRITE, FORBIDDEN, 0, 1, 0), .doc = "whole keys in the bloom filter",
     .why = "lookups without it read every level"},
    {TABLE("optimize_filters_for_memory", BOOL, REWRITE, OPTIN, 0, 1, 0), .doc = "filters sized to what the allocator gives",
     .why = WHY_REWRITE},
    {TABLE("detect_filter_construct_corruption", BOOL, FLUSH, FORBIDDEN, 0, 1, 0), .doc = "check new filters", .why = WHY_CHECK},
    {TABLE("format_version", INT, REWRITE, FORBIDDEN, 0, 100, 0), .doc = "format of new files",
     .why = "older RocksDB versions could no longer read the data"},
    {TABLE("filter_policy", OTHER, REWRITE, FORBIDDEN, 0, 0, 0), .doc = "kind and size of the bloom filter",
     .why = "a structure, not a number; " WHY_REWRITE},

    /* With a restart only. */
    {RESTART("min_write_buffer_number_to_merge", INT, OPTIN, 1, 16), .doc = "memtables that are merged in one flush", .why = WHY_RESTART},
    {RESTART("num_levels", INT, FORBIDDEN, 1, 12), .doc = "levels of the tree",
     .why = "fewer levels than the data uses prevent the database from opening"},
    {RESTART("compaction_style", ENUM, FORBIDDEN, 0, 3), .words = styles, .doc = "leveled, universal or FIFO",
     .why = "not every style opens the files of another, and FIFO deletes data"},
    {RESTART("compaction_pri", ENUM, OPTIN, 0, 4), .words = priorities, .doc = "which file of a level is compacted first",
     .why = WHY_RESTART},
    {RESTART("level_compaction_dynamic_level_bytes", BOOL, OPTIN, 0, 1), .doc = "level targets follow the last level", .why = WHY_RESTART},
    {RESTART("optimize_filters_for_hits", BOOL, OPTIN, 0, 1), .doc = "no filters in the last level", .why = WHY_RESTART},
    {RESTART("db_write_buffer_size", SIZE, OPTIN, 0, 64 * GIB), .doc = "limit for the memtables of all families, 0 for none",
     .why = WHY_RESTART},
    {RESTART("enable_pipelined_write", BOOL, OPTIN, 0, 1), .doc = "WAL and memtable writes overlap", .why = WHY_RESTART},
    {RESTART("allow_concurrent_memtable_write", BOOL, OPTIN, 0, 1), .doc = "writers fill a memtable side by side", .why = WHY_RESTART},
    {RESTART("unordered_write", BOOL, FORBIDDEN, 0, 1), .doc = "writes become visible out of order",
     .why = "weakens what a snapshot promises"},
    {RESTART("use_direct_reads", BOOL, OPTIN, 0, 1), .doc = "reads bypass the page cache", .why = WHY_RESTART},
    {RESTART("use_direct_io_for_flush_and_compaction", BOOL, OPTIN, 0, 1), .doc = "background I/O bypasses the page cache",
     .why = WHY_RESTART},
    {RESTART("max_file_opening_threads", INT, OPTIN, 1, 64), .doc = "threads that open files when the database opens", .why = WHY_RESTART},
    {RESTART("table_cache_numshardbits", INT, OPTIN, 0, 19), .doc = "shards of the table cache, as a power of two", .why = WHY_RESTART},
};

const int lode_tunable_count = sizeof lode_tunables / sizeof lode_tunables[0];
