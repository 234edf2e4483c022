// What the test programs share: a check that names itself when it fails, and the way to the stand-in agent.
#ifndef LODE_TEST_CHECK_H
#define LODE_TEST_CHECK_H

#include "standin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(x)                                                                                                                           \
	do {                                                                                                                               \
		if (!(x)) {                                                                                                                \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #x);                                                  \
			exit(1);                                                                                                           \
		}                                                                                                                          \
	} while (0)

// NULL when the stand-in is not loaded (yet): the preload loads it at the first open.
static inline const struct standin_api *standin(void)
{
	const char *path = getenv("LODE_TEST_AGENT");
	void *lib = path ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : NULL;
	const struct standin_api *(*get)(void) = lib ? (const struct standin_api *(*)(void))dlsym(lib, "lodestone_test") : NULL;

	return get ? get() : NULL;
}

#endif
