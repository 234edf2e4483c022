/* The physics of the simulated LSM, in steps of at most 50 ms.
 *
 * Clients: `threads` closed loops that do the mix, or a fixed rate of operations, of which those that do not come through are lost; an operation costs what its kind costs now, so throughput = threads / mean cost. Costs rise
 * with cache misses, with the sorted runs a read must look through, and when background jobs take the cores. AR(1) noise on everything.
 * Calibrated on db_bench, 10 million keys, 2 threads, 2 cores, a block cache of 8 MB against 1 GiB: readrandom 142 and 279 kops/s, seekrandom
 * 101 and 179, readrandomwriterandom 117 and 191.
 * Cache: hit rate = (cached share of the data)^skew; filled by misses, emptied by compactions (old files' blocks die) and by shrinking.
 * Writes: memtable -> immutable memtables -> flush (max(1, jobs/4) slots) -> L0 -> compactions (the rest of the slots; one only, unless L0 or
 * debt is high) -> L1.. with static level targets. L0 jobs take all of L0 and L1, deeper jobs one file and what it overlaps.
 * Stalls as RocksDB has them: stop on memtables, L0, hard limit; delay on L0, soft limit, memtables, with its rate controller (x0.8, x1.25,
 * x0.6 near a stop), which every recalculation moves, also that of an unrelated SetOptions.
 * Left out: dynamic levels, universal and FIFO, subcompactions, compression, Bloom filters, index and filter blocks, disk limits, WAL syncs,
 * trivial moves, overwrites inside a memtable. Two sizes of the same key meet only in the last level, whose size is what is alive. */
#include "lsm_private.h"

#include <math.h>
#include <string.h>

#define COMPRESS 0.5    /* bytes on disk per byte of user data */
#define KEY_BYTES 24.0  /* key, sequence number, length prefixes */
#define BLOCK 4096.0
#define MEM_OVERHEAD 1.2
#define RATE_FLOOR 16384.0
#define JOB_CPU 0.8     /* cores that a running job takes */

static double opt(const struct lsm_tree *t, enum lsm_option o)
{
	return lsm_opt(&t->opt, o);
}

double lsm_model_limit(int bucket)
{
	double exact = 2, shown = bucket + 1;

	for (int i = 1; i < bucket; i++) {
		double power = 1;

		exact *= 1.5;
		for (shown = floor(exact); floor(shown / 10) > 10; power *= 10)
			shown = floor(shown / 10);
		shown *= power;
	}
	return shown;
}

static double entry_bytes(const struct lode_lsm *s)
{
	return s->c.mix.value_bytes + KEY_BYTES;
}

static double live_bytes(const struct lode_lsm *s) /* of one family, on disk */
{
	return s->keys_live * entry_bytes(s) * COMPRESS / s->c.ncf;
}

static double target(const struct lsm_tree *t, int level)
{
	return opt(t, LSM_LEVEL_BASE) * pow(fmax(1, opt(t, LSM_MULTIPLIER)), level - 1);
}

static int last_level(const struct lsm_tree *t)
{
	int last = 1;

	for (int l = 1; l < LSM_LEVELS; l++)
		if (t->bytes[l] > 0)
			last = l;
	return last;
}

void lsm_model_init(struct lode_lsm *s)
{
	s->keys_live = s->c.keys * s->c.filled;
	for (unsigned i = 0; i < s->c.ncf; i++) {
		struct lsm_tree *t = &s->cf[i];
		double rest = live_bytes(s);

		for (int l = 1; l < LSM_LEVELS && rest > 0; l++) { /* full levels, and the rest in the last */
			t->bytes[l] = l == LSM_LEVELS - 1 ? rest : fmin(rest, target(t, l));
			rest -= t->bytes[l];
		}
	}
}

/* What still has to be moved until every level has its size, as RocksDB estimates it. */
static double estimate_debt(const struct lsm_tree *t)
{
	double debt = 0, carried = 0;

	if (t->l0_files >= opt(t, LSM_L0_TRIGGER) || t->bytes[0] >= opt(t, LSM_LEVEL_BASE)) {
		carried = t->bytes[0];
		debt = carried + t->bytes[1];
	}
	for (int l = 1; l < LSM_LEVELS - 1; l++) {
		double size = t->bytes[l] + carried;

		carried = fmax(0, size - target(t, l));
		if (carried > 0 && t->bytes[l + 1] > 0)
			debt += carried * (t->bytes[l + 1] / size + 1);
	}
	return debt;
}

