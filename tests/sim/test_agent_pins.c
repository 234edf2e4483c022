/* What the operator keeps for themselves: pinned options, those that somebody else has changed, and what stays behind when the database closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bed.h"

#define MIB (1ll << 20)

static void write_heavy(struct bed *b)
{
	memset(b->lsm.mix.share, 0, sizeof(b->lsm.mix.share));
	b->lsm.mix.share[LODE_H_GET] = 0.2;
	b->lsm.mix.share[LODE_H_WRITE] = 0.8;
}

/* Pins or unpins; returns what was said, valid until the next call. */
static const char *pin(struct bed *b, const char *options, bool on, int expect)
{
	static struct lode_buf out;
	if (!out.max)
		lode_buf_init(&out, 65536);
	lode_buf_clear(&out);
	assert_int_equal(lode_conductor_pin(b->c, options, on, &out), expect);
	return lode_buf_str(&out);
}

static double capacity(struct bed *b)
{
	struct lode_cache cache = {0};
	lode_lsm_host(b->sim)->ops->cache(lode_lsm_host(b->sim), &cache);
	return (double)cache.capacity;
}

static void test_pinned_is_never_touched(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 1);
	bed_start(&b);
	assert_non_null(strstr(pin(&b, "block_cache_size, write_buffer_size", true, 0), "block_cache_size: pinned"));
	assert_non_null(strstr(bed_status(&b), "\"pinned\":[\"block_cache_size\",\"write_buffer_size\"]"));
	bed_run(&b, 200);
	assert_true(capacity(&b) == (double)b.cache_before);
	bed_crash(&b);
	bed_attach(&b);
	assert_non_null(strstr(bed_status(&b), "\"pinned\":[\"block_cache_size\",\"write_buffer_size\"]"));
	bed_run(&b, 200);
	assert_true(capacity(&b) == (double)b.cache_before);
	assert_non_null(strstr(pin(&b, "block_cache_size", false, 0), "no longer pinned"));
	assert_non_null(strstr(bed_status(&b), "\"pinned\":[\"write_buffer_size\"]"));
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	assert_true(capacity(&b) > (double)b.cache_before);
	bed_free(&b);
}

static void test_wrong_names(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 2);
	snprintf(b.config.pin, sizeof(b.config.pin), "max_background_jobs");
	bed_start(&b);
	assert_non_null(strstr(pin(&b, "block_cache_size write_bufer_size", true, -EINVAL), "did you mean write_buffer_size?"));
	assert_non_null(strstr(bed_status(&b), "\"pinned\":[\"max_background_jobs\"]")); /* nothing was done */
	pin(&b, "", true, -EINVAL);
	pin(&b, NULL, false, -EINVAL);
	pin(&b, " , ", true, -EINVAL);
	assert_non_null(strstr(pin(&b, "max_background_jobs", false, -EPERM), "guard.pin"));
	assert_non_null(strstr(bed_status(&b), "\"pinned\":[\"max_background_jobs\"]"));
	assert_non_null(strstr(pin(&b, "write_buffer_size", false, 0), "was not pinned"));
	bed_free(&b);
}

static void test_pinned_in_a_trial(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 3);
	bed_start(&b);
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 120));
	pin(&b, "write_buffer_size", true, 0); /* another option: the trial goes on */
	assert_non_null(strstr(bed_status(&b), "\"state\":\"TRIAL\""));
	pin(&b, "block_cache_size", true, 0);
	assert_true(bed_as_before(&b));
	assert_null(strstr(bed_status(&b), "\"state\":\"TRIAL\""));
	assert_non_null(strstr(bed_status(&b), "\"what\":\"invalid\""));
	assert_non_null(strstr(bed_status(&b), "pinned by the operator"));
	bed_run(&b, 120);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

