/* The beginning of a sitting: a history that is there already, if it is of this task, or a new one. */
#include "tune/loop_private.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (4u << 20)

/* What may be said otherwise by a loop that goes on: what was measured stays true. */
static const char *const may_differ[] = {
    "[budget] iterations", "[budget] patience", "[budget] time", "[budget] tokens", "[advisor] kind", "[advisor] prompt_tokens", "[advisor] live",
    "[advisor] live_seconds", "[run] scratch", "[run] scratch_limit", "[run] reserve", "[run] hang", "[run] timeout", "[output] dir", "[workload] describe",
};

/* A line of a text of tune_spec_print, and the title that it stands under. */
struct setting {
	const char *section, *line;
	size_t nsection, n;
};

static bool next_setting(const char **at, struct setting *s)
{
	while (**at) {
		const char *line = *at;
		size_t n = strcspn(line, "\n");

		*at = line + n + (line[n] == '\n');
		if (*line == '[') {
			s->section = line;
			s->nsection = n;
		} else if (n) {
			s->line = line;
			s->n = n;
			return true;
		}
	}
	return false;
}

static size_t key_of(const struct setting *s)
{
	const char *eq = memchr(s->line, '=', s->n);

	return eq ? (size_t)(eq - s->line) : s->n;
}

static bool matters(const struct setting *s)
{
	char name[64];

	lode_fmt(name, sizeof name, "%.*s %.*s", (int)s->nsection, s->section, (int)strcspn(s->line, "= \n"), s->line);
	for (size_t i = 0; i < sizeof may_differ / sizeof may_differ[0]; i++)
		if (!strcmp(name, may_differ[i]))
			return false;
	return true;
}

/* Under the same title: this key with whatever value, or the same line. */
static bool has(const char *text, const struct setting *want, bool whole)
{
	struct setting s = {.section = ""};
	size_t n = whole ? want->n : key_of(want);

	while (next_setting(&text, &s))
		if (s.nsection == want->nsection && !memcmp(s.section, want->section, s.nsection) && (whole ? s.n : key_of(&s)) == n && !memcmp(s.line, want->line, n))
			return true;
	return false;
}

/* The first setting that matters of a, but not of b. unsaid: what holds where b does not know the key, because an earlier version wrote it. */
static bool differs(const char *a, const char *b, const char *unsaid, char *out, size_t len)
{
	struct setting s = {.section = ""};
	int title;

	while (next_setting(&a, &s)) {
		if (!matters(&s) || has(b, &s, true) || (!has(b, &s, false) && has(unsaid, &s, true)))
			continue;
		title = s.nsection > 2 ? (int)s.nsection - 2 : 0;
		lode_fmt(out, len, "%.*s%s%.*s", title, title ? s.section + 1 : "", title ? "." : "", (int)s.n, s.line);
		return true;
	}
	return false;
}

static int same_spec(struct tune_sitting *g, const char *spec)
{
	struct tune_spec *defaults = calloc(1, sizeof *defaults);
	char now[sizeof g->s.spec], was[128] = "nothing", is[128] = "nothing";
	struct lode_buf unsaid;
	bool other;

	if (!defaults)
		return lode_err_set(g->err, ENOMEM, "no memory");
	lode_buf_init(&unsaid, sizeof g->s.spec - 1);
	tune_spec_init(defaults);
	tune_spec_print(defaults, &unsaid);
	tune_history_text(spec, now, sizeof now);
	other = differs(g->s.spec, now, "", was, sizeof was);
	other |= differs(now, g->s.spec, lode_buf_str(&unsaid), is, sizeof is);
	lode_buf_fini(&unsaid);
	tune_spec_fini(defaults);
	free(defaults);
	return other ? lode_err_set(g->err, EEXIST, "'%.50s' holds the history of another task: there it is '%.55s', now '%.55s'. Name another folder", g->spec->out, was, is) : 0;
}

/* What the task's paths hold, as a history keeps it. */
static int look_at_given(const struct tune_sitting *g, char out[sizeof g->s.given])
{
	char now[sizeof g->s.given] = "";
	int r = g->w->given ? g->w->given(g->w->self, now, sizeof now, g->err) : 0;

	tune_history_text(now, out, sizeof g->s.given);
	return r;
}

static int same_given(struct tune_sitting *g)
{
	char now[sizeof g->s.given], was[128] = "nothing", is[128] = "nothing";
	int r = look_at_given(g, now);
	bool other;

	if (r)
		return r;
	other = differs(g->s.given, now, "", was, sizeof was);
	other |= differs(now, g->s.given, "", is, sizeof is);
	if (g->s.given[0] && other)
		return lode_err_set(g->err, EEXIST, "'%.50s' holds what was measured with something else: then '%.55s', now '%.55s'. Name another folder", g->spec->out, was, is);
	lode_fmt(g->s.given, sizeof g->s.given, "%s", now);
	return 0;
}

static int same_task(struct tune_sitting *g, const char *spec)
{
	int r = same_spec(g, spec);

	if (r)
		return r;
	if (strcmp(g->s.machine, g->w->machine) != 0)
		return lode_err_set(g->err, EEXIST, "the history in '%.50s' is of another machine (%.70s; this one: %.70s): its runs say nothing here. Name another folder",
				    g->spec->out, g->s.machine, g->w->machine);
	lode_fmt(g->s.spec, sizeof g->s.spec, "%s", spec);
	return same_given(g);
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
	r = r ? r : look_at_given(g, g->s.given);
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
	if (spec.failed) {
		lode_buf_fini(&spec);
		return lode_err_set(g->err, E2BIG, "the settings are too long to be remembered (%zu characters at the most): put the command into a script", sizeof g->s.spec - 1);
	}
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
