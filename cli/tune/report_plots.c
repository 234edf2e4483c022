/* The plots of the report: the objective against the baseline, throughput, and the p99 of every kind of operation, by iteration. */
#include "tune/account.h"
#include "tune/history.h"
#include "tune/report_html.h"
#include "tune/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void tune_html_key(struct lode_buf *out, unsigned verdict)
{
	lode_buf_addf(out, "<span class=\"%s\"><svg class=\"key\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><g class=\"mark\">", tune_verdict_name(verdict));
	tune_svg_shape(out, (int)verdict, 8, 8, 6);
	lode_buf_addf(out, "</g></svg>%s</span>", tune_verdict_name(verdict));
}

static void show_percent(struct lode_buf *out, double v)
{
	lode_buf_addf(out, fabs(v) < 0.0005 ? "0 %%" : fabs(v) < 0.0995 && fabs(v * 100 - round(v * 100)) > 0.05 ? "%+.1f %%" : "%+.0f %%", v * 100);
}

/* The p99 of an operation by its name, NAN if it was not measured. */
static double p99_of(const struct tune_summary *s, const char *op)
{
	for (size_t i = 0; s->runs && i < s->nop && i < TUNE_OPS_MAX; i++)
		if (!strncmp(s->op[i].name, op, sizeof s->op[i].name))
			return s->op[i].p99_us;
	return NAN;
}

/* What every plot needs: a value for each step of the lines (0: the baseline) and one mark for each iteration. */
struct plot {
	double *best, *lo, *hi, *base;
	struct tune_svg_mark *mark;
	char (*tip)[160];
	size_t n; /* iterations */
};

static void plot_free(struct plot *p)
{
	free(p->best);
	free(p->lo);
	free(p->hi);
	free(p->base);
	free(p->mark);
	free(p->tip);
}

static bool plot_new(struct plot *p, const struct tune_history *h)
{
	*p = (struct plot){.n = h->ntrial};
	p->best = calloc(p->n + 1, sizeof *p->best);
	p->lo = calloc(p->n + 1, sizeof *p->lo);
	p->hi = calloc(p->n + 1, sizeof *p->hi);
	p->base = calloc(p->n + 1, sizeof *p->base);
	p->mark = calloc(p->n + 1, sizeof *p->mark);
	p->tip = calloc(p->n + 1, sizeof *p->tip);
	if (p->best && p->lo && p->hi && p->base && p->mark && p->tip)
		return true;
	plot_free(p);
	return false;
}

static void mark(struct plot *p, const struct tune_trial *t, size_t i, double y, double lo, double hi, void (*show)(struct lode_buf *, double))
{
	struct lode_buf tip;

	lode_buf_init(&tip, sizeof p->tip[i] - 1);
	lode_buf_addf(&tip, "iteration %u: %s", t->number, tune_verdict_name(t->verdict));
	if (isfinite(y)) {
		lode_buf_adds(&tip, ", ");
		show(&tip, y);
	}
	memcpy(p->tip[i], lode_buf_str(&tip), tip.len);
	lode_buf_fini(&tip);
	p->mark[i] = (struct tune_svg_mark){(double)i + 1, y, lo, hi, (int)t->verdict, tune_verdict_name(t->verdict), p->tip[i]};
}

static void draw(struct lode_buf *out, struct plot *p, const char *title, void (*show)(struct lode_buf *, double), bool banded, bool log)
{
	const struct tune_svg_line lines[] = {
	    {p->base, NULL, NULL, p->n + 1, "base", "baseline"},
	    {p->best, banded ? p->lo : NULL, banded ? p->hi : NULL, p->n + 1, "best", "best so far"},
	};
	const struct tune_svg plot = {title, show, p->mark, p->n, lines, 2, p->n, log};

	tune_svg_plot(out, &plot);
}

/* The objective relative to the baseline: steadier than throughput, because each point is a comparison of runs side by side. */
static void plot_objective(struct lode_buf *out, struct plot *p, const struct tune_history *h)
{
	double so_far = 0;

	p->best[0] = p->base[0] = 0;
	p->lo[0] = p->hi[0] = NAN;
	for (size_t i = 0; i < p->n; i++) {
		const struct tune_trial *t = &h->trial[i];

		mark(p, t, i, (1 + so_far) * (1 + t->gain) - 1, (1 + so_far) * (1 + t->lo) - 1, (1 + so_far) * (1 + t->hi) - 1, show_percent);
		if (isfinite(t->total))
			so_far = t->total;
		p->best[i + 1] = so_far;
		p->lo[i + 1] = t->total_lo;
		p->hi[i + 1] = t->total_hi;
		p->base[i + 1] = 0;
	}
	draw(out, p, "Objective against the baseline, by iteration", show_percent, true, false);
}

