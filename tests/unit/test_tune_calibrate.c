/* Wishes in whatever words: what becomes of each, and why. */
#include "tune/calibrate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define REAL LODE_TEST_DATA "/host/OPTIONS-000031"
#define GIB (1ull << 30)

static const char base[] = "[Version]\n  rocksdb_version=7.8.3\n[DBOptions]\n  max_background_jobs=3\n[CFOptions \"default\"]\n  write_buffer_size=67108864\n  max_write_buffer_number=2\n"
			   "  arena_block_size=1048576\n  compression_opts={level=32767;enabled=false;}\n[CFOptions \"hot\"]\n  write_buffer_size=67108864\n";

struct bed {
	struct tune_space *space;
	struct tune_config *from, *out;
	struct tune_limits limits;
	struct tune_fix fix[TUNE_FIXES_MAX];
	size_t nfix;
};

static int set_up(void **state)
{
	struct bed *b = calloc(1, sizeof *b);

	*state = b;
	b->limits = (struct tune_limits){.memory = 4 * GIB, .cores = 4};
	return tune_space_load(REAL, "", &b->space, NULL) || tune_config_parse(base, sizeof base - 1, &b->from, NULL);
}

static int tear_down(void **state)
{
	struct bed *b = *state;

	tune_space_free(b->space);
	tune_config_free(b->from);
	tune_config_free(b->out);
	free(b);
	return 0;
}

/* "name=value" each; a name may have its section before it: "DBOptions/name=value". */
static void calibrate(struct bed *b, const char *const *said, size_t n)
{
	struct tune_wish wish[64] = {0};
	struct lode_err err = {0};

	for (size_t i = 0; i < n; i++) {
		const char *eq = strchr(said[i], '='), *slash = memchr(said[i], '/', (size_t)(eq - said[i])), *name = slash ? slash + 1 : said[i];

		if (slash)
			snprintf(wish[i].section, sizeof wish[i].section, "%.*s", (int)(slash - said[i]), said[i]);
		snprintf(wish[i].name, sizeof wish[i].name, "%.*s", (int)(eq - name), name);
		snprintf(wish[i].value, sizeof wish[i].value, "%s", eq + 1);
	}
	tune_config_free(b->out);
	assert_int_equal(tune_calibrate(b->space, b->from, &b->limits, wish, n, &b->out, b->fix, &b->nfix, &err), 0);
}

static const char *value(const struct bed *b, enum tune_section s, size_t family, const char *name)
{
	static char buf[TUNE_VALUE_MAX];
	const char *v = tune_config_get(b->out, s, family, name, buf, sizeof buf);

	return v ? v : "(none)";
}

static const struct tune_fix *fix(const struct bed *b, const char *name)
{
	for (size_t i = 0; i < b->nfix; i++)
		if (!strcmp(b->fix[i].name, name))
			return &b->fix[i];
	fail_msg("nothing is said of %s", name);
	return NULL;
}

#define CALIBRATE(b, ...)                                                      \
	do {                                                                   \
		const char *const said_[] = {__VA_ARGS__};                     \
		calibrate(b, said_, sizeof said_ / sizeof said_[0]);           \
	} while (0)

