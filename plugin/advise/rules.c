/* The table of the expert's rules, and what they have in common. Thresholds are shares of time or of a limit, so that they hold for any size of database;
 * docs/expert.md has the reason for every one, and for every option that no rule would ever change. */
#include "advise/rules.h"

/* The present value moved by `reach` steps on a log scale; whole numbers are rounded away from it, so that half a step is a step. */
static double moved(double now, double wanted, double most, double reach)
{
	double to = wanted;

	if (reach != 1 && now > 0 && wanted > 0)
		to = now * pow(wanted / now, reach);
	else if (reach < 0)
		return now;
	if (reach > 0)
		to = wanted > now ? fmin(to, most) : fmax(to, most);
	return to > now ? ceil(to) : floor(to);
}

bool lode_rule_add(const struct lode_view *v, struct lode_proposal *p, const char *id, uint32_t cf, double wanted, double most)
{
	int t = lode_tunable_find(id);
	int64_t lo, hi;
	const struct lode_value *old = t < 0 ? NULL : lode_state_value(v->q->now.state, t, cf);

	if (!old || !old->numeric || p->n == LODE_CHANGES_MAX || !lode_guard_range(&v->q->now, t, cf, &lo, &hi))
		return false;
	double now = (double)old->value, to = moved(now, wanted, most, v->reach), way = to > now ? 1 : -1;
	int64_t value = to >= (double)hi ? hi : to <= (double)lo ? lo : (int64_t)to;
	if (to == now || way * ((double)value - now) < fmax(1, 0.1 * fabs(now)))
		return false;
	p->change[p->n++] = (struct lode_change){.tunable = t, .cf = cf, .value = value};
	return true;
}

double lode_rule_new(const struct lode_view *v, const struct lode_proposal *p, const char *id, uint32_t cf)
{
	int t = lode_tunable_find(id);

	for (size_t i = 0; i < p->n; i++)
		if (p->change[i].tunable == t)
			return (double)p->change[i].value;
	return lode_rule_now(v, id, cf);
}

bool lode_rule_stalled(const struct lode_view *v)
{
	const struct lode_signs *s = v->s;

	return s->stall_share >= LODE_RULE_STALLED || s->stopped_share >= LODE_RULE_STALLED || s->delayed_share >= 2 * LODE_RULE_STALLED;
}

bool lode_rule_idle(const struct lode_view *v)
{
	double cores = v->q->now.machine->cores, others = v->q->others > 0 ? fmin(v->q->others, cores) : 0;

	return v->s->cpu_share + others / cores < 1 - LODE_RULE_IDLE;
}

const char *lode_rule_whole(const struct lode_view *v)
{
	return v->s->timed ? "time" : "operations";
}

/* What a rule brings nearer. Nothing that makes RocksDB write more stands under write_amp or cost, nothing that readers pay for under latency. */
#define SPEED_ (1u << LODE_BALANCED | 1u << LODE_THROUGHPUT | 1u << LODE_CUSTOM)
#define LATENCY_ (1u << LODE_LATENCY)
#define WRITE_AMP_ (1u << LODE_WRITE_AMP)
#define COST_ (1u << LODE_COST)
#define AGAINST(...) {__VA_ARGS__}
#define B(x) LODE_BOTTLENECK_##x
#define OPTIONS(...) {__VA_ARGS__}
#define CLIMBS true
#define TO_A_VALUE false
#define BOTH_SIDES true
#define ONE_SIDE false

