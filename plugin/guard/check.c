/* The gate: a proposal becomes a plan that can be done and undone, or a refusal that says what would pass. Pure and deterministic. */
#include "guard/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARENA_ALIGN 4096

void lode_policy_init(struct lode_policy *p)
{
	memset(p, 0, sizeof *p);
	p->step_scale = 1;
	p->memory_fraction = 0.5;
	p->debt_fraction = 0.5;
	p->burn_window = 60;
}

bool lode_policy_waits(const struct lode_policy *p, const struct lode_tunable *t)
{
	return p->allow_slow_lag || (t->lag == LODE_LAG_SHAPE ? p->allow_shape : t->lag != LODE_LAG_REWRITE);
}

static int refuse(struct lode_refusal *out, enum lode_rule rule, int change, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static int refuse(struct lode_refusal *out, enum lode_rule rule, int change, const char *fmt, ...)
{
	va_list ap;

	out->rule = rule;
	out->change = change;
	va_start(ap, fmt);
	vsnprintf(out->why, sizeof out->why, fmt, ap);
	va_end(ap);
	return -EPERM;
}

static bool bit(const uint64_t *set, int i)
{
	return set[i / 64] >> (i % 64) & 1;
}

/* ---- the draft ---- */

static const struct lode_value *held(const struct lode_state *s, int tunable, int cf)
{
	if (lode_tunables[tunable].scope != LODE_SCOPE_CF)
		return &s->db[tunable];
	return cf >= 0 && (size_t)cf < s->ncf ? &s->cf[cf].v[tunable] : NULL;
}

bool lode_draft_before(const struct lode_draft *d, int tunable, int cf, int64_t *value)
{
	const struct lode_value *v = held(d->s->state, tunable, cf);

	if (!v || !v->numeric)
		return false;
	*value = v->value;
	return true;
}

bool lode_draft_after(const struct lode_draft *d, int tunable, int cf, int64_t *value)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->item[i].tunable == tunable && (d->item[i].cf == cf || d->item[i].cf == LODE_NO_CF)) {
			*value = d->item[i].value;
			return true;
		}
	return lode_draft_before(d, tunable, cf, value);
}

const struct lode_cf_sample *lode_draft_sample(const struct lode_draft *d, int cf)
{
	const struct lode_sample *s = d->s->sample;

	for (size_t i = 0; cf >= 0 && i < s->ncf && i < LODE_CF_MAX; i++)
		if (s->cf[i].id == d->s->state->cf[cf].cf.id)
			return &s->cf[i];
	return NULL;
}

/* ---- what is asked ---- */

/* May this tunable be touched at all: by kind of option, by version, by the policy, by the operator. */
int lode_draft_admit(const struct lode_situation *s, int tunable, int change, struct lode_refusal *out)
{
	const struct lode_tunable *t;
	unsigned version = s->state->version;

	if (tunable < 0 || tunable >= lode_tunable_count)
		return refuse(out, LODE_RULE_UNKNOWN, change, "change %d names no tunable of the catalogue", change);
	t = &lode_tunables[tunable];
	if (t->tier == LODE_TIER_FORBIDDEN || t->kind == LODE_KIND_OTHER)
		return refuse(out, LODE_RULE_FORBIDDEN, change, "%s is never changed: %s", t->id, t->why ? t->why : "a structure");
	if (t->scope == LODE_SCOPE_RESTART)
		return refuse(out, LODE_RULE_FORBIDDEN, change, "%s cannot be changed while the database is open", t->id);
	if (s->state->can[tunable] == LODE_CAN_NO)
		return refuse(out, LODE_RULE_IMAGE, change, "%s: this RocksDB %u.%u.%u was asked and does not let it be changed in an open database",
			      t->id, version / 10000, version / 100 % 100, version % 100);
	/* The image's own yes stands above the table's versions, but for table options: where they are not safe RocksDB takes them all the same. */
	if ((s->state->can[tunable] == LODE_CAN_ASSUMED || lode_tunable_is_table(t)) &&
	    ((t->since && version < t->since) || (t->until && version >= t->until)))
		return refuse(out, LODE_RULE_ABSENT, change, "%s cannot be changed safely in RocksDB %u.%u.%u", t->id, version / 10000,
			      version / 100 % 100, version % 100);
	if (t->tier == LODE_TIER_OPTIN && !s->policy->allow_optin)
		return refuse(out, LODE_RULE_OPTIN, change, "%s is changed only where the operator allows it: %s", t->id, t->why);
	if (bit(s->policy->locked, tunable))
		return refuse(out, LODE_RULE_PINNED, change, "%s is pinned by the operator", t->id);
	if (bit(s->policy->manual, tunable))
		return refuse(out, LODE_RULE_MANUAL, change, "%s was changed by the operator and is theirs", t->id);
	if (!lode_policy_waits(s->policy, t))
		return refuse(out, LODE_RULE_LAG, change,
			      t->lag == LODE_LAG_SHAPE ? "%s shows its effect only when the tree has a new shape, after hours, and the opposite of it before: "
							 "no live trial judges it unless judge.shape = volume"
						       : "%s acts only on data as it is rewritten, and so would the undo: no live trial can judge it, or put it back",
			      t->id);
	return 0;
}

