// What the guard's debt and level-0 rules are for, on a real RocksDB: trees of many shapes that nothing compacts, and random plans for them. What the
// guard accepts is applied: writers must go on as before. What it refuses for debt or for what is in level 0 is applied all the same, past the guard: it
// has to be found that such plans do stall writers, or the rules would refuse for nothing. Usage: guard_stall EMPTY_DIRECTORY [SEED]
extern "C" {
#include "base/rng.h"
#include "guard/check.h"
}

#include <rocksdb/db.h>
#include <rocksdb/metadata.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{
struct Counts {
	unsigned accepted, debt, debt_stalls, level0, level0_stalls, other, failures;
} n;

void must(const rocksdb::Status &s, const char *what)
{
	if (!s.ok()) {
		std::fprintf(stderr, "%s: %s\n", what, s.ToString().c_str());
		std::exit(1);
	}
}

struct Tree {
	std::string dir;
	std::unique_ptr<rocksdb::DB> db;
	lode_rng *rng;
	std::unique_ptr<lode_state> state{new lode_state()};
	std::unique_ptr<lode_sample> sample{new lode_sample()};
	lode_machine machine{};
	lode_policy policy{};
	lode_situation now{};

	Tree(const std::string &path, bool dynamic, lode_rng *r) : dir(path), rng(r)
	{
		rocksdb::Options o;
		rocksdb::DB *opened;
		o.create_if_missing = true;
		o.disable_auto_compactions = true;
		o.compression = rocksdb::kNoCompression;
		o.level_compaction_dynamic_level_bytes = dynamic;
		o.bytes_per_sync = 1 << 20;
		o.target_file_size_base = 1 << 20; // not above the smallest level that is tried
		o.soft_pending_compaction_bytes_limit = 64 << 20;
		o.hard_pending_compaction_bytes_limit = 128 << 20;
		must(rocksdb::DB::Open(o, path, &opened), "open");
		db.reset(opened);
		grow(dynamic);
		// Nothing compacts from here on, and the stall conditions are in force.
		must(db->PauseBackgroundWork(), "pause");
		must(db->SetOptions({{"disable_auto_compactions", "false"}}), "compactions on");
		lode_policy_init(&policy);
		policy.allow_optin = policy.allow_slow_lag = policy.allow_residue = true;
		policy.step_scale = 1e15;
		policy.debt_fraction = 1; // the line where it begins to hurt, without the margin
		machine.cores = 4;
		machine.mem_limit = machine.mem_available = UINT64_C(64) << 30;
	}
	~Tree()
	{
		db->ContinueBackgroundWork();
	}
	void file(unsigned kib)
	{
		for (unsigned i = 0; i < kib; i++)
			must(db->Put(rocksdb::WriteOptions(), std::to_string(lode_rng_u64(rng)), std::string(1024, 'v')), "put");
		must(db->Flush(rocksdb::FlushOptions()), "flush");
	}
	void push(int level)
	{
		rocksdb::ColumnFamilyMetaData meta;
		std::vector<std::string> names;
		db->GetColumnFamilyMetaData(&meta);
		for (int l : {0, level})
			for (auto &f : meta.levels[l].files)
				names.push_back(f.name);
		rocksdb::CompactionOptions o;
		o.compression = rocksdb::kNoCompression;
		must(db->CompactFiles(o, names, level), "compact");
	}
	// From the bottom up: some MiB in each level, and a number of files in level 0.
	void grow(bool dynamic)
	{
		for (int level = 6; level >= (dynamic ? 4 : 1); level--) {
			bool first = level == (dynamic ? 4 : 1); // the one that owes most as its target shrinks
			file((first ? 30000 : 5000) + static_cast<unsigned>(lode_rng_below(rng, 20000)));
			push(level);
		}
		for (uint64_t files = lode_rng_below(rng, 12); files > 0; files--)
			file(1 + static_cast<unsigned>(lode_rng_below(rng, 300)));
	}
	void look()
	{
		lode_options *o = nullptr;
		lode_err err{};
		lode_cf cf{0, "default"};
		lode_cache cache{};
		rocksdb::ColumnFamilyMetaData meta;
		if (lode_options_load(dir.c_str(), 0, &o, &err) || lode_state_build(o, &cf, 1, &cache, state.get(), &err)) {
			std::fprintf(stderr, "state: %s\n", err.msg);
			std::exit(1);
		}
		lode_options_free(o);
		*sample = lode_sample{};
		sample->ncf = sample->ncf_total = 1;
		db->GetColumnFamilyMetaData(&meta);
		for (auto &level : meta.levels) {
			sample->cf[0].files[level.level] = level.files.size();
			sample->cf[0].bytes[level.level] = level.size;
		}
		db->GetIntProperty("rocksdb.estimate-pending-compaction-bytes", &sample->cf[0].debt);
		now = {state.get(), sample.get(), &machine, &policy};
	}
	uint64_t property(const char *name)
	{
		uint64_t v = 0;
		db->GetIntProperty(name, &v);
		return v;
	}
	// Writers are slowed down or stopped. A write that would have to wait says so instead.
	bool stalled()
	{
		rocksdb::WriteOptions w;
		w.no_slowdown = true;
		return db->Put(w, "probe", "value").IsIncomplete() || property("rocksdb.actual-delayed-write-rate") ||
		       property("rocksdb.is-write-stopped");
	}
	void set(const lode_write *w, size_t count)
	{
		std::unordered_map<std::string, std::string> all;
		for (size_t i = 0; i < count; i++)
			all[w[i].key] = w[i].value;
		must(db->SetOptions(all), "set");
	}
};

