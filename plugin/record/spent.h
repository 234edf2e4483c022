/* What a language model has cost in earlier lives of a database, from its journal: a budget must outlive the process that spends it. */
#ifndef LODE_RECORD_SPENT_H
#define LODE_RECORD_SPENT_H

#include "advise/budget.h"

#include <stdbool.h>

/* Where a life stands in time. */
struct lode_life {
	uint64_t now_ns, now_us; /* now: monotonic, wall */
	uint64_t since_us;	 /* what is younger than this wall time is this life's own */
};

/* Fills *out with what the last day has cost before this life, and the pause that it was in. path: of the journal, which need not be there. False:
 * nothing, or this life has attached to this database before, and so was told already.
 * "advice" says what a round has cost; of an "asked" without one, because the process ended while it waited, what it may have cost at the most. Records of
 * the future count as of now: the clock was set back, and a budget that is used up for too long does no harm. A pause is never longer than it was told. */
bool lode_journal_spent(const char *path, const struct lode_life *life, struct lode_budget *out);

/* Records that it understands:
 *   asked  {"calls","tokens","money"}     the most that the round may cost
 *   advice {"calls","tokens","money"}     what it has cost; of versions before there were caps on money: calls, prompt_tokens, completion_tokens
 *   model  {"state":"ready"|"paused"|"stopped"|"spent","seconds","failures","trips"} */

#endif
