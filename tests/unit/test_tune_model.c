/* A model that answers well, badly, or not at all, from a recording made by hand: what comes of it, what it costs, and when it is not asked any more. */
#include "tune/propose_model.h"

#include "base/cjson.h"
#include "base/fs.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define REAL LODE_TEST_DATA "/host/OPTIONS-000031"
#define GOOD "{\"content\":\"{\\\"diagnosis\\\":\\\"d\\\",\\\"changes\\\":[{\\\"option\\\":\\\"block_size\\\",\\\"value\\\":\\\"16KB\\\",\\\"reason\\\":\\\"r\\\"}]}\"}\n"
#define BAD "{\"content\":\"I would raise the cache.\"}\n"
#define NONE "{\"content\":\"{\\\"changes\\\":[],\\\"no_change_reason\\\":\\\"all is well\\\"}\"}\n"

struct world {
	char tape[64];
	struct tune_spec spec;
	struct tune_history h;
	struct tune_space *space;
	struct tune_config *config;
	struct tune_limits limits;
	struct tune_view v;
	struct tune_proposer *model;
	struct tune_proposal p;
};

static struct world *world_new(const char *tape)
{
	struct world *w = calloc(1, sizeof *w);
	struct lode_err err = {0};

	snprintf(w->tape, sizeof w->tape, "/tmp/lode-tune-model-%d.jsonl", (int)getpid());
	assert_int_equal(lode_fs_write_atomic(w->tape, tape, strlen(tape), 0600), 0);
	tune_spec_init(&w->spec);
	tune_history_init(&w->h, NULL);
	strcpy(w->spec.config.replay, w->tape);
	w->spec.config.replay_loose = 1;
	w->spec.config.retries = 0;
	assert_int_equal(tune_space_load(REAL, "", &w->space, NULL), 0);
	assert_int_equal(tune_config_load(REAL, &w->config, NULL), 0);
	w->v = (struct tune_view){.spec = &w->spec, .past = &w->h, .best_file = REAL, .iteration = 1, .time_left = INFINITY, .tokens_left = INFINITY,
				  .config = w->config, .space = w->space, .limits = &w->limits, .workload = "readrandom"};
	w->model = tune_propose_model(&w->spec, &err);
	if (!w->model)
		print_error("%s\n", err.msg);
	assert_non_null(w->model);
	return w;
}

static void ask(struct world *w)
{
	w->model->ops->propose(w->model, &w->v, &w->p);
	assert_string_equal(w->p.advisor, "llm");
	assert_true(w->p.n || *w->p.why);
}

static void world_free(struct world *w)
{
	w->model->ops->free(w->model);
	tune_space_free(w->space);
	tune_config_free(w->config);
	tune_spec_fini(&w->spec);
	unlink(w->tape);
	free(w);
}

static void a_good_answer_is_taken(void **state)
{
	struct world *w = world_new(GOOD NONE);

	(void)state;
	ask(w);
	assert_int_equal(w->p.n, 1);
	assert_string_equal(w->p.wish[0].name, "block_size");
	assert_string_equal(w->p.wish[0].value, "16KB");
	assert_int_equal(w->p.calls, 1);
	assert_true(w->p.tokens_in + w->p.tokens_out > 0);
	ask(w);
	assert_int_equal(w->p.n, 0);
	assert_string_equal(w->p.why, "all is well");
	assert_false(w->p.last);
	ask(w); /* the recording is at its end, and will be */
	assert_int_equal(w->p.n, 0);
	assert_true(w->p.last);
	world_free(w);
}

static void a_bad_answer_costs_one_complaint(void **state)
{
	struct world *w = world_new(BAD GOOD BAD BAD GOOD);

	(void)state;
	ask(w);
	assert_int_equal(w->p.n, 1);
	assert_int_equal(w->p.calls, 2);
	ask(w);
	assert_int_equal(w->p.n, 0);
	assert_int_equal(w->p.calls, 2);
	assert_false(w->p.last);
	ask(w);
	assert_int_equal(w->p.n, 1);
	world_free(w);
}

static void a_server_that_refuses_is_not_asked_again(void **state)
{
	struct world *w = world_new("{\"status\":401,\"body\":\"{\\\"error\\\":\\\"bad key\\\"}\"}\n" GOOD);

	(void)state;
	ask(w);
	assert_int_equal(w->p.n, 0);
	assert_true(w->p.last && w->p.unasked);
	assert_non_null(strstr(w->p.why, "unauthorized"));
	world_free(w);
}

/* No answer is something else than one that is none. */
static void a_server_that_is_down_was_not_asked(void **state)
{
	struct world *w = world_new("{\"status\":503,\"body\":\"{\\\"error\\\":\\\"busy\\\"}\"}\n" BAD BAD NONE);

	(void)state;
	ask(w);
	assert_true(w->p.n == 0 && w->p.unasked && !w->p.last);
	ask(w);
	assert_true(w->p.n == 0 && !w->p.unasked && !w->p.last);
	ask(w);
	assert_true(w->p.n == 0 && !w->p.unasked && !w->p.last);
	world_free(w);
}

static void without_tokens_it_is_not_asked(void **state)
{
	struct world *w = world_new(GOOD);

	(void)state;
	w->v.tokens_left = 100;
	ask(w);
	assert_int_equal(w->p.n, 0);
	assert_int_equal(w->p.calls, 0);
	assert_true(w->p.last && !w->p.unasked);
	world_free(w);
}

static void without_an_address_there_is_no_model(void **state)
{
	struct tune_spec *s = calloc(1, sizeof *s);
	struct lode_err err = {0};

	(void)state;
	tune_spec_init(s);
	assert_null(tune_propose_model(s, &err));
	assert_non_null(strstr(err.msg, "llm.url"));
	strcpy(s->config.url, "http://example.com/v1");
	strcpy(s->config.model, "m");
	assert_null(tune_propose_model(s, &err));
	tune_spec_fini(s);
	free(s);
}

static int setup(void **state)
{
	(void)state;
	return lode_cjson_open(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_good_answer_is_taken), cmocka_unit_test(a_bad_answer_costs_one_complaint),
					   cmocka_unit_test(a_server_that_refuses_is_not_asked_again),
					   cmocka_unit_test(a_server_that_is_down_was_not_asked), cmocka_unit_test(without_tokens_it_is_not_asked),
					   cmocka_unit_test(without_an_address_there_is_no_model)};

	return cmocka_run_group_tests(tests, setup, NULL);
}
