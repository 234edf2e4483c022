/* A growing byte buffer with a mandatory ceiling. Errors are sticky: write freely, look at `failed` once at the end. */
#ifndef LODE_BASE_BUF_H
#define LODE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct lode_buf {
	char *data; /* always NUL-terminated once anything was added */
	size_t len;
	size_t cap;
	size_t max;  /* bytes; adding beyond it sets failed and keeps what is there */
	bool failed; /* out of room or memory: the content is not complete */
};

void lode_buf_init(struct lode_buf *b, size_t max);
void lode_buf_fini(struct lode_buf *b);
void lode_buf_clear(struct lode_buf *b); /* empty again, failed = false; keeps the memory */
void lode_buf_add(struct lode_buf *b, const void *data, size_t len);
void lode_buf_adds(struct lode_buf *b, const char *s);
void lode_buf_addf(struct lode_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *lode_buf_str(const struct lode_buf *b); /* never NULL */

#endif
