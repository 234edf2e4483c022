/* What the model gets to see: the system text and the sections of numbers. The catalogue of options is catalogue.c's. */
#include "advise/prompt.h"
#include "advise/catalogue.h"
#include "advise/signs.h"
#include "advise/text.h"
#include "base/num.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char system_text[] =
    "You tune a RocksDB database that is in production. You are given its machine, its workload, what it measures, the options that may be "
    "changed "
    "now, and what was tried before.\n"
    "Propose one coherent change: a single option, or a few that belong together. It will be checked, then tried on the live database in "
    "randomised "
    "blocks of time, kept if it is measurably better and put back if not.\n"
    "Rules:\n"
    "- Use only options of the catalogue, spelt exactly as there. Any other option rejects the whole answer.\n"
    "- A value is a string with one plain decimal integer within the allowed range (bytes are plain bytes: \"67108864\", never \"64MB\"), "
    "or exactly one of the "
    "allowed words. The range already holds limits of memory and safety.\n"
    "- cf is \"all\" or one of the families named; for options of the database or the cache it is \"all\".\n"
    "- Do not repeat what was reverted or refused in the same situation. Where nothing promises a gain, return no changes and say why in "
    "no_change_reason.\n"
    "- Aim first at what the application waits for: where its time goes, not what looks untidy.\n"
    "Answer with one JSON object and nothing else: {\"diagnosis\": string, \"changes\": [{\"option\": string, \"cf\": string, \"value\": "
    "string, \"reason\": string}], "
    "\"expect_percent\": number, \"confidence\": number from 0 to 1, \"no_change_reason\": string}.";

/* A word of configuration or a version goes in only if it looks like one. */
static const char *word(const char *s, const char *extra, const char *otherwise)
{
	size_t n = s ? strlen(s) : 0;

	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || strchr(extra, s[i])))
			return otherwise;
	return n && n < 24 ? s : otherwise;
}

#define NUM(v) lode_text_num(v, 3).s
#define PCT(v) lode_text_percent(v).s
#define BYTES(v) lode_text_bytes(v).s

static void machine(struct lode_buf *b, const struct lode_question *q)
{
	const struct lode_machine *m = q->now.machine;

	lode_buf_addf(b, "# System\nRocksDB %s, objective %s, column families %zu\n", word(q->rocksdb_version, ".", "unknown"),
		      lode_objective_name[q->objective ? q->objective->kind : LODE_BALANCED], q->now.state->ncf);
	lode_buf_addf(b, "cores usable %s; memory limit %s, available %s, this process %s; disk %s, free %s of %s\n", NUM(m->cores),
		      BYTES(lode_num_round((double)m->mem_limit, 3)), BYTES(lode_num_round((double)m->mem_available, 2)),
		      BYTES(lode_num_round((double)m->rss, 2)), lode_disk_name(m->disk), BYTES(lode_num_round((double)m->disk_free, 2)),
		      BYTES(lode_num_round((double)m->disk_size, 2)));
	lode_buf_addf(b, "memory that cache and memtables may take in all %s, of which they are allowed now %s\n",
		      BYTES(lode_num_round((double)lode_guard_memory_budget(&q->now), 3)),
		      BYTES(lode_num_round((double)lode_guard_memory(q->now.state), 3)));
}

/* Which of the kinds of work seen here this is: numbers of ours, which the lines of earlier proposals refer to. */
static void regime(struct lode_buf *b, const struct lode_question *q)
{
	const struct lode_regime *r = q->regimes ? lode_regimes_now(q->regimes) : NULL;

	if (r)
		lode_buf_addf(b, "this kind of work is number %u of %zu seen in this database; visit %u, %s s in all\n", (unsigned)r->id, q->regimes->n, r->visits,
			      lode_text_num(r->seconds, 2).s);
}

/* What the change is for. A balanced objective without promises is what the rules of the system text say already. */
static void objective(struct lode_buf *b, const struct lode_question *q)
{
	char slos[160];

	if (!q->objective || (q->objective->kind == LODE_BALANCED && !lode_objective_has_slo(q->objective)))
		return;
	lode_buf_addf(b, "\n# Objective\nA change is kept only if it brings %s, and nothing else gets worse by more than a small margin.\n",
		      lode_objective_doc((enum lode_objective_kind)q->objective->kind));
	if (lode_objective_has_slo(q->objective))
		lode_buf_addf(b, "SLOs: %s. Slow operations are those beyond these limits.\n", lode_objective_slos(q->objective, slos, sizeof slos));
}

