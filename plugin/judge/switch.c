/* SWITCH: randomised pairs of blocks, judged by e-processes (docs/judge.md). Validity hangs on one thing only: the order of the two blocks
 * of a pair is decided by a coin that is thrown after the pair before it has closed. */
#include "judge/design.h"
#include "judge/mixture.h"

#include <math.h>
#include <string.h>

#define DISCARDS_MAX 3
#define RECOVER_BLOCKS 2 /* how long a block may wait for what the other arm left behind */
#define STALE_SHARE 0.25 /* of an interval that may lie before the end of the washout */

static unsigned pairs_max(const struct lode_trial *t)
{
	return t->pace.max_pairs < LODE_PAIRS_MAX ? t->pace.max_pairs : LODE_PAIRS_MAX;
}

static unsigned pairs_done(const struct lode_trial *t)
{
	return (unsigned)t->sw.e[t->base.primary].n;
}

static double need_s(const struct lode_trial *t)
{
	return lode_trial_block(&t->spec) - lode_trial_washout(&t->spec);
}

static bool quiet(const struct lode_interval *iv)
{
	return !iv->invalid && iv->delayed_s <= 0 && iv->stopped_s <= 0;
}

static void open_block(struct lode_trial *t)
{
	t->sw.waiting = false;
	t->sw.block_ns = t->now_ns; /* of an arm that must first be applied: until then, see applied() */
	lode_recover_begin(&t->sw.recover, lode_trial_washout(&t->spec));
	lode_trial_want(t, t->sw.next);
}

/* A treatment is never applied while writes are throttled (SetOptions would throttle them further). If only the treatment waited for a
 * quiet moment, its blocks would begin in better times than the control's; so every block does, of either arm, with or without a switch.
 * But not for longer than a block: perhaps it is the arm now live that throttles. iv: the last interval, NULL before the first. */
static void begin_block(struct lode_trial *t, enum lode_arm arm, const struct lode_interval *iv)
{
	struct lode_switch *s = &t->sw;

	memset(&s->sum, 0, sizeof(s->sum));
	s->kept_s = 0;
	s->clean = false;
	s->next = arm;
	s->waiting = true;
	s->closed_ns = t->now_ns;
	if (!iv || quiet(iv))
		open_block(t);
}

static void begin_pair(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_switch *s = &t->sw;

	lode_recover_pair_closed(&s->recover);
	s->second = false;
	s->seen = s->bad = 0;
	s->pair_ns = t->now_ns;
	begin_block(t, lode_rng_coin(&s->coin) ? LODE_TREATMENT : LODE_CONTROL, iv);
}

static void init(struct lode_trial *t)
{
	lode_rng_seed(&t->sw.coin, t->spec.seed);
	lode_recover_init(&t->sw.recover, t->spec.refill);
	for (int m = 0; m < LODE_METRIC_N; m++)
		lode_eprocess_init(&t->sw.e[m], m == (int)t->base.primary ? 0 : -t->spec.margin[m], t->spec.scale[m]);
	begin_pair(t, NULL);
}

/* A pair carries its own control; but how much debt and how many misses are usual is known from before. */
static void prime(struct lode_trial *t, const struct lode_interval *history, size_t n)
{
	lode_recover_learn_history(&t->sw.recover, history, n);
}

static void applied(struct lode_trial *t, uint64_t now_ns)
{
	t->sw.block_ns = now_ns;
	lode_recover_begin(&t->sw.recover, lode_trial_washout(&t->spec));
}

static double mean_of(const struct lode_eprocess *e)
{
	double sum = 0;

	for (size_t i = 0; i < e->n; i++)
		sum += e->d[i];
	return e->n ? sum / (double)e->n : NAN;
}

