/* One request of the chat completions interface, and the ladder down to servers that know less of it. */
#include "advise/dialect.h"
#include "advise/strict.h"
#include "base/fmt.h"
#include "base/json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

static void type_of(struct lode_json *j, const char *key, const char *type)
{
	lode_json_object(j, key);
	lode_json_str(j, "type", type);
	lode_json_end(j);
}

static void required(struct lode_json *j, const char *const *names)
{
	lode_json_array(j, "required");
	for (; *names; names++)
		lode_json_str(j, NULL, *names);
	lode_json_end(j);
	lode_json_bool(j, "additionalProperties", false);
}

static void option_enum(struct lode_json *j, const struct lode_offer *o)
{
	lode_json_object(j, "option");
	lode_json_str(j, "type", "string");
	lode_json_array(j, "enum");
	for (int t = 0; t < lode_tunable_count && t < LODE_TUNABLE_MAX; t++)
		if (o->option[t])
			lode_json_str(j, NULL, lode_tunables[t].id);
	lode_json_end(j);
	lode_json_end(j);
}

static void cf_enum(struct lode_json *j, const struct lode_offer *o)
{
	char name[16];

	lode_json_object(j, "cf");
	lode_json_str(j, "type", "string");
	lode_json_array(j, "enum");
	lode_json_str(j, NULL, "all");
	for (size_t i = 0; i < o->ncf; i++) {
		lode_fmt(name, sizeof name, "cf%" PRIu32, o->cf[i]);
		lode_json_str(j, NULL, name);
	}
	lode_json_end(j);
	lode_json_end(j);
}

/* What reply_content.c holds the answer to. Every property is required: the strict subset of servers knows no optional ones. */
static void schema(struct lode_json *j, const struct lode_offer *o)
{
	static const char *const answer[] = {"diagnosis", "changes", "expect_percent", "confidence", "no_change_reason", NULL};
	static const char *const change[] = {"option", "cf", "value", "reason", NULL};

	lode_json_object(j, "schema");
	lode_json_str(j, "type", "object");
	lode_json_object(j, "properties");
	type_of(j, "diagnosis", "string");
	lode_json_object(j, "changes");
	lode_json_str(j, "type", "array");
	lode_json_object(j, "items");
	lode_json_str(j, "type", "object");
	lode_json_object(j, "properties");
	option_enum(j, o);
	cf_enum(j, o);
	type_of(j, "value", "string");
	type_of(j, "reason", "string");
	lode_json_end(j);
	required(j, change);
	lode_json_end(j);
	lode_json_end(j);
	type_of(j, "expect_percent", "number");
	type_of(j, "confidence", "number");
	type_of(j, "no_change_reason", "string");
	lode_json_end(j);
	required(j, answer);
	lode_json_end(j);
}

static void response_format(struct lode_json *j, enum lode_format format, const struct lode_offer *o)
{
	if (format == LODE_FORMAT_NONE)
		return;
	lode_json_object(j, "response_format");
	lode_json_str(j, "type", format == LODE_FORMAT_OBJECT ? "json_object" : "json_schema");
	if (format == LODE_FORMAT_STRICT) {
		lode_json_object(j, "json_schema");
		lode_json_str(j, "name", "tuning_proposal");
		lode_json_bool(j, "strict", true);
		schema(j, o);
		lode_json_end(j);
	} else if (format == LODE_FORMAT_FLAT) {
		schema(j, o);
	}
	lode_json_end(j);
}

static void message(struct lode_json *j, const char *role, const char *content)
{
	lode_json_object(j, NULL);
	lode_json_str(j, "role", role);
	lode_json_str(j, "content", content);
	lode_json_end(j);
}

/* The complaint goes at the end of the one user message: not every server's template takes two in a row. */
static void user_message(struct lode_json *j, const struct lode_letter *l)
{
	struct lode_buf b;

	if (!l->complaint || !*l->complaint) {
		message(j, "user", lode_buf_str(&l->prompt->user));
		return;
	}
	lode_buf_init(&b, l->prompt->user.len + 2048);
	lode_buf_adds(&b, lode_buf_str(&l->prompt->user));
	lode_buf_addf(&b, "\nYour previous answer was rejected: %.600s. Answer again, with one JSON object and nothing else.\n",
		      l->complaint);
	message(j, "user", lode_buf_str(&b));
	lode_buf_fini(&b);
}

void lode_dialect_request(const struct lode_dialect *d, const struct lode_letter *l, struct lode_buf *out)
{
	struct lode_json j;

	lode_json_init(&j, out);
	lode_json_object(&j, NULL);
	lode_json_str(&j, "model", l->model);
	lode_json_array(&j, "messages");
	message(&j, "system", lode_buf_str(&l->prompt->system));
	user_message(&j, l);
	lode_json_end(&j);
	lode_json_i64(&j, d->max_tokens ? "max_tokens" : "max_completion_tokens", l->max_tokens);
	if (l->temperature >= 0 && !d->no_temperature)
		lode_json_num(&j, "temperature", l->temperature);
	lode_json_bool(&j, "stream", false);
	response_format(&j, d->format, &l->prompt->offer);
	lode_json_end(&j);
}

/* Step down from what the text names; false if it names nothing that we sent. */
static bool step(struct lode_dialect *d, const char *text, size_t len)
{
	static const char *const format_words[] = {"response_format", "json_schema", "json_object", "guided", "grammar", "schema"};

	if (!d->max_tokens && memmem(text, len, "max_completion_tokens", 21)) {
		d->max_tokens = true;
		return true;
	}
	if (!d->no_temperature && memmem(text, len, "temperature", 11)) {
		d->no_temperature = true;
		return true;
	}
	for (size_t i = 0; d->format < LODE_FORMAT_NONE && i < sizeof format_words / sizeof format_words[0]; i++)
		if (memmem(text, len, format_words[i], strlen(format_words[i]))) {
			d->format++;
			return true;
		}
	return false;
}

bool lode_dialect_adapt(struct lode_dialect *d, long status, const char *body, size_t len)
{
	if (status != 400 && status != 422)
		return false;
	/* "param" names the one thing; only without it is the whole text searched, which may quote the request. */
	cJSON *root = lode_strict_check(body, len, NULL) == LODE_STRICT_OK ? cJSON_ParseWithLength(body, len) : NULL;
	const cJSON *error = cJSON_IsObject(root) ? cJSON_GetObjectItemCaseSensitive(root, "error") : NULL;
	const char *param = cJSON_IsObject(error) ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "param")) : NULL;
	bool stepped = param && *param ? step(d, param, strlen(param)) : step(d, body, len);
	cJSON_Delete(root);
	return stepped;
}
