/* What one tunable may be, given the machine, its own present value, the other options and what is in the database. SetOptions checks none
 * of this: some of these values stop all writes, some end the process. */
#include "guard/rules.h"

#include <math.h>
#include <string.h>

#define L0_HEADROOM 4  /* files that one burst may add before a lowered line would be reached; "near stop" is two files */
#define ALIGN_FACTOR 8 /* arena_block_size * 8 <= write_buffer_size, as RocksDB itself chooses at open */

void lode_range_lo(struct lode_range *r, int64_t at, enum lode_rule rule, const char *why)
{
	if (at > r->lo.at)
		r->lo = (struct lode_limit){at, rule, why};
}

void lode_range_hi(struct lode_range *r, int64_t at, enum lode_rule rule, const char *why)
{
	if (at < r->hi.at)
		r->hi = (struct lode_limit){at, rule, why};
}

static bool frozen(const struct lode_policy *p, int tunable)
{
	return (p->locked[tunable / 64] | p->manual[tunable / 64]) >> (tunable % 64) & 1;
}

/* A value that is higher than it should be may stay, and may come down in steps. */
static int64_t at_least(const struct lode_draft *d, int tunable, int cf, int64_t v)
{
	int64_t before;

	return lode_draft_before(d, tunable, cf, &before) && before > v ? before : v;
}

void lode_rule_bounds(const struct lode_draft *d, int tunable, int cf, struct lode_range *r)
{
	const struct lode_tunable *t = &lode_tunables[tunable];
	double cores = d->s->machine->cores;
	int64_t whole = cores >= 1 && cores < 4096 ? (int64_t)cores : 1;

	lode_range_lo(r, t->min, LODE_RULE_BOUNDS, "hard bounds");
	lode_range_hi(r, t->max, LODE_RULE_BOUNDS, "hard bounds");
	if (tunable == LODE_ID_BACKGROUND_JOBS)
		lode_range_hi(r, at_least(d, tunable, cf, 2 * whole + 2), LODE_RULE_BOUNDS,
			      "two for each core and two; the thread pool never shrinks");
	if (tunable == LODE_ID_SUBCOMPACTIONS)
		lode_range_hi(r, at_least(d, tunable, cf, whole), LODE_RULE_BOUNDS, "one for each core");
}

/* old * up and old / down, at least one apart from old, within int64. */
static void ladder(int64_t old, double up, double down, int64_t *lo, int64_t *hi)
{
	double most = floor((double)old * up), least = ceil((double)old / down);

	*hi = most >= 9.2e18 ? INT64_MAX : (int64_t)most;
	*lo = (int64_t)least;
	if (*hi <= old)
		*hi = lode_sat_add(old, 1);
	if (*lo >= old)
		*lo = old - 1;
}

void lode_rule_step(const struct lode_draft *d, int tunable, int cf, struct lode_range *r)
{
	const struct lode_tunable *t = &lode_tunables[tunable];
	const struct lode_policy *p = d->s->policy;
	double up = lode_steps_factor(p->steps, tunable, true) * p->step_scale, down = lode_steps_factor(p->steps, tunable, false) * p->step_scale;
	int64_t old, wanted, lo, hi;

	/* From "off" (0, -1) there is no ladder: the bounds alone hold. */
	if (!(t->step > 0) || !lode_draft_before(d, tunable, cf, &old) || old <= 0)
		return;
	ladder(old, up > 1 ? up : 1, down > 1 ? down : 1, &lo, &hi);
	/* ... and switching off is no step down it. */
	if (!(t->min <= 0 && lode_draft_after(d, tunable, cf, &wanted) && wanted == 0))
		lode_range_lo(r, lo, LODE_RULE_STEP, "one step down");
	if (t->lag != LODE_LAG_CACHE) /* an empty cache harms nobody; its growth is the memory budget's business */
		lode_range_hi(r, hi, LODE_RULE_STEP, "one step up");
}

