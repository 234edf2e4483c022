/* The expert's rules. Each sees one thing in the numbers and answers with one coherent change, brought into what the guard allows now.
 * Thresholds are shares of time or of a limit, so that they hold for any size of database. */
#include "advise/rules.h"
#include "advise/text.h"
#include "base/fmt.h"

#include <math.h>
#include <string.h>

#define STALLED 0.03	/* share of the time that makes stalls worth an answer */
#define CACHE_BYTES 2.5 /* cache for each byte of SST files: they are compressed, the cache is not, and it is never spread evenly */
#define CPU_BUSY 0.85	/* of the usable cores */

static const struct lode_cf_sample *family(const struct lode_view *v, size_t i)
{
	return &v->q->now.sample->cf[i];
}

static double now_of(const struct lode_view *v, const char *id, uint32_t cf)
{
	return (double)lode_state_int(v->q->now.state, id, cf, 0);
}

/* Adds "id = wanted", brought into the range that would pass alone. False, and nothing is added, if that does not lead from the present
 * value towards the wanted one by at least a tenth. */
static bool add(const struct lode_view *v, struct lode_proposal *p, const char *id, uint32_t cf, double wanted)
{
	int t = lode_tunable_find(id);
	int64_t lo, hi;
	const struct lode_value *now = t < 0 ? NULL : lode_state_value(v->q->now.state, t, cf);

	if (!now || !now->numeric || p->n == LODE_CHANGES_MAX || !lode_guard_range(&v->q->now, t, cf, &lo, &hi))
		return false;
	int64_t value = wanted >= (double)hi ? hi : wanted <= (double)lo ? lo : (int64_t)wanted;
	double least = fmax(1, 0.1 * fabs((double)now->value)), moved = (double)value - (double)now->value;
	if ((wanted > (double)now->value ? moved : -moved) < least)
		return false;
	p->change[p->n++] = (struct lode_change){.tunable = t, .cf = cf, .value = value};
	return true;
}

static double added(const struct lode_proposal *p, size_t i)
{
	return (double)p->change[i].value;
}

#define SAY(...) lode_fmt(p->why, sizeof p->why, __VA_ARGS__)

/* What the shares of reads and writes are shares of. */
static const char *whole(const struct lode_view *v)
{
	return v->s->timed ? "time" : "operations";
}

/* ---- reads ---- */

static bool misses_cost(const struct lode_view *v)
{
	const struct lode_signs *s = v->s;

	/* A cache that is not full has no use for more room: what it misses, it never had. */
	return s->misses >= 0.05 && s->data_hit < 0.95 && s->cache_full >= 0.85 && v->q->now.sample->cache.resizable;
}

static bool misses_dominate(const struct lode_view *v)
{
	return v->s->read_share >= 0.5 && misses_cost(v);
}

static bool misses_matter(const struct lode_view *v)
{
	return v->s->read_share >= 0.1 && misses_cost(v);
}

/* One big step: the guard bounds the memory, and a cache that holds a little more of the data gains little. */
static bool grow_cache(const struct lode_view *v, struct lode_proposal *p)
{
	const struct lode_signs *s = v->s;
	double now = (double)v->q->now.sample->cache.capacity, wanted = CACHE_BYTES * s->sst_bytes;
	int64_t lo, hi;

	if (!lode_guard_range(&v->q->now, lode_tunable_find("block_cache_size"), 0, &lo, &hi))
		return false;
	/* Where the data is larger than the memory, an eighth of the room stays for memtables that may want to grow later. */
	if (wanted > (double)hi)
		wanted = (double)hi - ((double)hi - now) / 8;
	if (wanted < 1.25 * now || !add(v, p, "block_cache_size", 0, round(wanted / 1048576) * 1048576))
		return false;
	if (s->miss_share > 0.05)
		p->expect = fmin(s->miss_share, 0.5) / (1 - fmin(s->miss_share, 0.5));
	SAY("Reads take %s of the %s in RocksDB and miss the block cache %s times each (data hit rate %s). The cache of %s is full while "
	    "%s of "
	    "SST files are live, so it grows to %s.",
	    lode_text_percent(s->read_share).s, whole(v), lode_text_num(s->misses, 2).s, lode_text_percent(s->data_hit).s, lode_text_bytes(now).s,
	    lode_text_bytes(s->sst_bytes).s, lode_text_bytes(added(p, 0)).s);
	return true;
}

