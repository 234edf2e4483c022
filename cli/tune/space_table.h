/* What the offline loop knows of options beside the guard's table (guard/tunable.h): data. Names as in RocksDB's own option maps, 6.29 to 11.8. */
#ifndef LODE_TUNE_SPACE_TABLE_H
#define LODE_TUNE_SPACE_TABLE_H

#include "tune/space.h"

/* Options that a benchmark may change though the live tuner may not, or may change only within other bounds. Stands above the guard's row. */
struct tune_row {
	const char *name;
	enum tune_kind kind;
	int64_t min, max; /* as in struct tune_option */
	const char *const *words;
	const char *doc;
};
const struct tune_row *tune_row_find(const char *name); /* NULL */

/* Why an option is not for a benchmark to change; NULL: nothing is known against it. */
const char *tune_closed_find(const char *name);
/* Is it a path, or an object of the application's: never in a file for a benchmark. */
bool tune_option_private(const char *name);

/* Options that RocksDB does not write while they are empty. */
struct tune_unwritten {
	const char *name, *def;
	enum tune_section section;
	unsigned since;
};
extern const struct tune_unwritten tune_unwritten[];
extern const size_t tune_unwritten_count;

/* A name without case, hyphens and what people put before it ("DBOptions.", "rocksdb_", "--"): letters, digits, and the points between members. */
void tune_name_bare(const char *name, char *out, size_t len);

/* Words of compressions, in the order of tune_limits.codecs. */
extern const char *const tune_codecs[];

#endif
