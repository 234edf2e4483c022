/* What the files behind run.h share. */
#ifndef LODE_TUNE_BENCH_PRIVATE_H
#define LODE_TUNE_BENCH_PRIVATE_H

#include "tune/adapter.h"
#include "tune/child.h"
#include "tune/fence.h"
#include "tune/figures.h"
#include "tune/run.h"

#include <limits.h>

#define TUNE_BASES 3 /* of the first file, of the best, of a candidate */

struct tune_base { /* a database that runs start from */
	char path[600];
	uint64_t form; /* of the options that it was filled with: tune_bench_form */
	unsigned used; /* when, as a number; 0 = it is not there */
};

struct tune_bench {
	const struct tune_spec *spec;
	struct tune_workload load; /* db_bench */
	const volatile sig_atomic_t *stop;
	char scratch[512];
	char start[640]; /* the OPTIONS file that everything starts from; "" = not said */
	bool fills; /* runs start from a database that we fill; else from spec->database, or from none */
	struct tune_base base[TUNE_BASES];
	unsigned turn;
	char library[PATH_MAX];
	int lock;
	struct tune_fence fence;
	double longest;	 /* seconds of the longest good run */
	struct lode_buf notes;
	bool noted_missed;
};

/* What happens while a command runs. */
struct tune_attempt {
	struct tune_call call;
	char folder[PATH_MAX], out[PATH_MAX], err[PATH_MAX], progress[PATH_MAX];
	enum tune_rates_form form;
	struct tune_rates rates;
	double timeout; /* seconds; 0 = none */
	bool measured;	/* operations are expected */
	bool fenced;	/* within the limits of the spec */
	tune_watch_fn *watch;
	void *ctx;
	/* afterwards */
	struct tune_child child;
	double wall;
	enum tune_end end; /* TUNE_RAN: by itself, whatever its exit status */
	char why[240];
};

/* attempt.c: runs it to whatever end. 0, -EINTR (everything was killed), or -errno if it could not be tried, with a sentence. */
int tune_attempt(struct tune_bench *b, struct tune_attempt *a, struct lode_err *err);
void tune_attempt_fini(struct tune_attempt *a);
/* The last lines of what it printed, as people may read them. */
void tune_attempt_words(const struct tune_attempt *a, char *out, size_t len);

/* run.c: an empty folder below the scratch folder, and in *a what every command gets. */
int tune_bench_folder(struct tune_bench *b, const char *name, struct tune_attempt *a, struct lode_err *err);
/* The limits of the spec, before anything else is put into the command line. For filling, too: who writes a file is charged for its pages. */
void tune_bench_fence(const struct tune_bench *b, struct tune_attempt *a);
/* Seconds that a run may take in all; seconds: that each benchmark of it is asked for, 0 = as the command says. */
double tune_bench_allows(const struct tune_bench *b, double seconds);
/* The command line and the environment of an errand. */
void tune_bench_place(const struct tune_bench *b, struct tune_attempt *a, struct tune_where *w);
/* Why a command did not do what it should have, with its last words. False: it did. */
bool tune_bench_wrong(const struct tune_attempt *a, enum tune_end *end, char *out, size_t len);

/* bench_base.c: an OPTIONS file as a run gets it: without folders outside of the scratch folder. The block cache's size, which has no place in it, stands in
 * a comment; -1: it does not. */
/* The database that runs with this file start from, filled if need be; NULL: they start from none. -EIO: it could not be filled. */
int tune_bench_base(struct tune_bench *b, const char *options_file, const char **path, struct lode_err *err);
/* A number for the form of the files that a database has when it was written with these options: compression, filters, sizes, levels. */
uint64_t tune_bench_form(const char *options);
int tune_bench_options(const char *from, const char *to, int64_t *cache, struct lode_err *err);

/* probe.c: a figure of the first job in what fio prints; NAN. */
double tune_probe_read(const char *json, const char *member, const char *figure);

#endif
