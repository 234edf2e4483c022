/* The databases of this process: a list that host threads and readers of status walk under RCU and that only the agent thread prunes.
 *
 * Ownership of a database's conductor passes by `owner`: FREE -> AGENT for a tick, FREE -> CLOSER for good. A host thread takes no lock; the only
 * thing it ever waits for is the AGENT's tick in flight, and only in close. */
#ifndef LODE_AGENT_REGISTRY_H
#define LODE_AGENT_REGISTRY_H

#include "agent/conductor.h"
#include "host/real.h"

#include <stdatomic.h>

enum lode_owner { LODE_FREE, LODE_AGENT, LODE_CLOSER };

struct lode_text { /* an immutable published text */
	size_t len;
	char data[];
};

struct lode_db {
	struct lode_db *_Atomic next; /* RCU */
	void *key;            /* DBImpl*, an identity only */
	uint64_t number;      /* of this opening: keys come again */
	struct lode_host *host;
	struct lode_injected *statistics; /* ours, released when the database is gone; or NULL */
	_Atomic int owner;
	atomic_bool closing; /* the host has begun to close it: nobody but the closer may use host or conductor */
	atomic_bool settled; /* the closer is done with conductor and host */
	atomic_bool closed;  /* its memory is gone: may be reaped */
	bool hopeless;       /* no conductor could be made; tried once */
	struct lode_conductor *conductor;
	struct lode_text *_Atomic status; /* RCU: the JSON object of the last tick */
};

struct lode_registry {
	struct lode_db *_Atomic head; /* RCU; pushed to by any thread with a compare-and-swap, unlinked by the agent thread only */
	struct lode_text *retired[32]; /* agent thread: replaced texts, freed after the next grace period */
	size_t nretired;
};

void lode_registry_add(struct lode_registry *r, struct lode_db *db); /* any thread; takes ownership */
/* The one with this key that is not closed. Valid until the caller marks it closed (closers) or leaves its RCU section (readers). */
struct lode_db *lode_registry_find(struct lode_registry *r, const void *key);
/* Any thread: the opening of this number is nobody's any more, if it was settled by somebody else than its owner. */
void lode_registry_let_go(struct lode_registry *r, uint64_t number);
/* Agent thread: the first or next database. Not one that has been reaped. */
struct lode_db *lode_registry_next(struct lode_registry *r, struct lode_db *after);

bool lode_db_claim(struct lode_db *db);   /* agent thread: false if it is closing */
void lode_db_release(struct lode_db *db);
bool lode_db_close(struct lode_db *db);   /* closer: waits for a tick in flight; false if somebody else closes it already */

void lode_db_publish(struct lode_registry *r, struct lode_db *db, struct lode_buf *text); /* agent thread */
/* Any thread: appends every database's published text, separated by commas. */
void lode_registry_read(struct lode_registry *r, struct lode_buf *out);
/* Any thread: the text of this opening. False: there is none, or it is closing. */
bool lode_registry_read_one(struct lode_registry *r, uint64_t number, struct lode_buf *out);
/* Agent thread: frees what is closed and what is retired. May wait for readers, never for host threads that wait for us. */
void lode_registry_reap(struct lode_registry *r);

#endif
