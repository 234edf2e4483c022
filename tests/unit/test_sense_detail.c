/* What a sample leaves out, read from a host that answers as RocksDB does: names that are known, numbers in any locale, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "sense/detail.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fake {
	struct lode_host base;
	bool closing;
	unsigned maps;
};

static int families(struct lode_host *h, struct lode_cf *out, size_t cap, size_t *n)
{
	(void)out, (void)cap;
	*n = 2;
	return ((struct fake *)h)->closing ? -ESHUTDOWN : 0;
}

static int int_property(struct lode_host *h, uint32_t cf, const char *name, uint64_t *out)
{
	(void)h;
	if (strcmp(name, "rocksdb.num-entries-active-mem-table") != 0)
		return -ENOENT;
	*out = 1000 + cf;
	return 0;
}

static int map_property(struct lode_host *h, uint32_t cf, const char *name, lode_kv_fn *fn, void *ctx)
{
	static const char *const stats[][2] = {{"compaction.L0.Score", "0.500000"},	 {"compaction.L0.CompCount", "17.000000"},
					       {"compaction.L1.ReadGB", "2,250000"},	 {"compaction.L1.WriteAmp", "nan"},
					       {"compaction.L99.Score", "9"},		 {"compaction.L1000000000000.Score", "9"},
					       {"compaction.Lx.Score", "9"},		 {"compaction.Sum.Score", "9"},
					       {"compaction.L3.Unheard", "9"},		 {"compaction.L2.KeyDrop", "123456789012.000000"},
					       {"compaction.L2.CompSec", "-1"},		 {"io_stalls.total_stop", "3"}};
	static const char *const roles[][2] = {{"bytes.data-block", "4096"}, {"count.data-block", "1"}, {"percent.data-block", "50.0"},
					       {"bytes.hologram", "1"},	     {"count.index-block", "x"}, {"id", "0xff"}};

	((struct fake *)h)->maps++;
	if (!strcmp(name, "rocksdb.cfstats") && cf == 0)
		for (size_t i = 0; i < sizeof stats / sizeof stats[0]; i++)
			fn(ctx, stats[i][0], stats[i][1]);
	else if (!strcmp(name, "rocksdb.block-cache-entry-stats"))
		for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
			fn(ctx, roles[i][0], roles[i][1]);
	else
		return -ENOENT;
	return 0;
}

static const struct lode_host_ops ops = {.column_families = families, .int_property = int_property, .map_property = map_property};

static void test_parts(void **state)
{
	struct fake f = {.base = {&ops}};
	struct lode_sample *now = calloc(1, sizeof *now);
	struct lode_detail *d = calloc(1, sizeof *d);

	(void)state;
	now->ncf = 2;
	now->cf[1].id = 5;
	now->cache = (struct lode_cache){.present = true, .usage = 1 << 20};
	assert_int_equal(lode_detail_take(&f.base, LODE_DETAIL_LEVELS | LODE_DETAIL_ENTRIES | LODE_DETAIL_CACHE, now, d), 0);
	assert_int_equal(d->ncf, 2);
	assert_int_equal(d->cf[0].levels, 3);
	assert_true(d->cf[0].level[0].score == 0.5 && d->cf[0].level[0].count == 17);
	assert_true(d->cf[0].level[1].read_gb == 2.25);
	assert_true(isnan(d->cf[0].level[1].write_amp) && isnan(d->cf[0].level[2].seconds) && isnan(d->cf[0].level[0].read_gb));
	assert_true(d->cf[0].level[2].keys_dropped == 123456789012.0);
	assert_int_equal(d->cf[0].entries, 1000);
	assert_int_equal(d->cf[1].id, 5);
	assert_int_equal(d->cf[1].entries, 1005);
	assert_int_equal(d->cf[1].levels, 0);
	assert_true(isnan(d->cf[1].level[0].score));
	assert_true(d->cache_known);
	assert_int_equal(d->role_bytes[LODE_ROLE_DATA], 4096);
	assert_int_equal(d->role_count[LODE_ROLE_INDEX], 0);
	/* Only what was asked for is read, and a cache that is too large is left alone. */
	f.maps = 0;
	assert_int_equal(lode_detail_take(&f.base, LODE_DETAIL_ENTRIES, now, d), 0);
	assert_int_equal(f.maps, 0);
	now->cache.usage = LODE_DETAIL_CACHE_MAX + 1;
	assert_int_equal(lode_detail_take(&f.base, LODE_DETAIL_CACHE, now, d), 0);
	assert_int_equal(f.maps, 0);
	assert_false(d->cache_known);
	f.closing = true;
	assert_int_equal(lode_detail_take(&f.base, LODE_DETAIL_LEVELS, now, d), -ESHUTDOWN);
	assert_int_equal(f.maps, 0);
	/* More families than are looked at. */
	f.closing = false;
	now->ncf = LODE_CF_MAX;
	assert_int_equal(lode_detail_take(&f.base, LODE_DETAIL_LEVELS, now, d), 0);
	assert_int_equal(d->ncf, LODE_DETAIL_FAMILIES);
	free(now);
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
