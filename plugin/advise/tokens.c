/* An estimate of tokens that no tokenizer in use should exceed on texts of ours. Four bytes a token is right for English prose and far too low for numbers:
 * some tokenizers cut digits into groups of three, some into single digits, and a space before a digit is a token of its own in many. So: a token for each
 * digit and each sign, one for each started four letters of a word, one for a space before a digit or another space, one for a line's end. docs/dialogue.md
 * has what that came to against real ones. Pure. */
#include "advise/tokens.h"

#define LETTERS 4

static int is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

size_t lode_tokens(const char *text, size_t len)
{
	size_t tokens = 0, word = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i], next = i + 1 < len ? (unsigned char)text[i + 1] : ' ';

		if (is_letter(c)) {
			tokens += word++ % LETTERS == 0;
			continue;
		}
		word = 0;
		tokens += c != ' ' || is_digit(next) || next == ' '; /* a single space goes with the word behind it */
	}
	return tokens;
}
