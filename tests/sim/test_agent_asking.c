/* A model that fails in each way, on the virtual clock: real rounds, budget and circuit breaker, over a carrier that answers by a script. How often is it
 * asked, what survives a restart, when is it left alone, and which answers come too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "advise/carrier.h"
#include "advise/round.h"
#include "bed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600.0

struct way { /* one way to answer */
	const char *name;
	enum lode_call call; /* not OK: nothing came */
	long status;
	const char *body;
	double retry_after;
	bool stops; /* it will not mend itself */
};

#define SAYS(content)                                                                                                                                          \
	"{\"model\":\"fake\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"" content          \
	"\"}}],\"usage\":{\"prompt_tokens\":3000,\"completion_tokens\":100}}"
#define CHANGES(list) SAYS("{\\\"diagnosis\\\":\\\"d\\\",\\\"changes\\\":[" list "],\\\"confidence\\\":0.5,\\\"no_change_reason\\\":\\\"it is fine as it is\\\"}")

static const struct way no_change = {"no change", LODE_CALL_OK, 200, CHANGES(""), 0, false};
static const struct way better = {
    "a larger cache", LODE_CALL_OK, 200,
    CHANGES("{\\\"option\\\":\\\"block_cache_size\\\",\\\"cf\\\":\\\"all\\\",\\\"value\\\":\\\"33554432\\\",\\\"reason\\\":\\\"r\\\"}"), 0, false};
static const struct way failing = {"500", LODE_CALL_OK, 500, "{\"error\":\"internal\"}", 0, false};

struct fake {
	struct lode_advisor base;
	struct lode_llm_config config;
	struct lode_round round;
	struct lode_prompt prompt;
	struct lode_carrier carrier;
	const struct way *way;
	double delay_s; /* of an answer; INFINITY: it hangs */
	bool asked;
	uint64_t asked_ns;
	unsigned posts;
	uint64_t last_post_ns;
};

static void carry(struct lode_carrier *c, const struct lode_http_request *q, int cancel_fd, struct lode_buf *body, struct lode_http_reply *out)
{
	struct fake *f = (struct fake *)((char *)c - offsetof(struct fake, carrier));

	(void)cancel_fd;
	assert_true(q->len > 1000);
	f->posts++;
	f->last_post_ns = lode_clock_mono(f->config.clock);
	*out = (struct lode_http_reply){.call = f->way->call, .status = f->way->status, .retry_after = f->way->retry_after};
	snprintf(out->why, sizeof(out->why), "%s", f->way->name);
	lode_buf_adds(body, f->way->body ? f->way->body : "");
}

static void carrier_free(struct lode_carrier *c)
{
	(void)c;
}

static void ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct fake *f = (struct fake *)a;

	assert_false(f->asked);
	assert_int_equal(lode_prompt_build(q, NULL, &f->prompt), 0);
	f->asked = true;
	f->asked_ns = lode_clock_mono(f->config.clock);
	*out = (struct lode_reply){.answer = LODE_ANSWER_WAIT, .cost = lode_round_most(&f->round)};
}

static void poll(struct lode_advisor *a, struct lode_reply *out)
{
	struct fake *f = (struct fake *)a;

	assert_true(f->asked);
	*out = (struct lode_reply){.answer = LODE_ANSWER_WAIT};
	if ((double)(lode_clock_mono(f->config.clock) - f->asked_ns) / 1e9 < f->delay_s)
		return;
	lode_round_run(&f->round, &f->prompt, NULL, out);
	lode_prompt_fini(&f->prompt);
	f->asked = false;
	if (f->way->stops) /* a carrier has no key of ours, so the round does not take it for our configuration */
		lode_budget_failure(&f->round.budget, f->asked_ns, true, 0);
}

static void recall(struct lode_advisor *a, struct lode_budget *spent)
{
	struct fake *f = (struct fake *)a;

	lode_budget_take_over(&f->round.budget, spent, lode_clock_mono(f->config.clock));
}

static void standing(struct lode_advisor *a, struct lode_standing *out)
{
	lode_round_standing(&((struct fake *)a)->round, out);
}

static void resume(struct lode_advisor *a)
{
	lode_round_resume(&((struct fake *)a)->round);
}

static void cancel(struct lode_advisor *a)
{
	struct fake *f = (struct fake *)a;

	if (f->asked)
		lode_prompt_fini(&f->prompt);
	f->asked = false;
}

static void release(struct lode_advisor *a)
{
	struct fake *f = (struct fake *)a;

	cancel(a);
	lode_http_close(f->round.http);
	free(f);
}

