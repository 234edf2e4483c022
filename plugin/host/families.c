/* Column family handles of our own, by id. The application's handles are never used: it may destroy them at any time.
 * A handle keeps a dropped family's files alive, so the list follows the OPTIONS file, which RocksDB rewrites at every create and drop. */
#include "host/calls.h"
#include "host/real_private.h"

#include <errno.h>
#include <string.h>

#define MISSES_MAX 4096u     /* ids without a family in a row, where the OPTIONS file says that there must be more */
#define MISSES_MAX_BLIND 64u /* where there is no OPTIONS file */

static void copy_name(void *ctx, const char *text, size_t len)
{
	char *out = ctx;

	if (len >= LODE_CF_NAME_MAX)
		len = LODE_CF_NAME_MAX - 1;
	memcpy(out, text, len);
	out[len] = '\0';
}

static void *make(struct lode_real *r, uint32_t id)
{
	return lode_call_cf_handle(r->image.sym[SYM_CF_HANDLE], r->db, id);
}

static void destroy(struct lode_real *r, void *handle)
{
	lode_call_delete(r->image.sym[SYM_CF_HANDLE_DELETE], handle);
}

static bool add(struct lode_real *r, uint32_t id, void *handle)
{
	struct lode_families *f = &r->families;
	struct lode_family *new = &f->at[f->n];

	if (f->n == LODE_CF_MAX || lode_call_cf_name(r->image.sym[SYM_CF_HANDLE_NAME], handle, copy_name, new->name)) {
		destroy(r, handle);
		return false;
	}
	new->id = id;
	new->handle = handle;
	f->n++;
	return true;
}

int lode_families_first(struct lode_real *r)
{
	void *handle = make(r, 0);

	if (!handle)
		return -ENOTSUP;
	r->families.total = 1;
	return add(r, 0, handle) ? 0 : -ENOTSUP;
}

/* Lets go of families that are no longer there. An id is never used again. */
static void forget_dropped(struct lode_real *r)
{
	struct lode_families *f = &r->families;
	size_t kept = 1;
	void *probe;

	for (size_t i = 1; i < f->n; i++) {
		probe = make(r, f->at[i].id);
		if (probe) {
			destroy(r, probe);
			f->at[kept++] = f->at[i];
		} else {
			destroy(r, f->at[i].handle);
		}
	}
	f->n = kept;
}

/* Probes upward from the highest known id. want = 0: nobody knows how many there are. */
static void find_new(struct lode_real *r, size_t want)
{
	struct lode_families *f = &r->families;
	unsigned misses_max = want ? MISSES_MAX : MISSES_MAX_BLIND, misses = 0;
	void *handle;

	for (uint32_t id = f->at[f->n - 1].id + 1; misses < misses_max && f->n < LODE_CF_MAX && (!want || f->n < want); id++) {
		handle = make(r, id);
		misses = handle ? 0 : misses + 1;
		if (handle)
			add(r, id, handle);
	}
}

int lode_families_refresh(struct lode_real *r)
{
	struct lode_families *f = &r->families;
	struct lode_options *o;
	int rc = lode_options_load(r->info.path, f->options, &o, NULL);
	size_t want = 0;

	if (rc == -EALREADY)
		return 0;
	if (!rc) {
		want = lode_options_cf_count(o);
		f->options = lode_options_number(o);
		lode_options_free(o);
	}
	forget_dropped(r);
	find_new(r, want);
	f->total = want > f->n ? want : f->n;
	return 0;
}

void lode_families_drop(struct lode_real *r)
{
	lode_families_rest(r);
	r->families.n = 0;
}

void lode_families_rest(struct lode_real *r)
{
	for (size_t i = 0; i < r->families.n; i++) {
		if (r->families.at[i].handle)
			destroy(r, r->families.at[i].handle);
		r->families.at[i].handle = NULL;
	}
}

bool lode_families_wake(struct lode_real *r)
{
	struct lode_families *f = &r->families;
	size_t kept = 0;

	if (f->n && f->at[0].handle)
		return true;
	for (size_t i = 0; i < f->n; i++) {
		f->at[i].handle = make(r, f->at[i].id);
		if (f->at[i].handle)
			f->at[kept++] = f->at[i];
	}
	f->n = kept;
	return f->n > 0;
}

void *lode_families_handle(struct lode_real *r, uint32_t id)
{
	for (size_t i = 0; i < r->families.n; i++) {
		if (r->families.at[i].id == id)
			return r->families.at[i].handle;
	}
	return NULL;
}
