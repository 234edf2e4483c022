/* What surrounds a call (but for the budget: test_advise_budget.c): the key's file, the address, numbers and foreign words as text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "advise/http.h"
#include "advise/key.h"
#include "advise/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the key ---- */

static char dir[] = "/tmp/test_advise_cost.XXXXXX";

static char *file(const char *name, const char *content, mode_t mode)
{
	static char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(content, f);
	fclose(f);
	chmod(path, mode);
	return path;
}

static int key_of(const char *key_file, const char *credentials, const char *key, char out[LODE_KEY_MAX])
{
	struct lode_llm_config c = {.key_file = key_file, .credentials_dir = credentials, .key = key};
	struct lode_err err = {0};
	int r = lode_key_load(&c, out, &err);

	if (r != 0)
		assert_true(strlen(err.msg) > 10);
	assert_null(strstr(err.msg, "sk-"));
	return r;
}

static void test_key_order(void **state)
{
	char out[LODE_KEY_MAX], path[200];

	(void)state;
	assert_int_equal(key_of(NULL, NULL, NULL, out), -ENOKEY);
	assert_int_equal(key_of("", "", "", out), -ENOKEY);
	assert_int_equal(key_of(NULL, NULL, "sk-env", out), 0);
	assert_string_equal(out, "sk-env");
	assert_int_equal(key_of(NULL, dir, "sk-env", out), 0); /* no such file there yet */
	assert_string_equal(out, "sk-env");
	file("lodestone-api-key", "sk-cred\n", 0440);
	assert_int_equal(key_of(NULL, dir, "sk-env", out), 0);
	assert_string_equal(out, "sk-cred");
	strcpy(path, file("key", "sk-file\r\n", 0600));
	assert_int_equal(key_of(path, dir, "sk-env", out), 0);
	assert_string_equal(out, "sk-file");
	/* The one that is named must be good: no falling through to another. */
	unlink(path);
	assert_int_equal(key_of(path, dir, "sk-env", out), -ENOENT);
}

