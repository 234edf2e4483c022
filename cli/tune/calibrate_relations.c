/* What values are together: relations between options, options that exclude each other, and the memory that all of them may take. A value that was
 * wished stands above one that was not; between two that were, the higher one gives way upwards. */
#include "guard/check.h"
#include "tune/calibrate_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 64 /* each wish may be dropped once, and what is moved only goes up */
#define MIB (INT64_C(1) << 20)
#define ARENA_ALIGN 4096

/* low * factor + plus <= high, wherever both are above 0; only where compaction_style is style, unless it is NULL. */
struct relation {
	const char *low, *high;
	int64_t factor, plus;
	const char *style;
};

/* The guard's, and those that RocksDB sees to when it opens. */
static bool relation(size_t i, struct relation *r)
{
	static const struct relation own[] = {
	    {"min_write_buffer_number_to_merge", "max_write_buffer_number", 1, 1, NULL},
	    {"arena_block_size", "write_buffer_size", 8, 0, NULL},
	    /* Universal compaction may leave as many runs as start one, and a flush adds one: writes would be slow for ever, and CompactRange waits for their end. */
	    {"level0_file_num_compaction_trigger", "level0_slowdown_writes_trigger", 1, 2, "kCompactionStyleUniversal"},
	};
	struct lode_relation g;

	if (i < sizeof own / sizeof own[0]) {
		*r = own[i];
		return true;
	}
	if (!lode_guard_relation(i - sizeof own / sizeof own[0], &g))
		return false;
	*r = (struct relation){lode_tunables[g.low].id, lode_tunables[g.high].id, g.factor, 0, NULL};
	return true;
}

static int64_t times(int64_t a, int64_t factor, int64_t plus)
{
	int64_t r;

	return __builtin_mul_overflow(a, factor, &r) || __builtin_add_overflow(r, plus, &r) ? INT64_MAX : r;
}

static void move(struct tune_draft *d, const struct tune_option *o, size_t family, int64_t v, const char *fmt, const char *other)
{
	char to[TUNE_VALUE_MAX], why[200];

	if (tune_value_print(o, v, to))
		return;
	snprintf(why, sizeof why, fmt, other);
	tune_draft_move(d, o, family, to, why);
}

static bool is(const struct tune_draft *d, const struct tune_option *o, size_t family, const char *what)
{
	char buf[TUNE_VALUE_MAX];
	const char *text = tune_draft_text(d, d->c, o, family, buf);

	return what[0] == '!' ? strcmp(text, what + 1) != 0 : !strcmp(text, what);
}

/* True: something was moved. */
static bool relate(struct tune_draft *d, const struct relation *r, const struct tune_option *low, const struct tune_option *high, size_t family)
{
	const struct tune_option *style = r->style ? tune_space_find(d->space, "compaction_style") : NULL;
	bool styled = style && *tune_draft_touch(d, style, family);
	bool low_touched = *tune_draft_touch(d, low, family), high_touched = *tune_draft_touch(d, high, family);
	int64_t l, h, need, fit;

	if (r->style && (!style || !is(d, style, family, r->style)))
		return false;
	if ((!low_touched && !high_touched && !styled) || !tune_draft_number(d, low, family, &l) || !tune_draft_number(d, high, family, &h) || l <= 0 || h <= 0)
		return false;
	need = times(l, r->factor, r->plus);
	if (need <= h)
		return false;
	fit = (h - r->plus) / r->factor;
	fit = fit < low->max ? fit : low->max;
	if (!strcmp(low->name, "arena_block_size"))
		fit = fit / ARENA_ALIGN * ARENA_ALIGN;
	/* The arena follows: a memtable is never made larger for its sake. */
	bool can_up = need <= high->max && !high->closed, can_down = fit >= low->min && !low->closed;
	if (can_down && (!can_up || !(low_touched || styled) || !strcmp(low->name, "arena_block_size")))
		move(d, low, family, fit, r->factor > 1 ? "a fixed part of %s at the most" : r->plus ? "well below %s" : "not above %s", high->name);
	else if (can_up)
		move(d, high, family, need, r->factor > 1 ? "a multiple of %s at least" : r->plus ? "more than %s" : "not below %s", low->name);
	else
		tune_draft_drop(d, low_touched ? low : high_touched ? high : style, "a relation to another option cannot be kept");
	return true;
}

