/* The oracle: what must hold of every plan that the guard lets through. It shares nothing with the guard: option names as text, plain arithmetic, and
 * the invariants as RocksDB's sources give them (SetOptions checks none of them). A rule that is missing in the guard is found here. */
#ifndef TEST_GUARD_ORACLE_H
#define TEST_GUARD_ORACLE_H

#include "test_guard_world.h"
#include "host/write.h"

#include <ctype.h>
#include <stdlib.h>

struct seen { /* one option of one family, before and after */
	int64_t was, is;
	bool has, touched;
};

static size_t world_n, proposal_n;

static inline void must(bool ok, const char *what)
{
	if (!ok)
		fail_msg("world %zu proposal %zu: %s", world_n, proposal_n, what);
}
#define MUST(x) must(x, #x)

static inline struct seen see(const struct world *w, const struct lode_plan *plan, const char *id, size_t cf)
{
	int t = world_id(id);
	const struct lode_value *v = lode_tunables[t].scope == LODE_SCOPE_CF ? &w->state.cf[cf].v[t] : &w->state.db[t];
	double unit = lode_tunables[t].kind == LODE_KIND_MILLI ? 1000 : 0;
	struct seen s = {unit ? (int64_t)(atof(v->text) * unit + 0.5) : atoll(v->text), 0, v->exists && v->numeric, false};

	s.is = s.was;
	for (size_t i = 0; i < plan->n; i++)
		if (!strcmp(plan->todo[i].key, lode_tunables[t].key) &&
		    (plan->todo[i].scope != LODE_SCOPE_CF || plan->todo[i].cf == w->state.cf[cf].cf.id)) {
			s.is = unit ? (int64_t)(atof(plan->todo[i].value) * unit + 0.5) : atoll(plan->todo[i].value);
			s.touched = true;
		}
	return s;
}

static inline const struct lode_cf_sample *sampled(const struct world *w, size_t cf)
{
	for (size_t i = 0; i < w->sample.ncf; i++)
		if (w->sample.cf[i].id == w->state.cf[cf].cf.id)
			return &w->sample.cf[i];
	return NULL;
}

static inline int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- relations ---- */

/* low * factor <= high wherever one of the two is touched. A high of 0 or less may mean "no limit". */
static inline void oracle_order(const struct world *w, const struct lode_plan *plan, size_t cf, const char *low_id, int64_t factor, const char *high_id,
				bool off)
{
	struct seen low = see(w, plan, low_id, cf), high = see(w, plan, high_id, cf);
	bool holds = !low.has || !high.has || (__int128)low.is * factor <= high.is;

	if (low.touched && !holds && !(off && high.is <= 0))
		fail_msg("world %zu proposal %zu: %s=%lld beside %s=%lld", world_n, proposal_n, low_id, (long long)low.is, high_id, (long long)high.is);
	if (high.touched && !holds && low.is > 0)
		fail_msg("world %zu proposal %zu: %s=%lld beside %s=%lld", world_n, proposal_n, high_id, (long long)high.is, low_id, (long long)low.is);
}

static inline void oracle_orders(const struct world *w, const struct lode_plan *plan, size_t cf)
{
	oracle_order(w, plan, cf, "level0_file_num_compaction_trigger", 1, "level0_slowdown_writes_trigger", false);
	oracle_order(w, plan, cf, "level0_file_num_compaction_trigger", 1, "level0_stop_writes_trigger", false);
	oracle_order(w, plan, cf, "level0_slowdown_writes_trigger", 1, "level0_stop_writes_trigger", false);
	oracle_order(w, plan, cf, "soft_pending_compaction_bytes_limit", 1, "hard_pending_compaction_bytes_limit", true);
	oracle_order(w, plan, cf, "target_file_size_base", 1, "max_bytes_for_level_base", false);
	oracle_order(w, plan, cf, "target_file_size_base", 2, "max_compaction_bytes", true);
	oracle_order(w, plan, cf, "compaction_options_universal.min_merge_width", 1, "compaction_options_universal.max_merge_width", false);
	oracle_order(w, plan, cf, "level0_file_num_compaction_trigger", 1, "compaction_options_universal.max_read_amp", true);
	oracle_order(w, plan, cf, "initial_auto_readahead_size", 1, "max_auto_readahead_size", true);
}

