/* Is the simulated LSM sane: does it do what RocksDB was measured or read to do, and is it the same for the same seed? */
#include "lsm.h"
#include "host/versions.h"

#include "host/write.h"
#include "sense/interval.h"
#include "sense/workload.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* One simulated database with the last two samples of it. */
struct bed {
	struct lode_lsm *sim;
	struct lode_host *host;
	struct lode_sample *s[2];
	bool sampled;
};

static struct lode_lsm_config config_of(double get, double write, double seek)
{
	struct lode_lsm_config c;

	lode_lsm_config_init(&c);
	c.mix.share[LODE_H_GET] = get;
	c.mix.share[LODE_H_WRITE] = write;
	c.mix.share[LODE_H_SEEK] = seek;
	return c;
}

static struct bed bed_new(const struct lode_lsm_config *c)
{
	struct bed b = {.sim = lode_lsm_new(c)};

	assert_non_null(b.sim);
	b.host = lode_lsm_host(b.sim);
	for (int i = 0; i < 2; i++)
		assert_non_null(b.s[i] = calloc(1, sizeof *b.s[i]));
	return b;
}

static void bed_free(struct bed *b)
{
	lode_lsm_free(b->sim);
	free(b->s[0]);
	free(b->s[1]);
}

/* Lets it run in intervals of one second; the sum of the valid ones. */
static struct lode_interval bed_run(struct bed *b, int seconds)
{
	struct lode_interval sum = {0}, iv;

	for (int i = 0; i < seconds; i++) {
		if (!b->sampled)
			assert_int_equal(lode_sample_take(b->host, lode_lsm_clock(b->sim), true, NULL, b->s[1]), 0);
		b->sampled = true;
		struct lode_sample *t = b->s[0];
		b->s[0] = b->s[1];
		b->s[1] = t;
		lode_lsm_advance(b->sim, 1);
		assert_int_equal(lode_sample_take(b->host, lode_lsm_clock(b->sim), true, b->s[0], b->s[1]), 0);
		lode_interval_diff(b->s[0], b->s[1], 1, &iv);
		lode_interval_add(&sum, &iv);
	}
	return sum;
}

static int set_cf(struct bed *b, const char *key, const char *value)
{
	const struct lode_kv kv = {key, value};

	return b->host->ops->set_cf_options(b->host, 0, &kv, 1, NULL);
}

static int set_db(struct bed *b, const char *key, const char *value)
{
	const struct lode_kv kv = {key, value};

	return b->host->ops->set_db_options(b->host, &kv, 1, NULL);
}

static void within(double got, double lo, double hi)
{
	if (!(got >= lo && got <= hi))
		fail_msg("%g is not in %g..%g", got, lo, hi);
}

static void a_larger_cache_helps_as_measured(void **state)
{
	static const struct {
		double get, write, seek, before, after; /* kops/s of db_bench, 8 MB and 1 GiB */
	} cases[] = {{1, 0, 0, 142, 279}, {0.9, 0.1, 0, 117, 191}, {0, 0, 1, 101, 179}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lode_lsm_config c = config_of(cases[i].get, cases[i].write, cases[i].seek);
		struct bed b = bed_new(&c);
		struct lode_interval iv = bed_run(&b, 120);

		within(lode_interval_ops(&iv), cases[i].before * 900, cases[i].before * 1100);
		within(lode_interval_data_hit(&iv), 0, 0.02);
		assert_int_equal(b.host->ops->set_cache_capacity(b.host, 1ull << 30, NULL), 0);
		struct lode_interval warming = bed_run(&b, 1);
		bed_run(&b, 60);
		iv = bed_run(&b, 120);
		within(lode_interval_ops(&iv), cases[i].after * 900, cases[i].after * 1100);
		assert_true(lode_interval_data_hit(&warming) < lode_interval_data_hit(&iv)); /* it had to fill first */
		assert_true(b.s[1]->cache.usage <= b.s[1]->cache.capacity);
		assert_int_equal(b.host->ops->set_cache_capacity(b.host, 8u << 20, NULL), 0);
		iv = bed_run(&b, 60);
		within(lode_interval_data_hit(&iv), 0, 0.02);
		bed_free(&b);
	}
}

