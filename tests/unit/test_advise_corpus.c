/* The corpus of model replies (tests/data/replies): each line is read as an answer and, where it proposes something, put before the guard. Both must come
 * to what the line says. What make.py of that folder writes follows from the rules that stand there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_world.h"
#include "advise/reply.h"
#include "base/fs.h"
#include "base/json.h"

#include "cjson/cJSON.h"
#include <stdio.h>

/* What make.py's OPTIONS and WORDS name, and the families of the world. */
static const char *const offered[] = {"block_cache_size",
				      "write_buffer_size",
				      "max_write_buffer_number",
				      "level0_file_num_compaction_trigger",
				      "level0_slowdown_writes_trigger",
				      "level0_stop_writes_trigger",
				      "max_background_jobs",
				      "max_subcompactions",
				      "bytes_per_sync",
				      "compaction_readahead_size",
				      "max_sequential_skip_in_iterations",
				      "compression",
				      "strict_bytes_per_sync"};

struct fixture {
	struct world *w;
	struct lode_offer offer;
	struct lode_plan plan;
	struct lode_buf body;
	unsigned lines, failed;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (!f || !(f->w = world_new()))
		return -1;
	for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++)
		f->offer.option[lode_tunable_find(offered[i])] = true;
	f->offer.ncf = 2;
	f->offer.cf[1] = 3;
	lode_buf_init(&f->body, 1 << 20);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	lode_buf_fini(&f->body);
	free(f->w);
	free(f);
	return 0;
}

static const char *text(const cJSON *line, const char *name, const char *otherwise)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, name));

	return s ? s : otherwise;
}

static int number(const cJSON *line, const char *name, int otherwise)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(line, name);

	return cJSON_IsNumber(v) ? v->valueint : otherwise;
}

/* The reply of a good server that has this to say. */
static void wrap(struct lode_buf *out, enum lode_api api, const char *content)
{
	struct lode_json j;

	lode_buf_clear(out);
	lode_json_init(&j, out);
	lode_json_object(&j, NULL);
	lode_json_str(&j, "model", "m");
	lode_json_array(&j, api == LODE_API_CHAT ? "choices" : "content");
	lode_json_object(&j, NULL);
	lode_json_str(&j, api == LODE_API_CHAT ? "finish_reason" : "type", api == LODE_API_CHAT ? "stop" : "text");
	if (api == LODE_API_CHAT)
		lode_json_object(&j, "message");
	lode_json_str(&j, api == LODE_API_CHAT ? "content" : "text", content);
	if (api == LODE_API_CHAT)
		lode_json_end(&j);
	lode_json_end(&j);
	lode_json_end(&j);
	if (api == LODE_API_ANTHROPIC)
		lode_json_str(&j, "stop_reason", "end_turn");
	lode_json_end(&j);
}

/* What a person may get to see is one line of printable text. */
static bool plain(const struct lode_reply *r)
{
	const char *const all[] = {r->why, r->proposal.why, r->model, r->proposal.reason[0], r->proposal.reason[LODE_CHANGES_MAX - 1]};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		for (const char *p = all[i]; *p; p++)
			if (*p < 0x20 || *p > 0x7e)
				return false;
	return true;
}

/* NULL, or what is not as the line says. */
static const char *wrong(struct fixture *f, const cJSON *line, enum lode_call got, const struct lode_reply *r)
{
	static char what[600];
	struct lode_refusal refusal;

	if (strcmp(lode_call_name(got), text(line, "call", "?")) != 0) {
		lode_fmt(what, sizeof what, "is %s (%.200s)", lode_call_name(got), r->why);
		return what;
	}
	if (r->call != got || !plain(r) || (got != LODE_CALL_OK && !r->why[0]))
		return "is not told properly";
	if (got != LODE_CALL_OK)
		return r->proposal.n ? "left a proposal behind" : NULL;
	if ((int)r->proposal.n != number(line, "changes", -1))
		return "has another number of changes";
	lode_guard_check(&f->w->q.now, &r->proposal, &f->plan, &refusal);
	if (strcmp(lode_rule_name(refusal.rule), text(line, "guard", "?")) != 0) {
		lode_fmt(what, sizeof what, "meets the guard's rule %s: %.300s", lode_rule_name(refusal.rule), refusal.why);
		return what;
	}
	return NULL;
}

static void one(struct fixture *f, const cJSON *line, enum lode_api api)
{
	struct lode_dialect d = {.api = api, .extract = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(line, "extract"))};
	const char *content = text(line, "content", NULL), *body = text(line, "body", NULL), *fault;
	struct lode_reply r = {0};

	if (content)
		wrap(&f->body, api, content);
	else
		lode_buf_clear(&f->body), lode_buf_adds(&f->body, body);
	/* Its own size exactly: reading past the end shows. */
	char *exact = strdup(lode_buf_str(&f->body));
	enum lode_call got = lode_reply_read(number(line, "status", 200), exact, strlen(exact), &f->offer, &d, &r);
	if ((fault = wrong(f, line, got, &r))) {
		f->failed++;
		print_message("%s, which should be %s: %s\n", text(line, "name", "?"), text(line, "call", "?"), fault);
	}
	f->lines++;
	free(exact);
	free(r.raw);
}

/* What a model says is read alike in both interfaces. */
static void each(struct fixture *f, const cJSON *line)
{
	bool anthropic = !strcmp(text(line, "api", "chat"), "anthropic");

	assert_true(cJSON_IsObject(line));
	assert_true((text(line, "content", NULL) != NULL) != (text(line, "body", NULL) != NULL));
	if (text(line, "content", NULL) || !anthropic)
		one(f, line, LODE_API_CHAT);
	if (text(line, "content", NULL) || anthropic)
		one(f, line, LODE_API_ANTHROPIC);
}

static unsigned corpus(struct fixture *f, const char *name)
{
	struct lode_buf all;
	char path[500];
	unsigned n = 0;

	lode_buf_init(&all, 16 << 20);
	lode_fmt(path, sizeof path, LODE_TEST_DATA "/replies/%s", name);
	assert_int_equal(lode_fs_read(path, &all), 0);
	for (const char *p = lode_buf_str(&all), *end; *p && (end = strchr(p, '\n')); p = end + 1, n++) {
		cJSON *line = cJSON_ParseWithLength(p, (size_t)(end - p));

		each(f, line);
		cJSON_Delete(line);
	}
	lode_buf_fini(&all);
	return n;
}

static void test_by_hand(void **state)
{
	struct fixture *f = *state;

	assert_true(corpus(f, "hand.jsonl") >= 40);
	assert_int_equal(f->failed, 0);
}

static void test_generated(void **state)
{
	struct fixture *f = *state;

	assert_true(corpus(f, "generated.jsonl") >= 500);
	assert_int_equal(f->failed, 0);
}

static void test_broken_at_every_byte(void **state)
{
	struct fixture *f = *state;

	assert_true(corpus(f, "broken.jsonl") >= 500);
	assert_int_equal(f->failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_by_hand, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_generated, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_broken_at_every_byte, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
