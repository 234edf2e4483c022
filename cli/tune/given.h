/* What a task has found behind its paths. The same words may mean another program or another file tomorrow, and what was measured with the first says
 * nothing of the second. */
#ifndef LODE_TUNE_GIVEN_H
#define LODE_TUNE_GIVEN_H

#include "tune/spec.h"

/* A line each: RocksDB's version, a sum of the OPTIONS file to start from, size and time of change of the programs in the command. The spec is checked. What
 * has no room is left out. */
void tune_given(const struct tune_spec *s, const char *version, char *out, size_t len);

#endif
