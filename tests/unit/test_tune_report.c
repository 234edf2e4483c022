/* The reports: the same facts in three forms, whatever the history holds.
 *
 *     LODE_UPDATE_GOLDEN=1 build/release/tests/test_tune_report      # after a change that is meant: look at the difference of tests/data/tune/report.*
 *     TUNE_REPORT_OUT=/tmp/x build/release/tests/test_tune_report    # leaves the pages there for a look
 */
#include "base/cjson.h"
#include "tune/account.h"
#include "tune/history.h"
#include "tune/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int report_fn(const struct tune_history *, FILE *);

static char *text_of(report_fn *report, const struct tune_history *h)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(report(h, f), 0);
	fclose(f);
	assert_int_equal(strlen(text), len);
	return text;
}

/* ---- what is a page ---- */

/* Every element that is opened is closed in its order, but for those that have no end. Attributes are quoted. Returns what is wrong, or NULL. */
static const char *misfit(const char *p)
{
	char open[32][16];
	int depth = 0;

	if (strncmp(p, "<!DOCTYPE html>", 15))
		return p;
	for (p += 15; (p = strpbrk(p, "<>")); p++) {
		if (!strncmp(p, "<style>", 7)) {
			p = strstr(p, "</style>");
			if (!p)
				return "style";
			p += 7;
			continue;
		}
		if (*p == '>')
			return p;
		const char *at = p + 1, *end = at;
		bool close = *at == '/', quoted = false;
		char name[16];

		at += close;
		size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789");
		if (!n || n >= sizeof name)
			return p;
		memcpy(name, at, n);
		name[n] = '\0';
		for (end = at; *end && (quoted || *end != '>'); end++) {
			if (*end == '"')
				quoted = !quoted;
			else if (*end == '<')
				return p;
		}
		if (!*end)
			return p;
		p = end;
		if (!strcmp(name, "br") || !strcmp(name, "meta") || end[-1] == '/')
			continue;
		if (!close && depth < 32)
			strcpy(open[depth++], name);
		else if (!close || !depth || strcmp(open[--depth], name))
			return at;
	}
	return depth ? "left open" : NULL;
}

static void is_page(const char *html)
{
	const char *bad = misfit(html);

	if (bad)
		fail_msg("no page from here on: %.80s", bad);
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "http://"));
	assert_null(strstr(html, "https://"));
	assert_null(strstr(html, "url("));
	assert_null(strstr(html, "nan"));
	assert_null(strstr(html, "inf\""));
	assert_non_null(strstr(html, "default-src 'none'"));
}

static void keep_for_a_look(const char *name, const char *html)
{
	const char *dir = getenv("TUNE_REPORT_OUT");
	char path[600];
	FILE *f;

	if (!dir)
		return;
	snprintf(path, sizeof path, "%s/%s.html", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(html, f);
	fclose(f);
}

static void all_three(const char *name, const struct tune_history *h)
{
	char *html = text_of(tune_report_html, h), *json = text_of(tune_report_json, h), *text = text_of(tune_report_text, h);
	cJSON *j = cJSON_Parse(json);

	is_page(html);
	assert_non_null(j);
	assert_string_equal(cJSON_GetObjectItem(j, "format")->valuestring, "lodestone-tune-report");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "iterations")), h->ntrial);
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
	keep_for_a_look(name, html);
	cJSON_Delete(j);
	free(html);
	free(json);
	free(text);
}

/* ---- histories ---- */

static struct tune_summary runs(unsigned n, double ops, double p99)
{
	struct tune_summary s = {.runs = n, .ops_per_sec = ops, .spread = 0.05, .nop = 2, .stall_share = NAN, .write_amp = 4.2, .space_amp = NAN,
				 .read_amp = NAN, .cache_hit = 0.31, .rss_bytes = 180e6, .db_bytes = 412e6};

	s.op[0] = (struct tune_op){"get", 1e6, p99 / 4, p99 / 5, p99, p99 * 3};
	s.op[1] = (struct tune_op){"write", 1e6, 3, 2, 11, NAN};
	return s;
}

