/* The one agent of this process, and who may make it: the preload's table (entry.c) or the program itself (attach.c). */
#ifndef LODE_API_PROCESS_H
#define LODE_API_PROCESS_H

#include "agent/agent.h"

/* The agent, made by the first call with what that brings; *made says whether it was this one. NULL with *err: it is off, for good. */
struct lode_agent *lode_process_agent(char *const *env, const struct lode_agent_owner *owner, bool *made, struct lode_err *err);
/* The agent if there is one, also in the child of a fork. */
struct lode_agent *lode_process_there(void);
bool lode_process_preloaded(void); /* entry.c: the preload has it, too, and sees every open to its end */
/* True in the child of a fork: the agent's threads are not here, and its locks may be held for ever. Async-signal-safe. */
bool lode_process_left(void);
void lode_process_leave(void); /* in that child */

#endif
