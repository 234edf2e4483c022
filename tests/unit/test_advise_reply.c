/* Replies of servers and words of models, good and bad: every fault has its own name, and nothing bad becomes a proposal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "advise/extra.h"
#include "advise/reply.h"
#include "advise/strict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lode_offer offer;

static int setup(void **state)
{
	static const char *const ids[] = {"block_cache_size", "write_buffer_size", "max_background_jobs", "level0_stop_writes_trigger",
					  "compression"};

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		offer.option[lode_tunable_find(ids[i])] = true;
	offer.ncf = 2;
	offer.cf[0] = 0;
	offer.cf[1] = 7;
	return 0;
}

/* ---- strictness ---- */

static const struct {
	const char *text;
	enum lode_strict is;
} strict_cases[] = {
    {"{}", LODE_STRICT_OK},
    {" [1,2 , 3]\n", LODE_STRICT_OK},
    {"null", LODE_STRICT_OK},
    {"-0.5e+10", LODE_STRICT_OK},
    {"1e999", LODE_STRICT_OK}, /* form, not size */
    {"\"a\\u00e9\\n\"", LODE_STRICT_OK},
    {"{\"a\":{\"b\":1},\"b\":[{\"a\":1},{\"a\":2}]}", LODE_STRICT_OK},
    {"", LODE_STRICT_SYNTAX},
    {"  ", LODE_STRICT_SYNTAX},
    {"{} x", LODE_STRICT_SYNTAX},
    {"{}{}", LODE_STRICT_SYNTAX},
    {"{\"a\":1,}", LODE_STRICT_SYNTAX},
    {"[1,]", LODE_STRICT_SYNTAX},
    {"[1", LODE_STRICT_SYNTAX},
    {"[1}", LODE_STRICT_SYNTAX},
    {"{\"a\" 1}", LODE_STRICT_SYNTAX},
    {"{a:1}", LODE_STRICT_SYNTAX},
    {"{'a':1}", LODE_STRICT_SYNTAX},
    {"01", LODE_STRICT_SYNTAX},
    {"+1", LODE_STRICT_SYNTAX},
    {"1.", LODE_STRICT_SYNTAX},
    {".5", LODE_STRICT_SYNTAX},
    {"1e", LODE_STRICT_SYNTAX},
    {"0x10", LODE_STRICT_SYNTAX},
    {"NaN", LODE_STRICT_SYNTAX},
    {"Infinity", LODE_STRICT_SYNTAX},
    {"nul", LODE_STRICT_SYNTAX},
    {"True", LODE_STRICT_SYNTAX},
    {"\"a", LODE_STRICT_SYNTAX},
    {"\"a\\", LODE_STRICT_SYNTAX},
    {"\"\\x41\"", LODE_STRICT_SYNTAX},
    {"\"\\u12\"", LODE_STRICT_SYNTAX},
    {"\"\\u0000\"", LODE_STRICT_SYNTAX},
    {"\"a\nb\"", LODE_STRICT_SYNTAX},
    {"// c\n{}", LODE_STRICT_SYNTAX},
    {"\xef\xbb\xbf{}", LODE_STRICT_SYNTAX},
    {"{\"a\":1,\"a\":1}", LODE_STRICT_DUPLICATE},
    {"[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]", LODE_STRICT_DUPLICATE},
    {"{\"a\":{\"z\":1},\"b\":1,\"a\":2}", LODE_STRICT_DUPLICATE},
    {"{\"\\u0061\":1}", LODE_STRICT_LIMIT},
};

static void test_strict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof strict_cases / sizeof strict_cases[0]; i++) {
		size_t n = strlen(strict_cases[i].text), at;
		char *exact = malloc(n + !n); /* no NUL behind it: reading past the end shows */

		memcpy(exact, strict_cases[i].text, n);
		if (lode_strict_check(exact, n, &at) != strict_cases[i].is)
			fail_msg("%s", strict_cases[i].text);
		assert_true(at <= n);
		free(exact);
	}
	assert_int_equal(lode_strict_check("[\0]", 3, NULL), LODE_STRICT_SYNTAX);
}

