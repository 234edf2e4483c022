/* lodestone doctor FILE: an executable or library, read and never run. */
#include "doctor.h"
#include "libpath.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define OBJECTS_MAX 256

#define OPEN                                                                                                                               \
	"_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"                                   \
	"RKSt6vectorINS_22ColumnFamilyDescriptorESaISD_EEPSC_IPNS_18ColumnFamilyHandleESaISJ_EE"

/* The forms of the one function that every open goes through; the preload interposes these (shim/hooks.h). */
static const struct {
	const char *symbol, *since;
} opens[] = {
    {OPEN "PPNS_2DBEbb", "RocksDB up to 9.1"},
    {OPEN "PPNS_2DBEbbbPb", "RocksDB 9.2 to 9.10"},
    {OPEN "PSt10unique_ptrINS_2DBESt14default_deleteISO_EEbbbPb", "RocksDB 9.11 and later"},
};

enum cli_rocksdb cli_rocksdb_in(const struct cli_elf *e, const char **open_since)
{
	*open_since = "";
	for (size_t i = 0; i < sizeof opens / sizeof opens[0]; i++) {
		if (!cli_elf_export(e, opens[i].symbol, false))
			continue;
		*open_since = opens[i].since;
		return !e->symbolic && cli_elf_slot(e, opens[i].symbol) ? CLI_ROCKS_OK : CLI_ROCKS_BOUND;
	}
	if (cli_elf_export(e, "_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERKSs", true))
		return CLI_ROCKS_OLD_ABI;
	if (cli_elf_export(e, "_ZN7rocksdb6DBImpl", true))
		return CLI_ROCKS_UNKNOWN;
	if (cli_elf_local(e, "_ZN7rocksdb6DBImpl") || cli_elf_contains(e, "rocksdb.estimate-pending-compaction-bytes"))
		return CLI_ROCKS_HIDDEN;
	return CLI_ROCKS_NONE;
}

void cli_rocksdb_say(struct cli_findings *f, enum cli_rocksdb r, const char *path, const char *open_since)
{
	static const char relink[] = "link it with the shared librocksdb of the distribution";

	switch (r) {
	case CLI_ROCKS_OK:
		cli_find(f, CLI_OK, NULL, "%s: its opens can be caught (%s)", path, open_since);
		break;
	case CLI_ROCKS_BOUND:
		cli_find(f, CLI_FAIL, relink,
			 "%s has a RocksDB whose own calls cannot be caught (static in an executable, -Bsymbolic or LTO)", path);
		break;
	case CLI_ROCKS_OLD_ABI:
		cli_find(f, CLI_FAIL, "use a build with _GLIBCXX_USE_CXX11_ABI=1", "%s has a RocksDB with the std::string of before C++11",
			 path);
		break;
	case CLI_ROCKS_UNKNOWN:
		cli_find(f, CLI_FAIL, "report the version; its DBImpl::Open has another form",
			 "%s has a RocksDB without an open that is known", path);
		break;
	case CLI_ROCKS_HIDDEN:
		cli_find(f, CLI_FAIL, relink, "%s has a RocksDB linked in statically that exports nothing", path);
		break;
	case CLI_ROCKS_NONE:
		break;
	}
}

/* The objects that would be loaded, breadth first, each once. */
struct closure {
	char *path[OBJECTS_MAX];
	size_t n;
};

static void add_object(struct closure *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->path[i], path))
			return;
	if (c->n < OBJECTS_MAX && (c->path[c->n] = strdup(path)))
		c->n++;
}

/* Looks at every object; true if one of them holds a RocksDB. */
static bool look_at_objects(struct cli_findings *f, struct closure *c)
{
	char found[PATH_MAX];
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		const char *since, *soname;
		struct cli_elf e;

		if (cli_elf_open(&e, c->path[i], NULL))
			continue;
		enum cli_rocksdb r = cli_rocksdb_in(&e, &since);
		/* A library that merely mentions one of RocksDB's names is not a RocksDB; the executable itself may be. */
		if (i && r == CLI_ROCKS_HIDDEN && !cli_elf_local(&e, "_ZN7rocksdb6DBImpl"))
			r = CLI_ROCKS_NONE;
		cli_rocksdb_say(f, r, c->path[i], since);
		any |= r != CLI_ROCKS_NONE;
		for (size_t k = 0; (soname = cli_elf_needed(&e, k)); k++) {
			if (cli_lib_find(&e, c->path[i], soname, "", found, sizeof found))
				add_object(c, found);
			else if (strstr(soname, "rocksdb"))
				cli_find(f, CLI_FAIL, "install it, or set LD_LIBRARY_PATH as the program's start does",
					 "%s needs %s, which was not found", c->path[i], soname);
		}
		cli_elf_close(&e);
	}
	return any;
}

static void look_at_privileges(struct cli_findings *f, const char *path)
{
	struct stat st;
	bool fail = false;

	if (!stat(path, &st) && st.st_mode & (S_ISUID | S_ISGID))
		fail = true;
	if (getxattr(path, "security.capability", NULL, 0) > 0)
		fail = true;
	if (fail)
		cli_find(f, CLI_FAIL, "give it its rights in another way, for example systemd's AmbientCapabilities=",
			 "%s is setuid, setgid or has file capabilities: the loader ignores LD_PRELOAD for it", path);
}

/* "#!/bin/sh -e": the program that would really run. False if it is no script. */
static bool interpreter_of(const char *path, char *out, size_t len)
{
	char line[512] = "";
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(line, 1, sizeof line - 1, file) : 0;

	if (file)
		fclose(file);
	line[n] = '\0';
	if (strncmp(line, "#!", 2) != 0)
		return false;
	const char *p = line + 2 + strspn(line + 2, " \t");
	snprintf(out, len, "%.*s", (int)strcspn(p, " \t\n"), p);
	return *out == '/';
}

void cli_doctor_file(struct cli_findings *f, const char *path)
{
	char real[PATH_MAX], interpreter[PATH_MAX];
	struct closure c = {0};
	struct lode_err err;
	struct cli_elf e;

	if (!realpath(path, real)) {
		cli_find(f, CLI_FAIL, NULL, "%s: %s", path, strerror(errno));
		return;
	}
	if (interpreter_of(real, interpreter, sizeof interpreter)) {
		cli_find(f, CLI_FAIL, "name the program that the script starts; what `lodestone run` sets is inherited by it",
			 "%s is a script for %s", path, interpreter);
		return;
	}
	if (cli_elf_open(&e, real, &err)) {
		cli_find(f, CLI_FAIL, NULL, "%s: %s", path, err.msg);
		return;
	}
	bool is_static = !e.has_dynamic || (e.head.e_type == ET_EXEC && !e.has_interp);
	cli_elf_close(&e);
	if (is_static) {
		cli_find(f, CLI_FAIL, "link it dynamically", "%s is a static executable: the loader has no part in its start", path);
		return;
	}
	look_at_privileges(f, real);
	add_object(&c, real);
	if (!look_at_objects(f, &c))
		cli_find(f, CLI_FAIL, "if it loads RocksDB later (Java, Python, a plugin), start it and ask `lodestone doctor PID`",
			 "%s neither holds RocksDB nor is linked with it", path);
	while (c.n)
		free(c.path[--c.n]);
}
