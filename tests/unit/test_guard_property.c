/* A million and more proposals, sensible and absurd, on random databases. What the guard accepts is judged by an oracle that shares nothing
 * with it: option names as text, plain arithmetic, the invariants as RocksDB's sources give them (SetOptions checks none of them). */
#include "test_guard_world.h"
#include "base/rng.h"
#include "host/write.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define PROPOSALS 1200000
#define PER_WORLD 40

static struct lode_rng rng;

static int64_t below(int64_t n)
{
	return (int64_t)lode_rng_below(&rng, (uint64_t)n);
}

static int64_t one_of(const int64_t *v, size_t n)
{
	return v[below((int64_t)n)];
}

/* Any size from 1 to 2^bits, each order of magnitude as likely as the next. */
static int64_t spread(unsigned bits)
{
	return 1 + (int64_t)(lode_rng_u64(&rng) >> 1 >> (63 - 1 - (unsigned)below(bits)));
}

static void put(struct lode_value *v, int64_t value, bool milli)
{
	memset(v, 0, sizeof *v);
	v->exists = v->numeric = true;
	v->value = milli ? value * 1000 : value;
	snprintf(v->text, sizeof v->text, milli ? "%lld.000000" : "%lld", (long long)value);
}

static void put_cf(struct lode_cf_state *cf, const char *id, int64_t value)
{
	put(&cf->v[world_id(id)], value, lode_tunables[world_id(id)].kind == LODE_KIND_MILLI);
}

/* A family as an operator may have set it up: mostly in order, sometimes odd, sometimes plainly wrong. */
static void random_family(struct world *w, size_t i, uint32_t id)
{
	struct lode_cf_state *cf = &w->state.cf[i];
	struct lode_cf_sample *s = &w->sample.cf[i];
	int64_t trigger = 1 + below(12), slow = trigger + below(40), stop = slow + below(40), soft = spread(40), wbs = 65536 + spread(30);
	bool odd = below(10) == 0;

	*cf = w->state.cf[0];
	cf->cf.id = id;
	cf->min_merge = 1 + below(3);
	cf->dynamic_levels = lode_rng_coin(&rng);
	strcpy(cf->style, below(5) ? "kCompactionStyleLevel" : "kCompactionStyleUniversal");
	put_cf(cf, "level0_file_num_compaction_trigger", odd ? below(60) - 1 : trigger);
	put_cf(cf, "level0_slowdown_writes_trigger", odd ? below(60) - 1 : slow);
	put_cf(cf, "level0_stop_writes_trigger", odd ? below(60) - 1 : stop);
	put_cf(cf, "max_write_buffer_number", odd ? below(5) : cf->min_merge + 1 + below(6));
	put_cf(cf, "write_buffer_size", wbs);
	put_cf(cf, "arena_block_size", odd ? spread(24) : wbs / 8);
	put_cf(cf, "soft_pending_compaction_bytes_limit", odd && below(2) ? 0 : soft);
	put_cf(cf, "hard_pending_compaction_bytes_limit", odd && below(2) ? 0 : soft + spread(40));
	put_cf(cf, "max_bytes_for_level_base", MIB + spread(34));
	put_cf(cf, "max_bytes_for_level_multiplier", 1 + below(20));
	put_cf(cf, "max_compaction_bytes", below(8) ? MIB + spread(38) : 0);
	memset(s, 0, sizeof *s);
	s->id = id;
	s->immutable = (uint64_t)(below(4) ? 0 : below(6));
	s->files[0] = (uint64_t)below(below(3) ? trigger + 2 : stop + 4);
	s->bytes[0] = s->files[0] * (uint64_t)wbs;
	for (int l = 1; l < 7; l++)
		s->bytes[l] = below(3) ? (uint64_t)spread(30 + (unsigned)l * 2) : 0;
	s->debt = below(3) ? 0 : (uint64_t)spread(38);
	s->mem_active = (uint64_t)below(wbs);
	s->mem_all = s->mem_active + s->immutable * (uint64_t)wbs;
}