/* A kept change of a pinned option is the operator's from then on: neither the end nor a tripwire of the watch nor a rollback puts it back. */
static void test_pinned_after_a_keep(void **state)
{
	struct lode_buf out;
	struct bed b;
	double kept;
	(void)state;
	bed_init(&b, 4);
	bed_start(&b);
	assert_true(bed_until(&b, "\"state\":\"WATCH\"", 180));
	kept = capacity(&b);
	assert_non_null(strstr(pin(&b, "block_cache_size", true, 0), "stays and is yours now: "));
	assert_non_null(strstr(bed_status(&b), "\"kept\":[]"));
	assert_false(lode_conductor_exposed(b.c));
	lode_buf_init(&out, 65536);
	assert_int_equal(lode_conductor_rollback(b.c, false, &out), 0);
	lode_buf_fini(&out);
	lode_conductor_settle(b.c);
	assert_true(capacity(&b) == kept);
	bed_crash(&b);
	bed_attach(&b);
	lode_conductor_settle(b.c);
	assert_true(capacity(&b) == kept);
	bed_free(&b);
}

static void test_pinned_suggestion_is_dropped(void **state)
{
	struct bed b;
	(void)state;
	bed_init(&b, 5);
	b.config.mode = LODE_MODE_SUGGEST;
	bed_start(&b);
	assert_true(bed_until(&b, "\"suggestion\":{", 60));
	pin(&b, "block_cache_size", true, 0);
	assert_null(strstr(bed_status(&b), "\"suggestion\":{"));
	bed_free(&b);
}

/* Somebody else's option is theirs over a restart, too, until it is given back; then it is tuned again. */
static void test_given_back(void **state)
{
	static const struct bed_wish wish[] = {{"write_buffer_size", 96 * MIB}}, again[] = {{"write_buffer_size", 64 * MIB}};
	struct lode_lsm_event set = {.what = LODE_LSM_SET, .key = "write_buffer_size", .value = "50331648"};
	struct bed b;
	(void)state;
	bed_init(&b, 8);
	write_heavy(&b);
	b.asker.advisor = bed_advisor(wish, 1);
	bed_start(&b);
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 120));
	assert_true(lode_lsm_at(b.sim, &set));
	assert_true(bed_until(&b, "\"manual\":[\"write_buffer_size\"]", 30));
	assert_true(lode_lsm_value(b.sim, 0, "write_buffer_size") == 48 * (double)MIB);
	bed_crash(&b);
	b.asker.advisor->ops->free(b.asker.advisor);
	b.asker.advisor = bed_advisor(again, 1);
	bed_attach(&b);
	assert_non_null(strstr(bed_status(&b), "\"manual\":[\"write_buffer_size\"]"));
	assert_true(bed_until(&b, "was changed by the operator", 60));
	assert_non_null(strstr(pin(&b, "write_buffer_size", false, 0), "given back"));
	assert_non_null(strstr(bed_status(&b), "\"manual\":[]"));
	b.asker.advisor->ops->free(b.asker.advisor);
	b.asker.advisor = bed_advisor(again, 1);
	assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 120));
	bed_crash(&b);
	bed_attach(&b);
	assert_non_null(strstr(bed_status(&b), "\"manual\":[]"));
	bed_free(&b);
}

/* An advisor that wants two options at once. */
static void two_at_once(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	(void)a, (void)q;
	*out = (struct lode_reply){.answer = LODE_ANSWER_PROPOSAL, .proposal = {.advisor = "two", .n = 2, .expect = 0.1, .confidence = 1}};
	out->proposal.change[0] = (struct lode_change){lode_tunable_find("write_buffer_size"), LODE_CF_ALL, 128 * MIB};
	out->proposal.change[1] = (struct lode_change){lode_tunable_find("level0_slowdown_writes_trigger"), LODE_CF_ALL, 30};
}

static void cancel(struct lode_advisor *a)
{
	(void)a;
}

static void nothing(struct lode_advisor *a)
{
	(void)a;
}

