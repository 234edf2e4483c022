/* JSON from strangers: a strict check before any lenient parser sees it. */
#ifndef LODE_ADVISE_STRICT_H
#define LODE_ADVISE_STRICT_H

#include <stdbool.h>
#include <stddef.h>

#define LODE_STRICT_DEPTH 32
#define LODE_STRICT_KEYS 512 /* members of all objects that are open at one time */

enum lode_strict {
	LODE_STRICT_OK,
	LODE_STRICT_SYNTAX,    /* not one JSON value, or something after it */
	LODE_STRICT_DUPLICATE, /* an object has a key twice */
	LODE_STRICT_LIMIT,     /* too deep or too many members, or a key that needs escapes */
};

/* Is s exactly one JSON value (RFC 8259), but for white space around it? *at, which may be NULL, is the offset of the fault. A NUL
 * character, also as \u0000, is a fault: no string that passes is cut when it becomes a C string. Keys with escapes are refused, so that
 * equal keys are equal bytes. Numbers are checked for form, not for size. Uses no heap and bounded stack. */
enum lode_strict lode_strict_check(const char *s, size_t n, size_t *at);

/* The one {...} in a text that has prose or a code fence around it. False if there is none, it is not closed, or another brace follows. */
bool lode_strict_object(const char *s, size_t n, size_t *start, size_t *len);

#endif
