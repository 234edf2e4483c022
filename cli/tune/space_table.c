/* The data: rows, reasons, retired names. Where no row and no reason stands, the option is closed until the operator opens it: what nobody here has
 * looked at may be about durability. */
#include "tune/space_table.h"

#include <string.h>

#define KIB 1024LL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

const char *const tune_codecs[] = {"kNoCompression", "kSnappyCompression", "kZlibCompression", "kBZip2Compression", "kLZ4Compression", "kLZ4HCCompression", "kZSTD", NULL};

static const char *const styles[] = {"kCompactionStyleLevel", "kCompactionStyleUniversal", NULL};
static const char *const index_types[] = {"kBinarySearch", "kHashSearch", "kTwoLevelIndexSearch", "kBinarySearchWithFirstKey", NULL};
static const char *const data_index_types[] = {"kDataBlockBinarySearch", "kDataBlockBinaryAndHash", NULL};
static const char *const shortenings[] = {"kNoShortening", "kShortenSeparators", "kShortenSeparatorsAndSuccessor", NULL};
static const char *const pinnings[] = {"kFallback", "kNone", "kFlushedAndSimilar", "kAll", NULL};

static const struct tune_row rows[] = {
    /* The database. */
    {"max_open_files", TUNE_INT, -1, 1048576, NULL, "open table files, -1 for all; from 20"},
    {"bytes_per_sync", TUNE_SIZE, 0, 256 * MIB, NULL, "data file bytes after which writing out is started, 0 for never"},
    {"wal_bytes_per_sync", TUNE_SIZE, 0, 256 * MIB, NULL, "WAL bytes after which writing out is started, 0 for never"},
    {"max_total_wal_size", TUNE_SIZE, 0, 1024 * GIB, NULL, "WAL bytes that force a flush, 0 for four times all memtables"},
    {"allow_mmap_reads", TUNE_BOOL, 0, 1, NULL, "read files through the page cache's own memory; pays without compression and where all fits"},
    {"advise_random_on_open", TUNE_BOOL, 0, 1, NULL, "tell the kernel that files are read at random: no readahead of its own"},
    {"allow_fallocate", TUNE_BOOL, 0, 1, NULL, "set space aside before a file is written"},
    {"enable_write_thread_adaptive_yield", TUNE_BOOL, 0, 1, NULL, "writers spin a little before they sleep"},
    {"write_thread_max_yield_usec", TUNE_INT, 0, 100000, NULL, "how long they do, at the most"},
    {"write_thread_slow_yield_usec", TUNE_INT, 0, 10000, NULL, "how long one yield may take before spinning is given up"},
    {"max_write_batch_group_size_bytes", TUNE_SIZE, 4 * KIB, 256 * MIB, NULL, "bytes that one leader writes for its group"},
    {"use_adaptive_mutex", TUNE_BOOL, 0, 1, NULL, "the database's mutex spins before it sleeps"},
    {"recycle_log_file_num", TUNE_INT, 0, 64, NULL, "old WAL files that are used again"},
    {"avoid_unnecessary_blocking_io", TUNE_BOOL, 0, 1, NULL, "files are deleted in the background, not where an iterator ends"},
    {"skip_stats_update_on_db_open", TUNE_BOOL, 0, 1, NULL, "faster opening; the first compactions choose without what files know of deletions"},

    /* A family. */
    {"arena_block_size", TUNE_SIZE, 4 * KIB, 256 * MIB, NULL, "allocation unit of a memtable; at most an eighth of write_buffer_size"},
    {"compaction_style", TUNE_WORD, 0, 1, styles, "leveled or universal; an existing database has to be compacted before it changes style"},
    {"compression_per_level", TUNE_WORDS, 0, 0, NULL, "compression level by level, parted by ':'; overrides compression"},
    {"bloom_locality", TUNE_INT, 0, 1, NULL, "memtable bloom filter within one cache line"},
    {"compression_opts.enabled", TUNE_BOOL, 0, 1, NULL, "whether compression_opts count for the last level, too"},
    {"bottommost_compression_opts.enabled", TUNE_BOOL, 0, 1, NULL, "whether bottommost_compression_opts count"},

    /* The block-based table. */
    {"filter_policy", TUNE_FILTER, 1000, 30000, NULL, "nullptr, bloomfilter:BITS:false or ribbonfilter:BITS:0; bits for each key"},
    {"cache_index_and_filter_blocks", TUNE_BOOL, 0, 1, NULL, "index and filter blocks live in the block cache and count there"},
    {"cache_index_and_filter_blocks_with_high_priority", TUNE_BOOL, 0, 1, NULL, "and leave it last"},
    {"pin_l0_filter_and_index_blocks_in_cache", TUNE_BOOL, 0, 1, NULL, "those of L0 stay there"},
    {"pin_top_level_index_and_filter", TUNE_BOOL, 0, 1, NULL, "the top of a partitioned index or filter stays there"},
    {"whole_key_filtering", TUNE_BOOL, 0, 1, NULL, "whole keys in the bloom filter"},
    {"format_version", TUNE_INT, 2, 5, NULL, "format of new files; never above this version's own default"},
    {"index_type", TUNE_WORD, 0, 3, index_types, "how a file's index is organised"},
    {"data_block_index_type", TUNE_WORD, 0, 1, data_index_types, "a hash index in each data block, for point lookups"},
    {"data_block_hash_table_util_ratio", TUNE_MILLI, 100, 1000, NULL, "how full that is"},
    {"index_shortening", TUNE_WORD, 0, 2, shortenings, "how far keys in the index are cut"},
    {"partition_filters", TUNE_BOOL, 0, 1, NULL, "filters in partitions; needs index_type=kTwoLevelIndexSearch"},
    {"enable_index_compression", TUNE_BOOL, 0, 1, NULL, "index blocks are compressed like data"},
    {"block_align", TUNE_BOOL, 0, 1, NULL, "blocks do not cross pages; needs compression=kNoCompression and a block_size that is a power of two"},
    {"block_size_deviation", TUNE_INT, 0, 100, NULL, "percent of a block that may stay empty"},
    {"metadata_cache_options.top_level_index_pinning", TUNE_WORD, 0, 3, pinnings, "which tops of partitioned indexes stay in the cache"},
    {"metadata_cache_options.partition_pinning", TUNE_WORD, 0, 3, pinnings, "which partitions do"},
    {"metadata_cache_options.unpartitioned_pinning", TUNE_WORD, 0, 3, pinnings, "which whole indexes and filters do"},
};

