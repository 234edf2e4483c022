/* A structure as a table of its members: one writer and one reader for all that the loop remembers. */
#ifndef LODE_TUNE_MEMBERS_H
#define LODE_TUNE_MEMBERS_H

#include "base/json.h"

#include "cjson/cJSON.h"
#include <stdbool.h>
#include <stddef.h>

enum tune_member_type {
	TUNE_M_STRING,	 /* char[size] */
	TUNE_M_NUMBER,	 /* double; null: NAN */
	TUNE_M_COUNT,	 /* unsigned, or an enum: below `size`, where that is not 0 */
	TUNE_M_BIG,	 /* uint64_t */
	TUNE_M_FLAG,	 /* bool */
	TUNE_M_OBJECT,	 /* a structure: `of` */
	TUNE_M_LIST,	 /* an array of at most `max` of them, and its size_t at `n` */
	TUNE_M_MADE,	 /* the same behind a pointer of ours */
	TUNE_M_FLOATS,	 /* float *, and its size_t at `n` */
	TUNE_M_TEXT,	 /* char * of ours, or NULL */
};

struct tune_member {
	const char *name;
	enum tune_member_type type;
	size_t at, size, n, max;
	const struct tune_member *of;
};

/* key: NULL within an array. To the last bit: what is decided after a resumption must be what would have been decided without. */
void tune_members_put(struct lode_json *j, const char *key, const struct tune_member *table, const void *at);
/* A member that the object does not have keeps what it is: a file of an earlier version is read as far as it goes. False: some member is of another
 * type or out of its range; whoever owns the structure frees what was read up to there. */
bool tune_members_take(const cJSON *object, const struct tune_member *table, void *at);

#endif