enum pressure { PRESSURE_NONE, PRESSURE_DELAY, PRESSURE_STOP };

static enum pressure pressure_of(const struct lsm_tree *t, bool *near_stop)
{
	double number = opt(t, LSM_MWBN), soft = opt(t, LSM_SOFT), hard = opt(t, LSM_HARD);
	bool automatic = !opt(t, LSM_NO_AUTO);

	if (t->imm >= number || (automatic && (t->l0_files >= opt(t, LSM_L0_STOP) || (hard > 0 && t->debt >= hard))))
		return PRESSURE_STOP;
	if (!automatic)
		return number > 3 && t->imm >= number - 1 ? PRESSURE_DELAY : PRESSURE_NONE;
	*near_stop |= t->l0_files >= opt(t, LSM_L0_STOP) - 2 || (hard > soft && t->debt - soft > 0.75 * (hard - soft));
	if ((number > 3 && t->imm >= number - 1) || t->l0_files >= opt(t, LSM_L0_SLOW) || (soft > 0 && t->debt >= soft))
		return PRESSURE_DELAY;
	return PRESSURE_NONE;
}

void lsm_model_recalculate(struct lode_lsm *s)
{
	enum pressure worst = PRESSURE_NONE;
	bool near_stop = false, rising = false;
	double ceiling = fmax(1, lsm_opt(&s->db, LSM_DELAYED_RATE));

	for (unsigned i = 0; i < s->c.ncf; i++) {
		struct lsm_tree *t = &s->cf[i];

		t->debt = opt(t, LSM_NO_AUTO) ? 0 : estimate_debt(t);
		enum pressure p = pressure_of(t, &near_stop);
		if (p > worst)
			worst = p;
		rising |= t->debt >= t->debt_before;
		t->debt_before = t->debt;
	}
	s->stopped = s->failed || worst == PRESSURE_STOP;
	if (worst == PRESSURE_NONE)
		s->delayed_rate = 0;
	else if (worst == PRESSURE_DELAY && s->delayed_rate == 0)
		s->delayed_rate = ceiling;
	else if (worst == PRESSURE_DELAY)
		s->delayed_rate = fmin(ceiling, fmax(RATE_FLOOR, s->delayed_rate * (near_stop ? 0.6 : rising ? 0.8 : 1.25)));
}

/* A version is installed: with the options as they are shown, or, up to 9.10, with those of the beginning of the job that installs it. */
static void installed(struct lode_lsm *s, struct lsm_tree *t, const double then[LSM_MODELLED_N])
{
	lsm_options_obey(&t->opt, LODE_SEC_CF);
	if (then && (s->c.hazards & LODE_HAZARD_QUIET_REVERT))
		memcpy(t->opt.live, then, sizeof t->opt.live);
	t->installs++;
	lsm_model_recalculate(s);
}

/* Jobs take the options as they are shown when they begin. */
static void snapshot(const struct lsm_tree *t, double then[LSM_MODELLED_N])
{
	struct lsm_values now = t->opt;

	lsm_options_obey(&now, LODE_SEC_CF);
	memcpy(then, now.live, sizeof now.live);
}

static unsigned flush_slots(const struct lode_lsm *s)
{
	return (unsigned)fmax(1, fmin(LSM_SLOTS, floor(lsm_opt(&s->db, LSM_JOBS) / 4)));
}

static unsigned compaction_slots(const struct lode_lsm *s)
{
	double jobs = fmax(1, fmin(LSM_SLOTS, lsm_opt(&s->db, LSM_JOBS) - flush_slots(s)));

	for (unsigned i = 0; i < s->c.ncf; i++) { /* without pressure RocksDB runs one at a time */
		const struct lsm_tree *t = &s->cf[i];
		double trigger = opt(t, LSM_L0_TRIGGER), slow = opt(t, LSM_L0_SLOW);

		if (t->l0_files >= fmin(2 * trigger, trigger + (slow - trigger) / 4) || t->debt >= opt(t, LSM_SOFT) / 4 ||
		    s->delayed_rate > 0)
			return (unsigned)jobs;
	}
	return 1;
}

