/* Taking samples from a host that is scripted: what is read where, what is summed, what is copied, what fails and how. */
#include "sense/interval.h"
#include "sense/sample.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct fake {
	struct lode_host host; /* first member */
	struct lode_host_info info;
	uint64_t now_ns;
	size_t ncf;
	const char *broken;  /* this property fails ... */
	int broken_rc;       /* ... like this */
	uint32_t broken_cf;
	const char *uptime;
	int shapes;          /* reads of the level shape */
	bool uncounted;      /* the Statistics are switched off */
	uint64_t base;
};

static uint64_t fake_now(void *self)
{
	return ((struct fake *)self)->now_ns++;
}

static const struct lode_host_info *fake_info(struct lode_host *h)
{
	return &((struct fake *)(void *)h)->info;
}

static int fake_cfs(struct lode_host *h, struct lode_cf *out, size_t cap, size_t *n)
{
	struct fake *f = (struct fake *)(void *)h;

	for (size_t i = 0; i < f->ncf && i < cap; i++)
		out[i] = (struct lode_cf){.id = (uint32_t)(i * 3), .name = "x"};
	*n = f->ncf;
	return 0;
}

static int fake_int(struct lode_host *h, uint32_t cf, const char *name, uint64_t *out)
{
	static const char *const known[] = {
		"is-write-stopped", "actual-delayed-write-rate", "background-errors", "num-running-flushes", "num-running-compactions",
		"cur-size-active-mem-table", "size-all-mem-tables", "num-immutable-mem-table", "estimate-pending-compaction-bytes",
		"base-level", "live-sst-files-size", "estimate-live-data-size", "estimate-num-keys",
	};
	struct fake *f = (struct fake *)(void *)h;

	if (f->broken && cf == f->broken_cf && !strcmp(name, f->broken))
		return f->broken_rc;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(name + strlen("rocksdb."), known[i])) {
			assert_true(i >= 5 || cf == 0); /* the instance's own are asked of the default family */
			*out = f->base + 100 * i + cf;
			return 0;
		}
	return -ENOENT; /* num-files-at-level0 is not an integer property of the real thing */
}

static int fake_map(struct lode_host *h, uint32_t cf, const char *name, lode_kv_fn *fn, void *ctx)
{
	struct fake *f = (struct fake *)(void *)h;

	if (f->broken && cf == f->broken_cf && !strcmp(name, f->broken))
		return f->broken_rc;
	if (!strcmp(name, "rocksdb.dbstats")) {
		assert_int_equal(cf, 0);
		fn(ctx, "db.uptime", f->uptime);
		fn(ctx, "db.user_bytes_written", "24177780");
		fn(ctx, "db.user_keys_written", "200000");
		fn(ctx, "db.user_write_stall_micros", "17");
		return 0;
	}
	assert_string_equal(name, "rocksdb.cfstats");
	f->shapes++;
	fn(ctx, "compaction.L0.NumFiles", "3.000000");
	fn(ctx, "compaction.L0.CompCount", "41.000000");
	fn(ctx, "compaction.L2.CompCount", "7.000000");
	fn(ctx, "compaction.L0.SizeBytes", "2905372,000000");
	fn(ctx, "compaction.L2.NumFiles", "12.000000");
	fn(ctx, "compaction.L2.SizeBytes", "99999999999.000000");
	fn(ctx, "compaction.L2.Score", "1.5");
	fn(ctx, "compaction.L77.NumFiles", "1");
	fn(ctx, "compaction.L999999999999.NumFiles", "1");
	fn(ctx, "compaction.Sum.NumFiles", "15.000000");
	fn(ctx, "io_stalls.total_stop", "1");
	fn(ctx, "io_stalls.level0_slowdown", "5");
	fn(ctx, "io_stalls.level0_slowdown_with_compaction", "4");
	fn(ctx, "memtable-limit-stops", "6");
	fn(ctx, "cf-l0-file-count-limit-delays-with-ongoing-compaction", "9");
	return 0;
}