const struct lode_expert_rule lode_expert_rules[] = {
    {"cache-misses", AGAINST(B(CACHE), B(DISK_READ)), NULL, lode_rule_grow_cache, 0.8, 0.8, TO_A_VALUE, ONE_SIDE, SPEED_ | LATENCY_ | COST_,
     OPTIONS("block_cache_size"), "reads miss a full block cache: grow it towards the data, once and far"},
    {"warm-flushes", AGAINST(B(CACHE), B(DISK_READ)), lode_rule_flushes_are_read, lode_rule_warm_flushes, 0.2, 0.3, TO_A_VALUE, ONE_SIDE, SPEED_ | LATENCY_ | COST_,
     OPTIONS("prepopulate_block_cache"), "what was just flushed is read and misses the cache: let flushes put it there"},
    {"l0-reads", AGAINST(B(L0_READS)), lode_rule_l0_is_full, lode_rule_tidier_l0, 0.4, 0.3, CLIMBS, BOTH_SIDES, SPEED_ | LATENCY_,
     OPTIONS("level0_file_num_compaction_trigger"), "reads look into many L0 files: compact them earlier"},
    {"memtable-filter", AGAINST(B(MEMTABLE_READS)), lode_rule_reads_are_gets, lode_rule_filter_memtables, 0.8, 0.4, TO_A_VALUE, ONE_SIDE, SPEED_ | LATENCY_ | COST_,
     OPTIONS("memtable_prefix_bloom_size_ratio", "memtable_whole_key_filtering"), "reads search large memtables in vain: give these a bloom filter"},
    {"scan-reseeks", AGAINST(B(SCAN)), lode_rule_iterators_reseek, lode_rule_skip_longer, 0.5, 0.4, CLIMBS, BOTH_SIDES, SPEED_ | LATENCY_ | COST_,
     OPTIONS("max_sequential_skip_in_iterations"), "iterators seek again and again over old versions: let them step further"},
    {"scan-skips", AGAINST(B(SCAN)), lode_rule_iterators_skip, lode_rule_flush_skipped, 0.5, 0.3, TO_A_VALUE, ONE_SIDE, SPEED_ | LATENCY_ | COST_,
     OPTIONS("memtable_op_scan_flush_trigger"), "iterators step over deletions in memtables: flush those that are full of them"},
    {"memtable-stall-number", AGAINST(B(MEMTABLE)), NULL, lode_rule_more_memtables, 0.6, 0.5, CLIMBS, ONE_SIDE, SPEED_ | LATENCY_,
     OPTIONS("max_write_buffer_number"), "writers wait for flushes: allow more memtables"},
    {"memtable-stall-size", AGAINST(B(MEMTABLE), B(STALL)), NULL, lode_rule_larger_memtables, 0.4, 0.4, CLIMBS, ONE_SIDE, SPEED_ | LATENCY_ | WRITE_AMP_,
     OPTIONS("write_buffer_size"), "writers still wait for flushes: larger memtables"},
    {"memtable-stall-jobs", AGAINST(B(MEMTABLE)), lode_rule_memtables_of_several, lode_rule_jobs_for_flushes, 0.4, 0.4, TO_A_VALUE, ONE_SIDE, SPEED_ | LATENCY_,
     OPTIONS("max_background_jobs"), "memtables of several families wait for one flush at a time, and cores are idle: flush side by side"},
    {"l0-stall-jobs", AGAINST(B(L0)), lode_rule_cores_idle, lode_rule_more_jobs, 0.6, 0.6, CLIMBS, ONE_SIDE, SPEED_ | LATENCY_,
     OPTIONS("max_background_jobs", "max_subcompactions"), "writers are held back by L0 while cores are idle: more background work at once"},
    {"l0-stall-limits", AGAINST(B(L0)), lode_rule_stalled_in_l0, lode_rule_later_l0_stall, 0.4, 0.5, CLIMBS, ONE_SIDE, SPEED_ | LATENCY_ | WRITE_AMP_,
     OPTIONS("level0_stop_writes_trigger", "level0_slowdown_writes_trigger", "level0_file_num_compaction_trigger"),
     "writers are held back by L0: raise its trigger and limits together"},
    {"debt-jobs", AGAINST(B(DEBT)), lode_rule_work_piles_up_idle, lode_rule_more_jobs, 0.6, 0.5, CLIMBS, ONE_SIDE, SPEED_ | LATENCY_,
     OPTIONS("max_background_jobs", "max_subcompactions"), "compactions fall behind while cores are idle: more background work at once"},
    {"slow-seeks", AGAINST(B(L0), B(DEBT)), lode_rule_slow_seeks, lode_rule_read_ahead, 0.4, 0.5, TO_A_VALUE, ONE_SIDE, SPEED_ | LATENCY_ | COST_,
     OPTIONS("compaction_readahead_size"), "compactions fall behind on a disk with slow seeks: read ahead"},
    {"debt-limits", AGAINST(B(DEBT)), lode_rule_debt_at_limit, lode_rule_later_debt_stall, 0.4, 0.3, CLIMBS, ONE_SIDE, SPEED_ | LATENCY_ | WRITE_AMP_,
     OPTIONS("hard_pending_compaction_bytes_limit", "soft_pending_compaction_bytes_limit"), "writers are held back for debt that does not grow: raise its limits together"},
    {"delayed-rate", AGAINST(B(L0), B(DEBT), B(STALL)), lode_rule_delayed_without_need, lode_rule_faster_delay, 0.3, 0.4, CLIMBS, ONE_SIDE, SPEED_ | LATENCY_,
     OPTIONS("delayed_write_rate"), "writers are delayed although debt shrinks: delay them less"},
    {"small-flushes", AGAINST(B(COMPACTION_CPU), B(L0), B(DEBT)), lode_rule_flushes_small, lode_rule_larger_flushes, 0.2, 0.5, CLIMBS, ONE_SIDE,
     SPEED_ | LATENCY_ | COST_, OPTIONS("write_buffer_size"), "writes dominate and flushes are small and frequent: larger memtables"},
    {"compaction-cpu", AGAINST(B(COMPACTION_CPU)), lode_rule_l0_has_room, lode_rule_lazier_l0, 0.2, 0.4, CLIMBS, BOTH_SIDES, SPEED_ | COST_,
     OPTIONS("level0_file_num_compaction_trigger"), "compactions take the cores from the writers: start them later"},
    {"level-1-small", AGAINST(B(COMPACTION_CPU), B(L0), B(DEBT), B(REWRITES)), lode_rule_level_1_small, lode_rule_larger_level_1, 0.2, 0.4, TO_A_VALUE, ONE_SIDE,
     SPEED_ | WRITE_AMP_ | COST_, OPTIONS("max_bytes_for_level_base"), "level 1 is smaller than what one compaction brings from L0: make it as large"},
    {"rewrites", AGAINST(B(REWRITES)), lode_rule_flushes_at_all, lode_rule_larger_flushes, 0.2, 0.5, CLIMBS, ONE_SIDE, WRITE_AMP_, OPTIONS("write_buffer_size"),
     "every byte is written to disk again and again: larger memtables"},
    {"lazier-l0", AGAINST(B(REWRITES)), lode_rule_l0_has_room, lode_rule_lazier_l0, 0.15, 0.5, CLIMBS, ONE_SIDE, WRITE_AMP_,
     OPTIONS("level0_file_num_compaction_trigger"), "every byte is written to disk again and again: start compactions out of L0 later"},
    {"compression-cpu", AGAINST(B(COMPACTION_CPU)), lode_rule_compression_heavy, lode_rule_cheaper_compression, 0.3, 0.4, TO_A_VALUE, ONE_SIDE, SPEED_ | COST_,
     OPTIONS("compression"), "compression costs more CPU than the disk it saves: a cheaper one"},
    {"sync-bursts", AGAINST(B(SYNC_BURSTS)), lode_rule_sync_unbounded, lode_rule_bounded_sync, 0.5, 0.4, TO_A_VALUE, ONE_SIDE, SPEED_ | LATENCY_,
     OPTIONS("bytes_per_sync"), "the log's syncs wait behind what compactions have written: let that be written out as it comes"},
};
const size_t lode_expert_rule_count = sizeof lode_expert_rules / sizeof lode_expert_rules[0];
