/* Which file a command is, and which RocksDB it is linked with. */
#ifndef LODE_TUNE_LIBRARY_H
#define LODE_TUNE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* The path of a program, looked up as a shell would. False: there is none that may be run. */
bool tune_library_program(const char *program, char *out, size_t len);
/* The path of the librocksdb that the loader would take for this program, looked up as a shell would. False: it has none of its own as a shared library. */
bool tune_library_find(const char *program, char *out, size_t len);

#endif
