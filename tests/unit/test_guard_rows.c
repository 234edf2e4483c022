/* The guard against its table, row by row: who may touch it (tier, policy, operator, image, version), which values it takes (kind, bounds, step). Here the
 * answer is exact in both directions: what the row allows passes, everything else is refused, and by the rule that the row says. */
#include "test_guard_oracle.h"

static struct world w;
static struct lode_plan plan;
static struct lode_refusal refusal;

/* Everything is there and nothing is in the way. */
static void roomy(void)
{
	world_init(&w);
	world_set(&w, "compaction_options_universal.max_read_amp", "16");
	world_set(&w, "initial_auto_readahead_size", "8192");
	world_set(&w, "max_auto_readahead_size", "262144");
	world_fill(&w);
	w.state.version = 999999;
	w.machine.mem_limit = w.machine.mem_available = 1ull << 60;
	w.machine.cores = 4000;
	w.policy.allow_optin = w.policy.allow_slow_lag = true;
	w.policy.step_scale = 1e18;
	memset(w.state.can, LODE_CAN_YES, sizeof w.state.can);
}

static int64_t value_now(int t)
{
	const struct lode_value *v = lode_state_value(&w.state, t, LODE_CF_ALL);

	return v && v->numeric ? v->value : 0;
}

static enum lode_rule ask(int t, int64_t value)
{
	struct lode_proposal p = {.n = 1, .change = {{t, LODE_CF_ALL, value}}};

	return lode_guard_check(&w.now, &p, &plan, &refusal) == 0 ? LODE_RULE_NONE : refusal.rule;
}

static void expect(int t, int64_t value, enum lode_rule rule)
{
	enum lode_rule got = ask(t, value);

	if (got != rule)
		fail_msg("%s=%lld: %s instead of %s (%s)", lode_tunables[t].id, (long long)value, lode_rule_name(got), lode_rule_name(rule),
			 refusal.why);
}

/* A value that passes if the row may be touched at all: beside the one that is there. */
static int64_t other_value(int t)
{
	const struct lode_tunable *row = &lode_tunables[t];
	int64_t now = value_now(t), unit = row->kind == LODE_KIND_SIZE ? 4096 : 1;

	return now + unit <= row->max ? now + unit : now - unit;
}

/* ---- who may ---- */

struct who {
	bool optin, slow, pinned, manual;
	enum lode_can can;
	unsigned version;
};

/* The first reason against it. */
static enum lode_rule reason(const struct lode_tunable *row, const struct who *who)
{
	bool here = (!row->since || who->version >= row->since) && (!row->until || who->version < row->until);
	bool from_table = who->can == LODE_CAN_ASSUMED || !strncmp(row->key, "block_based_table_factory.", 26);

	if (row->tier == LODE_TIER_FORBIDDEN || row->kind == LODE_KIND_OTHER || row->scope == LODE_SCOPE_RESTART)
		return LODE_RULE_FORBIDDEN;
	if (who->can == LODE_CAN_NO)
		return LODE_RULE_IMAGE;
	if (from_table && !here)
		return LODE_RULE_ABSENT;
	if (row->tier != LODE_TIER_DEFAULT && !who->optin)
		return LODE_RULE_OPTIN;
	if (who->pinned)
		return LODE_RULE_PINNED;
	if (who->manual)
		return LODE_RULE_MANUAL;
	if ((row->lag == LODE_LAG_SHAPE || row->lag == LODE_LAG_REWRITE) && !who->slow)
		return LODE_RULE_LAG;
	return LODE_RULE_NONE;
}

static void put_who(int t, const struct who *who)
{
	uint64_t bit = 1ull << (t % 64);

	w.policy.allow_optin = who->optin;
	w.policy.allow_slow_lag = who->slow;
	w.policy.locked[t / 64] = who->pinned ? bit : 0;
	w.policy.manual[t / 64] = who->manual ? bit : 0;
	w.state.can[t] = (unsigned char)who->can;
	w.state.version = who->version;
}

static void admission(void **state)
{
	size_t rows = 0, asked = 0;

	(void)state;
	for (int t = 0; t < lode_tunable_count; t++, rows++) {
		const struct lode_tunable *row = &lode_tunables[t];
		const unsigned versions[] = {61100, row->since - 1, row->since, row->until - 1, row->until, 119999};

		roomy();
		for (unsigned k = 0; k < 16 * 3 * 6; k++, asked++) {
			struct who who = {k & 1, k & 2, k & 4, k & 8, (enum lode_can)(k / 16 % 3), versions[k / 48]};

			if (!who.version || who.version == UINT32_MAX)
				continue;
			put_who(t, &who);
			expect(t, other_value(t), reason(row, &who));
		}
	}
	print_message("%zu rows, %zu questions\n", rows, asked);
	for (int t = 0; t < lode_tunable_count; t++) { /* not in this image at all */
		struct who who = {.optin = true, .slow = true, .can = LODE_CAN_YES, .version = 999999};

		roomy();
		memset(w.state.db, 0, sizeof w.state.db);
		for (size_t i = 0; i < w.state.ncf; i++)
			memset(w.state.cf[i].v, 0, sizeof w.state.cf[i].v);
		expect(t, 1, reason(&lode_tunables[t], &who) ? reason(&lode_tunables[t], &who) : LODE_RULE_ABSENT);
	}
}

