/* cJSON without being linked to it: every cJSON_* function that we call is a small one of ours, which calls the library's.
 *
 * A host that exports functions of the same names would otherwise get our calls, or the library's calls of itself. So the library is opened
 * at run time, apart from the host's symbols, and "cjson/cJSON.h" can be used as ever (cjson/cJSON.h renames what it declares). */
#ifndef LODE_BASE_CJSON_H
#define LODE_BASE_CJSON_H

#include "base/err.h"

/* Opens the library, once for all; -ENOENT, -ENOSYS. Any thread. Without it every parse fails. */
int lode_cjson_open(struct lode_err *err);

#endif
