/* The memory budget: what all memtables of all families and the block cache may take together. */
#include "guard/rules.h"

#define MIB (1024 * 1024ull)
#define RESERVE_SHARE 20       /* a twentieth of the memory limit stays free ... */
#define RESERVE_MIN (64 * MIB) /* ... and never less than this */

int64_t lode_sat_mul(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_mul_overflow(a, b, &r) ? INT64_MAX : r;
}

int64_t lode_sat_add(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_add_overflow(a, b, &r) ? INT64_MAX : r;
}

static int64_t positive(int64_t v)
{
	return v > 0 ? v : 0;
}

static int64_t cf_int(const struct lode_cf_state *cf, int tunable, int64_t otherwise)
{
	return cf->v[tunable].numeric ? positive(cf->v[tunable].value) : otherwise;
}

uint64_t lode_guard_memory(const struct lode_state *s)
{
	const struct lode_value *cache = &s->db[LODE_ID_BLOCK_CACHE];
	int64_t sum = cache->numeric ? positive(cache->value) : 0;

	for (size_t i = 0; i < s->ncf; i++)
		sum = lode_sat_add(
		    sum, lode_sat_mul(cf_int(&s->cf[i], LODE_ID_WRITE_BUFFER, 64 * MIB), cf_int(&s->cf[i], LODE_ID_WRITE_BUFFERS, 2)));
	return (uint64_t)sum;
}

uint64_t lode_memory_held(const struct lode_sample *sample)
{
	uint64_t sum = sample->cache.present ? sample->cache.usage : 0;

	for (size_t i = 0; i < sample->ncf && i < LODE_CF_MAX; i++)
		if (__builtin_add_overflow(sum, sample->cf[i].mem_all, &sum))
			return UINT64_MAX;
	return sum;
}

uint64_t lode_guard_memory_budget(const struct lode_situation *s)
{
	const struct lode_machine *m = s->machine;
	double fraction = s->policy->memory_fraction;
	uint64_t reserve = m->mem_limit / RESERVE_SHARE > RESERVE_MIN ? m->mem_limit / RESERVE_SHARE : RESERVE_MIN;
	uint64_t room = m->mem_available > reserve ? m->mem_available - reserve : 0;
	uint64_t held = lode_memory_held(s->sample), now, budget;

	if (!(fraction > 0 && fraction <= 1))
		fraction = 0.5;
	budget = (uint64_t)((double)m->mem_limit * fraction);
	if (s->policy->memory_max && budget > s->policy->memory_max)
		budget = s->policy->memory_max;
	/* What is held already has been taken from what is available. */
	if (__builtin_add_overflow(held, room, &now))
		now = UINT64_MAX;
	return budget < now ? budget : now;
}

/* What the draft costs with nothing for this tunable of this family (`others`), and the factor of its value (`each`). */
static void cost(const struct lode_draft *d, int tunable, int cf, int64_t *others, int64_t *each)
{
	const struct lode_state *s = d->s->state;
	int64_t v = 0;

	*others = 0;
	*each = tunable == LODE_ID_BLOCK_CACHE ? 1 : 0;
	if (!*each && lode_draft_after(d, LODE_ID_BLOCK_CACHE, LODE_NO_CF, &v))
		*others = positive(v);
	for (size_t i = 0; i < s->ncf; i++) {
		int64_t size = 64 * MIB, number = 2;

		lode_draft_after(d, LODE_ID_WRITE_BUFFER, (int)i, &size);
		lode_draft_after(d, LODE_ID_WRITE_BUFFERS, (int)i, &number);
		size = positive(size);
		number = positive(number);
		if ((int)i == cf && tunable == LODE_ID_WRITE_BUFFER)
			*each = number;
		else if ((int)i == cf && tunable == LODE_ID_WRITE_BUFFERS)
			*each = size;
		else
			*others = lode_sat_add(*others, lode_sat_mul(size, number));
	}
}

void lode_rule_memory(const struct lode_draft *d, int tunable, int cf, struct lode_range *r)
{
	int64_t ceiling, others, each;
	uint64_t budget, now;

	if (tunable != LODE_ID_BLOCK_CACHE && tunable != LODE_ID_WRITE_BUFFER && tunable != LODE_ID_WRITE_BUFFERS)
		return;
	cost(d, tunable, cf, &others, &each);
	budget = lode_guard_memory_budget(d->s);
	now = lode_guard_memory(d->s->state);
	if (now >= INT64_MAX) /* saturated: says nothing any more */
		now = 0;
	/* Whoever is over the budget already may move about under the present sum. */
	ceiling = budget > now ? (budget < INT64_MAX ? (int64_t)budget : INT64_MAX) : (int64_t)now;
	if (each > 0)
		lode_range_hi(r, ceiling > others ? (ceiling - others) / each : 0, LODE_RULE_MEMORY,
			      "all memtables and the block cache together");
}
