// An application with operators new and delete of its own, which put a mark in front of every block: a block that was taken from elsewhere,
// or given back elsewhere, does not go unnoticed.
#include "check.h"

#include <rocksdb/db.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <unistd.h>

static const uint64_t mark = 0x6c6f646573746f6e;

void *operator new(size_t n)
{
	uint64_t *p = static_cast<uint64_t *>(malloc(n + 16));

	if (!p)
		throw std::bad_alloc();
	p[0] = mark;
	return p + 2;
}

void operator delete(void *block) noexcept
{
	uint64_t *p = static_cast<uint64_t *>(block) - 2;

	if (!block)
		return;
	if (*p != mark) {
		fprintf(stderr, "a block from elsewhere\n");
		_exit(3);
	}
	*p = 0;
	free(p);
}

void *operator new[](size_t n)
{
	return operator new(n);
}

void operator delete[](void *p) noexcept
{
	operator delete(p);
}

void operator delete(void *p, size_t) noexcept
{
	operator delete(p);
}

void operator delete[](void *p, size_t) noexcept
{
	operator delete(p);
}

int main(int argc, char **argv)
{
	rocksdb::Options o;
	rocksdb::DB *db;
	struct lode_err err = {};
	struct lode_kv kv = {"no_such_option_with_a_long_name", "1"};
	struct lode_cf cf[2];
	size_t n;
	unsigned seen = 0;

	CHECK(argc == 2);
	o.create_if_missing = true;
	o.statistics = rocksdb::CreateDBStatistics();
	CHECK(rocksdb::DB::Open(o, argv[1], &db).ok());
	struct lode_host *h = standin()->host(db);
	CHECK(h);
	for (int i = 0; i < 50; i++) {
		CHECK(db->Put({}, "k", "v").ok());
		CHECK(h->ops->column_families(h, cf, 2, &n) == 0 && n == 1);
		CHECK(h->ops->map_property(
			  h, 0, "rocksdb.cfstats", [](void *ctx, const char *, const char *) { ++*static_cast<unsigned *>(ctx); }, &seen) ==
		      0);
		CHECK(h->ops->statistics(
			  h, [](void *, const char *, uint64_t, uint64_t, bool) {}, nullptr) == 0);
		CHECK(h->ops->set_cf_options(h, 0, &kv, 1, &err) == -EINVAL && strstr(err.msg, kv.key));
	}
	CHECK(seen > 100);
	delete db;
	return 0;
}
