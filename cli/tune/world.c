/* The world as it is: benchmark, machine, OPTIONS files, RocksDB's own word on them, and an advisor. */
#include "tune/world.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/num.h"
#include "sense/machine.h"
#include "tune/given.h"
#include "tune/live.h"
#include "tune/prove.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MEMORY_SHARE 0.6 /* of the memory that the benchmark may use: for memtables and block cache together */
#define NOTES_MAX 128

struct real {
	const struct tune_spec *spec;
	struct tune_bench *bench;
	struct tune_space *space;
	struct tune_limits limits;
	struct tune_prover prover;
	struct tune_proposer *proposer;
	const char *folder; /* for the defaults */
	char machine[400], workload[400], defaults[640];
};

/* ---- what it is ---- */

static void describe_machine(struct real *w, const struct lode_machine *m)
{
	char memory[32], limit[32];

	lode_fmt(w->machine, sizeof w->machine, "%.4g processors%s%s%s, %s of memory%s%s, disk %s", w->spec->cpus > 0 ? fmin(w->spec->cpus, m->cores) : m->cores,
		 *m->cpu ? " (" : "", m->cpu, *m->cpu ? ")" : "", lode_num_bytes((double)m->mem_limit, memory, sizeof memory),
		 w->spec->memory_limit > 0 ? ", of which the benchmark may use " : "",
		 w->spec->memory_limit > 0 ? lode_num_bytes((double)w->spec->memory_limit, limit, sizeof limit) : "", lode_disk_name(m->disk));
}

/* Flags of db_bench whose values are plain numbers: what the work is, without a path or a name. */
static void describe_workload(struct real *w)
{
	const char *name = tune_bench_benchmarks(w->bench);
	size_t at = (size_t)lode_fmt(w->workload, sizeof w->workload, "%s", *name ? name : "a program of the operator's");

	for (char **a = w->spec->argv; a && *a && at < sizeof w->workload - 1; a++) {
		size_t eq = strcspn(*a, "=");

		if (!strncmp(*a, "--", 2) && (*a)[eq] && (*a)[eq + 1] && !(*a)[eq + 1 + strspn(*a + eq + 1, "0123456789.-")])
			at += (size_t)lode_fmt(w->workload + at, sizeof w->workload - at, " %.60s", *a + 2);
	}
}

static void find_limits(struct real *w, const struct lode_machine *m)
{
	double memory = w->spec->memory_limit > 0 ? fmin((double)w->spec->memory_limit, (double)m->mem_limit) : (double)m->mem_limit;
	struct rlimit files;

	if (w->spec->memory > 0)
		memory = fmin(memory, (double)w->spec->memory);
	w->limits = (struct tune_limits){.memory = (uint64_t)(MEMORY_SHARE * memory),
					 .cores = w->spec->cpus > 0 ? fmin(w->spec->cpus, m->cores) : m->cores,
					 .disk = w->spec->scratch_limit > 0 ? (uint64_t)w->spec->scratch_limit : 0,
					 .files = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY ? files.rlim_cur : 0,
					 .codecs = tune_prove_codecs(&w->prover)};
}

/* ---- what it does ---- */

/* The options of this RocksDB: as it writes them itself, or, where nobody can make it, as the file to begin with has them. */
static int find_space(struct real *w, struct lode_err *err)
{
	int r;

	if (w->space)
		return 0;
	lode_fmt(w->defaults, sizeof w->defaults, "%.600s/defaults.ini", w->folder);
	r = tune_bench_defaults(w->bench, w->defaults, err);
	if (r == -ENOTSUP && w->spec->options[0]) {
		lode_fmt(w->defaults, sizeof w->defaults, "%s", w->spec->options);
		r = 0;
	}
	r = r ? r : tune_space_load(w->defaults, w->spec->allow, &w->space, err);
	return r ? r : tune_space_keep(w->space, w->spec->keep, err);
}

