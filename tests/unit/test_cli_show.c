/* What the command line shows: values in words, and text from elsewhere made safe for a terminal. */
#include "../../cli/json.c"
#include "../../cli/show.c"
#include "../../cli/term.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

int cli_error(int status, const char *fmt, ...)
{
	(void)fmt;
	return status;
}

static struct lode_buf b;

static const char *text_of(const char *s, int columns)
{
	lode_buf_clear(&b);
	cli_add_cut(&b, s, columns);
	return lode_buf_str(&b);
}

static void safe_text(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"plain", "plain"},
	    {"", ""},
	    {"\x1b[2J", "?[2J"},
	    {"a\nb\tc", "a b c"},
	    {"\x7f", "?"},
	    {"\xc2\x9b"
	     "31m",
	     "??31m"},
	    {"caf\xc3\xa9", "caf\xc3\xa9"},
	    {"\xe2\x80\xae"
	     "gnirts",
	     "???gnirts"},
	    {"\xe2\x82\xac", "\xe2\x82\xac"},
	    {"\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80"},
	    {"\xff\xfe", "??"},
	    {"\xc3", "?"},
	    {"\xe2\x82", "??"},
	    {"\xed\xa0\x80", "???"},
	    {"\xe2\x96\x88", "\xe2\x96\x88"},
	    {"\xf4\x90\x80\x80", "????"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(text_of(rows[i].in, -1), rows[i].out);
	/* Whatever the bytes: nothing below a space, no DEL, no C1. */
	for (int first = 1; first < 256; first++)
		for (int second = 1; second < 256; second++) {
			char in[] = {(char)first, (char)second, '[', 'm', 0};
			const unsigned char *out = (const unsigned char *)text_of(in, -1);

			for (size_t k = 0; out[k]; k++)
				assert_false(out[k] < 0x20 || out[k] == 0x7f || (out[k] == 0xc2 && out[k + 1] < 0xa0));
		}
}

static void cutting(void **state)
{
	(void)state;
	assert_string_equal(text_of("abcdef", 6), "abcdef");
	assert_string_equal(text_of("abcdef", 5), "abcd~");
	assert_string_equal(text_of("\xc3\xa9\xc3\xa9\xc3\xa9", 2), "\xc3\xa9~");
	assert_string_equal(text_of("abc", 1), "a");
	assert_string_equal(text_of("abc", 0), "");
}

static const char *show(void (*f)(struct lode_buf *, double), double v)
{
	lode_buf_clear(&b);
	f(&b, v);
	return lode_buf_str(&b);
}

static void values(void **state)
{
	(void)state;
	assert_string_equal(show(cli_show_us, 7.12), "7.1 us");
	assert_string_equal(show(cli_show_us, 999), "999 us");
	assert_string_equal(show(cli_show_us, 1234), "1.2 ms");
	assert_string_equal(show(cli_show_us, 123456), "123 ms");
	assert_string_equal(show(cli_show_us, 2.5e6), "2.5 s");
	assert_string_equal(show(cli_show_us, NAN), "-");
	assert_string_equal(show(cli_show_share, 0.1234), "12.3 %");
	assert_string_equal(show(cli_show_share, NAN), "-");
	assert_string_equal(show(cli_show_time, 12), "12s");
	assert_string_equal(show(cli_show_time, 200), "3m20s");
	assert_string_equal(show(cli_show_time, 3700), "1h01m");
	assert_string_equal(show(cli_show_time, 90000), "1d01h");
	assert_string_equal(show(cli_show_time, -1), "-");
	assert_string_equal(show(cli_show_time, 1e300), "-");
	assert_string_equal(show(cli_show_bytes, 67108864), "64 MiB");
	lode_buf_clear(&b);
	cli_show_effect(&b, 0.25, 0.201, 0.302);
	assert_string_equal(lode_buf_str(&b), "+25.0 % (+20.1 .. +30.2 %)");
	lode_buf_clear(&b);
	cli_show_effect(&b, -0.05, NAN, NAN);
	assert_string_equal(lode_buf_str(&b), "-5.0 %");
	lode_buf_clear(&b);
	cli_show_effect(&b, NAN, 0, 0);
	assert_string_equal(lode_buf_str(&b), "");
	lode_buf_clear(&b);
	cli_show_value(&b, "write_buffer_size", "67108864");
	lode_buf_adds(&b, " ");
	cli_show_value(&b, "no_such_option", "67108864");
	lode_buf_adds(&b, " ");
	cli_show_value(&b, "write_buffer_size", "");
	assert_string_equal(lode_buf_str(&b), "64 MiB 67108864 -");
	lode_buf_clear(&b);
	cli_show_stamp(&b, "2001-02-03T04:05:06.000007Z");
	assert_int_equal(b.len, 19);
	lode_buf_clear(&b);
	cli_show_stamp(&b, "9999999999");
	lode_buf_adds(&b, "|");
	cli_show_stamp(&b, "");
	lode_buf_adds(&b, "|");
	cli_show_stamp(&b, "\x1b[2J");
	assert_string_equal(lode_buf_str(&b), "9999999999|-|?[2J");
}

static void pictures(void **state)
{
	struct cli_term plain = {0}, fine = {.utf8 = true, .colour = true};
	const double v[] = {0, 1, 2, NAN, 4}, none[] = {NAN, NAN}, zero[] = {0, 0};
	(void)state;
	lode_buf_clear(&b);
	cli_add_spark(&b, &fine, v, 5);
	assert_string_equal(lode_buf_str(&b), "▁▂▄ █");
	lode_buf_clear(&b);
	cli_add_spark(&b, &plain, none, 2);
	cli_add_spark(&b, &plain, zero, 2);
	assert_string_equal(lode_buf_str(&b), "  __");
	lode_buf_clear(&b);
	cli_add_bar(&b, &plain, 0.5, 4);
	cli_add_bar(&b, &plain, 1e300, 2);
	cli_add_bar(&b, &plain, -1, 2);
	cli_add_bar(&b, &plain, NAN, 2);
	assert_string_equal(lode_buf_str(&b), "##..##....");
	lode_buf_clear(&b);
	cli_add_colour(&b, &plain, CLI_RED);
	assert_string_equal(lode_buf_str(&b), "");
	cli_add_colour(&b, &fine, CLI_RED);
	assert_string_equal(lode_buf_str(&b), "\x1b[31m");
}

static void members(void **state)
{
	cJSON *o = cJSON_Parse("{\"n\":1.5,\"s\":\"x\",\"t\":true,\"o\":{},\"a\":[],\"z\":null}");
	(void)state;
	assert_true(cli_num(o, "n") == 1.5 && isnan(cli_num(o, "s")) && isnan(cli_num(o, "none")) && isnan(cli_num(NULL, "n")));
	assert_string_equal(cli_str(o, "s"), "x");
	assert_string_equal(cli_str(o, "n"), "");
	assert_string_equal(cli_str(NULL, "s"), "");
	assert_true(cli_true(o, "t") && !cli_true(o, "n") && !cli_true(NULL, "t"));
	assert_true(cli_obj(o, "o") && cli_obj(o, "a") && !cli_obj(o, "z") && !cli_obj(o, "n") && !cli_obj(NULL, "o"));
	cJSON_Delete(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(safe_text), cmocka_unit_test(cutting), cmocka_unit_test(values),
					   cmocka_unit_test(pictures), cmocka_unit_test(members)};
	lode_buf_init(&b, 1 << 16);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	lode_buf_fini(&b);
	return rc;
}
