/* The loop in a world without a benchmark: files that hold one number, whose speed is a function of it and of noise. What it keeps, what it ends by, and that an end
 * at any moment changes nothing but when it is over. `test_tune_loop table` prints what whole loops come to, for docs/offline.md. */
#include "tune/loop.h"
#include "tune/world.h"

#include "base/buf.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RUN_S 10.0

struct sim {
	double noise;
	unsigned runs;	  /* so far, in all sittings */
	unsigned killed_at; /* this run is not answered: the process dies with it; 0: none */
	bool killed;
	double clock, fill_s; /* fill_s: that the first run needs besides */
	/* by the number that a file holds */
	double (*speed)(int x);
	enum tune_end (*end)(int x);
	int (*next)(const struct tune_view *v); /* what is proposed; 0: nothing more */
	unsigned down_from;		       /* from this iteration on the advisor cannot be asked; 0: it can */
	bool down_for_good;
	int refuses;			       /* this number RocksDB does not take */
	double memory_of_7;
	unsigned lives, makes;
	uint64_t order; /* of the runs, by their files */
};

static int number_in(const char *file)
{
	struct lode_buf b;
	int x;

	lode_buf_init(&b, 4096);
	assert_int_equal(lode_fs_read(file, &b), 0);
	x = atoi(strstr(lode_buf_str(&b), "x=") + 2);
	lode_buf_fini(&b);
	return x;
}

static int write_number(const char *file, int x)
{
	char text[64];

	lode_fmt(text, sizeof text, "rocksdb_version=7.8.3\nx=%d\n", x);
	return lode_fs_write_atomic(file, text, strlen(text), 0644);
}

static int start(void *self, const char *path, struct lode_err *err)
{
	(void)self, (void)err;
	return write_number(path, 1);
}

static double normal(struct lode_rng *r)
{
	return sqrt(-2 * log(1 - lode_rng_unit(r))) * cos(2 * M_PI * lode_rng_unit(r));
}

static int run(void *self, const char *file, const char *label, uint64_t seed, tune_watch_fn *watch, void *ctx, struct tune_result *out)
{
	struct sim *s = self;
	struct lode_rng r;
	int x = number_in(file);
	double speed, ops = 0;

	if (s->killed || (s->killed_at && s->runs + 1 == s->killed_at)) {
		s->killed = true;
		return -EINTR;
	}
	out->fill_s = s->runs++ ? 0 : s->fill_s;
	s->clock += out->fill_s + RUN_S;
	s->order = s->order * 31 + (uint64_t)x;
	lode_rng_seed(&r, seed ^ (label[0] == 'c' || label[0] == 'l' ? 77 : 0)); /* the noise of a run depends on nothing that an interruption changes */
	speed = s->speed(x) * exp(s->noise * normal(&r));
	out->end = s->end ? s->end(x) : TUNE_RAN;
	out->seconds = RUN_S;
	out->ops_per_sec = speed;
	out->rss_bytes = x == 7 ? s->memory_of_7 : 1e6;
	out->rate = malloc(10 * sizeof *out->rate);
	for (; out->nrate < 10; out->nrate++) {
		out->rate[out->nrate] = (float)speed;
		ops += speed;
		if (!watch(ctx, (double)out->nrate + 1, ops)) {
			out->end = TUNE_STOPPED;
			out->seconds = (double)out->nrate + 1;
			s->clock -= RUN_S - out->seconds;
			break;
		}
	}
	if (out->end == TUNE_FAILED)
		strcpy(out->why, "Segmentation fault");
	return 0;
}

static void propose(void *self, const struct tune_view *v, struct tune_proposal *out)
{
	struct sim *s = self;
	int x = s->next(v);

	assert_true(fabs(v->best->ops_per_sec / s->speed(number_in(v->best_file)) - 1) < 0.2); /* the last run of the best is that */
	if (!v->pulse(v->ctx)) /* somebody says stop while the advisor thinks */
		return;
	*out = (struct tune_proposal){.advisor = "sim", .last = s->down_for_good, .unasked = true, .why = "connection refused"};
	if (s->down_from && v->iteration >= s->down_from)
		return;
	*out = (struct tune_proposal){.advisor = "sim", .last = true, .why = "nothing more", .calls = 1, .tokens_in = 100};
	if (!x)
		return;
	out->n = 1;
	strcpy(out->wish[0].name, "x");
	lode_fmt(out->wish[0].value, sizeof out->wish[0].value, "%d", x);
}

