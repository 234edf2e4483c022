/* Absolute limits while something of ours is on trial. Where the database lived beyond a limit without our help, its own record is the
 * limit: otherwise nothing could ever be tried where help is needed most. */
#include "guard/rules.h"
#include "guard/tripwire.h"
#include "base/num.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MIB (1024 * 1024ull)
#define STALL_MIN 0.05	   /* share of time that is nobody's concern */
#define STALL_FACTOR 3	   /* times what was usual */
#define NEAR 0.8	   /* of the soft limit, of the slowdown trigger */
#define RECORD_FACTOR 1.25 /* beyond the worst that was seen without us */
#define COLLAPSE_OPS 50	   /* operations per second below which there is no load to lose */
#define LEARN 0.2	   /* weight of a new interval */

const char *lode_trip_name(enum lode_trip t)
{
	static const char *const names[LODE_TRIP_N] = {"none", "write-stop", "background-error", "memory", "stall",
						       "debt", "l0",	     "collapse",	 "disk",   "slo"};

	return (size_t)t < LODE_TRIP_N ? names[t] : "?";
}

void lode_tripwire_init(struct lode_tripwire *t)
{
	memset(t, 0, sizeof *t);
}

/* Microseconds an operation takes, over all kinds; NAN without timers or operations. */
static double cost_of(const struct lode_interval *iv)
{
	uint64_t count = 0, sum = 0;

	for (int i = 0; iv->has_timers && i < LODE_OP_N; i++) {
		count += iv->op[i].count;
		sum += iv->op[i].sum_us;
	}
	return count ? (double)sum / (double)count : NAN;
}

static double smooth(double old, double v, bool first)
{
	if (isnan(v))
		return old;
	return first || isnan(old) ? v : old + LEARN * (v - old);
}

/* The worst of all families: debt as a share of the soft limit, L0 files as a share of the slowdown trigger. */
static void shares(const struct lode_situation *s, double *debt, double *l0)
{
	*debt = *l0 = 0;
	for (size_t i = 0; i < s->sample->ncf && i < LODE_CF_MAX; i++) {
		const struct lode_cf_sample *cf = &s->sample->cf[i];

		for (size_t j = 0; j < s->state->ncf; j++) {
			const struct lode_cf_state *st = &s->state->cf[j];
			const struct lode_value *soft = &st->v[LODE_ID_SOFT_DEBT], *slow = &st->v[LODE_ID_L0_SLOWDOWN];

			if (st->cf.id != cf->id)
				continue;
			if (soft->numeric && soft->value > 0)
				*debt = fmax(*debt, (double)cf->debt / (double)soft->value);
			if (slow->numeric && slow->value > 0)
				*l0 = fmax(*l0, (double)cf->files[0] / (double)slow->value);
		}
	}
}

void lode_tripwire_learn(struct lode_tripwire *t, const struct lode_interval *iv)
{
	bool first = !t->learnt;

	if (iv->invalid)
		return;
	t->stall_share = smooth(t->stall_share, lode_interval_stall_share(iv), first);
	t->ops = smooth(t->ops, lode_interval_ops(iv), first);
	t->cost_us = smooth(t->cost_us, cost_of(iv), !(t->cost_us > 0)); /* timers may begin later than all else */
	t->background_errors = iv->background_errors;
	if (iv->write_stopped || iv->stopped_s > 0)
		t->stopped_before = true;
	t->learnt = true;
	memset(t->strikes, 0, sizeof t->strikes);
}

void lode_tripwire_learn_situation(struct lode_tripwire *t, const struct lode_situation *s)
{
	uint64_t held = lode_memory_held(s->sample);
	double debt, l0;

	shares(s, &debt, &l0);
	t->debt_share = fmax(t->debt_share, debt);
	t->l0_share = fmax(t->l0_share, l0);
	if (held > t->memory)
		t->memory = held;
}

void lode_tripwire_learn_slo(struct lode_tripwire *t, const struct lode_policy *p, const struct lode_interval *iv)
{
	lode_burn_learn(&t->burn, p->slo, iv);
}

void lode_tripwire_count(struct lode_tripwire *t, const struct lode_policy *p, const struct lode_interval *iv)
{
	lode_burn_add(&t->burn, p->slo, iv, p->burn_window);
}

static bool tell(struct lode_tripwire *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool tell(struct lode_tripwire *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->why, sizeof t->why, fmt, ap);
	va_end(ap);
	return true;
}

/* Each looks for one kind of trouble and, if it is there, says so. */
typedef bool wire(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv);

static bool write_stop(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	return (s->sample->write_stopped || iv->write_stopped || iv->stopped_s > 0) && tell(t, "writes are stopped");
}

static bool background_error(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	uint64_t now = s->sample->background_errors > iv->background_errors ? s->sample->background_errors : iv->background_errors;

	return now > t->background_errors &&
	       tell(t, "%llu background errors, %llu before the trial", (unsigned long long)now, (unsigned long long)t->background_errors);
}

