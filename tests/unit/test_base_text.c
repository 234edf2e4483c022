/* Numbers, JSON, buffers, errors and times as text. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void numbers_strict(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t value;
	} rows[] = {
	    {"0", 0, 0},
	    {"1", 0, 1},
	    {"-1", 0, -1},
	    {"42", 0, 42},
	    {"67108864", 0, 67108864},
	    {"9223372036854775807", 0, INT64_MAX},
	    {"-9223372036854775808", 0, INT64_MIN},
	    {"9223372036854775808", -ERANGE, 0},
	    {"-9223372036854775809", -ERANGE, 0},
	    {"18446744073709551616", -ERANGE, 0},
	    {"99999999999999999999999999", -ERANGE, 0},
	    {"", -EINVAL, 0},
	    {"-", -EINVAL, 0},
	    {"--1", -EINVAL, 0},
	    {"+1", -EINVAL, 0},
	    {" 1", -EINVAL, 0},
	    {"1 ", -EINVAL, 0},
	    {"\t1", -EINVAL, 0},
	    {"1\n", -EINVAL, 0},
	    {"01", -EINVAL, 0},
	    {"00", -EINVAL, 0},
	    {"-0", -EINVAL, 0},
	    {"-01", -EINVAL, 0},
	    {"0x10", -EINVAL, 0},
	    {"1e6", -EINVAL, 0},
	    {"1E6", -EINVAL, 0},
	    {"1.0", -EINVAL, 0},
	    {".5", -EINVAL, 0},
	    {"64MB", -EINVAL, 0},
	    {"64k", -EINVAL, 0},
	    {"1,000", -EINVAL, 0},
	    {"1_000", -EINVAL, 0},
	    {"1'000", -EINVAL, 0},
	    {"inf", -EINVAL, 0},
	    {"nan", -EINVAL, 0},
	    {"true", -EINVAL, 0},
	    {"1-", -EINVAL, 0},
	    {"\xd9\xa1", -EINVAL, 0} /* ARABIC-INDIC DIGIT ONE */,
	    {"\xef\xbc\x91", -EINVAL, 0} /* FULLWIDTH DIGIT ONE */,
	    {"99999999999999999999x", -EINVAL, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t v = 77;

		if (lode_num_parse(rows[i].text, strlen(rows[i].text), &v) != rows[i].rc)
			fail_msg("\"%s\"", rows[i].text);
		assert_int_equal(v, rows[i].rc ? 77 : rows[i].value);
	}
	int64_t v = 77;
	assert_int_equal(lode_num_parse("1\0", 2, &v), -EINVAL);
	assert_int_equal(lode_num_parse("123", 2, &v), 0);
	assert_int_equal(v, 12);
}

