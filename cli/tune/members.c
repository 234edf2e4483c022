/* Structures to JSON and back, by tables of their members. */
#include "tune/members.h"

#include "base/cjson.h"
#include "base/fmt.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- out ---- */

/* To the last bit: what is decided after a resumption must be what would have been decided without. */
static void number(struct lode_json *j, const char *key, double v)
{
	char text[32];

	if (!isfinite(v)) {
		lode_json_raw(j, key, "null");
		return;
	}
	lode_fmt(text, sizeof text, "%.17g", v);
	lode_json_raw(j, key, text);
}

static void put_list(struct lode_json *j, const struct tune_member *m, const char *items, size_t n)
{
	lode_json_array(j, m->name);
	for (size_t i = 0; i < n; i++)
		tune_members_put(j, NULL, m->of, items + i * m->size);
	lode_json_end(j);
}

static void put_floats(struct lode_json *j, const char *key, const float *v, size_t n)
{
	lode_json_array(j, key);
	for (size_t i = 0; i < n; i++)
		lode_json_num(j, NULL, (double)v[i]); /* nine digits are all that a float has */
	lode_json_end(j);
}

static void put_member(struct lode_json *j, const struct tune_member *m, const char *base)
{
	const void *at = base + m->at, *n = base + m->n;

	switch (m->type) {
	case TUNE_M_STRING:
		lode_json_strn(j, m->name, at, strnlen(at, m->size));
		break;
	case TUNE_M_NUMBER:
		number(j, m->name, *(const double *)at);
		break;
	case TUNE_M_COUNT:
		lode_json_u64(j, m->name, *(const unsigned *)at);
		break;
	case TUNE_M_BIG:
		lode_json_u64(j, m->name, *(const uint64_t *)at);
		break;
	case TUNE_M_FLAG:
		lode_json_bool(j, m->name, *(const bool *)at);
		break;
	case TUNE_M_OBJECT:
		tune_members_put(j, m->name, m->of, at);
		break;
	case TUNE_M_LIST:
		put_list(j, m, at, *(const size_t *)n);
		break;
	case TUNE_M_MADE:
		put_list(j, m, *(const char *const *)at, *(const size_t *)n);
		break;
	case TUNE_M_FLOATS:
		put_floats(j, m->name, *(const float *const *)at, *(const size_t *)n);
		break;
	case TUNE_M_TEXT:
		lode_json_str(j, m->name, *(const char *const *)at);
	}
}

void tune_members_put(struct lode_json *j, const char *key, const struct tune_member *table, const void *at)
{
	lode_json_object(j, key);
	for (const struct tune_member *m = table; m->name; m++)
		put_member(j, m, at);
	lode_json_end(j);
}

/* ---- in ---- */

static bool take_list(const cJSON *v, const struct tune_member *m, char *items, size_t *n)
{
	const cJSON *item;

	*n = 0;
	cJSON_ArrayForEach(item, v)
	{
		if (*n == m->max || !tune_members_take(item, m->of, items + *n * m->size))
			return false;
		++*n;
	}
	return true;
}

/* Its owner frees what was read up to a fault: the items beyond are zeros. */
static bool take_made(const cJSON *v, const struct tune_member *m, char **items, size_t *n)
{
	int count = cJSON_GetArraySize(v);

	if (count == 0)
		return true;
	if ((size_t)count > m->max || !(*items = calloc((size_t)count, m->size)))
		return false;
	if (take_list(v, m, *items, n))
		return true;
	*n = (size_t)count;
	return false;
}

static bool take_floats(const cJSON *v, const struct tune_member *m, float **to, size_t *n)
{
	int count = cJSON_GetArraySize(v);
	const cJSON *item;

	if (count == 0)
		return true;
	if ((size_t)count > m->max || !(*to = calloc((size_t)count, sizeof **to)))
		return false;
	cJSON_ArrayForEach(item, v) (*to)[(*n)++] = cJSON_IsNumber(item) ? (float)item->valuedouble : NAN;
	return true;
}

static bool take_string(const cJSON *v, const struct tune_member *m, char *to)
{
	const char *s = cJSON_GetStringValue(v);

	if (!s)
		return false;
	lode_text_copy(to, m->size, s); /* what was no UTF-8 has become longer on its way */
	return true;
}

static bool take_number(const cJSON *v, double *to)
{
	*to = cJSON_IsNumber(v) ? v->valuedouble : NAN;
	return cJSON_IsNumber(v) || cJSON_IsNull(v);
}

static bool take_count(const cJSON *v, const struct tune_member *m, double most, double *out)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0) || v->valuedouble > most || v->valuedouble != floor(v->valuedouble))
		return false;
	*out = v->valuedouble;
	return !m->size || *out < (double)m->size;
}

static bool take_text(const cJSON *v, char **to)
{
	const char *s = cJSON_GetStringValue(v);

	return cJSON_IsNull(v) || (s && (*to = strdup(s)));
}

static bool take_member(const cJSON *v, const struct tune_member *m, char *base)
{
	void *at = base + m->at;
	size_t *n = (size_t *)(void *)(base + m->n);
	double d = 0;

	switch (m->type) {
	case TUNE_M_STRING:
		return take_string(v, m, at);
	case TUNE_M_NUMBER:
		return take_number(v, at);
	case TUNE_M_COUNT:
		if (!take_count(v, m, 4294967295.0, &d))
			return false;
		*(unsigned *)at = (unsigned)d;
		return true;
	case TUNE_M_BIG:
		if (!take_count(v, m, 9007199254740992.0, &d))
			return false;
		*(uint64_t *)at = (uint64_t)d;
		return true;
	case TUNE_M_FLAG:
		*(bool *)at = cJSON_IsTrue(v);
		return cJSON_IsTrue(v) || cJSON_IsFalse(v);
	case TUNE_M_OBJECT:
		return tune_members_take(v, m->of, at);
	case TUNE_M_LIST:
		return cJSON_IsArray(v) && take_list(v, m, at, n);
	case TUNE_M_MADE:
		return cJSON_IsArray(v) && take_made(v, m, at, n);
	case TUNE_M_FLOATS:
		return cJSON_IsArray(v) && take_floats(v, m, at, n);
	case TUNE_M_TEXT:
		return take_text(v, at);
	}
	return false;
}

bool tune_members_take(const cJSON *object, const struct tune_member *table, void *at)
{
	if (!cJSON_IsObject(object))
		return false;
	for (const struct tune_member *m = table; m->name; m++) {
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, m->name);

		if (v && !take_member(v, m, at))
			return false;
	}
	return true;
}
