// The quiet revert, on a real RocksDB: a compaction that began before a change of options puts the old ones in force again when it ends, while
// everything shows the new ones. Written again, ours are in force. And nothing of the kind where no job of before is left. Argument: a new directory.
#include "setoptions.h"

#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <vector>

static bool slowed(Fixture &f)
{
	return f.property("rocksdb.actual-delayed-write-rate") > 0;
}

// A compaction of the two oldest files of level 0, held by the brake until it is let go.
static std::thread begin_compaction(Fixture &f)
{
	std::vector<LiveFileMetaData> files;
	std::set<std::string> names;

	f.brake.met = false;
	f.brake.on = true;
	f.db->GetLiveFilesMetaData(&files);
	for (const auto &file : files)
		if (file.level == 0)
			names.insert(file.name);
	CHECK(names.size() >= 2);
	std::vector<std::string> two = {*names.begin(), *std::next(names.begin())};
	std::thread t([&f, two] { CHECK(f.db->CompactFiles({}, two, 1).ok()); });
	while (!f.brake.met)
		nap(1);
	return t;
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	Fixture f(argv[1]);
	struct lode_write_report rep;
	struct lode_err err = {};
	lode_write slow[2] = {option("level0_file_num_compaction_trigger", 2000), option("level0_slowdown_writes_trigger", 2000)};
	lode_write calm = option("level0_stop_writes_trigger", 1000);
	uint64_t installs;

	for (int i = 0; i < 8; i++)
		f.file();
	CHECK(f.property("rocksdb.is-write-stopped") == 0);

	// The other way round first, for this is what hurts: an undo that does not last.
	CHECK(f.db->SetOptions({{"level0_stop_writes_trigger", "6"}}).ok()); // as if on trial
	CHECK(f.property("rocksdb.is-write-stopped") == 1);
	std::thread job = begin_compaction(f); // begins under the trial's options
	CHECK(f.api->undo(f.host, &calm, 1, false, &rep, &err) == 0);
	CHECK(f.property("rocksdb.is-write-stopped") == 0);
	installs = f.property("rocksdb.current-super-version-number");
	f.brake.on = false;
	job.join();
	CHECK(f.db->GetOptions().level0_stop_writes_trigger == 1000);
	CHECK(f.l0() == 6 && f.property("rocksdb.is-write-stopped") == 1); // back again, and nothing shows it
	CHECK(f.property("rocksdb.current-super-version-number") > installs); // but this
	CHECK(f.api->undo(f.host, &calm, 1, false, &rep, &err) == 0 && rep.calls == 0); // there seems to be nothing to do
	CHECK(f.api->renew(f.host, &calm, 1, true, &rep, &err) == 0 && rep.calls == 1);
	CHECK(f.property("rocksdb.is-write-stopped") == 0);

	// What the application has changed meanwhile is not written again.
	CHECK(f.db->SetOptions({{"level0_stop_writes_trigger", "900"}}).ok());
	CHECK(f.api->renew(f.host, &calm, 1, true, &rep, &err) != -EAGAIN && rep.calls == 0);
	CHECK(f.db->GetOptions().level0_stop_writes_trigger == 900);

	// No job of before: what is written stays in force through jobs that begin later.
	CHECK(f.api->write(f.host, slow, 2, &rep, &err) == 0);
	std::thread later = begin_compaction(f);
	f.brake.on = false;
	later.join();
	CHECK(!slowed(f) && f.property("rocksdb.is-write-stopped") == 0);
	return 0;
}