static void service_times_add_up_to_the_clients_time(void **state)
{
	struct lode_lsm_config c = config_of(0.6, 0.3, 0.1);
	struct bed b = bed_new(&c);
	struct lode_interval iv = bed_run(&b, 60);
	double busy = 0;

	(void)state;
	for (int i = 0; i < LODE_OP_N; i++)
		busy += (double)iv.op[i].sum_us * 1e-6;
	within(busy / iv.seconds, 1.98, 2.02); /* two closed loops */
	for (int i = 0; i < 3; i++) {
		double p50 = lode_hist_percentile(&iv.op[i].hist, 0.5), p99 = lode_hist_percentile(&iv.op[i].hist, 0.99);
		assert_true(p50 > 1 && p50 < p99 && p99 < 1000);
	}
	within((double)iv.op[LODE_H_GET].count / (lode_interval_ops(&iv) * iv.seconds), 0.59, 0.61);
	bed_free(&b);
}

static void a_stop_trigger_below_l0_stops_writes(void **state)
{
	struct lode_lsm_config c = config_of(0, 1, 0);
	struct bed b = bed_new(&c);
	struct lode_interval iv;

	(void)state;
	bed_run(&b, 60);
	assert_int_equal(set_cf(&b, "max_write_buffer_number", "0"), 0); /* RocksDB takes it, and that is the end of writing */
	iv = bed_run(&b, 20);
	within((double)iv.keys_written, 0, 1000);
	assert_true(iv.write_stopped);
	within(iv.stopped_s, 18, 20);
	within(lode_interval_stall_share(&iv), 0.95, 1.01);
	assert_int_equal(set_cf(&b, "max_write_buffer_number", "2"), 0);
	iv = bed_run(&b, 10);
	assert_true(iv.keys_written > 500000 && !iv.write_stopped);

	assert_int_equal(set_cf(&b, "level0_stop_writes_trigger", "1"), 0); /* no compaction comes before 4 files: for ever */
	iv = bed_run(&b, 30);
	assert_true(b.s[1]->write_stopped);
	bed_run(&b, 60);
	assert_true(b.s[1]->write_stopped);
	bed_free(&b);
}

static void debt_grows_under_overload_and_slows_writers(void **state)
{
	struct lode_lsm_config c = config_of(0, 1, 0);
	struct lode_lsm_report r;
	struct lode_interval iv;

	(void)state;
	c.keys = 200e6;
	c.compact_mbps = 10; /* a slow disk: compaction cannot follow */
	struct bed b = bed_new(&c);
	iv = bed_run(&b, 60);
	uint64_t early = iv.debt;
	iv = bed_run(&b, 240);
	assert_true(iv.debt > early + (200u << 20));
	assert_true(iv.l0_files >= 18);
	iv = bed_run(&b, 300);
	assert_true(b.s[1]->delayed_write_rate > 0 || b.s[1]->write_stopped);
	assert_true(lode_interval_stall_share(&iv) > 0.2);
	assert_true(lode_hist_percentile(&iv.op[LODE_H_WRITE].hist, 0.99) > 100);
	while (b.s[1]->write_stopped || b.s[1]->delayed_write_rate <= 16384)
		bed_run(&b, 1);
	/* An option that has nothing to do with it, set again and again, ratchets the write rate down. */
	uint64_t before = b.s[1]->delayed_write_rate;
	for (int i = 0; i < 10; i++)
		assert_int_equal(set_cf(&b, "ttl", "100"), 0);
	assert_int_equal(lode_sample_take(b.host, lode_lsm_clock(b.sim), false, b.s[1], b.s[0]), 0);
	assert_true(b.s[0]->delayed_write_rate < before / 4 || b.s[0]->delayed_write_rate == 16384);
	lode_lsm_report(b.sim, &r);
	assert_int_equal(r.sets_while_delayed, 10);
	bed_free(&b);
}

