/* Opening libraries beside a host that may have its own of the same name. */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* The host's view, not ours: RTLD_DEFAULT would begin at ourselves where we were opened with RTLD_DEEPBIND. The handle is never given back. */
static void *in_host(const char *name)
{
	void *host = dlopen(NULL, RTLD_LAZY);

	return host ? dlsym(host, name) : NULL;
}

static bool sanitized(void)
{
	static const char *const runtimes[] = {"__asan_init", "__tsan_init", "__msan_init", "__hwasan_init"};

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (in_host(runtimes[i]))
			return true;
	return false;
}

/* An executable that is not position-independent may have a slot of its own for malloc, which is then taken for a malloc of its own (shim/heap.c knows
 * better): its symbols come first then, and those who open a library so look for the host's of the same names. */
static bool malloc_of_libc(void)
{
	void *function = in_host("malloc");
	Dl_info host, libc;

	return function && dladdr(function, &host) && dladdr((const void *)&getauxval, &libc) && host.dli_fbase == libc.dli_fbase;
}

int lode_library_isolation(enum lode_library_memory memory)
{
	return sanitized() || (memory == LODE_MEMORY_SHARED && !malloc_of_libc()) ? 0 : RTLD_DEEPBIND;
}

void *lode_library_open(const char *const *names, enum lode_library_memory memory)
{
	int flags = RTLD_NOW | RTLD_LOCAL | lode_library_isolation(memory);
	void *library = NULL;

	for (; *names && !library; names++)
		library = dlopen(*names, flags);
	return library;
}

static void *open_in(const char *directory, int len, const char *name)
{
	char path[PATH_MAX];

	if (len <= 0 || (size_t)snprintf(path, sizeof(path), "%.*s/%s", len, directory, name) >= sizeof(path))
		return NULL;
	return dlopen(path, RTLD_NOW | RTLD_LOCAL | lode_library_isolation(LODE_MEMORY_OWN));
}

void *lode_library_open_beside(const char *name)
{
	char self[PATH_MAX];
	const char *slash;
	void *library = NULL;
	Dl_info info;

	/* A program that is linked to us has found us by a link. */
	if (dladdr((const void *)&lode_library_open_beside, &info) && info.dli_fname && realpath(info.dli_fname, self) && (slash = strrchr(self, '/')))
		library = open_in(self, (int)(slash - self), name);
	if (!library && lode_library_home)
		library = open_in(lode_library_home, (int)strlen(lode_library_home), name);
	return library;
}

static int look_for_loader(struct dl_phdr_info *program, size_t size, void *found)
{
	(void)size;
	for (int i = 0; i < program->dlpi_phnum; i++)
		*(bool *)found |= program->dlpi_phdr[i].p_type == PT_INTERP;
	return 1; /* the program is the first, and enough */
}

int lode_library_possible(struct lode_err *err)
{
	bool found = false;

	dl_iterate_phdr(look_for_loader, &found);
	return found ? 0 : lode_err_set(err, ENOTSUP, "this program is linked with -static and cannot open the libraries that the tuner needs: link the C library dynamically");
}

int lode_library_bind(void *library, const struct lode_symbol_row *rows, size_t n, struct lode_err *err)
{
	for (size_t i = 0; i < n; i++) {
		*rows[i].to = dlsym(library, rows[i].name);
		if (!*rows[i].to)
			return lode_err_set(err, ENOSYS, "it has no %s", rows[i].name);
	}
	return 0;
}

bool lode_library_foreign(const char *name, const char *prefix)
{
	void *function = in_host(name);
	const char *file;
	Dl_info info;

	if (!function || !dladdr(function, &info) || !info.dli_fname)
		return false;
	file = strrchr(info.dli_fname, '/');
	file = file ? file + 1 : info.dli_fname;
	return strncmp(file, prefix, strlen(prefix)) != 0;
}
