/* One experiment on one plan. Three designs behind one face:
 *  - SWITCH: randomised pairs of blocks, control and treatment in an order that a coin decides, judged by e-processes (docs/judge.md).
 *  - START: for what cannot be flipped (a block cache that takes long to warm up): one exposure whose starting slot is drawn at random among K slots;
 *    the effect at the real start is ranked among the K starts that could have been (Edgington's randomised-start test; exact for K slots).
 *  - VOLUME: for what acts through the shape of the tree: one exposure whose start is drawn among slots measured in bytes that enter the tree; the work done
 *    per byte written after the tree has settled against that before (volume.c).
 * Pure: it is fed intervals and says which arm must be live. The same code runs in production and in the simulator. */
#ifndef LODE_JUDGE_TRIAL_H
#define LODE_JUDGE_TRIAL_H

#include "base/buf.h"
#include "judge/metric.h"

enum lode_design { LODE_DESIGN_SWITCH, LODE_DESIGN_START, LODE_DESIGN_VOLUME };
enum lode_blocks { LODE_BLOCKS_INSTANT, LODE_BLOCKS_FLUSH, LODE_BLOCKS_CACHE };
enum lode_arm { LODE_CONTROL, LODE_TREATMENT };
enum lode_verdict_kind { LODE_VERDICT_NONE, LODE_VERDICT_KEEP, LODE_VERDICT_REVERT, LODE_VERDICT_INVALID };
const char *lode_verdict_name(enum lode_verdict_kind v);
const char *lode_design_name(enum lode_design d);

struct lode_pace { /* all in seconds; see lode_pace_bench and lode_pace_production */
	const char *name;
	double observe;			   /* at least this long before a trial */
	double block, washout;		   /* SWITCH, instant options; washout is the first part of a block */
	double block_flush, washout_flush; /* ... options that act from the next flush */
	double block_cache, washout_fill; /* ... a block cache that is full again within washout_fill; one that is sooner has shorter blocks */
	double stretch; /* >= 1: how far blocks may be stretched where speed has a long memory */
	unsigned max_pairs;
	unsigned slots; /* START */
	double slot, window, washout_cache;
	double volume_most; /* VOLUME: no longer than this */
	double cooldown; /* after a revert, for the same tunable and direction; doubles each time */
	double between;	 /* rest after a keep or revert */
	double watch;	 /* after a keep */
	double recheck;	 /* after a keep: tried once more against the application's value */
	double harm;	 /* share of a day's work that trials may cost in a day, unless guard.harm_per_day says otherwise */
};
extern const struct lode_pace lode_pace_bench, lode_pace_production, lode_pace_rush; /* rush: for tests of the guard only */
const struct lode_pace *lode_pace_find(const char *name); /* NULL if unknown */

struct lode_trial_spec {
	enum lode_design design;
	const struct lode_pace *pace;
	enum lode_blocks blocks;      /* which of the pace's lengths */
	double fill;		      /* LODE_BLOCKS_CACHE: seconds that the larger cache takes to fill; the washout follows it */
	double refill;		      /* bytes that must come into the block cache before a block of SWITCH begins; 0 */
	double block_scale;	      /* >= 1: block and washout are stretched to the measured autocorrelation (lode_trial_stretch); 1 */
	double alpha;		      /* 0.05 */
	double min_effect;	      /* least worthwhile improvement of the primary metric, log units; 0.02 */
	double margin[LODE_METRIC_N]; /* non-inferiority margins of the guards, log units or share */
	double scale[LODE_METRIC_N];  /* c: from lode_trial_scales */
	double settle, cycle;	      /* VOLUME: bytes into level 0, from the plan */
	uint64_t seed;		      /* of the coin; goes into the journal */
};
#define LODE_HEAVY_LOSS (-0.35667494393873245) /* log(0.7): 30 % slower. Harm beats power; it can only ever revert. */
double lode_trial_block(const struct lode_trial_spec *s); /* SWITCH: seconds of a block, washout included */
double lode_trial_washout(const struct lode_trial_spec *s);
void lode_trial_spec_init(struct lode_trial_spec *s, enum lode_design d, const struct lode_pace *pace, uint64_t seed);
/* c per metric from A/A differences of neighbouring blocks in a quiet history (oldest first). Only power depends on it, never validity. */
void lode_trial_scales(struct lode_trial_spec *s, const struct lode_baseline *b, const struct lode_interval *history, size_t n);

struct lode_verdict {
	enum lode_verdict_kind kind;
	enum lode_design design;
	enum lode_metric primary;     /* what the trial was about */
	double effect, lo, hi;	      /* gain in it (lode_metric_gain): 0.25 = 25 % faster, or a quarter less; 1-alpha interval (NAN if none) */
	double mixture[2];	      /* SWITCH: the same by another road (mixture.h); NAN: too few pairs */
	double evidence;	      /* e-value, or 1/p for START and VOLUME */
	double p;		      /* START, VOLUME: rank p; SWITCH: exact sign-flip permutation p (n <= 20), else NAN */
	unsigned pairs;		      /* pairs, or slots */
	double seconds;		      /* length of the trial */
	enum lode_metric worst;	      /* the guard that decided a revert; else the primary metric */
	double metric[LODE_METRIC_N]; /* mean differences */
	char why[200];		      /* a sentence with numbers */
};

struct lode_trial;
enum lode_trial_step { LODE_TRIAL_RUNNING, LODE_TRIAL_SWITCH /* the wanted arm changed: apply it, then call _applied */, LODE_TRIAL_DONE };

struct lode_trial *lode_trial_new(const struct lode_trial_spec *s, const struct lode_baseline *b, uint64_t now_ns); /* NULL: no memory */
void lode_trial_free(struct lode_trial *t);
enum lode_arm lode_trial_arm(const struct lode_trial *t); /* the arm that must be live now */
void lode_trial_applied(struct lode_trial *t, uint64_t now_ns);
/* START needs the past: feed the history before the trial first (oldest first), before the first lode_trial_feed. */
void lode_trial_prime(struct lode_trial *t, const struct lode_interval *history, size_t n);
/* One interval. Invalid intervals stretch the block; too many make the trial invalid. */
enum lode_trial_step lode_trial_feed(struct lode_trial *t, const struct lode_interval *iv);
/* End it from outside (a tripwire, a shift of the workload, the operator), also where it has decided to keep. kind is REVERT or INVALID. */
void lode_trial_stop(struct lode_trial *t, enum lode_verdict_kind kind, const char *why);
const struct lode_verdict *lode_trial_verdict(const struct lode_trial *t); /* kind NONE while it runs: effect so far */
/* The heavy loss of this trial: more, where two like blocks differ by a third of it anyway. No evidence is asked of it, so noise alone must not get there. */
double lode_trial_heavy_loss(const struct lode_trial *t);
double lode_trial_seconds_left(const struct lode_trial *t);		   /* at the most */
/* VOLUME: seconds that the whole trial takes at the rate of writing in this window, at the least; INFINITY if nothing was written. */
double lode_trial_volume_time(const struct lode_trial_spec *s, const struct lode_interval *window);
unsigned lode_trial_pairs_done(const struct lode_trial *t);
unsigned lode_trial_pairs_max(const struct lode_trial *t);

#endif
