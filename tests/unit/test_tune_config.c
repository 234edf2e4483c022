/* OPTIONS files as editable values: what is not touched stays to the byte, what is set is read back by us and by the parser that reads RocksDB's own. */
#include "base/fs.h"
#include "host/options.h"
#include "tune/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define REAL LODE_TEST_DATA "/host/OPTIONS-000031"

static const char small[] = "# mine\n[Version]\n  rocksdb_version=7.8.3\n  options_file_version=1.1\n\n[DBOptions]\n  max_background_jobs=2 # two\n  wal_dir=/srv/w\\#al\n\n"
			    "[CFOptions \"default\"]\n  write_buffer_size=1\n  s={a=1;b={c=2;d=3;};}\n  write_buffer_size=9\n\n[CFOptions \"h\\:ot\"]\n  write_buffer_size=2\n\n"
			    "[TableOptions/BlockBasedTable \"h\\:ot\"]\n  block_size=4096\n";

static struct tune_config *parsed(const char *text)
{
	struct tune_config *c;
	struct lode_err err = {0};

	if (tune_config_parse(text, strlen(text), &c, &err))
		fail_msg("%s", err.msg);
	return c;
}

static struct lode_buf written(const struct tune_config *c, const struct tune_layout *layout)
{
	char path[] = "/tmp/test_tune_config.XXXXXX";
	struct lode_buf b;

	close(mkstemp(path));
	assert_int_equal(tune_config_write(c, path, layout, NULL), 0);
	lode_buf_init(&b, LODE_OPTIONS_MAX);
	assert_int_equal(lode_fs_read(path, &b), 0);
	unlink(path);
	return b;
}

static void assert_value(const struct tune_config *c, enum tune_section s, size_t family, const char *name, const char *want)
{
	char buf[TUNE_VALUE_MAX];
	const char *got = tune_config_get(c, s, family, name, buf, sizeof buf);

	if (!want)
		assert_null(got);
	else if (!got)
		fail_msg("%s is not there", name);
	else
		assert_string_equal(got, want);
}

static void untouched(void **state)
{
	const char *files[] = {REAL, NULL};

	(void)state;
	for (int i = 0; files[i]; i++) {
		struct lode_buf before, after;
		struct tune_config *c, *copy;
		struct lode_err err = {0};

		lode_buf_init(&before, LODE_OPTIONS_MAX);
		assert_int_equal(lode_fs_read(files[i], &before), 0);
		assert_int_equal(tune_config_load(files[i], &c, &err), 0);
		copy = tune_config_clone(c);
		tune_config_free(c);
		after = written(copy, NULL);
		assert_string_equal(lode_buf_str(&before), lode_buf_str(&after));
		tune_config_free(copy);
		lode_buf_fini(&before);
		lode_buf_fini(&after);
	}
}

static void looked_up(void **state)
{
	struct tune_config *c = parsed(small);

	(void)state;
	assert_int_equal(tune_config_version(c), 70803);
	assert_int_equal(tune_config_families(c), 2);
	assert_string_equal(tune_config_family(c, 1), "h:ot");
	assert_value(c, TUNE_SEC_DB, 0, "max_background_jobs", "2");
	assert_value(c, TUNE_SEC_CF, 0, "write_buffer_size", "1"); /* the first counts */
	assert_value(c, TUNE_SEC_CF, 1, "write_buffer_size", "2");
	assert_value(c, TUNE_SEC_CF, 0, "s.a", "1");
	assert_value(c, TUNE_SEC_CF, 0, "s.b", "{c=2;d=3;}");
	assert_value(c, TUNE_SEC_CF, 0, "s.b.d", "3");
	assert_value(c, TUNE_SEC_CF, 0, "s.b.e", NULL);
	assert_value(c, TUNE_SEC_CF, 0, "write_buffer_size.a", NULL);
	assert_value(c, TUNE_SEC_TABLE, 0, "block_size", NULL);
	assert_value(c, TUNE_SEC_TABLE, 1, "block_size", "4096");
	assert_value(c, TUNE_SEC_CACHE, 0, "block_cache_size", NULL);
	tune_config_free(c);
}