/* A live tuner that finds 5 by itself, once. */
static int live(void *self, const char *file, uint64_t seed, tune_watch_fn *watch, void *ctx, struct tune_proposal *out)
{
	struct sim *s = self;

	(void)seed;
	if (s->killed || (s->killed_at && s->runs + 1 == s->killed_at)) {
		s->killed = true;
		return -EINTR;
	}
	s->runs++;
	s->lives++;
	s->clock += 100;
	watch(ctx, 100, 1);
	*out = (struct tune_proposal){.advisor = "live", .why = "proven"};
	if (number_in(file) != 1)
		return 0;
	out->n = 1;
	strcpy(out->wish[0].name, "x");
	strcpy(out->wish[0].value, "5");
	return 0;
}

static int make(void *self, const char *from, const struct tune_wish *wish, size_t n, const char *to, struct tune_fix *fix, size_t *nfix, struct lode_err *err)
{
	struct sim *s = self;

	assert_int_equal(n, 1);
	s->makes++;
	*nfix = 1;
	fix[0] = (struct tune_fix){.fate = TUNE_TAKEN, .name = "x"};
	lode_fmt(fix[0].from, sizeof fix[0].from, "%d", number_in(from));
	lode_fmt(fix[0].to, sizeof fix[0].to, "%.20s", wish[0].value);
	if (atoi(wish[0].value) == s->refuses)
		return lode_err_set(err, EINVAL, "RocksDB says: x is out of its range");
	return write_number(to, atoi(wish[0].value));
}

static double now(void *self)
{
	return ((struct sim *)self)->clock;
}

/* ---- a task ---- */

struct task {
	char dir[64];
	struct tune_spec spec;
	struct sim sim;
	struct tune_world world;
	struct tune_history h;
	struct lode_err err;
	unsigned told, stop_at; /* calls of progress; the one that says stop */
};

static bool told(void *ctx, const struct tune_progress *p)
{
	struct task *t = ctx;

	assert_non_null(p->now);
	assert_true(p->run <= p->runs || !p->runs);
	return ++t->told != t->stop_at;
}

static double twice_at_5(int x)
{
	return x == 5 ? 2000 : x == 4 ? 1300 : x == 6 ? 500 : x == 9 ? 100 : 1000;
}

static int counting(const struct tune_view *v)
{
	return (int)v->iteration + 1;
}

static void prepare(struct task *t)
{
	static unsigned number;

	memset(t, 0, sizeof *t);
	lode_fmt(t->dir, sizeof t->dir, "%s/lode-tune-loop-%d-%u", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid(), number++); /* every step is synced */
	tune_spec_init(&t->spec);
	lode_fmt(t->spec.out, sizeof t->spec.out, "%s", t->dir);
	t->spec.iterations = 8;
	t->spec.patience = 8;
	t->sim = (struct sim){.noise = 0.02, .speed = twice_at_5, .next = counting};
	t->world = (struct tune_world){.self = &t->sim, .machine = "a machine", .start = start, .run = run, .propose = propose, .make = make, .now = now};
}

static int sit(struct task *t)
{
	tune_history_fini(&t->h, NULL);
	t->err = (struct lode_err){0};
	return tune_loop_in(&t->world, &t->spec, &t->h, told, t, &t->err);
}

static void clean(struct task *t)
{
	char command[128];

	tune_history_fini(&t->h, NULL);
	tune_spec_fini(&t->spec);
	lode_fmt(command, sizeof command, "rm -rf %s", t->dir);
	assert_int_equal(system(command), 0);
}

static int final_of(const struct task *t)
{
	char path[128];

	lode_fmt(path, sizeof path, "%s/final.ini", t->dir);
	return number_in(path);
}

/* ---- what it keeps ---- */

