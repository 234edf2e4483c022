/* The two halves of `lodestone watch`: the terminal and the time (watch.c), and what is drawn (watch_draw.c). */
#ifndef LODE_CLI_WATCH_H
#define LODE_CLI_WATCH_H

#include "cli.h"

#define HISTORY 240
#define DBS_MAX 16

struct cli_history {
	char id[80];
	double ops[HISTORY]; /* oldest first, NAN = not there */
};

struct cli_watch {
	struct cli_target target;
	struct cli_term term;
	struct lode_buf out;
	struct cli_history dbs[DBS_MAX];
	int ndbs;
	double interval;
	int64_t count; /* pictures to come, -1 = no end */
	int line;      /* of the picture being drawn */
};

void cli_watch_remember(struct cli_watch *w, const cJSON *status);
/* Into w->out: the whole picture, or without a terminal a line a database. */
void cli_watch_draw(struct cli_watch *w, const cJSON *status, const char *trouble);
void cli_watch_print(struct cli_watch *w, const cJSON *status);

#endif
