/* The expert's rules as data: which bottleneck each answers, what it sees, and the one coherent change that it would make. The table is rules.c's; what the
 * rules see and do stands in rules_reads.c and rules_writes.c. */
#ifndef LODE_ADVISE_RULES_H
#define LODE_ADVISE_RULES_H

#include "advise/bottleneck.h"

#include <math.h>

struct lode_view {
	const struct lode_question *q;
	const struct lode_signs *s;
	double reach; /* of a step, as the search has learnt: 1 as the rule knows it, 0.5 half of it (on a log scale), -0.5 half of it to the other side */
	const struct lode_diagnosis *d; /* the worst first */
	size_t nd;
};

#define LODE_RULE_AGAINST 4
#define LODE_RULE_OPTIONS 3

struct lode_expert_rule {
	const char *name; /* stable: history is matched by it */
	enum lode_bottleneck against[LODE_RULE_AGAINST]; /* that it may relieve; UNKNOWN: no more */
	bool (*sees)(const struct lode_view *v); /* what must be so besides; NULL: nothing */
	/* Fills changes and why. The part of its work that these can do, 0..1; 0: all that it could change is at its limit already. */
	double (*proposes)(const struct lode_view *v, struct lode_proposal *p);
	double brings;	   /* the part of what the bottleneck costs that it usually takes away */
	double confidence; /* that it does so, before this database has told */
	bool climbs;	   /* it knows a direction, not a value: after a success on, and further at a time */
	bool both;	   /* the other side of the present value may be the better one */
	unsigned serves;   /* bit per objective: those that it can bring nearer; it is silent under the others */
	const char *options[LODE_RULE_OPTIONS]; /* all that it may change; NULL: no more */
	const char *doc;
};

extern const struct lode_expert_rule lode_expert_rules[];
extern const size_t lode_expert_rule_count;

/* ---- what rules have in common ---- */

#define LODE_RULE_STALLED 0.03 /* share of the time that makes stalls worth an answer */
#define LODE_RULE_BUSY 0.85    /* of the usable cores */
#define LODE_RULE_IDLE 0.25

static inline const struct lode_cf_sample *lode_rule_family(const struct lode_view *v, size_t i)
{
	return &v->q->now.sample->cf[i];
}

static inline double lode_rule_now(const struct lode_view *v, const char *id, uint32_t cf)
{
	return (double)lode_state_int(v->q->now.state, id, cf, 0);
}

/* Adds "id = wanted" with the view's reach, not beyond `most` in the rule's own direction, brought into the range that would pass alone. False, and nothing
 * is added, if that does not lead from the present value towards the wanted one (or away from it, to the other side) by at least a tenth. */
bool lode_rule_add(const struct lode_view *v, struct lode_proposal *p, const char *id, uint32_t cf, double wanted, double most);
/* The value that it will have. */
double lode_rule_new(const struct lode_view *v, const struct lode_proposal *p, const char *id, uint32_t cf);
bool lode_rule_stalled(const struct lode_view *v);
bool lode_rule_idle(const struct lode_view *v); /* processors that nobody uses, as far as is known */
const char *lode_rule_whole(const struct lode_view *v); /* what the shares of reads and writes are shares of */

#define LODE_RULE_SAY(...) lode_fmt(p->why, sizeof p->why, __VA_ARGS__)

/* X(what it sees) and Y(what it proposes): rules_reads.c, rules_writes.c. */
#define LODE_RULE_SEES(X) \
	X(reads_are_gets) X(flushes_are_read) X(l0_is_full) X(iterators_reseek) X(iterators_skip) \
	X(memtables_of_several) X(cores_idle) X(work_piles_up_idle) X(stalled_in_l0) X(slow_seeks) X(debt_at_limit) X(delayed_without_need) \
	X(flushes_small) X(flushes_at_all) X(l0_has_room) X(level_1_small) X(compression_heavy) X(sync_unbounded)
#define LODE_RULE_PROPOSES(X) \
	X(grow_cache) X(filter_memtables) X(warm_flushes) X(tidier_l0) X(skip_longer) X(flush_skipped) \
	X(more_memtables) X(larger_memtables) X(more_jobs) X(jobs_for_flushes) X(later_l0_stall) X(read_ahead) X(later_debt_stall) X(faster_delay) \
	X(larger_flushes) X(lazier_l0) X(larger_level_1) X(cheaper_compression) X(bounded_sync)
#define X(name) bool lode_rule_##name(const struct lode_view *v);
LODE_RULE_SEES(X)
#undef X
#define X(name) double lode_rule_##name(const struct lode_view *v, struct lode_proposal *p);
LODE_RULE_PROPOSES(X)
#undef X

#endif
