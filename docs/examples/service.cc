// A service in C++ with its own RocksDB, tuned in place: the tuner lives shorter than the database, whatever happens in between.
//
//     c++ -std=c++17 service.cc -o service $(pkg-config --cflags --libs lodestone rocksdb)     (where RocksDB has no .pc file: -lrocksdb)
//     ./service /tmp/db 600
#include <lodestone.h>

#include <rocksdb/db.h>
#include <rocksdb/statistics.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

using Tuner = std::unique_ptr<lodestone_t, decltype(&lodestone_detach)>;

// Without it the service goes on, too: a Tuner that is empty does nothing.
static Tuner attach(rocksdb::DB *db)
{
	char *err = nullptr;
	lodestone_options_t *o = lodestone_options_create();

	lodestone_options_set(o, "agent.mode", "auto", &err);
	Tuner tuner(err ? nullptr : lodestone_attach_cpp(db, o, &err), lodestone_detach);
	if (err)
		fprintf(stderr, "not tuned: %s\n", err);
	lodestone_free(err);
	lodestone_options_destroy(o);
	return tuner;
}

int main(int argc, char **argv)
{
	rocksdb::Options options;
	rocksdb::DB *raw = nullptr;

	options.create_if_missing = true;
	options.statistics = rocksdb::CreateDBStatistics(); // shows reads, too
	rocksdb::Status s = rocksdb::DB::Open(options, argc > 1 ? argv[1] : "/tmp/lodestone-example", &raw);
	if (!s.ok()) {
		fprintf(stderr, "open: %s\n", s.ToString().c_str());
		return 1;
	}
	std::unique_ptr<rocksdb::DB> db(raw); // declared before the tuner, so destroyed after it
	Tuner tuner = attach(db.get());
	auto end = std::chrono::steady_clock::now() + std::chrono::seconds(argc > 2 ? atoi(argv[2]) : 10);

	for (unsigned i = 0; s.ok() && std::chrono::steady_clock::now() < end; i++) {
		std::string key = std::to_string(i * 2654435761u % 1000000);
		s = db->Put(rocksdb::WriteOptions(), key, key);
	}
	char *status = tuner ? lodestone_status_json(tuner.get(), nullptr) : nullptr;
	puts(status ? status : "{}");
	lodestone_free(status);
	return s.ok() ? 0 : 1;
}
