/* Column families that are dropped while something of ours is live in them: there is nothing to put back then, and nothing to despair of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>

#include "bed.h"

/* Everything but the dropped family's sections, which stand last, is as it was. */
static bool rest_as_before(struct bed *b)
{
	struct lode_buf now;
	bool same;
	lode_buf_init(&now, 1 << 20);
	lode_lsm_options_text(b->sim, &now);
	same = now.len < b->before.len && memcmp(now.data, b->before.data, now.len) == 0;
	lode_buf_fini(&now);
	return same;
}

static bool journal_has(struct bed *b, const char *text)
{
	struct lode_buf out;
	bool has;
	lode_buf_init(&out, 4 << 20);
	bed_journal(b, &out);
	has = strstr(lode_buf_str(&out), text) != NULL;
	lode_buf_fini(&out);
	return has;
}

static void begin(struct bed *b, uint64_t seed, const struct bed_wish *wish)
{
	bed_init(b, seed);
	b->lsm.ncf = 3;
	b->asker.advisor = bed_advisor(wish, 1);
	bed_start(b);
}

/* At every moment of a trial: the family goes, the trial is invalid, the other families are as they were, and the next tick has no
 * complaint. */
static void test_dropped_in_a_trial(void **state)
{
	static const struct bed_wish wish = {"max_sequential_skip_in_iterations", 12};
	unsigned treated = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct bed b;
		begin(&b, seed, &wish);
		assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 180));
		bed_run(&b, 2.0 * (double)seed);
		assert_non_null(strstr(bed_status(&b), "\"state\":\"TRIAL\""));
		treated += lode_lsm_value(b.sim, 2, wish.id) == 12;
		assert_true(lode_lsm_drop_last(b.sim));
		bed_run(&b, 30);
		assert_null(strstr(bed_status(&b), "\"state\":\"SAFE\""));
		assert_true(journal_has(&b, "\"kind\":\"dropped\",\"cf\":2"));
		assert_true(journal_has(&b, "a column family on trial was dropped"));
		assert_false(journal_has(&b, "\"kind\":\"safe\""));
		assert_true(rest_as_before(&b));
		lode_conductor_settle(b.c);
		assert_true(rest_as_before(&b));
		bed_free(&b);
	}
	assert_in_range(treated, 2, 10); /* in both arms, or the moments were badly chosen */
}

/* Dropped and closed at once: the agent has had no tick in between. */
static void test_dropped_before_a_close(void **state)
{
	static const struct bed_wish wish = {"max_sequential_skip_in_iterations", 12};
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct bed b;
		begin(&b, seed, &wish);
		assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 180));
		bed_run(&b, 2.0 * (double)seed);
		assert_true(lode_lsm_drop_last(b.sim));
		lode_conductor_settle(b.c);
		assert_true(rest_as_before(&b));
		assert_false(journal_has(&b, "\"kind\":\"safe\""));
		bed_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dropped_in_a_trial), cmocka_unit_test(test_dropped_before_a_close)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
