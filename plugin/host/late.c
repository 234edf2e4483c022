/* A database that is open already, given by its owner: everything that the shim sees at an open is asked of the database itself. */
#include "host/calls.h"
#include "host/closing.h"
#include "host/probe.h"
#include "host/real.h"
#include "host/real_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SLOTS_MAX 256 /* of a DB's vtable: about 130 to 170 */

/* GetRootDB is inline: the copy that a vtable holds may be this image's or one that the application exports in front of it. */
static void *root_method(const struct lode_image *image, const void *vptr)
{
	void *slots[SLOTS_MAX], *global = lode_image_global(SYM_ROOT_DB);
	size_t n = lode_probe_read_some(vptr, slots, sizeof(slots)) / sizeof(void *);

	for (size_t i = 0; i < n && slots[i]; i++)
		if (slots[i] == image->sym[SYM_ROOT_DB] || slots[i] == global)
			return slots[i];
	return NULL;
}

/* The vtable pointer of an object's class; NULL: this is no object. */
static const void *class_of(const void *object)
{
	void *vptr;

	if ((uintptr_t)object < 4096 || (uintptr_t)object % sizeof(void *) || !lode_probe_read(object, &vptr, sizeof(vptr)))
		return NULL;
	return lode_watch_class(vptr);
}

static int find_root(const struct lode_image *image, void *db, const void *vptr, void **root, struct lode_err *err)
{
	const void *plain = lode_image_vptr(image, SYM_DB_VTABLE);
	void *method;

	*root = db;
	if (vptr == plain)
		return 0;
	method = root_method(image, vptr);
	if (!method || lode_call_root_db(method, db, root) || class_of(*root) != plain)
		return lode_err_set(err, ENOTSUP, "the database is neither a plain rocksdb::DBImpl nor a wrapper around one (read-only and secondary instances are not tuned)");
	return 0;
}

struct late {
	struct lode_open open;
	char path[PATH_MAX];
	struct lode_host **out;
	struct lode_err *err;
	const struct lode_image *image;
	int rc;
};

static void take_name(void *ctx, const char *text, size_t len)
{
	struct late *l = ctx;

	if (len < sizeof(l->path))
		snprintf(l->path, sizeof(l->path), "%s", text);
}

static void with_descriptor(void *ctx, const void *descriptors)
{
	struct late *l = ctx;

	l->open.cf_descriptors = descriptors;
	l->rc = lode_host_real_new(&l->open, l->out, l->err);
}

static void with_options(void *ctx, const void *db_options)
{
	struct late *l = ctx;
	void *const *sym = l->image->sym;
	void *family = lode_call_cf_handle(sym[SYM_CF_HANDLE], l->open.db, 0);

	l->open.db_options = db_options;
	if (family && sym[SYM_CF_DESCRIPTOR] && sym[SYM_CF_OPTIONS_NEW] && sym[SYM_CF_OPTIONS_DELETE])
		lode_call_descriptor(sym[SYM_CF_DESCRIPTOR], sym[SYM_CF_OPTIONS_NEW], sym[SYM_CF_OPTIONS_DELETE], family, with_descriptor, l);
	if (family)
		lode_call_delete(sym[SYM_CF_HANDLE_DELETE], family);
	if (!l->open.cf_descriptors) /* without a sight of the block cache */
		l->rc = lode_host_real_new(&l->open, l->out, l->err);
}

int lode_host_find(void *db, struct lode_image *image, void **root, struct lode_err *err)
{
	const void *vptr = class_of(db);
	void *handle;

	*root = NULL;
	if (!vptr)
		return lode_err_set(err, EINVAL, "this is no database: its memory cannot be read");
	handle = lode_image_around(vptr);
	if (!handle)
		return lode_err_set(err, ENOTSUP, "no RocksDB that exports its functions was found in this process; where it is linked in statically, link liblodestone-static.a");
	return lode_image_resolve(handle, image, err) || find_root(image, db, vptr, root, err) ? -ENOTSUP : 0;
}

int lode_host_real_root(void *db, void **root, struct lode_err *err)
{
	struct lode_image image;

	return lode_host_find(db, &image, root, err);
}

int lode_host_real_late(void *db, struct lode_host **out, struct lode_err *err)
{
	struct late l = {.out = out, .err = err, .rc = -ENOTSUP};
	struct lode_image image;
	int rc;

	*out = NULL;
	rc = lode_host_find(db, &image, &l.open.db, err);
	if (rc)
		return rc;
	l.open.image = image.handle;
	if (!image.sym[SYM_DB_NAME] || lode_call_db_name(image.sym[SYM_DB_NAME], l.open.db, take_name, &l) || !l.path[0])
		return lode_err_set(err, ENOTSUP, "this RocksDB does not say where the database is");
	l.image = &image;
	l.open.path = l.path;
	if (!image.sym[SYM_DB_OPTIONS] || !image.sym[SYM_DB_OPTIONS_DELETE])
		return lode_err_set(err, ENOTSUP, "this RocksDB does not export DB::GetDBOptions");
	lode_err_set(err, ENOTSUP, "the options of the database could not be read");
	lode_call_db_options(image.sym[SYM_DB_OPTIONS], image.sym[SYM_DB_OPTIONS_DELETE], l.open.db, with_options, &l);
	if (l.rc == 0) {
		lode_alive_begin((struct lode_real *)*out);
		lode_host_real_rest(*out);
	}
	return l.rc; /* where lode_host_real_new refused, it has said why */
}
