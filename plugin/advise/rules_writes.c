/* The rules about stalls and writes: what each sees in the numbers, and the change that it would make. The table is in rules.c. */
#include "advise/rules.h"
#include "advise/text.h"
#include "base/fmt.h"

#include <string.h>

#define MEMTABLES_MOST 6     /* of a family: more hold up recovery, and reads look into each */
#define FLUSH_JOBS 4	     /* background jobs for one flush at a time: RocksDB gives flushes a quarter */
#define PILES_UP 0.1	     /* of what the application writes */
#define FREE_DISK 4	     /* times the data: for debt that waits longer, or data that is compressed less */
#define FLUSHES_OFTEN (1 / 15.0)
#define READAHEAD (2.0 * 1024 * 1024)
#define SYNC_BYTES (1024.0 * 1024)
#define SYNC_LARGE (8.0 * 1024 * 1024)

#define PCT(x) lode_text_percent(x).s
#define NUM(x) lode_text_num(x, 3).s
#define BYTES(x) lode_text_bytes(x).s

bool lode_rule_cores_idle(const struct lode_view *v)
{
	return lode_rule_idle(v);
}

/* ---- memtables ---- */

double lode_rule_more_memtables(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->immutable)->id;
	double now = lode_rule_now(v, "max_write_buffer_number", cf);

	if (now >= MEMTABLES_MOST || !lode_rule_add(v, p, "max_write_buffer_number", cf, fmin(MEMTABLES_MOST, now + 2), MEMTABLES_MOST))
		return 0;
	LODE_RULE_SAY("Writers are stalled %s of the time with %s memtables waiting for their flush, of %s that may exist; %s memtables of %s absorb longer bursts.",
		      PCT(v->s->stall_share), lode_text_num((double)v->q->window->immutable, 2).s, NUM(now), NUM((double)p->change[0].value),
		      BYTES(lode_rule_now(v, "write_buffer_size", cf)));
	return 1;
}

double lode_rule_larger_memtables(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->immutable)->id;
	double now = lode_rule_now(v, "write_buffer_size", cf);

	if (!lode_rule_add(v, p, "write_buffer_size", cf, 2 * now, INFINITY))
		return 0;
	LODE_RULE_SAY("Writers are stalled %s of the time because memtables fill faster than they are flushed, at %s a second; memtables of %s instead of %s make fewer and longer "
		      "flushes.",
		      PCT(v->s->stall_share), BYTES(v->s->ingest), BYTES((double)p->change[0].value), BYTES(now));
	return 1;
}

static double waiting_families(const struct lode_view *v)
{
	double n = 0;

	for (size_t i = 0; i < v->q->now.sample->ncf; i++)
		n += lode_rule_family(v, i)->immutable > 0;
	return n;
}

bool lode_rule_memtables_of_several(const struct lode_view *v)
{
	return lode_rule_idle(v) && waiting_families(v) > fmax(1, floor(lode_rule_now(v, "max_background_jobs", 0) / FLUSH_JOBS));
}

double lode_rule_jobs_for_flushes(const struct lode_view *v, struct lode_proposal *p)
{
	double now = lode_rule_now(v, "max_background_jobs", 0), wanted = FLUSH_JOBS * fmin(waiting_families(v), fmax(2, v->q->now.machine->cores / 2));

	if (wanted <= now || !lode_rule_add(v, p, "max_background_jobs", 0, wanted, wanted))
		return 0;
	LODE_RULE_SAY("Memtables of %s families wait for their flush while only %s of %s cores are busy. A quarter of the background jobs are for flushes: %s jobs instead of %s flush "
		      "several families side by side.",
		      NUM(waiting_families(v)), PCT(v->s->cpu_share), lode_text_num(v->q->now.machine->cores, 2).s, NUM((double)p->change[0].value), NUM(now));
	return 1;
}

/* ---- level 0 and debt ---- */

bool lode_rule_stalled_in_l0(const struct lode_view *v)
{
	return lode_rule_stalled(v);
}

static bool work_piles_up(const struct lode_view *v)
{
	double soft = lode_rule_now(v, "soft_pending_compaction_bytes_limit", lode_rule_family(v, v->s->l0)->id);

	/* Growing by more than a tenth of what the application writes, or near the line where writers are slowed. */
	return v->s->write_share >= 0.1 && ((v->s->debt_rate > PILES_UP * v->s->ingest && v->s->debt_rate > 1e5) || (soft > 0 && v->s->debt > 0.5 * soft));
}

