/* The API key: from a file that only we can read, held for one call. */
#ifndef LODE_ADVISE_KEY_H
#define LODE_ADVISE_KEY_H

#include "advise/advisor.h"

#define LODE_KEY_MAX 512

/* key_file > credentials_dir/lodestone-api-key > key. 0 and the key; -ENOKEY: none is configured; another errno with a sentence that names
 * the file and the mend, never its content. The caller wipes out with explicit_bzero. */
int lode_key_load(const struct lode_llm_config *c, char out[LODE_KEY_MAX], struct lode_err *err);

#endif
