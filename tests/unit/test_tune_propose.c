/* What is proposed for an OPTIONS file: the expert's rules, the prompt to the byte (tests/data/tune/prompt-*.txt, written anew with LODE_UPDATE_GOLDEN=1), and how an
 * answer is read. */
#include "tune/expert_rules.h"
#include "tune/propose_model.h"

#include "advise/tokens.h"
#include "base/buf.h"
#include "base/cjson.h"
#include "base/fs.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REAL LODE_TEST_DATA "/host/OPTIONS-000031"
#define CANARY "canary"

struct world {
	struct tune_spec spec;
	struct tune_history h;
	struct tune_state s;
	struct tune_space *space;
	struct tune_config *config;
	struct tune_limits limits;
	struct tune_view v;
};

static const char reading[] = "rocksdb.block.cache.miss COUNT : 900000\nrocksdb.block.cache.hit COUNT : 300000\nrocksdb.number.keys.read COUNT : 600000\n"
			      "rocksdb.memtable.hit COUNT : 0\nrocksdb.l0.hit COUNT : 0\nrocksdb.l1.hit COUNT : 500000\nrocksdb.l2andup.hit COUNT : 0\n";
static const char writing[] = "rocksdb.number.keys.written COUNT : 5000000\nrocksdb.bytes.written COUNT : 1000000000\nrocksdb.flush.write.bytes COUNT : 900000000\n"
			      "rocksdb.compact.write.bytes COUNT : 5000000000\nrocksdb.stall.micros COUNT : 9000000\n";

static void fill_result(struct tune_result *r, const char *op, const char *statistics)
{
	tune_result_init(r);
	r->end = TUNE_RAN;
	r->seconds = 60;
	r->ops_per_sec = 12345.678;
	r->stall_share = op[0] == 'w' ? 0.15 : 0;
	r->rss_bytes = 300e6;
	r->db_bytes = 1e9;
	r->nop = 1;
	r->op[0] = (struct tune_op){.count = 6e5, .mean_us = 81.2, .p50_us = 60, .p99_us = 301, .p999_us = NAN};
	strcpy(r->op[0].name, op);
	r->statistics = strdup(statistics);
}

static struct world *world_new(bool reads)
{
	struct world *w = calloc(1, sizeof *w);
	const struct tune_result *r = &w->s.best[0];

	tune_spec_init(&w->spec);
	tune_history_init(&w->h, &w->s);
	assert_int_equal(tune_space_load(REAL, "", &w->space, NULL), 0);
	assert_int_equal(tune_config_load(REAL, &w->config, NULL), 0);
	w->limits = (struct tune_limits){.memory = 2ull << 30, .cores = 4};
	fill_result(&w->s.best[0], reads ? "get" : "write", reads ? reading : writing);
	tune_summarise(&r, 1, &w->h.baseline);
	strcpy(w->h.machine, "4 processors, 4.0 GiB of memory, disk nvme at /srv/" CANARY);
	strcpy(w->h.version, "7.8.3");
	strcpy(w->h.objective, "throughput");
	w->v = (struct tune_view){.spec = &w->spec, .past = &w->h, .best_file = REAL, .best = r, .iteration = 1, .seed = 1, .time_left = INFINITY,
				  .tokens_left = INFINITY, .config = w->config, .space = w->space, .limits = &w->limits, .workload = "readrandom num=1000000 threads=2"};
	return w;
}

static void world_free(struct world *w)
{
	tune_space_free(w->space);
	tune_config_free(w->config);
	tune_history_fini(&w->h, &w->s);
	tune_spec_fini(&w->spec);
	free(w);
}

static const char *wished(const struct tune_proposal *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->wish[i].name, name))
			return p->wish[i].value;
	return NULL;
}

/* ---- the expert ---- */

static void the_expert_answers_to_what_is_measured(void **state)
{
	struct tune_proposer *e = tune_propose_expert(NULL);
	struct tune_proposal *p = calloc(1, sizeof *p);
	struct world *w = world_new(true);

	(void)state;
	w->spec.refill = 0;
	e->ops->propose(e, &w->v, p);
	assert_null(wished(p, "filter_policy")); /* a database that is not filled anew has none, whatever the file says */
	assert_non_null(wished(p, "block_cache_size"));
	w->spec.refill = 1;
	e->ops->propose(e, &w->v, p);
	assert_string_equal(p->rule, "together");
	assert_string_equal(wished(p, "filter_policy"), "bloomfilter:10:false");
	assert_string_equal(wished(p, "block_cache_size"), "1073741824");
	assert_null(wished(p, "write_buffer_size"));
	world_free(w);
	w = world_new(false);
	e->ops->propose(e, &w->v, p);
	assert_non_null(wished(p, "write_buffer_size"));
	assert_non_null(wished(p, "level0_slowdown_writes_trigger"));
	assert_string_equal(wished(p, "max_background_jobs"), "6"); /* of 4 processors: a third more, because a quarter is for flushes */
	assert_null(wished(p, "filter_policy"));
	world_free(w);
	free(p);
	e->ops->free(e);
}