/* What the database holds now. A value may always be raised; what comes down keeps clear of it. */
static inline void oracle_present(const struct world *w, const struct lode_plan *plan, size_t cf)
{
	const struct lode_cf_sample *s = sampled(w, cf);
	struct seen slow = see(w, plan, "level0_slowdown_writes_trigger", cf), stop = see(w, plan, "level0_stop_writes_trigger", cf);
	struct seen number = see(w, plan, "max_write_buffer_number", cf), size = see(w, plan, "write_buffer_size", cf);
	struct seen soft = see(w, plan, "soft_pending_compaction_bytes_limit", cf), hard = see(w, plan, "hard_pending_compaction_bytes_limit", cf);
	int64_t files = s ? (int64_t)s->files[0] : 0;
	double debt = s ? 1.25 * (double)s->debt : 0;

	for (int level = 1; s && !strcmp(w->state.cf[cf].style, "kCompactionStyleUniversal") && level < LODE_LEVEL_MAX; level++)
		files += s->bytes[level] != 0; /* a sorted run */
	if (size.touched) /* the active memtable is not closed at once unless another two may follow it */
		MUST(!s || size.is >= least((int64_t)s->mem_active, size.was) || number.is >= (int64_t)s->immutable + 3);
	if (slow.touched)
		MUST(slow.is >= least(files + 4, slow.was));
	if (stop.touched)
		MUST(stop.is >= least(files + 4, stop.was));
	if (number.touched)
		MUST(number.is >= 2 && number.is > w->state.cf[cf].min_merge && number.is >= least((int64_t)s->immutable + 2, number.was));
	if (soft.touched)
		MUST(soft.is > 0 && ((double)soft.is >= debt || (soft.was > 0 && soft.is > soft.was)));
	if (hard.touched)
		MUST(hard.is > 0 && ((double)hard.is >= debt || (hard.was > 0 && hard.is > hard.was)));
}

static inline void oracle_family(const struct world *w, const struct lode_plan *plan, size_t cf)
{
	struct seen trigger = see(w, plan, "level0_file_num_compaction_trigger", cf), multiplier = see(w, plan, "max_bytes_for_level_multiplier", cf);
	struct seen size = see(w, plan, "write_buffer_size", cf), arena = see(w, plan, "arena_block_size", cf);

	oracle_orders(w, plan, cf);
	oracle_present(w, plan, cf);
	if (trigger.touched)
		MUST(trigger.is >= 1);
	if (size.touched)
		MUST(size.is >= 64 * 1024 && size.is <= 64 * GIB && arena.is <= size.is / 8);
	if (arena.touched)
		MUST(size.touched && arena.is >= 4096 && arena.is % 4096 == 0 && arena.is < arena.was);
	if (multiplier.touched)
		MUST(multiplier.is >= 1000);
}

/* ---- debt, after RocksDB's EstimateCompactionBytesNeeded and CalculateBaseBytes ---- */

struct tree {
	const struct lode_cf_sample *s;
	int levels, base;
	long double target[LODE_LEVEL_MAX];
};

static inline void tree_targets(struct tree *t, long double base_bytes, long double factor, bool dynamic)
{
	long double largest = 0, size;
	int first = -1;

	for (int l = 1; l < t->levels; l++) {
		t->target[l] = l == 1 ? base_bytes : t->target[l - 1] * factor;
		largest = largest > t->s->bytes[l] ? largest : t->s->bytes[l];
		if (first < 0 && t->s->bytes[l])
			first = l;
	}
	t->base = 1;
	if (!dynamic)
		return;
	t->base = t->levels - 1;
	for (int l = 0; first < 0 && l < t->levels; l++)
		t->target[l] = 1e30L; /* no level has a target before there is data */
	if (first < 0)
		return;
	t->base = first;
	size = largest;
	for (int l = t->levels - 2; l >= first; l--)
		size /= factor;
	if (size <= base_bytes / factor) {
		size = base_bytes / factor;
	} else {
		for (; t->base > 1 && size > base_bytes; t->base--)
			size /= factor;
		size = size < base_bytes ? size : base_bytes;
	}
	for (int l = t->base; l < t->levels; l++, size *= factor)
		t->target[l] = size > base_bytes ? size : base_bytes;
}

