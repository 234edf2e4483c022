/* The built-in expert's counsel: what its rules would do now, the best first, and what they hold back and why. For the prompt, `lodestone prompt` and tests; the
 * expert itself proposes the first that nothing holds back. Deterministic: the same question, the same counsel. */
#ifndef LODE_ADVISE_EXPERT_H
#define LODE_ADVISE_EXPERT_H

#include "advise/rules.h"

#define LODE_COUNSEL_MAX 6

struct lode_advised {
	const struct lode_expert_rule *rule;
	struct lode_proposal proposal; /* rule, why, changes, expect (a relative gain), confidence */
	enum lode_bottleneck against;
	double value;	  /* what it is ordered by: the gain that may be expected, by how sure it is */
	char held[96];	  /* "" or why it is not proposed now, in our words */
};

struct lode_counsel {
	size_t n;			      /* rules that see their case */
	struct lode_advised a[LODE_COUNSEL_MAX]; /* those that may be proposed first, the best of them first; then what is held back */
	char nothing[400];		      /* why nothing is proposed; "" if something is */
};

void lode_expert_counsel(const struct lode_question *q, struct lode_counsel *out); /* large (6 KiB) */

#endif
