/* A metric of the program's own: read with every sample, told in status and journal, and why there is none to judge by when there is none. */
#include "agent/conductor_private.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>

#define SLOW_NS 100000000u /* the agent waits for the answer, and with it every guard */

static const struct lode_own_metric *meter(const struct lode_conductor *c)
{
	return &c->env.meter;
}

/* Why the answer cannot be used; NULL: it can. */
static const char *useless(bool told, const struct lode_own *own, const struct lode_own *before)
{
	if (!told)
		return "the program says that its metric is not known now";
	if (!isfinite(own->done) || !isfinite(own->over))
		return "what the program says of its metric is not a number";
	if (before->known && (own->done < before->done || own->over < before->over))
		return "the counters of the program's metric have fallen; they must only grow";
	return NULL;
}

void lode_own_take(struct lode_conductor *c, const struct lode_sample *before, struct lode_sample *now)
{
	uint64_t began = lode_conductor_now(c), ns;
	struct lode_own own = {.done = NAN, .over = (double)began / 1e9};
	bool told;

	if (!meter(c)->read)
		return;
	told = meter(c)->read(meter(c)->ctx, c->id, &own.done, &own.over);
	c->own_why = useless(told, &own, &before->own);
	own.known = told && isfinite(own.done) && isfinite(own.over);
	now->own = own.known ? own : (struct lode_own){0};
	ns = lode_conductor_now(c) - began;
	if (ns > SLOW_NS && !c->own_slow)
		lode_log(LODE_LOG_WARN, "%s: the program took %.0f ms to say its own metric; the agent waits for it, and guards nothing meanwhile", c->id, (double)ns / 1e6);
	c->own_slow |= ns > SLOW_NS;
}

const char *lode_own_not_yet(struct lode_conductor *c)
{
	double done = 0;

	if (!meter(c)->read)
		return "objective custom: the program has given no metric of its own (lodestone_options_set_objective), so there is nothing to judge by";
	if (c->own_why) {
		snprintf(c->own_note, sizeof(c->own_note), "objective custom: %s", c->own_why);
		return c->own_note;
	}
	for (size_t i = 0; i < c->history_n; i++)
		done += lode_conductor_past(c, i)->own.done;
	return done > 0 ? NULL : "objective custom: the program's metric stands still, so nothing could be judged by it";
}

void lode_own_json(const struct lode_conductor *c, struct lode_json *j)
{
	lode_json_str(j, "name", meter(c)->name);
	lode_json_str(j, "better", meter(c)->falls ? "less" : "more");
}

void lode_own_status(const struct lode_conductor *c, struct lode_json *j)
{
	if (!meter(c)->read)
		return;
	lode_json_object(j, "metric");
	lode_own_json(c, j);
	lode_json_num(j, "now", lode_interval_own(&c->last));
	lode_json_str(j, "missing", c->own_why);
	lode_json_end(j);
}
