/* An OPTIONS file as a value that can be edited: every section, family, unknown option and comment stays, in its order; what is not touched is
 * written as it was read. RocksDB's format: host/options.h. Values are texts as they stand in the file.
 *
 * Two things that no OPTIONS file of RocksDB's has stand in ours as comments that are read back:
 *   # lodestone: block_cache_size=67108864     the block cache, which is a pointer in RocksDB
 *   # lodestone: withheld wal_dir=/srv/wal     an option that must not reach a benchmark (tune_config_withhold), and that the final file has again */
#ifndef LODE_TUNE_CONFIG_H
#define LODE_TUNE_CONFIG_H

#include "tune/tune.h"

#include <stdio.h>

#define TUNE_FAMILIES_MAX 1000 /* of one file */

enum tune_section {
	TUNE_SEC_VERSION,
	TUNE_SEC_DB,
	TUNE_SEC_CF,
	TUNE_SEC_TABLE, /* of the block-based table; other tables' sections are kept and not looked into */
	TUNE_SEC_CACHE, /* block_cache_size */
};
#define TUNE_SECTION_N 5
const char *tune_section_name(enum tune_section s); /* "DBOptions"; the cache: "CacheOptions" */

struct tune_config;

/* 0, or -EINVAL with a sentence that names the line, or another -errno. path NULL is not allowed; text need not end in NUL. */
int tune_config_load(const char *path, struct tune_config **out, struct lode_err *err);
int tune_config_parse(const char *text, size_t len, struct tune_config **out, struct lode_err *err);
struct tune_config *tune_config_clone(const struct tune_config *c); /* NULL: out of memory */
void tune_config_free(struct tune_config *c);

unsigned tune_config_version(const struct tune_config *c); /* of rocksdb_version: 70803; 0: it names none */
size_t tune_config_families(const struct tune_config *c);
const char *tune_config_family(const struct tune_config *c, size_t i); /* unescaped; the first is "default" */

/* The value into buf, which is returned; NULL: it is not there, or longer than len - 1. family: an index; ignored for VERSION, DB, CACHE. A dotted
 * name reaches into a struct ("compression_opts.level"). Of an option that is written twice the first counts, as in RocksDB. */
const char *tune_config_get(const struct tune_config *c, enum tune_section s, size_t family, const char *name, char *buf, size_t len);
/* However long its value. */
bool tune_config_has(const struct tune_config *c, enum tune_section s, size_t family, const char *name);

#define TUNE_ALL SIZE_MAX /* every family */
/* Sets or adds. 0; -EINVAL: value (a line break, '#', unmatched braces, ...) or name cannot stand there, or the dotted name's outer one is no struct;
 * -ENOENT: no such family; -ENOMEM. After an error nothing has changed for the family at which it occurred. */
int tune_config_set(struct tune_config *c, enum tune_section s, size_t family, const char *name, const char *value);
int tune_config_remove(struct tune_config *c, enum tune_section s, size_t family, const char *name); /* also of a member, by its dotted name; 0, or -ENOENT */
/* Out of what benchmarks get, into a comment; tune_config_write with final brings it back. */
int tune_config_withhold(struct tune_config *c, enum tune_section s, size_t family, const char *name);

/* fn for every option of a section, in the file's order, whole structs. */
void tune_config_each(const struct tune_config *c, enum tune_section s, size_t family, void (*fn)(void *ctx, const char *name, const char *value),
		      void *ctx);

struct tune_note { /* a comment above an option: what the change gained */
	const char *name; /* RocksDB's; dotted for a member */
	const char *text;
	size_t only; /* of one family, counted from 1; 0: wherever the option stands */
};
struct tune_layout {
	const char *header; /* a comment at the top, lines parted by \n; NULL */
	const struct tune_note *note;
	size_t nnote;
	bool final; /* withheld options stand in it again */
};
/* layout NULL: as it is. 0 or -errno; the file is there whole or not at all. */
int tune_config_write(const struct tune_config *c, const char *path, const struct tune_layout *layout, struct lode_err *err);
/* Same to RocksDB: numbers, booleans as in host/write.h. */
bool tune_config_equal(const char *a, const char *b);

#endif
