/* Benchmarks one after another: the database that they start from, a folder for each, and what became of each. */
#include "tune/run.h"
#include "tune/bench_private.h"
#include "tune/library.h"
#include "tune/scratch.h"

#include "base/clock.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void tune_bench_note(struct tune_bench *b, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	strcat(line, "\n");
	if (!strstr(lode_buf_str(&b->notes), line))
		lode_buf_adds(&b->notes, line);
}

static const char *scratch_root(const struct tune_spec *s)
{
	const char *tmp = getenv("TMPDIR");

	return *s->scratch ? s->scratch : tmp && *tmp == '/' ? tmp : "/tmp";
}

static void note_workload(struct tune_bench *b)
{
	char value[512];

	if (b->load.invented)
		tune_bench_note(b, "the command fills no database, and %s would find nothing: filled by fillrandom first", b->load.measured);
	if (tune_db_bench_flag(b->spec->argv, "wal_dir", value, sizeof(value)))
		tune_bench_note(b, "--wal_dir is left out: the log stays beside the database, in the scratch folder");
}

int tune_bench_new(const struct tune_spec *spec, struct tune_bench **out, struct lode_err *err)
{
	struct tune_bench *b = calloc(1, sizeof(*b));
	const char *root = scratch_root(spec);
	unsigned swept = tune_scratch_sweep(root);
	int rc;

	*out = NULL;
	if (!b)
		return lode_err_set(err, ENOMEM, "no memory");
	b->spec = spec;
	lode_buf_init(&b->notes, 1 << 16);
	rc = spec->adapter == TUNE_ADAPT_DB_BENCH ? tune_db_bench_workload(spec, &b->load, err) : 0;
	rc = rc ? rc : tune_scratch_make(root, b->scratch, sizeof(b->scratch), &b->lock, err);
	if (rc) {
		lode_buf_fini(&b->notes);
		free(b);
		return rc;
	}
	if (swept)
		tune_bench_note(b, "%u scratch folder%s in %s that an earlier run had to leave: removed", swept, swept == 1 ? "" : "s", root);
	b->fills = !*spec->database && (spec->adapter == TUNE_ADAPT_DB_BENCH ? *b->load.fill : *spec->prepare);
	for (int i = 0; i < TUNE_BASES; i++)
		snprintf(b->base[i].path, sizeof(b->base[i].path), "%s/base-%d", b->scratch, i);
	tune_fence_make("", spec->cpus, spec->memory_limit, &b->fence, &b->notes);
	if (spec->adapter == TUNE_ADAPT_DB_BENCH) {
		note_workload(b);
		tune_library_find(spec->argv[tune_db_bench_word(spec->argv)], b->library, sizeof(b->library));
	}
	*out = b;
	return 0;
}

void tune_bench_free(struct tune_bench *b)
{
	if (!b)
		return;
	tune_fence_remove(&b->fence);
	tune_scratch_remove(b->scratch);
	close(b->lock);
	lode_buf_fini(&b->notes);
	free(b);
}

void tune_bench_stop_with(struct tune_bench *b, const volatile sig_atomic_t *stop)
{
	b->stop = stop;
}

const volatile sig_atomic_t *tune_bench_stop_flag(const struct tune_bench *b)
{
	return b->stop;
}

void tune_bench_start_with(struct tune_bench *b, const char *options_file)
{
	snprintf(b->start, sizeof(b->start), "%s", options_file);
}

const char *tune_bench_rocksdb_library(const struct tune_bench *b)
{
	return *b->library ? b->library : NULL;
}

const char *tune_bench_scratch(const struct tune_bench *b)
{
	return b->scratch;
}

const char *tune_bench_notes(const struct tune_bench *b)
{
	return lode_buf_str(&b->notes);
}

const char *tune_bench_benchmarks(const struct tune_bench *b)
{
	return b->load.measured;
}

