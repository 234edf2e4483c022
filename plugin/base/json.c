/* A streaming JSON writer over a capped buffer. */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void lode_json_init(struct lode_json *j, struct lode_buf *out)
{
	*j = (struct lode_json){.out = out};
}

/* Bytes of the UTF-8 character at s (at most len bytes), 0 if there is none: no overlong form, no surrogate, nothing above U+10FFFF. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void add_escape(struct lode_buf *out, unsigned char c)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; letters[i]; i += 2)
		if ((unsigned char)letters[i] == c) {
			lode_buf_addf(out, "\\%c", letters[i + 1]);
			return;
		}
	lode_buf_addf(out, "\\u%04x", c);
}

static void add_string(struct lode_buf *out, const char *value, size_t len)
{
	const unsigned char *s = (const unsigned char *)value;
	size_t plain = 0; /* start of the run that needs no change */

	lode_buf_add(out, "\"", 1);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(s + i, len - i);

		if (n == 1 ? (s[i] >= 0x20 && s[i] != '"' && s[i] != '\\' && s[i] != 0x7f) : n > 1) {
			i += n;
			continue;
		}
		lode_buf_add(out, value + plain, i - plain);
		if (n)
			add_escape(out, s[i]);
		else
			lode_buf_adds(out, "\\ufffd");
		plain = ++i;
	}
	lode_buf_add(out, value + plain, len - plain);
	lode_buf_add(out, "\"", 1);
}

/* The comma that is due and the member's name. */
static void lead(struct lode_json *j, const char *key)
{
	if (j->depth) {
		if (j->more[j->depth - 1])
			lode_buf_add(j->out, ",", 1);
		j->more[j->depth - 1] = true;
	}
	if (key) {
		add_string(j->out, key, strlen(key));
		lode_buf_add(j->out, ":", 1);
	}
}

static void open_level(struct lode_json *j, const char *key, char opening, char closing)
{
	if (j->depth >= LODE_JSON_DEPTH) {
		j->out->failed = true;
		return;
	}
	lead(j, key);
	lode_buf_add(j->out, &opening, 1);
	j->more[j->depth] = false;
	j->close[j->depth++] = closing;
}

void lode_json_object(struct lode_json *j, const char *key)
{
	open_level(j, key, '{', '}');
}

void lode_json_array(struct lode_json *j, const char *key)
{
	open_level(j, key, '[', ']');
}

void lode_json_end(struct lode_json *j)
{
	if (!j->depth) {
		j->out->failed = true;
		return;
	}
	lode_buf_add(j->out, &j->close[--j->depth], 1);
}

void lode_json_str(struct lode_json *j, const char *key, const char *value)
{
	lode_json_strn(j, key, value, value ? strlen(value) : 0);
}

void lode_json_strn(struct lode_json *j, const char *key, const char *value, size_t len)
{
	if (!value) {
		lode_json_raw(j, key, "null");
		return;
	}
	lead(j, key);
	add_string(j->out, value, len);
}

void lode_json_u64(struct lode_json *j, const char *key, uint64_t value)
{
	lead(j, key);
	lode_buf_addf(j->out, "%" PRIu64, value);
}

void lode_json_i64(struct lode_json *j, const char *key, int64_t value)
{
	lead(j, key);
	lode_buf_addf(j->out, "%" PRId64, value);
}

void lode_json_num(struct lode_json *j, const char *key, double value)
{
	lead(j, key);
	if (isfinite(value))
		lode_buf_addf(j->out, "%.9g", value);
	else
		lode_buf_adds(j->out, "null");
}

void lode_json_bool(struct lode_json *j, const char *key, bool value)
{
	lode_json_raw(j, key, value ? "true" : "false");
}

void lode_json_raw(struct lode_json *j, const char *key, const char *json)
{
	lead(j, key);
	lode_buf_adds(j->out, json ? json : "null");
}
