// A program that takes its options from a file and has the plugin in its RocksDB: open, small flushes until RocksDB's LOG says that somebody is in, close.
//
//     program OPTIONS-FILE DIR
#include <rocksdb/db.h>
#include <rocksdb/utilities/object_registry.h>
#include <rocksdb/utilities/options_util.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <unistd.h>

extern std::unordered_map<std::string, rocksdb::RegistrarFunc> builtins;

static int ok(const rocksdb::Status &s)
{
	if (!s.ok())
		fprintf(stderr, "%s\n", s.ToString().c_str());
	return s.ok();
}

static bool is_in(const std::string &dir)
{
	std::ifstream in(dir + "/LOG");

	return std::string(std::istreambuf_iterator<char>(in), {}).find("is in by the entry") != std::string::npos;
}

int main(int argc, char **argv)
{
	rocksdb::DBOptions options;
	std::vector<rocksdb::ColumnFamilyDescriptor> families;
	rocksdb::DB *db = nullptr;
	bool in = false;

	if (argc != 3)
		return 2;
	for (const auto &b : builtins) // ObjectRegistry's constructor does this
		rocksdb::ObjectRegistry::Default()->RegisterPlugin(b.first, b.second);
	if (!ok(rocksdb::LoadOptionsFromFile(rocksdb::ConfigOptions(), argv[1], &options, &families)))
		return 1;
	rocksdb::Options o(options, families[0].options);
	o.create_if_missing = true;
	if (!ok(rocksdb::DB::Open(o, argv[2], &db)))
		return 1;
	for (int i = 0; i < 200 && !in; i++) {
		if (!ok(db->Put(rocksdb::WriteOptions(), std::to_string(i), "x")) || !ok(db->Flush(rocksdb::FlushOptions())))
			return 1;
		usleep(30000);
		in = is_in(argv[2]);
	}
	delete db;
	return in ? 0 : 3;
}
