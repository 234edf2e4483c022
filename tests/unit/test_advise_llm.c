/* The model as an advisor against the stand-in server (tests/model/server.py): every way in which a server can misbehave ends in the
 * outcome of its own name, in a bounded time, with nothing proposed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_world.h"
#include "base/clock.h"
#include "base/fs.h"

#include "cjson/cJSON.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/test_advise_llm.XXXXXX";

struct server {
	pid_t pid;
	int port;
	char log[200];
};

static void nap_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* Starts one; the kernel chooses the port. extra may be NULL. */
static struct server server_start(const char *scenario, const char *option, const char *value)
{
	static int count;
	struct server s = {0};
	char port_file[200];
	struct lode_buf b;

	snprintf(port_file, sizeof port_file, "%s/port%d", dir, ++count);
	snprintf(s.log, sizeof s.log, "%s/log%d", dir, count);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("python3", "python3", LODE_TEST_DATA "/../model/server.py", "--port-file", port_file, "--log", s.log, "--scenario",
		       scenario, option, value, (char *)NULL);
		_exit(127);
	}
	lode_buf_init(&b, 100);
	for (int i = 0; i < 3000 && s.port == 0; i++) { /* as long as a slow machine may need to start Python */
		nap_ms(20);
		if (lode_fs_read(port_file, &b) == 0)
			s.port = atoi(lode_buf_str(&b));
		assert_int_equal(waitpid(s.pid, NULL, WNOHANG), 0);
	}
	lode_buf_fini(&b);
	unlink(port_file);
	assert_true(s.port > 0);
	return s;
}

static void server_stop(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	unlink(s->log);
}

/* The n-th request that it saw, from 0; NULL if there was none. The caller frees. */
static cJSON *server_request(const struct server *s, int n)
{
	struct lode_buf b;
	cJSON *r = NULL;

	lode_buf_init(&b, 64 << 20);
	if (lode_fs_read(s->log, &b) == 0) {
		const char *line = lode_buf_str(&b);

		while (n-- > 0 && line)
			line = (line = strchr(line, '\n')) ? line + 1 : NULL;
		r = line && *line ? cJSON_ParseWithOpts(line, NULL, 0) : NULL;
	}
	lode_buf_fini(&b);
	return r;
}

static struct server good;

static int group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	good = server_start("good", NULL, NULL);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	server_stop(&good);
	return rmdir(dir);
}

static struct lode_llm_config config(char *url, size_t len, int port, const char *scenario)
{
	snprintf(url, len, "http://127.0.0.1:%d/s/%s/v1", port, scenario);
	return (struct lode_llm_config){
	    .url = url, .model = "stand-in", .proxy = "none", .timeout_s = 30, .retries = 0, .max_tokens = 2000, .temperature = 0.2};
}

static struct lode_advisor *start(const struct lode_llm_config *c)
{
	struct lode_err err = {0};
	struct lode_advisor *a = lode_advisor_llm(c, &err);

	if (!a)
		fail_msg("%s", err.msg);
	return a;
}

/* Polls until the answer is there. */
static struct lode_reply wait_for(struct lode_advisor *a)
{
	struct lode_reply r;

	for (int i = 0; i < 30000; i++) {
		a->ops->poll(a, &r);
		if (r.answer != LODE_ANSWER_WAIT)
			return r;
		nap_ms(5);
	}
	fail_msg("no answer came");
	return r;
}

static struct lode_reply ask(struct lode_advisor *a, struct world *w)
{
	struct lode_reply r;

	a->ops->ask(a, &w->q, &r);
	return r.answer == LODE_ANSWER_WAIT ? wait_for(a) : r;
}

static struct lode_reply one_round(const struct lode_llm_config *c)
{
	struct world *w = world_new();
	struct lode_advisor *a = start(c);
	struct lode_reply r = ask(a, w);

	a->ops->free(a);
	free(w);
	return r;
}

/* ---- outcomes ---- */

