/* What is told: a database's object in status, its metrics, the last changes in words. Reads the conductor, changes nothing but the list of recent changes. */
#include "agent/conductor_private.h"

#include "record/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *lode_report_cf_name(const struct lode_conductor *c, uint32_t cf)
{
	for (size_t i = 0; c->state && i < c->state->ncf; i++)
		if (c->state->cf[i].cf.id == cf)
			return c->state->cf[i].cf.name;
	return "?";
}

const char *lode_report_cf(const struct lode_conductor *c, uint32_t cf, char *buf, size_t len)
{
	if (c->config->names)
		return lode_report_cf_name(c, cf);
	snprintf(buf, len, "cf%u", (unsigned)cf);
	return buf;
}

/* A write's value as people say it: "64 MiB" and not "67108864". */
static const char *say(int tunable, const char *text, char *buf, size_t len)
{
	int64_t v;
	if (tunable >= 0 && lode_tunable_read(&lode_tunables[tunable], text, &v) == 0)
		return lode_tunable_show(&lode_tunables[tunable], v, buf, len);
	snprintf(buf, len, "%s", text);
	return buf;
}

void lode_report_changes(const struct lode_conductor *c, const struct lode_plan *p, char *out, size_t len)
{
	size_t at = 0;
	out[0] = 0;
	for (size_t i = 0; i < p->n && at < len; i++) {
		const char *id = p->tunable[i] >= 0 ? lode_tunables[p->tunable[i]].id : p->todo[i].key;
		char from[LODE_VALUE_MAX], to[LODE_VALUE_MAX], cf[24];
		bool name_it = p->todo[i].scope == LODE_SCOPE_CF && c->state && c->state->ncf > 1;
		at += (size_t)snprintf(out + at, len - at, "%s%s%s%s%s %s -> %s", i ? ", " : "", id, name_it ? "[" : "",
				       name_it ? lode_report_cf(c, p->todo[i].cf, cf, sizeof(cf)) : "", name_it ? "]" : "",
				       say(p->tunable[i], p->undo[i].value, from, sizeof(from)), say(p->tunable[i], p->todo[i].value, to, sizeof(to)));
	}
}

void lode_report_recent(struct lode_conductor *c, const char *what, const char *why, const struct lode_verdict *v)
{
	struct recent *r;
	if (c->nrecent == RECENT) {
		memmove(c->recent, c->recent + 1, sizeof(c->recent[0]) * (RECENT - 1));
		c->nrecent--;
	}
	r = &c->recent[c->nrecent++];
	memset(r, 0, sizeof(*r));
	lode_clock_iso(lode_clock_wall(c->env.clock), r->ts);
	r->trial = c->proposal.id;
	r->what = what;
	snprintf(r->advisor, sizeof(r->advisor), "%s", c->proposal.advisor);
	snprintf(r->rule, sizeof(r->rule), "%s", c->proposal.rule);
	snprintf(r->why, sizeof(r->why), "%s", why);
	lode_report_changes(c, &c->plan, r->summary, sizeof(r->summary));
	if (!r->summary[0])
		for (size_t i = 0; i < c->proposal.n; i++) {
			if (c->proposal.change[i].tunable < 0 || c->proposal.change[i].tunable >= lode_tunable_count)
				continue; /* refused for that very reason */
			size_t at = strlen(r->summary);
			const struct lode_tunable *t = &lode_tunables[c->proposal.change[i].tunable];
			char value[64];
			snprintf(r->summary + at, sizeof(r->summary) - at, "%s%s = %s", i ? ", " : "", t->id,
				 lode_tunable_show(t, c->proposal.change[i].value, value, sizeof(value)));
		}
	r->effect = v ? v->effect : NAN;
	r->lo = v ? v->lo : NAN;
	r->hi = v ? v->hi : NAN;
	if (c->env.listener.heard)
		c->env.listener.heard(c->env.listener.ctx, &(struct lode_event){.kind = LODE_EVENT_VERDICT, .db = c->id, .trial = r->trial, .what = what, .why = r->why});
}

