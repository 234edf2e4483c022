/* What asking may cost, under a virtual clock: caps that hold because the most is reserved first, the circuit breaker, what other lives have spent; and what
 * a server's headers say about trying again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "advise/budget.h"
#include "advise/retry_after.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

#define SECOND 1000000000ull

static const struct lode_cost one_call = {.calls = 1};

static enum lode_may may_cost(struct lode_budget *b, uint64_t at_s, struct lode_cost most)
{
	char why[300] = "";
	enum lode_may m = lode_budget_ask(b, at_s * SECOND, &most, why, sizeof why);

	assert_int_equal(m == LODE_MAY_CALL, why[0] == '\0');
	assert_int_equal(m == LODE_MAY_CALL, lode_budget_wait(b, at_s * SECOND, &most) == 0);
	return m;
}

static enum lode_may may(struct lode_budget *b, uint64_t at_s)
{
	return may_cost(b, at_s, one_call);
}

static void spend(struct lode_budget *b, uint64_t at_s, uint64_t calls, uint64_t tokens)
{
	lode_budget_reserve(b, at_s * SECOND, &(struct lode_cost){.calls = calls, .tokens = tokens});
}

static void test_calls_per_hour(void **state)
{
	struct lode_budget b;
	uint64_t t0 = 1000000;

	(void)state;
	lode_budget_init(&b, 3, 0);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(may(&b, t0 + 600 * i), LODE_MAY_CALL);
		spend(&b, t0 + 600 * i, 1, 0);
	}
	assert_int_equal(may(&b, t0 + 1201), LODE_MAY_NOT_BUDGET);
	assert_int_equal(may(&b, t0 + 3500), LODE_MAY_NOT_BUDGET);
	assert_int_equal(may(&b, t0 + 3661), LODE_MAY_CALL); /* the first has left the window */
	spend(&b, t0 + 3661, 1, 0);
	assert_int_equal(may(&b, t0 + 3662), LODE_MAY_NOT_BUDGET);
	assert_int_equal(may(&b, t0 + 100000), LODE_MAY_CALL);
}

static void test_tokens_per_day(void **state)
{
	struct lode_budget b;

	(void)state;
	lode_budget_init(&b, 0, 10000);
	spend(&b, 1, 0, 9000);
	assert_int_equal(may_cost(&b, 2, (struct lode_cost){1, 1000, 0}), LODE_MAY_CALL);
	assert_int_equal(may_cost(&b, 2, (struct lode_cost){1, 1001, 0}), LODE_MAY_NOT_BUDGET);
	assert_int_equal(may_cost(&b, 86400 + 1500, (struct lode_cost){1, 10000, 0}), LODE_MAY_CALL);
	/* More than all that is allowed: not even then. */
	assert_int_equal(may_cost(&b, 86400 + 1500, (struct lode_cost){1, 10001, 0}), LODE_MAY_NOT_BUDGET);
	assert_true(isinf(lode_budget_wait(&b, 0, &(struct lode_cost){1, 10001, 0})));
	/* No limits, no refusals. */
	lode_budget_init(&b, 0, 0);
	for (int i = 0; i < 1000; i++)
		spend(&b, 1, 1, UINT32_MAX);
	assert_int_equal(may_cost(&b, 1, (struct lode_cost){1, UINT32_MAX, 1000000000}), LODE_MAY_CALL);
	assert_true(lode_budget_left(&b, SECOND).tokens == LODE_UNLIMITED);
}

