/* lodestone doctor FILE: an executable or library, read and never run. */
#include "doctor.h"
#include "libpath.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define OBJECTS_MAX 256

/* The objects that would be loaded, breadth first, each once. */
struct closure {
	char *path[OBJECTS_MAX];
	size_t n;
};

static void add_object(struct closure *c, const char *path)
{
	char *real = realpath(path, NULL);

	for (size_t i = 0; real && i < c->n; i++)
		if (!strcmp(c->path[i], real)) {
			free(real);
			return;
		}
	if (real && c->n < OBJECTS_MAX)
		c->path[c->n++] = real;
	else
		free(real);
}

/* Looks at every object; true if one of them holds a RocksDB. */
static bool look_at_objects(struct cli_report *r, struct closure *c)
{
	char found[PATH_MAX];
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		struct cli_image image;
		const char *soname;
		struct cli_elf e;

		if (cli_elf_open(&e, c->path[i], NULL))
			continue;
		cli_image_look(&e, c->path[i], &image);
		cli_image_say(r, &image, c->path[i]);
		any |= image.kind != CLI_ROCKS_NONE;
		for (size_t k = 0; (soname = cli_elf_needed(&e, k)); k++) {
			if (cli_lib_find(&e, c->path[i], soname, "", found, sizeof found)) {
				add_object(c, found);
			} else if (strstr(soname, "rocksdb")) {
				cli_find(r, CLI_F_LIB_MISSING, c->path[i], "%s", soname);
				any = true;
			}
		}
		cli_elf_close(&e);
	}
	return any;
}

void cli_doctor_privileges(struct cli_report *r, const char *path, const char *shown)
{
	struct stat st;
	bool setid = !stat(path, &st) && st.st_mode & (S_ISUID | S_ISGID);

	if (setid || getxattr(path, "security.capability", NULL, 0) > 0)
		cli_find(r, CLI_F_PRIVILEGED, shown, NULL);
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

/* What the loader makes of it; false where that ends the matter. */
static bool look_at_loader(struct cli_report *r, const char *path)
{
	const char *musl;
	struct lode_err err = {0};
	struct cli_elf e;
	int rc = cli_elf_open(&e, path, &err);
	bool go_on = true;

	if (rc) {
		cli_find(r, rc == -EBADMSG ? CLI_F_MACHINE : CLI_F_NO_FILE, path, "%s", err.msg);
		return false;
	}
	if (!e.has_dynamic || (e.head.e_type == ET_EXEC && !e.has_interp)) {
		struct cli_image image;

		cli_image_look(&e, path, &image);
		cli_image_say(r, &image, path);
		cli_find(r, CLI_F_STATIC, path, NULL);
		go_on = false;
	} else if ((musl = cli_elf_musl(&e))) {
		cli_find(r, CLI_F_MUSL, path, "%s", musl);
	}
	cli_elf_close(&e);
	return go_on;
}

void cli_doctor_file(struct cli_report *r, const char *path)
{
	char real[PATH_MAX], interpreter[PATH_MAX];
	struct closure c = {0};

	if (!realpath(path, real)) {
		cli_find(r, CLI_F_NO_FILE, path, "%s", strerror(errno));
		return;
	}
	lode_json_str(&r->facts, "file", real);
	if (interpreter_of(real, interpreter, sizeof interpreter)) {
		cli_find(r, CLI_F_SCRIPT, path, "%s", interpreter);
		return;
	}
	if (!look_at_loader(r, real))
		return;
	cli_doctor_privileges(r, real, real);
	add_object(&c, real);
	if (!look_at_objects(r, &c))
		cli_find(r, CLI_F_NO_ROCKSDB_FILE, real, NULL);
	while (c.n)
		free(c.path[--c.n]);
}