static void workload(struct lode_buf *b, const struct lode_question *q, const struct lode_signs *s)
{
	const struct lode_workload *w = q->workload;
	const struct lode_interval *iv = q->window;

	lode_buf_addf(b, "\n# Workload, last %s s\n", lode_text_num(s->seconds, 2).s);
	lode_buf_adds(b, "operation | share of operations | per second | mean us | p50 us | p99 us\n");
	for (int op = 0; op < LODE_OP_N; op++) {
		if (!(lode_interval_count(iv, op) > 0))
			continue;
		lode_buf_addf(b, "%s | %s | %s | %s | %s | %s\n", lode_op_name[op], PCT(w->share[op]),
			      NUM(lode_interval_count(iv, op) / s->seconds), NUM(lode_interval_mean_us(iv, op)),
			      NUM(lode_hist_percentile(&iv->op[op].hist, 0.5)), NUM(lode_hist_percentile(&iv->op[op].hist, 0.99)));
	}
	lode_buf_addf(b, "all operations per second %s; of the %s: reads %s, writes %s\n", NUM(lode_interval_ops(iv)),
		      s->timed ? "time in RocksDB" : "operations", PCT(s->read_share), PCT(s->write_share));
	if (!iv->has_stats)
		lode_buf_adds(b, "there are no Statistics: reads and cache hits are not seen, writes are; a change is judged by writes per second\n");
	else if (!s->timed)
		lode_buf_adds(b, "operations are counted now and timed only during a trial: service times are not known yet\n");
	lode_buf_addf(b,
		      "reads that find their key %s; bytes per value read %s, per key written %s; keys per write %s; nexts per seek %s\n",
		      lode_text_percent(w->found).s, lode_text_num(w->value_bytes, 2).s, lode_text_num(w->write_bytes, 2).s,
		      lode_text_num(w->batch_keys, 2).s, lode_text_num(w->scan_next, 2).s);
	regime(b, q);
}

static void measured(struct lode_buf *b, const struct lode_question *q, const struct lode_signs *s)
{
	const struct lode_sample *now = q->now.sample;

	lode_buf_adds(b, "\n# Measured\n");
	lode_buf_addf(b,
		      "block cache: capacity %s, %s full; hit rate %s, of data blocks %s; data block misses per read %s; at most %s of "
		      "read time is block reading\n",
		      now->cache.present ? BYTES(lode_num_round((double)now->cache.capacity, 3)) : "none", PCT(s->cache_full),
		      PCT(lode_interval_cache_hit(q->window)), PCT(s->data_hit), NUM(s->misses), PCT(s->miss_share));
	lode_buf_addf(b, "stalls: writers stalled %s of the time, writes stopped %s, delayed %s; stopped now: %s\n", PCT(s->stall_share),
		      PCT(s->stopped_share), PCT(s->delayed_share), now->write_stopped ? "yes" : "no");
	lode_buf_addf(b, "writes: %s per second; write amplification %s; ", BYTES(lode_num_round(s->ingest, 3)), NUM(s->write_amp));
	if (s->flush_rate > 0)
		lode_buf_addf(b, "a flush every %s s of %s\n", lode_text_num(1 / s->flush_rate, 2).s,
			      BYTES(lode_num_round(s->flush_bytes, 2)));
	else
		lode_buf_adds(b, "no flush\n");
	lode_buf_addf(b, "compaction debt %s, changing by %s per second; L0 files at the most %s; immutable memtables at the most %s\n",
		      BYTES(lode_num_round(s->debt, 3)), BYTES(lode_num_round(s->debt_rate, 2)), NUM((double)q->window->l0_files),
		      NUM((double)q->window->immutable));
	lode_buf_addf(b, "cores busy %s of the usable; background errors %s; iterator reseeks per step %s\n", PCT(s->cpu_share),
		      NUM((double)now->background_errors), NUM(s->reseeks));
}

/* Files and bytes of each level, of the largest families. */
static void shape(struct lode_buf *b, const struct lode_question *q)
{
	const struct lode_sample *now = q->now.sample;

	lode_buf_adds(b, "\n# Levels: files/bytes from L0 down\n");
	for (size_t i = 0; i < q->now.state->ncf && i < LODE_CATALOGUE_FAMILIES; i++) {
		const struct lode_cf_sample *c = lode_catalogue_sample(&q->now, i);

		if (!c)
			continue;
		lode_buf_addf(b, "cf%" PRIu32 ":", c->id);
		for (size_t l = 0; l < LODE_LEVEL_MAX && l < c->levels; l++)
			lode_buf_addf(b, " %s/%s", NUM((double)c->files[l]), BYTES(lode_num_round((double)c->bytes[l], 2)));
		lode_buf_addf(b, "; keys about %s\n", lode_text_num((double)c->keys, 2).s);
	}
	if (now->ncf_total > LODE_CATALOGUE_FAMILIES)
		lode_buf_addf(b, "(the first %d of %zu families)\n", LODE_CATALOGUE_FAMILIES, now->ncf_total);
}