static void test_money_per_day(void **state)
{
	struct lode_budget b;
	struct lode_cost most;

	(void)state;
	lode_budget_init(&b, 0, 0);
	lode_budget_price(&b, 3, 15, 0.10);
	most = lode_budget_most(&b, 10000, 1000); /* 5000 tokens at 3, 1000 at 15, of a million */
	assert_int_equal(most.tokens, 6000);
	assert_int_equal(most.nano, 30000000); /* 0.03 */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(may_cost(&b, 1, most), LODE_MAY_CALL);
		lode_budget_reserve(&b, SECOND, &most);
	}
	assert_int_equal(may_cost(&b, 1, most), LODE_MAY_NOT_BUDGET);
	assert_int_equal(lode_budget_left(&b, SECOND).nano, 10000000);
	/* Each was cheaper than that. */
	for (int i = 0; i < 3; i++)
		lode_budget_settle(&b, 2 * SECOND, &most, &(struct lode_cost){1, 4000, 15000000});
	assert_int_equal(lode_budget_left(&b, 2 * SECOND).nano, 55000000);
	assert_int_equal(may_cost(&b, 2, most), LODE_MAY_CALL);
	/* A limit without a price would never be reached: nothing is asked. */
	lode_budget_price(&b, 0, 0, 0.10);
	assert_int_equal(may(&b, 3), LODE_MAY_NOT_BUDGET);
	assert_true(isinf(lode_budget_wait(&b, 3 * SECOND, &one_call)));
}

/* Whatever is asked, reserved and settled below its reservation, a day never holds more than the cap. */
static void test_caps_hold(void **state)
{
	struct lode_budget b;
	struct lode_rng rng;
	uint64_t now = 0, spent[4000], when[4000];
	size_t n = 0;

	(void)state;
	lode_rng_seed(&rng, 7);
	lode_budget_init(&b, 0, 20000);
	while (n < 4000) {
		struct lode_cost most = lode_budget_most(&b, 1000 + lode_rng_below(&rng, 8000), 500), real = {.calls = 1};
		char why[300];
		uint64_t day = 0;

		now += lode_rng_below(&rng, 4000) * SECOND;
		if (lode_budget_ask(&b, now, &most, why, sizeof why) != LODE_MAY_CALL)
			continue;
		lode_budget_reserve(&b, now, &most);
		real.tokens = lode_rng_below(&rng, most.tokens + 1);
		when[n] = now;
		now += lode_rng_below(&rng, 120) * SECOND; /* in which slots may turn */
		lode_budget_settle(&b, now, &most, &real);
		spent[n++] = real.tokens;
		for (size_t i = n; i-- > 0 && when[i] + 86400 * SECOND > now;)
			day += spent[i];
		assert_true(day <= 20000);
	}
}

/* The wait that is told is neither too short nor, by more than a slot, too long. */
static void test_wait(void **state)
{
	struct lode_budget b;
	struct lode_cost most = {1, 6000, 0};
	double wait;

	(void)state;
	lode_budget_init(&b, 0, 10000);
	for (uint64_t i = 0; i < 5; i++)
		spend(&b, 3600 * i, 1, 2000);
	wait = lode_budget_wait(&b, 4 * 3600 * SECOND, &most); /* three of them must leave: the one of two hours ago */
	assert_true(wait > (24 - 2) * 3600.0 - 1440 && wait <= (24 - 2) * 3600.0 + 1440);
	assert_int_equal(may_cost(&b, 4 * 3600 + (uint64_t)wait - 1, most), LODE_MAY_NOT_BUDGET);
	assert_int_equal(may_cost(&b, 4 * 3600 + (uint64_t)wait + 1, most), LODE_MAY_CALL);
}

/* What a server counts is learnt: the next reservation is by that, and never below it. */
static void test_rate(void **state)
{
	struct lode_budget b;

	(void)state;
	lode_budget_init(&b, 0, 0);
	assert_int_equal(lode_budget_most(&b, 10000, 100).tokens, 5100);
	lode_budget_learn(&b, 10000, 3000);
	assert_in_range(lode_budget_most(&b, 10000, 100).tokens, 3400, 3401);
	lode_budget_learn(&b, 10000, 8000);
	lode_budget_learn(&b, 10000, 2000);
	assert_in_range(lode_budget_most(&b, 10000, 100).tokens, 8900, 8901);
	lode_budget_learn(&b, 10, 1000000000); /* a lie: a token has at least a byte */
	assert_int_equal(lode_budget_most(&b, 10000, 100).tokens, 10100);
}

