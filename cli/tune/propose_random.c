/* Chance, for comparison: a few options of those that may be changed, to values around what they are. */
#include "tune/propose.h"

#include "base/fmt.h"
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MOST 5
#define SPAN 8 /* times the present value, up and down */
#define TRIES 200

static double around(struct lode_rng *r, double now, double min, double max)
{
	double v = now > 0 ? now * exp((2 * lode_rng_unit(r) - 1) * log(SPAN)) : 1 + lode_rng_unit(r) * SPAN;

	return fmin(fmax(v, min), max);
}

/* False: not an option for this. */
static bool draw(struct lode_rng *r, const struct tune_view *v, const struct tune_option *o, struct tune_wish *w)
{
	char text[TUNE_VALUE_MAX];
	double now, min = (double)o->min, max = (double)o->max;
	size_t n = 0;

	if (!tune_config_get(v->config, o->section, 0, o->name, text, sizeof text))
		lode_fmt(text, sizeof text, "%s", o->def);
	now = strtod(text, NULL);
	switch (o->kind) {
	case TUNE_BOOL:
		lode_fmt(w->value, sizeof w->value, "%s", strcmp(text, "true") ? "true" : "false");
		break;
	case TUNE_WORD:
		while (o->words && o->words[n])
			n++;
		if (!n)
			return false;
		lode_fmt(w->value, sizeof w->value, "%s", o->words[lode_rng_below(r, n)]);
		break;
	case TUNE_INT:
	case TUNE_SIZE:
		if (now < 0)
			return false;
		lode_fmt(w->value, sizeof w->value, "%.0f", round(around(r, now, min, max)));
		break;
	case TUNE_MILLI:
		lode_fmt(w->value, sizeof w->value, "%.4g", around(r, now, min / 1000, max / 1000));
		break;
	case TUNE_FILTER:
		lode_fmt(w->value, sizeof w->value, "bloomfilter:%.1f:false", 4 + 16 * lode_rng_unit(r));
		break;
	default:
		return false;
	}
	return !tune_config_equal(w->value, text);
}

static void propose(struct tune_proposer *self, const struct tune_view *v, struct tune_proposal *out)
{
	size_t count = tune_space_count(v->space), want;
	struct lode_rng r;

	(void)self;
	*out = (struct tune_proposal){.advisor = "random", .rule = "random", .why = "drawn by lot"};
	lode_rng_seed(&r, v->seed);
	want = 1 + (size_t)lode_rng_below(&r, CHANGES_MOST);
	for (unsigned i = 0; i < TRIES && out->n < want && count; i++) {
		const struct tune_option *o = tune_space_at(v->space, (size_t)lode_rng_below(&r, count));
		struct tune_wish *w = &out->wish[out->n];
		bool again = false;

		for (size_t k = 0; k < out->n; k++)
			again |= !strcmp(out->wish[k].name, o->name);
		*w = (struct tune_wish){0};
		if (again || o->closed || !draw(&r, v, o, w))
			continue;
		lode_fmt(w->section, sizeof w->section, "%s", tune_section_name(o->section));
		lode_fmt(w->name, sizeof w->name, "%s", o->name);
		out->n++;
	}
	if (!out->n)
		lode_fmt(out->why, sizeof out->why, "no option could be drawn");
}

struct tune_proposer *tune_propose_random(struct lode_err *err)
{
	static const struct tune_proposer_ops ops = {propose, tune_proposer_plain_free};

	return tune_proposer_plain(&ops, err);
}
