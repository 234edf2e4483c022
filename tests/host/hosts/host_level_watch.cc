// A service that looks at the level of its Statistics all the time: host_level_watch DIR SECONDS [LEVEL]. With LEVEL it brings Statistics of its own at
// that level. Prints each level it saw in turn ("3 1 3 1"), or "none"; then how many keys it read, how many reads were counted and how many were timed.
#include <rocksdb/db.h>
#include <rocksdb/statistics.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace rocksdb;

static void work(DB *db, const std::atomic<bool> &stop, std::atomic<uint64_t> &reads, unsigned seed)
{
	std::string value;

	while (!stop) {
		std::string key = "key" + std::to_string(rand_r(&seed) % 100000);
		if (rand_r(&seed) % 4)
			reads += db->Get(ReadOptions(), key, &value).ok() ? 1 : 1;
		else if (!db->Put(WriteOptions(), key, std::string(100, 'v')).ok())
			exit(1);
		std::this_thread::sleep_for(std::chrono::microseconds(50));
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	Options o;
	DB *db = nullptr;

	o.create_if_missing = true;
	o.write_buffer_size = 1 << 20;
	o.bytes_per_sync = 1 << 20; // with 0 no option of the database is ever changed
	if (argc > 3) {
		o.statistics = CreateDBStatistics();
		o.statistics->set_stats_level(static_cast<StatsLevel>(atoi(argv[3])));
	}
	if (!DB::Open(o, argv[1], &db).ok())
		return 1;

	std::shared_ptr<Statistics> s = db->GetDBOptions().statistics;
	std::atomic<bool> stop{false};
	std::atomic<uint64_t> reads{0};
	std::vector<std::thread> threads;
	auto end = std::chrono::steady_clock::now() + std::chrono::seconds(atoi(argv[2]));
	int last = -1;

	for (unsigned i = 0; i < 2; i++)
		threads.emplace_back(work, db, std::cref(stop), std::ref(reads), i + 1);
	printf("levels:");
	while (std::chrono::steady_clock::now() < end) {
		int now = s ? s->get_stats_level() : -2;
		if (now != last)
			printf(now < 0 ? " none" : " %d", now);
		last = now;
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}
	stop = true;
	for (auto &t : threads)
		t.join();
	if (s) {
		HistogramData get;
		s->histogramData(DB_GET, &get);
		printf("\nreads=%llu counted=%llu timed=%llu", (unsigned long long)reads.load(),
		       (unsigned long long)s->getTickerCount(NUMBER_KEYS_READ), (unsigned long long)get.count);
	}
	printf("\n");
	delete db;
	return 0;
}
