/* What a history adds up to. Every string and number in it may have come from a file that somebody else wrote. */
#include "tune/account.h"

#include "base/num.h"
#include "guard/tunable.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool tune_fix_applies(const struct tune_fix *f)
{
	return f->fate != TUNE_DROPPED && f->to[0];
}

static size_t fixes_of(const struct tune_trial *t)
{
	return t->nfix < TUNE_FIXES_MAX ? t->nfix : TUNE_FIXES_MAX;
}

void tune_account(const struct tune_history *h, struct tune_account *out)
{
	memset(out, 0, sizeof *out);
	out->runs = h->baseline.runs + 2 * h->pairs;
	for (size_t i = 0; i < h->ntrial; i++) {
		const struct tune_trial *t = &h->trial[i];

		if ((unsigned)t->verdict < TUNE_VERDICTS)
			out->verdict[t->verdict]++;
		for (size_t k = 0; k < fixes_of(t); k++)
			if ((unsigned)t->fix[k].fate < TUNE_FATES)
				out->fate[t->fix[k].fate]++;
		out->runs += t->best.runs + t->candidate.runs;
		out->calls += t->calls;
		out->tokens_in += t->tokens_in;
		out->tokens_out += t->tokens_out;
	}
}

static struct tune_change *change_of(struct tune_change *out, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(out[i].name, name))
			return &out[i];
	return NULL;
}

static void set_last(struct tune_change *c, const struct tune_fix *f, size_t trial, unsigned others)
{
	snprintf(c->to, sizeof c->to, "%s", f->to);
	c->trial = trial;
	c->others = others;
}

/* What is set in all families is set in the one that had been given a value of its own before. */
static void set_families(struct tune_change *out, size_t n, const struct tune_fix *f, size_t trial, unsigned others)
{
	for (size_t i = 0; i < n; i++) {
		const char *option = tune_fix_option(out[i].name);

		if (option != out[i].name && !strcmp(option, f->name) && f->fate != TUNE_ADDED && out[i].trial != trial)
			set_last(&out[i], f, trial, others);
	}
}

size_t tune_account_changes(const struct tune_history *h, struct tune_change *out, size_t max)
{
	size_t n = 0, kept = 0;

	if (h->gain < 0) /* measured afresh it was behind: the first file is the final one */
		return 0;
	for (size_t i = 0; i < h->ntrial; i++) {
		const struct tune_trial *t = &h->trial[i];
		unsigned applied = 0;

		if (t->verdict != TUNE_KEPT)
			continue;
		for (size_t k = 0; k < fixes_of(t); k++)
			applied += tune_fix_applies(&t->fix[k]);
		for (size_t k = 0; k < fixes_of(t); k++) {
			const struct tune_fix *f = &t->fix[k];
			struct tune_change *c = change_of(out, n, f->name);

			if (!tune_fix_applies(f) || (!c && n == max))
				continue;
			if (!c) {
				c = &out[n++];
				snprintf(c->name, sizeof c->name, "%s", f->name);
				snprintf(c->from, sizeof c->from, "%s", f->from);
			}
			set_families(out, n, f, i, applied - 1);
			set_last(c, f, i, applied - 1);
		}
	}
	for (size_t i = 0; i < n; i++) /* what came back to where it began is no change */
		if (strcmp(out[i].from, out[i].to))
			out[kept++] = out[i];
	return kept;
}

void tune_say_effect(struct lode_buf *out, double effect, double lo, double hi)
{
	if (!isfinite(effect)) {
		lode_buf_adds(out, "-");
		return;
	}
	lode_buf_addf(out, "%+.1f %%", effect * 100);
	if (isfinite(lo) && isfinite(hi))
		lode_buf_addf(out, " (%+.1f .. %+.1f %%)", lo * 100, hi * 100);
}

void tune_say_rate(struct lode_buf *out, double v)
{
	char number[32];

	if (isfinite(v))
		lode_buf_addf(out, "%s/s", lode_num_si(v, number, sizeof number));
	else
		lode_buf_adds(out, "-");
}

void tune_say_us(struct lode_buf *out, double us)
{
	if (!isfinite(us))
		lode_buf_adds(out, "-");
	else if (us < 1000)
		lode_buf_addf(out, us < 10 ? "%.1f us" : "%.0f us", us);
	else if (us < 1e6)
		lode_buf_addf(out, us < 1e4 ? "%.1f ms" : "%.0f ms", us / 1e3);
	else
		lode_buf_addf(out, "%.3g s", us / 1e6);
}

void tune_say_time(struct lode_buf *out, double s)
{
	if (!isfinite(s) || s < 0 || s > 1e9)
		lode_buf_adds(out, "-");
	else if (s < 60)
		lode_buf_addf(out, "%.0f s", s);
	else if (s < 3600)
		lode_buf_addf(out, "%d m %02d s", (int)(s / 60), (int)fmod(s, 60));
	else
		lode_buf_addf(out, "%d h %02d m", (int)(s / 3600), (int)(fmod(s, 3600) / 60));
}

const char *tune_say_value(const char *option, const char *value, char *buf, size_t len)
{
	int i = lode_tunable_find(tune_fix_option(option));
	int64_t v;

	*buf = '\0';
	if (i >= 0 && lode_tunables[i].kind == LODE_KIND_SIZE && !lode_tunable_read(&lode_tunables[i], value, &v))
		lode_tunable_show(&lode_tunables[i], v, buf, len);
	if (!strcmp(buf, value))
		*buf = '\0';
	return buf;
}