/* One option of the trial is changed by somebody else: that one stays as they set it, the other goes back. */
static void test_override_of_one_of_two(void **state)
{
	static const struct lode_advisor_ops ops = {.name = "two", .ask = two_at_once, .cancel = cancel, .free = nothing};
	struct lode_lsm_event set = {.what = LODE_LSM_SET, .key = "level0_slowdown_writes_trigger", .value = "25"};
	struct lode_advisor two = {.ops = &ops};
	struct lode_buf journal;
	struct bed b;
	(void)state;
	bed_init(&b, 9);
	write_heavy(&b);
	b.asker.advisor = &two;
	bed_start(&b);
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 120));
	assert_true(lode_lsm_at(b.sim, &set));
	assert_true(bed_until(&b, "\"what\":\"invalid\"", 30));
	assert_true(lode_lsm_value(b.sim, 0, "level0_slowdown_writes_trigger") == 25);
	assert_true(lode_lsm_value(b.sim, 0, "write_buffer_size") == 64 * (double)MIB);
	lode_buf_init(&journal, 1 << 20);
	bed_journal(&b, &journal);
	assert_non_null(strstr(lode_buf_str(&journal), "\"kind\":\"override\",\"option\":\"level0_slowdown_writes_trigger\""));
	lode_buf_fini(&journal);
	lode_conductor_settle(b.c);
	assert_true(lode_lsm_value(b.sim, 0, "level0_slowdown_writes_trigger") == 25);
	assert_true(lode_lsm_value(b.sim, 0, "write_buffer_size") == 64 * (double)MIB);
	bed_free(&b);
}

/* on_close = keep: what was kept stands in the OPTIONS file, and is the application's own for the next attach. */
static void test_kept_over_a_close(void **state)
{
	struct bed b;
	double kept;
	(void)state;
	bed_init(&b, 1);
	b.config.on_close = LODE_CLOSE_KEEP;
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 180));
	kept = capacity(&b);
	lode_conductor_settle(b.c);
	bed_crash(&b);
	b.config.on_close = LODE_CLOSE_RESTORE;
	bed_attach(&b);
	assert_non_null(strstr(bed_status(&b), "\"kept\":[]"));
	assert_non_null(strstr(bed_status(&b), "\"manual\":[]"));
	lode_conductor_settle(b.c);
	assert_true(capacity(&b) == kept);
	bed_free(&b);
}

static double factor(struct bed *b, const char *option, bool up)
{
	struct lode_buf journal;
	char text[120];
	const char *at, *last = NULL;
	double f;
	snprintf(text, sizeof(text), "\"option\":\"%s\",\"up\":%s,\"scale\":", option, up ? "true" : "false");
	lode_buf_init(&journal, 4 << 20);
	bed_journal(b, &journal);
	for (at = lode_buf_str(&journal); (at = strstr(at, text)); at++)
		last = at;
	f = last ? strtod(last + strlen(text), NULL) : 0;
	lode_buf_fini(&journal);
	return f;
}

/* What harmed is tried more gently, over a restart, too; the refusal says how far one may go. */
static void test_steps_shrink_and_are_remembered(void **state)
{
	static const struct bed_wish halve[] = {{"block_cache_size", 32 * MIB}}, again[] = {{"block_cache_size", 32 * MIB}};
	struct bed b;
	(void)state;
	bed_init(&b, 3);
	b.lsm.cache_bytes = 64 * MIB;
	b.lsm.keys = 400000;
	b.asker.advisor = bed_advisor(halve, 1);
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"reverted\"", 300) || strstr(bed_status(&b), "\"what\":\"tripped\""));
	assert_true(factor(&b, "block_cache_size", false) > 0.66 && factor(&b, "block_cache_size", false) < 0.67);
	bed_crash(&b);
	b.asker.advisor->ops->free(b.asker.advisor);
	b.asker.advisor = bed_advisor(NULL, 0);
	bed_attach(&b);
	bed_run(&b, 600); /* what failed cools down */
	b.asker.advisor->ops->free(b.asker.advisor);
	b.asker.advisor = bed_advisor(again, 1);
	assert_true(bed_until(&b, "is too large a step", 120));
	assert_non_null(strstr(bed_status(&b), "x1.33 at the most"));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pinned_is_never_touched), cmocka_unit_test(test_wrong_names),
		cmocka_unit_test(test_pinned_in_a_trial), cmocka_unit_test(test_pinned_after_a_keep),
		cmocka_unit_test(test_pinned_suggestion_is_dropped), cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_override_of_one_of_two), cmocka_unit_test(test_kept_over_a_close),
		cmocka_unit_test(test_steps_shrink_and_are_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
