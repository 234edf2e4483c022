/* The options that may be changed now, as the prompt lists them; and the offer that the answer is held to. */
#ifndef LODE_ADVISE_CATALOGUE_H
#define LODE_ADVISE_CATALOGUE_H

#include "advise/reply.h"

#define LODE_CATALOGUE_FAMILIES 8 /* listed one by one, as cf and RocksDB's id; more are reached by "all" only */

/* One line an option, or one a family where they differ; fills *offer with exactly what was listed. */
void lode_catalogue_print(struct lode_buf *b, const struct lode_situation *s, struct lode_offer *offer);
bool lode_offer_any(const struct lode_offer *offer);
/* "write_buffer_size=67108864 (cf0)", with a lead. */
void lode_catalogue_change(struct lode_buf *b, const struct lode_change *c, const char *lead);
/* The sample of the family that state lists at i; NULL if it is not there. */
const struct lode_cf_sample *lode_catalogue_sample(const struct lode_situation *s, size_t i);

#endif
