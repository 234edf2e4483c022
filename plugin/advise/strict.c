/* JSON from strangers: a strict check before any lenient parser sees it. One pass, no recursion, no heap. */
#include "advise/strict.h"

#include <stdint.h>
#include <string.h>

struct key {
	size_t at, len;
};

struct scan {
	const char *s;
	size_t n, i;
	unsigned depth;
	bool object[LODE_STRICT_DEPTH];	   /* or an array */
	unsigned first[LODE_STRICT_DEPTH]; /* of an object's keys in key[] */
	unsigned nkeys;
	struct key key[LODE_STRICT_KEYS];
};

static int peek(const struct scan *c)
{
	return c->i < c->n ? (unsigned char)c->s[c->i] : -1;
}

static void skip_space(struct scan *c)
{
	while (c->i < c->n && memchr(" \t\r\n", c->s[c->i], 4))
		c->i++;
}

static bool digits(struct scan *c)
{
	size_t from = c->i;

	while (peek(c) >= '0' && peek(c) <= '9')
		c->i++;
	return c->i > from;
}

static bool number(struct scan *c)
{
	if (peek(c) == '-')
		c->i++;
	if (peek(c) == '0')
		c->i++;
	else if (!digits(c))
		return false;
	if (peek(c) == '.') {
		c->i++;
		if (!digits(c))
			return false;
	}
	if (peek(c) == 'e' || peek(c) == 'E') {
		c->i++;
		if (peek(c) == '+' || peek(c) == '-')
			c->i++;
		return digits(c);
	}
	return true;
}

static bool word(struct scan *c, const char *w)
{
	size_t n = strlen(w);

	if (c->n - c->i < n || memcmp(c->s + c->i, w, n) != 0)
		return false;
	c->i += n;
	return true;
}

/* After "\u": four hex digits that are not all zero. */
static bool hex4(struct scan *c)
{
	bool zero = true;

	for (int k = 0; k < 4; k++, c->i++) {
		int h = peek(c);

		if (!((h >= '0' && h <= '9') || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F')))
			return false;
		zero = zero && h == '0';
	}
	return !zero;
}

static bool string(struct scan *c, bool *escapes)
{
	if (peek(c) != '"')
		return false;
	for (c->i++; c->i < c->n; c->i++) {
		unsigned char ch = (unsigned char)c->s[c->i];

		if (ch == '"') {
			c->i++;
			return true;
		}
		if (ch < 0x20)
			return false;
		if (ch != '\\')
			continue;
		*escapes = true;
		c->i++;
		if (peek(c) == 'u') {
			c->i++;
			if (!hex4(c))
				return false;
			c->i--;
		} else if (peek(c) <= 0 || !strchr("\"\\/bfnrt", peek(c))) {
			return false;
		}
	}
	return false;
}

/* "key" : of the innermost object. */
static enum lode_strict member(struct scan *c)
{
	bool escapes = false;
	size_t at = c->i + 1;

	if (!string(c, &escapes))
		return LODE_STRICT_SYNTAX;
	struct key k = {at, c->i - 1 - at};
	if (escapes || c->nkeys == LODE_STRICT_KEYS)
		return LODE_STRICT_LIMIT;
	for (unsigned i = c->first[c->depth - 1]; i < c->nkeys; i++)
		if (c->key[i].len == k.len && memcmp(c->s + c->key[i].at, c->s + k.at, k.len) == 0)
			return LODE_STRICT_DUPLICATE;
	c->key[c->nkeys++] = k;
	skip_space(c);
	if (peek(c) != ':')
		return LODE_STRICT_SYNTAX;
	c->i++;
	skip_space(c);
	return LODE_STRICT_OK;
}

/* A value begins here. *opened: it is a non-empty object or array, whose first value begins here now. */
static enum lode_strict value(struct scan *c, bool *opened)
{
	bool escapes = false;
	int ch = peek(c);

	*opened = false;
	if (ch == '"')
		return string(c, &escapes) ? LODE_STRICT_OK : LODE_STRICT_SYNTAX;
	if (ch == 't' || ch == 'f' || ch == 'n')
		return word(c, ch == 't' ? "true" : ch == 'f' ? "false" : "null") ? LODE_STRICT_OK : LODE_STRICT_SYNTAX;
	if (ch != '{' && ch != '[')
		return number(c) ? LODE_STRICT_OK : LODE_STRICT_SYNTAX;
	c->i++;
	skip_space(c);
	if (peek(c) == (ch == '{' ? '}' : ']')) {
		c->i++;
		return LODE_STRICT_OK;
	}
	if (c->depth == LODE_STRICT_DEPTH)
		return LODE_STRICT_LIMIT;
	c->object[c->depth] = ch == '{';
	c->first[c->depth++] = c->nkeys;
	*opened = true;
	return ch == '{' ? member(c) : LODE_STRICT_OK;
}

/* After a value: close what ends here. *more: a comma came, and the next value begins here. */
static enum lode_strict after(struct scan *c, bool *more)
{
	*more = false;
	for (skip_space(c); c->depth; skip_space(c)) {
		bool object = c->object[c->depth - 1];

		if (peek(c) == ',') {
			c->i++;
			skip_space(c);
			*more = true;
			return object ? member(c) : LODE_STRICT_OK;
		}
		if (peek(c) != (object ? '}' : ']'))
			return LODE_STRICT_SYNTAX;
		c->i++;
		c->nkeys = c->first[--c->depth];
	}
	return c->i == c->n ? LODE_STRICT_OK : LODE_STRICT_SYNTAX;
}

enum lode_strict lode_strict_check(const char *s, size_t n, size_t *at)
{
	struct scan c = {.s = s, .n = n};
	enum lode_strict r;
	bool more = true, opened;

	skip_space(&c);
	do {
		r = value(&c, &opened);
		if (r == LODE_STRICT_OK && !opened)
			r = after(&c, &more);
	} while (r == LODE_STRICT_OK && more);
	if (at)
		*at = c.i;
	return r;
}

bool lode_strict_object(const char *s, size_t n, size_t *start, size_t *len)
{
	const char *open = memchr(s, '{', n);
	bool quoted = false;
	size_t depth = 0, i;

	if (!open)
		return false;
	for (i = (size_t)(open - s); i < n; i++) {
		if (quoted && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && s[i] == '{')
			depth++;
		else if (!quoted && s[i] == '}' && --depth == 0)
			break;
	}
	if (i >= n || memchr(s + i + 1, '{', n - i - 1))
		return false;
	*start = (size_t)(open - s);
	*len = i + 1 - *start;
	return true;
}
