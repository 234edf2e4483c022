/* Where our own libraries are: beside the command in a build tree, in the library directory of its prefix, or where it was configured for.
 */
#include "cli.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first readable file that a pattern gives. */
static bool first_match(const char *pattern, char *out, size_t len)
{
	bool found = false;
	glob_t g;

	if (glob(pattern, 0, NULL, &g))
		return false;
	for (size_t i = 0; i < g.gl_pathc && !found; i++) {
		char *real = realpath(g.gl_pathv[i], NULL);

		found = real && !access(real, R_OK) && snprintf(out, len, "%s", real) < (int)len;
		free(real);
	}
	globfree(&g);
	return found;
}

bool cli_find_library(const char *name, char *out, size_t len)
{
	static const char *const places[] = {"%s/%s", "%s/../lib*/lodestone/%s", "%s/../lib/*/lodestone/%s"};
	char dir[PATH_MAX], pattern[PATH_MAX + 300];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof dir - 1);

	if (n > 0) {
		dir[n] = '\0';
		*strrchr(dir, '/') = '\0';
		for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
			snprintf(pattern, sizeof pattern, places[i], dir, name);
			if (first_match(pattern, out, len))
				return true;
		}
	}
	snprintf(pattern, sizeof pattern, "%s/%s", LODE_LIBDIR, name);
	return first_match(pattern, out, len);
}