/* What another life has spent leaves the window when it would have there, be it older than the clock. */
static void test_recalled(void **state)
{
	struct lode_budget b, earlier;
	uint64_t t0 = 600; /* ten minutes after the machine has started */

	(void)state;
	lode_budget_init(&earlier, 0, 0);
	lode_budget_recall(&earlier, t0 * SECOND, 3599 * SECOND, &(struct lode_cost){1, 100, 5});
	lode_budget_recall(&earlier, t0 * SECOND, 7200 * SECOND, &(struct lode_cost){100, 800, 6}); /* too old to count among the calls */
	lode_budget_recall(&earlier, t0 * SECOND, 88000 * SECOND, &(struct lode_cost){100, 5000, 7});
	lode_budget_recall(&earlier, t0 * SECOND, 0, &one_call);
	lode_budget_init(&b, 3, 1000);
	spend(&b, t0, 1, 0);
	lode_budget_take_over(&b, &earlier, (t0 + 1) * SECOND);
	lode_budget_take_over(&b, &earlier, (t0 + 1) * SECOND); /* once is all */
	assert_int_equal(b.calls.sum, 3);
	assert_int_equal(b.tokens.sum, 900);
	assert_int_equal(b.money.sum, 11);
	assert_int_equal(may(&b, t0 + 1), LODE_MAY_NOT_BUDGET);
	assert_int_equal(may(&b, t0 + 121), LODE_MAY_CALL); /* the first of all was nearly an hour old */
	spend(&b, t0 + 121, 1, 0);
	assert_int_equal(may(&b, t0 + 3599), LODE_MAY_NOT_BUDGET);
	assert_int_equal(may(&b, t0 + 3661), LODE_MAY_CALL);
}

/* A pause that an earlier life was in goes on. */
static void test_pause_recalled(void **state)
{
	struct lode_budget b, earlier;

	(void)state;
	lode_budget_init(&earlier, 0, 0);
	earlier.closed_until = 100 * SECOND;
	earlier.failures = 4;
	earlier.trips = 2;
	lode_budget_init(&b, 0, 0);
	lode_budget_take_over(&b, &earlier, 0);
	assert_int_equal(may(&b, 99), LODE_MAY_NOT_CIRCUIT);
	assert_int_equal(may(&b, 100), LODE_MAY_CALL);
	lode_budget_failure(&b, 100 * SECOND, false, 0);
	assert_int_equal(may(&b, 100 + 239), LODE_MAY_NOT_CIRCUIT);
	assert_int_equal(may(&b, 100 + 240), LODE_MAY_CALL);
}

static void test_circuit(void **state)
{
	struct lode_budget b;
	uint64_t now = 100;

	(void)state;
	lode_budget_init(&b, 0, 0);
	lode_budget_failure(&b, now * SECOND, false, 0);
	lode_budget_failure(&b, now * SECOND, false, 0);
	assert_int_equal(may(&b, now), LODE_MAY_CALL);
	lode_budget_failure(&b, now * SECOND, false, 0);
	assert_int_equal(may(&b, now), LODE_MAY_NOT_CIRCUIT);
	assert_int_equal(may(&b, now + 59), LODE_MAY_NOT_CIRCUIT);
	assert_int_equal(may(&b, now + 60), LODE_MAY_CALL);
	/* One more failure: twice as long. */
	now += 60;
	lode_budget_failure(&b, now * SECOND, false, 0);
	assert_int_equal(may(&b, now + 119), LODE_MAY_NOT_CIRCUIT);
	assert_int_equal(may(&b, now + 120), LODE_MAY_CALL);
	/* Never longer than an hour. */
	for (int i = 0; i < 40; i++)
		lode_budget_failure(&b, now * SECOND, false, 0);
	assert_int_equal(may(&b, now + 3599), LODE_MAY_NOT_CIRCUIT);
	assert_int_equal(may(&b, now + 3600), LODE_MAY_CALL);
	lode_budget_success(&b);
	lode_budget_failure(&b, now * SECOND, false, 0);
	assert_int_equal(may(&b, now), LODE_MAY_CALL);
}

