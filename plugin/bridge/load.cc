// liblodestone-plugin.so: registers the listener when it is loaded, whether preloaded, linked or opened with dlopen, if the RocksDB at hand is the one that
// it was compiled for. What the two share is C++: with another version nothing of it would be where it is looked for.
#include "bridge/listener.h"
#include "api/listener.h"
#include "lodestone.h"

#include <rocksdb/utilities/object_registry.h>
#include <rocksdb/version.h>

#include <cstdio>

#ifndef LODE_BRIDGE_MAJOR // a test pretends
#define LODE_BRIDGE_MAJOR ROCKSDB_MAJOR
#endif

const char *lodestone_plugin_version()
{
	return LODE_VERSION;
}

namespace
{

bool registered()
{
	char built[32];

	snprintf(built, sizeof(built), "%d.%d.%d", LODE_BRIDGE_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH);
	try {
		std::string found = rocksdb::GetRocksVersionAsString(true);

		if (found == built)
			return lodestone_register(*rocksdb::ObjectLibrary::Default(), "") > 0;
		lodestone_listener_mismatch(built, found.c_str());
	} catch (...) { // no memory at the start of a process: it has other troubles
	}
	return false;
}

const bool done = registered();

} // namespace
