/* Kinds of work: known again, entered with patience, forgotten when there are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "judge/regime.h"

#define NEED 12.0

static struct lode_workload work(double reads, double bytes)
{
	return (struct lode_workload){.known = true, .ops = 1000, .share = {reads, 1 - reads, 0, 0}, .value_bytes = bytes, .write_bytes = bytes, .found = 1,
				      .scan_next = NAN, .batch_keys = 1, .rate = NAN};
}

/* n seconds of it, with noise; how often something was entered. */
static int run(struct lode_regimes *g, const struct lode_workload *w, int n, struct lode_rng *r, bool ours)
{
	int entered = 0;

	for (int i = 0; i < n; i++) {
		struct lode_workload x = *w;
		double d = r ? (lode_rng_unit(r) - 0.5) * 0.04 : 0;

		x.share[0] = fmin(1, fmax(0, x.share[0] + d));
		x.share[1] = 1 - x.share[0];
		x.value_bytes *= 1 + d;
		entered += lode_regimes_feed(g, &x, 1, NEED, ours) == LODE_REGIME_ENTERED;
	}
	return entered;
}

static uint32_t now(const struct lode_regimes *g)
{
	return lode_regimes_now(g) ? lode_regimes_now(g)->id : 0;
}

static void known_again(void **state)
{
	struct lode_workload read = work(0.99, 100), write = work(0.02, 100), mixed = work(0.5, 100);
	static struct lode_regimes g;
	struct lode_rng r;
	uint32_t id[3];

	(void)state;
	lode_rng_seed(&r, 1);
	lode_regimes_init(&g);
	assert_null(lode_regimes_now(&g));
	assert_int_equal(run(&g, &write, 60, &r, false), 1); /* the first at once */
	id[0] = now(&g);
	assert_int_equal(run(&g, &read, 60, &r, false), 1);
	id[1] = now(&g);
	assert_int_equal(run(&g, &mixed, 60, &r, false), 1);
	id[2] = now(&g);
	assert_true(id[0] != id[1] && id[1] != id[2] && id[0] != id[2]);
	assert_int_equal(run(&g, &read, 60, &r, false), 1);
	assert_int_equal(now(&g), id[1]);
	assert_int_equal(lode_regimes_now(&g)->visits, 2);
	assert_int_equal(run(&g, &write, 60, &r, false), 1);
	assert_int_equal(now(&g), id[0]);
	assert_int_equal(g.n, 3);
	assert_in_range((int)lode_regimes_find(&g, id[1])->seconds, 115, 121);
}

/* A visit shorter than the patience changes nothing, nor does work that never is the same; and noise alone makes no regime in a day. */
static void patient(void **state)
{
	struct lode_workload read = work(0.9, 100), other = work(0.2, 100);
	static struct lode_regimes g;
	struct lode_rng r;
	uint32_t id;

	(void)state;
	lode_rng_seed(&r, 2);
	lode_regimes_init(&g);
	run(&g, &read, 10, &r, false);
	id = now(&g);
	assert_int_equal(lode_regimes_feed(&g, &other, 1, NEED, false), LODE_REGIME_STRANGE);
	assert_int_equal(lode_regimes_feed(&g, &other, 1, NEED, false), LODE_REGIME_WAITING);
	assert_int_equal(run(&g, &other, 8, &r, false), 0);
	assert_int_equal(now(&g), id);
	assert_int_equal(run(&g, &read, 5, &r, false), 0);
	assert_false(g.strange);
	for (int i = 0; i < 200; i++) {
		struct lode_workload odd = work(0.2, i % 2 ? 100 : 100000);
		assert_int_not_equal(lode_regimes_feed(&g, &odd, 1, NEED, false), LODE_REGIME_ENTERED);
	}
	assert_int_equal(run(&g, &read, 86400, &r, false), 0);
	assert_int_equal(g.n, 1);
	assert_int_equal(now(&g), id);
	other.known = false; /* idle: no statement */
	assert_int_equal(run(&g, &other, 100, &r, false), 0);
	assert_int_equal(now(&g), id);
}

/* Work that moves slowly stays what it is, however far it goes. */
static void drifts(void **state)
{
	static struct lode_regimes g;
	struct lode_workload w;

	(void)state;
	lode_regimes_init(&g);
	for (int i = 0; i < 20000; i++) {
		w = work(0.9 - 0.8 * i / 20000, 100);
		lode_regimes_feed(&g, &w, 1, NEED, false);
	}
	assert_int_equal(g.n, 1);
	assert_true(lode_workload_distance(&w, lode_regime_work(&g.r[0], false)) < 0.2);
}