/* RocksDB replaces bytes_per_sync=0 by 1 MiB in every SetDBOptions call, and 0 cannot be had back before the database is reopened. Our calls
 * give it a number that does what 0 does (host/write.h), so all that remains is how it reads. */
static int admit_residue(const struct lode_situation *s, int tunable, int change, struct lode_refusal *out)
{
	const struct lode_value *sync = &s->state->db[LODE_ID_BYTES_PER_SYNC];

	if (lode_tunables[tunable].scope != LODE_SCOPE_DB || !sync->numeric || sync->value != 0)
		return 0;
	if (tunable == LODE_ID_BYTES_PER_SYNC)
		return refuse(out, LODE_RULE_RELATION, change,
			      "bytes_per_sync is 0 and could not be put back to it while the database is open");
	if (!s->policy->allow_residue)
		return refuse(out, LODE_RULE_OPTIN, change,
			      "%s is a database option: changing one leaves " LODE_NO_SYNC " in place of bytes_per_sync=0 (which does the same) "
			      "until the database is reopened, and guard.allow_residue is off",
			      lode_tunables[tunable].id);
	return 0;
}

static int value_ok(const struct lode_tunable *t, int64_t value, int change, struct lode_refusal *out)
{
	char text[LODE_VALUE_MAX];

	if ((t->kind == LODE_KIND_BOOL || t->kind == LODE_KIND_ENUM) && lode_tunable_print(t, value, text, sizeof text))
		return refuse(out, LODE_RULE_VALUE, change, "%s=%" PRId64 " is not one of its %s values", t->id, value,
			      lode_kind_name(t->kind));
	return 0;
}

/* One change for one family (or none). A value that is there already is dropped in silence. */
static int add(struct lode_draft *d, int tunable, int cf, int64_t value, int change, struct lode_refusal *out)
{
	const struct lode_value *v = held(d->s->state, tunable, cf);

	for (size_t i = 0; i < d->n; i++)
		if (d->item[i].tunable == tunable && d->item[i].cf == cf)
			return refuse(out, LODE_RULE_DUPLICATE, change, "%s is changed twice in one proposal", lode_tunables[tunable].id);
	if (d->n == LODE_WRITE_MAX)
		return refuse(out, LODE_RULE_TOO_MANY, change, "the proposal needs more than %d writes: name single column families",
			      LODE_WRITE_MAX);
	/* What cannot be compared cannot be stepped from: better hands off. */
	if (!v->numeric)
		return refuse(out, LODE_RULE_VALUE, change, "%s holds a value now that is not in its table", lode_tunables[tunable].id);
	d->item[d->n++] = (struct lode_item){tunable, cf, value, change};
	return 0;
}

static int add_families(struct lode_draft *d, int tunable, uint32_t id, int64_t value, int change, struct lode_refusal *out)
{
	const struct lode_state *s = d->s->state;
	bool found = false, has = false;
	int err;

	for (size_t i = 0; i < s->ncf; i++) {
		if (id != LODE_CF_ALL && s->cf[i].cf.id != id)
			continue;
		found = true;
		if (!s->cf[i].v[tunable].exists)
			continue;
		has = true;
		if (lode_tunables[tunable].powerful && !lode_draft_sample(d, (int)i))
			return refuse(out, LODE_RULE_CF, change, "cf%" PRIu32 " has not been sampled yet: %s cannot be judged there",
				      s->cf[i].cf.id, lode_tunables[tunable].id);
		err = add(d, tunable, (int)i, value, change, out);
		if (err)
			return err;
	}
	if (!found)
		return refuse(out, LODE_RULE_CF, change, "no column family cf%" PRIu32 " is tuned here", id);
	if (!has)
		return refuse(out, LODE_RULE_ABSENT, change, "%s does not exist in this RocksDB", lode_tunables[tunable].id);
	return 0;
}

