/* The model's own words: one object of the schema that it was given, options and families that it was offered, values that parse exactly.
 */
#include "advise/extra.h"
#include "advise/reply.h"
#include "advise/strict.h"
#include "advise/text.h"
#include "base/fmt.h"
#include "base/num.h"

#include <assert.h>
#include "cjson/cJSON.h"
#include <math.h>
#include <string.h>

#define GAIN_MAX 100 /* times: what lies beyond is a unit gone wrong */

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
    {"diagnosis", TEXT, false},	      {"changes", LIST, true},	{"expect", LIST, false}, {"confidence", NUMBER, false},
    {"no_change_reason", TEXT, false}, {"ask_for", LIST, false}, {NULL, TEXT, false},
};
static const struct field expect_fields[] = {{"metric", TEXT, true}, {"gain_percent", NUMBER, true}, {NULL, TEXT, false}};
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

static enum lode_call read_changes(const cJSON *list, const struct lode_offer *offer, struct lode_reply *out)
{
	struct lode_proposal *p = &out->proposal;
	const cJSON *item;

	if (cJSON_GetArraySize(list) > LODE_CHANGES_MAX)
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "more than %d changes at a time", LODE_CHANGES_MAX);
	cJSON_ArrayForEach(item, list)
	{
		enum lode_call call = read_change(item, offer, &p->change[p->n], out);

		if (call != LODE_CALL_OK)
			return call;
		const char *reason = text_member(item, "reason");
		lode_text_plain(p->reason[p->n++], sizeof p->reason[0], reason, strlen(reason));
	}
	return LODE_CALL_OK;
}

static int find_metric(const char *name)
{
	for (int m = 0; m < LODE_METRIC_N; m++)
		if (!strcmp(lode_metric_name[m], name))
			return m;
	return -1;
}

static_assert(LODE_METRIC_N <= LODE_EXPECT_MAX, "every metric once");

static enum lode_call read_expect(const cJSON *list, struct lode_reply *out)
{
	struct lode_proposal *p = &out->proposal;
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		enum lode_call call = check_fields(item, expect_fields, "an expectation", out);
		const char *name = text_member(item, "metric");
		int m = find_metric(name);
		double gain = number_member(item, "gain_percent") / 100;

		if (call != LODE_CALL_OK)
			return call;
		if (m < 0)
			return lode_reply_fail(out, LODE_CALL_SCHEMA, "metric '%s' is none of those that the schema names", shown(name).s);
		for (size_t i = 0; i < p->nexpects; i++)
			if (p->expects[i].metric == m)
				return lode_reply_fail(out, LODE_CALL_SCHEMA, "two expectations of '%s'", name);
		if (!(fabs(gain) <= GAIN_MAX))
			return lode_reply_fail(out, LODE_CALL_SCHEMA, "gain_percent of '%s' is out of its range", name);
		p->expects[p->nexpects++] = (struct lode_expectation){m, gain};
	}
	p->expect = p->nexpects ? p->expects[0].gain : NAN;
	return LODE_CALL_OK;
}

static enum lode_call read_wants(const cJSON *list, struct lode_reply *out)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		const char *name = cJSON_GetStringValue(item);
		int e = name ? lode_extra_find(name) : -1;

		if (e < 0)
			return lode_reply_fail(out, LODE_CALL_SCHEMA, "'%s' in ask_for is none of the statistics that the schema names",
					       name ? shown(name).s : "an item");
		out->wants |= 1u << e;
	}
	return LODE_CALL_OK;
}

/* An answer without changes: its reason, or what it wants to see before it says more. */
static enum lode_call no_change(const cJSON *root, struct lode_reply *out)
{
	const char *reason = text_member(root, "no_change_reason"), *diagnosis = text_member(root, "diagnosis");

	if (!*reason)
		reason = *diagnosis ? diagnosis : out->wants ? "the model wants to see more" : "the model sees nothing to change";
	lode_text_plain(out->why, sizeof out->why, reason, strlen(reason));
	return out->wants ? LODE_CALL_WANTS : LODE_CALL_NO_CHANGE;
}

static enum lode_call read_answer(const cJSON *root, const struct lode_offer *offer, struct lode_reply *out)
{
	struct lode_proposal *p = &out->proposal;
	enum lode_call call = check_fields(root, answer_fields, "the answer", out);

	if (call == LODE_CALL_OK)
		call = read_changes(cJSON_GetObjectItemCaseSensitive(root, "changes"), offer, out);
	if (call == LODE_CALL_OK)
		call = read_expect(cJSON_GetObjectItemCaseSensitive(root, "expect"), out);
	if (call == LODE_CALL_OK)
		call = read_wants(cJSON_GetObjectItemCaseSensitive(root, "ask_for"), out);
	if (call != LODE_CALL_OK)
		return call;
	p->confidence = number_member(root, "confidence");
	if (p->confidence < 0 || p->confidence > 1)
		return lode_reply_fail(out, LODE_CALL_SCHEMA, "confidence is a number from 0 to 1");
	if (p->n == 0)
		return no_change(root, out);
	const char *diagnosis = text_member(root, "diagnosis");
	lode_text_plain(p->why, sizeof p->why, diagnosis, strlen(diagnosis));
	return LODE_CALL_OK;
}

enum lode_call lode_reply_content(const char *text, size_t len, const struct lode_offer *offer, struct lode_reply *out)
{
	enum lode_strict strict = lode_strict_check(text, len, NULL);
	enum lode_call call;

	out->proposal = (struct lode_proposal){.expect = NAN, .confidence = NAN};
	out->wants = 0;
	if (strict == LODE_STRICT_DUPLICATE) {
		call = lode_reply_fail(out, LODE_CALL_DUPLICATE_KEY, "the answer has an object with the same key twice");
	} else if (strict != LODE_STRICT_OK) {
		call = lode_reply_fail(out, LODE_CALL_BAD_CONTENT, "the answer is not one JSON object and nothing else");
	} else {
		cJSON *root = cJSON_ParseWithLength(text, len);

		call = root ? read_answer(root, offer, out) : lode_reply_fail(out, LODE_CALL_BAD_CONTENT, "the answer is not JSON");
		cJSON_Delete(root);
	}
	/* Nothing of an answer that is no proposal is left for anybody to take for one. */
	if (call != LODE_CALL_OK)
		out->proposal = (struct lode_proposal){.expect = NAN, .confidence = NAN};
	if (call != LODE_CALL_OK && call != LODE_CALL_WANTS)
		out->wants = 0;
	out->call = call;
	return call;
}