static void random_world(struct world *w)
{
	const int64_t jobs[] = {1, 2, 4, 8, 16, 100}, old[] = {-1, -1, -1, 4}, syncs[] = {0, 65536, 1 << 20},
		      versions[] = {62900, 70803, 80900, 90800, 110800};

	world_init(w);
	w->state.version = (unsigned)one_of(versions, 5);
	w->state.ncf = w->sample.ncf = (size_t)(1 + below(below(20) ? 4 : LODE_CF_MAX));
	for (size_t i = 0; i < w->state.ncf; i++)
		random_family(w, i, (uint32_t)i * 3);
	put(&w->state.db[world_id("block_cache_size")], MIB + spread(33), false);
	put(&w->state.db[world_id("max_background_jobs")], one_of(jobs, 6), false);
	put(&w->state.db[world_id("max_background_compactions")], one_of(old, 4), false);
	put(&w->state.db[world_id("max_background_flushes")], one_of(old, 4), false);
	put(&w->state.db[world_id("bytes_per_sync")], one_of(syncs, 3), false);
	w->sample.cache.usage = (uint64_t)below(w->state.db[world_id("block_cache_size")].value);
	w->sample.cache.pinned = w->sample.cache.usage / (uint64_t)(1 + below(20));
	w->sample.delayed_write_rate = below(20) ? 0 : 1 << 20;
	w->sample.write_stopped = below(40) == 0;
	w->machine.cores = (double)(1 + below(64)) / (below(2) ? 1 : 4);
	w->machine.mem_limit = (uint64_t)(below(30) ? GIB / 4 + spread(36) : 0);
	w->machine.mem_available = w->machine.mem_limit / (uint64_t)(1 + below(8));
	w->policy.allow_optin = below(3) > 0;
	w->policy.allow_slow_lag = below(3) > 0;
	w->policy.allow_residue = lode_rng_coin(&rng);
	w->policy.reads_unseen = below(8) == 0;
	w->policy.step_scale = below(4) ? 1 : 1000;
	w->policy.memory_max = below(4) ? 0 : (uint64_t)spread(34);
	for (int i = 0; i < lode_tunable_count; i++) {
		w->policy.locked[i / 64] |= (uint64_t)(below(50) == 0) << (i % 64);
		w->policy.manual[i / 64] |= (uint64_t)(below(50) == 0) << (i % 64);
		w->state.can[i] = (unsigned char)(below(50) == 0 ? LODE_CAN_NO : below(2) ? LODE_CAN_YES : LODE_CAN_ASSUMED);
	}
}

static int64_t random_value(const struct world *w, int t)
{
	const int64_t absurd[] = {0, -1, 1, INT64_MAX, INT64_MIN, 4096, 65535, 65536, INT32_MAX, (int64_t)UINT32_MAX + 1, 1000000};
	const struct lode_tunable *row = &lode_tunables[t];
	const struct lode_value *v = lode_state_value(&w->state, t, LODE_CF_ALL);
	int64_t now = v && v->numeric && v->value > 0 && v->value < INT64_MAX / 8 ? v->value : 1;

	switch (below(6)) {
	case 0:
		return one_of(absurd, sizeof absurd / sizeof absurd[0]);
	case 1:
		return below(2) ? row->min : row->max;
	case 2:
		return spread(62);
	case 3:
		return now + below(9) - 4;
	default:
		return now / 4 + below(now * 4 + 1);
	}
}

static void random_proposal(const struct world *w, struct lode_proposal *p)
{
	memset(p, 0, sizeof *p);
	p->n = (size_t)(below(50) ? 1 + below(1 + below(4)) : below(LODE_CHANGES_MAX + 2));
	for (size_t i = 0; i < p->n && i < LODE_CHANGES_MAX; i++) {
		struct lode_change *c = &p->change[i];

		/* The first rows are those with relations: most of all changes. */
		c->tunable = below(500) == 0 ? (int)below(1000) - 500 : (int)below(below(8) ? 24 : lode_tunable_count);
		c->cf = below(3) == 0 ? LODE_CF_ALL : (uint32_t)below((int64_t)w->state.ncf) * 3 + (below(100) == 0);
		c->value = c->tunable >= 0 && c->tunable < lode_tunable_count ? random_value(w, c->tunable) : 5;
	}
}

/* ---- the oracle ---- */

struct seen { /* one family, before and after */
	int64_t was, is;
	bool touched;
};

