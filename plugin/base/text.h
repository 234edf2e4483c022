/* Words from elsewhere: what of them may be shown to a person, and which of ours they are nearest to. */
#ifndef LODE_BASE_TEXT_H
#define LODE_BASE_TEXT_H

#include <stddef.h>

/* Length of the character at s (NUL-terminated) if it may be shown as it is, else 0: ASCII controls, C1 controls, marks that turn the direction of
 * text, and bytes that are no UTF-8 could all make a terminal or a page lie. */
int lode_text_shown(const unsigned char *s);

/* As much of it as there is room for (len > 0), without half a character at its end. */
void lode_text_copy(char *to, size_t len, const char *from);

/* Levenshtein's distance: letters to change, add or leave out. UINT_MAX / 2 where a word is longer than any name of ours (96). */
unsigned lode_text_distance(const char *a, const char *b);

#endif
