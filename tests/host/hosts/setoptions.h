// What the programs around SetOptions share: a database that compacts only when told to, and a brake on its compactions.
#ifndef LODE_TEST_SETOPTIONS_H
#define LODE_TEST_SETOPTIONS_H

#include "check.h"

#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

using namespace rocksdb;

static inline void nap(unsigned ms)
{
	std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

// Holds compactions up for as long as it is told to.
struct Brake : CompactionFilter {
	std::atomic<bool> on{false}, met{false};

	const char *Name() const override { return "brake"; }
	bool Filter(int, const Slice &, const Slice &, std::string *, bool *) const override
	{
		auto *self = const_cast<Brake *>(this);

		while (on) {
			self->met = true;
			nap(1);
		}
		return false;
	}
};

struct Fixture {
	std::string path;
	Options options;
	Brake brake;
	DB *db = nullptr;
	const standin_api *api = nullptr;
	struct lode_host *host = nullptr;
	unsigned keys = 0;

	explicit Fixture(const std::string &dir, void (*more)(Options &) = nullptr) : path(dir)
	{
		options.create_if_missing = true;
		options.compression = kNoCompression;
		options.level0_file_num_compaction_trigger = 1000; // no compaction starts by itself
		options.level0_slowdown_writes_trigger = 1000;
		options.level0_stop_writes_trigger = 1000;
		options.compaction_filter = &brake;
		if (more)
			more(options);
		CHECK(DB::Open(options, path, &db).ok());
		api = standin();
		CHECK(api);
		host = api->host(db);
		CHECK(host);
	}
	~Fixture()
	{
		delete db;
	}
	void put()
	{
		CHECK(db->Put({}, "key" + std::to_string(keys++), std::string(100, 'v')).ok());
	}
	void file() // one more file in level 0
	{
		put();
		CHECK(db->Flush({}).ok());
	}
	uint64_t property(const char *name)
	{
		uint64_t v = 0;

		CHECK(db->GetIntProperty(name, &v));
		return v;
	}
	int l0()
	{
		std::string n;

		CHECK(db->GetProperty("rocksdb.num-files-at-level0", &n));
		return std::stoi(n);
	}
};

static inline lode_write option(const char *key, int value, enum lode_scope scope = LODE_SCOPE_CF)
{
	lode_write w = {};

	w.scope = scope;
	snprintf(w.key, sizeof(w.key), "%s", key);
	snprintf(w.value, sizeof(w.value), "%d", value);
	return w;
}

#endif