static void test_strict_limits(void **state)
{
	char text[2 * LODE_STRICT_DEPTH + 8];
	char *many = malloc(16 * (LODE_STRICT_KEYS + 2));
	size_t n = 0;

	(void)state;
	memset(text, '[', LODE_STRICT_DEPTH);
	text[LODE_STRICT_DEPTH] = '1';
	memset(text + LODE_STRICT_DEPTH + 1, ']', LODE_STRICT_DEPTH);
	assert_int_equal(lode_strict_check(text, 2 * LODE_STRICT_DEPTH + 1, NULL), LODE_STRICT_OK);
	memset(text, '[', LODE_STRICT_DEPTH + 1);
	text[LODE_STRICT_DEPTH + 1] = '1';
	memset(text + LODE_STRICT_DEPTH + 2, ']', LODE_STRICT_DEPTH + 1);
	assert_int_equal(lode_strict_check(text, 2 * LODE_STRICT_DEPTH + 3, NULL), LODE_STRICT_LIMIT);
	many[n++] = '{';
	for (int i = 0; i <= LODE_STRICT_KEYS; i++)
		n += (size_t)sprintf(many + n, "%s\"k%d\":1", i ? "," : "", i);
	many[n++] = '}';
	assert_int_equal(lode_strict_check(many, n, NULL), LODE_STRICT_LIMIT);
	free(many);
}

static void test_strict_object(void **state)
{
	static const struct {
		const char *text, *object;
	} cases[] = {
	    {"so: {\"a\":{\"b\":\"}{\\\"\"}} there", "{\"a\":{\"b\":\"}{\\\"\"}}"},
	    {"```json\n{}\n```", "{}"},
	    {"{\"a\":1} and {\"b\":2}", NULL},
	    {"{\"a\":1", NULL},
	    {"none", NULL},
	    {"}{", NULL},
	    {"{\"a\":\"\\", NULL},
	};
	size_t at, len;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool found = lode_strict_object(cases[i].text, strlen(cases[i].text), &at, &len);

		assert_int_equal(found, cases[i].object != NULL);
		if (found)
			assert_memory_equal(cases[i].text + at, cases[i].object, len);
		if (found)
			assert_int_equal(len, strlen(cases[i].object));
	}
}

/* ---- content ---- */

#define CHANGE(option, cf, value) "{\"option\":\"" option "\",\"cf\":\"" cf "\",\"value\":" value ",\"reason\":\"r\"}"
#define ANSWER(changes) "{\"diagnosis\":\"d\",\"changes\":[" changes "],\"expect\":[{\"metric\":\"speed\",\"gain_percent\":25}],\"confidence\":0.5,\"no_change_reason\":\"\",\"ask_for\":[]}"

