/* The agent of this process: configuration, threads, the loop. There is one, made when the first database opens, never unmade. */
#ifndef LODE_AGENT_AGENT_H
#define LODE_AGENT_AGENT_H

#include "agent/registry.h"

struct lode_agent;

struct lode_agent_owner { /* what a program brings that attaches by itself */
	const struct lode_setting *setting;
	size_t nsetting;
	struct lode_advisor *advisor; /* instead of advisor.kind; or NULL. The agent's if there is an agent, else the caller's still */
	struct lode_listener listener;
	struct lode_own_metric meter;
};

/* Reads the configuration; starts nothing. env: the environment as it was when the process began (NULL: as /proc shows it); may be used for
 * ever. owner: borrowed, or NULL. NULL with *err: disabled, excluded, a library is missing, or no memory. */
struct lode_agent *lode_agent_new(char *const *env, const struct lode_agent_owner *owner, struct lode_err *err);
const struct lode_config *lode_agent_config(const struct lode_agent *a);
/* Any host thread. Starts the threads with the first. Takes the host and the statistics. A number that no other opening has; 0: not taken, and it is gone. */
uint64_t lode_agent_opened(struct lode_agent *a, void *key, struct lode_host *h, struct lode_injected *statistics);
/* Of the database with this key that is open now; 0: it is not known. */
uint64_t lode_agent_number(struct lode_agent *a, const void *key);
/* Its owner knows by now that this opening, which went without a word, is gone. */
void lode_agent_let_go(struct lode_agent *a, uint64_t number);
/* The owner's thread: what the control socket would answer, for this one database. The codes of control.h. Not from a listener or an advisor. */
int lode_agent_ask(struct lode_agent *a, uint64_t number, const char *verb, const char *arg, struct lode_buf *body);
bool lode_agent_is_own_thread(const struct lode_agent *a);
void lode_agent_inert(struct lode_agent *a, const char *path, const char *why); /* a database that we leave alone */
void lode_agent_closing(struct lode_agent *a, void *key);
void lode_agent_orphaned(struct lode_agent *a, void *key); /* in the child of a fork, instead of closing: there is no agent thread */
void lode_agent_closed(struct lode_agent *a, void *key);
void lode_agent_exit(struct lode_agent *a);

#endif
