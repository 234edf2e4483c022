/* What the program is told of its options, held against the options themselves: whoever only follows the events knows at every moment what is in force,
 * through trials, keeps, tripwires, failed writes, other people's changes, rollbacks, crashes and closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bed.h"
#include "guard/tunable.h"
#include "host/options.h"
#include "host/write.h"

#define MIB (1ll << 20)
#define KNOWN_MAX 256

struct option { /* as the events tell it */
	char name[64], family[64], value[160];
	bool theirs;
};

struct follower {
	struct bed b;
	struct option known[KNOWN_MAX];
	size_t n;
	unsigned applied, reverted, verdicts, overridden, undone_after_crash;
	uint64_t last_trial;
};

static struct option *find(struct follower *f, const char *name, const char *family)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->known[i].name, name) && !strcmp(f->known[i].family, family))
			return &f->known[i];
	assert_true(f->n < KNOWN_MAX);
	snprintf(f->known[f->n].name, sizeof(f->known[0].name), "%s", name);
	snprintf(f->known[f->n].family, sizeof(f->known[0].family), "%s", family);
	return &f->known[f->n++];
}

static void heard(void *ctx, const struct lode_event *e)
{
	struct follower *f = ctx;
	struct option *o;

	assert_true(e->db && *e->db);
	if (e->kind == LODE_EVENT_VERDICT) {
		assert_true(e->what && e->why && !e->option && !e->value);
		f->verdicts++;
		f->undone_after_crash += strcmp(e->why, "undone after a crash") == 0;
		return;
	}
	assert_true(e->option && e->cf && e->value && !e->what);
	f->last_trial = e->trial;
	if (e->kind == LODE_EVENT_OVERRIDDEN) {
		f->overridden++;
		for (size_t i = 0; i < f->n; i++)
			f->known[i].theirs |= strcmp(f->known[i].name, e->option) == 0;
		return;
	}
	o = find(f, e->option, e->cf);
	snprintf(o->value, sizeof(o->value), "%s", e->value);
	f->applied += e->kind == LODE_EVENT_APPLIED;
	f->reverted += e->kind == LODE_EVENT_REVERTED;
}

static struct lode_options *parsed(const struct lode_buf *text)
{
	struct lode_options *o = NULL;

	assert_int_equal(lode_options_parse(text->data, text->len, &o, NULL), 0);
	return o;
}

static const char *value_in(const struct lode_options *o, const struct lode_tunable *t, const char *family)
{
	if (t->scope == LODE_SCOPE_DB)
		return lode_options_get(o, LODE_SEC_DB, NULL, t->key);
	return t->scope == LODE_SCOPE_CF ? lode_options_get(o, LODE_SEC_CF, family, t->key) : NULL;
}

static const struct option *told_of(const struct follower *f, const struct lode_tunable *t, const char *family)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->known[i].name, t->id) && !strcmp(f->known[i].family, t->scope == LODE_SCOPE_CF ? family : ""))
			return &f->known[i];
	return NULL;
}

/* Every option that can be changed: as the events have it last, or else as it was at the start. */
static void compare_all(struct follower *f, const struct lode_options *before, const struct lode_options *now)
{
	for (int i = 0; i < lode_tunable_count; i++) {
		const struct lode_tunable *t = &lode_tunables[i];

		for (size_t k = 0; k < (t->scope == LODE_SCOPE_CF ? lode_options_cf_count(now) : 1); k++) {
			const char *family = lode_options_cf_name(now, k);
			const struct option *o = told_of(f, t, family);
			const char *is = value_in(now, t, family), *was = value_in(before, t, family);

			if (!is || (o && o->theirs) || (o && lode_value_equal(o->value, is)) || (!o && was && lode_value_equal(was, is)))
				continue;
			fail_msg("%s of %s: the events say %s, it is %s", t->id, family, o ? o->value : "nothing", is);
		}
	}
}

static void compare(struct follower *f)
{
	struct lode_host *h = lode_lsm_host(f->b.sim);
	struct lode_options *before = parsed(&f->b.before), *now;
	struct lode_cache cache = {0};
	struct lode_buf text;
	char capacity[32];

	lode_buf_init(&text, 1 << 20);
	lode_lsm_options_text(f->b.sim, &text);
	now = parsed(&text);
	compare_all(f, before, now);
	h->ops->cache(h, &cache);
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->known[i].name, "block_cache_size") && !f->known[i].theirs) {
			snprintf(capacity, sizeof(capacity), "%llu", (unsigned long long)cache.capacity);
			assert_string_equal(f->known[i].value, capacity);
		}
	lode_options_free(now);
	lode_options_free(before);
	lode_buf_fini(&text);
}

static void begin(struct follower *f, uint64_t seed)
{
	memset(f, 0, sizeof(*f));
	bed_init(&f->b, seed);
	f->b.listener = (struct lode_listener){heard, f};
	f->b.lsm.mix.share[LODE_H_GET] = 0.5;
	f->b.lsm.mix.share[LODE_H_WRITE] = 0.5;
	f->b.lsm.keys = 2e6;
	f->b.lsm.ncf = 2;
}

