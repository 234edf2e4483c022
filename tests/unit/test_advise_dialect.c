/* Where each dialect is spoken, what is said in it, what a refusal teaches, and how that is written down. (The full chat request: test_advise_prompt.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "advise/dialect.h"
#include "advise/http.h"
#include "advise/prompt.h"

#include "cjson/cJSON.h"
#include <stdlib.h>
#include <string.h>

static void test_urls(void **state)
{
	static const struct {
		enum lode_api api;
		const char *base, *url, *key;
	} cases[] = {
	    {LODE_API_CHAT, "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/chat/completions", "Authorization: Bearer "},
	    {LODE_API_CHAT, "https://h/v1///", "https://h/v1/chat/completions", "Authorization: Bearer "},
	    {LODE_API_CHAT, "https://x.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
	     "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21", "api-key: "},
	    {LODE_API_CHAT, "https://x/d/?api-version=1", "https://x/d/chat/completions?api-version=1", "api-key: "},
	    {LODE_API_ANTHROPIC, "https://api.anthropic.com", "https://api.anthropic.com/v1/messages", "x-api-key: "},
	    {LODE_API_ANTHROPIC, "https://api.anthropic.com/", "https://api.anthropic.com/v1/messages", "x-api-key: "},
	    {LODE_API_ANTHROPIC, "https://h/proxy/v1/", "https://h/proxy/v1/messages", "x-api-key: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *url = lode_dialect_url(cases[i].api, cases[i].base);

		assert_string_equal(url, cases[i].url);
		assert_string_equal(lode_dialect_key_header(cases[i].api, url), cases[i].key);
		assert_int_equal(lode_dialect_header(cases[i].api) != NULL, cases[i].api == LODE_API_ANTHROPIC);
		free(url);
	}
}

static void test_queries(void **state)
{
	static const struct {
		const char *url;
		bool good;
	} cases[] = {{"https://h/d?api-version=2024-10-21", true}, {"https://h/d?api-version=2025-01-01-preview", true}, {"https://h/d?api-version=", false},
		     {"https://h/d?api-version=1&x=2", false},	   {"https://h/d?x=1", false},			      {"https://h/d?api-version=1#f", false},
		     {"https://h/d?api-version=1?api-version=2", false}, {"https://h/d?api-version=1\r\nX: y", false}, {"https://u@h/d?api-version=1", false}};
	bool loopback;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if ((lode_http_url_check(cases[i].url, &loopback, NULL) == 0) != cases[i].good)
			fail_msg("%s", cases[i].url);
}

static const cJSON *at(const cJSON *j, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, name);

	if (!v)
		fail_msg("no %s", name);
	return v;
}

static cJSON *request(struct lode_dialect d, double temperature)
{
	struct lode_prompt p = {.offer = {.ncf = 1}};
	struct lode_letter l = {.model = "m", .prompt = &p, .complaint = "no", .max_tokens = 700, .temperature = temperature};
	struct lode_buf b;

	p.offer.option[lode_tunable_find("block_cache_size")] = true;
	lode_buf_init(&p.system, 100);
	lode_buf_init(&p.user, 100);
	lode_buf_adds(&p.system, "who");
	lode_buf_adds(&p.user, "what");
	lode_buf_init(&b, 1 << 20);
	lode_dialect_request(&d, &l, &b);
	cJSON *j = cJSON_ParseWithLength(lode_buf_str(&b), b.len);
	assert_non_null(j);
	lode_buf_fini(&b);
	lode_prompt_fini(&p);
	return j;
}

static void test_messages_request(void **state)
{
	cJSON *j = request((struct lode_dialect){.api = LODE_API_ANTHROPIC}, 1.5);

	(void)state;
	assert_string_equal(at(j, "system")->valuestring, "who");
	assert_int_equal(at(j, "max_tokens")->valueint, 700);
	assert_true(at(j, "temperature")->valuedouble == 1); /* its scale ends there */
	assert_int_equal(cJSON_GetArraySize(at(j, "messages")), 1);
	assert_int_equal(strncmp(at(cJSON_GetArrayItem(at(j, "messages"), 0), "content")->valuestring, "what\nYour previous answer was rejected: no.", 40), 0);
	const cJSON *format = at(at(j, "output_config"), "format");
	assert_string_equal(at(format, "type")->valuestring, "json_schema");
	assert_int_equal(cJSON_GetArraySize(at(at(format, "schema"), "required")), 6);
	assert_null(cJSON_GetObjectItem(j, "response_format"));
	assert_null(cJSON_GetObjectItem(j, "max_completion_tokens"));
	cJSON_Delete(j);
	j = request((struct lode_dialect){.api = LODE_API_ANTHROPIC, .format = LODE_FORMAT_NONE, .no_temperature = true}, 1);
	assert_null(cJSON_GetObjectItem(j, "output_config"));
	assert_null(cJSON_GetObjectItem(j, "temperature"));
	cJSON_Delete(j);
}

