/* Who tunes a block cache that several databases share: the first that asks, until it closes. One table for the process. */
#ifndef LODE_AGENT_CLAIMS_H
#define LODE_AGENT_CLAIMS_H

#include "host/host.h"

#include <stdatomic.h>

#define LODE_CLAIMS_MAX 64 /* more caches than this are not resized */

struct lode_claims {
	struct {
		_Atomic(uintptr_t) cache;
		_Atomic(const void *) owner; /* NULL: free */
	} at[LODE_CLAIMS_MAX];
};

/* Makes a cache that belongs to another owner read-only, with the reason; takes one that nobody has. Nothing without a table (NULL) or a cache. On
 * the agent thread only. */
void lode_claims_apply(struct lode_claims *c, struct lode_cache *cache, const void *owner);
/* The owner is about to go. Any thread, any number of times. */
void lode_claims_drop(struct lode_claims *c, const void *owner);

#endif
