/* Rows as text and text as values: what RocksDB is told, what it says, and what a model may say. Own digits throughout: the host's locale
 * must not decide what "10.5" means. */
#include "guard/table.h"
#include "base/num.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int lode_tunable_find(const char *id)
{
	for (int i = 0; i < lode_tunable_count; i++)
		if (!strcmp(lode_tunables[i].id, id))
			return i;
	return -1;
}

bool lode_tunable_is_table(const struct lode_tunable *t)
{
	static const char prefix[] = "block_based_table_factory.";

	return !strncmp(t->key, prefix, sizeof prefix - 1);
}

const char *lode_tunable_nearest(const char *id)
{
	size_t len = strlen(id);
	unsigned best = (unsigned)(len / 3) + 1;
	const char *found = NULL;

	for (int i = 0; i < lode_tunable_count; i++) {
		const char *other = lode_tunables[i].id;
		unsigned d = lode_text_distance(id, other);

		if (d < best) {
			best = d;
			found = other;
		}
	}
	return found;
}

const char *lode_kind_name(enum lode_kind k)
{
	static const char *const names[] = {"integer", "bytes", "boolean", "word", "thousandths", "other"};

	return (size_t)k < sizeof names / sizeof names[0] ? names[k] : "?";
}

const char *lode_lag_name(enum lode_lag l)
{
	static const char *const names[] = {"instant", "flush", "shape", "rewrite", "cache"};

	return (size_t)l < sizeof names / sizeof names[0] ? names[l] : "?";
}

const char *lode_tier_name(enum lode_tier t)
{
	static const char *const names[] = {"default", "opt-in", "forbidden"};

	return (size_t)t < sizeof names / sizeof names[0] ? names[t] : "?";
}

const char *lode_scope_name(enum lode_scope s)
{
	static const char *const names[] = {"db", "cf", "cache", "restart"};

	return (size_t)s < sizeof names / sizeof names[0] ? names[s] : "?";
}

static int words_count(const struct lode_tunable *t)
{
	int n = 0;

	while (t->words && t->words[n])
		n++;
	return n;
}

static int fits(int written, size_t len)
{
	return written >= 0 && (size_t)written < len ? 0 : -EINVAL;
}

/* A whole number is printed without a point, because the host's locale decides how RocksDB reads one. */
static int print_milli(int64_t value, char *buf, size_t len)
{
	int64_t whole = value / 1000, part = value % 1000;

	if (part < 0)
		part = -part;
	if (!part)
		return fits(snprintf(buf, len, "%" PRId64, whole), len);
	return fits(snprintf(buf, len, "%s%" PRId64 ".%03d", value < 0 && !whole ? "-" : "", whole, (int)part), len);
}

int lode_tunable_print(const struct lode_tunable *t, int64_t value, char *buf, size_t len)
{
	switch (t->kind) {
	case LODE_KIND_INT:
	case LODE_KIND_SIZE:
		return fits(snprintf(buf, len, "%" PRId64, value), len);
	case LODE_KIND_BOOL:
		if (value != 0 && value != 1)
			return -EINVAL;
		return fits(snprintf(buf, len, "%s", value ? "true" : "false"), len);
	case LODE_KIND_ENUM:
		if (value < 0 || value >= words_count(t))
			return -EINVAL;
		return fits(snprintf(buf, len, "%s", t->words[value]), len);
	case LODE_KIND_MILLI:
		return print_milli(value, buf, len);
	case LODE_KIND_OTHER:
		break;
	}
	return -EINVAL;
}

/* "10.000000", also with the decimal comma of a foreign locale; rounded to thousandths. */
static int read_milli(const char *text, int64_t *value)
{
	size_t neg = text[0] == '-', n = strcspn(text, ".,");
	const char *part = text[n] ? text + n + 1 : "";
	int64_t whole, milli = 0;
	int err = lode_num_parse(text + neg, n - (n ? neg : 0), &whole);

	if (err)
		return err;
	if (whole < 0 || (text[n] && !*part))
		return -EINVAL;
	for (size_t i = 0; part[i]; i++) {
		if (part[i] < '0' || part[i] > '9')
			return -EINVAL;
		if (i < 3)
			milli += (part[i] - '0') * (i == 0 ? 100 : i == 1 ? 10 : 1);
		else if (i == 3 && part[i] >= '5')
			milli++;
	}
	if (whole > (INT64_MAX - 1000) / 1000)
		return -ERANGE;
	*value = (whole * 1000 + milli) * (neg ? -1 : 1);
	return 0;
}

