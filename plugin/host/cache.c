/* The block cache of the default column family, found without knowing any layout: the options that the database was opened with are
 * searched for a pointer to a BlockBasedTableFactory, which names its cache; the cache's methods are recognised by their symbols among the
 * slots of its vtable. Each guess is checked before it is believed. */
#include "host/calls.h"
#include "host/names.h"
#include "host/probe.h"
#include "host/real_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DESCRIPTOR_MAX 1024 /* bytes of a ColumnFamilyDescriptor in the largest known version (11.8: 1008) */
#define VECTOR_MAX (4u << 20)
#define SLOTS_MAX 64

struct vector {
	const char *begin, *end, *limit;
};

/* std::string of at most 15 characters: {pointer to the characters inside itself, length, characters}. */
static bool is_short_string(const char *at, const char *text)
{
	const char *chars;
	size_t len, want = strlen(text);

	memcpy(&chars, at, sizeof(chars));
	memcpy(&len, at + sizeof(chars), sizeof(len));
	return chars == at + 16 && len == want && memcmp(chars, text, want + 1) == 0;
}

/* A descriptor begins with the family's name. */
static const char *default_descriptor(const struct vector *v)
{
	for (const char *at = v->begin; at + 32 <= v->end; at += sizeof(void *)) {
		if (is_short_string(at, "default"))
			return at;
	}
	return NULL;
}

static void *find_cache(struct lode_real *r, const void *cf_descriptors)
{
	const void *vptr = lode_image_vptr(&r->image, SYM_TABLE_VTABLE);
	const char *at;
	struct vector v;
	void *factory;
	size_t len;

	if (!vptr || !r->image.sym[SYM_TABLE_OPTIONS_PTR] || !cf_descriptors)
		return NULL;
	memcpy(&v, cf_descriptors, sizeof(v));
	if (v.end < v.begin || (size_t)(v.end - v.begin) > VECTOR_MAX)
		return NULL;
	at = default_descriptor(&v);
	if (!at)
		return NULL;
	len = (size_t)(v.end - at) < DESCRIPTOR_MAX ? (size_t)(v.end - at) : DESCRIPTOR_MAX;
	factory = lode_probe_find((const void *const *)(const void *)at, len / sizeof(void *), vptr);
	return factory ? (void *)(uintptr_t)lode_call_options_ptr(r->image.sym[SYM_TABLE_OPTIONS_PTR], factory, "BlockCache") : NULL;
}

/* The methods by the end of their mangled name, which is the same in every class; and the full names of the usual classes, because asking
 * for a name is a thousand times cheaper than searching all symbols for an address (and this runs while the host waits for its open). */
enum { SET_CAPACITY, GET_CAPACITY, GET_USAGE, GET_PINNED, METHOD_N };

static const char *const tails[METHOD_N] = {
    [SET_CAPACITY] = "11SetCapacityEm", [GET_CAPACITY] = "11GetCapacityEv", [GET_USAGE] = "8GetUsageEv", [GET_PINNED] = "14GetPinnedUsageEv"};

static const struct usual {
	int method;
	const char *name;
} usual[] = {
#define ROW(which, method, name) {method, name},
    LODE_CACHE_METHODS(ROW)
#undef ROW
};

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && strcmp(s + n - m, tail) == 0;
}

static bool is_slot(void *const *slots, size_t n, const void *f)
{
	for (size_t i = 0; i < n && f; i++) {
		if (slots[i] == f)
			return true;
	}
	return false;
}

static void find_usual(const struct lode_image *image, void *const *slots, size_t n, void *found[METHOD_N])
{
	for (size_t u = 0; u < sizeof(usual) / sizeof(usual[0]); u++) {
		void *f = found[usual[u].method] ? NULL : lode_image_symbol(image->handle, usual[u].name);

		if (is_slot(slots, n, f))
			found[usual[u].method] = f;
	}
}

