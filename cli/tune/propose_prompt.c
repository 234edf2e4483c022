/* What a model is told about an OPTIONS file that is to become better: machine, work, figures, what was tried, what may be changed. */
#include "tune/propose_model.h"

#include "advise/text.h"
#include "advise/tokens.h"
#include "base/fmt.h"
#include "tune/expert_rules.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define TEXT_MAX (256u << 10)
#define PAST_SHARE 3   /* one in so many tokens may go to what was tried */
#define TOLD_LAST 3    /* iterations of which the fate of every wish is told */
#define SPARE 40       /* tokens for the line that says what had no room */

#define NUM(v) lode_text_num(v, 3).s
#define PCT(v) lode_text_percent(v).s
#define BYTES(v) lode_text_bytes(v).s

/* ---- foreign words ---- */

/* Plain text without whatever could be a path: a word with a slash in it. */
static void add_words(struct lode_buf *b, const char *text, size_t most)
{
	char plain[400];
	size_t n;

	lode_text_plain(plain, most < sizeof plain ? most : sizeof plain, text, strlen(text));
	for (const char *at = plain; *at; at += n) {
		n = strcspn(at, " ");
		if (memchr(at, '/', n))
			lode_buf_adds(b, "(path)");
		else
			lode_buf_add(b, at, n);
		for (; at[n] == ' '; n++)
			lode_buf_adds(b, " ");
	}
}

/* ---- figures ---- */

static void figure(struct lode_buf *b, const char *name, double v, const char *(*show)(double v, struct lode_text *t))
{
	struct lode_text t;

	if (isfinite(v) && v != 0)
		lode_buf_addf(b, ", %s %s", name, show(v, &t));
}

static const char *as_number(double v, struct lode_text *t)
{
	*t = lode_text_num(v, 3);
	return t->s;
}

static const char *as_share(double v, struct lode_text *t)
{
	*t = lode_text_percent(v);
	return t->s;
}

static const char *as_bytes(double v, struct lode_text *t)
{
	*t = lode_text_bytes(v);
	return t->s;
}

static void add_ops(struct lode_buf *b, const struct tune_op *op, size_t n)
{
	for (size_t i = 0; i < n && i < TUNE_OPS_MAX; i++) {
		lode_buf_adds(b, "; ");
		add_words(b, op[i].name, sizeof op[i].name);
		if (isfinite(op[i].mean_us))
			lode_buf_addf(b, " mean %s us", NUM(op[i].mean_us));
		if (isfinite(op[i].p99_us))
			lode_buf_addf(b, " p99 %s us", NUM(op[i].p99_us));
	}
}

static void add_summary(struct lode_buf *b, const char *what, const struct tune_summary *s)
{
	if (!s->runs || !isfinite(s->ops_per_sec))
		return;
	lode_buf_addf(b, "%s (%u run%s): %s operations/s", what, s->runs, s->runs == 1 ? "" : "s", NUM(s->ops_per_sec));
	figure(b, "spread", s->spread, as_share);
	figure(b, "stalled", s->stall_share, as_share);
	figure(b, "write amplification", s->write_amp, as_number);
	figure(b, "space amplification", s->space_amp, as_number);
	figure(b, "block cache hits", s->cache_hit, as_share);
	figure(b, "memory", s->rss_bytes, as_bytes);
	figure(b, "database", s->db_bytes, as_bytes);
	add_ops(b, s->op, s->nop);
	lode_buf_adds(b, "\n");
}

static void add_facts(struct lode_buf *b, const struct tune_result *r)
{
	struct tune_facts f;

	tune_facts_of(r, &f);
	if (f.read_share + f.write_share + f.seek_share > 0)
		lode_buf_addf(b, "time of operations: gets %s, writes %s, seeks %s\n", PCT(f.read_share), PCT(f.write_share), PCT(f.seek_share));
	if (!f.counted)
		return;
	lode_buf_adds(b, "in a run");
	figure(b, "gets that find nothing", f.absent, as_share);
	figure(b, "gets answered by memtables", f.memtable_hit, as_share);
	figure(b, "block cache misses a read", f.misses, as_number);
	figure(b, "of these index and filter", f.index_misses, as_share);
	figure(b, "files skipped by filters a get", f.bloom_useful, as_number);
	figure(b, "written by the application", f.ingest, as_bytes);
	figure(b, "flushed", f.flushed, as_bytes);
	figure(b, "written by compactions", f.compacted, as_bytes);
	figure(b, "log syncs a write", f.syncs, as_number);
	figure(b, "processors used", f.cpu, as_number);
	lode_buf_adds(b, "\n");
}

