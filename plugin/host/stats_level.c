/* The level of Statistics that we put into a database ourselves: counters alone while nothing is judged, timers for a trial.
 *
 * The level is one atomic byte of the object. No version says where it stands, and there is no function for it before 8.6.7, so its place is found by
 * behaviour: a Statistics of our own making is told each level at each place that could be it, and only the place at which its counters and histograms
 * stop and go on exactly as that level demands is ever written to. Levels have had the same order and numbers from 6.11 to 11.9. */
#include "host/calls.h"
#include "host/histogram.h"
#include "host/probe.h"
#include "host/real_private.h"

#include <errno.h>
#include <string.h>

/* StatsLevel: each includes those below it. */
enum { LEVEL_NOTHING = 0, LEVEL_TICKERS = 1, LEVEL_TIMERS = 3 /* kExceptDetailedTimers, RocksDB's default */ };

/* The level belongs to the base class, so it stands in front of everything that StatisticsImpl adds: at 8 up to 6.23, at 32 later. The object is
 * longer than this in every version. A pointer to anything aligned is even, so a word whose lowest byte is 3 is none; the other numbers that
 * it may be (the kind of a mutex that is not held, a shift of the per-core index) may be 0 or 1 for a moment in an object that nobody else knows. */
#define LOOK_FROM 8
#define LOOK_TO 64

static unsigned char read_level(const char *object, size_t at)
{
	return __atomic_load_n((const unsigned char *)object + at, __ATOMIC_RELAXED);
}

static void write_level(char *object, size_t at, unsigned char level)
{
	__atomic_store_n((unsigned char *)object + at, level, __ATOMIC_RELAXED);
}

/* Any one ticker and any one histogram will do: number 0 is there in every version. */
struct counts {
	uint64_t ticks, values;
};

static void take_count(void *ctx, const char *text, size_t len)
{
	struct lode_hist h;

	*(uint64_t *)ctx = lode_host_hist_parse(text, len, &h) ? UINT64_MAX : h.count;
}

static bool count(const struct lode_image *image, void *object, struct counts *out)
{
	uint64_t (*ticker)(const void *, uint32_t) = (uint64_t(*)(const void *, uint32_t))(uintptr_t)image->sym[SYM_TICKER_COUNT];

	out->ticks = ticker(object, 0);
	return !lode_call_histogram_string(image->sym[SYM_HISTOGRAM_STRING], object, 0, take_count, &out->values) &&
	       out->values != UINT64_MAX;
}

/* Does an object at this level count ticks and values as asked? */
static bool counts_as(const struct lode_image *image, void *object, bool ticks, bool values)
{
	void (*tick)(void *, uint32_t, uint64_t) = (void (*)(void *, uint32_t, uint64_t))(uintptr_t)image->sym[SYM_RECORD_TICK];
	void (*value)(void *, uint32_t, uint64_t) = (void (*)(void *, uint32_t, uint64_t))(uintptr_t)image->sym[SYM_RECORD_VALUE];
	struct counts before, after;

	if (!count(image, object, &before))
		return false;
	tick(object, 0, 1);
	value(object, 0, 1);
	return count(image, object, &after) && after.ticks - before.ticks == (uint64_t)ticks && after.values - before.values == (uint64_t)values;
}

static bool behaves(const struct lode_image *image, char *object, size_t at)
{
	static const struct {
		unsigned char level;
		bool ticks, values;
	} demand[] = {{LEVEL_NOTHING, false, false}, {LEVEL_TICKERS, true, false}, {LEVEL_TIMERS, true, true}, {LEVEL_TICKERS, true, false}};
	bool fine = true;

	for (size_t i = 0; i < sizeof(demand) / sizeof(*demand) && fine; i++) {
		write_level(object, at, demand[i].level);
		fine = counts_as(image, object, demand[i].ticks, demand[i].values);
	}
	write_level(object, at, LEVEL_TIMERS);
	return fine && counts_as(image, object, true, true);
}

/* The one place in this fresh object that behaves; 0: none, or more than one. */
static size_t search(const struct lode_image *image, char *object)
{
	unsigned char bytes[LOOK_TO];
	size_t found = 0;

	if (!lode_probe_is_a(object, lode_image_vptr(image, SYM_STATS_VTABLE)) || !lode_probe_read(object, bytes, sizeof(bytes)))
		return 0;
	for (size_t at = LOOK_FROM; at < LOOK_TO; at += sizeof(void *)) {
		if (bytes[at] != LEVEL_TIMERS || !behaves(image, object, at))
			continue;
		if (found)
			return 0;
		found = at;
	}
	return found;
}

size_t lode_stats_level_place(const struct lode_image *image)
{
	void *shared[2];
	size_t at;

	if (!image->sym[SYM_STATS_CREATE] || !image->sym[SYM_STATS_VTABLE] || !image->sym[SYM_RECORD_TICK] || !image->sym[SYM_RECORD_VALUE] ||
	    !image->sym[SYM_TICKER_COUNT] || !image->sym[SYM_HISTOGRAM_STRING])
		return 0;
	if (lode_call_statistics_create(image->sym[SYM_STATS_CREATE], shared))
		return 0;
	at = search(image, shared[0]);
	lode_call_shared_drop(shared);
	return at;
}

static int give_up(struct lode_real *r, const char *why)
{
	r->level.state = LODE_LEVEL_FIXED;
	if (!r->info.why_limited)
		r->info.why_limited = why;
	return -ENOTSUP;
}

/* The first time: where is it, and is it in the live object what a fresh one has there? */
static int find(struct lode_real *r)
{
	r->level.at = lode_stats_level_place(&r->image);
	if (!r->level.at)
		return give_up(r, "the level of our Statistics could not be found: timers run all the time");
	if (read_level(r->statistics, r->level.at) != LEVEL_TIMERS)
		return give_up(r, "the host has set the level of the Statistics that we added; it stays as the host wants it");
	r->level.last = LEVEL_TIMERS;
	r->level.state = LODE_LEVEL_FOUND;
	return 0;
}

int lode_stats_level_set(struct lode_real *r, bool timers)
{
	unsigned char level = timers ? LEVEL_TIMERS : LEVEL_TICKERS;
	int rc;

	if (!r->info.statistics_ours || !r->statistics || r->level.state == LODE_LEVEL_FIXED)
		return -ENOTSUP;
	if (r->level.state == LODE_LEVEL_UNKNOWN) {
		rc = find(r);
		if (rc)
			return rc;
	}
	if (read_level(r->statistics, r->level.at) != r->level.last)
		return give_up(r, "the host has set the level of the Statistics that we added; it stays as the host wants it");
	if (level == r->level.last)
		return 0;
	write_level(r->statistics, r->level.at, level);
	r->level.last = level;
	r->info.has_timers = timers;
	r->info.timing++;
	return 0;
}
