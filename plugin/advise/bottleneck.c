/* See bottleneck.h. One function a bottleneck: the share that it may cost at the most, and the numbers that say so. */
#include "advise/bottleneck.h"
#include "advise/text.h"
#include "base/fmt.h"

#include <math.h>
#include <string.h>

#define LEAST LODE_BOTTLENECK_LEAST
#define CACHE_FULL 0.85	     /* below it a cache still fills: what it misses it never had */
#define BLOCK_COST 1.5	     /* a block that comes in is checked, decompressed and put in its place, which no histogram counts: half as much again */
#define DISK_US 25.0	     /* a 4 KiB read from the page cache takes some microseconds, from flash 60 to 100: by this mean every fourth came from a disk */
#define L0_FILE 0.1	     /* of a read, for each file of level 0: a search in its index, and at times a block */
#define MEMTABLE_READ 0.1    /* of a read: a search through some 100 000 entries that finds nothing */
#define MEMTABLE_LARGE 8e6   /* bytes; a smaller one lies in the processor's cache */
#define FLUSH_RARE (1 / 60.0) /* flushes a second; below it level 0 stays what one compaction makes of it */
#define CORES_BUSY 0.85	     /* of the usable cores: from here on threads wait for each other */
#define JOB_BYTES 100e6	     /* that a core takes in a second in a compaction: an order of magnitude, used where jobs are not timed */
#define NEAR 0.8	     /* of a limit: the peak lies between two samples */
#define SOON_S 3600.0	     /* debt that reaches the soft limit within an hour is a matter of today */
#define SLOW_SYNC_US 5000.0   /* a disk that answers by itself does so sooner, but for one that turns */
#define SYNC_OTHERS 3.0	     /* bytes written by others for each of the log's */
#define TAILS 10.0	     /* by which stalls count where slow operations are what it is about: all of a stall is in the slowest hundredth, of other work a tenth */
#define DISK_TAILS 1.5	     /* ... and reads that wait for a disk */
#define PILES_UP 0.1	     /* of what the application writes: debt that grows more slowly is the tree's breathing */

struct view {
	const struct lode_question *q;
	const struct lode_interval *w;
	const struct lode_signs *s;
	double total_us; /* that the application spent in RocksDB; 0: not timed */
	char *say;
	size_t len;
};

#define SAY(v, ...) lode_fmt((v)->say, (v)->len, __VA_ARGS__)
#define PCT(x) lode_text_percent(x).s
#define NUM(x) lode_text_num(x, 2).s
#define BYTES(x) lode_text_bytes(x).s

static const struct {
	const char *name, *doc;
	double reach;
} table[LODE_BOTTLENECK_N] = {
#define X(id, name_, reach_, doc_) {name_, doc_, reach_},
    LODE_BOTTLENECKS(X)
#undef X
};

const char *lode_bottleneck_name(enum lode_bottleneck b)
{
	return (unsigned)b < LODE_BOTTLENECK_N ? table[b].name : "?";
}

const char *lode_bottleneck_doc(enum lode_bottleneck b)
{
	return (unsigned)b < LODE_BOTTLENECK_N ? table[b].doc : "?";
}

double lode_bottleneck_reach(enum lode_bottleneck b)
{
	return (unsigned)b < LODE_BOTTLENECK_N ? table[b].reach : 0;
}

static const char *whole(const struct view *v)
{
	return v->s->timed ? "time" : "operations";
}

static double at(const struct view *v, const char *id, size_t family)
{
	return (double)lode_state_int(v->q->now.state, id, v->q->now.sample->cf[family].id, 0);
}

/* ---- reads ---- */

/* Microseconds a block; NAN where reads of files are not timed. */
static double block_us(const struct view *v)
{
	double n = (double)v->w->hist_count[LODE_H_SST_READ];

	return v->s->timed && n > 0 ? (double)v->w->hist_sum[LODE_H_SST_READ] / n : NAN;
}

