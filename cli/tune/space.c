/* The options of the RocksDB at hand, from a file that it wrote itself. */
#include "base/text.h"
#include "guard/tunable.h"
#include "tune/space_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 2048
#define UNKNOWN "nothing is known here of what it may break"

struct tune_space {
	unsigned version;
	struct tune_option *option;
	size_t n;
};

static bool number_shaped(const char *text, bool *point)
{
	size_t n = strspn(text, "0123456789-"), m;

	*point = text[n] == '.';
	m = *point ? strspn(text + n + 1, "0123456789") : 0;
	return n && !text[n + (*point ? m + 1 : 0)] && (!*point || m);
}

/* What the shape of a default tells. */
static void guess(struct tune_option *o)
{
	bool point;

	o->guessed = true;
	if (!strcmp(o->def, "true") || !strcmp(o->def, "false")) {
		o->kind = TUNE_BOOL;
		o->max = 1;
	} else if (number_shaped(o->def, &point)) {
		bool bytes = strstr(o->name, "bytes") || strstr(o->name, "size");

		o->kind = point ? TUNE_MILLI : bytes ? TUNE_SIZE : TUNE_INT;
		o->min = o->def[0] == '-' ? -1 : 0;
		o->max = bytes ? INT64_MAX : INT32_MAX;
	} else {
		o->kind = TUNE_OTHER;
	}
}

static void from_row(struct tune_option *o, const struct tune_row *r)
{
	o->kind = r->kind;
	o->min = r->min;
	o->max = r->max;
	o->words = r->kind == TUNE_WORDS ? tune_codecs : r->words;
	o->doc = r->doc;
	/* A benchmark never writes a format that this version would not choose itself. */
	if (!strcmp(o->name, "format_version") && number_shaped(o->def, &(bool){false}))
		o->max = atoll(o->def);
}

static void from_guard(struct tune_option *o, const struct lode_tunable *t)
{
	static const enum tune_kind kinds[] = {
	    [LODE_KIND_INT] = TUNE_INT,	    [LODE_KIND_SIZE] = TUNE_SIZE,   [LODE_KIND_BOOL] = TUNE_BOOL,
	    [LODE_KIND_ENUM] = TUNE_WORD,   [LODE_KIND_MILLI] = TUNE_MILLI, [LODE_KIND_OTHER] = TUNE_OTHER,
	};

	o->kind = kinds[t->kind];
	o->words = t->words;
	o->min = t->min;
	o->max = t->max;
	o->doc = t->doc;
	if (t->tier == LODE_TIER_FORBIDDEN)
		o->closed = t->why;
}

static void describe(struct tune_option *o)
{
	const struct tune_row *row = tune_row_find(o->name);
	const char *why = tune_closed_find(o->name);

	o->doc = "";
	o->tunable = lode_tunable_find(o->name);
	if (row)
		from_row(o, row);
	else if (o->tunable >= 0)
		from_guard(o, &lode_tunables[o->tunable]);
	else
		guess(o);
	if (row)
		return;
	if (why)
		o->closed = why;
	else if (!o->closed && o->guessed)
		o->closed = UNKNOWN;
	else if (!o->closed && o->kind == TUNE_OTHER)
		o->closed = "a structure, not a value";
}

/* Letters and digits in lower case, and the points between members. */
static void normal(const char *name, char *out, size_t len)
{
	size_t n = 0;

	for (; *name && n + 1 < len; name++)
		if (isalnum((unsigned char)*name) || *name == '.')
			out[n++] = (char)tolower((unsigned char)*name);
	out[n] = '\0';
}

struct filling {
	struct tune_space *space;
	enum tune_section section;
	bool failed;
};

static void add(struct filling *f, const char *name, const char *value)
{
	struct tune_space *s = f->space;
	struct tune_option *o;

	if (s->n == OPTIONS_MAX || strlen(name) >= sizeof o->name || tune_space_find(s, name))
		return;
	o = &s->option[s->n++];
	memset(o, 0, sizeof *o);
	strcpy(o->name, name);
	normal(name, o->bare, sizeof o->bare);
	o->section = f->section;
	if (strlen(value) < sizeof o->def)
		strcpy(o->def, value);
	describe(o);
}

/* The members of "{a=1;b={c=2;};}", each under its dotted name. */
static void add_members(struct filling *f, const char *prefix, const char *text)
{
	char name[2 * TUNE_NAME_MAX], value[512];
	const char *at = text + 1;

	while (*at && *at != '}') {
		size_t key = strcspn(at, "=;}"), len = 0;
		int depth = 0;

		if (at[key] != '=')
			return; /* a list */
		for (const char *v = at + key + 1; v[len] && (depth || (v[len] != ';' && v[len] != '}')); len++)
			depth += v[len] == '{' ? 1 : v[len] == '}' ? -1 : 0;
		snprintf(name, sizeof name, "%s.%.*s", prefix, (int)(key < TUNE_NAME_MAX ? key : TUNE_NAME_MAX), at);
		snprintf(value, sizeof value, "%.*s", (int)(len < sizeof value ? len : 0), at + key + 1);
		if (value[0] != '{')
			add(f, name, value);
		at += key + 1 + len;
		at += *at == ';';
	}
}

static void add_option(void *ctx, const char *name, const char *value)
{
	struct filling *f = ctx;
	size_t len = strlen(value);

	if (len >= 2 && value[0] == '{' && value[len - 1] == '}' && strchr(value, '='))
		add_members(f, name, value);
	else
		add(f, name, value);
}