static const struct {
	const char *scenario;
	enum lode_call call;
	double timeout_s; /* 0 = the usual one: these end by themselves */
} outcomes[] = {
    {"good", LODE_CALL_OK, 0},
    {"no_change", LODE_CALL_NO_CHANGE, 0},
    {"terminal", LODE_CALL_NO_CHANGE, 0},
    {"think", LODE_CALL_OK, 0},
    {"reasoning", LODE_CALL_OK, 0},
    {"chunked", LODE_CALL_OK, 0},
    {"prose", LODE_CALL_OK, 0}, /* refused at first; then the server is known as one that ignores response_format */
    {"fence", LODE_CALL_OK, 0},
    {"two_objects", LODE_CALL_BAD_CONTENT, 0},
    {"trailing", LODE_CALL_OK, 0},
    {"unit_mb", LODE_CALL_BAD_VALUE, 0},
    {"unit_exponent", LODE_CALL_BAD_VALUE, 0},
    {"unit_negative", LODE_CALL_BAD_VALUE, 0},
    {"unit_hex", LODE_CALL_BAD_VALUE, 0},
    {"unit_expression", LODE_CALL_BAD_VALUE, 0},
    {"number_value", LODE_CALL_SCHEMA, 0},
    {"unknown", LODE_CALL_UNKNOWN_OPTION, 0},
    {"immutable", LODE_CALL_UNKNOWN_OPTION, 0},
    {"forbidden", LODE_CALL_UNKNOWN_OPTION, 0},
    {"nested", LODE_CALL_UNKNOWN_OPTION, 0},
    {"injection", LODE_CALL_UNKNOWN_OPTION, 0},
    {"unknown_family", LODE_CALL_SCHEMA, 0},
    {"extra_member", LODE_CALL_SCHEMA, 0},
    {"not_object", LODE_CALL_SCHEMA, 0},
    {"too_many", LODE_CALL_SCHEMA, 0},
    {"deep", LODE_CALL_BAD_CONTENT, 0},
    {"duplicate", LODE_CALL_DUPLICATE_KEY, 0},
    {"truncated", LODE_CALL_TRUNCATED, 0},
    {"refusal", LODE_CALL_REFUSAL, 0},
    {"content_filter", LODE_CALL_FILTERED, 0},
    {"tool_calls", LODE_CALL_TOOLS, 0},
    {"null_finish", LODE_CALL_UNFINISHED, 0},
    {"null_content", LODE_CALL_EMPTY, 0},
    {"empty", LODE_CALL_EMPTY, 0},
    {"reasoning_only", LODE_CALL_EMPTY, 0},
    {"empty_choices", LODE_CALL_NO_CHOICES, 0},
    {"error_string", LODE_CALL_API_ERROR, 0},
    {"error_object", LODE_CALL_API_ERROR, 0},
    {"not_json", LODE_CALL_NOT_JSON, 0},
    {"half_json", LODE_CALL_NOT_JSON, 0},
    {"html_502", LODE_CALL_SERVER, 0},
    {"error_400", LODE_CALL_HTTP, 0},
    {"error_401", LODE_CALL_AUTH, 0},
    {"error_403", LODE_CALL_AUTH, 0},
    {"error_404", LODE_CALL_NOT_FOUND, 0},
    {"error_429", LODE_CALL_RATE_LIMIT, 0},
    {"error_429_long", LODE_CALL_RATE_LIMIT, 0},
    {"quota", LODE_CALL_QUOTA, 0},
    {"error_500", LODE_CALL_SERVER, 0},
    {"error_503", LODE_CALL_OVERLOADED, 0},
    {"error_529", LODE_CALL_OVERLOADED, 0},
    {"too_long", LODE_CALL_TOO_LONG, 0},
    {"stream", LODE_CALL_STREAM, 0},
    {"wants", LODE_CALL_WANTS, 0},
    {"good_wants", LODE_CALL_OK, 0},
    {"wants_unknown", LODE_CALL_SCHEMA, 0},
    {"redirect", LODE_CALL_REDIRECT, 0},
    {"big", LODE_CALL_TOO_BIG, 0},
    {"big_chunked", LODE_CALL_TOO_BIG, 0},
    {"closed", LODE_CALL_CLOSED, 0},
    {"reset", LODE_CALL_CLOSED, 0},
    {"garbage", LODE_CALL_HTTP, 0},
    {"length_too_long", LODE_CALL_CLOSED, 0},
    {"length_too_short", LODE_CALL_NOT_JSON, 0},
    {"hang", LODE_CALL_TIMEOUT, 0.3},
    {"hang_body", LODE_CALL_TIMEOUT, 0.3},
    {"drip", LODE_CALL_TIMEOUT, 0.3},
    {"cut_head", LODE_CALL_NOT_JSON, 0},
    {"cut_body", LODE_CALL_CLOSED, 0},
    {"cut_chunk", LODE_CALL_CLOSED, 0},
    {"cut_before_last_chunk", LODE_CALL_CLOSED, 0},
    {"reset_body", LODE_CALL_CLOSED, 0},
    {"half_closed", LODE_CALL_CLOSED, 0},
    {"silent_body", LODE_CALL_TIMEOUT, 0.3},
    {"continue_forever", LODE_CALL_TIMEOUT, 0.3},
    {"headers_forever", LODE_CALL_TOO_BIG, 0},
    {"headers_10mb", LODE_CALL_TOO_BIG, 0},
    {"header_10mb", LODE_CALL_TOO_BIG, 0},
    {"chunks_forever", LODE_CALL_TOO_BIG, 0},
    {"chunks_drip", LODE_CALL_TIMEOUT, 0.3},
    {"chunk_nonsense", LODE_CALL_CLOSED, 0},
    {"chunk_enormous", LODE_CALL_CLOSED, 0},
    {"length_negative", LODE_CALL_HTTP, 0},
    {"length_enormous", LODE_CALL_TOO_BIG, 0},
    {"length_twice", LODE_CALL_NOT_JSON, 0},
    {"gzip_unasked", LODE_CALL_NOT_JSON, 0},
    {"http_10", LODE_CALL_OK, 0},
    {"http_09", LODE_CALL_HTTP, 0},
    {"status_1000", LODE_CALL_HTTP, 0},
    {"status_204", LODE_CALL_NOT_JSON, 0},
    {"upgrade", LODE_CALL_HTTP, 0},
    {"early_hints", LODE_CALL_OK, 0},
    {"two_replies", LODE_CALL_OK, 0},
    {"cookie", LODE_CALL_OK, 0},
    {"nul_body", LODE_CALL_NOT_JSON, 0},
    {"usage_enormous", LODE_CALL_OK, 0},
    {"usage_negative", LODE_CALL_OK, 0},
    {"usage_text", LODE_CALL_OK, 0},
    {"usage_missing", LODE_CALL_OK, 0},
    {"error_within", LODE_CALL_API_ERROR, 0},
    {"error_null", LODE_CALL_OK, 0},
    {"model_strange", LODE_CALL_OK, 0},
    {"another_question", LODE_CALL_SCHEMA, 0},
    {"another_options", LODE_CALL_UNKNOWN_OPTION, 0},
    {"echo", LODE_CALL_BAD_CONTENT, 0},
    {"retry_negative", LODE_CALL_OVERLOADED, 0},
    {"retry_year_9999", LODE_CALL_RATE_LIMIT, 0},
    {"retry_enormous", LODE_CALL_OVERLOADED, 0},
    {"retry_nonsense", LODE_CALL_OVERLOADED, 0},
    {"html_200", LODE_CALL_NOT_JSON, 0},
    {"ladder", LODE_CALL_OK, 0},
    {"flat_only", LODE_CALL_OK, 0},
    {"old_tokens", LODE_CALL_OK, 0},
    {"no_temperature", LODE_CALL_OK, 0},
    {"after_complaint", LODE_CALL_OK, 0},
    {"after_more_room", LODE_CALL_OK, 0},
};

