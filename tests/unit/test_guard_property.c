/* A million and more proposals, sensible and absurd, on random databases. What the guard accepts is judged by the oracle. */
#include "test_guard_oracle.h"
#include "base/rng.h"
#include "host/write.h"

#include <math.h>

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

/* What only some families have, or some versions. */
static void random_pairs(struct lode_cf_state *cf, bool odd)
{
	int64_t target = MIB + spread(30), initial = 4096 + spread(20), merge = 2 + below(20);

	put_cf(cf, "target_file_size_base", target);
	put_cf(cf, "compaction_options_universal.min_merge_width", odd ? below(40) : merge);
	put_cf(cf, "compaction_options_universal.max_merge_width", odd ? below(40) : merge + spread(31));
	put_cf(cf, "compaction_options_universal.max_read_amp", below(3) ? below(40) - 1 : 0);
	put_cf(cf, "initial_auto_readahead_size", initial);
	put_cf(cf, "max_auto_readahead_size", odd ? below(2) * spread(20) : initial + spread(20));
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
	put_cf(cf, "hard_pending_compaction_bytes_limit", odd ? soft / (1 + below(4)) * below(2) : soft + spread(40));
	put_cf(cf, "max_bytes_for_level_base", MIB + spread(34));
	put_cf(cf, "max_bytes_for_level_multiplier", 1 + below(20));
	put_cf(cf, "max_compaction_bytes", below(8) ? MIB + spread(38) : 0);
	random_pairs(cf, odd);
	memset(s, 0, sizeof *s);
	s->id = id;
	s->immutable = (uint64_t)(below(4) ? 0 : below(6));
	s->files[0] = (uint64_t)below(below(3) ? trigger + 2 : stop + 4);
	s->bytes[0] = s->files[0] * (uint64_t)wbs;
	for (int l = 1; l < 7; l++)
		s->bytes[l] = below(3) ? (uint64_t)spread(30 + (unsigned)l * 2) : 0;
	s->debt = (uint64_t)(below(3) ? 0 : below(2) ? spread(38) : soft / 2 + below(soft));
	s->mem_active = (uint64_t)below(wbs);
	s->mem_all = s->mem_active + s->immutable * (uint64_t)wbs;
}

static void random_world(struct world *w)
{
	const int64_t jobs[] = {1, 2, 4, 8, 16, 100}, old[] = {-1, -1, -1, 4}, syncs[] = {0, 65536, 1 << 20},
		      versions[] = {62900, 70803, 80900, 90800, 110800};

	world_init(w);
	world_fill(w);
	w->state.version = (unsigned)one_of(versions, 5);
	w->state.ncf = w->sample.ncf = (size_t)(1 + below(below(20) ? 4 : LODE_CF_MAX));
	for (size_t i = 0; i < w->state.ncf; i++)
		random_family(w, i, (uint32_t)i * 3);
	put(&w->state.db[world_id("block_cache_size")], MIB + spread(33), false);
	put(&w->state.db[world_id("max_background_jobs")], one_of(jobs, 6), false);
	put(&w->state.db[world_id("max_background_compactions")], one_of(old, 4), false);
	put(&w->state.db[world_id("max_background_flushes")], one_of(old, 4), false);
	put(&w->state.db[world_id("bytes_per_sync")], one_of(syncs, 3), false);
	put(&w->state.db[world_id("max_subcompactions")], one_of(jobs, 6), false);
	w->sample.cache.usage = (uint64_t)below(w->state.db[world_id("block_cache_size")].value);
	w->sample.cache.pinned = w->sample.cache.usage / (uint64_t)(1 + below(20));
	w->sample.cache.floor = below(6) ? 0 : (uint64_t)w->state.db[world_id("block_cache_size")].value / 2;
	w->sample.cache.ceiling = below(6) ? 0 : 2 * (uint64_t)w->state.db[world_id("block_cache_size")].value;
	if (below(20) == 0) /* the newest family has not been looked at */
		w->sample.ncf--;
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
	w->policy.debt_fraction = (const double[]){0.5, 0.25, 1, 0, NAN}[below(5)];
	w->policy.memory_fraction = (const double[]){0.5, 0.25, 0.9, 0, NAN}[below(5)];
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
				oracle(&w, &p, &plan);
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
