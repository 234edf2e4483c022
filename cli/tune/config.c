/* An OPTIONS file as lines over one pool of text: a change adds to the pool and turns a line over to it, so that a copy of the whole is a few
 * memcpys and what nobody touched is written as it was read. Reading: config_read.c; writing: config_write.c. */
#include "tune/config_private.h"
#include "host/options.h"
#include "host/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 400000u
#define NESTING_MAX 8
#define VALUE_MAX 4096 /* of a value that we set */

const char *tune_section_name(enum tune_section s)
{
	static const char *const names[TUNE_SECTION_N] = {"Version", "DBOptions", "CFOptions", "TableOptions", "CacheOptions"};

	return (unsigned)s < TUNE_SECTION_N ? names[s] : "?";
}

/* ---- room ---- */

bool tune_config_room(void **array, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : 64;
	void *p;

	if (want <= *cap)
		return true;
	while (n < want)
		n *= 2;
	p = realloc(*array, n * size);
	if (!p)
		return false;
	*array = p;
	*cap = n;
	return true;
}

/* A copy in the pool. text may lie in the pool itself. 0: no memory (nothing else has offset 0). */
uint32_t tune_config_keep(struct tune_config *c, const char *text, size_t len)
{
	size_t inside = c->pool && text >= c->pool && text < c->pool + c->used ? (size_t)(text - c->pool) : SIZE_MAX;
	uint32_t at = (uint32_t)(c->used ? c->used : 1);

	if (at + len + 1 > UINT32_MAX / 2 || !tune_config_room((void **)&c->pool, &c->pool_cap, at + len + 1, 1))
		return 0;
	if (inside != SIZE_MAX)
		text = c->pool + inside;
	c->pool[0] = '\0';
	if (len)
		memmove(c->pool + at, text, len);
	c->pool[at + len] = '\0';
	c->used = at + len + 1;
	return at;
}

/* While reading: the line that comes next is of no section yet. */
bool tune_config_push(struct tune_config *c, struct line l)
{
	if (c->n >= LINES_MAX || !tune_config_room((void **)&c->line, &c->line_cap, c->n + 1, sizeof *c->line))
		return false;
	c->line[c->n++] = l;
	return true;
}

/* Into what has been read. A section that ends there grows. */
static bool line_insert(struct tune_config *c, size_t at, struct line l)
{
	if (c->n >= LINES_MAX || !tune_config_room((void **)&c->line, &c->line_cap, c->n + 1, sizeof *c->line))
		return false;
	memmove(c->line + at + 1, c->line + at, (c->n - at) * sizeof *c->line);
	c->line[at] = l;
	c->n++;
	for (size_t i = 0; i < c->nsection; i++) {
		c->section[i].first += c->section[i].first >= at;
		c->section[i].end += c->section[i].end >= at;
	}
	return true;
}

struct tune_config *tune_config_clone(const struct tune_config *c)
{
	struct tune_config *to = malloc(sizeof *to);

	if (!to)
		return NULL;
	*to = *c;
	to->pool = malloc(c->pool_cap);
	to->line = malloc(c->line_cap * sizeof *c->line);
	to->section = malloc(c->section_cap * sizeof *c->section);
	if (!to->pool || !to->line || !to->section) {
		tune_config_free(to);
		return NULL;
	}
	memcpy(to->pool, c->pool, c->used);
	memcpy(to->line, c->line, c->n * sizeof *c->line);
	memcpy(to->section, c->section, c->nsection * sizeof *c->section);
	return to;
}

void tune_config_free(struct tune_config *c)
{
	if (!c)
		return;
	free(c->pool);
	free(c->line);
	free(c->section);
	free(c);
}

size_t tune_config_families(const struct tune_config *c)
{
	return c->nfamily;
}

const char *tune_config_family(const struct tune_config *c, size_t i)
{
	return i < c->nfamily ? c->pool + c->family[i] : NULL;
}

