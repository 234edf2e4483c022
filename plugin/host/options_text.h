/* The small words of an OPTIONS file's syntax (host/options.h says where it stands): for those who read such files. */
#ifndef LODE_HOST_OPTIONS_TEXT_H
#define LODE_HOST_OPTIONS_TEXT_H

#include <stdbool.h>

bool lode_options_space(char c);
void lode_options_trim(const char **from, const char **to); /* both ends, to what is no space */
void lode_options_unescape(char *s);			    /* RocksDB's EscapeOptionString undone, in place */
/* The first '#' that is not escaped, where a comment begins; or the end. */
const char *lode_options_comment(const char *from, const char *to);
/* The end of one value inside a struct: the ';' outside all braces, or the end. NULL: braces do not match. */
const char *lode_options_member_end(const char *from, const char *to);

#endif
