/* Plots as SVG. Coordinates are in a box of 860 x 260, which the page scales. */
#include "tune/svg.h"

#include "base/text.h"

#include <math.h>

enum { WIDTH = 860, HEIGHT = 260, LEFT = 76, RIGHT = 18, TOP = 14, BOTTOM = 34, TICKS = 5 };
static const double BIGGEST = 1e15; /* nothing that is measured is larger */

struct scale {
	double low, high, step;
	size_t iterations;
	bool log;
};

void tune_html_text(struct lode_buf *out, const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p;) {
		int len = lode_text_shown(p);

		if (*p == '&')
			lode_buf_adds(out, "&amp;");
		else if (*p == '<')
			lode_buf_adds(out, "&lt;");
		else if (*p == '>')
			lode_buf_adds(out, "&gt;");
		else if (*p == '"')
			lode_buf_adds(out, "&quot;");
		else if (*p == '\'')
			lode_buf_adds(out, "&#39;");
		else if (*p == '\n' || *p == '\t')
			lode_buf_adds(out, " ");
		else if (len)
			lode_buf_add(out, p, (size_t)len);
		else
			lode_buf_adds(out, "\xef\xbf\xbd");
		p += len ? len : 1;
	}
}

static bool fits(const struct tune_svg *p, double v)
{
	return isfinite(v) && fabs(v) < BIGGEST && (!p->log || v > 0);
}

static double place(const struct scale *s, double v)
{
	return s->log ? log10(v) : v;
}

static void stretch(struct scale *s, double v)
{
	s->low = fmin(s->low, v);
	s->high = fmax(s->high, v);
}

/* What does not vary is drawn as a straight line in the middle, not as noise. */
static double least_range(const struct scale *s)
{
	return s->log ? 1 : fmax(0.2 * fmax(fabs(s->low), fabs(s->high)), 0.02);
}

/* Points decide the range; whiskers and bands may widen it by half of itself and are cut beyond. */
static bool range_of(const struct tune_svg *p, struct scale *s)
{
	*s = (struct scale){INFINITY, -INFINITY, 0, p->iterations ? p->iterations : 1, p->log};
	for (size_t i = 0; i < p->nmark; i++)
		if (fits(p, p->mark[i].y))
			stretch(s, place(s, p->mark[i].y));
	for (size_t i = 0; i < p->nline; i++)
		for (size_t k = 0; k < p->line[i].n; k++)
			if (fits(p, p->line[i].y[k]))
				stretch(s, place(s, p->line[i].y[k]));
	if (!(s->low <= s->high))
		return false;
	double room = fmax(s->high - s->low, least_range(s)) / 2, least = s->low - room, most = s->high + room;
	for (size_t i = 0; i < p->nmark; i++)
		if (fits(p, p->mark[i].y) && fits(p, p->mark[i].lo) && fits(p, p->mark[i].hi)) {
			stretch(s, fmax(place(s, p->mark[i].lo), least));
			stretch(s, fmin(place(s, p->mark[i].hi), most));
		}
	room = fmax((s->high - s->low) * 0.08, (least_range(s) - (s->high - s->low)) / 2);
	s->low -= room;
	s->high += room;
	double raw = (s->high - s->low) / TICKS, power = pow(10, floor(log10(raw))), digit = raw / power;
	s->step = p->log ? fmax(0.5, ceil(raw)) : power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
	return s->step > 0 && isfinite(s->step);
}

static double at_x(const struct scale *s, double x)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * x / ((double)s->iterations + 0.5);
}

static double at_y(const struct scale *s, double v)
{
	double share = (place(s, v) - s->low) / (s->high - s->low);

	return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * fmin(fmax(share, 0), 1);
}

void tune_svg_shape(struct lode_buf *out, int shape, double x, double y, double r)
{
	switch (shape) {
	case 1:
		lode_buf_addf(out, "<path d=\"M%.1f %.1fh%.1fl%.1f %.1fz\"/>", x - r, y - r * 0.7, 2 * r, -r, r * 1.8);
		break;
	case 2:
		lode_buf_addf(out, "<circle class=\"hollow\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", x, y, r);
		break;
	case 3:
		lode_buf_addf(out, "<path d=\"M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz\"/>", x, y - r * 1.2, r * 1.2, r * 1.2, -r * 1.2, r * 1.2, -r * 1.2, -r * 1.2);
		break;
	case 4:
		lode_buf_addf(out, "<path class=\"thick\" d=\"M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f %.1f\"/>", x - r, y - r, 2 * r, 2 * r, -2 * r, -2 * r, 2 * r);
		break;
	case 5:
		lode_buf_addf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
		break;
	case 6:
		lode_buf_addf(out, "<path class=\"thick\" d=\"M%.1f %.1fh%.1f\"/>", x - r, y, 2 * r);
		break;
	default:
		lode_buf_addf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", x, y, r);
	}
}