static void changed(void **state)
{
	struct tune_config *c = parsed(small), *again;
	struct lode_options *o;
	struct lode_buf text;
	struct lode_err err = {0};

	(void)state;
	assert_int_equal(tune_config_set(c, TUNE_SEC_DB, 0, "max_background_jobs", "4"), 0);
	assert_int_equal(tune_config_set(c, TUNE_SEC_DB, 0, "use_direct_reads", "true"), 0); /* new */
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, TUNE_ALL, "write_buffer_size", "64"), 0);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, 0, "s.b.c", "22"), 0);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, 0, "s.new", "5"), 0);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, 1, "s.new", "6"), 0); /* no struct before */
	assert_int_equal(tune_config_set(c, TUNE_SEC_TABLE, TUNE_ALL, "block_size", "8192"), 0); /* no section before, for one of them */
	assert_int_equal(tune_config_set(c, TUNE_SEC_TABLE, 0, "filter_policy", "bloomfilter:10:false"), 0);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CACHE, 0, "block_cache_size", "1000"), 0);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CACHE, 0, "block_cache_size", "2000"), 0);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, 2, "x", "1"), -ENOENT);
	text = written(c, NULL);
	again = parsed(lode_buf_str(&text));
	assert_int_equal(lode_options_parse(lode_buf_str(&text), text.len, &o, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_value(again, TUNE_SEC_CF, (size_t)i, "write_buffer_size", "64");
		assert_value(again, TUNE_SEC_TABLE, (size_t)i, "block_size", "8192");
		assert_string_equal(lode_options_get(o, LODE_SEC_TABLE, lode_options_cf_name(o, (size_t)i), "block_size"), "8192");
	}
	assert_value(again, TUNE_SEC_DB, 0, "max_background_jobs", "4");
	assert_value(again, TUNE_SEC_DB, 0, "use_direct_reads", "true");
	assert_value(again, TUNE_SEC_CF, 0, "s", "{a=1;b={c=22;d=3;};new=5;}");
	assert_value(again, TUNE_SEC_CF, 1, "s", "{new=6;}");
	assert_value(again, TUNE_SEC_TABLE, 0, "filter_policy", "bloomfilter:10:false");
	assert_value(again, TUNE_SEC_TABLE, 1, "filter_policy", NULL);
	assert_value(again, TUNE_SEC_CACHE, 0, "block_cache_size", "2000");
	assert_string_equal(lode_options_get(o, LODE_SEC_DB, NULL, "use_direct_reads"), "true");
	assert_int_equal(lode_options_cf_count(o), 2);
	assert_non_null(strstr(lode_buf_str(&text), "w\\#al\n  use_direct_reads=true\n\n[CFOptions")); /* each where it belongs */
	assert_non_null(strstr(lode_buf_str(&text), "write_buffer_size=9\n[TableOptions/BlockBasedTable \"default\"]\n"));
	assert_non_null(strstr(lode_buf_str(&text), "wal_dir=/srv/w\\#al\n")); /* what was not touched */
	lode_options_free(o);
	lode_buf_fini(&text);
	tune_config_free(c);
	tune_config_free(again);
}

