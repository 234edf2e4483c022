/* Options whose effect comes late: eight knobs, each up and down, on a simulated tree that is offered a fixed load. What a change does in the end is had
 * from a long run without noise. The judge, by whatever design applies, must give no verdict of the other sign; a comparison of 90 seconds before with 90
 * seconds after must give one, or the tree is too easy. With an argument: the table only, for one knob. */
#include "lsm.h"

#include "guard/check.h"
#include "host/write.h"
#include "judge/autocorr.h"
#include "judge/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024.0 * 1024)
#define LOOK_S 2.0	/* between two samples */
#define UNIT_S 10.0	/* of quiet history */
#define UNITS 48
#define WARM_BYTES (4 * 1024 * MIB) /* that enter the tree before anything is looked at */
#define NAIVE_S 90.0
#define WORTH 0.02	/* changes smaller than this have no sign */
#define PAIRS 12	/* what is not decided by then is given up: enough for the effects here */

struct knob {
	const char *id;
	double from, to;
};

static const struct knob knobs[] = {
    {"write_buffer_size", 16 * MIB, 64 * MIB},		{"write_buffer_size", 64 * MIB, 16 * MIB},
    {"max_write_buffer_number", 2, 6},			{"max_write_buffer_number", 6, 2},
    {"level0_file_num_compaction_trigger", 4, 8},	{"level0_file_num_compaction_trigger", 8, 4},
    {"max_bytes_for_level_base", 64 * MIB, 256 * MIB},	{"max_bytes_for_level_base", 256 * MIB, 64 * MIB},
    {"max_bytes_for_level_multiplier", 10000, 20000},	{"max_bytes_for_level_multiplier", 20000, 10000},
    {"max_background_jobs", 2, 6},			{"max_background_jobs", 6, 2},
    {"target_file_size_base", 16 * MIB, 64 * MIB},	{"target_file_size_base", 64 * MIB, 16 * MIB},
    {"block_cache_size", 64 * MIB, 256 * MIB},		{"block_cache_size", 256 * MIB, 128 * MIB},
};
#define KNOBS (sizeof(knobs) / sizeof(knobs[0]))

/* ---- one database under observation ---- */

struct watch {
	struct lode_lsm *sim;
	struct lode_sample *prev, *now;
	struct lode_interval last;
	struct lode_state *state;
};

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(99);
}

static void look(struct watch *w)
{
	struct lode_sample *s = w->prev;

	lode_lsm_advance(w->sim, LOOK_S);
	if (lode_sample_take(lode_lsm_host(w->sim), lode_lsm_clock(w->sim), true, w->now, s))
		fail("no sample");
	w->prev = w->now;
	w->now = s;
	lode_interval_diff(w->prev, w->now, LOOK_S, &w->last);
}

static void read_state(struct watch *w)
{
	struct lode_options *o = NULL;
	struct lode_cf cf = {.id = 0, .name = "default"};
	struct lode_cache cache;
	struct lode_err err;

	lode_lsm_host(w->sim)->ops->cache(lode_lsm_host(w->sim), &cache);
	if (lode_lsm_host(w->sim)->ops->options(lode_lsm_host(w->sim), 0, &o, &err) || lode_state_build(o, &cf, 1, &cache, w->state, &err))
		fail("no options");
	lode_options_free(o);
}

static void set(struct watch *w, const char *id, double value)
{
	const struct lode_tunable *t = &lode_tunables[lode_tunable_find(id)];
	struct lode_write one = {.scope = t->scope};
	struct lode_write_report rep;
	struct lode_err err;

	snprintf(one.key, sizeof(one.key), "%s", t->key);
	lode_tunable_print(t, (int64_t)value, one.value, sizeof(one.value));
	if (lode_host_undo(lode_lsm_host(w->sim), &one, 1, false, &rep, &err))
		fail(id);
}

/* 5 GiB of live data under a base of 64 MiB, 4 MB/s coming in, half of the operations reads: the proportions of a tree of 20 GiB with the defaults. */
static void watch_init(struct watch *w, double noise, uint64_t seed, const struct knob *k, double value)
{
	struct lode_lsm_config c;

	lode_lsm_config_init(&c);
	c.mix = (struct lode_lsm_mix){.share = {0.5, 0.5, 0, 0}, .value_bytes = 400, .found = 1, .skew = 0.6};
	c.keys = 25e6;
	c.threads = 4;
	c.cores = 4;
	c.rate = 2 * 4e6 / 212;
	c.cache_bytes = (uint64_t)(64 * MIB);
	c.seed = seed;
	c.noise = noise;
	*w = (struct watch){.sim = lode_lsm_new(&c), .prev = calloc(1, sizeof(*w->prev)), .now = calloc(1, sizeof(*w->now)), .state = calloc(1, sizeof(*w->state))};
	if (!w->sim || !w->prev || !w->now || !w->state)
		fail("no memory");
	set(w, "write_buffer_size", 16 * MIB);
	set(w, "max_bytes_for_level_base", 64 * MIB);
	set(w, "target_file_size_base", 16 * MIB);
	set(w, k->id, value);
	look(w);
}