bool lode_rule_work_piles_up_idle(const struct lode_view *v)
{
	return work_piles_up(v) && lode_rule_idle(v);
}

double lode_rule_more_jobs(const struct lode_view *v, struct lode_proposal *p)
{
	double cores = v->q->now.machine->cores, jobs = lode_rule_now(v, "max_background_jobs", 0), sub = lode_rule_now(v, "max_subcompactions", 0);
	bool more = jobs < cores && lode_rule_add(v, p, "max_background_jobs", 0, fmin(cores, fmax(2 * jobs, 4)), cores);

	/* One compaction out of L0 at a time is all that RocksDB runs: it gets faster by being cut in pieces. */
	bool pieces = sub > 0 && sub < cores / 2 && lode_rule_add(v, p, "max_subcompactions", 0, floor(fmin(cores / 2, 2 * sub)), floor(cores / 2));
	if (!more && !pieces)
		return 0;
	LODE_RULE_SAY("%s of compaction work are pending and change by %s a second, with %s L0 files, while only %s of %s cores are busy; background jobs go from %s to %s, pieces of "
		      "one compaction from %s to %s.",
		      BYTES(v->s->debt), BYTES(v->s->debt_rate), NUM((double)v->q->window->l0_files), PCT(v->s->cpu_share), lode_text_num(cores, 2).s, NUM(jobs),
		      NUM(lode_rule_new(v, p, "max_background_jobs", 0)), NUM(sub), NUM(lode_rule_new(v, p, "max_subcompactions", 0)));
	return 1;
}

/* Stop first, then slowdown, then the trigger where reads are few: each stays in the range that the present values of the others allow. */
double lode_rule_later_l0_stall(const struct lode_view *v, struct lode_proposal *p)
{
	static const char *const id[] = {"level0_stop_writes_trigger", "level0_slowdown_writes_trigger", "level0_file_num_compaction_trigger"};
	uint32_t cf = lode_rule_family(v, v->s->l0)->id;

	for (int i = 0; i < (v->s->read_share < 0.3 ? 3 : 2); i++)
		lode_rule_add(v, p, id[i], cf, ceil(lode_rule_now(v, id[i], cf) * 1.6), INFINITY);
	if (!p->n)
		return 0;
	LODE_RULE_SAY("Writers are slowed or stalled %s of the time by L0: up to %s files, against limits of %s and %s. The limits, and the trigger where reads are few, go up by a "
		      "little more than half, so that compactions out of L0 are larger and bursts are absorbed.",
		      PCT(fmax(v->s->stall_share, v->s->delayed_share)), NUM((double)v->q->window->l0_files), NUM(lode_rule_now(v, id[1], cf)), NUM(lode_rule_now(v, id[0], cf)));
	return 1;
}

bool lode_rule_slow_seeks(const struct lode_view *v)
{
	enum lode_disk d = v->q->now.machine->disk;

	return (d == LODE_DISK_HDD || d == LODE_DISK_NETWORK) && v->q->window->ticker[LODE_T_COMPACT_READ_BYTES] > 0;
}

double lode_rule_read_ahead(const struct lode_view *v, struct lode_proposal *p)
{
	double now = lode_rule_now(v, "compaction_readahead_size", 0);

	if (now >= READAHEAD || !lode_rule_add(v, p, "compaction_readahead_size", 0, READAHEAD, READAHEAD))
		return 0;
	LODE_RULE_SAY("%s of compaction work are pending on a disk (%s) where each read costs a seek or a round trip; compactions read %s ahead instead of %s.", BYTES(v->s->debt),
		      lode_disk_name(v->q->now.machine->disk), BYTES((double)p->change[0].value), BYTES(now));
	return 1;
}

/* The limit protects from debt without end; where debt does not grow, it is only a toll. */
bool lode_rule_debt_at_limit(const struct lode_view *v)
{
	return lode_rule_stalled(v) && v->s->debt_rate <= PILES_UP * v->s->ingest && (double)v->q->now.machine->disk_free > FREE_DISK * v->s->sst_bytes;
}