static const struct {
	const char *text;
	enum lode_call is;
} content_cases[] = {
    {ANSWER(CHANGE("block_cache_size", "all", "\"67108864\"")), LODE_CALL_OK},
    {ANSWER(CHANGE("write_buffer_size", "cf7", "\"67108864\"") "," CHANGE("max_background_jobs", "all", "\"4\"")), LODE_CALL_OK},
    {ANSWER(CHANGE("compression", "cf0", "\"kLZ4Compression\"")), LODE_CALL_OK},
    {"{\"changes\":[" CHANGE("block_cache_size", "all", "\"67108864\"") "]}", LODE_CALL_OK},
    {ANSWER(""), LODE_CALL_NO_CHANGE},
    {"{\"changes\":[],\"no_change_reason\":null}", LODE_CALL_NO_CHANGE},
    /* not the object that was asked for */
    {"", LODE_CALL_BAD_CONTENT},
    {"I would raise it.", LODE_CALL_BAD_CONTENT},
    {"```json\n{\"changes\":[]}\n```", LODE_CALL_BAD_CONTENT},
    {"{\"changes\":[]} ok", LODE_CALL_BAD_CONTENT},
    {"{\"changes\":[", LODE_CALL_BAD_CONTENT},
    {"[]", LODE_CALL_SCHEMA},
    {"\"x\"", LODE_CALL_SCHEMA},
    {"{}", LODE_CALL_SCHEMA},
    {"{\"changes\":null}", LODE_CALL_SCHEMA},
    {"{\"changes\":{}}", LODE_CALL_SCHEMA},
    {"{\"changes\":[1]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"shell\":\"x\"}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"Changes\":[]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"confidence\":\"high\"}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"expect\":[{\"metric\":\"speed\",\"gain_percent\":1e999}]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"expect\":[{\"metric\":\"Speed\",\"gain_percent\":1}]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"expect\":[{\"metric\":\"speed\"}]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"expect\":[{\"metric\":\"speed\",\"gain_percent\":\"20\"}]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"expect\":[{\"metric\":\"speed\",\"gain_percent\":1},{\"metric\":\"speed\",\"gain_percent\":2}]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"expect\":{\"speed\":20}}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"expect_percent\":20}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"ask_for\":[\"levels\",\"get_times\"]}", LODE_CALL_WANTS},
    {"{\"changes\":[],\"ask_for\":[\"levels\",\"levels\"]}", LODE_CALL_WANTS},
    {"{\"changes\":[],\"ask_for\":[]}", LODE_CALL_NO_CHANGE},
    {"{\"changes\":[],\"ask_for\":[\"/etc/passwd\"]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"ask_for\":[7]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"ask_for\":\"levels\"}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"confidence\":1.5}", LODE_CALL_SCHEMA},
    {"{\"changes\":[{\"option\":\"block_cache_size\",\"cf\":\"all\"}]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[{\"option\":\"block_cache_size\",\"value\":\"1\"}]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[{\"option\":null,\"cf\":\"all\",\"value\":\"1\"}]}", LODE_CALL_SCHEMA},
    {ANSWER(CHANGE("block_cache_size", "all", "67108864")), LODE_CALL_SCHEMA},
    {ANSWER(CHANGE("block_cache_size", "all", "\"67108864\",\"unit\":\"MB\"")), LODE_CALL_SCHEMA},
    {"{\"changes\":[" CHANGE("block_cache_size", "all", "\"67108864\"") "],\"confidence\":1.5}", LODE_CALL_SCHEMA},
    {"{\"changes\":[" CHANGE("block_cache_size", "all", "\"67108864\"") "],\"expect\":[{\"metric\":\"speed\",\"gain_percent\":1e300}]}", LODE_CALL_SCHEMA},
    {"{\"changes\":[],\"changes\":[]}", LODE_CALL_DUPLICATE_KEY},
    {ANSWER("{\"option\":\"block_cache_size\",\"cf\":\"all\",\"value\":\"1\",\"value\":\"2\",\"reason\":\"\"}"), LODE_CALL_DUPLICATE_KEY},
    /* families */
    {ANSWER(CHANGE("write_buffer_size", "cf2", "\"67108864\"")), LODE_CALL_SCHEMA},
    {ANSWER(CHANGE("write_buffer_size", "cf01", "\"67108864\"")), LODE_CALL_SCHEMA},
    {ANSWER(CHANGE("write_buffer_size", "cf-1", "\"67108864\"")), LODE_CALL_SCHEMA},
    {ANSWER(CHANGE("write_buffer_size", "default", "\"67108864\"")), LODE_CALL_SCHEMA},
    {ANSWER(CHANGE("write_buffer_size", "", "\"67108864\"")), LODE_CALL_SCHEMA},
    /* options: exact, and offered */
    {ANSWER(CHANGE("block_cache", "all", "\"67108864\"")), LODE_CALL_UNKNOWN_OPTION},
    {ANSWER(CHANGE("Block_Cache_Size", "all", "\"67108864\"")), LODE_CALL_UNKNOWN_OPTION},
    {ANSWER(CHANGE("block_cache_size ", "all", "\"67108864\"")), LODE_CALL_UNKNOWN_OPTION},
    {ANSWER(CHANGE("block_cache_size;ttl=1", "all", "\"67108864\"")), LODE_CALL_UNKNOWN_OPTION},
    {ANSWER(CHANGE("", "all", "\"1\"")), LODE_CALL_UNKNOWN_OPTION},
    {ANSWER(CHANGE("num_levels", "all", "\"4\"")), LODE_CALL_UNKNOWN_OPTION},
    {ANSWER(CHANGE("disable_auto_compactions", "all", "\"true\"")), LODE_CALL_UNKNOWN_OPTION},
    {ANSWER(CHANGE("max_write_buffer_number", "all", "\"4\"")), LODE_CALL_UNKNOWN_OPTION}, /* known, not offered here */
    {ANSWER(CHANGE("write_buffer_size", "all", "\"67108864\"") "," CHANGE("nonsense", "all", "\"4\"")), LODE_CALL_UNKNOWN_OPTION},
    /* values */
    {ANSWER(CHANGE("block_cache_size", "all", "\"64MB\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"64M\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"1e6\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"-1\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"0x10\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"+1\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"1.5\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"1,000\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"1_000\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\" 1\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"1 \"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"64*1024*1024\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"99999999999999999999\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("block_cache_size", "all", "\"{a=1;b={c=2}}\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("compression", "all", "\"lz4\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("compression", "all", "\"4\"")), LODE_CALL_BAD_VALUE},
    {ANSWER(CHANGE("compression", "all", "\"kDisableCompressionOption\"")), LODE_CALL_BAD_VALUE},
};