/* For classes that nobody has told us of: every exported function among the slots is looked at by name. */
static void find_by_name(const struct lode_image *image, void *const *slots, size_t n, void *found[METHOD_N])
{
	for (size_t i = 0; i < n; i++) {
		const char *name = lode_image_name(image->handle, slots[i]);

		if (!name || strncmp(name, "_ZN", 3) != 0)
			continue;
		for (size_t m = 0; m < METHOD_N; m++) {
			if (!found[m] && ends_with(name, tails[m]))
				found[m] = slots[i];
		}
	}
}

static void find_methods(const struct lode_image *image, struct lode_block_cache *c, const void *vptr)
{
	void *slots[SLOTS_MAX], *found[METHOD_N] = {NULL};
	size_t n = 0;

	/* a vtable ends where the next one begins, with the word 0 */
	n = lode_probe_read_some(vptr, slots, sizeof(slots)) / sizeof(void *);
	for (size_t i = 0; i < n; i++) {
		if (!slots[i])
			n = i;
	}
	find_usual(image, slots, n, found);
	if (!found[SET_CAPACITY] || !found[GET_CAPACITY] || !found[GET_USAGE])
		find_by_name(image, slots, n, found);
	c->set_capacity = found[SET_CAPACITY];
	c->get_capacity = found[GET_CAPACITY];
	c->get_usage = found[GET_USAGE];
	c->get_pinned = found[GET_PINNED];
}

/* The classes whose SetCapacity was read in the sources. LRUCache keeps to any capacity at once. In the HyperClock classes the index is
 * made for the capacity at creation: the fixed one (also the only one up to 8.5) has room for 1.2 to 2.4 times the entries, and scans an
 * index that is too large when it shrinks; the automatic one grows its index up to what blocks of 450 bytes on average would need, which is
 * nine times the usual blocks. Capacity beyond is never filled. Wrappers (a secondary cache, charging) share a capacity out between several
 * caches. */
#define FIXED_GROW 4
#define FIXED_SHRINK 4
#define AUTO_GROW 8

static const struct kind {
	const char *vtable;
	unsigned grow, shrink;
} kinds[] = {
#define ROW(which, name, grow, shrink) {name, grow, shrink},
    LODE_CACHE_KINDS(ROW)
#undef ROW
};

/* "_ZTVN7rocksdb9lru_cache8LRUCacheE" -> "LRUCache": the last of the length-prefixed names. */
static void class_name(const char *mangled, char *out, size_t size)
{
	const char *s = mangled + strcspn(mangled, "0123456789");
	size_t len;

	while (*s >= '0' && *s <= '9') {
		for (len = 0; *s >= '0' && *s <= '9' && len < 1000; s++)
			len = len * 10 + (size_t)(*s - '0');
		if (len > strlen(s))
			return;
		snprintf(out, size, "%.*s", (int)len, s);
		s += len;
	}
}

static void find_kind(const struct lode_image *image, struct lode_block_cache *c, const void *vptr)
{
	const char *f, *name = lode_image_name(image->handle, (const char *)vptr - 2 * sizeof(void *));

	snprintf(c->kind, sizeof(c->kind), "unknown");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		f = lode_image_symbol(image->handle, kinds[i].vtable);
		if (!f || f + 2 * sizeof(void *) != vptr)
			continue;
		class_name(kinds[i].vtable, c->kind, sizeof(c->kind));
		c->grow = kinds[i].grow;
		c->shrink = kinds[i].shrink;
		c->why_fixed = c->set_capacity ? NULL : "the block cache is of a class that cannot be resized from here";
		return;
	}
	if (name && strncmp(name, "_ZTV", 4) == 0)
		class_name(name, c->kind, sizeof(c->kind));
	c->set_capacity = NULL;
	c->why_fixed = "nobody has checked how a block cache of this class takes being resized";
}

/* Has RocksDB itself the same idea of this cache? */
static bool agrees(struct lode_real *r, const struct lode_block_cache *c)
{
	uint64_t told, read;

	return c->get_capacity && lode_call_get_size(c->get_capacity, c->object, &read) == 0 &&
	       lode_call_int_property(r->image.sym[SYM_GET_INT_PROPERTY], r->db, r->families.at[0].handle, "rocksdb.block-cache-capacity",
				      &told) == 0 &&
	       told == read;
}