static bool relate_all(struct tune_draft *d)
{
	struct relation r;
	bool moved = false;

	for (size_t i = 0; relation(i, &r); i++) {
		const struct tune_option *low = tune_space_find(d->space, r.low), *high = tune_space_find(d->space, r.high);

		for (size_t f = 0; low && high && f < tune_draft_places(d, low); f++)
			moved |= relate(d, &r, low, high, f);
	}
	return moved;
}

/* ---- options that exclude each other ---- */

/* While a has a_is, b may not have b_is; "!x": any value but x. What each becomes where the other was wished; NULL: then the wish is dropped. */
static const struct exclusion {
	const char *a, *a_is, *a_else, *b, *b_is, *b_else;
} exclusions[] = {
    {"allow_mmap_reads", "true", "false", "use_direct_reads", "true", "false"},
    {"allow_mmap_reads", "true", "false", "use_direct_io_for_flush_and_compaction", "true", "false"}, /* compactions read, too */
    {"allow_mmap_writes", "true", NULL, "use_direct_io_for_flush_and_compaction", "true", "false"},
    {"unordered_write", "true", NULL, "enable_pipelined_write", "true", "false"},
    {"unordered_write", "true", NULL, "allow_concurrent_memtable_write", "false", "true"},
    {"atomic_flush", "true", NULL, "enable_pipelined_write", "true", "false"},
    {"two_write_queues", "true", NULL, "enable_pipelined_write", "true", "false"},
    {"inplace_update_support", "true", NULL, "allow_concurrent_memtable_write", "true", "false"},
    {"no_block_cache", "true", NULL, "cache_index_and_filter_blocks", "true", "false"},
    {"no_block_cache", "true", NULL, "pin_l0_filter_and_index_blocks_in_cache", "true", "false"},
    {"partition_filters", "true", "false", "index_type", "!kTwoLevelIndexSearch", "kTwoLevelIndexSearch"},
    {"index_type", "kHashSearch", "kBinarySearch", "prefix_extractor", "nullptr", NULL},
    {"block_align", "true", "false", "compression", "!kNoCompression", NULL},
    {"block_align", "true", "false", "compression_per_level", "!", NULL},
};

/* The wish that came later; both were wished. */
static const struct tune_option *later(const struct tune_draft *d, const struct tune_option *a, const struct tune_option *b)
{
	const struct tune_option *last = b;

	for (size_t i = 0; i < d->nfix; i++)
		if (d->fix[i].fate != TUNE_DROPPED)
			last = !strcmp(d->fix[i].name, a->name) ? a : !strcmp(d->fix[i].name, b->name) ? b : last;
	return last;
}

static bool exclude(struct tune_draft *d, const struct exclusion *e, const struct tune_option *a, const struct tune_option *b, size_t family)
{
	unsigned char ta = *tune_draft_touch(d, a, family), tb = *tune_draft_touch(d, b, family);
	char why[200];

	if ((!ta && !tb) || !is(d, a, family, e->a_is) || !is(d, b, family, e->b_is))
		return false;
	const struct tune_option *gives = ta && tb ? later(d, a, b) : ta ? b : a, *stays = gives == a ? b : a;
	const char *instead = gives == a ? e->a_else : e->b_else;

	snprintf(why, sizeof why, "not together with this %s", stays->name);
	if (ta && tb)
		tune_draft_drop(d, gives, why);
	else if (instead && !gives->closed)
		tune_draft_move(d, gives, family, instead, why);
	else {
		snprintf(why, sizeof why, "not together with this %s", gives->name);
		tune_draft_drop(d, stays, why);
	}
	return true;
}

