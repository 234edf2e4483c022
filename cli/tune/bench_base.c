/* What runs start from: the OPTIONS file of the benchmark's own defaults, and the database that is filled once. */
#include "tune/bench_private.h"
#include "tune/scratch.h"

#include "base/fs.h"
#include "guard/tunable.h"
#include "host/options_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPTIONS_MAX (4u << 20)
#define CACHE_LINE "# lodestone: block_cache_size="

/* "name = value" without its value if it is a folder's; spaces around a name are none of it, as for RocksDB. */
static void empty_folder(char *line)
{
	static const char *const folders[] = {"wal_dir", "db_log_dir"};
	char *eq = strchr(line, '=');
	const char *from = line, *to = eq;

	if (!eq)
		return;
	lode_options_trim(&from, &to);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if ((size_t)(to - from) == strlen(folders[i]) && memcmp(from, folders[i], strlen(folders[i])) == 0)
			eq[1] = 0;
}

int tune_bench_options(const char *from, const char *to, int64_t *cache, struct lode_err *err)
{
	struct lode_buf text, out;
	int rc;

	*cache = -1;
	lode_buf_init(&text, OPTIONS_MAX);
	lode_buf_init(&out, OPTIONS_MAX);
	rc = lode_fs_read(from, &text);
	for (char *p = text.data, *line; !rc && (line = strsep(&p, "\n"));) {
		char *word = line + strspn(line, " \t"), *end;

		if (strncmp(word, CACHE_LINE, strlen(CACHE_LINE)) == 0) {
			long long n = strtoll(word + strlen(CACHE_LINE), &end, 10);

			*cache = end > word + strlen(CACHE_LINE) && n >= 0 ? n : -1;
		}
		empty_folder(line);
		lode_buf_adds(&out, line);
		if (p)
			lode_buf_adds(&out, "\n");
	}
	rc = rc ? rc : out.failed ? -E2BIG : lode_fs_write_atomic(to, out.data, out.len, 0600);
	lode_buf_fini(&text);
	lode_buf_fini(&out);
	return rc ? lode_err_set(err, -rc, "the OPTIONS file %.140s cannot be used: %s", from, strerror(-rc)) : 0;
}

/* The newest OPTIONS file in a database. */
static bool newest_options(const char *db, char *out, size_t len)
{
	unsigned long best = 0;

	for (unsigned long i = 1; i < 200; i++) { /* a database that was just made */
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%.*s/OPTIONS-%06lu", PATH_MAX - 40, db, i);
		if (access(path, R_OK) == 0 && snprintf(out, len, "%s", path) < (int)len)
			best = i;
	}
	return best > 0;
}

/* What --help says about a flag; 0 if it cannot be run. */
static void ask_default(struct tune_bench *b, const char *flag, char *out, size_t len)
{
	struct tune_attempt a;
	struct lode_buf text;

	*out = 0;
	lode_buf_init(&text, 1 << 20);
	if (tune_bench_folder(b, "help", &a, NULL) == 0) {
		tune_call_word(&a.call, "%s", b->spec->argv[tune_db_bench_word(b->spec->argv)]);
		tune_call_word(&a.call, "--help");
		a.timeout = 20;
		if (tune_attempt(b, &a, NULL) == 0 && lode_fs_read(a.out, &text) == 0)
			tune_db_bench_default(lode_buf_str(&text), flag, out, len);
		tune_scratch_remove(a.folder);
		tune_attempt_fini(&a);
	}
	lode_buf_fini(&text);
}

static int keep_defaults(struct tune_bench *b, const char *db, const char *path, struct lode_err *err)
{
	char from[PATH_MAX], cache[32];
	struct lode_buf text;
	int64_t none;
	int rc;

	if (!newest_options(db, from, sizeof(from)))
		return lode_err_set(err, ENOENT, "db_bench has made a database without an OPTIONS file");
	if (!tune_db_bench_flag(b->spec->argv, "cache_size", cache, sizeof(cache)) || !*cache)
		ask_default(b, "cache_size", cache, sizeof(cache));
	rc = tune_bench_options(from, path, &none, err);
	lode_buf_init(&text, OPTIONS_MAX);
	if (!rc && *cache && cache[0] != '-' && (rc = lode_fs_read(path, &text)) == 0) {
		lode_buf_addf(&text, "%s%s\n", CACHE_LINE, cache);
		rc = lode_fs_write_atomic(path, text.data, text.len, 0644);
	}
	lode_buf_fini(&text);
	return rc;
}

int tune_bench_defaults(struct tune_bench *b, const char *path, struct lode_err *err)
{
	struct tune_where w = {.errand = TUNE_DEFAULTS, .cache = -1, .seed = 1};
	struct tune_attempt a;
	char db[PATH_MAX], why[400];
	enum tune_end end;
	int rc;

	if (b->spec->adapter != TUNE_ADAPT_DB_BENCH)
		return lode_err_set(err, ENOTSUP, "a script needs an OPTIONS file to start from: --options FILE (workload.options)");
	rc = tune_bench_folder(b, "defaults", &a, err);
	if (rc)
		return rc;
	snprintf(db, sizeof(db), "%.*s/db", PATH_MAX - 40, a.folder);
	w.db = db;
	tune_bench_place(b, &a, &w);
	a.timeout = 60;
	*a.progress = 0;
	rc = tune_attempt(b, &a, err);
	if (!rc && tune_bench_wrong(&a, &end, why, sizeof(why)))
		rc = lode_err_set(err, EIO, "db_bench did not open a database by its defaults: %s", why);
	rc = rc ? rc : keep_defaults(b, db, path, err);
	tune_scratch_remove(a.folder);
	tune_attempt_fini(&a);
	return rc;
}

