/* The members of a journal's record: what a parser may be given, and what may be believed. */
#include "record/record_json.h"

#define DEPTH_MAX 8 /* our records are flatter; the parser recurses and runs on a small stack */

static bool shallow(const char *text, size_t len)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '[') && ++depth > DEPTH_MAX)
			return false;
		else if (!in_string && (c == '}' || c == ']'))
			depth--;
	}
	return true;
}

cJSON *lode_record_json(const struct lode_record *r)
{
	return r->whole && shallow(r->text, r->len) ? cJSON_ParseWithLengthOpts(r->text, r->len, NULL, 0) : NULL;
}

bool lode_record_u64(const cJSON *object, const char *name, uint64_t max, uint64_t *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	double v = cJSON_IsNumber(item) ? item->valuedouble : -1;

	if (!(v >= 0 && v <= 0x1p53) || v != (double)(uint64_t)v || (uint64_t)v > max)
		return false;
	*out = (uint64_t)v;
	return true;
}