int tune_bench_folder(struct tune_bench *b, const char *name, struct tune_attempt *a, struct lode_err *err)
{
	char tmp[PATH_MAX];

	memset(a, 0, sizeof(*a));
	snprintf(a->folder, sizeof(a->folder), "%s/%s", b->scratch, name);
	tune_scratch_remove(a->folder);
	if (snprintf(tmp, sizeof(tmp), "%s/tmp", a->folder) >= (int)sizeof(tmp) || mkdir(a->folder, 0700) || mkdir(tmp, 0700))
		return lode_err_set(err, errno, "%.120s cannot be made: %s", a->folder, strerror(errno));
	snprintf(a->out, sizeof(a->out), "%.*s/out", PATH_MAX - 40, a->folder);
	snprintf(a->err, sizeof(a->err), "%.*s/err", PATH_MAX - 40, a->folder);
	tune_call_environment(&a->call);
	tune_call_env(&a->call, "TMPDIR", "%s", tmp);
	tune_call_env(&a->call, "TEST_TMPDIR", "%s", tmp);
	return 0;
}

bool tune_bench_wrong(const struct tune_attempt *a, enum tune_end *end, char *out, size_t len)
{
	const struct tune_child *c = &a->child;
	char words[300], what[240];

	*end = a->end;
	if (a->end != TUNE_RAN)
		snprintf(what, sizeof(what), "%s", a->why);
	else if (c->exec_errno < 0)
		snprintf(what, sizeof(what), "%.100s cannot be put into the cgroup of run.cpus and run.memory: %s", a->call.argv[0], strerror(-c->exec_errno));
	else if (c->exec_errno)
		snprintf(what, sizeof(what), "%.100s cannot be started: %s", a->call.argv[0], strerror(c->exec_errno));
	else if (WIFSIGNALED(c->status))
		snprintf(what, sizeof(what), "it was ended by signal %d (%s)%s", WTERMSIG(c->status), strsignal(WTERMSIG(c->status)),
			 WTERMSIG(c->status) == SIGKILL ? ", perhaps because memory ran out" : "");
	else if (WEXITSTATUS(c->status))
		snprintf(what, sizeof(what), "it ended with status %d", WEXITSTATUS(c->status));
	else
		return false;
	if (a->end == TUNE_RAN)
		*end = TUNE_FAILED;
	words[0] = 0;
	if (!c->exec_errno)
		tune_attempt_words(a, words, sizeof(words));
	snprintf(out, len, "%s%s%s", what, *words ? ". It said: " : "", words);
	return true;
}

void tune_bench_fence(const struct tune_bench *b, struct tune_attempt *a)
{
	a->fenced = true;
	for (const char *const *word = b->fence.wrap; *word; word++)
		tune_call_word(&a->call, "%s", *word);
}

void tune_bench_place(const struct tune_bench *b, struct tune_attempt *a, struct tune_where *w)
{
	w->spec = b->spec;
	w->folder = a->folder;
	if (b->spec->adapter == TUNE_ADAPT_DB_BENCH)
		tune_db_bench_call(w, &b->load, &a->call);
	else
		tune_script_call(w, &a->call);
	a->form = b->spec->adapter == TUNE_ADAPT_DB_BENCH ? TUNE_RATES_REPORT : TUNE_RATES_TOTAL;
	snprintf(a->progress, sizeof(a->progress), "%.*s/%s", PATH_MAX - 40, a->folder,
		 b->spec->adapter == TUNE_ADAPT_DB_BENCH ? "report.csv" : "progress");
}

double tune_bench_allows(const struct tune_bench *b, double seconds)
{
	unsigned parts = b->load.parts > 1 ? b->load.parts : 1;
	char flag[32];

	if (b->spec->timeout > 0)
		return b->spec->timeout;
	if (seconds <= 0 && b->spec->adapter == TUNE_ADAPT_DB_BENCH && tune_db_bench_flag(b->spec->argv, "duration", flag, sizeof(flag)))
		seconds = atof(flag);
	seconds = fmax(parts * seconds, b->longest);
	return seconds > 0 ? 4 * seconds + 120 : 3600;
}

/* "@RUN@" in a word becomes the folder of the run. */
static char *settle(const char *word, const char *folder)
{
	struct lode_buf out;
	const char *at;

	lode_buf_init(&out, 1 << 16);
	lode_buf_adds(&out, "");
	for (; (at = strstr(word, "@RUN@")); word = at + 5) {
		lode_buf_add(&out, word, (size_t)(at - word));
		lode_buf_adds(&out, folder);
	}
	lode_buf_adds(&out, word);
	return out.data;
}

