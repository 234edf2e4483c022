/* Wishes to a file, one by one: which option is meant, may it be changed, which value is meant. */
#include "tune/calibrate_private.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MEMTABLE_LEAST (INT64_C(1) << 20)

const char *tune_fate_name(enum tune_fate f)
{
	static const char *const names[] = {"taken", "corrected", "dropped", "added"};

	return (unsigned)f < sizeof names / sizeof names[0] ? names[f] : "?";
}

size_t tune_fixes_taken(const struct tune_fix *fix, size_t n)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++)
		taken += fix[i].fate == TUNE_TAKEN || fix[i].fate == TUNE_CORRECTED;
	return taken;
}

/* ---- one wish ---- */

static void printable(const char *text, char *out, size_t len)
{
	size_t n = 0;

	for (; *text && n + 1 < len; text++)
		out[n++] = (unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text;
	out[n] = '\0';
}

static void refuse(struct tune_fix *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void refuse(struct tune_fix *f, const char *fmt, ...)
{
	va_list ap;

	f->fate = TUNE_DROPPED;
	f->to[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(f->why, sizeof f->why, fmt, ap);
	va_end(ap);
}

static void remark(struct tune_fix *f, const char *text)
{
	size_t n = strlen(f->why);

	if (text[0])
		snprintf(f->why + n, sizeof f->why - n, "%s%s", n ? "; " : "", text);
}

/* A family before the name: "hot.write_buffer_size", "cf2.write_buffer_size", "[CFOptions \"hot\"] write_buffer_size". -ENOENT: it names one that is not there. */
static int family_named(const struct tune_draft *d, const char **name, size_t *family)
{
	const char *at = *name + strspn(*name, "[ "), *close;
	char *end;
	unsigned long n;

	*family = TUNE_ALL;
	if (!strncasecmp(at, "CFOptions", 9) || !strncasecmp(at, "TableOptions", 12)) {
		at = strchr(at, '"');
		close = at ? strchr(at + 1, '"') : NULL;
		if (!close)
			return 0;
		for (size_t i = 0; i < d->families; i++)
			if (!strncmp(tune_config_family(d->from, i), at + 1, (size_t)(close - at - 1)) && !tune_config_family(d->from, i)[close - at - 1])
				*family = i;
		*name = close + 1 + strspn(close + 1, "]./: ");
		return *family == TUNE_ALL ? -ENOENT : 0;
	}
	for (size_t i = 0; i < d->families; i++) {
		const char *f = tune_config_family(d->from, i);
		size_t len = strlen(f);

		if (len && !strncmp(at, f, len) && at[len] == '.' && !tune_space_meant(d->space, at)) {
			*family = i;
			*name = at + len + 1;
			return 0;
		}
	}
	if (!strncasecmp(at, "cf", 2) && isdigit((unsigned char)at[2])) {
		n = strtoul(at + 2, &end, 10);
		if (*end != '.')
			return 0;
		*name = end + 1;
		*family = n;
		return n < d->families ? 0 : -ENOENT;
	}
	return 0;
}

/* How many jobs give so many compactions, or flushes: RocksDB takes a quarter of them for flushes, and at least one. */
static int64_t jobs_for(const char *bare, int64_t n)
{
	int64_t jobs = n + 1;

	if (strstr(bare, "flushes"))
		return 4 * n;
	while (jobs - (jobs / 4 > 1 ? jobs / 4 : 1) < n)
		jobs++;
	return jobs;
}

/* A name that RocksDB once had. What is meant now; NULL: refused. value is rewritten where it means something else. */
static const struct tune_option *successor(struct tune_draft *d, const struct tune_retired *r, const char *text, char value[TUNE_VALUE_MAX], struct tune_fix *f)
{
	const struct tune_option *o = r->successor ? tune_space_find(d->space, r->successor) : NULL;
	const struct tune_option count = {.kind = TUNE_INT, .min = 1, .max = 1000};
	char why[200], bare[TUNE_NAME_MAX];
	int64_t n;

	if (!o || o->closed) {
		refuse(f, "retired in RocksDB: %s", r->why);
		return NULL;
	}
	tune_name_bare(r->name, bare, sizeof bare);
	if (strcmp(o->name, "max_background_jobs") == 0) {
		if (tune_value_calibrate(&count, text, value, why, sizeof why) || !tune_value_number(&count, value, &n)) {
			refuse(f, "retired in RocksDB: %s", r->why);
			return NULL;
		}
		snprintf(value, TUNE_VALUE_MAX, "%" PRId64, jobs_for(bare, n));
	}
	remark(f, r->why);
	return o;
}

/* What the machine has to give. */
static bool machine(const struct tune_draft *d, const struct tune_option *o, char to[TUNE_VALUE_MAX], struct tune_fix *f)
{
	double cores = d->limits->cores >= 1 && d->limits->cores < 4096 ? d->limits->cores : 1;
	int64_t v, most = INT64_MAX, files = d->limits->files > 128 && d->limits->files < INT32_MAX ? (int64_t)d->limits->files - 100 : 0;

	if (!tune_value_number(o, to, &v))
		return true;
	if (!strcmp(o->name, "max_background_jobs"))
		most = 2 * (int64_t)cores + 2;
	else if (!strcmp(o->name, "max_subcompactions"))
		most = (int64_t)cores;
	else if (!strcmp(o->name, "write_buffer_size") && d->limits->disk / 8 > MEMTABLE_LEAST && d->limits->disk / 8 < INT64_MAX)
		most = (int64_t)(d->limits->disk / 8) & -MEMTABLE_LEAST; /* RocksDB sets that much aside for a log when it begins one */
	else if (!strcmp(o->name, "max_open_files") && v >= 0 && v < 20) {
		refuse(f, "fewer than 20 open files are not enough for RocksDB; -1 opens all");
		return false;
	} else if (!strcmp(o->name, "max_open_files") && files)
		most = files;
	if (v > most) {
		char text[64];

		snprintf(text, sizeof text, "at most %" PRId64 " on this machine", most);
		remark(f, text);
		tune_value_print(o, most, to);
	}
	return true;
}

/* Is a compression that was named linked in? */
static const char *missing_codec(const struct tune_draft *d, const char *text)
{
	for (int i = 0; d->limits->codecs && tune_codecs[i]; i++)
		if (!(d->limits->codecs >> i & 1) && strstr(text, tune_codecs[i]))
			return tune_codecs[i];
	return NULL;
}

static bool unchanged(const struct tune_draft *d, const struct tune_option *o, size_t family, const char *to)
{
	char buf[TUNE_VALUE_MAX];

	for (size_t i = 0; i < tune_draft_places(d, o); i++)
		if ((family == TUNE_ALL || family == i || !tune_draft_per_family(o)) && tune_draft_has(d, o, i) &&
		    !tune_config_equal(tune_draft_text(d, d->from, o, i, buf), to))
			return false;
	return true;
}

/* Into the families that it is for. False: none of them has it, or all have had it from an earlier wish. */
static bool put(struct tune_draft *d, const struct tune_option *o, size_t family, const char *to, struct tune_fix *f)
{
	char buf[TUNE_VALUE_MAX];
	bool some = false, twice = false;

	for (size_t i = 0; i < tune_draft_places(d, o); i++) {
		if ((tune_draft_per_family(o) && family != TUNE_ALL && family != i) || !tune_draft_has(d, o, i))
			continue;
		if (*tune_draft_touch(d, o, i) == TUNE_WISHED) {
			twice = true;
			continue;
		}
		if (!some)
			strcpy(f->from, tune_draft_text(d, d->from, o, i, buf));
		some = true;
		tune_draft_set(d, o, i, to, TUNE_WISHED);
	}
	if (!some && twice)
		refuse(f, "wished twice: the first counts");
	else if (!some)
		refuse(f, "these families have another kind of table");
	return some;
}

/* Which option a wish means; NULL after saying why none. */
static const struct tune_option *meant(struct tune_draft *d, const struct tune_wish *w, size_t *family, char value[TUNE_VALUE_MAX], struct tune_fix *f)
{
	const char *name = w->name;
	const struct tune_option *o, *near;
	const struct tune_retired *old;

	if (family_named(d, &name, family)) {
		refuse(f, "there is no such column family");
		return NULL;
	}
	o = tune_space_meant(d->space, name);
	old = tune_retired_find(o ? o->name : name, tune_space_version(d->space));
	if (old)
		return successor(d, old, w->value, value, f);
	near = o ? NULL : tune_space_nearest(d->space, name);
	if (!o) {
		refuse(f, "this RocksDB has no such option%s%s", near ? "; the nearest name is " : "", near ? near->name : "");
		return NULL;
	}
	if (strcmp(o->name, name) != 0)
		remark(f, "RocksDB's name");
	if (w->section[0] && strncasecmp(w->section, tune_section_name(o->section), sizeof w->section - 1) != 0) {
		char text[64];

		snprintf(text, sizeof text, "it stands in %s", tune_section_name(o->section));
		remark(f, text);
	}
	return o;
}

static void take(struct tune_draft *d, const struct tune_wish *w, struct tune_fix *f)
{
	char value[TUNE_VALUE_MAX], to[TUNE_VALUE_MAX], why[200];
	const struct tune_option *o;
	const char *codec;
	size_t family;

	snprintf(value, sizeof value, "%s", w->value);
	o = meant(d, w, &family, value, f);
	if (!o)
		return;
	strcpy(f->name, o->name);
	if (o->closed) {
		refuse(f, "not a benchmark's to change: %s", o->closed);
		return;
	}
	if (o->section == TUNE_SEC_CACHE && d->limits->fixed_cache) {
		refuse(f, "this benchmark's block cache cannot be set from here");
		return;
	}
	if (tune_value_calibrate(o, value, to, why, sizeof why)) {
		refuse(f, "%s", why);
		return;
	}
	remark(f, why);
	codec = missing_codec(d, to);
	if (codec) {
		refuse(f, "%s is not linked into this RocksDB", codec);
		return;
	}
	if (!machine(d, o, to, f))
		return;
	if (unchanged(d, o, family, to)) {
		refuse(f, "it has this value already");
		return;
	}
	if (!put(d, o, family, to, f))
		return;
	strcpy(f->to, to);
	if (!f->why[0] && !tune_config_equal(to, w->value))
		remark(f, "RocksDB gets the plain value");
	f->fate = f->why[0] ? TUNE_CORRECTED : TUNE_TAKEN;
}

static void take_all(struct tune_draft *d, const struct tune_wish *wish, size_t n)
{
	unsigned most = d->limits->changes ? d->limits->changes : TUNE_WISHES_MAX;

	for (size_t i = 0; i < n; i++) {
		struct tune_fix *f = &d->fix[i];
		char name[TUNE_NAME_MAX], value[TUNE_VALUE_MAX];

		printable(wish[i].name, name, sizeof name);
		printable(wish[i].value, value, sizeof value);
		*f = (struct tune_fix){.fate = TUNE_DROPPED};
		strcpy(f->name, name);
		snprintf(f->wished, sizeof f->wished, "%s=%s", name, value);
		d->nfix = i + 1;
		if (tune_fixes_taken(d->fix, i) >= most)
			refuse(f, "more than %u changes at once", most);
		else
			take(d, &wish[i], f);
	}
	d->wishes = n;
}

/* Two wishes may be about one option in two families, and one of them has been moved: each fix tells a value that is there. */
static void tell_what_is(const struct tune_draft *d, struct tune_fix *f, const struct tune_option *o)
{
	char was[TUNE_VALUE_MAX], now[TUNE_VALUE_MAX], moved[TUNE_VALUE_MAX] = "";

	for (size_t k = 0; k < tune_draft_places(d, o); k++) {
		tune_draft_text(d, d->c, o, k, now);
		if (!strcmp(now, f->to))
			return;
		if (!moved[0] && !tune_config_equal(tune_draft_text(d, d->from, o, k, was), now))
			strcpy(moved, now);
	}
	strcpy(f->to, moved);
	if (f->fate == TUNE_TAKEN) {
		f->fate = TUNE_CORRECTED;
		remark(f, "moved for the sake of another option");
	}
}

/* What came back to where it was is no change. */
static void forget_unchanged(struct tune_draft *d)
{
	char a[TUNE_VALUE_MAX], b[TUNE_VALUE_MAX];
	size_t kept = d->wishes;

	for (size_t i = 0; i < d->nfix; i++) {
		struct tune_fix *f = &d->fix[i];
		const struct tune_option *o = f->fate == TUNE_DROPPED ? NULL : tune_space_find(d->space, f->name);
		bool same = o != NULL;

		for (size_t k = 0; o && k < tune_draft_places(d, o); k++)
			same = same && tune_config_equal(tune_draft_text(d, d->from, o, k, a), tune_draft_text(d, d->c, o, k, b));
		if (same && i < d->wishes) {
			f->fate = TUNE_DROPPED;
			f->to[0] = '\0';
			remark(f, "nothing of it was left");
		} else if (o && !same) {
			tell_what_is(d, f, o);
		}
		if (i >= d->wishes && !same && f->fate != TUNE_DROPPED)
			d->fix[kept++] = *f;
	}
	d->nfix = kept;
}

/* What is only of one family is told so, by its number: two families' changes are two, and no name of a family reaches a model. */
static void tell_family(const struct tune_draft *d, const struct tune_wish *w, struct tune_fix *f)
{
	const struct tune_option *o = f->fate == TUNE_DROPPED ? NULL : tune_space_find(d->space, f->name);
	const char *name = w->name;
	char whole[TUNE_NAME_MAX];
	size_t family;

	if (!o || !tune_draft_per_family(o) || d->families < 2 || family_named(d, &name, &family) || family == TUNE_ALL)
		return;
	if (snprintf(whole, sizeof whole, "cf%zu.%s", family, o->name) < (int)sizeof whole)
		strcpy(f->name, whole);
}

static int begin(struct tune_draft *d)
{
	d->c = tune_config_clone(d->from);
	d->touch = calloc(tune_space_count(d->space), d->families ? d->families : 1);
	return d->c && d->touch ? 0 : -ENOMEM;
}

static void end(struct tune_draft *d)
{
	tune_config_free(d->c);
	free(d->touch);
}

static bool costs_memory(const char *name)
{
	static const char *const names[] = {"block_cache_size", "write_buffer_size", "max_write_buffer_number", "min_write_buffer_number_to_merge", "arena_block_size"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void drop_all(struct tune_draft *d, bool memory, const char *why)
{
	for (size_t i = 0; i < tune_space_count(d->space); i++)
		if (!memory || costs_memory(tune_space_at(d->space, i)->name))
			tune_draft_drop(d, tune_space_at(d->space, i), why);
}

int tune_calibrate(const struct tune_space *s, const struct tune_config *from, const struct tune_limits *limits, const struct tune_wish *wish,
		   size_t n, struct tune_config **out, struct tune_fix *fix, size_t *nfix, struct lode_err *err)
{
	struct tune_draft d = {.space = s, .from = from, .limits = limits, .families = tune_config_families(from), .fix = fix};
	size_t looked = n < TUNE_WISHES_MAX ? n : TUNE_WISHES_MAX;

	*out = NULL;
	*nfix = 0;
	if (begin(&d))
		d.failed = true;
	if (!d.failed)
		take_all(&d, wish, looked);
	if (!d.failed && !tune_draft_settle(&d)) {
		/* What is together too much cannot be made to fit: without it everything does, because the file that it came from does. */
		drop_all(&d, true, "the wishes about memory do not fit together");
		if (!tune_draft_settle(&d))
			drop_all(&d, false, "the wishes do not fit together");
	}
	if (d.failed) {
		end(&d);
		return lode_err_set(err, ENOMEM, "out of memory");
	}
	forget_unchanged(&d);
	for (size_t i = 0; i < d.wishes; i++)
		tell_family(&d, &wish[i], &fix[i]);
	if (n > looked && d.nfix < TUNE_FIXES_MAX) {
		d.fix[d.nfix] = (struct tune_fix){.fate = TUNE_DROPPED};
		refuse(&d.fix[d.nfix++], "%zu more wishes were not looked at: at most %d at once", n - looked, TUNE_WISHES_MAX);
	}
	*nfix = d.nfix;
	*out = d.c;
	d.c = NULL;
	end(&d);
	return 0;
}
