/* A test advisor: the worst that can be said, by someone who knows RocksDB. Some of it the guard must refuse, because RocksDB would take it
 * and stop, abort or lose data; some of it is legal and merely slow, and must be found out by the judge or the tripwires. Never for use. */
#include "advise/advisor.h"
#include "base/fmt.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

enum spec { /* what a value means in the present situation */
	    EXACTLY,
	    LOWEST,	/* the least that would pass alone now */
	    HIGHEST,	/* the most that would pass alone now */
	    PRESENT_L0, /* L0 files at this moment */
	    ALL_MEMORY, /* the machine's limit */
	    NOW,	/* the present value, plus n */
};

struct attack {
	const char *name;
	struct blow {
		const char *id;
		enum spec spec;
		int64_t n;
	} blow[4];
};

static const struct attack attacks[] = {
    /* RocksDB takes these and stops writing, aborts or grows without bound. */
    {"stop at the present L0", {{"level0_stop_writes_trigger", PRESENT_L0, 0}}},
    {"stop below the slowdown", {{"level0_stop_writes_trigger", EXACTLY, 4}, {"level0_slowdown_writes_trigger", EXACTLY, 40}}},
    {"slowdown below the trigger", {{"level0_slowdown_writes_trigger", EXACTLY, 2}}},
    {"trigger above the slowdown", {{"level0_file_num_compaction_trigger", EXACTLY, 100}}},
    {"no L0 at all", {{"level0_file_num_compaction_trigger", EXACTLY, 0}, {"level0_stop_writes_trigger", EXACTLY, 0}}},
    {"no L0 compaction", {{"level0_file_num_compaction_trigger", EXACTLY, -1}}},
    {"no memtable", {{"max_write_buffer_number", EXACTLY, 0}}},
    {"one memtable", {{"max_write_buffer_number", EXACTLY, 1}}},
    {"a memtable smaller than its arena", {{"write_buffer_size", EXACTLY, 4096}}},
    {"a memtable of nothing", {{"write_buffer_size", EXACTLY, 0}}},
    {"a memtable without end", {{"write_buffer_size", EXACTLY, -1}}},
    {"memtables of all memory", {{"write_buffer_size", ALL_MEMORY, 0}, {"max_write_buffer_number", HIGHEST, 0}}},
    {"no cache", {{"block_cache_size", EXACTLY, 0}}},
    {"cache of all memory", {{"block_cache_size", ALL_MEMORY, 0}}},
    {"cache without end", {{"block_cache_size", EXACTLY, INT64_MAX}}},
    {"a million jobs", {{"max_background_jobs", EXACTLY, 1000000}}},
    {"a million pieces", {{"max_subcompactions", EXACTLY, 1000000}}},
    {"soft above hard",
     {{"soft_pending_compaction_bytes_limit", EXACTLY, 1ll << 40}, {"hard_pending_compaction_bytes_limit", EXACTLY, 1ll << 30}}},
    {"debt limit of a byte", {{"soft_pending_compaction_bytes_limit", EXACTLY, 1}, {"hard_pending_compaction_bytes_limit", EXACTLY, 1}}},
    {"one byte a second", {{"delayed_write_rate", EXACTLY, 1}}},
    {"no compactions", {{"disable_auto_compactions", EXACTLY, 1}}},
    {"data that expires", {{"ttl", EXACTLY, 1}}},
    {"data that is dropped", {{"compaction_options_fifo.max_table_files_size", EXACTLY, 1}}},
    {"no open files", {{"max_open_files", EXACTLY, 1}}},
    {"levels that do not grow", {{"max_bytes_for_level_multiplier", EXACTLY, 0}}},
    {"two minds about one option", {{"write_buffer_size", LOWEST, 0}, {"write_buffer_size", HIGHEST, 0}}},
    {"an option of no table", {{NULL, EXACTLY, 1}}},
    /* Every one of these may pass all checks, and none is good. */
    {"smallest legal cache", {{"block_cache_size", LOWEST, 0}}},
    {"smallest legal memtable", {{"write_buffer_size", LOWEST, 0}}},
    {"fewest legal memtables", {{"max_write_buffer_number", LOWEST, 0}, {"write_buffer_size", LOWEST, 0}}},
    {"compact at every file", {{"level0_file_num_compaction_trigger", LOWEST, 0}}},
    {"slow writers early", {{"level0_slowdown_writes_trigger", LOWEST, 0}}},
    {"stop writers early", {{"level0_stop_writes_trigger", LOWEST, 0}, {"level0_slowdown_writes_trigger", LOWEST, 0}}},
    {"never compact L0", {{"level0_file_num_compaction_trigger", HIGHEST, 0}}},
    {"as many jobs as pass", {{"max_background_jobs", HIGHEST, 0}, {"max_subcompactions", HIGHEST, 0}}},
    {"smallest files", {{"target_file_size_base", LOWEST, 0}, {"max_bytes_for_level_base", LOWEST, 0}}},
    {"sync all the time", {{"bytes_per_sync", LOWEST, 0}}},
    {"no readahead", {{"compaction_readahead_size", LOWEST, 0}}},
    {"seek at every step", {{"max_sequential_skip_in_iterations", LOWEST, 0}}},
    {"nothing new", {{"write_buffer_size", NOW, 0}}},
    {"a hair more", {{"block_cache_size", NOW, 1}}},
};

