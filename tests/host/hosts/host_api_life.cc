// Databases that come and go under the C API: a thousand times, many at once, from many threads, with families that are created and dropped, in the
// middle of trials, and closed without being detached, which is forbidden and must still not hurt.
//
//     host_api_life DIR [ROUNDS]     settings come from the environment; HOST_API=forgotten: those that are not detached, with agent.interval=300ms
#include "check.h"
#include "lodestone.h"

#include <rocksdb/db.h>
#include <rocksdb/utilities/options_util.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

std::atomic<int> applied, reverted;
std::atomic<bool> propose;

std::string take(char **err)
{
	std::string s = *err ? *err : "";

	lodestone_free(*err);
	*err = nullptr;
	return s;
}

bool has(const std::string &s, const char *part)
{
	return s.find(part) != std::string::npos;
}

rocksdb::DB *open(const std::string &dir, bool latest = false)
{
	rocksdb::Options o;
	rocksdb::DB *db;
	std::vector<rocksdb::ColumnFamilyDescriptor> families;

	o.create_if_missing = true;
	o.write_buffer_size = 1 << 20;
	if (latest) { // as a program that goes on with the options of its last run
		std::vector<rocksdb::ColumnFamilyHandle *> handles;
		rocksdb::DBOptions d;

		CHECK(rocksdb::LoadLatestOptions(rocksdb::ConfigOptions(), dir, &d, &families).ok());
		CHECK(rocksdb::DB::Open(d, dir, families, &handles, &db).ok());
		for (auto *h : handles)
			CHECK(db->DestroyColumnFamilyHandle(h).ok());
		return db;
	}
	o.statistics = rocksdb::CreateDBStatistics();
	CHECK(rocksdb::DB::Open(o, dir, &db).ok());
	return db;
}

lodestone_t *attach(rocksdb::DB *db, const lodestone_options_t *o = nullptr)
{
	char *err = nullptr;
	lodestone_t *t = lodestone_attach_cpp(db, o, &err);

	if (!t)
		fprintf(stderr, "attach: %s\n", err);
	CHECK(t && !err);
	return t;
}

// What status says, once it says anything.
std::string status(lodestone_t *t)
{
	char *err = nullptr, *json = nullptr;

	for (int i = 0; i < 1000 && !json; i++) {
		json = lodestone_status_json(t, &err);
		take(&err);
		if (!json)
			usleep(10000);
	}
	CHECK(json);
	std::string s = json;
	lodestone_free(json);
	return s;
}

void wait_for(lodestone_t *t, const char *what)
{
	for (int i = 0; i < 500; i++) {
		if (has(status(t), what))
			return;
		usleep(20000);
	}
	fprintf(stderr, "no %s in %s\n", what, status(t).c_str());
	exit(1);
}

long resident_kb()
{
	long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	CHECK(f && fscanf(f, "%ld %ld", &pages, &resident) == 2);
	fclose(f);
	return resident * 4;
}

void again_and_again(const std::string &dir, int rounds)
{
	rocksdb::DB *db = open(dir);
	long before = 0;

	for (int i = 0; i < rounds; i++) {
		lodestone_t *t = attach(db);

		if (i % 20 == 0)
			CHECK(has(status(t), dir.c_str()));
		lodestone_detach(t);
		if (i == rounds / 5)
			before = resident_kb();
	}
	printf("attached %d times: %+ld KiB\n", rounds, resident_kb() - before);
	CHECK(getenv("HOST_API_SANITIZED") || resident_kb() - before < 24 << 10); // a conductor has more than 1 MiB: a leak of them would not hide
	delete db;
}

void after_detach(const std::string &dir)
{
	rocksdb::DB *db = open(dir);
	char *err = nullptr;
	lodestone_t *t = attach(db);

	lodestone_detach(t);
	CHECK(!lodestone_status_json(t, &err) && has(take(&err), "detached"));
	lodestone_pause(t, &err);
	CHECK(has(take(&err), "detached"));
	lodestone_detach(t);
	lodestone_detach(nullptr);
	CHECK(!lodestone_status_json(nullptr, &err) && has(take(&err), "no tuner"));
	delete db;
}

void many(const std::string &dir)
{
	std::vector<rocksdb::DB *> dbs;
	std::vector<lodestone_t *> tuners;
	std::vector<std::thread> threads;

	for (int i = 0; i < 32; i++) {
		dbs.push_back(open(dir + ".many" + std::to_string(i)));
		tuners.push_back(attach(dbs[i]));
	}
	for (int i = 0; i < 32; i++)
		CHECK(has(status(tuners[i]), (".many" + std::to_string(i) + "\"").c_str()));
	for (int i = 0; i < 32; i++)
		threads.emplace_back([&, i] { lodestone_detach(tuners[i]); }); // in another thread than the attach
	for (auto &t : threads)
		t.join();
	for (auto *db : dbs)
		delete db;
}

// Each thread with a database of its own, all calls of the API in turn.
void threads(const std::string &dir)
{
	std::vector<std::thread> all;

	for (int n = 0; n < 6; n++)
		all.emplace_back([&, n] {
			rocksdb::DB *db = open(dir + ".thread" + std::to_string(n));

			for (int i = 0; i < 8; i++) {
				lodestone_t *t = attach(db), *second = attach(db);
				char *err = nullptr;

				CHECK(has(status(t), (".thread" + std::to_string(n)).c_str()));
				lodestone_pause(t, &err);
				lodestone_resume(second, &err);
				lodestone_rollback(t, &err);
				CHECK(!err);
				CHECK(db->Put(rocksdb::WriteOptions(), "key", "value").ok());
				lodestone_detach(i % 2 ? t : second);
				lodestone_detach(i % 2 ? second : t);
			}
			delete db;
		});
	for (auto &t : all)
		t.join();
}

