/* The members of a journal's record. */
#ifndef LODE_RECORD_RECORD_JSON_H
#define LODE_RECORD_RECORD_JSON_H

#include "record/journal_read.h"

#include "cjson/cJSON.h"

/* NULL: not whole, too deep, or no memory. The caller deletes it. */
cJSON *lode_record_json(const struct lode_record *r);
/* A whole number that a double holds exactly, up to max. False: there is none of this name. */
bool lode_record_u64(const cJSON *object, const char *name, uint64_t max, uint64_t *out);

#endif
