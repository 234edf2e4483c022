// Every way to open and close a database that an application has, and what the agent may hear of it.
#include "check.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/db_ttl.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction_db.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace rocksdb;

static Options fresh()
{
	Options o;

	o.create_if_missing = true;
	return o;
}

static standin_counts counts()
{
	standin_counts c = {};

	if (standin())
		standin()->counts(&c);
	return c;
}

static struct lode_host *host_of(DB *db)
{
	return standin() ? standin()->host(db) : nullptr;
}

static void put_get(DB *db)
{
	std::string value;

	CHECK(db->Put({}, "k", "v").ok() && db->Get({}, "k", &value).ok() && value == "v");
}

static void reopen(const std::string &dir)
{
	DB *db;

	for (int i = 0; i < 200; i++) {
		CHECK(DB::Open(fresh(), dir, &db).ok());
		put_get(db);
		if (i % 2)
			CHECK(db->Close().ok());
		delete db;
	}
	CHECK(counts().opened == 200 && counts().closing == 200 && counts().closed == 200 && counts().unknown == 0);
}

static void threads(const std::string &dir)
{
	std::vector<std::thread> pool;

	for (int t = 0; t < 4; t++) {
		pool.emplace_back([&dir, t] {
			for (int i = 0; i < 25; i++) {
				DB *db;

				CHECK(DB::Open(fresh(), dir + std::to_string(t), &db).ok());
				for (int k = 0; k < 50; k++)
					put_get(db);
				delete db;
			}
		});
	}
	for (auto &t : pool)
		t.join();
	for (int t = 0; t < 4; t++)
		CHECK(DestroyDB(dir + std::to_string(t), Options()).ok());
	CHECK(counts().opened == 100 && counts().closing == 100 && counts().closed == 100 && counts().unknown == 0);
}

static void failed(const std::string &dir)
{
	DB *db = nullptr, *other = nullptr;
	Options o = fresh();

	CHECK(DB::Open(o, dir, &db).ok());
	CHECK(!DB::Open(o, dir, &other).ok() && !other); /* locked */
	o.create_if_missing = false;
	CHECK(!DB::Open(o, dir + "/none", &other).ok() && !other);
	CHECK(counts().opening == 3 && counts().opened == 1 && counts().failed == 2 && counts().closing == 0);
	put_get(db);
	delete db;
	CHECK(counts().closing == 1 && counts().closed == 1 && counts().unknown == 0);
}

static void read_only(const std::string &dir)
{
	DB *db, *ro, *second;

	CHECK(DB::OpenForReadOnly(Options(), dir, &ro).ok() == false);
	CHECK(!standin()); /* nothing was loaded for that */
	CHECK(DB::Open(fresh(), dir, &db).ok());
	put_get(db);
	CHECK(db->Flush({}).ok());
	CHECK(DB::OpenForReadOnly(Options(), dir, &ro).ok());
	CHECK(DB::OpenAsSecondary(Options(), dir, dir + "/secondary", &second).ok());
	CHECK(!host_of(ro) && !host_of(second) && host_of(db));
	delete ro;
	delete second;
	CHECK(counts().opened == 1 && counts().closing == 0 && host_of(db));
	CHECK(counts().read_only >= 2); /* what is compacted to one level is tried in another way first */
	delete db;
	CHECK(counts().closed == 1 && counts().unknown == 0);
}

static void wrappers(const std::string &dir)
{
	TransactionDB *txn;
	OptimisticTransactionDB *opt;
	DBWithTTL *ttl;
	uint64_t v;

	CHECK(TransactionDB::Open(fresh(), TransactionDBOptions(), dir + "1", &txn).ok());
	CHECK(host_of(txn->GetRootDB()));
	CHECK(host_of(txn->GetRootDB())->ops->int_property(host_of(txn->GetRootDB()), 0, "rocksdb.estimate-num-keys", &v) == 0);
	put_get(txn);
	delete txn;
	CHECK(OptimisticTransactionDB::Open(fresh(), dir + "2", &opt).ok());
	CHECK(host_of(opt->GetBaseDB()));
	put_get(opt);
	delete opt;
	CHECK(DBWithTTL::Open(fresh(), dir + "3", &ttl, 1000).ok());
	CHECK(host_of(ttl->GetRootDB()));
	put_get(ttl);
	delete ttl;
	CHECK(counts().opened == 3 && counts().closing == 3 && counts().closed == 3 && counts().unknown == 0);
	for (const char *n : {"1", "2", "3"})
		CHECK(DestroyDB(dir + n, Options()).ok());
}