static void the_best_is_found_and_measured_afresh(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.ntrial, 8);
	assert_int_equal(final_of(&t), 5);
	assert_int_equal(t.h.trial[2].verdict, TUNE_KEPT); /* 4, and then 5 against 4 */
	assert_int_equal(t.h.trial[3].verdict, TUNE_KEPT);
	assert_true(fabs(t.h.trial[3].gain - 2000.0 / 1300 + 1) < 0.1);
	assert_int_equal(t.h.trial[4].verdict, TUNE_WORSE); /* 6 */
	assert_true(t.h.trial[7].total > 0.9 && t.h.trial[7].total_lo < t.h.trial[7].total && t.h.trial[7].total < t.h.trial[7].total_hi);
	assert_true(t.h.gain > 0.9 && t.h.gain < 1.1 && t.h.lo < t.h.gain && t.h.gain < t.h.hi && t.h.pairs >= 3);
	assert_non_null(strstr(t.h.ended, "8 iterations"));
	assert_string_equal(t.h.version, "7.8.3");
	assert_true(t.h.baseline.runs == 3 && fabs(t.h.baseline.ops_per_sec - 1000) < 60);
	clean(&t);
}

static double flat(int x)
{
	(void)x;
	return 1000;
}

static void without_a_gain_the_first_file_stays(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.sim.speed = flat;
	t.spec.patience = 4;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.ntrial, 4);
	assert_int_equal(final_of(&t), 1);
	assert_string_equal(t.h.file, "");
	assert_non_null(strstr(t.h.ended, "no worthwhile gain in 4"));
	clean(&t);
}

static enum tune_end nine_dies(int x)
{
	return x == 5 ? TUNE_FAILED : x == 4 ? TUNE_GARBAGE : TUNE_RAN;
}

static void what_dies_breaks_or_is_refused_is_not_kept(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.sim.end = nine_dies;
	t.sim.refuses = 3;
	t.sim.memory_of_7 = 1e9;
	t.spec.memory = 100000000;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.trial[1].verdict, TUNE_REFUSED);
	assert_non_null(strstr(t.h.trial[1].reason, "out of its range"));
	assert_int_equal(t.h.trial[2].verdict, TUNE_ENDED);
	assert_int_equal(t.h.trial[3].verdict, TUNE_ENDED);
	assert_non_null(strstr(t.h.trial[3].reason, "Segmentation"));
	assert_int_equal(t.h.trial[5].verdict, TUNE_BROKEN);
	assert_non_null(strstr(t.h.trial[5].reason, "memory"));
	assert_int_equal(final_of(&t), 1);
	clean(&t);
}

static int always_6(const struct tune_view *v)
{
	return v->iteration < 4 ? 6 : 0;
}

static void what_was_tried_costs_no_run_again(void **state)
{
	struct task t;
	unsigned runs;

	(void)state;
	prepare(&t);
	t.sim.next = always_6;
	assert_int_equal(sit(&t), 0);
	runs = t.sim.runs;
	assert_int_equal(t.h.ntrial, 4);
	assert_int_equal(t.h.trial[0].verdict, TUNE_WORSE);
	assert_int_equal(t.h.trial[1].verdict, TUNE_REFUSED);
	assert_non_null(strstr(t.h.trial[1].reason, "iteration 1"));
	assert_int_equal(t.h.trial[3].verdict, TUNE_NOTHING);
	assert_non_null(strstr(t.h.ended, "nothing more"));
	assert_true(runs <= 3 + 12);
	clean(&t);
}

static int nine(const struct tune_view *v)
{
	return v->iteration == 1 ? 9 : 0;
}

static int five(const struct tune_view *v)
{
	return v->iteration == 1 ? 5 : 0;
}

static enum tune_end five_dies_in_its_second_run(int x)
{
	static unsigned fives;

	return x == 5 && ++fives == 2 ? TUNE_FAILED : TUNE_RAN;
}

static void what_dies_late_has_no_gain(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.sim.next = five;
	t.sim.end = five_dies_in_its_second_run;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.trial[0].verdict, TUNE_ENDED);
	assert_int_equal(t.h.trial[0].candidate.runs, 2);
	assert_true(isnan(t.h.trial[0].gain) && isnan(t.h.trial[0].lo) && isnan(t.h.trial[0].hi));
	clean(&t);
}

static void the_clearly_worse_ends_early(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.sim.next = nine;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.trial[0].verdict, TUNE_WORSE);
	assert_true(t.h.trial[0].early && t.h.trial[0].gain < -0.8);
	assert_true(t.sim.runs <= 5);
	clean(&t);
}

