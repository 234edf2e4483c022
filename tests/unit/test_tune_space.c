/* The options of a RocksDB, and files of others that become files for it. */
#include "tune/space_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define REAL LODE_TEST_DATA "/host/OPTIONS-000031"

static struct tune_space *space(const char *allow)
{
	struct tune_space *s;
	struct lode_err err = {0};

	if (tune_space_load(REAL, allow, &s, &err))
		fail_msg("%s", err.msg);
	return s;
}

static void filled(void **state)
{
	struct tune_space *s = space("");
	size_t open = 0;

	(void)state;
	assert_int_equal(tune_space_version(s), 70803);
	for (size_t i = 0; i < tune_space_count(s); i++) {
		const struct tune_option *o = tune_space_at(s, i);

		if (o->guessed)
			assert_non_null(o->closed); /* what nobody looked at is closed */
		if (o->closed)
			continue;
		open++;
		assert_int_not_equal(o->kind, TUNE_OTHER);
		assert_true(o->doc[0]);
		assert_true(o->min <= o->max);
		assert_true(o->words || (o->kind != TUNE_WORD && o->kind != TUNE_WORDS));
	}
	assert_in_range(open, 90, 140);
	assert_int_equal(tune_space_find(s, "compression_opts.level")->section, TUNE_SEC_CF);
	assert_int_equal(tune_space_find(s, "block_size")->section, TUNE_SEC_TABLE);
	assert_string_equal(tune_space_find(s, "block_size")->def, "4096");
	assert_int_equal(tune_space_find(s, "block_cache_size")->section, TUNE_SEC_CACHE);
	assert_int_equal(tune_space_find(s, "metadata_cache_options.partition_pinning")->kind, TUNE_WORD);
	assert_int_equal(tune_space_find(s, "compression_per_level")->kind, TUNE_WORDS);
	assert_int_equal(tune_space_find(s, "format_version")->max, 5);
	assert_null(tune_space_find(s, "max_background_jobs")->closed);
	assert_null(tune_space_find(s, "min_write_buffer_number_to_merge")->closed);
	assert_null(tune_space_find(s, "level_compaction_dynamic_level_bytes")->closed);
	tune_space_free(s);
}

/* Every option of this version that is closed has a reason that somebody wrote. */
static void reasons(void **state)
{
	struct tune_space *s = space(NULL);
	unsigned unknown = 0;

	(void)state;
	for (size_t i = 0; i < tune_space_count(s); i++) {
		const struct tune_option *o = tune_space_at(s, i);

		if (o->closed && o->guessed && !tune_closed_find(o->name) && !tune_retired_find(o->name, tune_space_version(s))) {
			print_message("no reason: %s=%s\n", o->name, o->def);
			unknown++;
		}
	}
	assert_int_equal(unknown, 0);
	tune_space_free(s);
}

static void opened(void **state)
{
	struct tune_space *s = space("unordered_write, num_levels");
	struct lode_err err = {0};

	(void)state;
	assert_null(tune_space_find(s, "unordered_write")->closed);
	assert_null(tune_space_find(s, "num_levels")->closed);
	assert_non_null(tune_space_find(s, "manual_wal_flush")->closed);
	tune_space_free(s);
	assert_int_equal(tune_space_load(REAL, "unorderd_write", &s, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "did you mean unordered_write?"));
	assert_int_equal(tune_space_load(REAL, "comparator", &s, &err), -EINVAL);
	assert_int_equal(tune_space_load(REAL, "wal_dir", &s, &err), -EINVAL);
	assert_null(s);
}

static void names(void **state)
{
	static const struct {
		const char *said, *meant;
	} names[] = {
	    {"write_buffer_size", "write_buffer_size"},
	    {"Write-Buffer-Size", "write_buffer_size"},
	    {"writeBufferSize", "write_buffer_size"},
	    {"CFOptions.write_buffer_size", "write_buffer_size"},
	    {"rocksdb_write_buffer_size", "write_buffer_size"},
	    {"--write_buffer_size", "write_buffer_size"},
	    {"rocksdb.DBOptions.max_background_jobs", "max_background_jobs"},
	    {"block_based_table_factory.block_size", "block_size"},
	    {"BlockBasedTableOptions.block_size", "block_size"},
	    {"TableOptions/BlockBasedTable.block_size", "block_size"},
	    {"compression_opts.level", "compression_opts.level"},
	    {"write_bufer_size", NULL},
	    {"", NULL},
	    {"rocksdb", NULL},
	    {"level", NULL},
	};
	struct tune_space *s = space(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct tune_option *o = tune_space_meant(s, names[i].said);

		if (!names[i].meant ? o != NULL : !o || strcmp(o->name, names[i].meant) != 0)
			fail_msg("%s: %s", names[i].said, o ? o->name : "none");
	}
	assert_string_equal(tune_space_nearest(s, "write_bufer_size")->name, "write_buffer_size");
	assert_null(tune_space_nearest(s, "zzzzzz"));
	assert_string_equal(tune_retired_find("Max_Background_Flushes", 70803)->successor, "max_background_jobs");
	assert_null(tune_retired_find("random_access_max_buffer_size", 70803));
	assert_non_null(tune_retired_find("random_access_max_buffer_size", 100000));
	tune_space_free(s);
}

