/* A plot of marks and step lines by iteration, as SVG in a page. Colours come from the page's style sheet by class; every mark has a shape of its own
 * kind too, and its words as a tooltip. Numbers that are not finite are left out. */
#ifndef LODE_TUNE_SVG_H
#define LODE_TUNE_SVG_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct tune_svg_mark {
	double x, y, lo, hi;	   /* y NAN: not measured, drawn on the floor; lo, hi NAN: no whiskers */
	int shape;		   /* 0 disc, 1 triangle down, 2 ring, 3 diamond, 4 cross, 5 square, 6 dash */
	const char *cls, *tip;	   /* tip is escaped here */
};
struct tune_svg_line { /* y[i] holds from x = i to x = i + 1 */
	const double *y, *lo, *hi; /* lo, hi: a band, or NULL */
	size_t n;
	const char *cls, *name;
};
struct tune_svg {
	const char *title;
	void (*show)(struct lode_buf *out, double v); /* labels of the y axis */
	const struct tune_svg_mark *mark;
	size_t nmark;
	const struct tune_svg_line *line;
	size_t nline;
	size_t iterations; /* the x axis goes from 0, the baseline, to this */
	bool log;
};
void tune_svg_plot(struct lode_buf *out, const struct tune_svg *p);
void tune_svg_shape(struct lode_buf *out, int shape, double x, double y, double r); /* the outline alone; the class is its group's */

/* HTML and SVG text: markup escaped, what is not to be shown as it is becomes U+FFFD. */
void tune_html_text(struct lode_buf *out, const char *s);

#endif
