/* What a journal remembers of the guard's business over all lives of a database: harm done, steps learnt, options that are the operator's. One pass. */
#ifndef LODE_RECORD_RECALL_H
#define LODE_RECORD_RECALL_H

#include "guard/check.h"
#include "guard/ledger.h"
#include "guard/steps.h"

#define LODE_TUNABLE_WORDS ((LODE_TUNABLE_MAX + 63) / 64)

struct lode_recall { /* zeroed, but for the ledger's cap */
	struct lode_ledger ledger;
	struct lode_steps steps;
	uint64_t pinned[LODE_TUNABLE_WORDS]; /* by `lodestone pin` */
	uint64_t manual[LODE_TUNABLE_WORDS]; /* changed by somebody else, and not given back */
	unsigned gaps;			     /* places of the last day where records are damaged or missing */
};

/* Fills what stands in journal.jsonl.1 and journal.jsonl. The cautious reading: a trial that was never closed is charged with what was reserved for it,
 * each place of the last day where something is damaged or missing with the allowance of a trial, and a journal that is there and cannot be read with the
 * whole cap. Returns 0 (also without a journal), or -errno. */
int lode_journal_recall(const char *path, uint64_t now_s, struct lode_recall *out);

/* Records that it understands:
 *   harm   {"trial","what":"reserve"|"spent","seconds",...}
 *   step   {"trial","option","up","scale"}
 *   pins   {"pinned":[id...],"manual":[id...]}      both lists whole, each time
 *   override {"option",...} */

#endif
