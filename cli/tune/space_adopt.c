/* A file of another version, or of an application, becomes one for benchmarks of the RocksDB at hand. Not only so that it loads: db_bench deletes the
 * database in the file's wal_dir before it begins. */
#include "host/options_text.h"
#include "tune/space_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRANGERS_MAX 256

struct look {
	const struct tune_space *space;
	struct strange {
		enum tune_section section;
		size_t family;
		char name[TUNE_NAME_MAX], value[TUNE_VALUE_MAX];
	} found[STRANGERS_MAX];
	size_t n;
	enum tune_section section;
	size_t family;
	bool theirs;
};

/* Up to 6.29 a filter is written without its bits, and what is read back so makes none. */
#define NO_BITS "rocksdb.BuiltinBloomFilter"
#define SOME_BITS "bloomfilter:10:false"

/* Has this RocksDB an option, or a struct, of that name? */
static bool known(const struct tune_space *s, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < tune_space_count(s); i++) {
		const char *other = tune_space_at(s, i)->name;

		if (!strncmp(other, name, len) && (!other[len] || other[len] == '.'))
			return true;
	}
	return false;
}

static void look_at(void *ctx, const char *name, const char *value);

/* The members of a struct that this RocksDB has, too. One that it does not have makes it refuse the whole file. */
static void look_into(struct look *l, const char *name, const char *value)
{
	const char *stop = value + strlen(value), *end;
	char member[TUNE_NAME_MAX], text[TUNE_VALUE_MAX];

	if (stop - value < 2 || *value != '{' || stop[-1] != '}' || tune_space_find(l->space, name))
		return;
	stop--;
	for (const char *at = value + 1; at < stop && (end = lode_options_member_end(at, stop)); at = end + 1) {
		const char *eq = memchr(at, '=', (size_t)(end - at)), *to = eq;

		if (!eq)
			return;
		lode_options_trim(&at, &to);
		snprintf(member, sizeof member, "%s.%.*s", name, (int)(to - at), at);
		snprintf(text, sizeof text, "%.*s", (int)(end - eq - 1), eq + 1);
		if (strlen(name) + 1 + (size_t)(to - at) < sizeof member)
			look_at(l, member, text);
	}
}

static void look_at(void *ctx, const char *name, const char *value)
{
	struct look *l = ctx;

	if (l->n == STRANGERS_MAX || strlen(name) >= TUNE_NAME_MAX)
		return;
	if (known(l->space, name) && !tune_option_private(name)) {
		look_into(l, name, value);
		return;
	}
	l->found[l->n] = (struct strange){.section = l->section, .family = l->family};
	strcpy(l->found[l->n].name, name);
	snprintf(l->found[l->n].value, sizeof l->found[0].value, "%.*s", TUNE_VALUE_MAX - 1, value);
	l->n++;
}

static struct tune_fix *say(struct tune_fix *fix, size_t cap, size_t *n, const struct strange *s, enum tune_fate fate)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(fix[i].name, s->name)) /* of another family, too */
			return NULL;
	if (*n == cap)
		return NULL;
	struct tune_fix *f = &fix[(*n)++];
	*f = (struct tune_fix){.fate = fate};
	strcpy(f->name, s->name);
	if (!tune_option_private(s->name))
		strcpy(f->from, s->value);
	return f;
}

/* Options with a successor of the same meaning only move; whose number means something else stay behind. */
static bool moves(const struct tune_config *c, const struct tune_space *space, const struct strange *s, const struct tune_retired *r)
{
	const struct tune_option *o = r && r->successor ? tune_space_find(space, r->successor) : NULL;

	return o && o->section == s->section && !strcmp(r->name, "use_direct_writes") && !tune_config_has(c, o->section, s->family, o->name);
}