/* Part of a read that goes into blocks from outside of the cache. Compactions read files and miss the cache, too: what is theirs is not told apart. */
static double blocks(const struct view *v)
{
	const struct lode_signs *s = v->s;

	if (!v->q->now.sample->cache.present || !(s->reads > 0) || !(s->misses > 0) || !(s->cache_full >= CACHE_FULL))
		return 0;
	if (isfinite(block_us(v)) && isfinite(s->miss_share))
		return fmin(1, BLOCK_COST * s->miss_share);
	return s->misses / (1 + s->misses); /* as if a block cost as much as the rest of a read, which it does where it comes from the page cache */
}

static double say_blocks(const struct view *v, double share)
{
	SAY(v, "reads take %s of the %s and miss the full block cache of %s %s times each (data hit rate %s); %s of SST files are live; a read of a file takes %s us",
	    PCT(v->s->read_share), whole(v), BYTES((double)v->q->now.sample->cache.capacity), NUM(v->s->misses), PCT(v->s->data_hit), BYTES(v->s->sst_bytes),
	    NUM(block_us(v)));
	return share;
}

static double cache(const struct view *v)
{
	return block_us(v) >= DISK_US ? 0 : say_blocks(v, v->s->read_share * blocks(v));
}

static double disk_read(const struct view *v)
{
	return block_us(v) >= DISK_US ? say_blocks(v, v->s->read_share * blocks(v)) : 0;
}

static double l0_reads(const struct view *v)
{
	double files = fmax((double)v->w->l0_files, (double)v->q->now.sample->cf[v->s->l0].files[0]), extra = L0_FILE * files;

	if (!(v->s->flush_rate >= FLUSH_RARE))
		return 0;
	SAY(v, "reads take %s of the %s and look into up to %s files of level 0, where a new one comes every %s s", PCT(v->s->read_share), whole(v), NUM(files),
	    NUM(1 / v->s->flush_rate));
	return v->s->read_share * extra / (1 + extra);
}

static double memtable_reads(const struct view *v)
{
	double hit = (double)v->w->ticker[LODE_T_MEMTABLE_HIT], miss = (double)v->w->ticker[LODE_T_MEMTABLE_MISS], all = hit + miss, bytes = 0;
	double gets = lode_interval_count(v->w, LODE_H_GET) + lode_interval_count(v->w, LODE_H_MULTIGET);

	for (size_t i = 0; i < v->q->now.sample->ncf; i++)
		bytes = fmax(bytes, (double)v->q->now.sample->cf[i].mem_all);
	if (!(all > 0) || !(gets > 0) || bytes < MEMTABLE_LARGE || !(v->s->writes > 0))
		return 0;
	SAY(v, "reads take %s of the %s; %s of them find nothing in memtables of %s", PCT(v->s->read_share), whole(v), PCT(miss / all), BYTES(bytes));
	return v->s->read_share * fmin(1, gets / v->s->reads) * MEMTABLE_READ * miss / all;
}

static double scan(const struct view *v)
{
	double seeks = lode_interval_count(v->w, LODE_H_SEEK), again = (double)v->w->ticker[LODE_T_ITER_RESEEKS];
	double steps = (double)(v->w->ticker[LODE_T_SEEK] + v->w->ticker[LODE_T_NEXT] + v->w->ticker[LODE_T_PREV]), skips = (double)v->w->ticker[LODE_T_ITER_SKIP];
	double share = v->s->timed ? (double)v->w->op[LODE_H_SEEK].sum_us / v->total_us : seeks / fmax(1, v->s->reads + v->s->writes);

	if (!(seeks > 0) || !(steps > 0))
		return 0;
	/* Stepping on is not timed with the seek: of the steps' own cost these are parts. */
	SAY(v, "iterators take %s of the %s, seek again %s times and skip %s entries a step", PCT(share), whole(v), NUM(again / steps), NUM(skips / steps));
	double wasted = again / steps + skips / steps / 10;
	return fmin(1, share * fmax(1, steps / seeks / 10)) * wasted / (1 + wasted);
}

/* ---- stalls ---- */

/* Time that writers were held back, for whatever reason. Where writers are not timed, as if there were one. */
static double stall_share(const struct view *v)
{
	double stalled = (double)v->w->stall_us;

	return v->total_us > 0 ? fmin(1, stalled / v->total_us) : fmin(1, fmax(v->s->stall_share, v->s->stopped_share));
}

