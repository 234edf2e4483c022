/* What is remembered of one kind of work, from earlier visits and earlier lives of the process: the agent's memory as an advisor gets to see it. */
#ifndef LODE_ADVISE_LORE_H
#define LODE_ADVISE_LORE_H

#include "guard/proposal.h"
#include "sense/workload.h"

#define LODE_LORE_PROVEN 8
#define LODE_LORE_FAILED 24

struct lode_lore_proven {
	struct lode_change change[LODE_CHANGES_MAX];
	size_t n;
	double effect, lo, hi; /* as in the verdict; lo and hi NAN if there were none */
	unsigned times;	       /* trials that proved it */
	bool in_force;
};

struct lode_lore_failed { /* this direction was tried and put back */
	int tunable;
	bool up;
	unsigned times;
	double left_s; /* until it may be tried again; 0: now */
};

struct lode_lore {
	uint32_t regime;
	unsigned visits;
	double seconds; /* spent in it, all visits */
	struct lode_workload work;
	struct lode_lore_proven proven[LODE_LORE_PROVEN]; /* oldest first */
	size_t nproven;
	struct lode_lore_failed failed[LODE_LORE_FAILED];
	size_t nfailed;
};

#endif
