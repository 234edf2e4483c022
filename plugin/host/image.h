/* What one RocksDB image offers: its version and the functions that were found in it, by mangled name. A plain value; every open database
 * holds its own, so that databases of different RocksDB builds live side by side in one process. */
#ifndef LODE_HOST_IMAGE_H
#define LODE_HOST_IMAGE_H

#include "host/versions.h"

#include <stdbool.h>

enum lode_symbol {
	SYM_DB_VTABLE,
	SYM_GET_INT_PROPERTY,
	SYM_GET_PROPERTY,
	SYM_GET_MAP_PROPERTY,
	SYM_CF_HANDLE,
	SYM_CF_HANDLE_DELETE,
	SYM_CF_HANDLE_NAME,
	SYM_SET_OPTIONS,
	SYM_SET_OPTIONS_MULTI,
	SYM_SET_DB_OPTIONS,
	SYM_DISABLE_DELETIONS,
	SYM_ENABLE_DELETIONS, /* with `force`: up to 8.11, and nobody needs it later */
	SYM_VERSION,
	SYM_STATS_VTABLE,
	SYM_STATS_CREATE,
	SYM_HISTOGRAM_STRING,
	SYM_HISTOGRAM_NAMES,
	SYM_RECORD_TICK,
	SYM_RECORD_VALUE,
	SYM_TICKER_COUNT,
	SYM_TABLE_VTABLE,
	SYM_TABLE_OPTIONS_PTR,
	SYM_CF_OPTIONS_NEW,
	SYM_CF_OPTIONS_DELETE,
	SYM_CONFIG_NEW,
	SYM_CONFIG_DELETE,
	SYM_MUTABLE_DB_NEW,
	SYM_PARSE_CF,
	SYM_PARSE_DB,
	SYM_ROOT_DB, /* from here to SYM_CF_DESCRIPTOR: late.c */
	SYM_DB_NAME,
	SYM_DB_OPTIONS,
	SYM_DB_OPTIONS_DELETE,
	SYM_CF_DESCRIPTOR,
	SYM_DB_SESSION, /* alive.c */
	SYM_DB_CLOSE, /* these three: closing.c */
	SYM_DB_D0,
	SYM_DB_D1,
	SYM_OPEN_PLAIN,
	SYM_OPEN_RETRY,
	SYM_OPEN_UNIQUE,
	SYM_C_OPTIONS_CREATE,
	SYM_C_OPTIONS_DESTROY,
	SYM_C_ENABLE_STATISTICS,
	SYM_N
};

struct lode_image {
	void *handle; /* of dlopen, or what lode_image_around returned */
	char version[32];      /* "7.8.3", or "" when this RocksDB does not say */
	unsigned major, minor; /* 0.0 when unknown */
	const struct lode_version *row; /* never NULL once resolved */
	bool newer;	       /* it is newer than any version that was checked: every check passed all the same */
	void *sym[SYM_N];      /* NULL: not in this image */
};

/* What the linker has bound, up to a row without a name (whose address is a mark for the doctor); and whether an address is inside the executable or library that we are part of. Both NULL unless
 * linked.c is part of it, too, which a weak reference alone would not pull out of an archive. */
#ifdef LODE_STATIC
#define LODE_IF_LINKED __attribute__((visibility("hidden")))
#else
#define LODE_IF_LINKED __attribute__((weak, visibility("hidden")))
#endif
struct lode_linked {
	const char *name;
	const char *address; /* NULL: there is none */
};
extern const struct lode_linked lode_linked[] LODE_IF_LINKED;
extern bool lode_linked_ours(const void *address) LODE_IF_LINKED;

/* The image whose code an object runs, by its vtable pointer: the loaded object around the vtable, or the RocksDB that is linked to us where that
 * exports nothing, or, where a class of the application's own wraps it, the process's. A handle for lode_image_resolve, for ever; NULL: none is found. */
void *lode_image_around(const void *vptr);
bool lode_image_is_linked(const void *handle);
/* The address of a name in an image, of those in names.h; of any where the loader knows the image. NULL: it has none. */
void *lode_image_symbol(void *handle, const char *name);
/* The other way round: the name of exactly this address, or NULL. */
const char *lode_image_name(void *handle, const void *address);

/* Resolves everything, finds the row and checks it against what the image exports. -ENOTSUP says what is missing although nothing works
 * without it, or where the image is not as its version says. */
int lode_image_resolve(void *handle, struct lode_image *out, struct lode_err *err);
/* The value of an object's first word if it is of the class whose vtable symbol this is; NULL if the image has no such symbol. */
const void *lode_image_vptr(const struct lode_image *image, enum lode_symbol vtable);
/* What a call of this function by name would reach in this process: the image's, or one that stands in front of it. NULL: nothing. */
void *lode_image_global(enum lode_symbol symbol);
/* "7.8.3" -> 7, 8. Returns false, and 0 and 0, for anything else. */
bool lode_image_parse_version(const char *text, unsigned *major, unsigned *minor);

#endif