static struct seen see(const struct world *w, const struct lode_plan *plan, const char *key, size_t cf)
{
	int t = world_id(key);
	const struct lode_value *v = lode_tunables[t].scope == LODE_SCOPE_CF ? &w->state.cf[cf].v[t] : &w->state.db[t];
	bool milli = lode_tunables[t].kind == LODE_KIND_MILLI;
	struct seen s = {milli ? (int64_t)(atof(v->text) * 1000) : atoll(v->text), 0, false};

	s.is = s.was;
	for (size_t i = 0; i < plan->n; i++)
		if (!strcmp(plan->todo[i].key, lode_tunables[t].key) &&
		    (plan->todo[i].scope != LODE_SCOPE_CF || plan->todo[i].cf == w->state.cf[cf].cf.id)) {
			s.is = milli ? (int64_t)(atof(plan->todo[i].value) * 1000 + 0.5) : atoll(plan->todo[i].value);
			s.touched = true;
		}
	return s;
}

static size_t world_n, proposal_n;

static void must(bool ok, const char *what)
{
	if (!ok)
		fail_msg("world %zu proposal %zu: %s", world_n, proposal_n, what);
}
#define MUST(x) must(x, #x)

static void oracle_family(const struct world *w, const struct lode_plan *plan, size_t i)
{
	const struct lode_cf_sample *s = &w->sample.cf[i];
	struct seen trigger = see(w, plan, "level0_file_num_compaction_trigger", i),
		    slow = see(w, plan, "level0_slowdown_writes_trigger", i);
	struct seen stop = see(w, plan, "level0_stop_writes_trigger", i), number = see(w, plan, "max_write_buffer_number", i);
	struct seen size = see(w, plan, "write_buffer_size", i), arena = see(w, plan, "arena_block_size", i);
	struct seen soft = see(w, plan, "soft_pending_compaction_bytes_limit", i),
		    hard = see(w, plan, "hard_pending_compaction_bytes_limit", i);
	struct seen multiplier = see(w, plan, "max_bytes_for_level_multiplier", i);
	int64_t l0 = (int64_t)s->files[0];

	if (trigger.touched)
		MUST(trigger.is >= 1 && trigger.is <= slow.is && trigger.is <= stop.is);
	if (slow.touched)
		MUST(slow.is >= trigger.is && slow.is <= stop.is && (slow.is > l0 || slow.is > slow.was));
	if (stop.touched)
		MUST(stop.is >= slow.is && stop.is >= trigger.is && (stop.is > l0 || stop.is > stop.was));
	if (number.touched)
		MUST(number.is >= 2 && number.is > w->state.cf[i].min_merge &&
		     (number.is > (int64_t)s->immutable || number.is > number.was));
	if (size.touched)
		MUST(size.is >= 64 * 1024 && size.is <= 64 * GIB && arena.is <= size.is / 8);
	if (arena.touched)
		MUST(size.touched && arena.is >= 4096 && arena.is % 4096 == 0 && arena.is < arena.was);
	if (soft.touched)
		MUST(soft.is > 0 && (hard.is <= 0 || soft.is <= hard.is) && ((uint64_t)soft.is > s->debt || soft.is > soft.was));
	if (hard.touched)
		MUST(hard.is > 0 && hard.is >= soft.is && ((uint64_t)hard.is > s->debt || hard.is > hard.was));
	if (multiplier.touched)
		MUST(multiplier.is >= 1000);
}

static unsigned __int128 total(const struct world *w, const struct lode_plan *plan, bool after)
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

static void oracle_memory(const struct world *w, const struct lode_plan *plan)
{
	unsigned __int128 was = total(w, plan, false), is = total(w, plan, true);
	uint64_t held = w->sample.cache.usage;

	for (size_t i = 0; i < w->state.ncf; i++)
		held += w->sample.cf[i].mem_all;
	MUST(plan->memory == (int64_t)(is - was) || is > INT64_MAX || was > INT64_MAX);
	if (is <= was)
		return;
	MUST(is <= w->machine.mem_limit / 2 + 1);
	MUST(!w->policy.memory_max || is <= w->policy.memory_max);
	MUST(is - (is < held ? is : held) <= w->machine.mem_available);
}

