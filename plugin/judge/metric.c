/* From counters of a block to the few numbers of a verdict. */
#include "judge/metric.h"

#include <math.h>
#include <string.h>

#define TAIL_FRACTION 0.01
#define TAIL_MIN_SLOW 20 /* slow operations that the baseline must hold for a tail to be a guard */
#define CAP_FACTOR 8	 /* times the tail limit: beyond it a read was not slow but put aside */
#define CAP_SHARE 0.1	 /* of the time of all reads, spent beyond the cap, from which on the cap is used */
#define RATE_SHARE 0.02	 /* of the operations: a kind of which there are fewer has no rate worth guarding */
#define OWN_SPAN 1000	 /* times the baseline's, up and down: what the program says of itself counts for no more and no less */
#define MISS_EXPECTED 5	 /* a kind of which fewer were expected may be missing by chance */

/* What guards a trial where no objective says otherwise. */
#define BIT(m) (1u << LODE_M_##m)
#define USUAL (BIT(GET_TAIL) | BIT(WRITE_TAIL) | BIT(SEEK_TAIL) | BIT(STALL) | BIT(GET_RATE) | BIT(WRITE_RATE) | BIT(SEEK_RATE))

enum reads_as { UP, DOWN, SHARE };

#define X(id, name, as, guess, least, margin, widest) name,
const char *const lode_metric_name[LODE_METRIC_N] = {LODE_METRICS(X)};
#undef X
#define X(id, name, as, guess, least, margin, widest) as,
static const enum reads_as reads_as[LODE_METRIC_N] = {LODE_METRICS(X)};
#undef X

double lode_metric_gain(enum lode_metric m, double difference)
{
	return reads_as[m] == UP ? expm1(difference) : reads_as[m] == DOWN ? -expm1(-difference) : difference;
}

bool lode_metric_falls(enum lode_metric m)
{
	return reads_as[m] != UP;
}

bool lode_metric_own(enum lode_metric m)
{
	return m == LODE_M_OWN || m == LODE_M_OWN_COST;
}

/* The bucket limit whose exceedance is nearest to 1 % on a log scale; 0 if none has enough operations above it. */
static double tail_limit(const struct lode_hist *h)
{
	double all = 0, above, best = INFINITY, limit = 0;

	for (uint32_t i = 0; i < h->n; i++)
		all += (double)h->bucket[i];
	above = all;
	for (uint32_t i = 0; i < h->n; i++) {
		double off;

		above -= (double)h->bucket[i];
		if (above < TAIL_MIN_SLOW)
			break;
		off = fabs(log(above / all / TAIL_FRACTION));
		if (off < best) {
			best = off;
			limit = h->limit[i];
		}
	}
	/* Where even the best limit separates a third of all operations, it says nothing about a tail. */
	return best < log(30) ? limit : 0;
}

/* Mean service time from buckets, each operation counted as `cap` at the most. *beyond: the mean of what lies above it. Buckets up to 4 us hold one
 * value each; the others are taken at their middle (limits grow by 1.5). */
static double capped_mean(const struct lode_hist *h, double cap, double *beyond)
{
	double n = 0, sum = 0, excess = 0;

	for (uint32_t i = 0; i < h->n; i++) {
		double v = h->limit[i] <= 4 ? h->limit[i] : h->limit[i] * (1 + 1 / 1.5) / 2, count = (double)h->bucket[i];

		n += count;
		sum += count * fmin(v, cap);
		excess += count * fmax(v - cap, 0);
	}
	*beyond = n > 0 ? excess / n : 0;
	return n > 0 ? sum / n : NAN;
}

/* On a machine that is shared, a few reads in a thousand lose the processor for milliseconds, which then make most of the mean and nearly all of its
 * noise. They say nothing about options. Where they matter, a read counts as CAP_FACTOR tail limits at the most; how many lie beyond the tail limit is
 * watched by the tail guards. Writes are never capped: their waits are stalls. */
static void decide_cap(const struct lode_interval *window, int op, struct lode_baseline *b)
{
	double beyond, cap = CAP_FACTOR * b->tail_us[op], mean, exact = b->cost_us[op];

	if (op == LODE_H_WRITE || !(cap > 0))
		return;
	mean = capped_mean(&window->op[op].hist, cap, &beyond);
	if (!(beyond > CAP_SHARE * exact) || !(fabs(log((mean + beyond) / exact)) < log(1.5))) /* buckets that disagree with the sum are not used */
		return;
	b->cap_us[op] = cap;
	b->cost_us[op] = mean;
}

