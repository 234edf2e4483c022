/* Words from elsewhere. */
#include "base/text.h"

#include <limits.h>
#include <string.h>

#define WORD_MAX 96

int lode_text_shown(const unsigned char *s)
{
	if (s[0] >= 0x20 && s[0] < 0x7f)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf && (s[1] & 0xc0) == 0x80)
		return s[0] == 0xc2 && s[1] < 0xa0 ? 0 : 2;
	if (s[0] >= 0xe0 && s[0] <= 0xef && (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80) {
		unsigned c = (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);

		if (c < 0x800 || (c >= 0xd800 && c < 0xe000) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		    (c >= 0x2066 && c <= 0x2069))
			return 0;
		return 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4 && (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80 && (s[3] & 0xc0) == 0x80)
		return (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) ? 0 : 4;
	return 0;
}

void lode_text_copy(char *to, size_t len, const char *from)
{
	size_t n = strnlen(from, len);

	if (n == len) { /* the byte at n will be the first that has no room: if it belongs to a character, all of that goes */
		n--;
		for (int i = 0; i < 3 && n && ((unsigned char)from[n] & 0xc0) == 0x80; i++)
			n--;
	}
	memcpy(to, from, n);
	to[n] = '\0';
}

/* One row at a time. */
unsigned lode_text_distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t nb = strnlen(b, WORD_MAX + 1);

	if (nb > WORD_MAX || strnlen(a, WORD_MAX + 1) > WORD_MAX)
		return UINT_MAX / 2;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]), add = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = change < add ? change : add;
		}
	}
	return row[nb];
}