/* Every one- and two-byte text: accepted are exactly those that printf would have printed. */
static void numbers_exhaustive(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++)
		for (int b = -1; b < 256; b++) {
			char text[3] = {(char)a, (char)b, 0}, back[32];
			size_t len = b < 0 ? 1 : 2;
			int64_t v = 1234;
			int rc = lode_num_parse(text, len, &v);

			snprintf(back, sizeof back, "%d", atoi(text));
			bool plain = strlen(back) == len && !memcmp(back, text, len);
			assert_int_equal(rc, plain ? 0 : -EINVAL);
			assert_int_equal(v, plain ? atoi(text) : 1234);
		}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t value;
	} rows[] = {
	    {"0", 0, 0},
	    {"512", 0, 512},
	    {"512B", 0, 512},
	    {"64k", 0, 65536},
	    {"64K", 0, 65536},
	    {"64KB", 0, 65536},
	    {"64KiB", 0, 65536},
	    {"3M", 0, 3 << 20},
	    {"2G", 0, 2ll << 30},
	    {"8T", 0, 8ll << 40},
	    {"8388607T", 0, 8388607ll << 40},
	    {"8388608T", -ERANGE, 0},
	    {"9223372036854775808", -ERANGE, 0},
	    {"64iB", -EINVAL, 0},
	    {"64Mi", -EINVAL, 0},
	    {"64m", -EINVAL, 0},
	    {"64MBB", -EINVAL, 0},
	    {"-1M", -EINVAL, 0},
	    {"1.5G", -EINVAL, 0},
	    {"G", -EINVAL, 0},
	    {"", -EINVAL, 0},
	    {" 1", -EINVAL, 0},
	    {"1 M", -EINVAL, 0},
	    {"1P", -EINVAL, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t v = 77;

		if (lode_num_parse_size(rows[i].text, &v) != rows[i].rc)
			fail_msg("\"%s\"", rows[i].text);
		assert_int_equal(v, rows[i].rc ? 77 : rows[i].value);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		double value; /* NAN = refused */
	} rows[] = {{"90", 90},	     {"90s", 90},    {"5m", 300},    {"2h", 7200}, {"1d", 86400},
		    {"250ms", 0.25}, {"1.5h", 5400}, {"0.05", 0.05}, {"0", 0},	   {"", NAN},
		    {"s", NAN},	     {"-1", NAN},    {"1.", NAN},    {".5", NAN},  {"1e3", NAN},
		    {"5 m", NAN},    {"5min", NAN},  {"1.2.3", NAN}, {"1,5", NAN}, {"99999999999999999", NAN},
		    {"inf", NAN}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double v = -7;
		int rc = lode_num_parse_duration(rows[i].text, &v);

		if (isnan(rows[i].value) ? rc == 0 || v != -7 : rc != 0 || fabs(v - rows[i].value) > 1e-9)
			fail_msg("\"%s\" gave %d, %g", rows[i].text, rc, v);
	}
}

static void readable(void **state)
{
	static const struct {
		double v;
		const char *bytes, *si;
	} rows[] = {
	    {0, "0 B", "0"},
	    {900, "900 B", "900"},
	    {1000, "1000 B", "1.00 k"},
	    {1536, "1.5 KiB", "1.54 k"},
	    {142000, "139 KiB", "142 k"},
	    {1.2e6, "1.1 MiB", "1.20 M"},
	    {536870912, "512 MiB", "537 M"},
	    {1610612736, "1.5 GiB", "1.61 G"},
	    {999.7, "1000 B", "1.00 k"},
	    {1048575, "1 MiB", "1.05 M"},
	    {-1536, "-1.5 KiB", "-1.54 k"},
	    {INFINITY, "?", "?"},
	    {NAN, "?", "?"},
	    {0.5, "1 B", "0.50"},
	};
	char a[32], b[32];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_string_equal(lode_num_bytes(rows[i].v, a, sizeof a), rows[i].bytes);
		assert_string_equal(lode_num_si(rows[i].v, b, sizeof b), rows[i].si);
	}
	assert_true(lode_num_round(123456, 2) == 120000);
	assert_true(lode_num_round(-0.00123456, 3) == -0.00123);
	assert_true(lode_num_round(99.96, 3) == 100);
	assert_true(lode_num_round(0, 3) == 0);
	assert_true(isinf(lode_num_round(INFINITY, 3)));
	assert_true(lode_num_round(4.9e-324, 3) > 0);
}

static void expect_json(const char *value, size_t len, const char *expected)
{
	struct lode_buf b;
	struct lode_json j;

	lode_buf_init(&b, 4096);
	lode_json_init(&j, &b);
	lode_json_strn(&j, NULL, value, len);
	assert_string_equal(lode_buf_str(&b), expected);
	assert_false(b.failed);
	lode_buf_fini(&b);
}

