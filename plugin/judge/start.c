/* START: one exposure that begins at a slot drawn by lot (Edgington's randomised-start test). If the change does nothing, the record would
 * have been the same whichever slot was drawn, and the drawn one comes first among K with probability 1/K, whatever noise, drift or steps
 * the record holds. The record ends at the same time for every draw; only a revert may end it early. */
#include "judge/design.h"

#include <math.h>
#include <string.h>

#define EMPTY_SHARE 3 /* a record with more than a third of its bins empty is none */
/* A keep must also be larger than what neighbouring blocks differ by anyway. It can only prevent keeps, and more than halves the false ones
 * where noise is quick; a history that was wild for other reasons must not put the bar out of reach. */
#define NOISE_FACTOR 1.5
#define NOISE_MOST 0.15
#define WILDER 1.5 /* times what the record did before the start: what it takes to be stopped early */

static unsigned slots_of(const struct lode_trial *t)
{
	unsigned n = t->pace.slots;

	return n < 2 ? 2 : n > LODE_SLOTS_MAX ? LODE_SLOTS_MAX : n;
}

static void init(struct lode_trial *t)
{
	struct lode_start *s = &t->st;
	struct lode_rng draw;

	lode_rng_seed(&draw, t->spec.seed);
	s->slots = slots_of(t);
	s->slot = (unsigned)lode_rng_below(&draw, s->slots);
	s->bin = -1;
	for (int m = 0; m < LODE_METRIC_N; m++)
		for (unsigned i = 0; i < LODE_BINS_MAX; i++)
			s->y[m][i] = NAN;
	t->verdict.pairs = s->slots;
}

static unsigned bins_for(double seconds, double bin_s)
{
	double n = ceil(seconds / bin_s - 1e-6);

	return n < 1 ? 1 : n > LODE_BINS_MAX ? LODE_BINS_MAX : (unsigned)n;
}

static unsigned bins_all(const struct lode_start *s)
{
	return s->before + bins_for(s->slots * s->step, 1) + s->washout + s->window;
}

/* Lays out time: what is known of the past, one bin at least in which the first feed can ask for slot 0, the slots, and the last window.
 * Nothing here depends on what was measured, only on when. past_s: seconds of history; longest: interval. */
static void anchor(struct lode_trial *t, uint64_t origin_ns, double past_s, double longest)
{
	struct lode_start *s = &t->st;

	s->origin_ns = origin_ns;
	s->bin_s = fmax(t->pace.slot / 2, longest);
	for (;;) {
		unsigned past = past_s > 0 ? bins_for(past_s, s->bin_s) + 1 : 1;

		s->window = bins_for(t->pace.window, s->bin_s);
		s->washout = bins_for(t->pace.washout_cache, s->bin_s);
		s->before = past > s->window ? past : s->window;
		s->step = fmax(1, t->pace.slot / s->bin_s);
		if (bins_all(s) <= LODE_BINS_MAX || s->bin_s > 1e9)
			break;
		s->bin_s *= 2;
	}
	s->bins = bins_all(s) < LODE_BINS_MAX ? bins_all(s) : LODE_BINS_MAX;
	s->anchored = true;
}

static unsigned start_bin(const struct lode_start *s)
{
	return s->before + (unsigned)(s->slot * s->step + 1e-9);
}

static void close_bin(struct lode_trial *t)
{
	struct lode_start *s = &t->st;
	struct lode_metrics y;

	if (s->bin < 0)
		return;
	lode_metrics_of(&t->base, &s->sum, &y);
	for (int m = 0; m < LODE_METRIC_N; m++)
		s->y[m][s->bin] = y.v[m];
	memset(&s->sum, 0, sizeof(s->sum));
	s->bin = -1;
}

/* An interval belongs to the bin that holds its middle. */
static void add(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_start *s = &t->st;
	double middle = (lode_seconds(s->origin_ns, iv->start_ns) + lode_seconds(s->origin_ns, iv->end_ns)) / 2;
	int bin = middle < 0 || middle >= s->bins * s->bin_s ? -1 : (int)(middle / s->bin_s);

	if (iv->invalid || bin < 0)
		return;
	if (bin != s->bin) {
		close_bin(t);
		s->bin = bin;
	}
	lode_interval_add(&s->sum, iv);
}

static void prime(struct lode_trial *t, const struct lode_interval *history, size_t n)
{
	struct lode_start *s = &t->st;
	double longest = 0;
	size_t from = n;

	if (!s->anchored) {
		uint64_t end = n ? history[n - 1].end_ns : 0;

		for (; from > 0; from--) {
			const struct lode_interval *iv = &history[from - 1];

			if (lode_seconds(iv->start_ns, end) > t->pace.window * 1.001)
				break;
			longest = fmax(longest, iv->invalid ? 0 : iv->seconds);
		}
		if (from == n || longest <= 0)
			return;
		anchor(t, history[from].start_ns, lode_seconds(history[from].start_ns, end), longest);
	}
	for (; from < n; from++)
		add(t, &history[from]);
}

