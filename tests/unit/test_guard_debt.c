/* The debt estimate, worked by hand. Sizes in plain units: the estimate only knows proportions. (tests/host/guard_debt.cc compares it with
 * RocksDB's own figure on real trees.) */
#include "test_guard_world.h"

static struct lode_cf_sample tree(uint64_t l0_files, uint64_t l0, uint64_t l1, uint64_t l2, uint64_t l3, uint64_t l4)
{
	return (struct lode_cf_sample){.files = {l0_files}, .bytes = {l0, l1, l2, l3, l4}};
}

static struct lode_shape_options fixed(int64_t trigger, int64_t base)
{
	return (struct lode_shape_options){
	    .l0_trigger = trigger, .level_base = base, .num_levels = 5, .multiplier = 10, .style = "kCompactionStyleLevel"};
}

static void l0_alone(void **state)
{
	struct lode_cf_sample t = tree(3, 150, 0, 0, 0, 0);
	struct lode_shape_options o = fixed(4, 200);

	(void)state;
	assert_int_equal(lode_debt_estimate(&t, &o), 0); /* neither enough files nor bytes */
	o.l0_trigger = 3;
	assert_int_equal(lode_debt_estimate(&t, &o), 150);
	o.l0_trigger = 4;
	o.level_base = 150; /* by size */
	assert_int_equal(lode_debt_estimate(&t, &o), 150);
}

static void base_level_is_rewritten(void **state)
{
	struct lode_cf_sample t = tree(4, 100, 90, 0, 0, 0);
	struct lode_shape_options o = fixed(4, 200);

	(void)state;
	assert_int_equal(lode_debt_estimate(&t, &o), 190);
}

/* L1 1100 over 1000: 100 move into L2 of 5500, fan-out 5: 100 * (5 + 1). L2 is then 5600 under 10000. */
static void excess_moves_down(void **state)
{
	struct lode_cf_sample t = tree(0, 0, 1100, 5500, 0, 0);
	struct lode_shape_options o = fixed(4, 1000);

	(void)state;
	assert_int_equal(lode_debt_estimate(&t, &o), 600);
}

/* L0 400 joins L1 1000: 1400 of debt, 400 too much; L2 10000 takes it with 400 * (10000/1400 + 1) = 3257 and passes 400 on;
 * L3 20000: 400 * (20000/10400 + 1) = 1169. */
static void cascade(void **state)
{
	struct lode_cf_sample t = tree(4, 400, 1000, 10000, 20000, 0);
	struct lode_shape_options o = fixed(4, 1000);

	(void)state;
	assert_int_equal(lode_debt_estimate(&t, &o), 1400 + 3257 + 1169);
}

static void last_level_owes_nothing(void **state)
{
	struct lode_cf_sample t = tree(0, 0, 0, 0, 0, 999999999);
	struct lode_shape_options o = fixed(4, 10);

	(void)state;
	assert_int_equal(lode_debt_estimate(&t, &o), 0);
	t = tree(0, 0, 0, 0, 20000, 0); /* too much, but nothing below to rewrite */
	assert_int_equal(lode_debt_estimate(&t, &o), 0);
}

/* Dynamic: last level 5000 and factor 10 with base 100: L4 5000, L3 500, L2 50 -> base level 2, no target below 100. */
static void dynamic_levels(void **state)
{
	struct lode_cf_sample t = tree(0, 0, 0, 150, 500, 5000);
	struct lode_shape_options o = fixed(4, 100);

	(void)state;
	o.dynamic_levels = true;
	/* 50 too much in L2: 50 * (500/150 + 1) = 216; L3 is then 550, 50 too much: 50 * (5000/550 + 1) = 504. */
	assert_int_equal(lode_debt_estimate(&t, &o), 216 + 504);
	t = tree(4, 70, 0, 0, 0, 0); /* an empty tree: L0 goes straight to the last level */
	assert_int_equal(lode_debt_estimate(&t, &o), 70);
	t = tree(4, 70, 0, 0, 0, 90);
	assert_int_equal(lode_debt_estimate(&t, &o), 70); /* the base level is the last: it is no input level */
}

static void other_styles_and_nonsense(void **state)
{
	struct lode_cf_sample t = tree(50, 5000, 5000, 5000, 5000, 5000);
	struct lode_shape_options o = fixed(4, 10);

	(void)state;
	o.style = "kCompactionStyleUniversal";
	assert_int_equal(lode_debt_estimate(&t, &o), 0);
	o.style = "kCompactionStyleFIFO";
	assert_int_equal(lode_debt_estimate(&t, &o), 0);
	o = fixed(-1, -5);
	o.multiplier = -3;
	assert_true(lode_debt_estimate(&t, &o) > 0);
	o.num_levels = 1;
	assert_int_equal(lode_debt_estimate(&t, &o), 0);
	o = fixed(4, INT64_MAX);
	o.num_levels = INT64_MAX;
	o.multiplier = 1e300;
	assert_int_equal(lode_debt_estimate(&t, &o), 10000);
	o.dynamic_levels = true;
	assert_true(lode_debt_estimate(&t, &o) > 0);
}

/* What the guard uses it for: a smaller base level raises the debt of the same data. */
static void smaller_base_means_more(void **state)
{
	struct lode_cf_sample t = tree(1, 64, 256, 2560, 20000, 0);
	uint64_t last = UINT64_MAX;

	(void)state;
	for (int64_t base = 16; base <= 512; base *= 2) {
		struct lode_shape_options o = fixed(4, base);
		uint64_t debt = lode_debt_estimate(&t, &o);

		assert_true(debt <= last);
		last = debt;
	}
	assert_int_equal(last, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(l0_alone),
	    cmocka_unit_test(base_level_is_rewritten),
	    cmocka_unit_test(excess_moves_down),
	    cmocka_unit_test(cascade),
	    cmocka_unit_test(last_level_owes_nothing),
	    cmocka_unit_test(dynamic_levels),
	    cmocka_unit_test(other_styles_and_nonsense),
	    cmocka_unit_test(smaller_base_means_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