/* One wish alone: its fate, its value, a part of the reason. */
static void alone(void **state)
{
	static const struct {
		const char *said;
		enum tune_fate fate;
		const char *to, *why;
	} rows[] = {
	    /* names */
	    {"write_buffer_size=134217728", TUNE_TAKEN, "134217728", ""},
	    {"Write-Buffer-Size=134217728", TUNE_CORRECTED, "134217728", "RocksDB's name"},
	    {"CFOptions.write_buffer_size=134217728", TUNE_CORRECTED, "134217728", "RocksDB's name"},
	    {"DBOptions/write_buffer_size=134217728", TUNE_CORRECTED, "134217728", "it stands in CFOptions"},
	    {"write_bufer_size=134217728", TUNE_DROPPED, "", "nearest name is write_buffer_size"},
	    {"turbo=1", TUNE_DROPPED, "", "no such option"},
	    {"=1", TUNE_DROPPED, "", "no such option"},
	    /* units */
	    {"write_buffer_size=128MB", TUNE_CORRECTED, "134217728", "plain bytes"},
	    {"write_buffer_size=128 MiB", TUNE_CORRECTED, "134217728", "plain bytes"},
	    {"write_buffer_size=\"128m\";", TUNE_CORRECTED, "134217728", "plain bytes"},
	    {"write_buffer_size=128*1024*1024", TUNE_CORRECTED, "134217728", "plain number"},
	    {"write_buffer_size=0.125 GB", TUNE_CORRECTED, "134217728", "plain bytes"},
	    {"write_buffer_size=1e8", TUNE_CORRECTED, "100000000", "plain number"},
	    {"write_buffer_size=134_217_728", TUNE_CORRECTED, "134217728", "plain value"},
	    {"write_buffer_size=134,217,728", TUNE_CORRECTED, "134217728", "plain value"},
	    {"write_buffer_size=134217728 (128 MB)", TUNE_CORRECTED, "134217728", "plain value"},
	    {"write_buffer_size=134217728 # twice", TUNE_CORRECTED, "134217728", "plain value"},
	    {"write_buffer_size=134217728 bytes", TUNE_CORRECTED, "134217728", "plain bytes"},
	    {"write_buffer_size=50%", TUNE_DROPPED, "", "share of what"},
	    {"write_buffer_size=twice", TUNE_DROPPED, "", "plain number of bytes"},
	    {"write_buffer_size=128", TUNE_DROPPED, "", "out of bounds"},
	    {"write_buffer_size=0", TUNE_DROPPED, "", "out of bounds"},
	    {"write_buffer_size=-1", TUNE_DROPPED, "", "out of bounds"},
	    {"write_buffer_size=18446744073709551615", TUNE_DROPPED, "", "too large"},
	    {"write_buffer_size=128MBps", TUNE_DROPPED, "", "plain number of bytes"},
	    {"write_buffer_size=128 MB or more", TUNE_DROPPED, "", "plain number of bytes"},
	    {"write_buffer_size=", TUNE_DROPPED, "", "no value"},
	    {"max_background_jobs=4M", TUNE_DROPPED, "", "without a unit"},
	    {"max_background_jobs=3.5", TUNE_DROPPED, "", "whole number"},
	    {"max_background_jobs=1,5", TUNE_DROPPED, "", "plain number"},
	    /* bounds and the machine */
	    {"max_background_jobs=64", TUNE_CORRECTED, "10", "at most 10 on this machine"},
	    {"max_subcompactions=16", TUNE_CORRECTED, "4", "at most 4 on this machine"},
	    {"max_background_jobs=1", TUNE_CORRECTED, "2", "at least 2"},
	    {"level0_stop_writes_trigger=5000", TUNE_CORRECTED, "4096", "at most 4096"},
	    {"level0_stop_writes_trigger=1000000", TUNE_DROPPED, "", "out of bounds"},
	    {"max_open_files=-1", TUNE_DROPPED, "", "already"},
	    {"max_open_files=5", TUNE_DROPPED, "", "20"},
	    {"max_bytes_for_level_multiplier=8", TUNE_TAKEN, "8", ""},
	    {"max_bytes_for_level_multiplier=7.5", TUNE_TAKEN, "7.500", ""},
	    {"max_bytes_for_level_multiplier=0.5", TUNE_CORRECTED, "2", "at least 2"},
	    {"max_bytes_for_level_multiplier=nan", TUNE_DROPPED, "", "plain number"},
	    /* words */
	    {"compression=kZSTD", TUNE_TAKEN, "kZSTD", ""},
	    {"compression=zstd", TUNE_CORRECTED, "kZSTD", "RocksDB's word"},
	    {"compression=LZ4", TUNE_CORRECTED, "kLZ4Compression", "RocksDB's word"},
	    {"compression=lz4hc", TUNE_CORRECTED, "kLZ4HCCompression", "RocksDB's word"},
	    {"compression=none", TUNE_CORRECTED, "kNoCompression", "RocksDB's word"},
	    {"compression_type=none", TUNE_CORRECTED, "kNoCompression", "another name"},
	    {"compression=kDisableCompressionOption", TUNE_DROPPED, "", "it takes one of"},
	    {"compression=4", TUNE_DROPPED, "", "it takes one of"},
	    {"compaction_pri=min_overlapping_ratio", TUNE_DROPPED, "", "already"},
	    {"compaction_style=universal", TUNE_CORRECTED, "kCompactionStyleUniversal", "RocksDB's word"},
	    {"compaction_style=fifo", TUNE_DROPPED, "", "it takes one of"},
	    {"compression_per_level=[none, none, lz4, zstd]", TUNE_CORRECTED, "kNoCompression:kNoCompression:kLZ4Compression:kZSTD", "RocksDB's words"},
	    {"use_direct_reads=Yes", TUNE_CORRECTED, "true", "RocksDB's word"},
	    {"use_direct_reads=2", TUNE_DROPPED, "", "true or false"},
	    {"filter_policy=bloomfilter:10:false", TUNE_TAKEN, "bloomfilter:10:false", ""},
	    {"filter_policy=NewBloomFilterPolicy(10, false)", TUNE_CORRECTED, "bloomfilter:10:false", "as RocksDB"},
	    {"filter_policy=ribbon:9.5", TUNE_CORRECTED, "ribbonfilter:9.500:0", "as RocksDB"},
	    {"filter_policy=rocksdb.BuiltinBloomFilter", TUNE_DROPPED, "", "bloomfilter:BITS"},
	    {"filter_policy=bloomfilter:10}", TUNE_DROPPED, "", "bloomfilter:BITS"},
	    {"bloom_bits=12", TUNE_CORRECTED, "bloomfilter:12:false", "filter_policy"},
	    {"filter_policy=bloom", TUNE_DROPPED, "", "bloomfilter:BITS"},
	    {"compression_opts.level=3", TUNE_TAKEN, "3", ""},
	    {"compression_opts.level=32767", TUNE_DROPPED, "", "already"},
	    {"write_buffer_size=default", TUNE_DROPPED, "", "already"},
	    /* not a benchmark's */
	    {"manual_wal_flush=true", TUNE_DROPPED, "", "a crash may lose"},
	    {"wal_dir=/tmp", TUNE_DROPPED, "", "a path"},
	    {"comparator=x", TUNE_DROPPED, "", "the application's"},
	    {"disable_auto_compactions=true", TUNE_DROPPED, "", "not a benchmark's to change"},
	    {"paranoid_checks=false", TUNE_DROPPED, "", "integrity check"},
	    {"compaction_options_universal=16", TUNE_DROPPED, "", "no such option"},
	    /* retired */
	    {"max_background_compactions=4", TUNE_CORRECTED, "5", "max_background_jobs"},
	    {"max_background_flushes=2", TUNE_CORRECTED, "8", "max_background_jobs"},
	    {"DBOptions.max_background_flushes=all", TUNE_DROPPED, "", "retired"},
	    {"hard_rate_limit=2", TUNE_DROPPED, "", "retired"},
	    {"skip_log_error_on_recovery=true", TUNE_DROPPED, "", "retired"},
	    {"block_cache=1GB", TUNE_CORRECTED, "1073741824", "block_cache_size"},
	    /* families */
	    {"hot.max_write_buffer_number=4", TUNE_TAKEN, "4", ""},
	    {"cf1.max_write_buffer_number=4", TUNE_TAKEN, "4", ""},
	    {"cf7.max_write_buffer_number=4", TUNE_DROPPED, "", "no such column family"},
	    {"[CFOptions \"cold\"] ttl=4", TUNE_DROPPED, "", "no such column family"},
	    /* no break-out */
	    {"filter_policy=bloomfilter:10:false;}\n[DBOptions]", TUNE_DROPPED, "", ""},
	    {"compression=kZSTD\n  wal_dir=/tmp", TUNE_DROPPED, "", "one of"},
	};
	struct bed *b = *state;
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CALIBRATE(b, rows[i].said);
		const struct tune_fix *f = &b->fix[0];

		if (f->fate != rows[i].fate || strcmp(f->to, rows[i].to) != 0 || !strstr(f->why, rows[i].why) ||
		    (f->fate != TUNE_TAKEN) != (f->why[0] != 0)) {
			print_error("%s: %s, %s, '%s'\n", rows[i].said, tune_fate_name(f->fate), f->to, f->why);
			wrong++;
		}
		if (f->fate != TUNE_DROPPED && f->from[0] == '\0' && strcmp(f->name, "compression_per_level") != 0)
			fail_msg("%s: it is not said what it was", rows[i].said);
	}
	assert_int_equal(wrong, 0);
}

