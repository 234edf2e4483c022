/* How many tokens a text is, at the most: every tokenizer counts in its own way, so this one counts high. */
#ifndef LODE_ADVISE_TOKENS_H
#define LODE_ADVISE_TOKENS_H

#include <stddef.h>

/* A sum over pieces: the count of two texts together is at most the sum of their counts. */
size_t lode_tokens(const char *text, size_t len);

#endif