void lode_baseline_of(const struct lode_interval *window, struct lode_baseline *out)
{
	double n[LODE_OP_N], all = 0;

	memset(out, 0, sizeof(*out));
	out->primary = LODE_M_SPEED;
	out->guards = USUAL;
	for (int k = 0; k < LODE_OP_N; k++)
		all += n[k] = (double)window->op[k].count;
	out->by_rate = !window->has_timers || all <= 0;
	if (out->by_rate) {
		all = 0;
		for (int k = 0; k < LODE_OP_N; k++)
			all += n[k] = lode_interval_count(window, k);
	}
	out->writes_only = !window->has_stats;
	for (int k = 0; k < LODE_OP_N; k++) {
		out->mix[k] = all > 0 ? n[k] / all : 0;
		if (out->by_rate || window->op[k].count == 0)
			continue;
		out->cost_us[k] = (double)window->op[k].sum_us / (double)window->op[k].count;
		out->tail_us[k] = tail_limit(&window->op[k].hist);
		decide_cap(window, k, out);
	}
}

const char *lode_baseline_judged_by(const struct lode_baseline *b)
{
	if (b->primary != LODE_M_SPEED)
		return lode_metric_name[b->primary];
	return !b->by_rate ? "service time" : b->writes_only ? "writes per second" : "operations per second";
}

/* The operation whose tail a guard watches. Where all reads are batched, those stand for reads. */
static int tail_op(const struct lode_baseline *b, enum lode_metric m)
{
	switch (m) {
	case LODE_M_GET_TAIL:
		return b->tail_us[LODE_H_GET] > 0 ? LODE_H_GET : LODE_H_MULTIGET;
	case LODE_M_WRITE_TAIL:
		return LODE_H_WRITE;
	default:
		return LODE_H_SEEK;
	}
}

static int rate_op(const struct lode_baseline *b, enum lode_metric m)
{
	if (m == LODE_M_GET_RATE)
		return b->mix[LODE_H_GET] > 0 ? LODE_H_GET : LODE_H_MULTIGET;
	return m == LODE_M_WRITE_RATE ? LODE_H_WRITE : LODE_H_SEEK;
}

/* Of a load of one kind the speed is its rate already. */
static bool rate_defined(const struct lode_baseline *b, enum lode_metric m)
{
	double share = b->mix[rate_op(b, m)];

	return (b->by_rate || b->primary == LODE_M_THROUGHPUT) && share >= RATE_SHARE && share <= 1 - RATE_SHARE;
}

bool lode_metric_defined(const struct lode_baseline *b, enum lode_metric m)
{
	switch (m) {
	case LODE_M_SPEED:
	case LODE_M_THROUGHPUT:
		return true;
	case LODE_M_SLOW:
		return b->slow_weight[LODE_H_GET] + b->slow_weight[LODE_H_WRITE] + b->slow_weight[LODE_H_SEEK] + b->slow_weight[LODE_H_MULTIGET] > 0;
	case LODE_M_WRITE_AMP:
		return b->write_amp > 0;
	case LODE_M_SPACE_AMP:
		return b->space;
	case LODE_M_MEMORY:
		return b->mem_limit > 0;
	case LODE_M_COST:
		return b->price_cpu > 0 || b->price_memory > 0 || b->price_io > 0;
	case LODE_M_OWN:
	case LODE_M_OWN_COST:
		return b->own > 0 && (m == LODE_M_OWN_COST) == b->own_falls;
	case LODE_M_STALL:
		return b->mix[LODE_H_WRITE] > 0;
	case LODE_M_GET_RATE:
	case LODE_M_WRITE_RATE:
	case LODE_M_SEEK_RATE:
		return rate_defined(b, m);
	default:
		return b->tail_us[tail_op(b, m)] > 0;
	}
}

bool lode_metric_guards(const struct lode_baseline *b, enum lode_metric m)
{
	return m != b->primary && (b->guards & 1u << m) && lode_metric_defined(b, m);
}

