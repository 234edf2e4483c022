/* The page that `lodestone status` prints: its lines, and the part of it that is about one database. */
#ifndef LODE_CLI_STATUS_H
#define LODE_CLI_STATUS_H

#include "cli.h"

struct cli_page {
	struct lode_buf out;
	struct cli_term term;
};

/* status.c: a name in front of what follows; the end of that; both with a text between, nothing if that is empty; a line that nobody may miss. */
void cli_page_label(struct cli_page *p, const char *name);
void cli_page_end(struct cli_page *p);
void cli_page_text(struct cli_page *p, const char *name, const char *text);
void cli_page_warning(struct cli_page *p, const char *before, const char *text);

/* status_db.c: s is the whole status, db one of its databases. */
void cli_status_db(struct cli_page *p, const cJSON *s, const cJSON *db);

#endif
