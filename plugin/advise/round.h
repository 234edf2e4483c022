/* One round with the model: as many calls as the ladder, the retries, the budget and the deadline allow, and one outcome at the end. */
#ifndef LODE_ADVISE_ROUND_H
#define LODE_ADVISE_ROUND_H

#include "advise/budget.h"
#include "advise/dialect.h"
#include "advise/http.h"

struct lode_round { /* what lasts from round to round; one thread at a time */
	const struct lode_llm_config *config;
	const char *url; /* of the endpoint */
	bool loopback;	 /* works without a key */
	struct lode_http *http;
	struct lode_budget budget;
	struct lode_dialect dialect;
	bool extract; /* this server ignores response_format: look for the object in its text */
};

/* Blocks for up to twice the timeout of one call. Fills all of *out; answer is PROPOSAL, NOTHING or FAILED. */
void lode_round_run(struct lode_round *r, const struct lode_prompt *p, struct lode_reply *out);

#endif