static void test_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof content_cases / sizeof content_cases[0]; i++) {
		struct lode_reply r = {0};
		enum lode_call got = lode_reply_content(content_cases[i].text, strlen(content_cases[i].text), &offer, &r);

		if (got != content_cases[i].is)
			fail_msg("%s: %s instead of %s (%s)", content_cases[i].text, lode_call_name(got),
				 lode_call_name(content_cases[i].is), r.why);
		assert_int_equal(r.call, got);
		if (got != LODE_CALL_OK) {
			assert_int_equal(r.proposal.n, 0);
			assert_true(r.why[0] != '\0');
		}
	}
}

static void test_content_values(void **state)
{
	struct lode_reply r = {0};
	static const char text[] =
	    ANSWER(CHANGE("write_buffer_size", "cf7", "\"134217728\"") "," CHANGE("compression", "all", "\"kZSTD\""));

	(void)state;
	assert_int_equal(lode_reply_content(text, strlen(text), &offer, &r), LODE_CALL_OK);
	assert_int_equal(r.proposal.n, 2);
	assert_int_equal(r.proposal.change[0].tunable, lode_tunable_find("write_buffer_size"));
	assert_int_equal(r.proposal.change[0].cf, 7);
	assert_int_equal(r.proposal.change[0].value, 134217728);
	assert_int_equal(r.proposal.change[1].cf, LODE_CF_ALL);
	assert_string_equal(lode_tunables[r.proposal.change[1].tunable].words[r.proposal.change[1].value], "kZSTD");
	assert_true(fabs(r.proposal.expect - 0.25) < 1e-9);
	assert_true(fabs(r.proposal.confidence - 0.5) < 1e-9);
	assert_string_equal(r.proposal.why, "d");
	assert_string_equal(r.proposal.reason[1], "r");
	assert_int_equal(r.proposal.nexpects, 1);
	assert_int_equal(r.proposal.expects[0].metric, LODE_M_SPEED);
	assert_int_equal(r.wants, 0);
}

static void test_content_wants(void **state)
{
	struct lode_reply r = {0};
	static const char text[] = "{\"changes\":[" CHANGE("write_buffer_size", "all", "\"134217728\"") "],\"ask_for\":[\"levels\",\"cf_options\"]}";
	static const char wrong[] = "{\"changes\":[],\"ask_for\":[\"levels\",\"x\"]}";

	(void)state;
	assert_int_equal(lode_reply_content(text, strlen(text), &offer, &r), LODE_CALL_OK);
	assert_int_equal(r.wants, 1u << LODE_EXTRA_LEVELS | 1u << LODE_EXTRA_CF_OPTIONS);
	/* Into the same struct: nothing of the answer before is left. */
	assert_int_equal(lode_reply_content(wrong, strlen(wrong), &offer, &r), LODE_CALL_SCHEMA);
	assert_int_equal(r.wants, 0);
	assert_int_equal(r.proposal.n, 0);
}

/* Nothing that a terminal would obey comes through. */
static void test_content_plain(void **state)
{
	struct lode_reply r = {0};
	static const char text[] = "{\"changes\":[],\"no_change_reason\":\"\\u001b[2Jx\\u0007\\u009b\xe2\x80\xae y\"}";

	(void)state;
	assert_int_equal(lode_reply_content(text, strlen(text), &offer, &r), LODE_CALL_NO_CHANGE);
	for (const char *p = r.why; *p; p++)
		assert_in_range(*p, 0x20, 0x7e);
	assert_non_null(strstr(r.why, "[2Jx"));
}

/* ---- envelope ---- */

