/* The fixed texts: the built-in ones are sound, an operator's take their place, and what cannot be used is told and replaced. Tokens are counted high. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_world.h"
#include "advise/prompt.h"
#include "advise/tokens.h"
#include "base/fs.h"

#include <stdio.h>
#include <unistd.h>

static char dir[] = "/tmp/lode-wording-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[100];

	snprintf(path, sizeof path, "%s/%s.txt", dir, name);
	assert_int_equal(lode_fs_write_atomic(path, text, strlen(text), 0644), 0);
}

static void put_good(void)
{
	put("system", "version: ours.7\nTune {{objective}} with {{changes_max}} changes, kept if {{gain}}.\n");
	put("answer", "version: a-1\nOne object.\n");
	put("task", "version: t\nGo.\n");
}

static int make(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int drop(void **state)
{
	static const char *const names[] = {"system", "answer", "task"};
	char path[100];

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s.txt", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static void test_builtin(void **state)
{
	struct world *w = world_new();
	struct lode_wording none = {0};
	char versions[80];
	struct lode_buf b;
	size_t all = 0;

	(void)state;
	lode_buf_init(&b, 1 << 20);
	for (int i = 0; i < LODE_WORDING_N; i++) {
		assert_memory_equal(lode_wording_builtin[i], "version: ", 9);
		if (i < LODE_WORDING_LIVE)
			all += lode_tokens(lode_wording_builtin[i], strlen(lode_wording_builtin[i]));
		lode_wording_print(&none, (enum lode_wording_part)i, &w->q, &b);
	}
	assert_true(all < LODE_PROMPT_LEAST / 2);
	assert_null(strstr(lode_buf_str(&b), "{{"));
	assert_null(strstr(lode_buf_str(&b), "version:"));
	assert_non_null(strstr(lode_buf_str(&b), "up to 8 that belong together"));
	lode_wording_versions(NULL, versions, sizeof versions);
	assert_memory_equal(versions, "system.", 7);
	assert_non_null(strstr(versions, " answer."));
	assert_non_null(strstr(versions, " task."));
	lode_buf_fini(&b);
	free(w);
}

static void test_replaced(void **state)
{
	struct world *w = world_new();
	struct lode_objective o = {.kind = LODE_WRITE_AMP};
	struct lode_wording ours;
	struct lode_prompt_options options = {.wording = &ours};
	struct lode_prompt p;
	struct lode_buf notes;

	(void)state;
	lode_buf_init(&notes, 8192);
	put_good();
	assert_int_equal(lode_wording_load(&ours, dir, LODE_PROMPT_TOKENS, &notes), 0);
	assert_string_equal(lode_buf_str(&notes), "");
	assert_string_equal(lode_buf_str(&notes), "");
	w->q.objective = &o;
	assert_int_equal(lode_prompt_build(&w->q, &options, &p), 0);
	assert_memory_equal(lode_buf_str(&p.system), "Tune write_amp with 8 changes, kept if it brings ", 49);
	assert_non_null(strstr(lode_buf_str(&p.system), "\nOne object.\n"));
	assert_non_null(strstr(lode_buf_str(&p.user), "# System (prompt ours.7 a-1 t)\n"));
	assert_string_equal(p.wording, "ours.7 a-1 t");
	assert_string_equal(lode_buf_str(&p.user) + p.user.len - 5, "\nGo.\n");
	lode_prompt_fini(&p);
	lode_wording_free(&ours);
	lode_buf_fini(&notes);
	free(w);
}

/* One bad file: a line that says what is wrong with it, and the built-in text in its place; the others are used. */
static void refused(const char *text, const char *why)
{
	struct lode_wording w;
	struct lode_buf notes;
	char versions[80];

	lode_buf_init(&notes, 8192);
	put_good();
	if (text) {
		put("answer", text);
	} else {
		char path[100];
		snprintf(path, sizeof path, "%s/answer.txt", dir);
		unlink(path);
	}
	assert_int_equal(lode_wording_load(&w, dir, 2500, &notes), 1);
	if (!strstr(lode_buf_str(&notes), why) || !strstr(lode_buf_str(&notes), "/answer.txt is not used, but the built-in text"))
		fail_msg("'%s' is not in: %s", why, lode_buf_str(&notes));
	assert_memory_equal(lode_wording_versions(&w, versions, sizeof versions), "ours.7 answer.", 14);
	lode_wording_free(&w);
	lode_buf_fini(&notes);
}

static void test_refused(void **state)
{
	char *big = malloc(100000);

	(void)state;
	refused(NULL, "No such file");
	refused("", "its first line is not \"version: WORD\"");
	refused("version: \nx\n", "its first line is not");
	refused("version: Upper\nx\n", "its first line is not");
	refused("version: a b\nx\n", "its first line is not");
	refused("version: abcdefghijklmnopqrstuvwxyz\nx\n", "its first line is not");
	refused("version: a", "its first line is not");
	refused("no version\nversion: a\n", "its first line is not");
	refused("version: a\nkey {{hostname}}\n", "there is no placeholder {{hostname}}");
	refused("version: a\n{{gain}} {{", "there is no placeholder {{}}");
	refused("version: a\n{{gain", "there is no placeholder {{}}"); /* an open one is none */
	refused("version: a\nGr\xc3\xbc\xc3\x9f\x65\n", "not plain text");
	refused("version: a\nbell\a\n", "not plain text");
	memset(big, 'a', 99999);
	big[99999] = '\0';
	memcpy(big, "version: a\n", 11);
	refused(big, "it is larger than 65536 bytes");
	big[20000] = '\0';
	refused(big, "tokens, and");
	free(big);
}

static size_t count(const char *text)
{
	return lode_tokens(text, strlen(text));
}

/* The rule as it is documented; that it counts high is shown against real tokenizers in docs/dialogue.md. */
static void test_tokens(void **state)
{
	(void)state;
	assert_int_equal(count(""), 0);
	assert_int_equal(count("the"), 1);
	assert_int_equal(count("changes"), 2);
	assert_int_equal(count("write_buffer_size"), 2 + 1 + 2 + 1 + 1);
	assert_int_equal(count("67108864"), 8);
	assert_int_equal(count("is 42"), 1 + 1 + 2);
	assert_int_equal(count("a b\n"), 3);
	assert_int_equal(count("12.5 %"), 5);
	for (int i = 0; i < 2000; i++) { /* of a sum, at most the sum */
		char text[40];
		size_t n = 1 + (size_t)(i * 7919 % 38), at = (size_t)(i * 104729) % n;
		for (size_t k = 0; k < n; k++)
			text[k] = "ab 12.\n|xyz  0"[(size_t)(i * 31 + (int)k * 17) % 14];
		assert_true(lode_tokens(text, n) <= lode_tokens(text, at) + lode_tokens(text + at, n - at) + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_builtin), cmocka_unit_test(test_replaced), cmocka_unit_test(test_refused), cmocka_unit_test(test_tokens)};

	return cmocka_run_group_tests(tests, make, drop);
}