// Where it becomes interesting for such a tree: lo << 0..bits, and a little more; or lo + 0..bits.
const struct {
	const char *id;
	int64_t lo;
	unsigned range;
	bool bits;
} options[] = {{"level0_file_num_compaction_trigger", 1, 14, false},
	       {"level0_slowdown_writes_trigger", 2, 24, false},
	       {"level0_stop_writes_trigger", 4, 40, false},
	       {"max_bytes_for_level_base", 4 << 20, 8, true},
	       {"max_bytes_for_level_multiplier", 2000, 12000, false},
	       {"soft_pending_compaction_bytes_limit", 64 << 20, 4, true},
	       {"hard_pending_compaction_bytes_limit", 128 << 20, 4, true}};

lode_proposal draw(const Tree &t)
{
	lode_proposal p{};
	p.n = 1 + lode_rng_below(t.rng, 2);
	for (size_t i = 0; i < p.n; i++) {
		auto &o = options[lode_rng_below(t.rng, sizeof options / sizeof *options)];
		int64_t r = static_cast<int64_t>(lode_rng_below(t.rng, o.range + 1));
		p.change[i] = {lode_tunable_find(o.id), 0, o.bits ? (o.lo << r) + static_cast<int64_t>(lode_rng_below(t.rng, 100000)) : o.lo + r};
	}
	return p;
}

// The values of a proposal as they stand, and what is there now.
size_t force(const Tree &t, const lode_proposal &p, lode_write *todo, lode_write *undo)
{
	for (size_t i = 0; i < p.n; i++) {
		const lode_tunable &row = lode_tunables[p.change[i].tunable];
		todo[i] = {LODE_SCOPE_CF, 0, "", ""};
		std::snprintf(todo[i].key, sizeof todo[i].key, "%s", row.key);
		undo[i] = todo[i];
		lode_tunable_print(&row, p.change[i].value, todo[i].value, sizeof todo[i].value);
		std::snprintf(undo[i].value, sizeof undo[i].value, "%s", t.state->cf[0].v[p.change[i].tunable].text);
	}
	return p.n;
}

// RocksDB asserts trigger <= slowdown <= stop: such plans can be refused, but not shown.
bool may_be_forced(const Tree &t, const lode_proposal &p)
{
	int64_t v[3];
	for (int i = 0; i < 3; i++) {
		v[i] = t.state->cf[0].v[lode_tunable_find(options[i].id)].value;
		for (size_t k = 0; k < p.n; k++)
			if (p.change[k].tunable == lode_tunable_find(options[i].id))
				v[i] = p.change[k].value;
	}
	return v[0] <= v[1] && v[1] <= v[2];
}

void one(Tree &t)
{
	lode_proposal p = draw(t);
	lode_plan plan;
	lode_refusal refusal;
	lode_write todo[LODE_CHANGES_MAX], undo[LODE_CHANGES_MAX];

	t.look();
	if (t.stalled()) {
		std::fprintf(stderr, "FAIL: stalled before anything was changed\n");
		n.failures++;
	}
	if (lode_guard_check(&t.now, &p, &plan, &refusal) == 0) {
		n.accepted++;
		t.set(plan.todo, plan.n);
		if (t.stalled()) {
			std::fprintf(stderr, "FAIL: %s=%s was accepted and stalls writers\n", plan.todo[0].key, plan.todo[0].value);
			n.failures++;
		}
		t.set(plan.undo, plan.n);
		return;
	}
	bool debt = refusal.rule == LODE_RULE_DEBT || std::strstr(refusal.why, "the present debt");
	bool level0 = std::strstr(refusal.why, "the present L0 files");
	if (!debt && !level0) {
		n.other++;
		return;
	}
	if (!may_be_forced(t, p))
		return;
	size_t count = force(t, p, todo, undo);
	t.set(todo, count);
	bool stalls = t.stalled();
	t.set(undo, count);
	(debt ? n.debt : n.level0)++;
	(debt ? n.debt_stalls : n.level0_stalls) += stalls;
}
} // namespace

int main(int argc, char **argv)
{
	lode_rng rng;
	if (argc < 2)
		return 2;
	lode_rng_seed(&rng, argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 4);
	for (int i = 0; i < 6; i++) {
		Tree t(std::string(argv[1]) + "/" + std::to_string(i), i % 2, &rng);
		for (int k = 0; k < 200; k++)
			one(t);
	}
	std::printf("%u plans accepted, none may stall; refused for debt %u, of which %u do stall writers; for level 0 %u, of which %u do; %u for other "
		    "reasons; %u failures\n",
		    n.accepted, n.debt, n.debt_stalls, n.level0, n.level0_stalls, n.other, n.failures);
	// Without the refused ones that stall, nothing is shown.
	return n.failures || n.accepted < 50 || n.debt_stalls < 20 || n.level0_stalls < 20;
}
