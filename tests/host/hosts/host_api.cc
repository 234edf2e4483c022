// The C API as a program meets it: databases of every kind attached, asked, tried on, and detached, with a mistake in every place.
//
//     host_api DIR     settings come from the environment; HOST_API=off: every attach must be refused; HOST_API=preload: the preload is there, too
#include "check.h"
#include "lodestone.h"

#include <rocksdb/c.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/db_ttl.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction_db.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

std::atomic<int> asked, applied, reverted, verdicts, refused_inside;
std::string now; // as the events have it, of the one option that is proposed; read after the detach
lodestone_t *plain; // for the callback that must not call

// The message of *err, which is freed.
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

void advise(void *, lodestone_question_t *q)
{
	int64_t now = 0, lo = 0, hi = 0;

	asked++;
	CHECK(std::isnan(lodestone_question_number(q, "no such number")) && lodestone_question_number(q, "cores") > 0);
	CHECK(!lodestone_question_option(q, "no_such_option", &now, &lo, &hi) && !lodestone_question_propose(q, "no_such_option", 1));
	CHECK(!lodestone_question_option(q, "num_levels", nullptr, nullptr, nullptr)); // needs a restart
	if (!lodestone_question_option(q, "write_buffer_size", &now, &lo, &hi))
		return;
	CHECK(lo <= now && now <= hi);
	CHECK(lodestone_question_propose(q, "write_buffer_size", now < hi / 2 ? 2 * now : hi));
	lodestone_question_because(q, "a test");
}

void heard(void *, const lodestone_event_t *e)
{
	char *err = nullptr;

	CHECK(e->database && *e->database);
	if (e->kind == LODESTONE_VERDICT) {
		CHECK(e->what && e->why && !e->option);
		verdicts++;
		return;
	}
	CHECK(e->option == std::string("write_buffer_size") && e->family == std::string("default") && atoll(e->value) > 0);
	now = e->value;
	(e->kind == LODESTONE_APPLIED ? applied : reverted)++;
	if (plain && !refused_inside++) { // no deadlock, but a word
		lodestone_pause(plain, &err);
		CHECK(has(take(&err), "not from a callback"));
	}
}

int measure(void *, const char *, double *done, double *)
{
	*done = 1;
	return 1;
}

void mistakes(lodestone_options_t *o, const std::string &dir)
{
	char *err = nullptr;
	std::string file = dir + ".conf";
	FILE *f;

	lodestone_options_set(o, "agent.mod", "auto", &err);
	CHECK(has(take(&err), "agent.mode"));
	lodestone_options_set(o, "agent.mode", "manual", &err);
	CHECK(has(take(&err), "observe"));
	lodestone_options_set(o, "mode", "auto", &err);
	CHECK(has(take(&err), "section.key"));
	lodestone_options_set(o, "agent.mode", "manual", nullptr); // nobody wants to know
	lodestone_options_load(o, "/nonexistent/lodestone.conf", &err);
	CHECK(has(take(&err), "/nonexistent/lodestone.conf: "));
	f = fopen(file.c_str(), "w");
	CHECK(f && fputs("[agent]\nmode = auto\ninterval = never\n", f) >= 0 && fclose(f) == 0);
	lodestone_options_load(o, file.c_str(), &err);
	CHECK(has(take(&err), ".conf:3: "));
	unlink(file.c_str());
	lodestone_options_set_objective(o, "orders", nullptr, nullptr, 1, &err);
	CHECK(has(take(&err), "needs a function"));
	lodestone_options_set_objective(o, "two words", measure, nullptr, 1, &err);
	CHECK(has(take(&err), "one word"));
	lodestone_options_set_objective(o, nullptr, measure, nullptr, 1, &err);
	CHECK(has(take(&err), "one word"));
	lodestone_options_set_objective(o, "", measure, nullptr, 1, nullptr); // nobody wants to know
	CHECK(!lodestone_attach(nullptr, o, &err) && has(take(&err), "no database"));
}

std::string status(lodestone_t *t)
{
	char *err = nullptr, *json = nullptr;
	std::string s;

	for (int i = 0; i < 200 && !json; i++) { // it has to be looked at once
		usleep(50000);
		lodestone_free(err);
		err = nullptr;
		json = lodestone_status_json(t, &err);
	}
	CHECK(json && !err);
	s = json;
	lodestone_free(json);
	return s;
}