#define GOOD "{\\\"changes\\\":[{\\\"option\\\":\\\"block_cache_size\\\",\\\"cf\\\":\\\"all\\\",\\\"value\\\":\\\"67108864\\\"}]}"
#define CHOICE(finish, message) "{\"model\":\"m-1\",\"choices\":[{\"finish_reason\":" finish ",\"message\":{" message "}}]}"

static const struct {
	long status;
	const char *body;
	bool extract;
	enum lode_call is;
} envelope_cases[] = {
    {200, CHOICE("\"stop\"", "\"content\":\"" GOOD "\""), false, LODE_CALL_OK},
    {200, CHOICE("\"stop\"", "\"refusal\":null,\"content\":\" \\n" GOOD "\\n\""), false, LODE_CALL_OK},
    {200, CHOICE("\"stop\"", "\"content\":\"<think>hm {</think>" GOOD "\""), false, LODE_CALL_OK},
    {200, CHOICE("\"stop\"", "\"content\":\"<think>hm " GOOD "\""), false, LODE_CALL_EMPTY},
    {200, CHOICE("\"stop\"", "\"content\":\"<think>hm " GOOD "\""), true, LODE_CALL_EMPTY}, /* a draft is no answer */
    {200, CHOICE("\"stop\"", "\"content\":\"```\\n" GOOD "\\n```\""), false, LODE_CALL_BAD_CONTENT},
    {200, CHOICE("\"stop\"", "\"content\":\"```\\n" GOOD "\\n```\""), true, LODE_CALL_OK},
    {200, CHOICE("\"stop\"", "\"content\":\"" GOOD " done\""), true, LODE_CALL_OK},
    {200, CHOICE("\"stop\"", "\"content\":\"" GOOD "\""), true, LODE_CALL_OK},
    {200, CHOICE("\"stop\"", "\"content\":\"" GOOD GOOD "\""), true, LODE_CALL_BAD_CONTENT},
    {200, CHOICE("\"stop\"", "\"content\":\"no object\""), true, LODE_CALL_BAD_CONTENT},
    {200, CHOICE("\"length\"", "\"content\":\"" GOOD "\""), false, LODE_CALL_TRUNCATED},
    {200, CHOICE("\"content_filter\"", "\"content\":\"" GOOD "\""), false, LODE_CALL_FILTERED},
    {200, CHOICE("\"tool_calls\"", "\"content\":\"" GOOD "\""), false, LODE_CALL_TOOLS},
    {200, CHOICE("null", "\"content\":\"" GOOD "\""), false, LODE_CALL_UNFINISHED},
    {200, CHOICE("\"eos\"", "\"content\":\"" GOOD "\""), false, LODE_CALL_OK},
    {200, CHOICE("\"stop\"", "\"content\":\"the cache is small</think>" GOOD "\""), false, LODE_CALL_OK},
    {200, CHOICE("\"stop\"", "\"content\":[{\"type\":\"thinking\"},{\"type\":\"text\",\"text\":\"" GOOD "\"}]"), false, LODE_CALL_OK},
    {200, "data: {\"choices\":[]}\n\ndata: [DONE]\n", false, LODE_CALL_STREAM},
    {200, CHOICE("\"stop\"", "\"refusal\":\"no\",\"content\":\"" GOOD "\""), false, LODE_CALL_REFUSAL},
    {200, CHOICE("\"stop\"", "\"content\":null,\"reasoning_content\":\"" GOOD "\""), false, LODE_CALL_EMPTY},
    {200, CHOICE("\"stop\"", "\"content\":\"\""), false, LODE_CALL_EMPTY},
    {200, CHOICE("\"stop\"", "\"content\":{\"changes\":[]}"), false, LODE_CALL_EMPTY},
    {200, "{\"choices\":[]}", false, LODE_CALL_NO_CHOICES},
    {200, "{\"choices\":{}}", false, LODE_CALL_NO_CHOICES},
    {200, "{\"choices\":[null]}", false, LODE_CALL_NO_CHOICES},
    {200, "{}", false, LODE_CALL_NO_CHOICES},
    {200, "{\"error\":\"x\"}", false, LODE_CALL_API_ERROR},
    {200, "{\"error\":{\"code\":17}}", false, LODE_CALL_API_ERROR},
    {200, "{\"error\":{\"code\":\"insufficient_quota\"}}", false, LODE_CALL_QUOTA},
    {200, "{\"error\":null,\"choices\":[]}", false, LODE_CALL_NO_CHOICES},
    {200, "", false, LODE_CALL_NOT_JSON},
    {200, "<html>", false, LODE_CALL_NOT_JSON},
    {200, "[]", false, LODE_CALL_NOT_JSON},
    {200, "{\"choices\":[", false, LODE_CALL_NOT_JSON},
    {0, "", false, LODE_CALL_HTTP},
    {302, "", false, LODE_CALL_REDIRECT},
    {400, "{\"error\":{\"message\":\"bad\"}}", false, LODE_CALL_HTTP},
    {401, "", false, LODE_CALL_AUTH},
    {403, "<html>", false, LODE_CALL_AUTH},
    {404, "{\"error\":\"no such model\"}", false, LODE_CALL_NOT_FOUND},
    {429, "{\"error\":{\"message\":\"slow\"}}", false, LODE_CALL_RATE_LIMIT},
    {429, "{\"error\":{\"type\":\"insufficient_quota\"}}", false, LODE_CALL_QUOTA},
    {500, "", false, LODE_CALL_SERVER},
    {502, "<html>", false, LODE_CALL_SERVER},
    {529, "{\"error\":{\"type\":\"overloaded_error\"}}", false, LODE_CALL_OVERLOADED},
    {503, "", false, LODE_CALL_OVERLOADED},
    {413, "", false, LODE_CALL_TOO_LONG},
    {400, "{\"error\":{\"code\":\"context_length_exceeded\"}}", false, LODE_CALL_TOO_LONG},
    {400, "{\"error\":{\"code\":\"content_filter\"}}", false, LODE_CALL_FILTERED},
};