static double speed_by_rate(const struct lode_interval *iv)
{
	double n = lode_interval_ops(iv) * iv->seconds;

	if (!(n > 0))
		n = (double)iv->keys_written;
	if (n > 0)
		return log(n / iv->seconds);
	/* Nothing done: idle says nothing, but a stop is the worst there is. */
	return iv->stopped_s > 0 ? log(0.5 / iv->seconds) : NAN;
}

/* Mean service time of one kind in this block. Timers see an operation only when it ends, so the one that waits in a write stop is added
 * with the time that it has waited at least; else a closed loop that stands still would look as fast as before. */
static double cost_of(const struct lode_baseline *b, const struct lode_interval *iv, int k, double all)
{
	double n = (double)iv->op[k].count, sum = (double)iv->op[k].sum_us, stopped = fmin(iv->stopped_s, iv->seconds);

	if (n > 0 && k == LODE_H_WRITE && iv->write_stopped)
		return (sum + stopped * 1e6) / (n + 1);
	if (n > 0 && b->cap_us[k] > 0) {
		double beyond, mean = capped_mean(&iv->op[k].hist, b->cap_us[k], &beyond);

		return isfinite(mean) ? mean : sum / n;
	}
	if (n > 0)
		return sum / n;
	if (stopped > 0 && (all <= 0 || all * b->mix[k] >= MISS_EXPECTED))
		return fmax(b->cost_us[k], iv->seconds * 1e6);
	return b->cost_us[k];
}

static double speed_by_time(const struct lode_baseline *b, const struct lode_interval *iv)
{
	double all = 0, cost = 0;

	for (int k = 0; k < LODE_OP_N; k++)
		all += (double)iv->op[k].count;
	if (all <= 0 && !(iv->stopped_s > 0))
		return NAN;
	for (int k = 0; k < LODE_OP_N; k++)
		if (b->mix[k] > 0)
			cost += b->mix[k] * cost_of(b, iv, k, all);
	return cost > 0 ? -log(cost) : NAN;
}

/* Half an operation is added to both counts: no slow one in a short block must not be infinitely good. */
static double tail(const struct lode_baseline *b, const struct lode_interval *iv, int k)
{
	double n = (double)iv->op[k].count;

	if (!(b->tail_us[k] > 0))
		return NAN;
	if (n <= 0)
		return iv->stopped_s > 0 ? -log1p(b->tail_floor[k]) : NAN; /* everything that waits is slow: exceedance 1 */
	return -log((lode_hist_exceed(&iv->op[k].hist, b->tail_us[k]) * n + 0.5) / (n + 1) + b->tail_floor[k]);
}

static double stall(const struct lode_interval *iv)
{
	double share = lode_interval_stall_share(iv), stopped = iv->stopped_s / iv->seconds;

	return -(isfinite(share) ? fmax(share, stopped) : stopped);
}

/* None at all is half an operation. */
static double rate(const struct lode_interval *iv, int k)
{
	return log(fmax(lode_interval_count(iv, k), 0.5) / iv->seconds);
}

/* Shares of slow operations of all kinds, each weighed by how common its kind is and by how few may be slow. A kind that did not come, did as before. */
static double slow(const struct lode_baseline *b, const struct lode_interval *iv)
{
	double sum = 0, seen = 0;

	for (int k = 0; k < LODE_OP_N; k++) {
		double n = (double)iv->op[k].count, share = iv->stopped_s > 0 ? 1 : b->slow_share[k];

		if (!(b->slow_weight[k] > 0))
			continue;
		if (n > 0)
			share = (lode_hist_exceed(&iv->op[k].hist, b->slow_us[k]) * n + 0.5) / (n + 1);
		sum += b->slow_weight[k] * share;
		seen += n;
	}
	return seen > 0 || iv->stopped_s > 0 ? -log(sum) : NAN;
}

/* Flushes and compactions come in lumps, and a change may seem to save what it only puts off, to be paid for in the other arm's block. So what waits in
 * memtables and in the upper levels counts as written, at what it will cost here: its growth is charged, its decrease is credited. */
static double put_off(const struct lode_baseline *b, const struct lode_interval *iv)
{
	return b->write_amp * ((double)iv->mem_end - (double)iv->mem_start) + b->crossing * (iv->crossings - iv->crossings_start);
}

