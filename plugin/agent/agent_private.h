/* The agent's own memory, shared by agent.c (threads, loop) and requests.c (what the operator asks). */
#ifndef LODE_AGENT_AGENT_PRIVATE_H
#define LODE_AGENT_AGENT_PRIVATE_H

#include "agent/agent.h"

#include <pthread.h>

#define INERT_MAX 16
#define STATUS_MAX (4u << 20)

struct inert {
	char path[256], why[200];
};

/* A request of the control thread, or of the owner's, that the agent thread must carry out. Guarded by lock, signalled by turn. */
struct command {
	const char *verb, *db, *arg;
	uint64_t number; /* of the one database that is meant; 0: as db says */
	struct lode_buf *body;
	int code;
	bool done;
};

struct lode_agent {
	struct lode_config config;
	char notes[2000];
	char exe[512];
	uint64_t born_ns;
	struct lode_registry registry;
	struct lode_asker asker;
	struct lode_claims claims;
	struct lode_purse purse;
	struct lode_control *_Atomic control; /* made by the agent thread, stopped by the one that exits */
	_Atomic(uint32_t) wake; /* not 0: a database has come or gone, a command waits. A futex: it cannot be refused, closed or inherited */
	atomic_bool started, stop;
	atomic_bool working;   /* the agent thread is inside a database */
	struct inert inert[INERT_MAX];
	atomic_uint ninert, inert_claimed;
	struct lode_listener listener;
	struct lode_own_metric meter;
	struct lode_advisor *own_advisor; /* the owner's, until the asker has it */
	_Atomic(uint64_t) openings;
	_Atomic(pthread_t) thread;
	pthread_mutex_t askers; /* one request at a time. Taken before lock */
	pthread_mutex_t lock;   /* between our own threads, and the owner's that asks; no other host thread */
	pthread_cond_t turn;
	struct command *command;
};

void lode_agent_publish(struct lode_agent *a, struct lode_db *db); /* agent thread: what status shows of it */
void lode_agent_wake(struct lode_agent *a); /* any thread; never blocks */

/* requests.c */
int lode_requests_answer(void *agent, const char *verb, const char *db, const char *arg, struct lode_buf *body); /* control thread */
void lode_requests_run(struct lode_agent *a); /* agent thread: the request that waits, if any */

#endif