static double best_of(const struct tune_trial *t, const struct tune_summary **latest)
{
	const struct tune_summary *s = t->verdict == TUNE_KEPT ? &t->candidate : &t->best;

	if (s->runs && isfinite(s->ops_per_sec))
		*latest = s;
	return (*latest)->ops_per_sec;
}

static void plot_throughput(struct lode_buf *out, struct plot *p, const struct tune_history *h)
{
	const struct tune_summary *latest = &h->baseline;

	p->base[0] = p->best[0] = h->baseline.runs ? h->baseline.ops_per_sec : NAN;
	for (size_t i = 0; i < p->n; i++) {
		const struct tune_trial *t = &h->trial[i];
		double y = t->candidate.runs ? t->candidate.ops_per_sec : NAN, half = t->candidate.runs > 1 ? y * t->candidate.spread / 2 : NAN;

		mark(p, t, i, y, y - half, y + half, tune_say_rate);
		p->best[i + 1] = best_of(t, &latest);
		p->base[i + 1] = p->base[0];
	}
	draw(out, p, "Throughput as measured, by iteration", tune_say_rate, false, false);
}

static void plot_p99(struct lode_buf *out, struct plot *p, const struct tune_history *h, const char *op)
{
	double low = INFINITY, high = 0;
	char title[80];

	p->base[0] = p->best[0] = p99_of(&h->baseline, op);
	for (size_t i = 0; i < p->n; i++) {
		const struct tune_trial *t = &h->trial[i];
		double y = p99_of(&t->candidate, op), best = p99_of(t->verdict == TUNE_KEPT ? &t->candidate : &t->best, op);

		mark(p, t, i, y, NAN, NAN, tune_say_us);
		p->best[i + 1] = isfinite(best) ? best : p->best[i];
		p->base[i + 1] = p->base[0];
		if (y > 0 && isfinite(y)) {
			low = fmin(low, y);
			high = fmax(high, y);
		}
	}
	struct lode_buf b;
	lode_buf_init(&b, sizeof title - 1);
	lode_buf_addf(&b, "p99 of %.16s, by iteration%s", op, high > 30 * low ? " (logarithmic)" : "");
	memcpy(title, lode_buf_str(&b), b.len);
	title[b.len] = '\0';
	lode_buf_fini(&b);
	draw(out, p, title, tune_say_us, false, high > 30 * low);
}

/* Each kind of operation once, whoever measured it first. */
static size_t ops_of(const struct tune_history *h, const char *ops[TUNE_OPS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i <= 2 * h->ntrial; i++) {
		const struct tune_summary *s = !i ? &h->baseline : i % 2 ? &h->trial[(i - 1) / 2].candidate : &h->trial[(i - 1) / 2].best;

		for (size_t k = 0; s->runs && k < s->nop && k < TUNE_OPS_MAX; k++) {
			size_t known = 0;

			while (known < n && strncmp(ops[known], s->op[k].name, sizeof s->op[k].name))
				known++;
			if (known == n && n < TUNE_OPS_MAX && isfinite(s->op[k].p99_us))
				ops[n++] = s->op[k].name;
		}
	}
	return n;
}

void tune_html_plots(struct lode_buf *out, const struct tune_history *h)
{
	const char *ops[TUNE_OPS_MAX];
	struct plot p;

	lode_buf_adds(out, "<h2>By iteration</h2>\n");
	if (!plot_new(&p, h)) {
		out->failed = true;
		return;
	}
	lode_buf_adds(out, "<p class=\"legend\">");
	for (unsigned v = 0; v < TUNE_VERDICTS; v++)
		tune_html_key(out, v);
	lode_buf_adds(out, "<br><span class=\"best\">&mdash; best so far</span> <span class=\"base\">- - baseline</span> "
			   "<span class=\"soft\">a mark on the floor was not measured; 0 is the baseline</span></p>\n");
	plot_objective(out, &p, h);
	plot_throughput(out, &p, h);
	for (size_t i = 0, n = ops_of(h, ops); i < n; i++)
		plot_p99(out, &p, h, ops[i]);
	plot_free(&p);
}
