// Three databases, two of which share a block cache, at work until they are told to do something else.
//
//     host_shared_cache DIR
//
// DIR.resize: the application gives the shared cache 48 MiB. DIR.close.a, DIR.close.b: it closes one of the two.
// DIR.end: it ends. It says what it has done, and fails if at the end a cache is not as it left it.
#include "check.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include <string>
#include <unistd.h>

using namespace rocksdb;

static DB *open(const std::string &dir, const std::shared_ptr<Cache> &cache)
{
	BlockBasedTableOptions table;
	Options o;
	DB *db;

	table.block_cache = cache;
	o.create_if_missing = true;
	o.table_factory.reset(NewBlockBasedTableFactory(table));
	CHECK(DB::Open(o, dir, &db).ok());
	return db;
}

static void work(DB *db, unsigned n)
{
	std::string value, key = std::to_string(n % 5000);

	CHECK(db->Put(WriteOptions(), key, std::string(500, 'v')).ok() && db->Get(ReadOptions(), key, &value).ok());
}

static bool told(const std::string &file)
{
	return access(file.c_str(), F_OK) == 0 && unlink(file.c_str()) == 0;
}

int main(int argc, char **argv)
{
	std::shared_ptr<Cache> shared = NewLRUCache(16 << 20), own = HyperClockCacheOptions(32 << 20, 8192).MakeSharedCache();
	std::string dir;
	size_t capacity = 16 << 20;

	CHECK(argc == 2);
	dir = argv[1];
	DB *a = open(dir + ".a", shared), *b = open(dir + ".b", shared), *c = open(dir + ".c", own);
	for (unsigned n = 0; !told(dir + ".end"); n++) {
		for (DB *db : {a, b, c}) {
			if (db)
				work(db, n);
		}
		if (told(dir + ".resize")) {
			shared->SetCapacity(capacity = 48 << 20);
			printf("resized\n");
		}
		if (a && told(dir + ".close.a")) {
			delete a;
			a = nullptr;
			printf("closed\n");
		}
		if (b && told(dir + ".close.b")) {
			delete b;
			b = nullptr;
			printf("closed\n");
		}
		fflush(stdout);
		usleep(500);
	}
	CHECK(shared->GetCapacity() == capacity && own->GetCapacity() == 32 << 20);
	delete a;
	delete b;
	delete c;
	printf("ended\n");
	return 0;
}
