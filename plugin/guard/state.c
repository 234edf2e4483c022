/* The options in force, in the table's terms. What is there is asked of the OPTIONS file, never assumed from a version. */
#include "guard/state.h"
#include "guard/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "7.8.3" -> 70803; 0 if it is not of that form. */
static unsigned version_of(const char *text)
{
	unsigned part[3] = {0}, n = 0;

	for (; text && *text && n < 3; text++) {
		if (*text >= '0' && *text <= '9' && part[n] < 100)
			part[n] = part[n] * 10 + (unsigned)(*text - '0');
		else if (*text == '.')
			n++;
		else
			return 0;
	}
	return part[0] >= 100 || part[1] >= 100 || part[2] >= 100 ? 0 : part[0] * 10000 + part[1] * 100 + part[2];
}

static void value_set(const struct lode_tunable *t, const char *text, struct lode_value *v)
{
	memset(v, 0, sizeof *v);
	/* A text that does not fit could not be put back: as if it were not there. */
	if (!text || strlen(text) >= sizeof v->text)
		return;
	strcpy(v->text, text);
	v->exists = true;
	v->numeric = lode_tunable_read(t, text, &v->value) == 0;
}

static void cache_set(const struct lode_cache *cache, struct lode_value *v)
{
	memset(v, 0, sizeof *v);
	if (!cache || !cache->present || cache->capacity > INT64_MAX)
		return;
	v->exists = cache->resizable;
	v->numeric = true; /* counts in the memory budget even if it cannot be resized */
	v->value = (int64_t)cache->capacity;
	snprintf(v->text, sizeof v->text, "%" PRIu64, cache->capacity);
}

/* Restart options stand in any section; where several families have one, the first family speaks for all. */
static const char *restart_text(const struct lode_options *o, const char *cf, const char *key)
{
	const char *text = lode_options_get(o, LODE_SEC_DB, NULL, key);

	if (!text && cf)
		text = lode_options_get(o, LODE_SEC_CF, cf, key);
	if (!text && cf)
		text = lode_options_get(o, LODE_SEC_TABLE, cf, key);
	return text;
}

static const char *cf_text(const struct lode_options *o, const char *cf, const struct lode_tunable *t)
{
	/* The file has table options in a section of their own, under their plain name. */
	return lode_tunable_is_table(t) ? lode_options_get(o, LODE_SEC_TABLE, cf, t->id) : lode_options_get(o, LODE_SEC_CF, cf, t->key);
}

static int64_t plain_int(const struct lode_options *o, const char *cf, const char *key, int64_t otherwise)
{
	static const struct lode_tunable any = {.kind = LODE_KIND_INT};
	const char *text = lode_options_get(o, LODE_SEC_CF, cf, key);
	int64_t v;

	return text && lode_tunable_read(&any, text, &v) == 0 ? v : otherwise;
}

static void cf_build(const struct lode_options *o, const struct lode_cf *cf, struct lode_cf_state *out)
{
	/* A cut name could be that of another family: such a family is known by number only and has no options that we would touch. */
	bool named = strlen(cf->name) + 1 < sizeof cf->name;
	const char *style = named ? lode_options_get(o, LODE_SEC_CF, cf->name, "compaction_style") : NULL;
	const char *dynamic = named ? lode_options_get(o, LODE_SEC_CF, cf->name, "level_compaction_dynamic_level_bytes") : NULL;

	memset(out, 0, sizeof *out);
	out->cf = *cf;
	for (int i = 0; named && i < lode_tunable_count; i++)
		if (lode_tunables[i].scope == LODE_SCOPE_CF)
			value_set(&lode_tunables[i], cf_text(o, cf->name, &lode_tunables[i]), &out->v[i]);
	out->min_merge = named ? plain_int(o, cf->name, "min_write_buffer_number_to_merge", 1) : 1;
	out->num_levels = named ? plain_int(o, cf->name, "num_levels", 7) : 7;
	out->dynamic_levels = dynamic && !strcmp(dynamic, "true");
	snprintf(out->style, sizeof out->style, "%s", style ? style : "");
}

int lode_state_build(const struct lode_options *o, const struct lode_cf *cfs, size_t ncf, const struct lode_cache *cache,
		     struct lode_state *out, struct lode_err *err)
{
	const char *version = lode_options_get(o, LODE_SEC_VERSION, NULL, "rocksdb_version");

	out->options_number = lode_options_number(o);
	out->version = version_of(version);
	out->ncf = ncf < LODE_CF_MAX ? ncf : LODE_CF_MAX;
	memset(out->db, 0, sizeof out->db);
	memset(out->can, LODE_CAN_ASSUMED, sizeof out->can);
	if (!out->version)
		return lode_err_set(err, EINVAL, "the OPTIONS file names no RocksDB version of the form 7.8.3");
	for (int i = 0; i < lode_tunable_count; i++) {
		const struct lode_tunable *t = &lode_tunables[i];

		if (t->scope == LODE_SCOPE_DB)
			value_set(t, lode_options_get(o, LODE_SEC_DB, NULL, t->key), &out->db[i]);
		else if (t->scope == LODE_SCOPE_RESTART)
			value_set(t, restart_text(o, ncf ? cfs[0].name : NULL, t->key), &out->db[i]);
		else if (t->scope == LODE_SCOPE_CACHE)
			cache_set(cache, &out->db[i]);
	}
	for (size_t i = 0; i < out->ncf; i++)
		cf_build(o, &cfs[i], &out->cf[i]);
	return 0;
}

const struct lode_value *lode_state_value(const struct lode_state *s, int tunable, uint32_t cf)
{
	const struct lode_value *v = NULL;

	if (tunable < 0 || tunable >= lode_tunable_count)
		return NULL;
	if (lode_tunables[tunable].scope != LODE_SCOPE_CF)
		v = &s->db[tunable];
	for (size_t i = 0; !v && i < s->ncf; i++)
		if (s->cf[i].cf.id == cf || cf == LODE_CF_ALL)
			v = &s->cf[i].v[tunable];
	return v && v->exists ? v : NULL;
}

int64_t lode_state_int(const struct lode_state *s, const char *id, uint32_t cf, int64_t otherwise)
{
	const struct lode_value *v = lode_state_value(s, lode_tunable_find(id), cf);

	return v && v->numeric ? v->value : otherwise;
}
