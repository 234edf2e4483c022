/* Which file a command is, and which RocksDB it is linked with, read from that file. */
#include "tune/library.h"

#include "elf.h"
#include "libpath.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool tune_library_program(const char *program, char *out, size_t len)
{
	const char *path = getenv("PATH");

	if (strchr(program, '/'))
		return snprintf(out, len, "%s", program) < (int)len && access(out, X_OK) == 0;
	for (const char *p = path ? path : "/usr/bin:/bin"; *p; p += strcspn(p, ":") + (p[strcspn(p, ":")] == ':'))
		if (snprintf(out, len, "%.*s/%s", (int)strcspn(p, ":"), p, program) < (int)len && access(out, X_OK) == 0)
			return true;
	return false;
}

bool tune_library_find(const char *program, char *out, size_t len)
{
	char path[PATH_MAX];
	struct cli_elf e;
	bool found = false;

	*out = 0;
	if (!tune_library_program(program, path, sizeof(path)) || cli_elf_open(&e, path, NULL))
		return false;
	for (size_t i = 0; !found; i++) {
		const char *name = cli_elf_needed(&e, i);

		if (!name)
			break;
		found = strncmp(name, "librocksdb", 10) == 0 && cli_lib_find(&e, path, name, "", out, len);
	}
	cli_elf_close(&e);
	if (!found)
		*out = 0;
	return found;
}
