/* A block cache that databases share is tuned by one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/claims.h"

#include <string.h>

static struct lode_claims claims;

static bool tunes(const void *owner, uintptr_t identity)
{
	struct lode_cache cache = {.present = true, .resizable = true, .identity = identity};

	lode_claims_apply(&claims, &cache, owner);
	assert_int_equal(cache.resizable, !cache.why_fixed);
	return cache.resizable;
}

static void one_of_two(void **state)
{
	static char a, b;

	(void)state;
	assert_true(tunes(&a, 100));
	assert_false(tunes(&b, 100));
	assert_true(tunes(&b, 200));
	assert_true(tunes(&a, 100) && tunes(&b, 200));
	assert_false(tunes(&a, 200));
	lode_claims_drop(&claims, &a);
	lode_claims_drop(&claims, &a);
	assert_true(tunes(&b, 100));
	assert_false(tunes(&a, 100));
	lode_claims_drop(&claims, &b);
	assert_true(tunes(&a, 100) && tunes(&a, 200));
	lode_claims_drop(&claims, &a);
}

static void what_cannot_be_resized_claims_nothing(void **state)
{
	struct lode_cache fixed = {.present = true, .identity = 300, .why_fixed = "as it was"}, none = {.identity = 300, .resizable = true};
	static char a, b;

	(void)state;
	lode_claims_apply(&claims, &fixed, &a);
	assert_string_equal(fixed.why_fixed, "as it was");
	lode_claims_apply(&claims, &none, &a);
	assert_true(none.resizable);
	assert_true(tunes(&b, 300));
	lode_claims_drop(&claims, &b);
	none.present = true;
	lode_claims_apply(NULL, &none, &a);
	lode_claims_drop(NULL, &a);
	assert_true(none.resizable && tunes(&b, 300));
	lode_claims_drop(&claims, &b);
}

static void a_full_table_gives_nothing(void **state)
{
	static char owners[LODE_CLAIMS_MAX];
	static char late;

	(void)state;
	for (uintptr_t i = 0; i < LODE_CLAIMS_MAX; i++)
		assert_true(tunes(&owners[i], 1000 + i));
	assert_false(tunes(&late, 5));
	lode_claims_drop(&claims, &owners[7]);
	assert_true(tunes(&late, 5));
	assert_false(tunes(&owners[7], 1007));
	for (size_t i = 0; i < LODE_CLAIMS_MAX; i++)
		lode_claims_drop(&claims, &owners[i]);
	lode_claims_drop(&claims, &late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_of_two),
	    cmocka_unit_test(what_cannot_be_resized_claims_nothing),
	    cmocka_unit_test(a_full_table_gives_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
