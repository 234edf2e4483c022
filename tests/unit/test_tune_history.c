/* The loop's history on disk: what is read is what was written, to the last bit; what was cut or changed is refused; whatever is in the file, reading ends well. */
#include "tune/history.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static void fill_result(struct tune_result *r, double speed)
{
	tune_result_init(r);
	r->end = TUNE_RAN;
	r->ops_per_sec = speed;
	r->seconds = 10;
	r->nop = 1;
	r->op[0] = (struct tune_op){.name = "get", .count = 1e6, .mean_us = 1.0 / 3, .p50_us = NAN, .p99_us = 12, .p999_us = 100};
	r->rate = malloc(3 * sizeof *r->rate);
	r->nrate = 3;
	for (size_t i = 0; i < 3; i++)
		r->rate[i] = (float)(speed / 3 + (double)i);
	r->statistics = strdup("rocksdb.block.cache.miss COUNT : 5\n\"quoted\"");
}

static void fill(struct tune_history *h, struct tune_state *s)
{
	struct tune_trial t;

	tune_history_init(h, s);
	strcpy(h->command, "db_bench --benchmarks=\"a b\"");
	h->began = 1.7e9;
	tune_trial_init(&t);
	t.number = 1;
	t.verdict = TUNE_KEPT;
	t.gain = 0.1;
	t.tokens_in = 1234567890123;
	t.unasked = true;
	t.nfix = 1;
	t.fix[0].fate = TUNE_CORRECTED;
	strcpy(t.fix[0].name, "write_buffer_size");
	assert_non_null(tune_history_add(h, &t));
	s->stage = TUNE_AT_TRIAL;
	s->open = t;
	s->open.number = 2;
	s->nwish = 1;
	strcpy(s->wish[0].name, "x");
	s->shot = calloc(TUNE_SHOTS_MAX, sizeof *s->shot);
	s->nshot = 2;
	fill_result(&s->shot[0].result, 100.0 / 7);
	fill_result(&s->shot[1].result, 200);
	s->shot[1].candidate = true;
	fill_result(&s->best[0], 3);
	s->nbest = 1;
	s->noise_ss = 1.0 / 3;
}

static void what_is_read_is_what_was_written(void **state)
{
	struct tune_history h, g;
	struct tune_state s, u;

	(void)state;
	fill(&h, &s);
	assert_int_equal(tune_history_save(path, &h, &s, NULL), 0);
	assert_int_equal(tune_history_load(path, &g, &u, NULL), 0);
	assert_string_equal(g.command, h.command);
	assert_int_equal(g.ntrial, 1);
	assert_memory_equal(g.trial[0].fix, h.trial[0].fix, sizeof h.trial[0].fix);
	assert_int_equal(g.trial[0].tokens_in, 1234567890123);
	assert_true(g.trial[0].unasked && isnan(g.trial[0].lo) && isnan(g.gain));
	assert_int_equal(u.stage, TUNE_AT_TRIAL);
	assert_int_equal(u.nshot, 2);
	assert_true(u.shot[1].candidate && !u.shot[0].candidate);
	assert_true(u.shot[0].result.ops_per_sec == 100.0 / 7 && u.noise_ss == 1.0 / 3);
	assert_memory_equal(u.shot[0].result.rate, s.shot[0].result.rate, 3 * sizeof(float));
	assert_string_equal(u.shot[1].result.statistics, s.shot[1].result.statistics);
	assert_null(u.shot[1].result.shape);
	assert_true(u.best[0].op[0].mean_us == 1.0 / 3 && isnan(u.best[0].op[0].p50_us));
	tune_history_fini(&g, &u);
	tune_history_fini(&h, &s);
}

static void a_changed_file_is_refused(void **state)
{
	struct tune_history h, g;
	struct tune_state s, u;
	struct lode_buf b;
	struct lode_rng rng;

	(void)state;
	fill(&h, &s);
	assert_int_equal(tune_history_save(path, &h, &s, NULL), 0);
	lode_buf_init(&b, 1 << 20);
	assert_int_equal(lode_fs_read(path, &b), 0);
	lode_rng_seed(&rng, 1);
	for (int i = 0; i < 200; i++) {
		size_t at = (size_t)lode_rng_below(&rng, b.len), len = i % 2 ? b.len : at;
		char was = b.data[at];

		b.data[at] = (char)(was ^ 1);
		assert_int_equal(lode_fs_write_atomic(path, b.data, len, 0644), 0);
		assert_int_equal(tune_history_load(path, &g, &u, NULL), -EINVAL);
		assert_int_equal(g.ntrial, 0);
		tune_history_fini(&g, &u);
		b.data[at] = was;
	}
	lode_buf_fini(&b);
	tune_history_fini(&h, &s);
	unlink(path);
	assert_int_equal(tune_history_load(path, &g, &u, NULL), -ENOENT);
	tune_history_fini(&g, &u);
}

