// Block caches of every kind that a host may have: found, told apart, resized, or honestly absent.
#include "check.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

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

static void check(const std::string &dir, const std::shared_ptr<Cache> &cache, const char *kind)
{
	DB *db = open(dir, with_cache(cache));
	struct lode_host *h = standin()->host(db);
	struct lode_cache c;
	struct lode_err err = {};

	CHECK(read(db, &c) == 0 && c.present && c.resizable && c.kind == std::string(kind));
	CHECK(c.capacity == cache->GetCapacity() && c.identity == reinterpret_cast<uintptr_t>(cache.get()));
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
	check(argv[1], NewLRUCache(8 << 20), "LRUCache");
	check(argv[1], HyperClockCacheOptions(16 << 20, 8192).MakeSharedCache(), "HyperClockCache");
	shared(argv[1]);
	absent(argv[1]);
	of_another_family(argv[1]);
	return 0;
}
