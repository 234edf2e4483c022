/* The summary for the terminal, and what to do with the final file. */
#include "base/num.h"
#include "base/text.h"
#include "guard/tunable.h"
#include "tune/account.h"
#include "tune/history.h"
#include "tune/report.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static void text(struct lode_buf *out, const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p;) {
		int len = lode_text_shown(p);

		if (len)
			lode_buf_add(out, p, (size_t)len);
		else
			lode_buf_adds(out, *p == '\n' || *p == '\t' ? " " : "?");
		p += len ? len : 1;
	}
}

static void rate(struct lode_buf *out, const struct tune_summary *s)
{
	char number[32];

	if (!s->runs || !isfinite(s->ops_per_sec)) {
		lode_buf_adds(out, "not measured");
		return;
	}
	lode_buf_addf(out, "%s operations/s (%u runs", lode_num_si(s->ops_per_sec, number, sizeof number), s->runs);
	if (s->runs > 1 && isfinite(s->spread))
		lode_buf_addf(out, ", spread %.1f %%", s->spread * 100);
	lode_buf_adds(out, ")");
	for (size_t i = 0; i < s->nop && i < TUNE_OPS_MAX; i++)
		if (isfinite(s->op[i].p99_us)) {
			lode_buf_adds(out, ", ");
			text(out, s->op[i].name);
			lode_buf_adds(out, " p99 ");
			tune_say_us(out, s->op[i].p99_us);
		}
}

static void change(struct lode_buf *out, const char *name, const char *from, const char *to)
{
	char words[64];

	text(out, name);
	lode_buf_adds(out, " ");
	text(out, *tune_say_value(name, from, words, sizeof words) ? words : *from ? from : "?");
	lode_buf_adds(out, " -> ");
	text(out, *tune_say_value(name, to, words, sizeof words) ? words : to);
}

static void trial(struct lode_buf *out, const struct tune_trial *t)
{
	unsigned shown = 0, dropped = 0;

	lode_buf_addf(out, "  %3u  %-9s ", t->number, tune_verdict_name(t->verdict));
	if (isfinite(t->gain)) {
		tune_say_effect(out, t->gain, t->lo, t->hi);
		lode_buf_adds(out, "  ");
	}
	for (size_t i = 0; i < t->nfix && i < TUNE_FIXES_MAX; i++) {
		dropped += t->fix[i].fate == TUNE_DROPPED;
		if (!tune_fix_applies(&t->fix[i]))
			continue;
		if (shown++)
			lode_buf_adds(out, ", ");
		change(out, t->fix[i].name, t->fix[i].from, t->fix[i].to);
	}
	if (dropped)
		lode_buf_addf(out, "%s%u dropped", shown ? "; " : "", dropped);
	if (t->verdict >= TUNE_BROKEN || !shown) {
		lode_buf_adds(out, shown || dropped ? "; " : "");
		text(out, t->reason);
	}
	lode_buf_adds(out, "\n");
}

void tune_report_deploy(struct lode_buf *out, const struct tune_history *h, const char *before, const char *after)
{
	struct tune_change c[TUNE_CHANGES_MAX];
	size_t n = tune_account_changes(h, c, TUNE_CHANGES_MAX);
	unsigned live = 0;

	if (!h->file[0] || !n) {
		lode_buf_addf(out, "%sNothing was shown to be better: leave the options as they are.%s", before, after);
		return;
	}
	lode_buf_addf(out, "%sTry it where it can be taken back: rocksdb::LoadOptionsFromFile(), db_bench --options_file=, or the changed options by hand. "
			   "What the file cannot hold (comparator, merge operator, filters and caches made in code) stays the program's.%s", before, after);
	for (size_t i = 0; i < n; i++) {
		int row = lode_tunable_find(tune_fix_option(c[i].name));

		if (!strcmp(c[i].name, "block_cache_size")) {
			lode_buf_addf(out, "%sThe block cache is not in the file: make one of ", before);
			text(out, c[i].to);
			lode_buf_addf(out, " bytes in the program (NewLRUCache; db_bench --cache_size=).%s", after);
			live++;
		} else if (row >= 0 && lode_tunables[row].scope != LODE_SCOPE_RESTART && lode_tunables[row].tier != LODE_TIER_FORBIDDEN) {
			live++;
		}
	}
	if (live)
		lode_buf_addf(out, "%s%u of the %zu changes can also be made in a running service, and `lodestone run` can try them there.%s", before, live, n, after);
}

int tune_report_text(const struct tune_history *h, FILE *out)
{
	struct tune_account a;
	struct lode_buf b;

	lode_buf_init(&b, 16u << 20);
	tune_account(h, &a);
	lode_buf_addf(&b, "%zu iteration%s, %u runs, ", h->ntrial, h->ntrial == 1 ? "" : "s", a.runs);
	tune_say_time(&b, h->active_s);
	lode_buf_adds(&b, h->ended[0] ? "; ended: " : "; not at its end");
	text(&b, h->ended);
	lode_buf_adds(&b, "\n  objective  ");
	text(&b, h->objective);
	lode_buf_adds(&b, "\n  baseline   ");
	rate(&b, &h->baseline);
	lode_buf_adds(&b, "\n  final      ");
	if (a.verdict[TUNE_KEPT])
		tune_say_effect(&b, h->gain, h->lo, h->hi);
	else
		lode_buf_adds(&b, "the options that it began with");
	if (h->pairs)
		lode_buf_addf(&b, " against the baseline, measured afresh in %u pairs%s", h->pairs, h->lo > 0 ? "" : ": no gain is shown by it");
	lode_buf_adds(&b, "\n");
	for (size_t i = 0; i < h->ntrial; i++)
		trial(&b, &h->trial[i]);
	lode_buf_addf(&b, "  wishes     %u taken, %u corrected, %u dropped, %u added to keep relations\n", a.fate[TUNE_TAKEN], a.fate[TUNE_CORRECTED],
		      a.fate[TUNE_DROPPED], a.fate[TUNE_ADDED]);
	if (a.calls)
		lode_buf_addf(&b, "  model      %u calls, %llu tokens sent, %llu received\n", a.calls, (unsigned long long)a.tokens_in,
			      (unsigned long long)a.tokens_out);
	if (h->file[0]) {
		lode_buf_adds(&b, "  file       ");
		text(&b, h->file);
		lode_buf_adds(&b, "\n");
	}
	tune_report_deploy(&b, h, "  ", "\n");
	int rc = b.failed ? -ENOMEM : fwrite(lode_buf_str(&b), 1, b.len, out) != b.len || fflush(out) ? -EIO : 0;
	lode_buf_fini(&b);
	return rc;
}