/* An operation is in flight most of the time, in four threads, when the application closes. */
static void busy(const std::string &dir)
{
	for (int round = 0; round < 30; round++) {
		std::vector<std::thread> pool;
		std::atomic<int> last{0};
		DB *db;

		CHECK(DB::Open(fresh(), dir, &db).ok());
		struct lode_host *h = host_of(db);
		CHECK(h);
		pool.emplace_back([h, &last] {
			struct lode_kv kv = {"max_sequential_skip_in_iterations", "9"};
			struct lode_err err;
			int rc;

			while ((rc = h->ops->set_cf_options(h, 0, &kv, 1, &err)) == 0)
				last = 1;
			CHECK(rc == -ESHUTDOWN);
			last = 2;
		});
		while (!last)
			std::this_thread::yield();
		usleep(useconds_t(round) * 300);
		CHECK(db->Close().ok());
		for (auto &t : pool)
			t.join(); /* the host object lives until the destructor */
		CHECK(last == 2);
		delete db;
	}
	CHECK(counts().unknown == 0 && counts().closed == 30);
}

static void injected(const std::string &dir)
{
	unsigned char before[sizeof(DBOptions)];
	DB *db = nullptr;
	uint64_t total = 0;
	std::vector<ColumnFamilyHandle *> handles;
	Options all = fresh();

	/* the stand-in exists from the first open on */
	CHECK(DB::Open(all, dir, &db).ok());
	delete db;
	standin()->set_inject(true);
	std::unique_ptr<DBOptions> options(new DBOptions(all));
	std::vector<ColumnFamilyDescriptor> families = {{kDefaultColumnFamilyName, ColumnFamilyOptions(all)}};
	memcpy(before, static_cast<void *>(options.get()), sizeof(before));
	CHECK(DB::Open(*options, dir, families, &handles, &db).ok());
	CHECK(memcmp(before, static_cast<void *>(options.get()), sizeof(before)) == 0 && !options->statistics);
	options.reset();
	struct lode_host *h = host_of(db);
	CHECK(h && h->ops->info(h)->has_statistics && h->ops->info(h)->statistics_ours);
	for (int i = 0; i < 100; i++)
		put_get(db);
	CHECK(h->ops->statistics(
		  h,
		  [](void *ctx, const char *name, uint64_t count, uint64_t, bool) {
			  *static_cast<uint64_t *>(ctx) += strcmp(name, "rocksdb.number.keys.written") == 0 ? count : 0;
		  },
		  &total) == 0);
	CHECK(total == 100);
	struct lode_hist hist;
	CHECK(h->ops->histogram(h, "rocksdb.db.get.micros", &hist) == 0 && hist.count == 100);
	CHECK(db->DestroyColumnFamilyHandle(handles[0]).ok());
	delete db;

	/* a host with its own keeps it */
	all.statistics = CreateDBStatistics();
	CHECK(DB::Open(all, dir, &db).ok());
	h = host_of(db);
	CHECK(h->ops->info(h)->has_statistics && !h->ops->info(h)->statistics_ours);
	put_get(db);
	CHECK(all.statistics->getTickerCount(NUMBER_KEYS_WRITTEN) == 1);
	delete db;

	/* and a failed open gives everything back */
	all.statistics.reset();
	all.error_if_exists = true;
	CHECK(!DB::Open(all, dir, &db).ok());
	CHECK(counts().closed == 3 && counts().failed == 1);
}

/* Writers stopped by L0, one write leader asleep in DelayWrite, compactions held back: on 7.8.3 the SetOptions that lifts the stop would
 * wait for that leader for ever. */