/* Mean log-speed of the `window` bins before `end`; NAN if nothing was measured. */
static double window_mean(const struct lode_start *s, unsigned end)
{
	double sum = 0;
	unsigned n = 0;

	for (unsigned i = end - s->window; i < end; i++)
		if (isfinite(s->y[LODE_M_SPEED][i]))
			sum += s->y[LODE_M_SPEED][i], n++;
	return n ? sum / n : NAN;
}

/* Log-speed of the last window that is closed, if all of it came after the start, against the window before it. */
static double loss_so_far(const struct lode_start *s, unsigned closed)
{
	double loss;

	if (closed < start_bin(s) + s->window)
		return 0;
	loss = window_mean(s, closed) - window_mean(s, start_bin(s));
	return isfinite(loss) ? loss : 0;
}

/* A loss is no reason to stop early where this record, before the start, moved as far by itself from one window to the next. */
static double heavy_loss(const struct lode_trial *t)
{
	const struct lode_start *s = &t->st;
	double wildest = 0;

	for (unsigned end = 2 * s->window; end <= start_bin(s); end++) {
		double move = fabs(window_mean(s, end) - window_mean(s, end - s->window));

		wildest = fmax(wildest, isfinite(move) ? move : 0);
	}
	return fmin(lode_trial_heavy_loss(t), -WILDER * wildest);
}

/* Carries the last value over bins without one, the first back to the beginning. Returns how many had none. */
static unsigned fill(double *y, unsigned n)
{
	unsigned empty = 0;
	double last = NAN;

	for (unsigned i = 0; i < n && !isfinite(last); i++)
		last = y[i];
	for (unsigned i = 0; i < n; i++) {
		empty += !isfinite(y[i]);
		last = y[i] = isfinite(y[i]) ? y[i] : last;
	}
	return empty;
}

static struct lode_onset layout(const struct lode_start *s)
{
	return (struct lode_onset){
	    .bins = s->bins, .first = s->before, .step = s->step, .slots = s->slots, .washout = s->washout, .window = s->window};
}

/* The last rank that counts as evidence: alpha / 2 for each direction, so that a change that does nothing is kept or blamed with alpha in all. */
static double rank_limit(const struct lode_trial *t)
{
	return fmax(1, t->spec.alpha / 2 * t->st.slots + 1e-9);
}

/* A guard that is beyond its margin; the primary metric if none. *proven: its harm also ranks too high for chance. */
static enum lode_metric judge_guards(struct lode_trial *t, const struct lode_onset *o, bool *proven)
{
	struct lode_start *s = &t->st;
	enum lode_metric worst = t->base.primary;
	double gain[LODE_SLOTS_MAX];

	*proven = false;
	for (int m = 0; m < LODE_METRIC_N; m++) {
		double d;

		if (!lode_metric_guards(&t->base, m) || EMPTY_SHARE * fill(s->y[m], s->bins) > s->bins)
			continue;
		t->verdict.metric[m] = d = lode_onset_change(o, s->y[m], s->slot);
		if (d >= -t->spec.margin[m])
			continue;
		lode_onset_scan(o, s->y[m], gain);
		if (lode_onset_rank(o, gain, s->slot, -1) <= rank_limit(t)) {
			*proven = true;
			return m;
		}
		/* Without proof it takes twice the margin to stand in the way of a keep. */
		if (d < -2 * t->spec.margin[m])
			worst = m;
	}
	return worst;
}

static void measure(struct lode_trial *t, const struct lode_onset *o, unsigned rank)
{
	struct lode_verdict *v = &t->verdict;
	enum lode_metric m = v->primary;
	const double *y = t->st.y[m];
	double lo, hi;

	v->metric[m] = lode_onset_change(o, y, t->st.slot);
	v->effect = lode_metric_gain(m, v->metric[m]);
	lode_onset_interval(o, y, t->st.slot, &lo, &hi);
	v->lo = isfinite(lo) ? lode_metric_gain(m, fmin(lo, v->metric[m])) : NAN;
	v->hi = isfinite(hi) ? lode_metric_gain(m, fmax(hi, v->metric[m])) : NAN;
	v->p = (double)rank / t->st.slots;
	v->evidence = 1 / v->p;
}

