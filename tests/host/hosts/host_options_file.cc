// Writing options where RocksDB cannot write its OPTIONS file, where bytes_per_sync is 0, and where the application sets options of the database
// at the same moment: on a real RocksDB, behind a file system of our own that fails and counts. Argument: a new directory.
#include "setoptions.h"

#include <rocksdb/env.h>

#include <cerrno>
#include <cstring>
#include <sys/stat.h>

struct Counting : WritableFileWrapper {
	std::unique_ptr<WritableFile> file;
	std::atomic<unsigned> &syncs;

	Counting(std::unique_ptr<WritableFile> f, std::atomic<unsigned> &n) : WritableFileWrapper(f.get()), file(std::move(f)), syncs(n)
	{
	}
	Status RangeSync(uint64_t offset, uint64_t n) override
	{
		syncs++;
		return WritableFileWrapper::RangeSync(offset, n);
	}
};

struct Faulty : EnvWrapper {
	std::atomic<bool> full{false};
	std::atomic<unsigned> refused{0}, syncs{0};

	Faulty() : EnvWrapper(Env::Default())
	{
	}
	const char *Name() const override { return "Faulty"; }
	Status NewWritableFile(const std::string &name, std::unique_ptr<WritableFile> *out, const EnvOptions &o) override
	{
		std::unique_ptr<WritableFile> file;
		Status s;

		if (full && name.find("OPTIONS") != std::string::npos) {
			refused++;
			return Status::NoSpace("no space left on device");
		}
		s = EnvWrapper::NewWritableFile(name, &file, o);
		if (s.ok())
			out->reset(new Counting(std::move(file), syncs));
		return s;
	}
};

static Faulty *env() // outlives every database and thread of RocksDB
{
	static auto *e = new Faulty;

	return e;
}

static void with_env(Options &o)
{
	o.env = env();
}

static void that_says_so(Options &o)
{
	o.env = env();
	o.fail_if_options_file_error = true;
}

static std::string shown(Fixture &f, const lode_write &w)
{
	lode_write now = w;
	struct lode_err err = {};

	CHECK(f.api->read_back(f.host, &now, 1, &err) == 0);
	return now.value;
}

// What is written is live and is not shown. No claim is made; the way back is taken for done only once it can be read.
static void no_file(const std::string &dir, void (*more)(Options &))
{
	Fixture f(dir, more);
	struct lode_write_report rep;
	struct lode_err err = {};
	lode_write family = option("max_sequential_skip_in_iterations", 77), database = option("max_background_jobs", 5, LODE_SCOPE_DB);
	lode_write both[2] = {family, database}, undo[2] = {option("max_sequential_skip_in_iterations", 8), option("max_background_jobs", 2, LODE_SCOPE_DB)};

	CHECK(f.api->write(f.host, both, 2, &rep, &err) == 0 && !rep.doubt);
	CHECK(f.api->undo(f.host, undo, 2, false, &rep, &err) == 0 && !rep.doubt);

	env()->full = true;
	env()->refused = 0;
	CHECK(f.api->write(f.host, &family, 1, &rep, &err) == -EIO && rep.doubt && rep.calls == 1);
	CHECK(env()->refused == 1);
	CHECK(f.db->GetOptions().max_sequential_skip_in_iterations == 77 && shown(f, family) == "8");
	CHECK(f.api->undo(f.host, undo, 1, true, &rep, &err) == -EIO && rep.doubt); // done, as it happens, but who knows
	CHECK(f.db->GetOptions().max_sequential_skip_in_iterations == 8);

	CHECK(f.api->write(f.host, &database, 1, &rep, &err) == -EIO && rep.doubt);
	CHECK(f.db->GetDBOptions().max_background_jobs == 5 && shown(f, database) == "2");
	CHECK(f.api->undo(f.host, undo, 2, true, &rep, &err) == -EIO && rep.doubt);
	CHECK(f.db->GetDBOptions().max_background_jobs == 2);

	env()->full = false;
	CHECK(f.api->undo(f.host, undo, 2, true, &rep, &err) == 0 && !rep.doubt); // SetDBOptions has nothing to do and writes no file: proved otherwise
	CHECK(f.api->write(f.host, &database, 1, &rep, &err) == 0 && !rep.doubt);
	env()->full = true;
	CHECK(f.api->undo(f.host, undo + 1, 1, false, &rep, &err) == -EIO && rep.doubt);
	env()->full = false;
	CHECK(f.api->undo(f.host, undo + 1, 1, true, &rep, &err) == 0 && !rep.doubt && rep.calls == 2);
	CHECK(f.db->GetDBOptions().max_background_jobs == 2 && shown(f, database) == "2");
}

