/* Memory for what must not outlive a call nor stand in a core dump: libcurl copies the key into its headers and its request, and clears neither. */
#ifndef LODE_ADVISE_SECRET_H
#define LODE_ADVISE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* malloc and its family as libcurl wants them (curl_global_init_mem). Within lode_secret_enter and lode_secret_leave what this thread allocates comes
 * from a region that no core dump holds, and is wiped when it is freed; everything else, and what does not fit, is the process's own heap. */
void *lode_secret_malloc(size_t n);
void *lode_secret_calloc(size_t n, size_t each);
void *lode_secret_realloc(void *p, size_t n);
char *lode_secret_strdup(const char *s);
void lode_secret_free(void *p);

/* One thread at a time. */
void lode_secret_enter(void);
void lode_secret_leave(void);
bool lode_secret_holds(const void *p); /* is it in the region? */

#endif
