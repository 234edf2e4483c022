/* What the model gets to see, built from numbers alone. */
#ifndef LODE_ADVISE_PROMPT_H
#define LODE_ADVISE_PROMPT_H

#include "advise/reply.h"

#define LODE_PROMPT_BYTES 24000 /* of both texts: about 6000 tokens at four bytes each */

struct lode_prompt {
	struct lode_buf system, user;
	struct lode_offer offer; /* what the user text offered */
};

/* Numbers coarsened to three digits (option values exact), option names, and families as cf and a number: no names, no paths, no foreign
 * text. Earlier proposals come last, and the oldest are left out where the room ends. 0 or -ENOMEM. Fini in any case. */
int lode_prompt_build(const struct lode_question *q, struct lode_prompt *out);
void lode_prompt_fini(struct lode_prompt *p);

#endif
