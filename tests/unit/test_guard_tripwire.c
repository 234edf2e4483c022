/* Each wire trips on what it watches, at once or on the second of three intervals, and not on what was there before. */
#include "test_guard_world.h"
#include "guard/tripwire.h"

static struct world w;
static struct lode_tripwire t;

/* A healthy second: 1000 reads of 100 us. */
static struct lode_interval second_of(uint64_t ops, double us)
{
	struct lode_interval iv = {.seconds = 1, .parts = 1, .has_stats = true, .has_timers = true};

	iv.op[0].count = ops;
	iv.op[0].sum_us = (uint64_t)((double)ops * us);
	iv.ticker[LODE_T_KEYS_READ] = ops;
	return iv;
}

static int setup(void **state)
{
	struct lode_interval iv = second_of(1000, 100);

	(void)state;
	world_init(&w);
	lode_tripwire_init(&t);
	for (int i = 0; i < 20; i++) {
		lode_tripwire_learn(&t, &iv);
		lode_tripwire_learn_situation(&t, &w.now);
	}
	return 0;
}

static enum lode_trip look(struct lode_interval iv)
{
	return lode_tripwire_look(&t, &w.now, &iv);
}

static void quiet(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
	assert_string_equal(t.why, "");
}

static void write_stop(void **state)
{
	struct lode_interval iv = second_of(1000, 100);

	(void)state;
	w.sample.write_stopped = true;
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_WRITE_STOP);
	assert_string_equal(t.why, "writes are stopped");
	w.sample.write_stopped = false;
	iv.stopped_s = 0.2; /* over again already */
	assert_int_equal(look(iv), LODE_TRIP_WRITE_STOP);
	iv.invalid = LODE_INVALID_CLOCK; /* a starved sampler sees it too */
	assert_int_equal(look(iv), LODE_TRIP_WRITE_STOP);
}

static void stops_of_its_own(void **state)
{
	struct lode_interval iv = second_of(1000, 100);

	(void)state;
	iv.stopped_s = 0.2;
	lode_tripwire_learn(&t, &iv);
	assert_int_equal(look(iv), LODE_TRIP_NONE); /* it did that before */
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
	assert_int_equal(look(iv), LODE_TRIP_WRITE_STOP); /* two of three */
}

static void background_errors(void **state)
{
	struct lode_interval iv = second_of(1000, 100);

	(void)state;
	iv.background_errors = 2;
	lode_tripwire_learn(&t, &iv);
	assert_int_equal(look(iv), LODE_TRIP_NONE);
	w.sample.background_errors = 3;
	assert_int_equal(look(iv), LODE_TRIP_BACKGROUND_ERROR);
	assert_non_null(strstr(t.why, "3 background errors, 2 before"));
}

static void memory(void **state)
{
	(void)state;
	w.sample.cache.usage = 4 * GIB + 1;
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_MEMORY);
	assert_non_null(strstr(t.why, "the budget is 4 GiB"));
	lode_tripwire_learn_situation(&t, &w.now); /* that is how it lives */
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
	w.sample.cache.usage = 6 * GIB;
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_MEMORY);
	w.sample.cache.usage = 0;
	w.machine.mem_available = 100 * MIB;
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_MEMORY);
	assert_non_null(strstr(t.why, "100 MiB of memory are left"));
	w.machine.mem_limit = 0; /* nothing known: no ground to judge by */
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
}

static void stall(void **state)
{
	struct lode_interval iv = second_of(1000, 100), usual = second_of(1000, 100);

	(void)state;
	iv.stall_us = 60000;
	assert_int_equal(look(iv), LODE_TRIP_NONE);
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
	assert_int_equal(look(iv), LODE_TRIP_STALL);
	assert_non_null(strstr(t.why, "6 % of the time, at most 5 %"));
	usual.stall_us = 30000;
	for (int i = 0; i < 50; i++)
		lode_tripwire_learn(&t, &usual);
	for (int i = 0; i < 5; i++)
		assert_int_equal(look(iv), LODE_TRIP_NONE); /* under three times the usual */
	iv.stall_us = 100000;
	look(iv);
	assert_int_equal(look(iv), LODE_TRIP_STALL);
}