static struct fake *fake(const struct way *way, const struct lode_llm_config *limits)
{
	static const struct lode_advisor_ops ops = {
	    .name = "llm", .ask = ask, .poll = poll, .recall = recall, .standing = standing, .resume = resume, .cancel = cancel, .free = release};
	static const struct lode_carrier_ops carrier_ops = {.post = carry, .free = carrier_free, .instant = true};
	struct fake *f = calloc(1, sizeof(*f));
	struct lode_err err = {0};

	assert_non_null(f);
	f->base.ops = &ops;
	f->carrier.ops = &carrier_ops;
	f->way = way;
	f->delay_s = 3;
	if (limits)
		f->config = *limits;
	f->config.model = "fake";
	f->config.timeout_s = 60;
	f->config.max_tokens = 600;
	f->round = (struct lode_round){.config = &f->config, .url = "http://127.0.0.1/v1", .loopback = true};
	assert_non_null(f->round.http = lode_http_open_with(&f->carrier, &err));
	lode_budget_init(&f->round.budget, f->config.calls_per_hour, f->config.tokens_per_day);
	lode_budget_price(&f->round.budget, f->config.price_in, f->config.price_out, f->config.money_per_day);
	return f;
}

/* Its clock is the bed's, which is there only after bed_start: so the bed begins with a moment of the expert. */
static struct fake *enter(struct bed *b, struct fake *f)
{
	f->config.clock = lode_lsm_clock(b->sim);
	b->asker.advisor->ops->free(b->asker.advisor);
	b->asker = (struct lode_asker){.advisor = &f->base, .since_us = lode_clock_wall(lode_lsm_clock(b->sim))};
	return f;
}

static struct fake *begin(struct bed *b, uint64_t seed, const struct way *way, const struct lode_llm_config *limits)
{
	bed_init(b, seed);
	b->lsm.noise = 0.01;
	bed_start(b);
	return enter(b, fake(way, limits));
}

static struct fake *next_life(struct bed *b, const struct way *way, const struct lode_llm_config *limits)
{
	struct fake *f;

	bed_crash(b);
	lode_lsm_advance(b->sim, 1);
	f = enter(b, fake(way, limits));
	bed_attach(b);
	return f;
}

/* In steps of a second: nobody looks for write stops here. */
static void run(struct bed *b, double seconds)
{
	for (double s = 0; s < seconds; s++) {
		lode_lsm_advance(b->sim, 1);
		lode_conductor_tick(b->c);
	}
}

