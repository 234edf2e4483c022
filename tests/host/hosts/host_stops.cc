// Writing options around write stops, slowed writers and long compactions of a real RocksDB: nothing of ours hangs behind a stop for longer than
// the stop lasts, and nothing cuts the rate of slowed writers but the one write that must. Argument: an empty directory.
#include "setoptions.h"

#include <rocksdb/convenience.h>
#include <rocksdb/rate_limiter.h>

#include <cerrno>
#include <cmath>
#include <random>
#include <vector>

#include <sys/stat.h>

static std::mt19937 dice(20240607);

static const lode_write lift = option("level0_stop_writes_trigger", 1000);

// Our change stops the writers, no job runs that could ever end it, and a writer sleeps. The undo frees them.
static void stop_of_our_making(Fixture &f, unsigned rounds)
{
	struct lode_write_report rep;
	struct lode_err err = {};

	for (unsigned i = 0; i < rounds; i++) {
		lode_write stop = option("level0_stop_writes_trigger", f.l0() + 1), other = option("max_sequential_skip_in_iterations", 9 + i % 2);
		lode_write jobs = option("max_background_jobs", 3 + i % 2, LODE_SCOPE_DB);

		CHECK(f.api->write(f.host, &stop, 1, &rep, &err) == 0);
		f.file();
		CHECK(f.property("rocksdb.is-write-stopped") == 1);
		std::thread writer([&] { f.put(); });
		nap(dice() % 12);
		CHECK(f.api->write(f.host, &other, 1, &rep, &err) == -EAGAIN && rep.calls == 0);
		CHECK(f.api->write(f.host, &jobs, 1, &rep, &err) == -EAGAIN && rep.calls == 0);
		CHECK(f.api->renew(f.host, &stop, 1, false, &rep, &err) == -EAGAIN && rep.calls == 0);
		CHECK(f.api->undo(f.host, &lift, 1, false, &rep, &err) == 0 && rep.calls == 1);
		writer.join();
		CHECK(f.property("rocksdb.is-write-stopped") == 0);
	}
}

// The application holds file deletions disabled: then only the end of a job wakes the writer, and the application's hold stays as it is.
static void deletions_held(Fixture &f)
{
	struct lode_write_report rep;
	struct lode_err err = {};
	lode_write stop = option("level0_stop_writes_trigger", f.l0() + 1);
	std::vector<LiveFileMetaData> files;
	std::atomic<bool> back{false};

	CHECK(f.db->DisableFileDeletions().ok());
	CHECK(f.api->write(f.host, &stop, 1, &rep, &err) == 0);
	f.file();
	std::thread writer([&] { f.put(); });
	nap(50);
	std::thread agent([&] {
		CHECK(f.api->undo(f.host, &lift, 1, false, &rep, &err) == 0);
		back = true;
	});
	while (f.property("rocksdb.is-write-stopped"))
		nap(1);
	CHECK(f.db->GetOptions().level0_stop_writes_trigger == 1000); // in force, though nobody woke up
	nap(1000);						     // the time of many nudges
	CHECK(f.property("rocksdb.is-file-deletions-enabled") == 0);
	if (back)
		fprintf(stderr, "the writer was not asleep yet\n");
	f.db->GetLiveFilesMetaData(&files);
	CHECK(f.db->CompactFiles({}, {files[0].name, files[1].name}, 1).ok());
	agent.join();
	writer.join();
	CHECK(f.property("rocksdb.is-file-deletions-enabled") == 0);
	CHECK(f.db->EnableFileDeletions(false).ok());
	CHECK(f.property("rocksdb.is-file-deletions-enabled") == 1);
}

// The application gives up while our undo hangs: it cancels the work, its writer returns, it closes. Close waits for us, and comes back.
static void close_meanwhile(const std::string &dir)
{
	Fixture f(dir);
	struct lode_write_report rep;
	struct lode_err err = {};
	lode_write stop = option("level0_stop_writes_trigger", 2), other = option("max_sequential_skip_in_iterations", 9);

	f.file();
	CHECK(f.db->DisableFileDeletions().ok()); // no nudge can help
	CHECK(f.api->write(f.host, &stop, 1, &rep, &err) == 0);
	f.file();
	std::thread writer([&] { f.db->Put({}, "last", "v"); });
	nap(50);
	std::thread agent([&] { // it does not lift the stop: it hangs for as long as that lasts
		CHECK(f.api->undo(f.host, &other, 1, false, &rep, &err) == 0 || err.code == ESHUTDOWN);
	});
	nap(50);
	CancelAllBackgroundWork(f.db, false);
	writer.join();
	delete f.db;
	f.db = nullptr;
	agent.join();
}

