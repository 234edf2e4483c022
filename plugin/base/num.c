/* Numbers as text: strict in, readable out. Own digits throughout, so that no locale and no libc leniency gets in. */
#include "base/num.h"
#include "base/fmt.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits of s (at most len) into *out: how many, or -ERANGE above max. */
static int digits(const char *s, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < len && is_digit(s[i]); i++) {
		uint64_t d = (uint64_t)(s[i] - '0');

		if (v > (max - d) / 10)
			return -ERANGE;
		v = v * 10 + d;
	}
	*out = v;
	return (int)i;
}

int lode_num_parse(const char *s, size_t len, int64_t *out)
{
	bool neg = len && s[0] == '-';
	const char *d = s + neg;
	size_t n = len - neg;
	uint64_t v = 0;

	/* The form first: "9999999999999999999x" is not a number, let alone one out of range. */
	if (!n || (d[0] == '0' && (n > 1 || neg)))
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!is_digit(d[i]))
			return -EINVAL;
	if (digits(d, n, (uint64_t)INT64_MAX + neg, &v) < 0)
		return -ERANGE;
	*out = neg ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	return 0;
}

int lode_num_parse_size(const char *s, int64_t *out)
{
	static const char units[] = "KMGT";
	size_t n = strspn(s, "0123456789");
	const char *unit = s + n;
	unsigned shift = 0;
	uint64_t v = 0;

	if (!n)
		return -EINVAL;
	char letter = *unit == 'k' ? 'K' : *unit;
	const char *u = letter ? strchr(units, letter) : NULL;
	if (u) {
		shift = 10 * (unsigned)(u - units + 1);
		unit++;
	}
	if (*unit && strcmp(unit, "B") != 0 && !(u && strcmp(unit, "iB") == 0))
		return -EINVAL;
	if (digits(s, n, (uint64_t)INT64_MAX, &v) < 0 || v > (uint64_t)INT64_MAX >> shift)
		return -ERANGE;
	*out = (int64_t)(v << shift);
	return 0;
}

int lode_num_parse_duration(const char *s, double *seconds)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	uint64_t whole = 0, part = 0;
	int n, f = 0;

	/* 15 digits are exact in a double and three times the age of the oldest rocks. */
	if ((n = digits(s, strlen(s), 999999999999999, &whole)) <= 0)
		return n < 0 ? n : -EINVAL;
	s += n;
	if (*s == '.') {
		s++;
		if ((f = digits(s, strlen(s), 999999999999999, &part)) <= 0 || f > 15)
			return -EINVAL;
		s += f;
	}
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (!strcmp(s, units[i].unit)) {
			*seconds = ((double)whole + (double)part / pow(10, f)) * units[i].seconds;
			return 0;
		}
	return -EINVAL;
}

/* v (>= 0) in the largest unit that leaves a whole part, as it will look after rounding to three digits. */
static size_t scale(double *v, double base, size_t units)
{
	size_t u = 0;

	while (u + 1 < units && (*v >= base || (*v >= 100 ? round(*v) : lode_num_round(*v, 3)) >= base)) {
		*v /= base;
		u++;
	}
	return u;
}

const char *lode_num_bytes(double bytes, char *buf, size_t len)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double v = fabs(bytes);
	const char *sign = bytes < 0 ? "-" : "";

	if (!isfinite(bytes)) {
		lode_fmt(buf, len, "?");
		return buf;
	}
	size_t u = scale(&v, 1024, sizeof units / sizeof units[0]);
	double tenth = round(v * 10) / 10;
	if (u == 0 || v >= 100 || tenth == floor(tenth))
		lode_fmt(buf, len, "%s%.0f %s", sign, round(v), units[u]);
	else
		lode_fmt(buf, len, "%s%.1f %s", sign, tenth, units[u]);
	return buf;
}

const char *lode_num_si(double v, char *buf, size_t len)
{
	static const char *const units[] = {"", " k", " M", " G", " T", " P", " E"};
	double a = fabs(v);
	const char *sign = v < 0 ? "-" : "";

	if (!isfinite(v)) {
		lode_fmt(buf, len, "?");
		return buf;
	}
	size_t u = scale(&a, 1000, sizeof units / sizeof units[0]);
	double r = lode_num_round(a, 3);
	int decimals = (u == 0 && a == floor(a)) || r >= 100 ? 0 : r >= 10 ? 1 : 2;
	lode_fmt(buf, len, "%s%.*f%s", sign, decimals, a, units[u]);
	return buf;
}

double lode_num_round(double v, int digits_kept)
{
	if (v == 0 || !isfinite(v))
		return v;
	/* Scale by the power that is a whole number, so that 120000 stays 120000. */
	int k = digits_kept - 1 - (int)floor(log10(fabs(v)));
	double p = pow(10, abs(k));
	double r = k >= 0 ? round(v * p) / p : round(v / p) * p;
	return isfinite(r) ? r : v;
}