static void test_outcomes(void **state)
{
	struct lode_reply r;
	char url[200];

	(void)state;
	for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
		struct lode_llm_config c = config(url, sizeof url, good.port, outcomes[i].scenario);

		if (outcomes[i].timeout_s > 0)
			c.timeout_s = outcomes[i].timeout_s;
		r = one_round(&c);
		if (r.call != outcomes[i].call)
			fail_msg("%s: %s instead of %s (%s)", outcomes[i].scenario, lode_call_name(r.call),
				 lode_call_name(outcomes[i].call), r.why);
		enum lode_answer answer = r.call == LODE_CALL_OK	  ? LODE_ANSWER_PROPOSAL
					  : r.call == LODE_CALL_NO_CHANGE || r.call == LODE_CALL_WANTS ? LODE_ANSWER_NOTHING
												       : LODE_ANSWER_FAILED;
		assert_int_equal(r.answer, answer);
		assert_true((r.proposal.n > 0) == (answer == LODE_ANSWER_PROPOSAL));
		if (answer != LODE_ANSWER_PROPOSAL)
			assert_true(strlen(r.why) > 10);
		for (const char *p = r.why; *p; p++)
			assert_in_range(*p, 0x20, 0x7e);
		free(r.raw);
	}
}

static void test_good(void **state)
{
	struct world *w = world_new();
	struct lode_plan *plan = malloc(sizeof *plan);
	struct lode_refusal refusal;
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, good.port, "good");
	struct lode_reply r = one_round(&c);

	(void)state;
	assert_int_equal(r.answer, LODE_ANSWER_PROPOSAL);
	assert_string_equal(r.proposal.advisor, "llm");
	assert_string_equal(r.proposal.rule, "stand-in-1");
	assert_string_equal(r.model, "stand-in-1");
	assert_int_equal(r.proposal.change[0].tunable, lode_tunable_find("block_cache_size"));
	assert_int_equal(r.proposal.change[0].value, (int64_t)(32 * MIB));
	assert_int_equal(lode_guard_check(&w->q.now, &r.proposal, plan, &refusal), 0);
	assert_int_equal(r.prompt_tokens, 1200);
	assert_int_equal(r.completion_tokens, 80);
	assert_true(r.seconds > 0);
	assert_non_null(strstr(r.raw, "block_cache_size"));
	free(r.raw);
	free(plan);
	free(w);
}

/* `prompt` shows exactly what goes out; no key, no canary, and what a refusal taught is remembered. */
static void test_prompt_is_what_is_sent(void **state)
{
	struct server s = server_start("ladder", NULL, NULL);
	struct world *w = world_new();
	struct lode_llm_config c;
	struct lode_buf shown;
	char url[200];

	(void)state;
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v1/", s.port);
	c = (struct lode_llm_config){
	    .url = url, .model = "stand-in", .key = "sk-secret", .timeout_s = 30, .max_tokens = 700, .temperature = -1};
	struct lode_advisor *a = start(&c);
	lode_buf_init(&shown, 1 << 20);
	for (int i = 0, sent = 0; i < 2; i++) {
		lode_buf_clear(&shown);
		assert_int_equal(a->ops->prompt(a, &w->q, &shown), 0);
		struct lode_reply r = ask(a, w);
		assert_int_equal(r.call, LODE_CALL_OK);
		free(r.raw);
		cJSON *request = server_request(&s, sent);
		assert_string_equal(cJSON_GetObjectItem(request, "body")->valuestring, lode_buf_str(&shown));
		assert_string_equal(cJSON_GetObjectItem(request, "line")->valuestring, "POST /v1/chat/completions HTTP/1.1");
		assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(request, "headers"), "authorization")->valuestring,
				    "Bearer sk-secret");
		cJSON_Delete(request);
		sent += 4; /* strict, flat, object, none; from then on none at once */
	}
	cJSON *request = server_request(&s, 5);
	assert_null(request);
	assert_null(strstr(lode_buf_str(&shown), "sk-secret"));
	assert_null(strstr(lode_buf_str(&shown), CANARY));
	assert_null(strstr(lode_buf_str(&shown), "temperature"));
	lode_buf_fini(&shown);
	a->ops->free(a);
	server_stop(&s);
	free(w);
}

/* A malformed answer is complained about once, and only once. */
static void test_one_complaint(void **state)
{
	struct server s = server_start("unit_mb", NULL, NULL);
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "unit_mb");
	struct lode_reply r;

	(void)state;
	c.retries = 3; /* those are for the network */
	r = one_round(&c);
	assert_int_equal(r.call, LODE_CALL_BAD_VALUE);
	assert_non_null(strstr(r.why, "64MB"));
	assert_int_equal(r.prompt_tokens, 2400);
	free(r.raw);
	cJSON *first = server_request(&s, 0), *second = server_request(&s, 1), *third = server_request(&s, 2);
	assert_null(strstr(cJSON_GetObjectItem(first, "body")->valuestring, "was rejected"));
	assert_non_null(strstr(cJSON_GetObjectItem(second, "body")->valuestring, "was rejected: value '64MB' of block_cache_size"));
	assert_null(third);
	cJSON_Delete(first);
	cJSON_Delete(second);
	server_stop(&s);
}

static int count_requests(const struct server *s)
{
	int n = 0;

	for (cJSON *r; (r = server_request(s, n)); n++)
		cJSON_Delete(r);
	return n;
}

static void wait_until_called(const struct server *s)
{
	while (count_requests(s) == 0)
		nap_ms(5);
}