int lode_draft_take(struct lode_draft *d, const struct lode_change *c, int change, struct lode_refusal *out)
{
	const struct lode_tunable *t;
	int err = lode_draft_admit(d->s, c->tunable, change, out);

	if (err)
		return err;
	t = &lode_tunables[c->tunable];
	err = value_ok(t, c->value, change, out);
	if (err)
		return err;
	if (t->scope == LODE_SCOPE_CF)
		return add_families(d, c->tunable, c->cf, c->value, change, out);
	if (!d->s->state->db[c->tunable].exists)
		return refuse(out, LODE_RULE_ABSENT, change, "%s does not exist in this RocksDB", t->id);
	err = admit_residue(d->s, c->tunable, change, out);
	return err ? err : add(d, c->tunable, LODE_NO_CF, c->value, change, out);
}

void lode_draft_drop_unchanged(struct lode_draft *d)
{
	size_t n = 0;
	int64_t before;

	for (size_t i = 0; i < d->n; i++)
		if (!lode_draft_before(d, d->item[i].tunable, d->item[i].cf, &before) || before != d->item[i].value)
			d->item[n++] = d->item[i];
	d->n = n;
}

/* A memtable smaller than eight arena blocks trips an assertion or flushes all the time; RocksDB fits the arena at open only. */
int lode_draft_help(struct lode_draft *d, struct lode_refusal *out)
{
	size_t n = d->n;

	for (size_t i = 0; i < n; i++) {
		const struct lode_item *it = &d->item[i];
		const struct lode_value *arena = it->tunable == LODE_ID_WRITE_BUFFER ? held(d->s->state, LODE_ID_ARENA, it->cf) : NULL;
		int64_t fit = it->value / 8 / ARENA_ALIGN * ARENA_ALIGN;

		if (!arena || !arena->exists || bit(d->s->policy->locked, LODE_ID_ARENA) || bit(d->s->policy->manual, LODE_ID_ARENA))
			continue;
		if (fit < ARENA_ALIGN || (arena->numeric && arena->value > 0 && arena->value <= it->value / 8))
			continue;
		if (d->s->state->can[LODE_ID_ARENA] == LODE_CAN_NO)
			return refuse(out, LODE_RULE_IMAGE, it->change,
				      "write_buffer_size=%" PRId64 " needs a smaller arena_block_size, which this RocksDB does not let be changed", it->value);
		if (d->n == LODE_WRITE_MAX)
			return refuse(out, LODE_RULE_TOO_MANY, it->change,
				      "the proposal needs more than %d writes: name single column families", LODE_WRITE_MAX);
		d->item[d->n++] = (struct lode_item){LODE_ID_ARENA, it->cf, fit, -1};
	}
	return 0;
}

/* ---- what may be ---- */

/* What the tunable may be, and which limit a value breaks first (rule NONE: none): a value beyond the hard bounds is called that, even
 * where other limits are narrower. */
struct lode_range lode_draft_narrow(const struct lode_draft *d, int tunable, int cf, int64_t value, struct lode_limit *broken)
{
	static lode_rule_fn *const rules[] = {lode_rule_bounds, lode_rule_order, lode_rule_present, lode_rule_memory, lode_rule_unseen, lode_rule_step};
	struct lode_range r = {{INT64_MIN, LODE_RULE_NONE, ""}, {INT64_MAX, LODE_RULE_NONE, ""}};

	*broken = (struct lode_limit){0, LODE_RULE_NONE, ""};
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		rules[i](d, tunable, cf, &r);
		if (!broken->rule && (value < r.lo.at || value > r.hi.at))
			*broken = value < r.lo.at ? r.lo : r.hi;
	}
	return r;
}

