/* A streaming JSON writer over a capped buffer. Integers stay exact; strings are escaped; a NaN or infinity becomes null.
 * Bytes that are no UTF-8 become \ufffd. Nesting beyond LODE_JSON_DEPTH and an end too many set the buffer's `failed`. */
#ifndef LODE_BASE_JSON_H
#define LODE_BASE_JSON_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define LODE_JSON_DEPTH 32

struct lode_json {
	struct lode_buf *out;
	unsigned depth;
	bool more[LODE_JSON_DEPTH];  /* a comma is due at this depth */
	char close[LODE_JSON_DEPTH]; /* what ends it: '}' or ']' */
};

void lode_json_init(struct lode_json *j, struct lode_buf *out);
/* key is NULL at the top and inside arrays, and the member's name inside objects. */
void lode_json_object(struct lode_json *j, const char *key);
void lode_json_array(struct lode_json *j, const char *key);
void lode_json_end(struct lode_json *j);				     /* closes the innermost object or array */
void lode_json_str(struct lode_json *j, const char *key, const char *value); /* NULL becomes null */
void lode_json_strn(struct lode_json *j, const char *key, const char *value, size_t len);
void lode_json_u64(struct lode_json *j, const char *key, uint64_t value);
void lode_json_i64(struct lode_json *j, const char *key, int64_t value);
void lode_json_num(struct lode_json *j, const char *key, double value); /* up to 9 significant digits, always with '.' as the point */
void lode_json_bool(struct lode_json *j, const char *key, bool value);
void lode_json_raw(struct lode_json *j, const char *key, const char *json); /* already JSON */

#endif
