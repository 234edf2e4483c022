/* Memory as a value: bans that double, proofs that replace each other, and a journal that may hold anything when it is read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/memory.h"
#include "base/fs.h"
#include "base/rng.h"

#define S 1000000000ull
#define YEAR 31e6

static struct lode_memory m, again;

static uint32_t meet(struct lode_memory *x, double reads, double bytes)
{
	struct lode_workload w = {.known = true, .ops = 1000, .share = {reads, 1 - reads, 0, 0}, .value_bytes = bytes, .write_bytes = bytes, .found = 1, .scan_next = NAN,
				  .batch_keys = 1, .rate = NAN, .text = "some work"};
	for (int i = 0; i < 30; i++)
		lode_regimes_feed(&x->book, &w, 1, 10, false);
	return lode_regimes_now(&x->book)->id;
}

static struct lode_proven proof(const char *id, int64_t value, double effect)
{
	struct lode_proven p = {.n = 1, .effect = effect, .lo = effect / 2, .hi = NAN, .pairs = 7, .decade = 9, .rocksdb = "7.8.3"};
	p.change[0] = (struct lode_change){.tunable = lode_tunable_find(id), .cf = LODE_CF_ALL, .value = value};
	return p;
}

static void bans_double_and_are_local(void **state)
{
	int t = lode_tunable_find("write_buffer_size");
	uint32_t a, b;
	(void)state;
	lode_memory_init(&m);
	a = meet(&m, 0.9, 100);
	b = meet(&m, 0.1, 100);
	assert_true(a != b);
	for (unsigned n = 1; n <= 20; n++) {
		const struct lode_failed *f;
		lode_lesson_fail(lode_memory_lesson(&m, a), t, true, 5 * S, 100);
		f = lode_memory_banned(&m, a, t, true, 5 * S);
		assert_non_null(f);
		assert_int_equal(f->times, n < 16 ? n : 16);
		assert_int_equal(f->until_ns, 5 * S + 100 * S * (1ull << (f->times - 1)));
	}
	assert_null(lode_memory_banned(&m, a, t, false, 5 * S));
	assert_null(lode_memory_banned(&m, b, t, true, 5 * S));
	assert_null(lode_memory_banned(&m, a, t, true, UINT64_MAX));
	lode_lesson_fail(lode_memory_lesson(&m, LODE_EVERYWHERE), t, false, 5 * S, 100); /* a tripwire */
	assert_non_null(lode_memory_banned(&m, a, t, false, 5 * S));
	assert_non_null(lode_memory_banned(&m, b, t, false, 5 * S));
	assert_non_null(lode_memory_banned(&m, 0, t, false, 5 * S));
	lode_lesson_forgive(lode_memory_lesson(&m, a), t, true);
	assert_null(lode_memory_banned(&m, a, t, true, 5 * S));
	for (int i = 0; i < lode_tunable_count; i++) /* a full list forgets what would end soonest */
		lode_lesson_fail(lode_memory_lesson(&m, b), i, true, (uint64_t)(i + 1) * S, 100);
	assert_int_equal(lode_memory_lesson(&m, b)->nfailed, LODE_FAILED_MAX);
	assert_non_null(lode_memory_banned(&m, b, lode_tunable_count - 1, true, 1));
}