static bool reads_pay_for_l0(const struct lode_view *v)
{
	const struct lode_cf_sample *c = family(v, v->s->l0);
	double most = fmax((double)v->q->window->l0_files, (double)c->files[0]);

	/* Without flushes L0 does not come back: compacting it once is no matter of a setting. */
	return v->s->read_share >= 0.6 && v->s->flush_rate >= 1 / 60.0 &&
	       most >= 0.75 * now_of(v, "level0_file_num_compaction_trigger", c->id);
}

static bool tidier_l0(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = family(v, v->s->l0)->id;
	double now = now_of(v, "level0_file_num_compaction_trigger", cf);

	if (now <= 2 || !add(v, p, "level0_file_num_compaction_trigger", cf, fmax(2, floor(now / 2))))
		return false;
	SAY("Reads take %s of the %s and look into each of up to %s L0 files, while writes make a new one every %s s; compactions out of "
	    "L0 start at %s "
	    "files instead of %s.",
	    lode_text_percent(v->s->read_share).s, whole(v), lode_text_num((double)v->q->window->l0_files, 3).s,
	    lode_text_num(1 / v->s->flush_rate, 2).s, lode_text_num(added(p, 0), 3).s, lode_text_num(now, 3).s);
	return true;
}

static bool scans_reseek(const struct lode_view *v)
{
	return v->s->read_share >= 0.3 && v->s->reseeks >= 0.05;
}

static bool skip_longer(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = family(v, v->s->busiest)->id;
	double now = now_of(v, "max_sequential_skip_in_iterations", cf);

	if (now >= 64 || !add(v, p, "max_sequential_skip_in_iterations", cf, fmin(64, 4 * fmax(now, 1))))
		return false;
	SAY("Iterators give up stepping and seek again %s times a step, after %s old versions of a key; a new seek costs more than some "
	    "dozens of "
	    "steps, so they may step over %s.",
	    lode_text_num(v->s->reseeks, 2).s, lode_text_num(now, 3).s, lode_text_num(added(p, 0), 3).s);
	return true;
}

/* ---- stalls ---- */

static bool stalled(const struct lode_view *v)
{
	const struct lode_signs *s = v->s;

	return s->stall_share >= STALLED || s->stopped_share >= STALLED || s->delayed_share >= 2 * STALLED;
}

static bool idle_cores(const struct lode_view *v)
{
	return v->s->cpu_share < 1 - 0.25;
}

static bool memtables_stall(const struct lode_view *v)
{
	const struct lode_cf_sample *c = family(v, v->s->immutable);
	double most = fmax((double)v->q->window->immutable, (double)c->immutable);

	return stalled(v) && most >= fmax(1, now_of(v, "max_write_buffer_number", c->id) - 1);
}

static bool more_memtables(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = family(v, v->s->immutable)->id;
	double now = now_of(v, "max_write_buffer_number", cf);

	if (now >= 6 || !add(v, p, "max_write_buffer_number", cf, fmin(6, now + 2)))
		return false;
	SAY("Writers are stalled %s of the time with %s memtables waiting for their flush, of %s that may exist; %s memtables of %s absorb "
	    "longer "
	    "bursts.",
	    lode_text_percent(v->s->stall_share).s, lode_text_num((double)v->q->window->immutable, 2).s, lode_text_num(now, 3).s,
	    lode_text_num(added(p, 0), 3).s, lode_text_bytes(now_of(v, "write_buffer_size", cf)).s);
	return true;
}

static bool larger_memtables(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = family(v, v->s->immutable)->id;
	double now = now_of(v, "write_buffer_size", cf);

	if (!add(v, p, "write_buffer_size", cf, 2 * now))
		return false;
	SAY("Writers are stalled %s of the time because memtables fill faster than they are flushed, at %s a second; memtables of %s "
	    "instead of %s "
	    "make fewer and longer flushes.",
	    lode_text_percent(v->s->stall_share).s, lode_text_bytes(v->s->ingest).s, lode_text_bytes(added(p, 0)).s,
	    lode_text_bytes(now).s);
	return true;
}