static void families(void **state)
{
	struct bed *b = *state;

	CALIBRATE(b, "max_write_buffer_number=3", "block_size=8192");
	for (size_t f = 0; f < 2; f++) {
		assert_string_equal(value(b, TUNE_SEC_CF, f, "max_write_buffer_number"), "3");
		assert_string_equal(value(b, TUNE_SEC_TABLE, f, "block_size"), "8192");
	}
	CALIBRATE(b, "hot.max_write_buffer_number=4", "max_write_buffer_number=3"); /* the one that is named stays */
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "max_write_buffer_number"), "3");
	assert_string_equal(value(b, TUNE_SEC_CF, 1, "max_write_buffer_number"), "4");
	CALIBRATE(b, "max_write_buffer_number=3", "max_write_buffer_number=4", "hot.max_write_buffer_number=4");
	assert_int_equal(b->fix[0].fate, TUNE_TAKEN);
	assert_int_equal(b->fix[1].fate, TUNE_DROPPED);
	assert_int_equal(b->fix[2].fate, TUNE_DROPPED);
	assert_non_null(strstr(b->fix[1].why, "twice"));
	assert_string_equal(b->fix[0].name, "max_write_buffer_number");
	/* The same in two families is not the same. */
	CALIBRATE(b, "hot.max_write_buffer_number=4", "[CFOptions \"default\"] target_file_size_base=33554432", "cf1.max_background_jobs=3");
	assert_string_equal(b->fix[0].name, "cf1.max_write_buffer_number");
	assert_string_equal(tune_fix_option(b->fix[0].name), "max_write_buffer_number");
	assert_string_equal(b->fix[1].name, "cf0.target_file_size_base");
	assert_string_equal(b->fix[2].name, "max_background_jobs"); /* the database's */
	assert_string_equal(tune_fix_option("cf1"), "cf1");
	assert_string_equal(tune_fix_option("cfx.ttl"), "cfx.ttl");
}

