/* Time, as something that can be handed in: the real clock, or a virtual one in tests and simulations. */
#ifndef LODE_BASE_CLOCK_H
#define LODE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lode_clock {
	uint64_t (*mono_ns)(void *self); /* monotonic nanoseconds */
	uint64_t (*wall_us)(void *self); /* microseconds since 1970, UTC */
	void *self;
	bool made_up; /* what the kernel counts in its own time (processor time of this process) means nothing beside it */
};

extern const struct lode_clock lode_clock_real;

static inline uint64_t lode_clock_mono(const struct lode_clock *c)
{
	return c->mono_ns(c->self);
}

static inline uint64_t lode_clock_wall(const struct lode_clock *c)
{
	return c->wall_us(c->self);
}

/* "2026-01-31T12:00:00.123456Z" into buf (at least 28 bytes). Returns buf. Uses no locale, time zone or environment. */
const char *lode_clock_iso(uint64_t wall_us, char *buf);
/* Back from that form, and from no other. -EINVAL. */
int lode_clock_parse(const char *iso, uint64_t *wall_us);

#endif
