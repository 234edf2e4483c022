/* Mending what our SetDBOptions has undone. Up to RocksDB 8.7 two calls of it at the same moment both start from the same values, and the later
 * installs all of its own: what the earlier had changed is gone, although it had returned OK. Where the application's was the earlier, its
 * OPTIONS file was written before ours and shows what it wanted. It may also have taken that back by a second call: then the file of that call
 * follows ours. (Where both were in force before either file was written, nothing tells.) */
#include "host/view.h"

#include <string.h>

#define LOST_MAX 8

struct search {
	const struct lode_options *before, *between, *after;
	const struct lode_write *w;
	size_t n;
	struct lode_kv lost[LOST_MAX];
	size_t nlost;
};

static const char *db_value(const struct lode_options *o, const char *key)
{
	return lode_options_get(o, LODE_SEC_DB, NULL, key);
}

static bool ours(const struct search *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->w[i].scope == LODE_SCOPE_DB && strcmp(s->w[i].key, key) == 0)
			return true;
	return strcmp(key, "bytes_per_sync") == 0; /* RocksDB's own doing */
}

/* Called for each option of the file between: changed there, and back again after. */
static void look(void *ctx, const char *key, const char *value)
{
	struct search *s = ctx;
	const char *before = db_value(s->before, key), *after = db_value(s->after, key);

	if (!before || !after || ours(s, key) || s->nlost == LOST_MAX)
		return;
	if (!lode_value_equal(value, before) && lode_value_equal(after, before))
		s->lost[s->nlost++] = (struct lode_kv){key, value};
}

/* The file between is not our own: it does not show what we have written, the newest does. */
static bool foreign(const struct search *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *between = db_value(s->between, s->w[i].key), *after = db_value(s->after, s->w[i].key);

		if (s->w[i].scope == LODE_SCOPE_DB && between && after && lode_value_equal(after, s->w[i].value) &&
		    !lode_value_equal(between, s->w[i].value))
			return true;
	}
	return false;
}

static struct lode_options *between(const char *path, uint64_t above, uint64_t below)
{
	struct lode_options *o = NULL;

	return lode_options_load_between(path, above, below, &o, NULL) ? NULL : o;
}

/* Was our file the last? A call that waits for its turn to write a file has it before this SetOptions returns, which changes nothing. */
static bool nobody_followed(struct lode_host *h, const char *path, const struct lode_options *after)
{
	static const char key[] = "report_bg_io_stats";
	const char *value = lode_options_get(after, LODE_SEC_CF, "default", key);
	const struct lode_kv same = {key, value};
	struct lode_options *last = NULL, *foreign = NULL;
	bool alone = false;

	if (!value || h->ops->set_cf_options(h, 0, &same, 1, NULL) || lode_options_load(path, lode_options_number(after), &last, NULL))
		return false;
	foreign = between(path, lode_options_number(after), lode_options_number(last));
	alone = !foreign;
	lode_options_free(foreign);
	lode_options_free(last);
	return alone;
}

unsigned lode_lost_mend(struct lode_host *h, const struct lode_options *before, const struct lode_options *after, const struct lode_write *w,
			size_t n)
{
	const char *path = h->ops->info ? h->ops->info(h)->path : NULL;
	struct search s = {.before = before, .after = after, .w = w, .n = n};
	struct lode_options *theirs = path ? between(path, lode_options_number(before), lode_options_number(after)) : NULL;

	if (!theirs)
		return 0;
	s.between = theirs;
	if (foreign(&s))
		lode_options_each(theirs, LODE_SEC_DB, NULL, look, &s);
	if (s.nlost && (!nobody_followed(h, path, after) || h->ops->set_db_options(h, s.lost, s.nlost, NULL)))
		s.nlost = 0;
	lode_options_free(theirs);
	return (unsigned)s.nlost;
}
