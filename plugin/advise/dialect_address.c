/* Where a dialect is spoken, under which headers, and how what was learnt about a server is written down and known again. */
#include "advise/dialect.h"
#include "base/fmt.h"

#include <stdlib.h>
#include <string.h>

#define AZURE_QUERY "?api-version="

const char *lode_api_name(enum lode_api api)
{
	return api == LODE_API_ANTHROPIC ? "anthropic" : "chat";
}

char *lode_dialect_url(enum lode_api api, const char *base)
{
	size_t n = strcspn(base, "?"), query = strlen(base + n);
	const char *path = "/chat/completions";
	char *url;

	while (n && base[n - 1] == '/')
		n--;
	if (api == LODE_API_ANTHROPIC)
		path = n >= 3 && memcmp(base + n - 3, "/v1", 3) == 0 ? "/messages" : "/v1/messages";
	size_t len = n + strlen(path) + query + 1;
	if ((url = malloc(len)))
		lode_fmt(url, len, "%.*s%s%s", (int)n, base, path, base + strlen(base) - query);
	return url;
}

const char *lode_dialect_key_header(enum lode_api api, const char *url)
{
	return api == LODE_API_ANTHROPIC ? "x-api-key: " : strstr(url, AZURE_QUERY) ? "api-key: " : "Authorization: Bearer ";
}

const char *lode_dialect_header(enum lode_api api)
{
	return api == LODE_API_ANTHROPIC ? "anthropic-version: 2023-06-01" : NULL;
}

static const char *const format_words[] = {"strict", "flat", "object", "none"};

/* FNV-1a, over address and model (a replay has none) with a separator that neither holds. */
static uint32_t place(const char *url, const char *model)
{
	uint32_t h = 2166136261u;

	for (; *url; url++)
		h = (h ^ (unsigned char)*url) * 16777619u;
	h = (h ^ '\n') * 16777619u;
	for (; model && *model; model++)
		h = (h ^ (unsigned char)*model) * 16777619u;
	return h;
}

void lode_dialect_print(const struct lode_dialect *d, const char *url, const char *model, char *out, size_t len)
{
	lode_fmt(out, len, "%08x %s %s %s %s %s", place(url, model), lode_api_name(d->api), format_words[d->format & 3],
		 d->max_tokens ? "max_tokens" : "max_completion_tokens", d->no_temperature ? "no-temperature" : "temperature",
		 d->extract ? "extract" : "exact");
}

/* All that can have been written is few enough to be tried: no parser, and nothing half understood. */
bool lode_dialect_recall(struct lode_dialect *d, const char *url, const char *model, const char *text)
{
	char line[LODE_DIALECT_TEXT];

	for (unsigned i = 0; i < 32; i++) {
		struct lode_dialect one = {.api = d->api, .format = i & 3, .max_tokens = i & 4, .no_temperature = i & 8, .extract = i & 16};

		lode_dialect_print(&one, url, model, line, sizeof line);
		if (strcmp(line, text) == 0) {
			*d = one;
			return true;
		}
	}
	return false;
}
