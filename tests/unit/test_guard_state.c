/* From an OPTIONS file's text to the state, and what is missing or odd in it. */
#include "test_guard_world.h"

#include <errno.h>
#include <stdlib.h>

#define VERSION "[Version]\n  rocksdb_version=7.8.3\n  options_file_version=1.1\n"
#define DB                                                                                                                                 \
	"[DBOptions]\n  max_background_jobs=2\n  max_open_files=-1\n  bytes_per_sync=0\n  delayed_write_rate=16777216\n  "                 \
	"db_write_buffer_size=0\n"
#define CF(name, wbs)                                                                                                                      \
	"[CFOptions \"" name "\"]\n  write_buffer_size=" wbs "\n  max_bytes_for_level_multiplier=10.000000\n"                              \
	"  ttl=18446744073709551614\n  compression=kXpressCompression\n  bottommost_compression=kDisableCompressionOption\n"               \
	"  compaction_options_universal={allow_trivial_move=false;size_ratio=7;min_merge_width=2;max_merge_width=4294967295;}\n"           \
	"  min_write_buffer_number_to_merge=2\n  num_levels=5\n  level_compaction_dynamic_level_bytes=true\n"                              \
	"  compaction_style=kCompactionStyleUniversal\n  compaction_pri=kMinOverlappingRatio\n"                                            \
	"[TableOptions/BlockBasedTable \"" name "\"]\n  block_size=16384\n  filter_policy=bloomfilter:10:false\n"

static struct lode_state *build(const char *text, const struct lode_cf *cfs, size_t ncf, const struct lode_cache *cache, int expect)
{
	struct lode_state *s = calloc(1, sizeof *s);
	struct lode_options *o;
	struct lode_err err = {0};

	assert_non_null(s);
	assert_int_equal(lode_options_parse(text, strlen(text), &o, &err), 0);
	assert_int_equal(lode_state_build(o, cfs, ncf, cache, s, &err), expect);
	if (expect)
		assert_true(err.msg[0] != '\0');
	lode_options_free(o); /* the state keeps nothing of it */
	return s;
}

static const struct lode_cf two[] = {{0, "default"}, {5, "users"}};

static void reads_all_scopes(void **state)
{
	struct lode_cache cache = {.present = true, .resizable = true, .capacity = 8 << 20};
	struct lode_state *s = build(VERSION DB CF("default", "67108864") CF("users", "1048576"), two, 2, &cache, 0);
	const struct lode_value *v;

	(void)state;
	assert_int_equal(s->version, 70803);
	assert_int_equal(s->ncf, 2);
	assert_int_equal(lode_state_int(s, "max_background_jobs", 99, -5), 2);
	assert_int_equal(lode_state_int(s, "max_open_files", 0, -5), -1);
	assert_int_equal(lode_state_int(s, "write_buffer_size", 0, -5), 64 << 20);
	assert_int_equal(lode_state_int(s, "write_buffer_size", 5, -5), 1 << 20);
	assert_int_equal(lode_state_int(s, "write_buffer_size", 6, -5), -5);
	assert_int_equal(lode_state_int(s, "write_buffer_size", LODE_CF_ALL, -5), 64 << 20);
	assert_int_equal(lode_state_int(s, "compaction_options_universal.size_ratio", 5, -5), 7);
	assert_int_equal(lode_state_int(s, "block_size", 5, -5), 16384); /* from the table section */
	assert_int_equal(lode_state_int(s, "block_cache_size", 5, -5), 8 << 20);
	assert_int_equal(lode_state_int(s, "max_bytes_for_level_multiplier", 5, -5), 10000);
	assert_int_equal(lode_state_int(s, "db_write_buffer_size", 0, -5), 0);
	assert_int_equal(lode_state_int(s, "compaction_pri", 0, -5), 3);
	assert_int_equal(lode_state_int(s, "no_such_thing", 0, -5), -5);
	assert_int_equal(s->cf[1].min_merge, 2);
	assert_int_equal(s->cf[1].num_levels, 5);
	assert_true(s->cf[1].dynamic_levels);
	assert_string_equal(s->cf[1].style, "kCompactionStyleUniversal");

	v = lode_state_value(s, world_id("ttl"), 5); /* too large for us: known as text only */
	assert_non_null(v);
	assert_false(v->numeric);
	assert_string_equal(v->text, "18446744073709551614");
	v = lode_state_value(s, world_id("compression"), 0); /* a word that is not in the table */
	assert_non_null(v);
	assert_false(v->numeric);
	v = lode_state_value(s, world_id("max_bytes_for_level_multiplier"), 0);
	assert_string_equal(v->text, "10.000000"); /* to the byte: it is the undo */
	assert_null(lode_state_value(s, world_id("arena_block_size"), 0));
	assert_null(lode_state_value(s, -1, 0));
	assert_null(lode_state_value(s, lode_tunable_count, 0));
	free(s);
}

