/* The sections of what is measured: machine, objective, workload, how the database does, where it is going. A line is printed only if it says something. */
#include "advise/prompt_private.h"
#include "advise/bottleneck.h"
#include "advise/catalogue.h"
#include "base/fmt.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* A version goes in only if it looks like one. */
static const char *version(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	return n && n < 24 && strspn(s, "0123456789.") == n ? s : "of an unknown version";
}

/* A sentence of parts, of which any may be missing: "lead: a; b\n". */
struct parts {
	struct lode_buf *b;
	const char *lead;
	bool any;
};

static void part(struct parts *s, bool say, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void part(struct parts *s, bool say, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (!say)
		return;
	va_start(ap, fmt);
	lode_fmt_v(text, sizeof text, fmt, ap);
	va_end(ap);
	lode_buf_addf(s->b, "%s%s", s->any ? "; " : s->lead, text);
	s->any = true;
}

static void done(struct parts *s)
{
	if (s->any)
		lode_buf_adds(s->b, "\n");
}

static bool some(double v)
{
	return isfinite(v) && v > 0;
}

/* ---- the machine ---- */

static void memory(struct lode_page *p, const struct lode_machine *m)
{
	double limit = (double)m->mem_limit, ours = (double)m->rss, left = (double)m->mem_available;
	struct parts s = {.b = p->b, .lead = ""};

	part(&s, limit > 0, "memory limit %s%s", BYTES(limit, 3), m->mem_limited ? " (of a control group)" : "");
	part(&s, left > 0, "available %s", BYTES(left, 2));
	part(&s, ours > 0, "this process %s", BYTES(ours, 2));
	part(&s, limit - left - ours > 0.05 * limit, "others and the kernel %s", BYTES(limit - left - ours, 2));
	done(&s);
	lode_buf_addf(p->b, "cache and memtables may take %s in all; as they are set they may grow to %s\n",
		      BYTES((double)lode_guard_memory_budget(&p->q->now), 3), BYTES((double)lode_guard_memory(p->q->now.state), 3));
}

static void disk(struct lode_page *p, const struct lode_machine *m)
{
	const struct lode_signs *s = &p->s;
	struct parts l = {.b = p->b, .lead = ""};

	part(&l, m->disk != LODE_DISK_UNKNOWN || m->disk_size, "disk %s, free %s of %s", lode_disk_name(m->disk), BYTES((double)m->disk_free, 2), BYTES((double)m->disk_size, 2));
	part(&l, s->seconds > 0 && some(s->flush_speed), "one flush writes %s a second", BYTES(s->flush_speed, 2));
	part(&l, s->seconds > 0 && some(s->compact_speed), "one compaction reads and writes %s a second", BYTES(s->compact_speed, 2));
	part(&l, s->seconds > 0 && some(s->block_us), "a block not in the block cache takes %s us", TWO(s->block_us));
	done(&l);
}

void lode_page_system(struct lode_page *p)
{
	const struct lode_question *q = p->q;
	const struct lode_machine *m = q->now.machine;
	struct parts s = {.b = p->b, .lead = ""};

	lode_buf_addf(p->b, "# System (prompt %s)\nRocksDB %s, objective %s, column families %zu\n", p->versions, version(q->rocksdb_version),
		      lode_objective_name[q->objective ? q->objective->kind : LODE_BALANCED], q->now.state->ncf);
	part(&s, m->cores > 0, "cores usable %s", NUM(m->cores));
	part(&s, p->s.seconds > 0 && isfinite(p->s.cpu_share), "this process keeps %s of them busy", PCT(p->s.cpu_share));
	part(&s, some(q->others) && q->others >= 0.05, "others on the machine use %s cores", TWO(q->others));
	done(&s);
	memory(p, m);
	disk(p, m);
}

/* ---- what it is for ---- */

/* What the program measures is told as a ratio only: it may be a number that is nobody's business. */
static void own_course(struct lode_page *p)
{
	const struct lode_question *q = p->q;
	double first = NAN;

	if (q->objective->kind != LODE_CUSTOM)
		return;
	lode_buf_addf(p->b, "In expectations and verdicts it is called \"%s\".\n", lode_metric_name[q->objective->falls ? LODE_M_OWN_COST : LODE_M_OWN]);
	for (size_t i = 0; i < q->ntrend; i++) {
		double ratio = q->trend[i].own / (isnan(first) ? q->trend[i].own : first);

		if (!(ratio > 0) || !isfinite(ratio))
			continue;
		if (isnan(first))
			lode_buf_adds(p->b, "Its course over the stretches of the trend, the first one being 1:");
		first = isnan(first) ? q->trend[i].own : first;
		lode_buf_addf(p->b, " %s", NUM(ratio));
	}
	if (!isnan(first))
		lode_buf_adds(p->b, "\n");
}

/* A balanced objective without promises is what the rules of the system text say already. */
void lode_page_objective(struct lode_page *p)
{
	const struct lode_objective *o = p->q->objective;
	const struct lode_interval *w = p->q->window;
	char slos[160];

	if (!o || (o->kind == LODE_BALANCED && !lode_objective_has_slo(o)))
		return;
	lode_buf_addf(p->b, "\n# Objective\nA change is kept only if it brings %s, and nothing else gets worse by more than a small margin.\n",
		      lode_objective_doc(o));
	own_course(p);
	if (!lode_objective_has_slo(o))
		return;
	lode_buf_addf(p->b, "SLOs: %s. Slow operations are those beyond these limits.\n", lode_objective_slos(o, slos, sizeof slos));
	for (int k = 0; w && k < LODE_SLO_N; k++) {
		double n = 0, missed = 0;

		if (p->s.seconds > 0 && lode_slo_count(&o->slo[k], w, k, &n, &missed) && n > 0)
			lode_buf_addf(p->b, "%s: %s are slower than its SLO, %s may be\n", lode_op_name[lode_slo_op(w, k)], PCT(missed / n), PCT(lode_slo_budget(&o->slo[k])));
	}
}

/* ---- the work ---- */

static void operations(struct lode_page *p)
{
	const struct lode_interval *w = p->q->window;

	lode_buf_addf(p->b, "operation | share of operations | per second%s\n", p->s.timed ? " | mean us | p50 us | p99 us | p99.9 us" : "");
	for (int op = 0; op < LODE_OP_N; op++) {
		const struct lode_hist *h = &w->op[op].hist;

		if (!(lode_interval_count(w, op) > 0))
			continue;
		lode_buf_addf(p->b, "%s | %s | %s", lode_op_name[op], PCT(p->q->workload->share[op]), NUM(lode_interval_count(w, op) / p->s.seconds));
		if (p->s.timed)
			lode_buf_addf(p->b, " | %s | %s | %s | %s", NUM(lode_interval_mean_us(w, op)), NUM(lode_hist_percentile(h, 0.5)), NUM(lode_hist_percentile(h, 0.99)),
				      NUM(lode_hist_percentile(h, 0.999)));
		lode_buf_adds(p->b, "\n");
	}
	lode_buf_addf(p->b, "all operations per second %s; of the %s: reads %s, writes %s\n", NUM(lode_interval_ops(w)), p->s.timed ? "time in RocksDB" : "operations",
		      PCT(p->s.read_share), PCT(p->s.write_share));
	if (!w->has_stats)
		lode_buf_adds(p->b, "there are no Statistics: reads and cache hits are not seen, writes are; a change is judged by writes per second\n");
	else if (!p->s.timed)
		lode_buf_adds(p->b, "operations are counted now and timed only during a trial: service times are not known yet\n");
}

static void sizes(struct lode_page *p)
{
	const struct lode_workload *w = p->q->workload;
	struct parts s = {.b = p->b, .lead = ""};

	part(&s, isfinite(w->found), "reads that find their key %s", PCT(w->found));
	part(&s, some(w->value_bytes), "bytes per value read %s", TWO(w->value_bytes));
	part(&s, some(w->write_bytes), "bytes per key written %s", TWO(w->write_bytes));
	part(&s, some(w->batch_keys), "keys per write %s", TWO(w->batch_keys));
	part(&s, some(w->scan_next), "steps per seek %s", TWO(w->scan_next));
	done(&s);
}

/* What a cache of this size catches tells how unequal the blocks are used: as much as it holds if all are used alike. */
static void skew(struct lode_page *p)
{
	double part_held = p->s.cache_part, caught = p->s.data_hit;

	if (!some(part_held) || !isfinite(caught) || !(p->s.reads > 0))
		return;
	if (part_held >= 1)
		lode_buf_addf(p->b, "working set: the block cache is %s times the bytes in data files (which may be compressed) and catches %s of the lookups of data blocks\n",
			      TWO(part_held), PCT(caught));
	else
		lode_buf_addf(p->b, "skew: the block cache holds %s of the bytes in data files and catches %s of the lookups of data blocks (the same share if all were used alike)\n",
			      PCT(part_held), PCT(caught));
}

static void pace(struct lode_page *p)
{
	const struct lode_question *q = p->q;

	if (q->loop == LODE_LOOP_CLOSED)
		lode_buf_adds(p->b, "closed loop: clients wait for answers, so faster answers bring more operations");
	else if (q->loop == LODE_LOOP_OPEN)
		lode_buf_adds(p->b, "open loop: work comes at its own rate, so faster answers do not bring more of it");
	else
		return;
	if (q->loop == LODE_LOOP_CLOSED && some(q->waiting))
		lode_buf_addf(p->b, "; they wait about %s of their time", PCT(lode_num_round(q->waiting, 1)));
	lode_buf_adds(p->b, "\n");
}

/* Which of the kinds of work seen here this is: numbers of ours, which later lines refer to. */
static void regime(struct lode_page *p)
{
	const struct lode_regime *r = p->q->regimes ? lode_regimes_now(p->q->regimes) : NULL;

	if (r)
		lode_buf_addf(p->b, "this kind of work is number %u of %zu seen in this database; visit %u, %s s in all\n", (unsigned)r->id, p->q->regimes->n, r->visits,
			      TWO(r->seconds));
}

void lode_page_workload(struct lode_page *p)
{
	if (!(p->s.seconds > 0) || !p->q->workload) {
		lode_buf_addf(p->b, "\n# Workload\n%s\n", p->s.why_not);
		return;
	}
	lode_buf_addf(p->b, "\n# Workload, last %s s\n", TWO(p->s.seconds));
	operations(p);
	sizes(p);
	skew(p);
	pace(p);
	regime(p);
}

/* ---- how it does ---- */

static void cache(struct lode_page *p)
{
	const struct lode_sample *now = p->q->now.sample;
	const struct lode_signs *s = &p->s;
	struct parts l = {.b = p->b, .lead = "block cache: "};

	part(&l, !now->cache.present, "none that is known");
	part(&l, now->cache.present, "%s, %s full", BYTES((double)now->cache.capacity, 3), PCT(s->cache_full));
	part(&l, isfinite(s->data_hit), "hit rate of data blocks %s", PCT(s->data_hit));
	part(&l, isfinite(s->index_hit), "of index blocks %s", PCT(s->index_hit));
	part(&l, isfinite(s->filter_hit), "of filter blocks %s", PCT(s->filter_hit));
	part(&l, isfinite(s->misses), "data blocks missed per read %s", NUM(s->misses));
	part(&l, some(s->miss_share), "at most %s of the time of reads is reading blocks", PCT(s->miss_share));
	done(&l);
}

static void reads(struct lode_page *p)
{
	const uint64_t *t = p->q->window->ticker;
	const struct lode_signs *s = &p->s;
	double found = (double)(t[LODE_T_MEMTABLE_HIT] + t[LODE_T_L0_HIT] + t[LODE_T_L1_HIT] + t[LODE_T_L2_HIT]);
	struct parts l = {.b = p->b, .lead = "reads: "};

	part(&l, some(s->read_amp), "data blocks looked at per read %s", NUM(s->read_amp));
	part(&l, found > 0, "keys found in memtables %s, L0 %s, L1 %s, below %s", PCT((double)t[LODE_T_MEMTABLE_HIT] / found), PCT((double)t[LODE_T_L0_HIT] / found),
	     PCT((double)t[LODE_T_L1_HIT] / found), PCT((double)t[LODE_T_L2_HIT] / found));
	part(&l, isfinite(s->bloom_useful), "bloom filters spared %s of the lookups in files", PCT(s->bloom_useful));
	part(&l, some(s->bloom_false), "let %s pass in vain", PCT(s->bloom_false));
	part(&l, some(s->reseeks), "iterator reseeks per step %s", NUM(s->reseeks));
	done(&l);
}

static void writes(struct lode_page *p)
{
	const struct lode_signs *s = &p->s;
	const struct lode_interval *w = p->q->window;
	double compacted = (double)(w->ticker[LODE_T_COMPACT_READ_BYTES] + w->ticker[LODE_T_COMPACT_WRITE_BYTES]) / s->seconds;
	struct parts l = {.b = p->b, .lead = "writes: "}, b = {.b = p->b, .lead = "background: "};

	part(&l, some(s->ingest), "%s a second", BYTES(s->ingest, 3));
	part(&l, some(s->write_amp), "write amplification %s", NUM(s->write_amp));
	part(&l, some(s->group) && s->group > 1.05, "%s share one group", TWO(s->group));
	part(&l, some(s->syncs), "WAL syncs a second %s", NUM(s->syncs));
	part(&l, some(s->sync_us), "each %s us, at most %s of the time of writes", NUM(s->sync_us), PCT(s->sync_share));
	done(&l);
	part(&b, some(s->flush_rate), "a flush every %s s", TWO(1 / s->flush_rate));
	part(&b, some(s->flush_rate) && some(s->flush_bytes), "each writes %s", BYTES(s->flush_bytes, 2));
	part(&b, compacted > 0, "compactions read and write %s a second", BYTES(compacted, 2));
	part(&b, s->debt > 0, "compaction debt %s, changing by %s a second", BYTES(s->debt, 3), BYTES(s->debt_rate, 2));
	part(&b, some(s->space_amp) && s->space_amp > 1.01, "space amplification %s", NUM(s->space_amp));
	done(&b);
}

static void stalls(struct lode_page *p)
{
	const struct lode_sample *now = p->q->now.sample;
	const struct lode_interval *w = p->q->window;
	const struct lode_signs *s = &p->s;
	struct parts l = {.b = p->b, .lead = "stalls: "};

	part(&l, s->stall_share > 0, "writers stalled %s of the time", PCT(s->stall_share));
	part(&l, s->delayed_share > 0, "writes slowed %s of it", PCT(s->delayed_share));
	part(&l, s->stopped_share > 0, "stopped %s of it", PCT(s->stopped_share));
	part(&l, now->write_stopped, "stopped now");
	for (int i = 0; i < (int)LODE_STALL_N; i++)
		part(&l, w->stalls[i] > 0, "%s: %s times", lode_stall_name[i], TWO((double)w->stalls[i]));
	part(&l, !l.any && s->writes > 0, "none");
	part(&l, w->l0_files > 0, "L0 files at the most %s", NUM((double)w->l0_files));
	part(&l, w->immutable > 0, "memtables waiting for a flush at the most %s", NUM((double)w->immutable));
	done(&l);
	if (now->background_errors)
		lode_buf_addf(p->b, "background errors %s\n", NUM((double)now->background_errors));
}

void lode_page_measured(struct lode_page *p)
{
	if (!(p->s.seconds > 0) || !p->q->workload)
		return;
	lode_buf_adds(p->b, "\n# Measured\n");
	cache(p);
	reads(p);
	writes(p);
	stalls(p);
}

#define RECKONED 4 /* bottlenecks: those below them cost less */

/* With its evidence, so that a model can disagree. */
void lode_page_reckoning(struct lode_page *p)
{
	struct lode_diagnosis d[RECKONED];
	size_t n = lode_diagnose(p->q, &p->s, d, RECKONED);

	if (!n || d[0].what == LODE_BOTTLENECK_UNKNOWN)
		return;
	lode_buf_adds(p->b, "\n# Where the time goes, reckoned by rules, the worst first\n");
	for (size_t i = 0; i < n; i++) {
		lode_buf_addf(p->b, "- %s: %s", lode_bottleneck_name(d[i].what), lode_bottleneck_doc(d[i].what));
		if (isfinite(d[i].share) && d[i].share > 0)
			lode_buf_addf(p->b, "; at most %s of the %s", PCT(lode_num_round(d[i].share, 2)), d[i].what == LODE_BOTTLENECK_REWRITES ? "bytes written" : p->s.timed ? "time" : "operations");
		lode_buf_addf(p->b, "%s%s\n", *d[i].evidence ? ": " : "", d[i].evidence);
	}
}

/* ---- where it is going ---- */

void lode_page_trend(struct lode_page *p)
{
	const struct lode_question *q = p->q;
	bool timed = false, hit = false, stalled = false, debt = false, l0 = false;

	if (q->ntrend < 2)
		return;
	for (size_t i = 0; i < q->ntrend; i++) {
		timed = timed || some(q->trend[i].mean_us);
		hit = hit || isfinite(q->trend[i].data_hit);
		stalled = stalled || q->trend[i].stall_share > 0;
		debt = debt || q->trend[i].debt > 0;
		l0 = l0 || q->trend[i].l0_files > 0;
	}
	lode_buf_addf(p->b, "\n# Trend, stretches of %s s, oldest first\noperations per second%s%s%s%s%s\n", TWO(q->trend[0].seconds), timed ? " | mean us" : "",
		      hit ? " | data block hits" : "", stalled ? " | stalled" : "", debt ? " | debt" : "", l0 ? " | L0 files" : "");
	for (size_t i = 0; i < q->ntrend; i++) {
		const struct lode_moment *m = &q->trend[i];

		lode_buf_adds(p->b, NUM(m->ops));
		if (timed)
			lode_buf_addf(p->b, " | %s", NUM(m->mean_us));
		if (hit)
			lode_buf_addf(p->b, " | %s", PCT(m->data_hit));
		if (stalled)
			lode_buf_addf(p->b, " | %s", PCT(m->stall_share));
		if (debt)
			lode_buf_addf(p->b, " | %s", BYTES(m->debt, 2));
		if (l0)
			lode_buf_addf(p->b, " | %s", NUM(m->l0_files));
		lode_buf_adds(p->b, "\n");
	}
}

/* Files and bytes of each level, of the first families that hold any. */
void lode_page_levels(struct lode_page *p)
{
	const struct lode_question *q = p->q;
	bool any = false;
	size_t shown = 0;

	for (size_t i = 0; i < q->now.state->ncf && shown < LODE_CATALOGUE_FAMILIES; i++) {
		const struct lode_cf_sample *c = lode_catalogue_sample(&q->now, i);
		uint64_t last = 0;

		for (uint64_t l = 0; c && l < LODE_LEVEL_MAX && l < c->levels; l++)
			if (c->files[l])
				last = l + 1;
		if (!last)
			continue;
		shown++;
		if (!any)
			lode_buf_adds(p->b, "\n# Levels: files/bytes from L0 down\n");
		any = true;
		lode_buf_addf(p->b, "cf%" PRIu32 ":", c->id);
		for (uint64_t l = 0; l < last; l++) {
			lode_buf_addf(p->b, " %s", NUM((double)c->files[l]));
			if (c->files[l])
				lode_buf_addf(p->b, "/%s", BYTES((double)c->bytes[l], 2));
		}
		lode_buf_addf(p->b, "; keys about %s\n", TWO((double)c->keys));
	}
	if (any && q->now.sample->ncf_total > LODE_CATALOGUE_FAMILIES)
		lode_buf_addf(p->b, "(of %zu families)\n", q->now.sample->ncf_total);
}

/* ---- what is left ---- */

void lode_page_left(struct lode_page *p)
{
	const struct lode_question *q = p->q;
	struct parts s = {.b = p->b, .lead = "\n# Left\n"};
	bool known = q->left.calls || q->left.tokens;

	part(&s, known && q->left.calls < LODE_UNLIMITED, "calls this hour %s", NUM((double)q->left.calls));
	part(&s, known && q->left.tokens < LODE_UNLIMITED, "tokens today %s", TWO((double)q->left.tokens));
	part(&s, known && q->left.nano < LODE_UNLIMITED, "money today %s", TWO((double)q->left.nano / 1e9));
	part(&s, q->trials_left > 0 && q->trials_left < UINT_MAX, "trials %u", q->trials_left);
	part(&s, isfinite(q->harm_left) && q->harm_left < 0.995, "of what trials may cost in a day %s", PCT(q->harm_left));
	done(&s);
}
