/* The rules about reads: what each sees in the numbers, and the change that it would make. The table is in rules.c. */
#include "advise/rules.h"
#include "advise/text.h"
#include "base/fmt.h"

#define CACHE_BYTES 2.5	    /* cache for each byte of SST files: they are compressed, the cache is not, and it is never spread evenly */
#define CACHE_ROOM 8	    /* where the data is larger than the memory, one part in so many stays for memtables that may want to grow later */
#define FRESH_READS 0.1	    /* of the reads that find their key find it in level 0 */
#define SKIP_MOST 64	    /* steps: beyond it a new seek is surely cheaper */
#define SKIPS_A_STEP 8.0
#define SKIPPED_FLUSH 1000  /* hidden entries in one step that make a memtable worth flushing */
#define FILTER_SHARE 20	    /* thousandths of a memtable, as RocksDB's OptimizeForPointLookup has it: 16 bits a key at 100 bytes an entry */

#define PCT(x) lode_text_percent(x).s
#define NUM(x) lode_text_num(x, 3).s
#define BYTES(x) lode_text_bytes(x).s

/* ---- block cache ---- */

/* One big step: the guard bounds the memory, and a cache that holds a little more of the data gains little. */
double lode_rule_grow_cache(const struct lode_view *v, struct lode_proposal *p)
{
	const struct lode_signs *s = v->s;
	double now = (double)v->q->now.sample->cache.capacity, enough = CACHE_BYTES * s->sst_bytes, wanted = enough;
	int64_t lo, hi;

	if (!v->q->now.sample->cache.resizable || !lode_guard_range(&v->q->now, lode_tunable_find("block_cache_size"), 0, &lo, &hi))
		return 0;
	if (wanted > (double)hi)
		wanted = (double)hi - ((double)hi - now) / CACHE_ROOM;
	wanted = round(wanted / 1048576) * 1048576;
	if (wanted < 1.25 * now || !lode_rule_add(v, p, "block_cache_size", 0, wanted, wanted))
		return 0;
	double to = lode_rule_new(v, p, "block_cache_size", 0);
	LODE_RULE_SAY("Reads take %s of the %s in RocksDB and miss the block cache %s times each (data hit rate %s). The cache of %s is full while %s of SST files are live, so "
		      "it grows to %s.",
		      PCT(s->read_share), lode_rule_whole(v), lode_text_num(s->misses, 2).s, PCT(s->data_hit), BYTES(now), BYTES(s->sst_bytes), BYTES(to));
	return log(to / now) / log(fmax(enough, to) / now); /* some blocks are asked for more often than others: each doubling holds on to about as many more reads */
}

bool lode_rule_flushes_are_read(const struct lode_view *v)
{
	const uint64_t *t = v->q->window->ticker;
	double found = (double)(t[LODE_T_MEMTABLE_HIT] + t[LODE_T_L0_HIT] + t[LODE_T_L1_HIT] + t[LODE_T_L2_HIT]);

	return v->s->flush_rate > 0 && found > 0 && (double)t[LODE_T_L0_HIT] >= FRESH_READS * found;
}

double lode_rule_warm_flushes(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->busiest)->id;

	if (!lode_rule_add(v, p, "prepopulate_block_cache", cf, 1, 1))
		return 0;
	LODE_RULE_SAY("Reads take %s of the %s, miss the block cache %s times each, and find much of what they look for in level 0, in files that have just been flushed: the blocks "
		      "of a flush go into the cache at once.",
		      PCT(v->s->read_share), lode_rule_whole(v), lode_text_num(v->s->misses, 2).s);
	return 1;
}

/* ---- level 0 and memtables ---- */

bool lode_rule_l0_is_full(const struct lode_view *v)
{
	const struct lode_cf_sample *c = lode_rule_family(v, v->s->l0);
	double most = fmax((double)v->q->window->l0_files, (double)c->files[0]);

	return v->s->read_share >= 0.6 && !lode_rule_stalled(v) && most >= 0.75 * lode_rule_now(v, "level0_file_num_compaction_trigger", c->id);
}

