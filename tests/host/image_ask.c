/* Opens a library that contains a RocksDB, finds its row of the table, and asks it which options it lets be changed; no database is opened.
 * Arguments: the library, then cf:NAME=VALUE or db:NAME=VALUE. One line of output for each fact, for test_images.sh to compare. */
#include "host/capability.h"
#include "host/image.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void ask(struct lode_scratch *s, const char *what)
{
	enum lode_scope scope = strncmp(what, "db:", 3) == 0 ? LODE_SCOPE_DB : LODE_SCOPE_CF;
	const char *equal = strchr(what, '=');
	char key[128] = "";

	if (!equal || (size_t)(equal - what) >= sizeof(key))
		return;
	memcpy(key, what + 3, (size_t)(equal - what) - 3);
	printf("%s %d\n", key, lode_scratch_ask(s, scope, key, equal + 1));
}

int main(int argc, char **argv)
{
	struct lode_image image;
	struct lode_scratch *s;
	struct lode_err err = {0};
	const char *why = NULL;
	double from;
	void *handle = argc > 1 ? dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL) : NULL;

	if (!handle) {
		fprintf(stderr, "%s\n", argc > 1 ? dlerror() : "usage: image_ask LIBRARY [cf:NAME=VALUE|db:NAME=VALUE]...");
		return 2;
	}
	if (lode_image_resolve(handle, &image, &err)) {
		printf("refused: %s\n", err.msg);
		return 1;
	}
	printf("version %s\nrow %s%s\n", image.version, image.row->name, image.newer ? " (newer)" : "");
	printf("status %s\n", lode_status_fits(&image) == 1 ? "fits" : "does not fit");
	from = now();
	s = lode_scratch_new(&image, &why);
	if (!s) {
		printf("not asked: %s\n", why);
		return 1;
	}
	fprintf(stderr, "scratch: %.0f us\n", (now() - from) * 1e6);
	from = now();
	for (int i = 2; i < argc; i++)
		ask(s, argv[i]);
	fprintf(stderr, "%d answers: %.0f us\n", argc - 2, (now() - from) * 1e6);
	lode_scratch_free(s);
	return 0;
}