static inline long double tree_debt(const struct lode_cf_state *cf, const struct lode_cf_sample *s, int64_t trigger, int64_t base_bytes, int64_t milli)
{
	struct tree t = {.s = s, .levels = (int)cf->num_levels};
	long double debt = 0, arriving = 0, factor = milli < 1000 ? 1 : milli / 1000.0L;

	if (strcmp(cf->style, "kCompactionStyleLevel") != 0)
		return 0;
	tree_targets(&t, (long double)base_bytes, factor, cf->dynamic_levels);
	if ((int64_t)s->files[0] >= trigger || (int64_t)s->bytes[0] >= base_bytes) {
		arriving = s->bytes[0];
		debt = arriving + (t.base < t.levels - 1 ? s->bytes[t.base] : 0);
	}
	for (int l = t.base; l < t.levels - 1; l++) {
		long double size = arriving + s->bytes[l];

		arriving = size > t.target[l] ? size - t.target[l] : 0;
		if (arriving > 0 && s->bytes[l + 1])
			debt += arriving * (s->bytes[l + 1] / size + 1);
	}
	return debt;
}

static inline long double debt_line(int64_t soft, int64_t hard, double share)
{
	int64_t limit = soft > 0 && (hard <= 0 || soft <= hard) ? soft : hard;

	return limit > 0 ? (long double)limit * (share > 0 && share <= 1 ? share : 0.5) : 1e30L;
}

/* Below the agreed share of the limit; or, where it is beyond that already, no worse and under no lower limit. */
static inline void oracle_debt(const struct world *w, const struct lode_plan *plan, size_t cf)
{
	struct seen trigger = see(w, plan, "level0_file_num_compaction_trigger", cf), base = see(w, plan, "max_bytes_for_level_base", cf);
	struct seen milli = see(w, plan, "max_bytes_for_level_multiplier", cf);
	struct seen soft = see(w, plan, "soft_pending_compaction_bytes_limit", cf), hard = see(w, plan, "hard_pending_compaction_bytes_limit", cf);
	const struct lode_cf_sample *s = sampled(w, cf);
	long double was, is, line_was, line, slack;

	if (!trigger.touched && !base.touched && !milli.touched && !soft.touched && !hard.touched)
		return;
	was = tree_debt(&w->state.cf[cf], s, trigger.was, base.was, milli.was);
	is = tree_debt(&w->state.cf[cf], s, trigger.is, base.is, milli.is);
	line_was = debt_line(soft.was, hard.was, w->policy.debt_fraction);
	line = debt_line(soft.is, hard.is, w->policy.debt_fraction);
	slack = 64 + 1e-6L * (is + was); /* RocksDB truncates at every step */
	if (is <= line + slack && s->debt <= line + slack)
		return;
	if (is < was + slack && is <= line + slack) /* what RocksDB says now is made smaller by it */
		return;
	was = was > s->debt ? was : s->debt;
	MUST(is <= was + slack && line + slack >= line_was);
}

/* ---- memory ---- */

static inline unsigned __int128 total(const struct world *w, const struct lode_plan *plan, bool after)
{
	struct seen cache = see(w, plan, "block_cache_size", 0);
	unsigned __int128 sum = (uint64_t)(after ? cache.is : cache.was);

	for (size_t i = 0; i < w->state.ncf; i++) {
		struct seen number = see(w, plan, "max_write_buffer_number", i), size = see(w, plan, "write_buffer_size", i);
		int64_t n = after ? number.is : number.was;

		sum += (unsigned __int128)(uint64_t)(after ? size.is : size.was) * (uint64_t)(n > 0 ? n : 0);
	}
	return sum;
}

static inline void oracle_memory(const struct world *w, const struct lode_plan *plan)
{
	unsigned __int128 was = total(w, plan, false), is = total(w, plan, true);
	double share = w->policy.memory_fraction > 0 && w->policy.memory_fraction <= 1 ? w->policy.memory_fraction : 0.5;
	uint64_t held = w->sample.cache.usage;

	for (size_t i = 0; i < w->sample.ncf; i++)
		held += w->sample.cf[i].mem_all;
	MUST(plan->memory == (int64_t)(is - was) || is > INT64_MAX || was > INT64_MAX);
	if (is <= was)
		return;
	MUST((double)is <= (double)w->machine.mem_limit * share + 1);
	MUST(!w->policy.memory_max || is <= w->policy.memory_max);
	MUST(is - (is < held ? is : held) <= w->machine.mem_available);
}