static void relations(void **state)
{
	struct bed *b = *state;

	CALIBRATE(b, "level0_file_num_compaction_trigger=40"); /* the others follow upwards */
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "level0_slowdown_writes_trigger"), "40");
	assert_string_equal(value(b, TUNE_SEC_CF, 1, "level0_stop_writes_trigger"), "40");
	assert_int_equal(fix(b, "level0_slowdown_writes_trigger")->fate, TUNE_ADDED);
	assert_int_equal(b->nfix, 3);
	CALIBRATE(b, "level0_stop_writes_trigger=8"); /* and downwards */
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "level0_slowdown_writes_trigger"), "8");
	CALIBRATE(b, "level0_slowdown_writes_trigger=8", "level0_file_num_compaction_trigger=12");
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "level0_slowdown_writes_trigger"), "12");
	assert_int_equal(fix(b, "level0_slowdown_writes_trigger")->fate, TUNE_CORRECTED);
	CALIBRATE(b, "soft_pending_compaction_bytes_limit=1TB");
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "hard_pending_compaction_bytes_limit"), "1099511627776");
	CALIBRATE(b, "min_write_buffer_number_to_merge=2");
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "max_write_buffer_number"), "3");
	CALIBRATE(b, "write_buffer_size=1MB");
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "arena_block_size"), "131072");
	CALIBRATE(b, "write_buffer_size=128MB");
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "arena_block_size"), "1048576"); /* untouched */
	CALIBRATE(b, "partition_filters=true");
	assert_string_equal(value(b, TUNE_SEC_TABLE, 0, "index_type"), "kTwoLevelIndexSearch");
	CALIBRATE(b, "partition_filters=true", "index_type=kBinarySearchWithFirstKey");
	assert_int_equal(b->fix[0].fate, TUNE_TAKEN);
	assert_int_equal(b->fix[1].fate, TUNE_DROPPED);
	CALIBRATE(b, "index_type=kHashSearch");
	assert_int_equal(b->fix[0].fate, TUNE_DROPPED);
	CALIBRATE(b, "allow_mmap_reads=true", "use_direct_reads=true");
	assert_int_equal(b->fix[0].fate, TUNE_TAKEN);
	assert_int_equal(b->fix[1].fate, TUNE_DROPPED);
	CALIBRATE(b, "allow_mmap_reads=true", "use_direct_io_for_flush_and_compaction=true");
	assert_int_equal(b->fix[1].fate, TUNE_DROPPED);
	assert_int_equal(tune_config_set(b->from, TUNE_SEC_DB, 0, "use_direct_reads", "true"), 0);
	CALIBRATE(b, "use_direct_io_for_flush_and_compaction=true", "allow_mmap_reads=true"); /* what was moved for a wish goes back with it */
	assert_int_equal(b->fix[1].fate, TUNE_DROPPED);
	assert_int_equal(b->nfix, 2);
	assert_string_equal(value(b, TUNE_SEC_DB, 0, "use_direct_reads"), "true");
	CALIBRATE(b, "compaction_style=universal", "level0_slowdown_writes_trigger=3"); /* else writes would be slow for ever */
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "level0_slowdown_writes_trigger"), "6");
	CALIBRATE(b, "level0_slowdown_writes_trigger=4");
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "level0_slowdown_writes_trigger"), "4");
	CALIBRATE(b, "block_align=true");
	assert_int_equal(b->fix[0].fate, TUNE_DROPPED);
	CALIBRATE(b, "block_align=true", "compression=none");
	assert_int_equal(b->fix[0].fate, TUNE_TAKEN);
	CALIBRATE(b, "max_background_jobs=4");
	assert_int_equal(b->nfix, 1);
	assert_int_equal(tune_config_set(b->from, TUNE_SEC_DB, 0, "max_background_flushes", "1"), 0);
	CALIBRATE(b, "max_background_jobs=4");
	assert_string_equal(value(b, TUNE_SEC_DB, 0, "max_background_flushes"), "-1");
}