static void write_facts(const struct tune_view *v, struct lode_buf *b)
{
	const struct tune_history *h = v->past;

	lode_buf_adds(b, "# Machine\n");
	add_words(b, h->machine, sizeof h->machine);
	lode_buf_addf(b, "\nRocksDB %s", *h->version ? h->version : "of an unknown version");
	if (v->limits->memory)
		lode_buf_addf(b, "; memtables and block cache together may take %s", BYTES((double)v->limits->memory));
	lode_buf_adds(b, "\n# Work\n");
	add_words(b, v->workload ? v->workload : "", 400);
	if (*v->spec->describe) {
		lode_buf_adds(b, "\n");
		add_words(b, v->spec->describe, sizeof v->spec->describe);
	}
	if (!v->spec->refill)
		lode_buf_adds(b, "\neach run starts from the same database, in the form that the first file gave it: what acts when files are written (compression, filters, sizes of "
				 "blocks and files) is seen only as far as the benchmark itself writes");
	lode_buf_adds(b, "\n# Objective\n");
	add_words(b, h->objective, sizeof h->objective);
	lode_buf_addf(b, "; worth keeping from %s on\n# Measured\n", PCT(v->spec->min_effect));
	add_summary(b, "first file", &h->baseline);
	for (size_t i = h->ntrial; i-- > 0;)
		if (h->trial[i].verdict == TUNE_KEPT) {
			add_summary(b, "best file", &h->trial[i].candidate);
			break;
		}
	if (v->best)
		add_facts(b, v->best);
}

/* ---- what was tried ---- */

static void add_changes(struct lode_buf *b, const struct tune_trial *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < t->nfix; i++)
		if (t->fix[i].fate != TUNE_DROPPED && strcmp(t->fix[i].from, t->fix[i].to) != 0)
			lode_buf_addf(b, "%s%s %s -> %s", n++ ? ", " : "", t->fix[i].name, *t->fix[i].from ? t->fix[i].from : "(unset)", t->fix[i].to);
	if (!n)
		lode_buf_adds(b, "nothing was changed");
}

static void add_fates(struct lode_buf *b, const struct tune_trial *t)
{
	for (size_t i = 0; i < t->nfix; i++) {
		const struct tune_fix *f = &t->fix[i];

		if (f->fate == TUNE_TAKEN)
			continue;
		lode_buf_adds(b, "   ");
		if (*f->wished) {
			lode_buf_adds(b, "you asked ");
			add_words(b, f->wished, 120);
			lode_buf_adds(b, f->fate == TUNE_DROPPED ? ": dropped" : ": taken as ");
		}
		if (f->fate != TUNE_DROPPED)
			lode_buf_addf(b, "%s=%s", f->name, f->to);
		if (*f->why) {
			lode_buf_adds(b, ": ");
			add_words(b, f->why, sizeof f->why);
		}
		lode_buf_adds(b, "\n");
	}
}

/* A benchmark's own last words may hold anything: they are not told. */
static void add_trial(struct lode_buf *b, const struct tune_trial *t, bool fates)
{
	lode_buf_addf(b, "%u. %s", t->number, tune_verdict_name(t->verdict));
	if (isfinite(t->gain) && (t->verdict == TUNE_KEPT || t->verdict == TUNE_WORSE || t->verdict == TUNE_UNDECIDED || t->verdict == TUNE_BROKEN)) {
		lode_buf_addf(b, " %s%s", t->gain > 0 ? "+" : "", PCT(t->gain));
		if (isfinite(t->lo) && isfinite(t->hi) && t->hi < 100)
			lode_buf_addf(b, " (%s to %s)", PCT(t->lo), PCT(t->hi));
	}
	lode_buf_adds(b, ": ");
	add_changes(b, t);
	if (t->verdict == TUNE_ENDED)
		lode_buf_adds(b, "; its benchmark did not come to a good end");
	if (t->verdict == TUNE_BROKEN || t->verdict == TUNE_REFUSED || t->verdict == TUNE_NOTHING) {
		lode_buf_adds(b, "; ");
		add_words(b, t->reason, 200);
	}
	lode_buf_adds(b, "\n");
	if (fates)
		add_fates(b, t);
}

/* As many of the last iterations as fit. */
static void write_past(const struct tune_history *h, size_t room, struct lode_buf *out)
{
	struct lode_buf b;

	for (size_t first = h->ntrial > 60 ? h->ntrial - 60 : 0; first < h->ntrial; first++) {
		lode_buf_init(&b, TEXT_MAX);
		lode_buf_adds(&b, "# Tried, each against the best file at its time\n");
		if (first)
			lode_buf_addf(&b, "(the first %zu are left out)\n", first);
		for (size_t i = first; i < h->ntrial; i++)
			add_trial(&b, &h->trial[i], h->ntrial - i <= TOLD_LAST);
		if (lode_tokens(lode_buf_str(&b), b.len) <= room) {
			lode_buf_add(out, b.data, b.len);
			out->failed |= b.failed;
			lode_buf_fini(&b);
			return;
		}
		lode_buf_fini(&b);
	}
}

/* ---- what may be changed ---- */

static bool in_rules(const char *name)
{
	for (size_t i = 0; i < tune_expert_rule_count; i++)
		for (size_t k = 0; k < TUNE_STEPS_MAX && tune_expert_rules[i].step[k].option; k++)
			if (!strcmp(tune_expert_rules[i].step[k].option, name))
				return true;
	return false;
}

