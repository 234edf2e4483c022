/* What the RocksDB at hand can do, found out once per database and told in status and in the journal. */
#ifndef LODE_AGENT_CAPABILITY_H
#define LODE_AGENT_CAPABILITY_H

#include "base/json.h"
#include "guard/state.h"
#include "host/versions.h"

struct lode_capability {
	bool learned;                        /* every tunable has its answer */
	unsigned char can[LODE_TUNABLE_MAX]; /* enum lode_can, for lode_state.can */
	bool unsafe[LODE_TUNABLE_MAX];       /* this RocksDB would take it, but not safely */
	unsigned yes, no, assumed;           /* how many, without the unsafe ones */
	unsigned absent;                     /* rows of the table that this RocksDB does not have */
};

/* Asks the image about every option of the table that the state holds, with the value that it holds. Does nothing the second time, or without a
 * state. On the agent thread: it takes some milliseconds. */
void lode_capability_learn(struct lode_capability *c, struct lode_host *h, const struct lode_state *s);
/* An object "capabilities": range of versions, what may be changed and what not; cache and Statistics beside it. */
void lode_capability_json(const struct lode_capability *c, struct lode_host *h, const struct lode_cache *cache, const char *statistics,
			  struct lode_json *j);

#endif
