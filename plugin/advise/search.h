/* Local search around what was proven, driven by history alone: how far the next step of a rule goes, and when it rests. A step is a factor, so all of this is in
 * the logarithm of the value; one option (or one group that moves together) at a time. docs/expert.md has the table. */
#ifndef LODE_ADVISE_SEARCH_H
#define LODE_ADVISE_SEARCH_H

#include "advise/rules.h"

struct lode_search {
	double reach; /* of the next step, for lode_view.reach */
	double wait_s; /* until it may be made; 0: now */
	bool rests;   /* all that was worth a trial has been tried: wait_s is long */
	unsigned kept, failed; /* trials of the same in this kind of work: kept; put back since the last that was kept */
	double last;  /* what the last of them measured; NAN */
};

/* p: what the rule would do with a reach of 1. least: the judge's least effect. */
void lode_search_next(const struct lode_question *q, const struct lode_expert_rule *r, const struct lode_proposal *p, double least, struct lode_search *out);
/* Seconds for which the agent's memory bans one of these changes; 0: none. */
double lode_search_banned(const struct lode_question *q, const struct lode_proposal *p);
/* How sure the rule may be here: its prior, as if of two trials, and what became of its proposals in this database; other kinds of work count half. */
double lode_search_confidence(const struct lode_question *q, const struct lode_expert_rule *r);

#endif