static struct tune_fix fix(enum tune_fate fate, const char *name, const char *wished, const char *from, const char *to, const char *why)
{
	struct tune_fix f = {.fate = fate};

	snprintf(f.name, sizeof f.name, "%s", name);
	snprintf(f.wished, sizeof f.wished, "%s", wished);
	snprintf(f.from, sizeof f.from, "%s", from);
	snprintf(f.to, sizeof f.to, "%s", to);
	snprintf(f.why, sizeof f.why, "%s", why);
	return f;
}

static struct tune_trial *next(struct tune_history *h, enum tune_verdict v, double gain, double total)
{
	struct tune_trial t;

	tune_trial_init(&t);
	t.number = (unsigned)h->ntrial + 1;
	t.verdict = v;
	t.gain = gain;
	t.lo = gain - 0.04;
	t.hi = gain + 0.05;
	t.total = total;
	t.total_lo = total - 0.05;
	t.total_hi = total + 0.06;
	strcpy(t.advisor, "expert");
	t.began_s = 60.0 * (double)h->ntrial;
	t.seconds = 60;
	return tune_history_add(h, &t);
}

static void some(struct tune_history *h)
{
	struct tune_trial *t;

	tune_history_init(h, NULL);
	strcpy(h->command, "db_bench --benchmarks=readrandomwriterandom --num=1000000 --duration=30");
	strcpy(h->version, "7.8.3");
	strcpy(h->objective, "throughput");
	strcpy(h->machine, "2 cores, 4 GiB of memory, SSD");
	h->began = 1767225600;
	h->active_s = 1234;
	h->baseline = runs(4, 93200, 420);

	t = next(h, TUNE_KEPT, 0.42, 0.42);
	t->candidate = runs(3, 132000, 210);
	t->best = runs(3, 93000, 415);
	strcpy(t->rule, "cache");
	strcpy(t->why, "three of ten reads miss the block cache, and 3 GiB of memory are free");
	strcpy(t->reason, "better in 3 of 3 pairs");
	t->fix[t->nfix++] = fix(TUNE_CORRECTED, "block_cache_size", "block_cache_size=1GB", "8388608", "1073741824", "1GB is 1073741824 bytes");
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "filter_policy", "filter_policy=bloomfilter:10:false", "nullptr", "bloomfilter:10:false", "");
	t->fix[t->nfix++] = fix(TUNE_DROPPED, "", "max_background_flushes=2", "", "", "gone since 7.0: max_background_jobs has taken its place");

	t = next(h, TUNE_WORSE, -0.31, 0.42);
	t->candidate = runs(2, 91000, 640);
	t->best = runs(2, 131000, 213);
	t->early = true;
	strcpy(t->reason, "worse in 2 of 2 pairs");
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "write_buffer_size", "write_buffer_size=4194304", "67108864", "4194304", "");

	t = next(h, TUNE_REFUSED, NAN, 0.42);
	strcpy(t->advisor, "llm");
	t->lo = t->hi = NAN;
	t->calls = 2;
	t->tokens_in = 5200;
	t->tokens_out = 310;
	strcpy(t->reason, "RocksDB did not take the file: aborted by signal 6");
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "level0_stop_writes_trigger", "level0_stop_writes_trigger=40", "36", "40", "");

	t = next(h, TUNE_UNDECIDED, 0.01, 0.42);
	t->candidate = runs(5, 133000, 205);
	t->best = runs(5, 132000, 210);
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "max_background_jobs", "max_background_jobs=4", "2", "4", "");

	t = next(h, TUNE_KEPT, 0.09, 0.55);
	t->candidate = runs(4, 144000, 180);
	t->best = runs(4, 132500, 212);
	t->fix[t->nfix++] = fix(TUNE_ADDED, "max_write_buffer_number", "", "2", "4", "two merged memtables need more than two");
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "min_write_buffer_number_to_merge", "min_write_buffer_number_to_merge=2", "1", "2", "");

	strcpy(h->ended, "nothing worthwhile in 3 rounds");
	strcpy(h->file, "tuned/final.ini");
	h->gain = 0.52;
	h->lo = 0.44;
	h->hi = 0.61;
	h->pairs = 5;
}

