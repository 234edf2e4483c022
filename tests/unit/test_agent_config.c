/* Configuration: precedence, messages that name the place and the mend, and nothing that a bad file can break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/config_keys.h"
#include "base/log.h"

static struct lode_config c;
static struct lode_buf notes;

static int setup(void **state)
{
	(void)state;
	lode_config_defaults(&c);
	lode_buf_init(&notes, 65536);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lode_buf_fini(&notes);
	return 0;
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(c.mode, LODE_MODE_OBSERVE);
	assert_int_equal(c.on_close, LODE_CLOSE_RESTORE);
	assert_string_equal(c.advisor, "expert");
	assert_string_equal(c.pace, "production");
	assert_int_equal(c.log_level, LODE_LOG_NOTICE);
	assert_true(c.interval > 0.99 && c.interval < 1.01);
	assert_true(c.alpha > 0.049 && c.alpha < 0.051);
	assert_true(c.statistics);
	for (size_t i = 0; i < 4; i++) {
		static const char *const words[] = {"never", "auto", "false", "true"};
		assert_int_equal(lode_config_set(&c, "agent", "statistics", words[i], NULL), 0);
		assert_int_equal(c.statistics, i % 2);
	}
	assert_true(lode_config_set(&c, "agent", "statistics", "sometimes", NULL) < 0);
}

static void test_file(void **state)
{
	static const char text[] = "# a comment\n\n[agent]\nmode = auto\n interval=500ms \r\n[guard]\nmemory_max = 2G\n; another\n[llm]\nurl = http://127.0.0.1:1/v1\n";
	(void)state;
	assert_int_equal(lode_config_read_text(&c, text, "x.conf", &notes), 0);
	assert_int_equal(c.mode, LODE_MODE_AUTO);
	assert_true(c.interval > 0.499 && c.interval < 0.501);
	assert_true(c.memory_max == (int64_t)2 << 30);
	assert_string_equal(c.url, "http://127.0.0.1:1/v1");
}

static void test_objective(void **state)
{
	static const char text[] = "[objective]\nkind = latency\nslo_get = p99.9 < 2ms\nslo_seek=p95<10 ms\nprice_io = 0.5\n[guard]\nmargin_space_amp = 0.2\n";
	(void)state;
	assert_int_equal(c.objective.kind, LODE_BALANCED);
	assert_false(lode_objective_has_slo(&c.objective));
	assert_true(c.objective.margin[LODE_M_GET_TAIL] > 0.49 && c.objective.margin[LODE_M_GET_TAIL] < 0.51);
	assert_int_equal(lode_config_read_text(&c, text, "x.conf", &notes), 0);
	assert_int_equal(c.objective.kind, LODE_LATENCY);
	assert_true(c.objective.slo[LODE_H_GET].limit_us > 1999 && c.objective.slo[LODE_H_GET].bucket_us > 1899 && c.objective.slo[LODE_H_SEEK].share < 0.951);
	assert_true(c.objective.slo[LODE_H_WRITE].limit_us <= 0);
	assert_true(c.objective.price_io > 0.49 && c.objective.margin[LODE_M_SPACE_AMP] > 0.19);
}

static void test_messages(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"[agent]\nmod = auto\n", "x.conf:2: there is no setting agent.mod; did you mean agent.mode?"},
		{"[agent]\nmode = fast\n", "x.conf:2: agent.mode cannot be 'fast': it is one of observe, suggest, auto"},
		{"[agent]\ninterval = soon\n", "agent.interval cannot be 'soon': it is a time such as 90s or 5m"},
		{"[agent]\ninterval = 1ms\n", "it lies between 0.05 and 3600"},
		{"[guard]\nallow_optin = maybe\n", "it is true or false"},
		{"[guard]\nmemory_max = lots\n", "it is a size such as 512M"},
		{"[objective]\nkind = fast\n", "objective.kind cannot be 'fast': it is one of balanced, throughput, latency, write_amp, cost"},
		{"[objective]\nslo_get = 2ms\n", "objective.slo_get cannot be '2ms': it begins with a percentile: write it as p99.9 < 2ms"},
		{"[guard]\nmargin_tail = half\n", "it is a number such as 0.5"},
		{"[judge]\nalpha = 1e-3\n", "it is a number such as 0.5"},
		{"mode = auto\n", "x.conf:1: 'mode = auto' stands before the first [section]"},
		{"[agent\nmode = auto\n", "x.conf:1: a section is written [name]"},
		{"[agent]\njust words\n", "x.conf:2: 'just words' is no setting"},
		{"[judge]\nurl = x\n", "did you mean llm.url?"},
		{"[log]\nlevel = loud\n", "log.level cannot be 'loud'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		lode_buf_clear(&notes);
		lode_config_defaults(&c);
		assert_true(lode_config_read_text(&c, rows[i].text, "x.conf", &notes) > 0);
		if (!strstr(lode_buf_str(&notes), rows[i].says))
			fail_msg("%s\nsaid: %s\nnot: %s", rows[i].text, lode_buf_str(&notes), rows[i].says);
		assert_int_equal(c.mode, LODE_MODE_OBSERVE);
	}
}

static void test_environment_beats_file(void **state)
{
	char path[] = "/tmp/lode-config-XXXXXX", var[64];
	int fd = mkstemp(path);
	static const char text[] = "[agent]\nmode = suggest\n[judge]\npace = bench\n";
	char *env[] = {var, "LODESTONE_AGENT_MODE=auto", "LODESTONE_JUDGE_ALPHA=2", "LODESTONE_AGNT_MODE=x", "HOME=/nowhere", NULL};
	(void)state;
	assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
	close(fd);
	snprintf(var, sizeof(var), "LODESTONE_CONFIG=%s", path);
	assert_int_equal(lode_config_load(&c, env, NULL, 0, &notes), 2);
	unlink(path);
	assert_int_equal(c.mode, LODE_MODE_AUTO);
	assert_string_equal(c.pace, "bench");
	assert_string_equal(c.file, path);
	assert_true(c.alpha > 0.049 && c.alpha < 0.051);
	assert_non_null(strstr(lode_buf_str(&notes), "LODESTONE_JUDGE_ALPHA: judge.alpha cannot be '2'"));
	assert_non_null(strstr(lode_buf_str(&notes), "LODESTONE_AGNT_MODE: there is no such setting"));
}

static void test_missing_file_and_switch(void **state)
{
	char *env[] = {"LODESTONE_CONFIG=/does/not/exist.conf", "LODESTONE_DISABLE=1", "LODESTONE_ADVISOR_KIND=llm", NULL};
	(void)state;
	assert_int_equal(lode_config_load(&c, env, NULL, 0, &notes), 2);
	assert_true(c.disabled);
	assert_string_equal(c.advisor, "expert"); /* a model without an address is no model */
	assert_non_null(strstr(lode_buf_str(&notes), "/does/not/exist.conf: No such file"));
	assert_non_null(strstr(lode_buf_str(&notes), "needs llm.url and llm.model"));
}