void families(const std::string &dir)
{
	rocksdb::DB *db = open(dir + ".families");
	rocksdb::ColumnFamilyHandle *late;
	lodestone_t *t = attach(db);

	CHECK(!has(status(t), "\"latecomer\""));
	CHECK(db->CreateColumnFamily(rocksdb::ColumnFamilyOptions(), "latecomer", &late).ok());
	wait_for(t, "\"name\":\"latecomer\"");
	CHECK(db->DropColumnFamily(late).ok());
	CHECK(db->DestroyColumnFamilyHandle(late).ok());
	for (int i = 0; i < 500 && has(status(t), "\"latecomer\""); i++)
		usleep(20000);
	CHECK(!has(status(t), "\"latecomer\""));
	lodestone_detach(t);
	delete db;
}

// Until the agent has looked at it and rests, for most of an interval: what is closed while it looks is beyond help.
void wait_for_rest(lodestone_t *t)
{
	std::string first = status(t), now = first;

	auto samples = [](const std::string &s) { return s.substr(s.find("\"samples\":"), 20); };
	for (int i = 0; i < 1000 && samples(now) == samples(first); i++) {
		usleep(5000);
		now = status(t);
	}
	usleep(20000);
}

// Forbidden. The next one often gets the same address.
void closed_without_detach(const std::string &dir)
{
	for (int i = 0; i < 4; i++) {
		rocksdb::DB *db = open(dir + ".forgotten");
		lodestone_t *t = attach(db), *next;
		char *err = nullptr;

		CHECK(has(status(t), ".forgotten"));
		wait_for_rest(t);
		delete db;
		if (i % 2)
			usleep(700000); // seen by the agent, or by the next attach
		db = open(dir + ".forgotten");
		if (i == 0)
			lodestone_detach(t);
		next = attach(db);
		CHECK(has(status(next), ".forgotten"));
		if (i > 0) {
			CHECK(!lodestone_status_json(t, &err) && !take(&err).empty());
			lodestone_detach(t);
		}
		lodestone_detach(next);
		delete db;
	}
}

// ---- in the middle of a trial ----

void advise(void *, lodestone_question_t *q)
{
	int64_t now = 0, hi = 0;

	if (propose && lodestone_question_option(q, "write_buffer_size", &now, nullptr, &hi) && 2 * now <= hi)
		lodestone_question_propose(q, "write_buffer_size", 2 * now);
}

void heard(void *, const lodestone_event_t *e)
{
	applied += e->kind == LODESTONE_APPLIED;
	reverted += e->kind == LODESTONE_REVERTED;
}

// Writes until a change is live.
void work(rocksdb::DB *db, lodestone_t *t)
{
	std::string value(300, 'v');
	int before = applied;

	propose = true;
	for (unsigned i = 0; applied == before; i++) {
		if (i == 8000000) {
			fprintf(stderr, "nothing was tried: %s\n", status(t).c_str());
			exit(1);
		}
		CHECK(db->Put(rocksdb::WriteOptions(), std::to_string(i % 100000), value).ok());
	}
	propose = false;
}

size_t buffer_of(rocksdb::DB *db)
{
	return db->GetOptions().write_buffer_size;
}

// The first attach of the process: it makes the agent, with this advisor. Detached in the middle of a trial.
void in_a_trial(const std::string &dir)
{
	lodestone_options_t *o = lodestone_options_create();
	rocksdb::DB *db = open(dir + ".trial");
	lodestone_t *t;

	lodestone_options_set_advisor(o, "doubling", advise, nullptr);
	lodestone_options_set_event_callback(o, heard, nullptr);
	t = attach(db, o);
	lodestone_options_destroy(o);
	work(db, t);
	lodestone_detach(t);
	CHECK(buffer_of(db) == 1 << 20 && reverted > 0);

	delete db;
}

// The same, and not detached: the crash is undone by who comes next.
void forgotten_in_a_trial(const std::string &dir)
{
	rocksdb::DB *db = open(dir + ".trial");
	lodestone_t *t = attach(db);
	int before;

	work(db, t);
	wait_for_rest(t);
	delete db;
	lodestone_detach(t);
	db = open(dir + ".trial", true);
	before = reverted;
	if (buffer_of(db) != 1 << 20) {
		t = attach(db);
		wait_for(t, "undone after a crash");
		CHECK(buffer_of(db) == 1 << 20 && reverted > before);
		lodestone_detach(t);
	}
	delete db;
}

} // namespace

int main(int argc, char **argv)
{
	CHECK(argc >= 2);
	std::string dir = argv[1];

	in_a_trial(dir);
	if (getenv("HOST_API") && !strcmp(getenv("HOST_API"), "forgotten")) {
		forgotten_in_a_trial(dir);
		closed_without_detach(dir);
		return 0;
	}
	again_and_again(dir, argc > 2 ? atoi(argv[2]) : 1000);
	after_detach(dir);
	many(dir);
	threads(dir);
	families(dir);
	return 0;
}
