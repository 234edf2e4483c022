/* Statistics on demand: each is printed, from what is there and from nothing, in numbers and our own words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_world.h"
#include "advise/extra.h"

#include <stdio.h>

static const char *print(struct lode_buf *b, const struct lode_question *q)
{
	lode_buf_clear(b);
	lode_extra_print(b, q);
	assert_false(b->failed);
	return lode_buf_str(b);
}

static void check_words(const char *text)
{
	assert_null(strstr(text, CANARY));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || (*p >= 0x20 && *p <= 0x7e));
}

static struct lode_detail *some_detail(void)
{
	struct lode_detail *d = calloc(1, sizeof *d);

	d->parts = LODE_DETAIL_LEVELS | LODE_DETAIL_ENTRIES | LODE_DETAIL_CACHE;
	d->cache_known = true;
	d->role_bytes[LODE_ROLE_INDEX] = 3u << 20;
	d->role_count[LODE_ROLE_INDEX] = 12;
	d->ncf = 1;
	d->cf[0] = (struct lode_detail_cf){.levels = 2, .entries = 70000, .deletes = 900, .readers = 5u << 20};
	d->cf[0].level[0] = (struct lode_detail_level){0.75, 1, 2, NAN, 1, 30, 17, 4000000, 250};
	d->cf[0].level[1] = (struct lode_detail_level){1.25, 9, 8, 0, 4.5, NAN, 0, 0, 0};
	return d;
}

static void test_each(void **state)
{
	static const struct {
		enum lode_extra e;
		const char *has;
	} cases[] = {{LODE_EXTRA_LEVELS, "L0 2/100 MiB/0.75 L1 4/250 MiB/1.25"},
		     {LODE_EXTRA_COMPACTIONS, "cf0 L0 | 17 | 30 | 954 MiB | 1.9 GiB | ? | 1 | 4000000 | 250\n"},
		     {LODE_EXTRA_STALLS, "cf0: "},
		     {LODE_EXTRA_MEMTABLES, "entries of the active 70000, deletions among them 900"},
		     {LODE_EXTRA_FILES, "L1 62.5 MiB"},
		     {LODE_EXTRA_GETS, "get: count 4200000, mean 14 us, p10 "},
		     {LODE_EXTRA_WRITES, "write: none timed"},
		     {LODE_EXTRA_SEEKS, "seek: none timed"},
		     {LODE_EXTRA_BACKGROUND, "read of a file: 123000 per second, mean 6 us"},
		     {LODE_EXTRA_CACHE_KINDS, "data blocks: hits per second 16700, misses 123000, hit rate 11.9 %"},
		     {LODE_EXTRA_CACHE_ENTRIES, "index blocks: 3 MiB in 12 entries"},
		     {LODE_EXTRA_FILTERS, "keys found: in memtables unknown"},
		     {LODE_EXTRA_DB_OPTIONS, "max_background_jobs=2"},
		     {LODE_EXTRA_CF_OPTIONS, "cf0: write_buffer_size=67108864"}};
	struct world *w = world_new();
	struct lode_detail *d = some_detail();
	struct lode_buf b;

	(void)state;
	assert_int_equal(sizeof cases / sizeof cases[0], LODE_EXTRA_N);
	lode_buf_init(&b, 1 << 20);
	w->q.detail = d;
	assert_string_equal(print(&b, &w->q), "");
	for (size_t i = 0; i < LODE_EXTRA_N; i++) {
		w->q.wants = 1u << cases[i].e;
		const char *text = print(&b, &w->q);
		char title[40];

		snprintf(title, sizeof title, "## %s: ", lode_extra_name(cases[i].e));
		assert_int_equal(strncmp(text, title, strlen(title)), 0);
		assert_null(strstr(text + 1, "## "));
		if (!strstr(text, cases[i].has))
			fail_msg("no '%s' in %s", cases[i].has, text);
		check_words(text);
	}
	lode_buf_fini(&b);
	free(d);
	free(w);
}

/* Everything at once, where nothing is known, or everything is as large as it can be. */
static void test_extremes(void **state)
{
	struct world *w = world_new();
	struct lode_detail *d = some_detail();
	struct lode_buf b;

	(void)state;
	lode_buf_init(&b, 1 << 20);
	w->q.wants = (1u << LODE_EXTRA_N) - 1;
	check_words(print(&b, &w->q));
	memset(d, 0xff, sizeof *d);
	d->cache_known = true;
	d->ncf = LODE_DETAIL_FAMILIES;
	for (size_t i = 0; i < LODE_DETAIL_FAMILIES; i++) {
		d->cf[i].levels = LODE_LEVEL_MAX;
		d->cf[i].id = (uint32_t)i;
	}
	w->q.detail = d;
	w->sample.ncf = LODE_CF_MAX;
	memset(w->sample.cf, 0xff, sizeof w->sample.cf);
	check_words(print(&b, &w->q));
	memset(&w->sample, 0, sizeof w->sample);
	memset(&w->state, 0, sizeof w->state);
	w->q.window = NULL;
	w->q.detail = NULL;
	check_words(print(&b, &w->q));
	lode_buf_fini(&b);
	free(d);
	free(w);
}

static void test_names(void **state)
{
	(void)state;
	for (int e = 0; e < LODE_EXTRA_N; e++) {
		assert_int_equal(lode_extra_find(lode_extra_name((enum lode_extra)e)), e);
		assert_true(strlen(lode_extra_doc((enum lode_extra)e)) > 10);
	}
	assert_int_equal(lode_extra_find("Levels"), -1);
	assert_int_equal(lode_extra_find(""), -1);
	assert_int_equal(lode_extra_parts(0), 0);
	assert_int_equal(lode_extra_parts(1u << LODE_EXTRA_LEVELS | 1u << LODE_EXTRA_CACHE_ENTRIES), LODE_DETAIL_LEVELS | LODE_DETAIL_CACHE);
	assert_int_equal(lode_extra_parts(1u << LODE_EXTRA_GETS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each), cmocka_unit_test(test_extremes), cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
