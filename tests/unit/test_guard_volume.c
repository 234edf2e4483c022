/* The settle volume, worked by hand, and whether somebody else compacts. Family 0: 20 GiB in the tree that the defaults make of them. */
#include "test_guard_world.h"

#include <stdlib.h>

static void tree(struct world *w)
{
	static const uint64_t bytes[] = {0, 256 * MIB, 2560 * MIB, 17 * GIB};

	for (size_t i = 0; i < w->sample.ncf; i++)
		memcpy(w->sample.cf[i].bytes, bytes, sizeof bytes);
	w->policy.allow_shape = w->policy.allow_optin = true;
}

static struct lode_plan plan_for(struct world *w, const char *id, int64_t value)
{
	struct lode_proposal p = {.n = 1, .change = {{.tunable = world_id(id), .cf = 0, .value = value}}};
	struct lode_refusal refusal;
	struct lode_plan plan;

	if (lode_guard_check(&w->now, &p, &plan, &refusal))
		fail_msg("%s: %s", id, refusal.why);
	return plan;
}

/* The rule's column of the toy: 8.4 GB for the base, 2.6 GB for the multiplier, each with three fillings of level 0. */
static void deltas_of_targets(void **state)
{
	struct lode_plan plan;
	struct world w;

	(void)state;
	world_init(&w);
	tree(&w);
	plan = plan_for(&w, "max_bytes_for_level_base", 1024 * MIB);
	assert_int_equal(plan.cycle, 256 * MIB);
	assert_int_equal(plan.settle, (1024 - 256 + 10240 - 2560 + 3 * 256) * MIB);
	plan = plan_for(&w, "max_bytes_for_level_multiplier", 20000);
	assert_int_equal(plan.settle, 2560 * MIB + 3 * 256 * MIB);
	plan = plan_for(&w, "max_bytes_for_level_multiplier", 5000);
	assert_int_equal(plan.settle, 1280 * MIB + 3 * 256 * MIB);
}

/* No target counts beyond the data that there is. */
static void bounded_by_the_data(void **state)
{
	struct lode_plan plan;
	struct world w;

	(void)state;
	world_init(&w);
	tree(&w);
	w.sample.cf[0].bytes[3] = GIB;
	plan = plan_for(&w, "max_bytes_for_level_base", 1024 * MIB);
	assert_int_equal(plan.settle, (1024 - 256) * MIB + (256 + 2560 + 1024 - 2560) * MIB + 3 * 256 * MIB);
}

static void other_options(void **state)
{
	struct lode_plan plan;
	struct world w;

	(void)state;
	world_init(&w);
	tree(&w);
	plan = plan_for(&w, "level0_file_num_compaction_trigger", 8);
	assert_int_equal(plan.settle, 3 * 512 * MIB);
	plan = plan_for(&w, "write_buffer_size", 128 * MIB);
	assert_int_equal(plan.settle, 3 * 512 * MIB);
	plan = plan_for(&w, "target_file_size_base", 128 * MIB); /* the upper levels once */
	assert_int_equal(plan.settle, (256 + 2560 + 3 * 256) * MIB);
	plan = plan_for(&w, "max_background_jobs", 4);
	assert_int_equal(plan.settle, 0);
}

/* Dynamic levels: 17 GiB in the last, so L3 is aimed at 1.7 GiB and L2 is the base at 174 MiB. With a base of 64 MiB L1 becomes one. */
static void dynamic_levels(void **state)
{
	static const uint64_t bytes[] = {0, 0, 0, 170 * MIB, 1740 * MIB, 17 * GIB};
	struct lode_plan plan;
	struct world w;

	(void)state;
	world_init(&w);
	tree(&w);
	memcpy(w.sample.cf[0].bytes, bytes, sizeof bytes);
	w.state.cf[0].dynamic_levels = true;
	w.state.cf[0].num_levels = 6;
	plan = plan_for(&w, "max_bytes_for_level_base", 128 * MIB);
	assert_true(plan.settle > 3 * 256 * MIB); /* the base level moves up: it is counted three times */
	assert_true(plan.settle < 3 * 256 * MIB + 4 * 256 * MIB);
	plan = plan_for(&w, "target_file_size_base", 128 * MIB);
	assert_true(plan.settle > 3 * 256 * MIB + 1700 * MIB && plan.settle < 3 * 256 * MIB + 2000 * MIB);
}

static void refused(struct world *w, const char *id, int64_t value, const char *why)
{
	struct lode_proposal p = {.n = 1, .change = {{.tunable = world_id(id), .cf = 0, .value = value}}};
	struct lode_refusal refusal;
	struct lode_plan plan;

	assert_true(lode_guard_check(&w->now, &p, &plan, &refusal) < 0);
	assert_int_equal(refusal.rule, LODE_RULE_LAG);
	assert_non_null(strstr(refusal.why, why));
}

static void what_stays_refused(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	tree(&w);
	refused(&w, "compression", 0, "or put it back");
	snprintf(w.state.cf[0].style, sizeof w.state.cf[0].style, "kCompactionStyleUniversal");
	refused(&w, "target_file_size_base", 128 * MIB, "leveled compaction only");
	w.policy.allow_shape = false;
	refused(&w, "target_file_size_base", 128 * MIB, "judge.shape = volume");
}

static void somebody_compacts(void **state)
{
	struct lode_sample *before = calloc(1, sizeof *before);
	struct world w;
	uint32_t cf = 9;
	int level = 9;

	(void)state;
	assert_non_null(before);
	world_init(&w);
	tree(&w);
	*before = w.sample;
	assert_false(lode_guard_drained(&w.state, before, &w.sample, &cf, &level));
	w.sample.cf[0].bytes[3] += 200 * MIB;
	w.sample.cf[0].bytes[2] -= 200 * MIB; /* a job's worth */
	assert_false(lode_guard_drained(&w.state, before, &w.sample, &cf, &level));
	w.sample.cf[0].bytes[3] = 20 * GIB;
	w.sample.cf[0].bytes[2] = 0;
	assert_true(lode_guard_drained(&w.state, before, &w.sample, &cf, &level));
	assert_int_equal(cf, 0);
	assert_int_equal(level, 2);
	before->cf[0].bytes[2] = 2561 * MIB; /* too large: RocksDB's own doing */
	assert_false(lode_guard_drained(&w.state, before, &w.sample, &cf, &level));
	before->cf[0].bytes[2] = 2560 * MIB;
	w.sample.ncf = 0; /* dropped */
	assert_false(lode_guard_drained(&w.state, before, &w.sample, &cf, &level));
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(deltas_of_targets), cmocka_unit_test(bounded_by_the_data), cmocka_unit_test(other_options),     cmocka_unit_test(dynamic_levels),
	    cmocka_unit_test(what_stays_refused), cmocka_unit_test(somebody_compacts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
