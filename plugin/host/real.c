/* The real host: its life between open and close, and the operations of struct lode_host_ops, each inside the gate. */
#include "host/probe.h"
#include "host/real.h"
#include "base/fs.h"
#include "host/calls.h"
#include "host/capability.h"
#include "host/closing.h"
#include "host/real_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lode_real *real_of(struct lode_host *h)
{
	return (struct lode_real *)h;
}

/* Undone by lode_gate_leave. */
static bool go_in(struct lode_real *r)
{
	if (!lode_gate_enter(&r->gate))
		return false;
	if (lode_alive_look(r) && lode_families_wake(r))
		return true;
	lode_gate_leave(&r->gate);
	return false;
}

/* Enters the gate and finds the family. */
static int enter(struct lode_real *r, uint32_t cf, void **handle)
{
	if (!go_in(r))
		return -ESHUTDOWN;
	*handle = lode_families_handle(r, cf);
	if (*handle)
		return 0;
	lode_gate_leave(&r->gate);
	return -ENOENT;
}

static const struct lode_host_info *real_info(struct lode_host *h)
{
	return &real_of(h)->info;
}

static int real_column_families(struct lode_host *h, struct lode_cf *out, size_t cap, size_t *n)
{
	struct lode_real *r = real_of(h);
	int rc;

	if (!go_in(r))
		return -ESHUTDOWN;
	rc = lode_families_refresh(r);
	for (size_t i = 0; !rc && i < r->families.n && i < cap; i++) {
		out[i].id = r->families.at[i].id;
		memcpy(out[i].name, r->families.at[i].name, sizeof(out[i].name));
	}
	*n = r->families.total;
	lode_gate_leave(&r->gate);
	return rc;
}

static int real_int_property(struct lode_host *h, uint32_t cf, const char *name, uint64_t *out)
{
	struct lode_real *r = real_of(h);
	void *handle;
	int rc = enter(r, cf, &handle);

	if (rc)
		return rc;
	rc = lode_call_int_property(r->image.sym[SYM_GET_INT_PROPERTY], r->db, handle, name, out);
	lode_gate_leave(&r->gate);
	return rc;
}

static int real_map_property(struct lode_host *h, uint32_t cf, const char *name, lode_kv_fn *fn, void *ctx)
{
	struct lode_real *r = real_of(h);
	void *handle;
	int rc = enter(r, cf, &handle);

	if (rc)
		return rc;
	rc = -ENOENT;
	if (r->image.sym[SYM_GET_MAP_PROPERTY])
		rc = lode_call_map_property(r->image.sym[SYM_GET_MAP_PROPERTY], r->db, handle, name, fn, ctx);
	lode_gate_leave(&r->gate);
	return rc;
}

static int real_statistics(struct lode_host *h, lode_stat_fn *fn, void *ctx)
{
	struct lode_real *r = real_of(h);
	int rc;

	if (!go_in(r))
		return -ESHUTDOWN;
	rc = lode_statistics_read(r, fn, ctx);
	lode_gate_leave(&r->gate);
	return rc;
}

static int real_histogram(struct lode_host *h, const char *name, struct lode_hist *out)
{
	struct lode_real *r = real_of(h);
	int rc;

	if (!go_in(r))
		return -ESHUTDOWN;
	rc = lode_statistics_histogram(r, name, out);
	lode_gate_leave(&r->gate);
	return rc;
}

static int real_statistics_level(struct lode_host *h, bool timers)
{
	struct lode_real *r = real_of(h);
	int rc;

	if (!go_in(r))
		return -ESHUTDOWN;
	rc = lode_stats_level_set(r, timers);
	lode_gate_leave(&r->gate);
	return rc;
}

/* Reads files, touches no database: not inside the gate, so that a slow disk does not keep the host from closing. */
static int real_options(struct lode_host *h, uint64_t have, struct lode_options **out, struct lode_err *err)
{
	struct lode_real *r = real_of(h);

	int rc;

	*out = NULL;
	if (lode_gate_is_shut(&r->gate))
		return lode_err_set(err, ESHUTDOWN, "the database is closing");
	rc = lode_options_load(r->info.path, have, out, err);
	if (rc || lode_options_number(*out) > r->oldest_options)
		return rc;
	lode_options_free(*out);
	*out = NULL;
	return lode_err_set(err, ESTALE, "RocksDB could not write an OPTIONS file since the database was opened: the options in force are unknown");
}

