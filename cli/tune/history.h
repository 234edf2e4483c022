/* What the loop knows, on disk: one JSON file, written whole after every step, so that an end at any point loses no run. A sum stands in its first line: a file
 * that was cut or edited is refused, never half believed. Format and members: docs/offline.md. */
#ifndef LODE_TUNE_HISTORY_H
#define LODE_TUNE_HISTORY_H

#include "tune/tune.h"

enum tune_stage { TUNE_AT_BASELINE, TUNE_AT_TRIAL, TUNE_AT_FINAL, TUNE_AT_END };

struct tune_shot { /* one run of the comparison under way */
	unsigned pair; /* 0, 1, ... */
	bool candidate;
	struct tune_result result;
};

#define TUNE_SHOTS_MAX 64
#define TUNE_TRIALS_MAX 10000
#define TUNE_BEST_KEPT 4

struct tune_state { /* where it stands: with it an interrupted loop goes on, in the middle of a comparison too */
	char spec[12288];    /* what it was asked, a line each "name = value": a loop that goes on must be asked the same */
	char machine[400];
	char given[2048];    /* what it found behind the paths in it (given.h); "": written by a version that did not look */
	enum tune_stage stage;
	struct tune_trial open; /* TUNE_AT_TRIAL: the iteration under way, without its verdict; number 0: none */
	struct tune_wish wish[TUNE_WISHES_MAX]; /* of it, until its file is made */
	size_t nwish;
	bool made;	    /* its file is there, and RocksDB has taken it */
	struct tune_shot *shot; /* of this stage so far, in the order in which they ran; malloc'd */
	size_t nshot;
	struct tune_result best[TUNE_BEST_KEPT]; /* the last whole runs of the best file, oldest first */
	size_t nbest;
	struct tune_result last; /* of the last candidate that ran */
	double noise_ss, noise_df; /* what pairs of equal files differ by: squares of log ratios, and how many */
	unsigned best_trial;	 /* whose file is the best; 0: the one that it began with */
	unsigned lived;		 /* the live tuner has had a run with that file of best_trial + 1; 0: with none */
};

void tune_history_init(struct tune_history *h, struct tune_state *s); /* s may be NULL, here and below */
void tune_history_fini(struct tune_history *h, struct tune_state *s);
/* A new trial at the end; NULL: no memory. */
struct tune_trial *tune_history_add(struct tune_history *h, const struct tune_trial *t);

int tune_history_save(const char *path, const struct tune_history *h, const struct tune_state *s, struct lode_err *err);
/* Both are initialised by it, also on error. -ENOENT: there is none. -EINVAL: it is none that we wrote whole. */
int tune_history_load(const char *path, struct tune_history *h, struct tune_state *s, struct lode_err *err);
uint64_t tune_history_sum(const char *text, size_t len);
/* A string as it comes back from there: bytes that are no UTF-8 have been replaced, and what is too long then is cut. */
void tune_history_text(const char *text, char *out, size_t len);

void tune_trial_init(struct tune_trial *t);	/* all that is not known is NAN */
void tune_result_init(struct tune_result *r);
bool tune_result_copy(struct tune_result *to, const struct tune_result *from); /* *to: initialised or zeroed; false: no memory, and *to is initialised */
/* Adds to *s: means of what is known, the spread of ops_per_sec. */
void tune_summarise(const struct tune_result *const *r, size_t n, struct tune_summary *s);

const char *tune_verdict_name(enum tune_verdict v); /* "kept", "worse", ... */
const char *tune_end_name(enum tune_end e);
const char *tune_fate_name(enum tune_fate f); /* calibrate.c */

#endif