static inline void oracle_cache(const struct world *w, const struct lode_plan *plan)
{
	const struct lode_cache *c = &w->sample.cache;
	struct seen cache = see(w, plan, "block_cache_size", 0);

	if (!cache.touched)
		return;
	MUST(cache.is >= cache.was || (uint64_t)cache.is >= 2 * c->pinned);
	MUST(!c->floor || (uint64_t)cache.is >= c->floor);
	MUST(!c->ceiling || (uint64_t)cache.is <= c->ceiling);
}

/* ---- the machine ---- */

static inline void oracle_threads(const struct world *w, const struct lode_plan *plan)
{
	struct seen jobs = see(w, plan, "max_background_jobs", 0), sub = see(w, plan, "max_subcompactions", 0);
	struct seen compactions = see(w, plan, "max_background_compactions", 0), flushes = see(w, plan, "max_background_flushes", 0);
	int64_t whole = w->machine.cores < 1 ? 1 : (int64_t)w->machine.cores;

	if (jobs.touched) {
		MUST(jobs.is >= 2 && (jobs.is <= 2 * whole + 2 || jobs.is < jobs.was));
		MUST((!compactions.has || compactions.was == -1) && (!flushes.has || flushes.was == -1));
	}
	if (sub.touched)
		MUST(sub.is >= 1 && (sub.is <= whole || sub.is < sub.was));
}

/* ---- one write ---- */

/* Nobody sees the reads: larger memtables, an earlier L0, and how writes reach the disk are all that may be tried. */
static inline void oracle_unseen(const struct lode_tunable *t, int64_t was, int64_t is)
{
	if (!strcmp(t->id, "write_buffer_size"))
		MUST(is > was);
	else if (!strcmp(t->id, "level0_file_num_compaction_trigger"))
		MUST(is < was);
	else
		MUST(!strcmp(t->id, "bytes_per_sync") || !strcmp(t->id, "strict_bytes_per_sync") || !strcmp(t->id, "writable_file_max_buffer_size"));
}

/* At most this factor at once, or one apart. Switching off is no step, and an empty cache harms nobody. */
static inline void oracle_step(const struct world *w, const struct lode_tunable *t, int64_t was, int64_t is)
{
	long double f = (long double)t->step * w->policy.step_scale;

	if (!(t->step > 0) || was <= 0 || !strcmp(t->id, "arena_block_size"))
		return;
	f = f > 1 ? f : 1;
	MUST((long double)is <= was * f || is == was + 1 || !strcmp(t->id, "block_cache_size"));
	MUST((long double)is >= was / f || is == was - 1 || (is == 0 && t->min <= 0));
}

static inline bool set_has(const uint64_t *set, int i)
{
	return set[i / 64] >> (i % 64) & 1;
}

/* Who may: tier, policy, operator, image and version. */
static inline void oracle_admission(const struct world *w, int b)
{
	const struct lode_tunable *t = &lode_tunables[b];

	MUST(t->scope != LODE_SCOPE_RESTART && t->kind != LODE_KIND_OTHER);
	MUST(w->state.can[b] != LODE_CAN_NO);
	if (w->state.can[b] == LODE_CAN_ASSUMED || !strncmp(t->key, "block_based_table_factory.", 26))
		MUST((!t->since || w->state.version >= t->since) && (!t->until || w->state.version < t->until));
	MUST(!set_has(w->policy.locked, b) && !set_has(w->policy.manual, b));
	if (strcmp(t->id, "arena_block_size") != 0)
		MUST(t->tier == LODE_TIER_DEFAULT || (t->tier == LODE_TIER_OPTIN && w->policy.allow_optin));
	if (!w->policy.allow_slow_lag)
		MUST(t->lag != LODE_LAG_SHAPE && t->lag != LODE_LAG_REWRITE);
}

