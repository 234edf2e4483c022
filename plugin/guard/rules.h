/* Private to the room: a draft is the database as it would be, a rule narrows what one tunable may be in it. Rules never look at what was
 * asked for, only at what may be: so a refusal can always say what would pass, and the same rules give the ranges in the prompt. */
#ifndef LODE_GUARD_RULES_H
#define LODE_GUARD_RULES_H

#include "guard/check.h"
#include "guard/table.h"

#define LODE_NO_CF (-1)

/* One tunable of one family (index into state->cf, or LODE_NO_CF) to one value. change: index in the proposal, -1 for the guard's own. */
struct lode_item {
	int tunable;
	int cf;
	int64_t value;
	int change;
};

struct lode_draft {
	const struct lode_situation *s;
	struct lode_item item[LODE_WRITE_MAX];
	size_t n;
};

struct lode_limit {
	int64_t at;
	enum lode_rule rule;
	const char *why; /* static */
};

struct lode_range {
	struct lode_limit lo, hi;
};

/* The value before any change (false: not there or not a number), and after all of the draft. */
bool lode_draft_before(const struct lode_draft *d, int tunable, int cf, int64_t *value);
bool lode_draft_after(const struct lode_draft *d, int tunable, int cf, int64_t *value);

void lode_range_lo(struct lode_range *r, int64_t at, enum lode_rule rule, const char *why);
void lode_range_hi(struct lode_range *r, int64_t at, enum lode_rule rule, const char *why);

/* A rule: narrows *r for this tunable, given everything else in the draft. */
typedef void lode_rule_fn(const struct lode_draft *d, int tunable, int cf, struct lode_range *r);
lode_rule_fn lode_rule_bounds;	/* the row and the machine */
lode_rule_fn lode_rule_step;	/* not too far at once */
lode_rule_fn lode_rule_order;	/* relations between options */
lode_rule_fn lode_rule_present; /* relations to what is in the database now */
lode_rule_fn lode_rule_memory;	/* the memory budget */
lode_rule_fn lode_rule_unseen;	/* what is not seen must not be harmed */

/* check.c, step by step; bounds.c asks the same. A draft is filled by taking changes, which the row, the version and the policy may refuse; */
int lode_draft_admit(const struct lode_situation *s, int tunable, int change, struct lode_refusal *out);
int lode_draft_take(struct lode_draft *d, const struct lode_change *c, int change, struct lode_refusal *out);
/* what changes nothing leaves it, what must go along joins it; */
void lode_draft_drop_unchanged(struct lode_draft *d);
int lode_draft_help(struct lode_draft *d, struct lode_refusal *out);
/* and then all of it must lie within what the rules leave open. *broken: the limit that value breaks first. */
struct lode_range lode_draft_narrow(const struct lode_draft *d, int tunable, int cf, int64_t value, struct lode_limit *broken);
int lode_draft_check(const struct lode_draft *d, struct lode_refusal *out);

/* The debt cannot be turned round into a range: is it too large in family cf, and by how much. */
struct lode_debt {
	uint64_t predicted, limit;
};
bool lode_debt_allowed(const struct lode_draft *d, int cf, struct lode_debt *out);
bool lode_debt_depends(int tunable);

/* Bytes into level 0 until a change of shape has settled, and in one filling of level 0; both 0 where nothing of it is a leveled tree's. */
void lode_settle_volume(const struct lode_draft *d, uint64_t *settle, uint64_t *cycle);

/* NULL if the family was not sampled. */
const struct lode_cf_sample *lode_draft_sample(const struct lode_draft *d, int cf);

/* a * b and a + b, never beyond INT64_MAX; both arguments >= 0. */
int64_t lode_sat_mul(int64_t a, int64_t b);
int64_t lode_sat_add(int64_t a, int64_t b);
/* What memtables and cache hold now. */
uint64_t lode_memory_held(const struct lode_sample *sample);

#endif
