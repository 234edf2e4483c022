/* The history for programs. A number that is not known is null. Members are added, never renamed; "version" counts what breaks. */
#include "base/clock.h"
#include "base/json.h"
#include "tune/account.h"
#include "tune/history.h"
#include "tune/report.h"

#include <errno.h>
#include <math.h>

static void effect(struct lode_json *j, const char *key, double value, double lo, double hi)
{
	lode_json_object(j, key);
	lode_json_num(j, "value", value);
	lode_json_num(j, "lo", lo);
	lode_json_num(j, "hi", hi);
	lode_json_end(j);
}

static void summary(struct lode_json *j, const char *key, const struct tune_summary *s)
{
	lode_json_object(j, key);
	lode_json_u64(j, "runs", s->runs);
	if (s->runs) {
		lode_json_num(j, "ops_per_sec", s->ops_per_sec);
		lode_json_num(j, "spread", s->spread);
		lode_json_array(j, "ops");
		for (size_t i = 0; i < s->nop && i < TUNE_OPS_MAX; i++) {
			const struct tune_op *o = &s->op[i];

			lode_json_object(j, NULL);
			lode_json_str(j, "op", o->name);
			lode_json_num(j, "count", o->count);
			lode_json_num(j, "mean_us", o->mean_us);
			lode_json_num(j, "p50_us", o->p50_us);
			lode_json_num(j, "p99_us", o->p99_us);
			lode_json_num(j, "p999_us", o->p999_us);
			lode_json_end(j);
		}
		lode_json_end(j);
		lode_json_num(j, "stall_share", s->stall_share);
		lode_json_num(j, "write_amp", s->write_amp);
		lode_json_num(j, "space_amp", s->space_amp);
		lode_json_num(j, "read_amp", s->read_amp);
		lode_json_num(j, "cache_hit", s->cache_hit);
		lode_json_num(j, "rss_bytes", s->rss_bytes);
		lode_json_num(j, "db_bytes", s->db_bytes);
	}
	lode_json_end(j);
}

static void trial(struct lode_json *j, const struct tune_trial *t)
{
	lode_json_object(j, NULL);
	lode_json_u64(j, "iteration", t->number);
	lode_json_str(j, "advisor", t->advisor);
	lode_json_str(j, "rule", t->rule);
	lode_json_str(j, "why", t->why);
	lode_json_str(j, "verdict", tune_verdict_name(t->verdict));
	lode_json_str(j, "reason", t->reason);
	effect(j, "gain", t->gain, t->lo, t->hi);
	effect(j, "best_against_baseline", t->total, t->total_lo, t->total_hi);
	lode_json_bool(j, "stopped_early", t->early);
	lode_json_num(j, "began_s", t->began_s);
	lode_json_num(j, "seconds", t->seconds);
	lode_json_u64(j, "calls", t->calls);
	lode_json_u64(j, "tokens_in", t->tokens_in);
	lode_json_u64(j, "tokens_out", t->tokens_out);
	lode_json_array(j, "changes");
	for (size_t i = 0; i < t->nfix && i < TUNE_FIXES_MAX; i++) {
		const struct tune_fix *f = &t->fix[i];

		lode_json_object(j, NULL);
		lode_json_str(j, "fate", tune_fate_name(f->fate));
		lode_json_str(j, "option", f->name);
		lode_json_str(j, "wished", f->wished);
		lode_json_str(j, "from", f->from);
		lode_json_str(j, "to", f->to);
		lode_json_str(j, "why", f->why);
		lode_json_end(j);
	}
	lode_json_end(j);
	summary(j, "best", &t->best);
	summary(j, "candidate", &t->candidate);
	lode_json_end(j);
}

static void final(struct lode_json *j, const struct tune_history *h)
{
	struct tune_change change[TUNE_CHANGES_MAX];
	size_t n = tune_account_changes(h, change, TUNE_CHANGES_MAX);

	lode_json_object(j, "final");
	lode_json_str(j, "options_file", h->file);
	effect(j, "gain", h->gain, h->lo, h->hi);
	lode_json_u64(j, "pairs", h->pairs);
	lode_json_array(j, "changes");
	for (size_t i = 0; i < n; i++) {
		lode_json_object(j, NULL);
		lode_json_str(j, "option", change[i].name);
		lode_json_str(j, "from", change[i].from);
		lode_json_str(j, "to", change[i].to);
		lode_json_u64(j, "iteration", h->trial[change[i].trial].number);
		lode_json_u64(j, "shares_its_gain_with", change[i].others);
		lode_json_end(j);
	}
	lode_json_end(j);
	lode_json_end(j);
}

static void sums(struct lode_json *j, const struct tune_history *h)
{
	struct tune_account a;

	tune_account(h, &a);
	lode_json_object(j, "sums");
	lode_json_object(j, "verdicts");
	for (unsigned i = 0; i < TUNE_VERDICTS; i++)
		lode_json_u64(j, tune_verdict_name(i), a.verdict[i]);
	lode_json_end(j);
	lode_json_object(j, "wishes");
	for (unsigned i = 0; i < TUNE_FATES; i++)
		lode_json_u64(j, tune_fate_name(i), a.fate[i]);
	lode_json_end(j);
	lode_json_u64(j, "runs", a.runs);
	lode_json_u64(j, "calls", a.calls);
	lode_json_u64(j, "tokens_in", a.tokens_in);
	lode_json_u64(j, "tokens_out", a.tokens_out);
	lode_json_end(j);
}

int tune_report_json(const struct tune_history *h, FILE *out)
{
	struct lode_buf b;
	struct lode_json j;
	char iso[32] = "";

	lode_buf_init(&b, 256u << 20);
	lode_json_init(&j, &b);
	if (h->began > 0 && h->began < 4e9)
		lode_clock_iso((uint64_t)(h->began * 1e6), iso);
	lode_json_object(&j, NULL);
	lode_json_str(&j, "format", "lodestone-tune-report");
	lode_json_u64(&j, "version", 1);
	lode_json_str(&j, "command", h->command);
	lode_json_str(&j, "rocksdb", h->version);
	lode_json_str(&j, "objective", h->objective);
	lode_json_str(&j, "machine", h->machine);
	lode_json_str(&j, "began", iso);
	lode_json_num(&j, "active_s", h->active_s);
	lode_json_str(&j, "ended", h->ended);
	summary(&j, "baseline", &h->baseline);
	final(&j, h);
	sums(&j, h);
	lode_json_array(&j, "iterations");
	for (size_t i = 0; i < h->ntrial; i++)
		trial(&j, &h->trial[i]);
	lode_json_end(&j);
	lode_json_end(&j);
	lode_buf_adds(&b, "\n");
	int rc = b.failed ? -ENOMEM : fwrite(lode_buf_str(&b), 1, b.len, out) != b.len || fflush(out) ? -EIO : 0;
	lode_buf_fini(&b);
	return rc;
}
