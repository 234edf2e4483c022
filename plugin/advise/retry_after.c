/* What a server's headers say about trying again: retry-after in seconds or as a date, retry-after-ms, x-should-retry. */
#include "advise/retry_after.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define VALUE_MAX 64	/* longer values are none of ours */
#define SECONDS_MAX 1e9 /* thirty years: what is more is cut here and again by whoever waits */

/* Digits with at most one point, nothing else. Not strtod: its decimal point depends on the host's locale. */
static bool number(const char *s, double *out)
{
	double v = 0, scale = 1;
	bool digit = false, point = false;

	for (; *s; s++) {
		if (*s == '.' && !point) {
			point = true;
		} else if (*s >= '0' && *s <= '9') {
			digit = true;
			v = point ? v + (*s - '0') * (scale /= 10) : v * 10 + (*s - '0');
		} else {
			return false;
		}
	}
	*out = v < SECONDS_MAX ? v : SECONDS_MAX;
	return digit;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", the form that servers must send. Not strptime: its names depend on the host's locale. */
static bool date(const char *s, double *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm t = {0};
	char month[4] = "";
	const char *at;
	int end = 0;

	if (sscanf(s, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &t.tm_mday, month, &t.tm_year, &t.tm_hour, &t.tm_min, &t.tm_sec, &end) != 6 ||
	    !end || s[end] || strlen(month) != 3 || !(at = strstr(months, month)) || (at - months) % 3)
		return false;
	t.tm_mon = (int)(at - months) / 3;
	if (t.tm_year < 1970 || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60)
		return false;
	t.tm_year -= 1900;
	*out = (double)timegm(&t);
	return true;
}

void lode_retry_header(struct lode_retry_hint *h, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	char value[VALUE_MAX];
	size_t name, n;

	if (len >= 5 && !strncasecmp(line, "HTTP/", 5)) {
		*h = (struct lode_retry_hint){0};
		return;
	}
	if (!colon)
		return;
	name = (size_t)(colon - line);
	n = len - name - 1;
	for (colon++; n && (*colon == ' ' || *colon == '\t'); n--)
		colon++;
	while (n && strchr(" \t\r\n", colon[n - 1]))
		n--;
	if (n >= sizeof value || memchr(colon, 0, n))
		return;
	memcpy(value, colon, n);
	value[n] = '\0';
#define IS(word) (name == sizeof word - 1 && !strncasecmp(line, word, name))
	if (IS("retry-after-ms"))
		number(value, &h->ms);
	else if (IS("retry-after") && !number(value, &h->seconds))
		date(value, &h->at);
	else if (IS("date"))
		date(value, &h->date);
	else if (IS("x-should-retry"))
		h->should = !strcasecmp(value, "true") ? LODE_SHOULD_RETRY : !strcasecmp(value, "false") ? LODE_SHOULD_NOT : LODE_SHOULD_UNSAID;
#undef IS
}

double lode_retry_seconds(const struct lode_retry_hint *h, uint64_t wall_us)
{
	double wait = h->at - (h->date > 0 ? h->date : (double)wall_us / 1e6);

	if (h->ms > 0)
		return h->ms / 1000;
	if (h->seconds > 0)
		return h->seconds;
	return h->at > 0 && wait > 0 ? (wait < SECONDS_MAX ? wait : SECONDS_MAX) : 0;
}
