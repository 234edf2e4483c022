/* RocksDB's OPTIONS file, parsed: sections, column families, nested braces, escapes. A pure value; no database needed.
 * Format: rocksdb options/options_parser.cc; "[CFOptions \"name\"]", escapes \\ \# \: \n \r in names and values, '#' comments,
 * nested structs as key={a=1;b={c=2;};}. */
#ifndef LODE_HOST_OPTIONS_H
#define LODE_HOST_OPTIONS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define LODE_OPTIONS_MAX (8u << 20) /* bytes of an OPTIONS file that we are willing to read */

enum lode_section { LODE_SEC_VERSION, LODE_SEC_DB, LODE_SEC_CF, LODE_SEC_TABLE };

struct lode_options; /* immutable after parsing; may be read by many threads */

/* Returns 0 or -EINVAL with a sentence that names the line. text need not be NUL-terminated. */
int lode_options_parse(const char *text, size_t len, struct lode_options **out, struct lode_err *err);
/* The highest-numbered OPTIONS-NNNNNN of a directory (never a .dbtmp). *out has that number. -ENOENT if there is none. If the newest
 * number equals `have`, -EALREADY and *out = NULL. Survives RocksDB deleting the file under us (tries again). */
int lode_options_load(const char *dbdir, uint64_t have, struct lode_options **out, struct lode_err *err);
/* The newest one numbered between these two, neither of them included. RocksDB keeps the two newest, so it is there for a moment. */
int lode_options_load_between(const char *dbdir, uint64_t above, uint64_t below, struct lode_options **out, struct lode_err *err);
void lode_options_free(struct lode_options *o);

uint64_t lode_options_number(const struct lode_options *o); /* 0 when parsed from memory */
size_t lode_options_cf_count(const struct lode_options *o);
const char *lode_options_cf_name(const struct lode_options *o, size_t i);
/* The raw text of a value, exactly as written (unescaped), or NULL. cf is ignored for VERSION and DB. A dotted key reaches into a struct:
 * "compaction_options_universal.size_ratio". Valid as long as o. */
const char *lode_options_get(const struct lode_options *o, enum lode_section sec, const char *cf, const char *key);
/* Calls fn for every key of a section. */
void lode_options_each(const struct lode_options *o, enum lode_section sec, const char *cf,
		       void (*fn)(void *ctx, const char *key, const char *value), void *ctx);

#endif
