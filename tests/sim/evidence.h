/* Trials by the thousand on one source of intervals, made up or recorded; what the judge and the rules of others said; and the tables of that. */
#ifndef TEST_EVIDENCE_H
#define TEST_EVIDENCE_H

#include "judge/trial.h"
#include "sim/naive.h"

#include <stdio.h>

#define RULES_MAX 8

/* Where intervals come from: the next one with this arm live. It is valid until the next call. */
struct play {
	const struct lode_interval *(*next)(void *self, enum lode_arm arm);
	double (*rate)(void *self); /* operations per second of the interval just given, as a closed loop would show them */
	void *self;
};

/* One trial as the agent runs it: `past` units of quiet history of `unit` seconds each, baseline, scales, then intervals until the verdict. */
struct lode_verdict play_trial(const struct play *p, enum lode_design design, const struct lode_pace *pace, uint64_t seed, size_t past, double unit);
/* The rules of others on a before and after of the same source. interval: seconds. */
void play_naive(const struct play *p, double interval, struct naive_call *out);

/* A revert for which evidence was claimed, as against one for lack of it. */
bool verdict_blames(const struct lode_verdict *v);
/* A revert as a precaution: a heavy loss, no evidence asked. */
bool verdict_careful(const struct lode_verdict *v);

struct tally {
	unsigned n, up, down, careful, undecided, invalid;
	unsigned fast;	/* right within what the bar asks; the caller counts */
	unsigned covered, bounded; /* intervals that hold the true effect, of those that are finite */
	double *seconds; /* of each decision for or against, n of them at most */
	unsigned decided;
};

struct cell { /* one kind of noise, one effect: ours first, then naive_rule[] */
	char noise[40];
	double phi, effect; /* phi: NAN where noise was recorded. effect: 0.1 = 10 % faster */
	const char *design;
	struct tally by[RULES_MAX];
	bool naive;
};

int cell_init(struct cell *c, unsigned trials); /* 0 or -ENOMEM */
void cell_free(struct cell *c);
void cell_add_verdict(struct cell *c, const struct lode_verdict *v);
void cell_add_naive(struct cell *c, const struct naive_call *call);

void cells_csv(FILE *f, const struct cell *c, size_t n, bool head);
void cells_markdown(FILE *f, const struct cell *c, size_t n, bool head); /* a row each, ours alone */
/* A row for each rule and effect: the worst of the cells. */
void cells_summary(FILE *f, const struct cell *c, size_t n);

/* k of n against a bar, with what luck may add at three standard deviations: the sample is fixed, the rate is not. Prints a broken one. */
bool bar_holds(const struct cell *c, const char *what, unsigned k, unsigned n, double bar, bool at_most);

#endif
