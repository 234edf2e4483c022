/* Pending compaction bytes under given options: the estimate that RocksDB itself slows and stops writers by, so that a change can be
 * refused before it causes a stall. Follows VersionStorageInfo::EstimateCompactionBytesNeeded and CalculateBaseBytes
 * (db/version_set.cc, 7.8.3). */
#include "guard/levels.h"
#include "guard/rules.h"

/* Per-level factors (max_bytes_for_level_multiplier_additional) are taken as 1, their default. */
uint64_t lode_debt_estimate(const struct lode_cf_sample *cf, const struct lode_shape_options *o)
{
	uint64_t debt = 0, moving = 0, base_bytes = o->level_base > 0 ? (uint64_t)o->level_base : 0;
	struct lode_targets t;
	bool l0;

	if (!lode_targets_of(cf, o, &t))
		return 0;
	l0 = (o->l0_trigger <= 0 || cf->files[0] >= (uint64_t)o->l0_trigger) || cf->bytes[0] >= base_bytes;
	if (l0)
		debt = moving = cf->bytes[0];
	for (int level = t.base; level <= t.levels - 2; level++) {
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

static uint64_t predicted(const struct lode_draft *d, int cf, const struct lode_cf_sample *sample, lode_lookup *get)
{
	struct lode_shape_options o = lode_draft_shape(d, cf, get);

	return lode_debt_estimate(sample, &o);
}

/* The debt at which trouble starts; UINT64_MAX if no limit is set. RocksDB reads 0 as "no limit". */
static uint64_t limit(const struct lode_draft *d, int cf, lode_lookup *get)
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
