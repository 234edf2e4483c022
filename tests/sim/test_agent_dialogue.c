/* What the agent makes of an answer besides its proposal: the guard's complaint goes back once, statistics that were asked for come once, and what was
 * learnt about a server is known to the next life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "advise/extra.h"
#include "bed.h"
#include "record/spoken.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TOO_LARGE (1ll << 43)

/* Answers from a list, and keeps what it was told. */
struct talker {
	struct lode_advisor base;
	const int64_t *cache; /* block_cache_size of each answer, 0: no change; the last for all that follow */
	size_t n, said;
	uint32_t wants; /* of the first answer */
	const char *dialect;
	unsigned asked, complained;
	uint32_t seen_wants[8];
	unsigned seen_parts[8];
	double seen_score;
	struct lode_refusal refusal;
	struct lode_proposal refused;
	char remembered[LODE_DIALECT_TEXT];
};

static void say(struct talker *t, struct lode_reply *out)
{
	int64_t cache = t->cache[t->said < t->n ? t->said : t->n - 1];

	*out = (struct lode_reply){.answer = cache ? LODE_ANSWER_PROPOSAL : LODE_ANSWER_NOTHING, .calls = 1, .wants = t->said ? 0 : t->wants, .why = "as told"};
	out->proposal = (struct lode_proposal){.advisor = "talker", .n = cache != 0, .expect = 0.1, .confidence = NAN, .nexpects = 1};
	out->proposal.expects[0] = (struct lode_expectation){LODE_M_SPEED, 0.1};
	out->proposal.change[0] = (struct lode_change){lode_tunable_find("block_cache_size"), LODE_CF_ALL, cache};
	snprintf(out->proposal.reason[0], sizeof(out->proposal.reason[0]), "a reason of its own");
	snprintf(out->dialect, sizeof(out->dialect), "%s", t->dialect ? t->dialect : "");
	t->said++;
}

static void talk(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct talker *t = (struct talker *)a;
	if (t->asked < 8) {
		t->seen_wants[t->asked] = q->wants;
		t->seen_parts[t->asked] = q->detail ? q->detail->parts : 0;
		if (q->detail && q->detail->ncf)
			t->seen_score = q->detail->cf[0].level[1].score;
	}
	t->asked++;
	say(t, out);
}

static void complain(struct lode_advisor *a, const struct lode_question *q, const struct lode_proposal *refused, const struct lode_refusal *why,
		     struct lode_reply *out)
{
	struct talker *t = (struct talker *)a;
	assert_non_null(q->now.state);
	assert_int_equal(q->history[q->nhistory - 1].what, LODE_OUT_REFUSED);
	t->complained++;
	t->refused = *refused;
	t->refusal = *why;
	say(t, out);
}

static void remember(struct lode_advisor *a, const char *dialect)
{
	struct talker *t = (struct talker *)a;
	snprintf(t->remembered, sizeof(t->remembered), "%s", dialect);
}

static void nothing(struct lode_advisor *a)
{
	(void)a;
}

static const struct lode_advisor_ops ops = {
	.name = "talker", .ask = talk, .complain = complain, .remember = remember, .cancel = nothing, .free = nothing};

static struct talker talker(const int64_t *cache, size_t n)
{
	return (struct talker){.base = {&ops}, .cache = cache, .n = n, .seen_score = NAN};
}

static void start(struct bed *b, struct talker *t, uint64_t seed)
{
	bed_init(b, seed);
	bed_start(b);
	b->asker.advisor->ops->free(b->asker.advisor);
	b->asker.advisor = &t->base;
}