static const char hostile[] = "</title></style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\x1b[31m\xff\xfe\x80 \xe2\x80\xae%s%n\r\n\t ]]> <!-- {}";

static void fill(char *to, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		to[i] = hostile[i % (sizeof hostile - 1)];
	to[len - 1] = '\0';
}

/* ---- tests ---- */

static void nothing_yet(void **state)
{
	struct tune_history h;

	(void)state;
	tune_history_init(&h, NULL);
	all_three("nothing", &h);
	tune_history_fini(&h, NULL);
}

static void golden(const char *name, char *text)
{
	char path[600], *stands = NULL;
	size_t len = 0;

	snprintf(path, sizeof path, LODE_TEST_DATA "/tune/%s", name);
	if (getenv("LODE_UPDATE_GOLDEN")) {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_true(getdelim(&stands, &len, '\0', f) > 0);
	fclose(f);
	assert_string_equal(text, stands);
	free(stands);
	free(text);
}

static void as_it_stands(void **state)
{
	struct tune_history h;

	(void)state;
	some(&h);
	all_three("some", &h);
	golden("report.html", text_of(tune_report_html, &h));
	golden("report.json", text_of(tune_report_json, &h));
	golden("report.txt", text_of(tune_report_text, &h));
	tune_history_fini(&h, NULL);
}

static void what_it_adds_up_to(void **state)
{
	struct tune_change c[TUNE_CHANGES_MAX];
	struct tune_account a;
	struct tune_history h;
	struct tune_trial *t;

	(void)state;
	some(&h);
	tune_account(&h, &a);
	assert_int_equal(a.verdict[TUNE_KEPT], 2);
	assert_int_equal(a.verdict[TUNE_REFUSED], 1);
	assert_int_equal(a.fate[TUNE_DROPPED], 1);
	assert_int_equal(a.runs, 4 + 2 * 5 + 6 + 4 + 10 + 8);
	assert_int_equal(a.calls, 2);
	assert_int_equal(a.tokens_in, 5200);
	assert_int_equal(tune_account_changes(&h, c, TUNE_CHANGES_MAX), 4);
	assert_string_equal(c[0].name, "block_cache_size");
	assert_string_equal(c[0].from, "8388608");
	assert_int_equal(c[0].others, 1);

	/* Set again: from the first value to the last, and the last trial's gain. */
	t = next(&h, TUNE_KEPT, 0.1, 0.6);
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "block_cache_size", "", "1073741824", "2147483648", "");
	assert_int_equal(tune_account_changes(&h, c, TUNE_CHANGES_MAX), 4);
	assert_string_equal(c[0].from, "8388608");
	assert_string_equal(c[0].to, "2147483648");
	assert_int_equal(c[0].trial, 5);
	assert_int_equal(c[0].others, 0);

	/* Back to where it began: no change. */
	t = next(&h, TUNE_KEPT, 0.1, 0.7);
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "block_cache_size", "", "2147483648", "8388608", "");
	assert_int_equal(tune_account_changes(&h, c, TUNE_CHANGES_MAX), 3);
	assert_string_equal(c[0].name, "filter_policy");
	assert_int_equal(tune_account_changes(&h, c, 2), 1); /* of the first two: no room is no crash */
	assert_int_equal(tune_account_changes(&h, c, 0), 0);
	tune_history_fini(&h, NULL);
}

