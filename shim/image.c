/* Finds the real functions. dlsym(RTLD_NEXT) knows only the global scope; a RocksDB inside a plugin that was opened with dlopen is found
 * through the address that called us. Every object that turned out to hold a RocksDB gets a row in a fixed table, so that closing a
 * database needs neither memory nor, normally, the loader's lock. */
#include "image.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGES_MAX 16

enum row_state { ROW_FREE, ROW_FILLING, ROW_READY };

static struct {
	_Atomic(int) state;
	struct shim_image image;
} rows[IMAGES_MAX];

/* The loaded object around an address. dladdr would do, too, but it searches all of RocksDB's 15000 symbols for a name that nobody asked
 * for, under the loader's lock. */
static void *object_base(const void *address, const char **path)
{
#if __GLIBC_PREREQ(2, 35)
	struct dl_find_object found;

	if (!address || _dl_find_object((void *)(uintptr_t)address, &found))
		return NULL;
	*path = found.dlfo_link_map->l_name;
	return found.dlfo_map_start;
#else
	Dl_info info;

	if (!address || !dladdr(address, &info))
		return NULL;
	*path = info.dli_fname;
	return info.dli_fbase;
#endif
}

static bool is_ours(const void *function)
{
	const char *path;

	return function && object_base(function, &path) == object_base((const void *)&rows, &path);
}

static const struct shim_image *row_find(const void *base)
{
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		if (atomic_load_explicit(&rows[i].state, memory_order_acquire) == ROW_READY && rows[i].image.base == base)
			return &rows[i].image;
	}
	return NULL;
}

static bool in_global_scope(const void *base)
{
	const char *path;

	return object_base(dlsym(RTLD_DEFAULT, NAME_VTABLE), &path) == base;
}

/* Another preload may stand between us and RocksDB with the same entry points. It is asked first, as it would be without us; but what it
 * exports does not make it a RocksDB: that is the object with DBImpl's vtable, which nobody interposes. Where there is none at all, the
 * agent will say so. */
static bool holds_rocksdb(void *handle, const void *base)
{
	const void *vtable = dlsym(handle, NAME_VTABLE);
	const char *path;

	if (!vtable)
		vtable = dlsym(RTLD_DEFAULT, NAME_VTABLE);
	return !vtable || object_base(vtable, &path) == base;
}

static void *find_real(void *handle, bool global, enum shim_hook hook)
{
	void *f = global ? dlsym(RTLD_NEXT, shim_hook_name[hook]) : NULL;

	if (!f || is_ours(f))
		f = dlsym(handle, shim_hook_name[hook]);
	return is_ours(f) ? NULL : f;
}

/* Two threads may add the same image at once; then it has two equal rows, which harms nobody. */
static const struct shim_image *row_add(void *base, const char *path)
{
	void *handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
	bool global;

	if (!handle)
		return NULL;
	if (!holds_rocksdb(handle, base)) {
		dlclose(handle);
		return NULL;
	}
	global = in_global_scope(base);
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		int expected = ROW_FREE;

		if (!atomic_compare_exchange_strong(&rows[i].state, &expected, ROW_FILLING))
			continue;
		rows[i].image.base = base;
		rows[i].image.handle = handle;
		rows[i].image.path = path;
		for (int h = 0; h < HOOK_N; h++)
			rows[i].image.real[h] = find_real(handle, global, (enum shim_hook)h);
		atomic_store_explicit(&rows[i].state, ROW_READY, memory_order_release);
		return &rows[i].image;
	}
	dlclose(handle);
	return NULL;
}

/* The row of the object that holds `address`, made on the first sight. */
static const struct shim_image *image_of(const void *address)
{
	const char *path = NULL;
	void *base = object_base(address, &path);
	const struct shim_image *image;

	if (!base || !path || !*path)
		return NULL;
	image = row_find(base);
	return image ? image : row_add(base, path);
}

/* Past the table, which may be full: some calls cannot go unanswered. */
static void *look_up(const void *address, enum shim_hook hook)
{
	const char *path = NULL;
	void *handle = object_base(address, &path) && path && *path ? dlopen(path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
	void *f = handle ? dlsym(handle, shim_hook_name[hook]) : NULL;

	return is_ours(f) ? NULL : f; /* the handle stays, and with it the object */
}

void *shim_image_by_caller(enum shim_hook hook, const void *caller, const struct shim_image **image)
{
	void *f = dlsym(RTLD_NEXT, shim_hook_name[hook]);
	const struct shim_image *from;

	if (!f || is_ours(f)) {
		from = image_of(caller);
		f = from ? from->real[hook] : look_up(caller, hook);
	}
	*image = f ? image_of(f) : NULL;
	if (f && !*image) /* somebody else's, in front of the one in the global scope */
		*image = image_of(dlsym(RTLD_DEFAULT, NAME_VTABLE));
	return f;
}

void *shim_image_by_object(enum shim_hook hook, const void *object, const void *caller)
{
	const struct shim_image *image = image_of(*(void *const *)object);

	if (image && image->real[hook])
		return image->real[hook];
	return shim_image_by_caller(hook, caller, &image);
}
