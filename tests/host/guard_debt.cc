// The guard's debt estimate against RocksDB's own figure (rocksdb.estimate-pending-compaction-bytes), on real trees of many shapes and
// under many option values, with fixed and with dynamic level targets. Usage: guard_debt EMPTY_DIRECTORY
extern "C" {
#include "base/rng.h"
#include "guard/check.h"
}

#include <rocksdb/db.h>
#include <rocksdb/metadata.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace
{
int failures;
unsigned compared, with_debt;

void must(const rocksdb::Status &s, const char *what)
{
	if (!s.ok()) {
		std::fprintf(stderr, "%s: %s\n", what, s.ToString().c_str());
		std::exit(1);
	}
}

// One file of about n KiB of incompressible values over the whole key range, in L0.
void file(rocksdb::DB *db, lode_rng *rng, unsigned kib)
{
	for (unsigned i = 0; i < kib; i++) {
		std::string value(1024, ' ');
		for (char &c : value)
			c = static_cast<char>(lode_rng_u64(rng));
		must(db->Put(rocksdb::WriteOptions(), std::to_string(lode_rng_u64(rng)), value), "put");
	}
	must(db->Flush(rocksdb::FlushOptions()), "flush");
}

// Everything that is in L0 now to the given level.
void push(rocksdb::DB *db, int level)
{
	rocksdb::ColumnFamilyMetaData meta;
	std::vector<std::string> names;
	db->GetColumnFamilyMetaData(&meta);
	for (auto &f : meta.levels[0].files)
		names.push_back(f.name);
	for (auto &f : meta.levels[level].files)
		names.push_back(f.name);
	must(db->CompactFiles(rocksdb::CompactionOptions(), names, level), "compact");
}

void compare(rocksdb::DB *db, lode_rng *rng, bool dynamic)
{
	rocksdb::ColumnFamilyMetaData meta;
	lode_cf_sample sample{};
	lode_shape_options o{};
	uint64_t real = 0;

	o.l0_trigger = 1 + static_cast<int64_t>(lode_rng_below(rng, 6));
	o.level_base = static_cast<int64_t>(16384 << lode_rng_below(rng, 9)) + static_cast<int64_t>(lode_rng_below(rng, 1000));
	int64_t factor = 2 + static_cast<int64_t>(lode_rng_below(rng, 12));
	o.multiplier = static_cast<double>(factor);
	o.num_levels = 7;
	o.dynamic_levels = dynamic;
	o.style = "kCompactionStyleLevel";
	must(db->SetOptions({{"level0_file_num_compaction_trigger", std::to_string(o.l0_trigger)},
			     {"max_bytes_for_level_base", std::to_string(o.level_base)},
			     {"max_bytes_for_level_multiplier", std::to_string(factor)}}),
	     "set");
	db->GetColumnFamilyMetaData(&meta);
	for (auto &level : meta.levels)
		if (level.level < LODE_LEVEL_MAX) {
			sample.files[level.level] = level.files.size();
			sample.bytes[level.level] = level.size;
		}
	db->GetIntProperty("rocksdb.estimate-pending-compaction-bytes", &real);
	uint64_t ours = lode_debt_estimate(&sample, &o);
	// Floating point may round a level differently by a byte.
	uint64_t apart = ours > real ? ours - real : real - ours;
	compared++;
	with_debt += real > 0;
	if (apart > 8) {
		failures++;
		std::fprintf(stderr,
			     "FAIL: dynamic %d trigger %" PRId64 " base %" PRId64 " factor %" PRId64 ": RocksDB %" PRIu64 ", we %" PRIu64
			     "\n",
			     dynamic, o.l0_trigger, o.level_base, factor, real, ours);
	}
}

void run(const std::string &dir, bool dynamic, lode_rng *rng)
{
	rocksdb::Options o;
	rocksdb::DB *db;
	o.create_if_missing = true;
	o.disable_auto_compactions = true;
	o.compression = rocksdb::kNoCompression;
	o.level_compaction_dynamic_level_bytes = dynamic;
	o.level0_slowdown_writes_trigger = 1000;
	o.level0_stop_writes_trigger = 1000;
	must(rocksdb::DB::Open(o, dir, &db), "open");
	std::unique_ptr<rocksdb::DB> owner(db);
	for (int i = 0; i < 15; i++)
		compare(db, rng, dynamic);
	// From the bottom up, so that a dynamic tree looks as it would have grown.
	for (int level = 6; level >= (dynamic ? 4 : 1); level--) {
		file(db, rng, 20 + static_cast<unsigned>(lode_rng_below(rng, 400)));
		push(db, level);
		for (int i = 0; i < 15; i++)
			compare(db, rng, dynamic);
		file(db, rng, 10 + static_cast<unsigned>(lode_rng_below(rng, 100)));
		for (int i = 0; i < 15; i++)
			compare(db, rng, dynamic);
	}
	for (int k = 0; k < 6; k++) {
		file(db, rng, 1 + static_cast<unsigned>(lode_rng_below(rng, 200)));
		for (int i = 0; i < 15; i++)
			compare(db, rng, dynamic);
	}
}
} // namespace

int main(int argc, char **argv)
{
	lode_rng rng;
	if (argc != 2)
		return 2;
	lode_rng_seed(&rng, 3);
	for (int i = 0; i < 4; i++)
		run(std::string(argv[1]) + "/" + std::to_string(i), i % 2, &rng);
	std::printf("%u estimates compared, %u with debt, %d differ\n", compared, with_debt, failures);
	return failures || with_debt < compared / 3;
}
