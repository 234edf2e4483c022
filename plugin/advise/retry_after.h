/* What a server's headers say about trying again. Pure. */
#ifndef LODE_ADVISE_RETRY_AFTER_H
#define LODE_ADVISE_RETRY_AFTER_H

#include <stddef.h>
#include <stdint.h>

enum lode_should { LODE_SHOULD_UNSAID, LODE_SHOULD_RETRY, LODE_SHOULD_NOT };

struct lode_retry_hint { /* zeroed: nothing was said */
	double seconds;	 /* retry-after as a number */
	double ms;	 /* retry-after-ms */
	double at, date; /* retry-after as a date, and the server's own time; seconds since 1970 */
	enum lode_should should; /* x-should-retry */
};

/* One header line, or a status line, after which all is forgotten: what an interim answer or a proxy said does not count. Lines that cannot be
 * understood say nothing. */
void lode_retry_header(struct lode_retry_hint *h, const char *line, size_t len);
/* Seconds to wait; 0: nothing was said, or it is over. A date is compared with the server's own clock where it gave that. */
double lode_retry_seconds(const struct lode_retry_hint *h, uint64_t wall_us);

#endif