// The database was opened without an OPTIONS file of this life: the one that is there tells of another.
static void file_of_an_earlier_life(const std::string &dir)
{
	lode_write w = option("max_sequential_skip_in_iterations", 77);
	struct lode_write_report rep;
	struct lode_err err = {};

	{
		Fixture first(dir, with_env);
		CHECK(first.api->write(first.host, &w, 1, &rep, &err) == 0);
	}
	env()->full = true;
	Fixture f(dir, with_env);
	CHECK(f.db->GetOptions().max_sequential_skip_in_iterations == 8);
	CHECK(f.api->write(f.host, &w, 1, &rep, &err) == -ESTALE && rep.calls == 0);
	env()->full = false;
	CHECK(f.db->SetOptions({{"report_bg_io_stats", "true"}}).ok()); // the application's own change writes one
	CHECK(f.api->write(f.host, &w, 1, &rep, &err) == 0 && rep.calls == 1);
}

static unsigned syncs_of_a_flush(Fixture &f)
{
	env()->syncs = 0;
	for (int i = 0; i < 80; i++)
		CHECK(f.db->Put({}, "big" + std::to_string(f.keys++), std::string(100000, (char)('a' + i % 26))).ok());
	CHECK(f.db->Flush({}).ok());
	return env()->syncs;
}

// A database option is changed and bytes_per_sync=0 goes on doing what it does: nothing. RocksDB's own way with it is shown for comparison.
static void nothing_is_synced(const std::string &dir)
{
	lode_write jobs = option("max_background_jobs", 5, LODE_SCOPE_DB), back = option("max_background_jobs", 2, LODE_SCOPE_DB);
	struct lode_write_report rep;
	struct lode_err err = {};

	{
		Fixture f(dir + "-theirs", with_env);
		CHECK(syncs_of_a_flush(f) == 0);
		CHECK(f.db->SetDBOptions({{"max_background_jobs", "5"}}).ok());
		CHECK(f.db->GetDBOptions().bytes_per_sync == 1 << 20);
		CHECK(syncs_of_a_flush(f) > 0);
	}
	Fixture f(dir, with_env);
	CHECK(syncs_of_a_flush(f) == 0);
	CHECK(f.api->write(f.host, &jobs, 1, &rep, &err) == 0 && rep.calls == 1 && rep.written == 1);
	CHECK(f.db->GetDBOptions().max_background_jobs == 5 && std::to_string(f.db->GetDBOptions().bytes_per_sync) == LODE_NO_SYNC);
	CHECK(syncs_of_a_flush(f) == 0);
	CHECK(f.api->undo(f.host, &back, 1, false, &rep, &err) == 0 && rep.calls == 1);
	CHECK(f.db->GetDBOptions().max_background_jobs == 2 && std::to_string(f.db->GetDBOptions().bytes_per_sync) == LODE_NO_SYNC);
	CHECK(syncs_of_a_flush(f) == 0);
}

