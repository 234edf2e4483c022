/* A host that is started again and again, each life with a model that is new to it: what the lives before have spent is told to it once, however they
 * ended and however often the database is opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "bed.h"

struct model { /* two calls and a hundred tokens a round, and no advice */
	struct lode_advisor base;
	bool silent;
	unsigned rounds;
	uint64_t calls, tokens; /* told of earlier lives */
};

static void ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	(void)q;
	((struct model *)a)->rounds++;
	out->answer = LODE_ANSWER_WAIT;
}

static void poll(struct lode_advisor *a, struct lode_reply *out)
{
	bool silent = ((struct model *)a)->silent;
	*out = (struct lode_reply){.answer = silent ? LODE_ANSWER_WAIT : LODE_ANSWER_FAILED, .call = LODE_CALL_EMPTY, .calls = 2, .prompt_tokens = 60, .completion_tokens = 40};
}

static void recall(struct lode_advisor *a, struct lode_budget *spent)
{
	((struct model *)a)->calls += spent->calls.sum;
	((struct model *)a)->tokens += spent->tokens.sum;
}

static void cancel(struct lode_advisor *a)
{
	(void)a;
}

static void release(struct lode_advisor *a)
{
	free(a);
}

static struct model *model(void)
{
	static const struct lode_advisor_ops ops = {.name = "model", .ask = ask, .poll = poll, .recall = recall, .cancel = cancel, .free = release};
	struct model *m = calloc(1, sizeof(*m));
	assert_non_null(m);
	m->base.ops = &ops;
	return m;
}

/* The process ends and begins: another model, another attach. */
static struct model *next_life(struct bed *b)
{
	bed_crash(b);
	release(b->asker.advisor);
	lode_lsm_advance(b->sim, 1);
	b->asker.advisor = &model()->base;
	b->asker.since_us = lode_clock_wall(lode_lsm_clock(b->sim));
	bed_attach(b);
	return (struct model *)b->asker.advisor;
}

static void test_lives_share_a_budget(void **state)
{
	struct model *m = model();
	unsigned before = 0;
	struct bed b;
	(void)state;
	bed_init(&b, 1);
	b.asker.advisor = &m->base;
	bed_start(&b);
	assert_int_equal(m->calls, 0);
	for (int life = 0; life < 10; life++) {
		bed_run(&b, 60);
		assert_true(m->rounds > 0);
		before += m->rounds;
		m = next_life(&b);
		assert_int_equal(m->calls, 2 * before);
		assert_int_equal(m->tokens, 100 * before);
	}
	/* It ends in the middle of a round: a call at least. */
	m->silent = true;
	bed_run(&b, 60);
	assert_int_equal(m->rounds, 1);
	m = next_life(&b);
	assert_int_equal(m->calls, 2 * before + 1);
	/* It closes the database and opens it again: nothing new. */
	bed_run(&b, 60);
	lode_conductor_settle(b.c);
	lode_conductor_free(b.c);
	lode_lsm_advance(b.sim, 1);
	bed_attach(&b);
	assert_int_equal(m->calls, 2 * before + 1);
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lives_share_a_budget)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