static int write_start(struct real *w, const char *path, struct lode_err *err)
{
	struct tune_fix fix[TUNE_FIXES_MAX];
	struct tune_config *c = NULL;
	size_t n = 0;
	int r = find_space(w, err);

	if (!r)
		r = tune_config_load(w->spec->options[0] ? w->spec->options : w->defaults, &c, err);
	if (!r)
		r = tune_space_adopt(w->space, c, w->spec->options[0] != '\0', fix, TUNE_FIXES_MAX, &n, err);
	for (size_t i = 0; !r && i < n; i++)
		tune_bench_note(w->bench, "the OPTIONS file's %s%s%s: %s", fix[i].name, *fix[i].from ? "=" : "", fix[i].from, fix[i].why);
	if (!r && n == TUNE_FIXES_MAX)
		tune_bench_note(w->bench, "and more of the OPTIONS file");
	if (!r)
		r = tune_config_write(c, path, NULL, err);
	tune_config_free(c);
	return r;
}

static int start(void *self, const char *path, struct lode_err *err)
{
	struct real *w = self;
	int r = write_start(w, path, err);

	if (!r) {
		r = tune_prove(&w->prover, path, NULL, err);
		r = r == -ENOSYS ? 0 : r; /* nobody can be asked: the benchmark itself will tell */
	}
	return r;
}

static int given(void *self, char *out, size_t len, struct lode_err *err)
{
	struct real *w = self;
	char version[32];
	int r = find_space(w, err);
	unsigned v = r ? 0 : tune_space_version(w->space);

	if (r)
		return r;
	lode_fmt(version, sizeof version, "%u.%u.%u", v / 10000, v / 100 % 100, v % 100);
	tune_given(w->spec, version, out, len);
	return 0;
}

static int run(void *self, const char *file, const char *label, uint64_t seed, tune_watch_fn *watch, void *ctx, struct tune_result *out)
{
	return tune_bench_run(((struct real *)self)->bench, file, label, seed, watch, ctx, out);
}

static int live(void *self, const char *file, uint64_t seed, tune_watch_fn *watch, void *ctx, struct tune_proposal *out)
{
	struct real *w = self;

	return tune_live_explore(w->bench, w->spec, file, seed, watch, ctx, out);
}

static double now(void *self)
{
	(void)self;
	return (double)lode_clock_mono(&lode_clock_real) / 1e9;
}

static void propose(void *self, const struct tune_view *given, struct tune_proposal *out)
{
	struct real *w = self;
	struct tune_view v = *given;
	struct tune_config *c = NULL;
	struct lode_err err = {0};

	*out = (struct tune_proposal){.last = true};
	if (find_space(w, &err) || tune_config_load(v.best_file, &c, &err)) {
		lode_fmt(out->why, sizeof out->why, "%s", err.msg);
		return;
	}
	v.config = c;
	v.space = w->space;
	v.limits = &w->limits;
	v.workload = w->workload;
	w->proposer->ops->propose(w->proposer, &v, out);
	tune_config_free(c);
}

/* ---- making a file ---- */

/* Writes it, shows it to RocksDB, and takes over what RocksDB made of it. */
static int write_proven(struct real *w, struct tune_config *c, const char *to, struct tune_fix *fix, size_t *nfix, struct lode_err *err)
{
	struct tune_config *written = NULL;
	int r = tune_config_write(c, to, NULL, err);

	if (r)
		return r;
	r = tune_prove(&w->prover, to, &written, err);
	if (r == -ENOSYS)
		r = 0;
	if (!r && written && tune_prove_settle(w->space, c, written, fix, nfix))
		r = tune_config_write(c, to, NULL, err);
	tune_config_free(written);
	return r;
}

static int make(void *self, const char *from, const struct tune_wish *wish, size_t n, const char *to, struct tune_fix *fix, size_t *nfix, struct lode_err *err)
{
	struct real *w = self;
	struct tune_config *before = NULL, *after = NULL;
	int r = find_space(w, err);

	*nfix = 0;
	if (!r)
		r = tune_config_load(from, &before, err);
	if (!r)
		r = tune_calibrate(w->space, before, &w->limits, wish, n, &after, fix, nfix, err);
	if (!r && tune_fixes_taken(fix, *nfix))
		r = write_proven(w, after, to, fix, nfix, err);
	tune_config_free(after);
	tune_config_free(before);
	return r;
}

/* ---- the last file ---- */

struct notes {
	struct tune_note note[NOTES_MAX];
	const char *fix[NOTES_MAX]; /* its name, with the family that may stand before it */
	char text[NOTES_MAX][300];
	size_t n;
};

