/* The beginning of a sitting: a history that is there already, if it is of this task, or a new one. */
#include "tune/loop_private.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/fs.h"

#include <errno.h>
#include <string.h>

#define FILE_MAX (4u << 20)

/* What may be said otherwise by a loop that goes on: what was measured stays true. */
static const char *const may_differ[] = {
    "[budget] iterations", "[budget] patience", "[budget] time", "[budget] tokens", "[advisor] kind", "[advisor] prompt_tokens", "[advisor] live",
    "[advisor] live_seconds", "[run] scratch", "[run] scratch_limit", "[run] reserve", "[run] hang", "[run] timeout", "[output] dir", "[workload] describe",
};

static bool matters(const char *section, size_t nsection, const char *line, size_t n)
{
	char name[64];
	size_t key = strcspn(line, "= \n");

	lode_fmt(name, sizeof name, "%.*s %.*s", (int)nsection, section, (int)(key < n ? key : n), line);
	for (size_t i = 0; i < sizeof may_differ / sizeof may_differ[0]; i++)
		if (!strcmp(name, may_differ[i]))
			return false;
	return true;
}

static bool has_line(const char *text, const char *line, size_t n)
{
	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strcspn(at, "\n") == n && !memcmp(at, line, n))
			return true;
	return false;
}

/* The first line that matters of one text which the other does not have. */
static bool differs(const char *a, const char *b, char *out, size_t len)
{
	const char *section = "";
	size_t n, nsection = 0;

	for (const char *at = a; *at; at += n, at += *at == '\n') {
		n = strcspn(at, "\n");
		if (*at == '[') {
			section = at;
			nsection = n;
		} else if (n && matters(section, nsection, at, n) && !has_line(b, at, n)) {
			lode_fmt(out, len, "%.*s", (int)n, at);
			return true;
		}
	}
	return false;
}

static int same_task(struct tune_sitting *g, const char *spec)
{
	char was[128], is[128] = "nothing";

	if (differs(g->s.spec, spec, was, sizeof was)) {
		differs(spec, g->s.spec, is, sizeof is);
		return lode_err_set(g->err, EEXIST, "'%.50s' holds the history of another task: there it is '%.55s', now '%.55s'. Name another folder", g->spec->out, was, is);
	}
	if (strcmp(g->s.machine, g->w->machine) != 0)
		return lode_err_set(g->err, EEXIST, "the history in '%.50s' is of another machine (%.70s; this one: %.70s): its runs say nothing here. Name another folder",
				    g->spec->out, g->s.machine, g->w->machine);
	lode_fmt(g->s.spec, sizeof g->s.spec, "%s", spec);
	return 0;
}

static int begin_anew(struct tune_sitting *g, const char *spec)
{
	char path[TUNE_PATH_MAX];
	struct lode_buf b;
	int r;

	tune_history_fini(g->h, &g->s);
	tune_history_init(g->h, &g->s);
	lode_fmt(g->s.spec, sizeof g->s.spec, "%s", spec);
	lode_fmt(g->s.machine, sizeof g->s.machine, "%s", g->w->machine);
	lode_fmt(g->h->machine, sizeof g->h->machine, "%s", g->w->machine);
	g->h->began = (double)lode_clock_wall(&lode_clock_real) / 1e6;
	lode_buf_init(&b, sizeof g->h->command - 1);
	tune_spec_show_command(g->spec, &b);
	lode_fmt(g->h->command, sizeof g->h->command, "%s", lode_buf_str(&b));
	lode_buf_fini(&b);
	lode_buf_init(&b, sizeof g->h->objective - 1);
	tune_spec_show_objective(g->spec, &b);
	lode_fmt(g->h->objective, sizeof g->h->objective, "%s", lode_buf_str(&b));
	lode_buf_fini(&b);
	r = g->w->start(g->w->self, tune_sitting_file(g, "start.ini", path), g->err);
	return r ? r : tune_sitting_save(g);
}

/* RocksDB's version, as the file that it wrote says. */
static void read_version(struct tune_sitting *g)
{
	static const char key[] = "rocksdb_version=";
	char path[TUNE_PATH_MAX];
	const char *at;
	struct lode_buf b;

	lode_buf_init(&b, FILE_MAX);
	if (!lode_fs_read(tune_sitting_file(g, "start.ini", path), &b) && (at = strstr(lode_buf_str(&b), key)))
		lode_fmt(g->h->version, sizeof g->h->version, "%.*s", (int)strcspn(at + sizeof key - 1, " \r\n#"), at + sizeof key - 1);
	lode_buf_fini(&b);
}

int tune_sitting_open(struct tune_sitting *g)
{
	char path[TUNE_PATH_MAX];
	struct lode_buf spec;
	int r;

	lode_buf_init(&spec, sizeof g->s.spec - 1);
	tune_spec_print(g->spec, &spec);
	r = tune_history_load(tune_sitting_file(g, "history.json", path), g->h, &g->s, g->err);
	if (!r)
		r = same_task(g, lode_buf_str(&spec));
	else if (r == -ENOENT)
		r = begin_anew(g, lode_buf_str(&spec));
	lode_buf_fini(&spec);
	if (!r)
		read_version(g);
	return r;
}