static void adopted(void **state)
{
	static const char text[] = "[Version]\n  rocksdb_version=9.10.0\n  options_file_version=1.1\n[DBOptions]\n  wal_dir=/srv/wal\n  db_log_dir=\n  use_direct_writes=true\n  daily_offpeak_time_utc=\n  max_background_jobs=3\n"
				   "[CFOptions \"default\"]\n  hard_rate_limit=1.0\n  write_buffer_size=1048576\n  uncache_aggressiveness=3\n"
				   "  compaction_options_fifo={allow_compaction=true;file_temperature_age_thresholds={{age=1;temperature=kWarm;}};max_table_files_size=7;}\n[CFOptions \"b\"]\n  uncache_aggressiveness=3\n"
				   "[TableOptions/BlockBasedTable \"default\"]\n  decouple_partitioned_filters=true\n  filter_policy=rocksdb.BuiltinBloomFilter\n";
	struct tune_space *s = space(NULL);
	struct tune_config *c, *again;
	struct tune_fix fix[16];
	struct lode_err err = {0};
	size_t n, withheld = 0;
	char buf[64], path[] = "/tmp/test_tune_space.XXXXXX";

	(void)state;
	close(mkstemp(path));
	assert_int_equal(tune_config_parse(text, sizeof text - 1, &c, &err), 0);
	again = tune_config_clone(c);
	assert_int_equal(tune_space_adopt(s, c, true, fix, 16, &n, &err), 0);
	assert_int_equal(n, 8); /* once for all families; nothing of what is empty */
	for (size_t i = 0; i < n; i++) {
		withheld += strstr(fix[i].why, "withheld") != NULL;
		assert_null(strstr(fix[i].from, "/srv")); /* these go into a prompt */
		assert_true(fix[i].why[0]);
	}
	assert_int_equal(withheld, 1);
	assert_int_equal(tune_config_version(c), 70803);
	assert_false(tune_config_has(c, TUNE_SEC_DB, 0, "wal_dir"));
	assert_false(tune_config_has(c, TUNE_SEC_DB, 0, "db_log_dir"));
	assert_false(tune_config_has(c, TUNE_SEC_DB, 0, "daily_offpeak_time_utc"));
	assert_false(tune_config_has(c, TUNE_SEC_DB, 0, "use_direct_writes"));
	assert_string_equal(tune_config_get(c, TUNE_SEC_DB, 0, "use_direct_io_for_flush_and_compaction", buf, sizeof buf), "true");
	assert_false(tune_config_has(c, TUNE_SEC_CF, 0, "hard_rate_limit"));
	assert_false(tune_config_has(c, TUNE_SEC_CF, 1, "uncache_aggressiveness"));
	assert_true(tune_config_has(c, TUNE_SEC_CF, 0, "write_buffer_size"));
	assert_string_equal(tune_config_get(c, TUNE_SEC_CF, 0, "compaction_options_fifo", buf, sizeof buf), "{allow_compaction=true;max_table_files_size=7;}");
	assert_false(tune_config_has(c, TUNE_SEC_TABLE, 0, "decouple_partitioned_filters"));
	assert_int_equal(tune_config_write(c, path, &(struct tune_layout){.final = true}, NULL), 0);
	tune_config_free(c);
	assert_int_equal(tune_config_load(path, &c, NULL), 0);
	unlink(path);
	assert_string_equal(tune_config_get(c, TUNE_SEC_DB, 0, "wal_dir", buf, sizeof buf), "/srv/wal"); /* the last file has it again */
	assert_string_equal(tune_config_get(c, TUNE_SEC_TABLE, 0, "filter_policy", buf, sizeof buf), "bloomfilter:10:false");
	assert_int_equal(tune_space_adopt(s, again, false, fix, 0, &n, &err), 0); /* no room to tell of it */
	assert_int_equal(n, 0);
	tune_config_free(c);
	tune_config_free(again);
	tune_space_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filled), cmocka_unit_test(reasons), cmocka_unit_test(opened), cmocka_unit_test(names), cmocka_unit_test(adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
