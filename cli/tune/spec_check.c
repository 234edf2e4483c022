/* Whether what was said fits together, before anything is started; and the objective in words. */
#include "tune/spec.h"

#include "base/num.h"
#include "tune/adapter.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Runs have folders of their own: every path becomes absolute. */
static int make_absolute(char *path, size_t len, const char *what, struct lode_err *err)
{
	char cwd[PATH_MAX], whole[PATH_MAX];

	if (!*path || *path == '/')
		return 0;
	if (!getcwd(cwd, sizeof(cwd)))
		return lode_err_set(err, errno, "the working directory is not to be had: %s", strerror(errno));
	if (snprintf(whole, sizeof(whole), "%s/%s", cwd, path) >= (int)sizeof(whole) || strlen(whole) >= len)
		return lode_err_set(err, ENAMETOOLONG, "%s is too long a path", what);
	snprintf(path, len, "%s", whole);
	return 0;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int check_paths(struct tune_spec *s, struct lode_err *err)
{
	char at[PATH_MAX];

	if (make_absolute(s->options, sizeof(s->options), "workload.options", err) || make_absolute(s->database, sizeof(s->database), "workload.database", err) ||
	    make_absolute(s->scratch, sizeof(s->scratch), "run.scratch", err) || make_absolute(s->out, sizeof(s->out), "output.dir", err))
		return -err->code;
	if (*s->options && access(s->options, R_OK))
		return lode_err_set(err, errno, "the OPTIONS file %.140s cannot be read: %s", s->options, strerror(errno));
	snprintf(at, sizeof(at), "%s/CURRENT", s->database);
	if (*s->database && access(at, R_OK))
		return lode_err_set(err, errno, "%.140s is no database: it has no CURRENT that can be read", s->database);
	if (*s->scratch && !is_directory(s->scratch))
		return lode_err_set(err, ENOTDIR, "run.scratch: %.140s is no directory", s->scratch);
	return 0;
}

static int check_fit(const struct tune_spec *s, struct lode_err *err)
{
	if (s->adapter == TUNE_ADAPT_SCRIPT && !*s->options)
		return lode_err_set(err, EINVAL, "a script needs an OPTIONS file to start from: --options FILE (workload.options)");
	if (s->adapter == TUNE_ADAPT_SCRIPT && *s->measure)
		return lode_err_set(err, EINVAL, "workload.measure is for db_bench; a script measures what it likes");
	if (s->adapter == TUNE_ADAPT_DB_BENCH && *s->prepare)
		return lode_err_set(err, EINVAL, "workload.prepare is for scripts; db_bench fills by its own --benchmarks=fillrandom,...");
	if (*s->prepare && *s->database)
		return lode_err_set(err, EINVAL, "workload.prepare and workload.database: only one of them");
	if (s->timeout > 0 && s->seconds > s->timeout)
		return lode_err_set(err, EINVAL, "run.timeout is shorter than a run (budget.seconds)");
	return 0;
}

int tune_spec_check(struct tune_spec *s, struct lode_err *err)
{
	struct lode_err local = {0};
	int rc;

	err = err ? err : &local;
	if (!s->argv && *s->command && (rc = tune_words_split(s->command, &s->argv, err)))
		return rc;
	if (!s->argv || !s->argv[0])
		return lode_err_set(err, EINVAL, "there is no command to run: put it after --, or into workload.command");
	if (s->adapter == TUNE_ADAPT_AUTO)
		s->adapter = tune_db_bench_word(s->argv) >= 0 ? TUNE_ADAPT_DB_BENCH : TUNE_ADAPT_SCRIPT;
	if (s->adapter == TUNE_ADAPT_DB_BENCH && (rc = tune_db_bench_take(s, err)))
		return rc;
	if (*s->database) /* it is as it is, for every file */
		s->refill = 0;
	rc = check_paths(s, err);
	return rc ? rc : check_fit(s, err);
}

static void add_limit(struct lode_buf *out, const char *name, double v, const char *unit)
{
	if (v > 0)
		lode_buf_addf(out, ", %s <= %g%s", name, v, unit);
}

void tune_spec_show_objective(const struct tune_spec *s, struct lode_buf *out)
{
	char text[40];

	if (s->aim == TUNE_AIM_LATENCY)
		lode_buf_addf(out, "%s of %s", s->tail, *s->op ? s->op : "the commonest operation");
	else
		lode_buf_adds(out, s->aim == TUNE_AIM_COST ? "cost" : "throughput");
	add_limit(out, "p99 of get", s->p99_get * 1e6, " us");
	add_limit(out, "p99 of write", s->p99_write * 1e6, " us");
	add_limit(out, "p99 of seek", s->p99_seek * 1e6, " us");
	add_limit(out, "write amplification", s->write_amp, "");
	add_limit(out, "space amplification", s->space_amp, "");
	if (s->memory)
		lode_buf_addf(out, ", memory <= %s", lode_num_bytes((double)s->memory, text, sizeof(text)));
	if (s->space)
		lode_buf_addf(out, ", space <= %s", lode_num_bytes((double)s->space, text, sizeof(text)));
	if (s->p99_worse > 0)
		lode_buf_addf(out, ", no p99 longer by more than %g %%", s->p99_worse * 100);
}