/* How often a limit was reached in the window: slowed or stopped. A state that began before the window is not counted again, so a limit that is near counts too. */
static double reached(const struct view *v, enum lode_stall slowed, enum lode_stall stopped)
{
	return (double)(v->w->stalls[slowed] + v->w->stalls[stopped]);
}

static bool memtables_near(const struct view *v)
{
	double most = fmax((double)v->w->immutable, (double)v->q->now.sample->cf[v->s->immutable].immutable);

	return reached(v, LODE_STALL_MEMTABLE_DELAY, LODE_STALL_MEMTABLE_STOP) > 0 || most >= fmax(1, at(v, "max_write_buffer_number", v->s->immutable) - 1);
}

static double l0_most(const struct view *v)
{
	return fmax((double)v->w->l0_files, (double)v->q->now.sample->cf[v->s->l0].files[0]);
}

static bool l0_near(const struct view *v)
{
	return reached(v, LODE_STALL_L0_DELAY, LODE_STALL_L0_STOP) > 0 || l0_most(v) >= NEAR * fmax(1, at(v, "level0_slowdown_writes_trigger", v->s->l0));
}

static double soft_limit(const struct view *v)
{
	return at(v, "soft_pending_compaction_bytes_limit", v->s->l0);
}

static bool debt_near(const struct view *v)
{
	return reached(v, LODE_STALL_DEBT_DELAY, LODE_STALL_DEBT_STOP) > 0 || (soft_limit(v) > 0 && v->s->debt >= NEAR * soft_limit(v));
}

static double memtable(const struct view *v)
{
	if (!memtables_near(v))
		return 0;
	SAY(v, "writers were held back %s of the time with up to %s memtables waiting for their flush, of %s that may exist", PCT(v->s->stall_share),
	    NUM((double)v->w->immutable), NUM(at(v, "max_write_buffer_number", v->s->immutable)));
	return stall_share(v);
}

static double l0(const struct view *v)
{
	if (!l0_near(v))
		return 0;
	SAY(v, "writers were held back %s of the time (slowed %s, stopped %s) with up to %s files in level 0; they are slowed at %s, stopped at %s", PCT(v->s->stall_share),
	    PCT(v->s->delayed_share), PCT(v->s->stopped_share), NUM(l0_most(v)), NUM(at(v, "level0_slowdown_writes_trigger", v->s->l0)),
	    NUM(at(v, "level0_stop_writes_trigger", v->s->l0)));
	return stall_share(v);
}

static double debt(const struct view *v)
{
	double soft = soft_limit(v), rate = v->s->debt_rate, left = rate > 0 ? (soft - v->s->debt) / rate : INFINITY;
	bool piles_up = rate > PILES_UP * v->s->ingest && rate > 1e5 && left < SOON_S;

	if (!(soft > 0) || (!debt_near(v) && !piles_up))
		return 0;
	SAY(v, "%s of compaction work are pending and change by %s a second; writers are slowed at %s and were held back %s of the time", BYTES(v->s->debt), BYTES(rate),
	    BYTES(soft), PCT(v->s->stall_share));
	return debt_near(v) ? stall_share(v) : NAN;
}

static double stall(const struct view *v)
{
	if (memtables_near(v) || l0_near(v) || debt_near(v))
		return 0;
	SAY(v, "writers were held back %s of the time; at the moments of sampling no limit was near", PCT(v->s->stall_share));
	return stall_share(v);
}

/* ---- writes ---- */

static double compaction_cpu(const struct view *v)
{
	double used = (double)v->w->cpu_ns / 1e9, moved = (double)v->w->ticker[LODE_T_FLUSH_WRITE_BYTES];
	double timed = (double)(v->w->hist_sum[LODE_H_FLUSH] + v->w->hist_sum[LODE_H_COMPACTION]) / 1e6;

	moved += fmax((double)v->w->ticker[LODE_T_COMPACT_READ_BYTES], (double)v->w->ticker[LODE_T_COMPACT_WRITE_BYTES]);
	double jobs = timed > 0 ? timed : moved / JOB_BYTES;
	if (!(v->s->cpu_share >= CORES_BUSY) || !(used > 0))
		return 0;
	SAY(v, "%s of the cores are busy; flushes and compactions took about %s of %s s of processor time (write amplification %s)", PCT(v->s->cpu_share), NUM(fmin(jobs, used)),
	    NUM(used), NUM(v->s->write_amp));
	return fmin(1, jobs / used);
}