/* Every way to fail, for twenty minutes: never more calls than the breaker allows, nothing tried, and the same again with the same seed. */
static void test_failures(void **state)
{
	static const struct {
		struct way way;
		unsigned least, most; /* calls in twenty minutes */
	} cases[] = {
	    {{"cannot connect", LODE_CALL_CONNECT, 0, NULL, 0, false}, 5, 8},
	    {{"timeout", LODE_CALL_TIMEOUT, 0, NULL, 0, false}, 5, 8},
	    {{"cut", LODE_CALL_CLOSED, 0, NULL, 0, false}, 5, 8},
	    {{"certificate", LODE_CALL_TLS, 0, NULL, 0, false}, 5, 8},
	    {{"500", LODE_CALL_OK, 500, "{\"error\":\"internal\"}", 0, false}, 5, 8},
	    {{"not JSON", LODE_CALL_OK, 200, "hello", 0, false}, 5, 8},
	    {{"429", LODE_CALL_OK, 429, "{\"error\":\"slow down\"}", 500, false}, 2, 3},
	    {{"503", LODE_CALL_OK, 503, "{\"error\":\"loading\"}", 1e9, false}, 1, 1},
	    {{"401", LODE_CALL_OK, 401, "{\"error\":\"Incorrect API key\"}", 0, true}, 1, 1},
	    {{"404", LODE_CALL_OK, 404, "{\"error\":\"no such model\"}", 0, true}, 1, 1},
	    {{"quota", LODE_CALL_OK, 429, "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"none left\"}}", 0, true}, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lode_standing s;
		unsigned first = 0;

		for (int again = 0; again < 2; again++) {
			struct bed b;
			struct fake *f = begin(&b, 11, &cases[i].way, NULL);

			run(&b, 1200);
			standing(&f->base, &s);
			if (f->posts < cases[i].least || f->posts > cases[i].most || (again && f->posts != first))
				fail_msg("%s: %u calls", cases[i].way.name, f->posts);
			first = f->posts;
			assert_true(s.may == LODE_MAY_NOT_STOPPED || s.may == LODE_MAY_NOT_CIRCUIT || s.wait_s == 0);
			assert_int_equal(bed_count(&b, "\"kind\":\"intent\""), 0);
			assert_true(bed_count(&b, "\"kind\":\"model\"") >= 1);
			assert_true(bed_as_before(&b));
			if (cases[i].way.stops) {
				assert_int_equal(bed_count(&b, "\"kind\":\"model\""), 1);
				assert_non_null(strstr(bed_status(&b), "not asked any more"));
				lode_conductor_pause(b.c, false); /* lodestone resume */
				run(&b, 60);
				assert_int_equal(f->posts, first + 1);
			}
			bed_free(&b);
			if (i > 0) /* the first one shows that it is the same again */
				break;
		}
	}
}

/* A pause goes on in the next life; a stop does not, because to start again is to ask again. */
static void test_pause_survives(void **state)
{
	struct lode_standing s;
	struct bed b;
	struct fake *f = begin(&b, 3, &failing, NULL);
	double left;

	(void)state;
	while (f->round.budget.trips < 5) /* the pause is 16 minutes long by then */
		run(&b, 10);
	standing(&f->base, &s);
	assert_true(s.wait_s > 600);
	left = s.wait_s;
	f = next_life(&b, &no_change, NULL);
	standing(&f->base, &s);
	assert_int_equal(s.may, LODE_MAY_NOT_CIRCUIT);
	assert_true(s.wait_s > left - 60 && s.wait_s <= left + 1);
	run(&b, left - 60);
	assert_int_equal(f->posts, 0);
	run(&b, 300);
	assert_true(f->posts > 0);
	bed_free(&b);
}

/* Money and tokens: whatever the lives, a day costs no more than is allowed; and of a process that ends in the middle of a call the most is counted. */
static void test_caps_over_lives(void **state)
{
	const struct lode_llm_config limits = {.price_in = 2, .price_out = 10, .money_per_day = 0.1, .tokens_per_day = 60000, .calls_per_hour = 6};
	unsigned posts = 0, recent = 0;
	struct bed b;
	struct fake *f = begin(&b, 5, &no_change, &limits);

	(void)state;
	b.config.curiosity = 1; /* no patience: the caps alone hold it */
	for (int life = 0; life < 8; life++) {
		run(&b, 600);
		assert_true(f->posts <= limits.calls_per_hour);
		posts += f->posts;
		recent = f->posts;
		f->delay_s = INFINITY;
		if (life == 7)
			break;
		run(&b, 60); /* perhaps in the middle of a call */
		f = next_life(&b, &no_change, &limits);
		assert_true(f->round.budget.calls.sum >= recent);
	}
	/* Each call costs 3100 tokens and 0.007. */
	assert_true(posts >= 6 && posts * 0.007 <= 0.1 && posts * 3100 <= 60000);
	bed_free(&b);
}

/* Answers that come to nothing: pause x 2^n; at once when something changes. */
static void test_patience(void **state)
{
	struct lode_buf said;
	struct bed b;
	struct fake *f = begin(&b, 7, &no_change, NULL);
	unsigned before;

	(void)state;
	run(&b, HOUR);
	assert_in_range(f->posts, 7, 9); /* 8 s doubled nine times is over an hour */
	assert_non_null(strstr(bed_status(&b), "came to nothing"));
	before = f->posts;
	lode_buf_init(&said, 10000);
	lode_conductor_pin(b.c, "compaction_readahead_size", true, &said);
	lode_buf_fini(&said);
	run(&b, 30);
	assert_true(f->posts > before);
	before = f->posts;
	run(&b, HOUR / 2);
	assert_in_range(f->posts - before, 4, 8);
	/* Other work. */
	before = f->posts;
	struct lode_lsm_event e = {.what = LODE_LSM_MIX, .mix = b.lsm.mix};
	e.mix.share[LODE_H_GET] = 0.3;
	e.mix.share[LODE_H_SEEK] = 0.7;
	e.mix.next = 10;
	assert_true(lode_lsm_at(b.sim, &e));
	run(&b, 120);
	assert_true(f->posts > before);
	bed_free(&b);
}

/* An answer to a question about another world. */
static void test_stale(void **state)
{
	struct lode_lsm_event set = {.what = LODE_LSM_SET, .key = "write_buffer_size", .value = "33554432"};
	struct bed b;
	struct fake *f = begin(&b, 9, &better, NULL);

	(void)state;
	f->delay_s = 40;
	assert_true(bed_until(&b, "waiting for the model", 120));
	assert_true(lode_lsm_at(b.sim, &set));
	run(&b, 45);
	assert_int_equal(f->posts, 1);
	assert_int_equal(bed_count(&b, "\"kind\":\"stale\""), 1);
	assert_int_equal(bed_count(&b, "\"kind\":\"proposal\""), 0);
	assert_true(bed_until(&b, "waiting for the model", 120));
	lode_conductor_pause(b.c, true);
	run(&b, 60);
	assert_int_equal(bed_count(&b, "\"kind\":\"stale\""), 2);
	lode_conductor_pause(b.c, false);
	/* And one that is not stale is tried. */
	assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 300));
	bed_free(&b);
}