static void test_envelope(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof envelope_cases / sizeof envelope_cases[0]; i++) {
		const char *body = envelope_cases[i].body;
		struct lode_reply r = {0};
		struct lode_dialect d = {.extract = envelope_cases[i].extract};
		enum lode_call got = lode_reply_read(envelope_cases[i].status, body, strlen(body), &offer, &d, &r);

		if (got != envelope_cases[i].is)
			fail_msg("%ld %s: %s instead of %s (%s)", envelope_cases[i].status, body, lode_call_name(got),
				 lode_call_name(envelope_cases[i].is), r.why);
		assert_int_equal(r.call, got);
		assert_int_equal(r.proposal.n, got == LODE_CALL_OK ? 1 : 0);
		free(r.raw);
	}
}

/* ---- Anthropic's messages ---- */

#define MESSAGE(stop, content) "{\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m-2\",\"content\":" content ",\"stop_reason\":" stop "}"
#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"
#define THOUGHT "{\"type\":\"thinking\",\"thinking\":\"so {\",\"signature\":\"x\"}"

static const struct {
	long status;
	const char *body;
	enum lode_call is;
} message_cases[] = {
    {200, MESSAGE("\"end_turn\"", "[" TEXT(GOOD) "]"), LODE_CALL_OK},
    {200, MESSAGE("\"end_turn\"", "[" THOUGHT "," TEXT(GOOD) "]"), LODE_CALL_OK},
    {200, MESSAGE("\"end_turn\"", "[{\"type\":\"redacted_thinking\",\"data\":\"x\"}," TEXT(GOOD) "]"), LODE_CALL_OK},
    {200, MESSAGE("\"end_turn\"", "[" TEXT("{\\\"changes\\\":") "," TEXT("[]}") "]"), LODE_CALL_NO_CHANGE},
    {200, MESSAGE("\"end_turn\"", "[" TEXT("Sure: " GOOD) "]"), LODE_CALL_BAD_CONTENT},
    {200, MESSAGE("\"end_turn\"", "[" THOUGHT "]"), LODE_CALL_EMPTY},
    {200, MESSAGE("\"end_turn\"", "[]"), LODE_CALL_EMPTY},
    {200, MESSAGE("\"end_turn\"", "null"), LODE_CALL_NO_CHOICES},
    {200, MESSAGE("\"end_turn\"", "[{\"type\":\"tool_use\",\"name\":\"x\"}]"), LODE_CALL_TOOLS},
    {200, MESSAGE("\"tool_use\"", "[" TEXT(GOOD) "]"), LODE_CALL_TOOLS},
    {200, MESSAGE("\"max_tokens\"", "[" TEXT(GOOD) "]"), LODE_CALL_TRUNCATED},
    {200, MESSAGE("\"refusal\"", "[" TEXT(GOOD) "]"), LODE_CALL_REFUSAL},
    {200, MESSAGE("\"model_context_window_exceeded\"", "[" TEXT(GOOD) "]"), LODE_CALL_TOO_LONG},
    {200, MESSAGE("\"pause_turn\"", "[" TEXT(GOOD) "]"), LODE_CALL_UNFINISHED},
    {200, MESSAGE("\"stop_sequence\"", "[" TEXT(GOOD) "]"), LODE_CALL_UNFINISHED},
    {200, MESSAGE("null", "[" TEXT(GOOD) "]"), LODE_CALL_UNFINISHED},
    {200, CHOICE("\"stop\"", "\"content\":\"" GOOD "\""), LODE_CALL_NO_CHOICES}, /* the other interface */
    {200, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}", LODE_CALL_OVERLOADED},
    {200, "event: message_start\ndata: {}\n\n", LODE_CALL_STREAM},
    {400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your credit balance is too low\"}}", LODE_CALL_QUOTA},
    {400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"bad\"}}", LODE_CALL_HTTP},
    {401, "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\"}}", LODE_CALL_AUTH},
    {403, "{\"type\":\"error\",\"error\":{\"type\":\"permission_error\"}}", LODE_CALL_AUTH},
    {404, "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\"}}", LODE_CALL_NOT_FOUND},
    {413, "{\"type\":\"error\",\"error\":{\"type\":\"request_too_large\"}}", LODE_CALL_TOO_LONG},
    {429, "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"}}", LODE_CALL_RATE_LIMIT},
    {500, "{\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}", LODE_CALL_SERVER},
    {504, "{\"type\":\"error\",\"error\":{\"type\":\"timeout_error\"}}", LODE_CALL_SERVER},
    {529, "", LODE_CALL_OVERLOADED},
};