static void stopped(const std::string &dir)
{
	Options o = fresh();
	std::atomic<bool> done{false};
	uint64_t is_stopped = 0;
	DB *db;

	o.level0_file_num_compaction_trigger = 2;
	o.level0_slowdown_writes_trigger = 2;
	o.level0_stop_writes_trigger = 3;
	CHECK(DB::Open(o, dir, &db).ok());
	struct lode_host *h = host_of(db);
	CHECK(h);
	CHECK(db->PauseBackgroundWork().ok());
	/* files put in from outside reach L0 although no background job runs */
	CHECK(db->ContinueBackgroundWork().ok());
	FlushOptions wait;
	Env::Default()->SetBackgroundThreads(1, Env::LOW);
	std::atomic<bool> release{false};
	struct Blocker {
		static void run(void *arg)
		{
			while (!*static_cast<std::atomic<bool> *>(arg))
				usleep(1000);
		}
	};
	Env::Default()->Schedule(&Blocker::run, &release, Env::LOW); /* the only compaction thread is busy */
	for (int i = 0; i < 3; i++) {
		CHECK(db->Put({}, "a" + std::to_string(i), "1").ok());
		wait.allow_write_stall = true;
		CHECK(db->Flush(wait).ok());
	}
	CHECK(h->ops->int_property(h, 0, "rocksdb.is-write-stopped", &is_stopped) == 0 && is_stopped == 1);
	std::thread writer([db, &done] {
		CHECK(db->Put({}, "late", "1").ok());
		done = true;
	});
	usleep(300 * 1000);
	CHECK(!done);
	struct lode_write w[3] = {};
	const char *const keys[] = {"level0_stop_writes_trigger", "level0_slowdown_writes_trigger", "level0_file_num_compaction_trigger"};
	const char *const values[] = {"100", "90", "80"};
	for (int i = 0; i < 3; i++) {
		w[i].scope = LODE_SCOPE_CF;
		strcpy(w[i].key, keys[i]);
		strcpy(w[i].value, values[i]);
	}
	struct lode_write_report rep;
	struct lode_err err = {};
	CHECK(standin()->write(h, w, 3, &rep, &err) == -EAGAIN && rep.calls == 0); /* no experiments now */
	int rc = standin()->undo(h, w, 3, false, &rep, &err);
	if (rc)
		fprintf(stderr, "%s\n", err.msg);
	CHECK(rc == 0 && rep.written == 3);
	writer.join(); /* no job has run: only the change has let it go */
	CHECK(done && !release);
	release = true;
	delete db;
}

static void forked(const std::string &dir)
{
	int status;
	DB *db;

	CHECK(DB::Open(fresh(), dir, &db).ok());
	pid_t pid = fork();
	if (pid == 0) {
		/* closing in a child is the application's folly; we at least keep out of it */
		_exit(host_of(db) ? 0 : 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	put_get(db);
	delete db;
	CHECK(counts().closed == 1);
}

/* Left open at exit, as many programs do. */
static void left_open(const std::string &dir)
{
	DB *db;

	CHECK(DB::Open(fresh(), dir, &db).ok());
	put_get(db);
}

/* A database that is not in the file system: there is no OPTIONS file to read, so hands off. */
static void in_memory(const std::string &)
{
	std::unique_ptr<Env> env(NewMemEnv(Env::Default()));
	Options o = fresh();
	DB *db;

	o.env = env.get();
	CHECK(DB::Open(o, "/no/such/place", &db).ok());
	CHECK(!host_of(db) && counts().refused == 1 && strstr(standin()->reason(), "directory"));
	put_get(db);
	delete db;
	CHECK(counts().closed == 1 && counts().unknown == 0);
}

/* The preload may have been named relative to a directory that the process has left. */
static void moved(const std::string &dir)
{
	CHECK(chdir("/") == 0);
	left_open(dir);
}

static void inert(const std::string &dir)
{
	DB *db;

	CHECK(DB::Open(fresh(), dir, &db).ok());
	CHECK(!standin());
	put_get(db);
	delete db;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const std::string &dir);
	} scenarios[] = {
	    {"reopen", reopen},	      {"threads", threads},   {"failed", failed},   {"read_only", read_only}, {"wrappers", wrappers},
	    {"busy", busy},	      {"injected", injected}, {"stopped", stopped}, {"forked", forked},	      {"left_open", left_open},
	    {"in_memory", in_memory}, {"moved", moved},	      {"inert", inert},
	};

	CHECK(argc == 3);
	for (const auto &s : scenarios) {
		if (strcmp(argv[2], s.name) == 0) {
			s.run(argv[1]);
			return 0;
		}
	}
	fprintf(stderr, "no such scenario\n");
	return 2;
}
