/* The strict JSON check against cJSON as the other opinion: what it lets pass, the parser parses, whole, and finds no key twice. */
#include "advise/strict.h"

#include "cjson/cJSON.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_keys(const cJSON *v)
{
	for (const cJSON *a = v->child; a; a = a->next) {
		for (const cJSON *b = a->next; b && cJSON_IsObject(v); b = b->next)
			if (!strcmp(a->string, b->string))
				abort();
		check_keys(a);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *text = malloc(size + !size); /* exactly as long as it is */
	size_t at = 0, start = 0, len = 0;

	memcpy(text, data, size);
	enum lode_strict r = lode_strict_check(text, size, &at);
	if (at > size)
		abort();
	if (r == LODE_STRICT_OK) {
		/* cJSON is pickier in one point: it decodes \u escapes, and refuses halves of a surrogate pair. */
		cJSON *v = cJSON_ParseWithLength(text, size);

		if (!v && !memmem(text, size, "\\u", 2))
			abort();
		if (v)
			check_keys(v);
		cJSON_Delete(v);
	}
	if (lode_strict_object(text, size, &start, &len) && (start + len > size || text[start] != '{' || text[start + len - 1] != '}'))
		abort();
	free(text);
	return 0;
}
