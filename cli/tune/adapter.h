/* How a benchmark is told what to do, and how its result is read: what db_bench and a script have in common. */
#ifndef LODE_TUNE_ADAPTER_H
#define LODE_TUNE_ADAPTER_H

#include "tune/spec.h"

/* A command line and an environment that grow; NULL at the end of each. */
struct tune_call {
	char **argv, **env;
	size_t argc, nenv;
	bool failed; /* no memory */
};
void tune_call_word(struct tune_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tune_call_env(struct tune_call *c, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* in place of one of that name */
/* This process's environment without what would reach the benchmark by accident: our own settings, our preload. */
void tune_call_environment(struct tune_call *c);
void tune_call_fini(struct tune_call *c);

enum tune_errand { TUNE_FILL, TUNE_MEASURE, TUNE_DEFAULTS };

struct tune_where {
	const struct tune_spec *spec;
	enum tune_errand errand;
	const char *folder;	  /* of this run: out, err, report.csv, result.json, tmp */
	const char *db;		  /* the database */
	bool filled;		  /* there is one in it */
	const char *options_file; /* NULL: none (TUNE_DEFAULTS) */
	int64_t cache;		  /* size of the block cache; < 0: as the command says */
	uint64_t seed;
	double seconds; /* 0 = as the command says */
};

/* ---- db_bench ---- */

struct tune_workload {
	char fill[256], measured[256]; /* its benchmarks, in order, separated by commas */
	bool invented;		       /* the command names no fill, and without one there would be nothing to read */
	unsigned parts;		       /* of what is measured, chores left out, repeats counted: each has --duration and a report file of its own */
};

int tune_db_bench_word(char *const *argv); /* which word is db_bench; -1 */
/* What the command line says that is ours to say: the options file, an existing database. -EINVAL if it cannot work. */
int tune_db_bench_take(struct tune_spec *s, struct lode_err *err);
int tune_db_bench_workload(const struct tune_spec *s, struct tune_workload *out, struct lode_err *err);
void tune_db_bench_call(const struct tune_where *w, const struct tune_workload *load, struct tune_call *out);
/* The value of a flag in a command, "" if it has none; in the text that --help prints. False: it is not there. */
bool tune_db_bench_flag(char *const *argv, const char *name, char *out, size_t len);
bool tune_db_bench_default(const char *help, const char *name, char *out, size_t len);

/* ---- script ---- */

void tune_script_call(const struct tune_where *w, struct tune_call *out);
/* The JSON file that it wrote. 0 or -EBADMSG with a sentence. folder: of the run, for "statistics". */
int tune_script_read(const char *text, size_t len, const char *folder, struct tune_result *out, struct lode_err *err);

#endif