/* ---- status ---- */

static void json_kind(struct lode_json *j, const struct lode_interval *w, int k)
{
	if (!(lode_interval_count(w, k) > 0))
		return;
	lode_json_object(j, lode_op_name[k]);
	lode_json_num(j, "ops", lode_interval_count(w, k) / w->seconds);
	lode_json_num(j, "mean_us", lode_interval_mean_us(w, k));
	lode_json_num(j, "p50_us", lode_hist_percentile(&w->op[k].hist, 0.5));
	lode_json_num(j, "p99_us", lode_hist_percentile(&w->op[k].hist, 0.99));
	lode_json_end(j);
}

static void json_now(const struct lode_conductor *c, struct lode_json *j)
{
	const struct lode_sample *s = c->now;
	struct lode_interval *w = c->window; /* scratch */
	lode_conductor_window(c, 10, w);
	if (w->seconds <= 0)
		*w = c->last;
	if (w->seconds <= 0)
		return;
	lode_json_object(j, "now");
	lode_json_num(j, "seconds", w->seconds);
	lode_json_num(j, "ops", lode_interval_ops(w));
	lode_json_object(j, "by_kind");
	for (int k = 0; k < LODE_OP_N; k++)
		json_kind(j, w, k);
	lode_json_end(j);
	lode_json_num(j, "stall_share", lode_interval_stall_share(w));
	lode_json_bool(j, "write_stopped", s->write_stopped);
	lode_json_u64(j, "delayed_write_rate", s->delayed_write_rate);
	lode_json_num(j, "cache_hit", lode_interval_cache_hit(w));
	lode_json_num(j, "data_hit", lode_interval_data_hit(w));
	lode_json_num(j, "write_amp", lode_interval_write_amp(w));
	lode_json_num(j, "read_amp", lode_interval_read_amp(w));
	lode_json_num(j, "space_amp", lode_sample_space_amp(s));
	lode_json_u64(j, "debt", w->debt);
	lode_json_u64(j, "l0_files", w->l0_files);
	lode_json_u64(j, "mem_bytes", w->mem_bytes);
	lode_json_num(j, "cpu_cores", (double)w->cpu_ns / 1e9 / w->seconds);
	lode_json_end(j);
}

static void json_cfs(const struct lode_conductor *c, struct lode_json *j)
{
	lode_json_array(j, "column_families");
	for (size_t i = 0; i < c->now->ncf; i++) {
		const struct lode_cf_sample *s = &c->now->cf[i];
		lode_json_object(j, NULL);
		lode_json_u64(j, "id", s->id);
		lode_json_str(j, "name", lode_report_cf_name(c, s->id));
		lode_json_u64(j, "l0_files", s->files[0]);
		lode_json_u64(j, "debt", s->debt);
		lode_json_u64(j, "mem_bytes", s->mem_all);
		lode_json_u64(j, "sst_bytes", s->sst_bytes);
		lode_json_array(j, "levels");
		for (uint64_t l = 0; l < s->levels && l < LODE_LEVEL_MAX; l++) {
			lode_json_object(j, NULL);
			lode_json_u64(j, "files", s->files[l]);
			lode_json_u64(j, "bytes", s->bytes[l]);
			lode_json_end(j);
		}
		lode_json_end(j);
		lode_json_end(j);
	}
	lode_json_end(j);
}

static void json_change(const struct lode_conductor *c, struct lode_json *j, int tunable, const struct lode_write *from, const struct lode_write *to)
{
	lode_json_object(j, NULL);
	lode_json_str(j, "option", tunable >= 0 ? lode_tunables[tunable].id : to->key);
	lode_json_str(j, "cf", to->scope == LODE_SCOPE_CF ? lode_report_cf_name(c, to->cf) : NULL);
	lode_json_str(j, "from", from->value);
	lode_json_str(j, "to", to->value);
	lode_json_end(j);
}