static const char *complaint(enum lode_rule rule)
{
	switch (rule) {
	case LODE_RULE_STEP:
		return "is too large a step";
	case LODE_RULE_RELATION:
		return "breaks a relation";
	case LODE_RULE_MEMORY:
		return "exceeds the memory budget";
	case LODE_RULE_UNSEEN:
		return "may not move there";
	default:
		return "is out of bounds";
	}
}

/* "write_buffer_size=4096 is out of bounds: 65536..1073741824 here (hard bounds)". */
static int out_of_range(const struct lode_draft *d, const struct lode_item *it, const struct lode_range *r, const struct lode_limit *broken,
			struct lode_refusal *out)
{
	const struct lode_tunable *t = &lode_tunables[it->tunable];
	char family[24] = "", what[64], factor[48] = "";

	if (it->cf >= 0)
		snprintf(family, sizeof family, " in cf%" PRIu32, d->s->state->cf[it->cf].cf.id);
	if (r->lo.at > r->hi.at)
		snprintf(what, sizeof what, "nothing would pass now");
	else
		snprintf(what, sizeof what, "%" PRId64 "..%" PRId64 " here", r->lo.at, r->hi.at);
	if (broken->rule == LODE_RULE_STEP)
		snprintf(factor, sizeof factor, ", x%.3g at the most",
			 lode_steps_factor(d->s->policy->steps, it->tunable, it->value > broken->at) * d->s->policy->step_scale);
	return refuse(out, broken->rule, it->change, "%s=%" PRId64 "%s %s: %s (%s%s)", t->id, it->value, family, complaint(broken->rule),
		      what, broken->why, factor);
}

static int check_debt(const struct lode_draft *d, const struct lode_item *it, struct lode_refusal *out)
{
	struct lode_debt debt = {0};

	if (it->cf < 0 || !lode_debt_depends(it->tunable) || lode_debt_allowed(d, it->cf, &debt))
		return 0;
	return refuse(out, LODE_RULE_DEBT, it->change,
		      "%s=%" PRId64 " in cf%" PRIu32 " would make %" PRIu64 " bytes of compaction pending; at most %" PRIu64 " are allowed",
		      lode_tunables[it->tunable].id, it->value, d->s->state->cf[it->cf].cf.id, debt.predicted, debt.limit);
}

int lode_draft_check(const struct lode_draft *d, struct lode_refusal *out)
{
	const struct lode_sample *sample = d->s->sample;
	int err;

	for (size_t i = 0; i < d->n; i++) {
		const struct lode_item *it = &d->item[i];

		if (it->change < 0)
			continue;
		struct lode_limit broken;
		struct lode_range r = lode_draft_narrow(d, it->tunable, it->cf, it->value, &broken);

		if (broken.rule)
			return out_of_range(d, it, &r, &broken, out);
		err = check_debt(d, it, out);
		if (err)
			return err;
	}
	/* Every SetOptions call while writers are delayed cuts the delayed rate by a fifth, and nothing measured then means anything. */
	if (sample->write_stopped || sample->delayed_write_rate)
		return refuse(out, LODE_RULE_STOPPED, -1, "writes are %s now: nothing is changed until they run freely",
			      sample->write_stopped ? "stopped" : "delayed");
	return 0;
}

/* ---- what is done ---- */

static void note_flush(const struct lode_draft *d, const struct lode_item *it, struct lode_plan *plan)
{
	const struct lode_cf_sample *sample = lode_draft_sample(d, it->cf);

	if (it->tunable == LODE_ID_WRITE_BUFFER && sample && (uint64_t)it->value < sample->mem_active && !plan->note[0])
		snprintf(plan->note, sizeof plan->note,
			 "the active memtable of cf%" PRIu32 " is larger than the new size: it is flushed at once", sample->id);
	if (lode_tunables[it->tunable].scope == LODE_SCOPE_DB && d->s->state->db[LODE_ID_BYTES_PER_SYNC].numeric &&
	    !d->s->state->db[LODE_ID_BYTES_PER_SYNC].value)
		snprintf(plan->note, sizeof plan->note,
			 "bytes_per_sync=0 reads " LODE_NO_SYNC " from now on, which does the same, until the database is reopened");
}

