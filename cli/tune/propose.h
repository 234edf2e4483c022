/* What to change next: the wishes of the built-in expert, of a language model, or of chance. None of them sees more than a view, and none of them can do more than wish:
 * calibrate.h makes a file of it, and compare.h finds out what it is worth. */
#ifndef LODE_TUNE_PROPOSE_H
#define LODE_TUNE_PROPOSE_H

#include "tune/calibrate.h"
#include "tune/history.h"
#include "tune/spec.h"

struct tune_view { /* all borrowed for the call */
	const struct tune_spec *spec;
	const struct tune_history *past;
	const char *best_file;		   /* the OPTIONS file of the best so far */
	const struct tune_result *best;	   /* its last whole run; its statistics may be NULL */
	const struct tune_result *last;	   /* the last candidate's run, if that was not kept; NULL */
	unsigned iteration;
	uint64_t seed;			   /* of this iteration */
	unsigned since_kept;		   /* iterations since something was kept */
	double time_left, tokens_left;	   /* INFINITY: no limit */
	bool (*pulse)(void *ctx);	   /* some times a second by whoever waits; false: wait no longer. NULL: nobody asks */
	void *ctx;
	/* the world's: what it knows besides */
	const struct tune_config *config;  /* best_file, read */
	const struct tune_space *space;
	const struct tune_limits *limits;
	const char *workload;		   /* in words, without names and paths */
};

struct tune_proposal {
	struct tune_wish wish[TUNE_WISHES_MAX];
	size_t n; /* 0: nothing, and why says why */
	bool last; /* nothing will come later either */
	bool unasked; /* n is 0: whoever advises could not be asked */
	char advisor[24], rule[64], why[600];
	unsigned calls;
	uint64_t tokens_in, tokens_out;
};

struct tune_proposer;
struct tune_proposer_ops {
	void (*propose)(struct tune_proposer *p, const struct tune_view *v, struct tune_proposal *out);
	void (*free)(struct tune_proposer *p);
};
struct tune_proposer { /* each begins with it */
	const struct tune_proposer_ops *ops;
};

/* One that remembers nothing between questions, and how it is freed. ops must outlive it. */
struct tune_proposer *tune_proposer_plain(const struct tune_proposer_ops *ops, struct lode_err *err);
void tune_proposer_plain_free(struct tune_proposer *p);

struct tune_proposer *tune_propose_expert(struct lode_err *err);
struct tune_proposer *tune_propose_model(const struct tune_spec *s, struct lode_err *err);
struct tune_proposer *tune_propose_random(struct lode_err *err);

#endif
