/* The table is sound, and its values go to text and back; what a model says is taken only when it is exactly right. */
#include "test_guard_world.h"

#include <errno.h>
#include <ctype.h>

static void table_is_sound(void **state)
{
	(void)state;
	assert_in_range(lode_tunable_count, 100, LODE_TUNABLE_MAX);
	for (int i = 0; i < lode_tunable_count; i++) {
		const struct lode_tunable *t = &lode_tunables[i];
		int words = 0;

		assert_non_null(t->id);
		assert_non_null(t->key);
		assert_int_equal(lode_tunable_find(t->id), i); /* so: unique */
		for (int j = 0; j < i; j++)
			assert_string_not_equal(t->key, lode_tunables[j].key);
		assert_non_null(t->doc);
		assert_in_range(strlen(t->doc), 5, 160);
		assert_null(strpbrk(t->doc, "\"\\\n\t{}"));
		if (t->tier == LODE_TIER_DEFAULT)
			assert_null(t->why);
		else
			assert_true(t->why && strlen(t->why) > 5);
		assert_true(t->min <= t->max);
		assert_true(t->step == 0 || t->step > 1);
		assert_true(!t->since || !t->until || t->since < t->until);
		while (t->words && t->words[words])
			words++;
		assert_int_equal(t->kind == LODE_KIND_ENUM, words > 0);
		if (words) {
			assert_int_equal(t->min, 0);
			assert_int_equal(t->max, words - 1);
		}
		if (t->kind == LODE_KIND_BOOL) {
			assert_int_equal(t->min, 0);
			assert_int_equal(t->max, 1);
		}
		if (t->kind == LODE_KIND_OTHER)
			assert_int_equal(t->tier, LODE_TIER_FORBIDDEN);
		if (t->tier != LODE_TIER_FORBIDDEN)
			assert_true(strlen(t->key) < sizeof(((struct lode_write *)0)->key));
		assert_string_not_equal(lode_kind_name(t->kind), "?");
		assert_string_not_equal(lode_lag_name(t->lag), "?");
		assert_string_not_equal(lode_tier_name(t->tier), "?");
		assert_string_not_equal(lode_scope_name(t->scope), "?");
	}
}

/* What can lose data, end the process or hide trouble is never in reach. */
static void dangerous_is_forbidden(void **state)
{
	static const char *const never[] = {"ttl",
					    "periodic_compaction_seconds",
					    "disable_auto_compactions",
					    "enable_blob_files",
					    "enable_blob_garbage_collection",
					    "compaction_options_fifo.max_table_files_size",
					    "compaction_options_fifo.allow_compaction",
					    "compaction_style",
					    "num_levels",
					    "avoid_flush_during_shutdown",
					    "paranoid_file_checks",
					    "prefix_extractor",
					    "max_open_files",
					    "wal_bytes_per_sync",
					    "max_total_wal_size",
					    "unordered_write",
					    "format_version",
					    "filter_policy",
					    "arena_block_size",
					    "preclude_last_level_data_seconds"};

	(void)state;
	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		assert_int_equal(lode_tunables[world_id(never[i])].tier, LODE_TIER_FORBIDDEN);
	for (int i = 0; i < lode_tunable_count; i++)
		if (strstr(lode_tunables[i].key, "fifo") || !strcmp(lode_tunables[i].id, "ttl"))
			assert_int_equal(lode_tunables[i].tier, LODE_TIER_FORBIDDEN);
}

static void text_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < lode_tunable_count; i++) {
		const struct lode_tunable *t = &lode_tunables[i];
		const int64_t values[] = {t->min, t->max, t->min + (t->max - t->min) / 2, t->min + (t->max - t->min) / 3};

		for (size_t k = 0; k < 4; k++) {
			char text[LODE_VALUE_MAX];
			int64_t v;

			if (t->kind == LODE_KIND_OTHER) {
				assert_int_equal(lode_tunable_print(t, values[k], text, sizeof text), -EINVAL);
				continue;
			}
			if (t->kind == LODE_KIND_MILLI && values[k] > INT64_MAX / 2)
				continue;
			assert_int_equal(lode_tunable_print(t, values[k], text, sizeof text), 0);
			assert_int_equal(lode_tunable_read(t, text, &v), 0);
			assert_true(v == values[k]);
		}
	}
}