static double write_amp(const struct lode_baseline *b, const struct lode_interval *iv)
{
	double user = (double)iv->bytes_written, written;

	if (!iv->has_stats || !(user > 0) || !(b->write_amp > 0))
		return NAN;
	written = (double)(iv->ticker[LODE_T_FLUSH_WRITE_BYTES] + iv->ticker[LODE_T_COMPACT_WRITE_BYTES]);
	return -log(fmax((written + put_off(b, iv)) / user, b->write_amp / 10));
}

static double space_amp(const struct lode_interval *iv)
{
	return iv->sst_bytes && iv->live_bytes ? -log((double)iv->sst_bytes / (double)iv->live_bytes) : NAN;
}

/* What the machine gives for one operation, at its prices: processor, memory held, and bytes moved to and from the disk. */
static double cost(const struct lode_baseline *b, const struct lode_interval *iv)
{
	static const enum lode_ticker moved[] = {LODE_T_FLUSH_WRITE_BYTES, LODE_T_COMPACT_WRITE_BYTES, LODE_T_COMPACT_READ_BYTES, LODE_T_WAL_BYTES,
						 LODE_T_CACHE_BYTES_WRITE /* blocks that were read, because they were not in the cache */};
	double ops = lode_interval_ops(iv) * iv->seconds, bytes = 0, price;

	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		bytes += (double)iv->ticker[moved[i]];
	bytes = fmax(bytes / 2, bytes + 2 * put_off(b, iv)); /* what will be compacted is read and written */
	price = b->price_cpu * (double)iv->cpu_ns / 1e9 + b->price_memory * iv->held_s + b->price_io * bytes;
	return ops > 0 && price > 0 ? -log(price / ops) : NAN;
}

/* Nothing done in a block is far less than before, not infinitely less. */
static double own(const struct lode_baseline *b, const struct lode_interval *iv)
{
	double v = lode_interval_own(iv);

	return isfinite(v) && b->own > 0 ? log(fmin(fmax(v / b->own, 1.0 / OWN_SPAN), OWN_SPAN)) : NAN;
}

/* Those that only an objective asks for. */
static void asked_for(const struct lode_baseline *b, const struct lode_interval *iv, double *v)
{
	double ops = lode_interval_ops(iv);

	v[LODE_M_THROUGHPUT] = ops > 0 ? log(ops) : iv->stopped_s > 0 ? log(0.5 / iv->seconds) : NAN;
	v[LODE_M_SLOW] = slow(b, iv);
	v[LODE_M_WRITE_AMP] = write_amp(b, iv);
	v[LODE_M_SPACE_AMP] = b->space ? space_amp(iv) : NAN;
	v[LODE_M_MEMORY] = b->mem_limit > 0 ? -iv->held_s / iv->seconds / b->mem_limit : NAN;
	v[LODE_M_COST] = cost(b, iv);
	v[LODE_M_OWN] = own(b, iv);
	v[LODE_M_OWN_COST] = -v[LODE_M_OWN];
	for (int m = LODE_M_THROUGHPUT; m < LODE_METRIC_N; m++)
		if (!lode_metric_guards(b, m) && m != (int)b->primary)
			v[m] = NAN;
}

void lode_metrics_of(const struct lode_baseline *b, const struct lode_interval *block, struct lode_metrics *out)
{
	for (int m = 0; m < LODE_METRIC_N; m++)
		out->v[m] = NAN;
	if (block->invalid || !(block->seconds > 0) || (!b->by_rate && !block->has_timers) ||
	    (!b->writes_only && !block->has_stats))
		return;
	out->v[LODE_M_SPEED] = b->by_rate ? speed_by_rate(block) : speed_by_time(b, block);
	for (int m = LODE_M_GET_TAIL; m <= LODE_M_SEEK_TAIL; m++)
		out->v[m] = tail(b, block, tail_op(b, m));
	if (lode_metric_defined(b, LODE_M_STALL))
		out->v[LODE_M_STALL] = stall(block);
	for (int m = LODE_M_GET_RATE; m <= LODE_M_SEEK_RATE; m++)
		if (lode_metric_defined(b, m) && isfinite(out->v[LODE_M_SPEED]))
			out->v[m] = rate(block, rate_op(b, m));
	asked_for(b, block, out->v);
}
