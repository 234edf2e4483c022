/* What trials cost: the harm ledger (guard/ledger.h) at work in one database, and the purse that all databases of the process share. */
#ifndef LODE_AGENT_ACCOUNT_H
#define LODE_AGENT_ACCOUNT_H

#include "guard/ledger.h"
#include "judge/trial.h"

/* The process as a whole may lose the same share of a day as each of its databases. A database's loss counts with its share of the operations, so that
 * it binds only where databases come and go, each with a fresh ledger. On the agent thread only; zeroed. */
struct lode_purse {
	struct lode_ledger ledger;
	double ops; /* a second, of all databases */
	bool ready;
};

struct lode_account {
	struct lode_ledger ledger;
	struct lode_harm harm; /* of the running trial, or of one that is over and still felt */
	struct lode_baseline base;
	bool open, over;
	uint64_t trial;
	uint64_t live_ns;      /* the change was last live */
	uint64_t fed_ns, over_ns;
	double washout;	       /* seconds until a change is forgotten */
	unsigned calm;	       /* intervals running without a loss, after it */
	double ops, share;     /* in the purse: what we have told it; what the running trial counts */
	double purse_held;
	char why[200];
};

#endif
