/* Memory over a simulated RocksDB: work that returns is known again, what was proven there is offered first and confirmed quickly, bans hold where they
 * were earned, and a gain that goes away is noticed and put back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bed.h"

#define MIB (1ll << 20)

static struct lode_lsm_mix mix(double reads, double skew)
{
	return (struct lode_lsm_mix){.share = {reads, 1 - reads, 0, 0}, .value_bytes = 100, .found = 1, .skew = skew};
}

static const struct lode_lsm_mix *reads(void)
{
	static struct lode_lsm_mix m;
	m = mix(1, 1);
	return &m;
}

/* The hottest keys are all there are: no cache is too small. */
static const struct lode_lsm_mix *hot_mixed(void)
{
	static struct lode_lsm_mix m;
	m = mix(0.5, 0.001);
	return &m;
}

static void turn_to(struct bed *b, const struct lode_lsm_mix *m)
{
	struct lode_lsm_event e = {.what = LODE_LSM_MIX, .mix = *m};
	assert_true(lode_lsm_at(b->sim, &e));
}

static double capacity(struct bed *b)
{
	struct lode_cache cache = {0};
	lode_lsm_host(b->sim)->ops->cache(lode_lsm_host(b->sim), &cache);
	return (double)cache.capacity;
}

static char *journal(struct bed *b)
{
	struct lode_buf out;
	lode_buf_init(&out, 16 << 20);
	bed_journal(b, &out);
	return out.data; /* the caller frees it */
}

static unsigned count(struct bed *b, const char *text)
{
	char *j = journal(b);
	unsigned n = 0;
	for (const char *p = j; (p = strstr(p, text)); p++)
		n++;
	free(j);
	return n;
}

