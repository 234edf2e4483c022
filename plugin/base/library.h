/* Libraries that we open at run time in a process that may export functions of the same names. */
#ifndef LODE_BASE_LIBRARY_H
#define LODE_BASE_LIBRARY_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* A function of the library and the pointer that receives it. */
struct lode_symbol_row {
	const char *name;
	void **to;
};

/* Who frees what the library allocates. */
enum lode_library_memory {
	LODE_MEMORY_OWN,    /* it frees only what it got from malloc itself: it may have the C library's malloc although the host has another */
	LODE_MEMORY_SHARED, /* it also frees what functions of the C library allocated, with the host's malloc: both must be the same */
};

/* The flag for dlopen that makes a library prefer its own symbols and those of what it needs to the host's: RTLD_DEEPBIND, or 0 where that
 * would do harm: beside a sanitizer, whose runtime ends the process at the sight of it, and with LODE_MEMORY_SHARED in a process that brings
 * its own malloc. There the host's symbols come first; see lode_library_foreign. */
int lode_library_isolation(enum lode_library_memory memory);
/* Opens the first that is there of names (up to NULL), for good. NULL: none. Any thread. */
void *lode_library_open(const char *const *names, enum lode_library_memory memory);
/* Opens a library of ours that stands beside the object which holds this code, or else in lode_library_home, with LODE_MEMORY_OWN, for good. NULL: it is
 * not there. */
void *lode_library_open_beside(const char *name);
/* Where this code is part of a program (host/linked.c): the directory in which our libraries were to be installed, or "". Elsewhere NULL. */
extern const char lode_library_home[] __attribute__((weak, visibility("hidden")));
/* Can this process open libraries at all? A program that is linked with -static would get a second C library with the first that it opens: -ENOTSUP. */
int lode_library_possible(struct lode_err *err);
/* Fills every pointer, or says which function is missing: -ENOSYS. */
int lode_library_bind(void *library, const struct lode_symbol_row *rows, size_t n, struct lode_err *err);
/* Is there a function of this name in the host's global scope that comes from elsewhere than a file whose name begins with prefix? */
bool lode_library_foreign(const char *name, const char *prefix);

#endif