/* The same faults have the same names in the other interface, as far as it has them. */
static void test_anthropic(void **state)
{
	static const struct {
		const char *scenario;
		enum lode_call call;
	} cases[] = {{"good", LODE_CALL_OK},		{"no_change", LODE_CALL_NO_CHANGE}, {"reasoning", LODE_CALL_OK},	   {"truncated", LODE_CALL_TRUNCATED},
		     {"refusal", LODE_CALL_REFUSAL},	{"tool_calls", LODE_CALL_TOOLS},    {"null_finish", LODE_CALL_UNFINISHED}, {"null_content", LODE_CALL_EMPTY},
		     {"error_401", LODE_CALL_AUTH},	{"error_529", LODE_CALL_OVERLOADED}, {"unit_mb", LODE_CALL_BAD_VALUE},	   {"prose", LODE_CALL_OK},
		     {"no_output_config", LODE_CALL_OK}, {"no_temperature", LODE_CALL_OK},   {"after_more_room", LODE_CALL_OK},	   {"stream", LODE_CALL_STREAM}};
	char url[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lode_llm_config c = config(url, sizeof url, good.port, cases[i].scenario);

		c.api = LODE_API_ANTHROPIC;
		struct lode_reply r = one_round(&c);
		if (r.call != cases[i].call)
			fail_msg("%s: %s instead of %s (%s)", cases[i].scenario, lode_call_name(r.call), lode_call_name(cases[i].call), r.why);
		if (r.call == LODE_CALL_OK)
			assert_string_equal(r.model, "stand-in-1");
		free(r.raw);
	}
}

static const char *header_of(const cJSON *request, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(request, "headers"), name));

	return s ? s : "";
}

/* Each kind of server is asked where it listens, and gets its key where it looks for it, and nowhere else. */
static void test_addresses(void **state)
{
	static const struct {
		enum lode_api api;
		const char *path, *line, *header, *value;
	} cases[] = {
	    {LODE_API_CHAT, "/v1", "POST /v1/chat/completions HTTP/1.1", "authorization", "Bearer sk-secret"},
	    {LODE_API_CHAT, "/openai/deployments/d/?api-version=2024-10-21", "POST /openai/deployments/d/chat/completions?api-version=2024-10-21 HTTP/1.1",
	     "api-key", "sk-secret"},
	    {LODE_API_ANTHROPIC, "", "POST /v1/messages HTTP/1.1", "x-api-key", "sk-secret"},
	    {LODE_API_ANTHROPIC, "/v1/", "POST /v1/messages HTTP/1.1", "x-api-key", "sk-secret"},
	};
	struct server s = server_start("good", NULL, NULL);
	char url[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(url, sizeof url, "http://127.0.0.1:%d%s", s.port, cases[i].path);
		struct lode_llm_config c = {.api = cases[i].api, .url = url, .model = "m", .key = "sk-secret", .timeout_s = 30, .temperature = -1};
		struct lode_reply r = one_round(&c);
		if (r.call != LODE_CALL_OK)
			fail_msg("%s: %s", url, r.why);
		free(r.raw);
		cJSON *request = server_request(&s, (int)i);
		assert_string_equal(cJSON_GetObjectItem(request, "line")->valuestring, cases[i].line);
		assert_string_equal(header_of(request, cases[i].header), cases[i].value);
		int holders = strstr(cJSON_GetObjectItem(request, "body")->valuestring, "sk-secret") != NULL;
		const cJSON *line;
		cJSON_ArrayForEach(line, cJSON_GetObjectItem(request, "headers"))
		{
			holders += strstr(line->valuestring, "sk-secret") != NULL;
		}
		assert_int_equal(holders, 1);
		cJSON_Delete(request);
	}
	server_stop(&s);
}

/* What one advisor has learnt about a server, another begins with; not about another model. */
static void test_remembers(void **state)
{
	struct server s = server_start("ladder", NULL, NULL);
	struct world *w = world_new();
	char url[200], learnt[LODE_DIALECT_TEXT] = "";
	struct lode_llm_config c = config(url, sizeof url, s.port, "ladder");

	(void)state;
	for (int i = 0; i < 3; i++) {
		c.model = i < 2 ? "stand-in" : "another";
		struct lode_advisor *a = start(&c);
		a->ops->remember(a, learnt);
		struct lode_reply r = ask(a, w);
		assert_int_equal(r.call, LODE_CALL_OK);
		assert_int_equal(r.calls, i == 1 ? 1 : 4);
		assert_int_equal(r.dialect[0] != '\0', i != 1);
		if (i == 0)
			memcpy(learnt, r.dialect, sizeof learnt);
		free(r.raw);
		a->ops->free(a);
	}
	server_stop(&s);
	free(w);
}

/* The guard's refusal goes back once, with the changes in our words; a round that has complained already has no second. */
static void test_guard_complains(void **state)
{
	struct server s = server_start("after_refusal", NULL, NULL);
	struct world *w = world_new();
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "after_refusal");
	struct lode_advisor *a = start(&c);
	struct lode_plan *plan = malloc(sizeof *plan);
	struct lode_refusal refusal = {0};
	struct lode_reply r = ask(a, w), again;

	(void)state;
	assert_int_equal(r.call, LODE_CALL_OK);
	assert_false(r.complained);
	assert_int_not_equal(lode_guard_check(&w->q.now, &r.proposal, plan, &refusal), 0);
	a->ops->complain(a, &w->q, &r.proposal, &refusal, &again);
	assert_int_equal(again.answer, LODE_ANSWER_WAIT);
	again = wait_for(a);
	assert_int_equal(again.call, LODE_CALL_OK);
	assert_true(again.complained);
	assert_int_equal(again.calls, 1);
	assert_int_equal(lode_guard_check(&w->q.now, &again.proposal, plan, &refusal), 0);
	cJSON *second = server_request(&s, 1);
	assert_non_null(strstr(cJSON_GetObjectItem(second, "body")->valuestring, "was rejected: block_cache_size=8796093022208 may not be done ("));
	assert_null(strstr(cJSON_GetObjectItem(second, "body")->valuestring, "a stand-in's choice"));
	cJSON_Delete(second);
	free(r.raw);
	free(again.raw);
	/* In that second half, words that are no answer are not complained about once more. */
	snprintf(url, sizeof url, "http://127.0.0.1:%d/s/unit_mb/v1", s.port);
	struct lode_advisor *b = start(&c);
	b->ops->complain(b, &w->q, &r.proposal, &refusal, &again);
	again = wait_for(b);
	assert_int_equal(again.call, LODE_CALL_BAD_VALUE);
	assert_int_equal(again.calls, 1);
	free(again.raw);
	/* A fresh question after it is a fresh round. */
	b->ops->ask(b, &w->q, &again);
	again = wait_for(b);
	assert_int_equal(again.calls, 2);
	free(again.raw);
	free(plan);
	a->ops->free(a);
	b->ops->free(b);
	server_stop(&s);
	free(w);
}

