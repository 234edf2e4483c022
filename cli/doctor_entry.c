/* lodestone doctor OPTIONS-FILE, and the databases of a process with the listener's library in it: is the entry there, is it right, and is there somebody
 * who understands it? RocksDB itself says nothing of a listener that it does not know. */
#include "doctor.h"
#include "entry.h"
#include "libpath.h"

#include "base/fs.h"

#include <stdio.h>
#include <string.h>

static void look_at_config(struct cli_report *r, const struct cli_entry *e, const char *root)
{
	char path[PATH_MAX];
	struct lode_buf text, notes;
	struct lode_config c;
	struct lode_err err = {0};
	int rc;

	lode_config_defaults(&c);
	if (*e->mode && lode_config_set_key(&c, "agent.mode", e->mode, &err))
		cli_find(r, CLI_F_ENTRY_WORD, NULL, "mode: %s", err.msg);
	if (*e->close && strcmp(e->close, "watch") != 0 && strcmp(e->close, "detach") != 0)
		cli_find(r, CLI_F_ENTRY_WORD, NULL, "close: '%s' is neither watch nor detach", e->close);
	if (!*e->config)
		return;
	if (*e->config != '/')
		cli_find(r, CLI_F_ENTRY_RELATIVE, e->config, NULL);
	lode_buf_init(&text, 1 << 18);
	lode_buf_init(&notes, 1 << 16);
	snprintf(path, sizeof path, "%s%s", *e->config == '/' ? root : "", e->config);
	rc = lode_fs_read(path, &text);
	if (rc)
		cli_find(r, CLI_F_ENTRY_CONFIG, NULL, "%s: %s", e->config, strerror(-rc));
	else if (lode_config_read_text(&c, lode_buf_str(&text), e->config, &notes))
		cli_find(r, CLI_F_ENTRY_CONFIG, NULL, "%.*s", (int)strcspn(lode_buf_str(&notes), "\n"), lode_buf_str(&notes));
	lode_buf_fini(&text);
	lode_buf_fini(&notes);
}

/* True: there is an entry that RocksDB would take, whatever its properties are. */
static bool say_entry(struct cli_report *r, const struct cli_entry *e, const char *subject, const char *root)
{
	switch (e->kind) {
	case CLI_ENTRY_BROKEN:
		cli_find(r, CLI_F_OPTIONS_BAD, subject, "%s", e->note);
		return false;
	case CLI_ENTRY_NONE:
		cli_find(r, CLI_F_ENTRY_NONE, subject, *e->listeners && strcmp(e->listeners, "{}") ? "listeners=%s" : NULL, e->listeners);
		return false;
	case CLI_ENTRY_ID:
		cli_find(r, CLI_F_ENTRY_ID, subject, "%s", e->id);
		return false;
	case CLI_ENTRY_FORM:
	case CLI_ENTRY_PLACE:
		cli_find(r, CLI_F_ENTRY_FORM, subject, "%s", e->note);
		return false;
	case CLI_ENTRY_FOUND:
		break;
	}
	cli_find(r, CLI_F_ENTRY, subject, "%s%s%s%s", *e->mode ? "mode " : "its mode is that of the configuration", e->mode,
		 *e->config ? ", configuration " : "", e->config);
	if (*e->unknown)
		cli_find(r, CLI_F_ENTRY_PROPERTY, subject, "%s", e->unknown);
	look_at_config(r, e, root);
	return true;
}

/* ---- a file ---- */

/* "7.8.3" or "7.8" as numbers; false: something else. */
static bool version_of(const char *text, unsigned v[2])
{
	return sscanf(text, "%u.%u", &v[0], &v[1]) == 2;
}

/* The library that makes the entry known: is it there, does it find its RocksDB, and is that of the version that has written the file? */
static void look_at_plugin(struct cli_report *r, const struct cli_entry *e)
{
	static const char name[] = "liblodestone-plugin.so", rocksdb[] = "librocksdb.so.";
	char path[PATH_MAX], found[PATH_MAX];
	const char *needed;
	unsigned theirs[2], ours[2];
	struct cli_elf elf;

	if (!cli_find_library(name, path, sizeof path)) {
		cli_find(r, CLI_F_NO_PLUGIN, name, NULL);
		return;
	}
	if (cli_elf_open(&elf, path, NULL)) {
		cli_find(r, CLI_F_BAD_LIBRARY, path, "it cannot be read");
		return;
	}
	for (size_t i = 0; (needed = cli_elf_needed(&elf, i)); i++) {
		if (strncmp(needed, rocksdb, sizeof rocksdb - 1) != 0)
			continue;
		if (!cli_lib_find(&elf, path, needed, "", found, sizeof found))
			cli_find(r, CLI_F_PLUGIN_ROCKSDB, path, "%s", needed);
		else
			cli_find(r, CLI_F_PLUGIN, path, "%s", found);
		if (version_of(needed + sizeof rocksdb - 1, ours) && version_of(e->version, theirs) && (ours[0] != theirs[0] || ours[1] != theirs[1]))
			cli_find(r, CLI_F_PLUGIN_VERSION, path, "%s, the file is of RocksDB %s", needed, e->version);
	}
	cli_elf_close(&elf);
}

bool cli_doctor_options(struct cli_report *r, const char *path)
{
	struct lode_buf text;
	struct cli_entry e;
	unsigned v[2];
	bool options;

	lode_buf_init(&text, 8u << 20);
	options = !lode_fs_read(path, &text) && cli_entry_is_options(lode_buf_str(&text));
	if (!options)
		goto out;
	cli_entry_read(lode_buf_str(&text), text.len, path, &e);
	lode_json_str(&r->facts, "file", path);
	lode_json_str(&r->facts, "rocksdb", e.version);
	lode_json_str(&r->facts, "listeners", e.listeners);
	cli_find(r, CLI_F_OPTIONS, path, "%s", *e.version ? e.version : "of an unknown version");
	say_entry(r, &e, path, "");
	if (version_of(e.version, v) && (v[0] < 6 || (v[0] == 6 && v[1] < 29)))
		cli_find(r, CLI_F_OPTIONS_OLD, path, "%s", e.version);
	look_at_plugin(r, &e);
out:
	lode_buf_fini(&text);
	return options;
}

/* ---- a process ---- */

/* What the listener itself has put into RocksDB's LOG of this opening, lately. */
static bool refused(const char *root, const char *dir, char *out, size_t len)
{
	static const char mark[] = " lodestone: this database is not tuned";
	char path[4300];
	struct lode_buf text;
	const char *at, *last = NULL;

	snprintf(path, sizeof path, "%s%.4096s/LOG", root, dir);
	lode_buf_init(&text, 64u << 20);
	if (!lode_fs_read(path, &text))
		for (at = lode_buf_str(&text); (at = strstr(at, mark)); at++)
			last = at + 1;
	if (last)
		snprintf(out, len, "%.*s", (int)strcspn(last, "\n"), last);
	lode_buf_fini(&text);
	return last;
}

void cli_doctor_entry_of(struct cli_report *r, pid_t pid, const char *dir)
{
	char root[64], why[600];
	struct cli_entry e;

	snprintf(root, sizeof root, "/proc/%d/root", (int)pid);
	if (!cli_entry_of_database(root, dir, &e))
		return;
	if (!say_entry(r, &e, dir, root))
		return;
	if (refused(root, dir, why, sizeof why))
		cli_find(r, CLI_F_ENTRY_REFUSED, dir, "%s", why);
	else
		cli_find(r, CLI_F_WAITS, dir, NULL);
}