// The newest OPTIONS file, from its first section on.
std::string options_of(const std::string &dir)
{
	std::string newest, text;

	for (const auto &entry : std::filesystem::directory_iterator(dir))
		if (entry.path().filename().string().rfind("OPTIONS-", 0) == 0)
			newest = std::max(newest, entry.path().string()); // six digits
	std::ifstream in(newest);
	text.assign(std::istreambuf_iterator<char>(in), {});
	CHECK(has(text, "[DBOptions]"));
	return text.substr(text.find("[DBOptions]"));
}

void nonsense_pointers()
{
	static const char text[4096] = "no database";
	void *fake = const_cast<char *>(text);
	char *err = nullptr;

	CHECK(!lodestone_attach_cpp(nullptr, nullptr, &err) && !take(&err).empty());
	CHECK(!lodestone_attach_cpp(reinterpret_cast<void *>(8), nullptr, &err) && !take(&err).empty());
	CHECK(!lodestone_attach_cpp(fake, nullptr, &err) && !take(&err).empty());
}

// Trials at random pace on a plain database, every callback, every command; options as before at the end.
void plain_database(const std::string &dir, const lodestone_options_t *o, bool preload)
{
	rocksdb_options_t *ro = rocksdb_options_create();
	rocksdb_writeoptions_t *wo = rocksdb_writeoptions_create();
	char *err = nullptr, key[32], value[300] = "";

	rocksdb_options_set_create_if_missing(ro, 1);
	rocksdb_options_set_write_buffer_size(ro, 1 << 20);
	rocksdb_options_enable_statistics(ro);
	rocksdb_t *db = rocksdb_open(ro, dir.c_str(), &err);
	CHECK(db && !err);
	std::string before = options_of(dir);
	lodestone_t *t = lodestone_attach(db, o, &err), *again = lodestone_attach(db, nullptr, &err);
	CHECK(t && again && !err);
	nonsense_pointers();
	plain = t;
	for (unsigned i = 0; i < 40000000 && !(preload || (applied > 1 && reverted > 1)); i++) {
		size_t n = static_cast<size_t>(snprintf(key, sizeof(key), "%u", i % 100000));

		rocksdb_put(db, wo, key, n, value, sizeof(value), &err);
		CHECK(!err);
	}
	std::string s = status(t);
	CHECK(has(s, "\"statistics\":\"host\"") && has(s, "\"kind\":\"LRUCache\"") && has(s, dir.c_str()));
	lodestone_pause(t, &err);
	CHECK(!err && has(status(again), "\"paused\":true"));
	lodestone_resume(t, &err);
	CHECK(!err);
	lodestone_rollback(t, &err);
	CHECK(!err);
	plain = nullptr;
	lodestone_detach(t);
	CHECK(!lodestone_status_json(again, &err) && !take(&err).empty());
	lodestone_rollback(again, &err);
	CHECK(!take(&err).empty());
	lodestone_detach(again);
	t = lodestone_attach(db, nullptr, &err); // and once more, while it is open
	CHECK(t && !err && has(status(t), dir.c_str()));
	lodestone_detach(t);
	CHECK(options_of(dir) == before);
	CHECK(preload || now.empty() || has(before, ("\n  write_buffer_size=" + now + "\n").c_str()));
	rocksdb_close(db);
	rocksdb_writeoptions_destroy(wo);
	rocksdb_options_destroy(ro);
}

template <class T> void attached(T *db, const std::string &dir)
{
	char *err = nullptr;
	lodestone_t *t = lodestone_attach_cpp(static_cast<rocksdb::DB *>(db), nullptr, &err);

	CHECK(t && !err && has(status(t), dir.c_str()));
	lodestone_detach(t);
	delete db;
}

