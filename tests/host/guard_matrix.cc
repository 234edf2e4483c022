// The table of tunables and the guard against the RocksDB that is installed: is every mutable option in the table, is every row mutable,
// and does every value that the guard lets through survive a real database, with writes and flushes in between, and can it be put back?
// Usage: guard_matrix EMPTY_DIRECTORY
extern "C" {
#include "base/rng.h"
#include "guard/check.h"
}

#include <rocksdb/db.h>
#include <rocksdb/version.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#define COMBINATIONS 500 // each takes several times as long, and what the sanitizer is there for shows in few
#else
#define COMBINATIONS 3000
#endif

namespace
{
int failures;

#define FAIL(...) (failures++, std::fprintf(stderr, "FAIL: " __VA_ARGS__), std::fputc('\n', stderr))

struct Database {
	std::string dir;
	rocksdb::DB *db = nullptr;
	std::vector<rocksdb::ColumnFamilyHandle *> cf;

	explicit Database(const std::string &path, uint64_t bytes_per_sync) : dir(path)
	{
		rocksdb::Options o;
		o.create_if_missing = true;
		o.create_missing_column_families = true;
		o.write_buffer_size = 4 << 20;
		o.bytes_per_sync = bytes_per_sync;
		std::vector<rocksdb::ColumnFamilyDescriptor> cfs{{"default", o}, {"second", o}};
		rocksdb::Status s = rocksdb::DB::Open(o, path, cfs, &cf, &db);
		if (!s.ok()) {
			std::fprintf(stderr, "open: %s\n", s.ToString().c_str());
			std::exit(1);
		}
	}
	~Database()
	{
		for (auto *h : cf)
			db->DestroyColumnFamilyHandle(h);
		delete db;
	}
	rocksdb::Status set(const lode_write &w) const
	{
		if (w.scope == LODE_SCOPE_DB)
			return db->SetDBOptions({{w.key, w.value}});
		return db->SetOptions(cf[w.cf], {{w.key, w.value}});
	}
	uint64_t property(size_t i, const char *name) const
	{
		uint64_t v = 0;
		db->GetIntProperty(cf[i], name, &v);
		return v;
	}
};

struct Freer {
	void operator()(lode_options *o) const
	{
		lode_options_free(o);
	}
};
using Options = std::unique_ptr<lode_options, Freer>;

Options load(const Database &d)
{
	lode_options *o = nullptr;
	lode_err err{};
	if (lode_options_load(d.dir.c_str(), 0, &o, &err)) {
		std::fprintf(stderr, "OPTIONS: %s\n", err.msg);
		std::exit(1);
	}
	return Options(o);
}

using State = std::unique_ptr<lode_state>;

State state_of(const Database &d)
{
	Options o = load(d);
	lode_cf cfs[2] = {{0, "default"}, {1, "second"}};
	lode_cache cache{};
	lode_err err{};
	State s(new lode_state());
	cache.present = cache.resizable = true;
	cache.capacity = 8 << 20;
	if (lode_state_build(o.get(), cfs, 2, &cache, s.get(), &err)) {
		std::fprintf(stderr, "state: %s\n", err.msg);
		std::exit(1);
	}
	return s;
}

// ---- which options are mutable: ask the library, name by name ----

using Names = std::set<std::string>;

void collect(void *ctx, const char *key, const char *value)
{
	(*static_cast<std::map<std::string, std::string> *>(ctx))[key] = value;
}

// The members of "{a=1;b={...};}".
std::map<std::string, std::string> members(const std::string &text)
{
	std::map<std::string, std::string> out;
	for (size_t i = 1; i + 1 < text.size();) {
		size_t eq = text.find('=', i);
		if (eq == std::string::npos)
			break;
		size_t end = eq + 1;
		for (int depth = 0; end < text.size() && (depth || text[end] != ';'); end++)
			depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
		out[text.substr(i, eq - i)] = text.substr(eq + 1, end - eq - 1);
		i = end + 1;
	}
	return out;
}

// Some options answer OK to what they are already although they cannot be changed, and an empty list to nothing at all: these are asked
// with another value, and only what is written down afterwards counts.
const std::map<std::string, std::string> other_values = {
    {"comparator", "rocksdb.ReverseBytewiseComparator"},
    {"memtable_factory", "VectorRepFactory"},
    {"block_based_table_factory.flush_block_policy_factory", "FlushBlockEveryKeyPolicyFactory"},
    {"compression_per_level", "kNoCompression:kNoCompression"},
};

std::string written(const Database &d, const std::string &key)
{
	Options o = load(d);
	size_t dot = key.find('.');
	const char *text = dot == std::string::npos ? lode_options_get(o.get(), LODE_SEC_CF, "default", key.c_str())
						    : lode_options_get(o.get(), LODE_SEC_TABLE, "default", key.c_str() + dot + 1);
	return text ? text : "";
}

bool cf_mutable(const Database &d, const std::string &key, const std::string &value)
{
	auto other = other_values.find(key);
	if (other == other_values.end())
		return d.db->SetOptions(d.cf[0], {{key, value}}).ok();
	std::string before = written(d, key);
	return d.db->SetOptions(d.cf[0], {{key, other->second}}).ok() && written(d, key) != before;
}

Names mutable_options(const Database &d)
{
	Options o = load(d);
	std::map<std::string, std::string> db, cf, table;
	Names found;
	lode_options_each(o.get(), LODE_SEC_DB, nullptr, collect, &db);
	lode_options_each(o.get(), LODE_SEC_CF, "default", collect, &cf);
	lode_options_each(o.get(), LODE_SEC_TABLE, "default", collect, &table);
	if (db.size() < 60 || cf.size() < 50 || table.size() < 20)
		FAIL("the OPTIONS file has only %zu, %zu and %zu options", db.size(), cf.size(), table.size());
	cf.erase("table_factory");   // its members are asked one by one
	cf["compression_per_level"]; // left out of the file while it is empty
	for (auto &kv : db)
		if (d.db->SetDBOptions({{kv.first, kv.second}}).ok())
			found.insert(kv.first);
	for (auto &kv : cf) {
		bool structure = !kv.second.empty() && kv.second[0] == '{';
		if (!structure && cf_mutable(d, kv.first, kv.second))
			found.insert(kv.first);
		for (auto &m : structure ? members(kv.second) : std::map<std::string, std::string>())
			if (cf_mutable(d, kv.first + "." + m.first, m.second))
				found.insert(kv.first + "." + m.first);
	}
	for (auto &kv : table)
		if (cf_mutable(d, "block_based_table_factory." + kv.first, kv.second))
			found.insert("block_based_table_factory." + kv.first);
	return found;
}

void compare_names(const Database &d)
{
	Names library = mutable_options(d), table;
	const unsigned version = ROCKSDB_MAJOR * 10000 + ROCKSDB_MINOR * 100 + ROCKSDB_PATCH;
	for (int i = 0; i < lode_tunable_count; i++) {
		const lode_tunable &t = lode_tunables[i];
		bool here = (!t.since || version >= t.since) && (!t.until || version < t.until);
		if (t.scope != LODE_SCOPE_DB && t.scope != LODE_SCOPE_CF)
			continue;
		table.insert(t.key);
		if (here && !library.count(t.key))
			FAIL("%s is in the table and not mutable here", t.key);
	}
	for (auto &name : library)
		if (!table.count(name))
			FAIL("%s is mutable here and not in the table", name.c_str());
	std::printf("names: %zu mutable options in this RocksDB, %zu in the table for all versions\n", library.size(), table.size());
}

// ---- values ----

struct World {
	std::unique_ptr<lode_sample> sample{new lode_sample()};
	lode_machine machine{};
	lode_policy policy{};
	lode_situation now{};