static int64_t memory_after(const struct lode_draft *d)
{
	int64_t sum = 0, v;

	if (lode_draft_after(d, LODE_ID_BLOCK_CACHE, LODE_NO_CF, &v) && v > 0)
		sum = v;
	for (int i = 0; i < (int)d->s->state->ncf; i++) {
		int64_t size = 64 << 20, number = 2;

		lode_draft_after(d, LODE_ID_WRITE_BUFFER, i, &size);
		lode_draft_after(d, LODE_ID_WRITE_BUFFERS, i, &number);
		sum = lode_sat_add(sum, lode_sat_mul(size > 0 ? size : 0, number > 0 ? number : 0));
	}
	return sum;
}

static int make_plan(const struct lode_draft *d, struct lode_plan *plan, struct lode_refusal *out)
{
	static const unsigned char slowness[] = {
	    [LODE_LAG_INSTANT] = 0, [LODE_LAG_FLUSH] = 1, [LODE_LAG_CACHE] = 2, [LODE_LAG_SHAPE] = 3, [LODE_LAG_REWRITE] = 4};

	memset(plan, 0, sizeof *plan);
	for (size_t i = 0; i < d->n; i++) {
		const struct lode_item *it = &d->item[i];
		const struct lode_tunable *t = &lode_tunables[it->tunable];
		const struct lode_value *v = held(d->s->state, it->tunable, it->cf);
		struct lode_write *w = &plan->todo[i];

		w->scope = t->scope;
		w->cf = it->cf >= 0 ? d->s->state->cf[it->cf].cf.id : 0;
		snprintf(w->key, sizeof w->key, "%s", t->key);
		plan->undo[i] = *w;
		snprintf(plan->undo[i].value, sizeof plan->undo[i].value, "%s", v->text);
		if (strlen(t->key) >= sizeof w->key || lode_tunable_print(t, it->value, w->value, sizeof w->value))
			return refuse(out, LODE_RULE_VALUE, it->change, "%s cannot be written", t->id);
		plan->tunable[i] = it->tunable;
		if (slowness[t->lag] > slowness[plan->lag])
			plan->lag = t->lag;
		note_flush(d, it, plan);
	}
	plan->n = d->n;
	plan->memory = memory_after(d) - (int64_t)lode_guard_memory(d->s->state);
	lode_settle_volume(d, &plan->settle, &plan->cycle);
	if (plan->lag == LODE_LAG_SHAPE && !plan->settle && !d->s->policy->allow_slow_lag)
		return refuse(out, LODE_RULE_LAG, -1, "how long this takes to show its effect is known for leveled compaction only: no live trial can judge it");
	return 0;
}

int lode_guard_check(const struct lode_situation *s, const struct lode_proposal *p, struct lode_plan *plan, struct lode_refusal *refusal)
{
	struct lode_draft d = {.s = s};
	int err = 0;

	memset(plan, 0, sizeof *plan);
	memset(refusal, 0, sizeof *refusal);
	refusal->change = -1;
	if (p->n > LODE_CHANGES_MAX)
		return refuse(refusal, LODE_RULE_TOO_MANY, -1, "%zu changes in one proposal; at most %d", p->n, LODE_CHANGES_MAX);
	for (size_t i = 0; i < p->n && !err; i++)
		err = lode_draft_take(&d, &p->change[i], (int)i, refusal);
	if (err)
		return err;
	lode_draft_drop_unchanged(&d);
	if (!d.n)
		return refuse(refusal, LODE_RULE_EMPTY, -1, "the proposal changes nothing: every value is as it asks already");
	err = lode_draft_help(&d, refusal);
	if (!err)
		err = lode_draft_check(&d, refusal);
	if (!err)
		err = make_plan(&d, plan, refusal);
	if (err)
		memset(plan, 0, sizeof *plan);
	return err;
}

/* ---- what keeps an option out of the catalogue ---- */

enum lode_rule lode_guard_bars(const struct lode_situation *s, int tunable)
{
	struct lode_refusal why = {0};

	if (lode_draft_admit(s, tunable, 0, &why))
		return why.rule;
	if (lode_tunables[tunable].scope != LODE_SCOPE_CF && !s->state->db[tunable].exists)
		return LODE_RULE_ABSENT;
	return admit_residue(s, tunable, 0, &why) ? why.rule : LODE_RULE_NONE;
}
