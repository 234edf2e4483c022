/* Where the loader would find a shared library: near enough to ld.so(8) for a diagnosis, and without running anything. */
#include "libpath.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wanted {
	const char *origin; /* directory of the object that asks */
	const char *soname, *root;
	char *out;
	size_t len;
};

static bool try_dir(const struct wanted *w, const char *dir, size_t n)
{
	char path[PATH_MAX];

	if (!n || n >= PATH_MAX / 2)
		return false;
	/* $ORIGIN only leads in practice; other tokens ($LIB, $PLATFORM) are rare enough to leave alone. */
	if (n >= 7 && !strncmp(dir, "$ORIGIN", 7))
		snprintf(path, sizeof path, "%s%.*s/%s", w->origin, (int)n - 7, dir + 7, w->soname);
	else if (n >= 9 && !strncmp(dir, "${ORIGIN}", 9))
		snprintf(path, sizeof path, "%s%.*s/%s", w->origin, (int)n - 9, dir + 9, w->soname);
	else
		snprintf(path, sizeof path, "%s%.*s/%s", w->root, (int)n, dir, w->soname);
	return !access(path, R_OK) && snprintf(w->out, w->len, "%s", path) < (int)w->len;
}

static bool try_list(const struct wanted *w, const char *list)
{
	while (list && *list) {
		size_t n = strcspn(list, ":;");

		if (try_dir(w, list, n))
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

/* /etc/ld.so.conf: directories, and "include PATTERN". */
static bool try_conf(const struct wanted *w, const char *file, int depth)
{
	char line[1024], pattern[PATH_MAX];
	bool found = false;
	FILE *f = fopen(file, "re");

	while (f && !found && fgets(line, sizeof line, f)) {
		char *p = line + strspn(line, " \t");
		glob_t g;

		p[strcspn(p, "#\n")] = '\0';
		if (!strncmp(p, "include", 7) && depth < 4) {
			p += 7 + strspn(p + 7, " \t");
			snprintf(pattern, sizeof pattern, "%s%s%s", w->root, *p == '/' ? "" : "/etc/", p);
			if (glob(pattern, 0, NULL, &g))
				continue;
			for (size_t i = 0; i < g.gl_pathc && !found; i++)
				found = try_conf(w, g.gl_pathv[i], depth + 1);
			globfree(&g);
		} else if (*p == '/') {
			found = try_dir(w, p, strcspn(p, " \t"));
		}
	}
	if (f)
		fclose(f);
	return found;
}

bool cli_lib_find(const struct cli_elf *e, const char *path, const char *soname, const char *root, char *out, size_t len)
{
	static const char *const standard[] = {
	    "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"};
	char origin[PATH_MAX], conf[PATH_MAX];
	struct wanted w = {.origin = origin, .soname = soname, .root = root, .out = out, .len = len};
	const char *runpath = cli_elf_string(e, DT_RUNPATH);

	if (strchr(soname, '/'))
		return !access(soname, R_OK) && snprintf(out, len, "%s", soname) < (int)len;
	snprintf(origin, sizeof origin, "%s", path);
	char *slash = strrchr(origin, '/');
	snprintf(slash ? slash : origin, 2, "%s", slash ? "" : ".");
	if ((!runpath && try_list(&w, cli_elf_string(e, DT_RPATH))) || try_list(&w, getenv("LD_LIBRARY_PATH")) || try_list(&w, runpath))
		return true;
	snprintf(conf, sizeof conf, "%s/etc/ld.so.conf", root);
	if (try_conf(&w, conf, 0))
		return true;
	for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++)
		if (try_dir(&w, standard[i], strlen(standard[i])))
			return true;
	return false;
}
