// The bridge's two faces: for RocksDB's registry, as a plugin's <name>_FUNC is called, and for the loader.
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
// Of this plugin. A program that is linked with liblodestone-plugin.so names this function somewhere, so that a linker with --as-needed keeps the library.
__attribute__((visibility("default"))) const char *lodestone_plugin_version(void);
}

#endif