/* Each option that a kept trial has changed: the last word on it. */
static void note(struct notes *to, const struct tune_trial *t, const struct tune_fix *f)
{
	const char *option = tune_fix_option(f->name);
	size_t i = 0;

	if (f->fate == TUNE_DROPPED || !strcmp(f->from, f->to))
		return;
	while (i < to->n && strcmp(to->fix[i], f->name) != 0)
		i++;
	if (i == NOTES_MAX)
		return;
	to->n += i == to->n;
	to->fix[i] = f->name;
	to->note[i] = (struct tune_note){option, to->text[i], option == f->name ? 0 : strtoul(f->name + 2, NULL, 10) + 1};
	lode_fmt(to->text[i], sizeof to->text[i], "was %s; iteration %u, with what else it changed: %+.1f %% (%+.1f %% to %+.1f %%)", *f->from ? f->from : "not set",
		 t->number, 100 * t->gain, 100 * t->lo, 100 * t->hi);
}

static int finish(void *self, const struct tune_history *h, const char *best, const char *to, struct lode_err *err)
{
	struct notes *notes = calloc(1, sizeof *notes);
	struct tune_config *c = NULL;
	struct tune_layout layout = {.final = true};
	char header[600];
	int r;

	(void)self;
	if (!notes)
		return lode_err_set(err, ENOMEM, "no memory");
	for (size_t i = 0; h && i < h->ntrial; i++)
		for (size_t k = 0; h->trial[i].verdict == TUNE_KEPT && k < h->trial[i].nfix; k++)
			note(notes, &h->trial[i], &h->trial[i].fix[k]);
	if (h) {
		lode_fmt(header, sizeof header,
			 "Written by lodestone tune for RocksDB %s.\nMeasured afresh at the end against the file that it began with: %+.1f %% (%+.1f %% to %+.1f %%, %u pairs of runs) of %.160s.",
			 h->version, 100 * h->gain, 100 * h->lo, 100 * h->hi, h->pairs, h->objective);
		layout.header = header;
		layout.note = notes->note;
		layout.nnote = notes->n;
	}
	r = tune_config_load(best, &c, err);
	if (!r)
		r = tune_config_write(c, to, &layout, err);
	tune_config_free(c);
	free(notes);
	return r;
}

/* ---- together ---- */

int tune_start_file(const struct tune_spec *spec, struct tune_bench *bench, const char *path, struct lode_err *err)
{
	struct real w = {.spec = spec, .bench = bench, .folder = tune_bench_scratch(bench)};
	int r = write_start(&w, path, err);

	tune_space_free(w.space);
	return r;
}

static struct tune_proposer *make_proposer(const struct tune_spec *s, struct lode_err *err)
{
	return s->advisor == TUNE_ADVISE_LLM ? tune_propose_model(s, err) : s->advisor == TUNE_ADVISE_RANDOM ? tune_propose_random(err) : tune_propose_expert(err);
}

int tune_loop(const struct tune_spec *spec, struct tune_bench *bench, struct tune_history *h, tune_progress_fn *progress, void *ctx, struct lode_err *err)
{
	struct real w = {.spec = spec, .bench = bench, .folder = spec->out};
	struct tune_world world = {.self = &w, .machine = w.machine, .start = start, .given = given, .run = run, .live = live, .propose = propose, .make = make, .finish = finish, .now = now};
	struct lode_machine m;
	char disk[200], path[640];
	int r;

	tune_history_init(h, NULL);
	lode_fmt(path, sizeof path, "%s/start.ini", spec->out);
	tune_bench_start_with(bench, path);
	if (!(w.proposer = make_proposer(spec, err)))
		return -EINVAL;
	lode_machine_read("", tune_bench_scratch(bench), &m);
	w.prover = (struct tune_prover){.library = tune_bench_rocksdb_library(bench), .scratch = tune_bench_scratch(bench), .stop = tune_bench_stop_flag(bench)};
	find_limits(&w, &m);
	describe_machine(&w, &m);
	describe_workload(&w);
	if (tune_bench_probe(bench, disk, sizeof disk) == 0 && *disk)
		lode_fmt(w.machine + strlen(w.machine), sizeof w.machine - strlen(w.machine), " %s", disk);
	r = tune_loop_in(&world, spec, h, progress, ctx, err);
	w.proposer->ops->free(w.proposer);
	tune_space_free(w.space);
	return r;
}