static bool l0_stalls(const struct lode_view *v)
{
	const struct lode_cf_sample *c = family(v, v->s->l0);
	double most = fmax((double)v->q->window->l0_files, (double)c->files[0]);

	return stalled(v) && most >= 0.8 * now_of(v, "level0_slowdown_writes_trigger", c->id);
}

static bool work_piles_up(const struct lode_view *v)
{
	double soft = now_of(v, "soft_pending_compaction_bytes_limit", family(v, v->s->l0)->id);

	/* Growing by more than a tenth of what the application writes, or near the line where writers are slowed. */
	return v->s->write_share >= 0.1 &&
	       ((v->s->debt_rate > 0.1 * v->s->ingest && v->s->debt_rate > 1e5) || (soft > 0 && v->s->debt > 0.5 * soft));
}

static bool l0_stalls_idle(const struct lode_view *v)
{
	return l0_stalls(v) && idle_cores(v);
}

static bool piles_up_idle(const struct lode_view *v)
{
	return work_piles_up(v) && idle_cores(v);
}

static bool more_jobs(const struct lode_view *v, struct lode_proposal *p)
{
	double cores = v->q->now.machine->cores, jobs = now_of(v, "max_background_jobs", 0), sub = now_of(v, "max_subcompactions", 0);
	bool more = jobs < cores && add(v, p, "max_background_jobs", 0, fmin(cores, fmax(2 * jobs, 4)));

	/* One compaction out of L0 at a time is all that RocksDB runs: it gets faster by being cut in pieces. */
	bool pieces = sub < cores / 2 && add(v, p, "max_subcompactions", 0, floor(fmin(cores / 2, 2 * fmax(sub, 1))));
	if (!more && !pieces)
		return false;
	SAY("%s of compaction work are pending and change by %s a second, with %s L0 files, while only %s of %s cores are busy; background "
	    "jobs go from "
	    "%s to %s, pieces of one compaction from %s to %s.",
	    lode_text_bytes(v->s->debt).s, lode_text_bytes(v->s->debt_rate).s, lode_text_num((double)v->q->window->l0_files, 3).s,
	    lode_text_percent(v->s->cpu_share).s, lode_text_num(cores, 2).s, lode_text_num(jobs, 3).s,
	    lode_text_num(more ? added(p, 0) : jobs, 3).s, lode_text_num(sub, 3).s, lode_text_num(pieces ? added(p, p->n - 1) : sub, 3).s);
	return true;
}

/* Stop first, then slowdown, then the trigger: each stays in the range that the present values of the others allow. */
static bool raise_l0(const struct lode_view *v, struct lode_proposal *p, double factor, bool trigger_too)
{
	uint32_t cf = family(v, v->s->l0)->id;
	static const char *const id[] = {"level0_stop_writes_trigger", "level0_slowdown_writes_trigger",
					 "level0_file_num_compaction_trigger"};

	for (int i = 0; i < (trigger_too ? 3 : 2); i++)
		add(v, p, id[i], cf, ceil(now_of(v, id[i], cf) * factor));
	return p->n > 0;
}

static bool later_l0_stall(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = family(v, v->s->l0)->id;
	double slow = now_of(v, "level0_slowdown_writes_trigger", cf), stop = now_of(v, "level0_stop_writes_trigger", cf);

	if (!raise_l0(v, p, 1.6, v->s->read_share < 0.3))
		return false;
	SAY("Writers are slowed or stalled %s of the time by L0: up to %s files, against limits of %s and %s. The limits, and the trigger "
	    "where reads are "
	    "few, go up by a little more than half, so that compactions out of L0 are larger and bursts are absorbed.",
	    lode_text_percent(fmax(v->s->stall_share, v->s->delayed_share)).s, lode_text_num((double)v->q->window->l0_files, 3).s,
	    lode_text_num(slow, 3).s, lode_text_num(stop, 3).s);
	return true;
}

static bool delayed_without_debt(const struct lode_view *v)
{
	return v->s->delayed_share >= 0.2 && v->s->debt_rate <= 0 && !work_piles_up(v);
}