/* Nobody sees the reads: larger memtables, an earlier L0, and how writes reach the disk are all that may be tried. */
static void oracle_unseen(const struct lode_tunable *t, int64_t was, int64_t is)
{
	if (!strcmp(t->id, "write_buffer_size"))
		MUST(is > was);
	else if (!strcmp(t->id, "level0_file_num_compaction_trigger"))
		MUST(is < was);
	else
		MUST(!strcmp(t->id, "bytes_per_sync") || !strcmp(t->id, "strict_bytes_per_sync") || !strcmp(t->id, "writable_file_max_buffer_size"));
}

static void oracle_row(const struct world *w, const struct lode_plan *plan, size_t i)
{
	const struct lode_write *todo = &plan->todo[i], *undo = &plan->undo[i];
	const struct lode_tunable *t = &lode_tunables[plan->tunable[i]];
	const struct lode_value *v = lode_state_value(&w->state, plan->tunable[i], todo->cf);
	int b = plan->tunable[i];
	int64_t value;

	MUST(!strcmp(todo->key, t->key) && !strcmp(undo->key, t->key) && todo->scope == t->scope && undo->scope == t->scope &&
	     todo->cf == undo->cf);
	MUST(t->scope != LODE_SCOPE_RESTART);
	MUST(v && !strcmp(undo->value, v->text) && strcmp(todo->value, undo->value));
	MUST(lode_tunable_read(t, todo->value, &value) == 0 && value >= t->min && value <= t->max);
	for (const char *c = todo->value; *c; c++)
		MUST(isalnum((unsigned char)*c) || *c == '.' || (*c == '-' && c == todo->value));
	MUST(w->state.can[b] != LODE_CAN_NO);
	if (w->state.can[b] == LODE_CAN_ASSUMED || !strncmp(t->key, "block_based_table_factory.", 26))
		MUST((!t->since || w->state.version >= t->since) && (!t->until || w->state.version < t->until));
	MUST(!(w->policy.locked[b / 64] >> (b % 64) & 1) && !(w->policy.manual[b / 64] >> (b % 64) & 1));
	if (w->policy.reads_unseen && strcmp(t->id, "arena_block_size") != 0)
		oracle_unseen(t, v->value, value);
	if (strcmp(t->id, "arena_block_size") != 0)
		MUST(t->tier == LODE_TIER_DEFAULT || (t->tier == LODE_TIER_OPTIN && w->policy.allow_optin));
	if (!w->policy.allow_slow_lag)
		MUST(t->lag != LODE_LAG_SHAPE && t->lag != LODE_LAG_REWRITE);
	if (t->scope == LODE_SCOPE_DB && !strcmp(w->state.db[world_id("bytes_per_sync")].text, "0"))
		MUST(w->policy.allow_residue && strcmp(t->id, "bytes_per_sync") && plan->note[0]);
	for (size_t j = 0; j < i; j++)
		MUST(plan->tunable[j] != plan->tunable[i] || (t->scope == LODE_SCOPE_CF && plan->todo[j].cf != todo->cf));
}

static void oracle(const struct world *w, const struct lode_plan *plan)
{
	struct seen jobs = see(w, plan, "max_background_jobs", 0);

	MUST(plan->n >= 1 && plan->n <= LODE_WRITE_MAX);
	MUST(!w->sample.write_stopped && !w->sample.delayed_write_rate);
	for (size_t i = 0; i < plan->n; i++)
		oracle_row(w, plan, i);
	for (size_t i = 0; i < w->state.ncf; i++)
		oracle_family(w, plan, i);
	oracle_memory(w, plan);
	if (jobs.touched)
		MUST(jobs.is >= 2 && ((double)jobs.is <= 2 * w->machine.cores + 4 || jobs.is < jobs.was));
}