unsigned tune_config_version(const struct tune_config *c)
{
	char text[32];
	const char *at = tune_config_get(c, TUNE_SEC_VERSION, 0, "rocksdb_version", text, sizeof text);
	unsigned part[3] = {0}, n = 0;

	for (; at && *at && n < 3; at++) {
		if (*at >= '0' && *at <= '9' && part[n] < 100)
			part[n] = part[n] * 10 + (unsigned)(*at - '0');
		else if (*at == '.')
			n++;
		else
			return 0;
	}
	return part[0] >= 100 || part[1] >= 100 || part[2] >= 100 ? 0 : part[0] * 10000 + part[1] * 100 + part[2];
}

/* ---- structs ---- */

/* The value of a (dotted) member in "{a=1;b={c=2;};}". False: no such member; *from of *to then is where one could be put, NULL where nothing can. */
static bool member_find(const char **from, const char **to, const char *name)
{
	size_t len = strcspn(name, ".");
	const char *end, *eq, *v, *v_end, *place;

	for (int depth = 0; depth < NESTING_MAX; depth++) {
		if (*to - *from < 2 || **from != '{' || (*to)[-1] != '}')
			break;
		place = *to - 1;
		bool found = false;
		for (const char *at = *from + 1; at < place; at = end + 1) {
			end = lode_options_member_end(at, place);
			if (!end) {
				place = NULL;
				break;
			}
			eq = memchr(at, '=', (size_t)(end - at));
			if (!eq)
				continue;
			v_end = eq;
			lode_options_trim(&at, &v_end);
			if ((size_t)(v_end - at) != len || memcmp(at, name, len) != 0)
				continue;
			v = eq + 1;
			v_end = end;
			lode_options_trim(&v, &v_end);
			found = true;
			break;
		}
		if (!found) {
			*from = *to = name[len] ? NULL : place;
			return false;
		}
		*from = v;
		*to = v_end;
		if (!name[len])
			return true;
		name += len + 1;
		len = strcspn(name, ".");
	}
	*from = *to = NULL;
	return false;
}

/* ---- looking up ---- */

static const struct section *section_of(const struct tune_config *c, enum tune_section s, size_t family)
{
	for (size_t i = 0; i < c->nsection; i++)
		if (c->section[i].kind == (int)s && (c->section[i].family == SIZE_MAX || c->section[i].family == family))
			return &c->section[i];
	return NULL;
}

static struct line *line_in(const struct tune_config *c, size_t from, size_t to, enum line_kind kind, const char *name, size_t len)
{
	for (size_t i = from; i < to; i++) {
		struct line *l = &c->line[i];

		if (l->kind == kind && l->name_len == len && !memcmp(c->pool + l->name, name, len))
			return l;
	}
	return NULL;
}

/* The line of an option; *member: what of the name reaches into its struct, or NULL. */
static struct line *line_find(const struct tune_config *c, enum tune_section s, size_t family, const char *name, const char **member)
{
	const struct section *in = s == TUNE_SEC_CACHE ? NULL : section_of(c, s, family);
	const char *dot = strchr(name, '.');
	struct line *l = NULL;

	*member = NULL;
	if (s == TUNE_SEC_CACHE)
		return line_in(c, 0, c->n, LINE_CACHE, name, strlen(name));
	if (in)
		l = line_in(c, in->first + 1, in->end, LINE_OPTION, name, strlen(name));
	if (in && !l && dot) {
		l = line_in(c, in->first + 1, in->end, LINE_OPTION, name, (size_t)(dot - name));
		*member = dot + 1;
	}
	return l;
}

const char *tune_config_get(const struct tune_config *c, enum tune_section s, size_t family, const char *name, char *buf, size_t len)
{
	const char *member, *from, *to;
	const struct line *l = line_find(c, s, family, name, &member);

	if (!l)
		return NULL;
	from = c->pool + l->value;
	to = from + strlen(from);
	if (member && !member_find(&from, &to, member))
		return NULL;
	if ((size_t)(to - from) >= len)
		return NULL;
	memcpy(buf, from, (size_t)(to - from));
	buf[to - from] = '\0';
	return buf;
}

bool tune_config_has(const struct tune_config *c, enum tune_section s, size_t family, const char *name)
{
	const char *member, *from, *to;
	const struct line *l = line_find(c, s, family, name, &member);

	if (!l || !member)
		return l != NULL;
	from = c->pool + l->value;
	to = from + strlen(from);
	return member_find(&from, &to, member);
}