static void memory(void **state)
{
	struct bed *b = *state;

	/* two families of 2 * 64 MiB and 8 MiB of cache */
	assert_int_equal(tune_config_memory(b->from, &b->limits), (4 * 64 + 8) << 20);
	CALIBRATE(b, "block_cache_size=16GB");
	assert_int_equal(fix(b, "block_cache_size")->fate, TUNE_CORRECTED);
	assert_in_range(tune_config_memory(b->out, &b->limits), 4 * GIB - (1 << 21), 4 * GIB);
	CALIBRATE(b, "write_buffer_size=4GB");
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "write_buffer_size"), "1071644672");
	assert_in_range(tune_config_memory(b->out, &b->limits), 4 * GIB - (1 << 23), 4 * GIB);
	CALIBRATE(b, "max_write_buffer_number=64");
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "max_write_buffer_number"), "31");
	CALIBRATE(b, "write_buffer_size=1GB", "max_write_buffer_number=8", "block_cache_size=4GB");
	assert_in_range(tune_config_memory(b->out, &b->limits), 3 * GIB, 4 * GIB);
	b->limits.memory = 64 << 20; /* less than it has: it stays within that */
	CALIBRATE(b, "write_buffer_size=128MB");
	assert_int_equal(b->fix[0].fate, TUNE_DROPPED);
	CALIBRATE(b, "write_buffer_size=32MB", "block_cache_size=64MB");
	assert_int_equal(tune_fixes_taken(b->fix, b->nfix), 2);
	b->limits.memory = 0;
	CALIBRATE(b, "write_buffer_size=4GB", "block_cache_size=1TB");
	assert_string_equal(value(b, TUNE_SEC_CACHE, 0, "block_cache_size"), "1099511627776");
}

