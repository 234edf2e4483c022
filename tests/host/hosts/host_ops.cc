// Every operation of the real host against a live database of Debian's librocksdb, checked with RocksDB's own API.
#include "check.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace rocksdb;

static const std::string nasty = "odd \"name\" [x] #1 : \\ =;{}\n end";

struct Fixture {
	DB *db = nullptr;
	std::vector<ColumnFamilyHandle *> handles;
	Options options;
	std::shared_ptr<Cache> cache;
	const standin_api *api = nullptr;
	struct lode_host *host = nullptr;
	std::string path;

	Fixture(const std::string &dir, bool statistics) : path(dir)
	{
		BlockBasedTableOptions table;

		cache = NewLRUCache(32 << 20);
		table.block_cache = cache;
		options.create_if_missing = true;
		options.create_missing_column_families = true;
		options.table_factory.reset(NewBlockBasedTableFactory(table));
		if (statistics)
			options.statistics = CreateDBStatistics();
		std::vector<ColumnFamilyDescriptor> families = {{"second", options}, {kDefaultColumnFamilyName, options}, {nasty, options}};
		CHECK(DB::Open(options, path, families, &handles, &db).ok());
		api = standin();
		CHECK(api);
		host = api->host(db);
		if (!host)
			fprintf(stderr, "refused: %s\n", api->reason());
		CHECK(host);
	}

	void close()
	{
		for (auto *h : handles)
			CHECK(db->DestroyColumnFamilyHandle(h).ok());
		handles.clear();
		delete db;
		db = nullptr;
	}
};

static std::map<std::string, std::pair<uint64_t, uint64_t>> read_statistics(Fixture &f)
{
	std::map<std::string, std::pair<uint64_t, uint64_t>> all;

	CHECK(f.host->ops->statistics(
		  f.host,
		  [](void *ctx, const char *name, uint64_t count, uint64_t sum, bool) {
			  (*static_cast<decltype(all) *>(ctx))[name] = {count, sum};
		  },
		  &all) == 0);
	return all;
}

static std::set<std::string> family_names(Fixture &f, size_t *total = nullptr)
{
	struct lode_cf cf[LODE_CF_MAX];
	std::set<std::string> names;
	size_t n;

	CHECK(f.host->ops->column_families(f.host, cf, LODE_CF_MAX, &n) == 0);
	for (size_t i = 0; i < n && i < LODE_CF_MAX; i++)
		CHECK(names.insert(cf[i].name).second);
	if (total)
		*total = n;
	return names;
}

static uint32_t family_id(Fixture &f, const std::string &name)
{
	struct lode_cf cf[LODE_CF_MAX];
	size_t n;

	CHECK(f.host->ops->column_families(f.host, cf, LODE_CF_MAX, &n) == 0);
	for (size_t i = 0; i < n && i < LODE_CF_MAX; i++) {
		if (name == cf[i].name)
			return cf[i].id;
	}
	CHECK(!"the family is there");
	return 0;
}

static void work(Fixture &f)
{
	std::string value(100, 'v');

	for (int i = 0; i < 5000; i++)
		CHECK(f.db->Put({}, f.handles[1], "key" + std::to_string(i), value).ok());
	CHECK(f.db->Flush({}, f.handles[1]).ok());
	for (int i = 0; i < 3000; i++)
		CHECK(f.db->Get({}, f.handles[1], "key" + std::to_string(i), &value).ok());
}

static void info(Fixture &f)
{
	const struct lode_host_info *info = f.host->ops->info(f.host);

	CHECK(GetRocksVersionAsString() == info->version);
	CHECK(f.db->GetName().size() && std::string(info->path).find(f.path.substr(f.path.rfind('/'))) != std::string::npos);
	CHECK(info->has_statistics && !info->statistics_ours && info->has_timers && !info->why_limited);
}

static void properties(Fixture &f)
{
	uint64_t mine, theirs;
	std::map<std::string, std::string> map, got;

	for (const char *name : {"rocksdb.num-entries-active-mem-table", "rocksdb.estimate-num-keys", "rocksdb.live-sst-files-size"}) {
		CHECK(f.host->ops->int_property(f.host, 0, name, &mine) == 0);
		CHECK(f.db->GetIntProperty(f.handles[1], name, &theirs) && mine == theirs);
	}
	CHECK(f.host->ops->int_property(f.host, 0, "rocksdb.no-such-thing", &mine) == -ENOENT);
	CHECK(f.host->ops->int_property(f.host, 77, "rocksdb.estimate-num-keys", &mine) == -ENOENT);
	CHECK(f.host->ops->map_property(
		  f.host, 0, "rocksdb.cfstats",
		  [](void *ctx, const char *k, const char *v) { (*static_cast<std::map<std::string, std::string> *>(ctx))[k] = v; },
		  &got) == 0);
	CHECK(f.db->GetMapProperty(f.handles[1], "rocksdb.cfstats", &map));
	CHECK(got.size() == map.size() && got["compaction.L0.NumFiles"] == map["compaction.L0.NumFiles"] &&
	      got.count("compaction.L0.NumFiles"));
	CHECK(f.host->ops->map_property(
		  f.host, 0, "rocksdb.no-such-thing", [](void *, const char *, const char *) {}, nullptr) == -ENOENT);
}