static void decide(struct lode_trial *t)
{
	struct lode_start *s = &t->st;
	enum lode_metric primary = t->base.primary;
	struct lode_onset o = layout(s);
	double gain[LODE_SLOTS_MAX], limit = rank_limit(t), change;
	double least = fmax(t->spec.min_effect, fmin(NOISE_FACTOR * t->spec.scale[primary], NOISE_MOST));
	enum lode_metric guard;
	unsigned best, worst;
	char effect[120], harm[120];
	bool proven;

	if (EMPTY_SHARE * fill(s->y[primary], s->bins) > s->bins) {
		lode_trial_end(t, LODE_VERDICT_INVALID, primary, "too few valid intervals, or no work, in the record");
		return;
	}
	lode_onset_scan(&o, s->y[primary], gain);
	best = lode_onset_rank(&o, gain, s->slot, 1);
	worst = lode_onset_rank(&o, gain, s->slot, -1);
	change = lode_onset_change(&o, s->y[primary], s->slot);
	measure(t, &o, best <= worst ? best : worst);
	guard = judge_guards(t, &o, &proven);
	lode_verdict_effect(&t->verdict, effect, sizeof(effect));
	lode_verdict_harm(guard, t->verdict.metric[guard], harm, sizeof(harm));
	if (worst <= limit && change <= -least)
		lode_trial_end(t, LODE_VERDICT_REVERT, primary,
			       "worse: %s; the change stands out from %u starts that could have been drawn", effect, s->slots);
	else if (guard != primary && proven)
		lode_trial_end(t, LODE_VERDICT_REVERT, guard, "%s, beyond the margin, and it began with the change; %s", harm,
			       effect);
	else if (best > limit)
		lode_trial_end(t, LODE_VERDICT_REVERT, primary,
			       "undecided: %s, but the start ranks only %u of %u that could have been drawn", effect, best, s->slots);
	else if (change < least)
		lode_trial_end(t, LODE_VERDICT_REVERT, primary, "too small to keep: %s, asked for a gain of %.1f %% at least", effect,
			       100 * lode_metric_gain(primary, least));
	else if (guard != primary)
		lode_trial_end(t, LODE_VERDICT_REVERT, guard, "undecided: %s, but %s, twice the margin", effect, harm);
	else
		lode_trial_end(t, LODE_VERDICT_KEEP, primary,
			       "%s; the change stands out from %u starts that could have been drawn (p = %.3f)", effect, s->slots,
			       t->verdict.p);
}

/* An arm that is live a slot late did not start where the lot said, and its rank means nothing. */
static bool in_time(struct lode_trial *t, double at)
{
	struct lode_start *s = &t->st;

	if (at - start_bin(s) * s->bin_s <= s->step * s->bin_s)
		return true;
	lode_trial_end(t, LODE_VERDICT_INVALID, t->base.primary, "the change was not live within a slot of its drawn start");
	return false;
}

static void applied(struct lode_trial *t, uint64_t now_ns)
{
	in_time(t, lode_seconds(t->st.origin_ns, now_ns));
}

/* Asks for the treatment at the sampling instant nearest to the slot's beginning: the same rule that sorts intervals into bins. */
static bool expose(struct lode_trial *t, double at)
{
	if (at >= start_bin(&t->st) * t->st.bin_s)
		lode_trial_want(t, LODE_TREATMENT);
	return t->want == t->live || in_time(t, at);
}

/* Only a revert may come before the end of the record: a keep that did would no longer be one draw among equals. */
static void watch_loss(struct lode_trial *t, unsigned closed)
{
	double loss = loss_so_far(&t->st, closed);

	if (t->base.primary == LODE_M_SPEED)
		t->verdict.effect = closed >= start_bin(&t->st) + t->st.window ? expm1(loss) : NAN;
	if (loss >= LODE_HEAVY_LOSS || loss >= heavy_loss(t))
		return;
	t->verdict.metric[LODE_M_SPEED] = loss;
	lode_trial_end(t, LODE_VERDICT_REVERT, LODE_M_SPEED, "stopped early: %.0f %% slower over a whole window after the start",
		       -100 * expm1(loss));
}

static void feed(struct lode_trial *t, const struct lode_interval *iv)
{
	struct lode_start *s = &t->st;
	int before = s->bin;
	double at;

	if (!s->anchored && iv->invalid)
		return;
	if (!s->anchored)
		anchor(t, iv->start_ns, 0, iv->seconds);
	add(t, iv);
	at = lode_seconds(s->origin_ns, t->now_ns) + iv->seconds / 2;
	if (!expose(t, at))
		return;
	if (at >= s->bins * s->bin_s) {
		close_bin(t);
		decide(t);
	} else if (before >= 0 && before != s->bin) {
		watch_loss(t, (unsigned)before + 1);
	}
}

static double left(const struct lode_trial *t)
{
	const struct lode_start *s = &t->st;

	if (!s->anchored)
		return 2 * t->pace.window + t->pace.washout_cache + s->slots * t->pace.slot;
	return s->bins * s->bin_s - lode_seconds(s->origin_ns, t->now_ns);
}

static unsigned done(const struct lode_trial *t)
{
	const struct lode_start *s = &t->st;
	double at = s->anchored ? lode_seconds(s->origin_ns, t->now_ns) / s->bin_s - s->before : 0;

	at /= s->step ? s->step : 1;
	return at <= 0 ? 0 : at >= s->slots ? s->slots : (unsigned)at;
}

static unsigned max(const struct lode_trial *t)
{
	return t->st.slots;
}

const struct lode_design_ops lode_design_start = {"start", init, prime, applied, feed, left, done, max};
