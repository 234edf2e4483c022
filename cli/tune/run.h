/* One benchmark at a time: in a process group of its own, in a scratch folder of our own, from the same database each time.
 *
 * A run has one of the ends of tune.h, whatever the command does: fail, hang, print garbage, fill the disk, leave processes behind.
 * The folder and every process below it are gone after tune_bench_free, after the death of this process, or at the latest when the next one starts. */
#ifndef LODE_TUNE_RUN_H
#define LODE_TUNE_RUN_H

#include "tune/spec.h"
#include "tune/tune.h"

#include <signal.h>

struct tune_bench;

/* About once a second while the measured part runs: seconds of it, operations so far. false = stop it (TUNE_STOPPED). */
typedef bool tune_watch_fn(void *ctx, double seconds, double ops_so_far);

/* spec is borrowed and must have been checked. Makes the scratch folder, and removes those that nobody lives in. */
int tune_bench_new(const struct tune_spec *spec, struct tune_bench **out, struct lode_err *err);
void tune_bench_free(struct tune_bench *b);
/* Once *stop is not 0, whatever runs is killed and every call returns -EINTR. May be NULL. */
void tune_bench_stop_with(struct tune_bench *b, const volatile sig_atomic_t *stop);
const volatile sig_atomic_t *tune_bench_stop_flag(const struct tune_bench *b); /* the same, for whatever else it should stop */

/* One run. 0: *out holds how it ended (tune_result_fini is the caller's). -EINTR; another -errno if it could not even be tried: *out then says why. The first call also
 * fills the database that all runs start from, where the workload needs one, with the starting options. */
int tune_bench_run(struct tune_bench *b, const char *options_file, const char *label, uint64_t seed, tune_watch_fn *watch, void *ctx,
		   struct tune_result *out);

/* The same with more: variables for its environment, words before the command, another length. */
struct tune_run {
	const char *options_file, *label;
	uint64_t seed;
	double seconds;		 /* 0 = the spec's */
	const char *const *env;	 /* "NAME=VALUE", NULL at the end; @RUN@ becomes the folder of this run; NULL = none */
	const char *const *wrap; /* words before the command, likewise; NULL = none */
	tune_watch_fn *watch;
	void *ctx;
	/* Called with the folder of the run before it is removed, whatever its end; NULL = not. */
	void (*look)(void *ctx, const char *folder);
};
int tune_bench_run_with(struct tune_bench *b, const struct tune_run *how, struct tune_result *out);

/* The OPTIONS file that everything starts from, fit for benchmarks (tune_start_file); it is looked at when a database is filled. The operator's own file is
 * never: db_bench destroys and cleans up what its options describe, a wal_dir outside of the scratch folder, too. */
void tune_bench_start_with(struct tune_bench *b, const char *options_file);
/* Fills the database that all runs start from; a no-op where there is none to fill or it was filled. tune_bench_run does it by itself. */
int tune_bench_prepare(struct tune_bench *b, struct lode_err *err);

/* Writes the OPTIONS file that RocksDB itself writes for the benchmark's own defaults, with "# lodestone: block_cache_size=N" where it is known.
 * -ENOTSUP for a script: it must be given a file. */
int tune_bench_defaults(struct tune_bench *b, const char *path, struct lode_err *err);

/* Where the spec asks for it (--probe): what the disk does, in words, "" if there is no fio. Kept in the folder of results, which must be there. 0 or -EINTR. */
int tune_bench_probe(struct tune_bench *b, char *out, size_t len);

const char *tune_bench_rocksdb_library(const struct tune_bench *b); /* the librocksdb that the command is linked with, or NULL */
const char *tune_bench_scratch(const struct tune_bench *b);	    /* a folder for whatever else has to be gone afterwards */
const char *tune_bench_notes(const struct tune_bench *b);	    /* what an operator should know, a line each; "" = nothing */
void tune_bench_note(struct tune_bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* once each */
const char *tune_bench_benchmarks(const struct tune_bench *b);	    /* what is measured: "readrandom"; "" for a script */

#endif