static void proofs_replace_each_other(void **state)
{
	struct lode_proven p = proof("write_buffer_size", 128 << 20, 0.1), q = proof("block_cache_size", 1 << 30, 0.5);
	struct lode_lesson *l;
	(void)state;
	lode_memory_init(&m);
	l = lode_memory_lesson(&m, meet(&m, 0.9, 100));
	lode_lesson_prove(l, &p);
	lode_lesson_prove(l, &q);
	lode_lesson_prove(l, &p);
	assert_int_equal(l->nproven, 2);
	assert_int_equal(lode_lesson_find(l, p.change, 1)->times, 2);
	p.change[0].value *= 2;
	lode_lesson_prove(l, &p);
	assert_int_equal(l->nproven, 2);
	assert_int_equal(lode_lesson_find(l, p.change, 1)->times, 1);
	assert_true(lode_lesson_holds(l, p.change[0].tunable, 7, 256 << 20)); /* for all families */
	assert_false(lode_lesson_holds(l, p.change[0].tunable, 7, 128 << 20));
	lode_lesson_drop(l, lode_lesson_find(l, p.change, 1));
	assert_int_equal(l->nproven, 1);
	assert_non_null(lode_lesson_find(l, q.change, 1));
	for (int i = 0; i < lode_tunable_count; i++) {
		p.change[0].tunable = i;
		lode_lesson_prove(l, &p);
	}
	assert_int_equal(l->nproven, LODE_PROVEN_MAX);
	assert_null(lode_memory_lesson(&m, 77)); /* not in the book */
}

static void fill_memory(void)
{
	struct lode_proven p = proof("write_buffer_size", 128 << 20, 0.1), q = proof("block_cache_size", 1ll << 33, 0.5);
	lode_memory_init(&m);
	q.change[1] = (struct lode_change){.tunable = lode_tunable_find("max_background_jobs"), .value = 4};
	q.n = 2;
	for (int i = 0; i < 6; i++) {
		struct lode_lesson *l = lode_memory_lesson(&m, meet(&m, 0.9, pow(8, i)));
		lode_lesson_prove(l, i % 2 ? &p : &q);
		if (i == 2)
			lode_lesson_prove(l, &p);
		lode_lesson_fail(l, 3 + i, i % 2, 1000 * S, 100);
		lode_lesson_fail(l, 3 + i, i % 2, 1000 * S, 100);
	}
	lode_lesson_fail(&m.lesson[0], 9, true, 1000 * S, 100);
}

static char *write_all(struct lode_buf *out, uint64_t now_ns, uint64_t wall_us)
{
	char dir[] = "/tmp/lode-memory-XXXXXX", path[100];
	struct lode_journal *j;
	assert_non_null(mkdtemp(dir));
	j = lode_journal_open(dir, &lode_clock_real);
	for (size_t i = 0; i <= m.book.n; i++) {
		struct lode_json *json = lode_journal_begin(j, "memory");
		lode_memory_write(&m, i ? m.book.r[i - 1].id : LODE_EVERYWHERE, now_ns, wall_us, json);
		assert_int_equal(lode_journal_end(j, false), 0);
	}
	lode_journal_close(j);
	snprintf(path, sizeof(path), "%s/journal.jsonl", dir);
	lode_buf_init(out, 1 << 20);
	assert_int_equal(lode_fs_read(path, out), 0);
	unlink(path);
	rmdir(dir);
	return out->data;
}

static bool load_text(struct lode_memory *x, const char *text, size_t len, const char *old, uint64_t now_ns, uint64_t wall_us)
{
	char dir[] = "/tmp/lode-memory-XXXXXX", path[100], aside[110];
	bool carry;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/journal.jsonl", dir);
	snprintf(aside, sizeof(aside), "%s.1", path);
	assert_int_equal(lode_fs_write_atomic(path, text, len, 0600), 0);
	if (old)
		assert_int_equal(lode_fs_write_atomic(aside, old, strlen(old), 0600), 0);
	lode_memory_init(x);
	carry = lode_memory_load(x, path, now_ns, wall_us, YEAR);
	unlink(path);
	unlink(aside);
	rmdir(dir);
	return carry;
}

