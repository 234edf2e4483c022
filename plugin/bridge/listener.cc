// The listener that an entry in an OPTIONS file asks for: listeners={{id=lodestone;config=/etc/lodestone/service.conf;mode=auto}} in [DBOptions].
//
// A thin shell, compiled against one version of RocksDB: it keeps what the entry says, and hands the first sights of a database to the agent's library
// (api/listener.h). RocksDB builds and destroys throw-away instances whenever it writes an OPTIONS file, and one instance may serve several databases:
// so a constructor, a destructor and a parse do nothing but keep words. Built without RTTI, as releases of RocksDB are.
#include "bridge/listener.h"
#include "api/listener.h"

#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/utilities/object_registry.h>
#include <rocksdb/utilities/options_type.h>
#include <rocksdb/version.h>

#include <atomic>
#include <cstddef>
#include <mutex>

#define VERSION_AT_LEAST(major, minor) (ROCKSDB_MAJOR > (major) || (ROCKSDB_MAJOR == (major) && ROCKSDB_MINOR >= (minor)))

namespace
{

// What is written back into OPTIONS files: nothing of it is a secret.
struct Words {
	static const char *kName()
	{
		return "LodestoneWords";
	}
	std::string config, mode, close;
};

using Types = std::unordered_map<std::string, rocksdb::OptionTypeInfo>;

rocksdb::OptionTypeInfo word(size_t offset)
{
	return {static_cast<int>(offset), rocksdb::OptionType::kString, rocksdb::OptionVerificationType::kNormal, rocksdb::OptionTypeFlags::kCompareNever};
}

// Never destroyed: listeners may outlive this library's static objects.
const Types &types()
{
	static const Types *const all = new Types{
	    {"config", word(offsetof(Words, config))}, {"mode", word(offsetof(Words, mode))}, {"close", word(offsetof(Words, close))}};
	return *all;
}

class Listener : public rocksdb::EventListener
{
      public:
	static const char *kClassName()
	{
		return "lodestone";
	}

	Listener()
	{
		RegisterOptions(&words_, &types());
	}

	const char *Name() const override
	{
		return kClassName();
	}

	void OnFlushBegin(rocksdb::DB *db, const rocksdb::FlushJobInfo &info) override
	{
		Flushed(db, info.flush_reason);
	}

	void OnFlushCompleted(rocksdb::DB *db, const rocksdb::FlushJobInfo &info) override
	{
		Flushed(db, info.flush_reason);
	}

	void OnCompactionBegin(rocksdb::DB *db, const rocksdb::CompactionJobInfo &) override
	{
		Look(db);
	}

	void OnCompactionCompleted(rocksdb::DB *db, const rocksdb::CompactionJobInfo &) override
	{
		Look(db);
	}

	void OnExternalFileIngested(rocksdb::DB *db, const rocksdb::ExternalFileIngestionInfo &) override
	{
		Look(db);
	}

#if VERSION_AT_LEAST(11, 8)
	void OnDBShutdownBegin(rocksdb::DB *db) override
	{
		lodestone_listener_shutdown(db, 1);
	}
#endif

      protected:
	// Properties that nobody knows are kept apart, to be complained about when a database is there; RocksDB would refuse the whole file.
	rocksdb::Status ConfigureOptions(const rocksdb::ConfigOptions &config, const std::unordered_map<std::string, std::string> &given,
					 std::unordered_map<std::string, std::string> *unused) override
	{
		std::unordered_map<std::string, std::string> known;

		unknown_.clear();
		for (const auto &one : given)
			if (types().count(one.first))
				known.insert(one);
			else
				unknown_ += (unknown_.empty() ? "" : ", ") + one.first;
		return EventListener::ConfigureOptions(config, known, unused);
	}

	// What was not said is not written.
	std::string SerializeOptions(const rocksdb::ConfigOptions &config, const std::string &prefix) const override
	{
		if (words_.config.empty() && words_.mode.empty() && words_.close.empty())
			return GetId();
		return EventListener::SerializeOptions(config, prefix);
	}

      private:
	void Flushed(rocksdb::DB *db, rocksdb::FlushReason reason)
	{
		if (reason == rocksdb::FlushReason::kShutDown)
			lodestone_listener_shutdown(db, 0);
		else if (reason != rocksdb::FlushReason::kErrorRecovery && reason != rocksdb::FlushReason::kErrorRecoveryRetryFlush)
			Look(db);
	}

	void Look(rocksdb::DB *db)
	{
		const lodestone_entry_words entry = {words_.config.c_str(), words_.mode.c_str(), words_.close.c_str(), unknown_.c_str(), VERSION_AT_LEAST(11, 8)};
		char line[600];
		uint64_t opening = 0;
		int what = never_ ? LODESTONE_LOOK_NOTHING : lodestone_listener_look(db, &entry, line, sizeof(line), &opening);

		if (what == LODESTONE_LOOK_NEVER)
			never_ = true;
		if (what == LODESTONE_LOOK_NOTHING || (what == LODESTONE_LOOK_KNOWN && Told(opening)))
			return;
		try {
			rocksdb::Header(db->GetDBOptions().info_log, "lodestone: %s", line);
		} catch (...) { // no memory for a copy of the options: then without this line
		}
	}

	// Has this opening's LOG the line already?
	bool Told(uint64_t opening)
	{
		std::lock_guard<std::mutex> lock(told_lock_);

		for (uint64_t one : told_)
			if (one == opening)
				return true;
		told_[told_next_++ % (sizeof(told_) / sizeof(told_[0]))] = opening;
		return false;
	}

	Words words_;
	std::string unknown_; // names, for a complaint
	std::atomic<bool> never_{false};
	std::mutex told_lock_;
	uint64_t told_[64] = {}; // the latest
	size_t told_next_ = 0;
};

} // namespace

int lodestone_register(rocksdb::ObjectLibrary &library, const std::string &)
{
	library.AddFactory<rocksdb::EventListener>(
	    Listener::kClassName(), [](const std::string &, std::unique_ptr<rocksdb::EventListener> *guard, std::string *) {
		    guard->reset(new Listener());
		    return guard->get();
	    });
	lodestone_listener_ready();
	return 1;
}
