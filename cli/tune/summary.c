/* The history's values: empty ones, copies, many runs as one, and words for them. */
#include "tune/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct tune_summary no_summary = {.ops_per_sec = NAN, .spread = NAN, .stall_share = NAN, .write_amp = NAN, .space_amp = NAN,
					       .read_amp = NAN, .cache_hit = NAN, .rss_bytes = NAN, .db_bytes = NAN};

void tune_result_init(struct tune_result *r)
{
	*r = (struct tune_result){.seconds = NAN, .ops_per_sec = NAN, .stall_share = NAN, .write_amp = NAN, .space_amp = NAN, .read_amp = NAN,
				  .cache_hit = NAN, .cpu_s = NAN, .rss_bytes = NAN, .db_bytes = NAN};
}

bool tune_result_copy(struct tune_result *to, const struct tune_result *from)
{
	struct tune_result r = *from;

	r.rate = NULL;
	r.statistics = r.shape = NULL;
	if (from->nrate && (r.rate = malloc(from->nrate * sizeof *r.rate)))
		memcpy(r.rate, from->rate, from->nrate * sizeof *r.rate);
	if (from->statistics)
		r.statistics = strdup(from->statistics);
	if (from->shape)
		r.shape = strdup(from->shape);
	tune_result_fini(to);
	if ((from->nrate && !r.rate) || (from->statistics && !r.statistics) || (from->shape && !r.shape)) {
		tune_result_fini(&r);
		tune_result_init(to);
		return false;
	}
	*to = r;
	return true;
}

void tune_trial_init(struct tune_trial *t)
{
	*t = (struct tune_trial){.gain = NAN, .lo = NAN, .hi = NAN, .total = NAN, .total_lo = NAN, .total_hi = NAN, .best = no_summary, .candidate = no_summary};
}

void tune_history_init(struct tune_history *h, struct tune_state *s)
{
	*h = (struct tune_history){.baseline = no_summary, .gain = NAN, .lo = NAN, .hi = NAN};
	if (!s)
		return;
	memset(s, 0, sizeof *s);
	tune_trial_init(&s->open);
	tune_result_init(&s->last);
	for (size_t i = 0; i < TUNE_BEST_KEPT; i++)
		tune_result_init(&s->best[i]);
}

void tune_history_fini(struct tune_history *h, struct tune_state *s)
{
	free(h->trial);
	h->trial = NULL;
	h->ntrial = 0;
	if (!s)
		return;
	for (size_t i = 0; i < s->nshot; i++)
		tune_result_fini(&s->shot[i].result);
	free(s->shot);
	for (size_t i = 0; i < TUNE_BEST_KEPT; i++)
		tune_result_fini(&s->best[i]);
	tune_result_fini(&s->last);
	memset(s, 0, sizeof *s);
}

struct tune_trial *tune_history_add(struct tune_history *h, const struct tune_trial *t)
{
	struct tune_trial *all = h->ntrial < TUNE_TRIALS_MAX ? realloc(h->trial, (h->ntrial + 1) * sizeof *all) : NULL;

	if (!all)
		return NULL;
	h->trial = all;
	all[h->ntrial] = *t;
	return &all[h->ntrial++];
}

/* ---- many runs as one ---- */

/* The mean of a member that is a double, over those that know it. */
static double mean_of(const struct tune_result *const *r, size_t n, size_t at)
{
	double sum = 0;
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		double v = *(const double *)(const void *)((const char *)r[i] + at);

		if (isfinite(v)) {
			sum += v;
			known++;
		}
	}
	return known ? sum / (double)known : NAN;
}

static const struct tune_op *op_of(const struct tune_result *r, const char *name)
{
	for (size_t i = 0; i < r->nop; i++)
		if (!strcmp(r->op[i].name, name))
			return &r->op[i];
	return NULL;
}

static double mean_of_op(const struct tune_result *const *r, size_t n, const char *name, size_t at)
{
	double sum = 0;
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		const struct tune_op *o = op_of(r[i], name);
		double v = o ? *(const double *)(const void *)((const char *)o + at) : NAN;

		if (isfinite(v)) {
			sum += v;
			known++;
		}
	}
	return known ? sum / (double)known : NAN;
}

static double spread_of(const struct tune_result *const *r, size_t n, double mean)
{
	double lo = INFINITY, hi = -INFINITY;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(r[i]->ops_per_sec))
			continue;
		lo = fmin(lo, r[i]->ops_per_sec);
		hi = fmax(hi, r[i]->ops_per_sec);
	}
	return hi >= lo && mean > 0 ? (hi - lo) / mean : NAN;
}

void tune_summarise(const struct tune_result *const *r, size_t n, struct tune_summary *s)
{
	*s = no_summary;
	s->runs = (unsigned)n;
	if (!n)
		return;
#define MEAN(m) s->m = mean_of(r, n, offsetof(struct tune_result, m))
	MEAN(ops_per_sec);
	MEAN(stall_share);
	MEAN(write_amp);
	MEAN(space_amp);
	MEAN(read_amp);
	MEAN(cache_hit);
	MEAN(rss_bytes);
	MEAN(db_bytes);
#undef MEAN
	s->spread = spread_of(r, n, s->ops_per_sec);
	s->nop = r[0]->nop < TUNE_OPS_MAX ? r[0]->nop : TUNE_OPS_MAX;
	for (size_t i = 0; i < s->nop; i++) {
		struct tune_op *o = &s->op[i];

		*o = (struct tune_op){0};
		memcpy(o->name, r[0]->op[i].name, sizeof o->name);
#define MEAN(m) o->m = mean_of_op(r, n, o->name, offsetof(struct tune_op, m))
		MEAN(count);
		MEAN(mean_us);
		MEAN(p50_us);
		MEAN(p99_us);
		MEAN(p999_us);
#undef MEAN
	}
}

static const char *word(const char *const *words, size_t n, unsigned i)
{
	return i < n ? words[i] : "?";
}
#define WORD(words, i) word(words, sizeof words / sizeof words[0], (unsigned)(i))

const char *tune_verdict_name(enum tune_verdict v)
{
	static const char *const words[] = {"kept", "worse", "undecided", "broken", "refused", "ended", "nothing"};

	return WORD(words, v);
}

const char *tune_end_name(enum tune_end e)
{
	static const char *const words[] = {"ran", "stopped", "failed", "hung", "garbage", "space"};

	return WORD(words, e);
}
