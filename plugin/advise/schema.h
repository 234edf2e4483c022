/* The form of an answer, as JSON schema: what reply_content.c holds the model to, said to servers that can hold it to that themselves. prompts/answer.txt says the
 * same in words: servers differ in what they make of a schema, and models that see both err less. */
#ifndef LODE_ADVISE_SCHEMA_H
#define LODE_ADVISE_SCHEMA_H

#include "advise/reply.h"
#include "base/json.h"

/* Within the subset that strict servers know: every property required, none besides, no keyword but type, properties, required, items, enum. */
void lode_schema_write(struct lode_json *j, const char *key, const struct lode_offer *o);

/* An object whose properties the caller writes between the two; names: all of them, NULL at the end. */
void lode_schema_begin(struct lode_json *j, const char *key);
void lode_schema_end(struct lode_json *j, const char *const *names);

#endif
