/* Which RocksDB does a caught call belong to, and where is the function that it would have reached without us? */
#ifndef SHIM_IMAGE_H
#define SHIM_IMAGE_H

#include "hooks.h"

/* One loaded object that holds a RocksDB. Never freed, never changed once it can be seen. */
struct shim_image {
	void *base;	    /* where it is mapped: its identity */
	void *handle;	    /* for dlsym; keeps the object loaded */
	const char *path;   /* as the dynamic linker knows it */
	void *real[HOOK_N]; /* NULL: this RocksDB does not have it */
};

/* The real function behind a hook that was called from `caller` (a return address), as the dynamic linker would have found it.
 * *image is the object that holds it, or NULL when it cannot be described; then the call can be forwarded and nothing else. */
void *shim_image_by_caller(enum shim_hook hook, const void *caller, const struct shim_image **image);
/* The same for a method: the object's own vtable says which RocksDB made it; the caller is asked only when that does not help. */
void *shim_image_by_object(enum shim_hook hook, const void *object, const void *caller);

#endif
