/* liburcu (bp), opened at run time so that a host that has one of its own neither gets our calls nor we its. */
#ifndef LODE_AGENT_RCU_H
#define LODE_AGENT_RCU_H

#include "base/err.h"

/* Opens the library, once for all; before anything below. -ENOENT, or why it cannot be trusted in this process. Any thread. */
int lode_rcu_open(struct lode_err *err);
/* A reader's section; no thread needs to register. Without the library: nothing happens, and nothing must be freed either. */
void lode_rcu_read_lock(void);
void lode_rcu_read_unlock(void);
/* Returns when every reader that was inside is out. Not inside a section. */
void lode_rcu_wait(void);

#endif
