/* A stretch of time in a few numbers, to see where things are going. */
#ifndef LODE_SENSE_MOMENT_H
#define LODE_SENSE_MOMENT_H

#include "sense/interval.h"

struct lode_moment { /* NAN: not known */
	double seconds;
	double age_s;	/* since its end */
	double ops;	/* a second */
	double mean_us; /* service time of an operation, all kinds */
	double data_hit;
	double stall_share;
	double debt;	 /* at its end, bytes */
	double l0_files; /* at the most */
	double own;	 /* the program's own metric */
};

void lode_moment_of(const struct lode_interval *window, uint64_t now_ns, struct lode_moment *out);

#endif
