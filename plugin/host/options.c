/* The OPTIONS file as a value. Everything is copied into one pool of text at parse time and never changes afterwards; structs are also
 * taken apart there, so that "compaction_options_universal.size_ratio" is a plain entry and a look-up needs no memory. */
#include "host/options.h"
#include "host/options_text.h"
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 400000u
#define FAMILIES_MAX 20000u
#define NESTING_MAX 8
#define LOAD_TRIES 5

struct entry {
	uint32_t section; /* index into sections */
	uint32_t key;	  /* offset into pool */
	uint32_t value;
	bool inner; /* a member of a struct, made by us: reachable by its dotted key, not listed */
};

struct section {
	enum lode_section kind;
	uint32_t name;	/* offset into pool; "" for VERSION and DB */
	uint32_t first; /* entries [first, end) */
	uint32_t end;
};

struct lode_options {
	uint64_t number;
	char *pool;
	size_t pool_len, pool_cap;
	struct entry *entries;
	size_t n, cap;
	struct section *sections;
	size_t section_n, section_cap;
	size_t families;
};

struct parser {
	struct lode_options *o;
	struct lode_err *err;
	unsigned line;
};

static int bad(struct parser *p, const char *what)
{
	return lode_err_set(p->err, EINVAL, "OPTIONS file, line %u: %s", p->line, what);
}

/* Makes room for one more element of an array; the array may move. */
static bool room(void **array, size_t *cap, size_t n, size_t size, size_t first)
{
	size_t want = *cap ? *cap * 2 : first;
	void *p;

	if (n < *cap)
		return true;
	p = realloc(*array, want * size);
	if (!p)
		return false;
	*array = p;
	*cap = want;
	return true;
}

/* Copies text into the pool; returns its offset or UINT32_MAX. */
static uint32_t pool_add(struct lode_options *o, const char *text, size_t len)
{
	uint32_t at = (uint32_t)o->pool_len;

	while (o->pool_cap - o->pool_len <= len) {
		if (o->pool_cap > UINT32_MAX / 4 || !room((void **)&o->pool, &o->pool_cap, o->pool_cap, 1, 16384))
			return UINT32_MAX;
	}
	memcpy(o->pool + at, text, len);
	o->pool[at + len] = '\0';
	o->pool_len += len + 1;
	return at;
}

static int entry_add(struct parser *p, uint32_t key, uint32_t value, bool inner)
{
	struct lode_options *o = p->o;

	if (o->n >= ENTRIES_MAX)
		return bad(p, "too many options");
	if (key == UINT32_MAX || value == UINT32_MAX || !room((void **)&o->entries, &o->cap, o->n, sizeof(*o->entries), 512))
		return lode_err_set(p->err, ENOMEM, "out of memory");
	o->entries[o->n++] = (struct entry){(uint32_t)o->section_n - 1, key, value, inner};
	return 0;
}

static int member_add(struct parser *p, const char *prefix, const char *key, size_t key_len, const char *value, size_t value_len,
		      int depth);

/* "{a=1;b={c=2;};}" under prefix: the members a, b and b.c. A brace value without '=' is a plain list and stays whole. */
static int struct_add(struct parser *p, const char *prefix, const char *from, const char *to, int depth)
{
	const char *end, *eq, *name_end, *v;
	int rc;

	if (depth > NESTING_MAX)
		return 0;
	for (from++, to--; from < to; from = end + 1) {
		end = lode_options_member_end(from, to);
		if (!end)
			return 0; /* not a struct after all; the whole text is there */
		eq = memchr(from, '=', (size_t)(end - from));
		if (!eq)
			continue;
		name_end = eq;
		v = eq + 1;
		lode_options_trim(&from, &name_end);
		const char *v_end = end;
		lode_options_trim(&v, &v_end);
		rc = member_add(p, prefix, from, (size_t)(name_end - from), v, (size_t)(v_end - v), depth);
		if (rc)
			return rc;
	}
	return 0;
}

static int member_add(struct parser *p, const char *prefix, const char *key, size_t key_len, const char *value, size_t value_len, int depth)
{
	char name[512];
	uint32_t at, v;
	int n, rc;

	n = key_len < sizeof(name) ? snprintf(name, sizeof(name), "%s.%.*s", prefix, (int)key_len, key) : -1;
	if (n < 0 || (size_t)n >= sizeof(name))
		return 0; /* no option has such a name */
	at = pool_add(p->o, name, (size_t)n);
	v = pool_add(p->o, value, value_len);
	rc = entry_add(p, at, v, true);
	if (rc)
		return rc;
	if (value_len >= 2 && value[0] == '{' && value[value_len - 1] == '}')
		return struct_add(p, name, value, value + value_len, depth + 1);
	lode_options_unescape(p->o->pool + v);
	return 0;
}

