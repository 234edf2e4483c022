/* Only the agent thread takes, anybody gives up: so an entry that was free stays free until it is taken here, and no lock is needed. */
#include "agent/claims.h"

static bool take(struct lode_claims *c, uintptr_t cache, const void *owner)
{
	size_t room = LODE_CLAIMS_MAX;

	for (size_t i = 0; i < LODE_CLAIMS_MAX; i++) {
		const void *has = atomic_load(&c->at[i].owner);

		if (has && atomic_load(&c->at[i].cache) == cache)
			return has == owner;
		if (!has && room == LODE_CLAIMS_MAX)
			room = i;
	}
	if (room == LODE_CLAIMS_MAX)
		return false;
	atomic_store(&c->at[room].cache, cache);
	atomic_store(&c->at[room].owner, owner);
	return true;
}

void lode_claims_apply(struct lode_claims *c, struct lode_cache *cache, const void *owner)
{
	if (!c || !cache->present || !cache->resizable || take(c, cache->identity, owner))
		return;
	cache->resizable = false;
	cache->why_fixed = "another database of this process shares the block cache and tunes it";
}

void lode_claims_drop(struct lode_claims *c, const void *owner)
{
	for (size_t i = 0; c && i < LODE_CLAIMS_MAX; i++) {
		if (atomic_load(&c->at[i].owner) == owner)
			atomic_store(&c->at[i].owner, NULL);
	}
}
