/* Writing as read, compare, write, read again. What RocksDB's calls return is only a hint (some failures are live, some successes are
 * not); the OPTIONS file and the cache itself say what holds. */
#include "host/write.h"
#include "base/num.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A plain decimal number taken apart: leading zeros of the whole part and trailing zeros of the fraction do not count. The point may be a
 * comma: RocksDB prints under the host's locale. No exponent: RocksDB neither prints nor understands one. */
struct decimal {
	bool negative;
	const char *whole, *fraction;
	size_t whole_len, fraction_len;
};

static bool decimal_parse(const char *s, struct decimal *d)
{
	const char *from;

	memset(d, 0, sizeof(*d));
	d->negative = *s == '-';
	s += d->negative;
	for (from = s; is_digit(*s); s++)
		;
	if (s == from)
		return false;
	for (d->whole = from; *d->whole == '0'; d->whole++)
		;
	d->whole_len = d->whole < s ? (size_t)(s - d->whole) : 0;
	if (*s == '.' || *s == ',') {
		for (from = ++s; is_digit(*s); s++)
			;
		d->fraction = from;
		d->fraction_len = (size_t)(s - from);
		while (d->fraction_len && d->fraction[d->fraction_len - 1] == '0')
			d->fraction_len--;
	}
	if (!d->whole_len && !d->fraction_len)
		d->negative = false;
	return *s == '\0';
}

static bool decimal_equal(const struct decimal *a, const struct decimal *b)
{
	return a->negative == b->negative && a->whole_len == b->whole_len && a->fraction_len == b->fraction_len &&
	       memcmp(a->whole, b->whole, a->whole_len) == 0 &&
	       (!a->fraction_len || memcmp(a->fraction, b->fraction, a->fraction_len) == 0);
}

static int boolean_parse(const char *s)
{
	if (strcmp(s, "true") == 0 || strcmp(s, "1") == 0)
		return 1;
	return strcmp(s, "false") == 0 || strcmp(s, "0") == 0 ? 0 : -1;
}

bool lode_value_equal(const char *a, const char *b)
{
	struct decimal x, y;

	if (strcmp(a, b) == 0)
		return true;
	if (decimal_parse(a, &x) && decimal_parse(b, &y))
		return decimal_equal(&x, &y);
	return boolean_parse(a) >= 0 && boolean_parse(a) == boolean_parse(b);
}

/* One look at everything that can be written: options and cache are fetched at most once. */
struct view {
	struct lode_host *h;
	struct lode_options *options;
	struct lode_cf families[LODE_CF_MAX];
	size_t family_n;
	struct lode_cache cache;
	bool has_cache;
};

static int view_open(struct view *v, struct lode_host *h, const struct lode_write *w, size_t n, struct lode_err *err)
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

static void view_close(struct view *v)
{
	lode_options_free(v->options);
}

/* The name under which the OPTIONS file knows a family. struct lode_cf cuts long ones: then the only one that begins so. */
static const char *family_name(const struct view *v, uint32_t cf)
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

/* What one entry holds now, or NULL. scratch holds printed numbers. */
static const char *view_get(const struct view *v, const struct lode_write *w, char scratch[24])
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

static int missing(const struct lode_write *w, struct lode_err *err)
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
	struct view v;
	int rc = view_open(&v, h, w, n, err);

	for (size_t i = 0; i < n && !rc; i++) {
		value = view_get(&v, &w[i], scratch);
		if (!value)
			rc = missing(&w[i], err);
		else if (strlen(value) >= LODE_VALUE_MAX)
			rc = lode_err_set(err, E2BIG, "the value of %s is too long to be kept", w[i].key);
		else
			strcpy(w[i].value, value);
	}
	view_close(&v);
	return rc;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Which of the entries are still to be written: one flag each. */
struct todo {
	const struct lode_write *w;
	size_t n;
	bool due[LODE_WRITE_MAX];
};

static bool same_call(const struct lode_write *a, const struct lode_write *b)
{
	return a->scope == b->scope && (a->scope != LODE_SCOPE_CF || a->cf == b->cf);
}