static void limits(void **state)
{
	struct bed *b = *state;
	const char *many[40];

	for (int i = 0; i < 40; i++)
		many[i] = i & 1 ? "block_size=8192" : "use_direct_reads=true";
	calibrate(b, many, 40);
	assert_int_equal(b->nfix, TUNE_WISHES_MAX + 1);
	assert_non_null(strstr(b->fix[TUNE_WISHES_MAX].why, "16 more wishes"));
	b->limits.changes = 1;
	CALIBRATE(b, "turbo=1", "block_size=8192", "use_direct_reads=true");
	assert_int_equal(b->fix[1].fate, TUNE_TAKEN);
	assert_non_null(strstr(b->fix[2].why, "more than 1 change"));
	b->limits.changes = 0;
	b->limits.codecs = 1 | 2; /* none and snappy */
	CALIBRATE(b, "compression=zstd", "bottommost_compression=none", "compression_per_level=none:lz4");
	assert_non_null(strstr(b->fix[0].why, "kZSTD is not linked"));
	assert_int_equal(b->fix[1].fate, TUNE_CORRECTED);
	assert_non_null(strstr(b->fix[2].why, "kLZ4Compression is not linked"));
	b->limits.fixed_cache = true;
	CALIBRATE(b, "block_cache_size=64MB");
	assert_int_equal(b->fix[0].fate, TUNE_DROPPED);
	CALIBRATE(b, "level0_file_num_compaction_trigger=4", "level0_file_num_compaction_trigger=8");
	assert_int_equal(b->fix[0].fate, TUNE_DROPPED); /* no change */
	assert_int_equal(b->fix[1].fate, TUNE_TAKEN);
	b->limits.disk = (1ull << 30) + 12345;
	CALIBRATE(b, "write_buffer_size=512MB");
	assert_string_equal(b->fix[0].to, "134217728");
	b->limits.files = 1024;
	CALIBRATE(b, "max_open_files=4000");
	assert_string_equal(value(b, TUNE_SEC_DB, 0, "max_open_files"), "924");
}

static void kept(void **state)
{
	struct bed *b = *state;
	struct lode_err err = {0};

	assert_int_equal(tune_space_keep(b->space, "level0_slowdown_writes_trigger,compression", &err), 0);
	assert_int_equal(tune_space_keep(b->space, "compresion", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "keep: "));
	CALIBRATE(b, "compression=zstd", "level0_file_num_compaction_trigger=40", "level0_stop_writes_trigger=10");
	assert_non_null(strstr(b->fix[0].why, "the operator keeps it"));
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "level0_file_num_compaction_trigger"), "20"); /* as far as the one that is kept lets it */
	assert_string_equal(value(b, TUNE_SEC_CF, 0, "level0_stop_writes_trigger"), "20");
	assert_int_equal(b->nfix, 3);
}

int main(void)
{
#define BED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {BED(alone), BED(families), BED(relations), BED(memory), BED(limits), BED(kept)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
