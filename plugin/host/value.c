/* When two texts of an option say the same. RocksDB prints some values in another form than it was given: "8" comes back as "8.000000". */
#include "host/write.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A plain decimal number taken apart: leading zeros of the whole part and trailing zeros of the fraction do not count. The point may be a
 * comma: RocksDB prints under the host's locale. No exponent: RocksDB neither prints nor understands one. */
struct decimal {
	bool negative;
	const char *whole, *fraction;
	size_t whole_len, fraction_len;
};

static bool decimal_parse(const char *s, struct decimal *d)
{
	const char *from;

	memset(d, 0, sizeof(*d));
	d->negative = *s == '-';
	s += d->negative;
	for (from = s; is_digit(*s); s++)
		;
	if (s == from)
		return false;
	for (d->whole = from; *d->whole == '0'; d->whole++)
		;
	d->whole_len = d->whole < s ? (size_t)(s - d->whole) : 0;
	if (*s == '.' || *s == ',') {
		for (from = ++s; is_digit(*s); s++)
			;
		d->fraction = from;
		d->fraction_len = (size_t)(s - from);
		while (d->fraction_len && d->fraction[d->fraction_len - 1] == '0')
			d->fraction_len--;
	}
	if (!d->whole_len && !d->fraction_len)
		d->negative = false;
	return *s == '\0';
}

static bool decimal_equal(const struct decimal *a, const struct decimal *b)
{
	return a->negative == b->negative && a->whole_len == b->whole_len && a->fraction_len == b->fraction_len &&
	       memcmp(a->whole, b->whole, a->whole_len) == 0 &&
	       (!a->fraction_len || memcmp(a->fraction, b->fraction, a->fraction_len) == 0);
}

static int boolean_parse(const char *s)
{
	if (strcmp(s, "true") == 0 || strcmp(s, "1") == 0)
		return 1;
	return strcmp(s, "false") == 0 || strcmp(s, "0") == 0 ? 0 : -1;
}

bool lode_value_equal(const char *a, const char *b)
{
	struct decimal x, y;

	if (strcmp(a, b) == 0)
		return true;
	if (decimal_parse(a, &x) && decimal_parse(b, &y))
		return decimal_equal(&x, &y);
	return boolean_parse(a) >= 0 && boolean_parse(a) == boolean_parse(b);
}
