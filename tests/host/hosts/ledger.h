// A load whose whole outcome is known: every value is made from its key and from how often it was written, so that each host can check
// each read, and all of its data at the end. One thread to a ledger.
#ifndef LODE_TEST_LEDGER_H
#define LODE_TEST_LEDGER_H

#include <rocksdb/db.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

// Exit status 3, and the reason: a host's own checks, as opposed to a crash.
#define MUST(x)                                                                                                                            \
	do {                                                                                                                               \
		if (!(x)) {                                                                                                                \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #x);                                                  \
			_exit(3);                                                                                                          \
		}                                                                                                                          \
	} while (0)

static inline void must_ok(const rocksdb::Status &s, const char *what)
{
	if (s.ok())
		return;
	fprintf(stderr, "%s: %s\n", what, s.ToString().c_str());
	_exit(3);
}

static inline void ready()
{
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
}

class Until
{
      public:
	explicit Until(double seconds) : end(std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds)) {}
	bool over() const { return std::chrono::steady_clock::now() >= end; }

      private:
	std::chrono::time_point<std::chrono::steady_clock, std::chrono::duration<double>> end;
};

struct Ledger {
	rocksdb::DB *db = nullptr;
	rocksdb::ColumnFamilyHandle *cf = nullptr;
	std::string name;
	std::vector<unsigned> written; // how often, by key
	unsigned long turn = 0;

	Ledger(rocksdb::DB *d, rocksdb::ColumnFamilyHandle *c, const std::string &n, size_t keys = 2000)
	    : db(d), cf(c), name(n), written(keys, 0)
	{
	}

	std::string key(size_t i) const { return name + "-" + std::to_string(1000000 + i); }
	std::string value(size_t i) const { return key(i) + "=" + std::to_string(written[i]) + std::string(100, 'v'); }

	void check(size_t i) const
	{
		std::string got;
		rocksdb::Status s = db->Get(rocksdb::ReadOptions(), cf, key(i), &got);

		if (!written[i])
			MUST(s.IsNotFound());
		else
			MUST(s.ok() && got == value(i));
	}

	// One write to three reads.
	void step()
	{
		size_t i = (turn * 2654435761u) % written.size();

		if (turn++ % 4 == 0) {
			written[i]++;
			must_ok(db->Put(rocksdb::WriteOptions(), cf, key(i), value(i)), "put");
		} else {
			check(i);
		}
	}

	// Some thousand operations a second: enough to be looked at, and little for the machine.
	void work(double seconds)
	{
		for (Until u(seconds); !u.over(); usleep(2000))
			for (int k = 0; k < 20; k++)
				step();
	}

	void verify() const
	{
		for (size_t i = 0; i < written.size(); i++)
			check(i);
	}
};

#endif