static void add_extras(const struct tune_run *how, const char *folder, struct tune_call *call)
{
	for (const char *const *w = how->wrap; w && *w; w++) {
		char *word = settle(*w, folder);

		tune_call_word(call, "%s", word ? word : "");
		free(word);
	}
	for (const char *const *e = how->env; e && *e; e++) {
		char *word = settle(*e, folder), *eq = word ? strchr(word, '=') : NULL;

		if (eq) {
			*eq = 0;
			tune_call_env(call, word, "%s", eq + 1);
		}
		free(word);
	}
}

/* Everything that a process has left in the page cache, gone; where we may. */
static void drop_caches(struct tune_bench *b)
{
	int fd;

	sync();
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "3", 1) != 1)
		tune_bench_note(b, "the page cache could not be emptied: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static int read_script(const struct tune_attempt *a, struct tune_result *out, struct lode_err *err)
{
	char path[PATH_MAX];
	struct lode_buf text;
	int rc;

	snprintf(path, sizeof(path), "%.*s/result.json", PATH_MAX - 40, a->folder);
	lode_buf_init(&text, 4 << 20);
	rc = lode_fs_read(path, &text);
	rc = rc ? lode_err_set(err, EBADMSG, "it wrote no result into LODESTONE_RESULT: %s", strerror(-rc))
		: tune_script_read(lode_buf_str(&text), text.len, a->folder, out, err);
	lode_buf_fini(&text);
	return rc;
}

static int read_db_bench(struct tune_bench *b, const struct tune_attempt *a, struct tune_result *out, struct lode_err *err)
{
	struct lode_buf text;
	bool missed = false;
	int rc;

	lode_buf_init(&text, 16 << 20);
	rc = lode_fs_read(a->out, &text);
	rc = rc ? lode_err_set(err, EBADMSG, "its output cannot be read: %s", strerror(-rc))
		: tune_figures_db_bench(lode_buf_str(&text), b->load.measured, out, &missed, err);
	if (!rc && missed)
		tune_bench_note(b, "the benchmark found none of the keys that it looked for: are --num and --key_size those that the database was filled with?");
	lode_buf_fini(&text);
	return rc;
}

static void read_result(struct tune_bench *b, struct tune_attempt *a, struct tune_result *out)
{
	struct lode_err err = {0};
	char words[300];
	int rc;

	rc = b->spec->adapter == TUNE_ADAPT_DB_BENCH ? read_db_bench(b, a, out, &err) : read_script(a, out, &err);
	rc = rc ? rc : tune_figures_believe(out, a->wall, &err);
	if (!rc) {
		if (isnan(out->seconds))
			out->seconds = a->rates.seconds > 0 ? a->rates.seconds : a->wall;
		b->longest = fmax(b->longest, a->wall);
		return;
	}
	tune_attempt_words(a, words, sizeof(words));
	out->end = TUNE_GARBAGE;
	out->ops_per_sec = NAN;
	snprintf(out->why, sizeof(out->why), "%s%s%.140s", err.msg, *words ? ". It said: " : "", words);
}

static void take(struct tune_bench *b, struct tune_attempt *a, const char *db, struct tune_result *out)
{
	if (b->load.parts > 1) /* the report file has begun anew with each: these are the rates of the last one */
		a->rates.n = 0, a->rates.seconds = 0;
	if (tune_bench_wrong(a, &out->end, out->why, sizeof(out->why))) {
		if (out->end == TUNE_STOPPED && a->rates.seconds > 0) {
			out->seconds = a->rates.seconds;
			out->ops_per_sec = a->rates.ops / a->rates.seconds;
			snprintf(out->why, sizeof(out->why), "%s", a->why);
		}
	} else {
		read_result(b, a, out);
	}
	out->cpu_s = a->child.cpu_s > 0 ? a->child.cpu_s : NAN;
	out->rss_bytes = a->child.rss_bytes > 0 ? a->child.rss_bytes : NAN;
	out->db_bytes = out->end == TUNE_RAN || out->end == TUNE_STOPPED ? tune_scratch_database_bytes(db) : NAN;
	if (out->db_bytes <= 0)
		out->db_bytes = NAN;
	out->rate = a->rates.rate;
	out->nrate = a->rates.n;
	a->rates.rate = NULL;
	if (a->child.left)
		tune_bench_note(b, "the benchmark leaves processes behind when it ends; they are ended");
}

static int copy_base(const struct tune_bench *b, const char *base, const char *db, struct lode_err *err)
{
	double limit = (double)b->spec->scratch_limit;
	struct tune_scratch_bounds within = {.reserve = (double)b->spec->reserve, .most = limit > 0 ? limit - tune_scratch_used(b->scratch) : INFINITY, .stop = b->stop};

	return tune_scratch_clone(base, db, &within, err);
}

static double now(void)
{
	return 1e-9 * (double)lode_clock_mono(&lode_clock_real);
}

/* The folder of a run with its database and its options. *fill_s: the time that it took to fill the database that this one is a copy of. */
static int set_out(struct tune_bench *b, const struct tune_run *how, struct tune_attempt *a, char *db, char *options, int64_t *cache, double *fill_s, struct lode_err *err)
{
	const char *base;
	double began = now();
	int rc = tune_bench_base(b, how->options_file, &base, err);

	*fill_s = now() - began;
	rc = rc ? rc : tune_bench_folder(b, "run", a, err);
	if (rc)
		return rc;
	snprintf(db, PATH_MAX, "%.*s/db", PATH_MAX - 40, a->folder);
	snprintf(options, PATH_MAX, "%.*s/OPTIONS.ini", PATH_MAX - 40, a->folder);
	rc = tune_bench_options(how->options_file, options, cache, err);
	if (!rc && *b->spec->database)
		rc = tune_scratch_idle(base, err);
	if (!rc && base)
		rc = copy_base(b, base, db, err);
	else if (!rc && mkdir(db, 0700))
		rc = lode_err_set(err, errno, "%.120s cannot be made: %s", db, strerror(errno));
	return rc;
}

int tune_bench_run_with(struct tune_bench *b, const struct tune_run *how, struct tune_result *out)
{
	char db[PATH_MAX], options[PATH_MAX];
	struct tune_where w = {.errand = TUNE_MEASURE, .db = db, .filled = b->fills || *b->spec->database, .options_file = options, .seed = how->seed,
			       .seconds = how->seconds > 0 ? how->seconds : b->spec->seconds};
	struct lode_err err = {0};
	struct tune_attempt a = {0};
	int rc;

	tune_result_init(out);
	rc = set_out(b, how, &a, db, options, &w.cache, &out->fill_s, &err);
	if (!rc) {
		tune_bench_fence(b, &a);
		add_extras(how, a.folder, &a.call);
		tune_bench_place(b, &a, &w);
		a.timeout = tune_bench_allows(b, w.seconds);
		a.measured = true;
		a.watch = how->watch;
		a.ctx = how->ctx;
		if (b->spec->drop_caches)
			drop_caches(b);
		rc = tune_attempt(b, &a, &err);
	}
	if (rc) {
		out->end = TUNE_FAILED;
		snprintf(out->why, sizeof(out->why), "%s", err.msg);
		if (rc == -ENOSPC)
			out->end = TUNE_SPACE;
		if (rc == -ENOSPC || (rc == -EIO && b->spec->refill)) /* no room, or this file cannot fill a database: that is a result */
			rc = 0;
	} else {
		take(b, &a, db, out);
	}
	if (how->look && *a.folder)
		how->look(how->ctx, a.folder);
	if (*a.folder)
		tune_scratch_remove(a.folder);
	tune_attempt_fini(&a);
	return rc;
}

int tune_bench_run(struct tune_bench *b, const char *options_file, const char *label, uint64_t seed, tune_watch_fn *watch, void *ctx,
		   struct tune_result *out)
{
	struct tune_run how = {.options_file = options_file, .label = label, .seed = seed, .watch = watch, .ctx = ctx};

	return tune_bench_run_with(b, &how, out);
}
