/* The expert's rules as data: what each sees, and the one coherent change that it would make. */
#ifndef LODE_ADVISE_RULES_H
#define LODE_ADVISE_RULES_H

#include "advise/signs.h"

struct lode_view {
	const struct lode_question *q;
	const struct lode_signs *s;
};

struct lode_expert_rule {
	const char *name; /* stable: history is matched by it */
	bool (*sees)(const struct lode_view *v);
	/* Fills changes and why. False: all that it could change is at its limit already. */
	bool (*proposes)(const struct lode_view *v, struct lode_proposal *p);
	double confidence;
	unsigned serves; /* bit per objective: those that it can bring nearer; it is silent under the others */
	const char *doc;
};

extern const struct lode_expert_rule lode_expert_rules[]; /* in the order in which they are asked */
extern const size_t lode_expert_rule_count;

#endif