/* Whatever becomes of its proposals: each is another, each is taken by the calibration, and there is an end. */
static void goes_on_to_the_end(bool reads, enum tune_verdict verdict)
{
	struct tune_proposer *e = tune_propose_expert(NULL);
	struct tune_proposal *p = calloc(1, sizeof *p);
	struct tune_trial *t = calloc(1, sizeof *t);
	struct world *w = world_new(reads);
	unsigned rounds = 0;

	w->spec.refill = 1;
	for (; rounds < 200; rounds++) {
		struct tune_config *out = NULL;

		w->v.iteration = rounds + 1;
		e->ops->propose(e, &w->v, p);
		if (!p->n)
			break;
		tune_trial_init(t);
		t->number = rounds + 1;
		t->verdict = rounds % 3 == 0 ? verdict : TUNE_WORSE;
		strcpy(t->advisor, p->advisor);
		strcpy(t->rule, p->rule);
		assert_true(*p->why);
		assert_int_equal(tune_calibrate(w->space, w->config, &w->limits, p->wish, p->n, &out, t->fix, &t->nfix, NULL), 0);
		assert_true(tune_fixes_taken(t->fix, t->nfix) >= 1);
		for (size_t i = 0; i < w->h.ntrial && t->verdict != TUNE_KEPT; i++) {
			const struct tune_trial *k = &w->h.trial[i];

			if (strcmp(k->rule, t->rule) == 0 && strcmp(k->rule, "search") != 0)
				assert_int_equal(k->verdict, TUNE_KEPT);
		}
		if (t->verdict == TUNE_KEPT) {
			tune_config_free(w->config);
			w->v.config = w->config = out;
		} else {
			tune_config_free(out);
		}
		assert_non_null(tune_history_add(&w->h, t));
	}
	assert_true(rounds > 8);
	assert_true(verdict == TUNE_KEPT || (rounds < 200 && p->last && *p->why)); /* what goes on paying goes on */
	world_free(w);
	free(t);
	free(p);
	e->ops->free(e);
}

static void the_expert_repeats_nothing_and_ends(void **state)
{
	(void)state;
	goes_on_to_the_end(true, TUNE_UNDECIDED);
	goes_on_to_the_end(false, TUNE_UNDECIDED);
	goes_on_to_the_end(true, TUNE_KEPT);
	goes_on_to_the_end(false, TUNE_KEPT);
}

/* The size of the data bounds the cache, and is measured anew each time, a little more or less: that makes no new value of one that was tried. */
static void nearly_the_same_is_the_same(void **state)
{
	struct tune_proposer *e = tune_propose_expert(NULL);
	struct tune_proposal *p = calloc(1, sizeof *p);
	struct tune_trial *t = calloc(1, sizeof *t);
	struct world *w = world_new(true);
	double seen[100];
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct tune_config *out = NULL;
		const char *cache;

		w->s.best[0].db_bytes = i % 2 ? 2.02e8 : 1.99e8;
		e->ops->propose(e, &w->v, p);
		if (!p->n)
			break;
		tune_trial_init(t);
		t->number = i + 1;
		t->verdict = TUNE_UNDECIDED;
		strcpy(t->advisor, p->advisor);
		strcpy(t->rule, p->rule);
		assert_int_equal(tune_calibrate(w->space, w->config, &w->limits, p->wish, p->n, &out, t->fix, &t->nfix, NULL), 0);
		tune_config_free(out);
		assert_non_null(tune_history_add(&w->h, t));
		if (!(cache = wished(p, "block_cache_size")) || strcmp(p->rule, "search") != 0)
			continue;
		seen[n] = strtod(cache, NULL);
		for (unsigned k = 0; k < n; k++)
			assert_true(fabs(seen[n] / seen[k] - 1) > 0.05);
		n++;
	}
	assert_true(n > 0);
	world_free(w);
	free(t);
	free(p);
	e->ops->free(e);
}