/* A server that hangs: sampling goes on, a close does not wait, and the next life counts what the call may have cost. */
static void test_hang(void **state)
{
	struct bed b;
	struct fake *f = begin(&b, 13, &better, NULL);

	(void)state;
	f->delay_s = INFINITY;
	assert_true(bed_until(&b, "waiting for the model", 120));
	run(&b, HOUR / 4);
	assert_non_null(strstr(bed_status(&b), "waiting for the model"));
	lode_conductor_settle(b.c);
	assert_null(atomic_load(&b.asker.busy));
	assert_false(f->asked);
	f = next_life(&b, &no_change, NULL);
	assert_true(f->round.budget.tokens.sum > 3000);
	bed_free(&b);
}

/* One database's question hangs while another one's trial trips a wire: it is undone as ever, and its turn to ask comes again. */
static void test_tripwire_while_it_hangs(void **state)
{
	struct lode_lsm_event stop = {.what = LODE_LSM_BG_ERROR};
	struct lode_lsm_config config;
	struct lode_err err = {0};
	struct lode_conductor *other;
	struct lode_lsm *sim;
	struct bed b;
	struct fake *f = begin(&b, 17, &better, NULL);

	(void)state;
	assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 300));
	f->delay_s = INFINITY;
	lode_lsm_config_init(&config);
	config.seed = 2;
	assert_non_null(sim = lode_lsm_new(&config));
	struct lode_conductor_env env = {.config = &b.config, .clock = lode_lsm_clock(sim), .asker = &b.asker, .root = "", .seed = 2};
	assert_non_null(other = lode_conductor_new(lode_lsm_host(sim), &env, &err));
	for (int i = 0; i < 120 && !f->asked; i++) {
		lode_lsm_advance(sim, 1);
		lode_conductor_tick(other);
	}
	assert_true(f->asked);
	assert_non_null(strstr(bed_status(&b), "\"state\":\"TRIAL\""));
	assert_true(lode_lsm_at(b.sim, &stop));
	run(&b, 3);
	assert_null(strstr(bed_status(&b), "\"state\":\"TRIAL\""));
	assert_int_equal(bed_count(&b, "\"kind\":\"settled\""), 1);
	assert_true(bed_as_before(&b));
	assert_true(f->asked);
	lode_conductor_settle(other);
	assert_null(atomic_load(&b.asker.busy));
	lode_conductor_free(other);
	lode_lsm_free(sim);
	bed_free(&b);
}

/* Nothing to win: not asked before curiosity has had its time, and then it is. */
static void test_nothing_to_win(void **state)
{
	struct bed b;
	struct fake *f;

	(void)state;
	bed_init(&b, 19);
	b.lsm.noise = 0.01;
	b.lsm.keys = 100000; /* all of it fits into the cache */
	b.lsm.cache_bytes = 512u << 20;
	b.config.curiosity = HOUR / 2;
	bed_start(&b);
	f = enter(&b, fake(&no_change, NULL));
	run(&b, 0.48 * HOUR);
	assert_int_equal(f->posts, 0);
	assert_non_null(strstr(bed_status(&b), "nothing to win by our own reckoning"));
	run(&b, 0.05 * HOUR);
	assert_int_equal(f->posts, 1);
	run(&b, 0.48 * HOUR);
	assert_in_range(f->posts, 1, 2);
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_failures),  cmocka_unit_test(test_pause_survives), cmocka_unit_test(test_caps_over_lives), cmocka_unit_test(test_patience),
	    cmocka_unit_test(test_stale),     cmocka_unit_test(test_hang),	     cmocka_unit_test(test_tripwire_while_it_hangs),
	    cmocka_unit_test(test_nothing_to_win),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