/* One option of two families is two changes, until it is set for all. */
static void of_families(void **state)
{
	struct tune_change c[TUNE_CHANGES_MAX];
	struct tune_history h;
	struct tune_trial *t;
	char words[64];

	(void)state;
	tune_history_init(&h, NULL);
	t = next(&h, TUNE_KEPT, 0.1, 0.1);
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "cf0.write_buffer_size", "", "67108864", "134217728", "");
	t = next(&h, TUNE_KEPT, 0.1, 0.2);
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "cf1.write_buffer_size", "", "1048576", "268435456", "");
	t->fix[t->nfix++] = fix(TUNE_TAKEN, "write_buffer_size", "", "1048576", "4194304", "");
	assert_int_equal(tune_account_changes(&h, c, TUNE_CHANGES_MAX), 3);
	assert_string_equal(c[0].name, "cf0.write_buffer_size");
	assert_string_equal(c[0].from, "67108864");
	assert_string_equal(c[0].to, "4194304");
	assert_int_equal(c[0].trial, 1);
	assert_string_equal(c[1].from, "1048576");
	assert_string_equal(c[1].to, "268435456"); /* by the same trial: it was excepted */
	assert_string_equal(tune_say_value(c[1].name, c[1].to, words, sizeof words), "256 MiB");
	tune_history_fini(&h, NULL);
}

static void same_facts(void **state)
{
	struct tune_history h;

	(void)state;
	some(&h);
	char *json = text_of(tune_report_json, &h);
	cJSON *j = cJSON_Parse(json), *final = cJSON_GetObjectItem(j, "final");

	assert_true(cJSON_GetObjectItem(cJSON_GetObjectItem(final, "gain"), "value")->valuedouble == 0.52);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(final, "changes")), 4);
	cJSON *third = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "iterations"), 2);
	assert_string_equal(cJSON_GetObjectItem(third, "verdict")->valuestring, "refused");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(third, "gain"), "value")));
	cJSON_Delete(j);
	free(json);
	tune_history_fini(&h, NULL);
}

/* A last measurement that shows nothing is called so. */
static void no_gain_shown(void **state)
{
	struct tune_history h;

	(void)state;
	some(&h);
	for (int i = 0; i < 2; i++) {
		h.lo = i ? -0.01 : 0.44;
		char *html = text_of(tune_report_html, &h), *text = text_of(tune_report_text, &h);
		assert_int_equal(i, strstr(html, "No gain is shown") != NULL);
		assert_int_equal(i, strstr(text, "no gain is shown") != NULL);
		free(html);
		free(text);
	}
	tune_history_fini(&h, NULL);
}

static void hostile_words(void **state)
{
	struct tune_history h;

	(void)state;
	some(&h);
	fill(h.command, sizeof h.command);
	fill(h.version, sizeof h.version);
	fill(h.objective, sizeof h.objective);
	fill(h.machine, sizeof h.machine);
	fill(h.ended, sizeof h.ended);
	fill(h.file, sizeof h.file);
	fill(h.baseline.op[0].name, sizeof h.baseline.op[0].name);
	for (size_t i = 0; i < h.ntrial; i++) {
		struct tune_trial *t = &h.trial[i];

		fill(t->advisor, sizeof t->advisor);
		fill(t->rule, sizeof t->rule);
		fill(t->why, sizeof t->why);
		fill(t->reason, sizeof t->reason);
		fill(t->candidate.op[1].name, sizeof t->candidate.op[1].name);
		for (t->nfix = 0; t->nfix < TUNE_FIXES_MAX; t->nfix++) {
			struct tune_fix *f = &t->fix[t->nfix];

			f->fate = (enum tune_fate)(t->nfix % 4);
			fill(f->name, 3 + t->nfix);
			fill(f->wished, sizeof f->wished);
			fill(f->from, sizeof f->from);
			fill(f->to, sizeof f->to - 1);
			fill(f->why, sizeof f->why);
		}
	}
	all_three("hostile", &h);
	char *html = text_of(tune_report_html, &h);
	assert_null(strstr(html, "<img"));
	assert_null(strstr(html, "\x1b"));
	assert_null(strstr(html, "\xe2\x80\xae"));
	free(html);
	tune_history_fini(&h, NULL);
}

