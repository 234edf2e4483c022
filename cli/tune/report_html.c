/* The report for a browser: one file, no script, nothing from elsewhere. All text from the history is escaped; a strict content policy stands in the
 * page besides, so that even a mistake here could not run anything. */
#include "base/clock.h"
#include "base/num.h"
#include "tune/account.h"
#include "tune/history.h"
#include "tune/report.h"
#include "tune/report_html.h"
#include "tune/svg.h"

#include <errno.h>
#include <math.h>
#include <string.h>

extern const char tune_report_css[]; /* report.css */

/* ---- words ---- */

static void bytes(struct lode_buf *out, double v)
{
	char number[32];

	lode_buf_adds(out, isfinite(v) ? lode_num_bytes(v, number, sizeof number) : "-");
}

static void value(struct lode_buf *out, const char *option, const char *text)
{
	char words[64];

	lode_buf_adds(out, "<code>");
	tune_html_text(out, *text ? text : "?");
	lode_buf_adds(out, "</code>");
	if (*tune_say_value(option, text, words, sizeof words))
		lode_buf_addf(out, " <span class=\"soft\">(%s)</span>", words);
}

static void change(struct lode_buf *out, const char *option, const char *from, const char *to)
{
	lode_buf_adds(out, "<code>");
	tune_html_text(out, option);
	lode_buf_adds(out, "</code> ");
	value(out, option, from);
	lode_buf_adds(out, " &rarr; ");
	value(out, option, to);
}

static void fact(struct lode_buf *out, const char *name, const char *text)
{
	if (!*text)
		return;
	lode_buf_addf(out, "<dt>%s</dt><dd>", name);
	tune_html_text(out, text);
	lode_buf_adds(out, "</dd>\n");
}

static void p99s(struct lode_buf *out, const struct tune_summary *s)
{
	bool any = false;

	for (size_t i = 0; s->runs && i < s->nop && i < TUNE_OPS_MAX; i++) {
		if (!isfinite(s->op[i].p99_us))
			continue;
		lode_buf_adds(out, any ? "<br>" : "");
		tune_html_text(out, s->op[i].name);
		lode_buf_adds(out, " ");
		tune_say_us(out, s->op[i].p99_us);
		any = true;
	}
	lode_buf_adds(out, any ? "" : "-");
}

/* ---- tables ---- */

static void made_of(struct lode_buf *out, const struct tune_trial *t, bool applied)
{
	lode_buf_adds(out, "<ul>");
	for (size_t i = 0; i < t->nfix && i < TUNE_FIXES_MAX; i++) {
		const struct tune_fix *f = &t->fix[i];

		if (tune_fix_applies(f) != applied)
			continue;
		lode_buf_adds(out, "<li>");
		if (applied) {
			change(out, f->name, f->from, f->to);
		} else {
			lode_buf_adds(out, "<span class=\"refused\">not taken:</span> <code>");
			tune_html_text(out, f->wished[0] ? f->wished : f->name);
			lode_buf_adds(out, "</code>");
		}
		if (f->fate == TUNE_CORRECTED) {
			lode_buf_adds(out, " <span class=\"soft\">corrected from <code>");
			tune_html_text(out, f->wished);
			lode_buf_adds(out, "</code></span>");
		} else if (f->fate == TUNE_ADDED) {
			lode_buf_adds(out, " <span class=\"soft\">added</span>");
		}
		if (f->why[0]) {
			lode_buf_adds(out, "<span class=\"soft\">: ");
			tune_html_text(out, f->why);
			lode_buf_adds(out, "</span>");
		}
		lode_buf_adds(out, "</li>");
	}
	lode_buf_adds(out, "</ul>");
}