static bool memory(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	const struct lode_machine *m = s->machine;
	uint64_t held = lode_memory_held(s->sample), most = (uint64_t)((double)m->mem_limit * s->policy->memory_fraction);
	uint64_t last = m->mem_limit / 50 > 32 * MIB ? m->mem_limit / 50 : 32 * MIB;
	char a[32], b[32];

	(void)iv;
	if (s->policy->memory_max && s->policy->memory_max < most)
		most = s->policy->memory_max;
	if ((double)most < (double)t->memory * RECORD_FACTOR)
		most = (uint64_t)((double)t->memory * RECORD_FACTOR);
	if (m->mem_limit && held > most)
		return tell(t, "memtables and cache hold %s, the budget is %s", lode_num_bytes((double)held, a, sizeof a),
			    lode_num_bytes((double)most, b, sizeof b));
	if (m->mem_limit && m->mem_available < last)
		return tell(t, "only %s of memory are left", lode_num_bytes((double)m->mem_available, a, sizeof a));
	return false;
}

static bool stall(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	double share = lode_interval_stall_share(iv), most = fmax(STALL_MIN, STALL_FACTOR * t->stall_share);

	(void)s;
	return share > most && tell(t, "writers are stalled %.0f %% of the time, at most %.0f %% are allowed", share * 100, most * 100);
}

static bool debt(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	double share, l0;

	(void)iv;
	shares(s, &share, &l0);
	return share > fmax(NEAR, t->debt_share * RECORD_FACTOR) &&
	       tell(t, "pending compaction is at %.0f %% of the soft limit", share * 100);
}

static bool l0_files(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	double share, l0;

	(void)iv;
	shares(s, &share, &l0);
	return l0 > fmax(NEAR, t->l0_share * RECORD_FACTOR) && tell(t, "L0 files are at %.0f %% of the slowdown trigger", l0 * 100);
}

/* Few operations alone may mean few wishes. With timers, a collapse also makes each one dearer, or nothing finishes at all. */
static bool collapse(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	double ops = lode_interval_ops(iv), cost = cost_of(iv);

	(void)s;
	if (t->ops < COLLAPSE_OPS || ops * LODE_COLLAPSE_FACTOR >= t->ops)
		return false;
	if (!iv->has_timers && t->cost_us > 0) /* who has timers looks again with them */
		return false;
	if (iv->has_timers && !isnan(cost) && t->cost_us > 0 && cost < 2 * t->cost_us)
		return false;
	return tell(t, "%.0f operations per second, %.0f before the trial", ops, t->ops);
}

static bool disk(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	const struct lode_machine *m = s->machine;
	uint64_t least = m->disk_size / 50 > 512 * MIB ? m->disk_size / 50 : 512 * MIB;
	char a[32];

	(void)iv;
	return m->disk_size > 2 * least && m->disk_free < least &&
	       tell(t, "only %s of disk space are left", lode_num_bytes((double)m->disk_free, a, sizeof a));
}

static bool slo(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	(void)iv;
	for (int k = 0; k < LODE_SLO_N; k++) {
		const struct lode_slo *p = &s->policy->slo[k];
		double brief = lode_burn_rate(&t->burn, p, k, 1), lasting = lode_burn_rate(&t->burn, p, k, 5), most = lode_burn_limit(&t->burn, p, k);
		char text[48];

		if (p->limit_us > 0 && brief >= most && lasting >= most)
			return tell(t, "%s misses %s: its error budget burns %.0f times too fast, at most %.1f times are allowed", lode_op_name[k],
				    lode_slo_show(p, text, sizeof text), brief, most);
	}
	return false;
}

enum lode_trip lode_tripwire_look(struct lode_tripwire *t, const struct lode_situation *s, const struct lode_interval *iv)
{
	static const struct {
		enum lode_trip trip;
		wire *look;
		bool at_once, any; /* trips on the first sighting; needs no valid interval */
	} wires[] = {
	    {LODE_TRIP_WRITE_STOP, write_stop, true, true},
	    {LODE_TRIP_BACKGROUND_ERROR, background_error, true, true},
	    {LODE_TRIP_MEMORY, memory, true, true},
	    {LODE_TRIP_STALL, stall, false, false},
	    {LODE_TRIP_DEBT, debt, false, true},
	    {LODE_TRIP_L0, l0_files, false, true},
	    {LODE_TRIP_COLLAPSE, collapse, false, false},
	    {LODE_TRIP_DISK, disk, false, true},
	    {LODE_TRIP_SLO, slo, true, false}, /* its windows are patience enough */
	};
	enum lode_trip tripped = LODE_TRIP_NONE;
	char why[sizeof t->why] = "";

	for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
		enum lode_trip trip = wires[i].trip;
		bool at_once = wires[i].at_once && !(trip == LODE_TRIP_WRITE_STOP && t->stopped_before);

		if (iv->invalid && !wires[i].any)
			continue;
		bool bad = wires[i].look(t, s, iv);

		t->strikes[trip] = (t->strikes[trip] << 1 | bad) & 7;
		/* All are looked at, so that every history goes on; the first that trips is reported. */
		if (!tripped && bad && (at_once || __builtin_popcount(t->strikes[trip]) >= 2)) {
			tripped = trip;
			memcpy(why, t->why, sizeof why);
		}
	}
	memcpy(t->why, why, sizeof why);
	return tripped;
}
