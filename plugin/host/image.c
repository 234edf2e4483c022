/* Images of RocksDB: which one an object belongs to, what it has of the functions that we use, and whether it is as its version says. */
#include "host/image.h"
#include "host/calls.h"
#include "host/names.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const struct row {
	const char *name;
	const char *what; /* NULL: can be done without */
} table[SYM_N] = {
#define ROW(which, name, what) [which] = {name, what},
    LODE_IMAGE_NAMES(ROW)
#undef ROW
};

bool lode_image_parse_version(const char *text, unsigned *major, unsigned *minor)
{
	unsigned part[2] = {0, 0};

	*major = *minor = 0;
	for (int i = 0; i < 2; i++) {
		if (*text < '0' || *text > '9')
			return false;
		while (*text >= '0' && *text <= '9' && part[i] < 10000)
			part[i] = part[i] * 10 + (unsigned)(*text++ - '0');
		if (*text++ != '.')
			return false;
	}
	*major = part[0];
	*minor = part[1];
	return true;
}

/* ---- which image, and what is in it ---- */

static void *linked_symbol(const char *name)
{
	const struct lode_linked *l = lode_linked;

	while (l && l->name && strcmp(l->name, name))
		l++;
	return l && l->name && lode_linked_ours(l->address) ? (void *)(uintptr_t)l->address : NULL;
}

bool lode_image_is_linked(const void *handle)
{
	return handle && handle == lode_linked;
}

void *lode_image_symbol(void *handle, const char *name)
{
	return lode_image_is_linked(handle) ? linked_symbol(name) : dlsym(handle, name);
}

const char *lode_image_name(void *handle, const void *address)
{
	Dl_info info;

	if (!lode_image_is_linked(handle))
		return dladdr(address, &info) && info.dli_sname && info.dli_saddr == address ? info.dli_sname : NULL;
	for (const struct lode_linked *l = lode_linked; l->name && address; l++)
		if (l->address == address)
			return l->name;
	return NULL;
}

static void *loaded_around(const void *address)
{
	Dl_info info;

	return address && dladdr(address, &info) && info.dli_fname ? dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : NULL;
}

void *lode_image_around(const void *vptr)
{
	const char *vtable = table[SYM_DB_VTABLE].name;
	void *linked = linked_symbol(vtable), *handle = loaded_around(vptr), *exported = handle ? dlsym(handle, vtable) : NULL;

	if (exported && (!linked || exported == linked || !lode_linked_ours(vptr)))
		return handle; /* stays: databases of this image will follow */
	if (handle)
		dlclose(handle);
	if (linked && lode_linked_ours(vptr))
		return (void *)(uintptr_t)lode_linked;
	handle = loaded_around(dlsym(RTLD_DEFAULT, vtable));
	return handle || !linked ? handle : (void *)(uintptr_t)lode_linked;
}

/* ---- what it is ---- */

/* A program that uses this variable by name has its own copy of it (a copy relocation), and the one in the image stays empty for ever. */
static void *histogram_names(void *in_image)
{
	if (!in_image || lode_call_names_filled(in_image))
		return in_image;
	in_image = dlsym(RTLD_DEFAULT, table[SYM_HISTOGRAM_NAMES].name);
	return in_image && lode_call_names_filled(in_image) ? in_image : NULL;
}

static const char *has_no(const void *handle)
{
	return lode_image_is_linked(handle) ? "has no" : "does not export";
}

/* Is the image as RocksDB of its version is? The functions whose form the row names must be there in that form and in no other. A version
 * that is not named may have any form of Open: it is not called, only interposed. */
static int check_row(const struct lode_image *image, struct lode_err *err)
{
	const char *has = has_no(image->handle);
	static const enum lode_symbol open[] = {
	    [LODE_OPEN_PLAIN] = SYM_OPEN_PLAIN, [LODE_OPEN_RETRY] = SYM_OPEN_RETRY, [LODE_OPEN_UNIQUE] = SYM_OPEN_UNIQUE};
	static const enum lode_symbol set[] = {[LODE_SET_ONE] = SYM_SET_OPTIONS, [LODE_SET_MANY] = SYM_SET_OPTIONS_MULTI};
	const struct lode_version *row = image->row;

	if (!image->sym[SYM_SET_OPTIONS] && !image->sym[SYM_SET_OPTIONS_MULTI])
		return lode_err_set(err, ENOTSUP, "this RocksDB %s DB::SetOptions", has);
	if (!image->version[0])
		return 0;
	if (!image->sym[open[row->open]])
		return lode_err_set(err, ENOTSUP, "RocksDB %s %s DBImpl::Open in the form of %s", image->version, has, row->name);
	if (!image->sym[set[row->set]])
		return lode_err_set(err, ENOTSUP, "RocksDB %s %s DB::SetOptions in the form of %s", image->version, has, row->name);
	return 0;
}

int lode_image_resolve(void *handle, struct lode_image *out, struct lode_err *err)
{
	memset(out, 0, sizeof(*out));
	out->handle = handle;
	for (int i = 0; i < SYM_N; i++) {
		out->sym[i] = lode_image_symbol(handle, table[i].name);
		if (!out->sym[i] && table[i].what)
			return lode_err_set(err, ENOTSUP, "this RocksDB %s %s", has_no(handle), table[i].what);
	}
	out->sym[SYM_HISTOGRAM_NAMES] = histogram_names(out->sym[SYM_HISTOGRAM_NAMES]);
	if (out->sym[SYM_VERSION])
		lode_call_version(out->sym[SYM_VERSION], out->version, sizeof(out->version));
	if (!lode_image_parse_version(out->version, &out->major, &out->minor))
		out->version[0] = '\0';
	out->row = lode_version_find(out->major, out->minor, &out->newer, err);
	return out->row ? check_row(out, err) : -ENOTSUP;
}

const void *lode_image_vptr(const struct lode_image *image, enum lode_symbol vtable)
{
	/* Itanium C++ ABI: two words (offset to top, type info) stand before the first function. */
	return image->sym[vtable] ? (const char *)image->sym[vtable] + 2 * sizeof(void *) : NULL;
}

void *lode_image_global(enum lode_symbol symbol)
{
	return dlsym(RTLD_DEFAULT, table[symbol].name);
}
