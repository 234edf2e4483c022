/* What a run is worth under the objective, and what no gain makes up for. Values only. */
#ifndef LODE_TUNE_AIM_H
#define LODE_TUNE_AIM_H

#include "tune/history.h"
#include "tune/spec.h"

/* Log of how good it is: the greater the better, so that differences are relative gains. NAN: the result does not say it. Where the spec names no operation,
 * that which the baseline counted most often; as long as there is none (no op in it), which the result itself did. */
double tune_score(const struct tune_spec *s, const struct tune_summary *baseline, const struct tune_result *r);
/* In words, for errors and reasons: "operations a second", "p99 of get". Returns buf. */
const char *tune_score_name(const struct tune_spec *s, char *buf, size_t len);
/* Does the candidate break a constraint that the best so far keeps, or break one that both break by more? why: which, with numbers. p99_worse is relative
 * to the first file by way of what the kept trials of the history have measured. */
bool tune_breaks(const struct tune_spec *s, const struct tune_history *h, const struct tune_summary *best, const struct tune_summary *candidate, char *why, size_t len);

#endif