static void test_key_trust(void **state)
{
	char out[LODE_KEY_MAX], link_path[200], longer[LODE_KEY_MAX + 10];

	(void)state;
	assert_int_equal(key_of(file("key", "sk-a", 0644), NULL, NULL, out), -EPERM);
	assert_int_equal(key_of(file("key", "sk-a", 0640), NULL, NULL, out), -EPERM);
	assert_int_equal(key_of(file("key", "sk-a", 0620), NULL, NULL, out), -EPERM);
	assert_int_equal(key_of(file("key", "sk-a\nsk-b", 0600), NULL, NULL, out), -EINVAL);
	assert_int_equal(key_of(file("key", "sk-a\r\nX-Evil: 1", 0600), NULL, NULL, out), -EINVAL);
	assert_int_equal(key_of(file("key", "\n", 0600), NULL, NULL, out), -EINVAL);
	assert_int_equal(key_of(file("key", "sk-\xc3\xa4", 0600), NULL, NULL, out), -EINVAL);
	memset(longer, 'k', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(key_of(file("key", longer, 0600), NULL, NULL, out), -E2BIG);
	assert_int_equal(key_of(NULL, NULL, longer, out), -E2BIG);
	assert_int_equal(key_of(dir, NULL, NULL, out), -EINVAL);
	snprintf(link_path, sizeof link_path, "%s/link", dir);
	assert_int_equal(symlink(file("key", "sk-a", 0600), link_path), 0);
	assert_int_equal(key_of(link_path, NULL, NULL, out), -ELOOP);
	unlink(link_path);
}

/* A page of its own, and what changes when the file does. */
static void test_key_page(void **state)
{
	struct lode_llm_config c = {.credentials_dir = dir};
	char *page = lode_key_page(), path[200];
	uint64_t first;

	(void)state;
	assert_non_null(page);
	for (int i = 0; i < LODE_KEY_PAGE; i++)
		assert_int_equal(page[i], 0);
	lode_key_page_free(page);
	lode_key_page_free(NULL);
	snprintf(path, sizeof path, "%s/lodestone-api-key", dir);
	unlink(path);
	assert_int_equal(lode_key_stamp(&c), 0);
	file("lodestone-api-key", "sk-one", 0600);
	first = lode_key_stamp(&c);
	assert_true(first != 0 && first == lode_key_stamp(&c));
	chmod(path, 0400);
	assert_true(lode_key_stamp(&c) != first);
	c.key_file = file("key", "sk-one", 0600);
	assert_true(lode_key_stamp(&c) != first);
	c = (struct lode_llm_config){.key = "sk-env"};
	assert_int_equal(lode_key_stamp(&c), 0);
}

/* ---- the address ---- */

static void test_url(void **state)
{
	static const struct {
		const char *url;
		bool good, loopback;
	} cases[] = {
	    {"https://api.example.org/v1", true, false},
	    {"https://localhost:8443/v1", true, true},
	    {"http://127.0.0.1:8080/v1", true, true},
	    {"http://127.8.8.8", true, true},
	    {"http://localhost:11434/v1/", true, true},
	    {"http://[::1]:8080/v1", true, true},
	    {"http://api.example.org/v1", false, false},
	    {"http://127.0.0.1.example.org/v1", false, false},
	    {"http://localhost.example.org/v1", false, false},
	    {"http://10.0.0.1/v1", false, false},
	    {"http://[::2]/v1", false, false},
	    {"http://user:pw@127.0.0.1/v1", false, false},
	    {"http://127.0.0.1@example.org/v1", false, false},
	    {"http://127.0.0.1\\@example.org/v1", false, false},
	    {"https://example.org/v1?x=1", false, false},
	    {"https://example.org/v1#x", false, false},
	    {"https://exa mple.org", false, false},
	    {"https://example.org/\r\nX: y", false, false},
	    {"https://", false, false},
	    {"http://:80/v1", false, false},
	    {"file:///etc/passwd", false, false},
	    {"HTTP://127.0.0.1", false, false},
	    {"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lode_err err = {0};
		bool loopback = false;
		int r = lode_http_url_check(cases[i].url, &loopback, &err);

		if ((r == 0) != cases[i].good || (r == 0 && loopback != cases[i].loopback))
			fail_msg("%s: %d %s", cases[i].url, r, err.msg);
	}
}

static void test_text(void **state)
{
	char out[8];

	(void)state;
	assert_string_equal(lode_text_num(0, 3).s, "0");
	assert_string_equal(lode_text_num(123456, 3).s, "123000");
	assert_string_equal(lode_text_num(-123456, 2).s, "-120000");
	assert_string_equal(lode_text_num(1.005, 3).s, "1");
	assert_string_equal(lode_text_num(0.012345, 3).s, "0.0123");
	assert_string_equal(lode_text_num(99.97, 3).s, "100");
	assert_string_equal(lode_text_num(1.5, 3).s, "1.5");
	assert_string_equal(lode_text_num(1e-20, 3).s, "0");
	assert_string_equal(lode_text_num(NAN, 3).s, "unknown");
	assert_string_equal(lode_text_num(INFINITY, 3).s, "unknown");
	assert_string_equal(lode_text_num(1e30, 3).s, "unknown");
	assert_string_equal(lode_text_percent(0.1234).s, "12.3 %");
	assert_string_equal(lode_text_percent(NAN).s, "unknown");
	lode_text_plain(out, sizeof out,
			"a\tb\x1b"
			"cdefgh",
			10);
	assert_string_equal(out, "a b?cde");
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char path[200];

	(void)state;
	snprintf(path, sizeof path, "%s/key", dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/lodestone-api-key", dir);
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_key_order),
	    cmocka_unit_test(test_key_trust),
	    cmocka_unit_test(test_key_page),
	    cmocka_unit_test(test_url),
	    cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
