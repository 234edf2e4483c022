/* Between a plan and its trial: Statistics of ours that count only, because that is cheap, are told to time as well, and a while of timed work is gathered
 * for the baseline. Whatever ends the trial, they go back to counting. Statistics of the host stay as they are, and its trials begin at once. */
#include "agent/conductor_private.h"

#include <errno.h>

#define PATIENCE 4.0	/* times pace.observe, and */
#define PATIENCE_S 10.0 /* seconds more, in which the work may come to rest */
#define DOUBT 2.0	/* half of the operations that there were */

static void set_timers(struct lode_conductor *c, bool up)
{
	int rc = c->host->ops->statistics_level ? c->host->ops->statistics_level(c->host, up) : -ENOTSUP;

	if (rc == 0)
		c->timers = up ? LODE_TIMERS_UP : LODE_TIMERS_DOWN;
	else if (rc != -ESHUTDOWN)
		c->timers = LODE_TIMERS_FIXED;
}

/* After a keep: far fewer operations are a collapse if they have become dearer, and nobody's concern if not. The tripwire needs to know which. */
static bool in_doubt(const struct lode_conductor *c)
{
	return c->phase == LODE_WATCH && !c->last.invalid && lode_interval_ops(&c->last) * DOUBT < c->trip.ops;
}

void lode_qualify_rest(struct lode_conductor *c)
{
	bool judging = c->phase == LODE_QUALIFY || c->phase == LODE_TRIAL || in_doubt(c);

	if (c->timers == LODE_TIMERS_UNKNOWN || (c->timers == LODE_TIMERS_UP && !judging))
		set_timers(c, false);
	else if (c->timers == LODE_TIMERS_DOWN && judging)
		set_timers(c, true);
}

void lode_qualify_close(struct lode_conductor *c)
{
	if (c->timers == LODE_TIMERS_UP)
		set_timers(c, false);
}

void lode_qualify_begin(struct lode_conductor *c)
{
	char changes[200];

	if (c->timers != LODE_TIMERS_FIXED)
		set_timers(c, true);
	if (c->timers != LODE_TIMERS_UP) {
		lode_experiment_begin(c);
		return;
	}
	c->suggested = false;
	lode_conductor_forget(c); /* what was not timed does not compare with what will be */
	lode_report_changes(c, &c->plan, changes, sizeof(changes));
	lode_conductor_phase(c, LODE_QUALIFY, "timing the work, then trying %.180s", changes);
	c->phase_ns = lode_conductor_now(c);
}

/* The same quiet time that goes before a question, now with timers; then the guard looks again, because the world may have moved. */
void lode_qualify_feed(struct lode_conductor *c)
{
	double waited = (double)(lode_conductor_now(c) - c->phase_ns) / 1e9;

	lode_advice_learn(c);
	if (lode_advice_not_yet(c) || lode_goal_not_yet(c)) {
		if (waited > PATIENCE * c->pace.observe + (lode_advice_not_yet(c) ? PATIENCE_S : HISTORY * c->pace.block / 6))
			lode_experiment_give_up(c, "the work did not come to rest, so nothing was tried");
		return;
	}
	if (lode_advice_recheck(c, NULL))
		c->phase = LODE_OBSERVE; /* why says what was refused */
	else
		lode_experiment_begin(c);
}

/* Only what was timed all through goes into the history of a trial that hangs on it. */
bool lode_qualify_skips(const struct lode_conductor *c)
{
	return c->timers == LODE_TIMERS_UP && !c->last.has_timers;
}

const char *lode_qualify_judged_by(const struct lode_conductor *c)
{
	if (!c->now->has_stats)
		return "writes per second and stalls only; reads are not seen";
	return c->timers == LODE_TIMERS_FIXED && !c->now->has_timers ? "operations per second and stalls; service times are not taken" : "service time";
}