/* Effect so far, for status and for the verdict. Returns the mean difference of the primary metric in log units. */
static double measure(struct lode_trial *t)
{
	struct lode_verdict *v = &t->verdict;
	const struct lode_eprocess *e = &t->sw.e[t->base.primary];
	double mean = NAN, lo, hi;

	v->lo = v->hi = NAN;
	if (lode_eprocess_interval(e, t->spec.alpha, &mean, &lo, &hi)) {
		v->lo = lode_metric_gain(v->primary, lo);
		v->hi = lode_metric_gain(v->primary, hi);
	}
	v->effect = lode_metric_gain(v->primary, mean);
	v->evidence = lode_eprocess_above(e);
	v->pairs = pairs_done(t);
	for (int m = 0; m < LODE_METRIC_N; m++)
		v->metric[m] = mean_of(&t->sw.e[m]);
	return mean;
}

/* A guard that is worse than its margin by evidence; the primary metric if none. With k guards each must reach k/alpha, so that together they
 * keep alpha. */
static enum lode_metric harmed_guard(const struct lode_trial *t)
{
	unsigned guards = 0;

	for (int m = 0; m < LODE_METRIC_N; m++)
		guards += lode_metric_guards(&t->base, m);
	for (int m = 0; m < LODE_METRIC_N; m++)
		if (lode_metric_guards(&t->base, m) && lode_eprocess_below(&t->sw.e[m]) >= guards / t->spec.alpha)
			return m;
	return t->base.primary;
}

/* A flush or a compaction in one block and not in the other moves a tail further than any margin allows. Where pairs differ from each other by more than
 * the margin, no trial of this length can show that the guard is unharmed. */
static bool too_noisy(const struct lode_trial *t, enum lode_metric m)
{
	const struct lode_eprocess *e = &t->sw.e[m];
	double mean = mean_of(e), sum = 0;

	for (size_t i = 0; i < e->n; i++)
		sum += (e->d[i] - mean) * (e->d[i] - mean);
	return e->n >= 3 && sqrt(sum / (double)(e->n - 1)) > t->spec.margin[m];
}

/* The guard that lacks evidence to be within its margin, or can no longer reach it in `more` pairs; the primary metric if none. No correction for
 * their number here: all of them must pass. One that is too noisy for evidence either way passes with a mean within the margin; its harm, where
 * there is evidence of it, is still seen by harmed_guard. */
static enum lode_metric open_guard(const struct lode_trial *t, unsigned more)
{
	for (int m = 0; m < LODE_METRIC_N; m++) {
		if (!lode_metric_guards(&t->base, m) || lode_eprocess_reach(&t->sw.e[m], more) >= 1 / t->spec.alpha)
			continue;
		if (too_noisy(t, m) && (more || mean_of(&t->sw.e[m]) >= -t->spec.margin[m]))
			continue;
		return m;
	}
	return t->base.primary;
}

static void end_primary(struct lode_trial *t, enum lode_verdict_kind kind, double evidence)
{
	char effect[120];

	t->verdict.evidence = evidence;
	lode_trial_end(t, kind, t->base.primary, "%s in %u pairs; evidence %.1f, needed %.0f",
		       lode_verdict_effect(&t->verdict, effect, sizeof(effect)), pairs_done(t), evidence, 1 / t->spec.alpha);
}

/* Reverts that evidence asks for, the quickest first. true if it ended. */
static bool decide_harm(struct lode_trial *t)
{
	struct lode_verdict *v = &t->verdict;
	enum lode_metric guard;
	char text[120];

	if (t->sw.losses >= 2) {
		lode_trial_end(t, LODE_VERDICT_REVERT, lode_metric_own(t->base.primary) ? t->base.primary : LODE_M_SPEED,
			       "stopped early: more than 30 %% %s in two pairs running; %s", lode_metric_own(t->base.primary) ? "worse" : "slower",
			       lode_verdict_effect(v, text, sizeof(text)));
		return true;
	}
	if (lode_eprocess_below(&t->sw.e[t->base.primary]) >= 1 / t->spec.alpha) {
		end_primary(t, LODE_VERDICT_REVERT, lode_eprocess_below(&t->sw.e[t->base.primary]));
		return true;
	}
	guard = harmed_guard(t);
	if (guard != t->base.primary) {
		v->evidence = lode_eprocess_below(&t->sw.e[guard]);
		lode_trial_end(t, LODE_VERDICT_REVERT, guard, "%s, beyond the margin; evidence %.1f in %u pairs",
			       lode_verdict_harm(guard, v->metric[guard], text, sizeof(text)), v->evidence, pairs_done(t));
		return true;
	}
	return false;
}

