/* The face of a trial: what the designs share. */
#include "judge/design.h"

#include <math.h>
#include <stdlib.h>

static const struct lode_design_ops *ops_of(enum lode_design d)
{
	static const struct lode_design_ops *const all[] = {
	    [LODE_DESIGN_SWITCH] = &lode_design_switch, [LODE_DESIGN_START] = &lode_design_start, [LODE_DESIGN_VOLUME] = &lode_design_volume};

	return all[d];
}

const char *lode_design_name(enum lode_design d)
{
	return ops_of(d)->name;
}

double lode_trial_washout(const struct lode_trial_spec *s)
{
	const struct lode_pace *p = s->pace;
	double scale = fmax(1, s->block_scale); /* a cache fills in the time that its misses need, whatever the noise remembers */
	const double washout[] = {p->washout * scale, p->washout_flush * scale, fmin(fmax(s->fill, p->washout), p->washout_fill)};

	return washout[s->blocks];
}

double lode_trial_block(const struct lode_trial_spec *s)
{
	const struct lode_pace *p = s->pace;
	const double block[] = {p->block, p->block_flush, p->block_cache - p->washout_fill + lode_trial_washout(s)};

	return block[s->blocks] * fmax(1, s->block_scale);
}

struct lode_trial *lode_trial_new(const struct lode_trial_spec *s, const struct lode_baseline *b, uint64_t now_ns)
{
	struct lode_trial *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->spec = *s;
	t->pace = *s->pace;
	t->spec.pace = &t->pace; /* the caller's may go */
	t->base = *b;
	t->began_ns = t->now_ns = now_ns;
	t->verdict.design = s->design;
	t->verdict.primary = t->verdict.worst = b->primary;
	t->verdict.evidence = 1;
	t->verdict.effect = t->verdict.lo = t->verdict.hi = t->verdict.p = t->verdict.mixture[0] = t->verdict.mixture[1] = NAN;
	for (int m = 0; m < LODE_METRIC_N; m++)
		t->verdict.metric[m] = NAN;
	ops_of(s->design)->init(t);
	return t;
}

void lode_trial_free(struct lode_trial *t)
{
	free(t);
}

enum lode_arm lode_trial_arm(const struct lode_trial *t)
{
	return t->want;
}

double lode_trial_heavy_loss(const struct lode_trial *t)
{
	return fmin(LODE_HEAVY_LOSS, -3 * t->spec.scale[LODE_M_SPEED]);
}

double lode_trial_elapsed(const struct lode_trial *t)
{
	return lode_seconds(t->began_ns, t->now_ns);
}

void lode_trial_want(struct lode_trial *t, enum lode_arm arm)
{
	if (arm != t->want)
		t->wanted_ns = t->now_ns;
	t->want = arm;
}

void lode_trial_applied(struct lode_trial *t, uint64_t now_ns)
{
	bool news = t->live != t->want;

	t->live = t->want;
	if (now_ns > t->now_ns)
		t->now_ns = now_ns;
	if (news && t->verdict.kind == LODE_VERDICT_NONE)
		ops_of(t->spec.design)->applied(t, now_ns);
}

void lode_trial_prime(struct lode_trial *t, const struct lode_interval *history, size_t n)
{
	if (t->verdict.kind == LODE_VERDICT_NONE)
		ops_of(t->spec.design)->prime(t, history, n);
}

/* Where service times decide, an interval without them is worth nothing: the timers were switched, or someone else did it. What is counted in it would make
 * a block that is half timed. The same holds for what the program measures itself, where that decides. */
static enum lode_invalid worthless(const struct lode_trial *t, const struct lode_interval *iv)
{
	if (iv->invalid)
		return iv->invalid;
	if ((!iv->has_timers && !t->base.by_rate) || (!iv->has_stats && !t->base.writes_only))
		return LODE_INVALID_UNTIMED;
	return lode_metric_own(t->base.primary) && !iv->own.known ? LODE_INVALID_UNTOLD : LODE_VALID;
}

enum lode_trial_step lode_trial_feed(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_interval nothing = {.start_ns = iv->start_ns, .end_ns = iv->end_ns};

	if (t->verdict.kind != LODE_VERDICT_NONE)
		return LODE_TRIAL_DONE;
	if (iv->end_ns > t->now_ns)
		t->now_ns = iv->end_ns;
	nothing.invalid = worthless(t, iv);
	ops_of(t->spec.design)->feed(t, nothing.invalid && !iv->invalid ? &nothing : iv);
	t->verdict.seconds = lode_trial_elapsed(t);
	if (t->verdict.kind != LODE_VERDICT_NONE)
		return LODE_TRIAL_DONE;
	/* As long as it was not applied it is asked for: a failed write may be tried again. */
	return t->live != t->want ? LODE_TRIAL_SWITCH : LODE_TRIAL_RUNNING;
}

void lode_trial_stop(struct lode_trial *t, enum lode_verdict_kind kind, const char *why)
{
	/* The first word stands, but for a keep: it may still wait to be written for good, and whoever stops it has the better reason. */
	if (t->verdict.kind == LODE_VERDICT_NONE || t->verdict.kind == LODE_VERDICT_KEEP)
		lode_trial_end(t, kind == LODE_VERDICT_INVALID ? kind : LODE_VERDICT_REVERT, t->base.primary, "%s", why ? why : "stopped");
}

const struct lode_verdict *lode_trial_verdict(const struct lode_trial *t)
{
	return &t->verdict;
}

double lode_trial_seconds_left(const struct lode_trial *t)
{
	return t->verdict.kind == LODE_VERDICT_NONE ? fmax(0, ops_of(t->spec.design)->left(t)) : 0;
}

unsigned lode_trial_pairs_done(const struct lode_trial *t)
{
	return ops_of(t->spec.design)->done(t);
}

unsigned lode_trial_pairs_max(const struct lode_trial *t)
{
	return ops_of(t->spec.design)->max(t);
}
