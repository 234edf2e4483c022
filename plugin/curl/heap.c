/* The library through which libcurl is opened beside a host: it needs libcurl, and holds nothing but the process's own heap.
 *
 * libcurl must not bind to the OpenSSL, zlib or nghttp2 that a host exports, so it is opened with RTLD_DEEPBIND: it and all that it needs
 * see each other before they see the host. But then they would also see the C library's malloc before the host's (jemalloc, tcmalloc, any
 * of its own), while strdup, getline or getaddrinfo, which are inside the C library, go on using the host's: the first free() of such a
 * block ends the process. This library is the root of what is opened and so is looked at first of all. Its malloc is the host's: one heap
 * for everybody.
 *
 * Opened with RTLD_LOCAL: nobody outside libcurl's company ever sees these functions. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

/*  result  function            parameters                                 arguments */
#define HEAP(X)                                                                                                                            \
	X(void *, malloc, (size_t n), (n))                                                                                                 \
	X(void *, calloc, (size_t n, size_t each), (n, each))                                                                              \
	X(void *, realloc, (void *p, size_t n), (p, n))                                                                                    \
	X(void *, reallocarray, (void *p, size_t n, size_t each), (p, n, each))                                                            \
	X(void *, aligned_alloc, (size_t align, size_t n), (align, n))                                                                     \
	X(void *, memalign, (size_t align, size_t n), (align, n))                                                                          \
	X(void *, valloc, (size_t n), (n))                                                                                                 \
	X(void *, pvalloc, (size_t n), (n))

/* Written once, inside `once`. The C library has all of them, so a NULL is not to be expected, and means no memory. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
#define X(result, name, parameters, arguments) result(*name) parameters;
	HEAP(X)
#undef X
	int (*posix_memalign)(void **p, size_t align, size_t n);
	size_t (*malloc_usable_size)(void *p);
	void (*free)(void *p);
} host;

/* Through the program itself: from here RTLD_DEFAULT would begin with us. */
static void find_host(void)
{
	void *program = dlopen(NULL, RTLD_LAZY);

	if (!program)
		return;
#define X(result, name, parameters, arguments) *(void **)&host.name = dlsym(program, #name);
	HEAP(X)
#undef X
	*(void **)&host.posix_memalign = dlsym(program, "posix_memalign");
	*(void **)&host.malloc_usable_size = dlsym(program, "malloc_usable_size");
	*(void **)&host.free = dlsym(program, "free");
}

#define EXPORTED __attribute__((visibility("default")))

#define X(result, name, parameters, arguments)                                                                                             \
	EXPORTED result name parameters                                                                                                    \
	{                                                                                                                                  \
		pthread_once(&once, find_host);                                                                                            \
		return host.name ? host.name arguments : NULL;                                                                             \
	}
HEAP(X)
#undef X

EXPORTED int posix_memalign(void **p, size_t align, size_t n)
{
	pthread_once(&once, find_host);
	return host.posix_memalign ? host.posix_memalign(p, align, n) : ENOMEM;
}

EXPORTED size_t malloc_usable_size(void *p)
{
	pthread_once(&once, find_host);
	return host.malloc_usable_size ? host.malloc_usable_size(p) : 0;
}

EXPORTED void free(void *p)
{
	pthread_once(&once, find_host);
	if (host.free)
		host.free(p);
}