static void json_plan(const struct lode_conductor *c, struct lode_json *j)
{
	lode_json_array(j, "changes");
	for (size_t i = 0; i < c->plan.n; i++)
		json_change(c, j, c->plan.tunable[i], &c->plan.undo[i], &c->plan.todo[i]);
	lode_json_end(j);
}

static void json_wish(const struct lode_conductor *c, struct lode_json *j)
{
	lode_json_u64(j, "id", c->proposal.id);
	lode_json_str(j, "advisor", c->proposal.advisor);
	lode_json_str(j, "rule", c->proposal.rule);
	lode_json_str(j, "why", c->proposal.why);
	json_plan(c, j);
}

static void json_trial(const struct lode_conductor *c, struct lode_json *j)
{
	const struct lode_verdict *v;
	if (c->suggested) {
		lode_json_object(j, "suggestion");
		json_wish(c, j);
		lode_json_end(j);
	}
	if (!c->trial)
		return;
	v = lode_trial_verdict(c->trial);
	lode_json_object(j, "trial");
	json_wish(c, j);
	lode_json_str(j, "design", lode_design_name(v->design));
	lode_json_str(j, "arm", c->treated ? "treatment" : "control");
	lode_json_u64(j, "done", lode_trial_pairs_done(c->trial));
	lode_json_u64(j, "max", lode_trial_pairs_max(c->trial));
	lode_json_num(j, "seconds_left", lode_trial_seconds_left(c->trial));
	lode_json_num(j, "evidence", v->evidence);
	lode_json_num(j, "effect", v->effect);
	lode_json_num(j, "lo", v->lo);
	lode_json_num(j, "hi", v->hi);
	lode_json_end(j);
}

static void json_recent(const struct lode_conductor *c, struct lode_json *j)
{
	lode_json_array(j, "kept");
	for (size_t i = 0; i < c->nkept; i++)
		json_change(c, j, c->kept[i].tunable, &c->kept[i].original, &c->kept[i].now);
	lode_json_end(j);
	lode_json_array(j, "recent");
	for (size_t i = 0; i < c->nrecent; i++) {
		const struct recent *r = &c->recent[i];
		lode_json_object(j, NULL);
		lode_json_str(j, "ts", r->ts);
		lode_json_u64(j, "trial", r->trial);
		lode_json_str(j, "what", r->what);
		lode_json_str(j, "advisor", r->advisor);
		lode_json_str(j, "rule", r->rule);
		lode_json_str(j, "summary", r->summary);
		lode_json_num(j, "effect", r->effect);
		lode_json_num(j, "lo", r->lo);
		lode_json_num(j, "hi", r->hi);
		lode_json_str(j, "why", r->why);
		lode_json_end(j);
	}
	lode_json_end(j);
}

static void json_counts(const struct lode_conductor *c, struct lode_json *j)
{
	const struct counts *n = &c->counts;
	uint64_t now = lode_conductor_now(c), next = c->asking.due_ns > c->ask_ns ? c->asking.due_ns : c->ask_ns;
	lode_json_object(j, "counts");
	lode_json_u64(j, "proposals", n->proposals);
	lode_json_u64(j, "refused", n->refused);
	lode_json_u64(j, "trials", n->trials);
	lode_json_u64(j, "kept", n->kept);
	lode_json_u64(j, "reverted", n->reverted);
	lode_json_u64(j, "invalid", n->invalid);
	lode_json_u64(j, "tripped", n->tripped);
	lode_json_u64(j, "writes", n->writes);
	lode_json_num(j, "write_ms_max", (double)n->write_ns_max / 1e6);
	lode_json_end(j);
	lode_json_object(j, "advice");
	lode_json_str(j, "last", c->last_call);
	lode_json_str(j, "why", c->advice);
	if (c->note[0])
		lode_json_str(j, "note", c->note);
	lode_json_u64(j, "calls", n->calls);
	lode_json_u64(j, "tokens", n->tokens);
	lode_json_num(j, "next_in_s", next > now ? (double)(next - now) / 1e9 : 0);
	lode_asking_json(c, j);
	lode_json_end(j);
}