static int64_t read_as(enum lode_kind kind, const char *text, int expect)
{
	struct lode_tunable t = {.kind = kind};
	int64_t v = -77;

	assert_int_equal(lode_tunable_read(&t, text, &v), expect);
	return v;
}

static void rocksdb_text(void **state)
{
	char buf[8];
	struct lode_tunable milli = {.kind = LODE_KIND_MILLI}, flag = {.kind = LODE_KIND_BOOL};

	(void)state;
	assert_int_equal(read_as(LODE_KIND_MILLI, "10.000000", 0), 10000);
	assert_int_equal(read_as(LODE_KIND_MILLI, "10,500000", 0), 10500);
	assert_int_equal(read_as(LODE_KIND_MILLI, "0.250000", 0), 250);
	assert_int_equal(read_as(LODE_KIND_MILLI, "0.0996", 0), 100);
	assert_int_equal(read_as(LODE_KIND_MILLI, "-0.5", 0), -500);
	assert_int_equal(read_as(LODE_KIND_MILLI, "7", 0), 7000);
	assert_int_equal(read_as(LODE_KIND_MILLI, "-7", 0), -7000);
	read_as(LODE_KIND_MILLI, "", -EINVAL);
	read_as(LODE_KIND_MILLI, "-", -EINVAL);
	read_as(LODE_KIND_MILLI, "--1", -EINVAL);
	read_as(LODE_KIND_MILLI, "--1.0", -EINVAL);
	read_as(LODE_KIND_MILLI, ".5", -EINVAL);
	read_as(LODE_KIND_MILLI, "1.", -EINVAL);
	read_as(LODE_KIND_MILLI, "1e3", -EINVAL);
	read_as(LODE_KIND_MILLI, "nan", -EINVAL);
	read_as(LODE_KIND_MILLI, "inf", -EINVAL);
	read_as(LODE_KIND_MILLI, "1.5.5", -EINVAL);
	read_as(LODE_KIND_MILLI, "9223372036854775807", -ERANGE);
	assert_int_equal(read_as(LODE_KIND_INT, "-1", 0), -1);
	read_as(LODE_KIND_SIZE, "18446744073709551615", -ERANGE);
	assert_int_equal(read_as(LODE_KIND_SIZE, "9223372036854775807", 0), INT64_MAX);
	assert_int_equal(read_as(LODE_KIND_BOOL, "true", 0), 1);
	assert_int_equal(read_as(LODE_KIND_BOOL, "0", 0), 0);
	read_as(LODE_KIND_BOOL, "TRUE", -EINVAL);

	assert_int_equal(lode_tunable_print(&milli, 10500, buf, sizeof buf), 0);
	assert_string_equal(buf, "10.500");
	assert_int_equal(lode_tunable_print(&milli, 20000, buf, sizeof buf), 0);
	assert_string_equal(buf, "20");
	assert_int_equal(lode_tunable_print(&milli, -5, buf, sizeof buf), 0);
	assert_string_equal(buf, "-0.005");
	assert_int_equal(lode_tunable_print(&milli, 123456789, buf, sizeof buf), -EINVAL); /* no room */
	assert_int_equal(lode_tunable_print(&flag, 2, buf, sizeof buf), -EINVAL);
	assert_int_equal(lode_tunable_print(&flag, -1, buf, sizeof buf), -EINVAL);
}

