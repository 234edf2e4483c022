/* What an advisor is asked, in the course of a life: the trend of this work only, rounds with the values before them, memory after a restart, the kinds of
 * work in the order in which they were left; and that what is written down holds no name and no path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bed.h"

struct model { /* proposes the cache once, and keeps what it was asked */
	struct lode_advisor base;
	unsigned asked;
	bool said;
	size_t ntrend, nlore, nhistory, nproven;
	struct lode_moment trend[5];
	struct lode_outcome last;
	struct lode_lore_proven proven;
	uint32_t lore[6];
	double others, harm_left;
	unsigned trials_left;
	enum lode_loop loop;
};

static void ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct model *m = (struct model *)a;

	m->asked++;
	m->ntrend = q->ntrend;
	for (size_t i = 0; i < q->ntrend; i++)
		m->trend[i] = q->trend[i];
	m->nlore = q->nlore;
	for (size_t i = 0; i < q->nlore; i++)
		m->lore[i] = q->lore[i].regime;
	m->nproven = q->nlore ? q->lore[0].nproven : 0;
	if (m->nproven)
		m->proven = q->lore[0].proven[0];
	m->nhistory = q->nhistory;
	if (q->nhistory)
		m->last = q->history[q->nhistory - 1];
	m->harm_left = q->harm_left;
	m->trials_left = q->trials_left;
	m->loop = q->loop;
	out->answer = LODE_ANSWER_NOTHING;
	if (m->said)
		return;
	m->said = true;
	out->answer = LODE_ANSWER_PROPOSAL;
	snprintf(out->proposal.advisor, sizeof(out->proposal.advisor), "model");
	out->proposal.change[0] = (struct lode_change){.tunable = lode_tunable_find("block_cache_size"), .cf = LODE_CF_ALL, .value = 512 << 20};
	out->proposal.n = 1;
	out->proposal.expect = 0.4;
}

static void nothing(struct lode_advisor *a)
{
	(void)a;
}

static void release(struct lode_advisor *a)
{
	free(a);
}

static struct model *model(bool silent)
{
	static const struct lode_advisor_ops ops = {.name = "model", .ask = ask, .cancel = nothing, .free = release};
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->base.ops = &ops;
	m->said = silent;
	return m;
}

static void test_rounds_and_memory(void **state)
{
	struct bed b;
	struct model *m = model(false);

	(void)state;
	bed_init(&b, 11);
	b.asker.advisor = &m->base;
	b.config.max_trials = 3;
	bed_start(&b);
	assert_true(bed_until(&b, "\"kept\":1", 600));
	bed_run(&b, 60);
	assert_true(m->asked >= 2);
	assert_int_equal(m->nhistory, 1);
	assert_int_equal(m->last.what, LODE_OUT_KEPT);
	assert_int_equal(m->last.from[0], (int64_t)b.cache_before);
	assert_int_equal(m->last.from[1], LODE_FROM_UNKNOWN);
	assert_true(fabs(m->last.proposal.expect - 0.4) < 1e-9);
	assert_int_equal(m->trials_left, 2);
	assert_true(m->harm_left > 0 && m->harm_left <= 1);
	assert_in_range(m->ntrend, 2, 5);
	for (size_t i = 0; i + 1 < m->ntrend; i++) {
		assert_true(m->trend[i].age_s > m->trend[i + 1].age_s);
		assert_true(fabs(m->trend[i].seconds - m->trend[0].seconds) < 1.1);
		assert_true(m->trend[i].ops > 0);
	}
	assert_int_equal(m->nlore, 1);
	assert_int_equal(m->nproven, 1);
	assert_true(m->proven.in_force);
	assert_int_equal(m->proven.change[0].value, 512 << 20);
	/* Another life: no rounds, but the memory, and the options as they are. */
	bed_crash(&b);
	m->base.ops->free(&m->base);
	m = model(true);
	b.asker = (struct lode_asker){.advisor = &m->base};
	bed_attach(&b);
	bed_run(&b, 120);
	assert_true(m->asked >= 1);
	assert_int_equal(m->nhistory, 0);
	assert_int_equal(m->nproven, 1);
	assert_true(m->proven.in_force);
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rounds_and_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
