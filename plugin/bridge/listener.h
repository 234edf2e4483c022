// The bridge's face for RocksDB's registry, as a plugin's <name>_FUNC is called.
#ifndef LODE_BRIDGE_LISTENER_H
#define LODE_BRIDGE_LISTENER_H

#include <string>

namespace rocksdb
{
class ObjectLibrary;
}

extern "C" {
// Makes id=lodestone known to this library of objects. Returns how many things that are.
__attribute__((visibility("default"))) int lodestone_register(rocksdb::ObjectLibrary &library, const std::string &arg);
}

#endif