/* low * factor <= high. Where off is set, a high of 0 or less means "no limit". */
static const struct order {
	int low, high;
	int64_t factor;
	bool off;
	const char *why_low, *why_high;
} orders[] = {
    {LODE_ID_L0_TRIGGER, LODE_ID_L0_SLOWDOWN, 1, false, "not above level0_slowdown_writes_trigger",
     "not below level0_file_num_compaction_trigger"},
    {LODE_ID_L0_SLOWDOWN, LODE_ID_L0_STOP, 1, false, "not above level0_stop_writes_trigger", "not below level0_slowdown_writes_trigger"},
    {LODE_ID_L0_TRIGGER, LODE_ID_L0_STOP, 1, false, "not above level0_stop_writes_trigger", "not below level0_file_num_compaction_trigger"},
    {LODE_ID_SOFT_DEBT, LODE_ID_HARD_DEBT, 1, true, "not above hard_pending_compaction_bytes_limit",
     "not below soft_pending_compaction_bytes_limit"},
    {LODE_ID_TARGET_FILE, LODE_ID_LEVEL_BASE, 1, false, "not above max_bytes_for_level_base", "not below target_file_size_base"},
    {LODE_ID_TARGET_FILE, LODE_ID_COMPACTION_BYTES, 2, true, "at most half of max_compaction_bytes",
     "at least twice target_file_size_base"},
    {LODE_ID_MIN_MERGE_WIDTH, LODE_ID_MAX_MERGE_WIDTH, 1, false, "not above max_merge_width", "not below min_merge_width"},
    {LODE_ID_L0_TRIGGER, LODE_ID_MAX_READ_AMP, 1, true, "not above max_read_amp", "not below level0_file_num_compaction_trigger"},
    {LODE_ID_READAHEAD_INITIAL, LODE_ID_READAHEAD_MAX, 1, true, "not above max_auto_readahead_size",
     "not below initial_auto_readahead_size"},
};

bool lode_guard_relation(size_t i, struct lode_relation *out)
{
	if (i >= sizeof orders / sizeof orders[0])
		return false;
	*out = (struct lode_relation){orders[i].low, orders[i].high, orders[i].factor};
	return true;
}

void lode_rule_order(const struct lode_draft *d, int tunable, int cf, struct lode_range *r)
{
	int64_t other;

	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		const struct order *o = &orders[i];

		if (tunable == o->low && lode_draft_after(d, o->high, cf, &other) && !(o->off && other <= 0))
			lode_range_hi(r, other / o->factor, LODE_RULE_RELATION, o->why_low);
		if (tunable == o->high && lode_draft_after(d, o->low, cf, &other) && other > 0)
			lode_range_lo(r, lode_sat_mul(other, o->factor), LODE_RULE_RELATION, o->why_high);
	}
	/* Normally the guard moves the arena along. Where it may not, the arena is the floor. */
	if (tunable == LODE_ID_WRITE_BUFFER && (frozen(d->s->policy, LODE_ID_ARENA) || !d->s->state->cf[cf].v[LODE_ID_ARENA].exists) &&
	    lode_draft_after(d, LODE_ID_ARENA, cf, &other) && other > 0)
		lode_range_lo(r, lode_sat_mul(other, ALIGN_FACTOR), LODE_RULE_RELATION,
			      "eight times arena_block_size, which is not ours to change here");
	if (tunable == LODE_ID_BACKGROUND_JOBS && ((lode_draft_after(d, LODE_ID_BACKGROUND_COMPACTIONS, cf, &other) && other != -1) ||
						   (lode_draft_after(d, LODE_ID_BACKGROUND_FLUSHES, cf, &other) && other != -1)))
		lode_range_hi(r, INT64_MIN, LODE_RULE_RELATION,
			      "without effect while max_background_compactions or max_background_flushes is set");
}

