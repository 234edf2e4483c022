/* Taking a database that is open already: shared by the program's own door (attach.c) and the listener's (listener.c). */
#ifndef LODE_API_ATTACH_H
#define LODE_API_ATTACH_H

#include "agent/agent.h"
#include "lodestone.h"

struct lode_attached {
	struct lode_agent *agent;
	void *root;	 /* DBImpl* */
	uint64_t number; /* of the opening that was attached; what comes later at the same address is not ours */
};

/* Makes the agent if there is none, and hands it the database unless it has it. options may be NULL. 0, or a negative errno; -EPERM: the operator does
 * not want an agent in this process. */
int lode_api_attach(void *db, const lodestone_options_t *options, struct lode_attached *out, struct lode_err *err);
/* Ends what goes on in that database, whichever door it came in by; in the child of a fork, lets go of it. Nothing if it is not known. */
void lode_api_leave(struct lode_agent *agent, void *root);
/* listener.c: the program has taken this database back; the listener, if there is one, does not bring it in again. */
void lode_listener_forget(void *root);

#endif