static void row(struct lode_buf *out, const struct tune_trial *t)
{
	lode_buf_addf(out, "<tr><td class=\"n\">%u</td><td class=\"n\">", t->number);
	tune_html_key(out, (unsigned)t->verdict < TUNE_VERDICTS ? t->verdict : TUNE_NOTHING);
	lode_buf_adds(out, t->early ? "<br><span class=\"soft\">stopped early</span></td>" : "</td>");
	lode_buf_adds(out, "<td class=\"w\">");
	made_of(out, t, true);
	made_of(out, t, false);
	lode_buf_adds(out, "<details><summary>why</summary><b>Proposed by ");
	tune_html_text(out, t->advisor[0] ? t->advisor : "nobody");
	if (t->rule[0]) {
		lode_buf_adds(out, ", ");
		tune_html_text(out, t->rule);
	}
	lode_buf_adds(out, ":</b> ");
	tune_html_text(out, t->why[0] ? t->why : "no reason given");
	lode_buf_adds(out, "<br><b>Verdict:</b> ");
	tune_html_text(out, t->reason);
	lode_buf_adds(out, "</details></td><td>");
	tune_say_effect(out, t->gain, t->lo, t->hi);
	lode_buf_adds(out, "</td><td>");
	tune_say_effect(out, t->total, t->total_lo, t->total_hi);
	lode_buf_adds(out, "</td><td class=\"n\">");
	tune_say_rate(out, t->candidate.runs ? t->candidate.ops_per_sec : NAN);
	lode_buf_adds(out, "</td><td class=\"n\">");
	p99s(out, &t->candidate);
	lode_buf_addf(out, "</td><td class=\"n\">%u + %u runs<br>", t->candidate.runs, t->best.runs);
	tune_say_time(out, t->seconds);
	if (t->calls)
		lode_buf_addf(out, "<br>%llu + %llu tokens", (unsigned long long)t->tokens_in, (unsigned long long)t->tokens_out);
	lode_buf_adds(out, "</td></tr>\n");
}

