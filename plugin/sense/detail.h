/* What a sample leaves out because it is seldom wanted: the history of each level, what the block cache is filled with.
 * Cumulative since the database was opened. Read when somebody asks for it, and then once. */
#ifndef LODE_SENSE_DETAIL_H
#define LODE_SENSE_DETAIL_H

#include "sense/sample.h"

#define LODE_DETAIL_FAMILIES 8		      /* the first of the sample: each costs about as much as the shape of a sample does */
#define LODE_DETAIL_CACHE_MAX (1024ull << 20) /* bytes in use: counting entries walks over a cache, a few ms for 250 000 blocks */

enum lode_detail_part { LODE_DETAIL_LEVELS = 1, LODE_DETAIL_ENTRIES = 2, LODE_DETAIL_CACHE = 4 }; /* stalls come with the levels */

struct lode_detail_level { /* NAN: not told */
	double score, read_gb, write_gb, moved_gb, write_amp, seconds, count, keys_in, keys_dropped;
};

/* X(id, words, RocksDB's name of the role) */
#define LODE_ROLES(X) \
	X(DATA, "data blocks", "data-block") X(INDEX, "index blocks", "index-block") X(FILTER, "filter blocks", "filter-block") \
	X(FILTER_META, "filter partitions' indexes", "filter-meta-block") X(OTHER, "other blocks", "other-block") \
	X(WRITE_BUFFER, "memtables charged to it", "write-buffer") X(READERS, "table readers charged to it", "block-based-table-reader") \
	X(BLOB, "blob values", "blob-value") X(MISC, "other entries", "misc")
enum lode_role {
#define X(id, words, name) LODE_ROLE_##id,
	LODE_ROLES(X)
#undef X
	LODE_ROLE_N
};

struct lode_detail_cf {
	uint32_t id;
	size_t levels;
	struct lode_detail_level level[LODE_LEVEL_MAX];
	uint64_t entries, deletes; /* of the active memtable */
	uint64_t readers;	   /* bytes of table readers outside of the block cache */
};

struct lode_detail {
	unsigned parts;	   /* that were read: enum lode_detail_part */
	bool cache_known;
	uint64_t role_bytes[LODE_ROLE_N], role_count[LODE_ROLE_N];
	size_t ncf;
	struct lode_detail_cf cf[LODE_DETAIL_FAMILIES];
};

/* Reads the parts for the families of that sample. What this RocksDB does not have stays unknown. 0 or -ESHUTDOWN. */
int lode_detail_take(struct lode_host *h, unsigned parts, const struct lode_sample *now, struct lode_detail *out);

#endif
