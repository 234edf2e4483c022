/* How much must be written until the tree has the shape that new options ask for. In bytes that enter level 0, not in seconds: what moves the levels is
 * what comes in.
 *
 *     V = |delta of the sum of the targets of all levels but the last| + 3 trigger write_buffer_size (+ 3 targets of the base level where that moves)
 *
 * summed over the families that are changed. Options that change how levels are worked off, and not how large they are (file sizes, the size of a
 * compaction), are settled when the levels above the last have been rewritten once: the sum of their targets takes the place of the delta.
 * No target counts beyond the data that there is. */
#include "guard/levels.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* All levels above the deepest that holds data. */
static uint64_t upper(const struct lode_cf_sample *cf, const struct lode_targets *t)
{
	uint64_t sum = 0, all = 0;
	int last = 1;

	for (int l = 0; l < t->levels; l++) {
		all = add(all, cf->bytes[l]);
		if (cf->bytes[l])
			last = l;
	}
	for (int l = t->base > 1 ? t->base : 1; l < last; l++)
		sum = add(sum, least(t->of[l], all));
	return sum;
}

/* One filling of level 0: what a compaction out of it takes. */
static uint64_t cycle_of(const struct lode_draft *d, int cf, lode_lookup *get)
{
	int64_t trigger = 4, size = 64 << 20;

	get(d, LODE_ID_L0_TRIGGER, cf, &trigger);
	get(d, LODE_ID_WRITE_BUFFER, cf, &size);
	return (uint64_t)lode_sat_mul(trigger > 1 ? trigger : 1, size > 0 ? size : 0);
}

/* Does the draft change how this family's tree is built; and if so, by more than the targets of its levels? */
static bool builds(const struct lode_draft *d, int cf, bool *more)
{
	bool any = false;

	*more = false;
	for (size_t i = 0; i < d->n; i++) {
		enum lode_lag lag = lode_tunables[d->item[i].tunable].lag;

		if (d->item[i].cf != cf || (lag != LODE_LAG_SHAPE && lag != LODE_LAG_FLUSH))
			continue;
		any = true;
		*more |= lag == LODE_LAG_SHAPE && d->item[i].tunable != LODE_ID_LEVEL_BASE && d->item[i].tunable != LODE_ID_MULTIPLIER;
	}
	return any;
}

void lode_settle_volume(const struct lode_draft *d, uint64_t *settle, uint64_t *cycle)
{
	*settle = *cycle = 0;
	for (int cf = 0; cf < (int)d->s->state->ncf; cf++) {
		struct lode_shape_options before = lode_draft_shape(d, cf, lode_draft_before), after = lode_draft_shape(d, cf, lode_draft_after);
		uint64_t c0 = cycle_of(d, cf, lode_draft_before), c1 = cycle_of(d, cf, lode_draft_after), c = c0 > c1 ? c0 : c1, u0, u1;
		const struct lode_cf_sample *sample = lode_draft_sample(d, cf);
		struct lode_targets a, b;
		bool more;

		if (!builds(d, cf, &more) || !sample || !lode_targets_of(sample, &before, &a) || !lode_targets_of(sample, &after, &b))
			continue;
		u0 = upper(sample, &a);
		u1 = upper(sample, &b);
		*cycle = add(*cycle, c);
		*settle = add(*settle, add(u1 > u0 ? u1 - u0 : u0 - u1, c > UINT64_MAX / 3 ? UINT64_MAX : 3 * c));
		if (more)
			*settle = add(*settle, u0 > u1 ? u0 : u1);
		if (a.base != b.base)
			*settle = add(*settle, least(a.of[a.base] > b.of[b.base] ? a.of[a.base] : b.of[b.base], UINT64_MAX / 3) * 3);
	}
}