/* The n-th (from 1) number after `name` in the n-th verdict that has `mark`; -1: there is none. */
static double in_verdict(struct bed *b, const char *mark, const char *name)
{
	char *j = journal(b), *save = NULL;
	double v = -1;
	for (char *line = strtok_r(j, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *at = strstr(line, "\"kind\":\"verdict\"") && strstr(line, mark) ? strstr(line, name) : NULL;
		if (at)
			v = atof(at + strlen(name));
	}
	free(j);
	return v;
}

static bool status_has(struct bed *b, const char *text)
{
	return strstr(bed_status(b), text) != NULL;
}

/* 64 MiB of block cache, which is worth a fifth or so under reads and nothing where all is hot. */
static void begin(struct bed *b, uint64_t seed, size_t wishes)
{
	static const struct bed_wish wish[] = {{"block_cache_size", 512 * MIB}, {"block_cache_size", 512 * MIB}, {"block_cache_size", 512 * MIB}};
	bed_init(b, seed);
	b->asker.advisor = bed_advisor(wish, wishes);
	bed_start(b);
}

static void test_what_returns_is_known(void **state)
{
	struct bed b;
	double first;
	(void)state;
	begin(&b, 1, 1);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	first = in_verdict(&b, "\"purpose\":\"new\"", "\"seconds\":");
	assert_true(first > 0);
	/* other work, where it is worth nothing: tried there, and put back */
	bed_run(&b, 30);
	turn_to(&b, hot_mixed());
	assert_true(bed_until(&b, "\"what\":\"went away\"", 900));
	assert_true(capacity(&b) == (double)b.cache_before);
	assert_true(status_has(&b, "\"regime\":2"));
	/* and back: the advisor has nothing more to say, so this is memory */
	turn_to(&b, reads());
	assert_true(bed_until(&b, "\"regime\":1,", 120));
	assert_true(bed_until(&b, "\"advisor\":\"memory\"", 120));
	for (int i = 0; i < 300 && capacity(&b) == (double)b.cache_before; i++)
		bed_run(&b, 1);
	bed_run(&b, 150);
	assert_true(capacity(&b) == 512.0 * MIB);
	assert_int_equal(count(&b, "\"purpose\":\"confirm\",\"regime\":1,\"verdict\":{\"kind\":\"keep\""), 1);
	assert_true(in_verdict(&b, "\"purpose\":\"confirm\"", "\"seconds\":") < first);
	assert_true(status_has(&b, "\"times\":2"));
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

/* What helps in both kinds of work is tried in the second one and stays; when the first returns there is nothing to do. */
static void test_proven_twice_stays(void **state)
{
	struct lode_lsm_mix other = mix(0.7, 1);
	struct bed b;
	unsigned trials;
	(void)state;
	other.share[1] = 0;
	other.share[LODE_H_SEEK] = 0.3;
	other.next = 10;
	begin(&b, 2, 1);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	bed_run(&b, 30);
	turn_to(&b, &other);
	assert_true(bed_until(&b, "\"rule\":\"other-work\"", 60));
	assert_true(bed_until(&b, "\"what\":\"confirmed\"", 600));
	assert_true(capacity(&b) == 512.0 * MIB);
	turn_to(&b, reads());
	assert_true(bed_until(&b, "\"regime\":1,", 120));
	trials = count(&b, "\"kind\":\"intent\"");
	bed_run(&b, 200);
	assert_int_equal(count(&b, "\"kind\":\"intent\""), trials);
	assert_true(capacity(&b) == 512.0 * MIB);
	bed_free(&b);
}

/* A fill, reads, a mix and the reads again, with the built-in expert. */
static void test_a_day_with_the_expert(void **state)
{
	struct lode_lsm_mix fill = mix(0, 1), mixed = mix(0.5, 0.001);
	struct bed b;
	(void)state;
	bed_init(&b, 3);
	b.lsm.mix = fill;
	bed_start(&b);
	bed_run(&b, 200);
	turn_to(&b, reads());
	bed_run(&b, 400);
	assert_true(status_has(&b, "\"regime\":2"));
	assert_true(capacity(&b) > (double)b.cache_before);
	turn_to(&b, &mixed);
	bed_run(&b, 600);
	assert_true(status_has(&b, "\"regime\":3"));
	turn_to(&b, reads());
	bed_run(&b, 400);
	assert_true(status_has(&b, "\"regime\":2"));
	assert_true(capacity(&b) > (double)b.cache_before);
	assert_true(count(&b, "\"kind\":\"regime\"") == 4);
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_bans_hold_where_they_were_earned(void **state)
{
	static const struct bed_wish wish[] = {{"max_sequential_skip_in_iterations", 12}, {"max_sequential_skip_in_iterations", 12}, {"max_sequential_skip_in_iterations", 12},
					       {"max_sequential_skip_in_iterations", 12}};
	struct bed b;
	(void)state;
	bed_init(&b, 4);
	b.asker.advisor = bed_advisor(wish, 4);
	bed_start(&b);
	assert_true(bed_until(&b, "\"what\":\"reverted\"", 400)); /* it does nothing for reads */
	assert_true(bed_until(&b, "not again for", 60)); /* the second wish */
	turn_to(&b, hot_mixed());
	assert_true(bed_until(&b, "\"regime\":2", 60));
	assert_true(bed_until(&b, "\"state\":\"TRIAL\"", 60)); /* the third: nobody has tried it here */
	assert_true(bed_until(&b, "\"state\":\"COOLDOWN\"", 400));
	turn_to(&b, reads());
	assert_true(bed_until(&b, "\"regime\":1,", 60));
	bed_run(&b, 150);
	assert_int_equal(count(&b, "\"kind\":\"intent\""), 3); /* the fourth: its cooldown is over here */
	assert_true(bed_until(&b, "\"what\":\"reverted\"", 400));
	for (int i = 0; i < 400 && !status_has(&b, "\"times\":2"); i++)
		bed_run(&b, 1);
	assert_true(status_has(&b, "\"option\":\"max_sequential_skip_in_iterations\",\"direction\":\"up\",\"times\":2"));
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

/* The same work on a new set of keys, for which the cache is far too small: slower than at the keep, and nothing is left of the gain. */
static void test_a_gain_that_goes_away(void **state)
{
	struct lode_lsm_mix useless = mix(1, 60);
	struct bed b;
	(void)state;
	begin(&b, 5, 1);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	bed_run(&b, 400);
	assert_true(capacity(&b) == 512.0 * MIB);
	turn_to(&b, &useless);
	assert_true(bed_until(&b, "\"due\":\"drift\"", 600));
	assert_true(bed_until(&b, "\"what\":\"went away\"", 900));
	assert_true(capacity(&b) == (double)b.cache_before);
	assert_true(status_has(&b, "\"kept\":[]"));
	assert_true(bed_as_before(&b));
	assert_int_equal(count(&b, "\"kind\":\"check\""), 1);
	bed_free(&b);
}

/* The calendar alone asks, too; a gain that is there is confirmed with less than it took to prove it, and stays. */
static void test_the_calendar_asks(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 6, 1);
	b.config.recheck = 600;
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	assert_true(bed_until(&b, "\"due\":\"scheduled\"", 700) || status_has(&b, "\"rule\":\"scheduled\""));
	assert_true(bed_until(&b, "\"what\":\"confirmed\"", 300));
	assert_true(capacity(&b) == 512.0 * MIB);
	assert_true(in_verdict(&b, "\"purpose\":\"scheduled\"", "\"seconds\":") < in_verdict(&b, "\"purpose\":\"new\"", "\"seconds\":"));
	bed_run(&b, 2000);
	assert_int_equal(count(&b, "\"purpose\":\"scheduled\",\"regime\":1,\"changes\""), 1); /* once */
	assert_int_equal(count(&b, "\"what\":\"put back\""), 0);
	bed_free(&b);
}

/* The gain stays as it was at the keep, for hours: nothing is put back. */
static void test_a_gain_that_stays(void **state)
{
	struct bed b;
	double hours = getenv("LODE_TEST_HOURS") ? atof(getenv("LODE_TEST_HOURS")) : 2;
	(void)state;
	begin(&b, 7, 1);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	bed_run(&b, hours * 3600);
	assert_true(capacity(&b) == 512.0 * MIB);
	assert_true(status_has(&b, "\"put_back\":0"));
	assert_int_equal(count(&b, "\"kind\":\"regime\""), 1);
	bed_free(&b);
}

/* The least number of seconds between two lasting changes of options. */
static double between_changes(struct bed *b, unsigned *n)
{
	char *j = journal(b), *save = NULL;
	double last = -1, least = 1e9;
	*n = 0;
	for (char *line = strtok_r(j, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int h, m;
		double s, t;
		if (!strstr(line, "\"kind\":\"kept\"") || sscanf(line, "{\"ts\":\"%*d-%*d-%*dT%d:%d:%lf", &h, &m, &s) != 3)
			continue;
		t = 3600 * h + 60 * m + s;
		if (last >= 0 && t > last && t - last < least)
			least = t - last;
		last = t;
		++*n;
	}
	free(j);
	return least;
}

/* Work that turns every two minutes: a change that is proven in one kind and has failed in the other comes and goes, never twice within a settle time, and
 * in the other kind it does not stay. */
static void test_work_that_turns_and_turns(void **state)
{
	unsigned n, quick = 0;
	struct bed b;
	(void)state;
	begin(&b, 12, 3);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	bed_run(&b, 30);
	turn_to(&b, hot_mixed());
	assert_true(bed_until(&b, "\"what\":\"went away\"", 900)); /* the ban lasts two minutes, then four */
	for (int i = 0; i < 12; i++) {
		turn_to(&b, i % 2 ? hot_mixed() : reads());
		bed_run(&b, 120);
		quick += i % 2 && capacity(&b) == (double)b.cache_before;
	}
	assert_true(quick >= 5);
	assert_true(between_changes(&b, &n) >= 20);
	assert_true(n >= 4);
	assert_int_equal(count(&b, "\"kind\":\"regime\""), 14);
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

/* An operator's rollback in the middle of a check is the last word. */
static void test_rollback_in_a_check(void **state)
{
	struct lode_buf out;
	struct bed b;
	(void)state;
	lode_buf_init(&out, 1 << 20);
	begin(&b, 8, 1);
	b.config.recheck = 100;
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	assert_true(bed_until(&b, "\"rule\":\"scheduled\"", 400));
	bed_run(&b, 5);
	assert_int_equal(lode_conductor_rollback(b.c, false, &out), 0);
	assert_true(bed_as_before(&b));
	bed_run(&b, 90); /* nor does memory offer it again */
	assert_true(bed_as_before(&b));
	assert_true(status_has(&b, "\"kept\":[]"));
	lode_buf_fini(&out);
	bed_free(&b);
}

/* Pausing in a check: back to how it was, which is kept. */
static void test_pause_in_a_check(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 9, 1);
	b.config.recheck = 100;
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	assert_true(bed_until(&b, "\"arm\":\"control\"", 400));
	assert_true(status_has(&b, "\"rule\":\"scheduled\""));
	lode_conductor_pause(b.c, true);
	assert_true(capacity(&b) == 512.0 * MIB);
	bed_run(&b, 60);
	assert_true(capacity(&b) == 512.0 * MIB);
	lode_conductor_settle(b.c);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_memory_outlives_the_process(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 10, 1);
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	bed_run(&b, 30);
	turn_to(&b, hot_mixed());
	assert_true(bed_until(&b, "\"what\":\"went away\"", 900));
	lode_conductor_settle(b.c);
	bed_crash(&b);
	turn_to(&b, reads());
	b.asker.advisor->ops->free(b.asker.advisor);
	b.asker.advisor = bed_advisor(NULL, 0);
	lode_lsm_advance(b.sim, 1);
	bed_attach(&b);
	assert_true(status_has(&b, "\"cooling_down\":[{\"option\":\"block_cache_size\",\"direction\":\"up\",\"times\":1"));
	assert_true(bed_until(&b, "\"regime\":1,", 30));
	assert_true(bed_until(&b, "\"advisor\":\"memory\"", 60));
	bed_run(&b, 150);
	assert_true(capacity(&b) == 512.0 * MIB);
	b.config.recheck = 30;
	bed_free(&b);
}

static void test_crash_in_a_check(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 11, 1);
	b.config.recheck = 100;
	assert_true(bed_until(&b, "\"what\":\"kept\"", 300));
	assert_true(bed_until(&b, "\"rule\":\"scheduled\"", 400));
	assert_true(bed_until(&b, "\"arm\":\"treatment\"", 100));
	bed_crash(&b);
	bed_attach(&b);
	assert_true(bed_as_before(&b));
	assert_true(status_has(&b, "\"kept\":[]"));
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_returns_is_known), cmocka_unit_test(test_proven_twice_stays), cmocka_unit_test(test_a_day_with_the_expert),
		cmocka_unit_test(test_bans_hold_where_they_were_earned), cmocka_unit_test(test_a_gain_that_goes_away), cmocka_unit_test(test_the_calendar_asks),
		cmocka_unit_test(test_a_gain_that_stays), cmocka_unit_test(test_work_that_turns_and_turns), cmocka_unit_test(test_rollback_in_a_check), cmocka_unit_test(test_pause_in_a_check),
		cmocka_unit_test(test_memory_outlives_the_process), cmocka_unit_test(test_crash_in_a_check),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