static int real_cache(struct lode_host *h, struct lode_cache *out)
{
	struct lode_real *r = real_of(h);
	int rc;

	if (!go_in(r))
		return -ESHUTDOWN;
	rc = lode_block_cache_read(r, out);
	lode_gate_leave(&r->gate);
	return rc;
}

static int enter_to_write(struct lode_real *r, uint32_t cf, void **handle, struct lode_nudge *nudge, struct lode_err *err)
{
	int rc = enter(r, cf, handle);

	if (rc == -ESHUTDOWN)
		return lode_err_set(err, ESHUTDOWN, "the database is closing");
	if (rc)
		return lode_err_set(err, ENOENT, "there is no column family %u", cf);
	rc = lode_nudge_start(nudge, r, err);
	if (rc)
		lode_gate_leave(&r->gate);
	return rc;
}

static int real_set_cf_options(struct lode_host *h, uint32_t cf, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	struct lode_real *r = real_of(h);
	struct lode_nudge nudge;
	void *handle;
	int rc = enter_to_write(r, cf, &handle, &nudge, err);

	if (rc)
		return rc;
	if (r->image.sym[SYM_SET_OPTIONS])
		rc = lode_call_set_options(r->image.sym[SYM_SET_OPTIONS], r->db, handle, kv, n, err);
	else if (r->image.sym[SYM_SET_OPTIONS_MULTI])
		rc = lode_call_set_options_multi(r->image.sym[SYM_SET_OPTIONS_MULTI], r->db, handle, kv, n, err);
	else
		rc = lode_err_set(err, ENOTSUP, "%s", r->info.why_limited);
	lode_nudge_stop(&nudge);
	lode_gate_leave(&r->gate);
	return rc;
}

static int real_set_db_options(struct lode_host *h, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	struct lode_real *r = real_of(h);
	struct lode_nudge nudge;
	void *handle;
	int rc;

	if (!r->image.sym[SYM_SET_DB_OPTIONS])
		return lode_err_set(err, ENOTSUP, "this RocksDB does not export DB::SetDBOptions");
	rc = enter_to_write(r, 0, &handle, &nudge, err);
	if (rc)
		return rc;
	rc = lode_call_set_db_options(r->image.sym[SYM_SET_DB_OPTIONS], r->db, kv, n, err);
	lode_nudge_stop(&nudge);
	lode_gate_leave(&r->gate);
	return rc;
}

static int real_set_cache_capacity(struct lode_host *h, uint64_t bytes, struct lode_err *err)
{
	struct lode_real *r = real_of(h);
	int rc;

	if (!go_in(r))
		return lode_err_set(err, ESHUTDOWN, "the database is closing");
	rc = lode_block_cache_resize(r, bytes, err);
	lode_gate_leave(&r->gate);
	return rc;
}

/* A Status that we would misread is never asked for: every write is refused from now on. */
static void withdraw_writes(struct lode_real *r)
{
	r->image.sym[SYM_SET_OPTIONS] = r->image.sym[SYM_SET_OPTIONS_MULTI] = r->image.sym[SYM_SET_DB_OPTIONS] = NULL;
	r->info.why_limited = "rocksdb::Status has another layout than in any known version: options are never written";
}

/* Touches no database: not inside the gate, so that it never keeps the host from closing. */
static int real_changeable(struct lode_host *h, enum lode_scope scope, const char *key, const char *value)
{
	struct lode_real *r = real_of(h);
	const char *why;

	if (lode_gate_is_shut(&r->gate))
		return -ESHUTDOWN;
	if (!r->asked) {
		r->asked = true;
		r->scratch = lode_scratch_new(&r->image, &why);
		if (!r->scratch && lode_status_fits(&r->image) == 0)
			withdraw_writes(r);
	}
	return r->scratch ? lode_scratch_ask(r->scratch, scope, key, value) : -ENOTSUP;
}

static const struct lode_host_ops real_ops = {
    .info = real_info,
    .column_families = real_column_families,
    .int_property = real_int_property,
    .map_property = real_map_property,
    .statistics = real_statistics,
    .histogram = real_histogram,
    .statistics_level = real_statistics_level,
    .options = real_options,
    .cache = real_cache,
    .changeable = real_changeable,
    .set_cf_options = real_set_cf_options,
    .set_db_options = real_set_db_options,
    .set_cache_capacity = real_set_cache_capacity,
};