static void assert_sound(const struct lode_memory *x)
{
	assert_true(x->book.n <= LODE_REGIMES_MAX);
	assert_int_equal(x->book.at, -1);
	for (size_t i = 0; i < x->book.n; i++) {
		assert_true(x->book.r[i].id && x->book.r[i].id <= x->book.last_id);
		assert_true(x->book.r[i].has[0] || x->book.r[i].has[1]);
		for (size_t k = 0; k < i; k++)
			assert_true(x->book.r[i].id != x->book.r[k].id);
	}
	for (size_t i = 0; i <= LODE_REGIMES_MAX; i++) {
		const struct lode_lesson *l = &x->lesson[i];
		assert_true(l->nproven <= LODE_PROVEN_MAX && l->nfailed <= LODE_FAILED_MAX);
		for (size_t k = 0; k < l->nproven; k++) {
			assert_in_range(l->proven[k].n, 1, LODE_CHANGES_MAX);
			for (size_t c = 0; c < l->proven[k].n; c++)
				assert_in_range(l->proven[k].change[c].tunable, 0, lode_tunable_count - 1);
		}
		for (size_t k = 0; k < l->nfailed; k++) {
			assert_in_range(l->failed[k].tunable, 0, lode_tunable_count - 1);
			assert_in_range(l->failed[k].times, 1, LODE_TIMES_MAX);
			assert_true((double)l->failed[k].until_ns <= 2000e9 + YEAR * 1e9);
		}
	}
}

/* Written and read: the same; an hour later the bans are an hour shorter, and a clock that was set back makes none longer. */
static void survives(void **state)
{
	const uint64_t wall = 1700000000000000;
	struct lode_lesson *l, *was;
	struct lode_buf text;
	(void)state;
	fill_memory();
	write_all(&text, 1000 * S, wall);
	assert_false(load_text(&again, text.data, text.len, NULL, 50 * S, wall));
	assert_sound(&again);
	assert_int_equal(again.book.n, m.book.n);
	for (size_t i = 0; i < m.book.n; i++) {
		uint32_t id = m.book.r[i].id;
		was = lode_memory_lesson(&m, id);
		l = lode_memory_lesson(&again, id);
		assert_int_equal(l->nproven, was->nproven);
		assert_int_equal(l->nfailed, was->nfailed);
		for (size_t k = 0; k < l->nproven; k++)
			assert_ptr_equal(lode_lesson_find(l, was->proven[k].change, was->proven[k].n), &l->proven[k]);
		for (size_t k = 0; k < l->nproven; k++)
			assert_int_equal(l->proven[k].change[0].value, was->proven[k].change[0].value);
		assert_int_equal(l->failed[0].times, 2);
		assert_int_equal(l->failed[0].until_ns, 250 * S);
		assert_true(lode_workload_distance(&m.book.r[i].face[0], &lode_regimes_find(&again.book, id)->face[0]) < 1e-6);
		assert_string_equal(lode_regimes_find(&again.book, id)->face[0].text, "some work");
	}
	assert_int_equal(again.lesson[0].nfailed, 1);
	assert_int_equal(meet(&again, 0.9, 8), m.book.r[1].id); /* and it is known again */
	load_text(&again, text.data, text.len, NULL, 50 * S, wall + 60 * 1000000ull);
	assert_int_equal(lode_memory_lesson(&again, m.book.r[0].id)->failed[0].until_ns, 190 * S);
	load_text(&again, text.data, text.len, NULL, 50 * S, wall - 3600 * 1000000ull);
	assert_int_equal(lode_memory_lesson(&again, m.book.r[0].id)->failed[0].until_ns, 250 * S);
	load_text(&again, text.data, text.len, NULL, 50 * S, wall + 3600 * 1000000ull);
	assert_null(lode_memory_banned(&again, m.book.r[0].id, 3, false, 50 * S));
	/* set aside: carried over once */
	assert_true(load_text(&again, "", 0, text.data, 50 * S, wall));
	assert_int_equal(again.book.n, m.book.n);
	lode_buf_fini(&text);
}

