/* How far each option could be changed as the only one: what the gate would let through, found by asking it. For the catalogue in the prompt. */
#include "guard/rules.h"

/* Every family of *d at this value: would that pass? Staying as it is passes. */
static bool passes(struct lode_draft *d, int64_t value, struct lode_refusal *why)
{
	struct lode_draft all = *d;

	for (size_t i = 0; i < all.n; i++)
		all.item[i].value = value;
	lode_draft_drop_unchanged(&all);
	return !all.n || (!lode_draft_help(&all, why) && !lode_draft_check(&all, why));
}

/* The outermost passing value between good, which passes, and far, which may not. *why: of the last that did not. */
static int64_t search(struct lode_draft *d, int64_t good, int64_t far, struct lode_refusal *why)
{
	if (passes(d, far, why))
		return far;
	while (good - far > 1 || far - good > 1) {
		int64_t middle = good + (far - good) / 2;

		if (passes(d, middle, why))
			good = middle;
		else
			far = middle;
	}
	return good;
}

static const char *together(enum lode_rule rule)
{
	return rule == LODE_RULE_MEMORY ? "all memtables and the block cache together" : rule == LODE_RULE_DEBT ? "the compaction debt that it would make" : "other limits";
}

/* What the limits leave open (the debt, several families sharing the memory) is found by trying, outwards from what is there. */
static bool widen(struct lode_draft *d, struct lode_limit low, struct lode_limit high, struct lode_bounds *b)
{
	int64_t good = b->now < low.at ? low.at : b->now > high.at ? high.at : b->now;
	struct lode_refusal down = {0}, up = {0};

	if (!passes(d, good, &down))
		return false;
	b->lo = search(d, good, low.at, &down);
	b->hi = search(d, good, high.at, &up);
	b->lo_rule = b->lo == low.at ? low.rule : down.rule;
	b->hi_rule = b->hi == high.at ? high.rule : up.rule;
	b->lo_why = b->lo == low.at ? low.why : together(down.rule);
	b->hi_why = b->hi == high.at ? high.why : together(up.rule);
	return b->lo < b->hi || b->lo != b->now;
}

bool lode_guard_bounds(const struct lode_situation *s, int tunable, uint32_t cf, struct lode_bounds *out)
{
	struct lode_limit low = {INT64_MIN, LODE_RULE_NONE, ""}, high = {INT64_MAX, LODE_RULE_NONE, ""};
	struct lode_draft now = {.s = s}, d = {.s = s};
	struct lode_refusal ignored;
	struct lode_limit broken;

	*out = (struct lode_bounds){0};
	if (lode_draft_admit(s, tunable, 0, &ignored) || lode_draft_take(&d, &(struct lode_change){tunable, cf, lode_tunables[tunable].min}, 0, &ignored))
		return false;
	for (size_t i = 0; i < d.n; i++) {
		struct lode_range r = lode_draft_narrow(&now, tunable, d.item[i].cf, 0, &broken);

		low = r.lo.at > low.at ? r.lo : low;
		high = r.hi.at < high.at ? r.hi : high;
	}
	if (low.at > high.at || s->sample->write_stopped || s->sample->delayed_write_rate || !lode_draft_before(&d, tunable, d.item[0].cf, &out->now) ||
	    !widen(&d, low, high, out))
		return false;
	out->down = out->lo_rule == LODE_RULE_STEP ? lode_steps_factor(s->policy->steps, tunable, false) * s->policy->step_scale : 0;
	out->up = out->hi_rule == LODE_RULE_STEP ? lode_steps_factor(s->policy->steps, tunable, true) * s->policy->step_scale : 0;
	return true;
}

bool lode_guard_range(const struct lode_situation *s, int tunable, uint32_t cf, int64_t *lo, int64_t *hi)
{
	struct lode_bounds b;

	if (!lode_guard_bounds(s, tunable, cf, &b))
		return false;
	*lo = b.lo;
	*hi = b.hi;
	return true;
}
