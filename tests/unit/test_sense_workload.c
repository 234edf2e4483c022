/* The features of a kind of work: noise moves them little, other work far. */
#include "sense/workload.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct mix {
	const char *name;
	double share[LODE_OP_N];
	double value, found, scan, batch;
};

/* Kinds of work of db_bench and YCSB. */
static const struct mix mixes[] = {
	{"readrandom", {1, 0, 0, 0}, 100, 0.63, 0, 1},	     {"ycsb-b", {0.95, 0.05, 0, 0}, 1000, 1, 0, 1},
	{"readrandomwriterandom", {0.9, 0.1, 0, 0}, 100, 0.63, 0, 1}, {"ycsb-a", {0.5, 0.5, 0, 0}, 1000, 1, 0, 1},
	{"overwrite", {0, 1, 0, 0}, 100, 1, 0, 1},	     {"batched load", {0, 1, 0, 0}, 100, 1, 0, 100},
	{"seekrandom", {0, 0, 1, 0}, 100, 1, 10, 1},	     {"ycsb-e", {0, 0.05, 0.95, 0}, 1000, 1, 50, 1},
	{"mixgraph", {0.83, 0.14, 0.03, 0}, 48, 0.95, 30, 1}, {"multiget", {0, 0.1, 0, 0.9}, 400, 1, 0, 1},
	{"big values", {0.9, 0.1, 0, 0}, 16384, 1, 0, 1},
};
#define MIXES (sizeof mixes / sizeof *mixes)

/* 1 +- a few percent, bell-shaped enough. */
static double noise(struct lode_rng *r, double sd)
{
	double z = 0;

	for (int i = 0; i < 12; i++)
		z += lode_rng_unit(r);
	return 1 + sd * (z - 6);
}

static void draw(const struct mix *m, struct lode_rng *r, double sd, struct lode_interval *iv)
{
	double ops = 10 * 50000 * noise(r, 5 * sd); /* speed wanders much more than the mix */
	double n[LODE_OP_N];
	uint64_t *t = iv->ticker;

	memset(iv, 0, sizeof *iv);
	for (int i = 0; i < LODE_OP_N; i++)
		n[i] = ops * m->share[i] * noise(r, sd);
	iv->seconds = 10;
	iv->parts = 10;
	iv->has_stats = true;
	t[LODE_T_KEYS_READ] = (uint64_t)n[0];
	t[LODE_T_SEEK] = (uint64_t)n[2];
	t[LODE_T_MULTIGET_KEYS] = (uint64_t)n[3];
	double found_get = n[0] * m->found * fmin(1 / m->found, noise(r, sd));
	t[LODE_T_MULTIGET_FOUND] = (uint64_t)(n[3] * m->found);
	t[LODE_T_L2_HIT] = (uint64_t)(found_get + n[3] * m->found);
	t[LODE_T_BYTES_READ] = (uint64_t)(found_get * m->value * noise(r, sd));
	t[LODE_T_NEXT] = (uint64_t)(n[2] * m->scan * noise(r, sd));
	iv->keys_written = (uint64_t)n[1];
	iv->bytes_written = (uint64_t)(n[1] * (m->value + 28) * noise(r, sd));
	t[LODE_T_WRITE_SELF] = (uint64_t)(n[1] / m->batch);
}

static void noise_moves_it_little(void **state)
{
	struct lode_interval iv;
	struct lode_workload w, first;
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 5);
	for (size_t i = 0; i < MIXES; i++) {
		draw(&mixes[i], &r, 0, &iv);
		lode_workload_of(&iv, NULL, &first);
		assert_true(first.known);
		for (int k = 0; k < 1000; k++) {
			draw(&mixes[i], &r, 0.02, &iv);
			lode_workload_of(&iv, NULL, &w);
			if (lode_workload_distance(&first, &w) > 0.15)
				fail_msg("%s: draw %d is %f away", mixes[i].name, k, lode_workload_distance(&first, &w));
		}
	}
}

