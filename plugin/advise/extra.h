/* Statistics beyond those of every prompt, which a model may ask for with "ask_for". They stand in the next prompt about the same database, once:
 * so a prompt stays small, and a model that wants to look closer can. */
#ifndef LODE_ADVISE_EXTRA_H
#define LODE_ADVISE_EXTRA_H

#include "advise/advisor.h"

/* X(id, name, what it shows) */
#define LODE_EXTRAS(X) \
	X(LEVELS, "levels", "score, files and bytes of each level of every family") \
	X(COMPACTIONS, "compactions", "bytes read and written, write amplification and time of compaction by output level, since the database was opened") \
	X(STALLS, "stall_causes", "how often writers were slowed or stopped and by what, since the database was opened") \
	X(MEMTABLES, "memtables", "bytes and entries of memtables, by family") \
	X(FILES, "files", "mean file size by level, and memory of table readers, by family") \
	X(GETS, "get_times", "percentiles of the service time of gets and multigets") \
	X(WRITES, "write_times", "percentiles of the service time of writes, and how they share WAL writes") \
	X(SEEKS, "seek_times", "percentiles of the service time of seeks, and what iterators step over") \
	X(BACKGROUND, "background_times", "count and mean time of flushes, compactions, file reads and WAL syncs") \
	X(CACHE_KINDS, "cache_kinds", "block cache hits and misses of data, index and filter blocks") \
	X(CACHE_ENTRIES, "cache_entries", "what the block cache is filled with") \
	X(FILTERS, "filters", "how useful bloom filters are, and in which level reads end") \
	X(DB_OPTIONS, "db_options", "every number among the options of the database") \
	X(CF_OPTIONS, "cf_options", "every number among the options of the largest family")
enum lode_extra {
#define X(id, name, doc) LODE_EXTRA_##id,
	LODE_EXTRAS(X)
#undef X
	LODE_EXTRA_N
};

const char *lode_extra_name(enum lode_extra e);
const char *lode_extra_doc(enum lode_extra e);
int lode_extra_find(const char *name); /* -1: there is none of that name; exact match only */
/* What must be read of the database for a set (bit per item); 0: samples and options suffice. */
unsigned lode_extra_parts(uint32_t set);
/* The names and what they show, one line each: what may be asked for. */
void lode_extra_catalogue(struct lode_buf *b);
/* Those of q->wants, each under a line of its own; nothing where none is wanted. Numbers coarsened as everywhere in a prompt. */
void lode_extra_print(struct lode_buf *b, const struct lode_question *q);

#endif