static void test_document_reads_back(void **state)
{
	struct lode_buf doc;
	struct lode_config d;
	char name[96], *p;
	size_t keys = 0, lines = 0;
	(void)state;
	lode_buf_init(&doc, 1 << 20);
	lode_config_document(&doc);
	for (p = doc.data; *p; p++) /* uncomment the settings: "#key = value" */
		if (*p == '#' && p[1] != ' ' && (p == doc.data || p[-1] == '\n')) {
			*p = ' ';
			lines++;
		}
	while (lode_config_env_name(keys, name, sizeof(name)))
		keys++;
	assert_int_equal(lines, keys);
	lode_config_defaults(&d);
	assert_int_equal(lode_config_read_text(&d, lode_buf_str(&doc), "doc", &notes), 0);
	assert_memory_equal(&c, &d, sizeof(c));
	lode_buf_fini(&doc);
}

/* What people are told of each key is there, and a default lies in the range that is told. */
static void test_rows(void **state)
{
	struct lode_config_row row;
	struct lode_err err = {0};
	char name[96];
	size_t i;
	(void)state;
	for (i = 0; lode_config_row(i, &row); i++) {
		assert_non_null(lode_config_env_name(i, name, sizeof(name)));
		assert_non_null(lode_config_intro(row.section));
		assert_true(*row.doc && *row.range && strlen(row.range) < sizeof(row.range) - 1);
		assert_int_equal(lode_config_set(&c, row.section, row.name, row.initial, &err), 0);
	}
	assert_null(lode_config_env_name(i, name, sizeof(name)));
	assert_null(lode_config_intro("agents"));
}

static void test_too_long(void **state)
{
	char value[600];
	struct lode_err err = {0};
	(void)state;
	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = 0;
	assert_true(lode_config_set(&c, "llm", "model", value, &err) < 0);
	assert_string_equal(c.model, "");
	assert_true(lode_config_set(&c, value, value, "1", &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_objective, setup, teardown),
		cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment_beats_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_file_and_switch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_document_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
