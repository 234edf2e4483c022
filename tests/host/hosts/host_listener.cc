// A program that knows nothing of a tuner: it takes its options from an OPTIONS file, in which there may be an entry.
//
//     host_listener WHAT OPTIONS-FILE DIR [ROUNDS]
//
// WHAT: enter (until it is in, as RocksDB's LOG says), closings (every way to close), wrapped, others (who may not write), storm (closed at any moment), long_end (callbacks from a destructor),
// detach (close=detach in the entry), work (until standard input ends). HOST_PLUGIN: a library to open first, as a program would that has the
// plugin in its configuration. HOST_IN=no: it must stay out.
#include "check.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/db_ttl.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/options_util.h>
#include <rocksdb/utilities/transaction_db.h>

#include <fstream>
#include <iterator>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <typeinfo>
#include <unistd.h>
#include <vector>

#ifdef LINKED
#include "lodestone.h"
#endif

using rocksdb::DB;

namespace
{

#define OK(x)                                                                                                                                          \
	do {                                                                                                                                           \
		rocksdb::Status s_ = (x);                                                                                                              \
		if (!s_.ok())                                                                                                                          \
			fprintf(stderr, "%s\n", s_.ToString().c_str());                                                                                \
		CHECK(s_.ok());                                                                                                                        \
	} while (0)

std::string file;
bool may_come_in = true;

std::string text_of(const std::string &path)
{
	std::ifstream in(path);

	return {std::istreambuf_iterator<char>(in), {}};
}

bool is_in(const std::string &dir)
{
	return text_of(dir + "/LOG").find("lodestone: 0.") != std::string::npos;
}

rocksdb::Options options()
{
	rocksdb::DBOptions db;
	std::vector<rocksdb::ColumnFamilyDescriptor> families;
	rocksdb::ConfigOptions how;

	OK(rocksdb::LoadOptionsFromFile(how, file, &db, &families));
	rocksdb::Options o(db, families[0].options);
	o.create_if_missing = true;
	return o;
}

DB *open(const rocksdb::Options &o, const std::string &dir)
{
	DB *db = nullptr;

	OK(DB::Open(o, dir, &db));
	CHECK(db);
	return db;
}

void write(DB *db, unsigned from, unsigned n, bool wal = true)
{
	rocksdb::WriteOptions w;

	w.disableWAL = !wal;
	for (unsigned i = from; i < from + n; i++)
		OK(db->Put(w, std::to_string(i % 5000), std::string(200, static_cast<char>('a' + i % 26))));
}

void flushed(DB *db, unsigned i)
{
	write(db, i * 10, 10);
	OK(db->Flush(rocksdb::FlushOptions()));
}

// Small flushes until RocksDB's LOG has the line; or, where it may not come in, many of them.
void enter(DB *db, const std::string &dir)
{
	for (unsigned i = 0; i < (may_come_in ? 200 : 5) && !is_in(dir); i++) {
		flushed(db, i);
		usleep(30000);
	}
	CHECK(is_in(dir) == may_come_in);
}

std::string value(DB *db, const char *key)
{
	std::string v;

	OK(db->Get(rocksdb::ReadOptions(), key, &v));
	return v;
}

// Throw-away listeners by the dozen: each call writes an OPTIONS file, which builds one and destroys it.
void settings(DB *db)
{
	for (int i = 0; i < 30; i++)
		OK(db->SetOptions({{"level0_file_num_compaction_trigger", std::to_string(4 + i % 3)}}));
	OK(db->SetDBOptions({{"max_background_jobs", "3"}}));
}

void once(const std::string &dir)
{
	DB *db = open(options(), dir);

	enter(db, dir);
	settings(db);
	delete db;
}

void closings(const std::string &dir)
{
	const std::string a = dir + ".a", b = dir + ".b";
	rocksdb::Options o = options();
	DB *one = open(o, a), *two = open(o, b); // one listener, two databases
	const char *name = typeid(*one).name();

	enter(one, a);
	enter(two, b);
	CHECK(typeid(*one) == typeid(*two) && name == std::string(typeid(*one).name()));
	CHECK(dynamic_cast<rocksdb::StackableDB *>(one) == nullptr);
	OK(one->Close()); // and then away
	OK(one->Close());
	flushed(two, 1);
	delete one;
	write(two, 0, 100);
	std::string last = value(two, "99");
	rocksdb::CancelAllBackgroundWork(two, true);
	delete two;

	one = open(o, b); // as like as not where another was
	CHECK(value(one, "99") == last);
	const rocksdb::Snapshot *s = one->GetSnapshot();
	enter(one, b);
	rocksdb::ColumnFamilyHandle *family;
	OK(one->CreateColumnFamily(rocksdb::ColumnFamilyOptions(), "more", &family));
	OK(one->DropColumnFamily(family));
	OK(one->DestroyColumnFamilyHandle(family));
	one->ReleaseSnapshot(s);
	delete one;

	one = open(o, a); // without the log ahead, so that closing has something to flush
	enter(one, a);
	write(one, 0, 5000, false);
	delete one;
	one = open(o, a);
	CHECK(value(one, "7").size() == 200);
	OK(one->Close());
	delete one;

	DB *child = open(o, a); // what a child of fork does with its copy
	enter(child, a);
	for (uint64_t busy = 1, pending = 1; busy || pending; usleep(1000)) // jobs that a child would wait for in vain
		CHECK(child->GetIntProperty("rocksdb.num-running-compactions", &busy) && child->GetIntProperty("rocksdb.compaction-pending", &pending));
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		OK(child->Close());
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	flushed(child, 1);
	delete child;
}

void wrapped(const std::string &dir)
{
	rocksdb::TransactionDB *transaction;
	rocksdb::OptimisticTransactionDB *optimistic;
	rocksdb::DBWithTTL *ttl;

	OK(rocksdb::TransactionDB::Open(options(), rocksdb::TransactionDBOptions(), dir + ".t", &transaction));
	enter(transaction, dir + ".t");
	delete transaction;
	OK(rocksdb::OptimisticTransactionDB::Open(options(), dir + ".o", &optimistic));
	enter(optimistic, dir + ".o");
	delete optimistic;
	OK(rocksdb::DBWithTTL::Open(options(), dir + ".l", &ttl));
	enter(ttl, dir + ".l");
	OK(ttl->Close());
	delete ttl;
}

void others(const std::string &dir)
{
	DB *db = open(options(), dir), *reader, *second;

	flushed(db, 1);
	delete db;
	OK(DB::OpenForReadOnly(options(), dir, &reader));
	CHECK(value(reader, "10").size() == 200);
	OK(DB::OpenAsSecondary(options(), dir, dir + ".second", &second));
	OK(second->TryCatchUpWithPrimary());
	delete second;
	delete reader;
}

// Written and closed at any moment of its first flushes and compactions, two at a time at addresses that come again.
void storm(const std::string &dir, unsigned rounds, unsigned seed)
{
	rocksdb::Options o = options();

	o.write_buffer_size = 64 << 10;
	o.arena_block_size = 8 << 10;
	o.level0_file_num_compaction_trigger = 2;
	o.max_background_jobs = 4;
	for (unsigned i = 0; i < rounds; i++) {
		DB *db = open(o, dir);

		write(db, i, 200 + rand_r(&seed) % 3000, rand_r(&seed) % 2);
		if (rand_r(&seed) % 3 == 0)
			usleep(60000);
		if (rand_r(&seed) % 3 == 0)
			write(db, i, rand_r(&seed) % 2000, rand_r(&seed) % 2);
		if (rand_r(&seed) % 4 == 0)
			OK(db->SetOptions({{"level0_file_num_compaction_trigger", std::to_string(2 + i % 3)}}));
		usleep(rand_r(&seed) % 2000);
		if (rand_r(&seed) % 4 == 0)
			rocksdb::CancelAllBackgroundWork(db, rand_r(&seed) % 2);
		if (rand_r(&seed) % 2)
			OK(db->Close());
		delete db;
	}
}

void storms(const std::string &dir, unsigned rounds)
{
	std::thread a(storm, dir + ".1", rounds, 1), b(storm, dir + ".2", rounds, 2);

	a.join();
	b.join();
}

// What has not been written yet is flushed when it closes, family by family, and compacted at once: callbacks by the dozen, of an object whose destructor
// runs. seen: they were not its first ones.
void long_end(const std::string &dir, bool seen)
{
	constexpr unsigned n = 24;
	rocksdb::Options o = options();
	std::vector<rocksdb::ColumnFamilyDescriptor> names = {{"default", o}};
	std::vector<rocksdb::ColumnFamilyHandle *> families;
	rocksdb::WriteOptions w;

	o.level0_file_num_compaction_trigger = 2;
	o.create_missing_column_families = true;
	for (unsigned i = 1; i < n; i++)
		names.emplace_back("family " + std::to_string(i), o);
	w.disableWAL = true;
	for (int round = 0; round < 2; round++) {
		DB *db;

		OK(DB::Open(o, dir, names, &families, &db));
		if (seen && round)
			enter(db, dir);
		for (auto *family : families)
			for (unsigned k = 0; k < 3000; k++)
				OK(db->Put(w, family, std::to_string(k), std::string(200, 'x')));
		for (auto *family : families)
			OK(db->DestroyColumnFamilyHandle(family));
		delete db;
		if (!seen)
			CHECK(!is_in(dir));
	}
}

// close=detach: the program says when.
void detached(const std::string &dir)
{
	auto closing = reinterpret_cast<void (*)(void *)>(dlsym(RTLD_DEFAULT, "lodestone_closing"));
	rocksdb::DBWithTTL *db;

	CHECK(closing);
	for (int i = 0; i < 2; i++) {
		OK(rocksdb::DBWithTTL::Open(options(), dir + std::to_string(i), &db));
		closing(nullptr);
		enter(db, dir + std::to_string(i));
		closing(static_cast<DB *>(db)); // the wrapper will do
		flushed(db, 1);
		flushed(db, 2);
		closing(static_cast<DB *>(db));
		delete db;
	}
}

void work(const std::string &dir)
{
	DB *db = open(options(), dir);
	pollfd input = {0, POLLIN, 0};

	write(db, 0, 100);
	printf("ready %d\n", static_cast<int>(getpid()));
	fflush(stdout);
	for (unsigned i = 0; poll(&input, 1, getenv("HOST_IDLE") ? 50 : 0) == 0; i++)
		if (!getenv("HOST_IDLE"))
			write(db, i * 1000, 1000);
	delete db;
}

} // namespace

int main(int argc, char **argv)
{
	const char *library = getenv("HOST_PLUGIN"), *in = getenv("HOST_IN");

	CHECK(argc >= 4);
#ifdef LINKED
	CHECK(lodestone_plugin_version()[0]);
#endif
	if (library && !dlopen(library, RTLD_NOW | RTLD_LOCAL))
		fprintf(stderr, "%s\n", dlerror()); // and goes on, as a service would
	may_come_in = !in || in != std::string("no");
	std::string what = argv[1], dir = argv[3];
	file = argv[2];
	unsigned rounds = argc > 4 ? static_cast<unsigned>(atoi(argv[4])) : 40;
	if (what == "enter")
		once(dir);
	else if (what == "closings")
		closings(dir);
	else if (what == "wrapped")
		wrapped(dir);
	else if (what == "others")
		others(dir);
	else if (what == "storm")
		storms(dir, rounds);
	else if (what == "long_end")
		long_end(dir + ".seen", true), long_end(dir + ".unseen", false);
	else if (what == "detach")
		detached(dir);
	else
		work(dir);
	return 0;
}