const struct tune_row *tune_row_find(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

const struct tune_unwritten tune_unwritten[] = {
    {"compression_per_level", "", TUNE_SEC_CF, 0},
    {"block_cache_size", "", TUNE_SEC_CACHE, 0},
};
const size_t tune_unwritten_count = sizeof tune_unwritten / sizeof tune_unwritten[0];

#define SAFETY "decides what a crash may lose"
#define MEANING "changes what the application sees or may do"
#define CHECK "an integrity check is the operator's to switch"
#define LOOK "belongs to the operator's observation of the database"
#define START "decides how a database is opened or recovered, not how fast it works"
#define FORMAT "other versions could no longer read the files, or differently"
#define OBJECT "an object of the application's"
#define PATH "a path"
#define HISTORY "memory that transactions need to find conflicts"
#define RARE "no gain is known that would justify the risk"

/* A name that ends in '*': all that begin so. */
static const struct closed {
	const char *name, *why;
} closed[] = {
    {"manual_wal_flush", SAFETY},
    {"use_fsync", SAFETY},
    {"access_hint_on_compaction_start", RARE},
    {"random_access_max_buffer_size", "only read on Windows"},
    {"level_compaction_dynamic_file_size", RARE},
    {"unordered_write", "weakens what a snapshot promises"},
    {"two_write_queues", MEANING},
    {"atomic_flush", SAFETY},
    {"allow_2pc", MEANING},
    {"avoid_flush_during_shutdown", "loses writes made without the WAL"},
    {"avoid_flush_during_recovery", START},
    {"wal_recovery_mode", SAFETY},
    {"wal_compression", FORMAT},
    {"WAL_ttl_seconds", "old WAL files may be what replication reads"},
    {"WAL_size_limit_MB", "old WAL files may be what replication reads"},
    {"allow_mmap_writes", SAFETY},
    {"disallow_memtable_writes", MEANING},
    {"inplace_update_support", MEANING},
    {"inplace_update_num_locks", "only with inplace_update_support"},
    {"enforce_single_del_contracts", CHECK},
    {"paranoid_checks", CHECK},
    {"force_consistency_checks", CHECK},
    {"flush_verify_memtable_count", CHECK},
    {"compaction_verify_record_count", CHECK},
    {"verify_sst_unique_id_in_manifest", CHECK},
    {"track_and_verify_wals*", CHECK},
    {"skip_checking_sst_file_sizes_on_db_open", CHECK},
    {"verify_compression", CHECK},
    {"checksum", CHECK},
    {"file_checksum_gen_factory", OBJECT},
    {"detect_filter_construct_corruption", CHECK},
    {"create_if_missing", START},
    {"create_missing_column_families", START},
    {"error_if_exists", START},
    {"best_efforts_recovery", START},
    {"fail_if_options_file_error", START},
    {"log_readahead_size", START},
    {"open_files_async", START},
    {"fail_if_no_udi_on_open", START},
    {"reuse_manifest_on_open", START},
    {"enforce_write_buffer_manager_during_recovery", START},
    {"write_dbid_to_manifest", START},
    {"write_identity_file", START},
    {"follower_*", START},
    {"allow_ingest_behind", MEANING},
    {"cf_allow_ingest_behind", MEANING},
    {"persist_user_defined_timestamps", MEANING},
    {"prefix_seek_opt_in_only", MEANING},
    {"info_log_level", LOOK},
    {"max_log_file_size", LOOK},
    {"keep_log_file_num", LOOK},
    {"log_file_time_to_roll", LOOK},
    {"persist_stats_to_disk", LOOK},
    {"dump_malloc_stats", LOOK},
    {"enable_thread_tracking", LOOK},
    {"allow_data_in_errors", LOOK},
    {"db_host_id", LOOK},
    {"read_amp_bytes_per_bit", LOOK},
    {"is_fd_close_on_exec", "a child of the application would have its files"},
    {"bgerror_resume_retry_interval", SAFETY},
    {"max_bgerror_resume_count", SAFETY},
    {"lowest_used_cache_tier", "only with a second cache, which the application makes"},
    {"max_manifest_file_size", RARE},
    {"manifest_preallocation_size", RARE},
    {"background_close_inactive_wals", RARE},
    {"async_wal_precreate", RARE},
    {"use_direct_io_for_compaction_reads", RARE},
    {"read_io_executor_threads", RARE},
    {"memtable_batch_lookup_optimization", RARE},
    {"metadata_write_temperature", "moves data between storage tiers"},
    {"wal_write_temperature", "moves data between storage tiers"},
    {"default_temperature", "moves data between storage tiers"},
    {"max_write_buffer_number_to_maintain", HISTORY},
    {"max_write_buffer_size_to_maintain", HISTORY},
    {"enable_blob_direct_write", "values move between file formats and do not move back by themselves"},
    {"blob_direct_write_*", "values move between file formats and do not move back by themselves"},
    {"no_block_cache", "the cache is sized, not taken away: block_cache_size"},
    {"memtable_factory", "other memtables need options, and do without ordered or concurrent access"},
    {"flush_block_policy_factory", OBJECT},
    {"user_defined_index_factory", OBJECT},
    {"use_udi_as_primary_index", FORMAT},
    {"index_block_search_type", FORMAT},
    {"uniform_cv_threshold", FORMAT},
    {"separate_key_value_in_data_block", FORMAT},
    {"decouple_partitioned_filters", FORMAT},
    {"super_block_alignment_*", FORMAT},
    {"use_delta_encoding", "iterators that pin keys depend on it"},
    {"prefix_extractor", "a wrong prefix makes iterators miss keys"},
    {"memtable_insert_with_hint_prefix_extractor", OBJECT},
    {"comparator", OBJECT},
    {"merge_operator", OBJECT},
    {"compaction_filter", OBJECT},
    {"compaction_filter_factory", OBJECT},
    {"sst_partitioner_factory", OBJECT},
    {"table_properties_collectors", OBJECT},
    {"table_factory", OBJECT},
    {"wal_filter", OBJECT},
    {"listeners", OBJECT},
    {"env", OBJECT},
    {"statistics", OBJECT},
    {"rate_limiter", OBJECT},
    {"file_checksum*", OBJECT},
    {"wal_dir", PATH},
    {"db_log_dir", PATH},
    {"db_paths", PATH},
    {"cf_paths", PATH},
};

static bool matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	return len && pattern[len - 1] == '*' ? !strncmp(pattern, name, len - 1) : !strcmp(pattern, name);
}

