/* What may be tried where reads are not seen: without Statistics only writes are counted, and a harm that cannot be seen must not be kept. So nothing by
 * which writers gain at the cost of readers, such as later compactions or more of them at once; only what leaves reads as they are, or shows in writes
 * whatever it does to them. */
#include "guard/rules.h"

#include <string.h>

static const struct {
	const char *id;
	bool up, down;
} harmless[] = {
    {"write_buffer_size", true, false},			 /* an insert searches the larger memtable as a read does; fewer files in L0 */
    {"level0_file_num_compaction_trigger", false, true}, /* fewer files for reads; the work of it is taken from writers too */
    {"bytes_per_sync", true, true},			 /* when background writers write out; reads do not wait for them */
    {"strict_bytes_per_sync", true, true},
    {"writable_file_max_buffer_size", true, true},
};

void lode_rule_unseen(const struct lode_draft *d, int tunable, int cf, struct lode_range *r)
{
	static const char why[] = "reads are not seen here, and could be harmed";
	bool up = false, down = false;
	int64_t now;

	if (!d->s->policy->reads_unseen || !lode_draft_before(d, tunable, cf, &now))
		return;
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
		if (strcmp(lode_tunables[tunable].id, harmless[i].id) != 0)
			continue;
		up = harmless[i].up;
		down = harmless[i].down;
	}
	if (!down)
		lode_range_lo(r, now, LODE_RULE_UNSEEN, why);
	if (!up)
		lode_range_hi(r, now, LODE_RULE_UNSEEN, why);
}