static void test_stop(void **state)
{
	struct lode_budget b;

	(void)state;
	lode_budget_init(&b, 0, 0);
	lode_budget_failure(&b, 0, true, 0); /* a wrong key does not mend itself */
	assert_int_equal(may(&b, 100), LODE_MAY_NOT_STOPPED);
	assert_int_equal(may(&b, 100 * 86400), LODE_MAY_NOT_STOPPED);
	assert_true(isinf(lode_budget_wait(&b, 0, &one_call)));
	lode_budget_resume(&b);
	assert_int_equal(may(&b, 100), LODE_MAY_CALL);
	lode_budget_init(&b, 0, 0);
	lode_budget_failure(&b, 0, false, 30); /* as long as the server asked */
	assert_int_equal(may(&b, 29), LODE_MAY_NOT_CIRCUIT);
	assert_int_equal(may(&b, 30), LODE_MAY_CALL);
	lode_budget_failure(&b, 0, false, 1e12);
	assert_int_equal(may(&b, 3599), LODE_MAY_NOT_CIRCUIT);
	assert_int_equal(may(&b, 3600), LODE_MAY_CALL);
	lode_budget_resume(&b);
	assert_int_equal(may(&b, 0), LODE_MAY_CALL);
}

/* ---- headers ---- */

static double after(const char *const *lines, enum lode_should *should)
{
	struct lode_retry_hint h = {0};
	double s;

	for (; *lines; lines++)
		lode_retry_header(&h, *lines, strlen(*lines));
	s = lode_retry_seconds(&h, 784111777000000ull); /* 06 Nov 1994 08:49:37 */
	*should = h.should;
	assert_true(s >= 0 && s <= 1e9);
	return s;
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_headers(void **state)
{
	enum lode_should s;

	(void)state;
	assert_true(after(LINES("HTTP/1.1 429 Slow\r\n", "Retry-After: 7\r\n", "\r\n"), &s) == 7);
	assert_int_equal(s, LODE_SHOULD_UNSAID);
	assert_true(after(LINES("RETRY-AFTER:1.5"), &s) == 1.5);
	assert_true(after(LINES("retry-after-ms: 250\r\n", "retry-after: 7\r\n"), &s) == 0.25);
	assert_true(after(LINES("Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n"), &s) == 60);
	assert_true(after(LINES("Retry-After: Sun, 06 Nov 1994 08:48:37 GMT\r\n"), &s) == 0);
	/* By the server's own clock, which may be far from ours. */
	assert_true(after(LINES("Date: Sat, 01 Jan 2033 00:00:00 GMT\r\n", "Retry-After: Sat, 01 Jan 2033 00:00:20 GMT\r\n"), &s) == 20);
	assert_true(after(LINES("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n"), &s) == 1e9);
	/* Nothing that can be understood. */
	assert_true(after(LINES("Retry-After: -5\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: 1e9\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: soon\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: \r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: nan\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: 7 7\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: Sun, 06 Foo 1994 08:50:37 GMT\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: Sun, 06 anF 1994 08:50:37 GMT\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: Sun, 99 Nov 1994 08:50:37 GMT\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: Sun, 06 Nov 1994 08:50:37 GMT and more\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After: 99999999999999999999999999999999999999999999999\r\n"), &s) == 1e9);
	assert_true(after(LINES("X-Retry-After: 7\r\n"), &s) == 0);
	assert_true(after(LINES("Retry-After"), &s) == 0);
	assert_true(after(LINES(""), &s) == 0);
	/* What an interim answer said is over. */
	assert_true(after(LINES("HTTP/1.1 103 Early\r\n", "Retry-After: 7\r\n", "HTTP/1.1 429 Slow\r\n"), &s) == 0);
	after(LINES("X-Should-Retry: true\r\n"), &s);
	assert_int_equal(s, LODE_SHOULD_RETRY);
	after(LINES("x-should-retry: False\r\n"), &s);
	assert_int_equal(s, LODE_SHOULD_NOT);
	after(LINES("x-should-retry: perhaps\r\n"), &s);
	assert_int_equal(s, LODE_SHOULD_UNSAID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_calls_per_hour), cmocka_unit_test(test_tokens_per_day), cmocka_unit_test(test_money_per_day), cmocka_unit_test(test_caps_hold),
	    cmocka_unit_test(test_wait),	   cmocka_unit_test(test_rate),		  cmocka_unit_test(test_recalled),	cmocka_unit_test(test_pause_recalled),
	    cmocka_unit_test(test_circuit),	   cmocka_unit_test(test_stop),		  cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
