/* The agent library as the preload sees it: loaded when the first database opens, told what opens and closes. */
#ifndef SHIM_AGENT_H
#define SHIM_AGENT_H

#include "host/entry.h"

/* The agent's table, loaded on the first call; NULL: switched off or not loadable, for good. Any thread. */
const struct lode_entry *shim_agent(void);

/* The databases that the agent knows; all others (read-only, secondary, failed opens) pass without a word. */
bool shim_db_add(void *db); /* after a successful open; false: too many, the agent must not hear of it */
/* Tells the agent once that db is about to close, and returns when it has let go of it, also when another thread was first. */
void shim_db_closing(void *db);
/* Tells the agent once that db is no more. */
void shim_db_closed(void *db);

#endif