/* A record with a right checksum around whatever stands in it. */
static size_t record(char *out, size_t len, const char *members)
{
	int n = snprintf(out, len, "{\"ts\":\"2026-01-01T00:00:00.000000Z\",\"seq\":1,\"kind\":\"memory\",%s", members);
	return (size_t)n + (size_t)snprintf(out + n, len - (size_t)n, ",\"crc\":\"%08" PRIx32 "\"}\n", lode_crc32(out, (size_t)n));
}

static void nothing_is_believed(void **state)
{
#define FACE "\"faces\":[{\"ours\":false,\"share\":[1,0,0,0],\"found\":1,\"value_bytes\":100,\"write_bytes\":null,\"scan_next\":null,\"batch_keys\":null,\"rate\":null,\"text\":\"\"}]"
#define HEAD "\"format\":1,\"wall_us\":5,\"regime\":3,\"visits\":1,\"seconds\":10,"
	static const struct {
		const char *members;
		bool taken;
		size_t proven, failed;
	} cases[] = {
		{HEAD FACE ",\"proven\":[],\"failed\":[]", true, 0, 0},
		{HEAD FACE, true, 0, 0},
		{HEAD FACE ",\"proven\":7,\"failed\":\"x\"", true, 0, 0},
		{"\"format\":2,\"wall_us\":5,\"regime\":3,\"visits\":1,\"seconds\":10," FACE, false, 0, 0},
		{"\"wall_us\":5,\"regime\":3,\"visits\":1,\"seconds\":10," FACE, false, 0, 0},
		{"\"format\":1,\"wall_us\":5,\"regime\":4294967295,\"visits\":1,\"seconds\":10," FACE, false, 0, 0},
		{"\"format\":1,\"wall_us\":5,\"regime\":-1,\"visits\":1,\"seconds\":10," FACE, false, 0, 0},
		{"\"format\":1,\"wall_us\":1e99,\"regime\":3,\"visits\":1,\"seconds\":10," FACE, false, 0, 0},
		{HEAD "\"faces\":[]", false, 0, 0},
		{HEAD "\"faces\":[{\"ours\":true,\"share\":[1,0,0],\"found\":1}]", false, 0, 0},
		{HEAD "\"faces\":[{\"ours\":true,\"share\":[1,1,1,1],\"found\":1}]", false, 0, 0},
		{HEAD "\"faces\":[{\"ours\":true,\"share\":[1,0,0,0,0],\"found\":1}]", false, 0, 0},
		{HEAD FACE ",\"proven\":[{\"changes\":[{\"option\":\"no_such_option\",\"value\":1}],\"effect\":1,\"lo\":1,\"hi\":1,\"pairs\":1,\"times\":1,\"doubts\":0,\"decade\":1}]", true, 0, 0},
		{HEAD FACE ",\"proven\":[{\"changes\":[{\"option\":\"arena_block_size\",\"cf\":\"all\",\"value\":4096}],\"effect\":1,\"lo\":1,\"hi\":1,\"pairs\":1,\"times\":1,\"doubts\":0,\"decade\":1}]", true, 0, 0},
		{HEAD FACE ",\"proven\":[{\"changes\":[{\"option\":\"max_background_jobs\",\"value\":1.5}],\"effect\":1,\"lo\":1,\"hi\":1,\"pairs\":1,\"times\":1,\"doubts\":0,\"decade\":1}]", true, 0, 0},
		{HEAD FACE ",\"proven\":[{\"changes\":[{\"option\":\"max_background_jobs\",\"value\":1e300}],\"effect\":1,\"lo\":1,\"hi\":1,\"pairs\":1,\"times\":1,\"doubts\":0,\"decade\":1}]", true, 0, 0},
		{HEAD FACE ",\"proven\":[{\"changes\":[{\"option\":\"max_background_jobs\",\"value\":4}],\"effect\":1,\"lo\":1,\"hi\":1,\"pairs\":1,\"times\":0,\"doubts\":0,\"decade\":1}]", true, 0, 0},
		{HEAD FACE ",\"proven\":[{\"changes\":[{\"option\":\"max_background_jobs\",\"value\":4}],\"effect\":1,\"lo\":1,\"hi\":1,\"pairs\":1,\"times\":1,\"doubts\":0,\"decade\":1}]", true, 1, 0},
		{HEAD FACE ",\"failed\":[{\"option\":\"max_background_jobs\",\"up\":true,\"times\":1,\"seconds_left\":1e14}]", true, 0, 1},
		{HEAD FACE ",\"failed\":[{\"option\":\"max_background_jobs\",\"up\":true,\"times\":17,\"seconds_left\":1}]", true, 0, 0},
		{HEAD FACE ",\"failed\":[{\"option\":\"max_background_jobs\",\"up\":true,\"times\":1,\"seconds_left\":-1}]", true, 0, 0},
		{HEAD "\"faces\":[[[[[[[[[[[[]]]]]]]]]]]]", false, 0, 0},
	};
	char line[4096];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lode_record r = {0};
		size_t len = record(line, sizeof(line), cases[i].members);
		lode_memory_init(&again);
		assert_true(lode_record_parse(line, len - 1, &r));
		if (lode_memory_read(&again, &r, 1000 * S, 6, YEAR) != cases[i].taken)
			fail_msg("case %zu", i);
		assert_sound(&again);
		assert_int_equal(again.book.n, cases[i].taken);
		if (cases[i].taken && (lode_memory_lesson(&again, 3)->nproven != cases[i].proven || lode_memory_lesson(&again, 3)->nfailed != cases[i].failed))
			fail_msg("case %zu: %zu proven, %zu failed", i, lode_memory_lesson(&again, 3)->nproven, lode_memory_lesson(&again, 3)->nfailed);
	}
}