static void watch_free(struct watch *w)
{
	lode_lsm_free(w->sim);
	free(w->prev);
	free(w->now);
	free(w->state);
}

static void pass_bytes(struct watch *w, double bytes, struct lode_interval *sum)
{
	double in = 0;

	memset(sum, 0, sizeof(*sum));
	while (in < bytes) {
		look(w);
		lode_interval_add(sum, &w->last);
		in += (double)w->last.ticker[LODE_T_FLUSH_WRITE_BYTES];
	}
}

static void pass_seconds(struct watch *w, double seconds, struct lode_interval *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (double s = 0; s < seconds; s += LOOK_S) {
		look(w);
		lode_interval_add(sum, &w->last);
	}
}

/* ---- what a change does: log work (less is better) and log speed ---- */

struct effect {
	double work, speed;
};

static struct effect of(const struct lode_baseline *b, const struct lode_interval *iv)
{
	struct lode_metrics m;

	lode_metrics_of(b, iv, &m);
	return (struct effect){log(lode_interval_write_amp(iv)), m.v[LODE_M_SPEED]};
}

static struct effect minus(struct effect a, struct effect b)
{
	return (struct effect){a.work - b.work, a.speed - b.speed};
}

/* In the end: both values from the start on, long. */
static struct effect truth(const struct knob *k)
{
	static struct lode_interval settled[2], ignored;
	struct lode_baseline base;
	struct watch w;

	for (int i = 0; i < 2; i++) {
		watch_init(&w, 0, 1, k, i ? k->to : k->from);
		pass_bytes(&w, 2 * WARM_BYTES, &ignored);
		pass_bytes(&w, 2 * WARM_BYTES, &settled[i]);
		watch_free(&w);
	}
	lode_baseline_of(&settled[0], &base);
	return minus(of(&base, &settled[1]), of(&base, &settled[0]));
}

/* What everybody does: a minute and a half before, a minute and a half after. */
static struct effect naive(struct watch *w, const struct knob *k)
{
	static struct lode_interval before, after;
	struct lode_baseline base;

	pass_seconds(w, NAIVE_S, &before);
	set(w, k->id, k->to);
	pass_seconds(w, NAIVE_S, &after);
	lode_baseline_of(&before, &base);
	return minus(of(&base, &after), of(&base, &before));
}

/* ---- our judge ---- */

static int plan_for(struct watch *w, const struct knob *k, struct lode_plan *plan, struct lode_refusal *refusal)
{
	struct lode_machine machine = {.cores = 4, .mem_limit = 16ull << 30, .mem_available = 12ull << 30, .disk_size = 1ull << 40, .disk_free = 1ull << 39};
	struct lode_policy policy;
	struct lode_situation now = {.state = w->state, .sample = w->now, .machine = &machine, .policy = &policy};
	struct lode_proposal p = {.n = 1, .change = {{.tunable = lode_tunable_find(k->id), .cf = LODE_CF_ALL, .value = (int64_t)k->to}}};

	lode_policy_init(&policy);
	policy.allow_optin = policy.allow_residue = policy.allow_shape = true;
	read_state(w);
	return lode_guard_check(&now, &p, plan, refusal);
}

static void apply(struct watch *w, const struct lode_plan *plan, bool treatment)
{
	struct lode_write_report rep;
	struct lode_err err;

	if (lode_host_undo(lode_lsm_host(w->sim), treatment ? plan->todo : plan->undo, plan->n, false, &rep, &err))
		fail(err.msg);
}

static void spec_of(struct lode_trial_spec *spec, const struct lode_plan *plan, const struct knob *k, const struct lode_interval *window, uint64_t seed)
{
	static struct lode_pace pace;
	double grows = k->to - k->from, fill = grows > 0 ? 1.5 * grows * window->seconds / (double)window->ticker[LODE_T_CACHE_BYTES_WRITE] : INFINITY;
	bool cache = plan->lag == LODE_LAG_CACHE;

	pace = lode_pace_production;
	pace.max_pairs = PAIRS;
	lode_trial_spec_init(spec, plan->lag == LODE_LAG_SHAPE ? LODE_DESIGN_VOLUME : cache && fill > pace.washout_fill ? LODE_DESIGN_START : LODE_DESIGN_SWITCH,
			     &pace, seed);
	spec->fill = cache ? fill : 0;
	spec->settle = (double)plan->settle;
	spec->cycle = (double)plan->cycle;
	spec->blocks = cache ? LODE_BLOCKS_CACHE : plan->lag == LODE_LAG_INSTANT ? LODE_BLOCKS_INSTANT : LODE_BLOCKS_FLUSH;
}