static double rewrites(const struct view *v)
{
	if (!v->q->objective || v->q->objective->kind != LODE_WRITE_AMP || !(v->s->write_amp > 1))
		return 0;
	SAY(v, "%s bytes are written to disk for each that the application writes, at %s a second", NUM(v->s->write_amp), BYTES(v->s->ingest));
	return 1 - 1 / v->s->write_amp;
}

static double wal_sync(const struct view *v)
{
	double n = (double)v->w->hist_count[LODE_H_WAL_SYNC], us = (double)v->w->hist_sum[LODE_H_WAL_SYNC];

	if (!(n > 0) || !(v->total_us > 0))
		return 0;
	SAY(v, "%s syncs of the log a second take %s us each", NUM(n / v->s->seconds), NUM(us / n));
	return fmin((double)v->w->op[LODE_H_WRITE].sum_us, us) / v->total_us;
}

/* A sync takes what its own bytes take, unless others' bytes are written out before them. */
static double sync_bursts(const struct view *v)
{
	double n = (double)v->w->hist_count[LODE_H_WAL_SYNC], us = (double)v->w->hist_sum[LODE_H_WAL_SYNC];
	double others = (double)(v->w->ticker[LODE_T_FLUSH_WRITE_BYTES] + v->w->ticker[LODE_T_COMPACT_WRITE_BYTES]);

	if (!(n > 0) || us / n < SLOW_SYNC_US || others < SYNC_OTHERS * (double)v->w->bytes_written)
		return 0;
	double share = wal_sync(v);
	SAY(v, "a sync of the log takes %s us, while flushes and compactions write %s bytes for each that goes into the log", NUM(us / n), NUM(others / fmax(1, (double)v->w->bytes_written)));
	return share;
}

static double write_cpu(const struct view *v)
{
	char none[1];
	struct view quiet = *v;

	quiet.say = none;
	quiet.len = sizeof none;
	SAY(v, "writes take %s of the %s, besides stalls and syncs", PCT(v->s->write_share), whole(v));
	return fmax(0, v->s->write_share - (v->s->timed ? stall_share(v) + wal_sync(&quiet) : 0));
}

static double read_cpu(const struct view *v)
{
	SAY(v, "reads take %s of the %s; of data blocks %s are found in the block cache", PCT(v->s->read_share), whole(v), PCT(v->s->data_hit));
	return v->s->read_share * (1 - blocks(v));
}

static const struct {
	enum lode_bottleneck what;
	double (*share)(const struct view *v); /* NAN: it is there, what it costs is not known */
} lookers[] = {
    {LODE_BOTTLENECK_CACHE, cache},	    {LODE_BOTTLENECK_DISK_READ, disk_read},
    {LODE_BOTTLENECK_L0_READS, l0_reads},   {LODE_BOTTLENECK_MEMTABLE_READS, memtable_reads},
    {LODE_BOTTLENECK_SCAN, scan},	    {LODE_BOTTLENECK_MEMTABLE, memtable},
    {LODE_BOTTLENECK_L0, l0},		    {LODE_BOTTLENECK_DEBT, debt},
    {LODE_BOTTLENECK_STALL, stall},	    {LODE_BOTTLENECK_COMPACTION_CPU, compaction_cpu},
    {LODE_BOTTLENECK_REWRITES, rewrites},   {LODE_BOTTLENECK_SYNC_BURSTS, sync_bursts},
    {LODE_BOTTLENECK_WAL_SYNC, wal_sync},   {LODE_BOTTLENECK_WRITE_CPU, write_cpu},
    {LODE_BOTTLENECK_READ_CPU, read_cpu},
};

/* ---- all of them ---- */

/* Are more operations slow than a promise lets? */
static bool slo_missed(const struct lode_question *q)
{
	double n, missed;

	for (int kind = 0; q->objective && kind < LODE_SLO_N; kind++)
		if (lode_slo_count(&q->objective->slo[kind], q->window, kind, &n, &missed) && missed > lode_slo_budget(&q->objective->slo[kind]) * n)
			return true;
	return false;
}