static void test_messages(void **state)
{
	const struct lode_dialect d = {.api = LODE_API_ANTHROPIC};

	(void)state;
	for (size_t i = 0; i < sizeof message_cases / sizeof message_cases[0]; i++) {
		const char *body = message_cases[i].body;
		struct lode_reply r = {0};
		enum lode_call got = lode_reply_read(message_cases[i].status, body, strlen(body), &offer, &d, &r);

		if (got != message_cases[i].is)
			fail_msg("%ld %s: %s instead of %s (%s)", message_cases[i].status, body, lode_call_name(got), lode_call_name(message_cases[i].is),
				 r.why);
		assert_int_equal(r.proposal.n, got == LODE_CALL_OK ? 1 : 0);
		free(r.raw);
	}
}

static void test_usage(void **state)
{
	static const char body[] = "{\"model\":\"m\\u001b\",\"usage\":{\"prompt_tokens\":1200,\"completion_tokens\":-5},\"choices\":[]}";
	struct lode_reply r = {0};

	(void)state;
	struct lode_dialect d = {0};

	lode_reply_read(200, body, strlen(body), &offer, &d, &r);
	assert_int_equal(r.prompt_tokens, 1200);
	assert_int_equal(r.completion_tokens, 0);
	assert_string_equal(r.model, "m?");
	static const char other[] = "{\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":5,\"cache_creation_input_tokens\":null,\"output_tokens\":7},"
				    "\"content\":[],\"stop_reason\":\"end_turn\"}";
	d.api = LODE_API_ANTHROPIC;
	lode_reply_read(200, other, strlen(other), &offer, &d, &r);
	assert_int_equal(r.prompt_tokens, 15);
	assert_int_equal(r.completion_tokens, 7);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < LODE_CALL_N; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(lode_call_name((enum lode_call)i), lode_call_name((enum lode_call)k));
	assert_string_equal(lode_call_name(LODE_CALL_N), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strict),   cmocka_unit_test(test_strict_limits),  cmocka_unit_test(test_strict_object),
	    cmocka_unit_test(test_content),  cmocka_unit_test(test_content_values), cmocka_unit_test(test_content_plain),
	    cmocka_unit_test(test_content_wants),
	    cmocka_unit_test(test_envelope), cmocka_unit_test(test_messages), cmocka_unit_test(test_usage),	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