/* Every option of every rule is one that this RocksDB has and that may be changed, or one of a newer RocksDB that is known by name. */
static void rules_speak_of_options_that_there_are(void **state)
{
	struct world *w = world_new(true);

	(void)state;
	for (size_t i = 0; i < tune_expert_rule_count; i++) {
		const struct tune_expert_rule *r = &tune_expert_rules[i];

		assert_true(*r->reason && *r->source && r->sure > 0 && r->sure < 1);
		for (size_t k = 0; k < TUNE_STEPS_MAX && r->step[k].option; k++) {
			const struct tune_option *o = tune_space_find(w->space, r->step[k].option);

			if (!o || o->closed)
				print_error("%s: %s %s\n", r->name, r->step[k].option, o ? o->closed : "is not there");
			assert_true(o && !o->closed);
		}
	}
	world_free(w);
}

static void chance_draws_what_can_be_taken(void **state)
{
	struct tune_proposer *c = tune_propose_random(NULL);
	struct tune_proposal *p = calloc(1, sizeof *p), *again = calloc(1, sizeof *p);
	struct world *w = world_new(true);

	(void)state;
	for (uint64_t seed = 1; seed < 300; seed++) {
		w->v.seed = seed;
		c->ops->propose(c, &w->v, p);
		c->ops->propose(c, &w->v, again);
		assert_true(p->n >= 1 && p->n <= 5);
		assert_memory_equal(p, again, sizeof *p);
	}
	world_free(w);
	free(p);
	free(again);
	c->ops->free(c);
}

/* ---- the prompt ---- */

static void add_trials(struct world *w)
{
	struct tune_trial *t = calloc(1, sizeof *t);

	tune_trial_init(t);
	t->number = 1;
	t->verdict = TUNE_KEPT;
	t->gain = 0.231;
	t->lo = 0.182;
	t->hi = 0.29;
	t->nfix = 2;
	t->fix[0] = (struct tune_fix){TUNE_CORRECTED, "write_buffer_size", "write_buffer_size=128MB", "67108864", "134217728", "a size in bytes"};
	t->fix[1] = (struct tune_fix){TUNE_DROPPED, "max_background_flushes", "max_background_flushes=4", "", "", "it is gone since 6.0: use max_background_jobs"};
	t->candidate = w->h.baseline;
	t->candidate.ops_per_sec *= 1.231;
	tune_history_add(&w->h, t);
	tune_trial_init(t);
	t->number = 2;
	t->verdict = TUNE_ENDED;
	t->nfix = 1;
	t->fix[0] = (struct tune_fix){TUNE_TAKEN, "compression", "compression=kZSTD", "kSnappyCompression", "kZSTD", ""};
	strcpy(t->reason, "its benchmark failed: cannot open /srv/" CANARY "/db");
	tune_history_add(&w->h, t);
	t->number = 3;
	t->verdict = TUNE_REFUSED;
	strcpy(t->reason, "RocksDB says: IO error: While lock file: /srv/" CANARY "/LOCK");
	tune_history_add(&w->h, t);
	free(t);
}

static void build(struct world *w, struct tune_form *form, struct lode_prompt *p)
{
	assert_int_equal(tune_prompt_build(&w->v, NULL, form, p), 0);
	assert_true(p->tokens <= w->spec.prompt_tokens);
	assert_null(strstr(lode_buf_str(&p->user), CANARY));
	assert_null(strstr(lode_buf_str(&p->user), "nan"));
}

static void compare(const char *name, const char *got)
{
	char path[500];
	struct lode_buf b;

	snprintf(path, sizeof path, "%s/tune/%s.txt", LODE_TEST_DATA, name);
	if (getenv("LODE_UPDATE_GOLDEN"))
		assert_int_equal(lode_fs_write_atomic(path, got, strlen(got), 0644), 0);
	lode_buf_init(&b, 1 << 20);
	assert_int_equal(lode_fs_read(path, &b), 0);
	assert_string_equal(lode_buf_str(&b), got);
	lode_buf_fini(&b);
}

static void the_prompt_to_the_byte(void **state)
{
	struct world *w = world_new(true);
	struct tune_form form;
	struct lode_prompt p;

	(void)state;
	w->spec.refill = 0; /* of which it is told */
	tune_form_init(&form, NULL);
	build(w, &form, &p);
	assert_string_equal(p.wording, "offline.1");
	compare("prompt-first", lode_buf_str(&p.user));
	lode_prompt_fini(&p);
	add_trials(w);
	w->v.last = &w->s.best[0];
	build(w, &form, &p);
	compare("prompt-later", lode_buf_str(&p.user));
	assert_non_null(strstr(lode_buf_str(&p.user), "you asked write_buffer_size=128MB: taken as write_buffer_size=134217728"));
	assert_non_null(strstr(lode_buf_str(&p.user), "use max_background_jobs"));
	lode_prompt_fini(&p);
	world_free(w);
}

