/* The model's own words: one object of the schema that it was given, options and families that it was offered, values that parse exactly.
 */
#include "advise/reply.h"
#include "advise/strict.h"
#include "advise/text.h"
#include "base/fmt.h"
#include "base/num.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

/* Foreign words, safe to show and short. */
static struct lode_text shown(const char *s)
{
	struct lode_text t;

	lode_text_plain(t.s, sizeof t.s, s, strlen(s));
	return t;
}

enum lode_call lode_reply_fail(struct lode_reply *out, enum lode_call call, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	lode_fmt_v(out->why, sizeof out->why, fmt, ap);
	va_end(ap);
	return call;
}

enum field_type { TEXT, NUMBER, LIST };
struct field {
	const char *name;
	enum field_type type;
	bool required;
};

static const struct field answer_fields[] = {
    {"diagnosis", TEXT, false},	   {"changes", LIST, true},	      {"expect_percent", NUMBER, false},
    {"confidence", NUMBER, false}, {"no_change_reason", TEXT, false}, {NULL, TEXT, false},
};
static const struct field change_fields[] = {
    {"option", TEXT, true}, {"cf", TEXT, true}, {"value", TEXT, true}, {"reason", TEXT, false}, {NULL, TEXT, false},
};

static bool fits(const cJSON *v, const struct field *f)
{
	if (cJSON_IsNull(v))
		return !f->required;
	return f->type == TEXT ? cJSON_IsString(v) : f->type == NUMBER ? cJSON_IsNumber(v) && isfinite(v->valuedouble) : cJSON_IsArray(v);
}

/* Every member known and of its type, every required one there. */
static enum lode_call check_fields(const cJSON *object, const struct field *fields, const char *what, struct lode_reply *out)
{
	const cJSON *v;

	if (!cJSON_IsObject(object))
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "%s is not an object", what);
	cJSON_ArrayForEach(v, object)
	{
		const struct field *f = fields;

		while (f->name && strcmp(f->name, v->string) != 0)
			f++;
		if (!f->name)
			return lode_reply_fail(out, LODE_CALL_SCHEMA, "%s has a member '%s' that the schema does not know", what,
					       shown(v->string).s);
		if (!fits(v, f))
			return lode_reply_fail(out, LODE_CALL_SCHEMA, "'%s' must be %s", f->name,
					       f->type == TEXT	   ? "a string"
					       : f->type == NUMBER ? "a number"
								   : "an array");
	}
	for (const struct field *f = fields; f->name; f++)
		if (f->required && !cJSON_GetObjectItemCaseSensitive(object, f->name))
			return lode_reply_fail(out, LODE_CALL_SCHEMA, "%s lacks '%s'", what, f->name);
	return LODE_CALL_OK;
}

static const char *text_member(const cJSON *object, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return s ? s : "";
}

static double number_member(const cJSON *object, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

/* "all", or "cf" and a number that was given out. */
static bool read_cf(const char *s, const struct lode_offer *offer, uint32_t *cf)
{
	int64_t n;

	if (!strcmp(s, "all")) {
		*cf = LODE_CF_ALL;
		return true;
	}
	if (strncmp(s, "cf", 2) != 0 || lode_num_parse(s + 2, strlen(s + 2), &n) != 0)
		return false;
	for (size_t i = 0; i < offer->ncf; i++)
		if (offer->cf[i] == n) {
			*cf = offer->cf[i];
			return true;
		}
	return false;
}

static enum lode_call read_change(const cJSON *item, const struct lode_offer *offer, struct lode_change *c, struct lode_reply *out)
{
	enum lode_call call = check_fields(item, change_fields, "a change", out);
	const char *option = text_member(item, "option"), *value = text_member(item, "value");
	struct lode_err err = {0};

	if (call != LODE_CALL_OK)
		return call;
	c->tunable = lode_tunable_find(option);
	if (c->tunable < 0 || c->tunable >= LODE_TUNABLE_MAX || !offer->option[c->tunable])
		return lode_reply_fail(out, LODE_CALL_UNKNOWN_OPTION, "option '%s' is not in the catalogue", shown(option).s);
	if (!read_cf(text_member(item, "cf"), offer, &c->cf))
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "cf '%s' of %s is neither all nor a family that was named",
				       shown(text_member(item, "cf")).s, option);
	if (lode_tunable_parse(&lode_tunables[c->tunable], value, strlen(value), &c->value, &err) != 0)
		return lode_reply_fail(out, LODE_CALL_BAD_VALUE, "value '%s' of %s: %.200s", shown(value).s, option, err.msg);
	return LODE_CALL_OK;
}

static enum lode_call read_answer(const cJSON *root, const struct lode_offer *offer, struct lode_reply *out)
{
	struct lode_proposal *p = &out->proposal;
	enum lode_call call = check_fields(root, answer_fields, "the answer", out);
	const cJSON *changes, *item;

	if (call != LODE_CALL_OK)
		return call;
	p->n = 0;
	changes = cJSON_GetObjectItemCaseSensitive(root, "changes");
	const char *diagnosis = text_member(root, "diagnosis");
	if (cJSON_GetArraySize(changes) == 0) {
		const char *reason = text_member(root, "no_change_reason");

		if (!*reason)
			reason = *diagnosis ? diagnosis : "the model sees nothing to change";
		lode_text_plain(out->why, sizeof out->why, reason, strlen(reason));
		return LODE_CALL_NO_CHANGE;
	}
	if (cJSON_GetArraySize(changes) > LODE_CHANGES_MAX)
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "more than %d changes at a time", LODE_CHANGES_MAX);
	cJSON_ArrayForEach(item, changes)
	{
		call = read_change(item, offer, &p->change[p->n], out);
		if (call != LODE_CALL_OK)
			break;
		p->n++;
	}
	p->expect = number_member(root, "expect_percent") / 100;
	p->confidence = number_member(root, "confidence");
	if (call == LODE_CALL_OK && (fabs(p->expect) > 100 || p->confidence < 0 || p->confidence > 1))
		call = lode_reply_fail(out, LODE_CALL_SCHEMA, "expect_percent or confidence is out of its range");
	if (call == LODE_CALL_OK)
		lode_text_plain(p->why, sizeof p->why, diagnosis, strlen(diagnosis));
	else
		p->n = 0;
	return call;
}

enum lode_call lode_reply_content(const char *text, size_t len, const struct lode_offer *offer, struct lode_reply *out)
{
	enum lode_strict strict = lode_strict_check(text, len, NULL);
	enum lode_call call;

	if (strict == LODE_STRICT_DUPLICATE) {
		call = lode_reply_fail(out, LODE_CALL_DUPLICATE_KEY, "the answer has an object with the same key twice");
	} else if (strict != LODE_STRICT_OK) {
		call = lode_reply_fail(out, LODE_CALL_BAD_CONTENT, "the answer is not one JSON object and nothing else");
	} else {
		cJSON *root = cJSON_ParseWithLength(text, len);

		call = root ? read_answer(root, offer, out) : lode_reply_fail(out, LODE_CALL_BAD_CONTENT, "the answer is not JSON");
		cJSON_Delete(root);
	}
	out->call = call;
	return call;
}