/* What was asked for stands in the next prompt, and only there. */
static void test_wants(void **state)
{
	struct world *w = world_new();
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, good.port, "after_statistics");
	struct lode_advisor *a = start(&c);
	struct lode_reply r = ask(a, w);

	(void)state;
	assert_int_equal(r.answer, LODE_ANSWER_NOTHING);
	assert_int_equal(r.call, LODE_CALL_WANTS);
	w->q.wants = r.wants;
	free(r.raw);
	r = ask(a, w);
	assert_int_equal(r.call, LODE_CALL_OK);
	assert_int_equal(r.wants, 0);
	free(r.raw);
	a->ops->free(a);
	free(w);
}

/* Network faults are tried again as often as configured; refusals by configuration are not; a long Retry-After is not waited for. */
static void test_retries(void **state)
{
	static const struct {
		const char *scenario;
		int calls;
	} cases[] = {{"error_500", 3}, {"closed", 3},  {"error_429", 3}, {"error_429_long", 1}, {"error_401", 1}, {"error_404", 1},
		     {"quota", 1},     {"refusal", 1}, {"big", 1}};
	char url[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server s = server_start(cases[i].scenario, NULL, NULL);
		struct lode_llm_config c = config(url, sizeof url, s.port, cases[i].scenario);

		c.retries = 2;
		struct lode_reply r = one_round(&c);
		assert_int_equal(r.answer, LODE_ANSWER_FAILED);
		assert_int_equal(count_requests(&s), cases[i].calls);
		free(r.raw);
		server_stop(&s);
	}
}

static void test_script_recovers(void **state)
{
	char script[200], url[200];
	static const char steps[] = "[\"error_500\", {\"scenario\": \"good\", \"delay\": 0.05}]";
	struct lode_reply r;

	(void)state;
	snprintf(script, sizeof script, "%s/script.json", dir);
	assert_int_equal(lode_fs_write_atomic(script, steps, strlen(steps), 0600), 0);
	struct server s = server_start("good", "--script", script);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", s.port);
	struct lode_llm_config c = {.url = url, .model = "m", .timeout_s = 30, .retries = 1, .temperature = -1};
	r = one_round(&c);
	assert_int_equal(r.call, LODE_CALL_OK);
	free(r.raw);
	server_stop(&s);
	unlink(script);
}

/* Three failures open the circuit: the server is left alone. */
static void test_circuit(void **state)
{
	struct server s = server_start("error_500", NULL, NULL);
	struct world *w = world_new();
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "error_500");
	struct lode_advisor *a = start(&c);

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct lode_reply r = ask(a, w);

		assert_int_equal(r.call, i < 3 ? LODE_CALL_SERVER : LODE_CALL_CIRCUIT);
		assert_int_equal(r.answer, LODE_ANSWER_FAILED);
		free(r.raw);
	}
	assert_int_equal(count_requests(&s), 3);
	a->ops->free(a);
	server_stop(&s);
	free(w);
}

/* What a call may cost at the most must be left, or it is not made: 2000 tokens of an answer, where each takes 80. */
static void test_budgets(void **state)
{
	struct world *w = world_new();
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, good.port, "good");

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		c.calls_per_hour = kind == 0 ? 2 : 0;
		c.tokens_per_day = kind == 1 ? 24500 : 0;
		c.max_tokens = kind == 1 ? 17000 : 2000; /* what is left is room for the prompt and four calls, not for six */
		c.price_out = kind == 2 ? 1e6 : 0;	/* one for each token */
		c.money_per_day = kind == 2 ? 2100 : 0;
		struct lode_advisor *a = start(&c);
		int fit = kind == 1 ? 5 : 2;
		for (int i = 0; i <= fit; i++) {
			struct lode_reply r = ask(a, w);
			struct lode_standing s;

			a->ops->standing(a, &s);
			assert_int_equal(r.call, i < fit ? LODE_CALL_OK : LODE_CALL_BUDGET);
			assert_int_equal(r.calls, i < fit);
			assert_int_equal(r.cost.tokens, i < fit ? 1280 : 0);
			assert_int_equal(s.may, i < fit - 1 ? LODE_MAY_CALL : LODE_MAY_NOT_BUDGET);
			assert_true(i < fit - 1 || (s.wait_s > 0 && *s.why));
			free(r.raw);
		}
		a->ops->free(a);
	}
	free(w);
}

/* What was spent before this process leaves less for it, told before the first question or between two. */
static void test_budget_of_before(void **state)
{
	struct server s = server_start("good", NULL, NULL);
	struct world *w = world_new();
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "good");
	struct lode_budget spent;

	(void)state;
	c.calls_per_hour = 4;
	struct lode_advisor *a = start(&c);
	for (int i = 0; i < 4; i++) {
		lode_budget_init(&spent, 0, 0);
		lode_budget_recall(&spent, lode_clock_mono(&lode_clock_real), 60000000000u, &(struct lode_cost){.calls = i < 2});
		a->ops->recall(a, &spent);
		struct lode_reply r = ask(a, w);

		assert_int_equal(r.call, i < 2 ? LODE_CALL_OK : LODE_CALL_BUDGET);
		free(r.raw);
	}
	assert_int_equal(count_requests(&s), 2);
	a->ops->free(a);
	server_stop(&s);
	free(w);
}

/* ---- keys ---- */

