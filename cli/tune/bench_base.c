/* What runs start from: the OPTIONS file of the benchmark's own defaults, and the database that is filled once. */
#include "tune/bench_private.h"
#include "tune/scratch.h"

#include "base/fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPTIONS_MAX (4u << 20)
#define CACHE_LINE "# lodestone: block_cache_size="

int tune_bench_options(const char *from, const char *to, int64_t *cache, struct lode_err *err)
{
	static const char *const folders[] = {"wal_dir=", "db_log_dir="};
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
		for (size_t i = 0; i < 2; i++)
			if (strncmp(word, folders[i], strlen(folders[i])) == 0)
				word[strlen(folders[i])] = 0;
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

/* The options that everything starts from, as a file. */
static int starting_options(struct tune_bench *b, char *path, size_t len, struct lode_err *err)
{
	if (*b->spec->options) {
		snprintf(path, len, "%s", b->spec->options);
		return 0;
	}
	if (snprintf(path, len, "%s/start.ini", b->scratch) >= (int)len)
		return lode_err_set(err, ENAMETOOLONG, "the scratch folder's path is too long");
	return access(path, R_OK) == 0 ? 0 : tune_bench_defaults(b, path, err);
}

static bool only_waiting_failed(const struct tune_attempt *a)
{
	char words[300];

	tune_attempt_words(a, words, sizeof(words));
	return strstr(words, "unknown benchmark 'waitforcompaction'") || strstr(words, "unknown benchmark 'flush'"); /* an older db_bench: all else was done */
}

static int fill(struct tune_bench *b, const char *start, struct lode_err *err)
{
	char options[PATH_MAX], why[400];
	struct tune_where w = {.errand = TUNE_FILL, .db = b->base, .options_file = options, .seed = (uint64_t)b->spec->seed};
	struct tune_attempt a;
	enum tune_end end;
	int rc = tune_bench_folder(b, "fill", &a, err);

	if (rc)
		return rc;
	snprintf(options, sizeof(options), "%.*s/OPTIONS.ini", PATH_MAX - 40, a.folder);
	rc = tune_bench_options(start, options, &w.cache, err);
	if (!rc && mkdir(b->base, 0700))
		rc = lode_err_set(err, errno, "%.120s cannot be made: %s", b->base, strerror(errno));
	if (!rc) {
		tune_bench_fence(b, &a);
		tune_bench_place(b, &a, &w);
		a.timeout = b->spec->timeout;
		rc = tune_attempt(b, &a, err);
	}
	if (!rc && tune_bench_wrong(&a, &end, why, sizeof(why)) && !(end == TUNE_FAILED && only_waiting_failed(&a)))
		rc = lode_err_set(err, EIO, "the database could not be filled: %s", why);
	if (rc)
		tune_scratch_remove(b->base);
	b->filled = rc == 0;
	tune_scratch_remove(a.folder);
	tune_attempt_fini(&a);
	return rc;
}

int tune_bench_prepare(struct tune_bench *b, struct lode_err *err)
{
	char start[PATH_MAX];
	int rc;

	if (!*b->base || b->filled)
		return 0;
	rc = starting_options(b, start, sizeof(start), err);
	return rc ? rc : fill(b, start, err);
}