/* Writes the plan into a copy of the state, as RocksDB would, and the undo after it: the copy is the original again, to the byte. */
static void undo_restores(const struct world *w, const struct lode_plan *plan)
{
	static struct lode_state copy;

	copy.ncf = w->state.ncf;
	memcpy(copy.db, w->state.db, sizeof copy.db);
	memcpy(copy.cf, w->state.cf, w->state.ncf * sizeof copy.cf[0]);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < plan->n; i++) {
			const struct lode_write *x = pass ? &plan->undo[i] : &plan->todo[i];
			struct lode_value *v = &copy.db[plan->tunable[i]];

			for (size_t c = 0; x->scope == LODE_SCOPE_CF && c < copy.ncf; c++)
				if (copy.cf[c].cf.id == x->cf)
					v = &copy.cf[c].v[plan->tunable[i]];
			memset(v->text, 0, sizeof v->text);
			strcpy(v->text, x->value);
		}
	MUST(!memcmp(copy.db, w->state.db, sizeof copy.db));
	MUST(!memcmp(copy.cf, w->state.cf, w->state.ncf * sizeof copy.cf[0]));
}

static void million(void **state)
{
	static struct world w;
	static struct lode_plan plan;
	struct lode_proposal p;
	struct lode_refusal refusal;
	size_t accepted = 0, by_rule[LODE_RULE_N] = {0};

	(void)state;
	lode_rng_seed(&rng, 7);
	for (world_n = 0; world_n < PROPOSALS / PER_WORLD; world_n++) {
		random_world(&w);
		for (proposal_n = 0; proposal_n < PER_WORLD; proposal_n++) {
			random_proposal(&w, &p);
			if (lode_guard_check(&w.now, &p, &plan, &refusal) == 0) {
				accepted++;
				oracle(&w, &plan);
				if (proposal_n % 8 == 0)
					undo_restores(&w, &plan);
				continue;
			}
			by_rule[refusal.rule]++;
			MUST(refusal.rule != LODE_RULE_NONE && strlen(refusal.why) > 10 && plan.n == 0);
			MUST(strlen(refusal.why) < sizeof refusal.why - 1 && !strpbrk(refusal.why, "\n\r\t\"\\{}<>"));
			MUST(refusal.change >= -1 && refusal.change < LODE_CHANGES_MAX);
		}
	}
	print_message("accepted %zu of %d\n", accepted, PROPOSALS);
	for (int r = 0; r < LODE_RULE_N; r++)
		if (by_rule[r])
			print_message("  %-24s %zu\n", lode_rule_name((enum lode_rule)r), by_rule[r]);
	/* The test means something only while both sides are well visited. */
	assert_true(accepted > PROPOSALS / 50);
	for (int r = LODE_RULE_UNKNOWN; r < LODE_RULE_N; r++)
		if (r != LODE_RULE_COOLDOWN) /* the conductor's own */
			assert_true(by_rule[r] > 50);
}

/* The range of the catalogue holds its word: both ends pass, one beyond them does not. */
static void ranges_are_tight(void **state)
{
	static struct world w;
	static struct lode_plan plan;
	struct lode_refusal refusal;
	size_t found = 0;

	(void)state;
	lode_rng_seed(&rng, 8);
	for (world_n = 0; world_n < 1500; world_n++) {
		random_world(&w);
		for (int t = 0; t < lode_tunable_count; t++) {
			uint32_t cf = below(2) ? LODE_CF_ALL : 0;
			struct lode_proposal p = {.n = 1};
			int64_t lo, hi;

			proposal_n = (size_t)t;
			if (!lode_guard_range(&w.now, t, cf, &lo, &hi))
				continue;
			found++;
			const int64_t in[] = {lo, hi, lo + (hi - lo) / 2}, out[] = {lo - 1, hi + 1};
			for (int k = 0; k < 3; k++) {
				p.change[0] = (struct lode_change){t, cf, in[k]};
				MUST(lode_guard_check(&w.now, &p, &plan, &refusal) == 0 || refusal.rule == LODE_RULE_EMPTY ||
				     (k == 2 && refusal.rule == LODE_RULE_DEBT)); /* debt need not grow evenly */
			}
			/* Of several families one may free what another takes: then a little more than the range can pass. */
			for (int k = 0; k < 2 && cf == 0; k++) {
				p.change[0] = (struct lode_change){t, cf, out[k]};
				/* "Off" may stand alone below the range. */
				MUST(lode_guard_check(&w.now, &p, &plan, &refusal) != 0 || out[k] == 0);
			}
		}
	}
	assert_true(found > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(million), cmocka_unit_test(ranges_are_tight)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