double lode_bottleneck_weight(const struct lode_question *q, enum lode_bottleneck b)
{
	if (!q->objective || (q->objective->kind != LODE_LATENCY && !slo_missed(q)))
		return 1;
	switch (b) {
	case LODE_BOTTLENECK_MEMTABLE:
	case LODE_BOTTLENECK_L0:
	case LODE_BOTTLENECK_DEBT:
	case LODE_BOTTLENECK_STALL:
	case LODE_BOTTLENECK_SYNC_BURSTS:
		return TAILS;
	case LODE_BOTTLENECK_DISK_READ:
		return DISK_TAILS;
	default:
		return 1;
	}
}

/* What could be won, as far as it counts. */
static double won(const struct lode_diagnosis *d)
{
	return d->share * lode_bottleneck_reach(d->what) * d->weight;
}

/* To rank by: what can be won; then what cannot be measured; then what no option changes, by its size. */
static double rank(const struct lode_diagnosis *d)
{
	double reach = lode_bottleneck_reach(d->what);

	if (d->what == LODE_BOTTLENECK_NONE)
		return 10;
	if (isnan(d->share))
		return reach > 0 ? LEAST / 2 : -1;
	return reach > 0 ? won(d) : d->share - 1;
}

/* Keeps the worst `max` in order. Entries of one rank stay in the order of the table. */
static size_t insert(struct lode_diagnosis *out, size_t n, size_t max, const struct lode_diagnosis *d)
{
	size_t i = n < max ? n : max;

	while (i > 0 && rank(&out[i - 1]) < rank(d))
		i--;
	if (i >= max)
		return n;
	size_t last = n < max ? n : max - 1;
	memmove(&out[i + 1], &out[i], (last - i) * sizeof *out);
	out[i] = *d;
	return n < max ? n + 1 : n;
}

size_t lode_diagnose(const struct lode_question *q, const struct lode_signs *s, struct lode_diagnosis *out, size_t max)
{
	struct view v = {q, q->window, s, 0, NULL, 0};
	struct lode_diagnosis d;
	bool something = false;
	size_t n = 0;

	if (max == 0)
		return 0;
	if (!s->usable) {
		*out = (struct lode_diagnosis){.what = LODE_BOTTLENECK_UNKNOWN, .share = NAN, .weight = 1};
		lode_fmt(out->evidence, sizeof out->evidence, "%s", s->why_not);
		return 1;
	}
	for (int op = 0; s->timed && op < LODE_OP_N; op++)
		v.total_us += (double)q->window->op[op].sum_us;
	for (size_t i = 0; i < sizeof lookers / sizeof lookers[0]; i++) {
		d = (struct lode_diagnosis){.what = lookers[i].what, .weight = lode_bottleneck_weight(q, lookers[i].what)};
		v.say = d.evidence;
		v.len = sizeof d.evidence;
		d.share = lookers[i].share(&v);
		if (d.share * d.weight < LEAST || (isnan(d.share) && d.what != LODE_BOTTLENECK_DEBT)) /* a share of what is not known (no reads seen) is no diagnosis */
			continue;
		something |= isnan(d.share) || won(&d) >= LEAST;
		n = insert(out, n, max, &d);
	}
	if (!something) {
		d = (struct lode_diagnosis){.what = LODE_BOTTLENECK_NONE, .weight = 1};
		lode_fmt(d.evidence, sizeof d.evidence, "reads take %s of the %s with a data hit rate of %s; writers were held back %s of the time; %s of debt; %s of the cores busy",
			 PCT(s->read_share), whole(&v), PCT(s->data_hit), PCT(s->stall_share), BYTES(s->debt), PCT(s->cpu_share));
		n = insert(out, n, max, &d);
	}
	return n;
}

double lode_diagnosis_worth(const struct lode_diagnosis *d, size_t n)
{
	double most = 0;
	bool unknown = false;

	for (size_t i = 0; i < n; i++) {
		if (d[i].what == LODE_BOTTLENECK_UNKNOWN || d[i].what == LODE_BOTTLENECK_NONE)
			continue;
		if (isnan(d[i].share))
			unknown = true;
		else
			most = fmax(most, won(&d[i]));
	}
	return most >= LEAST ? fmin(1, most) : unknown ? NAN : 0;
}
