/* What stands around an answer, in either interface: who answered, what it cost, why it ended, and the text. */
#ifndef LODE_ADVISE_ENVELOPE_H
#define LODE_ADVISE_ENVELOPE_H

#include "advise/reply.h"

#include "cjson/cJSON.h"

/* The model and the tokens of *out. */
void lode_envelope_who(const cJSON *root, struct lode_reply *out);
/* Adds the answer to text. OK, or why there is none, with *out's why filled. */
enum lode_call lode_envelope_open(const cJSON *root, enum lode_api api, struct lode_buf *text, struct lode_reply *out);

/* A member of something that may be no object; a text that is there and not empty. NULL otherwise. */
const cJSON *lode_envelope_member(const cJSON *object, const char *name);
const char *lode_envelope_text(const cJSON *item);

#endif