static void statistics(Fixture &f)
{
	auto all = read_statistics(f);
	struct lode_hist hist;
	HistogramData data;
	uint64_t total = 0;

	for (const auto &t : TickersNameMap)
		CHECK(all.count(t.second) && all[t.second].first == f.options.statistics->getTickerCount(t.first));
	for (const auto &h : HistogramsNameMap) {
		f.options.statistics->histogramData(h.first, &data);
		CHECK(all.count(h.second) && all[h.second].first == data.count && all[h.second].second == data.sum);
	}
	CHECK(f.host->ops->histogram(f.host, "rocksdb.db.get.micros", &hist) == 0);
	f.options.statistics->histogramData(DB_GET, &data);
	for (uint32_t i = 0; i < hist.n; i++) {
		CHECK(i == 0 || hist.limit[i] > hist.limit[i - 1]);
		total += hist.bucket[i];
	}
	CHECK(hist.count == data.count && total == data.count && data.count >= 3000);
	CHECK(std::fabs((double)hist.sum - (double)data.sum) <= 0.0001 * (double)data.count + 1);
	CHECK(hist.limit[hist.n - 1] >= data.max);
	CHECK(f.host->ops->histogram(f.host, "rocksdb.no.such.micros", &hist) == -ENOENT);
	CHECK(f.host->ops->histogram(f.host, "rocksdb.blobdb.next.micros", &hist) == 0 && hist.count == 0);
}

static void families(Fixture &f)
{
	ColumnFamilyHandle *created;
	uint32_t id;
	uint64_t v;

	CHECK((family_names(f) == std::set<std::string>{"default", "second", nasty}));
	CHECK(f.db->CreateColumnFamily(f.options, "third", &created).ok());
	CHECK((family_names(f) == std::set<std::string>{"default", "second", nasty, "third"}));
	id = family_id(f, "third");
	CHECK(id == created->GetID());
	CHECK(f.host->ops->int_property(f.host, id, "rocksdb.estimate-num-keys", &v) == 0);
	CHECK(f.db->DropColumnFamily(created).ok());
	CHECK((family_names(f) == std::set<std::string>{"default", "second", nasty}));
	CHECK(f.host->ops->int_property(f.host, id, "rocksdb.estimate-num-keys", &v) == -ENOENT);
	CHECK(f.db->DestroyColumnFamilyHandle(created).ok());
	/* ids are never used again: the next one stands after a gap */
	CHECK(f.db->CreateColumnFamily(f.options, std::string(150, 'n'), &created).ok());
	CHECK(family_names(f).count(std::string(LODE_CF_NAME_MAX - 1, 'n')));
	f.handles.push_back(created);
}

/* More than we are willing to handle: the first LODE_CF_MAX are served, all are counted; and after most are gone, the rest is found across
 * the gap that their ids leave. */
static void many_families(Fixture &f)
{
	std::vector<std::string> names;
	std::vector<ColumnFamilyHandle *> created;
	ColumnFamilyHandle *last;
	size_t total, before;

	family_names(f, &before);
	for (int i = 0; i < 80; i++)
		names.push_back("many" + std::to_string(i));
	CHECK(f.db->CreateColumnFamilies(f.options, names, &created).ok());
	CHECK(family_names(f, &total).size() == LODE_CF_MAX && total == before + 80);
	CHECK(f.db->DropColumnFamilies(created).ok());
	for (auto *h : created)
		CHECK(f.db->DestroyColumnFamilyHandle(h).ok());
	CHECK(family_names(f, &total).size() == before && total == before);
	CHECK(f.db->CreateColumnFamily(f.options, "after the gap", &last).ok());
	CHECK(family_names(f, &total).count("after the gap") && total == before + 1);
	CHECK(family_id(f, "after the gap") == last->GetID() && last->GetID() > 80);
	CHECK(f.db->DropColumnFamily(last).ok() && f.db->DestroyColumnFamilyHandle(last).ok());
}

static lode_write one(enum lode_scope scope, uint32_t cf, const char *key, const char *value)
{
	lode_write w = {};

	w.scope = scope;
	w.cf = cf;
	snprintf(w.key, sizeof(w.key), "%s", key);
	snprintf(w.value, sizeof(w.value), "%s", value);
	return w;
}