const char *tune_closed_find(const char *name)
{
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		if (matches(closed[i].name, name))
			return closed[i].why;
	return NULL;
}

bool tune_option_private(const char *name)
{
	static const char *const names[] = {"wal_dir", "db_log_dir", "db_paths", "cf_paths", "listeners", "env"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

#define GONE "RocksDB reads it and does nothing with it"
/* Since which version, from the option maps at each minor version's tag: OptionVerificationType::kDeprecated, or gone from them. 0: before 6.11. */
static const struct tune_retired retired[] = {
    {"max_background_compactions", 0, "max_background_jobs", "max_background_jobs sets flushes and compactions together"},
    {"max_background_flushes", 0, "max_background_jobs", "max_background_jobs sets flushes and compactions together"},
    {"base_background_compactions", 0, NULL, "max_background_jobs starts as few as suffice"},
    {"access_hint_on_compaction_start", 90000, NULL, GONE},
    {"allow_os_buffer", 0, NULL, "use_direct_reads and use_direct_io_for_flush_and_compaction say it now"},
    {"use_direct_writes", 0, "use_direct_io_for_flush_and_compaction", "it has another name now"},
    {"disable_data_sync", 0, NULL, GONE},
    {"disableDataSync", 0, NULL, GONE},
    {"concurrent_prepare", 0, NULL, GONE},
    {"seq_per_batch", 0, NULL, GONE},
    {"experimental_allow_mempurge", 62400, NULL, GONE},
    {"experimental_mempurge_policy", 62600, NULL, GONE},
    {"skip_log_error_on_recovery", 61400, NULL, "wal_recovery_mode says it now"},
    {"new_table_reader_for_compaction_inputs", 70000, NULL, GONE},
    {"random_access_max_buffer_size", 91100, NULL, GONE},
    {"fail_if_options_file_error", 100200, NULL, GONE},
    {"skip_checking_sst_file_sizes_on_db_open", 110000, NULL, GONE},
    {"preserve_deletes", 70000, NULL, GONE},
    {"rate_limiter_bytes_per_sec", 0, NULL, "no option of a file: the application makes the rate limiter"},
    {"block_cache", 0, "block_cache_size", "no option of a file: the cache's size is block_cache_size"},
    {"cache_size", 0, "block_cache_size", "the cache's size is block_cache_size"},
    {"block_cache_compressed", 80000, NULL, GONE},
    {"block_cache_compressed_size", 0, NULL, GONE},
    {"hash_index_allow_collision", 70100, NULL, GONE},
    {"index_per_partition", 0, NULL, GONE},
    {"skip_table_builder_flush", 0, NULL, GONE},
    {"reserve_table_builder_memory", 70300, NULL, GONE},
    {"reserve_table_reader_memory", 70300, NULL, GONE},
    {"bloom_bits", 0, "filter_policy", "no option of a file: the filter is filter_policy"},
    {"bloom_filter_bits_per_key", 0, "filter_policy", "no option of a file: the filter is filter_policy"},
    {"memtable_bloom_size_ratio", 0, "memtable_prefix_bloom_size_ratio", "it has another name in the file"},
    {"compression_type", 0, "compression", "it has another name in the file"},
    {"bottommost_compression_type", 0, "bottommost_compression", "it has another name in the file"},
    {"filter_deletes", 0, NULL, GONE},
    {"purge_redundant_kvs_while_flush", 0, NULL, GONE},
    {"verify_checksums_in_compaction", 0, NULL, GONE},
    {"hard_rate_limit", 0, NULL, "hard_pending_compaction_bytes_limit says it now, in bytes"},
    {"soft_rate_limit", 0, NULL, "soft_pending_compaction_bytes_limit says it now, in bytes"},
    {"rate_limit_delay_max_milliseconds", 0, NULL, GONE},
    {"expanded_compaction_factor", 0, NULL, "max_compaction_bytes says it now, in bytes"},
    {"source_compaction_factor", 0, NULL, "max_compaction_bytes says it now, in bytes"},
    {"max_grandparent_overlap_factor", 0, NULL, "max_compaction_bytes says it now, in bytes"},
    {"max_mem_compaction_level", 0, NULL, GONE},
    {"min_partial_merge_operands", 0, NULL, GONE},
    {"memtable_prefix_bloom_bits", 0, NULL, "memtable_prefix_bloom_size_ratio says it now, as a share"},
    {"memtable_prefix_bloom_probes", 0, NULL, GONE},
    {"memtable_prefix_bloom_huge_page_tlb_size", 0, NULL, "memtable_huge_page_size says it now"},
    {"compaction_measure_io_stats", 0, NULL, GONE},
    {"snap_refresh_nanos", 0, NULL, GONE},
    {"bottommost_temperature", 70600, NULL, "last_level_temperature says it now"},
    {"check_flush_compaction_key_order", 90000, NULL, GONE},
    {"ignore_max_compaction_bytes_for_input", 90000, NULL, GONE},
    {"level_compaction_dynamic_file_size", 90000, NULL, GONE},
    {"max_write_buffer_number_to_maintain", 100200, "max_write_buffer_size_to_maintain", GONE},
};

const struct tune_retired *tune_retired_find(const char *name, unsigned version)
{
	char bare[TUNE_NAME_MAX], other[TUNE_NAME_MAX];

	tune_name_bare(name, bare, sizeof bare);
	for (size_t i = 0; i < sizeof retired / sizeof retired[0]; i++) {
		tune_name_bare(retired[i].name, other, sizeof other);
		if (!strcmp(other, bare) && version >= retired[i].since)
			return &retired[i];
	}
	return NULL;
}
