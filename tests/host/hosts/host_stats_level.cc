// The level of Statistics: ours goes down and up and counts as that level says; the host's own, or one that the host has set, is left as it is.
#include "check.h"

#include <rocksdb/db.h>
#include <rocksdb/statistics.h>

#include <cerrno>
#include <cstring>
#include <string>

using namespace rocksdb;

struct Seen {
	uint64_t written = 0, timed = 0;
};

static Options fresh()
{
	Options o;

	o.create_if_missing = true;
	return o;
}

static void put(DB *db, int n)
{
	for (int i = 0; i < n; i++)
		CHECK(db->Put(WriteOptions(), "key" + std::to_string(i), "value").ok());
}

static Seen read(struct lode_host *h)
{
	Seen seen;

	CHECK(h->ops->statistics(
		  h,
		  [](void *ctx, const char *name, uint64_t count, uint64_t, bool is_hist) {
			  Seen *s = static_cast<Seen *>(ctx);
			  if (!is_hist && !strcmp(name, "rocksdb.number.keys.written"))
				  s->written = count;
			  if (is_hist && !strcmp(name, "rocksdb.db.write.micros"))
				  s->timed = count;
		  },
		  &seen) == 0);
	return seen;
}

static void ours(const std::string &dir)
{
	DB *db;

	CHECK(DB::Open(fresh(), dir, &db).ok());
	struct lode_host *h = standin()->host(db);
	const struct lode_host_info *info = h->ops->info(h);
	Statistics *s = db->GetDBOptions().statistics.get();
	CHECK(s && info->statistics_ours && info->has_timers && s->get_stats_level() == kExceptDetailedTimers);

	uint32_t timing = info->timing;
	CHECK(h->ops->statistics_level(h, false) == 0);
	CHECK(s->get_stats_level() == kExceptHistogramOrTimers && !info->has_timers && info->timing == timing + 1);
	Seen a = read(h);
	put(db, 100);
	Seen b = read(h);
	CHECK(b.written == a.written + 100 && b.timed == a.timed && !info->has_timers);

	CHECK(h->ops->statistics_level(h, true) == 0 && h->ops->statistics_level(h, true) == 0);
	CHECK(s->get_stats_level() == kExceptDetailedTimers && info->has_timers && info->timing == timing + 2);
	put(db, 100);
	Seen c = read(h);
	CHECK(c.written == b.written + 100 && c.timed == b.timed + 100 && !info->why_limited);

	/* Whoever takes it into his own hands keeps it. */
	s->set_stats_level(kAll);
	CHECK(h->ops->statistics_level(h, false) == -ENOTSUP && s->get_stats_level() == kAll && info->why_limited);
	s->set_stats_level(kExceptDetailedTimers);
	CHECK(h->ops->statistics_level(h, false) == -ENOTSUP && s->get_stats_level() == kExceptDetailedTimers);
	put(db, 100);
	read(h);
	CHECK(info->has_timers);

	CHECK(db->Close().ok());
	CHECK(h->ops->statistics_level(h, false) == -ESHUTDOWN);
	delete db;
}

static void set_by_the_host_before_we_look(const std::string &dir)
{
	DB *db;

	CHECK(DB::Open(fresh(), dir, &db).ok());
	struct lode_host *h = standin()->host(db);
	Statistics *s = db->GetDBOptions().statistics.get();
	s->set_stats_level(kExceptTimers);
	CHECK(h->ops->statistics_level(h, false) == -ENOTSUP && h->ops->statistics_level(h, true) == -ENOTSUP);
	CHECK(s->get_stats_level() == kExceptTimers && h->ops->info(h)->why_limited);
	delete db;
}

static void the_hosts_own(const std::string &dir)
{
	for (int level = kDisableAll; level <= kAll; level++) {
		Options o = fresh();
		DB *db;

		o.statistics = CreateDBStatistics();
		o.statistics->set_stats_level(static_cast<StatsLevel>(level));
		CHECK(DB::Open(o, dir, &db).ok());
		struct lode_host *h = standin()->host(db);
		const struct lode_host_info *info = h->ops->info(h);
		for (int i = 0; i < 2; i++) {
			CHECK(h->ops->statistics_level(h, i) == -ENOTSUP);
			put(db, 200);
			read(h);
			CHECK(o.statistics->get_stats_level() == level);
		}
		/* Seen from what they count: operations without service times. */
		CHECK(level == kDisableAll || info->has_timers == (level >= kExceptDetailedTimers));
		CHECK(o.statistics->getTickerCount(NUMBER_KEYS_WRITTEN) == (level ? 400u : 0u));
		delete db;
	}
}

static void none(const std::string &dir)
{
	DB *db;

	standin()->set_inject(false);
	CHECK(DB::Open(fresh(), dir, &db).ok());
	struct lode_host *h = standin()->host(db);
	CHECK(!h->ops->info(h)->has_statistics && h->ops->statistics_level(h, false) == -ENOTSUP);
	CHECK(!db->GetDBOptions().statistics);
	delete db;
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	std::string dir = argv[1];
	ours(dir);
	set_by_the_host_before_we_look(dir);
	the_hosts_own(dir);
	none(dir);
	return 0;
}