void tune_config_each(const struct tune_config *c, enum tune_section s, size_t family, void (*fn)(void *ctx, const char *name, const char *value),
		      void *ctx)
{
	const struct section *in = section_of(c, s, family);

	for (size_t i = in ? in->first + 1 : 0; in && i < in->end; i++)
		if (c->line[i].kind == LINE_OPTION)
			fn(ctx, c->pool + c->line[i].name, c->pool + c->line[i].value);
}

/* ---- changing ---- */

/* May this stand as a value (of a member: inside a struct)? */
static bool value_good(const char *v, bool member)
{
	size_t len = strlen(v);
	const char *to = v + len;
	int depth = 0;

	if (len > VALUE_MAX || (len && (lode_options_space(v[0]) || lode_options_space(to[-1]))) || lode_options_comment(v, to) != to)
		return false;
	for (const char *c = v; c < to; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f || (*c == '\\' && !*++c))
			return false;
		depth += *c == '{' ? 1 : *c == '}' ? -1 : 0;
		if (depth < 0)
			return false;
	}
	return !depth && (!member || (len && lode_options_member_end(v, to) == to));
}

/* A title at a line of its own. -1: no memory. */
static int section_add(struct tune_config *c, enum tune_section s, size_t family, size_t at, const char *title)
{
	uint32_t raw = tune_config_keep(c, title, strlen(title));

	if (!raw || !tune_config_room((void **)&c->section, &c->section_cap, c->nsection + 1, sizeof *c->section) ||
	    !line_insert(c, at, (struct line){.kind = LINE_SECTION, .raw = raw}))
		return -1;
	for (size_t i = 0; i < c->nsection; i++) /* the one that ended here still does */
		if (c->section[i].end == at + 1 && c->section[i].first < at)
			c->section[i].end = at;
	c->section[c->nsection] = (struct section){.kind = (int)s, .family = family, .first = at, .end = at + 1};
	return (int)c->nsection++;
}

/* Index of the section, made if it is not there. Each family has its CFOptions, and its table options are put behind them. -1: no memory. */
static int section_make(struct tune_config *c, enum tune_section s, size_t family)
{
	const struct section *in = section_of(c, s, family), *owner = section_of(c, TUNE_SEC_CF, family);
	const char *own, *open;
	char *title;
	int at;

	if (in)
		return (int)(in - c->section);
	if (s == TUNE_SEC_VERSION)
		return section_add(c, s, SIZE_MAX, 0, "[Version]");
	if (s != TUNE_SEC_TABLE || !owner)
		return -1;
	own = c->pool + c->line[owner->first].raw;
	open = strchr(own, '"');
	if (asprintf(&title, "[TableOptions/BlockBasedTable %.*s]", (int)(strrchr(own, '"') - open + 1), open) < 0)
		return -1;
	at = section_add(c, s, family, owner->end, title);
	free(title);
	return at;
}

static int append(struct tune_config *c, enum tune_section s, size_t family, const char *name, size_t name_len, const char *value)
{
	bool cache = s == TUNE_SEC_CACHE;
	struct line l = {.kind = cache ? LINE_CACHE : LINE_OPTION, .name_len = (uint32_t)name_len};
	int in = cache ? 0 : section_make(c, s, family);

	if (in < 0)
		return -ENOMEM;
	l.name = tune_config_keep(c, name, name_len);
	l.value = tune_config_keep(c, value, strlen(value));
	return l.name && l.value && line_insert(c, cache ? 0 : c->section[in].end, l) ? 0 : -ENOMEM;
}

/* The line's value from now on. Frees text; NULL: there was no memory for it. */
static int take_text(struct tune_config *c, struct line *l, char *text)
{
	uint32_t at = text ? tune_config_keep(c, text, strlen(text)) : 0;

	free(text);
	if (!at)
		return -ENOMEM;
	l->value = at;
	l->raw = 0;
	return 0;
}