static bool faster_delay(const struct lode_view *v, struct lode_proposal *p)
{
	double now = now_of(v, "delayed_write_rate", 0);

	if (!(now > 0) || !add(v, p, "delayed_write_rate", 0, 2 * now))
		return false;
	SAY("Writers are delayed %s of the time although the pending compaction work shrinks by %s a second; a delayed writer may write %s "
	    "a second "
	    "instead of %s.",
	    lode_text_percent(v->s->delayed_share).s, lode_text_bytes(-v->s->debt_rate).s, lode_text_bytes(added(p, 0)).s,
	    lode_text_bytes(now).s);
	return true;
}

/* ---- writes ---- */

static bool flushes_small(const struct lode_view *v)
{
	/* More than one flush in fifteen seconds, from a load that is mostly writes; and what is flushed is merged again and again, or writers wait for it.
	 * Without either, larger memtables only make inserts slower. */
	return v->s->write_share >= 0.5 && v->s->flush_rate >= 1 / 15.0 && (v->s->write_amp >= 4 || v->s->stall_share >= 0.01);
}

/* By twice: more is a leap, and inserts into a larger memtable are slower. */
static bool larger_flushes(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = family(v, v->s->busiest)->id;
	double now = now_of(v, "write_buffer_size", cf);

	if (!add(v, p, "write_buffer_size", cf, 2 * now))
		return false;
	SAY("Writes take %s of the %s and bring %s a second: a flush every %s s makes L0 files of %s. Memtables of %s instead of %s make "
	    "fewer and "
	    "larger files for compactions to merge (write amplification %s now).",
	    lode_text_percent(v->s->write_share).s, whole(v), lode_text_bytes(v->s->ingest).s, lode_text_num(1 / v->s->flush_rate, 2).s,
	    lode_text_bytes(v->s->flush_bytes).s, lode_text_bytes(added(p, 0)).s, lode_text_bytes(now).s,
	    lode_text_num(v->s->write_amp, 2).s);
	return true;
}

static bool compaction_steals_cpu(const struct lode_view *v)
{
	const struct lode_cf_sample *c = family(v, v->s->l0);

	return v->s->write_share >= 0.7 && v->s->cpu_share >= CPU_BUSY && v->s->write_amp >= 2 && !stalled(v) &&
	       (double)v->q->window->l0_files < 0.5 * now_of(v, "level0_slowdown_writes_trigger", c->id);
}

static bool lazier_l0(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = family(v, v->s->l0)->id;
	double now = now_of(v, "level0_file_num_compaction_trigger", cf), slow = now_of(v, "level0_slowdown_writes_trigger", cf);

	if (!add(v, p, "level0_file_num_compaction_trigger", cf, fmin(2 * now, slow / 2)))
		return false;
	SAY("Writes take %s of the %s and %s of the cores are busy, partly with compactions (write amplification %s). L0 holds %s files "
	    "of the %s at which "
	    "writers are slowed, so compactions out of L0 start at %s files instead of %s.",
	    lode_text_percent(v->s->write_share).s, whole(v), lode_text_percent(v->s->cpu_share).s, lode_text_num(v->s->write_amp, 2).s,
	    lode_text_num((double)v->q->window->l0_files, 3).s, lode_text_num(slow, 3).s, lode_text_num(added(p, 0), 3).s,
	    lode_text_num(now, 3).s);
	return true;
}

static bool compression_costs(const struct lode_view *v)
{
	double live = v->s->sst_bytes;

	return v->s->write_share >= 0.7 && v->s->cpu_share >= CPU_BUSY && v->s->write_amp >= 3 &&
	       (double)v->q->now.machine->disk_free > 4 * live;
}