static inline void oracle_row(const struct world *w, const struct lode_plan *plan, size_t i)
{
	const struct lode_write *todo = &plan->todo[i], *undo = &plan->undo[i];
	const struct lode_tunable *t = &lode_tunables[plan->tunable[i]];
	const struct lode_value *v = lode_state_value(&w->state, plan->tunable[i], todo->cf);
	int64_t value;

	MUST(!strcmp(todo->key, t->key) && !strcmp(undo->key, t->key) && todo->scope == t->scope && undo->scope == t->scope &&
	     todo->cf == undo->cf);
	MUST(v && !strcmp(undo->value, v->text) && strcmp(todo->value, undo->value));
	MUST(lode_tunable_read(t, todo->value, &value) == 0 && value >= t->min && value <= t->max);
	for (const char *c = todo->value; *c; c++)
		MUST(isalnum((unsigned char)*c) || *c == '.' || (*c == '-' && c == todo->value));
	oracle_admission(w, plan->tunable[i]);
	oracle_step(w, t, v->value, value);
	if (w->policy.reads_unseen && strcmp(t->id, "arena_block_size") != 0)
		oracle_unseen(t, v->value, value);
	if (t->scope == LODE_SCOPE_DB && !strcmp(w->state.db[world_id("bytes_per_sync")].text, "0"))
		MUST(w->policy.allow_residue && strcmp(t->id, "bytes_per_sync") && plan->note[0]);
	for (size_t cf = 0; t->powerful && t->scope == LODE_SCOPE_CF && cf < w->state.ncf; cf++)
		MUST(w->state.cf[cf].cf.id != todo->cf || sampled(w, cf));
	for (size_t j = 0; j < i; j++)
		MUST(plan->tunable[j] != plan->tunable[i] || (t->scope == LODE_SCOPE_CF && plan->todo[j].cf != todo->cf));
}

/* ---- the whole ---- */

/* Is this write what change c asks for? */
static inline bool asked_by(const struct lode_plan *plan, size_t i, const struct lode_change *c)
{
	const struct lode_tunable *t = &lode_tunables[c->tunable];
	int64_t value;

	return plan->tunable[i] == c->tunable && (t->scope != LODE_SCOPE_CF || c->cf == LODE_CF_ALL || c->cf == plan->todo[i].cf) &&
	       lode_tunable_read(t, plan->todo[i].value, &value) == 0 && value == c->value;
}

/* All of the proposal and nothing else: each change is in the plan for each of its families (or is there already), each write was asked for or is the
 * arena of a memtable. */
static inline void oracle_complete(const struct world *w, const struct lode_proposal *p, const struct lode_plan *plan)
{
	MUST(p->n <= LODE_CHANGES_MAX);
	for (size_t i = 0; i < plan->n; i++) {
		bool asked = !strcmp(plan->todo[i].key, "arena_block_size");

		for (size_t k = 0; k < p->n; k++)
			asked |= asked_by(plan, i, &p->change[k]);
		MUST(asked);
	}
	for (size_t k = 0; k < p->n; k++) {
		const struct lode_change *c = &p->change[k];
		const struct lode_tunable *t = &lode_tunables[c->tunable];

		for (size_t f = 0; f < (t->scope == LODE_SCOPE_CF ? w->state.ncf : 1); f++) {
			const struct lode_value *v = t->scope == LODE_SCOPE_CF ? &w->state.cf[f].v[c->tunable] : &w->state.db[c->tunable];
			bool done = !v->exists || v->value == c->value ||
				    (t->scope == LODE_SCOPE_CF && c->cf != LODE_CF_ALL && c->cf != w->state.cf[f].cf.id);

			for (size_t i = 0; i < plan->n && !done; i++)
				done = asked_by(plan, i, c) && (t->scope != LODE_SCOPE_CF || plan->todo[i].cf == w->state.cf[f].cf.id);
			MUST(done);
		}
	}
}

static inline void oracle(const struct world *w, const struct lode_proposal *p, const struct lode_plan *plan)
{
	MUST(plan->n >= 1 && plan->n <= LODE_WRITE_MAX);
	MUST(!w->sample.write_stopped && !w->sample.delayed_write_rate);
	for (size_t i = 0; i < plan->n; i++)
		oracle_row(w, plan, i);
	oracle_complete(w, p, plan);
	for (size_t i = 0; i < w->state.ncf; i++) {
		oracle_family(w, plan, i);
		oracle_debt(w, plan, i);
	}
	oracle_memory(w, plan);
	oracle_cache(w, plan);
	oracle_threads(w, plan);
}

#endif