static void flush(struct lode_lsm *s, double dt, double share)
{
	unsigned slots = flush_slots(s);

	s->flushes_running = 0;
	for (unsigned i = 0; i < s->c.ncf && s->flushes_running < slots; i++) {
		struct lsm_tree *t = &s->cf[i];
		double time = dt * share;

		s->flushes_running += t->imm > 0;
		while (t->imm > 0 && time > 0) {
			double mem = t->imm_bytes / t->imm, file = mem / MEM_OVERHEAD * COMPRESS;

			if (!(t->flush_left_s > 0)) { /* creating and syncing a file takes its time, however small */
				t->flush_left_s = 0.005 + mem / (s->c.flush_mbps * 1e6);
				snapshot(t, t->flush_then);
			}
			double now = fmin(time, t->flush_left_s);
			time -= now;
			t->flush_left_s -= now;
			if (t->flush_left_s > 1e-9)
				break;
			t->flush_left_s = 0;
			t->imm--;
			t->imm_bytes = t->imm ? t->imm_bytes - mem : 0;
			t->l0_files++;
			t->l0_made++;
			t->bytes[0] += file;
			s->ticker[LODE_T_FLUSH_WRITE_BYTES] += file;
			s->ticker[LODE_T_FILE_OPENS]++;
			installed(s, t, t->flush_then);
		}
	}
}

/* Picks the level that needs it most. False: nothing to do. */
static bool pick(struct lode_lsm *s, struct lsm_job *job)
{
	double best = 1;
	struct lsm_tree *t;

	job->level = -1;
	for (unsigned i = 0; i < s->c.ncf; i++) {
		t = &s->cf[i];
		if (opt(t, LSM_NO_AUTO))
			continue;
		for (int l = 0; l < LSM_LEVELS - 1; l++) {
			double trigger = opt(t, LSM_L0_TRIGGER);
			double score = l ? t->bytes[l] / fmax(1, target(t, l)) : trigger >= 0 ? t->l0_files / fmax(1, trigger) : 0;

			if (t->busy[l] || t->busy[l + 1] || score < best || (l ? score <= 1 : t->l0_files < 1))
				continue;
			best = score;
			job->cf = (int)i;
			job->level = l;
		}
	}
	if (job->level < 0)
		return false;
	t = &s->cf[job->cf];
	double next = t->bytes[job->level + 1], from = t->bytes[job->level];
	job->files = job->level ? 0 : t->l0_files;
	job->from = job->level ? fmin(from, fmax(1e6, opt(t, LSM_FILE_SIZE))) : from;
	job->to = job->level ? fmin(next, job->from * next / from) : next;
	job->left = job->from + job->to;
	job->running = true;
	snapshot(t, job->then);
	t->busy[job->level] = t->busy[job->level + 1] = true;
	return true;
}

static void finish(struct lode_lsm *s, struct lsm_job *job)
{
	struct lsm_tree *t = &s->cf[job->cf];
	int to = job->level + 1;
	double out = job->from + job->to, all = 0;

	for (int l = 0; l < LSM_LEVELS; l++)
		all += t->bytes[l];
	t->busy[job->level] = t->busy[to] = false;
	t->bytes[job->level] = fmax(0, t->bytes[job->level] - job->from);
	if (!job->level)
		t->l0_files -= job->files;
	t->bytes[to] += job->from;
	if (to >= last_level(t) && t->bytes[to] > live_bytes(s)) { /* old values of overwritten keys end here */
		out = fmax(0, out - (t->bytes[to] - live_bytes(s)));
		t->bytes[to] = live_bytes(s);
	}
	s->ticker[LODE_T_COMPACT_READ_BYTES] += job->from + job->to;
	s->ticker[LODE_T_COMPACT_WRITE_BYTES] += out;
	s->ticker[LODE_T_FILE_OPENS] += ceil(out / fmax(1e6, opt(t, LSM_FILE_SIZE)));
	s->cached *= all > 0 ? fmax(0, 1 - (job->from + job->to) / all / s->c.ncf) : 1; /* the blocks of deleted files are dead */
	job->running = false;
	installed(s, t, job->then);
}