// Writers that run into stops of RocksDB's own making all the time, and changes of ours at random moments.
static void stops_of_its_own(const std::string &dir, unsigned rounds)
{
	Fixture f(dir, [](Options &o) {
		o.write_buffer_size = 64 << 10;
		o.arena_block_size = 8 << 10;
		o.level0_file_num_compaction_trigger = 2;
		o.level0_slowdown_writes_trigger = 4; // the same: a stop is not announced by slow writes
		o.level0_stop_writes_trigger = 4;
		o.rate_limiter.reset(NewGenericRateLimiter(8 << 20));
	});
	struct lode_write_report rep;
	struct lode_err err = {};
	std::atomic<bool> done{false};
	std::atomic<unsigned> puts{0};
	unsigned through = 0, not_now = 0, stopped = 0;
	std::vector<std::thread> writers;

	for (int t = 0; t < 2; t++)
		writers.emplace_back([&, t] {
			while (!done) {
				CHECK(f.db->Put({}, std::to_string(t) + "/" + std::to_string(puts++), std::string(400, 'w')).ok());
			}
		});
	for (unsigned i = 0; i < rounds; i++) {
		lode_write w = option("max_sequential_skip_in_iterations", 9 + i % 2);
		int rc;

		nap(dice() % 8);
		stopped += f.property("rocksdb.is-write-stopped");
		rc = i % 4 ? f.api->write(f.host, &w, 1, &rep, &err) : f.api->undo(f.host, &w, 1, false, &rep, &err);
		CHECK(rc == 0 || rc == -EAGAIN);
		through += rc == 0;
		not_now += rc != 0;
	}
	done = true;
	for (auto &t : writers)
		t.join();
	printf("%u changes through, %u not now, %u times in a stop, %u puts\n", through, not_now, stopped, puts.load());
	CHECK(through && not_now && puts > 1000);
}

// Slowed writers: no change is made and their rate stays; an undo is one call, and costs one cut.
static void slowed(Fixture &f)
{
	struct lode_write_report rep;
	struct lode_err err = {};
	lode_write other = option("ttl", 5000), jobs = option("max_background_jobs", 5, LODE_SCOPE_DB);
	lode_write undo[2] = {option("ttl", 6000), option("max_sequential_skip_in_iterations", 20)};
	uint64_t rate;

	f.brake.on = true; // the compaction that begins now takes no file away
	while (f.l0() < 4)
		f.file();
	CHECK(f.db->SetOptions({{"level0_file_num_compaction_trigger", "2"}, {"level0_slowdown_writes_trigger", "2"}}).ok()); // the host's own
	while (!f.brake.met)
		nap(1);
	rate = f.property("rocksdb.actual-delayed-write-rate");
	CHECK(rate > 0);
	for (int i = 0; i < 20; i++) {
		CHECK(f.api->write(f.host, &other, 1, &rep, &err) == -EAGAIN && rep.calls == 0);
		CHECK(f.api->write(f.host, &jobs, 1, &rep, &err) == -EAGAIN && rep.calls == 0);
	}
	CHECK(f.property("rocksdb.actual-delayed-write-rate") == rate);
	CHECK(f.api->undo(f.host, undo, 2, false, &rep, &err) == 0 && rep.calls == 1);
	CHECK(std::fabs((double)f.property("rocksdb.actual-delayed-write-rate") - 0.8 * (double)rate) < 2);
	CHECK(f.api->undo(f.host, undo, 2, false, &rep, &err) == 0 && rep.calls == 0); // done is done
	CHECK(std::fabs((double)f.property("rocksdb.actual-delayed-write-rate") - 0.8 * (double)rate) < 2);
	f.brake.on = false;
}

int main(int argc, char **argv)
{
	CHECK(argc == 3);
	std::string dir = argv[1];

	unsigned rounds = (unsigned)atoi(argv[2]);

	CHECK(mkdir(argv[1], 0700) == 0);
	{
		Fixture f(dir + "/ours");
		stop_of_our_making(f, rounds);
		deletions_held(f);
		slowed(f);
	}
	for (unsigned i = 0; i < 3; i++)
		close_meanwhile(dir + "/close" + std::to_string(i));
	stops_of_its_own(dir + "/own", 10 * rounds);
	return 0;
}
