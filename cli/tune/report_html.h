/* Parts of the page. */
#ifndef LODE_TUNE_REPORT_HTML_H
#define LODE_TUNE_REPORT_HTML_H

#include "base/buf.h"
#include "tune/tune.h"

void tune_html_key(struct lode_buf *out, unsigned verdict); /* its shape and its word */
void tune_html_plots(struct lode_buf *out, const struct tune_history *h);

#endif