void lode_block_cache_find(struct lode_real *r, const void *cf_descriptors)
{
	struct lode_block_cache c = {0};
	void *vptr;

	c.object = find_cache(r, cf_descriptors);
	if (!c.object || !lode_probe_read(c.object, &vptr, sizeof(vptr)))
		return;
	find_methods(&r->image, &c, vptr);
	if (!agrees(r, &c) || lode_call_get_size(c.get_capacity, c.object, &c.opened))
		return;
	find_kind(&r->image, &c, vptr);
	r->cache = c;
}

/* What RocksDB says of the block cache of two families, in one instant as far as that can be had: ours before and after theirs. */
static bool differs(struct lode_real *r, size_t family, const char *property)
{
	void *fn = r->image.sym[SYM_GET_INT_PROPERTY], *own = r->families.at[0].handle;
	uint64_t before, theirs, after;

	return lode_call_int_property(fn, r->db, own, property, &before) == 0 &&
	       lode_call_int_property(fn, r->db, r->families.at[family].handle, property, &theirs) == 0 &&
	       lode_call_int_property(fn, r->db, own, property, &after) == 0 && before == after && before != theirs;
}

/* No name says whose cache a family has. But one of another capacity is another cache, and so is one that holds something else while ours
 * stands still, again and again. Two that are alike in both are told apart as soon as they are used. */
static bool is_other(struct lode_real *r, size_t family)
{
	bool other = true;

	for (int i = 0; i < 3 && other; i++)
		other = differs(r, family, "rocksdb.block-cache-capacity") || differs(r, family, "rocksdb.block-cache-usage");
	return other;
}

#define LOOK_EVERY 16 /* reads: it costs some microseconds a family under the database's mutex */

static void look_for_others(struct lode_real *r)
{
	unsigned others = 0;

	if (r->cache.reads++ % LOOK_EVERY)
		return;
	for (size_t i = 1; i < r->families.n; i++)
		others += is_other(r, i);
	r->cache.others = others;
}

/* Not more than a doubling or halving in one change, and never beyond what the class tolerates from its capacity at open. Where the host
 * itself has gone further, there is nothing to be gained in that direction. */
static void limit(const struct lode_block_cache *c, struct lode_cache *out)
{
	uint64_t far = c->opened * c->grow, near = c->shrink ? c->opened / c->shrink : 0;

	if (c->grow)
		out->ceiling = far < out->capacity ? out->capacity : far < 2 * out->capacity ? far : 2 * out->capacity;
	if (c->shrink)
		out->floor = near > out->capacity ? out->capacity : near > out->capacity / 2 ? near : out->capacity / 2;
}

int lode_block_cache_read(struct lode_real *r, struct lode_cache *out)
{
	const struct lode_block_cache *c = &r->cache;
	int rc;

	memset(out, 0, sizeof(*out));
	if (!c->object)
		return -ENOENT;
	out->present = true;
	out->resizable = c->set_capacity != NULL;
	out->why_fixed = c->why_fixed;
	out->identity = (uintptr_t)c->object;
	memcpy(out->kind, c->kind, sizeof(out->kind));
	if (c->get_usage)
		lode_call_get_size(c->get_usage, c->object, &out->usage);
	if (c->get_pinned)
		lode_call_get_size(c->get_pinned, c->object, &out->pinned);
	rc = lode_call_get_size(c->get_capacity, c->object, &out->capacity);
	limit(c, out);
	look_for_others(r);
	out->others = c->others;
	return rc;
}

int lode_block_cache_resize(struct lode_real *r, uint64_t bytes, struct lode_err *err)
{
	if (!r->cache.set_capacity)
		return lode_err_set(err, ENOTSUP, "%s", r->cache.object ? r->cache.why_fixed : "the block cache could not be found");
	if (lode_call_set_size(r->cache.set_capacity, r->cache.object, bytes))
		return lode_err_set(err, EFAULT, "RocksDB threw an exception");
	return 0;
}
