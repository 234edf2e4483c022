/* A file in the making: what stands in it, what is moved in it, what is taken back. */
#include "tune/calibrate_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool tune_draft_per_family(const struct tune_option *o)
{
	return o->section == TUNE_SEC_CF || o->section == TUNE_SEC_TABLE;
}

size_t tune_draft_places(const struct tune_draft *d, const struct tune_option *o)
{
	return tune_draft_per_family(o) ? d->families : 1;
}

unsigned char *tune_draft_touch(const struct tune_draft *d, const struct tune_option *o, size_t family)
{
	return &d->touch[(size_t)(o - tune_space_at(d->space, 0)) * d->families + (tune_draft_per_family(o) ? family : 0)];
}

const char *tune_draft_text(const struct tune_draft *d, const struct tune_config *c, const struct tune_option *o, size_t family, char buf[TUNE_VALUE_MAX])
{
	const char *text = tune_config_get(c, o->section, family, o->name, buf, TUNE_VALUE_MAX);

	if (text)
		return text;
	if (o->section == TUNE_SEC_CACHE)
		snprintf(buf, TUNE_VALUE_MAX, "%" PRIu64, d->limits->cache ? d->limits->cache : UINT64_C(8) << 20);
	else
		strcpy(buf, o->def);
	return buf;
}

bool tune_draft_number(const struct tune_draft *d, const struct tune_option *o, size_t family, int64_t *v)
{
	char buf[TUNE_VALUE_MAX];

	return tune_value_number(o, tune_draft_text(d, d->c, o, family, buf), v);
}

bool tune_draft_has(const struct tune_draft *d, const struct tune_option *o, size_t family)
{
	char buf[TUNE_VALUE_MAX];
	const char *table;

	if (o->section != TUNE_SEC_TABLE)
		return true;
	table = tune_config_get(d->from, TUNE_SEC_CF, family, "table_factory", buf, sizeof buf);
	return !table || !strcmp(table, "BlockBasedTable");
}

static struct tune_fix *fix_of(struct tune_draft *d, const struct tune_option *o)
{
	for (size_t i = 0; i < d->nfix; i++)
		if (d->fix[i].fate != TUNE_DROPPED && !strcmp(d->fix[i].name, o->name))
			return &d->fix[i];
	return NULL;
}

void tune_draft_set(struct tune_draft *d, const struct tune_option *o, size_t family, const char *text, enum tune_touch touch)
{
	unsigned char *t = tune_draft_touch(d, o, family);

	if (tune_config_set(d->c, o->section, family, o->name, text))
		d->failed = true;
	if (*t != TUNE_WISHED)
		*t = (unsigned char)touch;
}

void tune_draft_move(struct tune_draft *d, const struct tune_option *o, size_t family, const char *text, const char *why)
{
	struct tune_fix *f = fix_of(d, o);
	char buf[TUNE_VALUE_MAX];

	tune_draft_set(d, o, family, text, TUNE_MOVED);
	if (!f && d->nfix < TUNE_FIXES_MAX) {
		f = &d->fix[d->nfix++];
		*f = (struct tune_fix){.fate = TUNE_ADDED};
		strcpy(f->name, o->name);
		strcpy(f->from, tune_draft_text(d, d->from, o, family, buf));
	}
	if (!f)
		return;
	if (f->fate == TUNE_TAKEN)
		f->fate = TUNE_CORRECTED;
	snprintf(f->to, sizeof f->to, "%s", text);
	snprintf(f->why, sizeof f->why, "%s", why);
}

/* As it was before any wish. */
static void restore(struct tune_draft *d, const struct tune_option *o, size_t family)
{
	char buf[TUNE_VALUE_MAX];
	const char *text = tune_config_get(d->from, o->section, family, o->name, buf, sizeof buf);

	if (!text && !strchr(o->name, '.'))
		tune_config_remove(d->c, o->section, tune_draft_per_family(o) ? family : 0, o->name);
	else if (tune_config_set(d->c, o->section, family, o->name, text ? text : o->def))
		d->failed = true;
	*tune_draft_touch(d, o, family) = TUNE_UNTOUCHED;
}

void tune_draft_drop(struct tune_draft *d, const struct tune_option *o, const char *why)
{
	for (size_t i = 0; i < tune_draft_places(d, o); i++)
		if (*tune_draft_touch(d, o, i))
			restore(d, o, i);
	d->dropped = true;
	for (size_t i = 0; i < d->nfix; i++) {
		struct tune_fix *f = &d->fix[i];

		if (f->fate == TUNE_DROPPED || strcmp(f->name, o->name) != 0)
			continue;
		f->fate = TUNE_DROPPED;
		f->to[0] = '\0';
		snprintf(f->why, sizeof f->why, "%s", why);
	}
}

void tune_draft_undo_added(struct tune_draft *d)
{
	for (size_t i = 0; i < tune_space_count(d->space); i++) {
		const struct tune_option *o = tune_space_at(d->space, i);

		for (size_t f = 0; f < tune_draft_places(d, o); f++)
			if (*tune_draft_touch(d, o, f) == TUNE_MOVED)
				restore(d, o, f);
	}
	for (size_t i = d->wishes; i < d->nfix; i++)
		d->fix[i].fate = TUNE_DROPPED;
}
