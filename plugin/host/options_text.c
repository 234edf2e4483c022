/* The small words of an OPTIONS file's syntax. */
#include "host/options_text.h"

#include <stddef.h>

bool lode_options_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void lode_options_trim(const char **from, const char **to)
{
	while (*from < *to && lode_options_space(**from))
		(*from)++;
	while (*to > *from && lode_options_space((*to)[-1]))
		(*to)--;
}

void lode_options_unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1]) {
			s++;
			*out++ = *s == 'n' ? '\n' : *s == 'r' ? '\r' : *s;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

const char *lode_options_comment(const char *from, const char *to)
{
	for (const char *c = from; c < to; c++) {
		if (*c == '\\' && c + 1 < to)
			c++;
		else if (*c == '#')
			return c;
	}
	return to;
}

const char *lode_options_member_end(const char *from, const char *to)
{
	int depth = 0;
	const char *c;

	for (c = from; c < to && (depth || *c != ';'); c++) {
		if (*c == '\\' && c + 1 < to)
			c++;
		else if (*c == '{')
			depth++;
		else if (*c == '}' && --depth < 0)
			return NULL;
	}
	return depth ? NULL : c;
}
