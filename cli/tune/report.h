/* What came of an offline loop: for a browser, for a program, for the terminal. All three from the history alone, at any time, the middle of the loop
 * included. docs/offline.md describes the JSON. */
#ifndef LODE_TUNE_REPORT_H
#define LODE_TUNE_REPORT_H

#include "tune/tune.h"

#include <stdio.h>

/* 0, -ENOMEM, or -EIO if the file did not take it. */
int tune_report_html(const struct tune_history *h, FILE *out); /* one file: no script, nothing from elsewhere */
int tune_report_json(const struct tune_history *h, FILE *out);
int tune_report_text(const struct tune_history *h, FILE *out); /* a summary of some lines */

/* report.html and report.json into a folder, each whole or not at all. */
int tune_report_write(const char *dir, const struct tune_history *h, struct lode_err *err);

/* What to do with the final file, in sentences: each with `before` and `after` around it. Not escaped: see report_html.c. */
struct lode_buf;
void tune_report_deploy(struct lode_buf *out, const struct tune_history *h, const char *before, const char *after);

#endif