// The application sets an option of the database again and again while we do the same with another. RocksDB 7.8.3 may drop the earlier of two calls that
// overlap. How often that happens is told. What must hold: nothing is set again that the application had not lost.
static void at_the_same_moment(const std::string &dir)
{
	Fixture f(dir, with_env);
	std::atomic<bool> done{false};
	std::atomic<unsigned> lost{0}, sets{0};
	unsigned mended = 0, through = 0, ours_lost = 0, later = 0;
	std::thread application([&] {
		for (int i = 0; !done; i++) {
			std::string value = std::to_string(1000000 + i);

			CHECK(f.db->SetDBOptions({{"delete_obsolete_files_period_micros", value}, {"stats_dump_period_sec", std::to_string(600 + i % 2)}}).ok());
			lost += std::to_string(f.db->GetDBOptions().delete_obsolete_files_period_micros) != value;
			sets++;
		}
	});

	for (int i = 0; i < 300; i++) {
		lode_write w = option("max_background_jobs", 2 + i % 2, LODE_SCOPE_DB);
		struct lode_write_report rep;
		struct lode_err err = {};
		int rc = f.api->write(f.host, &w, 1, &rep, &err);

		CHECK(rc == 0 || rc == -EIO);
		through += rc == 0;
		later += rc == 0 && f.db->GetDBOptions().max_background_jobs != 2 + i % 2; // by a call that was under way
		ours_lost += rc != 0;
		mended += rep.mended;
	}
	done = true;
	application.join();
	printf("%u of ours through (%u dropped later), %u dropped; %u of the application's, %u dropped; %u set again by us\n", through, later,
	       ours_lost, sets.load(), lost.load(), mended);
	CHECK(through > 0 && sets > 10);
}

// RocksDB's log, which can be made to stand still while statistics are dumped: SetDBOptions waits for that in its middle, without the lock.
struct Slow : Logger {
	std::atomic<bool> on{false}, met{false};

	using Logger::Logv;
	void Logv(const char *format, va_list) override
	{
		if (!strstr(format, "DUMPING STATS"))
			return;
		while (on) {
			met = true;
			nap(1);
		}
	}
};

static Slow *slow()
{
	static auto log = std::make_shared<Slow>();

	return log.get();
}

static void with_log(Options &o)
{
	o.env = env();
	o.info_log = std::shared_ptr<Logger>(slow(), [](Logger *) {});
	o.stats_dump_period_sec = 1;
}

// Both calls are held in their middle, where each has read the same values: the later to go on undoes the earlier. What is undone of ours is not called
// done; what is undone of theirs is set again.
static void one_undoes_the_other(const std::string &dir)
{
	unsigned ours = 0, theirs = 0;
	Fixture f(dir, with_log);

	for (int i = 0; i < 6; i++) {
		std::string value = std::to_string(1000000 + i);
		lode_write w = option("max_background_jobs", 3 + i % 2, LODE_SCOPE_DB);
		struct lode_write_report rep;
		struct lode_err err = {};
		int rc = 0;

		slow()->met = false;
		slow()->on = true;
		while (!slow()->met)
			nap(1);
		std::thread application([&] { // stops the dump, so it waits for the one under way
			CHECK(f.db->SetDBOptions({{"delete_obsolete_files_period_micros", value}, {"stats_dump_period_sec", "0"}}).ok());
		});
		nap(50);
		std::thread agent([&] { rc = f.api->write(f.host, &w, 1, &rep, &err); });
		nap(50);
		slow()->on = false;
		application.join();
		agent.join();
		CHECK(rc == 0 || rc == -EIO);
		bool dropped = f.db->GetDBOptions().max_background_jobs != 3 + i % 2; // before our read-back, or after it
		CHECK(dropped || rc == 0);
		ours += dropped;
		theirs += rep.mended > 0;
		printf("round %d: rc %d, ours is %s, %u set again, theirs is %s\n", i, rc, dropped ? "lost" : "in force", rep.mended,
		       std::to_string(f.db->GetDBOptions().delete_obsolete_files_period_micros) == value ? "in force" : "lost");
		CHECK(f.db->SetDBOptions({{"stats_dump_period_sec", "1"}}).ok());
	}
	printf("%u of ours undone, %u times theirs set again\n", ours, theirs);
	CHECK(ours + theirs > 0);
}

int main(int argc, char **argv)
{
	CHECK(argc == 2 && mkdir(argv[1], 0700) == 0);
	std::string dir = argv[1];

	no_file(dir + "/silent", with_env);
	no_file(dir + "/error", that_says_so);
	file_of_an_earlier_life(dir + "/earlier");
	nothing_is_synced(dir + "/sync");
	at_the_same_moment(dir + "/moment");
	one_undoes_the_other(dir + "/undone");
	return 0;
}