/* Any byte of it different, any part of it missing, and what the checksum would hide: whatever is read is sound. */
static void damage(void **state)
{
	struct lode_buf text;
	struct lode_rng r;
	char *copy;
	int rounds = getenv("LODE_TEST_QUICK") ? 300 : 1500;
	(void)state;
	fill_memory();
	write_all(&text, 1000 * S, 1700000000000000);
	copy = malloc(text.len + 1);
	lode_rng_seed(&r, 3);
	for (int i = 0; i < rounds; i++) {
		size_t len = text.len;
		memcpy(copy, text.data, len);
		for (uint64_t k = 1 + lode_rng_below(&r, 8); k; k--)
			copy[lode_rng_below(&r, len)] = (char)lode_rng_below(&r, 256);
		if (i % 3 == 0)
			len = lode_rng_below(&r, len);
		lode_memory_init(&again);
		for (size_t at = 0; at < len;) { /* line by line, with a checksum made right again */
			const char *end = memchr(copy + at, '\n', len - at);
			size_t n = end ? (size_t)(end - (copy + at)) : len - at;
			struct lode_record rec = {0};
			if (i % 2 && n > 30) {
				char crc[9];
				snprintf(crc, sizeof(crc), "%08" PRIx32, lode_crc32(copy + at, n - 18));
				memcpy(copy + at + n - 18, ",\"crc\":\"", 8);
				memcpy(copy + at + n - 10, crc, 8);
				memcpy(copy + at + n - 2, "\"}", 2);
			}
			lode_record_parse(copy + at, n, &rec);
			lode_memory_read(&again, &rec, 1000 * S, 1700000000000000, YEAR);
			at += n + 1;
		}
		assert_sound(&again);
	}
	for (size_t cut = 0; cut < text.len; cut += 1 + text.len / 60) { /* torn */
		load_text(&again, text.data, cut, NULL, 1000 * S, 1700000000000000);
		assert_sound(&again);
		assert_true(again.book.n <= m.book.n);
	}
	free(copy);
	lode_buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bans_double_and_are_local), cmocka_unit_test(proofs_replace_each_other), cmocka_unit_test(survives),
		cmocka_unit_test(nothing_is_believed), cmocka_unit_test(damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
