/* How others decide, for comparison: the rules of published tuners and of canary judges, on a series of operations per second before a change and one
 * after it. Nothing of this is in the product. The formulas are those of the sources named in naive.c, written anew. */
#ifndef TEST_NAIVE_H
#define TEST_NAIVE_H

#include <stddef.h>

#define NAIVE_N 60 /* intervals before and after, where a rule does not say how many */

struct naive_series {
	const double *before, *after; /* operations per second, one value an interval */
	size_t nbefore, nafter;
	double interval; /* seconds */
};

struct naive_call {
	int side;	/* +1 it became faster, -1 slower, 0 nothing is claimed */
	double seconds; /* after the change */
};

struct naive_rule {
	const char *name;
	struct naive_call (*decide)(const struct naive_series *s);
};
extern const struct naive_rule naive_rule[];
extern const size_t naive_rules;

/* What they stand on. */
double naive_t_two_sided(double t, double df);			 /* p of Student's t */
double naive_welch_p(const double *a, size_t na, const double *b, size_t nb, double *t);
/* Mann-Whitney U of a (pairs in which a is larger, ties by half) and its two-sided p: normal approximation with ties and continuity. */
double naive_mwu_p(const double *a, size_t na, const double *b, size_t nb, double *u);
/* Interval for the shift of b against a from the order statistics of the pairwise differences, and the Hodges-Lehmann estimate. */
void naive_shift(const double *a, size_t na, const double *b, size_t nb, double z, double *lo, double *estimate, double *hi);

#endif
