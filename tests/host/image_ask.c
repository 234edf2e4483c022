/* Opens a library that contains a RocksDB, finds its row of the table, and asks it which options it lets be changed; no database is opened.
 * Arguments: the library, then cf:NAME=VALUE, db:NAME=VALUE, or table: every option of our own table. One line of output for each fact, for
 * test_images.sh to compare. */
#include "guard/tunable.h"
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

/* A value that any RocksDB can read, for options whose form allows one to be made up. */
static bool some_value(const struct lode_tunable *t, char *buf, size_t len)
{
	static const char *const plain[] = {
	    [LODE_KIND_INT] = "1", [LODE_KIND_SIZE] = "4096", [LODE_KIND_BOOL] = "true", [LODE_KIND_MILLI] = "1"};

	if (t->kind == LODE_KIND_OTHER)
		return false;
	snprintf(buf, len, "%s", t->kind == LODE_KIND_ENUM ? t->words[0] : plain[t->kind]);
	return true;
}

/* Our own table of tunables against the image: where they disagree on what can be changed. Options that were changeable once stay readable,
 * and are ignored, when RocksDB gives them up: `until` is not its own word. */
static void compare_table(struct lode_scratch *s, const struct lode_image *image)
{
	unsigned version = image->major * 10000 + image->minor * 100, asked = 0, differ = 0;
	char value[64];

	for (int i = 0; i < lode_tunable_count; i++) {
		const struct lode_tunable *t = &lode_tunables[i];
		int answer;

		if ((t->scope != LODE_SCOPE_DB && t->scope != LODE_SCOPE_CF) || !some_value(t, value, sizeof(value)))
			continue;
		answer = lode_scratch_ask(s, t->scope, t->key, value);
		asked++;
		/* the versions of table options are those from which they are safe, not those that take them */
		if (lode_tunable_is_table(t) && image->row->hazards & LODE_HAZARD_TABLE_RACE)
			continue;
		if ((answer == 1) == (version >= t->since / 100 * 100) || (t->until && version >= t->until))
			continue;
		printf("differs %s %d\n", t->id, answer);
		differ++;
	}
	printf("table: %u asked, %u differ\n", asked, differ);
}

int main(int argc, char **argv)
{
	struct lode_image image;
	struct lode_scratch *s;
	struct lode_err err = {0};
	const char *why = NULL;
	double from;
	int fits;
	void *handle = argc > 1 ? dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL) : NULL;

	if (!handle) {
		fprintf(stderr, "%s\n", argc > 1 ? dlerror() : "usage: image_ask LIBRARY [cf:NAME=VALUE|db:NAME=VALUE|table]...");
		return 2;
	}
	if (lode_image_resolve(handle, &image, &err)) {
		printf("refused: %s\n", err.msg);
		return 1;
	}
	printf("version %s\nrow %s%s\n", image.version, image.row->name, image.newer ? " (newer)" : "");
	printf("late %s\n", !image.sym[SYM_DB_NAME] ? "no: GetName" : !image.sym[SYM_DB_OPTIONS] ? "no: GetDBOptions" : !image.sym[SYM_DB_OPTIONS_DELETE] ? "no: ~DBOptions"
			  : !image.sym[SYM_CF_DESCRIPTOR] || !image.sym[SYM_CF_OPTIONS_NEW] || !image.sym[SYM_CF_OPTIONS_DELETE] ? "without its block cache"
			  : !image.sym[SYM_ROOT_DB] ? "unwrapped" : "yes");
	printf("closing %s\n", !image.sym[SYM_DB_SESSION] ? "seen by the address alone" : "seen");
	fits = lode_status_fits(&image);
	printf("status %s\n", fits == 1 ? "fits" : fits == 0 ? "does not fit" : "cannot be tried");
	from = now();
	s = lode_scratch_new(&image, &why);
	if (!s) {
		printf("not asked: %s\n", why);
		return 1;
	}
	fprintf(stderr, "scratch: %.0f us\n", (now() - from) * 1e6);
	from = now();
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "table") == 0)
			compare_table(s, &image);
		else
			ask(s, argv[i]);
	}
	fprintf(stderr, "%d answers: %.0f us\n", argc - 2, (now() - from) * 1e6);
	lode_scratch_free(s);
	return 0;
}
