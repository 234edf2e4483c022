/* What may be done: every proposal is checked as if it were hostile. Pure: values in, plan or refusal out. */
#ifndef LODE_GUARD_CHECK_H
#define LODE_GUARD_CHECK_H

#include "guard/proposal.h"
#include "guard/steps.h"
#include "sense/slo.h"

struct lode_policy {
	bool allow_optin;
	bool allow_residue;      /* change database options although bytes_per_sync=0 then reads LODE_NO_SYNC until the database is reopened; false */
	bool reads_unseen;       /* no Statistics: only what cannot harm reads, or would show in writes (unseen.c); false */
	bool allow_slow_lag;     /* shape and rewrite options (offline loop, operator's own wish); false in auto mode */
	bool allow_shape;        /* shape options, because the judge waits for them (judge.shape = volume); false */
	double step_scale;       /* multiplies every row's step; 1 */
	const struct lode_steps *steps; /* ... and this each one's own, as trials have taught; NULL: 1. Borrowed */
	double memory_fraction;  /* share of the memory limit that RocksDB may take in all; default 0.5 */
	uint64_t memory_max;     /* absolute ceiling for cache + memtables, 0 = none */
	double debt_fraction;    /* predicted debt must stay under this share of the soft limit; default 0.5 */
	struct lode_slo slo[LODE_SLO_N]; /* promises whose error budget must not burn while something is on trial (burn.h) */
	double burn_window;      /* seconds of the short window; 60 */
	uint64_t locked[(LODE_TUNABLE_MAX + 63) / 64]; /* bit set: pinned by the operator */
	uint64_t manual[(LODE_TUNABLE_MAX + 63) / 64]; /* bit set: changed by the operator, theirs now */
};
void lode_policy_init(struct lode_policy *p);
/* Does its effect show soon enough for whoever judges here? */
bool lode_policy_waits(const struct lode_policy *p, const struct lode_tunable *t);

struct lode_situation { /* what the guard must know to judge; all borrowed */
	const struct lode_state *state;
	const struct lode_sample *sample;
	const struct lode_machine *machine;
	const struct lode_policy *policy;
};

/* Returns 0 with *plan filled, or -EPERM with *refusal filled. Never partially: one bad change refuses the whole proposal. Lower-tier helper
 * writes that keep a relation are added by the guard itself (arena_block_size <= write_buffer_size/8), with their undo. */
int lode_guard_check(const struct lode_situation *s, const struct lode_proposal *p, struct lode_plan *plan, struct lode_refusal *refusal);

/* The bounds that this change alone would pass now, for the catalogue in the prompt. False if nothing would pass. Advice, not a promise:
 * between the bounds the debt estimate may still refuse, and "off" (0) may pass below them. */
bool lode_guard_range(const struct lode_situation *s, int tunable, uint32_t cf, int64_t *lo, int64_t *hi);

/* The same with what sets each bound, in our own words (static). A step's factor: how many times the value of now; 0 where the bound is no step. */
struct lode_bounds {
	int64_t now, lo, hi;
	enum lode_rule lo_rule, hi_rule;
	const char *lo_why, *hi_why;
	double down, up;
};
bool lode_guard_bounds(const struct lode_situation *s, int tunable, uint32_t cf, struct lode_bounds *out);
/* What keeps a tunable out altogether, whatever the value: forbidden, pinned, the operator's, not in this RocksDB ...; NONE: it may be proposed. */
enum lode_rule lode_guard_bars(const struct lode_situation *s, int tunable);
/* Relations between options, by number: low * factor <= high. False past the last. */
struct lode_relation {
	int low, high;
	int64_t factor;
};
bool lode_guard_relation(size_t i, struct lode_relation *out);

/* Memory that the configuration can take: all memtables of all families + block cache. Saturates. */
uint64_t lode_guard_memory(const struct lode_state *s);
/* ... and what it may take here. */
uint64_t lode_guard_memory_budget(const struct lode_situation *s);

/* RocksDB's own estimate of pending compaction bytes for a family under given values, leveled style only (0 otherwise).
 * Source: VersionStorageInfo::EstimateCompactionBytesNeeded, db/version_set.cc. */
struct lode_shape_options {
	int64_t l0_trigger, level_base, num_levels;
	double multiplier;
	bool dynamic_levels;
	const char *style;
};
uint64_t lode_debt_estimate(const struct lode_cf_sample *cf, const struct lode_shape_options *o);

/* Did a level lose half of its bytes or more between two samples, that was within its size and above the last? Leveled compaction takes nothing out of such a
 * level by itself: somebody else compacts. What takes single files (CompactFiles, a narrow CompactRange, time to live) is not seen. */
bool lode_guard_drained(const struct lode_state *state, const struct lode_sample *before, const struct lode_sample *now, uint32_t *cf, int *level);

#endif
