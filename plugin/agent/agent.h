/* The agent of this process: configuration, threads, the loop. There is one, made when the first database opens, never unmade. */
#ifndef LODE_AGENT_AGENT_H
#define LODE_AGENT_AGENT_H

#include "agent/registry.h"

struct lode_agent;

/* Reads the configuration; starts nothing. env: the environment as it was when the process began (NULL: as /proc shows it); may be used for
 * ever. NULL: disabled, excluded, a library is missing, or no memory. */
struct lode_agent *lode_agent_new(char *const *env);
const struct lode_config *lode_agent_config(const struct lode_agent *a);
/* Any host thread. Starts the threads with the first. Takes the host and the statistics. */
void lode_agent_opened(struct lode_agent *a, void *key, struct lode_host *h, struct lode_injected *statistics);
void lode_agent_inert(struct lode_agent *a, const char *path, const char *why); /* a database that we leave alone */
void lode_agent_closing(struct lode_agent *a, void *key);
void lode_agent_orphaned(struct lode_agent *a, void *key); /* in the child of a fork, instead of closing: there is no agent thread */
void lode_agent_closed(struct lode_agent *a, void *key);
void lode_agent_exit(struct lode_agent *a);

#endif