double lode_rule_tidier_l0(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->l0)->id;
	double now = lode_rule_now(v, "level0_file_num_compaction_trigger", cf);

	if (now <= 2 || !lode_rule_add(v, p, "level0_file_num_compaction_trigger", cf, fmax(2, floor(now / 2)), 2))
		return 0;
	LODE_RULE_SAY("Reads take %s of the %s and look into each of up to %s L0 files, while writes make a new one every %s s; compactions out of L0 start at %s files instead of "
		      "%s.",
		      PCT(v->s->read_share), lode_rule_whole(v), NUM((double)v->q->window->l0_files), lode_text_num(1 / v->s->flush_rate, 2).s, NUM((double)p->change[0].value),
		      NUM(now));
	return 1;
}

/* A filter answers for single keys; iterators do not ask it. */
bool lode_rule_reads_are_gets(const struct lode_view *v)
{
	return lode_interval_count(v->q->window, LODE_H_GET) + lode_interval_count(v->q->window, LODE_H_MULTIGET) >= 0.5 * v->s->reads;
}

double lode_rule_filter_memtables(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->busiest)->id;

	if (lode_rule_now(v, "memtable_prefix_bloom_size_ratio", cf) > 0 && lode_rule_now(v, "memtable_whole_key_filtering", cf) > 0)
		return 0;
	bool share = lode_rule_now(v, "memtable_prefix_bloom_size_ratio", cf) > 0 || lode_rule_add(v, p, "memtable_prefix_bloom_size_ratio", cf, FILTER_SHARE, FILTER_SHARE);
	bool whole = lode_rule_now(v, "memtable_whole_key_filtering", cf) > 0 || lode_rule_add(v, p, "memtable_whole_key_filtering", cf, 1, 1);
	if (!share || !whole || !p->n)
		return 0;
	LODE_RULE_SAY("Reads take %s of the %s, and nearly all of them search memtables of %s in vain before they look into files. A filter of two hundredths of a memtable says so "
		      "without a search.",
		      PCT(v->s->read_share), lode_rule_whole(v), BYTES((double)lode_rule_family(v, v->s->busiest)->mem_all));
	return 1;
}

/* ---- iterators ---- */

bool lode_rule_iterators_reseek(const struct lode_view *v)
{
	return v->s->reseeks >= 0.05;
}

double lode_rule_skip_longer(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->busiest)->id;
	double now = lode_rule_now(v, "max_sequential_skip_in_iterations", cf);

	if (now >= SKIP_MOST || !lode_rule_add(v, p, "max_sequential_skip_in_iterations", cf, fmin(SKIP_MOST, 4 * fmax(now, 1)), SKIP_MOST))
		return 0;
	LODE_RULE_SAY("Iterators give up stepping and seek again %s times a step, after %s old versions of a key; a new seek costs more than some dozens of steps, so they may step "
		      "over %s.",
		      lode_text_num(v->s->reseeks, 2).s, NUM(now), NUM((double)p->change[0].value));
	return 1;
}

static double skips(const struct lode_view *v)
{
	const uint64_t *t = v->q->window->ticker;

	return (double)t[LODE_T_ITER_SKIP] / fmax(1, (double)(t[LODE_T_SEEK] + t[LODE_T_NEXT] + t[LODE_T_PREV]));
}

bool lode_rule_iterators_skip(const struct lode_view *v)
{
	return skips(v) >= SKIPS_A_STEP && v->s->writes > 0;
}

double lode_rule_flush_skipped(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->busiest)->id;

	if (lode_rule_now(v, "memtable_op_scan_flush_trigger", cf) > 0 || !lode_rule_add(v, p, "memtable_op_scan_flush_trigger", cf, SKIPPED_FLUSH, SKIPPED_FLUSH))
		return 0;
	LODE_RULE_SAY("Iterators skip %s deleted or overwritten entries for each that they return, while writes go on: a memtable in which one step skips %s of them is flushed, so "
		      "that a compaction can drop them.",
		      NUM(skips(v)), NUM((double)p->change[0].value));
	return 1;
}
