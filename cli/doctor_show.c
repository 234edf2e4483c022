/* The doctor's report: collected by rule, printed by part, for people and as JSON. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACTS_MAX (1u << 20)

const struct cli_rule cli_rules[CLI_F_N] = {
#define X(id, code, part, health, text, mend) [CLI_F_##id] = {code, CLI_##part, CLI_##health, text, mend},
    CLI_RULES(X)
#undef X
};

static const char *const titles[CLI_PARTS] = {"What it is", "Can it be tuned?", "Checks"};

void cli_report_init(struct cli_report *r)
{
	*r = (struct cli_report){0};
	lode_buf_init(&r->facts_text, FACTS_MAX);
	lode_buf_init(&r->images_text, FACTS_MAX);
	lode_json_init(&r->facts, &r->facts_text);
	lode_json_init(&r->images, &r->images_text);
	lode_json_object(&r->facts, NULL);
	lode_json_array(&r->images, NULL);
}

void cli_report_fini(struct cli_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->list[i].subject);
		free(r->list[i].detail);
	}
	free(r->list);
	lode_buf_fini(&r->facts_text);
	lode_buf_fini(&r->images_text);
}

void cli_find(struct cli_report *r, enum cli_code code, const char *subject, const char *fmt, ...)
{
	struct cli_finding *list = realloc(r->list, (r->n + 1) * sizeof *list), *one;
	const struct cli_rule *rule = &cli_rules[code];
	va_list ap;

	r->failed |= rule->health == CLI_FAIL;
	r->untunable |= rule->health == CLI_FAIL && rule->part != CLI_CHECK;
	if (!list)
		return;
	r->list = list;
	one = &list[r->n++];
	*one = (struct cli_finding){.code = code, .subject = subject ? strdup(subject) : NULL};
	if (!fmt)
		return;
	va_start(ap, fmt);
	if (vasprintf(&one->detail, fmt, ap) < 0)
		one->detail = NULL;
	va_end(ap);
}

/* The sentence: "subject: text", with the detail in its place. */
static void sentence(struct lode_buf *out, const struct cli_finding *one)
{
	const char *text = cli_rules[one->code].text, *gap = strstr(text, "%s"), *detail = one->detail ? one->detail : "?";

	if (one->subject) {
		lode_buf_adds(out, one->subject);
		lode_buf_adds(out, ": ");
	}
	if (gap)
		lode_buf_addf(out, "%.*s%s%s", (int)(gap - text), text, detail, gap + 2);
	else
		lode_buf_addf(out, one->detail ? "%s (%s)" : "%s", text, detail);
}

void cli_report_json(struct cli_report *r, struct lode_buf *out)
{
	static const char *const healths[] = {"ok", "note", "warn", "fail"};
	static const char *const parts[CLI_PARTS] = {"what", "tuning", "check"};
	struct lode_json j;

	lode_json_init(&j, out);
	lode_json_object(&j, NULL);
	lode_json_bool(&j, "tunable", !r->failed);
	lode_json_end(&r->images);
	lode_json_raw(&r->facts, "images", lode_buf_str(&r->images_text));
	lode_json_end(&r->facts);
	lode_json_raw(&j, "facts", lode_buf_str(&r->facts_text));
	lode_json_array(&j, "findings");
	for (size_t i = 0; i < r->n; i++) {
		const struct cli_rule *rule = &cli_rules[r->list[i].code];
		struct lode_buf text;

		lode_buf_init(&text, 1 << 16);
		sentence(&text, &r->list[i]);
		lode_json_object(&j, NULL);
		lode_json_str(&j, "code", rule->code);
		lode_json_str(&j, "part", parts[rule->part]);
		lode_json_str(&j, "health", healths[rule->health]);
		lode_json_str(&j, "subject", r->list[i].subject);
		lode_json_str(&j, "what", lode_buf_str(&text));
		lode_json_str(&j, "mend", rule->mend);
		lode_json_end(&j);
		lode_buf_fini(&text);
	}
	lode_json_end(&j);
	lode_json_end(&j);
	lode_buf_adds(out, "\n");
}

static void one_text(struct lode_buf *out, const struct cli_term *term, const struct cli_finding *one)
{
	static const enum cli_colour colours[] = {CLI_GREEN, CLI_CYAN, CLI_YELLOW, CLI_RED};
	static const char *const words[] = {"ok", "-", "warn", "FAIL"};
	const struct cli_rule *rule = &cli_rules[one->code];
	struct lode_buf text;

	lode_buf_init(&text, 1 << 16);
	sentence(&text, one);
	lode_buf_adds(out, "  ");
	cli_add_colour(out, term, colours[rule->health]);
	lode_buf_addf(out, "%-4s", words[rule->health]);
	cli_add_colour(out, term, CLI_PLAIN);
	lode_buf_adds(out, "  ");
	cli_add_text(out, lode_buf_str(&text));
	lode_buf_adds(out, "\n");
	if (rule->mend) {
		lode_buf_adds(out, "        mend: ");
		cli_add_text(out, rule->mend);
		lode_buf_adds(out, "\n");
	}
	lode_buf_fini(&text);
}

void cli_report_text(const struct cli_report *r, struct lode_buf *out)
{
	struct cli_term term;

	cli_term_init(&term);
	for (int part = 0; part < CLI_PARTS; part++) {
		bool titled = false;

		for (size_t i = 0; i < r->n; i++) {
			if (cli_rules[r->list[i].code].part != (enum cli_part)part)
				continue;
			if (!titled) {
				cli_add_colour(out, &term, CLI_BOLD);
				lode_buf_adds(out, titles[part]);
				cli_add_colour(out, &term, CLI_PLAIN);
				if (part == CLI_TUNE)
					lode_buf_adds(out, r->untunable ? "  No, not as it is." : "  Yes.");
				lode_buf_adds(out, "\n");
			}
			titled = true;
			one_text(out, &term, &r->list[i]);
		}
	}
}