static const char *age(double s, struct lode_text *t)
{
	*t = lode_text_num(s < 90 ? s : s / 60, 2);
	strcat(t->s, s < 90 ? " s ago" : " min ago");
	return t->s;
}

/* One earlier proposal as numbers. Its own words do not go back in: a model must not be moved by what a model once wrote. */
static void outcome(struct lode_buf *b, const struct lode_question *q, const struct lode_outcome *o)
{
	static const char *const names[] = {"refused", "kept", "reverted", "invalid", "tripped a safety limit and was undone"};
	struct lode_text t;
	char plain[300];

	lode_buf_addf(b, "- %s%s:", age(o->age_s, &t), q->workload && o->regime == q->workload->regime ? "" : ", other workload");
	for (size_t i = 0; i < o->proposal.n && i < LODE_CHANGES_MAX; i++)
		lode_catalogue_change(b, &o->proposal.change[i], i ? ", " : " ");
	lode_buf_addf(b, " -> %s", (unsigned)o->what < sizeof names / sizeof names[0] ? names[o->what] : "unknown");
	if (o->what == LODE_OUT_REFUSED) {
		/* By contract numbers and option names only. */
		lode_text_plain(plain, sizeof plain, o->refusal.why, strlen(o->refusal.why));
		lode_buf_addf(b, " (%s): %s\n", lode_rule_name(o->refusal.rule), plain);
		return;
	}
	if (isfinite(o->verdict.effect) && o->verdict.pairs)
		lode_buf_addf(b, ", %s %s%s", o->verdict.primary == LODE_M_SPEED ? "speed" : "gain in its objective", o->verdict.effect >= 0 ? "+" : "",
			      PCT(o->verdict.effect));
	if (isfinite(o->verdict.lo) && isfinite(o->verdict.hi) && o->verdict.pairs)
		lode_buf_addf(b, " (interval %s to %s)", PCT(o->verdict.lo), PCT(o->verdict.hi));
	if (o->verdict.pairs)
		lode_buf_addf(b, ", %u %s", o->verdict.pairs, o->verdict.design == LODE_DESIGN_START ? "slots" : "pairs");
	if (o->what == LODE_OUT_REVERTED && o->verdict.worst != o->verdict.primary && (unsigned)o->verdict.worst < LODE_METRIC_N)
		lode_buf_addf(b, ", worse in %s", lode_metric_name[o->verdict.worst]);
	lode_buf_adds(b, "\n");
}

/* Newest first into what room is left, then printed oldest first. */
static void history(struct lode_buf *b, const struct lode_question *q, size_t room)
{
	struct lode_buf one;
	size_t first = q->nhistory, used = 0;

	lode_buf_init(&one, 4096);
	while (first > 0) {
		lode_buf_clear(&one);
		outcome(&one, q, &q->history[first - 1]);
		if (one.failed || used + one.len > room)
			break;
		used += one.len;
		first--;
	}
	lode_buf_fini(&one);
	lode_buf_adds(b, "\n# Earlier proposals, oldest first\n");
	if (q->nhistory == 0)
		lode_buf_adds(b, "none\n");
	if (first)
		lode_buf_addf(b, "(%zu older ones are left out)\n", first);
	for (size_t i = first; i < q->nhistory; i++)
		outcome(b, q, &q->history[i]);
}

int lode_prompt_build(const struct lode_question *q, struct lode_prompt *out)
{
	static const char last[] = "\nPropose the next change, or none.\n";
	struct lode_signs s;

	memset(&out->offer, 0, sizeof out->offer);
	lode_buf_init(&out->system, LODE_PROMPT_BYTES);
	lode_buf_init(&out->user, 4 * LODE_PROMPT_BYTES);
	lode_signs_of(q, &s);
	lode_buf_adds(&out->system, system_text);
	machine(&out->user, q);
	objective(&out->user, q);
	if (s.seconds > 0 && q->workload) {
		workload(&out->user, q, &s);
		measured(&out->user, q, &s);
	} else {
		lode_buf_addf(&out->user, "\n# Workload\n%s\n", s.why_not);
	}
	shape(&out->user, q);
	lode_catalogue_print(&out->user, &q->now, &out->offer);
	size_t fixed = out->system.len + out->user.len + sizeof last + 100;
	history(&out->user, q, fixed < LODE_PROMPT_BYTES ? LODE_PROMPT_BYTES - fixed : 0);
	lode_buf_adds(&out->user, last);
	return out->system.failed || out->user.failed ? -ENOMEM : 0;
}

void lode_prompt_fini(struct lode_prompt *p)
{
	lode_buf_fini(&p->system);
	lode_buf_fini(&p->user);
}