	World()
	{
		lode_policy_init(&policy);
		policy.allow_optin = policy.allow_slow_lag = policy.allow_residue = true;
		policy.step_scale = 1e15;
		machine.cores = 2;
		machine.mem_limit = 1u << 30;
		machine.mem_available = 900u << 20;
		sample->ncf = sample->ncf_total = 2;
	}
	void look(const Database &d, const lode_state *state)
	{
		for (size_t i = 0; i < 2; i++) {
			lode_cf_sample &cf = sample->cf[i];
			cf.id = static_cast<uint32_t>(i);
			cf.files[0] = d.property(i, "rocksdb.num-files-at-level0");
			cf.immutable = d.property(i, "rocksdb.num-immutable-mem-table");
			cf.debt = d.property(i, "rocksdb.estimate-pending-compaction-bytes");
			cf.mem_active = d.property(i, "rocksdb.cur-size-active-mem-table");
			cf.mem_all = d.property(i, "rocksdb.size-all-mem-tables");
		}
		now = {state, sample.get(), &machine, &policy};
	}
};

// Some thousand entries through memtable, flush and compaction under whatever is set now.
void work(const Database &d, lode_rng *rng)
{
	for (auto *cf : d.cf) {
		for (int i = 0; i < 300; i++) {
			std::string key = std::to_string(lode_rng_below(rng, 5000));
			if (!d.db->Put(rocksdb::WriteOptions(), cf, key, std::string(100, 'v')).ok())
				FAIL("a write failed");
		}
		if (!d.db->Flush(rocksdb::FlushOptions(), cf).ok())
			FAIL("a flush failed");
		std::unique_ptr<rocksdb::Iterator> it(d.db->NewIterator(rocksdb::ReadOptions(), cf));
		int n = 0;
		for (it->SeekToFirst(); it->Valid() && n < 100; it->Next())
			n++;
		if (!it->status().ok() || !n)
			FAIL("reading failed: %s", it->status().ToString().c_str());
	}
}

bool same(const lode_state &a, const lode_state &b, const char *what)
{
	bool ok = true;
	for (int i = 0; i < lode_tunable_count; i++) {
		if (strcmp(a.db[i].text, b.db[i].text))
			ok = false, FAIL("%s: %s was %s and is %s", what, lode_tunables[i].id, a.db[i].text, b.db[i].text);
		for (size_t c = 0; c < 2; c++)
			if (strcmp(a.cf[c].v[i].text, b.cf[c].v[i].text))
				ok = false,
				FAIL("%s: %s was %s and is %s", what, lode_tunables[i].id, a.cf[c].v[i].text, b.cf[c].v[i].text);
	}
	return ok;
}

// All writes of a family in one call, as the host does it.
rocksdb::Status write_all(const Database &d, const lode_write *w, size_t n)
{
	std::unordered_map<std::string, std::string> db, cf[2];
	for (size_t i = 0; i < n; i++)
		if (w[i].scope != LODE_SCOPE_CACHE)
			(w[i].scope == LODE_SCOPE_DB ? db : cf[w[i].cf])[w[i].key] = w[i].value;
	rocksdb::Status s;
	if (!db.empty())
		s = d.db->SetDBOptions(db);
	for (size_t i = 0; i < 2 && s.ok(); i++)
		if (!cf[i].empty())
			s = d.db->SetOptions(d.cf[i], cf[i]);
	return s;
}

const lode_value *stored(const lode_state &s, const lode_plan &p, size_t i)
{
	return lode_state_value(&s, p.tunable[i], p.todo[i].cf);
}

// Applies a plan, works under it, reads it back and undoes it. Compression that is not linked in may be turned down by RocksDB itself.
unsigned apply(const Database &d, const lode_plan &p, lode_rng *rng)
{
	State before = state_of(d);
	rocksdb::Status s = write_all(d, p.todo, p.n);
	if (!s.ok()) {
		if (s.ToString().find("ompression") == std::string::npos)
			FAIL("%s=%s: %s", p.todo[0].key, p.todo[0].value, s.ToString().c_str());
		same(*before, *state_of(d), "after a refused write");
		return 0;
	}
	work(d, rng);
	State now = state_of(d);
	for (size_t i = 0; i < p.n; i++) {
		const lode_value *v = stored(*now, p, i);
		if (p.todo[i].scope != LODE_SCOPE_CACHE && (!v || !lode_value_equal(v->text, p.todo[i].value)))
			FAIL("%s=%s reads back as %s", p.todo[i].key, p.todo[i].value, v ? v->text : "nothing");
	}
	if (d.property(0, "rocksdb.is-write-stopped"))
		FAIL("%s=%s stopped writes", p.todo[0].key, p.todo[0].value);
	s = write_all(d, p.undo, p.n);
	if (!s.ok())
		FAIL("undo of %s: %s", p.undo[0].key, s.ToString().c_str());
	same(*before, *state_of(d), p.todo[0].key);
	return 1;
}

int64_t pick(lode_rng *rng, int64_t lo, int64_t hi)
{
	uint64_t span = static_cast<uint64_t>(hi - lo);
	unsigned bits = 0;
	while (bits < 62 && span >> bits)
		bits++;
	uint64_t v = lode_rng_below(rng, uint64_t{1} << lode_rng_below(rng, bits + 1));
	return lo + static_cast<int64_t>(v < span ? v : span);
}

void singles(const Database &d, World &w, lode_rng *rng)
{
	unsigned applied = 0, rows = 0;
	for (int i = 0; i < lode_tunable_count; i++) {
		const lode_tunable &t = lode_tunables[i];
		if (t.scope != LODE_SCOPE_DB && t.scope != LODE_SCOPE_CF)
			continue;
		State state = state_of(d);
		int64_t lo, hi;
		w.look(d, state.get());
		if (!lode_guard_range(&w.now, i, LODE_CF_ALL, &lo, &hi))
			continue;
		rows++;
		for (int k = 0; k < 6; k++) {
			lode_proposal p{};
			lode_plan plan;
			lode_refusal refusal;
			p.n = 1;
			p.change[0] = {i, LODE_CF_ALL, k == 0 ? lo : k == 1 ? hi : pick(rng, lo, hi)};
			// Memory may have moved since the range was made: only the ends of the range must pass.
			if (lode_guard_check(&w.now, &p, &plan, &refusal) == 0)
				applied += apply(d, plan, rng);
			else if (k < 2 && refusal.rule != LODE_RULE_EMPTY)
				FAIL("%s=%" PRId64 " is in its range and refused: %s", t.id, p.change[0].value, refusal.why);
			// Flushes left L0 files: the range is asked for again.
			state = state_of(d);
			w.look(d, state.get());
			if (!lode_guard_range(&w.now, i, LODE_CF_ALL, &lo, &hi))
				break;
		}
	}
	std::printf("single changes: %u values of %u rows applied and undone\n", applied, rows);
	if (rows < 25 || applied < 100)
		FAIL("only %u values of %u rows were tried", applied, rows);
}

void combinations(const Database &d, World &w, lode_rng *rng, int count)
{
	unsigned applied = 0, refused = 0;
	for (int k = 0; k < count; k++) {
		State state = state_of(d);
		lode_proposal p{};
		lode_plan plan;
		lode_refusal refusal;
		w.look(d, state.get());
		p.n = 1 + lode_rng_below(rng, LODE_CHANGES_MAX);
		for (size_t i = 0; i < p.n; i++) {
			int t = static_cast<int>(lode_rng_below(rng, 26)); // mostly the rows with relations
			const lode_value *v = lode_state_value(state.get(), t, LODE_CF_ALL);
			int64_t old = v && v->numeric && v->value > 0 ? v->value : 1;
			p.change[i] = {t, lode_rng_coin(rng) ? LODE_CF_ALL : static_cast<uint32_t>(lode_rng_below(rng, 2)),
				       lode_rng_coin(rng) ? pick(rng, lode_tunables[t].min, lode_tunables[t].max)
							  : pick(rng, old / 2 + 1, old * 2)};
		}
		if (lode_guard_check(&w.now, &p, &plan, &refusal))
			refused++;
		else
			applied += apply(d, plan, rng);
	}
	std::printf("combinations: %u applied and undone, %u refused\n", applied, refused);
	if (!applied)
		FAIL("no combination was accepted");
}

// The residue that the guard warns of: any SetDBOptions call turns bytes_per_sync=0 into 1 MiB.
void residue(const std::string &dir)
{
	Database d(dir, 0);
	d.db->SetDBOptions({{"compaction_readahead_size", "65536"}});
	d.db->SetDBOptions({{"bytes_per_sync", "0"}});
	int64_t now = lode_state_int(state_of(d).get(), "bytes_per_sync", 0, -1);
	if (now != 1 << 20)
		FAIL("bytes_per_sync is %" PRId64 " after a change: the guard's reason to refuse is gone", now);
}
} // namespace

int main(int argc, char **argv)
{
	lode_rng rng;
	World w;
	if (argc != 2)
		return 2;
	lode_rng_seed(&rng, 20);
	{
		Database d(std::string(argv[1]) + "/a", 1 << 20);
		work(d, &rng);
		State at_first = state_of(d);
		singles(d, w, &rng);
		combinations(d, w, &rng, COMBINATIONS);
		same(*at_first, *state_of(d), "the whole run");
	}
	residue(std::string(argv[1]) + "/b");
	compare_names(Database(std::string(argv[1]) + "/c", 1 << 20));
	std::printf("%d failures\n", failures);
	return failures ? 1 : 0;
}