static void what_is_proven_live_is_compared_as_ever(void **state)
{
	struct task t, again;

	(void)state;
	prepare(&t);
	t.world.live = live;
	t.spec.live = true;
	t.spec.iterations = 3;
	assert_int_equal(sit(&t), 0);
	assert_string_equal(t.h.trial[0].advisor, "live");
	assert_int_equal(t.h.trial[0].verdict, TUNE_KEPT);
	assert_string_equal(t.h.trial[1].advisor, "sim");
	assert_int_equal(final_of(&t), 5);
	assert_int_equal(t.sim.lives, 2); /* once with each best file */
	for (unsigned at = 1; at <= t.sim.runs; at++) {
		prepare(&again);
		again.world.live = live;
		again.spec.live = true;
		again.spec.iterations = 3;
		again.sim.killed_at = at;
		assert_int_equal(sit(&again), -EINTR);
		again.sim.killed_at = 0;
		again.sim.killed = false;
		assert_int_equal(sit(&again), 0);
		assert_int_equal(again.sim.runs, t.sim.runs);
		clean(&again);
	}
	clean(&t);
}

/* ---- budgets ---- */

static void time_is_kept(void **state)
{
	struct task t;

	(void)state;
	for (double time = 40; time < 700; time += 45) {
		prepare(&t);
		t.spec.time = time;
		assert_int_equal(sit(&t), 0);
		assert_true(t.h.active_s <= fmax(time, 30) + 2 * RUN_S + 1e-6);
		assert_true(t.h.ntrial == 8 || strstr(t.h.ended, "time"));
		clean(&t);
	}
}

/* One fill that takes as long as many runs is no measure of them. */
static void a_fill_is_no_part_of_a_run(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.sim.fill_s = 200;
	t.spec.time = 200 + 300;
	assert_int_equal(sit(&t), 0);
	assert_true(t.h.ntrial >= 2);
	assert_non_null(strstr(t.h.ended, "time"));
	assert_true(t.h.active_s > 350 && t.h.active_s <= 500 + 2 * RUN_S);
	clean(&t);
}

static void tokens_are_kept(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.spec.tokens = 250;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.ntrial, 3);
	assert_non_null(strstr(t.h.ended, "token"));
	clean(&t);
}

/* ---- interruptions ---- */

static bool same_trial(const struct tune_trial *a, const struct tune_trial *b)
{
	return a->verdict == b->verdict && !strcmp(a->reason, b->reason) && a->number == b->number && (a->gain == b->gain || (isnan(a->gain) && isnan(b->gain))) &&
	       a->candidate.runs == b->candidate.runs;
}

static void same(const struct task *a, const struct task *b)
{
	assert_int_equal(a->h.ntrial, b->h.ntrial);
	for (size_t i = 0; i < a->h.ntrial; i++)
		assert_true(same_trial(&a->h.trial[i], &b->h.trial[i]));
	assert_true(a->h.gain == b->h.gain);
	assert_string_equal(a->h.ended, b->h.ended);
	assert_int_equal(final_of(a), final_of(b));
}

/* The process dies within each run in turn; what was measured before is not measured again. */
static void killed_in_any_run_it_goes_on(void **state)
{
	struct task whole, t;

	(void)state;
	prepare(&whole);
	assert_int_equal(sit(&whole), 0);
	for (unsigned at = 1; at <= whole.sim.runs; at++) {
		prepare(&t);
		t.sim.killed_at = at;
		assert_int_equal(sit(&t), -EINTR);
		t.sim.killed_at = 0;
		t.sim.killed = false;
		assert_int_equal(sit(&t), 0);
		assert_int_equal(t.sim.runs, whole.sim.runs);
		assert_int_equal(t.sim.makes, whole.sim.makes);
		assert_true(t.sim.order == whole.sim.order);
		same(&whole, &t);
		clean(&t);
	}
	clean(&whole);
}

/* Stopped at each step and at each look into a run, again and again. */
static void stopped_at_any_step_it_goes_on(void **state)
{
	struct task whole, t;
	unsigned every = getenv("LODE_TEST_QUICK") ? 67 : 13;

	(void)state;
	prepare(&whole);
	assert_int_equal(sit(&whole), 0);
	for (unsigned at = 1; at < whole.told; at += every) {
		prepare(&t);
		t.stop_at = at;
		assert_int_equal(sit(&t), -EINTR);
		assert_int_equal(t.err.code, EINTR);
		assert_int_equal(sit(&t), 0);
		same(&whole, &t);
		clean(&t);
	}
	clean(&whole);
}