static void test_complaint_helps(void **state)
{
	static const int64_t cache[] = {TOO_LARGE, 16ll << 20};
	struct talker t = talker(cache, 2);
	struct bed b;
	(void)state;
	start(&b, &t, 1);
	if (!bed_until(&b, "\"state\":\"TRIAL\"", 120))
		fail_msg("asked %u, complained %u: %s", t.asked, t.complained, bed_status(&b));
	assert_int_equal(t.asked, 1);
	assert_int_equal(t.complained, 1);
	assert_int_equal(t.refused.change[0].value, TOO_LARGE);
	assert_int_not_equal(t.refusal.rule, LODE_RULE_NONE);
	assert_int_equal(bed_count(&b, "\"kind\":\"refused\""), 1);
	assert_int_equal(bed_count(&b, "\"kind\":\"proposal\""), 2);
	assert_int_equal(bed_count(&b, "\"reason\":\"a reason of its own\""), 2);
	assert_int_equal(bed_count(&b, "\"expects\":{\"speed\":0.1}"), 2);
	bed_free(&b);
}

/* Refused again: the round is over, and the next is a fresh one with a complaint of its own. */
static void test_one_complaint_a_round(void **state)
{
	static const int64_t cache[] = {TOO_LARGE};
	struct talker t = talker(cache, 1);
	struct bed b;
	(void)state;
	start(&b, &t, 2);
	assert_true(bed_until(&b, "refused-by-guard", 120));
	assert_int_equal(t.asked, 1);
	assert_int_equal(t.complained, 1);
	bed_run(&b, 600);
	assert_true(t.asked > 1);
	assert_int_equal(t.complained, t.asked);
	assert_int_equal(bed_count(&b, "\"kind\":\"refused\""), 2 * t.asked);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_statistics_come_once(void **state)
{
	static const int64_t cache[] = {0};
	struct talker t = talker(cache, 1);
	struct bed b;
	(void)state;
	t.wants = 1u << LODE_EXTRA_LEVELS | 1u << LODE_EXTRA_GETS | 1u << LODE_EXTRA_CACHE_ENTRIES;
	start(&b, &t, 3);
	for (int i = 0; i < 1000 && t.asked < 3; i++)
		bed_run(&b, 5);
	assert_true(t.asked >= 3);
	assert_int_equal(t.seen_wants[0], 0);
	assert_int_equal(t.seen_wants[1], t.wants);
	assert_int_equal(t.seen_parts[1], LODE_DETAIL_LEVELS | LODE_DETAIL_CACHE);
	assert_int_equal(t.seen_wants[2], 0);
	assert_int_equal(t.seen_parts[2], 0);
	assert_int_equal(bed_count(&b, "\"wants\":[\"levels\",\"get_times\",\"cache_entries\"]"), 1);
	bed_free(&b);
}

static void test_dialect_is_remembered(void **state)
{
	static const int64_t cache[] = {0};
	struct talker t = talker(cache, 1);
	char path[700], text[LODE_DIALECT_TEXT];
	struct bed b;
	(void)state;
	t.dialect = "12345678 chat object max_tokens temperature exact";
	start(&b, &t, 4);
	for (int i = 0; i < 1000 && !t.asked; i++)
		bed_run(&b, 5);
	assert_int_equal(t.asked, 1);
	assert_string_equal(t.remembered, "");
	bed_crash(&b);
	bed_attach(&b);
	assert_string_equal(t.remembered, t.dialect);
	/* For some days; a longer text than anybody can have written is none. */
	uint64_t now = lode_clock_wall(lode_lsm_clock(b.sim));
	snprintf(path, sizeof(path), "%s/%s/journal.jsonl", b.config.state_dir, lode_conductor_id(b.c));
	assert_true(lode_journal_dialect(path, now + 6 * 86400000000ull, text, sizeof(text)));
	assert_false(lode_journal_dialect(path, now + 8 * 86400000000ull, text, sizeof(text)));
	assert_false(lode_journal_dialect(path, now, text, 20));
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complaint_helps),
		cmocka_unit_test(test_one_complaint_a_round),
		cmocka_unit_test(test_statistics_come_once),
		cmocka_unit_test(test_dialect_is_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
