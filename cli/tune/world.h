/* What the loop acts through: the real benchmark, advisor and OPTIONS files (world.c), or simulated ones (tests). */
#ifndef LODE_TUNE_WORLD_H
#define LODE_TUNE_WORLD_H

#include "tune/loop.h"
#include "tune/propose.h"
#include "tune/run.h"

struct tune_world {
	void *self;
	const char *machine; /* in words, without names */
	/* The OPTIONS file to begin with. 0 or -errno. */
	int (*start)(void *self, const char *path, struct lode_err *err);
	/* What the task's paths hold now, a line each (given.h). 0 or -errno. NULL: that is not known. */
	int (*given)(void *self, char *out, size_t len, struct lode_err *err);
	/* One run; as tune_bench_run. */
	int (*run)(void *self, const char *file, const char *label, uint64_t seed, tune_watch_fn *watch, void *ctx, struct tune_result *out);
	void (*propose)(void *self, const struct tune_view *v, struct tune_proposal *out);
	/* One long run of a file in which the live tuner tries what it can: its wishes. 0, -EINTR or -errno. NULL: there is none. */
	int (*live)(void *self, const char *file, uint64_t seed, tune_watch_fn *watch, void *ctx, struct tune_proposal *out);
	/* `from` with the wishes, as far as they can be had, to a file that RocksDB takes. 0; -EINVAL: refused, and err says by whom and why; another -errno:
	 * it could not be tried. fix has room for TUNE_FIXES_MAX and is filled in any case. */
	int (*make)(void *self, const char *from, const struct tune_wish *wish, size_t n, const char *to, struct tune_fix *fix, size_t *nfix, struct lode_err *err);
	/* The last file for people: best, with what each change has gained in comments. h is NULL if that is the first one: there is nothing to say of it. */
	int (*finish)(void *self, const struct tune_history *h, const char *best, const char *to, struct lode_err *err);
	double (*now)(void *self); /* seconds, from anywhere */
};

/* tune_loop in any world. The folder spec->out is made. */
int tune_loop_in(const struct tune_world *w, const struct tune_spec *spec, struct tune_history *h, tune_progress_fn *progress, void *ctx, struct lode_err *err);

#endif