/* Any number anywhere. */
static void numbers(void **state)
{
	static const double values[] = {NAN, INFINITY, -INFINITY, 0, -1, 1e308, -1e308, 1e-308, 1};
	const size_t nvalues = sizeof values / sizeof *values;
	uint64_t seed = 42;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct tune_history h;

		some(&h);
#define ANY (values[(seed = seed * 6364136223846793005u + 1442695040888963407u) >> 33 & 7 ? (seed >> 40) % nvalues : 0])
		h.active_s = ANY, h.began = ANY, h.gain = ANY, h.lo = ANY, h.hi = ANY;
		h.baseline.ops_per_sec = ANY, h.baseline.spread = ANY, h.baseline.op[0].p99_us = ANY, h.baseline.db_bytes = ANY, h.baseline.rss_bytes = ANY;
		for (size_t i = 0; i < h.ntrial; i++) {
			struct tune_trial *t = &h.trial[i];

			t->gain = ANY, t->lo = ANY, t->hi = ANY, t->total = ANY, t->total_lo = ANY, t->total_hi = ANY, t->seconds = ANY, t->began_s = ANY;
			t->candidate.ops_per_sec = ANY, t->candidate.spread = ANY, t->candidate.op[0].p99_us = ANY, t->best.ops_per_sec = ANY;
			t->best.op[1].p99_us = ANY;
			t->verdict = (enum tune_verdict)((seed >> 50) % 9);
			t->nfix = (seed >> 45) % 5;
		}
		all_three("numbers", &h);
		tune_history_fini(&h, NULL);
	}
}

static void many(void **state)
{
	struct tune_history h;
	double best = 0;

	(void)state;
	some(&h);
	for (unsigned i = 5; i < 200; i++) {
		enum tune_verdict v = i % 17 == 3 ? TUNE_KEPT : i % 5 == 1 ? TUNE_WORSE : i % 7 == 2 ? TUNE_ENDED : i % 11 == 4 ? TUNE_BROKEN : TUNE_UNDECIDED;
		double gain = v == TUNE_KEPT ? 0.04 : v == TUNE_WORSE ? -0.2 - 0.001 * i : v == TUNE_ENDED ? NAN : 0.002 * (i % 9) - 0.01;

		if (v == TUNE_KEPT)
			best += 0.04;
		struct tune_trial *t = next(&h, v, gain, 0.55 + best);
		if (v != TUNE_ENDED)
			t->candidate = runs(3, 144000 * (1 + best + gain), 200 - i / 2.0);
		t->best = runs(3, 144000 * (1 + best), 200 - i / 2.0);
		char name[40];
		snprintf(name, sizeof name, "option_%u", i % 40);
		t->fix[t->nfix++] = fix(TUNE_TAKEN, name, "", "1", "2", "");
	}
	all_three("many", &h);
	tune_history_fini(&h, NULL);
}

static void no_room(void **state)
{
	struct tune_history h;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	some(&h);
	assert_int_equal(tune_report_html(&h, full), -EIO);
	assert_int_equal(tune_report_json(&h, full), -EIO);
	fclose(full);
	tune_history_fini(&h, NULL);
}

static void as_files(void **state)
{
	struct tune_history h;
	struct lode_err err = {0};
	char dir[] = "/tmp/test_tune_report.XXXXXX", path[80];

	(void)state;
	some(&h);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(tune_report_write(dir, &h, &err), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/report.%s", dir, i ? "json" : "html");
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(tune_report_write(dir, &h, &err), -ENOENT);
	assert_string_equal(err.msg, "report.html could not be written: No such file or directory");
	tune_history_fini(&h, NULL);
}

int main(void)
{
	if (lode_cjson_open(NULL))
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_yet), cmocka_unit_test(as_it_stands), cmocka_unit_test(what_it_adds_up_to), cmocka_unit_test(of_families), cmocka_unit_test(same_facts),
	    cmocka_unit_test(no_gain_shown), cmocka_unit_test(hostile_words), cmocka_unit_test(numbers), cmocka_unit_test(many), cmocka_unit_test(no_room), cmocka_unit_test(as_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
