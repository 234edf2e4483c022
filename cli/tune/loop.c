/* The loop's phases in words. */
#include "tune/loop.h"

#include <errno.h>

const char *tune_phase_name(enum tune_phase p)
{
	static const char *const names[] = {"baseline", "asking", "making", "comparing", "live", "confirming", "done"};

	return (unsigned)p < sizeof names / sizeof names[0] ? names[p] : "?";
}

int tune_loop(const struct tune_spec *spec, struct tune_bench *bench, struct tune_history *h, tune_progress_fn *progress, void *ctx, struct lode_err *err)
{
	(void)spec, (void)bench, (void)progress, (void)ctx;
	tune_history_init(h, NULL);
	return lode_err_set(err, ENOSYS, "the loop is not there yet");
}
