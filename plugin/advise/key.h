/* The API key: from a file that only we can read, held for one call in a page that is neither swapped nor dumped. */
#ifndef LODE_ADVISE_KEY_H
#define LODE_ADVISE_KEY_H

#include "advise/advisor.h"

#define LODE_KEY_MAX 512

/* A page of zeros for it: locked in memory where that is allowed, left out of core dumps and of children. NULL: no memory. Freeing wipes it. */
#define LODE_KEY_PAGE 4096
char *lode_key_page(void);
void lode_key_page_free(char *page);

/* Changes whenever the file that the key is read from does (or appears, or goes). 0: there is no such file. */
uint64_t lode_key_stamp(const struct lode_llm_config *c);

/* key_file > credentials_dir/lodestone-api-key > key. 0 and the key; -ENOKEY: none is configured; another errno with a sentence that names
 * the file and the mend, never its content. The caller wipes out with explicit_bzero. */
int lode_key_load(const struct lode_llm_config *c, char out[LODE_KEY_MAX], struct lode_err *err);

#endif