static void compact(struct lode_lsm *s, double dt, double share)
{
	unsigned slots = compaction_slots(s);

	s->compactions_running = 0;
	for (int i = 0; i < LSM_SLOTS; i++) /* what runs goes on, also when there are fewer slots now */
		s->compactions_running += s->job[i].running;
	for (int i = 0; i < LSM_SLOTS && s->compactions_running < slots; i++)
		if (!s->job[i].running && pick(s, &s->job[i]))
			s->compactions_running++;
	for (int i = 0; i < LSM_SLOTS; i++) {
		struct lsm_job *job = &s->job[i];

		if (!job->running)
			continue;
		job->left -= s->c.compact_mbps * 1e6 * share * dt;
		if (job->left <= 0)
			finish(s, job);
	}
}

/* n times about `mean` microseconds, log-normal with the given sigma. */
static void record(struct lode_lsm *s, int op, double n, double mean, double sigma)
{
	double mu = log(mean) - sigma * sigma / 2, below = 0;
	static const double far = 4;
	int i;

	if (!(n > 0) || !s->info.has_timers)
		return;
	s->hist_sum[op] += n * mean;
	for (i = 0; i < LSM_BUCKETS - 1; i++) {
		double z = (s->log_limit[i] - mu) / sigma;

		if (z < -far)
			continue;
		double upto = z > far ? 1 : 0.5 * erfc(-z / M_SQRT2);
		s->bucket[op][i] += n * (upto - below);
		below = upto;
		if (z > far)
			return;
	}
	s->bucket[op][i] += n * (1 - below);
}

struct costs { /* microseconds of one operation, now */
	double hit[LODE_OP_N], miss[LODE_OP_N]; /* with all its blocks in the cache; what blocks outside of it add */
	double hit_rate, mean, blocks;
};

static struct costs costs_of(const struct lode_lsm *s)
{
	const struct lode_lsm_mix *mix = &s->c.mix;
	double runs = 0, l0 = 0, data = s->keys_live * entry_bytes(s);
	struct costs c = {0};

	for (unsigned i = 0; i < s->c.ncf; i++) {
		l0 += s->cf[i].l0_files / s->c.ncf;
		for (int l = 1; l < LSM_LEVELS; l++)
			runs += (s->cf[i].bytes[l] > 0) * 1.0 / s->c.ncf;
	}
	c.hit_rate = data > 0 ? pow(fmin(1, s->cached / data), mix->skew) : 1;
	c.blocks = 1 + 0.12 * l0 + 0.12 * fmax(0, runs - 1);
	c.hit[LODE_H_GET] = 5.4 + 0.6 * c.blocks;
	c.miss[LODE_H_GET] = 7.2 * c.blocks;
	c.hit[LODE_H_SEEK] = 1.6 * c.hit[LODE_H_GET] + 0.5 * mix->next;
	c.miss[LODE_H_SEEK] = 1.25 * c.miss[LODE_H_GET];
	c.hit[LODE_H_MULTIGET] = 0.8 * c.hit[LODE_H_GET];
	c.miss[LODE_H_MULTIGET] = 0.8 * c.miss[LODE_H_GET];
	c.hit[LODE_H_WRITE] = 10 + 0.01 * mix->value_bytes + 20 * (1 - mix->share[LODE_H_WRITE]); /* amid reads its cache lines are cold */
	for (int i = 0; i < LODE_OP_N; i++)
		c.mean += mix->share[i] * (c.hit[i] + (1 - c.hit_rate) * c.miss[i]);
	return c;
}

/* Bytes that the memtables can still take in this step. */
static double memtable_room(const struct lode_lsm *s)
{
	double least = INFINITY;

	for (unsigned i = 0; i < s->c.ncf; i++) {
		const struct lsm_tree *t = &s->cf[i];
		double room = (opt(t, LSM_MWBN) - t->imm) * fmax(65536, opt(t, LSM_WBS)) - t->mem;
		least = fmin(least, fmax(0, room));
	}
	return least * s->c.ncf / MEM_OVERHEAD;
}

static void switch_memtable(struct lode_lsm *s, struct lsm_tree *t)
{
	t->imm_bytes += t->mem;
	t->mem = 0;
	t->imm++;
	installed(s, t, NULL);
}