double lode_rule_later_debt_stall(const struct lode_view *v, struct lode_proposal *p)
{
	static const char *const id[] = {"hard_pending_compaction_bytes_limit", "soft_pending_compaction_bytes_limit"};
	uint32_t cf = lode_rule_family(v, v->s->l0)->id;
	double soft = lode_rule_now(v, id[1], cf);

	for (int i = 0; i < 2; i++)
		if (lode_rule_now(v, id[i], cf) > 0)
			lode_rule_add(v, p, id[i], cf, 1.5 * lode_rule_now(v, id[i], cf), INFINITY);
	if (!p->n || lode_rule_new(v, p, id[1], cf) == soft) /* the hard limit alone relieves nobody who is slowed */
		return 0;
	LODE_RULE_SAY("Writers are held back %s of the time for %s of pending compaction work, which changes by %s a second: it does not grow. The soft limit goes from %s to %s, the "
		      "hard one with it.",
		      PCT(fmax(v->s->stall_share, v->s->delayed_share)), BYTES(v->s->debt), BYTES(v->s->debt_rate), BYTES(soft), BYTES(lode_rule_new(v, p, id[1], cf)));
	return 1;
}

bool lode_rule_delayed_without_need(const struct lode_view *v)
{
	return v->s->delayed_share >= 0.2 && v->s->debt_rate <= 0 && !work_piles_up(v);
}

double lode_rule_faster_delay(const struct lode_view *v, struct lode_proposal *p)
{
	double now = lode_rule_now(v, "delayed_write_rate", 0);

	if (!(now > 0) || !lode_rule_add(v, p, "delayed_write_rate", 0, 2 * now, INFINITY))
		return 0;
	LODE_RULE_SAY("Writers are delayed %s of the time although the pending compaction work shrinks by %s a second; a delayed writer may write %s a second instead of %s.",
		      PCT(v->s->delayed_share), BYTES(-v->s->debt_rate), BYTES((double)p->change[0].value), BYTES(now));
	return 1;
}

/* ---- flushes, compactions, compression ---- */

/* More than one flush in fifteen seconds, from a load that is mostly writes; and what is flushed is merged again and again, or writers wait for it. Without
 * either, larger memtables only make inserts slower. */
bool lode_rule_flushes_small(const struct lode_view *v)
{
	return v->s->write_share >= 0.5 && v->s->flush_rate >= FLUSHES_OFTEN && (v->s->write_amp >= 4 || v->s->stall_share >= 0.01);
}

bool lode_rule_flushes_at_all(const struct lode_view *v)
{
	return v->s->write_amp >= 2 && v->s->flush_rate > 0 && !lode_rule_stalled(v);
}

/* By twice: more is a leap, and inserts into a larger memtable are slower. */
double lode_rule_larger_flushes(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->busiest)->id;
	double now = lode_rule_now(v, "write_buffer_size", cf);

	if (!lode_rule_add(v, p, "write_buffer_size", cf, 2 * now, INFINITY))
		return 0;
	LODE_RULE_SAY("Writes take %s of the %s and bring %s a second: a flush every %s s makes L0 files of %s. Memtables of %s instead of %s make fewer and larger files for "
		      "compactions to merge (write amplification %s now).",
		      PCT(v->s->write_share), lode_rule_whole(v), BYTES(v->s->ingest), lode_text_num(1 / v->s->flush_rate, 2).s, BYTES(v->s->flush_bytes),
		      BYTES((double)p->change[0].value), BYTES(now), lode_text_num(v->s->write_amp, 2).s);
	return 1;
}

static bool about_bytes(const struct lode_view *v)
{
	return v->q->objective && v->q->objective->kind == LODE_WRITE_AMP;
}

bool lode_rule_l0_has_room(const struct lode_view *v)
{
	const struct lode_cf_sample *c = lode_rule_family(v, v->s->l0);

	return (v->s->write_share >= 0.7 || about_bytes(v)) && v->s->write_amp >= 2 && v->s->flush_rate > 0 && !lode_rule_stalled(v) &&
	       (double)v->q->window->l0_files < 0.5 * lode_rule_now(v, "level0_slowdown_writes_trigger", c->id);
}

double lode_rule_lazier_l0(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->l0)->id;
	double now = lode_rule_now(v, "level0_file_num_compaction_trigger", cf), slow = lode_rule_now(v, "level0_slowdown_writes_trigger", cf);

	/* Half of the way to the slowdown stays free for bursts. */
	double wanted = fmin(2 * now, floor(slow / 2));

	if (wanted <= now || !lode_rule_add(v, p, "level0_file_num_compaction_trigger", cf, wanted, floor(slow / 2)))
		return 0;
	LODE_RULE_SAY("Writes take %s of the %s and %s of the cores are busy, partly with compactions (write amplification %s). L0 holds %s files of the %s at which writers are slowed, "
		      "so compactions out of L0 start at %s files instead of %s.",
		      PCT(v->s->write_share), lode_rule_whole(v), PCT(v->s->cpu_share), lode_text_num(v->s->write_amp, 2).s, NUM((double)v->q->window->l0_files), NUM(slow),
		      NUM((double)p->change[0].value), NUM(now));
	return 1;
}

