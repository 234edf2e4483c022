/* What an earlier life left behind: an intent without its end, or kept changes that nobody has restored. */
#include "record/journal.h"
#include "record/record_json.h"

#include "guard/tunable.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Which kind of record opens the matter, and which close it. */
struct matter {
	const char *opens, *closes[3];
	bool by_trial; /* a closing record is about its own trial only */
};
static const struct matter in_flight = {"intent", {"settled"}, true}, kept = {"kept", {"close"}, false}; /* a list of none ends it, too */

struct search {
	const struct matter *matter;
	bool seen; /* the opening record came by */
	bool open; /* ... and has not been closed */
	struct lode_unfinished *found;
};

static bool text_member(const cJSON *object, const char *name, char *out, size_t len)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	if (!s || strlen(s) >= len)
		return false;
	strcpy(out, s);
	return true;
}

static bool read_write(const cJSON *item, struct lode_write *w)
{
	char scope[16];
	uint64_t cf = 0;
	int s = LODE_SCOPE_DB;

	memset(w, 0, sizeof *w);
	if (!text_member(item, "scope", scope, sizeof scope) || !text_member(item, "key", w->key, sizeof w->key) ||
	    !text_member(item, "value", w->value, sizeof w->value))
		return false;
	/* Options of scope restart are never written live, so no intent can hold one. */
	while (strcmp(scope, lode_scope_name((enum lode_scope)s)) != 0)
		if (++s == LODE_SCOPE_RESTART)
			return false;
	if (s == LODE_SCOPE_CF && !lode_record_u64(item, "cf", UINT32_MAX, &cf))
		return false;
	w->scope = (enum lode_scope)s;
	w->cf = (uint32_t)cf;
	return true;
}

/* All entries or none: half an undo is not an undo. */
static bool read_writes(const cJSON *record, const char *name, struct lode_write *w, size_t *n)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(record, name), *item;

	*n = 0;
	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(item, list) if (*n == LODE_WRITE_MAX || !read_write(item, &w[(*n)++])) return false;
	return true;
}

static bool closes(const struct matter *m, const char *kind)
{
	for (size_t i = 0; i < sizeof m->closes / sizeof *m->closes && m->closes[i]; i++)
		if (!strcmp(kind, m->closes[i]))
			return true;
	return false;
}

static void open_matter(struct search *s, const cJSON *record, uint64_t trial)
{
	size_t ntodo, nundo;

	s->seen = true;
	s->open =
	    read_writes(record, "todo", s->found->todo, &ntodo) && read_writes(record, "undo", s->found->undo, &nundo) && ntodo == nundo;
	s->found->trial = trial;
	s->found->n = s->open ? ntodo : 0;
}

static void consider(void *ctx, const struct lode_record *r)
{
	struct search *s = ctx;
	bool opening = r->whole && !strcmp(r->kind, s->matter->opens), closing = r->whole && closes(s->matter, r->kind);
	uint64_t trial;

	if ((!opening && !closing) || (closing && !s->open))
		return;
	if (closing && !s->matter->by_trial) {
		s->open = false;
		return;
	}
	cJSON *record = lode_record_json(r);
	if (lode_record_u64(record, "trial", UINT64_MAX, &trial)) {
		if (opening)
			open_matter(s, record, trial);
		else
			s->open = s->found->trial != trial;
	}
	cJSON_Delete(record);
}

static int search_file(struct search *s, const char *path)
{
	int rc = lode_journal_each(path, 0, consider, s);

	return rc == -ENOENT ? 0 : rc;
}

static int search(const struct matter *m, const char *path, struct lode_unfinished *out)
{
	struct search s = {.matter = m, .found = out};
	char old[PATH_MAX];

	memset(out, 0, sizeof *out);
	int rc = search_file(&s, path);
	if (!rc && !s.seen && snprintf(old, sizeof old, "%s.1", path) < (int)sizeof old) {
		/* Was it set aside between the beginning and the end? */
		rc = lode_journal_each(old, 0, consider, &s);
		rc = rc == -ENOENT ? 0 : rc ? rc : search_file(&s, path);
	}
	return rc ? rc : s.open && out->n > 0;
}

int lode_journal_unfinished(const char *path, struct lode_unfinished *out)
{
	return search(&in_flight, path, out);
}

int lode_journal_kept(const char *path, struct lode_unfinished *out)
{
	return search(&kept, path, out);
}