static void json_strings(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"", "\"\""},
	    {"plain", "\"plain\""},
	    {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
	    {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
	    {"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
	    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80\""},
	    {"\x80", "\"\\ufffd\""},
	    {"a\xffz", "\"a\\ufffdz\""},
	    {"\xc3", "\"\\ufffd\""},
	    {"\xc3(", "\"\\ufffd(\""},
	    {"\xc0\xaf", "\"\\ufffd\\ufffd\""} /* overlong '/' */,
	    {"\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\""},
	    {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""} /* surrogate */,
	    {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
	    {"\xe2\x82", "\"\\ufffd\\ufffd\""},
	    {"\xf0\x8f\xbf\xbf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
	    {"\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_json(rows[i].in, strlen(rows[i].in), rows[i].out);
	expect_json("a\0b", 3, "\"a\\u0000b\"");
	expect_json(NULL, 0, "null");
}

static void cut(void **state)
{
	static const struct {
		size_t room; /* the NUL's included */
		const char *in, *out;
	} rows[] = {{1, "a", ""}, {2, "a", "a"}, {2, "ab", "a"}, {4, "", ""}, {4, "a\xc3\xa9z", "a\xc3\xa9"}, {3, "a\xc3\xa9z", "a"},
		    {5, "\xf0\x9f\x9a\x80z", "\xf0\x9f\x9a\x80"}, {4, "\xf0\x9f\x9a\x80z", ""}, {3, "a\xff\xff\xff", "a\xff"},
		    {7, "\x80\x80\x80\x80\x80\x80\x80", "\x80\x80\x80"}};
	char buf[16];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		memset(buf, 'x', sizeof buf);
		lode_text_copy(buf, rows[i].room, rows[i].in);
		assert_string_equal(buf, rows[i].out);
		assert_int_equal(buf[rows[i].room], 'x');
	}
}

static void json_shape(void **state)
{
	struct lode_buf b;
	struct lode_json j;
	(void)state;
	lode_buf_init(&b, 4096);
	lode_json_init(&j, &b);
	lode_json_object(&j, NULL);
	lode_json_u64(&j, "u", UINT64_MAX);
	lode_json_i64(&j, "i", INT64_MIN);
	lode_json_array(&j, "a");
	lode_json_num(&j, NULL, 0.1);
	lode_json_num(&j, NULL, NAN);
	lode_json_num(&j, NULL, -INFINITY);
	lode_json_num(&j, NULL, 123456789);
	lode_json_object(&j, NULL);
	lode_json_end(&j);
	lode_json_end(&j);
	lode_json_bool(&j, "b", true);
	lode_json_raw(&j, "r\"", "[1,2]");
	lode_json_str(&j, "n", NULL);
	lode_json_end(&j);
	assert_string_equal(lode_buf_str(&b), "{\"u\":18446744073709551615,\"i\":-9223372036854775808,\"a\":[0.1,null,null,123456789,{}],"
					      "\"b\":true,\"r\\\"\":[1,2],\"n\":null}");
	assert_int_equal(j.depth, 0);
	assert_false(b.failed);
	lode_json_end(&j);
	assert_true(b.failed);

	lode_buf_clear(&b);
	lode_json_init(&j, &b);
	for (int i = 0; i < LODE_JSON_DEPTH; i++)
		lode_json_array(&j, NULL);
	assert_false(b.failed);
	lode_json_array(&j, NULL);
	assert_true(b.failed);
	lode_buf_fini(&b);
}

/* A host that set a locale with a decimal comma still gets points. */
static void no_locale(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
	bool comma = false;
	struct lode_buf b;
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0] && !comma; i++)
		comma = setlocale(LC_NUMERIC, names[i]) != NULL;
	if (!comma)
		skip();
	lode_buf_init(&b, 100);
	lode_buf_addf(&b, "%.2f", 1.25);
	setlocale(LC_NUMERIC, "C");
	assert_string_equal(lode_buf_str(&b), "1.25");
	lode_buf_fini(&b);
}

static void buffer_ceiling(void **state)
{
	struct lode_buf b;
	(void)state;
	lode_buf_init(&b, 10);
	assert_string_equal(lode_buf_str(&b), "");
	lode_buf_adds(&b, "12345");
	lode_buf_addf(&b, "%d", 67890);
	assert_false(b.failed);
	assert_int_equal(b.len, 10);
	lode_buf_adds(&b, "");
	assert_false(b.failed);
	lode_buf_adds(&b, "x");
	assert_true(b.failed);
	assert_string_equal(lode_buf_str(&b), "1234567890");
	lode_buf_fini(&b);
	assert_int_equal(b.len, 0);
	lode_buf_adds(&b, "again");
	assert_string_equal(lode_buf_str(&b), "again");
	lode_buf_fini(&b);
	assert_string_equal(lode_buf_str(&b), "");

	/* Sticky: what comes after a piece that was dropped is dropped too, or the text would have a hole. */
	lode_buf_adds(&b, "12345678");
	lode_buf_adds(&b, "abc");
	lode_buf_adds(&b, "d");
	assert_string_equal(lode_buf_str(&b), "12345678");
	lode_buf_clear(&b);
	assert_string_equal(lode_buf_str(&b), "");
	assert_false(b.failed);
	lode_buf_add(&b, "x", SIZE_MAX);
	assert_true(b.failed);
	lode_buf_fini(&b);

	lode_buf_init(&b, 1 << 20);
	for (int i = 0; i < 5000; i++)
		lode_buf_addf(&b, "%0300d", i); /* longer than the buffer on the stack */
	assert_true(b.failed);
	assert_int_equal(b.len, (1 << 20) / 300 * 300);
	assert_int_equal(strlen(b.data), b.len);
	lode_buf_fini(&b);
}

static void errors(void **state)
{
	struct lode_err e;
	char longer[500];
	(void)state;
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(lode_err_set(&e, ENOENT, "%s is not there", "file"), -ENOENT);
	assert_int_equal(e.code, ENOENT);
	assert_string_equal(e.msg, "file is not there");
	assert_int_equal(lode_err_set(NULL, EINVAL, "nobody listens"), -EINVAL);
	lode_err_set(&e, EINVAL, "%s", longer);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
}

static void times(void **state)
{
	static const struct {
		uint64_t us;
		const char *text;
	} rows[] = {
	    {0, "1970-01-01T00:00:00.000000Z"},
	    {951782400000000, "2000-02-29T00:00:00.000000Z"},
	    {4107542399999999, "2100-02-28T23:59:59.999999Z"},
	    {4107542400000000, "2100-03-01T00:00:00.000000Z"},
	    {1769860800123456, "2026-01-31T12:00:00.123456Z"},
	    {1735689599000001, "2024-12-31T23:59:59.000001Z"},
	    {UINT64_MAX, "9999-12-31T23:59:59.999999Z"},
	};
	static const char *const wrong[] = {"", "2026-01-31", "2026-01-31T12:00:00.123456", "2026-01-31T12:00:00.123456Z ", "2026-02-29T00:00:00.000000Z",
					    "2026-13-01T00:00:00.000000Z", "2026-00-01T00:00:00.000000Z", "2026-01-00T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z",
					    "2026-01-01T00:60:00.000000Z", "1969-12-31T23:59:59.999999Z", "2026-01-01 00:00:00.000000Z", "2026-01-01T00:00:00.00000 Z",
					    "+026-01-01T00:00:00.000000Z"};
	char buf[28];
	uint64_t us;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_string_equal(lode_clock_iso(rows[i].us, buf), rows[i].text);
		assert_int_equal(lode_clock_parse(rows[i].text, &us), 0);
		assert_int_equal(us, rows[i].us < UINT64_MAX ? rows[i].us : 253402300799999999u);
	}
	for (uint64_t day = 0; day < 365 * 250; day++) { /* every month, and the years of a century that are none */
		assert_int_equal(lode_clock_parse(lode_clock_iso(day * 86400000000u + day, buf), &us), 0);
		assert_int_equal(us, day * 86400000000u + day);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(lode_clock_parse(wrong[i], &us), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_strict), cmocka_unit_test(numbers_exhaustive),
	    cmocka_unit_test(sizes),	      cmocka_unit_test(durations),
	    cmocka_unit_test(readable),	      cmocka_unit_test(json_strings),
	    cmocka_unit_test(cut),
	    cmocka_unit_test(json_shape),     cmocka_unit_test(no_locale),
	    cmocka_unit_test(buffer_ceiling), cmocka_unit_test(errors),
	    cmocka_unit_test(times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
