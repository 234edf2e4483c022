/* What a program says of how it wants to be tuned, checked as it is said. */
#include "api/options.h"

#include "base/buf.h"
#include "base/fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256u << 10)

const char *lodestone_version(void)
{
	return LODE_VERSION;
}

void lodestone_free(void *string)
{
	free(string);
}

void lode_api_fail(char **errptr, const char *message)
{
	if (!errptr)
		return;
	free(*errptr);
	*errptr = strdup(message);
}

lodestone_options_t *lodestone_options_create(void)
{
	return calloc(1, sizeof(lodestone_options_t));
}

static void drop_settings(lodestone_options_t *o, size_t from)
{
	while (o->nsetting > from) {
		o->nsetting--;
		free((char *)o->setting[o->nsetting].key);
		free((char *)o->setting[o->nsetting].value);
	}
}

void lodestone_options_destroy(lodestone_options_t *o)
{
	if (!o)
		return;
	drop_settings(o, 0);
	free(o->setting);
	free(o);
}

static bool add(lodestone_options_t *o, const char *key, const char *value)
{
	struct lode_setting *grown = realloc(o->setting, (o->nsetting + 1) * sizeof(*grown));
	if (!grown)
		return false;
	o->setting = grown;
	grown[o->nsetting] = (struct lode_setting){strdup(key), strdup(value)};
	o->nsetting++;
	if (grown[o->nsetting - 1].key && grown[o->nsetting - 1].value)
		return true;
	drop_settings(o, o->nsetting - 1);
	return false;
}

/* The table of keys says whether it would do; a configuration of its own takes the value. */
static bool checks(const char *key, const char *value, struct lode_err *err)
{
	struct lode_config *scratch = malloc(sizeof(*scratch));
	int rc = scratch ? 0 : lode_err_set(err, ENOMEM, "no memory");
	if (scratch) {
		lode_config_defaults(scratch);
		rc = lode_config_set_key(scratch, key, value, err);
	}
	free(scratch);
	return rc == 0;
}

static int set(lodestone_options_t *o, const char *key, const char *value, struct lode_err *err)
{
	if (!checks(key, value, err))
		return -EINVAL;
	return add(o, key, value) ? 0 : lode_err_set(err, ENOMEM, "no memory");
}

static int take(void *ctx, const char *section, const char *key, const char *value, struct lode_err *err)
{
	char name[128];
	snprintf(name, sizeof(name), "%s.%s", section, key);
	return set(ctx, name, value, err);
}

void lodestone_options_set(lodestone_options_t *o, const char *key, const char *value, char **errptr)
{
	struct lode_err err = {0};
	if (set(o, key, value, &err))
		lode_api_fail(errptr, err.msg);
}

void lodestone_options_load(lodestone_options_t *o, const char *path, char **errptr)
{
	struct lode_buf text, notes;
	size_t before = o->nsetting;
	char why[300];
	int rc;
	lode_buf_init(&text, FILE_MAX);
	lode_buf_init(&notes, FILE_MAX);
	rc = lode_fs_read(path, &text);
	if (rc) {
		snprintf(why, sizeof(why), "%.200s: %s", path, strerror(-rc));
		lode_api_fail(errptr, why);
		goto out;
	}
	if (lode_config_each(lode_buf_str(&text), path, take, o, &notes)) {
		const char *first = notes.len ? lode_buf_str(&notes) : "no memory";
		snprintf(why, sizeof(why), "%.*s", (int)strcspn(first, "\n"), first);
		lode_api_fail(errptr, why);
		drop_settings(o, before);
	}
out:
	lode_buf_fini(&text);
	lode_buf_fini(&notes);
}

void lodestone_options_set_event_callback(lodestone_options_t *o, lodestone_event_fn *fn, void *ctx)
{
	o->event = fn;
	o->event_ctx = ctx;
}

void lodestone_options_set_advisor(lodestone_options_t *o, const char *name, lodestone_advisor_fn *fn, void *ctx)
{
	snprintf(o->advisor, sizeof(o->advisor), "%s", name ? name : "own");
	o->advise = fn;
	o->advise_ctx = ctx;
}

/* One word of letters, digits and - _ . : it stands in journals and status texts. */
static bool is_word(const char *s, size_t most)
{
	size_t n = s ? strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") : 0;
	return n > 0 && n <= most && !s[n];
}

void lodestone_options_set_objective(lodestone_options_t *o, const char *name, lodestone_objective_fn *fn, void *ctx, int more_is_better, char **errptr)
{
	struct lode_err err = {0};
	if (!fn) {
		lode_api_fail(errptr, "an objective needs a function that says the metric");
		return;
	}
	if (!is_word(name, sizeof(o->metric) - 1)) {
		lode_api_fail(errptr, "the metric's name must be one word of letters, digits and - _ . : and at most 47 of them");
		return;
	}
	if (set(o, "objective.kind", "custom", &err)) {
		lode_api_fail(errptr, err.msg);
		return;
	}
	snprintf(o->metric, sizeof(o->metric), "%s", name);
	o->measure = fn;
	o->measure_ctx = ctx;
	o->falls = !more_is_better;
}
