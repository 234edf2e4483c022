/* docs/expert.md agrees with the code: its tables of bottlenecks and rules are those of the code, line by line, and every option that may be changed has a rule
 * or a reason why not. LODE_UPDATE_DOCS=1 writes the two tables anew, between their marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/fs.h"
#include "test_advise_ask.h"

static const char path[] = LODE_TEST_DATA "/../../docs/expert.md";

static void objectives(unsigned serves, struct lode_buf *b)
{
	const char *comma = "";

	for (int o = 0; o < LODE_OBJECTIVES; o++)
		if (serves & 1u << o) {
			lode_buf_addf(b, "%s%s", comma, lode_objective_name[o]);
			comma = ", ";
		}
}

static void bottlenecks(struct lode_buf *b)
{
	lode_buf_adds(b, "| name | what it is | options may take away at most |\n|---|---|---|\n");
	for (int i = 0; i < LODE_BOTTLENECK_N; i++)
		lode_buf_addf(b, "| %s | %s | %g |\n", lode_bottleneck_name((enum lode_bottleneck)i), lode_bottleneck_doc((enum lode_bottleneck)i),
			      lode_bottleneck_reach((enum lode_bottleneck)i));
}

static void rules(struct lode_buf *b)
{
	lode_buf_adds(b, "| rule | answers | changes | brings | sure | search | serves |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < lode_expert_rule_count; i++) {
		const struct lode_expert_rule *r = &lode_expert_rules[i];

		lode_buf_addf(b, "| **%s**: %s |", r->name, r->doc);
		for (size_t k = 0; k < LODE_RULE_AGAINST && r->against[k]; k++)
			lode_buf_addf(b, "%s %s", k ? "," : "", lode_bottleneck_name(r->against[k]));
		lode_buf_adds(b, " |");
		for (size_t k = 0; k < LODE_RULE_OPTIONS && r->options[k]; k++)
			lode_buf_addf(b, "%s `%s`", k ? "," : "", r->options[k]);
		lode_buf_addf(b, " | %g | %g | %s%s | ", r->brings, r->confidence, r->climbs ? "climbs" : "to a value", r->both ? ", both sides" : "");
		objectives(r->serves, b);
		lode_buf_adds(b, " |\n");
	}
}

/* What stands between <!-- mark --> and the next <!-- end -->. */
static bool find(const char *text, const char *mark, const char **begin, const char **end)
{
	char line[60];

	lode_fmt(line, sizeof line, "<!-- %s -->\n", mark);
	*begin = strstr(text, line);
	*end = *begin ? strstr(*begin, "<!-- end -->\n") : NULL;
	*begin += *begin ? strlen(line) : 0;
	return *end != NULL;
}

static void read_docs(struct lode_buf *doc)
{
	lode_buf_init(doc, 1 << 20);
	assert_int_equal(lode_fs_read(path, doc), 0);
}

static void check_table(const char *mark, void (*print)(struct lode_buf *))
{
	struct lode_buf doc, table;
	const char *begin, *end;

	read_docs(&doc);
	lode_buf_init(&table, 1 << 16);
	print(&table);
	assert_true(find(lode_buf_str(&doc), mark, &begin, &end));
	if (getenv("LODE_UPDATE_DOCS")) {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fwrite(lode_buf_str(&doc), 1, (size_t)(begin - lode_buf_str(&doc)), f);
		fputs(lode_buf_str(&table), f);
		fputs(end, f);
		assert_int_equal(fclose(f), 0);
	} else if (table.len != (size_t)(end - begin) || memcmp(lode_buf_str(&table), begin, table.len) != 0) {
		fail_msg("docs/expert.md, table of %s, is not that of the code: LODE_UPDATE_DOCS=1 %s", mark, "test_advise_expert_docs writes it anew");
	}
	lode_buf_fini(&table);
	lode_buf_fini(&doc);
}

static void test_tables(void **state)
{
	(void)state;
	check_table("bottlenecks", bottlenecks);
	check_table("rules", rules);
}

static bool has_rule(const char *id)
{
	for (size_t i = 0; i < lode_expert_rule_count; i++)
		for (size_t k = 0; k < LODE_RULE_OPTIONS && lode_expert_rules[i].options[k]; k++)
			if (!strcmp(lode_expert_rules[i].options[k], id))
				return true;
	return false;
}

/* Every option that may be changed in an open database has a rule, or a line that says why none; not both. */
static void test_every_option(void **state)
{
	struct lode_buf doc;
	char line[100];

	(void)state;
	read_docs(&doc);
	char *reasons = strstr(doc.data, "\n## Options without a rule\n"), *after = reasons ? strstr(reasons + 4, "\n## ") : NULL;
	assert_non_null(after);
	*after = '\0';
	for (int t = 0; t < lode_tunable_count; t++) {
		const struct lode_tunable *row = &lode_tunables[t];

		if (row->tier == LODE_TIER_FORBIDDEN || row->scope == LODE_SCOPE_RESTART)
			continue;
		lode_fmt(line, sizeof line, "| `%s` |", row->id);
		if ((strstr(reasons, line) != NULL) == has_rule(row->id))
			fail_msg("%s: a rule or a reason in docs/expert.md, and not both", row->id);
	}
	for (size_t i = 0; i < lode_expert_rule_count; i++)
		for (size_t k = 0; k < LODE_RULE_OPTIONS && lode_expert_rules[i].options[k]; k++)
			assert_true(lode_tunable_find(lode_expert_rules[i].options[k]) >= 0);
	lode_buf_fini(&doc);
}

/* Names are stable keys of history: none twice, none too long for its place; every rule answers something and serves somebody. */
static void test_rules_are_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < lode_expert_rule_count; i++) {
		const struct lode_expert_rule *r = &lode_expert_rules[i];

		assert_true(strlen(r->name) < sizeof((struct lode_proposal){0}).rule);
		assert_true(r->against[0] && r->options[0] && r->serves && r->serves < 1u << LODE_OBJECTIVES);
		assert_true(r->brings > 0 && r->brings <= 1 && r->confidence > 0 && r->confidence < 1);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(lode_expert_rules[k].name, r->name);
		for (size_t k = 0; k < LODE_RULE_AGAINST && r->against[k]; k++)
			assert_true(lode_bottleneck_reach(r->against[k]) > 0); /* else nobody would ask for it */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_every_option),
	    cmocka_unit_test(test_rules_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