static void writes(Fixture &f)
{
	uint32_t second = family_id(f, "second"), odd = family_id(f, nasty), lng = family_id(f, std::string(LODE_CF_NAME_MAX - 1, 'n'));
	std::vector<lode_write> w = {
	    one(LODE_SCOPE_CF, 0, "level0_slowdown_writes_trigger", "22"),
	    one(LODE_SCOPE_DB, 0, "max_background_jobs", "3"),
	    one(LODE_SCOPE_CF, second, "max_bytes_for_level_multiplier", "8"),
	    one(LODE_SCOPE_CF, 0, "compaction_options_universal.size_ratio", "5"),
	    one(LODE_SCOPE_CF, odd, "block_based_table_factory.block_size", "8192"),
	    one(LODE_SCOPE_CF, lng, "report_bg_io_stats", "1"),
	    one(LODE_SCOPE_CACHE, 0, "", "67108864"),
	};
	std::vector<lode_write> undo = w;
	struct lode_write_report rep;
	struct lode_err err = {};

	CHECK(f.api->read_back(f.host, undo.data(), undo.size(), &err) == 0);
	CHECK(std::string(undo[0].value) == "20" && std::string(undo[2].value) == "10.000000" && std::string(undo[6].value) == "33554432");
	CHECK(f.api->write(f.host, w.data(), w.size(), &rep, &err) == 0);
	CHECK(rep.calls == 6 && rep.skipped == 0 && rep.written == 7 && rep.failed == -1 && rep.ns > 0);
	CHECK(f.db->GetOptions(f.handles[1]).level0_slowdown_writes_trigger == 22);
	CHECK(f.db->GetOptions(f.handles[1]).compaction_options_universal.size_ratio == 5);
	CHECK(f.db->GetOptions(f.handles[0]).max_bytes_for_level_multiplier == 8);
	CHECK(f.db->GetOptions(f.handles[0]).level0_slowdown_writes_trigger == 20);
	CHECK(f.db->GetOptions(f.handles[3]).report_bg_io_stats);
	CHECK(f.db->GetOptions(f.handles[2]).table_factory->GetOptions<BlockBasedTableOptions>()->block_size == 8192);
	CHECK(f.db->GetDBOptions().max_background_jobs == 3);
	CHECK(f.cache->GetCapacity() == 64 << 20);
	CHECK(f.api->write(f.host, w.data(), w.size(), &rep, &err) == 0);
	CHECK(rep.calls == 0 && rep.skipped == 7);
	CHECK(f.api->write(f.host, undo.data(), undo.size(), &rep, &err) == 0);
	CHECK(f.db->GetOptions(f.handles[1]).level0_slowdown_writes_trigger == 20 && f.cache->GetCapacity() == 32 << 20);

	w = {one(LODE_SCOPE_CF, 0, "no_such_option", "1")};
	CHECK(f.api->write(f.host, w.data(), 1, &rep, &err) == -ENOENT && strstr(err.msg, "no_such_option"));
	w = {one(LODE_SCOPE_CF, 0, "num_levels", "5")}; /* immutable: RocksDB refuses */
	CHECK(f.api->write(f.host, w.data(), 1, &rep, &err) == -EIO && rep.failed == 0 && std::string(rep.got) == "7");
	w = {one(LODE_SCOPE_DB, 0, "max_background_jobs", "1e1")}; /* RocksDB reads "1" */
	CHECK(f.api->write(f.host, w.data(), 1, &rep, &err) == -EIO && std::string(rep.got) == "1");
	w = {one(LODE_SCOPE_DB, 0, "max_background_jobs", "2")};
	CHECK(f.api->write(f.host, w.data(), 1, &rep, &err) == 0);
}

static void options(Fixture &f)
{
	struct lode_options *o = nullptr;
	struct lode_err err = {};
	const char *v;

	CHECK(f.host->ops->options(f.host, 0, &o, &err) == 0);
	v = f.api->option(o, LODE_SEC_CF, nasty.c_str(), "write_buffer_size");
	CHECK(v && std::string(v) == "67108864");
	v = f.api->option(o, LODE_SEC_VERSION, nullptr, "rocksdb_version");
	CHECK(v && GetRocksVersionAsString() == v);
	f.api->options_free(o);
}

static void cache(Fixture &f)
{
	struct lode_cache c;

	CHECK(f.host->ops->cache(f.host, &c) == 0);
	CHECK(c.present && c.resizable && c.capacity == f.cache->GetCapacity() && c.usage == f.cache->GetUsage() && c.usage > 0);
	CHECK(c.identity == reinterpret_cast<uintptr_t>(f.cache.get()) && std::string(c.kind) == "LRUCache");
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	Fixture f(argv[1], true);
	struct standin_counts c;
	struct lode_err err = {};
	struct lode_kv kv = {"ttl", "100"};
	uint64_t v;

	work(f);
	info(f);
	properties(f);
	statistics(f);
	families(f);
	many_families(f);
	options(f);
	writes(f);
	cache(f);

	/* Close without delete: from then on every operation says so, and the host may go on with its object. */
	struct lode_host *host = f.host;
	for (auto *h : f.handles)
		CHECK(f.db->DestroyColumnFamilyHandle(h).ok());
	CHECK(f.db->Close().ok());
	CHECK(f.api->host(f.db) == nullptr);
	CHECK(host->ops->int_property(host, 0, "rocksdb.estimate-num-keys", &v) == -ESHUTDOWN);
	CHECK(host->ops->set_cf_options(host, 0, &kv, 1, &err) == -ESHUTDOWN && err.code == ESHUTDOWN);
	f.api->counts(&c);
	CHECK(c.closing == 1 && c.closed == 0);
	delete f.db;
	f.api->counts(&c);
	CHECK(c.opened == 1 && c.closing == 1 && c.closed == 1 && c.unknown == 0 && c.refused == 0);
	return 0;
}