static void odd_families(void **state)
{
	struct lode_cf cfs[2] = {{0, "default"}, {9, "dropped meanwhile"}};
	struct lode_state *s = build(VERSION DB CF("default", "67108864"), cfs, 2, NULL, 0);

	(void)state;
	assert_int_equal(lode_state_int(s, "write_buffer_size", 9, -5), -5);
	assert_int_equal(s->cf[1].min_merge, 1);
	assert_int_equal(lode_state_int(s, "block_cache_size", 0, -5), -5);
	free(s);

	memset(cfs[1].name, 'x', sizeof cfs[1].name - 1); /* cut: may be any of several */
	s = build(VERSION DB CF("default", "67108864"), cfs, 2, NULL, 0);
	assert_int_equal(lode_state_int(s, "write_buffer_size", 9, -5), -5);
	free(s);
}

static void fixed_cache(void **state)
{
	struct lode_cache cache = {.present = true, .resizable = false, .capacity = 8 << 20};
	struct lode_state *s = build(VERSION DB CF("default", "67108864"), two, 1, &cache, 0);

	(void)state;
	assert_null(lode_state_value(s, world_id("block_cache_size"), 0)); /* cannot be changed ... */
	assert_int_equal(lode_guard_memory(s), (8 + 2 * 64) << 20);	   /* ... and counts */
	free(s);
}

static void too_long_is_not_there(void **state)
{
	char text[1024], value[LODE_VALUE_MAX + 1];
	struct lode_state *s;

	(void)state;
	memset(value, '1', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	snprintf(text, sizeof text, VERSION "[DBOptions]\n  bytes_per_sync=%s\n[CFOptions \"default\"]\n  write_buffer_size=5\n", value);
	s = build(text, two, 1, NULL, 0);
	assert_null(lode_state_value(s, world_id("bytes_per_sync"), 0));
	free(s);
}

static void versions(void **state)
{
	static const struct {
		const char *line;
		unsigned version;
	} good[] = {{"6.29.5", 62900 + 5}, {"11.8.1", 110801}, {"9.10.0", 91000}, {"8.0", 80000}};
	static const char *const bad[] = {"", "x", "7,8", "700.1.1", "0x7"};
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		snprintf(text, sizeof text, "[Version]\n  rocksdb_version=%s\n[DBOptions]\n[CFOptions \"default\"]\n", good[i].line);
		struct lode_state *s = build(text, two, 1, NULL, 0);
		assert_int_equal(s->version, good[i].version);
		free(s);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(text, sizeof text, "[Version]\n  rocksdb_version=%s\n[DBOptions]\n[CFOptions \"default\"]\n", bad[i]);
		free(build(text, two, 1, NULL, -EINVAL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_all_scopes),	     cmocka_unit_test(odd_families), cmocka_unit_test(fixed_cache),
	    cmocka_unit_test(too_long_is_not_there), cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
