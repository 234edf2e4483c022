/* The test advisors: they are repeatable, they reach the whole table, and the guard stands against all that they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "test_advise_world.h"

#define ROUNDS 20000

/* What must hold of any plan, whoever asked for it (rocksdb options that stop, abort or grow the host). */
static void check_plan(const struct world *w, const struct lode_plan *plan)
{
	static const char *const never[] = {"disable_auto_compactions", "ttl", "max_open_files",
					    "compaction_options_fifo.max_table_files_size", NULL};

	assert_true(plan->n > 0 && plan->n <= LODE_WRITE_MAX);
	for (size_t i = 0; i < plan->n; i++) {
		const struct lode_tunable *t = &lode_tunables[plan->tunable[i]];
		int64_t v;

		assert_int_equal(lode_tunable_read(t, plan->todo[i].value, &v), 0);
		assert_true(v >= t->min && v <= t->max);
		for (int k = 0; never[k]; k++)
			assert_string_not_equal(t->id, never[k]);
		if (!strcmp(t->id, "max_write_buffer_number"))
			assert_true(v >= 2);
		if (!strcmp(t->id, "level0_stop_writes_trigger"))
			assert_true(v > (int64_t)w->sample.cf[0].files[0] && v >= 4);
		if (!strcmp(t->id, "block_cache_size"))
			assert_true((uint64_t)v < w->machine.mem_available);
		if (!strcmp(t->id, "max_background_jobs"))
			assert_true(v <= 64);
		assert_string_equal(plan->undo[i].key, plan->todo[i].key);
		assert_int_equal(plan->undo[i].cf, plan->todo[i].cf);
	}
}

static unsigned storm(struct lode_advisor *a, struct world *w, bool seen[LODE_TUNABLE_MAX])
{
	struct lode_plan *plan = malloc(sizeof *plan);
	struct lode_refusal refusal;
	struct lode_reply r;
	unsigned passed = 0;

	for (int i = 0; i < ROUNDS; i++) {
		a->ops->ask(a, &w->q, &r);
		assert_int_equal(r.answer, LODE_ANSWER_PROPOSAL);
		assert_in_range(r.proposal.n, 1, LODE_CHANGES_MAX);
		for (size_t k = 0; k < r.proposal.n; k++)
			if (r.proposal.change[k].tunable < lode_tunable_count)
				seen[r.proposal.change[k].tunable] = true;
		memset(&refusal, 0, sizeof refusal);
		if (lode_guard_check(&w->q.now, &r.proposal, plan, &refusal) == 0) {
			check_plan(w, plan);
			passed++;
		} else {
			assert_int_not_equal(refusal.rule, LODE_RULE_NONE);
			assert_true(strlen(refusal.why) > 5);
		}
	}
	free(plan);
	return passed;
}

static void test_random(void **state)
{
	struct world *w = world_new();
	struct lode_advisor *a = lode_advisor_random(42);
	bool seen[LODE_TUNABLE_MAX] = {0};
	unsigned passed = storm(a, w, seen);

	(void)state;
	for (int t = 0; t < lode_tunable_count; t++)
		assert_true(seen[t]);
	assert_true(passed > 0 && passed < ROUNDS / 2);
	a->ops->free(a);
	free(w);
}

static void test_adversarial(void **state)
{
	struct world *w = world_new();
	struct lode_advisor *a = lode_advisor_adversarial(42);
	bool seen[LODE_TUNABLE_MAX] = {0};
	unsigned passed = storm(a, w, seen);

	(void)state;
	/* Some of what it says is legal and merely bad: that is for the judge to find. */
	assert_true(passed > ROUNDS / 20 && passed < ROUNDS * 3 / 4);
	assert_true(seen[lode_tunable_find("disable_auto_compactions")]);
	assert_true(seen[lode_tunable_find("block_cache_size")]);
	a->ops->free(a);
	free(w);
}

static void test_repeatable(void **state)
{
	struct world *w = world_new();
	struct lode_advisor *(*const make[])(uint64_t) = {lode_advisor_random, lode_advisor_adversarial};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct lode_advisor *a = make[k](7), *b = make[k](7), *c = make[k](8);
		struct lode_reply x, y, z;
		int differ = 0;

		for (int i = 0; i < 50; i++) {
			a->ops->ask(a, &w->q, &x);
			b->ops->ask(b, &w->q, &y);
			c->ops->ask(c, &w->q, &z);
			assert_int_equal(x.proposal.n, y.proposal.n);
			for (size_t n = 0; n < x.proposal.n; n++)
				assert_memory_equal(&x.proposal.change[n], &y.proposal.change[n], sizeof x.proposal.change[n]);
			differ += x.proposal.n != z.proposal.n || x.proposal.change[0].value != z.proposal.change[0].value;
		}
		assert_true(differ > 10);
		a->ops->free(a);
		b->ops->free(b);
		c->ops->free(c);
	}
	free(w);
}

/* A database with nothing in it, and without families: nobody divides by that. */
static void test_empty_state(void **state)
{
	struct world *w = world_new();
	struct lode_advisor *all[] = {lode_advisor_random(1), lode_advisor_adversarial(1), lode_advisor_expert()};
	struct lode_reply r;
	struct lode_buf b;

	(void)state;
	memset(&w->state, 0, sizeof w->state);
	memset(&w->sample, 0, sizeof w->sample);
	memset(&w->machine, 0, sizeof w->machine);
	lode_buf_init(&b, 1 << 16);
	for (size_t k = 0; k < 3; k++) {
		for (int i = 0; i < 500; i++)
			all[k]->ops->ask(all[k], &w->q, &r);
		assert_int_equal(all[k]->ops->prompt(all[k], &w->q, &b), 0);
		all[k]->ops->poll(all[k], &r);
		assert_int_equal(r.answer, LODE_ANSWER_NOTHING);
		all[k]->ops->cancel(all[k]);
		all[k]->ops->free(all[k]);
	}
	assert_int_equal(r.answer, LODE_ANSWER_NOTHING);
	lode_buf_fini(&b);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_adversarial),
	    cmocka_unit_test(test_repeatable),
	    cmocka_unit_test(test_empty_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