static struct lode_verdict judge(struct watch *w, const struct knob *k, const struct lode_plan *plan, uint64_t seed)
{
	static struct lode_interval past[UNITS], window;
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_trial *t;
	struct lode_verdict v;

	memset(&window, 0, sizeof(window));
	for (int i = 0; i < UNITS; i++) {
		pass_seconds(w, UNIT_S, &past[i]);
		lode_interval_add(&window, &past[i]);
	}
	lode_baseline_of(&window, &base);
	spec_of(&spec, plan, k, &window, seed);
	lode_trial_stretch(&spec, &base, past, UNITS);
	lode_trial_scales(&spec, &base, past, UNITS);
	t = lode_trial_new(&spec, &base, w->now->mono_ns);
	if (!t)
		fail("no memory");
	lode_trial_prime(t, past, UNITS);
	if (lode_trial_arm(t) == LODE_TREATMENT)
		apply(w, plan, true);
	lode_trial_applied(t, w->now->mono_ns);
	for (int i = 0; i < 1000000; i++) {
		enum lode_trial_step step;

		look(w);
		step = lode_trial_feed(t, &w->last);
		if (step == LODE_TRIAL_DONE)
			break;
		if (step == LODE_TRIAL_SWITCH) {
			apply(w, plan, lode_trial_arm(t) == LODE_TREATMENT);
			lode_trial_applied(t, lode_clock_mono(lode_lsm_clock(w->sim)));
		}
	}
	v = *lode_trial_verdict(t);
	lode_trial_free(t);
	return v;
}

static bool blamed(const struct lode_verdict *v)
{
	return v->kind == LODE_VERDICT_REVERT && strncmp(v->why, "undecided", 9) && strncmp(v->why, "too small", 9);
}

/* Kept although it is worse in the end, or blamed although it is better, by what its design is about. */
static bool wrong(const struct lode_verdict *v, const struct effect *e)
{
	double better = v->design == LODE_DESIGN_VOLUME ? -e->work : e->speed;

	return (v->kind == LODE_VERDICT_KEEP && better < 0) || (blamed(v) && better > WORTH);
}

static bool wrong_sign(double guess, double truth)
{
	return fabs(guess) > WORTH && fabs(truth) > WORTH && (guess < 0) != (truth < 0);
}

int main(int argc, char **argv)
{
	unsigned bad = 0, naive_bad = 0, kept = 0;

	printf("%-36s %10s %10s | %21s | %21s | ours\n", "", "from", "to", "in the end work speed", "after 90 s work speed");
	for (size_t i = 0; i < KNOBS; i++) {
		static struct lode_interval ignored;
		const struct knob *k = &knobs[i];
		struct lode_verdict v = {.kind = LODE_VERDICT_NONE};
		struct lode_refusal refusal = {0};
		struct lode_plan plan;
		struct effect real, quick;
		struct watch w;
		bool lies, errs = false;

		if (argc > 1 && !strstr(k->id, argv[1]))
			continue;
		real = truth(k);
		watch_init(&w, 0.03, 100 + i, k, k->from);
		pass_bytes(&w, WARM_BYTES, &ignored);
		if (!plan_for(&w, k, &plan, &refusal)) {
			v = judge(&w, k, &plan, 7 * i + 3);
			errs = wrong(&v, &real);
		}
		watch_free(&w);
		watch_init(&w, 0.03, 200 + i, k, k->from);
		pass_bytes(&w, WARM_BYTES, &ignored);
		quick = naive(&w, k);
		watch_free(&w);
		lies = wrong_sign(quick.work, real.work) || wrong_sign(quick.speed, real.speed);
		bad += errs;
		naive_bad += lies;
		kept += v.kind == LODE_VERDICT_KEEP;
		printf("%-36s %10.0f %10.0f | %+9.1f %% %+7.1f %% | %+9.1f %% %+7.1f %%%s | %s%s %s %.0f s: %s\n", k->id, k->from, k->to, 100 * expm1(real.work),
		       100 * expm1(real.speed), 100 * expm1(quick.work), 100 * expm1(quick.speed), lies ? " WRONG" : "", errs ? "WRONG " : "",
		       v.kind ? lode_design_name(v.design) : "refused", v.kind ? lode_verdict_name(v.kind) : "", v.seconds, v.kind ? v.why : refusal.why);
		fflush(stdout);
	}
	printf("verdicts of the wrong sign: %u; of 90 seconds before and after: %u; kept: %u\n", bad, naive_bad, kept);
	return argc > 1 ? 0 : bad || !naive_bad || !kept;
}