/* Undecided is a revert too; the sentence says which. */
static void decide_undecided(struct lode_trial *t)
{
	enum lode_metric primary = t->base.primary;
	unsigned n = pairs_done(t), more = pairs_max(t) - n;
	double reach = lode_eprocess_reach(&t->sw.e[primary], more), need = 1 / t->spec.alpha;
	enum lode_metric guard = open_guard(t, more);
	char text[120];

	lode_verdict_effect(&t->verdict, text, sizeof(text));
	if (more && reach < need)
		lode_trial_end(t, LODE_VERDICT_REVERT, primary,
			       "undecided, given up after %u pairs: %s; %u more could bring evidence to %.1f, needed %.0f", n, text,
			       more, reach, need);
	else if (more && guard != primary)
		lode_trial_end(t, LODE_VERDICT_REVERT, guard,
			       "undecided, given up after %u pairs: %s can no longer be shown to be unharmed; %s", n,
			       lode_metric_name[guard], text);
	else if (!more && reach < need)
		lode_trial_end(t, LODE_VERDICT_REVERT, primary, "undecided after %u pairs: %s; evidence %.1f, needed %.0f", n,
			       text, reach, need);
	else if (!more && guard != primary)
		lode_trial_end(t, LODE_VERDICT_REVERT, guard, "undecided after %u pairs: %s, but %s was not shown to be unharmed", n,
			       text, lode_metric_name[guard]);
	else if (!more)
		lode_trial_end(t, LODE_VERDICT_REVERT, primary, "too small to keep: %s in %u pairs, asked for a gain of %.1f %% at least",
			       text, n, 100 * lode_metric_gain(primary, t->spec.min_effect));
}

static void decide(struct lode_trial *t)
{
	double mean = measure(t), up = t->verdict.evidence;

	if (decide_harm(t))
		return;
	if (up >= 1 / t->spec.alpha && mean >= t->spec.min_effect && open_guard(t, 0) == t->base.primary)
		end_primary(t, LODE_VERDICT_KEEP, up);
	else
		decide_undecided(t);
}

static void discard(struct lode_trial *t, const struct lode_interval *iv)
{
	if (++t->sw.discarded > DISCARDS_MAX)
		lode_trial_end(t, LODE_VERDICT_INVALID, t->base.primary, "%u pairs had to be discarded: too few valid intervals, %sor no work", t->sw.discarded,
			       lode_metric_own(t->base.primary) ? "no metric from the program, " : "");
	else
		begin_pair(t, iv);
}

/* The same differences, seen by two other roads: for the journal, not for the verdict. */
static void cross_check(struct lode_trial *t)
{
	const struct lode_eprocess *e = &t->sw.e[t->base.primary];
	struct lode_verdict *v = &t->verdict;
	double lo, hi;

	v->p = lode_signflip_p(e->d, e->n);
	if (!lode_mixture_interval(e->d, e->n, e->scale, t->spec.alpha, &lo, &hi))
		return;
	v->mixture[0] = lode_metric_gain(v->primary, lo);
	v->mixture[1] = lode_metric_gain(v->primary, hi);
}

/* In speed, or in what the program itself measures where that is asked for. */
static bool heavy_loss(const struct lode_trial *t)
{
	const struct lode_metrics *y = t->sw.y;
	enum lode_metric p = t->base.primary;

	if (y[LODE_TREATMENT].v[LODE_M_SPEED] - y[LODE_CONTROL].v[LODE_M_SPEED] < lode_trial_heavy_loss(t))
		return true;
	return lode_metric_own(p) && y[LODE_TREATMENT].v[p] - y[LODE_CONTROL].v[p] < fmin(LODE_HEAVY_LOSS, -3 * t->spec.scale[p]);
}

