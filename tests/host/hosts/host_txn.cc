// Transactions: several threads move money between accounts; what there is in all never changes. TransactionDB takes locks (and opens its
// database past DB::Open), OptimisticTransactionDB finds conflicts at commit.
//
//     host_txn transaction|optimistic DIR SECONDS
#include "ledger.h"

#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/utilities/transaction_db.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>

using namespace rocksdb;

static const int accounts = 200, start = 1000, movers = 3;
typedef std::function<Transaction *(Transaction *)> Begin;

static std::string account(unsigned i)
{
	return "account-" + std::to_string(i % accounts);
}

static void transfer(const Begin &begin, unsigned seed, std::atomic<unsigned> &done)
{
	std::unique_ptr<Transaction> t(begin(nullptr));
	std::string a = account(seed * 7 + 1), b = account(seed * 13 + 5), from, to;
	ReadOptions read;

	if (a == b || !t->GetForUpdate(read, a, &from).ok() || !t->GetForUpdate(read, b, &to).ok()) {
		must_ok(t->Rollback(), "rollback");
		return; // the other thread has it
	}
	must_ok(t->Put(a, std::to_string(atoi(from.c_str()) - 1)), "put");
	must_ok(t->Put(b, std::to_string(atoi(to.c_str()) + 1)), "put");
	Status s = t->Commit();
	MUST(s.ok() || s.IsBusy() || s.IsTryAgain());
	done += s.ok();
}

static void verify(DB *db)
{
	std::unique_ptr<Iterator> it(db->NewIterator(ReadOptions()));
	long sum = 0, n = 0;

	for (it->SeekToFirst(); it->Valid(); it->Next(), n++)
		sum += atoi(it->value().ToString().c_str());
	must_ok(it->status(), "iterator");
	MUST(n == accounts && sum == (long)accounts * start);
}

static void run(DB *db, const Begin &begin, double seconds)
{
	std::vector<std::thread> threads;
	std::atomic<unsigned> done(0);

	for (unsigned i = 0; i < accounts; i++)
		must_ok(db->Put(WriteOptions(), account(i), std::to_string(start)), "put");
	ready();
	for (unsigned m = 0; m < movers; m++)
		threads.emplace_back([&, m] {
			unsigned seed = m * 7919;

			for (Until u(seconds); !u.over(); usleep(3000))
				for (int k = 0; k < 10; k++)
					transfer(begin, seed++, done);
		});
	for (auto &t : threads)
		t.join();
	MUST(done > 100);
	verify(db);
}

int main(int argc, char **argv)
{
	Options o;

	MUST(argc == 4);
	o.create_if_missing = true;
	o.write_buffer_size = 1 << 20;
	if (!strcmp(argv[1], "transaction")) {
		TransactionDB *db;

		must_ok(TransactionDB::Open(o, TransactionDBOptions(), argv[2], &db), "open");
		run(db, [db](Transaction *old) { return db->BeginTransaction(WriteOptions(), TransactionOptions(), old); }, atof(argv[3]));
		delete db;
	} else {
		OptimisticTransactionDB *db;
		OptimisticTransactionOptions t;

		t.set_snapshot = true;
		must_ok(OptimisticTransactionDB::Open(o, argv[2], &db), "open");
		run(db, [db, t](Transaction *old) { return db->BeginTransaction(WriteOptions(), t, old); }, atof(argv[3]));
		delete db;
	}
	DB *again;
	must_ok(DB::Open(o, argv[2], &again), "open again");
	verify(again);
	delete again;
	return 0;
}