void wrapped_databases(const std::string &dir)
{
	rocksdb::Options o;
	rocksdb::TransactionDB *txn;
	rocksdb::OptimisticTransactionDB *optimistic;
	rocksdb::DBWithTTL *ttl;

	o.create_if_missing = true;
	CHECK(rocksdb::TransactionDB::Open(o, rocksdb::TransactionDBOptions(), dir + ".txn", &txn).ok());
	attached(txn, dir + ".txn");
	CHECK(rocksdb::OptimisticTransactionDB::Open(o, dir + ".opt", &optimistic).ok());
	attached(optimistic, dir + ".opt");
	CHECK(rocksdb::DBWithTTL::Open(o, dir + ".ttl", &ttl).ok());
	attached(ttl, dir + ".ttl");
}

// The wrappers of rocksdb/c.h.
void wrapped_in_c(const std::string &dir)
{
	rocksdb_options_t *ro = rocksdb_options_create();
	rocksdb_transactiondb_options_t *to = rocksdb_transactiondb_options_create();
	char *err = nullptr;

	rocksdb_options_set_create_if_missing(ro, 1);
	rocksdb_transactiondb_t *txn = rocksdb_transactiondb_open(ro, to, (dir + ".txn").c_str(), &err);
	CHECK(txn && !err);
	lodestone_t *t = lodestone_attach_transactiondb(txn, nullptr, &err);
	CHECK(t && !err && has(status(t), ".txn"));
	lodestone_detach(t);
	rocksdb_transactiondb_close(txn);
	rocksdb_optimistictransactiondb_t *opt = rocksdb_optimistictransactiondb_open(ro, (dir + ".opt").c_str(), &err);
	CHECK(opt && !err);
	t = lodestone_attach_optimistictransactiondb(opt, nullptr, &err);
	CHECK(t && !err && has(status(t), ".opt"));
	lodestone_detach(t);
	rocksdb_optimistictransactiondb_close(opt);
	rocksdb_transactiondb_options_destroy(to);
	rocksdb_options_destroy(ro);
}

void not_for_us(const std::string &dir)
{
	rocksdb::DB *db;
	char *err = nullptr;

	CHECK(rocksdb::DB::OpenForReadOnly(rocksdb::Options(), dir, &db).ok());
	CHECK(!lodestone_attach_cpp(db, nullptr, &err) && has(take(&err), "read-only"));
	delete db;
}

// In the child there is no tuner; the parent's goes on.
void forked(const std::string &dir)
{
	rocksdb::DB *db;
	char *err = nullptr;
	int result;

	CHECK(rocksdb::DB::Open(rocksdb::Options(), dir, &db).ok());
	lodestone_t *t = lodestone_attach_cpp(db, nullptr, &err);
	CHECK(t && !err);
	pid_t child = fork();
	if (child == 0) {
		bool fine = !lodestone_status_json(t, &err) && has(take(&err), "child") && !lodestone_attach_cpp(db, nullptr, &err) && has(take(&err), "child");

		lodestone_detach(t);
		_exit(fine ? 0 : 1);
	}
	CHECK(waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result) == 0);
	CHECK(has(status(t), dir.c_str()));
	lodestone_detach(t);
	delete db;
}

int switched_off(const std::string &dir)
{
	rocksdb::Options o;
	rocksdb::DB *db;
	char *err = nullptr;

	o.create_if_missing = true;
	CHECK(rocksdb::DB::Open(o, dir, &db).ok());
	CHECK(!lodestone_attach_cpp(db, nullptr, &err) && has(take(&err), "LODESTONE_DISABLE"));
	lodestone_detach(nullptr);
	delete db;
	return 0;
}

} // namespace

int main(int argc, char **argv)
{
	const char *how = getenv("HOST_API");
	bool preload = how && !strcmp(how, "preload");

	CHECK(argc == 2 && lodestone_version()[0]);
	std::string dir = argv[1];
	if (how && !strcmp(how, "off"))
		return switched_off(dir);
	lodestone_options_t *o = lodestone_options_create();
	CHECK(o);
	mistakes(o, dir);
	lodestone_options_set_advisor(o, "test", advise, nullptr);
	lodestone_options_set_event_callback(o, heard, nullptr);
	plain_database(dir, o, preload);
	lodestone_options_destroy(o);
	CHECK(preload ? !asked && !applied : asked > 0 && applied > 0 && reverted > 0 && verdicts > 0 && refused_inside > 0);
	wrapped_databases(dir);
	wrapped_in_c(dir);
	not_for_us(dir);
	forked(dir);
	return 0;
}
