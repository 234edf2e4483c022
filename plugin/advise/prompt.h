/* What the model gets to see, built from numbers alone. */
#ifndef LODE_ADVISE_PROMPT_H
#define LODE_ADVISE_PROMPT_H

#include "advise/reply.h"
#include "advise/wording.h"

#define LODE_PROMPT_TOKENS 4000 /* of both texts, as tokens.h counts them */
#define LODE_PROMPT_LEAST 2500

struct lode_prompt_options { /* NULL in place of it: nothing is known, and the built-in texts */
	unsigned tokens;		     /* the limit; 0: LODE_PROMPT_TOKENS. Below LODE_PROMPT_LEAST it is that */
	const struct lode_wording *wording;  /* NULL: the built-in texts */
};

struct lode_prompt {
	struct lode_buf system, user;
	struct lode_offer offer; /* what the user text offered */
	char wording[80];	 /* versions of its fixed texts */
	size_t tokens;		 /* of both texts, at the most */
};

/* Numbers coarsened to three digits (option values exact), our own words, and families as cf and a number: no names, no paths, no foreign text. What is
 * not known or is nothing has no line. Never more than the limit: what is cut, in which order, stands in prompt.c. 0 or -ENOMEM. Fini in any case. */
int lode_prompt_build(const struct lode_question *q, const struct lode_prompt_options *o, struct lode_prompt *out);
void lode_prompt_fini(struct lode_prompt *p);

#endif