static int settle(const struct look *l, struct tune_config *c, const struct strange *s, struct tune_fix *fix, size_t cap, size_t *nfix)
{
	const struct tune_space *space = l->space;
	const struct tune_retired *r = tune_retired_find(s->name, tune_space_version(space));
	struct tune_fix *f;
	int rc;

	if (tune_option_private(s->name) && !l->theirs)
		return tune_config_remove(c, s->section, s->family, s->name);
	if (tune_option_private(s->name)) {
		f = *s->value ? say(fix, cap, nfix, s, TUNE_DROPPED) : NULL;
		if (f)
			snprintf(f->why, sizeof f->why, "withheld from benchmarks, which must not touch the application's files; the final file has it again");
		return tune_config_withhold(c, s->section, s->family, s->name);
	}
	if (moves(c, space, s, r)) {
		rc = tune_config_set(c, s->section, s->family, r->successor, s->value);
		f = rc ? NULL : say(fix, cap, nfix, s, TUNE_CORRECTED);
		if (f) {
			strcpy(f->to, s->value);
			snprintf(f->why, sizeof f->why, "it is %s now", r->successor);
		}
	} else {
		f = say(fix, cap, nfix, s, TUNE_DROPPED);
		if (f)
			snprintf(f->why, sizeof f->why, "this RocksDB does not have it%s%s", r ? ": " : "", r ? r->why : "");
	}
	return tune_config_remove(c, s->section, s->family, s->name);
}

static int give_bits(const struct tune_space *space, struct tune_config *c, struct tune_fix *fix, size_t cap, size_t *nfix)
{
	struct strange s = {.section = TUNE_SEC_TABLE, .name = "filter_policy", .value = NO_BITS};
	char text[TUNE_VALUE_MAX];
	const char *now;
	int rc = 0;

	for (s.family = 0; !rc && tune_space_find(space, s.name) && s.family < tune_config_families(c); s.family++) {
		now = tune_config_get(c, s.section, s.family, s.name, text, sizeof text);
		if (!now || strcmp(now, NO_BITS) != 0)
			continue;
		struct tune_fix *f = say(fix, cap, nfix, &s, TUNE_CORRECTED);
		if (f) {
			strcpy(f->to, SOME_BITS);
			snprintf(f->why, sizeof f->why, "the file does not say how many bits, and RocksDB would make no filter from it; 10 are usual");
		}
		rc = tune_config_set(c, s.section, s.family, s.name, SOME_BITS);
	}
	return rc;
}

int tune_space_adopt(const struct tune_space *s, struct tune_config *c, bool theirs, struct tune_fix *fix, size_t cap, size_t *nfix, struct lode_err *err)
{
	struct look *l = calloc(1, sizeof *l);
	unsigned version = tune_space_version(s);
	char text[32];
	int rc = 0;

	*nfix = 0;
	if (!l)
		return lode_err_set(err, ENOMEM, "out of memory");
	l->space = s;
	l->theirs = theirs;
	for (l->section = TUNE_SEC_DB; l->section <= TUNE_SEC_TABLE; l->section++)
		for (l->family = 0; l->family < (l->section == TUNE_SEC_DB ? 1 : tune_config_families(c)); l->family++) {
			do { /* more than fit are looked for again */
				l->n = 0;
				tune_config_each(c, l->section, l->family, look_at, l);
				for (size_t i = 0; !rc && i < l->n; i++) {
					rc = settle(l, c, &l->found[i], fix, cap, nfix);
					rc = rc == -ENOENT ? 0 : rc; /* written twice */
				}
			} while (!rc && l->n == STRANGERS_MAX);
		}
	free(l);
	rc = rc ? rc : give_bits(s, c, fix, cap, nfix);
	if (!rc && tune_config_version(c) != version) {
		snprintf(text, sizeof text, "%u.%u.%u", version / 10000, version / 100 % 100, version % 100);
		rc = tune_config_set(c, TUNE_SEC_VERSION, 0, "rocksdb_version", text);
	}
	return rc ? lode_err_set(err, -rc, "the OPTIONS file cannot be changed: %s", strerrordesc_np(-rc)) : 0;
}
