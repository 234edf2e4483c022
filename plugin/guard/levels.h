/* Private to the room: the sizes that leveled compaction aims at. */
#ifndef LODE_GUARD_LEVELS_H
#define LODE_GUARD_LEVELS_H

#include "guard/rules.h"

struct lode_targets {
	int levels;
	int base; /* the level that L0 is compacted into */
	uint64_t of[LODE_LEVEL_MAX]; /* of the levels above `base`: not used */
};
/* False where there are none: another compaction style, or one level. */
bool lode_targets_of(const struct lode_cf_sample *cf, const struct lode_shape_options *o, struct lode_targets *out);

/* lode_draft_before or lode_draft_after. */
typedef bool lode_lookup(const struct lode_draft *d, int tunable, int cf, int64_t *value);
struct lode_shape_options lode_draft_shape(const struct lode_draft *d, int cf, lode_lookup *get);

#endif
