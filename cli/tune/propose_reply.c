/* A model's answer about an OPTIONS file: strict in structure, lenient in values, which calibrate.h understands and corrects. */
#include "tune/propose_model.h"

#include "advise/schema.h"
#include "advise/strict.h"
#include "advise/text.h"
#include "base/fmt.h"
#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

/* ---- the schema ---- */

static void type_of(struct lode_json *j, const char *key, const char *type)
{
	lode_json_object(j, key);
	lode_json_str(j, "type", type);
	lode_json_end(j);
}

static void write_schema(const struct lode_form *f, struct lode_json *j, const char *key)
{
	static const char *const names[] = {"diagnosis", "changes", "expected_gain_percent", "no_change_reason", NULL};
	static const char *const change[] = {"option", "value", "reason", NULL};

	(void)f;
	lode_schema_begin(j, key);
	type_of(j, "diagnosis", "string");
	lode_json_object(j, "changes");
	lode_json_str(j, "type", "array");
	lode_schema_begin(j, "items");
	type_of(j, "option", "string");
	type_of(j, "value", "string");
	type_of(j, "reason", "string");
	lode_schema_end(j, change);
	lode_json_end(j);
	type_of(j, "expected_gain_percent", "number");
	type_of(j, "no_change_reason", "string");
	lode_schema_end(j, names);
}

/* ---- reading ---- */

static const char *const answer_members[] = {"diagnosis", "changes", "expected_gain_percent", "no_change_reason", NULL};
static const char *const change_members[] = {"option", "value", "reason", NULL};

static struct lode_text shown(const char *s)
{
	struct lode_text t;

	lode_text_plain(t.s, sizeof t.s, s, strlen(s));
	return t;
}

static enum lode_call check_members(const cJSON *object, const char *const *known, const char *what, struct lode_reply *out)
{
	const cJSON *v;

	if (!cJSON_IsObject(object))
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "%s is not an object", what);
	cJSON_ArrayForEach(v, object)
	{
		const char *const *k = known;

		while (*k && strcmp(*k, v->string) != 0)
			k++;
		if (!*k)
			return lode_reply_fail(out, LODE_CALL_SCHEMA, "%s has a member '%s' that was not asked for", what, shown(v->string).s);
	}
	return LODE_CALL_OK;
}

static void text_of(const cJSON *object, const char *name, char *to, size_t len)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	lode_text_plain(to, len, s ? s : "", s ? strlen(s) : 0);
}

/* A string, a number or a truth value; what it means is calibrate's affair. */
static bool read_value(const cJSON *v, char *to, size_t len)
{
	const char *s = cJSON_GetStringValue(v);

	if (s && strlen(s) < len)
		lode_text_plain(to, len, s, strlen(s));
	else if (cJSON_IsNumber(v) && isfinite(v->valuedouble))
		lode_fmt(to, len, fabs(v->valuedouble) < 9e15 && v->valuedouble == floor(v->valuedouble) ? "%.0f" : "%.9g", v->valuedouble);
	else if (cJSON_IsTrue(v) || cJSON_IsFalse(v))
		lode_fmt(to, len, "%s", cJSON_IsTrue(v) ? "true" : "false");
	else
		return false;
	return *to != '\0';
}

static enum lode_call read_change(const cJSON *item, struct tune_wish *w, struct lode_reply *out)
{
	enum lode_call call = check_members(item, change_members, "a change", out);
	const char *option = call == LODE_CALL_OK ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "option")) : NULL;

	*w = (struct tune_wish){0};
	if (call != LODE_CALL_OK)
		return call;
	if (!option || !*option || strlen(option) >= sizeof w->name)
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "a change lacks the name of an option");
	lode_text_plain(w->name, sizeof w->name, option, strlen(option));
	if (!read_value(cJSON_GetObjectItemCaseSensitive(item, "value"), w->value, sizeof w->value))
		return lode_reply_fail(out, LODE_CALL_BAD_VALUE, "the value of %s is neither a string nor a number nor true or false", shown(option).s);
	text_of(item, "reason", w->reason, sizeof w->reason);
	return LODE_CALL_OK;
}

static enum lode_call read_answer(const cJSON *root, struct tune_proposal *p, struct lode_reply *out)
{
	enum lode_call call = check_members(root, answer_members, "the answer", out);
	const cJSON *list, *item;

	if (call != LODE_CALL_OK)
		return call;
	list = cJSON_GetObjectItemCaseSensitive(root, "changes");
	if (!cJSON_IsArray(list))
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "the answer has no list 'changes'");
	if (cJSON_GetArraySize(list) > TUNE_WISHES_MAX)
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "more than %d changes at a time", TUNE_WISHES_MAX);
	cJSON_ArrayForEach(item, list)
	{
		call = read_change(item, &p->wish[p->n], out);
		if (call != LODE_CALL_OK)
			return call;
		p->n++;
	}
	text_of(root, p->n ? "diagnosis" : "no_change_reason", p->why, sizeof p->why);
	if (p->n)
		return LODE_CALL_OK;
	if (!*p->why)
		text_of(root, "diagnosis", p->why, sizeof p->why);
	lode_fmt(out->why, sizeof out->why, "%.390s", *p->why ? p->why : "the model sees nothing to change");
	return LODE_CALL_NO_CHANGE;
}

static enum lode_call read_content(const struct lode_form *base, const char *text, size_t len, struct lode_reply *out)
{
	struct tune_proposal *p = ((const struct tune_form *)base)->out;
	enum lode_strict strict = lode_strict_check(text, len, NULL);
	cJSON *root;

	p->n = 0;
	p->why[0] = '\0';
	if (strict == LODE_STRICT_DUPLICATE)
		return out->call = lode_reply_fail(out, LODE_CALL_DUPLICATE_KEY, "the answer has an object with the same key twice");
	root = strict == LODE_STRICT_OK ? cJSON_ParseWithLength(text, len) : NULL;
	out->call = root ? read_answer(root, p, out) : lode_reply_fail(out, LODE_CALL_BAD_CONTENT, "the answer is not one JSON object and nothing else");
	cJSON_Delete(root);
	if (out->call != LODE_CALL_OK)
		p->n = 0;
	return out->call;
}

void tune_form_init(struct tune_form *f, struct tune_proposal *out)
{
	*f = (struct tune_form){.base = {.schema = write_schema, .read = read_content}, .out = out};
}
