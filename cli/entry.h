/* The entry of the listener in an OPTIONS file: listeners={{id=lodestone;config=...;mode=...;close=...}} in [DBOptions]. Read as RocksDB reads it, and where
 * that would ignore something without a word, said so. */
#ifndef LODE_CLI_ENTRY_H
#define LODE_CLI_ENTRY_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum cli_entry_kind {
	CLI_ENTRY_NONE,	 /* nothing of ours */
	CLI_ENTRY_FOUND, /* id=lodestone */
	CLI_ENTRY_ID,	 /* something like it: RocksDB knows no such listener and ignores it; see id */
	CLI_ENTRY_FORM,	 /* it is there, and RocksDB reads something else; see note */
	CLI_ENTRY_PLACE, /* it is there, and not in [DBOptions], or by another name; see note */
	CLI_ENTRY_BROKEN /* no OPTIONS file that could be loaded; see note */
};

struct cli_entry {
	enum cli_entry_kind kind;
	char version[32];	/* of RocksDB, by which the file was written; "" */
	char listeners[1024];	/* the value as it stands there */
	char id[64];
	char config[1024], mode[64], close[64];
	char unknown[256];	/* other properties, separated by ", " */
	char note[300];		/* a sentence */
};

/* A text with the sections of an OPTIONS file. */
bool cli_entry_is_options(const char *text);
/* name: of the file, for notes. */
void cli_entry_read(const char *text, size_t len, const char *name, struct cli_entry *out);
/* In the newest OPTIONS file of a database's directory; root as in cli_lib_find. False: there is none that can be read. */
bool cli_entry_of_database(const char *root, const char *dir, struct cli_entry *out);

/* Is the listener's library in that process? */
bool cli_entry_plugin_in(pid_t pid);

#endif