/* Acts only as data is rewritten: the guard lets it pass where that can be judged, in the offline loop. */
static bool cheaper_compression(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = family(v, v->s->busiest)->id;
	int t = lode_tunable_find("compression");
	const struct lode_value *now = t < 0 ? NULL : lode_state_value(v->q->now.state, t, cf);
	int lz4 = -1;
	int64_t lo, hi;

	if (!now || !now->numeric || !lode_guard_range(&v->q->now, t, cf, &lo, &hi))
		return false;
	const char *const *words = lode_tunables[t].words;
	for (int i = 0; words && words[i]; i++)
		if (!strcmp(words[i], "kLZ4Compression"))
			lz4 = i;
	if (lz4 < lo || lz4 > hi || now->value == lz4 || !strcmp(words[now->value], "kNoCompression"))
		return false;
	p->change[p->n++] = (struct lode_change){.tunable = t, .cf = cf, .value = lz4};
	SAY("%s of the cores are busy, every byte written is compressed again %s times, and %s of disk are free against %s of data: "
	    "kLZ4Compression "
	    "costs less CPU than %s.",
	    lode_text_percent(v->s->cpu_share).s, lode_text_num(v->s->write_amp, 2).s,
	    lode_text_bytes((double)v->q->now.machine->disk_free).s, lode_text_bytes(v->s->sst_bytes).s, words[now->value]);
	return true;
}

static bool rewrites_much(const struct lode_view *v)
{
	/* Bytes are what this is about, whatever time they take. */
	return v->s->write_amp >= 2 && v->s->flush_rate > 0 && !stalled(v);
}

/* What a rule brings nearer. Nothing that makes RocksDB write more stands under write_amp or cost, nothing that readers pay for under latency. */
#define SPEED_ (1u << LODE_BALANCED | 1u << LODE_THROUGHPUT)
#define LATENCY_ (1u << LODE_LATENCY)
#define WRITE_AMP_ (1u << LODE_WRITE_AMP)
#define COST_ (1u << LODE_COST)

const struct lode_expert_rule lode_expert_rules[] = {
    {"cache-misses", misses_dominate, grow_cache, 0.8, SPEED_ | LATENCY_ | COST_,
     "reads dominate and miss a full block cache: grow it towards the data, once and far"},
    {"memtable-stall-number", memtables_stall, more_memtables, 0.5, SPEED_ | LATENCY_, "writers wait for flushes: allow more memtables"},
    {"memtable-stall-size", memtables_stall, larger_memtables, 0.4, SPEED_ | LATENCY_ | WRITE_AMP_, "writers still wait for flushes: larger memtables"},
    {"l0-stall-jobs", l0_stalls_idle, more_jobs, 0.6, SPEED_ | LATENCY_, "writers are slowed by L0 while cores are idle: more background work at once"},
    {"l0-stall-limits", l0_stalls, later_l0_stall, 0.5, SPEED_ | LATENCY_ | WRITE_AMP_, "writers are slowed by L0: raise its trigger and limits together"},
    {"cache-misses-some", misses_matter, grow_cache, 0.6, SPEED_ | LATENCY_ | COST_, "reads are a smaller part of the work and miss a full block cache: grow it"},
    {"debt-jobs", piles_up_idle, more_jobs, 0.5, SPEED_ | LATENCY_, "compaction debt grows while cores are idle: more background work at once"},
    {"small-flushes", flushes_small, larger_flushes, 0.5, SPEED_ | LATENCY_ | WRITE_AMP_ | COST_,
     "writes dominate and flushes are small and frequent: larger memtables"},
    {"rewrites", rewrites_much, larger_flushes, 0.5, WRITE_AMP_, "every byte is written to disk again and again: larger memtables"},
    {"compaction-cpu", compaction_steals_cpu, lazier_l0, 0.4, SPEED_ | WRITE_AMP_ | COST_, "compactions take the cores from the writers: start them later"},
    {"delayed-rate", delayed_without_debt, faster_delay, 0.4, SPEED_ | LATENCY_, "writers are delayed although debt shrinks: delay them less"},
    {"l0-reads", reads_pay_for_l0, tidier_l0, 0.3, SPEED_ | LATENCY_, "reads dominate and look into many L0 files: compact them earlier"},
    {"scan-reseeks", scans_reseek, skip_longer, 0.4, SPEED_ | LATENCY_ | COST_, "iterators seek again and again over old versions: let them step further"},
    {"compression-cpu", compression_costs, cheaper_compression, 0.4, SPEED_ | COST_, "compression costs more CPU than the disk it saves: a cheaper one"},
};
const size_t lode_expert_rule_count = sizeof lode_expert_rules / sizeof lode_expert_rules[0];
