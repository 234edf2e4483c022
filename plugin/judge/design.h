/* Inside of the room: a trial, its designs, and the sentences of a verdict. */
#ifndef LODE_JUDGE_DESIGN_H
#define LODE_JUDGE_DESIGN_H

#include "base/rng.h"
#include "judge/eprocess.h"
#include "judge/onset.h"
#include "judge/recover.h"
#include "judge/trial.h"

/* SWITCH: where we are in the present pair, and the evidence of those that closed. */
struct lode_switch {
	struct lode_rng coin;
	struct lode_eprocess e[LODE_METRIC_N]; /* the primary against 0, guards against -margin */
	struct lode_interval sum;	       /* the present block, without its washout */
	double kept_s;			       /* seconds in sum */
	struct lode_recover recover;	       /* from the other arm */
	bool clean;			       /* the present block is washed out */
	bool second;			       /* the pair's second block */
	enum lode_arm next;		       /* of the block that is open or waits to be */
	bool waiting;			       /* for a quiet moment */
	uint64_t closed_ns;		       /* when the block before ended */
	uint64_t block_ns, pair_ns;	       /* since when the arm of this block is live; when the pair began */
	struct lode_metrics y[2];	       /* by arm */
	unsigned seen, bad;		       /* intervals of this pair; invalid ones */
	unsigned discarded;		       /* pairs */
	unsigned losses;		       /* heavy ones in a row */
};

/* START: a record in bins of half a slot or an interval, whichever is longer, and the slot that the draw chose. */
struct lode_start {
	unsigned slot; /* the real start, 0 .. slots - 1 */
	unsigned slots;
	bool anchored;				/* the fields below are set: time is laid out */
	uint64_t origin_ns;			/* where bin 0 begins */
	double bin_s;
	double step;				/* bins of a slot, 1 at least; slots begin at whole bins */
	unsigned before, washout, window, bins; /* all in bins; before: bins ahead of slot 0 */
	int bin;				/* that `sum` belongs to; -1 none */
	struct lode_interval sum;
	double y[LODE_METRIC_N][LODE_BINS_MAX]; /* NAN: nothing measured */
};

#define LODE_CHUNKS_MAX 160
#define LODE_VOLUME_SLOTS_MAX 100

/* VOLUME: the record is in chunks of bytes that entered level 0; a slot is one chunk. */
struct lode_volume {
	unsigned slot, slots; /* the real start, 0 .. slots - 1 */
	unsigned settle;      /* chunks */
	unsigned chunks;      /* of the whole record */
	unsigned n;	      /* closed */
	double chunk;	      /* bytes */
	double filled;	      /* of the present chunk, bytes */
	double seen_s, bad_s; /* seconds of intervals, and of invalid ones */
	struct lode_interval sum;
	double work[LODE_CHUNKS_MAX];  /* log(bytes that flushes and compactions wrote per byte written by the application) */
	double moved[LODE_CHUNKS_MAX]; /* ... that compactions read and wrote */
	double above[LODE_CHUNKS_MAX]; /* bytes above the last level, at the chunk's end */
	double y[LODE_METRIC_N][LODE_CHUNKS_MAX];
};

struct lode_trial {
	struct lode_trial_spec spec;
	struct lode_pace pace;
	struct lode_baseline base;
	struct lode_verdict verdict;
	enum lode_arm live, want;
	uint64_t began_ns, now_ns, wanted_ns; /* wanted_ns: since when `want` waits to be applied */
	union {
		struct lode_switch sw;
		struct lode_start st;
		struct lode_volume vo;
	};
};

/* What a design does. feed returns nothing: it sets t->want, or ends the trial with lode_trial_end. */
struct lode_design_ops {
	const char *name;
	void (*init)(struct lode_trial *t);
	void (*prime)(struct lode_trial *t, const struct lode_interval *history, size_t n);
	void (*applied)(struct lode_trial *t, uint64_t now_ns);
	void (*feed)(struct lode_trial *t, const struct lode_interval *iv);
	double (*left)(const struct lode_trial *t);
	unsigned (*done)(const struct lode_trial *t);
	unsigned (*max)(const struct lode_trial *t);
};
extern const struct lode_design_ops lode_design_switch, lode_design_start, lode_design_volume;

void lode_trial_want(struct lode_trial *t, enum lode_arm arm);
/* Ends it: kind, the metric that decided, and a sentence. */
void lode_trial_end(struct lode_trial *t, enum lode_verdict_kind kind, enum lode_metric worst, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
double lode_trial_elapsed(const struct lode_trial *t);

/* "speed +21.3 % (+12.0 % to +31.1 %)", "write amplification -8.0 %": the primary metric, its effect and interval. Returns buf. */
const char *lode_verdict_effect(const struct lode_verdict *v, char *buf, size_t len);
/* How a guard changed, for people: "2.1 times as many slow ones", "stalls +3.0 % of the time". d: mean difference. Returns buf. */
const char *lode_verdict_harm(enum lode_metric m, double d, char *buf, size_t len);

static inline double lode_seconds(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns >= from_ns ? (double)(to_ns - from_ns) / 1e9 : -(double)(from_ns - to_ns) / 1e9;
}

#endif