/* Blocks are aligned to pages if their size is a power of two. */
static bool align_blocks(struct tune_draft *d)
{
	const struct tune_option *align = tune_space_find(d->space, "block_align"), *size = tune_space_find(d->space, "block_size");
	bool moved = false;
	int64_t v;

	for (size_t f = 0; align && size && f < d->families; f++)
		if ((*tune_draft_touch(d, align, f) || *tune_draft_touch(d, size, f)) && is(d, align, f, "true") && tune_draft_number(d, size, f, &v) &&
		    v > 0 && (v & (v - 1))) {
			move(d, align, f, 0, "not with a %s that is no power of two", size->name);
			moved = true;
		}
	return moved;
}

static bool exclude_all(struct tune_draft *d)
{
	bool moved = align_blocks(d);

	for (size_t i = 0; i < sizeof exclusions / sizeof exclusions[0]; i++) {
		const struct exclusion *e = &exclusions[i];
		const struct tune_option *a = tune_space_find(d->space, e->a), *b = tune_space_find(d->space, e->b);
		size_t places = a && b ? tune_draft_places(d, a) : 0;

		for (size_t f = 0; f < places; f++)
			moved |= exclude(d, e, a, b, f);
	}
	return moved;
}

/* ---- memory ---- */

struct memory {
	const struct tune_option *size, *number, *cache, *merge;
};

static int64_t positive(const struct tune_draft *d, const struct tune_option *o, size_t family, int64_t otherwise)
{
	int64_t v;

	return !o || !tune_draft_number(d, o, family, &v) ? otherwise : v > 0 ? v : 0;
}

static int64_t add(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_add_overflow(a, b, &r) ? INT64_MAX : r;
}

static int64_t sum(const struct tune_draft *d, const struct memory *m)
{
	int64_t total = positive(d, m->cache, 0, 0);

	for (size_t f = 0; f < d->families; f++)
		total = add(total, times(positive(d, m->size, f, 64 * MIB), positive(d, m->number, f, 2), 0));
	return total;
}

static int64_t sum_of(const struct tune_draft *d, const struct tune_config *c, const struct memory *m)
{
	struct tune_draft other = *d;

	other.c = (struct tune_config *)c;
	return sum(&other, m);
}

/* The block cache gives up as much of its growth as all growth has to, by share; what memtables grow by is cut after it. */
static void shrink_cache(struct tune_draft *d, const struct memory *m, int64_t ceiling)
{
	struct tune_draft before = *d;
	int64_t was, now, base, total = sum(d, m), to;
	double share;

	if (!m->cache || !*tune_draft_touch(d, m->cache, 0))
		return;
	before.c = (struct tune_config *)d->from;
	was = positive(&before, m->cache, 0, 0);
	now = positive(d, m->cache, 0, 0);
	base = sum_of(d, d->from, m);
	if (now <= was || total <= ceiling || total <= base)
		return;
	share = base < ceiling ? (double)(ceiling - base) / (double)(total - base) : 0;
	to = was + (int64_t)((double)(now - was) * share) / MIB * MIB;
	if (to <= was)
		tune_draft_drop(d, m->cache, "memory: memtables and block cache together have no more");
	else
		move(d, m->cache, 0, to, "memory: as much as there is for %s", "memtables and block cache together");
}

