/* Asking is the host's business, knowing what to ask the table's; here the two meet, because neither may know the other. */
#include "agent/capability.h"

#include <errno.h>
#include <string.h>

/* -ESHUTDOWN is passed on: nothing is known then. */
static int ask(struct lode_host *h, const struct lode_tunable *t, const struct lode_value *v, unsigned char *can)
{
	int answer = h->ops->changeable ? h->ops->changeable(h, t->scope, t->key, v->text) : -ENOTSUP;

	*can = answer == 1 ? LODE_CAN_YES : answer == 0 ? LODE_CAN_NO : LODE_CAN_ASSUMED;
	return answer == -ESHUTDOWN ? answer : 0;
}

void lode_capability_learn(struct lode_capability *c, struct lode_host *h, const struct lode_state *s)
{
	/* RocksDB would take a table option, and change what other threads read unlocked. */
	bool race = h->ops->info(h)->hazards & LODE_HAZARD_TABLE_RACE;
	struct lode_capability new = {.learned = true};

	if (c->learned || !s || !s->ncf)
		return;
	for (int i = 0; i < lode_tunable_count; i++) {
		const struct lode_tunable *t = &lode_tunables[i];
		const struct lode_value *v = lode_state_value(s, i, LODE_CF_ALL);

		if (t->scope != LODE_SCOPE_DB && t->scope != LODE_SCOPE_CF)
			continue;
		new.absent += !v;
		if (!v)
			continue;
		if (ask(h, t, v, &new.can[i]))
			return;
		new.unsafe[i] = race &&lode_tunable_is_table(t) && new.can[i] != LODE_CAN_NO;
		new.yes += new.can[i] == LODE_CAN_YES && !new.unsafe[i];
		new.no += new.can[i] == LODE_CAN_NO;
		new.assumed += new.can[i] == LODE_CAN_ASSUMED && !new.unsafe[i];
	}
	*c = new;
}

static void list(struct lode_json *j, const char *name, const struct lode_capability *c, bool unsafe)
{
	lode_json_array(j, name);
	for (int i = 0; i < lode_tunable_count; i++)
		if (unsafe ? c->unsafe[i] : c->can[i] == LODE_CAN_NO)
			lode_json_str(j, NULL, lode_tunables[i].id);
	lode_json_end(j);
}

void lode_capability_json(const struct lode_capability *c, struct lode_host *h, const struct lode_cache *cache, const char *statistics,
			  struct lode_json *j)
{
	const struct lode_host_info *info = h->ops->info(h);

	lode_json_object(j, "capabilities");
	lode_json_str(j, "range", info->row);
	lode_json_bool(j, "newer", info->newer);
	lode_json_str(j, "statistics", statistics);
	if (cache && cache->present) {
		lode_json_str(j, "cache", cache->kind);
		lode_json_bool(j, "cache_resizable", cache->resizable);
	}
	lode_json_bool(j, "asked", c->yes + c->no > 0);
	lode_json_u64(j, "changeable", c->yes);
	lode_json_u64(j, "assumed", c->assumed);
	lode_json_u64(j, "absent", c->absent);
	list(j, "not_changeable", c, false);
	list(j, "unsafe", c, true);
	lode_json_end(j);
}