static void run(struct follower *f, double seconds)
{
	for (double s = 0; s < seconds; s++) {
		bed_run(&f->b, 1);
		compare(f);
	}
}

static void end(struct follower *f)
{
	lode_conductor_settle(f->b.c);
	compare(f);
	assert_true(bed_as_before(&f->b));
	bed_free(&f->b);
}

/* Proposals without end, good, senseless and bad: reverts, keeps, tripwires, checks, what was kept put back at the close. */
static void test_whatever_is_proposed(void **state)
{
	static const struct bed_wish wishes[] = {{"write_buffer_size", 128 * MIB}, {"block_cache_size", 256 * MIB}, {"level0_file_num_compaction_trigger", 8},
						 {"max_write_buffer_number", 4},   {"level0_slowdown_writes_trigger", 40}, {"write_buffer_size", 32 * MIB},
						 {"block_cache_size", 512 * MIB}, {"level0_file_num_compaction_trigger", 2}};
	unsigned applied = 0, reverted = 0, verdicts = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct follower f;

		begin(&f, seed);
		if (seed % 2)
			snprintf(f.b.config.pace, sizeof(f.b.config.pace), "rush");
		f.b.config.harm_per_day = 1;
		f.b.asker.advisor = seed <= 2 ? bed_advisor(wishes, 8) : seed == 3 ? lode_advisor_random(seed) : lode_advisor_adversarial(seed);
		bed_start(&f.b);
		run(&f, getenv("LODE_TEST_QUICK") ? 300 : 900);
		applied += f.applied, reverted += f.reverted, verdicts += f.verdicts;
		end(&f);
	}
	print_message("applied %u, reverted %u, verdicts %u\n", applied, reverted, verdicts);
	assert_true(applied > 20 && reverted > 20 && verdicts > 10);
}

static const struct bed_wish cache_wish[] = {{"block_cache_size", 256 * MIB}};

/* Kept, then rolled back by the operator; kept again by nobody. */
static void test_kept_and_rolled_back(void **state)
{
	struct lode_buf out;
	struct follower f;

	(void)state;
	begin(&f, 4);
	f.b.asker.advisor = bed_advisor(cache_wish, 1);
	bed_start(&f.b);
	assert_true(bed_until(&f.b, "\"what\":\"kept\"", 900));
	compare(&f);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.known[0].value, "268435456");
	lode_buf_init(&out, 1 << 16);
	assert_int_equal(lode_conductor_rollback(f.b.c, false, &out), 0);
	lode_buf_fini(&out);
	compare(&f);
	assert_string_equal(f.known[0].value, "8388608");
	end(&f);
}

/* A process that dies in a trial: what the next one puts back is told there, with the number of the trial that it ends. */
static void test_after_a_crash(void **state)
{
	struct follower f;
	uint64_t trial;

	(void)state;
	begin(&f, 5);
	f.b.asker.advisor = bed_advisor(cache_wish, 1);
	bed_start(&f.b);
	assert_true(bed_until(&f.b, "\"arm\":\"treatment\"", 300));
	trial = f.last_trial;
	bed_crash(&f.b);
	compare(&f);
	bed_attach(&f.b);
	compare(&f);
	assert_int_equal(f.undone_after_crash, 1);
	assert_int_equal(f.last_trial, trial);
	assert_string_equal(f.known[0].value, "8388608");
	end(&f);
}

/* Writes that fail, or lie, in the middle of it all; the truth is told of each. */
static void test_writes_that_fail(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 128 * MIB}, {"max_write_buffer_number", 4}, {"level0_file_num_compaction_trigger", 6}};
	static const enum lode_lsm_what what[] = {LODE_LSM_SET_FAILS, LODE_LSM_SET_LIES};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (int after = 0; after < 4; after++) {
			struct lode_lsm_event fails = {.what = what[i], .n = 1, .after = after};
			struct follower f;

			begin(&f, 6 + i);
			f.b.asker.advisor = bed_advisor(wish, 3);
			bed_start(&f.b);
			assert_true(lode_lsm_at(f.b.sim, &fails));
			run(&f, 150);
			assert_true(f.applied > 0 || f.reverted > 0);
			end(&f);
		}
}

/* The operator sets an option that is on trial: it is theirs, and the events say so once. */
static void test_others_are_named(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 128 * MIB}};
	struct lode_lsm_event set = {.what = LODE_LSM_SET, .key = "write_buffer_size", .value = "5242880"};
	struct follower f;

	(void)state;
	begin(&f, 9);
	f.b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&f.b);
	assert_true(bed_until(&f.b, "\"arm\":\"treatment\"", 300));
	assert_true(lode_lsm_at(f.b.sim, &set));
	run(&f, 60);
	assert_int_equal(f.overridden, 1);
	assert_true(lode_lsm_value(f.b.sim, 0, "write_buffer_size") == 5242880);
	lode_conductor_settle(f.b.c);
	compare(&f);
	bed_free(&f.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whatever_is_proposed), cmocka_unit_test(test_kept_and_rolled_back), cmocka_unit_test(test_after_a_crash),
	    cmocka_unit_test(test_writes_that_fail),	 cmocka_unit_test(test_others_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
