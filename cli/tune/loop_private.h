/* Inside of the loop: what one sitting holds. loop_open.c begins, loop.c goes from iteration to iteration, loop_runs.c measures. */
#ifndef LODE_TUNE_LOOP_PRIVATE_H
#define LODE_TUNE_LOOP_PRIVATE_H

#include "tune/aim.h"
#include "tune/compare.h"
#include "tune/early.h"
#include "tune/world.h"

#define TUNE_PATH_MAX 640

struct tune_sitting {
	const struct tune_world *w;
	const struct tune_spec *spec;
	struct tune_history *h;
	struct tune_state s;
	tune_progress_fn *progress; /* may be NULL */
	void *ctx;
	struct lode_err *err;
	double began, before;	/* w->now at its beginning; active time of earlier sittings */
	double run_s;		/* that a run takes, as far as is known; NAN */
	struct tune_early *early; /* of the run at hand; NULL: it may not be stopped */
	struct tune_progress p; /* as told last */
	char now[240];
	bool stopped;		/* progress said so */
	unsigned unasked;	/* times in a row, in this sitting, that the advisor could not be asked */
};

/* loop.c */
double tune_sitting_active(const struct tune_sitting *g);
double tune_sitting_left(const struct tune_sitting *g); /* seconds; INFINITY: no limit */
bool tune_sitting_has_time(const struct tune_sitting *g, unsigned pairs); /* for so many more, and for those that confirm at the end */
int tune_sitting_save(struct tune_sitting *g);		/* 0 or -errno with *g->err */
/* False: progress said stop. run and runs of g->p as they stand. */
bool tune_sitting_tell(struct tune_sitting *g, enum tune_phase phase, const struct tune_trial *ended, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool tune_sitting_pulse(struct tune_sitting *g); /* the same once more, within a run */
const char *tune_sitting_file(const struct tune_sitting *g, const char *name, char path[TUNE_PATH_MAX]);
const char *tune_sitting_best(const struct tune_sitting *g, char path[TUNE_PATH_MAX]);
const char *tune_sitting_candidate(const struct tune_sitting *g, unsigned number, char path[TUNE_PATH_MAX]);

/* loop_open.c: 0 or -errno with *g->err. -EEXIST: what is there is the history of another task. */
int tune_sitting_open(struct tune_sitting *g);

/* loop.c, for iterations */
unsigned tune_sitting_since_kept(const struct tune_sitting *g); /* iterations in which the advisor could be asked */
double tune_sitting_tokens_left(const struct tune_sitting *g);  /* INFINITY: no limit */
int tune_sitting_copy(const char *from, const char *to, struct lode_err *err);
/* loop_iterate.c. *over: the advisor has nothing more. */
int tune_sitting_iterate(struct tune_sitting *g, bool *over);

/* loop_runs.c: 0; -EINTR: stopped; another -errno with *g->err. Each goes on where the shots of the state end. */
int tune_sitting_baseline(struct tune_sitting *g);
int tune_sitting_compare(struct tune_sitting *g); /* fills verdict, reason and figures of s.open */
int tune_sitting_live(struct tune_sitting *g, struct tune_proposal *out); /* out->n is 0: nothing was proven */
int tune_sitting_confirm(struct tune_sitting *g); /* fills gain, lo, hi and pairs of the history */
unsigned tune_sitting_confirm_pairs(const struct tune_sitting *g);
void tune_sitting_forget_shots(struct tune_sitting *g);
/* Candidate's runs of the shots become those of the best. */
void tune_sitting_promote(struct tune_sitting *g);

#endif
