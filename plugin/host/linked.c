/* The door to a RocksDB that is part of the same executable or library as we are and exports nothing: its functions are found by the linker. Each name of
 * names.h is a weak reference, so what this version does not have, or what this program has not pulled out of librocksdb.a, is NULL and counts as
 * missing, as it does elsewhere. (A weak reference pulls nothing by itself: what opens a database pulls all that matters.)
 *
 * This file is in the static library and in a RocksDB with the plugin built in, and nowhere else: a preload or a shared agent must not be bound
 * to the one RocksDB that happens to come first. */
#include "base/library.h"
#include "host/image.h"
#include "host/names.h"

#include <stddef.h>
#include <stdint.h>

#define SYMBOL(which, name, what) extern const char lode_linked_##which[] __asm__(name) __attribute__((weak));
#define KIND(which, name, grow, shrink) extern const char lode_linked_kind_##which[] __asm__(name) __attribute__((weak));
#define METHOD(which, method, name) extern const char lode_linked_##which##_##method[] __asm__(name) __attribute__((weak));
LODE_IMAGE_NAMES(SYMBOL)
LODE_CACHE_KINDS(KIND)
LODE_CACHE_METHODS(METHOD)
#undef SYMBOL
#undef KIND
#undef METHOD

#define SYMBOL(which, name, what) {name, lode_linked_##which},
#define KIND(which, name, grow, shrink) {name, lode_linked_kind_##which},
#define METHOD(which, method, name) {name, lode_linked_##which##_##method},
const struct lode_linked lode_linked[] = {
    LODE_IMAGE_NAMES(SYMBOL) /* first: SYM_DB_VTABLE */
    LODE_CACHE_KINDS(KIND)
    LODE_CACHE_METHODS(METHOD)
    {NULL, LODE_LINKED_MARK},
};

/* From the linker: where the object that holds this code begins and ends. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

/* A weak reference may also be bound to another library of the process, with another RocksDB in it. */
bool lode_linked_ours(const void *address)
{
	return (uintptr_t)address >= (uintptr_t)__ehdr_start && (uintptr_t)address < (uintptr_t)_end;
}

#ifndef LODE_LIBDIR
#define LODE_LIBDIR ""
#endif
const char lode_library_home[] = LODE_LIBDIR;
