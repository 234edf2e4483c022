/* The objective and the constraints. */
#include "tune/aim.h"

#include "base/fmt.h"
#include "base/num.h"
#include "tune/figures.h"

#include <math.h>
#include <string.h>

#define WORSE 1.02 /* where both break a limit: so much more is breaking it further */

/* ---- the score ---- */

static const struct tune_op *find_op(const struct tune_op *op, size_t n, const char *name)
{
	const struct tune_op *most = NULL;

	for (size_t i = 0; i < n; i++) {
		if (*name && !strcmp(op[i].name, name))
			return &op[i];
		if (!*name && (!most || op[i].count > most->count))
			most = &op[i];
	}
	return most;
}

static double tail_of(const struct tune_op *o, const char *tail)
{
	return !o ? NAN : !strcmp(tail, "mean") ? o->mean_us : !strcmp(tail, "p50") ? o->p50_us : !strcmp(tail, "p999") ? o->p999_us : o->p99_us;
}

static double moved_gib(const struct tune_result *r)
{
	static const char *const what[] = {"rocksdb.wal.bytes", "rocksdb.flush.write.bytes", "rocksdb.compact.read.bytes", "rocksdb.compact.write.bytes"};
	double sum = 0;

	for (size_t i = 0; r->statistics && i < sizeof what / sizeof what[0]; i++) {
		double n = tune_figures_count(r->statistics, what[i]);

		sum += isfinite(n) ? n : 0;
	}
	return sum / (1 << 30);
}

static double cost_of(const struct tune_spec *s, const struct tune_result *r)
{
	double hours = r->seconds / 3600, cost = 0;

	if (isfinite(r->cpu_s))
		cost += s->price_cpu * r->cpu_s / 3600;
	if (isfinite(r->rss_bytes))
		cost += s->price_memory * r->rss_bytes / (1 << 30) * hours;
	return (cost + s->price_io * moved_gib(r)) / (r->ops_per_sec * r->seconds);
}

double tune_score(const struct tune_spec *s, const struct tune_summary *baseline, const struct tune_result *r)
{
	const struct tune_op *usual = find_op(baseline->op, baseline->nop, "");
	const char *op = *s->op || !usual ? s->op : usual->name;
	double v = s->aim == TUNE_AIM_LATENCY ? 1 / tail_of(find_op(r->op, r->nop, op), s->tail)
		   : s->aim == TUNE_AIM_COST  ? 1 / cost_of(s, r)
					      : r->ops_per_sec;

	return v > 0 && isfinite(v) ? log(v) : NAN;
}

const char *tune_score_name(const struct tune_spec *s, char *buf, size_t len)
{
	if (s->aim == TUNE_AIM_LATENCY)
		lode_fmt(buf, len, "%s of %s", *s->tail ? s->tail : "p99", *s->op ? s->op : "the operation that is counted most often");
	else
		lode_fmt(buf, len, "%s", s->aim == TUNE_AIM_COST ? "cost of an operation" : "operations a second");
	return buf;
}

/* ---- the constraints ---- */

struct limit {
	const char *what;
	double limit, best, candidate; /* 0 or NAN: none, not known */
	enum { BYTES, MICROSECONDS, FACTOR } unit;
};

static const char *in_words(double v, int unit, char *buf, size_t len)
{
	if (unit == BYTES)
		return lode_num_bytes(v, buf, len);
	if (unit == FACTOR || v < 1000)
		lode_fmt(buf, len, "%.3g%s", v, unit == FACTOR ? "" : " us");
	else
		lode_fmt(buf, len, "%.3g %s", v / (v < 1e6 ? 1e3 : 1e6), v < 1e6 ? "ms" : "s");
	return buf;
}

static bool breaks(const struct limit *l, char *why, size_t len)
{
	char is[32], may[32];

	if (!(l->limit > 0) || !(l->candidate > l->limit))
		return false;
	if (l->best > l->limit && l->candidate <= WORSE * l->best)
		return false;
	lode_fmt(why, len, "%s is %s, and %s is the limit", l->what, in_words(l->candidate, l->unit, is, sizeof is), in_words(l->limit, l->unit, may, sizeof may));
	return true;
}

static double p99_of(const struct tune_summary *s, const char *op)
{
	const struct tune_op *o = *op ? find_op(s->op, s->nop, op) : NULL;

	return o ? o->p99_us : NAN;
}

/* How much longer the best file's p99 is than the first one's, by what each kept trial has measured side by side: the machine's own ups and downs between the baseline
 * and now are not the candidate's. */
static double p99_so_far(const struct tune_history *h, const char *op)
{
	double ratio = 1;

	for (size_t i = 0; i < h->ntrial; i++) {
		double r = p99_of(&h->trial[i].candidate, op) / p99_of(&h->trial[i].best, op);

		if (h->trial[i].verdict == TUNE_KEPT && isfinite(r) && r > 0)
			ratio *= r;
	}
	return ratio;
}

static bool breaks_p99(const struct tune_spec *s, const struct tune_history *h, const struct tune_summary *best, const struct tune_summary *candidate, char *why,
		       size_t len)
{
	const struct {
		const char *op;
		double seconds;
	} most[] = {{"get", s->p99_get}, {"write", s->p99_write}, {"seek", s->p99_seek}};
	char what[64];

	for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
		lode_fmt(what, sizeof what, "p99 of %s", most[i].op);
		if (breaks(&(struct limit){what, 1e6 * most[i].seconds, p99_of(best, most[i].op), p99_of(candidate, most[i].op), MICROSECONDS}, why, len))
			return true;
	}
	for (size_t i = 0; s->p99_worse > 0 && i < candidate->nop; i++) {
		const char *op = candidate->op[i].name;

		lode_fmt(what, sizeof what, "p99 of %s", op);
		if (breaks(&(struct limit){what, (1 + s->p99_worse) / p99_so_far(h, op) * p99_of(best, op), p99_of(best, op), candidate->op[i].p99_us, MICROSECONDS}, why, len))
			return true;
	}
	return false;
}

bool tune_breaks(const struct tune_spec *s, const struct tune_history *h, const struct tune_summary *best, const struct tune_summary *candidate, char *why, size_t len)
{
	const struct limit limits[] = {
	    {"resident memory", (double)s->memory, best->rss_bytes, candidate->rss_bytes, BYTES},
	    {"the database", (double)s->space, best->db_bytes, candidate->db_bytes, BYTES},
	    {"write amplification", s->write_amp, best->write_amp, candidate->write_amp, FACTOR},
	    {"space amplification", s->space_amp, best->space_amp, candidate->space_amp, FACTOR},
	};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		if (breaks(&limits[i], why, len))
			return true;
	return breaks_p99(s, h, best, candidate, why, len);
}
