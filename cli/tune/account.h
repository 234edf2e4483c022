/* What a history adds up to: sums, and what the final file has that the first one had not. Reports and the comments in the
 * final file say the same, because both ask here. */
#ifndef LODE_TUNE_ACCOUNT_H
#define LODE_TUNE_ACCOUNT_H

#include "base/buf.h"
#include "tune/tune.h"

#define TUNE_VERDICTS (TUNE_NOTHING + 1)
#define TUNE_FATES (TUNE_ADDED + 1)

struct tune_account {
	unsigned verdict[TUNE_VERDICTS];
	unsigned fate[TUNE_FATES]; /* of what was wished, over all iterations */
	unsigned runs, calls;
	uint64_t tokens_in, tokens_out;
};
void tune_account(const struct tune_history *h, struct tune_account *out);

/* An option of the final file that is not what it was in the first one. */
struct tune_change {
	char name[TUNE_NAME_MAX], from[TUNE_VALUE_MAX], to[TUNE_VALUE_MAX];
	size_t trial;	 /* index of the kept trial that set it last: its gain */
	unsigned others; /* changes that the same trial made: the gain is theirs together */
};
/* At most max; returns how many there are in out. */
size_t tune_account_changes(const struct tune_history *h, struct tune_change *out, size_t max);
#define TUNE_CHANGES_MAX 256

/* Is there anything of this fix in the file that was measured? */
bool tune_fix_applies(const struct tune_fix *f);

/* For people; each appends. An unknown number is "-". */
void tune_say_effect(struct lode_buf *out, double effect, double lo, double hi); /* +25.0 % (+20.1 .. +30.2 %) */
void tune_say_rate(struct lode_buf *out, double ops_per_sec); /* 142 k/s */
void tune_say_us(struct lode_buf *out, double us);
void tune_say_time(struct lode_buf *out, double s);
/* The value in words where the option's row says more than its digits: "64 MiB" for 67108864; "" else. */
const char *tune_say_value(const char *option, const char *value, char *buf, size_t len);

#endif
