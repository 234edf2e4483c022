/* The options that may be changed now, as the prompt lists them; and the offer that the answer is held to. */
#ifndef LODE_ADVISE_CATALOGUE_H
#define LODE_ADVISE_CATALOGUE_H

#include "advise/reply.h"

#define LODE_CATALOGUE_FAMILIES 8 /* listed one by one, as cf and RocksDB's id; more are reached by "all" only */

/* How much is left out to save room. */
enum lode_terse {
	LODE_TERSE_NOT,
	LODE_TERSE_LIMITS,   /* what limits each range */
	LODE_TERSE_MEANING,  /* and what each option means */
	LODE_TERSE_FAMILIES, /* and all families but the first two */
	LODE_TERSE_N,
};

/* One line an option, or one a family where they differ; fills *offer with exactly what was listed. room: tokens; what does not fit any more is neither
 * listed nor offered, and a line says how many that were. */
void lode_catalogue_print(struct lode_buf *b, const struct lode_situation *s, enum lode_terse terse, size_t room, struct lode_offer *offer);
/* The relations that must hold after all changes together, of what is offered; the memory that all of it may take. */
void lode_catalogue_relations(struct lode_buf *b, const struct lode_situation *s, const struct lode_offer *offer);
/* What is not offered, and why, in short. */
void lode_catalogue_withheld(struct lode_buf *b, const struct lode_situation *s, const struct lode_offer *offer);
bool lode_offer_any(const struct lode_offer *offer);
/* A value as an answer must spell it. */
void lode_catalogue_value(struct lode_buf *b, int tunable, int64_t value);
/* "write_buffer_size=67108864 (cf0)", with a lead. */
void lode_catalogue_change(struct lode_buf *b, const struct lode_change *c, const char *lead);
/* The sample of the family that state lists at i; NULL if it is not there. */
const struct lode_cf_sample *lode_catalogue_sample(const struct lode_situation *s, size_t i);

#endif
