/* The conductor of one database: samples, asks, checks, tries, keeps or puts back. Everything it decides it decides in tick().
 *
 * Threads: one thread at a time, handed over by the registry (agent.c): the agent thread while the database is open, the host's closing
 * thread for settle(). No function waits for the network. It works on any struct lode_host and any clock, so that tests run days in seconds. */
#ifndef LODE_AGENT_CONDUCTOR_H
#define LODE_AGENT_CONDUCTOR_H

#include "advise/advisor.h"
#include "agent/account.h"
#include "agent/claims.h"
#include "agent/config.h"
#include "base/json.h"
#include "host/host.h"

enum lode_phase { LODE_OBSERVE, LODE_QUALIFY /* timing the work before a trial */, LODE_TRIAL, LODE_WATCH, LODE_COOLDOWN, LODE_SAFE };
const char *lode_phase_name(enum lode_phase p);

/* The advisor is shared by all databases of the process, one question at a time. */
struct lode_asker {
	struct lode_advisor *advisor;
	uint64_t since_us; /* wall time at which it was made: what it has cost since then it knows itself */
	enum lode_may told;   /* of its standing, what journal and log have */
	unsigned told_trips;
	_Atomic(const void *) busy; /* the conductor whose answer is awaited, or NULL; a closing thread may clear its own */
};

struct lode_event {
	enum { LODE_EVENT_APPLIED, LODE_EVENT_REVERTED, LODE_EVENT_VERDICT, LODE_EVENT_OVERRIDDEN } kind;
	const char *db;	       /* its id */
	uint64_t trial;
	const char *option;    /* APPLIED, REVERTED, OVERRIDDEN: as the table names it; of which family ("" for the database and its cache), what RocksDB has now */
	const char *cf, *value;
	const char *what;      /* VERDICT: kept, reverted, refused, ... as in status */
	const char *why;
};
struct lode_listener { /* called by whoever conducts, after the fact; must not block. NULL: nobody listens */
	void (*heard)(void *ctx, const struct lode_event *e);
	void *ctx;
};

/* A metric of the program's own, read with every sample by whoever conducts; must not block. Two counters that only grow: *done, and *over, which is the time
 * in seconds where it is left as it is. False: not known now. read NULL: there is none. */
struct lode_own_metric {
	bool (*read)(void *ctx, const char *db, double *done, double *over);
	void *ctx;
	char name[48]; /* one word, the program's; for status and journal */
	bool falls;    /* less is better */
};

struct lode_conductor_env {
	const struct lode_config *config;
	const struct lode_clock *clock;
	struct lode_asker *asker;
	struct lode_claims *claims; /* NULL: no cache is shared */
	struct lode_purse *purse;   /* what all databases of the process may lose together; NULL: each counts for itself */
	struct lode_listener listener;
	struct lode_own_metric meter;
	const char *root; /* of /proc and /sys: "" but in tests */
	uint64_t seed;
};

struct lode_conductor;

/* Opens the journal, puts right what an earlier life left in flight. NULL: no memory, or the database cannot be read at all. All of env is borrowed. */
struct lode_conductor *lode_conductor_new(struct lode_host *h, const struct lode_conductor_env *env, struct lode_err *err);
void lode_conductor_free(struct lode_conductor *c);

void lode_conductor_tick(struct lode_conductor *c);  /* once per sampling interval */
void lode_conductor_guard(struct lode_conductor *c); /* several times a second: a write stop while something of ours is live */
bool lode_conductor_exposed(const struct lode_conductor *c); /* something unproven is live: guard() is worth calling */
/* The database is about to close: a trial in flight is undone; kept changes are restored or left, as configured. */
void lode_conductor_settle(struct lode_conductor *c);

void lode_conductor_pause(struct lode_conductor *c, bool paused); /* pausing undoes a trial in flight */
/* All kept changes and a trial in flight back to what the application had. print: only say what would be written (JSON either way). */
int lode_conductor_rollback(struct lode_conductor *c, bool print, struct lode_buf *out);
/* Options, separated by spaces or commas, that are never touched from now on; or no longer so, nor taken for the operator's own. A wrong name: -EINVAL, and
 * nothing is done. Says in out what became of each. */
int lode_conductor_pin(struct lode_conductor *c, const char *options, bool pin, struct lode_buf *out);
int lode_conductor_prompt(struct lode_conductor *c, struct lode_buf *out);
int lode_conductor_decide(struct lode_conductor *c, bool approve, struct lode_buf *out); /* mode suggest: the waiting suggestion */
void lode_conductor_status(const struct lode_conductor *c, struct lode_json *j);         /* one object of "databases" */
struct lode_expo;
void lode_conductor_metrics(const struct lode_conductor *c, struct lode_expo *e);
const char *lode_conductor_id(const struct lode_conductor *c);

#endif