static void close_pair(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_switch *s = &t->sw;
	double primary = s->y[LODE_TREATMENT].v[t->base.primary] - s->y[LODE_CONTROL].v[t->base.primary];

	if (3 * s->bad > s->seen || !isfinite(primary)) {
		discard(t, iv);
		return;
	}
	for (int m = 0; m < LODE_METRIC_N; m++)
		if (lode_metric_defined(&t->base, m))
			lode_eprocess_add(&s->e[m], s->y[LODE_TREATMENT].v[m] - s->y[LODE_CONTROL].v[m]);
	s->losses = heavy_loss(t) ? s->losses + 1 : 0;
	decide(t);
	if (t->verdict.kind != LODE_VERDICT_NONE)
		cross_check(t);
	else
		begin_pair(t, iv);
}

static void close_block(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_switch *s = &t->sw;

	lode_metrics_of(&t->base, &s->sum, &s->y[t->live]);
	if (s->second) {
		close_pair(t, iv);
		return;
	}
	s->second = true;
	begin_block(t, t->live == LODE_CONTROL ? LODE_TREATMENT : LODE_CONTROL, iv);
}

/* A pair that takes three times as long as it should, because nothing valid comes or nobody applies the arm, will not get better. */
static bool overdue(const struct lode_trial *t, const struct lode_interval *iv)
{
	double block = fmax(lode_trial_block(&t->spec), 3 * iv->seconds);

	return lode_seconds(t->sw.pair_ns, t->now_ns) > 3 * 2 * block;
}

/* Washed out, by the clock and by what is seen. A block that waits too long for that takes its pair along. true: the interval counts. */
static bool cleaned(struct lode_trial *t, const struct lode_interval *iv, double clean)
{
	struct lode_switch *s = &t->sw;
	bool done = lode_recover_done(&s->recover); /* by what went before this interval */

	if (s->clean)
		return true;
	lode_recover_feed(&s->recover, iv);
	if (iv->invalid || clean < -STALE_SHARE * iv->seconds)
		return false;
	s->clean = done;
	if (!done && clean > RECOVER_BLOCKS * lode_trial_block(&t->spec))
		discard(t, iv);
	return done;
}

/* Counts an interval of the live arm; a part of it may lie in the washout, since applying takes a moment after a sample. */
static void count(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_switch *s = &t->sw;
	double clean = lode_seconds(s->block_ns, iv->start_ns) - lode_trial_washout(&t->spec);

	if (!cleaned(t, iv, clean) || iv->invalid)
		return;
	if (t->live == LODE_CONTROL)
		lode_recover_control(&s->recover, iv);
	lode_interval_add(&s->sum, iv);
	s->kept_s += iv->seconds;
	if (s->kept_s + iv->seconds / 2 >= need_s(t))
		close_block(t, iv);
}

static void feed(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_switch *s = &t->sw;

	s->seen++;
	s->bad += iv->invalid != LODE_VALID;
	if (overdue(t, iv))
		discard(t, iv);
	else if (s->waiting && (quiet(iv) || lode_seconds(s->closed_ns, t->now_ns) > lode_trial_block(&t->spec)))
		open_block(t);
	else if (!s->waiting && t->live == t->want)
		count(t, iv);
}

static double left(const struct lode_trial *t)
{
	double block = lode_trial_block(&t->spec);
	double pair = fmin(2 * block, fmax(0, lode_seconds(t->sw.pair_ns, t->now_ns)));

	return (pairs_max(t) - pairs_done(t)) * 2 * block - pair;
}

const struct lode_design_ops lode_design_switch = {"switch", init, prime, applied, feed, left, pairs_done, pairs_max};
