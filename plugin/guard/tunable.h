/* The table of tunables: everything that may ever be changed is a row; validation, prompt, manual and tests come from it. */
#ifndef LODE_GUARD_TUNABLE_H
#define LODE_GUARD_TUNABLE_H

#include "host/write.h"

#include <stdbool.h>
#include <stdint.h>

enum lode_kind {
	LODE_KIND_INT,    /* any integer in [min,max] */
	LODE_KIND_SIZE,   /* bytes */
	LODE_KIND_BOOL,   /* 0 or 1; printed false/true */
	LODE_KIND_ENUM,   /* value is an index into words */
	LODE_KIND_MILLI,  /* a RocksDB double, in thousandths: 10000 is 10.0 */
	LODE_KIND_OTHER,  /* strings and structs: never set by us */
};

enum lode_lag { LODE_LAG_INSTANT, LODE_LAG_FLUSH, LODE_LAG_SHAPE, LODE_LAG_REWRITE, LODE_LAG_CACHE };
enum lode_tier { LODE_TIER_DEFAULT, LODE_TIER_OPTIN, LODE_TIER_FORBIDDEN };

struct lode_tunable {
	const char *id;      /* unique, as the model names it: RocksDB's own name, dotted for structs; "block_cache_size" for the cache */
	const char *key;     /* what SetOptions is told; often the same */
	enum lode_scope scope;
	enum lode_kind kind;
	enum lode_lag lag;
	enum lode_tier tier;
	int64_t min, max;    /* hard bounds, inclusive */
	double step;         /* largest factor of one change up or down; 0 = any */
	const char *const *words; /* LODE_KIND_ENUM: NULL-terminated */
	unsigned since, until; /* mutable (and safe to change) from / no longer from: major*10000+minor*100+patch; 0 = no limit */
	bool powerful;       /* writers may stop or slow down if it is wrong: needs the relations and the debt estimate */
	const char *doc;     /* one line */
	const char *why;     /* why it is not in the default tier; NULL if it is */
};

extern const struct lode_tunable lode_tunables[];
extern const int lode_tunable_count;

int lode_tunable_find(const char *id); /* index, or -1; exact match only */
/* Nearest id by edit distance, for messages to people; never used to guess what a model meant. NULL if nothing is near. */
const char *lode_tunable_nearest(const char *id);
/* An option of the block-based table: it stands in a section of its own, and is reached through the factory. */
bool lode_tunable_is_table(const struct lode_tunable *t);
const char *lode_kind_name(enum lode_kind k);
const char *lode_lag_name(enum lode_lag l);
const char *lode_tier_name(enum lode_tier t);
const char *lode_scope_name(enum lode_scope s);

/* The exact text for RocksDB. Returns 0 or -EINVAL for a value that the kind cannot hold. */
int lode_tunable_print(const struct lode_tunable *t, int64_t value, char *buf, size_t len);
/* From a RocksDB OPTIONS file's text (trusted). -ERANGE if it does not fit (2^64-1, ...). */
int lode_tunable_read(const struct lode_tunable *t, const char *text, int64_t *value);
/* From a model's or a person's text: strict (judging.md 7): plain integer or exact enum word, nothing else. *err says what would be right. */
int lode_tunable_parse(const struct lode_tunable *t, const char *text, size_t len, int64_t *value, struct lode_err *err);
/* For people: "64 MiB", "true", "10.0". */
const char *lode_tunable_show(const struct lode_tunable *t, int64_t value, char *buf, size_t len);

#endif
