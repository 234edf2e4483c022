/* A growing byte buffer with a mandatory ceiling. */
#include "base/buf.h"
#include "base/fmt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void lode_buf_init(struct lode_buf *b, size_t max)
{
	*b = (struct lode_buf){.max = max};
}

void lode_buf_fini(struct lode_buf *b)
{
	free(b->data);
	*b = (struct lode_buf){.max = b->max};
}

void lode_buf_clear(struct lode_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

/* Room for len more bytes and the NUL, or failed. */
static bool reserve(struct lode_buf *b, size_t len)
{
	if (b->failed || len > b->max || b->len > b->max - len) {
		b->failed = true;
		return false;
	}
	size_t need = b->len + len + 1;
	if (need <= b->cap)
		return true;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > b->max)
		cap = b->max + 1;
	char *data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void lode_buf_add(struct lode_buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void lode_buf_adds(struct lode_buf *b, const char *s)
{
	lode_buf_add(b, s, strlen(s));
}

void lode_buf_addf(struct lode_buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap;

	va_start(ap, fmt);
	int n = lode_fmt_v(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n < sizeof small) {
		lode_buf_add(b, small, (size_t)n);
	} else if (reserve(b, (size_t)n)) {
		va_start(ap, fmt);
		lode_fmt_v(b->data + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
		b->len += (size_t)n;
	}
}

const char *lode_buf_str(const struct lode_buf *b)
{
	return b->data ? b->data : "";
}
