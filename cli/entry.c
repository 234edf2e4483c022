/* Reads the entry. RocksDB takes braces off the value as long as it has them at both ends, splits at colons outside of braces, and takes each part for
 * a name, or for properties of which one is id (tried with 7.8.3). What it does not know it drops, and the entry is not in the OPTIONS file
 * that it writes then. */
#include "entry.h"
#include "elf.h"

#include "base/fs.h"
#include "host/names.h"
#include "host/options.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX LODE_OPTIONS_MAX
#define MAPS_MAX (16u << 20)

static const char good_form[] = "listeners={{id=lodestone;mode=observe}}";

/* [from, to) without spaces around. */
struct piece {
	const char *from, *to;
};

static struct piece trimmed(const char *from, const char *to)
{
	while (from < to && strchr(" \t\r", *from))
		from++;
	while (to > from && strchr(" \t\r", to[-1]))
		to--;
	return (struct piece){from, to};
}

static void copy(char *out, size_t len, struct piece p)
{
	snprintf(out, len, "%.*s", (int)(p.to - p.from), p.from);
}

static bool braced(struct piece p)
{
	return p.to - p.from >= 2 && *p.from == '{' && p.to[-1] == '}';
}

static struct piece unbraced(struct piece p)
{
	while (braced(p))
		p = trimmed(p.from + 1, p.to - 1);
	return p;
}

/* Cuts the next piece off *rest, up to a separator outside of braces. False: nothing is left. */
static bool next(struct piece *rest, char separator, struct piece *out)
{
	const char *p = rest->from;
	int depth = 0;

	if (rest->from >= rest->to)
		return false;
	for (; p < rest->to && (depth > 0 || *p != separator); p++)
		depth += *p == '{' ? 1 : *p == '}' ? -1 : 0;
	*out = trimmed(rest->from, p);
	rest->from = p < rest->to ? p + 1 : rest->to;
	return true;
}

/* As many letters differ as a slip of the finger makes: in place, left out or too many, or in capitals. */
static bool resembles(const char *id)
{
	static const char right[] = "lodestone";
	size_t n = strlen(id), m = sizeof right - 1, head = 0, tail = 0;

	if (n + 2 < m || n > m + 2)
		return false;
	while (head < n && head < m && strncasecmp(id + head, right + head, 1) == 0)
		head++;
	while (tail < n - head && tail < m - head && strncasecmp(id + n - 1 - tail, right + m - 1 - tail, 1) == 0)
		tail++;
	return (n > m ? n : m) - head - tail <= 2;
}

static void take_property(struct cli_entry *e, const char *name, struct piece value)
{
	if (!strcmp(name, "config"))
		copy(e->config, sizeof e->config, value);
	else if (!strcmp(name, "mode"))
		copy(e->mode, sizeof e->mode, value);
	else if (!strcmp(name, "close"))
		copy(e->close, sizeof e->close, value);
	else if (strlen(e->unknown) + strlen(name) + 3 < sizeof e->unknown)
		sprintf(e->unknown + strlen(e->unknown), "%s%s", *e->unknown ? ", " : "", name);
}

/* One listener: a name, or properties. True if it is ours or was meant to be. */
static bool take_listener(struct cli_entry *e, struct piece one)
{
	struct piece rest = unbraced(one), part;
	struct cli_entry got = {0};
	bool named = false;

	if (!memchr(rest.from, '=', (size_t)(rest.to - rest.from))) {
		copy(got.id, sizeof got.id, rest);
		named = true;
	}
	while (!named && next(&rest, ';', &part)) {
		const char *eq = memchr(part.from, '=', (size_t)(part.to - part.from));
		char name[64];

		copy(name, sizeof name, trimmed(part.from, eq ? eq : part.to));
		if (eq && !strcmp(name, "id"))
			copy(got.id, sizeof got.id, unbraced(trimmed(eq + 1, part.to)));
		else if (*name)
			take_property(&got, name, eq ? unbraced(trimmed(eq + 1, part.to)) : part);
	}
	got.kind = !strcmp(got.id, "lodestone") ? CLI_ENTRY_FOUND : resembles(got.id) ? CLI_ENTRY_ID : CLI_ENTRY_NONE;
	if (got.kind == CLI_ENTRY_NONE)
		return false;
	memcpy(got.version, e->version, sizeof got.version);
	memcpy(got.listeners, e->listeners, sizeof got.listeners);
	*e = got;
	return true;
}