static void different_work_is_far_away(void **state)
{
	struct lode_workload w[MIXES];
	struct lode_interval iv;
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 6);
	for (size_t i = 0; i < MIXES; i++) {
		draw(&mixes[i], &r, 0.02, &iv);
		lode_workload_of(&iv, NULL, &w[i]);
		for (size_t j = 0; j < i; j++)
			if (!(lode_workload_distance(&w[i], &w[j]) > 0.3))
				fail_msg("%s and %s: distance %f", mixes[i].name, mixes[j].name, lode_workload_distance(&w[i], &w[j]));
		assert_true(lode_workload_distance(&w[i], &w[i]) == 0);
	}
}

static void speed_and_hit_rate_are_not_features(void **state)
{
	struct lode_interval iv;
	struct lode_workload a, b;
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 7);
	draw(&mixes[2], &r, 0, &iv);
	lode_workload_of(&iv, NULL, &a);
	for (int i = 0; i < (int)LODE_TICKER_N; i++)
		iv.ticker[i] *= 3; /* three times as fast, ... */
	iv.keys_written *= 3;
	iv.bytes_written *= 3;
	iv.ticker[LODE_T_CACHE_HIT] = 123456; /* ... because the cache was made larger */
	iv.ticker[LODE_T_L1_HIT] = iv.ticker[LODE_T_L2_HIT] / 2;
	iv.ticker[LODE_T_L2_HIT] -= iv.ticker[LODE_T_L1_HIT];
	lode_workload_of(&iv, NULL, &b);
	assert_true(lode_workload_distance(&a, &b) < 1e-3);
	assert_true(b.ops > 2.9 * a.ops);
}

/* A mean of many is near each of them; sizes count as ratios; what was unknown is taken over, what is unknown now changes nothing. */
static void blends(void **state)
{
	struct lode_workload a = {.known = true, .share = {1, 0, 0, 0}, .value_bytes = 100, .write_bytes = NAN, .found = 0.5, .scan_next = NAN, .batch_keys = NAN, .rate = NAN};
	struct lode_workload b = {.known = true, .share = {0.5, 0.5, 0, 0}, .value_bytes = 10000, .write_bytes = 300, .found = NAN, .scan_next = NAN, .batch_keys = 1, .rate = NAN};

	(void)state;
	lode_workload_blend(&a, &b, 0.5);
	assert_float_equal(a.share[0], 0.75, 1e-9);
	assert_float_equal(a.share[1], 0.25, 1e-9);
	assert_float_equal(a.value_bytes, sqrt(101.0 * 10001.0) - 1, 1e-6);
	assert_float_equal(a.write_bytes, 300, 1e-9);
	assert_float_equal(a.found, 0.5, 1e-9);
	assert_true(isnan(a.scan_next));
	lode_workload_blend(&a, &b, 1);
	assert_true(lode_workload_distance(&a, &b) < 1e-6);
}

static void little_to_see(void **state)
{
	struct lode_interval iv = {.seconds = 10, .parts = 10, .has_stats = true};
	struct lode_workload w;

	(void)state;
	lode_workload_of(&iv, NULL, &w);
	assert_false(w.known);
	assert_string_equal(w.text, "idle");
	iv.ticker[LODE_T_KEYS_READ] = 20; /* two a second */
	lode_workload_of(&iv, NULL, &w);
	assert_false(w.known);
	iv.ticker[LODE_T_KEYS_READ] = 100000;
	iv.seconds = 2;
	lode_workload_of(&iv, NULL, &w);
	assert_false(w.known);
	memset(&iv, 0, sizeof iv);
	lode_workload_of(&iv, NULL, &w);
	assert_false(w.known);
}

static void people_can_read_it(void **state)
{
	struct lode_interval iv;
	struct lode_workload w;
	struct lode_rng r;

	(void)state;
	lode_rng_seed(&r, 9);
	draw(&mixes[2], &r, 0, &iv);
	lode_workload_of(&iv, NULL, &w);
	assert_string_equal(w.text, "reads 90 % writes 10 %, 100 B values");
	draw(&mixes[7], &r, 0, &iv);
	lode_workload_of(&iv, NULL, &w);
	assert_string_equal(w.text, "writes 5 % seeks 95 %, 1028 B a key, 50 steps a seek");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_moves_it_little), cmocka_unit_test(different_work_is_far_away),
		cmocka_unit_test(speed_and_hit_rate_are_not_features), cmocka_unit_test(blends),
		cmocka_unit_test(little_to_see), cmocka_unit_test(people_can_read_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
