/* What a person sees of an offline loop while it runs. */
#ifndef LODE_CLI_TUNE_SHOW_H
#define LODE_CLI_TUNE_SHOW_H

#include "cli.h"
#include "tune/loop.h"

struct cli_tune_show {
	struct cli_term term;
	size_t drawn;	/* columns of the line that is redrawn */
	bool quiet;
	/* what the last line was about: without a terminal, each thing once */
	enum tune_phase phase;
	unsigned iteration, run;
	char now[300];
};

void cli_tune_show_begin(struct cli_tune_show *s);
void cli_tune_show_step(struct cli_tune_show *s, const struct tune_progress *p);
void cli_tune_show_end(struct cli_tune_show *s); /* what is printed from here on has lines of its own */

#endif