/* What one compaction out of L0 takes: the files of its trigger. All of level 1 is rewritten with it, so a smaller level 1 is rewritten for less than it could take. */
static double l0_bytes(const struct lode_view *v, uint32_t cf)
{
	return lode_rule_now(v, "level0_file_num_compaction_trigger", cf) * fmin(v->s->flush_bytes, lode_rule_now(v, "write_buffer_size", cf));
}

bool lode_rule_level_1_small(const struct lode_view *v)
{
	uint32_t cf = lode_rule_family(v, v->s->l0)->id;

	return v->s->write_share >= 0.5 && v->s->write_amp >= 2 && lode_rule_now(v, "max_bytes_for_level_base", cf) < 0.5 * l0_bytes(v, cf);
}

double lode_rule_larger_level_1(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->l0)->id;
	double now = lode_rule_now(v, "max_bytes_for_level_base", cf), wanted = l0_bytes(v, cf);

	if (!lode_rule_add(v, p, "max_bytes_for_level_base", cf, wanted, wanted))
		return 0;
	LODE_RULE_SAY("One compaction out of L0 brings about %s into a level 1 of %s, and what does not fit is moved on at once: %s rewritten bytes for each that the application "
		      "writes. Level 1 becomes as large as what arrives: %s.",
		      BYTES(wanted), BYTES(now), lode_text_num(v->s->write_amp, 2).s, BYTES((double)p->change[0].value));
	return 1;
}

bool lode_rule_compression_heavy(const struct lode_view *v)
{
	return v->s->write_share >= 0.7 && v->s->write_amp >= 3 && (double)v->q->now.machine->disk_free > FREE_DISK * v->s->sst_bytes;
}

/* Acts only as data is rewritten: the guard lets it pass where that can be judged, in the offline loop. */
double lode_rule_cheaper_compression(const struct lode_view *v, struct lode_proposal *p)
{
	uint32_t cf = lode_rule_family(v, v->s->busiest)->id;
	int t = lode_tunable_find("compression");
	const struct lode_value *now = t < 0 ? NULL : lode_state_value(v->q->now.state, t, cf);
	const char *const *words = t < 0 ? NULL : lode_tunables[t].words;
	int64_t lo, hi, lz4 = -1;

	if (v->reach < 0 || !now || !now->numeric || !words || !lode_guard_range(&v->q->now, t, cf, &lo, &hi))
		return 0;
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], "kLZ4Compression"))
			lz4 = i;
	if (lz4 < lo || lz4 > hi || now->value < lo || now->value > hi || now->value == lz4 || !strcmp(words[now->value], "kNoCompression"))
		return 0;
	p->change[p->n++] = (struct lode_change){.tunable = t, .cf = cf, .value = lz4};
	LODE_RULE_SAY("%s of the cores are busy, every byte written is compressed again %s times, and %s of disk are free against %s of data: kLZ4Compression costs less CPU than %s.",
		      PCT(v->s->cpu_share), lode_text_num(v->s->write_amp, 2).s, BYTES((double)v->q->now.machine->disk_free), BYTES(v->s->sst_bytes), words[now->value]);
	return 1;
}

/* ---- syncs ---- */

bool lode_rule_sync_unbounded(const struct lode_view *v)
{
	return lode_rule_now(v, "bytes_per_sync", 0) > SYNC_LARGE;
}

double lode_rule_bounded_sync(const struct lode_view *v, struct lode_proposal *p)
{
	double now = lode_rule_now(v, "bytes_per_sync", 0);

	if (!lode_rule_add(v, p, "bytes_per_sync", 0, SYNC_BYTES, SYNC_BYTES))
		return 0;
	LODE_RULE_SAY("A sync of the log takes %s us while flushes and compactions write a multiple of what goes into the log, which is written out only at %s a file: the disk "
		      "gets it in bursts, and the log waits behind them. It is written out every %s.",
		      lode_text_num((double)v->q->window->hist_sum[LODE_H_WAL_SYNC] / fmax(1, (double)v->q->window->hist_count[LODE_H_WAL_SYNC]), 2).s, BYTES(now),
		      BYTES((double)p->change[0].value));
	return 1;
}