static void nothing(void *ctx, const char *text, size_t len)
{
	(void)ctx, (void)text, (void)len;
}

/* The first of these that holds is what status and doctor tell. */
static const char *limits(const struct lode_real *r)
{
	if (!r->info.has_statistics)
		return "the database has no Statistics: service times and cache hits are unknown";
	if (!r->statistics)
		return "the Statistics are of an unknown class: no service time distribution";
	if (!r->cache.object)
		return "the block cache could not be found: it is not watched or resized";
	if (!r->cache.set_capacity)
		return r->cache.why_fixed;
	if (!r->image.sym[SYM_SET_DB_OPTIONS])
		return "this RocksDB does not export DB::SetDBOptions";
	return NULL;
}

/* Opening a database writes a new MANIFEST and then the OPTIONS file, numbered in one sequence: an OPTIONS file with a lower number than the
 * MANIFEST is that of an earlier life, left because this one could not write its own. 0: unknown. */
static uint64_t manifest_number(const char *path)
{
	char file[PATH_MAX + 16];
	struct lode_buf text;
	uint64_t n = 0;

	lode_buf_init(&text, 4096);
	snprintf(file, sizeof(file), "%s/CURRENT", path);
	if (lode_fs_read(file, &text) == 0 && strncmp(lode_buf_str(&text), "MANIFEST-", 9) == 0)
		n = strtoull(lode_buf_str(&text) + 9, NULL, 10);
	lode_buf_fini(&text);
	return n;
}

static int describe(struct lode_real *r, const struct lode_open *open, struct lode_err *err)
{
	char path[PATH_MAX];

	if (!realpath(open->path, path))
		return lode_err_set(err, ENOTSUP, "the database directory is not a local one: %s", strerrordesc_np(errno));
	snprintf(r->info.path, sizeof(r->info.path), "%s", path);
	r->oldest_options = manifest_number(path);
	snprintf(r->info.version, sizeof(r->info.version), "%s", r->image.version);
	r->info.row = r->image.row->name;
	r->info.newer = r->image.newer;
	r->info.hazards = r->image.row->hazards;
	if (lode_watch_class(*(void *const *)open->db) != lode_image_vptr(&r->image, SYM_DB_VTABLE))
		return lode_err_set(err, ENOTSUP, "the database is not a plain rocksdb::DBImpl");
	if (lode_families_first(r))
		return lode_err_set(err, ENOTSUP, "RocksDB gave no handle of the default column family");
	r->statistics = lode_statistics_find(&r->image, open->db_options);
	r->info.has_statistics = lode_call_property(r->image.sym[SYM_GET_PROPERTY], r->db, r->families.at[0].handle,
						    "rocksdb.options-statistics", nothing, NULL) == 0;
	r->info.statistics_ours = open->statistics_ours;
	r->info.has_timers = r->info.has_statistics;
	lode_block_cache_find(r, open->cf_descriptors);
	r->info.why_limited = limits(r);
	return 0;
}

int lode_host_real_new(const struct lode_open *open, struct lode_host **out, struct lode_err *err)
{
	struct lode_real *r = calloc(1, sizeof(*r));
	int rc;

	*out = NULL;
	if (!r)
		return lode_err_set(err, ENOMEM, "out of memory");
	r->host.ops = &real_ops;
	r->db = open->db;
	rc = lode_probe_works() ? lode_image_resolve(open->image, &r->image, err)
				: lode_err_set(err, ENOTSUP, "this process may not read its own memory (process_vm_readv and /proc/self/mem are refused), "
								"so nothing can be verified");
	if (!rc)
		rc = describe(r, open, err);
	if (rc) {
		lode_host_real_close(&r->host);
		lode_host_real_free(&r->host);
		return rc;
	}
	*out = &r->host;
	return 0;
}

void lode_host_real_close(struct lode_host *h)
{
	struct lode_real *r = real_of(h);

	lode_gate_shut(&r->gate);
	if (lode_alive_same(r))
		lode_families_drop(r);
}

void lode_host_real_orphan(struct lode_host *h)
{
	lode_families_drop(real_of(h));
}

void lode_host_real_free(struct lode_host *h)
{
	if (h)
		lode_scratch_free(real_of(h)->scratch);
	free(h ? real_of(h) : NULL);
}