/* Files that count towards the L0 lines: under universal compaction every level that holds data is one more. */
static int64_t l0_files(const struct lode_cf_state *state, const struct lode_cf_sample *sample)
{
	int64_t n = sample->files[0] < INT32_MAX ? (int64_t)sample->files[0] : INT32_MAX;

	if (!strcmp(state->style, "kCompactionStyleUniversal"))
		for (int i = 1; i < LODE_LEVEL_MAX; i++)
			n += sample->bytes[i] > 0;
	return n;
}

/* A floor that the database itself sets: never a reason against raising the value. */
static void floor_now(const struct lode_draft *d, int tunable, int cf, int64_t at, struct lode_range *r, const char *why)
{
	int64_t before;

	if (lode_draft_before(d, tunable, cf, &before) && before < at)
		at = before;
	lode_range_lo(r, at, LODE_RULE_RELATION, why);
}

static int64_t debt_floor(const struct lode_cf_sample *sample)
{
	return sample->debt < INT64_MAX / 2 ? (int64_t)(sample->debt + sample->debt / 4) + 1 : INT64_MAX;
}

static int64_t to_int(uint64_t bytes)
{
	return bytes < INT64_MAX ? (int64_t)bytes : INT64_MAX;
}

static int64_t waiting(const struct lode_cf_sample *sample)
{
	return (int64_t)(sample->immutable < 1000000 ? sample->immutable : 1000000);
}

void lode_rule_present(const struct lode_draft *d, int tunable, int cf, struct lode_range *r)
{
	const struct lode_cf_sample *sample = lode_draft_sample(d, cf);
	const struct lode_cf_state *state = cf >= 0 ? &d->s->state->cf[cf] : NULL;
	int64_t before, number, pinned = d->s->sample->cache.pinned < INT32_MAX * 1024ull * 1024 ? (int64_t)d->s->sample->cache.pinned : 0;

	switch (tunable) {
	case LODE_ID_BLOCK_CACHE:
		/* A cache with a strict limit fails reads when what is pinned does not fit. */
		floor_now(d, tunable, cf, 2 * pinned, r, "twice what is pinned in the cache now");
		if (d->s->sample->cache.floor)
			lode_range_lo(r, to_int(d->s->sample->cache.floor), LODE_RULE_RELATION, "what this class of cache tolerates in one change");
		if (d->s->sample->cache.ceiling)
			lode_range_hi(r, to_int(d->s->sample->cache.ceiling), LODE_RULE_RELATION, "what this class of cache tolerates in one change");
		break;
	case LODE_ID_L0_SLOWDOWN:
	case LODE_ID_L0_STOP:
		if (sample)
			floor_now(d, tunable, cf, l0_files(state, sample) + L0_HEADROOM, r, "the present L0 files and some more");
		break;
	case LODE_ID_SOFT_DEBT:
	case LODE_ID_HARD_DEBT:
		if (sample && !(lode_draft_before(d, tunable, cf, &before) && before > 0)) /* no limit until now: any is a new one */
			lode_range_lo(r, debt_floor(sample), LODE_RULE_RELATION, "the present debt and a quarter more");
		else if (sample)
			floor_now(d, tunable, cf, debt_floor(sample), r, "the present debt and a quarter more");
		break;
	case LODE_ID_WRITE_BUFFER:
		/* An active memtable beyond the new size is closed at once, and a small one fills while it is being flushed. */
		if (sample && lode_draft_after(d, LODE_ID_WRITE_BUFFERS, cf, &number) && number < waiting(sample) + 3)
			floor_now(d, tunable, cf, to_int(sample->mem_active), r,
				  "the active memtable holds more and would be closed at once, with too few memtables to go on");
		break;
	case LODE_ID_WRITE_BUFFERS:
		lode_range_lo(r, lode_sat_add(state->min_merge > 0 ? state->min_merge : 0, 1), LODE_RULE_RELATION,
			      "more than min_write_buffer_number_to_merge");
		if (sample)
			floor_now(d, tunable, cf, waiting(sample) + 2, r,
				  "two more than the memtables that wait for a flush");
		break;
	}
}
