/* Mending what our SetDBOptions has undone. Up to RocksDB 8.7 two calls of it at the same moment both start from the same values, and the later
 * installs all of its own: what the earlier had changed is gone, although it had returned OK. Where the application's was the earlier, its
 * OPTIONS file was written before ours and shows what it wanted. (Where both had started before either file was written, nothing tells.) */
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

unsigned lode_lost_mend(struct lode_host *h, const struct lode_options *before, const struct lode_options *after, const struct lode_write *w,
			size_t n)
{
	struct search s = {.before = before, .after = after, .w = w, .n = n};
	struct lode_options *between = NULL;

	if (!h->ops->info || lode_options_load_between(h->ops->info(h)->path, lode_options_number(before), lode_options_number(after), &between, NULL))
		return 0;
	s.between = between;
	if (foreign(&s))
		lode_options_each(between, LODE_SEC_DB, NULL, look, &s);
	if (s.nlost && h->ops->set_db_options(h, s.lost, s.nlost, NULL))
		s.nlost = 0;
	lode_options_free(between);
	return (unsigned)s.nlost;
}