/* ---- which values ---- */

static bool live(const struct lode_tunable *row)
{
	return row->tier != LODE_TIER_FORBIDDEN && row->scope != LODE_SCOPE_RESTART && row->kind != LODE_KIND_OTHER;
}

static bool word(const struct lode_tunable *row)
{
	return row->kind == LODE_KIND_BOOL || row->kind == LODE_KIND_ENUM;
}

/* Both ends pass unless something else than the bounds is against it; beyond them it is the bounds. */
static void bounds(void **state)
{
	static const int64_t beyond[] = {INT64_MIN, -2, INT64_MAX};
	size_t ends = 0, rows = 0;

	(void)state;
	roomy();
	for (int t = 0; t < lode_tunable_count; t++) {
		const struct lode_tunable *row = &lode_tunables[t];
		enum lode_rule wrong = word(row) ? LODE_RULE_VALUE : LODE_RULE_BOUNDS;

		if (!live(row))
			continue;
		rows++;
		for (size_t k = 0; k < sizeof beyond / sizeof beyond[0]; k++)
			expect(t, beyond[k], wrong);
		expect(t, row->min - 1, wrong);
		expect(t, row->max + 1, wrong);
		for (int k = 0; k < 2; k++) {
			enum lode_rule got = ask(t, k ? row->max : row->min);

			ends += got == LODE_RULE_NONE || got == LODE_RULE_EMPTY;
			if (got == LODE_RULE_BOUNDS || got == LODE_RULE_VALUE || got == LODE_RULE_STEP)
				fail_msg("%s: an end of its range is %s: %s", row->id, lode_rule_name(got), refusal.why);
		}
	}
	print_message("%zu rows with bounds, %zu of %zu ends pass in a roomy world\n", rows, ends, 2 * rows);
	assert_true(ends > rows); /* the others meet a relation */
}

/* One step up and down passes, one more does not. */
static void steps(void **state)
{
	static const int64_t scale[] = {1, 3, 1000};
	size_t refused = 0;

	(void)state;
	for (int t = 0; t < lode_tunable_count; t++)
		for (size_t k = 0; k < sizeof scale / sizeof scale[0]; k++) {
			const struct lode_tunable *row = &lode_tunables[t];
			double f = row->step * (double)scale[k];
			int64_t now, up, down;

			roomy();
			w.policy.step_scale = (double)scale[k];
			now = value_now(t);
			up = (int64_t)((double)now * f);
			down = (int64_t)((double)now / f) + ((int64_t)((double)now / f) * (int64_t)f < now);
			if (!live(row) || !(row->step > 0) || now <= 0)
				continue;
			if (up < row->max && strcmp(row->id, "block_cache_size") != 0) {
				refused += ask(t, up + 1) == LODE_RULE_STEP;
				if (ask(t, up + 1) == LODE_RULE_NONE)
					fail_msg("%s: %lld -> %lld passes", row->id, (long long)now, (long long)up + 1);
				if (ask(t, up) == LODE_RULE_STEP)
					fail_msg("%s: one step up is refused", row->id);
			}
			if (down > row->min) {
				refused += ask(t, down - 1) == LODE_RULE_STEP;
				if (ask(t, down - 1) == LODE_RULE_NONE && !(down - 1 == 0 && row->min <= 0))
					fail_msg("%s: %lld -> %lld passes", row->id, (long long)now, (long long)down - 1);
				if (ask(t, down) == LODE_RULE_STEP)
					fail_msg("%s: one step down is refused", row->id);
			}
		}
	print_message("%zu steps too far refused as such\n", refused);
	assert_true(refused > 40);
}

/* The text that RocksDB is told, for each kind. */
static void texts(void **state)
{
	size_t kinds[LODE_KIND_OTHER + 1] = {0};

	(void)state;
	roomy();
	for (int t = 0; t < lode_tunable_count; t++) {
		const struct lode_tunable *row = &lode_tunables[t];
		int64_t read;

		if (!live(row) || ask(t, other_value(t)))
			continue;
		kinds[row->kind]++;
		MUST(!strcmp(plan.todo[0].key, row->key) && plan.todo[0].scope == row->scope);
		MUST(lode_tunable_read(row, plan.todo[0].value, &read) == 0 && read == other_value(t));
		if (row->kind == LODE_KIND_BOOL)
			MUST(!strcmp(plan.todo[0].value, other_value(t) ? "true" : "false"));
		if (row->kind == LODE_KIND_ENUM)
			MUST(!strcmp(plan.todo[0].value, row->words[other_value(t)]));
	}
	for (int k = 0; k < LODE_KIND_OTHER; k++)
		assert_true(kinds[k] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(admission), cmocka_unit_test(bounds), cmocka_unit_test(steps), cmocka_unit_test(texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
