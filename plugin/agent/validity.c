/* What makes a trial worthless, whatever it would have shown: something that the coin does not spread over both arms. Such a trial ends INVALID: put back,
 * no lesson, no ban. (A change of the work is looked for in experiment.c, a change of options by somebody else in overrides.c.) */
#include "agent/conductor_private.h"

#include <math.h>
#include <stdio.h>

#define CLOCK_APART_S 5.0 /* wall and monotonic clock: the machine slept, or was set */
#define FULL 0.7	  /* of write_buffer_size: memtables are flushed for being full from here on */
#define EARLY_LEAST 0.05  /* ... and a flush of less than this is no disturbance */
#define USUAL 20	  /* times pace.observe: who flushes that often does so in both arms */
#define OVERHEAD 2.0	  /* bytes that a memtable takes for a byte that is written, at the most */

/* Seconds by which the two clocks moved differently since the sample before. */
static double clocks_apart(const struct lode_conductor *c)
{
	double wall = (double)(int64_t)(c->now->wall_us - c->prev->wall_us) / 1e6;

	return fabs(wall - (double)(c->now->mono_ns - c->prev->mono_ns) / 1e9);
}

static const struct lode_cf_sample *before(const struct lode_conductor *c, uint32_t cf)
{
	for (size_t i = 0; i < c->prev->ncf; i++)
		if (c->prev->cf[i].id == cf)
			return &c->prev->cf[i];
	return NULL;
}

/* A memtable that was far from full is empty: somebody flushed. Every change of ours that makes one too large is seen as full here. */
static bool flushed_early(const struct lode_conductor *c)
{
	double came = OVERHEAD * (double)c->last.bytes_written;

	for (size_t i = 0; c->state && !c->last.invalid && i < c->now->ncf; i++) {
		const struct lode_cf_sample *b = &c->now->cf[i], *a = before(c, b->id);
		double size = (double)lode_state_int(c->state, "write_buffer_size", b->id, 64 << 20);

		if (a && (double)a->mem_active > EARLY_LEAST * size && (double)a->mem_active + came < FULL * size && b->mem_active < a->mem_active / 2)
			return true;
	}
	return false;
}

void lode_validity_look(struct lode_conductor *c)
{
	uint64_t now = lode_conductor_now(c);
	bool early = c->counts.samples > 1 && flushed_early(c);

	c->flushed_early = early && (!c->early_flush_ns || now - c->early_flush_ns > lode_seconds_ns(USUAL * c->pace.observe));
	if (early)
		c->early_flush_ns = now;
}

static bool interval_is_none(const struct lode_conductor *c, char *why, size_t len)
{
	double gap = (double)(c->last.end_ns - c->last.start_ns) / 1e9;

	switch (c->last.invalid) {
	case LODE_INVALID_EPOCH:
		snprintf(why, len, "the database was reopened while the trial ran");
		return true;
	case LODE_INVALID_RESET:
		snprintf(why, len, "the Statistics were reset while the trial ran");
		return true;
	case LODE_INVALID_CLOCK: /* a single late sample only lengthens its block */
		snprintf(why, len, "nothing was seen for %.0f s while the trial ran: suspended or starved", gap);
		return gap > c->pace.block || c->last.end_ns <= c->last.start_ns;
	default:
		return false;
	}
}

bool lode_validity_broken(const struct lode_conductor *c, char *why, size_t len)
{
	uint32_t cf;
	int level;

	if (interval_is_none(c, why, len))
		return true;
	if (clocks_apart(c) > CLOCK_APART_S) {
		snprintf(why, len, "the wall clock moved %.0f s more or less than time did while the trial ran: suspended, or set", clocks_apart(c));
		return true;
	}
	if (c->flushed_early) {
		snprintf(why, len, "memtables were flushed long before they were full while the trial ran, which is not usual here");
		return true;
	}
	if (c->state && !c->last.invalid && lode_guard_drained(c->state, c->prev, c->now, &cf, &level)) {
		snprintf(why, len, "level %d of cf%u was emptied without need while the trial ran: a manual compaction", level, (unsigned)cf);
		return true;
	}
	return false;
}