/* 0: what our own rules know; 1: what the live tuner knows; 2: what else has bounds that somebody thought about; 3: the rest. */
static int rank(const struct tune_option *o)
{
	return in_rules(o->name) ? 0 : o->tunable >= 0 ? 1 : !o->guessed ? 2 : 3;
}

static bool offered(const struct tune_view *v, const struct tune_option *o)
{
	return !o->closed && o->kind != TUNE_OTHER && !(v->limits->fixed_cache && !strcmp(o->name, "block_cache_size"));
}

static const char *value_of(const struct tune_view *v, const struct tune_option *o, char *buf, size_t len)
{
	if (o->section == TUNE_SEC_CACHE && !tune_config_get(v->config, o->section, 0, o->name, buf, len)) {
		lode_fmt(buf, len, "%llu", (unsigned long long)(v->limits->cache ? v->limits->cache : 8 << 20));
		return buf;
	}
	return tune_config_get(v->config, o->section, 0, o->name, buf, len) ? buf : o->def;
}

static void add_words_of(struct lode_buf *b, const struct tune_option *o)
{
	lode_buf_adds(b, o->kind == TUNE_WORDS ? "for each level, parted by ':', of " : "");
	for (size_t i = 0; o->words[i]; i++)
		lode_buf_addf(b, "%s%s", i ? "," : "", o->words[i]);
}

static void add_option(const struct tune_view *v, const struct tune_option *o, int r, struct lode_buf *b)
{
	char value[TUNE_VALUE_MAX];

	lode_buf_addf(b, "%s=%s", o->name, value_of(v, o, value, sizeof value));
	if (r == 3) {
		lode_buf_adds(b, "\n");
		return;
	}
	lode_buf_adds(b, " | ");
	if (o->words)
		add_words_of(b, o);
	else if (o->kind == TUNE_BOOL)
		lode_buf_adds(b, "true,false");
	else if (o->kind == TUNE_FILTER)
		lode_buf_adds(b, "nullptr, bloomfilter:BITS:false, ribbonfilter:BITS:LEVEL");
	else if (o->kind == TUNE_MILLI)
		lode_buf_addf(b, "%s..%s", NUM((double)o->min / 1000), NUM((double)o->max / 1000));
	else if (o->max >= (int64_t)1 << 50)
		lode_buf_addf(b, "from %lld", (long long)o->min);
	else
		lode_buf_addf(b, "%lld..%lld", (long long)o->min, (long long)o->max);
	lode_buf_adds(b, "\n");
}

static void write_options(const struct tune_view *v, size_t room, struct lode_buf *out)
{
	static const char head[] = "# Options: name=value in the best file | what is possible\n";
	size_t used = lode_tokens(head, sizeof head - 1) + SPARE, missing = 0;
	struct lode_buf line;

	lode_buf_adds(out, head);
	lode_buf_init(&line, 4096);
	for (int r = 0; r <= 3; r++)
		for (size_t i = 0; i < tune_space_count(v->space); i++) {
			const struct tune_option *o = tune_space_at(v->space, i);
			size_t n;

			if (!offered(v, o) || rank(o) != r)
				continue;
			lode_buf_clear(&line);
			add_option(v, o, r, &line);
			n = lode_tokens(lode_buf_str(&line), line.len);
			if (used + n > room) {
				missing++;
				continue;
			}
			used += n;
			lode_buf_add(out, line.data, line.len);
		}
	lode_buf_fini(&line);
	if (missing)
		lode_buf_addf(out, "(%zu more options of this RocksDB had no room here; they may be named, too)\n", missing);
}

/* ---- the whole ---- */

static size_t tokens_of(const struct lode_buf *b)
{
	return lode_tokens(lode_buf_str(b), b->len);
}

int tune_prompt_build(const struct tune_view *v, const struct lode_wording *w, const struct tune_form *form, struct lode_prompt *out)
{
	static const char task[] = "# Task\nPropose the next experiment, or none.\n";
	size_t limit = v->spec->prompt_tokens ? v->spec->prompt_tokens : TUNE_PROMPT_TOKENS, used;

	memset(out, 0, sizeof *out);
	out->offer.form = &form->base;
	lode_buf_init(&out->system, TEXT_MAX);
	lode_buf_init(&out->user, TEXT_MAX);
	lode_wording_version_offline(w, out->wording, sizeof out->wording);
	lode_wording_print(w, LODE_WORDING_OFFLINE, NULL, &out->system);
	write_facts(v, &out->user);
	used = tokens_of(&out->system) + tokens_of(&out->user) + lode_tokens(task, sizeof task - 1);
	if (v->past->ntrial && used < limit) {
		size_t before = tokens_of(&out->user);

		write_past(v->past, (limit - used) / PAST_SHARE, &out->user);
		used += tokens_of(&out->user) - before;
	}
	write_options(v, used < limit ? limit - used : 0, &out->user);
	lode_buf_adds(&out->user, task);
	out->tokens = tokens_of(&out->system) + tokens_of(&out->user);
	return out->system.failed || out->user.failed ? -ENOMEM : 0;
}