static void take_value(struct cli_entry *e, const char *value)
{
	struct piece all = unbraced(trimmed(value, value + strlen(value))), rest = all, one;
	bool found = false;

	snprintf(e->listeners, sizeof e->listeners, "%s", value);
	if (all.to > all.from && strstr(value, "lodestone") && strstr(value, "}:{") && braced(trimmed(value, value + strlen(value)))) {
		e->kind = CLI_ENTRY_FORM;
		snprintf(e->note, sizeof e->note, "RocksDB takes several listeners in braces for one: leave the braces of the first or of the last away");
		return;
	}
	while (!found && next(&rest, ':', &one))
		found = take_listener(e, one);
	if (found || !strstr(value, "lodestone"))
		return;
	e->kind = CLI_ENTRY_FORM;
	snprintf(e->note, sizeof e->note, "'%.120s' does not say id=lodestone to RocksDB", value);
}

/* Line by line, for what stands where RocksDB does not look for it. */
static void look_elsewhere(struct cli_entry *e, const char *text, const char *name)
{
	char section[96] = "", line[1024];
	unsigned number = 0;

	for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
		struct piece p;
		size_t key;

		end = at + strcspn(at, "\n");
		p = trimmed(at, end);
		number++;
		copy(line, sizeof line, p);
		line[strcspn(line, "#")] = '\0';
		key = strcspn(line, " \t=");
		if (*line == '[')
			snprintf(section, sizeof section, "%.90s", line);
		else if (!strncasecmp(line, "listener", 8) && (strcmp(section, "[DBOptions]") || key != 9 || strncmp(line, "listeners", 9))) {
			e->kind = CLI_ENTRY_PLACE;
			snprintf(e->note, sizeof e->note, "%.100s:%u: %.*s stands in %s; its name is listeners, its place [DBOptions]", name, number, (int)key, line,
				 *section ? section : "no section");
			return;
		}
	}
}

bool cli_entry_is_options(const char *text)
{
	return strstr(text, "[DBOptions]") || strstr(text, "[CFOptions ") || (strstr(text, "[Version]") && strstr(text, "rocksdb_version"));
}

void cli_entry_read(const char *text, size_t len, const char *name, struct cli_entry *out)
{
	struct lode_options *o = NULL;
	struct lode_err err = {0};
	const char *value;

	*out = (struct cli_entry){0};
	if (lode_options_parse(text, len, &o, &err)) {
		out->kind = CLI_ENTRY_BROKEN;
		snprintf(out->note, sizeof out->note, "%s", err.msg);
		return;
	}
	value = lode_options_get(o, LODE_SEC_VERSION, NULL, "rocksdb_version");
	snprintf(out->version, sizeof out->version, "%s", value ? value : "");
	value = lode_options_get(o, LODE_SEC_DB, NULL, "listeners");
	if (value)
		take_value(out, value);
	if (out->kind == CLI_ENTRY_NONE)
		look_elsewhere(out, text, name);
	if (out->kind == CLI_ENTRY_FORM && strlen(out->note) + sizeof good_form + 10 < sizeof out->note)
		sprintf(out->note + strlen(out->note), "; as in %s", good_form);
	lode_options_free(o);
}

static int newest_options(const char *dir, char *out, size_t len)
{
	unsigned long newest = 0;
	DIR *d = opendir(dir);
	struct dirent *f;

	while (d && (f = readdir(d))) {
		char *end;
		unsigned long n = strncmp(f->d_name, "OPTIONS-", 8) ? 0 : strtoul(f->d_name + 8, &end, 10);

		if (n && !*end && n > newest && snprintf(out, len, "%s/%s", dir, f->d_name) < (int)len)
			newest = n;
	}
	if (d)
		closedir(d);
	return newest ? 0 : -1;
}

bool cli_entry_of_database(const char *root, const char *dir, struct cli_entry *out)
{
	char inside[4200], path[4500];
	struct lode_buf text;
	bool there;

	snprintf(inside, sizeof inside, "%.60s%.4096s", root, dir);
	lode_buf_init(&text, TEXT_MAX);
	there = !newest_options(inside, path, sizeof path) && !lode_fs_read(path, &text);
	if (there)
		cli_entry_read(lode_buf_str(&text), text.len, path, out);
	lode_buf_fini(&text);
	return there;
}

/* The listener may be a part of the program itself. */
static bool linked_in(pid_t pid)
{
	char path[64];
	struct cli_elf e;
	bool in;

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	if (cli_elf_open(&e, path, NULL))
		return false;
	in = cli_elf_find(&e, LODE_LINKED_MARK) != NULL;
	cli_elf_close(&e);
	return in;
}

bool cli_entry_plugin_in(pid_t pid)
{
	char path[64];
	struct lode_buf maps;
	bool in;

	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	lode_buf_init(&maps, MAPS_MAX);
	in = !lode_fs_read(path, &maps) && strstr(lode_buf_str(&maps), "/liblodestone-plugin.so");
	lode_buf_fini(&maps);
	return in || linked_in(pid);
}
