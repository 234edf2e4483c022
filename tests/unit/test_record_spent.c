/* What a model has cost before, from a journal: rounds with their end and without, over two files, and nothing twice. */
#include "base/clock.h"
#include "base/log.h"
#include "record/journal.h"
#include "record/journal_read.h"
#include "record/spent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000ull
#define HOUR_US (3600 * SECOND_US)
#define T0 1767225600000000ull /* 2026-01-01, in microseconds */

static char dir[64], path[96];
static uint64_t wall;

static uint64_t now_us(void *self)
{
	(void)self;
	return wall;
}

static const struct lode_clock hand = {.wall_us = now_us};

static int fresh(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/lode-spent-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/journal.jsonl", dir);
	lode_log_level_set(LODE_LOG_OFF);
	return 0;
}

static int clean(void **state)
{
	char command[96];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

static void note(struct lode_journal *j, uint64_t at_us, const char *kind)
{
	wall = at_us;
	lode_journal_begin(j, kind);
	assert_int_equal(lode_journal_end(j, false), 0);
}

static void advice(struct lode_journal *j, uint64_t at_us, uint64_t calls, uint64_t tokens)
{
	wall = at_us;
	struct lode_json *o = lode_journal_begin(j, "advice");
	lode_json_u64(o, "calls", calls);
	lode_json_u64(o, "prompt_tokens", tokens);
	lode_json_u64(o, "completion_tokens", 1);
	lode_json_str(o, "reply", "{\"calls\":1000}");
	assert_int_equal(lode_journal_end(j, false), 0);
}

/* Calls of the last hour and tokens of the last day, at this moment of a life that began then. */
static bool spent(uint64_t at_us, uint64_t since_us, uint64_t *calls, uint64_t *tokens)
{
	struct lode_life life = {.now_ns = 5, .now_us = at_us, .since_us = since_us};
	struct lode_budget b;
	bool any = lode_journal_spent(path, &life, &b);

	*calls = b.calls.sum;
	*tokens = b.tokens.sum;
	return any;
}

static void rounds(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &hand);
	uint64_t calls, tokens, t = T0;
	(void)state;
	assert_false(spent(t, t, &calls, &tokens));
	note(j, t, "attach");
	assert_false(spent(t, t, &calls, &tokens));
	note(j, t, "asked");
	advice(j, t, 2, 1000);
	note(j, t += HOUR_US, "asked");
	advice(j, t, 0, 0); /* nothing was called: the circuit was open */
	note(j, t += HOUR_US, "asked");
	note(j, t, "attach"); /* that process ended while it waited */
	note(j, t += 60 * SECOND_US, "asked");
	advice(j, t, 3, 10);
	note(j, t, "asked");
	lode_journal_close(j);
	t += SECOND_US;
	assert_true(spent(t, t, &calls, &tokens));
	assert_int_equal(calls, 1 + 3 + 1);
	assert_int_equal(tokens, 1001 + 1 + 11);
	assert_true(spent(t + 24 * HOUR_US, t, &calls, &tokens));
	assert_int_equal(calls, 0);
	assert_int_equal(tokens, 11); /* the others are older than a day */
	/* A clock that was set back: what lies in the future counts as of now. */
	assert_true(spent(T0 - 48 * HOUR_US, UINT64_MAX, &calls, &tokens));
	assert_int_equal(calls, 2 + 1 + 3 + 1);
}

/* What this life has spent it knows itself; and a database that it opens again has been told of before. */
static void this_life(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &hand);
	uint64_t calls, tokens;
	(void)state;
	advice(j, T0, 4, 9);
	advice(j, T0 + 2 * SECOND_US, 50, 0);
	assert_true(spent(T0 + 3 * SECOND_US, T0 + SECOND_US, &calls, &tokens));
	assert_int_equal(calls, 4);
	note(j, T0 + 4 * SECOND_US, "attach");
	assert_false(spent(T0 + 5 * SECOND_US, T0 + SECOND_US, &calls, &tokens));
	assert_true(spent(T0 + 5 * SECOND_US, T0 + 5 * SECOND_US, &calls, &tokens));
	assert_int_equal(calls, 54);
	lode_journal_close(j);
}

static void old_journals(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &hand);
	uint64_t calls, tokens;
	char aside[128];
	FILE *f;
	(void)state;
	note(j, T0, "advice"); /* of a version that did not count calls */
	note(j, T0, "asked");
	lode_journal_close(j);
	snprintf(aside, sizeof aside, "%s.1", path);
	assert_int_equal(rename(path, aside), 0);
	j = lode_journal_open(dir, &hand);
	advice(j, T0 + 1, 5, 0); /* the end of the round that stands in the other file */
	lode_journal_close(j);
	assert_non_null(f = fopen(path, "a"));
	fputs("{\"ts\":\"2026-01-01T00:00:00.000000Z\",\"seq\":9,\"kind\":\"advice\",\"calls\":7,\"crc\":\"00000000\"}\n{\"torn", f);
	fclose(f);
	assert_true(spent(T0 + SECOND_US, T0 + SECOND_US, &calls, &tokens));
	assert_int_equal(calls, 1 + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(rounds, fresh, clean),
	    cmocka_unit_test_setup_teardown(this_life, fresh, clean),
	    cmocka_unit_test_setup_teardown(old_journals, fresh, clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
