/* Tripwires: absolute limits that need no statistics. They look at every sample, in every state, and answer at once. */
#ifndef LODE_GUARD_TRIPWIRE_H
#define LODE_GUARD_TRIPWIRE_H

#include "guard/burn.h"
#include "guard/check.h"

#define LODE_COLLAPSE_FACTOR 3 /* to less than a third of the throughput */
#define LODE_TRIP_INTERVALS 3  /* two of so many must be bad: so long may trouble go on that lasts */

enum lode_trip {
	LODE_TRIP_NONE,
	LODE_TRIP_WRITE_STOP,     /* acts on the first sighting */
	LODE_TRIP_BACKGROUND_ERROR, /* first sighting */
	LODE_TRIP_MEMORY,         /* first sighting: over budget, or the machine is nearly out */
	LODE_TRIP_STALL,          /* the rest: two of the last three intervals */
	LODE_TRIP_DEBT,
	LODE_TRIP_L0,
	LODE_TRIP_COLLAPSE,       /* throughput fell to less than a third while the load was there before */
	LODE_TRIP_DISK,           /* free space nearly gone */
	LODE_TRIP_SLO,            /* an error budget burns too fast, over the short and the long window */
	LODE_TRIP_N
};
const char *lode_trip_name(enum lode_trip t);

struct lode_tripwire {
	/* baseline, learnt while nothing of ours is live */
	double stall_share, ops, cost_us;
	uint64_t background_errors;
	uint64_t memory;          /* most that memtables and cache held */
	double debt_share, l0_share; /* largest seen, as shares of soft limit and slowdown trigger */
	bool learnt;
	bool stopped_before;      /* writes stop without our help */
	struct lode_burn burn;
	unsigned strikes[LODE_TRIP_N]; /* bit history of the last intervals */
	char why[200];            /* set when tripped */
};

void lode_tripwire_init(struct lode_tripwire *t);
/* Feed while the options are as we found or kept them. */
void lode_tripwire_learn(struct lode_tripwire *t, const struct lode_interval *iv);
/* ... how fast SLOs are missed, ... */
void lode_tripwire_learn_slo(struct lode_tripwire *t, const struct lode_policy *p, const struct lode_interval *iv);
/* ... and the situation with it: debt, L0 and memory that the database reaches without our help are no reason to trip. */
void lode_tripwire_learn_situation(struct lode_tripwire *t, const struct lode_situation *s);
/* Every interval, whatever is live: SLOs have windows that are longer than one. */
void lode_tripwire_count(struct lode_tripwire *t, const struct lode_policy *p, const struct lode_interval *iv);
/* Feed while something of ours is on trial. Returns what tripped. */
enum lode_trip lode_tripwire_look(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv);

#endif
