/* Has what the other arm left behind gone? Level 0, what lies above the last level, and the misses that refill the block cache, against how they are in
 * control blocks. By measures that no option under trial enters: RocksDB's own figure of debt is a function of the very options that change. Pure. */
#ifndef LODE_JUDGE_RECOVER_H
#define LODE_JUDGE_RECOVER_H

#include "sense/interval.h"

enum lode_trace { LODE_TRACE_L0, LODE_TRACE_ABOVE, LODE_TRACE_REFILL, LODE_TRACES };

struct lode_recover {
	double band[LODE_TRACES]; /* the most that control has, with some slack; INFINITY: not known */
	double most[LODE_TRACES]; /* of the control block that is being counted */
	double refill;		  /* bytes that must come into the block cache after a switch; 0: none */
	/* since the arm is live */
	double filled, step_s, seconds;
	double now[LODE_TRACES], sum[LODE_TRACES], mean[LODE_TRACES]; /* last; of this step; mean of the step before, NAN */
	bool gone[LODE_TRACES];
};

/* refill: see above. history: quiet and of control, oldest first. */
void lode_recover_init(struct lode_recover *r, double refill);
void lode_recover_learn_history(struct lode_recover *r, const struct lode_interval *history, size_t n);
/* The arm went live. step_s: over so long a trace must have ceased to fall to be called gone although it is beyond the band. */
void lode_recover_begin(struct lode_recover *r, double step_s);
void lode_recover_feed(struct lode_recover *r, const struct lode_interval *iv);
bool lode_recover_done(const struct lode_recover *r);
/* An interval that counts in a control block; and the end of the pair, from which on the band knows it. */
void lode_recover_control(struct lode_recover *r, const struct lode_interval *iv);
void lode_recover_pair_closed(struct lode_recover *r);

#endif