/* However much was tried and however little room there is, it keeps its limit, and the task and some options are there. */
static void the_prompt_keeps_its_limit(void **state)
{
	struct world *w = world_new(false);
	struct tune_form form;
	struct lode_prompt p;

	(void)state;
	tune_form_init(&form, NULL);
	for (int i = 0; i < 30; i++)
		add_trials(w);
	for (w->spec.prompt_tokens = 2500; w->spec.prompt_tokens < 12000; w->spec.prompt_tokens += 500) {
		build(w, &form, &p);
		assert_non_null(strstr(lode_buf_str(&p.user), "# Task"));
		assert_non_null(strstr(lode_buf_str(&p.user), "write_buffer_size="));
		lode_prompt_fini(&p);
	}
	world_free(w);
}

/* ---- the answer ---- */

static enum lode_call answer(const char *text, struct tune_proposal *p, struct lode_reply *r)
{
	struct tune_form f;

	*r = (struct lode_reply){0};
	tune_form_init(&f, p);
	return f.base.read(&f.base, text, strlen(text), r);
}

static void values_are_read_leniently_and_structure_is_not(void **state)
{
	static const struct {
		const char *text;
		enum lode_call call;
	} cases[] = {
	    {"", LODE_CALL_BAD_CONTENT},
	    {"sure: {}", LODE_CALL_BAD_CONTENT},
	    {"[]", LODE_CALL_SCHEMA},
	    {"{}", LODE_CALL_SCHEMA},
	    {"{\"changes\":{}}", LODE_CALL_SCHEMA},
	    {"{\"changes\":[],\"changes\":[]}", LODE_CALL_DUPLICATE_KEY},
	    {"{\"changes\":[],\"extra\":1}", LODE_CALL_SCHEMA},
	    {"{\"changes\":[3]}", LODE_CALL_SCHEMA},
	    {"{\"changes\":[{\"option\":\"x\"}]}", LODE_CALL_BAD_VALUE},
	    {"{\"changes\":[{\"value\":\"x\"}]}", LODE_CALL_SCHEMA},
	    {"{\"changes\":[{\"option\":\"\",\"value\":1}]}", LODE_CALL_SCHEMA},
	    {"{\"changes\":[{\"option\":\"x\",\"value\":[1]}]}", LODE_CALL_BAD_VALUE},
	    {"{\"changes\":[{\"option\":\"x\",\"value\":null}]}", LODE_CALL_BAD_VALUE},
	    {"{\"changes\":[{\"option\":\"x\",\"value\":\"\"}]}", LODE_CALL_BAD_VALUE},
	    {"{\"changes\":[{\"option\":\"x\",\"value\":1,\"cf\":\"all\"}]}", LODE_CALL_SCHEMA},
	    {"{\"changes\":[]}", LODE_CALL_NO_CHANGE},
	};
	struct tune_proposal *p = calloc(1, sizeof *p);
	struct lode_reply *r = calloc(1, sizeof *r);

	(void)state;
	lode_cjson_open(NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(answer(cases[i].text, p, r), cases[i].call);
		assert_int_equal(p->n, 0);
		assert_true(*r->why);
	}
	assert_int_equal(answer("{\"diagnosis\":\"cache\\nis small\",\"changes\":[{\"option\":\"write_buffer_size\",\"value\":\"64MB\",\"reason\":\"r\"},"
				"{\"option\":\"a\",\"value\":67108864},{\"option\":\"b\",\"value\":true},{\"option\":\"c\",\"value\":0.25}],"
				"\"expected_gain_percent\":null}",
				p, r),
			 LODE_CALL_OK);
	assert_int_equal(p->n, 4);
	assert_string_equal(p->wish[0].value, "64MB");
	assert_string_equal(p->wish[1].value, "67108864");
	assert_string_equal(p->wish[2].value, "true");
	assert_string_equal(p->wish[3].value, "0.25");
	assert_string_equal(p->why, "cache is small");
	assert_int_equal(answer("{\"changes\":[],\"no_change_reason\":\"all is well\"}", p, r), LODE_CALL_NO_CHANGE);
	assert_string_equal(r->why, "all is well");
	free(p);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_expert_answers_to_what_is_measured), cmocka_unit_test(the_expert_repeats_nothing_and_ends), cmocka_unit_test(nearly_the_same_is_the_same),
	    cmocka_unit_test(rules_speak_of_options_that_there_are), cmocka_unit_test(chance_draws_what_can_be_taken),
	    cmocka_unit_test(the_prompt_to_the_byte), cmocka_unit_test(the_prompt_keeps_its_limit), cmocka_unit_test(values_are_read_leniently_and_structure_is_not)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
