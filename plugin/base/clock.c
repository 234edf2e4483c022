/* The real clock, and time as text. */
#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

static uint64_t now_ns(clockid_t id)
{
	struct timespec t = {0};

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t real_mono_ns(void *self)
{
	(void)self;
	return now_ns(CLOCK_MONOTONIC);
}

static uint64_t real_wall_us(void *self)
{
	(void)self;
	return now_ns(CLOCK_REALTIME) / 1000;
}

const struct lode_clock lode_clock_real = {.mono_ns = real_mono_ns, .wall_us = real_wall_us};

static char *put(char *p, unsigned v, int width, char after)
{
	for (int i = width - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	p[width] = after;
	return p + width + 1;
}

const char *lode_clock_iso(uint64_t wall_us, char *buf)
{
	const uint64_t last = 253402300799999999u; /* the end of 9999: four digits of year are all there is room for */
	static const unsigned char month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (wall_us > last)
		wall_us = last;
	unsigned us = (unsigned)(wall_us % 1000000);
	uint64_t s = wall_us / 1000000;
	unsigned day = (unsigned)(s / 86400), sec = (unsigned)(s % 86400);
	unsigned year = 1970, month = 0;

	/* Not gmtime_r: that one reads TZ. */
	for (;; year++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
		unsigned n = leap ? 366 : 365;

		if (day >= n) {
			day -= n;
			continue;
		}
		for (;; month++) {
			n = month_days[month] + (month == 1 && leap);
			if (day < n)
				break;
			day -= n;
		}
		break;
	}
	char *p = put(buf, year, 4, '-');
	p = put(p, month + 1, 2, '-');
	p = put(p, day + 1, 2, 'T');
	p = put(p, sec / 3600, 2, ':');
	p = put(p, sec / 60 % 60, 2, ':');
	p = put(p, sec % 60, 2, '.');
	p = put(p, us, 6, 'Z');
	*p = '\0';
	return buf;
}

/* `width` digits at p, up to max. */
static bool take(const char *p, int width, unsigned max, unsigned *out)
{
	*out = 0;
	for (int i = 0; i < width; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(p[i] - '0');
	}
	return *out <= max;
}

int lode_clock_parse(const char *iso, uint64_t *wall_us)
{
	unsigned year, month, day, hour, minute, second, us;
	char again[32];

	if (strlen(iso) != sizeof "2026-01-31T12:00:00.123456Z" - 1 || !take(iso, 4, 9999, &year) || !take(iso + 5, 2, 12, &month) ||
	    !take(iso + 8, 2, 31, &day) || !take(iso + 11, 2, 23, &hour) || !take(iso + 14, 2, 59, &minute) || !take(iso + 17, 2, 59, &second) ||
	    !take(iso + 20, 6, 999999, &us) || year < 1970 || !month || !day)
		return -EINVAL;
	/* Days since 1 March 0000: there the leap day is the last of its year, and months grow by 153 days in five. */
	unsigned y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
	uint64_t days = (uint64_t)y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
	*wall_us = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000 + us;
	/* What stands between the numbers, and days that a month does not have. */
	return strcmp(lode_clock_iso(*wall_us, again), iso) == 0 ? 0 : -EINVAL;
}
