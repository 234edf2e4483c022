/* Whose heap this process has. */
#ifndef SHIM_HEAP_H
#define SHIM_HEAP_H

#include <stdbool.h>

/* Are malloc and operator new those of the C and C++ libraries? False where the process brings its own (jemalloc, tcmalloc, a sanitizer, a counting
 * allocator), or where it cannot be told. */
bool shim_heap_of_libc(void);

#endif
