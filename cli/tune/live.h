/* One long run of a file with the live tuner in it: what that proves of options that can be changed in an open database becomes wishes for the next file. */
#ifndef LODE_TUNE_LIVE_H
#define LODE_TUNE_LIVE_H

#include "tune/propose.h"
#include "tune/run.h"

/* out->n is 0 and out->why says why where nothing was proven. 0; -EINTR: the run was stopped; another -errno: it could not be made. */
int tune_live_explore(struct tune_bench *b, const struct tune_spec *s, const char *file, uint64_t seed, tune_watch_fn *watch, void *ctx, struct tune_proposal *out);
/* What a journal's text says was kept last. */
void tune_live_read(const char *journal, struct tune_proposal *out);

#endif