static int parse_entry(struct parser *p, const char *from, const char *to)
{
	const char *eq = memchr(from, '=', (size_t)(to - from));
	const char *key_end, *value, *value_end = to;
	char name[256];
	uint32_t key, v;
	int rc;

	if (!p->o->section_n)
		return bad(p, "an option before the first section");
	if (!eq)
		return bad(p, "neither a section nor name=value");
	key_end = eq;
	value = eq + 1;
	lode_options_trim(&from, &key_end);
	lode_options_trim(&value, &value_end);
	if (key_end == from)
		return bad(p, "an option without a name");
	key = pool_add(p->o, from, (size_t)(key_end - from));
	v = pool_add(p->o, value, (size_t)(value_end - value));
	rc = entry_add(p, key, v, false);
	if (rc)
		return rc;
	lode_options_unescape(p->o->pool + key);
	if (value_end - value < 2 || *value != '{' || value_end[-1] != '}') {
		lode_options_unescape(p->o->pool + v);
		return 0;
	}
	if ((size_t)snprintf(name, sizeof(name), "%s", p->o->pool + key) >= sizeof(name))
		return 0;
	return struct_add(p, name, value, value_end, 1);
}

static const struct {
	const char *word;
	enum lode_section kind;
	bool named;
} section_word[] = {
    {"Version", LODE_SEC_VERSION, false},
    {"DBOptions", LODE_SEC_DB, false},
    {"CFOptions", LODE_SEC_CF, true},
    {"TableOptions", LODE_SEC_TABLE, true}, /* "TableOptions/BlockBasedTable" */
};

#define SECTION_OTHER ((enum lode_section) - 1)

static int parse_section(struct parser *p, const char *from, const char *to)
{
	struct lode_options *o = p->o;
	const char *open = memchr(from, '"', (size_t)(to - from));
	const char *close = open ? memrchr(from, '"', (size_t)(to - from)) : NULL;
	const char *word = from + 1, *word_end = open ? open : to - 1;
	struct section *s;
	size_t len, i;

	if (to[-1] != ']')
		return bad(p, "a section without its closing bracket");
	if (open && close == open)
		return bad(p, "a section name without its closing quote");
	lode_options_trim(&word, &word_end);
	if (!room((void **)&o->sections, &o->section_cap, o->section_n, sizeof(*o->sections), 16))
		return lode_err_set(p->err, ENOMEM, "out of memory");
	if (o->section_n)
		o->sections[o->section_n - 1].end = (uint32_t)o->n;
	s = &o->sections[o->section_n++];
	*s = (struct section){SECTION_OTHER, 0, (uint32_t)o->n, 0};
	s->name = pool_add(o, open ? open + 1 : "", open ? (size_t)(close - open - 1) : 0);
	if (s->name == UINT32_MAX)
		return lode_err_set(p->err, ENOMEM, "out of memory");
	lode_options_unescape(o->pool + s->name);
	for (i = 0; i < sizeof(section_word) / sizeof(*section_word); i++) {
		len = strlen(section_word[i].word);
		if ((size_t)(word_end - word) < len || memcmp(word, section_word[i].word, len) != 0)
			continue;
		if (word + len < word_end && word[len] != '/')
			continue;
		if (section_word[i].named && !open)
			return bad(p, "a column family's section without its name");
		s->kind = section_word[i].kind;
	}
	if (s->kind == LODE_SEC_CF && ++o->families > FAMILIES_MAX)
		return bad(p, "too many column families");
	return 0;
}

/* RocksDB joins a line that ends in a backslash with the next one. It never writes such a line itself; nor do we accept one. */
static int parse_line(struct parser *p, const char *from, const char *to)
{
	to = lode_options_comment(from, to);
	lode_options_trim(&from, &to);
	if (from == to)
		return 0;
	return *from == '[' ? parse_section(p, from, to) : parse_entry(p, from, to);
}

int lode_options_parse(const char *text, size_t len, struct lode_options **out, struct lode_err *err)
{
	struct parser p = {calloc(1, sizeof(struct lode_options)), err, 0};
	const char *at = text, *end = text + len, *nl;
	int rc = 0;

	*out = NULL;
	if (!p.o)
		return lode_err_set(err, ENOMEM, "out of memory");
	if (len > LODE_OPTIONS_MAX)
		rc = lode_err_set(err, EINVAL, "OPTIONS file: larger than %u bytes", LODE_OPTIONS_MAX);
	else if (memchr(text, '\0', len))
		rc = lode_err_set(err, EINVAL, "OPTIONS file: not a text");
	for (; !rc && at < end; at = nl + 1) {
		nl = memchr(at, '\n', (size_t)(end - at));
		if (!nl)
			nl = end;
		p.line++;
		rc = parse_line(&p, at, nl);
	}
	if (!rc && !p.o->families)
		rc = lode_err_set(err, EINVAL, "OPTIONS file, line %u: it ends without any column family", p.line);
	if (rc) {
		lode_options_free(p.o);
		return rc;
	}
	p.o->sections[p.o->section_n - 1].end = (uint32_t)p.o->n;
	*out = p.o;
	return 0;
}