static void options_have_their_effects(void **state)
{
	struct lode_lsm_config c = config_of(0, 1, 0);
	struct bed small = bed_new(&c), plain = bed_new(&c), large = bed_new(&c);
	struct lode_interval s, p, l;

	(void)state;
	assert_int_equal(set_cf(&small, "write_buffer_size", "2097152"), 0);
	assert_int_equal(set_cf(&large, "write_buffer_size", "268435456"), 0);
	s = bed_run(&small, 300);
	p = bed_run(&plain, 300);
	l = bed_run(&large, 300);
	assert_true(lode_interval_ops(&s) < 0.7 * lode_interval_ops(&p));
	assert_true(lode_interval_ops(&l) > 1.03 * lode_interval_ops(&p));
	assert_true(lode_interval_write_amp(&s) > lode_interval_write_amp(&p));
	within(lode_interval_write_amp(&p), 1.5, 30);

	/* Fewer levels of debt with more jobs, when one cannot follow. */
	c.compact_mbps = 15;
	c.cores = 8;
	c.keys = 200e6;
	struct bed one = bed_new(&c), many = bed_new(&c);
	assert_int_equal(set_db(&many, "max_background_jobs", "8"), 0);
	p = bed_run(&one, 600);
	l = bed_run(&many, 600);
	assert_true(l.debt < p.debt);
	bed_free(&one);
	bed_free(&many);
	bed_free(&small);
	bed_free(&plain);
	bed_free(&large);
}

static void same_seed_same_run(void **state)
{
	struct lode_lsm_config c = config_of(0.5, 0.5, 0);
	struct bed a = bed_new(&c), b = bed_new(&c);

	(void)state;
	c.seed = 2;
	struct bed other = bed_new(&c);
	struct lode_interval x = bed_run(&a, 90), y = bed_run(&b, 90), z = bed_run(&other, 90);
	assert_memory_equal(x.ticker, y.ticker, sizeof x.ticker);
	assert_memory_equal(x.op, y.op, sizeof x.op);
	assert_memory_equal(a.s[1]->cf, b.s[1]->cf, sizeof a.s[1]->cf);
	assert_true(memcmp(x.ticker, z.ticker, sizeof x.ticker) != 0);
	bed_free(&a);
	bed_free(&b);
	bed_free(&other);
}

static void setting_is_all_or_nothing_and_careless(void **state)
{
	struct lode_lsm_config c = config_of(1, 0, 0);
	struct bed b = bed_new(&c);
	const struct lode_kv mixed[] = {{"write_buffer_size", "1"}, {"no_such_option", "1"}};
	struct lode_lsm_report r;
	struct lode_err err;

	(void)state;
	assert_int_equal(b.host->ops->set_cf_options(b.host, 0, mixed, 2, &err), -EINVAL);
	within(lode_lsm_value(b.sim, 0, "write_buffer_size"), 67108864, 67108864);
	assert_int_equal(set_cf(&b, "num_levels", "4"), -EINVAL);
	assert_int_equal(set_db(&b, "write_buffer_size", "67108864"), -EINVAL);
	assert_int_equal(b.host->ops->set_cf_options(b.host, 0, NULL, 0, &err), -EINVAL);
	assert_int_equal(b.host->ops->set_cf_options(b.host, 9, mixed, 1, &err), -ENOENT);
	assert_int_equal(set_cf(&b, "write_buffer_size", "64MB"), 0); /* suffix read, the rest ignored */
	within(lode_lsm_value(b.sim, 0, "write_buffer_size"), 67108864, 67108864);
	assert_int_equal(set_cf(&b, "target_file_size_base", "1e9"), 0);
	within(lode_lsm_value(b.sim, 0, "target_file_size_base"), 1, 1);
	assert_int_equal(set_cf(&b, "disable_auto_compactions", "maybe"), -EINVAL);
	lode_lsm_report(b.sim, &r);
	assert_null(r.died);
	assert_int_equal(set_cf(&b, "level0_slowdown_writes_trigger", "2"), 0);
	lode_lsm_report(b.sim, &r);
	assert_non_null(r.died);
	bed_free(&b);
}

