/* How large each level may be: what debt and settle volume are computed from. Follows VersionStorageInfo::CalculateBaseBytes (db/version_set.cc, 7.8.3). */
#include "guard/levels.h"

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

static void targets_static(int levels, uint64_t base_bytes, double multiplier, struct lode_targets *t)
{
	t->base = 1;
	for (int i = 0; i < levels; i++)
		t->of[i] = i > 1 ? grow(t->of[i - 1], multiplier) : base_bytes;
}

/* The largest level is taken as the size of the last one; going up from there, the first level small enough becomes the base. */
static void targets_dynamic(const struct lode_cf_sample *cf, int levels, uint64_t base_bytes, double multiplier, struct lode_targets *t)
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

bool lode_targets_of(const struct lode_cf_sample *cf, const struct lode_shape_options *o, struct lode_targets *out)
{
	uint64_t base_bytes = o->level_base > 0 ? (uint64_t)o->level_base : 0;
	double multiplier = o->multiplier >= 1 ? o->multiplier : 1;

	memset(out, 0, sizeof *out);
	out->levels = o->num_levels < LODE_LEVEL_MAX ? (int)o->num_levels : LODE_LEVEL_MAX;
	if (!leveled(o->style) || out->levels < 2)
		return false;
	if (o->dynamic_levels)
		targets_dynamic(cf, out->levels, base_bytes, multiplier, out);
	else
		targets_static(out->levels, base_bytes, multiplier, out);
	return true;
}

struct lode_shape_options lode_draft_shape(const struct lode_draft *d, int cf, lode_lookup *get)
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
	return o;
}

#define DRAINED_LEAST (4u << 20) /* bytes: a level smaller than that may come and go */

static int last_of(const struct lode_cf_sample *cf)
{
	int last = 0;

	for (int l = 1; l < LODE_LEVEL_MAX; l++)
		if (cf->bytes[l])
			last = l;
	return last;
}

bool lode_guard_drained(const struct lode_state *state, const struct lode_sample *before, const struct lode_sample *now, uint32_t *cf, int *level)
{
	const struct lode_situation s = {.state = state, .sample = now};
	const struct lode_draft d = {.s = &s};

	for (int i = 0; i < (int)state->ncf; i++) {
		const struct lode_cf_sample *b = lode_draft_sample(&d, i), *a = NULL;
		struct lode_shape_options o = lode_draft_shape(&d, i, lode_draft_before);
		struct lode_targets t;

		for (size_t k = 0; b && k < before->ncf; k++)
			if (before->cf[k].id == b->id)
				a = &before->cf[k];
		if (!a || !lode_targets_of(a, &o, &t))
			continue;
		for (int l = t.base; l < last_of(a); l++) {
			if (a->bytes[l] < DRAINED_LEAST || a->bytes[l] > t.of[l] || b->bytes[l] > a->bytes[l] / 2)
				continue;
			*cf = b->id;
			*level = l;
			return true;
		}
	}
	return false;
}
