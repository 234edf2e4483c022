/* The options of one database as they are now, in the table's terms. */
#ifndef LODE_GUARD_STATE_H
#define LODE_GUARD_STATE_H

#include "guard/tunable.h"
#include "host/options.h"
#include "sense/machine.h"
#include "sense/sample.h"

#define LODE_TUNABLE_MAX 192
#define LODE_CF_ALL UINT32_MAX /* in a change: every column family that is tuned */

struct lode_value {
	bool exists;    /* this RocksDB has it */
	bool numeric;   /* value is good; else only text */
	int64_t value;
	char text[LODE_VALUE_MAX]; /* exactly as RocksDB wrote it: what an undo restores */
};

struct lode_cf_state {
	struct lode_cf cf;
	struct lode_value v[LODE_TUNABLE_MAX]; /* by tunable index; scope CF only */
	int64_t min_merge;      /* min_write_buffer_number_to_merge */
	int64_t num_levels;
	bool dynamic_levels;
	char style[32];         /* compaction_style */
};

/* Does this RocksDB let a tunable be changed in an open database? */
enum lode_can {
	LODE_CAN_ASSUMED, /* it could not be asked: the table's versions decide */
	LODE_CAN_YES,     /* it says so */
	LODE_CAN_NO,
};

struct lode_state {
	uint64_t options_number; /* of the OPTIONS file it was read from */
	unsigned version;        /* 70803 */
	unsigned char can[LODE_TUNABLE_MAX]; /* enum lode_can; whoever asks the image fills it in after lode_state_build */
	struct lode_value db[LODE_TUNABLE_MAX]; /* scopes DB, CACHE and RESTART (the first family's) */
	size_t ncf;
	struct lode_cf_state cf[LODE_CF_MAX];
};

/* Large (34 KiB a family that is there; untouched pages of the rest cost nothing): allocate it. -EINVAL: the file names no version. */
int lode_state_build(const struct lode_options *o, const struct lode_cf *cfs, size_t ncf, const struct lode_cache *cache,
		     struct lode_state *out, struct lode_err *err);
/* NULL if it does not exist there. cf is RocksDB's id, or LODE_CF_ALL for the first family's; ignored for DB and CACHE. */
const struct lode_value *lode_state_value(const struct lode_state *s, int tunable, uint32_t cf);
/* Value or a fallback. */
int64_t lode_state_int(const struct lode_state *s, const char *id, uint32_t cf, int64_t otherwise);

#endif
