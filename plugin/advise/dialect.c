/* One request of either interface, and the ladder down to servers that know less of it. */
#include "advise/dialect.h"
#include "advise/prompt.h"
#include "advise/schema.h"
#include "advise/strict.h"
#include "base/json.h"

#include "cjson/cJSON.h"
#include <string.h>

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
		lode_schema_write(j, "schema", o);
		lode_json_end(j);
	} else if (format == LODE_FORMAT_FLAT) {
		lode_schema_write(j, "schema", o);
	}
	lode_json_end(j);
}

static void output_config(struct lode_json *j, enum lode_format format, const struct lode_offer *o)
{
	if (format != LODE_FORMAT_STRICT)
		return;
	lode_json_object(j, "output_config");
	lode_json_object(j, "format");
	lode_json_str(j, "type", "json_schema");
	lode_schema_write(j, "schema", o);
	lode_json_end(j);
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
	lode_buf_addf(&b, "\nYour previous answer was rejected: %.900s. Answer again, with one JSON object and nothing else.\n",
		      l->complaint);
	message(j, "user", lode_buf_str(&b));
	lode_buf_fini(&b);
}

static void chat_request(const struct lode_dialect *d, const struct lode_letter *l, struct lode_json *j)
{
	lode_json_str(j, "model", l->model);
	lode_json_array(j, "messages");
	message(j, "system", lode_buf_str(&l->prompt->system));
	user_message(j, l);
	lode_json_end(j);
	lode_json_i64(j, d->max_tokens ? "max_tokens" : "max_completion_tokens", l->max_tokens);
	if (l->temperature >= 0 && !d->no_temperature)
		lode_json_num(j, "temperature", l->temperature);
	lode_json_bool(j, "stream", false);
	response_format(j, d->format, &l->prompt->offer);
}

static void messages_request(const struct lode_dialect *d, const struct lode_letter *l, struct lode_json *j)
{
	lode_json_str(j, "model", l->model);
	lode_json_i64(j, "max_tokens", l->max_tokens);
	lode_json_str(j, "system", lode_buf_str(&l->prompt->system));
	lode_json_array(j, "messages");
	user_message(j, l);
	lode_json_end(j);
	if (l->temperature >= 0 && !d->no_temperature)
		lode_json_num(j, "temperature", l->temperature < 1 ? l->temperature : 1);
	lode_json_bool(j, "stream", false);
	output_config(j, d->format, &l->prompt->offer);
}

void lode_dialect_request(const struct lode_dialect *d, const struct lode_letter *l, struct lode_buf *out)
{
	struct lode_json j;

	lode_json_init(&j, out);
	lode_json_object(&j, NULL);
	(d->api == LODE_API_ANTHROPIC ? messages_request : chat_request)(d, l, &j);
	lode_json_end(&j);
}

bool lode_dialect_same(const struct lode_dialect *a, const struct lode_dialect *b)
{
	return a->api == b->api && a->format == b->format && a->max_tokens == b->max_tokens && a->no_temperature == b->no_temperature &&
	       a->extract == b->extract;
}

bool lode_dialect_extracts(const struct lode_dialect *d)
{
	return d->extract || d->format == LODE_FORMAT_NONE;
}

static bool names(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word)) != NULL;
}

static bool names_format(const char *text, size_t len)
{
	static const char *const words[] = {"response_format", "output_config", "output_format", "json_schema", "json_object", "guided", "grammar", "schema"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (names(text, len, words[i]))
			return true;
	return false;
}

/* The two names of the length. Back to the newer one only where that alone is named: a text may name both whichever was sent. */
static bool step_length(struct lode_dialect *d, const char *text, size_t len, bool only)
{
	const char *sent = d->max_tokens ? "max_tokens" : "max_completion_tokens";

	if (d->api != LODE_API_CHAT || !names(text, len, sent) || (d->max_tokens && !only))
		return false;
	d->max_tokens = !d->max_tokens;
	return true;
}

static bool step_format(struct lode_dialect *d, const char *text, size_t len)
{
	if (d->format == LODE_FORMAT_NONE || !names_format(text, len))
		return false;
	d->format = d->api == LODE_API_ANTHROPIC ? LODE_FORMAT_NONE : d->format + 1;
	return true;
}

/* Step down from what the text names; false if it names nothing that we sent. only: it names the culprit and nothing else. */
static bool step(struct lode_dialect *d, const char *text, size_t len, bool only)
{
	if (step_length(d, text, len, only))
		return true;
	if (!d->no_temperature && names(text, len, "temperature")) {
		d->no_temperature = true;
		return true;
	}
	return step_format(d, text, len);
}

bool lode_dialect_adapt(struct lode_dialect *d, long status, const char *body, size_t len)
{
	/* A grammar that could not be made of the schema is an internal error to some servers. */
	if (status == 500)
		return (names(body, len, "grammar") || names(body, len, "json_schema")) && step_format(d, body, len);
	if (status != 400 && status != 422)
		return false;
	/* "param" names the one thing; only without it is the whole text searched, which may quote the request. */
	cJSON *root = lode_strict_check(body, len, NULL) == LODE_STRICT_OK ? cJSON_ParseWithLength(body, len) : NULL;
	const cJSON *error = cJSON_IsObject(root) ? cJSON_GetObjectItemCaseSensitive(root, "error") : NULL;
	const char *param = cJSON_IsObject(error) ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "param")) : NULL;
	bool stepped = param && *param ? step(d, param, strlen(param), true) : step(d, body, len, false);
	cJSON_Delete(root);
	return stepped;
}