/* The key is read when it is needed: a new one counts at the next call. */
static void test_key_file(void **state)
{
	struct server s = server_start("good", NULL, NULL);
	struct world *w = world_new();
	char path[200], url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "good");

	(void)state;
	snprintf(path, sizeof path, "%s/key", dir);
	c.key_file = path;
	c.key = "sk-other";
	struct lode_advisor *a = start(&c);
	for (int i = 0; i < 2; i++) {
		const char *key = i ? "sk-two\n" : "sk-one\n";
		char bearer[40];

		assert_int_equal(lode_fs_write_atomic(path, key, strlen(key), 0600), 0);
		struct lode_reply r = ask(a, w);
		assert_int_equal(r.call, LODE_CALL_OK);
		free(r.raw);
		cJSON *q = server_request(&s, i);
		snprintf(bearer, sizeof bearer, "Bearer %.6s", key);
		assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(q, "headers"), "authorization")->valuestring, bearer);
		cJSON_Delete(q);
	}
	chmod(path, 0644);
	struct lode_reply r = ask(a, w);
	assert_int_equal(r.call, LODE_CALL_NO_KEY);
	assert_non_null(strstr(r.why, "chmod"));
	a->ops->free(a);
	unlink(path);
	server_stop(&s);
	free(w);
}

/* A key that is refused is tried again only if it has been changed meanwhile; from then on nothing is asked until it is, or somebody says so. */
static void test_unauthorized(void **state)
{
	struct server s = server_start("error_401", NULL, NULL);
	struct world *w = world_new();
	char path[200], url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "error_401");
	struct lode_standing standing;

	(void)state;
	snprintf(path, sizeof path, "%s/key", dir);
	assert_int_equal(lode_fs_write_atomic(path, "sk-one-two-three", 16, 0600), 0);
	c.key_file = path;
	struct lode_advisor *a = start(&c);
	for (int i = 1; i <= 3; i++) {
		struct lode_reply r = ask(a, w);
		assert_int_equal(r.call, LODE_CALL_AUTH);
		assert_null(strstr(r.why, "sk-one"));
		assert_int_equal(count_requests(&s), i);
		a->ops->standing(a, &standing);
		assert_int_equal(standing.may, LODE_MAY_NOT_STOPPED);
		assert_int_equal(standing.call, LODE_CALL_AUTH);
		assert_non_null(strstr(standing.why, "Incorrect API key"));
		assert_non_null(strstr(standing.mend, "llm.key_file"));
		r = ask(a, w);
		assert_int_equal(r.call, LODE_CALL_CIRCUIT);
		assert_int_equal(count_requests(&s), i);
		if (i == 1)
			assert_int_equal(lode_fs_write_atomic(path, "sk-four-five-six", 16, 0600), 0);
		else
			a->ops->resume(a);
		a->ops->standing(a, &standing);
		assert_int_equal(standing.may, LODE_MAY_CALL);
	}
	a->ops->free(a);
	unlink(path);
	server_stop(&s);
	free(w);
}

/* The key is changed while the old one is on its way. */
static void test_rotation(void **state)
{
	static const char steps[] = "[{\"scenario\": \"error_401\", \"delay\": 0.3}, \"good\"]";
	char script[200], path[200], url[200];
	struct world *w = world_new();
	struct lode_reply r;

	(void)state;
	snprintf(script, sizeof script, "%s/script.json", dir);
	snprintf(path, sizeof path, "%s/key", dir);
	assert_int_equal(lode_fs_write_atomic(script, steps, strlen(steps), 0600), 0);
	assert_int_equal(lode_fs_write_atomic(path, "sk-one-two-three", 16, 0600), 0);
	struct server s = server_start("good", "--script", script);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", s.port);
	struct lode_llm_config c = {.url = url, .model = "m", .timeout_s = 30, .temperature = -1, .key_file = path};
	struct lode_advisor *a = start(&c);
	a->ops->ask(a, &w->q, &r);
	wait_until_called(&s);
	assert_int_equal(lode_fs_write_atomic(path, "sk-four-five-six", 16, 0600), 0);
	r = wait_for(a);
	assert_int_equal(r.call, LODE_CALL_OK);
	free(r.raw);
	cJSON *q = server_request(&s, 1);
	assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(q, "headers"), "authorization")->valuestring, "Bearer sk-four-five-six");
	cJSON_Delete(q);
	a->ops->free(a);
	server_stop(&s);
	unlink(script);
	unlink(path);
	free(w);
}

/* A server that says the key in an error and in its answer: neither gets any further. */
static void test_key_that_comes_back(void **state)
{
	static const char steps[] = "[{\"status\": 400, \"body\": \"{\\\"error\\\": \\\"Bearer sk-one-two-three is odd\\\"}\"}, "
				    "{\"content\": \"{\\\"diagnosis\\\": \\\"sk-one-two-three\\\"\"}]";
	char script[200], path[200], url[200];
	struct world *w = world_new();

	(void)state;
	snprintf(script, sizeof script, "%s/script.json", dir);
	snprintf(path, sizeof path, "%s/key", dir);
	assert_int_equal(lode_fs_write_atomic(script, steps, strlen(steps), 0600), 0);
	assert_int_equal(lode_fs_write_atomic(path, "sk-one-two-three", 16, 0600), 0);
	struct server s = server_start("good", "--script", script);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", s.port);
	struct lode_llm_config c = {.url = url, .model = "m", .timeout_s = 30, .temperature = -1, .key_file = path};
	struct lode_advisor *a = start(&c);
	for (int i = 0; i < 2; i++) {
		struct lode_reply r = ask(a, w);
		struct lode_standing standing;

		a->ops->standing(a, &standing);
		assert_int_equal(r.answer, LODE_ANSWER_FAILED);
		assert_null(memmem(&r, sizeof r, "sk-one", 6));
		assert_null(memmem(&standing, sizeof standing, "sk-one", 6));
		assert_true(i == 1 || strstr(r.why, "Bearer ****************"));
		assert_true(i == 0 || (r.raw && strstr(r.raw, "****************")));
		free(r.raw);
	}
	a->ops->free(a);
	server_stop(&s);
	unlink(script);
	unlink(path);
	free(w);
}

/* ---- configuration ---- */