static bool adapt(struct lode_dialect *d, long status, const char *body)
{
	return lode_dialect_adapt(d, status, body, strlen(body));
}

static void test_steps(void **state)
{
	struct lode_dialect d = {0};

	(void)state;
	/* From one name of the length to the other, and back where the server means the other by its own word. */
	assert_true(adapt(&d, 400, "Unrecognized request argument supplied: max_completion_tokens"));
	assert_true(d.max_tokens);
	assert_false(adapt(&d, 400, "max_tokens is too large: this model supports at most 4096 completion tokens"));
	assert_true(adapt(&d, 400, "{\"error\":{\"param\":\"max_tokens\",\"message\":\"Use 'max_completion_tokens' instead.\"}}"));
	assert_false(d.max_tokens);
	/* A grammar that could not be made is a server's own fault to some; other faults of theirs teach nothing. */
	assert_false(adapt(&d, 500, "{\"error\":\"CUDA out of memory, temperature 90\"}"));
	assert_true(adapt(&d, 500, "{\"error\":{\"message\":\"failed to parse grammar\"}}"));
	assert_int_equal(d.format, LODE_FORMAT_FLAT);
	assert_false(lode_dialect_extracts(&d));
	assert_false(adapt(&d, 401, "response_format"));
	/* Messages: from the schema to nothing, and no other name for the length. */
	d = (struct lode_dialect){.api = LODE_API_ANTHROPIC};
	assert_false(adapt(&d, 400, "{\"error\":{\"message\":\"max_tokens: must be at most 100; max_completion_tokens\"}}"));
	assert_true(adapt(&d, 400, "{\"error\":{\"message\":\"output_config: Extra inputs are not permitted\"}}"));
	assert_int_equal(d.format, LODE_FORMAT_NONE);
	assert_true(lode_dialect_extracts(&d));
	assert_true(adapt(&d, 400, "{\"error\":{\"message\":\"temperature is deprecated for this model\"}}"));
	assert_true(d.no_temperature);
	assert_false(adapt(&d, 400, "{\"error\":{\"message\":\"output_config and temperature\"}}"));
}

/* Every dialect comes back from its text; no other text does anything. */
static void test_texts(void **state)
{
	char text[LODE_DIALECT_TEXT], other[LODE_DIALECT_TEXT];

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		const struct lode_dialect d = {.api = i & 32 ? LODE_API_ANTHROPIC : LODE_API_CHAT, .format = i & 3, .max_tokens = i & 4, .no_temperature = i & 8, .extract = i & 16};
		struct lode_dialect back = {.api = d.api};

		lode_dialect_print(&d, "https://h/v1", "m", text, sizeof text);
		assert_true(strlen(text) < LODE_DIALECT_TEXT - 1);
		assert_null(strstr(text, "https"));
		assert_true(lode_dialect_recall(&back, "https://h/v1", "m", text));
		assert_true(lode_dialect_same(&d, &back));
		back = (struct lode_dialect){.api = d.api};
		assert_false(lode_dialect_recall(&back, "https://h/v2", "m", text));
		assert_false(lode_dialect_recall(&back, "https://h/v1", "m2", text));
		back.api = d.api == LODE_API_CHAT ? LODE_API_ANTHROPIC : LODE_API_CHAT;
		assert_false(lode_dialect_recall(&back, "https://h/v1", "m", text));
		memcpy(other, text, sizeof other);
		other[strlen(other) - 1] ^= 1;
		back.api = d.api;
		assert_false(lode_dialect_recall(&back, "https://h/v1", "m", other));
		assert_false(lode_dialect_recall(&back, "https://h/v1", "m", ""));
		assert_true(lode_dialect_same(&back, &(struct lode_dialect){.api = d.api}));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_urls), cmocka_unit_test(test_queries), cmocka_unit_test(test_messages_request),
					   cmocka_unit_test(test_steps), cmocka_unit_test(test_texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
