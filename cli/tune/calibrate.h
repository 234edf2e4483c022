/* Wishes, in whatever words, to an OPTIONS file in which every value has its option's form and bounds, relations hold, and memory and cores suffice;
 * with a fix for each wish that says what became of it. Pure and deterministic: RocksDB's own word is prove.h. */
#ifndef LODE_TUNE_CALIBRATE_H
#define LODE_TUNE_CALIBRATE_H

#include "tune/space.h"

struct tune_limits {
	uint64_t memory;   /* bytes that memtables and block cache may take together; 0: no limit */
	double cores;	   /* that the benchmark may use; 0: one */
	uint64_t disk;	   /* bytes of the scratch folder, of which a log may take an eighth before it holds anything; 0: no limit */
	uint64_t files;	   /* that the process may have open; 0: not known */
	uint64_t codecs;   /* bit i: compression_codecs[i] is linked in (prove.h); 0: not known */
	unsigned changes;  /* wishes that are taken at the most; 0: TUNE_WISHES_MAX */
	bool fixed_cache;  /* the benchmark's block cache cannot be set: block_cache_size is dropped */
	uint64_t cache;	   /* what it has if the file does not say; 0: 8 MiB */
};

/* from stays as it is. *out is its copy with the wishes in it (also if none was taken). fix has room for TUNE_FIXES_MAX: one for each wish in their order
 * (beyond TUNE_WISHES_MAX they are not looked at, and the last fix says so), then what was added. 0 or -ENOMEM. */
int tune_calibrate(const struct tune_space *s, const struct tune_config *from, const struct tune_limits *limits, const struct tune_wish *wish,
		   size_t n, struct tune_config **out, struct tune_fix *fix, size_t *nfix, struct lode_err *err);
/* Wishes that changed the file. */
size_t tune_fixes_taken(const struct tune_fix *fix, size_t n);
const char *tune_fate_name(enum tune_fate f); /* "taken" */

/* The memory that memtables of all families and the block cache can take with this file. */
uint64_t tune_config_memory(const struct tune_config *c, const struct tune_limits *limits);

/* calibrate_words.c: a text as an advisor wrote it to the text that RocksDB gets. 0: to is filled, and why says what was corrected ("" if nothing);
 * -EINVAL or -ERANGE: why says what would be right. */
int tune_value_calibrate(const struct tune_option *o, const char *text, char to[TUNE_VALUE_MAX], char *why, size_t len);
/* A value as it stands in a file: a number (thousandths for MILLI, an index for WORD). False: it is none; huge numbers are INT64_MAX. */
bool tune_value_number(const struct tune_option *o, const char *text, int64_t *v);
int tune_value_print(const struct tune_option *o, int64_t v, char to[TUNE_VALUE_MAX]);

#endif
