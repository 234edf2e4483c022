/* Which databases a process holds open, found by its descriptors alone, so that it works without anybody inside: who may write has the file
 * LOCK open, and who only reads has table files open. */
#include "doctor.h"

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPEN_MAX 64

struct open_db {
	char dir[1024];
	bool writes;
};

struct open_dbs {
	struct open_db db[OPEN_MAX];
	size_t n;
};

static void note(struct open_dbs *o, const char *dir, bool writes)
{
	size_t i = 0;

	while (i < o->n && strcmp(o->db[i].dir, dir) != 0)
		i++;
	if (i == OPEN_MAX || strlen(dir) >= sizeof o->db[i].dir)
		return;
	if (i == o->n) {
		strcpy(o->db[i].dir, dir);
		o->db[o->n++].writes = false;
	}
	o->db[i].writes |= writes;
}

/* Other stores have files of these names, too; only RocksDB writes its options down. */
static bool is_rocksdb(pid_t pid, const char *dir)
{
	char pattern[PATH_MAX + 64];
	bool found;
	glob_t g;

	if (strpbrk(dir, "*?[\\"))
		return true; /* not worth the quoting */
	snprintf(pattern, sizeof pattern, "/proc/%d/root%s/OPTIONS-*", (int)pid, dir);
	found = glob(pattern, GLOB_NOSORT, NULL, &g) == 0;
	if (found)
		globfree(&g);
	return found;
}

static void look_at_descriptor(struct open_dbs *o, const char *link)
{
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof target - 1);
	char *name;

	if (n <= 0)
		return;
	target[n] = '\0';
	name = strrchr(target, '/');
	if (target[0] != '/' || !name || name == target)
		return;
	*name++ = '\0';
	size_t len = strlen(name);
	if (!strcmp(name, "LOCK"))
		note(o, target, true);
	else if ((len > 4 && !strcmp(name + len - 4, ".sst")) || !strncmp(name, "MANIFEST-", 9))
		note(o, target, false);
}

unsigned cli_doctor_open(struct cli_report *r, pid_t pid, bool answers, cli_open_fn *writer)
{
	static struct open_dbs o; /* large; this command has one thread and asks once */
	char path[PATH_MAX];
	unsigned writers = 0;
	struct dirent *e;

	o.n = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *d = opendir(path);
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, e->d_name);
		look_at_descriptor(&o, path);
	}
	if (d)
		closedir(d);
	for (size_t i = 0; i < o.n; i++)
		writers += o.db[i].writes && is_rocksdb(pid, o.db[i].dir);
	lode_json_array(&r->facts, "open");
	for (size_t i = 0; i < o.n; i++) {
		if (!is_rocksdb(pid, o.db[i].dir))
			continue;
		lode_json_object(&r->facts, NULL);
		lode_json_str(&r->facts, "path", o.db[i].dir);
		lode_json_bool(&r->facts, "writes", o.db[i].writes);
		lode_json_end(&r->facts);
		if (!o.db[i].writes)
			cli_find(r, writers ? CLI_F_READ_ONLY_TOO : CLI_F_READ_ONLY, o.db[i].dir, NULL);
		else if (!answers)
			cli_find(r, CLI_F_WRITER, o.db[i].dir, NULL);
	}
	lode_json_end(&r->facts);
	for (size_t i = 0; i < o.n && writer; i++)
		if (o.db[i].writes && is_rocksdb(pid, o.db[i].dir))
			writer(r, pid, o.db[i].dir);
	return writers;
}
