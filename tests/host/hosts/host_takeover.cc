// An application that changes options itself while somebody else tries changes of them: it waits until a value is not its own, sets its own in the
// middle of that, and in a second thread sets another option again and again. What it has set must stand for as long as it lives.
//
//     host_takeover DIR SECONDS
#include "ledger.h"

#include <atomic>
#include <thread>

using namespace rocksdb;

static const size_t first = 4 << 20, mine = 6 << 20;

// Working all the while: true as soon as the memtables have another size than they had.
static bool changed(DB *db, Ledger &l, double seconds)
{
	for (Until u(seconds); !u.over();) {
		l.work(0.01);
		if (db->GetOptions().write_buffer_size != first)
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	Options o;
	DB *db = nullptr;

	if (argc != 3)
		return 2;
	o.create_if_missing = true;
	o.write_buffer_size = first;
	must_ok(DB::Open(o, argv[1], &db), "open");
	ready();
	Ledger l(db, db->DefaultColumnFamily(), "key", 20000);
	MUST(changed(db, l, 30));
	must_ok(db->SetOptions({{"write_buffer_size", std::to_string(mine)}}), "set");

	std::atomic<bool> done{false};
	std::atomic<unsigned> sets{0};
	std::thread other([&] {
		for (unsigned i = 0; !done; i++, sets++) {
			std::string skip = std::to_string(8 + i % 7);

			must_ok(db->SetOptions({{"max_sequential_skip_in_iterations", skip}}), "set");
			MUST(std::to_string(db->GetOptions().max_sequential_skip_in_iterations) == skip);
			usleep(20000);
		}
	});
	for (Until u(atof(argv[2])); !u.over();) {
		l.work(0.05);
		MUST(db->GetOptions().write_buffer_size == mine);
	}
	done = true;
	other.join();
	must_ok(db->SetOptions({{"max_sequential_skip_in_iterations", "8"}}), "set");
	l.verify();
	MUST(db->GetOptions().write_buffer_size == mine);
	delete db;
	printf("done, %u times\n", sets.load());
	return 0;
}
