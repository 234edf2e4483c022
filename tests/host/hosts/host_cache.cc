// Block caches of every kind that a host may have: found, told apart, resized, or honestly absent.
#include "check.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/sim_cache.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

using namespace rocksdb;

static DB *open(const std::string &dir, const Options &o)
{
	DB *db;

	CHECK(DB::Open(o, dir, &db).ok());
	CHECK(standin()->host(db));
	return db;
}

static Options with_cache(const std::shared_ptr<Cache> &cache, bool none = false)
{
	BlockBasedTableOptions table;
	Options o;

	table.block_cache = cache;
	table.no_block_cache = none;
	o.create_if_missing = o.create_missing_column_families = true;
	o.table_factory.reset(NewBlockBasedTableFactory(table));
	return o;
}

static int read(DB *db, struct lode_cache *c)
{
	return standin()->host(db)->ops->cache(standin()->host(db), c);
}

// grow, shrink: how far its class tolerates being resized, in all; 0: as one likes.
static void check(const std::string &dir, const std::shared_ptr<Cache> &cache, const char *kind, uint64_t grow, uint64_t shrink)
{
	size_t opened = cache->GetCapacity();
	DB *db = open(dir, with_cache(cache));
	struct lode_host *h = standin()->host(db);
	struct lode_cache c;
	struct lode_err err = {};

	CHECK(read(db, &c) == 0 && c.present && c.resizable && c.kind == std::string(kind));
	CHECK(c.capacity == cache->GetCapacity() && c.identity == reinterpret_cast<uintptr_t>(cache.get()) && !c.why_fixed);
	CHECK(c.ceiling == (grow ? 2 * opened : 0) && c.floor == (shrink ? opened / 2 : 0));
	CHECK(h->ops->set_cache_capacity(h, 4 * opened, &err) == 0 && read(db, &c) == 0);
	CHECK(c.ceiling == (grow ? std::max<uint64_t>(grow * opened, c.capacity) : 0) && c.floor == (shrink ? 2 * opened : 0));
	CHECK(h->ops->set_cache_capacity(h, opened / 3, &err) == 0 && read(db, &c) == 0);
	CHECK(c.ceiling == (grow ? 2 * c.capacity : 0) && c.floor == (shrink ? opened / shrink : 0));
	// the host may go where we would not
	cache->SetCapacity(100 * opened);
	CHECK(read(db, &c) == 0 && c.capacity == 100 * opened && c.ceiling == (grow ? c.capacity : 0));
	CHECK(h->ops->set_cache_capacity(h, 24 << 20, &err) == 0 && cache->GetCapacity() == 24 << 20);
	CHECK(read(db, &c) == 0 && c.capacity == 24 << 20 && c.usage == cache->GetUsage() && c.pinned == cache->GetPinnedUsage());
	delete db;
	CHECK(DestroyDB(dir, Options()).ok());
}

static void shared(const std::string &dir)
{
	std::shared_ptr<Cache> cache = NewLRUCache(16 << 20);
	DB *a = open(dir + "a", with_cache(cache)), *b = open(dir + "b", with_cache(cache));
	struct lode_cache x, y;

	CHECK(read(a, &x) == 0 && read(b, &y) == 0 && x.identity == y.identity && x.identity);
	delete a;
	CHECK(read(b, &y) == 0 && y.capacity == 16 << 20);
	delete b;
	CHECK(DestroyDB(dir + "a", Options()).ok() && DestroyDB(dir + "b", Options()).ok());
}

// A class that wraps another cache: read as far as can be, never resized.
static void of_a_foreign_class(const std::string &dir)
{
	BlockBasedTableOptions table;
	struct lode_cache c;
	struct lode_err err = {};
	DB *db;

	table.block_cache = NewSimCache(NewLRUCache(8 << 20), 16 << 20, 2);
	db = open(dir, with_cache(table.block_cache));
	struct lode_host *h = standin()->host(db);
	if (read(db, &c) == 0)
		CHECK(!c.resizable && c.why_fixed);
	CHECK(h->ops->set_cache_capacity(h, 1 << 20, &err) == -ENOTSUP && err.msg[0]);
	CHECK(table.block_cache->GetCapacity() == 8 << 20);
	delete db;
	CHECK(DestroyDB(dir, Options()).ok());
}

