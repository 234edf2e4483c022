/* The OPTIONS parser: a file that RocksDB 7.8.3 wrote with thirteen column families of unpleasant names, and files that nobody should
 * write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct lode_options *parse(const char *text)
{
	struct lode_options *o = NULL;
	struct lode_err err = {0};

	if (lode_options_parse(text, strlen(text), &o, &err))
		fail_msg("%s", err.msg);
	return o;
}

static void refuse(const char *text, const char *says)
{
	struct lode_options *o = (void *)1;
	struct lode_err err = {0};

	assert_int_equal(lode_options_parse(text, strlen(text), &o, &err), -EINVAL);
	assert_null(o);
	if (!strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
}

static struct lode_options *real_file(void)
{
	struct lode_options *o = NULL;
	struct lode_err err = {0};

	if (lode_options_load(LODE_TEST_DATA "/host", 0, &o, &err))
		fail_msg("%s", err.msg);
	return o;
}

static void names_of_families(void **state)
{
	static const char *const names[] = {
	    "default",		 "has space",	     "a]b[c",
	    "quote\"in \"side",	 "hash#and:colon",   "back\\slash\\",
	    "new\nline\rreturn", " lead and trail ", "\xc3\xa4\xe2\x82\xac utf8",
	    "x={y=1;};z",
	};
	struct lode_options *o = real_file();
	char longest[122];

	(void)state;
	assert_int_equal(lode_options_number(o), 31);
	assert_int_equal(lode_options_cf_count(o), 13);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_string_equal(lode_options_cf_name(o, i), names[i]);
	memset(longest, 'L', 120);
	memcpy(longest + 120, "2", 2);
	assert_string_equal(lode_options_cf_name(o, 11), longest);
	assert_string_equal(lode_options_cf_name(o, 12), "");
	assert_null(lode_options_cf_name(o, 13));
	for (size_t i = 0; i < 13; i++) {
		const char *size = lode_options_get(o, LODE_SEC_TABLE, lode_options_cf_name(o, i), "block_size");

		assert_string_equal(size, i == 2 || i == 4 || i == 6 || i == 8 || i == 10 ? "16384" : "4096");
	}
	lode_options_free(o);
}

static void values(void **state)
{
	static const struct {
		enum lode_section section;
		const char *cf, *key, *value;
	} expected[] = {
	    {LODE_SEC_VERSION, NULL, "rocksdb_version", "7.8.3"},
	    {LODE_SEC_DB, NULL, "max_background_jobs", "3"},
	    {LODE_SEC_DB, NULL, "wal_dir", "/srv/data/w#al:x\\y"},
	    {LODE_SEC_CF, "default", "max_bytes_for_level_multiplier", "10.000000"},
	    {LODE_SEC_CF, "has space", "max_bytes_for_level_multiplier", "7.500000"},
	    {LODE_SEC_CF, "has space", "compression_per_level", "kNoCompression:kLZ4Compression:kZSTD"},
	    {LODE_SEC_CF, "has space", "compaction_options_universal.size_ratio", "7"},
	    {LODE_SEC_CF, "default", "compaction_options_universal.size_ratio", "1"},
	    {LODE_SEC_CF, "a]b[c", "compaction_options_fifo.max_table_files_size", "12345678"},
	    {LODE_SEC_CF, "a]b[c", "compaction_style", "kCompactionStyleFIFO"},
	    {LODE_SEC_CF, "quote\"in \"side", "compression_opts.level", "3"},
	    {LODE_SEC_CF, "back\\slash\\", "memtable_prefix_bloom_size_ratio", "0.100000"},
	    {LODE_SEC_TABLE, "default", "no_block_cache", "false"},
	    {LODE_SEC_CF, "default", "no_such_option", NULL},
	    {LODE_SEC_CF, "default", "compaction_options_universal.nothing", NULL},
	    {LODE_SEC_CF, "no such family", "write_buffer_size", NULL},
	    {LODE_SEC_CF, NULL, "write_buffer_size", NULL},
	};
	struct lode_options *o = real_file();
	const char *v;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		v = lode_options_get(o, expected[i].section, expected[i].cf, expected[i].key);
		if (!expected[i].value)
			assert_null(v);
		else
			assert_string_equal(v, expected[i].value);
	}
	v = lode_options_get(o, LODE_SEC_CF, "default", "compaction_options_fifo");
	assert_string_equal(v, "{allow_compaction=false;age_for_warm=0;max_table_files_size=1073741824;}");
	lode_options_free(o);
}

static void count_plain(void *ctx, const char *key, const char *value)
{
	assert_null(strchr(key, '.'));
	assert_non_null(value);
	++*(unsigned *)ctx;
}

static void each_lists_what_is_written(void **state)
{
	struct lode_options *o = parse("[Version]\n[CFOptions \"default\"]\n a=1\n b={c=2;d={e=3;};}\n f=\n");
	unsigned n = 0;

	(void)state;
	lode_options_each(o, LODE_SEC_CF, "default", count_plain, &n);
	assert_int_equal(n, 3);
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "default", "b.d.e"), "3");
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "default", "b.d"), "{e=3;}");
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "default", "f"), "");
	lode_options_each(o, LODE_SEC_CF, "other", count_plain, &n);
	assert_int_equal(n, 3);
	lode_options_free(o);
}

static void comments_and_escapes(void **state)
{
	struct lode_options *o =
	    parse("# one\n\t[DBOptions] # two\r\n  a = b\\#c # three\n\n[CFOptions \"x\\#\\\\\"]#\n e=\\\\#f\n"
		  " s={k=v\\;w;m={{x};{y}};}\n[SomethingNew \"y\"]\n z=1\n[TableOptions/PlainTable \"x\\#\\\\\"]\nq=1");

	(void)state;
	assert_string_equal(lode_options_get(o, LODE_SEC_DB, NULL, "a"), "b#c");
	assert_string_equal(lode_options_cf_name(o, 0), "x#\\");
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "x#\\", "e"), "\\");
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "x#\\", "s.k"), "v;w");
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "x#\\", "s.m"), "{{x};{y}}");
	assert_string_equal(lode_options_get(o, LODE_SEC_TABLE, "x#\\", "q"), "1");
	assert_null(lode_options_get(o, LODE_SEC_CF, "y", "z"));
	lode_options_free(o);
}

static void unmatched_braces_stay_whole(void **state)
{
	struct lode_options *o = parse("[CFOptions \"default\"]\na={b=1;c={d=2;}\ne={}}{}\nf={\ng={=;=1;x}\n");

	(void)state;
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "default", "a"), "{b=1;c={d=2;}");
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "default", "a.b"), "1");
	assert_null(lode_options_get(o, LODE_SEC_CF, "default", "a.c.d"));
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "default", "e"), "{}}{}");
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "default", "f"), "{");
	lode_options_free(o);
}

static void nonsense(void **state)
{
	struct lode_options *o;

	(void)state;
	refuse("", "without any column family");
	refuse("[DBOptions]\na=1\n", "without any column family");
	refuse("a=1\n", "line 1: an option before the first section");
	refuse("[DBOptions]\nfoo\n", "line 2: neither");
	refuse("[DBOptions]\n\n =1\n", "line 3: an option without a name");
	refuse("[DBOptions\n", "line 1: a section without its closing bracket");
	refuse("[CFOptions \"a]\n", "closing quote");
	refuse("[CFOptions]\n", "without its name");
	assert_int_equal(lode_options_parse("[CFOptions \"a\0\"]", 16, &o, NULL), -EINVAL);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void newest_file(void **state)
{
	char dir[] = "/tmp/lode-options-XXXXXX", command[64];
	struct lode_options *o = NULL;
	struct lode_err err = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(lode_options_load(dir, 0, &o, &err), -ENOENT);
	write_file(dir, "OPTIONS-000009", "[CFOptions \"nine\"]\n");
	write_file(dir, "OPTIONS-1000010", "[CFOptions \"ten\"]\n");
	write_file(dir, "OPTIONS-2000000.dbtmp", "rubbish");
	write_file(dir, "OPTIONS-", "rubbish");
	write_file(dir, "OPTIONS-9x", "rubbish");
	assert_int_equal(lode_options_load(dir, 0, &o, &err), 0);
	assert_string_equal(lode_options_cf_name(o, 0), "ten");
	assert_int_equal(lode_options_number(o), 1000010);
	lode_options_free(o);
	assert_int_equal(lode_options_load(dir, 1000010, &o, &err), -EALREADY);
	assert_null(o);
	write_file(dir, "OPTIONS-1000011", "[CFOptions \"eleven\n");
	assert_int_equal(lode_options_load(dir, 1000010, &o, &err), -EINVAL);
	assert_null(o);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(lode_options_load(dir, 0, &o, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_of_families),
	    cmocka_unit_test(values),
	    cmocka_unit_test(each_lists_what_is_written),
	    cmocka_unit_test(comments_and_escapes),
	    cmocka_unit_test(unmatched_braces_stay_whole),
	    cmocka_unit_test(nonsense),
	    cmocka_unit_test(newest_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
