/* The agent library as the preload sees it: loaded when the first database opens, told what opens and closes. */
#ifndef SHIM_AGENT_H
#define SHIM_AGENT_H

#include "host/entry.h"

/* The agent's table, loaded on the first call; NULL: switched off or not loadable, for good. Any thread. */
const struct lode_entry *shim_agent(void);

/* The databases that the agent knows. An entry is made after a successful open and leaves before the destructor frees the address, because
 * from that moment another thread may open a database at the same address. */
bool shim_db_add(void *db);                 /* false: too many; the agent must not hear of it */
void shim_db_remove(void *db);
/* Tells the agent once that db is about to close and returns when it has let go of it, also when another thread was first.
 * Unknown databases (read-only, secondary, failed opens): false, and nothing happens. */
bool shim_db_closing(void *db);

#endif