static void what_ended_stays_so_until_there_is_more_to_spend(void **state)
{
	struct task t;
	unsigned runs;

	(void)state;
	prepare(&t);
	t.spec.iterations = 3;
	assert_int_equal(sit(&t), 0);
	runs = t.sim.runs;
	assert_int_equal(final_of(&t), 4);
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.sim.runs, runs);
	t.spec.iterations = 8;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.ntrial, 8);
	assert_int_equal(final_of(&t), 5);
	clean(&t);
}

/* The same command as often as you like: what was measured afresh is not measured until it pleases. */
static void what_was_measured_at_the_end_stands(void **state)
{
	struct task t;
	unsigned runs;
	double gain;

	(void)state;
	prepare(&t);
	t.sim.next = five;
	assert_int_equal(sit(&t), 0);
	assert_non_null(strstr(t.h.ended, "nothing more"));
	assert_true(t.h.pairs >= 3 && *t.h.file);
	runs = t.sim.runs;
	gain = t.h.gain;
	for (int again = 0; again < 3; again++) {
		assert_int_equal(sit(&t), 0);
		assert_int_equal(t.sim.runs, runs);
		assert_true(t.h.gain == gain && t.h.pairs >= 3 && *t.h.file);
		assert_int_equal(final_of(&t), 5);
	}
	clean(&t);
}

static void until_something_else_is_kept(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.spec.iterations = 3;
	assert_int_equal(sit(&t), 0);
	assert_true(t.h.gain < 0.5 && *t.h.file); /* of 4 */
	t.spec.iterations = 8;
	t.sim.killed_at = t.sim.runs + 5; /* 5 has been kept */
	assert_int_equal(sit(&t), -EINTR);
	assert_int_equal(t.h.trial[3].verdict, TUNE_KEPT);
	assert_true(isnan(t.h.gain) && isnan(t.h.lo) && isnan(t.h.hi) && !t.h.pairs && !*t.h.file);
	t.sim.killed_at = 0;
	t.sim.killed = false;
	assert_int_equal(sit(&t), 0);
	assert_true(t.h.gain > 0.9 && t.h.pairs >= 3 && *t.h.file);
	clean(&t);
}

static int five_in_the_ninth(const struct tune_view *v)
{
	return v->iteration < 9 ? (int)v->iteration + 1 : v->iteration == 9 ? 5 : 6;
}

/* What could not be asked eats neither patience nor iterations, and the same command asks again. */
static void an_outage_is_no_iteration(void **state)
{
	struct task t;
	unsigned runs;

	(void)state;
	prepare(&t);
	t.sim.next = five_in_the_ninth;
	t.sim.down_from = 3;
	t.spec.iterations = 4;
	t.spec.patience = 3;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.ntrial, 5);
	assert_non_null(strstr(t.h.ended, "could not be asked 3 times in a row: connection refused"));
	runs = t.sim.runs;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.ntrial, 8);
	assert_int_equal(t.sim.runs, runs);
	t.sim.down_from = 0;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.ntrial, 10);
	assert_non_null(strstr(t.h.ended, "4 iterations"));
	assert_int_equal(final_of(&t), 5);
	clean(&t);

	prepare(&t);
	t.sim.down_from = 1;
	t.sim.down_for_good = true;
	assert_int_equal(sit(&t), 0);
	assert_int_equal(t.h.ntrial, 1);
	assert_non_null(strstr(t.h.ended, "the advisor could not be asked: connection refused"));
	clean(&t);
}

static void another_task_or_machine_is_named(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.spec.iterations = 1;
	assert_int_equal(sit(&t), 0);
	t.spec.seconds = 77;
	assert_int_equal(sit(&t), -EEXIST);
	assert_non_null(strstr(t.err.msg, "seconds = 77"));
	t.spec.seconds = 0;
	t.world.machine = "another machine";
	assert_int_equal(sit(&t), -EEXIST);
	assert_non_null(strstr(t.err.msg, "another machine"));
	clean(&t);
}

