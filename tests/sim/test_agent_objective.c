/* The same database and the same wish under different objectives: the verdict follows what was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bed.h"

#define MIB (1ll << 20)

static double capacity(struct bed *b)
{
	struct lode_cache cache = {0};
	lode_lsm_host(b->sim)->ops->cache(lode_lsm_host(b->sim), &cache);
	return (double)cache.capacity;
}

/* Readers and writers of a small tree whose memtables are flushed every second or two. */
static void begin(struct bed *b, uint64_t seed, enum lode_objective_kind kind, const struct bed_wish *wish)
{
	bed_init(b, seed);
	b->lsm.mix.share[LODE_H_GET] = 0.5;
	b->lsm.mix.share[LODE_H_WRITE] = 0.5;
	b->lsm.keys = 2e6;
	b->config.objective.kind = kind;
	if (wish)
		b->asker.advisor = bed_advisor(wish, 1);
}

/* As an application that set its own options before we came: small memtables, so that a block holds many flushes and compactions. */
static void small_memtables(struct bed *b)
{
	struct lode_lsm_event set = {.what = LODE_LSM_SET, .key = "write_buffer_size", .value = "4194304"};

	bed_crash(b);
	assert_true(lode_lsm_at(b->sim, &set));
	lode_lsm_advance(b->sim, 20);
	lode_buf_clear(&b->before);
	lode_lsm_options_text(b->sim, &b->before);
	bed_attach(b);
}

static bool has(struct bed *b, const char *what)
{
	if (strstr(bed_status(b), what))
		return true;
	fprintf(stderr, "no %s in %s\n", what, bed_status(b));
	return false;
}

static bool journal_has(struct bed *b, const char *what)
{
	struct lode_buf out;
	bool found;

	lode_buf_init(&out, 1 << 20);
	bed_journal(b, &out);
	found = strstr(lode_buf_str(&out), what) != NULL;
	if (!found)
		fprintf(stderr, "no %s in %s\n", what, lode_buf_str(&out));
	lode_buf_fini(&out);
	return found;
}

/* A larger cache serves readers, and does nothing for what is written. */
static void test_cache(void **state)
{
	static const struct bed_wish wish[] = {{"block_cache_size", 256 * MIB}};
	static const struct {
		enum lode_objective_kind kind;
		bool kept;
	} rows[] = {{LODE_BALANCED, true}, {LODE_THROUGHPUT, true}, {LODE_LATENCY, true}, {LODE_WRITE_AMP, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bed b;

		begin(&b, 1, rows[i].kind, wish);
		bed_start(&b);
		assert_true(bed_until(&b, rows[i].kept ? "\"what\":\"kept\"" : "\"what\":\"reverted\"", 900));
		assert_int_equal(capacity(&b) > (double)b.cache_before, rows[i].kept);
		lode_conductor_settle(b.c);
		assert_true(bed_as_before(&b));
		bed_free(&b);
	}
}

/* Larger memtables: a third fewer bytes to disk, and a few per cent of time. Who asks for a tenth gets it of one and not of the other. */
static void test_write_buffer(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 8 * MIB}};
	static const struct {
		enum lode_objective_kind kind;
		bool kept;
	} rows[] = {{LODE_BALANCED, false}, {LODE_THROUGHPUT, false}, {LODE_WRITE_AMP, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bed b;

		begin(&b, 2, rows[i].kind, wish);
		b.config.min_effect = 0.1;
		b.lsm.cores = 16;
		b.lsm.cache_bytes = 512 * MIB;
		bed_start(&b);
		small_memtables(&b);
		if (!bed_until(&b, rows[i].kept ? "\"what\":\"kept\"" : "\"what\":\"reverted\"", 900))
			assert_true(has(&b, rows[i].kept ? "what was asked for" : "a revert"));
		assert_true(journal_has(&b, rows[i].kept ? "\"judged_by\":\"write amplification\"" : "too small to keep"));
		lode_conductor_settle(b.c);
		assert_true(bed_as_before(&b));
		bed_free(&b);
	}
}

/* Who only reads has no write amplification, and who meets his SLOs has no latency to win: nothing is tried, and status says why. */
static void test_nothing_to_ask_for(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct lode_lsm_report r;
		struct bed b;

		begin(&b, 3, i ? LODE_LATENCY : LODE_WRITE_AMP, NULL);
		b.lsm.mix.share[LODE_H_GET] = 1;
		b.lsm.mix.share[LODE_H_WRITE] = 0;
		if (i)
			assert_int_equal(lode_slo_parse("p99 < 2ms", &b.config.objective.slo[LODE_H_GET], NULL), 0);
		bed_start(&b);
		bed_run(&b, 200);
		lode_lsm_report(b.sim, &r);
		assert_int_equal(r.sets, 0);
		assert_true(has(&b, i ? "the SLOs are met" : "objective write_amp"));
		assert_true(has(&b, i ? "\"slo\":\"get p99 < 2 ms\"" : "\"kind\":\"write_amp\""));
		assert_true(bed_as_before(&b));
		bed_free(&b);
	}
}

/* An error budget that burns ends the trial within seconds, long before pairs could. */
static void test_slo_trips(void **state)
{
	static const struct bed_wish wish[] = {{"block_cache_size", 32 * MIB}};
	struct bed b;

	(void)state;
	bed_init(&b, 4);
	b.lsm.cache_bytes = 64 * MIB;
	b.lsm.keys = 400000; /* all of it is in the cache; a part would not be */
	b.asker.advisor = bed_advisor(wish, 1);
	assert_int_equal(lode_slo_parse("p99.9 < 15us", &b.config.objective.slo[LODE_H_GET], NULL), 0);
	bed_start(&b);
	if (!bed_until(&b, "\"arm\":\"treatment\"", 120))
		assert_true(has(&b, "treatment"));
	assert_true(bed_until(&b, "\"what\":\"tripped\"", 12));
	assert_true(journal_has(&b, "\"trip\":\"slo\""));
	assert_true(has(&b, "its error budget burns"));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cache),
	    cmocka_unit_test(test_write_buffer),
	    cmocka_unit_test(test_nothing_to_ask_for),
	    cmocka_unit_test(test_slo_trips),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