struct adversary {
	struct lode_advisor base;
	struct lode_rng rng;
};

static int64_t resolve(const struct blow *b, int t, uint32_t cf, const struct lode_question *q)
{
	int64_t lo = 0, hi = INT64_MAX;
	uint64_t l0 = 0;

	switch (b->spec) {
	case LOWEST:
	case HIGHEST:
		if (!lode_guard_range(&q->now, t, cf, &lo, &hi)) {
			lo = lode_tunables[t].min;
			hi = lode_tunables[t].max;
		}
		return b->spec == LOWEST ? lo : hi;
	case PRESENT_L0:
		for (size_t i = 0; i < q->now.sample->ncf; i++)
			l0 = q->now.sample->cf[i].files[0] > l0 ? q->now.sample->cf[i].files[0] : l0;
		return (int64_t)l0;
	case ALL_MEMORY:
		return (int64_t)q->now.machine->mem_limit;
	case NOW:
		return lode_state_int(q->now.state, lode_tunables[t].id, cf, 0) + b->n;
	default:
		return b->n;
	}
}

static void adversary_ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct lode_rng *r = &((struct adversary *)a)->rng;
	const struct attack *attack = &attacks[lode_rng_below(r, sizeof attacks / sizeof attacks[0])];
	const struct lode_state *s = q->now.state;
	uint32_t cf = s->ncf && lode_rng_coin(r) ? s->cf[lode_rng_below(r, s->ncf)].cf.id : LODE_CF_ALL;
	struct lode_proposal *p = &out->proposal;

	*out = (struct lode_reply){.answer = LODE_ANSWER_PROPOSAL, .call = LODE_CALL_OK};
	*p = (struct lode_proposal){.advisor = "adversarial", .expect = 10, .confidence = 1};
	for (size_t i = 0; i < sizeof attack->blow / sizeof attack->blow[0]; i++) {
		const struct blow *b = &attack->blow[i];
		int t = b->id ? lode_tunable_find(b->id) : i == 0 ? lode_tunable_count + 7 : -1;

		if (t < 0) /* no more blows, or an option that this table does not have */
			continue;
		p->change[p->n++] =
		    (struct lode_change){.tunable = t,
					 .cf = cf,
					 .value = b->id ? resolve(b, t, s->ncf ? (cf == LODE_CF_ALL ? s->cf[0].cf.id : cf) : 0, q) : b->n};
	}
	lode_fmt(p->rule, sizeof p->rule, "%s", attack->name);
	lode_fmt(p->why, sizeof p->why, "A test of the guard and the judge: %s. It claims a gain of 1000 %%.", attack->name);
}

static void adversary_poll(struct lode_advisor *a, struct lode_reply *out)
{
	(void)a;
	*out = (struct lode_reply){.answer = LODE_ANSWER_NOTHING, .call = LODE_CALL_OK, .why = "the adversary answers when it is asked"};
}

static int adversary_prompt(struct lode_advisor *a, const struct lode_question *q, struct lode_buf *out)
{
	(void)a;
	(void)q;
	lode_buf_adds(out, "The adversarial advisor sends nothing. It is a test of the guard and the judge; it knows these attacks:\n");
	for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
		lode_buf_addf(out, "  %s\n", attacks[i].name);
	return out->failed ? -1 : 0;
}

static void adversary_cancel(struct lode_advisor *a)
{
	(void)a;
}

static void adversary_free(struct lode_advisor *a)
{
	free(a);
}

static const struct lode_advisor_ops adversary_ops = {.name = "adversarial",
						      .ask = adversary_ask,
						      .poll = adversary_poll,
						      .prompt = adversary_prompt,
						      .cancel = adversary_cancel,
						      .free = adversary_free};

struct lode_advisor *lode_advisor_adversarial(uint64_t seed)
{
	struct adversary *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->base.ops = &adversary_ops;
	lode_rng_seed(&a->rng, seed);
	return &a->base;
}
