/* The relay's protocol as text. Both sides print and read it here, and neither believes the other. */
#include "advise/relay.h"
#include "base/fmt.h"
#include "base/num.h"

#include <errno.h>
#include <string.h>

#define GREETING "lodestone-relay 1 "
#define WORDS 5
#define DAY_MS 86400000

const char *lode_relay_path(const char *url)
{
	return url && !strncmp(url, LODE_RELAY_SCHEME, strlen(LODE_RELAY_SCHEME)) ? url + strlen(LODE_RELAY_SCHEME) : NULL;
}

/* The words behind the greeting, one space between them: how many. */
static int split(const char *line, char copy[LODE_RELAY_LINE_MAX], char *word[WORDS])
{
	size_t n = strlen(line), greeting = strlen(GREETING);
	int words = 0;

	if (n >= LODE_RELAY_LINE_MAX || strncmp(line, GREETING, greeting) != 0)
		return 0;
	memcpy(copy, line + greeting, n - greeting + 1);
	for (char *p = copy, *w; (w = strsep(&p, " "));) {
		if (words == WORDS || !*w)
			return 0;
		word[words++] = w;
	}
	return words;
}

static bool number(const char *s, int64_t max, int64_t *out)
{
	return lode_num_parse(s, strlen(s), out) == 0 && *out >= 0 && *out <= max;
}

int lode_relay_read_ask(const char *line, struct lode_relay_ask *out)
{
	char copy[LODE_RELAY_LINE_MAX], *w[WORDS];
	int64_t ms, len;

	if (split(line, copy, w) != 4 || strcmp(w[0], "ask") != 0 || strlen(w[1]) >= sizeof out->api)
		return -EINVAL;
	if (!number(w[2], DAY_MS, &ms) || !number(w[3], LODE_RELAY_BODY_MAX, &len))
		return -EINVAL;
	strcpy(out->api, w[1]);
	out->timeout_s = (double)ms / 1000;
	out->len = (size_t)len;
	return 0;
}

int lode_relay_read_told(const char *line, struct lode_http_reply *out, size_t *len)
{
	char copy[LODE_RELAY_LINE_MAX], *w[WORDS];
	int64_t status, retry, ms, bytes;
	enum lode_call call = 0;

	if (split(line, copy, w) != 5)
		return -EINVAL;
	while (call < LODE_CALL_N && strcmp(lode_call_name(call), w[0]) != 0)
		call++;
	if (call == LODE_CALL_N || !number(w[1], 999, &status) || !number(w[2], INT32_MAX, &retry) || !number(w[3], DAY_MS, &ms) ||
	    !number(w[4], INT32_MAX, &bytes))
		return -EINVAL;
	*out = (struct lode_http_reply){.call = call, .status = status, .retry_after = (double)retry, .seconds = (double)ms / 1000};
	*len = (size_t)bytes;
	return 0;
}

/* Rounded up, within what the other side takes. */
static long long whole(double v, long long max)
{
	return v > 0 ? (v < (double)max ? (long long)(v + 0.999) : max) : 0;
}

void lode_relay_print_ask(char line[LODE_RELAY_LINE_MAX], const struct lode_relay_ask *a)
{
	lode_fmt(line, LODE_RELAY_LINE_MAX, GREETING "ask %s %lld %zu\n", a->api, whole(a->timeout_s * 1000, DAY_MS), a->len);
}

void lode_relay_print_told(char line[LODE_RELAY_LINE_MAX], const struct lode_http_reply *r, size_t len)
{
	lode_fmt(line, LODE_RELAY_LINE_MAX, GREETING "%s %ld %lld %lld %zu\n", lode_call_name(r->call), r->status,
		 whole(r->retry_after, INT32_MAX), whole(r->seconds * 1000, DAY_MS), len);
}
