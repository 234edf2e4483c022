// A database with twenty column families, of which one after the other is dropped and another made while the work goes on; and a second
// database beside it, which is closed and opened again. With few families and short pauses a trial loses the very family it is about.
//
//     host_families SECONDS-BETWEEN-DROPS FAMILIES DIR SECONDS
#include "ledger.h"

#include <memory>

using namespace rocksdb;

static size_t families;

static Options fresh()
{
	Options o;

	o.create_if_missing = true;
	o.create_missing_column_families = true;
	o.write_buffer_size = 256 << 10;
	return o;
}

struct Wide {
	DB *db = nullptr;
	std::vector<std::unique_ptr<Ledger>> ledgers; // [0] is the default family's
	unsigned made = 0;

	explicit Wide(const std::string &dir)
	{
		std::vector<ColumnFamilyDescriptor> d;
		std::vector<ColumnFamilyHandle *> h;

		for (size_t i = 0; i < families; i++)
			d.emplace_back(i ? name() : kDefaultColumnFamilyName, ColumnFamilyOptions(fresh()));
		must_ok(DB::Open(DBOptions(fresh()), dir, d, &h, &db), "open");
		for (size_t i = 0; i < families; i++)
			ledgers.emplace_back(new Ledger(db, h[i], d[i].name, 300));
	}

	std::string name() { return "family" + std::to_string(made++); }

	void replace(size_t i)
	{
		ColumnFamilyHandle *h = nullptr;
		Ledger *old = ledgers[i].get();

		old->verify();
		must_ok(db->DropColumnFamily(old->cf), "drop");
		if (i % 2)
			old->verify(); // what is dropped can be read as long as it is held
		must_ok(db->DestroyColumnFamilyHandle(old->cf), "handle");
		std::string n = name();
		must_ok(db->CreateColumnFamily(ColumnFamilyOptions(fresh()), n, &h), "create");
		ledgers[i].reset(new Ledger(db, h, n, 300));
	}

	// Closes; returns the names and contents for a look at what is there afterwards.
	void close()
	{
		for (auto &l : ledgers) {
			l->verify();
			must_ok(db->DestroyColumnFamilyHandle(l->cf), "handle");
		}
		delete db;
	}

	void reopen_and_verify(const std::string &dir)
	{
		std::vector<std::string> names;
		std::vector<ColumnFamilyDescriptor> d;
		std::vector<ColumnFamilyHandle *> h;

		must_ok(DB::ListColumnFamilies(DBOptions(), dir, &names), "list");
		MUST(names.size() == families);
		for (auto &l : ledgers)
			d.emplace_back(l->name, ColumnFamilyOptions(fresh()));
		must_ok(DB::Open(DBOptions(fresh()), dir, d, &h, &db), "open again");
		for (size_t i = 0; i < families; i++) {
			ledgers[i]->db = db;
			ledgers[i]->cf = h[i];
		}
		close();
	}
};

int main(int argc, char **argv)
{
	MUST(argc == 5);
	std::string dir = argv[3];
	double pause = atof(argv[1]);
	families = (size_t)atoi(argv[2]);
	Wide wide(dir);
	unsigned replaced = 0;
	DB *second;

	must_ok(DB::Open(fresh(), dir + ".second", &second), "open the second");
	Ledger other(second, second->DefaultColumnFamily(), "second");
	Until drop(pause), reopen(8 * pause);
	ready();
	for (Until u(atof(argv[4])); !u.over(); usleep(2000)) {
		for (auto &l : wide.ledgers)
			l->step();
		for (int k = 0; k < 10; k++)
			other.step();
		if (drop.over()) {
			drop = Until(pause);
			wide.replace(1 + replaced++ % (families - 1));
		}
		if (reopen.over()) {
			reopen = Until(16 * pause);
			other.verify();
			delete second;
			must_ok(DB::Open(fresh(), dir + ".second", &second), "open the second again");
			other.db = second;
			other.cf = second->DefaultColumnFamily();
		}
	}
	other.verify();
	delete second;
	wide.close();
	wide.reopen_and_verify(dir);
	printf("replaced %u\n", replaced);
	return 0;
}