/* The number of "OPTIONS-000123", or 0. A file under construction has ".dbtmp" behind it. */
static uint64_t file_number(const char *name)
{
	static const char prefix[] = "OPTIONS-";
	uint64_t n = 0;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	for (name += sizeof(prefix) - 1; *name; name++) {
		if (*name < '0' || *name > '9' || n > UINT64_MAX / 10 - 1)
			return 0;
		n = n * 10 + (uint64_t)(*name - '0');
	}
	return n;
}

/* The newest one numbered below `below`; its name goes to `name`. The number as printed may have more than six digits. */
static int newest(const char *dbdir, uint64_t below, char *name, size_t size, uint64_t *number)
{
	DIR *dir = opendir(dbdir);
	struct dirent *e;
	uint64_t n;

	if (!dir)
		return -errno;
	*number = 0;
	while ((e = readdir(dir)) != NULL) {
		n = file_number(e->d_name);
		if (n > *number && n < below && strlen(e->d_name) < size) {
			*number = n;
			strcpy(name, e->d_name);
		}
	}
	closedir(dir);
	return *number ? 0 : -ENOENT;
}

static int load(const char *dbdir, uint64_t have, uint64_t below, struct lode_options **out, struct lode_err *err)
{
	char name[64], path[PATH_MAX];
	struct lode_buf text;
	uint64_t number = 0;
	int rc = -ENOENT;

	*out = NULL;
	for (int i = 0; i < LOAD_TRIES; i++) {
		rc = newest(dbdir, below, name, sizeof(name), &number);
		if (rc)
			return lode_err_set(err, -rc, "no OPTIONS file in the database directory: %s", strerrordesc_np(-rc));
		if (number == have)
			return -EALREADY;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dbdir, name) >= sizeof(path))
			return lode_err_set(err, ENAMETOOLONG, "the path of the OPTIONS file is too long");
		lode_buf_init(&text, LODE_OPTIONS_MAX);
		rc = lode_fs_read(path, &text);
		if (!rc)
			rc = lode_options_parse(lode_buf_str(&text), text.len, out, err);
		else if (rc != -ENOENT)
			lode_err_set(err, -rc, "cannot read %s: %s", name, strerrordesc_np(-rc));
		lode_buf_fini(&text);
		if (!rc)
			(*out)->number = number;
		if (rc != -ENOENT) /* deleted between the listing and the reading: a newer one stands there now */
			return rc;
	}
	return lode_err_set(err, ENOENT, "the OPTIONS file changes faster than it can be read");
}

int lode_options_load(const char *dbdir, uint64_t have, struct lode_options **out, struct lode_err *err)
{
	return load(dbdir, have, UINT64_MAX, out, err);
}

int lode_options_load_between(const char *dbdir, uint64_t above, uint64_t below, struct lode_options **out, struct lode_err *err)
{
	int rc = load(dbdir, above, below, out, err);

	if (rc || (*out)->number > above)
		return rc;
	lode_options_free(*out);
	*out = NULL;
	return -EALREADY;
}

void lode_options_free(struct lode_options *o)
{
	if (!o)
		return;
	free(o->pool);
	free(o->entries);
	free(o->sections);
	free(o);
}

uint64_t lode_options_number(const struct lode_options *o)
{
	return o->number;
}

size_t lode_options_cf_count(const struct lode_options *o)
{
	return o->families;
}

const char *lode_options_cf_name(const struct lode_options *o, size_t i)
{
	for (size_t s = 0; s < o->section_n; s++) {
		if (o->sections[s].kind == LODE_SEC_CF && i-- == 0)
			return o->pool + o->sections[s].name;
	}
	return NULL;
}

static const struct section *section_find(const struct lode_options *o, enum lode_section kind, const char *cf)
{
	bool named = kind == LODE_SEC_CF || kind == LODE_SEC_TABLE;

	for (size_t s = 0; s < o->section_n; s++) {
		if (o->sections[s].kind == kind && (!named || (cf && strcmp(o->pool + o->sections[s].name, cf) == 0)))
			return &o->sections[s];
	}
	return NULL;
}

const char *lode_options_get(const struct lode_options *o, enum lode_section sec, const char *cf, const char *key)
{
	const struct section *s = section_find(o, sec, cf);

	for (size_t i = s ? s->first : 0; s && i < s->end; i++) {
		if (strcmp(o->pool + o->entries[i].key, key) == 0)
			return o->pool + o->entries[i].value;
	}
	return NULL;
}

void lode_options_each(const struct lode_options *o, enum lode_section sec, const char *cf,
		       void (*fn)(void *ctx, const char *key, const char *value), void *ctx)
{
	const struct section *s = section_find(o, sec, cf);

	for (size_t i = s ? s->first : 0; s && i < s->end; i++) {
		if (!o->entries[i].inner)
			fn(ctx, o->pool + o->entries[i].key, o->pool + o->entries[i].value);
	}
}