static void test_refused_configuration(void **state)
{
	static const struct lode_llm_config cases[] = {
	    {.url = NULL, .model = "m"},
	    {.url = "", .model = "m"},
	    {.url = "http://127.0.0.1:1/v1", .model = ""},
	    {.url = "http://model.example.org/v1", .model = "m"},
	    {.url = "ftp://127.0.0.1/v1", .model = "m"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lode_err err = {0};

		assert_null(lode_advisor_llm(&cases[i], &err));
		assert_true(err.code > 0 && strlen(err.msg) > 10);
	}
}

static void test_remote_needs_key(void **state)
{
	struct lode_llm_config c = {.url = "https://model.invalid/v1", .model = "m", .timeout_s = 5, .temperature = -1};
	struct lode_reply r = one_round(&c);

	(void)state;
	assert_int_equal(r.call, LODE_CALL_NO_KEY);
	assert_true(r.seconds == 0);
}

static void test_nobody_listens(void **state)
{
	char url[200];
	struct server s = server_start("good", NULL, NULL);
	struct lode_llm_config c = config(url, sizeof url, s.port, "good");

	(void)state;
	server_stop(&s);
	struct lode_reply r = one_round(&c);
	assert_int_equal(r.call, LODE_CALL_CONNECT);
}

/* The environment's proxy is the host's, not ours. */
static void test_environment_proxy_ignored(void **state)
{
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, good.port, "good");

	(void)state;
	c.proxy = NULL;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	struct lode_reply r = one_round(&c);
	assert_int_equal(r.call, LODE_CALL_OK);
	free(r.raw);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	c.proxy = "http://127.0.0.1:1";
	r = one_round(&c);
	assert_int_equal(r.call, LODE_CALL_CONNECT);
}

static void test_tls(void **state)
{
	char tls_dir[200], ca[220], url[200], path[220];
	struct server s;
	struct lode_reply r;

	(void)state;
	snprintf(tls_dir, sizeof tls_dir, "%s/tls", dir);
	assert_int_equal(mkdir(tls_dir, 0700), 0);
	snprintf(ca, sizeof ca, "%s/cert.pem", tls_dir);
	s = server_start("good", "--tls", tls_dir);
	snprintf(url, sizeof url, "https://127.0.0.1:%d/v1", s.port);
	struct lode_llm_config c = {.url = url, .model = "m", .key = "sk-x", .timeout_s = 30, .temperature = -1, .ca_file = ca};
	r = one_round(&c);
	assert_int_equal(r.call, LODE_CALL_OK);
	free(r.raw);
	c.ca_file = NULL; /* nobody vouches for it */
	r = one_round(&c);
	assert_int_equal(r.call, LODE_CALL_TLS);
	c.ca_file = "/nonexistent/ca.pem";
	r = one_round(&c);
	assert_int_equal(r.call, LODE_CALL_TLS);
	server_stop(&s);
	unlink(ca);
	snprintf(path, sizeof path, "%s/key.pem", tls_dir);
	unlink(path);
	rmdir(tls_dir);
}

/* ---- the thread ---- */

/* The server hangs for an hour and the timeout is ten minutes: only cancel can end this. */
static void test_cancel(void **state)
{
	static const char *const scenarios[] = {"hang", "hang_body"};
	struct world *w = world_new();
	char url[200];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server s = server_start(scenarios[i], NULL, NULL);
		struct lode_llm_config c = config(url, sizeof url, s.port, scenarios[i]);
		struct lode_reply r;

		c.timeout_s = 600;
		c.retries = 5;
		struct lode_advisor *a = start(&c);
		a->ops->ask(a, &w->q, &r);
		assert_int_equal(r.answer, LODE_ANSWER_WAIT);
		wait_until_called(&s);
		a->ops->ask(a, &w->q, &r); /* one question at a time: another asker must not be given this one's answer */
		assert_int_equal(r.answer, LODE_ANSWER_NOTHING);
		a->ops->cancel(a);
		r = wait_for(a);
		assert_int_equal(r.answer, LODE_ANSWER_FAILED);
		assert_int_equal(r.call, LODE_CALL_CANCELLED);
		assert_int_equal(count_requests(&s), 1);
		a->ops->poll(a, &r);
		assert_int_equal(r.answer, LODE_ANSWER_NOTHING);
		a->ops->free(a);
		server_stop(&s);
	}
	free(w);
}

/* While it waits before a retry. */
static void test_cancel_back_off(void **state)
{
	struct server s = server_start("error_429", NULL, NULL);
	struct world *w = world_new();
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "error_429");
	struct lode_reply r;

	(void)state;
	c.timeout_s = 600;
	c.retries = 1000;
	struct lode_advisor *a = start(&c);
	a->ops->ask(a, &w->q, &r);
	wait_until_called(&s);
	a->ops->cancel(a);
	r = wait_for(a);
	assert_int_equal(r.call, LODE_CALL_CANCELLED);
	/* It can be asked again; the cancelled round was not the server's failure. */
	a->ops->ask(a, &w->q, &r);
	assert_int_equal(r.answer, LODE_ANSWER_WAIT);
	a->ops->free(a);
	server_stop(&s);
	free(w);
}

/* Freed in the middle of a call, with nobody to poll: must return although the server never answers. */
static void test_free_while_asked(void **state)
{
	struct server s = server_start("hang", NULL, NULL);
	struct world *w = world_new();
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "hang");
	struct lode_reply r;

	(void)state;
	c.timeout_s = 600;
	struct lode_advisor *a = start(&c);
	a->ops->ask(a, &w->q, &r);
	wait_until_called(&s);
	a->ops->free(a);
	/* ... and before the thread has even begun, or with an answer that nobody fetched. */
	a = start(&c);
	a->ops->ask(a, &w->q, &r);
	a->ops->free(a);
	a = start(&c);
	a->ops->free(a);
	server_stop(&s);
	free(w);
}

/* Signals of the host stay the host's. */
static volatile sig_atomic_t delivered_elsewhere, delivered;
static pthread_t main_thread;

static void on_signal(int sig)
{
	(void)sig;
	delivered = 1;
	if (!pthread_equal(pthread_self(), main_thread))
		delivered_elsewhere = 1;
}