static void axes(struct lode_buf *out, const struct tune_svg *p, const struct scale *s)
{
	double from = ceil(s->low / s->step);
	size_t each = 1;

	for (int i = 0; s->iterations / each > 20; i++)
		each = each / (i % 3 == 1 ? 2 : 1) * (i % 3 == 1 ? 5 : 2); /* 1, 2, 5, 10, ... */
	lode_buf_adds(out, "<g class=\"axis\">");
	for (int i = 0; i <= 2 * TICKS + 2; i++) {
		double v = (from + i) * s->step, y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (v - s->low) / (s->high - s->low);

		if (v > s->high)
			break;
		lode_buf_addf(out, "<path d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4);
		p->show(out, s->log ? pow(10, v) : v);
		lode_buf_adds(out, "</text>");
	}
	for (size_t i = 0; i <= s->iterations; i += each)
		lode_buf_addf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>", at_x(s, (double)i), HEIGHT - BOTTOM + 18, i);
	lode_buf_adds(out, "</g>\n");
}

/* The band of a line: along its upper edge and back along the lower one, over the steps that have both. */
static void band(struct lode_buf *out, const struct tune_svg *p, const struct scale *s, const struct tune_svg_line *l)
{
	for (size_t i = 0; l->lo && l->hi && i < l->n; i++)
		if (fits(p, l->lo[i]) && fits(p, l->hi[i]))
			lode_buf_addf(out, "<path class=\"band\" d=\"M%.1f %.1fH%.1fV%.1fH%.1fz\"/>", at_x(s, (double)i), at_y(s, l->hi[i]),
				      at_x(s, i + 1 < l->n ? (double)i + 1 : (double)i + 0.5), at_y(s, l->lo[i]), at_x(s, (double)i));
}

static void steps(struct lode_buf *out, const struct tune_svg *p, const struct scale *s, const struct tune_svg_line *l)
{
	bool drawing = false;

	lode_buf_addf(out, "<g class=\"line %s\">", l->cls);
	band(out, p, s, l);
	lode_buf_adds(out, "<path d=\"");
	for (size_t i = 0; i < l->n; i++) {
		if (!fits(p, l->y[i])) {
			drawing = false;
			continue;
		}
		lode_buf_addf(out, drawing ? "V%.1f" : "M%.1f ", drawing ? at_y(s, l->y[i]) : at_x(s, (double)i));
		if (!drawing)
			lode_buf_addf(out, "%.1f", at_y(s, l->y[i]));
		lode_buf_addf(out, "H%.1f", at_x(s, i + 1 < l->n ? (double)i + 1 : (double)i + 0.5));
		drawing = true;
	}
	lode_buf_adds(out, "\"/><title>");
	tune_html_text(out, l->name);
	lode_buf_adds(out, "</title></g>\n");
}

static void mark(struct lode_buf *out, const struct tune_svg *p, const struct scale *s, const struct tune_svg_mark *m)
{
	bool measured = fits(p, m->y);
	double x = at_x(s, m->x), y = measured ? at_y(s, m->y) : HEIGHT - BOTTOM - 1;

	lode_buf_addf(out, "<g class=\"mark %s\">", m->cls);
	if (measured && fits(p, m->lo) && fits(p, m->hi))
		lode_buf_addf(out, "<path class=\"whisker\" d=\"M%.1f %.1fV%.1f\"/>", x, at_y(s, m->hi), at_y(s, m->lo));
	tune_svg_shape(out, m->shape, x, y, s->iterations > 60 ? 3 : 5);
	lode_buf_adds(out, "<title>");
	tune_html_text(out, m->tip);
	lode_buf_adds(out, "</title></g>\n");
}

void tune_svg_plot(struct lode_buf *out, const struct tune_svg *p)
{
	struct scale s;

	lode_buf_adds(out, "<figure><figcaption>");
	tune_html_text(out, p->title);
	lode_buf_adds(out, "</figcaption>");
	if (!range_of(p, &s)) {
		lode_buf_adds(out, "<p class=\"none\">Nothing was measured.</p></figure>\n");
		return;
	}
	lode_buf_addf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\">\n<title>", WIDTH, HEIGHT);
	tune_html_text(out, p->title);
	lode_buf_adds(out, "</title>\n");
	axes(out, p, &s);
	for (size_t i = 0; i < p->nline; i++)
		steps(out, p, &s, &p->line[i]);
	for (size_t i = 0; i < p->nmark; i++)
		mark(out, p, &s, &p->mark[i]);
	lode_buf_adds(out, "</svg></figure>\n");
}