static void options_file_reads_back(void **state)
{
	struct lode_lsm_config c = config_of(1, 0, 0);
	char dir[] = "/tmp/lode-lsm-XXXXXX", command[64];
	struct lode_options *o = NULL;
	struct lode_err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	c.dir = dir;
	c.ncf = 2;
	struct bed b = bed_new(&c);
	assert_int_equal(b.host->ops->options(b.host, 0, &o, &err), 0);
	uint64_t number = lode_options_number(o);
	assert_true(number > 0);
	assert_int_equal(lode_options_cf_count(o), 2);
	assert_string_equal(lode_options_get(o, LODE_SEC_CF, "cf1", "write_buffer_size"), "67108864");
	lode_options_free(o);
	assert_int_equal(b.host->ops->options(b.host, number, &o, &err), -EALREADY);
	assert_int_equal(set_cf(&b, "table_factory.block_size", "16384"), 0);
	assert_int_equal(set_db(&b, "max_background_jobs", "4"), 0);
	assert_int_equal(b.host->ops->options(b.host, number, &o, &err), 0);
	assert_string_equal(lode_options_get(o, LODE_SEC_TABLE, "default", "block_size"), "16384");
	assert_string_equal(lode_options_get(o, LODE_SEC_DB, NULL, "max_background_jobs"), "4");
	assert_string_equal(lode_options_get(o, LODE_SEC_VERSION, NULL, "rocksdb_version"), "7.8.3");
	lode_options_free(o);

	/* The one way to write, against this host: written, read back, skipped when it is so already. */
	struct lode_write w[] = {{LODE_SCOPE_CF, 0, "level0_file_num_compaction_trigger", "8"}, {LODE_SCOPE_CACHE, 0, "", "1048576"}};
	struct lode_write_report rep;
	assert_int_equal(lode_host_write(b.host, w, 2, &rep, &err), 0);
	assert_int_equal(rep.written, 2);
	assert_int_equal(lode_host_write(b.host, w, 2, &rep, &err), 0);
	assert_int_equal(rep.skipped, 2);
	bed_free(&b);
	snprintf(command, sizeof command, "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void at(struct bed *b, double when, enum lode_lsm_what what, double n)
{
	const struct lode_lsm_event e = {.at_s = when, .what = what, .n = n, .key = "level0_file_num_compaction_trigger", .value = "7"};

	assert_true(lode_lsm_at(b->sim, &e));
}

/* A job that began before a write puts the options of its beginning in force when it ends; a later one heals it. */
static void old_jobs(struct bed *b)
{
	static const char key[] = "level0_file_num_compaction_trigger";
	uint64_t flushes = 0, compactions = 0;

	while (!flushes && !compactions) {
		lode_lsm_advance(b->sim, 0.05);
		b->host->ops->int_property(b->host, 0, "rocksdb.num-running-flushes", &flushes);
		b->host->ops->int_property(b->host, 0, "rocksdb.num-running-compactions", &compactions);
	}
	assert_int_equal(set_cf(b, key, "6"), 0);
	within(lode_lsm_value(b->sim, 0, key), 6, 6);
	for (int i = 0; i < 2000 && lode_lsm_value(b->sim, 0, key) == 6; i++)
		lode_lsm_advance(b->sim, 0.05);
	within(lode_lsm_value(b->sim, 0, key), 5, 5); /* shown as 6 */
	bed_run(b, 60);
	within(lode_lsm_value(b->sim, 0, key), 6, 6);
}

static void events_happen(void **state)
{
	struct lode_lsm_config c = config_of(0.5, 0.5, 0);
	struct bed b;
	struct lode_interval iv;
	uint64_t n;

	(void)state;
	c.hazards = LODE_HAZARD_QUIET_REVERT;
	b = bed_new(&c);
	bed_run(&b, 5);
	at(&b, 6, LODE_LSM_STATS_RESET, 0);
	iv = bed_run(&b, 5);
	assert_int_equal(iv.parts, 4); /* one of five was invalid */
	at(&b, 11, LODE_LSM_SUSPEND, 60);
	iv = bed_run(&b, 3);
	assert_int_equal(iv.parts, 2);
	at(&b, 0, LODE_LSM_SET, 0);
	bed_run(&b, 1);
	within(lode_lsm_value(b.sim, 0, "level0_file_num_compaction_trigger"), 7, 7);

	at(&b, 0, LODE_LSM_SET_FAILS, 1);
	lode_lsm_advance(b.sim, 0.1);
	assert_int_equal(set_cf(&b, "level0_file_num_compaction_trigger", "5"), -EIO);
	within(lode_lsm_value(b.sim, 0, "level0_file_num_compaction_trigger"), 7, 7);
	at(&b, 0, LODE_LSM_SET_LIES, 1);
	lode_lsm_advance(b.sim, 0.1);
	assert_int_equal(set_cf(&b, "level0_file_num_compaction_trigger", "5"), -EIO);
	within(lode_lsm_value(b.sim, 0, "level0_file_num_compaction_trigger"), 5, 5);
	old_jobs(&b);

	struct lode_lsm_event mix = {.what = LODE_LSM_MIX,
				     .mix = {.share = {0, 0, 1, 0}, .value_bytes = 100, .found = 1, .next = 50, .skew = 1}};
	struct lode_workload before, after;
	iv = bed_run(&b, 10);
	lode_workload_of(&iv, b.s[1], &before);
	assert_true(lode_lsm_at(b.sim, &mix));
	bed_run(&b, 1);
	iv = bed_run(&b, 10);
	lode_workload_of(&iv, b.s[1], &after);
	assert_true(lode_workload_distance(&before, &after) > 1);

	at(&b, 0, LODE_LSM_BG_ERROR, 0);
	iv = bed_run(&b, 1);
	assert_int_equal(iv.background_errors, 1);
	assert_true(iv.write_stopped);
	at(&b, 0, LODE_LSM_CLOSE, 0);
	lode_lsm_advance(b.sim, 0.1);
	assert_int_equal(b.host->ops->int_property(b.host, 0, "rocksdb.is-write-stopped", &n), -ESHUTDOWN);
	assert_int_equal(set_cf(&b, "ttl", "1"), -ESHUTDOWN);
	assert_int_equal(lode_sample_take(b.host, lode_lsm_clock(b.sim), true, NULL, b.s[0]), -ESHUTDOWN);
	bed_free(&b);
}

/* Half an hour of noise: the work stays where it is. */
static void work_is_stable_on_the_model(void **state)
{
	struct lode_lsm_config c = config_of(0.9, 0.1, 0);
	struct lode_workload w, first = {0};

	(void)state;
	c.noise = 0.1;
	struct bed b = bed_new(&c);
	for (int i = 0; i < 180; i++) {
		struct lode_interval iv = bed_run(&b, 10);
		lode_workload_of(&iv, b.s[1], &w);
		assert_true(w.known);
		if (!i)
			first = w;
		assert_true(lode_workload_distance(&first, &w) < 0.1);
	}
	bed_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_larger_cache_helps_as_measured),
		cmocka_unit_test(service_times_add_up_to_the_clients_time),
		cmocka_unit_test(a_stop_trigger_below_l0_stops_writes),
		cmocka_unit_test(debt_grows_under_overload_and_slows_writers),
		cmocka_unit_test(options_have_their_effects),
		cmocka_unit_test(same_seed_same_run),
		cmocka_unit_test(setting_is_all_or_nothing_and_careless),
		cmocka_unit_test(options_file_reads_back),
		cmocka_unit_test(events_happen),
		cmocka_unit_test(work_is_stable_on_the_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