/* Keys of one name in two sections, keys that an earlier version did not know, bytes that no history can hold, a command without an end. */
static void what_is_asked_is_compared_key_by_key(void **state)
{
	static const char key[] = "keep = ";
	char history[128], *at, *end, command[13000];
	char *words[] = {command, NULL};
	struct tune_state s;
	struct task t;

	(void)state;
	prepare(&t);
	lode_fmt(history, sizeof history, "%s/history.json", t.dir);
	t.spec.iterations = 1;
	t.spec.memory_limit = t.spec.memory = 4294967296; /* [run] and [constraint] */
	strcpy(t.spec.measure, "\xff\xc3\xa9\xe2");
	assert_int_equal(sit(&t), 0);
	assert_int_equal(sit(&t), 0);
	t.spec.memory = 0;
	assert_int_equal(sit(&t), -EEXIST);
	assert_non_null(strstr(t.err.msg, "there it is 'constraint.memory = 4294967296', now 'constraint.memory = 0'"));
	t.spec.memory = 4294967296;

	assert_int_equal(sit(&t), 0);
	tune_history_fini(&t.h, NULL);
	assert_int_equal(tune_history_load(history, &t.h, &s, NULL), 0);
	at = strstr(s.spec, key);
	end = strchr(at, '\n') + 1;
	memmove(at, end, strlen(end) + 1);
	assert_int_equal(tune_history_save(history, &t.h, &s, NULL), 0);
	tune_history_fini(&t.h, &s);
	strcpy(t.spec.keep, "ttl");
	assert_int_equal(sit(&t), -EEXIST);
	assert_non_null(strstr(t.err.msg, "now 'constraint.keep = ttl'"));
	t.spec.keep[0] = '\0';
	assert_int_equal(sit(&t), 0);

	memset(command, 'a', sizeof command);
	command[sizeof command - 1] = '\0';
	t.spec.argv = words;
	assert_int_equal(sit(&t), -E2BIG);
	assert_non_null(strstr(t.err.msg, "too long"));
	t.spec.argv = NULL;
	clean(&t);
}

static const char *there; /* behind the task's paths */

static int given(void *self, char *out, size_t len, struct lode_err *err)
{
	(void)self, (void)err;
	lode_fmt(out, len, "%s", there);
	return 0;
}

static void what_is_behind_the_paths_must_be_the_same(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.spec.iterations = 1;
	assert_int_equal(sit(&t), 0); /* by a version that did not look */
	t.world.given = given;
	there = "RocksDB 7.8.3\nsum 12 of a=\xff\n";
	assert_int_equal(sit(&t), 0);
	assert_int_equal(sit(&t), 0);
	t.spec.iterations = 2;
	assert_int_equal(sit(&t), 0); /* and it is on disk */
	there = "RocksDB 7.8.3\nsum 13 of a=\xff\n";
	assert_int_equal(sit(&t), -EEXIST);
	assert_non_null(strstr(t.err.msg, "then 'sum 12 of a="));
	assert_non_null(strstr(t.err.msg, "now 'sum 13 of a="));
	there = "RocksDB 7.8.3\n";
	assert_int_equal(sit(&t), -EEXIST);
	assert_non_null(strstr(t.err.msg, "now 'nothing'"));
	clean(&t);
}

static bool told_of_history, told_of_none;

static int finish(void *self, const struct tune_history *h, const char *best, const char *to, struct lode_err *err)
{
	(void)self, (void)err;
	*(h ? &told_of_history : &told_of_none) = true;
	return write_number(to, number_in(best));
}

/* What is withheld from benchmarks is in the last file again, whichever it is. */
static void the_last_file_is_always_made_for_people(void **state)
{
	struct task t;

	(void)state;
	for (int i = 0; i < 2; i++) {
		prepare(&t);
		t.world.finish = finish;
		told_of_history = told_of_none = false;
		t.spec.patience = 4;
		if (i)
			t.sim.speed = flat;
		assert_int_equal(sit(&t), 0);
		assert_int_equal(final_of(&t), i ? 1 : 5);
		assert_true(told_of_history == !i && told_of_none == i);
		clean(&t);
	}
}

static enum tune_end nothing_runs(int x)
{
	(void)x;
	return TUNE_FAILED;
}

static void a_benchmark_that_fails_from_the_first_is_an_error(void **state)
{
	struct task t;

	(void)state;
	prepare(&t);
	t.sim.end = nothing_runs;
	assert_int_equal(sit(&t), -EIO);
	assert_non_null(strstr(t.err.msg, "Segmentation"));
	assert_int_equal(t.sim.runs, 2);
	t.sim.end = NULL;
	t.spec.aim = TUNE_AIM_LATENCY;
	assert_int_not_equal(sit(&t), 0);
	clean(&t);
}