static bool only_waiting_failed(const struct tune_attempt *a)
{
	char words[300];

	tune_attempt_words(a, words, sizeof(words));
	return strstr(words, "unknown benchmark 'waitforcompaction'") || strstr(words, "unknown benchmark 'flush'"); /* an older db_bench: all else was done */
}

static int fill(struct tune_bench *b, const char *start, const char *base, struct lode_err *err)
{
	char options[PATH_MAX], why[400];
	struct tune_where w = {.errand = TUNE_FILL, .db = base, .options_file = options, .seed = (uint64_t)b->spec->seed};
	struct tune_attempt a;
	enum tune_end end;
	int rc = tune_bench_folder(b, "fill", &a, err);

	if (rc)
		return rc;
	snprintf(options, sizeof(options), "%.*s/OPTIONS.ini", PATH_MAX - 40, a.folder);
	rc = tune_bench_options(start, options, &w.cache, err);
	if (!rc && mkdir(base, 0700))
		rc = lode_err_set(err, errno, "%.120s cannot be made: %s", base, strerror(errno));
	if (!rc) {
		tune_bench_fence(b, &a);
		tune_bench_place(b, &a, &w);
		a.timeout = b->spec->timeout;
		rc = tune_attempt(b, &a, err);
	}
	if (!rc && tune_bench_wrong(&a, &end, why, sizeof(why)) && !(end == TUNE_FAILED && only_waiting_failed(&a)))
		rc = lode_err_set(err, EIO, "the database could not be filled: %s", why);
	if (rc)
		tune_scratch_remove(base);
	tune_scratch_remove(a.folder);
	tune_attempt_fini(&a);
	return rc;
}

/* Does the form of files depend on this option? What the table does not know, might. */
static bool forms(const char *section, const char *name)
{
	int row = lode_tunable_find(name);

	if (strncmp(section, "[CFOptions", 10) != 0 && strncmp(section, "[TableOptions", 13) != 0)
		return false;
	return row < 0 || lode_tunables[row].lag == LODE_LAG_REWRITE || lode_tunables[row].lag == LODE_LAG_SHAPE;
}

static uint64_t mix(uint64_t hash, const char *text) /* FNV-1a */
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	return hash;
}

uint64_t tune_bench_form(const char *options)
{
	char *copy = strdup(options), section[64] = "";
	uint64_t hash = 0xcbf29ce484222325ull;

	for (char *p = copy, *line; p && (line = strsep(&p, "\n"));) {
		char *word = line + strspn(line, " \t"), *eq = strchr(word, '='), name[64];

		if (*word == '[')
			snprintf(section, sizeof(section), "%s", word);
		if (!eq || *word == '#')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(eq - word), word);
		if (forms(section, name))
			hash = mix(mix(hash, section), word);
	}
	free(copy);
	return hash;
}

static int form_of(const char *file, uint64_t *form, struct lode_err *err)
{
	struct lode_buf text;
	int rc;

	lode_buf_init(&text, OPTIONS_MAX);
	rc = lode_fs_read(file, &text);
	*form = tune_bench_form(lode_buf_str(&text));
	lode_buf_fini(&text);
	return rc ? lode_err_set(err, -rc, "the OPTIONS file %.140s cannot be read: %s", file, strerror(-rc)) : 0;
}

int tune_bench_base(struct tune_bench *b, const char *options_file, const char **path, struct lode_err *err)
{
	struct tune_base *at = &b->base[0];
	uint64_t form;
	int rc;

	*path = *b->spec->database ? b->spec->database : NULL;
	if (!b->fills)
		return 0;
	rc = form_of(options_file, &form, err);
	if (!rc && !b->spec->refill && at->used) { /* one for all */
		*path = at->path;
		if (form != at->form)
			tune_bench_note(b, "some files were tried that would have written the database in another form than it has: what that is worth to reads "
					   "is not seen on it; without --refill once it is filled anew for them");
		return 0;
	}
	if (!rc && !b->spec->refill && *b->start) { /* whichever file runs first: a loop that goes on may begin with a candidate */
		options_file = b->start;
		rc = form_of(options_file, &form, err);
	}
	if (rc)
		return rc;
	for (struct tune_base *i = b->base; i < b->base + TUNE_BASES; i++) {
		if (i->used && i->form == form) {
			i->used = ++b->turn;
			*path = i->path;
			return 0;
		}
		if (i->used < at->used)
			at = i;
	}
	tune_scratch_remove(at->path);
	at->used = 0;
	rc = fill(b, options_file, at->path, err);
	if (rc)
		return rc;
	at->used = ++b->turn;
	at->form = form;
	*path = at->path;
	return 0;
}

int tune_bench_prepare(struct tune_bench *b, struct lode_err *err)
{
	const char *path;

	return b->fills ? tune_bench_base(b, b->start, &path, err) : 0;
}