/* As a file that somebody made with the right sum. */
static int load_made(const char *content)
{
	struct tune_history g;
	struct tune_state u;
	struct lode_buf b;
	uint64_t sum = 0xcbf29ce484222325ull;
	int r;

	for (const char *p = content; *p; p++)
		sum = (sum ^ (unsigned char)*p) * 0x100000001b3ull;
	lode_buf_init(&b, 1 << 20);
	lode_buf_addf(&b, "{\"lodestone_tune\":1,\"sum\":\"%016llx\",\"content\":%s}\n", (unsigned long long)sum, content);
	assert_int_equal(lode_fs_write_atomic(path, b.data, b.len, 0644), 0);
	r = tune_history_load(path, &g, &u, NULL);
	tune_history_fini(&g, &u);
	lode_buf_fini(&b);
	return r;
}

static void what_is_no_history_is_refused(void **state)
{
	static const char *const bad[] = {
	    "{}", "[]", "{\"history\":3}", "{\"history\":{\"trial\":3}}", "{\"history\":{\"trial\":[3]}}", "{\"history\":{\"trial\":[{\"number\":-1}]}}",
	    "{\"history\":{\"trial\":[{\"verdict\":99}]}}", "{\"history\":{\"trial\":[{\"number\":1.5}]}}", "{\"history\":{\"command\":null}}",
	    "{\"history\":{},\"state\":{\"stage\":9}}", "{\"history\":{},\"state\":{\"shot\":[{\"result\":{\"op\":[{},{},{},{},{},{},{}]}}]}}",
	    "{\"history\":{},\"state\":{\"shot\":[{\"result\":{\"rate\":[1,2],\"statistics\":\"x\"}},{\"pair\":\"x\"}]}}", "{\"history\":{}", "nonsense"};

	(void)state;
	assert_int_equal(load_made("{\"history\":{}}"), 0);
	assert_int_equal(load_made("{\"history\":{\"ended\":\"x\",\"later\":1},\"state\":{\"shot\":[]}}"), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(load_made(bad[i]), -EINVAL);
}

/* Bytes that are no UTF-8 become three each: what has no room then is cut. */
static void binary_words_are_read_again(void **state)
{
	struct tune_history h, g;
	struct tune_state s, u;
	char text[64];

	(void)state;
	fill(&h, &s);
	memset(h.trial[0].reason, 0xff, sizeof h.trial[0].reason - 1);
	memset(h.command, 0x80, sizeof h.command - 1);
	strcpy(s.best[0].op[0].name, "fourteen bytes\xc3"); /* a name that was cut within a character */
	assert_int_equal(tune_history_save(path, &h, &s, NULL), 0);
	assert_int_equal(tune_history_load(path, &g, &u, NULL), 0);
	assert_string_equal(u.best[0].op[0].name, "fourteen bytes");
	assert_int_equal(strlen(g.trial[0].reason), (sizeof h.trial[0].reason - 1) / 3 * 3);
	assert_memory_equal(g.command, "\xef\xbf\xbd\xef\xbf\xbd", 6);
	assert_int_equal(g.ntrial, 1);
	tune_history_text(h.command, text, sizeof text);
	assert_memory_equal(text, g.command, 63);
	tune_history_text("a\xff\"\n\x01\xc3\xa9", text, sizeof text);
	assert_string_equal(text, "a\xef\xbf\xbd\"\n\x01\xc3\xa9");
	tune_history_fini(&g, &u);
	tune_history_fini(&h, &s);
}

static void many_runs_are_summed_up(void **state)
{
	struct tune_result a, b;
	const struct tune_result *both[] = {&a, &b};
	struct tune_summary s;

	(void)state;
	fill_result(&a, 100);
	fill_result(&b, 300);
	b.stall_share = 0.5;
	b.op[0].mean_us = NAN;
	tune_summarise(both, 2, &s);
	assert_int_equal(s.runs, 2);
	assert_true(s.ops_per_sec == 200 && s.spread == 1 && s.stall_share == 0.5 && isnan(s.write_amp));
	assert_true(s.nop == 1 && s.op[0].mean_us == 1.0 / 3 && s.op[0].p99_us == 12);
	tune_summarise(both, 0, &s);
	assert_true(s.runs == 0 && isnan(s.ops_per_sec));
	tune_result_fini(&a);
	tune_result_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_read_is_what_was_written), cmocka_unit_test(a_changed_file_is_refused),
					   cmocka_unit_test(what_is_no_history_is_refused), cmocka_unit_test(binary_words_are_read_again),
					   cmocka_unit_test(many_runs_are_summed_up)};
	int r;

	snprintf(path, sizeof path, "/tmp/lode-tune-history-%d.json", (int)getpid());
	r = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return r;
}