void lode_conductor_status(const struct lode_conductor *c, struct lode_json *j)
{
	const struct lode_host_info *info = c->host->ops->info(c->host);
	const struct lode_cache *cache = &c->now->cache;
	lode_json_object(j, NULL);
	lode_json_str(j, "id", c->id);
	lode_json_str(j, "path", info->path);
	lode_json_str(j, "rocksdb", info->version);
	lode_json_str(j, "state", lode_phase_name(c->phase));
	lode_json_bool(j, "paused", c->paused);
	lode_json_str(j, "why", c->why);
	lode_json_str(j, "statistics", c->statistics);
	lode_json_bool(j, "timers", info->has_timers);
	lode_json_str(j, "judged_by", lode_goal_judged_by(c));
	lode_goal_status(c, j);
	lode_json_str(j, "limited", info->why_limited);
	lode_capability_json(&c->can, c->host, cache, c->statistics, j);
	lode_json_num(j, "uptime_s", (double)(lode_conductor_now(c) - c->born_ns) / 1e9);
	lode_json_u64(j, "samples", c->counts.samples);
	lode_json_num(j, "sample_us", c->counts.samples ? (double)c->counts.sample_ns / 1e3 / (double)c->counts.samples : 0);
	lode_json_str(j, "workload", c->workload.text);
	lode_memory_json(c, j);
	lode_watch_json(c, j);
	lode_json_str(j, "journal", lode_journal_path(c->journal));
	json_now(c, j);
	if (cache->present) {
		lode_json_object(j, "cache");
		lode_json_str(j, "kind", cache->kind);
		lode_json_u64(j, "capacity", cache->capacity);
		lode_json_u64(j, "usage", cache->usage);
		lode_json_bool(j, "resizable", cache->resizable);
		lode_json_str(j, "why_fixed", cache->why_fixed);
		lode_json_u64(j, "floor", cache->floor);
		lode_json_u64(j, "ceiling", cache->ceiling);
		lode_json_u64(j, "others", cache->others);
		lode_json_end(j);
	}
	json_cfs(c, j);
	json_trial(c, j);
	json_recent(c, j);
	lode_account_json(c, j);
	lode_pins_json(c, j);
	json_counts(c, j);
	lode_json_end(j);
}

/* ---- metrics ---- */

struct family {
	const char *name, *help;
	enum lode_metric_type type;
	double value;
};