/* A kept change that speeds reads up moves the mix of a closed loop: the same work, with a second face; both are known again. */
static void two_faces(void **state)
{
	struct lode_workload plain = work(0.5, 100), faster = work(0.85, 100), other = work(0.5, 5000);
	static struct lode_regimes g;
	uint32_t id;

	(void)state;
	assert_true(lode_workload_distance(&plain, &faster) > LODE_REGIME_RADIUS);
	lode_regimes_init(&g);
	run(&g, &plain, 30, NULL, false);
	id = now(&g);
	assert_int_equal(run(&g, &faster, 60, NULL, true), 0);
	assert_int_equal(now(&g), id);
	assert_int_equal(run(&g, &other, 60, NULL, true), 1);
	assert_int_equal(run(&g, &plain, 60, NULL, false), 1);
	assert_int_equal(now(&g), id);
	assert_int_equal(run(&g, &other, 60, NULL, false), 1);
	assert_int_equal(run(&g, &faster, 60, NULL, true), 1);
	assert_int_equal(now(&g), id);
	assert_int_equal(g.n, 2);
	/* a second keep moves it once more */
	lode_regimes_init(&g);
	run(&g, &plain, 30, NULL, true);
	lode_regimes_moved(&g);
	assert_int_equal(run(&g, &faster, 60, NULL, true), 0);
	/* without a change of ours the same step is other work */
	lode_regimes_init(&g);
	run(&g, &plain, 30, NULL, false);
	assert_int_equal(run(&g, &faster, 60, NULL, false), 1);
}

/* Where load arrives whatever the database does, how much of it arrives is a feature; elsewhere it is none. */
static void arrivals(void **state)
{
	struct lode_workload few = work(0.9, 100), many = few;
	static struct lode_regimes g;

	(void)state;
	few.ops = 1000;
	many.ops = 50000;
	lode_regimes_init(&g);
	run(&g, &few, 30, NULL, false);
	assert_int_equal(run(&g, &many, 60, NULL, false), 0);
	few.rate = few.ops;
	many.rate = many.ops;
	run(&g, &few, 300, NULL, false);
	assert_int_equal(run(&g, &many, 60, NULL, false), 1);
}

static void forgets_the_oldest(void **state)
{
	struct lode_workload first = work(0.9, 1), w;
	static struct lode_regimes g;

	(void)state;
	lode_regimes_init(&g);
	for (int i = 0; i < 40; i++) {
		w = work(0.9, pow(4, i % 20) * (i < 20 ? 1 : 1));
		w.found = i < 20 ? 1 : 0;
		w.scan_next = NAN;
		run(&g, &w, 40, NULL, false);
		assert_true(g.n <= LODE_REGIMES_MAX);
		if (i == 25) /* visited in between, so it stays */
			run(&g, &first, 40, NULL, false);
	}
	assert_int_equal(g.n, LODE_REGIMES_MAX);
	assert_int_equal(now(&g), g.last_id);
	assert_non_null(lode_regimes_find(&g, 1));
	assert_null(lode_regimes_find(&g, 2));
	for (size_t i = 0; i < g.n; i++)
		for (size_t j = 0; j < i; j++)
			assert_true(g.r[i].id != g.r[j].id);
}

static void restored(void **state)
{
	struct lode_workload read = work(0.99, 100), write = work(0.02, 100);
	static struct lode_regimes a, b;

	(void)state;
	lode_regimes_init(&a);
	run(&a, &read, 30, NULL, false);
	run(&a, &write, 30, NULL, false);
	lode_regimes_init(&b);
	for (size_t i = 0; i < a.n; i++)
		lode_regimes_restore(&b, &a.r[i]);
	lode_regimes_restore(&b, &a.r[0]); /* twice is once */
	lode_regimes_restore(&b, &(struct lode_regime){.id = 9}); /* without a face it is none */
	assert_int_equal(b.n, 2);
	assert_null(lode_regimes_now(&b));
	run(&b, &write, 1, NULL, false);
	assert_int_equal(now(&b), 2);
	assert_int_equal(run(&b, &read, 30, NULL, false), 1);
	assert_int_equal(now(&b), 1);
	for (uint32_t i = 10; i < 100; i++) {
		struct lode_regime r = a.r[0];
		r.id = i;
		lode_regimes_restore(&b, &r);
	}
	assert_int_equal(b.n, LODE_REGIMES_MAX);
	assert_int_equal(now(&b), 1); /* the present one is not pushed out */
	assert_int_equal(b.last_id, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_again), cmocka_unit_test(patient), cmocka_unit_test(drifts), cmocka_unit_test(two_faces),
		cmocka_unit_test(arrivals), cmocka_unit_test(forgets_the_oldest), cmocka_unit_test(restored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