static void table(struct lode_buf *out, const struct tune_history *h)
{
	lode_buf_adds(out, "<h2>Iterations</h2>\n");
	if (!h->ntrial) {
		lode_buf_adds(out, "<p class=\"none\">None yet.</p>\n");
		return;
	}
	lode_buf_adds(out, "<div class=\"table\"><table><thead><tr><th>#</th><th>verdict</th><th>what was changed, what was not taken</th><th>against the best so far</th>"
			   "<th>best against the baseline</th><th>throughput</th><th>p99</th><th>spent</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < h->ntrial; i++)
		row(out, &h->trial[i]);
	lode_buf_adds(out, "</tbody></table></div>\n<p class=\"soft\">Effects are of the objective, better is positive, with their intervals. Runs: of the new file + of the "
			   "best so far. Tokens: sent + received.</p>\n");
}

static void final(struct lode_buf *out, const struct tune_history *h)
{
	struct tune_change c[TUNE_CHANGES_MAX];
	size_t n = tune_account_changes(h, c, TUNE_CHANGES_MAX);
	struct lode_buf deploy;

	lode_buf_adds(out, "<h2>The final options</h2>\n");
	if (n)
		lode_buf_adds(out, "<div class=\"table\"><table><thead><tr><th>option</th><th>before</th><th>now</th><th>iteration</th><th>what that iteration gained</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++) {
		const struct tune_trial *t = &h->trial[c[i].trial];

		lode_buf_adds(out, "<tr><td><code>");
		tune_html_text(out, c[i].name);
		lode_buf_adds(out, "</code></td><td>");
		value(out, c[i].name, c[i].from);
		lode_buf_adds(out, "</td><td>");
		value(out, c[i].name, c[i].to);
		lode_buf_addf(out, "</td><td class=\"n\">%u</td><td>", t->number);
		tune_say_effect(out, t->gain, t->lo, t->hi);
		if (c[i].others)
			lode_buf_addf(out, " <span class=\"soft\">together with %u other%s</span>", c[i].others, c[i].others > 1 ? "s" : "");
		lode_buf_adds(out, "</td></tr>\n");
	}
	lode_buf_adds(out, n ? "</tbody></table></div>\n<h2>How to use it</h2>\n<div class=\"panel\">" : "<div class=\"panel\">");
	if (h->file[0]) {
		lode_buf_adds(out, "<p>The file: <code>");
		tune_html_text(out, h->file);
		lode_buf_adds(out, "</code></p>");
	}
	lode_buf_init(&deploy, 64u << 10); /* sentences apart by lines, escaped one by one */
	tune_report_deploy(&deploy, h, "", "\n");
	for (char *s = deploy.data, *end; s && *s && (end = strchr(s, '\n')); s = end + 1) {
		*end = '\0';
		lode_buf_adds(out, "<p>");
		tune_html_text(out, s);
		lode_buf_adds(out, "</p>");
	}
	lode_buf_fini(&deploy);
	lode_buf_adds(out, "<p class=\"soft\">A benchmark is not your service: the gain is that of the command above, on the machine above.</p></div>\n");
}

/* ---- the page ---- */

static void head(struct lode_buf *out, const struct tune_history *h)
{
	lode_buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
			   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
			   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>lodestone tune</title>\n<style>\n");
	lode_buf_adds(out, tune_report_css);
	lode_buf_adds(out, "</style></head><body>\n<h1>lodestone tune</h1>\n<p class=\"lead\">");
	if (isfinite(h->gain)) {
		lode_buf_adds(out, "The final file against the baseline: <b>");
		tune_say_effect(out, h->gain, h->lo, h->hi);
		lode_buf_addf(out, "</b> <span class=\"soft\">measured afresh at the end, %u pairs of runs</span>", h->pairs);
		if (!(h->lo > 0))
			lode_buf_adds(out, "<br><span class=\"ended\">No gain is shown by it: the interval holds zero. Longer or more runs would tell.</span>");
	} else if (h->ended[0]) {
		lode_buf_adds(out, "Nothing was shown to be better than the options that it started from.");
	} else {
		lode_buf_adds(out, "Not at its end yet.");
	}
	lode_buf_adds(out, "</p>\n");
}

static void facts(struct lode_buf *out, const struct tune_history *h)
{
	struct tune_account a;
	char iso[32] = "";

	tune_account(h, &a);
	if (h->began > 0 && h->began < 4e9)
		lode_clock_iso((uint64_t)h->began * 1000000, iso);
	lode_buf_adds(out, "<dl>\n");
	fact(out, "command", h->command);
	fact(out, "objective", h->objective);
	fact(out, "machine", h->machine);
	fact(out, "RocksDB", h->version);
	fact(out, "began", iso);
	fact(out, "ended", h->ended[0] ? h->ended : "it has not");
	lode_buf_adds(out, "<dt>baseline</dt><dd>");
	tune_say_rate(out, h->baseline.runs ? h->baseline.ops_per_sec : NAN);
	if (h->baseline.runs > 1 && isfinite(h->baseline.spread))
		lode_buf_addf(out, ", %u runs of which the largest and the smallest are %.1f %% apart", h->baseline.runs, h->baseline.spread * 100);
	if (h->baseline.runs && isfinite(h->baseline.rss_bytes)) {
		lode_buf_adds(out, ", memory ");
		bytes(out, h->baseline.rss_bytes);
	}
	if (h->baseline.runs && isfinite(h->baseline.db_bytes)) {
		lode_buf_adds(out, ", database ");
		bytes(out, h->baseline.db_bytes);
	}
	lode_buf_addf(out, "</dd>\n<dt>spent</dt><dd>%zu iterations, %u runs, ", h->ntrial, a.runs);
	tune_say_time(out, h->active_s);
	if (a.calls)
		lode_buf_addf(out, ", %u calls of a model, %llu tokens sent, %llu received", a.calls, (unsigned long long)a.tokens_in,
			      (unsigned long long)a.tokens_out);
	lode_buf_addf(out, "</dd>\n<dt>wishes</dt><dd>%u taken, %u corrected, %u dropped; %u added to keep relations</dd>\n</dl>\n", a.fate[TUNE_TAKEN],
		      a.fate[TUNE_CORRECTED], a.fate[TUNE_DROPPED], a.fate[TUNE_ADDED]);
}

int tune_report_html(const struct tune_history *h, FILE *out)
{
	struct lode_buf b;

	lode_buf_init(&b, 256u << 20);
	head(&b, h);
	facts(&b, h);
	final(&b, h);
	tune_html_plots(&b, h);
	table(&b, h);
	lode_buf_adds(&b, "</body></html>\n");
	int rc = b.failed ? -ENOMEM : fwrite(lode_buf_str(&b), 1, b.len, out) != b.len || fflush(out) ? -EIO : 0;
	lode_buf_fini(&b);
	return rc;
}
