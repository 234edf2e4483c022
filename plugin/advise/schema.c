/* The form of an answer, as JSON schema. */
#include "advise/schema.h"
#include "advise/extra.h"
#include "base/fmt.h"

#include <inttypes.h>

static void type_of(struct lode_json *j, const char *key, const char *type)
{
	lode_json_object(j, key);
	lode_json_str(j, "type", type);
	lode_json_end(j);
}

/* A string that is one of the words which the caller adds; then end_words. */
static void begin_words(struct lode_json *j, const char *key)
{
	lode_json_object(j, key);
	lode_json_str(j, "type", "string");
	lode_json_array(j, "enum");
}

static void end_words(struct lode_json *j)
{
	lode_json_end(j);
	lode_json_end(j);
}

void lode_schema_begin(struct lode_json *j, const char *key)
{
	lode_json_object(j, key);
	lode_json_str(j, "type", "object");
	lode_json_object(j, "properties");
}

void lode_schema_end(struct lode_json *j, const char *const *names)
{
	lode_json_end(j);
	lode_json_array(j, "required");
	for (; *names; names++)
		lode_json_str(j, NULL, *names);
	lode_json_end(j);
	lode_json_bool(j, "additionalProperties", false);
	lode_json_end(j);
}

static void begin_list(struct lode_json *j, const char *key)
{
	lode_json_object(j, key);
	lode_json_str(j, "type", "array");
}

static void option_words(struct lode_json *j, const struct lode_offer *o)
{
	begin_words(j, "option");
	for (int t = 0; t < lode_tunable_count && t < LODE_TUNABLE_MAX; t++)
		if (o->option[t])
			lode_json_str(j, NULL, lode_tunables[t].id);
	end_words(j);
}

static void family_words(struct lode_json *j, const struct lode_offer *o)
{
	char name[16];

	begin_words(j, "cf");
	lode_json_str(j, NULL, "all");
	for (size_t i = 0; i < o->ncf; i++) {
		lode_fmt(name, sizeof name, "cf%" PRIu32, o->cf[i]);
		lode_json_str(j, NULL, name);
	}
	end_words(j);
}

static void changes(struct lode_json *j, const struct lode_offer *o)
{
	static const char *const names[] = {"option", "cf", "value", "reason", NULL};

	begin_list(j, "changes");
	lode_schema_begin(j, "items");
	option_words(j, o);
	family_words(j, o);
	type_of(j, "value", "string");
	type_of(j, "reason", "string");
	lode_schema_end(j, names);
	lode_json_end(j);
}

static void expect(struct lode_json *j, const struct lode_offer *o)
{
	static const char *const names[] = {"metric", "gain_percent", NULL};

	begin_list(j, "expect");
	lode_schema_begin(j, "items");
	begin_words(j, "metric");
	for (int m = 0; m < LODE_METRIC_N; m++)
		if (o->own || !lode_metric_own((enum lode_metric)m))
			lode_json_str(j, NULL, lode_metric_name[m]);
	end_words(j);
	type_of(j, "gain_percent", "number");
	lode_schema_end(j, names);
	lode_json_end(j);
}

static void ask_for(struct lode_json *j)
{
	begin_list(j, "ask_for");
	begin_words(j, "items");
	for (int e = 0; e < LODE_EXTRA_N; e++)
		lode_json_str(j, NULL, lode_extra_name((enum lode_extra)e));
	end_words(j);
	lode_json_end(j);
}

void lode_schema_write(struct lode_json *j, const char *key, const struct lode_offer *o)
{
	static const char *const names[] = {"diagnosis", "changes", "expect", "confidence", "no_change_reason", "ask_for", NULL};

	if (o->form) {
		o->form->schema(o->form, j, key);
		return;
	}
	lode_schema_begin(j, key);
	type_of(j, "diagnosis", "string");
	changes(j, o);
	expect(j, o);
	type_of(j, "confidence", "number");
	type_of(j, "no_change_reason", "string");
	ask_for(j);
	lode_schema_end(j, names);
}