static void test_signals_blocked(void **state)
{
	struct server s = server_start("hang", NULL, NULL);
	struct world *w = world_new();
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "hang");
	struct sigaction sa = {.sa_handler = on_signal}, old;
	sigset_t block, before;
	struct lode_reply r;

	(void)state;
	main_thread = pthread_self();
	sigaction(SIGUSR1, &sa, &old);
	struct lode_advisor *a = start(&c);
	a->ops->ask(a, &w->q, &r);
	wait_until_called(&s);
	/* Blocked here, it could only be taken by the other thread; it must stay pending instead. */
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &block, &before);
	kill(getpid(), SIGUSR1);
	nap_ms(50);
	assert_int_equal(delivered, 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(delivered, 1);
	assert_int_equal(delivered_elsewhere, 0);
	a->ops->free(a);
	sigaction(SIGUSR1, &old, NULL);
	server_stop(&s);
	free(w);
}

/* exit() in the middle of a call over TLS. As in a host, our own exit handler was registered before the TLS library's, and so runs after
 * it. */
static struct lode_advisor *leaving;

static void cancel_at_exit(void)
{
	leaving->ops->cancel(leaving);
	nap_ms(100); /* time for a thread that is still in the library to touch what is gone */
}

static void leave(const struct server *s, const char *url, const char *ca)
{
	static struct world *w;
	static struct lode_reply r;
	struct lode_llm_config c = {.url = url, .model = "m", .key = "sk-x", .timeout_s = 600, .temperature = -1, .ca_file = ca};

	w = world_new();
	atexit(cancel_at_exit);
	leaving = start(&c);
	leaving->ops->ask(leaving, &w->q, &r);
	wait_until_called(s);
	exit(7);
}

static void test_exit_while_asked(void **state)
{
	static const char *const scenarios[] = {"hang", "drip"};
	char tls_dir[200], ca[220], url[200], path[220];
	int status;

	(void)state;
	snprintf(tls_dir, sizeof tls_dir, "%s/tls", dir);
	assert_int_equal(mkdir(tls_dir, 0700), 0);
	snprintf(ca, sizeof ca, "%s/cert.pem", tls_dir);
	for (size_t i = 0; i < 2; i++) {
		struct server s = server_start(scenarios[i], "--tls", tls_dir);

		snprintf(url, sizeof url, "https://127.0.0.1:%d/v1", s.port);
		pid_t pid = fork();
		if (pid == 0)
			leave(&s, url, ca);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 7);
		server_stop(&s);
	}
	unlink(ca);
	snprintf(path, sizeof path, "%s/key.pem", tls_dir);
	unlink(path);
	rmdir(tls_dir);
}

/* A child of fork that ends must not end the parent's call. */
static void test_child_leaves_call_alone(void **state)
{
	struct world *w = world_new();
	char script[200], url[200];
	struct lode_reply r;

	(void)state;
	static const char steps[] = "[{\"scenario\": \"good\", \"delay\": 0.5}]";
	snprintf(script, sizeof script, "%s/script.json", dir);
	assert_int_equal(lode_fs_write_atomic(script, steps, strlen(steps), 0600), 0);
	struct server s = server_start("good", "--script", script);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", s.port);
	struct lode_llm_config c = {.url = url, .model = "m", .timeout_s = 60, .temperature = -1};
	struct lode_advisor *a = start(&c);
	a->ops->ask(a, &w->q, &r);
	wait_until_called(&s);
	pid_t pid = fork();
	if (pid == 0)
		exit(0);
	waitpid(pid, NULL, 0);
	r = wait_for(a);
	assert_int_equal(r.call, LODE_CALL_OK);
	free(r.raw);
	a->ops->free(a);
	server_stop(&s);
	unlink(script);
	free(w);
}

/* Nothing may be changed: then nothing is asked, and nothing is spent. */
static void test_nothing_offered(void **state)
{
	struct world *w = world_new();
	struct server s = server_start("good", NULL, NULL);
	char url[200];
	struct lode_llm_config c = config(url, sizeof url, s.port, "good");
	struct lode_advisor *a = start(&c);

	(void)state;
	w->sample.write_stopped = true;
	struct lode_reply r = ask(a, w);
	assert_int_equal(r.answer, LODE_ANSWER_NOTHING);
	assert_int_equal(count_requests(&s), 0);
	a->ops->free(a);
	server_stop(&s);
	free(w);
}

/* Runs after all other exit handlers of a test's child, and before a sanitizer counts what the threads that it does not have still hold. */
static pid_t main_pid;

static void end_of_child(int status, void *unused)
{
	(void)unused;
	if (getpid() != main_pid)
		_exit(status);
}

int main(void)
{
	main_pid = getpid();
	on_exit(end_of_child, NULL);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_prompt_is_what_is_sent),
	    cmocka_unit_test(test_one_complaint),
	    cmocka_unit_test(test_anthropic),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_remembers),
	    cmocka_unit_test(test_guard_complains),
	    cmocka_unit_test(test_wants),
	    cmocka_unit_test(test_retries),
	    cmocka_unit_test(test_script_recovers),
	    cmocka_unit_test(test_circuit),
	    cmocka_unit_test(test_budgets),
	    cmocka_unit_test(test_budget_of_before),
	    cmocka_unit_test(test_key_file),
	    cmocka_unit_test(test_unauthorized),
	    cmocka_unit_test(test_rotation),
	    cmocka_unit_test(test_key_that_comes_back),
	    cmocka_unit_test(test_refused_configuration),
	    cmocka_unit_test(test_remote_needs_key),
	    cmocka_unit_test(test_nobody_listens),
	    cmocka_unit_test(test_environment_proxy_ignored),
	    cmocka_unit_test(test_tls),
	    cmocka_unit_test(test_cancel),
	    cmocka_unit_test(test_cancel_back_off),
	    cmocka_unit_test(test_free_while_asked),
	    cmocka_unit_test(test_signals_blocked),
	    cmocka_unit_test(test_nothing_offered),
	    cmocka_unit_test(test_exit_while_asked),
	    cmocka_unit_test(test_child_leaves_call_alone),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
