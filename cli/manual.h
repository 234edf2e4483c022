/* What the manual says that stands in tables. */
#ifndef LODE_CLI_MANUAL_H
#define LODE_CLI_MANUAL_H

#include "cli.h"

/* main.c: the entries of a help text that choose a process and a database; the same in many verbs. */
extern const char cli_target_help[];

/* what: verbs, config, tunables or tune. man: as the source of a manual page; verbs and tune come in no other form. An exit status. */
int cli_manual(const char *what, bool man);

#endif