/* Opens, or keeps, what the operator names. key: of the specification, for messages. */
static int by_name(struct tune_space *s, const char *key, const char *names, const char *closed, struct lode_err *err)
{
	static const char parts[] = ", \t\n";
	char name[TUNE_NAME_MAX];

	for (const char *at = names ? names : ""; *(at += strspn(at, parts)); at += strcspn(at, parts)) {
		size_t len = strcspn(at, parts);
		struct tune_option *o;

		snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : 0), at);
		o = (struct tune_option *)tune_space_find(s, name);
		if (!o) {
			const struct tune_option *near = tune_space_nearest(s, name);

			return lode_err_set(err, EINVAL, "%s: this RocksDB has no option '%.*s'%s%s%s", key, (int)len, at, near ? "; did you mean " : "",
					    near ? near->name : "", near ? "?" : "");
		}
		if (!closed && o->kind == TUNE_OTHER)
			return lode_err_set(err, EINVAL, "%s: %s cannot be opened: no rule here says which texts it may hold", key, name);
		if (!closed && tune_option_private(name))
			return lode_err_set(err, EINVAL, "%s: %s cannot be opened: %s", key, name, o->closed);
		o->closed = closed;
	}
	return 0;
}

int tune_space_keep(struct tune_space *s, const char *names, struct lode_err *err)
{
	return by_name(s, "keep", names, "the operator keeps it as it is", err);
}

int tune_space_new(const struct tune_config *defaults, const char *allow, struct tune_space **out, struct lode_err *err)
{
	struct tune_space *s = calloc(1, sizeof *s);
	struct filling f = {.space = s};
	int rc = 0;

	*out = NULL;
	if (s)
		s->option = calloc(OPTIONS_MAX, sizeof *s->option);
	if (!s || !s->option) {
		tune_space_free(s);
		return lode_err_set(err, ENOMEM, "out of memory");
	}
	s->version = tune_config_version(defaults);
	if (!s->version)
		rc = lode_err_set(err, EINVAL, "the file of defaults names no RocksDB version of the form 7.8.3");
	for (f.section = TUNE_SEC_DB; f.section <= TUNE_SEC_TABLE; f.section++)
		tune_config_each(defaults, f.section, 0, add_option, &f);
	for (size_t i = 0; i < tune_unwritten_count; i++) {
		f.section = tune_unwritten[i].section;
		if (s->version >= tune_unwritten[i].since)
			add(&f, tune_unwritten[i].name, tune_unwritten[i].def);
	}
	rc = rc ? rc : by_name(s, "allow", allow, NULL, err);
	if (rc)
		tune_space_free(s);
	else
		*out = s;
	return rc;
}

int tune_space_load(const char *path, const char *allow, struct tune_space **out, struct lode_err *err)
{
	struct tune_config *c;
	int rc = tune_config_load(path, &c, err);

	*out = NULL;
	if (rc)
		return rc;
	rc = tune_space_new(c, allow, out, err);
	tune_config_free(c);
	return rc;
}

void tune_space_free(struct tune_space *s)
{
	if (s)
		free(s->option);
	free(s);
}

unsigned tune_space_version(const struct tune_space *s)
{
	return s->version;
}

size_t tune_space_count(const struct tune_space *s)
{
	return s->n;
}

const struct tune_option *tune_space_at(const struct tune_space *s, size_t i)
{
	return i < s->n ? &s->option[i] : NULL;
}

const struct tune_option *tune_space_find(const struct tune_space *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->option[i].name, name))
			return &s->option[i];
	return NULL;
}

/* What people and models put before a name. In normal form. */
static const char *const prefixes[] = {"rocksdb.",	  "options.",	     "dboptions.", "cfoptions.", "columnfamilyoptions.", "tableoptions.", "tableoptionsblockbasedtable.",
				       "cacheoptions.",	  "blockbasedtableoptions.", "blockbasedtablefactory.", "tablefactory.", "blockbasedtable.", "advancedcolumnfamilyoptions.", "rocksdb"};

void tune_name_bare(const char *name, char *out, size_t len)
{
	char text[2 * TUNE_NAME_MAX], *at = text;

	normal(name, text, sizeof text);
	for (bool cut = true; cut;) {
		cut = false;
		for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
			if (!strncmp(at, prefixes[i], strlen(prefixes[i])) && at[strlen(prefixes[i])]) {
				at += strlen(prefixes[i]);
				cut = true;
			}
	}
	snprintf(out, len, "%.*s", (int)len - 1, at);
}

const struct tune_option *tune_space_meant(const struct tune_space *s, const char *name)
{
	const struct tune_option *found = tune_space_find(s, name);
	char bare[2 * TUNE_NAME_MAX];

	if (found)
		return found;
	tune_name_bare(name, bare, sizeof bare);
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(bare, s->option[i].bare) != 0)
			continue;
		if (found)
			return NULL;
		found = &s->option[i];
	}
	return found;
}

const struct tune_option *tune_space_nearest(const struct tune_space *s, const char *name)
{
	char meant[TUNE_NAME_MAX];
	const struct tune_option *found = NULL;
	unsigned best;

	tune_name_bare(name, meant, sizeof meant);
	best = (unsigned)(strlen(meant) / 3) + 1;
	for (size_t i = 0; i < s->n; i++) {
		unsigned d = lode_text_distance(meant, s->option[i].bare);

		if (d < best) {
			best = d;
			found = &s->option[i];
		}
	}
	return found;
}