static int fake_stats(struct lode_host *h, lode_stat_fn *fn, void *ctx)
{
	bool counted = !((struct fake *)(void *)h)->uncounted;

	for (int i = 0; i < (int)LODE_TICKER_N; i++)
		fn(ctx, lode_ticker_name[i], counted ? (uint64_t)i + 1 : 0, 0, false);
	for (int i = 0; i < (int)LODE_HIST_N; i++)
		fn(ctx, lode_hist_name[i], 10 * ((uint64_t)i + 1), 7, true);
	fn(ctx, "rocksdb.db.get.micros", 5, 0, false); /* a ticker of a histogram's name is not it */
	fn(ctx, "x", 1, 1, false);
	fn(ctx, "rocksdb.something.new", 1, 1, false);
	return 0;
}

static int fake_hist(struct lode_host *h, const char *name, struct lode_hist *out)
{
	(void)h;
	if (!strcmp(name, "rocksdb.db.seek.micros"))
		return -ENOENT;
	*out = (struct lode_hist){.count = 999, .sum = 999, .n = 1, .limit = {2}, .bucket = {999}};
	return 0;
}

static int fake_cache(struct lode_host *h, struct lode_cache *out)
{
	(void)h;
	*out = (struct lode_cache){.present = true};
	return -ENOENT;
}

static const struct lode_host_ops fake_ops = {
	.info = fake_info,
	.column_families = fake_cfs,
	.int_property = fake_int,
	.map_property = fake_map,
	.statistics = fake_stats,
	.histogram = fake_hist,
	.cache = fake_cache,
};

static struct fake make(size_t ncf)
{
	return (struct fake){.host.ops = &fake_ops,
			     .info = {.has_statistics = true, .has_timers = true},
			     .now_ns = 1000000000,
			     .ncf = ncf,
			     .uptime = "100.5",
			     .base = 1000};
}

static struct lode_clock clock_of(struct fake *f)
{
	return (struct lode_clock){.mono_ns = fake_now, .wall_us = fake_now, .self = f};
}

static void everything_lands_in_its_place(void **state)
{
	struct fake f = make(2);
	struct lode_clock clock = clock_of(&f);
	struct lode_sample *s = calloc(1, sizeof *s);

	(void)state;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), 0);
	assert_true(s->has_stats && s->has_timers && s->write_stopped);
	assert_int_equal(s->delayed_write_rate, 1100);
	assert_int_equal(s->background_errors, 1200);
	assert_int_equal(s->running_compactions, 1400);
	assert_int_equal(s->user_bytes_written, 24177780);
	assert_int_equal(s->user_keys_written, 200000);
	assert_int_equal(s->user_stall_us, 17);
	for (int i = 0; i < (int)LODE_TICKER_N; i++)
		assert_int_equal(s->ticker[i], i + 1);
	assert_int_equal(s->hist[LODE_H_GET].count, 10); /* of the same instant as sum, not the buckets' */
	assert_int_equal(s->hist[LODE_H_GET].sum, 7);
	assert_int_equal(s->hist[LODE_H_GET].n, 1);
	assert_int_equal(s->hist[LODE_H_SEEK].n, 0);
	assert_int_equal(s->hist[LODE_H_SEEK].count, 30);
	assert_int_equal(s->hist[LODE_H_FLUSH].n, 0);
	assert_int_equal(s->ncf, 2);
	assert_int_equal(s->cf[1].id, 3);
	assert_int_equal(s->cf[1].mem_all, 1603);
	assert_int_equal(s->cf[1].debt, 1803);
	assert_int_equal(s->cf[1].levels, 3);
	assert_int_equal(s->cf[1].files[0], 3);
	assert_int_equal(s->cf[1].flushes, 41);
	assert_int_equal(s->cf[1].stalls[LODE_STALL_L0_DELAY], 5);
	assert_int_equal(s->cf[1].stalls[LODE_STALL_MEMTABLE_STOP], 6);
	assert_int_equal(s->cf[1].stalls[LODE_STALL_L0_STOP], 0);
	assert_int_equal(s->cf[1].bytes[0], 2905372);
	assert_int_equal(s->cf[1].files[1], 0);
	assert_int_equal(s->cf[1].bytes[2], 99999999999);
	assert_false(s->cache.present);
	assert_true(s->process_rss > 0 && s->process_cpu_ns > 0 && s->took_ns > 0);
	assert_true(fabs(lode_sample_space_amp(s) - 2000.0 * 2 / 2200 / 2) < 0.1);
	free(s);
}

