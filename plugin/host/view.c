/* One look at what a database holds, in the terms of what can be written to it. */
#include "host/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int lode_view_open(struct lode_view *v, struct lode_host *h, const struct lode_write *w, size_t n, struct lode_err *err)
{
	bool options = false, cache = false;
	int rc = 0;

	memset(v, 0, sizeof(*v));
	v->h = h;
	for (size_t i = 0; i < n; i++) {
		cache |= w[i].scope == LODE_SCOPE_CACHE;
		options |= w[i].scope == LODE_SCOPE_DB || w[i].scope == LODE_SCOPE_CF;
	}
	if (options) {
		rc = h->ops->options(h, 0, &v->options, err);
		if (!rc)
			rc = h->ops->column_families(h, v->families, LODE_CF_MAX, &v->family_n);
		if (rc && (!err || !err->code))
			lode_err_set(err, -rc, "cannot read the options in force: %s", strerrordesc_np(-rc));
	}
	if (!rc && cache) {
		rc = h->ops->cache(h, &v->cache);
		if (rc)
			lode_err_set(err, -rc, "cannot read the block cache: %s", strerrordesc_np(-rc));
	}
	return rc;
}

void lode_view_close(struct lode_view *v)
{
	lode_options_free(v->options);
}

/* The name under which the OPTIONS file knows a family. struct lode_cf cuts long ones: then the only one that begins so. */
static const char *family_name(const struct lode_view *v, uint32_t cf)
{
	size_t known = v->family_n < LODE_CF_MAX ? v->family_n : LODE_CF_MAX;
	const char *found = NULL, *name;
	size_t len;

	for (size_t i = 0; i < known; i++) {
		if (v->families[i].id != cf)
			continue;
		len = strlen(v->families[i].name);
		if (len < LODE_CF_NAME_MAX - 1)
			return v->families[i].name;
		for (size_t j = 0; j < lode_options_cf_count(v->options); j++) {
			name = lode_options_cf_name(v->options, j);
			if (strncmp(name, v->families[i].name, len) != 0)
				continue;
			if (found)
				return NULL;
			found = name;
		}
	}
	return found;
}

/* The table's options stand in a section of their own; SetOptions reaches them by these prefixes. */
static const char *table_key(const char *key)
{
	static const char *const prefix[] = {"block_based_table_factory.", "table_factory."};

	for (size_t i = 0; i < sizeof(prefix) / sizeof(*prefix); i++) {
		if (strncmp(key, prefix[i], strlen(prefix[i])) == 0)
			return key + strlen(prefix[i]);
	}
	return NULL;
}

const char *lode_view_get(const struct lode_view *v, const struct lode_write *w, char scratch[24])
{
	const char *cf, *table;

	switch (w->scope) {
	case LODE_SCOPE_DB:
		return lode_options_get(v->options, LODE_SEC_DB, NULL, w->key);
	case LODE_SCOPE_CF:
		cf = family_name(v, w->cf);
		table = table_key(w->key);
		if (!cf)
			return NULL;
		return table ? lode_options_get(v->options, LODE_SEC_TABLE, cf, table)
			     : lode_options_get(v->options, LODE_SEC_CF, cf, w->key);
	case LODE_SCOPE_CACHE:
		if (!v->cache.present)
			return NULL;
		snprintf(scratch, 24, "%" PRIu64, v->cache.capacity);
		return scratch;
	case LODE_SCOPE_RESTART:
		break;
	}
	return NULL;
}

int lode_view_missing(const struct lode_write *w, struct lode_err *err)
{
	if (w->scope == LODE_SCOPE_CACHE)
		return lode_err_set(err, ENOENT, "there is no block cache that can be reached");
	if (w->scope == LODE_SCOPE_CF)
		return lode_err_set(err, ENOENT, "column family %u has no option %s", w->cf, w->key);
	return lode_err_set(err, ENOENT, "the database has no option %s", w->key);
}

int lode_host_read_back(struct lode_host *h, struct lode_write *w, size_t n, struct lode_err *err)
{
	char scratch[24];
	const char *value;
	struct lode_view v;
	int rc = lode_view_open(&v, h, w, n, err);

	for (size_t i = 0; i < n && !rc; i++) {
		value = lode_view_get(&v, &w[i], scratch);
		if (!value)
			rc = lode_view_missing(&w[i], err);
		else if (strlen(value) >= LODE_VALUE_MAX)
			rc = lode_err_set(err, E2BIG, "the value of %s is too long to be kept", w[i].key);
		else
			strcpy(w[i].value, value);
	}
	lode_view_close(&v);
	return rc;
}