/* Makes the one call that entry `first` belongs to, with all its companions. */
static int write_call(struct lode_host *h, struct todo *t, size_t first, struct lode_write_report *rep, struct lode_err *err)
{
	const struct lode_write *w = &t->w[first];
	struct lode_kv kv[LODE_WRITE_MAX];
	int64_t bytes = 0;
	uint64_t from;
	size_t n = 0;
	int rc;

	for (size_t i = first; i < t->n; i++) {
		if (!t->due[i] || !same_call(&t->w[i], w))
			continue;
		t->due[i] = false;
		kv[n++] = (struct lode_kv){t->w[i].key, t->w[i].value};
	}
	if (w->scope == LODE_SCOPE_CACHE && (lode_num_parse(kv[n - 1].value, strlen(kv[n - 1].value), &bytes) || bytes < 0))
		return lode_err_set(err, EINVAL, "a cache capacity is a plain number of bytes");
	from = now_ns();
	if (w->scope == LODE_SCOPE_DB)
		rc = h->ops->set_db_options(h, kv, n, err);
	else if (w->scope == LODE_SCOPE_CF)
		rc = h->ops->set_cf_options(h, w->cf, kv, n, err);
	else
		rc = h->ops->set_cache_capacity(h, (uint64_t)bytes, err);
	rep->ns += now_ns() - from;
	rep->calls++;
	return rc;
}

/* Database, then families in the order of their first entry, then the cache. Stops at the first call that reports a failure. */
static int write_all(struct lode_host *h, struct todo *t, struct lode_write_report *rep, struct lode_err *err)
{
	static const enum lode_scope order[] = {LODE_SCOPE_DB, LODE_SCOPE_CF, LODE_SCOPE_CACHE};
	int rc = 0;

	for (size_t s = 0; s < sizeof(order) / sizeof(*order); s++) {
		for (size_t i = 0; i < t->n && !rc; i++) {
			if (t->due[i] && t->w[i].scope == order[s])
				rc = write_call(h, t, i, rep, err);
		}
	}
	return rc;
}

/* Compares all entries with what holds now. The first difference goes into *rep. */
static int compare(struct lode_host *h, const struct lode_write *w, size_t n, bool equal[], struct lode_write_report *rep,
		   struct lode_err *err)
{
	char scratch[24];
	const char *value;
	struct view v;
	int rc = view_open(&v, h, w, n, err);

	rep->failed = -1;
	for (size_t i = 0; i < n && !rc; i++) {
		value = view_get(&v, &w[i], scratch);
		equal[i] = value && lode_value_equal(w[i].value, value);
		if (!value)
			rc = missing(&w[i], err);
		if (!equal[i] && rep->failed < 0) {
			rep->failed = (int)i;
			snprintf(rep->got, sizeof(rep->got), "%s", value ? value : "");
		}
	}
	view_close(&v);
	return rc;
}

static int check_request(const struct lode_write *w, size_t n, struct lode_err *err)
{
	if (n > LODE_WRITE_MAX)
		return lode_err_set(err, E2BIG, "more than %d values in one write", LODE_WRITE_MAX);
	for (size_t i = 0; i < n; i++) {
		if (w[i].scope == LODE_SCOPE_RESTART)
			return lode_err_set(err, EINVAL, "%s cannot be changed while the database is open", w[i].key);
	}
	return 0;
}

int lode_host_write(struct lode_host *h, const struct lode_write *w, size_t n, struct lode_write_report *rep, struct lode_err *err)
{
	bool before[LODE_WRITE_MAX] = {false}, after[LODE_WRITE_MAX] = {false};
	struct lode_write_report unused;
	struct lode_err call_err = {0};
	struct todo t = {w, n, {false}};
	int rc, called;

	if (!rep)
		rep = &unused;
	memset(rep, 0, sizeof(*rep));
	rep->failed = -1;
	rc = check_request(w, n, err);
	if (rc)
		return rc;
	rc = compare(h, w, n, before, rep, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++) {
		t.due[i] = !before[i];
		rep->skipped += before[i];
	}
	if (rep->skipped == n)
		return 0;
	called = write_all(h, &t, rep, &call_err);
	rc = called == -ESHUTDOWN ? called : compare(h, w, n, after, rep, err);
	if (rc)
		return rc == -ESHUTDOWN ? lode_err_set(err, ESHUTDOWN, "the database is closing") : rc;
	for (size_t i = 0; i < n; i++)
		rep->written += after[i] && !before[i];
	if (rep->failed < 0)
		return 0;
	if (called)
		return lode_err_set(err, EIO, "%s is not %s but %s: %.120s", w[rep->failed].key, w[rep->failed].value, rep->got,
				    call_err.msg);
	return lode_err_set(err, EIO, "RocksDB took %s = %s without complaint, yet holds %s", w[rep->failed].key, w[rep->failed].value,
			    rep->got);
}
