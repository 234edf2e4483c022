/* What a sample leaves out because it is seldom wanted. Map properties again: the text forms reset what others read. */
#include "sense/detail.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A number as RocksDB prints it, "12.500000", with the point of whatever locale the host has. NAN: it is none. */
static double number(const char *s)
{
	double v = 0, unit = 1;

	if (*s < '0' || *s > '9')
		return NAN;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (*s - '0');
	if (*s == '.' || *s == ',')
		for (s++; *s >= '0' && *s <= '9' && unit > 1e-9; s++)
			v += (*s - '0') * (unit /= 10);
	return v;
}

static uint64_t count(const char *s)
{
	double v = number(s);

	return v > 0 && v < 1e18 ? (uint64_t)v : 0;
}

static const struct {
	const char *name;
	size_t offset;
} level_rows[] = {
#define ROW(name, field) {"." name, offsetof(struct lode_detail_level, field)}
    ROW("Score", score),     ROW("ReadGB", read_gb),  ROW("WriteGB", write_gb), ROW("MovedGB", moved_gb),     ROW("WriteAmp", write_amp),
    ROW("CompSec", seconds), ROW("CompCount", count), ROW("KeyIn", keys_in),    ROW("KeyDrop", keys_dropped),
#undef ROW
};

static void on_level(struct lode_detail_cf *cf, const char *key, const char *value)
{
	unsigned level = 0;

	if (*key < '0' || *key > '9')
		return;
	for (; *key >= '0' && *key <= '9' && level < 100; key++)
		level = level * 10 + (unsigned)(*key - '0');
	for (size_t i = 0; level < LODE_LEVEL_MAX && i < COUNT(level_rows); i++)
		if (!strcmp(key, level_rows[i].name)) {
			*(double *)(void *)((char *)&cf->level[level] + level_rows[i].offset) = number(value);
			if (level + 1 > cf->levels)
				cf->levels = level + 1;
		}
}

static void on_cfstats(void *ctx, const char *key, const char *value)
{
	static const char prefix[] = "compaction.L";

	if (!strncmp(key, prefix, sizeof prefix - 1))
		on_level(ctx, key + sizeof prefix - 1, value);
}

static void read_levels(struct lode_host *h, struct lode_detail_cf *cf)
{
	for (int l = 0; l < LODE_LEVEL_MAX; l++)
		cf->level[l] = (struct lode_detail_level){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	h->ops->map_property(h, cf->id, "rocksdb.cfstats", on_cfstats, cf);
}

static void read_entries(struct lode_host *h, struct lode_detail_cf *cf)
{
	h->ops->int_property(h, cf->id, "rocksdb.num-entries-active-mem-table", &cf->entries);
	h->ops->int_property(h, cf->id, "rocksdb.num-deletes-active-mem-table", &cf->deletes);
	h->ops->int_property(h, cf->id, "rocksdb.estimate-table-readers-mem", &cf->readers);
}

static const char *const role_name[] = {
#define X(id, words, name) name,
    LODE_ROLES(X)
#undef X
};

static void on_role(void *ctx, const char *key, const char *value)
{
	struct lode_detail *d = ctx;
	bool bytes = !strncmp(key, "bytes.", 6);

	if (!bytes && strncmp(key, "count.", 6) != 0)
		return;
	for (int i = 0; i < LODE_ROLE_N; i++)
		if (!strcmp(key + 6, role_name[i])) {
			(bytes ? d->role_bytes : d->role_count)[i] = count(value);
			d->cache_known = true;
		}
}

/* The "fast" form of it may be three minutes old, which is before a cache was filled; this one ten seconds. */
static void read_cache(struct lode_host *h, const struct lode_sample *now, struct lode_detail *out)
{
	if (now->cache.present && now->cache.usage <= LODE_DETAIL_CACHE_MAX)
		h->ops->map_property(h, 0, "rocksdb.block-cache-entry-stats", on_role, out);
}

int lode_detail_take(struct lode_host *h, unsigned parts, const struct lode_sample *now, struct lode_detail *out)
{
	struct lode_cf cfs[1];
	size_t n;

	memset(out, 0, sizeof *out);
	/* The one call that tells whether it is closing; what fails below is merely not there. */
	if (h->ops->column_families(h, cfs, COUNT(cfs), &n) == -ESHUTDOWN)
		return -ESHUTDOWN;
	out->parts = parts;
	for (size_t i = 0; i < now->ncf && i < LODE_DETAIL_FAMILIES; i++) {
		struct lode_detail_cf *cf = &out->cf[out->ncf++];

		cf->id = now->cf[i].id;
		if (parts & LODE_DETAIL_LEVELS)
			read_levels(h, cf);
		if (parts & LODE_DETAIL_ENTRIES)
			read_entries(h, cf);
	}
	if (parts & LODE_DETAIL_CACHE)
		read_cache(h, now, out);
	return 0;
}
