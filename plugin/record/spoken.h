/* What was learnt about a model's server in earlier lives of a database. */
#ifndef LODE_RECORD_SPOKEN_H
#define LODE_RECORD_SPOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LODE_SPOKEN_DAYS 7 /* then it is asked anew what the server can: it may have learnt, too */

/* The newest "dialect" of an advice record that is not older. False: there is none, or it does not fit. */
bool lode_journal_dialect(const char *path, uint64_t now_us, char *out, size_t len);

#endif