/* Every shape that RocksDB's own parser misreads in silence, and then some. */
static void model_text_is_strict(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {{"64 MB", 5},
		   {"64MB", 4},
		   {"64M", 3},
		   {"1.5G", 4},
		   {"1e9", 3},
		   {"0x40", 4},
		   {"+5", 2},
		   {"007", 3},
		   {" 5", 2},
		   {"5 ", 2},
		   {"5\n", 2},
		   {"1_000", 5},
		   {"1,000", 5},
		   {"1'000", 5},
		   {"99999999999G", 12},
		   {"", 0},
		   {"-", 1},
		   {"--5", 3},
		   {"-0", 2},
		   {"5.0", 3},
		   {"5.", 2},
		   {"5\0", 2},
		   {"6\0"
		    "4",
		    3},
		   {"{a=1}", 5},
		   {"5;b=6", 5},
		   {"true", 4},
		   {"null", 4},
		   {"NaN", 3},
		   {"inf", 3},
		   {"\xd9\xa3", 2},
		   {"0b11", 4},
		   {"1G", 2},
		   {"67108864 bytes", 14},
		   {"\"5\"", 3}};
	static const char *const out[] = {"-1", "-5", "9223372036854775808", "18446744073709551615",
					  "99999999999999999999999999999999999999"};
	const struct lode_tunable *t = &lode_tunables[world_id("write_buffer_size")];
	struct lode_err err;
	int64_t v = 42;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(lode_tunable_parse(t, bad[i].text, bad[i].len, &v, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "write_buffer_size"));
		assert_non_null(strstr(err.msg, "digits only"));
		assert_null(strstr(err.msg, "MB")); /* the text itself is not repeated */
	}
	for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
		assert_int_equal(lode_tunable_parse(t, out[i], strlen(out[i]), &v, &err), -ERANGE);
		assert_non_null(strstr(err.msg, "65536 to 68719476736"));
	}
	assert_int_equal(v, 42);
	assert_int_equal(lode_tunable_parse(t, "67108864,", 8, &v, &err), 0); /* the length counts, not what follows */
	assert_int_equal(v, 67108864);
	assert_int_equal(lode_tunable_parse(t, "0", 1, &v, NULL), 0);
	assert_int_equal(v, 0);
}

static void model_words_are_strict(void **state)
{
	const struct lode_tunable *t = &lode_tunables[world_id("compression")],
				  *flag = &lode_tunables[world_id("memtable_whole_key_filtering")];
	const struct lode_tunable *other = &lode_tunables[world_id("prefix_extractor")];
	static const char *const bad[] = {"kzstd", "zstd", "kZSTD ", "kZST", "6", "kDisableCompressionOption", "kXpressCompression", ""};
	struct lode_err err;
	int64_t v = -1;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(lode_tunable_parse(t, bad[i], strlen(bad[i]), &v, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "kNoCompression, kSnappyCompression"));
	assert_int_equal(lode_tunable_parse(t, "kZSTD", 5, &v, &err), 0);
	assert_string_equal(t->words[v], "kZSTD");
	assert_int_equal(lode_tunable_parse(flag, "true", 4, &v, &err), 0);
	assert_int_equal(v, 1);
	assert_int_equal(lode_tunable_parse(flag, "0", 1, &v, &err), 0);
	assert_int_equal(v, 0);
	assert_int_equal(lode_tunable_parse(flag, "True", 4, &v, &err), -EINVAL);
	assert_int_equal(lode_tunable_parse(flag, "2", 1, &v, &err), -EINVAL);
	assert_int_equal(lode_tunable_parse(other, "fixed:8", 7, &v, &err), -EINVAL);
}

static void for_people(void **state)
{
	char buf[40];

	(void)state;
	assert_string_equal(lode_tunable_show(&lode_tunables[world_id("write_buffer_size")], 64 * MIB, buf, sizeof buf), "64 MiB");
	assert_string_equal(lode_tunable_show(&lode_tunables[world_id("max_bytes_for_level_multiplier")], 10000, buf, sizeof buf), "10.0");
	assert_string_equal(lode_tunable_show(&lode_tunables[world_id("memtable_prefix_bloom_size_ratio")], 125, buf, sizeof buf), "0.125");
	assert_string_equal(lode_tunable_show(&lode_tunables[world_id("memtable_whole_key_filtering")], 1, buf, sizeof buf), "true");
	assert_string_equal(lode_tunable_show(&lode_tunables[world_id("compression")], 6, buf, sizeof buf), "kZSTD");
	assert_string_equal(lode_tunable_show(&lode_tunables[world_id("compression")], 99, buf, sizeof buf), "99");
	assert_string_equal(lode_tunable_nearest("write_bufer_size"), "write_buffer_size");
	assert_string_equal(lode_tunable_nearest("max_background_job"), "max_background_jobs");
	assert_null(lode_tunable_nearest("drop_all_tables_now"));
	assert_null(lode_tunable_nearest(""));
	assert_int_equal(lode_tunable_find("WRITE_BUFFER_SIZE"), -1);
	assert_int_equal(lode_tunable_find("write_buffer_size "), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_is_sound), cmocka_unit_test(dangerous_is_forbidden), cmocka_unit_test(text_and_back),
	    cmocka_unit_test(rocksdb_text),   cmocka_unit_test(model_text_is_strict),	cmocka_unit_test(model_words_are_strict),
	    cmocka_unit_test(for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