// Families with a cache of their own are seen, once the caches differ in size or in what they hold; a shared one is not taken for another.
static void of_several_families(const std::string &dir)
{
	std::shared_ptr<Cache> one = NewLRUCache(8 << 20), two = NewLRUCache(8 << 20), three = NewLRUCache(9 << 20);
	std::vector<ColumnFamilyDescriptor> families = {{"default", with_cache(one)}, {"same", with_cache(one)}, {"twin", with_cache(two)},
							{"larger", with_cache(three)}};
	std::vector<ColumnFamilyHandle *> handles;
	struct lode_cf cf[8];
	struct lode_cache c;
	std::string value;
	size_t n;
	DB *db;

	CHECK(DB::Open(with_cache(one), dir, families, &handles, &db).ok());
	struct lode_host *h = standin()->host(db);
	CHECK(h && h->ops->column_families(h, cf, 8, &n) == 0 && n == 4);
	// The larger one at once. The twin as soon as the two hold something else, be it only RocksDB's own bookkeeping, which comes when it likes.
	CHECK(read(db, &c) == 0 && c.others >= 1 && c.others <= 2);
	CHECK(db->Put(WriteOptions(), handles[0], "key", std::string(3000, 'x')).ok() && db->Flush(FlushOptions(), handles[0]).ok());
	CHECK(db->Get(ReadOptions(), handles[0], "key", &value).ok() && one->GetUsage() > two->GetUsage());
	for (int i = 0; i < 16; i++)
		CHECK(read(db, &c) == 0);
	CHECK(c.others == 2 && c.identity == reinterpret_cast<uintptr_t>(one.get()));
	for (auto *handle : handles)
		CHECK(db->DestroyColumnFamilyHandle(handle).ok());
	delete db;
	CHECK(DestroyDB(dir, Options(), families).ok());
}

static void absent(const std::string &dir)
{
	Options o = with_cache(nullptr, true);
	struct lode_cache c;
	struct lode_err err = {};
	DB *db = open(dir, o);
	struct lode_host *h = standin()->host(db);

	CHECK(read(db, &c) == -ENOENT && !c.present);
	CHECK(h->ops->set_cache_capacity(h, 1 << 20, &err) == -ENOTSUP);
	CHECK(h->ops->info(h)->why_limited);
	delete db;
	CHECK(DestroyDB(dir, Options()).ok());
}

// The default family has no block-based table; another family's cache is not taken for it.
static void of_another_family(const std::string &dir)
{
	Options o = with_cache(NewLRUCache(16 << 20)), plain = o;
	std::vector<ColumnFamilyHandle *> handles;
	struct lode_cache c;
	DB *db;

	plain.table_factory.reset(NewPlainTableFactory());
	plain.prefix_extractor.reset(NewNoopTransform());
	std::vector<ColumnFamilyDescriptor> families = {{"default", plain}, {"other", o}};
	CHECK(DB::Open(o, dir, families, &handles, &db).ok());
	CHECK(standin()->host(db) && read(db, &c) == -ENOENT);
	for (auto *h : handles)
		CHECK(db->DestroyColumnFamilyHandle(h).ok());
	delete db;
	CHECK(DestroyDB(dir, Options(), families).ok());
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	check(argv[1], NewLRUCache(8 << 20), "LRUCache", 0, 0);
	check(argv[1], HyperClockCacheOptions(16 << 20, 8192).MakeSharedCache(), "HyperClockCache", 4, 4);
	shared(argv[1]);
	of_a_foreign_class(argv[1]);
	of_several_families(argv[1]);
	absent(argv[1]);
	of_another_family(argv[1]);
	return 0;
}
