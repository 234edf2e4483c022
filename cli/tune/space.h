/* Every option that the RocksDB at hand has: names and defaults from a file that it wrote itself, kinds and bounds from the guard's table and from our
 * own for what needs a restart, and by the shape of the default where neither knows it. */
#ifndef LODE_TUNE_SPACE_H
#define LODE_TUNE_SPACE_H

#include "guard/tunable.h"
#include "tune/config.h"

enum tune_kind {
	TUNE_INT,
	TUNE_SIZE,   /* bytes */
	TUNE_BOOL,
	TUNE_WORD,   /* one of words */
	TUNE_MILLI,  /* a double; bounds in thousandths */
	TUNE_WORDS,  /* a list of words, parted by ':' */
	TUNE_FILTER, /* nullptr, bloomfilter:BITS:false, ribbonfilter:BITS:LEVEL; bounds are of BITS, in thousandths */
	TUNE_OTHER,  /* strings, objects: never set */
};

struct tune_option {
	char name[TUNE_NAME_MAX]; /* RocksDB's, dotted for a member of a struct */
	char bare[TUNE_NAME_MAX]; /* without case and punctuation, to compare with */
	enum tune_section section;
	enum tune_kind kind;
	const char *const *words; /* NULL-terminated; NULL unless WORD or WORDS */
	int64_t min, max;	  /* inclusive; INT, SIZE, MILLI, FILTER */
	char def[TUNE_VALUE_MAX]; /* this RocksDB's default, "" if it is longer */
	const char *doc;	  /* a line, or "" */
	const char *closed;	  /* why no benchmark may change it; NULL: it may */
	int tunable;		  /* the guard's row, -1: it has none. Kind and bounds may be our own all the same (space_table.c) */
	bool guessed;		  /* kind and bounds are from the default's shape alone */
};

struct tune_space;

/* defaults: as this RocksDB writes them. allow: names of closed options that the operator opens, parted by spaces or commas; an unknown name is an error. */
int tune_space_new(const struct tune_config *defaults, const char *allow, struct tune_space **out, struct lode_err *err);
int tune_space_load(const char *defaults_path, const char *allow, struct tune_space **out, struct lode_err *err);
/* Closes options that the operator wants kept as they are, by name. */
int tune_space_keep(struct tune_space *s, const char *names, struct lode_err *err);
void tune_space_free(struct tune_space *s);

unsigned tune_space_version(const struct tune_space *s); /* 70803 */
size_t tune_space_count(const struct tune_space *s);
const struct tune_option *tune_space_at(const struct tune_space *s, size_t i);
const struct tune_option *tune_space_find(const struct tune_space *s, const char *name); /* exact; NULL */
/* Whatever case, hyphens and prefixes ("DBOptions.", "rocksdb_", "--"); NULL: none, or more than one would do. */
const struct tune_option *tune_space_meant(const struct tune_space *s, const char *name);
const struct tune_option *tune_space_nearest(const struct tune_space *s, const char *name); /* for a suggestion; NULL */

/* A name that RocksDB once had. */
struct tune_retired {
	const char *name;
	unsigned since;	       /* no effect, or gone, from this version on */
	const char *successor; /* takes its place, with another value; NULL: nothing does */
	const char *why;
};
const struct tune_retired *tune_retired_find(const char *name, unsigned version); /* whatever case; NULL */

/* A file of another version, or of an application, becomes one for benchmarks of this version: options that this one does not have are dropped or
 * mapped, paths and objects of the application's are withheld, the version is set. What was done goes to fix (as TUNE_DROPPED, TUNE_CORRECTED).
 * theirs: the file is the operator's; else a RocksDB of ours wrote it in the scratch folder, and paths in it are nobody's. */
int tune_space_adopt(const struct tune_space *s, struct tune_config *c, bool theirs, struct tune_fix *fix, size_t cap, size_t *nfix, struct lode_err *err);

#endif
