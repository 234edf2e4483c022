/* Inside of the prompt: a section prints what it knows to the page, and nothing if it knows nothing. prompt.c puts the sections in order and within the
 * limit; prompt_facts.c has what is measured, prompt_past.c what was tried, prompt_counsel.c what our own rules would do, catalogue.c what may be
 * changed. */
#ifndef LODE_ADVISE_PROMPT_PRIVATE_H
#define LODE_ADVISE_PROMPT_PRIVATE_H

#include "advise/prompt.h"
#include "advise/signs.h"
#include "advise/text.h"
#include "base/num.h"

struct lode_page {
	const struct lode_question *q;
	const struct lode_prompt_options *o;
	struct lode_signs s;
	struct lode_buf *b;	  /* the section at hand */
	struct lode_offer *offer; /* of the catalogue */
	const char *versions;
	size_t room; /* tokens that the section may take; others than the elastic ones do not look at it */
	unsigned terse; /* of the catalogue: how much of it is left out */
};

/* prompt_facts.c */
void lode_page_system(struct lode_page *p);
void lode_page_objective(struct lode_page *p);
void lode_page_workload(struct lode_page *p);
void lode_page_measured(struct lode_page *p);
void lode_page_reckoning(struct lode_page *p);
void lode_page_trend(struct lode_page *p);
void lode_page_levels(struct lode_page *p);
void lode_page_left(struct lode_page *p);

/* prompt_counsel.c */
void lode_page_counsel(struct lode_page *p); /* what the built-in rules would do */

/* prompt_past.c */
void lode_page_remembered(struct lode_page *p); /* of this kind of work */
void lode_page_elsewhere(struct lode_page *p);	/* of other kinds */
void lode_page_past(struct lode_page *p);	/* elastic: fits p->room */

/* Macros, because the text lives until the end of the sentence only. */
#define NUM(v) lode_text_num(v, 3).s
#define TWO(v) lode_text_num(v, 2).s
#define PCT(v) lode_text_percent(v).s
#define BYTES(v, digits) lode_text_bytes(lode_num_round(v, digits)).s

#endif