static void fill_memtables(struct lode_lsm *s, double bytes)
{
	for (unsigned i = 0; i < s->c.ncf; i++) {
		struct lsm_tree *t = &s->cf[i];
		double size = fmax(65536, opt(t, LSM_WBS));

		if (t->mem > 2 * size) /* its limit was lowered */
			switch_memtable(s, t);
		t->mem += bytes * MEM_OVERHEAD / s->c.ncf;
		while (t->mem >= size - 1) {
			double full = fmin(t->mem, size);
			t->mem -= full;
			t->imm_bytes += full;
			t->imm++;
			installed(s, t, NULL);
			size = fmax(65536, opt(t, LSM_WBS));
		}
	}
}

static void count_reads(struct lode_lsm *s, const struct costs *c, const double n[LODE_OP_N])
{
	const struct lode_lsm_mix *mix = &s->c.mix;
	double *t = s->ticker, keys = n[LODE_H_GET] + n[LODE_H_MULTIGET], found = keys * mix->found;
	double blocks = (keys + 1.25 * n[LODE_H_SEEK]) * c->blocks, missed = blocks * (1 - c->hit_rate);
	double fresh = fmin(0.2, s->cf[0].mem / fmax(1, live_bytes(s) / COMPRESS));

	t[LODE_T_CACHE_HIT] += blocks - missed;
	t[LODE_T_CACHE_DATA_HIT] += blocks - missed;
	t[LODE_T_CACHE_MISS] += missed;
	t[LODE_T_CACHE_DATA_MISS] += missed;
	t[LODE_T_CACHE_BYTES_READ] += (blocks - missed) * BLOCK;
	t[LODE_T_CACHE_BYTES_WRITE] += missed * BLOCK;
	s->cached = fmin(fmin(s->cache_capacity, s->keys_live * entry_bytes(s)), s->cached + missed * BLOCK);
	t[LODE_T_KEYS_READ] += n[LODE_H_GET];
	t[LODE_T_BYTES_READ] += n[LODE_H_GET] * mix->found * mix->value_bytes;
	t[LODE_T_MEMTABLE_HIT] += found * fresh;
	t[LODE_T_MEMTABLE_MISS] += keys - found * fresh;
	t[LODE_T_L1_HIT] += found * (1 - fresh) * 0.2;
	t[LODE_T_L2_HIT] += found * (1 - fresh) * 0.8;
	t[LODE_T_SEEK] += n[LODE_H_SEEK];
	t[LODE_T_SEEK_FOUND] += n[LODE_H_SEEK];
	t[LODE_T_NEXT] += n[LODE_H_SEEK] * mix->next;
	t[LODE_T_ITER_BYTES_READ] += n[LODE_H_SEEK] * (mix->next + 1) * entry_bytes(s);
	t[LODE_T_MULTIGET_CALLS] += n[LODE_H_MULTIGET] / 10;
	t[LODE_T_MULTIGET_KEYS] += n[LODE_H_MULTIGET];
	t[LODE_T_MULTIGET_FOUND] += n[LODE_H_MULTIGET] * mix->found;
}

static void count_writes(struct lode_lsm *s, double keys)
{
	double bytes = keys * (entry_bytes(s) + 12), fresh = s->c.keys > 0 ? fmax(0, 1 - s->keys_live / s->c.keys) : 0;

	s->ticker[LODE_T_KEYS_WRITTEN] += keys;
	s->ticker[LODE_T_BYTES_WRITTEN] += bytes;
	s->ticker[LODE_T_WAL_BYTES] += bytes;
	s->ticker[LODE_T_WRITE_SELF] += keys;
	s->user_keys += keys;
	s->user_bytes += bytes;
	s->keys_live = fmin(s->c.keys, s->keys_live + keys * fresh);
	fill_memtables(s, keys * entry_bytes(s));
}

/* How much of the wanted writes goes through in dt: 0..1, and the end of a stop leaves its mark in the histogram. */
static double admitted(struct lode_lsm *s, double writes, double dt)
{
	double bytes = writes * entry_bytes(s), allowed = s->stopped ? 0 : memtable_room(s);

	if (s->delayed_rate > 0)
		allowed = fmin(allowed, s->delayed_rate * dt);
	double part = bytes > allowed ? allowed / bytes : 1;
	if (s->stopped) {
		s->stop_s += dt;
	} else if (s->stop_s > 0) {
		record(s, LODE_H_WRITE, s->c.threads, s->stop_s * 1e6, 0.1);
		s->stop_s = 0;
	}
	return part;
}

