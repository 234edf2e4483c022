/* Where the loader would find a shared library. */
#ifndef LODE_CLI_LIBPATH_H
#define LODE_CLI_LIBPATH_H

#include "elf.h"

/* The file that `soname` means for an object at `path`: DT_RPATH, LD_LIBRARY_PATH, DT_RUNPATH, then the system's directories. root is put
 * before absolute paths ("" or "/proc/PID/root"). */
bool cli_lib_find(const struct cli_elf *e, const char *path, const char *soname, const char *root, char *out, size_t len);

#endif
