/* Numbers and foreign words as they may stand in a sentence or a prompt. */
#ifndef LODE_ADVISE_TEXT_H
#define LODE_ADVISE_TEXT_H

#include <stddef.h>

/* Small strings by value, so that a sentence can be one format: lode_buf_addf(b, "%s of %s", lode_text_num(x, 3).s, ...). */
struct lode_text {
	char s[40];
};

/* v to `digits` significant digits, never with an exponent: "0.0123", "45.6", "1230000"; "unknown" if it is not finite. */
struct lode_text lode_text_num(double v, int digits);
struct lode_text lode_text_percent(double share); /* 0.123 -> "12.3 %"; "unknown" */
struct lode_text lode_text_bytes(double bytes);	  /* "512 MiB" */

/* Copies foreign text for people: printable ASCII stays, white space becomes a space, everything else '?'. Cut to len with the NUL. */
void lode_text_plain(char *out, size_t len, const char *text, size_t n);

#endif