static void shape_is_copied_unless_asked(void **state)
{
	struct fake f = make(1);
	struct lode_clock clock = clock_of(&f);
	struct lode_sample *s = calloc(2, sizeof *s);

	(void)state;
	assert_int_equal(lode_sample_take(&f.host, &clock, false, NULL, &s[0]), 0);
	assert_int_equal(f.shapes, 1); /* nothing to copy from */
	f.ncf = 2;
	f.base = 5000;
	assert_int_equal(lode_sample_take(&f.host, &clock, false, &s[0], &s[1]), 0);
	assert_int_equal(f.shapes, 2); /* only the new family */
	assert_int_equal(s[1].cf[0].sst_bytes, s[0].cf[0].sst_bytes);
	assert_int_equal(s[1].cf[0].files[2], 12);
	assert_int_equal(s[1].cf[0].debt, 5800);
	assert_int_equal(s[1].cf[1].sst_bytes, 6003);
	free(s);
}

static void many_families_are_counted_not_touched(void **state)
{
	struct fake f = make(LODE_CF_MAX + 5);
	struct lode_clock clock = clock_of(&f);
	struct lode_sample *s = calloc(1, sizeof *s);

	(void)state;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), 0);
	assert_int_equal(s->ncf, LODE_CF_MAX);
	assert_int_equal(s->ncf_total, LODE_CF_MAX + 5);
	free(s);
}

static void failures(void **state)
{
	struct fake f = make(3);
	struct lode_clock clock = clock_of(&f);
	struct lode_sample *s = calloc(1, sizeof *s);

	(void)state;
	f.broken = "rocksdb.is-write-stopped";
	f.broken_rc = -EIO;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), -EIO);
	f.broken = "rocksdb.base-level"; /* this RocksDB does not have it */
	f.broken_rc = -ENOENT;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), 0);
	assert_int_equal(s->ncf, 3);
	assert_int_equal(s->cf[0].base_level, 0);
	f.broken_cf = 3; /* the middle one is dropped while we look */
	f.broken_rc = -EIO;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), 0);
	assert_int_equal(s->ncf, 2);
	assert_int_equal(s->cf[1].id, 6);
	f.broken_rc = -ESHUTDOWN;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), -ESHUTDOWN);
	f.broken_cf = 0;
	f.broken = "rocksdb.dbstats";
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), -ESHUTDOWN);
	f.broken_rc = -ENOENT;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), 0);
	assert_int_equal(s->user_bytes_written, 0);
	f.info.has_statistics = false;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), 0);
	assert_false(s->has_stats || s->has_timers);
	assert_int_equal(s->ticker[0], 0);
	f.info.has_statistics = true;
	f.broken = NULL;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), 0);
	assert_true(s->has_stats && s->has_timers);
	f.uncounted = true; /* 200000 keys were written, and none was counted */
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, s), 0);
	assert_false(s->has_stats || s->has_timers);
	free(s);
}

static void a_reopening_shows(void **state)
{
	struct fake f = make(1);
	struct lode_clock clock = clock_of(&f);
	struct lode_sample *s = calloc(2, sizeof *s);
	struct lode_interval iv;

	(void)state;
	assert_int_equal(lode_sample_take(&f.host, &clock, true, NULL, &s[0]), 0);
	f.now_ns += 5000000000;
	f.uptime = "105.5";
	assert_int_equal(lode_sample_take(&f.host, &clock, true, &s[0], &s[1]), 0);
	assert_int_equal(s[1].epoch, s[0].epoch);
	f.uptime = "-12.0"; /* the wall clock stepped back: says nothing */
	assert_int_equal(lode_sample_take(&f.host, &clock, true, &s[0], &s[1]), 0);
	assert_int_equal(s[1].epoch, s[0].epoch);
	f.uptime = "2.75"; /* younger than our last look at it */
	assert_int_equal(lode_sample_take(&f.host, &clock, true, &s[0], &s[1]), 0);
	assert_int_equal(s[1].epoch, s[0].epoch + 1);
	lode_interval_diff(&s[0], &s[1], 0, &iv);
	assert_int_equal(iv.invalid, LODE_INVALID_EPOCH);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_lands_in_its_place),	 cmocka_unit_test(shape_is_copied_unless_asked),
		cmocka_unit_test(many_families_are_counted_not_touched), cmocka_unit_test(failures),
		cmocka_unit_test(a_reopening_shows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