/* One wish about memtables: as much of it as fits, the same in all families that have it. */
static void shrink(struct tune_draft *d, const struct memory *m, const struct tune_option *o, const struct tune_option *factor, int64_t ceiling)
{
	struct tune_draft before = *d;
	int64_t total = sum(d, m), mine = 0, each = 0, floor = o->min, to;

	before.c = (struct tune_config *)d->from;
	if (total <= ceiling)
		return;
	for (size_t f = 0; f < d->families; f++) {
		int64_t was, n = positive(d, factor, f, 1);

		if (!*tune_draft_touch(d, o, f))
			continue;
		mine = add(mine, times(positive(d, o, f, 0), n, 0));
		each = add(each, n);
		was = positive(&before, o, f, 0);
		floor = was > floor ? was : floor;
		if (o == m->number && m->merge && positive(d, m->merge, f, 1) + 1 > floor)
			floor = positive(d, m->merge, f, 1) + 1;
	}
	if (!each)
		return;
	if (total == INT64_MAX || mine == INT64_MAX) { /* saturated: the others are not known from it */
		tune_draft_drop(d, o, "memory: more than there is");
		return;
	}
	to = ceiling - (total - mine) > 0 ? (ceiling - (total - mine)) / each : 0;
	if (o == m->size)
		to -= to % (to > 4 * MIB ? MIB : 64 << 10);
	to = to > floor ? to : floor;
	for (size_t f = 0; f < d->families; f++)
		if (*tune_draft_touch(d, o, f) && positive(d, o, f, 0) > to)
			move(d, o, f, to, "memory: as much as there is for %s", "memtables and block cache together");
}

static bool fit_memory(struct tune_draft *d)
{
	struct memory m = {tune_space_find(d->space, "write_buffer_size"), tune_space_find(d->space, "max_write_buffer_number"),
			   tune_space_find(d->space, "block_cache_size"), tune_space_find(d->space, "min_write_buffer_number_to_merge")};
	int64_t ceiling, base, before;

	if (!d->limits->memory || !m.size || !m.number)
		return false;
	base = sum_of(d, d->from, &m);
	ceiling = d->limits->memory < INT64_MAX ? (int64_t)d->limits->memory : INT64_MAX;
	ceiling = ceiling > base ? ceiling : base; /* who is above already may move about under what it has */
	before = sum(d, &m);
	if (before <= ceiling)
		return false;
	shrink_cache(d, &m, ceiling);
	shrink(d, &m, m.size, m.number, ceiling);
	shrink(d, &m, m.number, m.size, ceiling);
	if (sum(d, &m) > ceiling && m.cache && *tune_draft_touch(d, m.cache, 0))
		tune_draft_drop(d, m.cache, "memory: memtables and block cache together have no more");
	return true;
}

uint64_t tune_config_memory(const struct tune_config *c, const struct tune_limits *limits)
{
	static const struct tune_option size = {.name = "write_buffer_size", .section = TUNE_SEC_CF, .kind = TUNE_SIZE, .def = "67108864"},
					number = {.name = "max_write_buffer_number", .section = TUNE_SEC_CF, .kind = TUNE_INT, .def = "2"},
					cache = {.name = "block_cache_size", .section = TUNE_SEC_CACHE, .kind = TUNE_SIZE};
	static const struct tune_limits none;
	struct tune_draft d = {.c = (struct tune_config *)c, .limits = limits ? limits : &none, .families = tune_config_families(c)};

	return (uint64_t)sum(&d, &(struct memory){&size, &number, &cache, NULL});
}

/* max_background_jobs is without effect while one of its old forms is set. */
static bool old_forms(struct tune_draft *d)
{
	static const char *const names[] = {"max_background_compactions", "max_background_flushes"};
	const struct tune_option *jobs = tune_space_find(d->space, "max_background_jobs"), *o;
	bool moved = false;
	int64_t v;

	for (size_t i = 0; jobs && *tune_draft_touch(d, jobs, 0) && i < 2; i++) {
		o = tune_space_find(d->space, names[i]);
		if (o && tune_draft_number(d, o, 0, &v) && v != -1) {
			move(d, o, 0, -1, "%s is without effect otherwise", jobs->name);
			moved = true;
		}
	}
	return moved;
}

bool tune_draft_settle(struct tune_draft *d)
{
	for (int i = 0; i < ROUNDS && !d->failed; i++) {
		bool moved = old_forms(d);

		d->dropped = false;
		moved |= relate_all(d);
		moved |= exclude_all(d);
		moved |= fit_memory(d);
		if (d->dropped) /* what was moved for its sake need not be */
			tune_draft_undo_added(d);
		if (!moved)
			return true;
	}
	return false;
}
