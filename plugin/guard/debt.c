/* Pending compaction bytes under given options: the estimate that RocksDB itself slows and stops writers by, so that a change can be
 * refused before it causes a stall. Follows VersionStorageInfo::EstimateCompactionBytesNeeded and CalculateBaseBytes
 * (db/version_set.cc, 7.8.3). */
#include "guard/rules.h"

#include <string.h>

static bool leveled(const char *style)
{
	return !style || !*style || !strcmp(style, "kCompactionStyleLevel");
}

/* size times factor; RocksDB leaves a size alone where it would overflow. */
static uint64_t grow(uint64_t size, double factor)
{
	return (double)size * factor >= 18446744073709551615.0 ? size : (uint64_t)((double)size * factor);
}

struct targets {
	int base; /* the level that L0 is compacted into */
	uint64_t of[LODE_LEVEL_MAX];
};

static void targets_static(int levels, uint64_t base_bytes, double multiplier, struct targets *t)
{
	t->base = 1;
	for (int i = 0; i < levels; i++)
		t->of[i] = i > 1 ? grow(t->of[i - 1], multiplier) : base_bytes;
}

/* The largest level is taken as the size of the last one; going up from there, the first level small enough becomes the base. */
static void targets_dynamic(const struct lode_cf_sample *cf, int levels, uint64_t base_bytes, double multiplier, struct targets *t)
{
	uint64_t largest = 0, size, base_size;
	int first = -1;

	for (int i = 0; i < levels; i++)
		t->of[i] = UINT64_MAX;
	for (int i = levels - 1; i >= 1; i--) {
		if (cf->bytes[i])
			first = i;
		if (cf->bytes[i] > largest)
			largest = cf->bytes[i];
	}
	t->base = levels - 1;
	if (first < 0)
		return;
	size = largest;
	for (int i = levels - 2; i >= first; i--)
		size = (uint64_t)((double)size / multiplier);
	t->base = first;
	if (size <= (uint64_t)((double)base_bytes / multiplier)) {
		base_size = (uint64_t)((double)base_bytes / multiplier) + 1;
	} else {
		for (; t->base > 1 && size > base_bytes; t->base--)
			size = (uint64_t)((double)size / multiplier);
		base_size = size < base_bytes ? size : base_bytes;
	}
	for (int i = t->base; i < levels; i++) {
		t->of[i] = base_size > base_bytes ? base_size : base_bytes;
		base_size = grow(base_size, multiplier);
	}
}

/* Per-level factors (max_bytes_for_level_multiplier_additional) are taken as 1, their default. */
uint64_t lode_debt_estimate(const struct lode_cf_sample *cf, const struct lode_shape_options *o)
{
	int levels = o->num_levels < LODE_LEVEL_MAX ? (int)o->num_levels : LODE_LEVEL_MAX;
	uint64_t base_bytes = o->level_base > 0 ? (uint64_t)o->level_base : 0;
	double multiplier = o->multiplier >= 1 ? o->multiplier : 1;
	uint64_t debt = 0, moving = 0;
	struct targets t = {0};
	bool l0;

	if (!leveled(o->style) || levels < 2)
		return 0;
	if (o->dynamic_levels)
		targets_dynamic(cf, levels, base_bytes, multiplier, &t);
	else
		targets_static(levels, base_bytes, multiplier, &t);

	l0 = (o->l0_trigger <= 0 || cf->files[0] >= (uint64_t)o->l0_trigger) || cf->bytes[0] >= base_bytes;
	if (l0)
		debt = moving = cf->bytes[0];
	for (int level = t.base; level <= levels - 2; level++) {
		uint64_t size = cf->bytes[level];

		if (level == t.base && l0)
			debt += size; /* an L0 compaction rewrites the base level with it */
		size += moving;
		moving = 0;
		if (size <= t.of[level])
			continue;
		/* What is too much moves on, and rewrites as much of the next level as the sizes are apart. */
		moving = size - t.of[level];
		if (cf->bytes[level + 1])
			debt += (uint64_t)((double)moving * ((double)cf->bytes[level + 1] / (double)size + 1));
	}
	return debt;
}

bool lode_debt_depends(int tunable)
{
	switch (tunable) {
	case LODE_ID_L0_TRIGGER:
	case LODE_ID_LEVEL_BASE:
	case LODE_ID_MULTIPLIER:
	case LODE_ID_SOFT_DEBT:
	case LODE_ID_HARD_DEBT:
		return true;
	default:
		return false;
	}
}

typedef bool lookup(const struct lode_draft *d, int tunable, int cf, int64_t *value);

static uint64_t predicted(const struct lode_draft *d, int cf, const struct lode_cf_sample *sample, lookup *get)
{
	const struct lode_cf_state *state = &d->s->state->cf[cf];
	struct lode_shape_options o = {.l0_trigger = 4,
				       .level_base = 256 << 20,
				       .num_levels = state->num_levels,
				       .dynamic_levels = state->dynamic_levels,
				       .style = state->style};
	int64_t milli = 10000;

	get(d, LODE_ID_L0_TRIGGER, cf, &o.l0_trigger);
	get(d, LODE_ID_LEVEL_BASE, cf, &o.level_base);
	get(d, LODE_ID_MULTIPLIER, cf, &milli);
	o.multiplier = (double)milli / 1000;
	return lode_debt_estimate(sample, &o);
}

/* The debt at which trouble starts; UINT64_MAX if no limit is set. RocksDB reads 0 as "no limit". */
static uint64_t limit(const struct lode_draft *d, int cf, lookup *get)
{
	double share = d->s->policy->debt_fraction;
	int64_t soft = 0, hard = 0;

	get(d, LODE_ID_SOFT_DEBT, cf, &soft);
	get(d, LODE_ID_HARD_DEBT, cf, &hard);
	if (soft <= 0 || (hard > 0 && hard < soft))
		soft = hard;
	if (!(share > 0 && share <= 1))
		share = 0.5;
	return soft > 0 ? (uint64_t)((double)soft * share) : UINT64_MAX;
}

bool lode_debt_allowed(const struct lode_draft *d, int cf, struct lode_debt *out)
{
	const struct lode_cf_sample *sample = lode_draft_sample(d, cf);
	uint64_t before, limit_before;

	if (!sample)
		return false;
	before = predicted(d, cf, sample, lode_draft_before);
	limit_before = limit(d, cf, lode_draft_before);
	out->predicted = predicted(d, cf, sample, lode_draft_after);
	out->limit = limit(d, cf, lode_draft_after);
	/* RocksDB's own figure counts per-level factors and files in the making: the worse of the two holds, unless the change lowers the
	 * estimate. */
	if (out->predicted >= before && sample->debt > out->predicted)
		out->predicted = sample->debt;
	if (out->predicted <= out->limit)
		return true;
	/* Where it is too high already, a change must at least not make it worse. */
	return out->predicted <= (sample->debt > before ? sample->debt : before) && out->limit >= limit_before;
}