/* ---- figures ---- */

static double effect[16]; /* log of the speed of file x against the first */

static double drawn(int x)
{
	return 1000 * exp(effect[x]);
}

/* Loops of seven candidates whose effects are drawn: how often another file than the first comes out, what it is really worth, what is said of it, what the best of
 * all would have been, and what "keep whatever was faster in one run" would have kept. */
static void table_line(double noise, double spread, unsigned loops)
{
	double worth = 0, said = 0, best = 0, naive = 0, runs = 0;
	unsigned other = 0, harmful = 0, naive_harmful = 0;

	for (unsigned i = 0; i < loops; i++) {
		struct lode_rng r;
		struct task t;
		double top = 0, last = 0, seen;
		int x, one = 1;

		lode_rng_seed(&r, i);
		for (int k = 0; k < 16; k++)
			effect[k] = k < 2 ? 0 : spread * normal(&r);
		prepare(&t);
		t.sim.speed = drawn;
		t.sim.noise = noise;
		t.spec.iterations = t.spec.patience = 7;
		t.spec.seed = i + 1;
		assert_int_equal(sit(&t), 0);
		x = final_of(&t);
		other += x != 1;
		harmful += effect[x] < -1e-9;
		worth += effect[x];
		said += x != 1 ? log1p(t.h.gain) - effect[x] : 0;
		last = noise * normal(&r);
		for (int k = 2; k < 9; k++) {
			top = fmax(top, effect[k]);
			if ((seen = effect[k] + noise * normal(&r)) > last) {
				last = seen;
				one = k;
			}
		}
		best += top;
		naive += effect[one];
		naive_harmful += effect[one] < -1e-9;
		runs += t.sim.runs;
		clean(&t);
	}
	printf("%5.0f%% %7.0f%% | %6.1f%% %6.1f%% %+7.1f%% %+7.1f%% %+7.1f%% %5.0f | %+7.1f%% %6.1f%%\n", 100 * noise, 100 * spread, 100.0 * other / loops,
	       100.0 * harmful / loops, 100 * expm1(worth / loops), other ? 100 * said / other : 0, 100 * expm1(best / loops), runs / loops,
	       100 * expm1(naive / loops), 100.0 * naive_harmful / loops);
}

static void table(unsigned loops)
{
	printf("a run's  effects |  other  worse    worth  said -    best          | one run each: best of 8\n"
	       "noise    differ  |   file            really   really  of 7     runs |   worth   worse\n");
	for (int i = 0; i < 4; i++) {
		static const double noise[] = {0.01, 0.03, 0.08, 0.20};

		table_line(noise[i], 0, loops);
		table_line(noise[i], 0.1, loops);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_best_is_found_and_measured_afresh), cmocka_unit_test(without_a_gain_the_first_file_stays),
	    cmocka_unit_test(what_dies_breaks_or_is_refused_is_not_kept), cmocka_unit_test(what_was_tried_costs_no_run_again),
	    cmocka_unit_test(what_dies_late_has_no_gain), cmocka_unit_test(the_clearly_worse_ends_early),
	    cmocka_unit_test(what_is_proven_live_is_compared_as_ever), cmocka_unit_test(time_is_kept), cmocka_unit_test(a_fill_is_no_part_of_a_run), cmocka_unit_test(tokens_are_kept),
	    cmocka_unit_test(killed_in_any_run_it_goes_on), cmocka_unit_test(stopped_at_any_step_it_goes_on),
	    cmocka_unit_test(what_ended_stays_so_until_there_is_more_to_spend), cmocka_unit_test(what_was_measured_at_the_end_stands),
	    cmocka_unit_test(until_something_else_is_kept), cmocka_unit_test(an_outage_is_no_iteration), cmocka_unit_test(another_task_or_machine_is_named),
	    cmocka_unit_test(what_is_asked_is_compared_key_by_key), cmocka_unit_test(what_is_behind_the_paths_must_be_the_same),
	    cmocka_unit_test(the_last_file_is_always_made_for_people),
	    cmocka_unit_test(a_benchmark_that_fails_from_the_first_is_an_error)};

	if (argc > 1 && !strcmp(argv[1], "table")) {
		table(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 400);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