static int set_member(struct tune_config *c, struct line *l, const char *member, const char *value)
{
	const char *whole = c->pool + l->value, *from = whole, *to = whole + strlen(whole), *last = strrchr(member, '.');
	bool found = member_find(&from, &to, member), parted;
	char *text;
	int n;

	if (!from)
		return -EINVAL;
	parted = from[-1] == ';' || from[-1] == '{'; /* the last member may lack its ';' */
	if (found)
		n = asprintf(&text, "%.*s%s%s", (int)(from - whole), whole, value, to);
	else
		n = asprintf(&text, "%.*s%s%s=%s;%s", (int)(from - whole), whole, parted ? "" : ";", last ? last + 1 : member, value, from);
	return take_text(c, l, n < 0 ? NULL : text);
}

static int set_one(struct tune_config *c, enum tune_section s, size_t family, const char *name, const char *value)
{
	const char *member, *dot = strchr(name, '.');
	struct line *l = line_find(c, s, family, name, &member);
	char text[8192];
	uint32_t at;

	if (l && member)
		return set_member(c, l, member, value);
	if (!l && dot) { /* a struct that was not there: RocksDB leaves the rest of it at its defaults */
		if (strchr(dot + 1, '.') || (size_t)snprintf(text, sizeof text, "{%s=%s;}", dot + 1, value) >= sizeof text)
			return -EINVAL;
		return append(c, s, family, name, (size_t)(dot - name), text);
	}
	if (!l)
		return append(c, s, family, name, strlen(name), value);
	at = tune_config_keep(c, value, strlen(value));
	if (!at)
		return -ENOMEM;
	l->value = at;
	l->raw = 0;
	return 0;
}

static bool per_family(enum tune_section s)
{
	return s == TUNE_SEC_CF || s == TUNE_SEC_TABLE;
}

int tune_config_set(struct tune_config *c, enum tune_section s, size_t family, const char *name, const char *value)
{
	size_t last = family == TUNE_ALL ? c->nfamily : family + 1;
	int rc = 0;

	if (!tune_config_name_good(name, strlen(name)) || !value_good(value, strchr(name, '.') != NULL) || (unsigned)s >= TUNE_SECTION_N)
		return -EINVAL;
	if (s == TUNE_SEC_CACHE && strcmp(name, CACHE_NAME) != 0)
		return -EINVAL;
	if (!per_family(s))
		return set_one(c, s, SIZE_MAX, name, value);
	if (family != TUNE_ALL && family >= c->nfamily)
		return -ENOENT;
	for (size_t i = family == TUNE_ALL ? 0 : family; !rc && i < last; i++)
		rc = set_one(c, s, i, name, value);
	return rc;
}

static int drop_member(struct tune_config *c, struct line *l, const char *member)
{
	const char *whole = c->pool + l->value, *from = whole, *to = whole + strlen(whole);
	char *text;
	int n;

	if (!member_find(&from, &to, member))
		return -ENOENT;
	while (from[-1] != '{' && from[-1] != ';') /* back to where its name begins */
		from--;
	to += strspn(to, " \t");
	n = asprintf(&text, "%.*s%s", (int)(from - whole), whole, to + (*to == ';'));
	return take_text(c, l, n < 0 ? NULL : text);
}

static int take_out(struct tune_config *c, enum tune_section s, size_t family, const char *name, enum line_kind as)
{
	size_t last = family == TUNE_ALL ? c->nfamily : family + 1;
	bool some = false;

	if (!per_family(s)) {
		family = 0;
		last = 1;
	}
	for (size_t i = family == TUNE_ALL ? 0 : family; i < last; i++) {
		const char *member;
		struct line *l;

		/* All of them: behind the first RocksDB would find the second. */
		while ((l = line_find(c, s, i, name, &member)) && (!member || (as == LINE_GONE && !drop_member(c, l, member)))) {
			l->kind = member ? l->kind : as;
			l->raw = 0;
			some = true;
		}
	}
	return some ? 0 : -ENOENT;
}

int tune_config_remove(struct tune_config *c, enum tune_section s, size_t family, const char *name)
{
	return take_out(c, s, family, name, LINE_GONE);
}

int tune_config_withhold(struct tune_config *c, enum tune_section s, size_t family, const char *name)
{
	return take_out(c, s, family, name, LINE_WITHHELD);
}

bool tune_config_equal(const char *a, const char *b)
{
	return lode_value_equal(a, b);
}
