/* Kinds of work, known again when they return: leader-follower clustering of workloads. Pure.
 *
 * A workload joins the nearest regime within RADIUS, or founds a new one. The regime that we are in has the first claim, and another is entered only after
 * `need` seconds of work that is alike and unlike the present regime: noise and short visits make no regimes. Centres follow slowly (a mean at first, then an exponentially weighted one), so that
 * work which drifts stays what it is. Beyond LODE_REGIMES_MAX the one that was left longest ago is forgotten.
 *
 * Distances are of features that a change cannot influence (sense/workload.h). The mix of a closed loop can: what gets faster is done more often. So each
 * regime may have two faces, one as the application had the options and one with kept changes of ours. */
#ifndef LODE_JUDGE_REGIME_H
#define LODE_JUDGE_REGIME_H

#include "sense/workload.h"

#define LODE_REGIMES_MAX 32
#define LODE_REGIME_RADIUS 0.5  /* lode_workload_distance; a mix of 90/10 against 50/50 is about 1 */
#define LODE_REGIME_MIX_OURS 1.6 /* how far a change of ours may have moved the mix of the same work */

struct lode_regime {
	uint32_t id; /* 1, 2, ...: a number is not used twice */
	unsigned visits;
	double seconds; /* spent in it */
	uint64_t turn;	/* when it was last entered or left, for LRU */
	bool has[2];
	struct lode_workload face[2]; /* [ours] */
	double age[2];		      /* seconds that each has followed; a young one follows faster. Not written down */
};

struct lode_regimes {
	struct lode_regime r[LODE_REGIMES_MAX];
	size_t n;
	uint32_t last_id;
	uint64_t turn;
	int at; /* the present one, -1: none yet */
	bool ours, moved; /* at the last feed; a change of ours was made since */
	/* other work, not yet entered */
	bool strange;
	double strange_s;
	struct lode_workload stranger;
};

enum lode_regime_step {
	LODE_REGIME_SAME,
	LODE_REGIME_STRANGE, /* from now on this is other work: what was measured before does not compare */
	LODE_REGIME_WAITING, /* still other work, not yet for long enough */
	LODE_REGIME_ENTERED, /* lode_regimes_now is another (or the first) */
};

void lode_regimes_init(struct lode_regimes *g);
/* The work of the last seconds. seconds: that passed since the last feed; ours: kept changes are live. Work that is not known changes nothing. */
enum lode_regime_step lode_regimes_feed(struct lode_regimes *g, const struct lode_workload *w, double seconds, double need, bool ours);
/* A change of ours was kept or put back: the mix of the same work may be another from now on. */
void lode_regimes_moved(struct lode_regimes *g);
const struct lode_regime *lode_regimes_now(const struct lode_regimes *g); /* NULL: none yet */
const struct lode_regime *lode_regimes_find(const struct lode_regimes *g, uint32_t id);
/* The workload that describes it best: as it is with the options that are live now. Never NULL for a regime of the book. */
const struct lode_workload *lode_regime_work(const struct lode_regime *r, bool ours);
/* Takes over one that was written down (id, visits, seconds, has, face); one with the same id is replaced. The present one is not replaced. */
void lode_regimes_restore(struct lode_regimes *g, const struct lode_regime *r);

#endif