static void metrics_now(const struct lode_conductor *c, struct lode_expo *e, const char *db)
{
	const struct lode_interval *w = &c->last;
	double seconds = w->seconds > 0 ? w->seconds : NAN;
	const struct family rows[] = {
		{"lodestone_operations_per_second", "Operations of the application in the last interval.", LODE_GAUGE, lode_interval_ops(w)},
		{"lodestone_own_metric", "The program's own metric in the last interval.", LODE_GAUGE, lode_interval_own(w)},
		{"lodestone_stall_share", "Writers' time in stalls, as a share of time.", LODE_GAUGE, lode_interval_stall_share(w)},
		{"lodestone_write_stopped", "1 while RocksDB stops writes.", LODE_GAUGE, c->now->write_stopped},
		{"lodestone_block_cache_hit_ratio", "Block cache hits of the last interval.", LODE_GAUGE, lode_interval_cache_hit(w)},
		{"lodestone_block_cache_capacity_bytes", "Capacity of the block cache.", LODE_GAUGE, (double)c->now->cache.capacity},
		{"lodestone_pending_compaction_bytes", "RocksDB's estimate-pending-compaction-bytes, all families.", LODE_GAUGE, (double)w->debt},
		{"lodestone_memtable_bytes", "All memtables.", LODE_GAUGE, (double)w->mem_bytes},
		{"lodestone_process_cpu_cores", "Processor time of the host process.", LODE_GAUGE, (double)w->cpu_ns / 1e9 / seconds},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (isfinite(rows[i].value))
			lode_expo_add(e, rows[i].name, rows[i].type, rows[i].help, db, rows[i].value);
	for (int k = 0; k < LODE_OP_N; k++) {
		struct lode_buf labels;
		if (!w->op[k].count)
			continue;
		lode_buf_init(&labels, 1024);
		lode_buf_adds(&labels, db);
		lode_expo_label(&labels, "op", lode_op_name[k]);
		lode_expo_add(e, "lodestone_service_time_seconds", LODE_GAUGE, "Mean service time of the last interval.", lode_buf_str(&labels),
			      lode_interval_mean_us(w, k) / 1e6);
		lode_expo_add(e, "lodestone_service_time_p99_seconds", LODE_GAUGE, "99th percentile of the last interval.", lode_buf_str(&labels),
			      lode_hist_percentile(&w->op[k].hist, 0.99) / 1e6);
		lode_buf_fini(&labels);
	}
}

void lode_conductor_metrics(const struct lode_conductor *c, struct lode_expo *e)
{
	const struct counts *n = &c->counts;
	const struct {
		const char *outcome;
		uint64_t value;
	} outcomes[] = {{"refused", n->refused}, {"kept", n->kept}, {"reverted", n->reverted}, {"invalid", n->invalid}, {"tripped", n->tripped},
			{"confirmed", n->confirmed}, {"put back", n->put_back}};
	struct lode_buf db, labels;
	lode_buf_init(&db, 512);
	lode_buf_init(&labels, 1024);
	lode_expo_label(&db, "db", c->id);
	metrics_now(c, e, lode_buf_str(&db));
	lode_account_metrics(c, e, lode_buf_str(&db));
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		lode_buf_clear(&labels);
		lode_buf_adds(&labels, lode_buf_str(&db));
		lode_expo_label(&labels, "outcome", outcomes[i].outcome);
		lode_expo_add(e, "lodestone_proposals_total", LODE_COUNTER, "Proposals by what became of them.", lode_buf_str(&labels), (double)outcomes[i].value);
	}
	lode_buf_clear(&labels);
	lode_buf_adds(&labels, lode_buf_str(&db));
	lode_expo_label(&labels, "state", lode_phase_name(c->phase));
	lode_expo_add(e, "lodestone_state", LODE_GAUGE, "1 for the state that the database is in.", lode_buf_str(&labels), 1);
	lode_expo_add(e, "lodestone_samples_total", LODE_COUNTER, "Samples taken.", lode_buf_str(&db), (double)n->samples);
	lode_expo_add(e, "lodestone_sample_duration_seconds_total", LODE_COUNTER, "Time spent taking them.", lode_buf_str(&db), (double)n->sample_ns / 1e9);
	lode_expo_add(e, "lodestone_option_writes_total", LODE_COUNTER, "SetOptions and similar calls made.", lode_buf_str(&db), (double)n->writes);
	lode_expo_add(e, "lodestone_advice_calls_total", LODE_COUNTER, "Calls of a language model.", lode_buf_str(&db), (double)n->calls);
	lode_expo_add(e, "lodestone_advice_tokens_total", LODE_COUNTER, "Tokens of those, both ways.", lode_buf_str(&db), (double)n->tokens);
	for (size_t i = 0; i < c->nkept; i++) {
		char cf[24];
		lode_buf_clear(&labels);
		lode_buf_adds(&labels, lode_buf_str(&db));
		lode_expo_label(&labels, "cf", c->kept[i].now.scope == LODE_SCOPE_CF ? lode_report_cf(c, c->kept[i].now.cf, cf, sizeof(cf)) : "");
		lode_expo_label(&labels, "option", c->kept[i].tunable >= 0 ? lode_tunables[c->kept[i].tunable].id : c->kept[i].now.key);
		lode_expo_add(e, "lodestone_kept_change", LODE_GAUGE, "1 for an option that differs from the application's value because it was proven better.",
			      lode_buf_str(&labels), 1);
	}
	lode_buf_fini(&labels);
	lode_buf_fini(&db);
}