static void clients(struct lode_lsm *s, double dt, double share)
{
	const struct lode_lsm_mix *mix = &s->c.mix;
	struct costs c = costs_of(s);
	double slow = exp(s->noise) / share, n[LODE_OP_N];
	double most = s->c.threads * dt * 1e6 / (c.mean * slow), ops = s->c.rate > 0 ? fmin(most, s->c.rate * dt) : most;
	double writes = ops * mix->share[LODE_H_WRITE];
	fill_memtables(s, 0);
	double part = writes > 0 ? admitted(s, writes, dt) : 1; /* closed loop: a writer that waits reads nothing either */

	for (int i = 0; i < LODE_OP_N; i++) {
		n[i] = ops * part * mix->share[i];
		if (i != LODE_H_WRITE) {
			record(s, i, n[i] * c.hit_rate, c.hit[i] * slow, 0.35);
			record(s, i, n[i] * (1 - c.hit_rate), (c.hit[i] + c.miss[i]) * slow, 0.45);
		}
	}
	if (part < 1) { /* the waiting is spread over the writes that came through */
		double stalled = dt * (1 - part);
		s->user_stall_us += stalled * 1e6;
		s->ticker[LODE_T_STALL_MICROS] += stalled * 1e6;
		if (n[LODE_H_WRITE] > 0)
			record(s, LODE_H_WRITE, n[LODE_H_WRITE],
			       c.hit[LODE_H_WRITE] * slow + stalled * 1e6 * s->c.threads / n[LODE_H_WRITE], 1);
	} else {
		record(s, LODE_H_WRITE, n[LODE_H_WRITE], c.hit[LODE_H_WRITE] * slow, 0.4);
	}
	count_reads(s, &c, n);
	if (n[LODE_H_WRITE] > 0)
		count_writes(s, n[LODE_H_WRITE]);
	s->report.ops += ops * part;
	s->busy = most > 0 ? s->c.threads * ops / most : 0;
}

static double normal(struct lode_rng *r)
{
	double u = 1 - lode_rng_unit(r), v = lode_rng_unit(r);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

void lsm_model_step(struct lode_lsm *s, double dt)
{
	double busy = (s->c.rate > 0 ? s->busy : s->c.threads) + JOB_CPU * (s->flushes_running + s->compactions_running);
	double share = fmin(1, s->c.cores / busy); /* of a core that each gets */

	s->noise_due_s -= dt;
	if (s->noise_due_s <= 0) {
		double phi = s->c.noise_phi;
		s->noise = phi * s->noise + s->c.noise * sqrt(1 - phi * phi) * normal(&s->rng);
		s->noise_due_s += 1;
	}
	clients(s, dt, share);
	flush(s, dt, share);
	compact(s, dt, share);
	bool obeyed = true;
	for (unsigned i = 0; i < s->c.ncf; i++)
		obeyed &= lsm_options_obeyed(&s->cf[i].opt, LODE_SEC_CF);
	s->report.reverted_s += obeyed ? 0 : dt;
	s->report.seconds += dt;
	s->report.stopped_s += s->stopped ? dt : 0;
	s->report.delayed_s += s->delayed_rate > 0 && !s->stopped ? dt : 0;
}

void lsm_model_flush(struct lode_lsm *s)
{
	for (unsigned i = 0; i < s->c.ncf; i++) {
		struct lsm_tree *t = &s->cf[i];

		if (t->mem >= 1)
			switch_memtable(s, t);
	}
}

void lsm_model_compact(struct lode_lsm *s)
{
	for (unsigned i = 0; i < s->c.ncf; i++) {
		struct lsm_tree *t = &s->cf[i];
		double all = 0;

		for (int l = 0; l < LSM_LEVELS; l++) {
			all += t->bytes[l];
			t->busy[l] = false;
		}
		for (int j = 0; j < LSM_SLOTS; j++) /* what runs is waited for in the real one; here its work is part of this */
			s->job[j].running &= s->job[j].cf != (int)i;
		s->ticker[LODE_T_COMPACT_READ_BYTES] += all;
		s->ticker[LODE_T_COMPACT_WRITE_BYTES] += fmin(all, live_bytes(s));
		int last = last_level(t);
		memset(t->bytes, 0, sizeof t->bytes);
		t->bytes[last] = fmin(all, live_bytes(s));
		t->l0_files = 0;
		installed(s, t, NULL);
	}
}
