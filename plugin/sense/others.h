/* What others on the machine take of its processors: the time that anybody used, less our process's own. */
#ifndef LODE_SENSE_OTHERS_H
#define LODE_SENSE_OTHERS_H

#include "sense/machine.h"
#include "sense/sample.h"

struct lode_others { /* zeroed */
	uint64_t at_ns, own_ns;
	double busy_s;
	double cores; /* a mean that forgets within a minute; good if known */
	bool known;
};

/* busy_s: lode_machine_busy at the time of the sample. Readings that are the same, or whose times do not fit together, change nothing. */
void lode_others_feed(struct lode_others *o, double busy_s, const struct lode_sample *s);
double lode_others_cores(const struct lode_others *o); /* processors; NAN: not known. In a container they may be more than it may use itself */

#endif