static void kept_out(void **state)
{
	struct tune_config *c = parsed(small), *again;
	struct tune_note note[] = {{"max_background_jobs", "2 -> 4: +10 %", 0}, {"s.b.c", "was\n2", 0}, {"write_buffer_size", "hot", 2}};
	struct tune_layout last = {.header = "tuned\nby hand", .note = note, .nnote = 3, .final = true};
	struct lode_buf text;

	(void)state;
	assert_int_equal(tune_config_withhold(c, TUNE_SEC_DB, 0, "wal_dir"), 0);
	assert_int_equal(tune_config_withhold(c, TUNE_SEC_DB, 0, "wal_dir"), -ENOENT);
	assert_value(c, TUNE_SEC_DB, 0, "wal_dir", NULL);
	text = written(c, NULL);
	assert_null(strstr(lode_buf_str(&text), "\n  wal_dir"));
	again = parsed(lode_buf_str(&text)); /* a file of ours, read again */
	lode_buf_fini(&text);
	assert_int_equal(tune_config_remove(again, TUNE_SEC_CF, 0, "write_buffer_size"), 0);
	assert_value(again, TUNE_SEC_CF, 0, "write_buffer_size", NULL); /* the second one neither */
	assert_int_equal(tune_config_remove(again, TUNE_SEC_CF, 0, "write_buffer_size"), -ENOENT);
	assert_int_equal(tune_config_set(again, TUNE_SEC_CF, 0, "write_buffer_size", "1"), 0);
	text = written(again, &last);
	assert_non_null(strstr(lode_buf_str(&text), "\n  wal_dir=/srv/w\\#al\n"));
	assert_non_null(strstr(lode_buf_str(&text), "# tuned\n# by hand\n# mine\n"));
	assert_non_null(strstr(lode_buf_str(&text), "\n  # 2 -> 4: +10 %\n  max_background_jobs=2"));
	assert_non_null(strstr(lode_buf_str(&text), "\n  # was\n  # 2\n  s={"));
	assert_non_null(strstr(lode_buf_str(&text), "\n  # hot\n  write_buffer_size=2\n"));
	assert_non_null(strstr(lode_buf_str(&text), "\n  write_buffer_size=1\n"));
	assert_null(strstr(lode_buf_str(&text), "# hot\n  write_buffer_size=1")); /* another family's */
	lode_buf_fini(&text);
	tune_config_free(c);
	tune_config_free(again);
}

static void refused(void **state)
{
	static const char *const values[] = {"1\n[DBOptions]", "1 # two", "{a=1", "a}", " 1", "1 ", "1\r", "\\"};
	static const struct {
		const char *text, *why;
	} files[] = {
	    {"", "line 0"},
	    {"x=1\n", "line 1: an option before"},
	    {"[DBOptions]\nx\n", "line 2: neither"},
	    {"[DBOptions]\n=1\n", "without a name"},
	    {"[DBOptions\n", "closing bracket"},
	    {"[DBOptions]\n[DBOptions]\n", "line 2: a second section"},
	    {"[DBOptions]\n[CFOptions \"a\"]\n", "has to be \"default\""},
	    {"[DBOptions]\n[CFOptions \"default\"]\n[CFOptions \"default\"]\n", "line 3: two sections"},
	    {"[DBOptions]\n[CFOptions]\n", "without its name"},
	    {"[DBOptions]\n[CFOptions \"default]\n", "closing quote"},
	    {"[DBOptions]\n[TableOptions/BlockBasedTable \"default\"]\n", "does not stand above"},
	    {"[DBOptions]\n", "without any column family"},
	    {"[CFOptions \"default\"]\n", "without a section DBOptions"},
	};
	struct tune_config *c = parsed(small), *none;

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		assert_int_equal(tune_config_set(c, TUNE_SEC_DB, 0, "max_background_jobs", values[i]), -EINVAL);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, 0, "s.a", "1;b=2"), -EINVAL);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, 0, "s.b.x.y", "1"), -EINVAL);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CF, 0, "write_buffer_size.x", "1"), -EINVAL);
	assert_int_equal(tune_config_set(c, TUNE_SEC_DB, 0, "a=b", "1"), -EINVAL);
	assert_int_equal(tune_config_set(c, TUNE_SEC_DB, 0, "", "1"), -EINVAL);
	assert_int_equal(tune_config_set(c, TUNE_SEC_CACHE, 0, "other", "1"), -EINVAL);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct lode_err err = {0};

		assert_int_equal(tune_config_parse(files[i].text, strlen(files[i].text), &none, &err), -EINVAL);
		if (!strstr(err.msg, files[i].why))
			fail_msg("%zu: %s", i, err.msg);
		assert_null(none);
	}
	assert_int_equal(tune_config_load("/nowhere", &none, NULL), -ENOENT);
	tune_config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(untouched), cmocka_unit_test(looked_up), cmocka_unit_test(changed), cmocka_unit_test(kept_out), cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