static void two_far_apart_do_not_add_up(void **state)
{
	struct lode_interval iv = second_of(1000, 100);

	(void)state;
	iv.stall_us = 500000;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(look(iv), LODE_TRIP_NONE);
		assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
		assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
	}
	look(iv);
	lode_tripwire_learn(&t, &iv); /* a new trial starts with a clean slate */
	t.stall_share = 0;
	assert_int_equal(look(iv), LODE_TRIP_NONE);
}

static void debt_and_l0(void **state)
{
	(void)state;
	w.sample.cf[1].debt = 52 * (uint64_t)GIB; /* soft limit 64 */
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_DEBT);
	assert_non_null(strstr(t.why, "81 % of the soft limit"));
	w.sample.cf[1].debt = 0;
	w.sample.cf[0].files[0] = 17; /* slowdown at 20 */
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_L0);
	lode_tripwire_learn_situation(&t, &w.now); /* L0 at 85 % is its normal life */
	lode_tripwire_learn(&t, &(struct lode_interval){.seconds = 1});
	for (int i = 0; i < 5; i++)
		assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
}

static void collapse(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(look(second_of(300, 110)), LODE_TRIP_NONE); /* fewer wishes, served as fast */
	assert_int_equal(look(second_of(300, 330)), LODE_TRIP_NONE);
	assert_int_equal(look(second_of(300, 330)), LODE_TRIP_COLLAPSE);
	assert_non_null(strstr(t.why, "300 operations per second, 1000 before"));
	look(second_of(1000, 100));
	look(second_of(1000, 100));
	look(second_of(0, 0));
	assert_int_equal(look(second_of(0, 0)), LODE_TRIP_COLLAPSE); /* nothing finishes */
}

/* Timers that come and go: the cost of before is the first that was seen, and fewer operations say nothing until they are timed again. */
static void collapse_with_timers_at_times(void **state)
{
	struct lode_interval few = second_of(300, 110);

	(void)state;
	lode_tripwire_init(&t);
	for (int i = 0; i < 5; i++) {
		struct lode_interval untimed = second_of(1000, 100);
		untimed.has_timers = false;
		lode_tripwire_learn(&t, &untimed);
	}
	struct lode_interval timed = second_of(1000, 100);
	lode_tripwire_learn(&t, &timed);
	for (int i = 0; i < 5; i++)
		assert_int_equal(look(few), LODE_TRIP_NONE);
	few.has_timers = false;
	for (int i = 0; i < 5; i++)
		assert_int_equal(look(few), LODE_TRIP_NONE);
	look(second_of(300, 330));
	assert_int_equal(look(second_of(300, 330)), LODE_TRIP_COLLAPSE);
}

static void no_load_no_collapse(void **state)
{
	struct lode_interval idle = second_of(5, 100);

	(void)state;
	lode_tripwire_init(&t);
	lode_tripwire_learn(&t, &idle);
	for (int i = 0; i < 5; i++)
		assert_int_equal(look(second_of(0, 0)), LODE_TRIP_NONE);
}

static void disk(void **state)
{
	(void)state;
	w.machine.disk_free = 1900 * MIB;
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
	assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_DISK);
	w.machine.disk_size = 0;
	for (int i = 0; i < 3; i++)
		assert_int_equal(look(second_of(1000, 100)), LODE_TRIP_NONE);
}

static void names(void **state)
{
	(void)state;
	for (int i = 0; i < LODE_TRIP_N; i++)
		assert_string_not_equal(lode_trip_name((enum lode_trip)i), "?");
	assert_string_equal(lode_trip_name(LODE_TRIP_N), "?");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    T(quiet),
	    T(write_stop),
	    T(stops_of_its_own),
	    T(background_errors),
	    T(memory),
	    T(stall),
	    T(two_far_apart_do_not_add_up),
	    T(debt_and_l0),
	    T(collapse),
	    T(collapse_with_timers_at_times),
	    T(no_load_no_collapse),
	    T(disk),
	    T(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