static int read_word(const struct lode_tunable *t, const char *text, size_t len, int64_t *value)
{
	for (int i = 0; i < words_count(t); i++)
		if (strlen(t->words[i]) == len && !memcmp(t->words[i], text, len)) {
			*value = i;
			return 0;
		}
	return -EINVAL;
}

static int read_bool(const char *text, size_t len, int64_t *value)
{
	if ((len == 4 && !memcmp(text, "true", 4)) || (len == 1 && *text == '1'))
		*value = 1;
	else if ((len == 5 && !memcmp(text, "false", 5)) || (len == 1 && *text == '0'))
		*value = 0;
	else
		return -EINVAL;
	return 0;
}

int lode_tunable_read(const struct lode_tunable *t, const char *text, int64_t *value)
{
	size_t len = strlen(text);

	switch (t->kind) {
	case LODE_KIND_INT:
	case LODE_KIND_SIZE:
		return lode_num_parse(text, len, value);
	case LODE_KIND_BOOL:
		return read_bool(text, len, value);
	case LODE_KIND_ENUM:
		return read_word(t, text, len, value);
	case LODE_KIND_MILLI:
		return read_milli(text, value);
	case LODE_KIND_OTHER:
		break;
	}
	return -EINVAL;
}

/* All words of an enum for a message; a long list ends in "...". */
static const char *words_list(const struct lode_tunable *t, char *buf, size_t len)
{
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; t->words && t->words[i]; i++) {
		int n = snprintf(buf + at, len - at, "%s%s", i ? ", " : "", t->words[i]);

		if (n < 0 || (size_t)n >= len - at)
			break;
		at += (size_t)n;
	}
	return buf;
}

int lode_tunable_parse(const struct lode_tunable *t, const char *text, size_t len, int64_t *value, struct lode_err *err)
{
	char words[200];
	int64_t v;
	int bad;

	switch (t->kind) {
	case LODE_KIND_BOOL:
		if (read_bool(text, len, value))
			return lode_err_set(err, EINVAL, "%s takes true or false", t->id);
		return 0;
	case LODE_KIND_ENUM:
		if (read_word(t, text, len, value))
			return lode_err_set(err, EINVAL, "%s takes one of: %s", t->id, words_list(t, words, sizeof words));
		return 0;
	case LODE_KIND_INT:
	case LODE_KIND_SIZE:
	case LODE_KIND_MILLI:
		bad = lode_num_parse(text, len, &v);
		if (!bad && v < 0 && t->min >= 0)
			bad = -ERANGE;
		if (bad == -ERANGE)
			return lode_err_set(err, ERANGE, "%s takes an integer from %" PRId64 " to %" PRId64, t->id, t->min, t->max);
		if (bad)
			return lode_err_set(
			    err, EINVAL, "%s takes a plain decimal integer%s: digits only, no unit, sign, point, exponent or space", t->id,
			    t->kind == LODE_KIND_SIZE	 ? " of bytes"
			    : t->kind == LODE_KIND_MILLI ? " of thousandths (10000 is 10.0)"
							 : "");
		*value = v;
		return 0;
	case LODE_KIND_OTHER:
		break;
	}
	return lode_err_set(err, EINVAL, "%s is a structure and is never set", t->id);
}

const char *lode_tunable_show(const struct lode_tunable *t, int64_t value, char *buf, size_t len)
{
	if (!len)
		return buf;
	if (t->kind == LODE_KIND_SIZE && value >= 0)
		return lode_num_bytes((double)value, buf, len);
	if (t->kind == LODE_KIND_MILLI && value % 100 == 0 && value >= 0)
		snprintf(buf, len, "%" PRId64 ".%d", value / 1000, (int)(value % 1000 / 100));
	else if (lode_tunable_print(t, value, buf, len))
		snprintf(buf, len, "%" PRId64, value);
	return buf;
}
