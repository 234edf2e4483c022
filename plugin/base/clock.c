/* The real clock, and time as text. */
#include "base/clock.h"

#include <stdbool.h>
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
