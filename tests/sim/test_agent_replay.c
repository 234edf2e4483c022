/* A dialogue with a model, replayed: what is said twice in the same world leads to the same journal, to the byte, and a recording of a replay is the
 * recording. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "bed.h"

#define MIB (1ll << 20)
#define ENOUGH (64u << 20)

/* The bed's clock before there is one: an advisor is made before the bed is started. */
static uint64_t mono(void *bed)
{
	const struct lode_lsm *sim = ((struct bed *)bed)->sim;

	return sim ? lode_clock_mono(lode_lsm_clock((struct lode_lsm *)sim)) : 0;
}

static uint64_t wall(void *bed)
{
	return lode_clock_wall(lode_lsm_clock(((struct bed *)bed)->sim));
}

struct run {
	struct lode_buf journal, recording;
	char status[400];
	uint64_t kept, reverted, refused, cache;
};

/* The directory's name, which is another each time, out of a text, and the checksum of the one record that has it, the first. */
static void mask(struct lode_buf *text, const char *dir)
{
	for (char *p = text->data; p && (p = strstr(p, dir)); p += strlen(dir))
		memset(p, '-', strlen(dir));
	char *crc = text->data ? strstr(text->data, "\"crc\":\"") : NULL;
	if (crc)
		memset(crc + 7, '-', 8);
}

static uint64_t count(const char *status, const char *name)
{
	char key[40];
	const char *p = strstr(status, "\"counts\":{");

	snprintf(key, sizeof key, "\"%s\":", name);
	p = p ? strstr(p, key) : NULL;
	return p ? strtoull(p + strlen(key), NULL, 10) : 0;
}

/* Half an hour with this dialogue. replay is relative to the test's data unless it begins with a slash; what was said is recorded, and read back. */
static void play(struct run *r, const char *replay, bool strict, uint64_t seed)
{
	char file[600], record[100];
	struct lode_err err = {0};
	struct lode_cache cache = {0};
	struct bed b;
	struct lode_clock clock = {.mono_ns = mono, .wall_us = wall, .self = &b};

	bed_init(&b, seed);
	b.root = LODE_TEST_DATA "/machine/v2";
	snprintf(file, sizeof file, "%s%s", *replay == '/' ? "" : LODE_TEST_DATA "/dialogues/", replay);
	snprintf(record, sizeof record, "%s/tape.jsonl", b.dir);
	struct lode_llm_config c = {.replay = file, .replay_loose = !strict, .record = record, .clock = &clock, .temperature = 0.2, .timeout_s = 30,
				    .retries = 1, .calls_per_hour = 30};
	b.asker.advisor = lode_advisor_llm(&c, &err);
	if (!b.asker.advisor)
		fail_msg("%s", err.msg);
	bed_start(&b);
	bed_run(&b, 1800);
	lode_buf_init(&r->journal, ENOUGH);
	lode_buf_init(&r->recording, ENOUGH);
	assert_true(bed_journal(&b, &r->journal) > 5);
	assert_int_equal(lode_fs_read(record, &r->recording), 0);
	mask(&r->journal, b.dir);
	lode_lsm_host(b.sim)->ops->cache(lode_lsm_host(b.sim), &cache);
	r->cache = cache.capacity;
	r->kept = count(bed_status(&b), "kept");
	r->reverted = count(bed_status(&b), "reverted") + count(bed_status(&b), "tripped");
	r->refused = count(bed_status(&b), "refused");
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void drop(struct run *r)
{
	lode_buf_fini(&r->journal);
	lode_buf_fini(&r->recording);
}

static void same(const struct lode_buf *a, const struct lode_buf *b)
{
	size_t at = 0, from;

	while (at < a->len && at < b->len && a->data[at] == b->data[at])
		at++;
	from = at < 200 ? 0 : at - 200;
	if (at < a->len || at < b->len)
		fail_msg("differ at byte %zu of %zu and %zu:\n%.400s\n---\n%.400s", at, a->len, b->len, a->data + from, b->data + from);
}

static size_t times(const struct lode_buf *text, const char *word)
{
	size_t n = 0;

	for (const char *p = lode_buf_str(text); (p = strstr(p, word)); p++)
		n++;
	return n;
}

/* A malformed answer, a refusal by the guard, a bad change, the good one. */
static void test_dialogue(void **state)
{
	struct run first, again, taped;
	char file[] = "/tmp/test_agent_replay.XXXXXX";
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	play(&first, "learns_small.jsonl", false, 7);
	assert_true(first.kept >= 1);
	assert_true(first.refused >= 1);
	assert_true(first.reverted >= 1);
	assert_true(first.cache >= (uint64_t)(64 * MIB));
	play(&again, "learns_small.jsonl", false, 7);
	same(&first.journal, &again.journal);
	same(&first.recording, &again.recording);
	/* Its own recording, where not one byte of any question may be another. */
	assert_int_equal(lode_fs_write_atomic(file, first.recording.data, first.recording.len, 0600), 0);
	play(&taped, file, true, 7);
	same(&first.recording, &taped.recording);
	assert_int_equal(times(&taped.journal, "\"note\":"), 0);
	assert_int_equal(times(&taped.journal, "replay-differs"), 0);
	same(&first.journal, &taped.journal);
	drop(&taped);
	/* Other coins, other numbers: strictly, that is another dialogue, and nothing is tried. */
	play(&taped, file, true, 8);
	assert_true(times(&taped.journal, "replay-differs") > 0);
	assert_int_equal(taped.kept + taped.reverted + taped.refused, 0);
	drop(&taped);
	/* Loosely it is answered, and told. */
	play(&taped, file, false, 8);
	assert_true(times(&taped.journal, "\"note\":\"request ") > 0);
	assert_true(taped.kept >= 1);
	drop(&taped);
	drop(&first);
	drop(&again);
	unlink(file);
}

static void test_hostile(void **state)
{
	struct run r;

	(void)state;
	play(&r, "hostile.jsonl", false, 9);
	assert_int_equal(r.kept, 0);
	drop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dialogue), cmocka_unit_test(test_hostile)};

	lode_log_level_set(LODE_LOG_OFF);
	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
