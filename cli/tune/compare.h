/* Is a candidate better than the best so far? Values only: log ratios of interleaved pairs of runs go in, a leaning and an interval come out.
 *
 * A pair is one run of each file, in random order; its difference is log(score of the candidate / score of the best). The scale of differences between
 * equal files is known beforehand, from repeated runs of one file, and is pooled with what the pairs differ among themselves. After each pair
 * from the second on Student's t is looked up at alpha / (looks allowed), so that all looks together err with alpha at the most (union bound; normal differences). docs/offline.md has the
 * error rates where they are not normal. */
#ifndef LODE_TUNE_COMPARE_H
#define LODE_TUNE_COMPARE_H

#include "tune/tune.h"

#define TUNE_PAIRS_MAX 24
#define TUNE_PAIRS_LEAST 2 /* before anything is said: one run may have met with anything */

struct tune_contest {
	double alpha;	    /* that a file which is no better is kept; the same for "worse" */
	double worthwhile;  /* log of the least gain worth keeping */
	unsigned pairs;	    /* at the most */
	double ss, df;	    /* differences of equal files, known beforehand: their squares added up, and how many */
	double d[TUNE_PAIRS_MAX];
	unsigned n;
};

enum tune_leaning {
	TUNE_OPEN,     /* another pair */
	TUNE_BETTER,   /* shown, and worthwhile */
	TUNE_LESS,     /* shown to be worse */
	TUNE_SMALL,    /* shown to be less than worthwhile, or it could hardly be shown any more */
	TUNE_RUN_OUT,  /* of pairs */
};

struct tune_reading {
	double mean, lo, hi; /* log ratios; the ends hold at all looks together, each with 1 - alpha. NAN before the first pair */
	double sd;	     /* of a difference, as pooled */
};

void tune_contest_add(struct tune_contest *c, double difference); /* ignored if it is not finite or beyond the pairs allowed */
enum tune_leaning tune_contest_look(const struct tune_contest *c, struct tune_reading *out);
/* With a fixed number of pairs and one look at the end: the two-sided interval at 1 - alpha. */
void tune_contest_close(const struct tune_contest *c, struct tune_reading *out);
/* What n pairs of this contest teach about the scale: n - 1 squares. For the next contest's ss and df. */
void tune_contest_teach(const struct tune_contest *c, double *ss, double *df);
/* The scale from n runs of one file: x are log scores. */
void tune_contest_learn(const double *x, size_t n, double *ss, double *df);

/* The value that Student's t with df degrees exceeds with probability p (0 < p < 0.5); INFINITY for df <= 0. */
double tune_student(double p, double df);

#endif
