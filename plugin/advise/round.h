/* One round with the model: as many calls as the ladder, the retries, the budget and the deadline allow, and one outcome at the end. */
#ifndef LODE_ADVISE_ROUND_H
#define LODE_ADVISE_ROUND_H

#include "advise/budget.h"
#include "advise/dialect.h"
#include "advise/http.h"
#include "advise/prompt.h"

#include <pthread.h>

#define LODE_COMPLAINT_MAX 900

struct lode_round { /* what lasts from round to round; one thread at a time */
	const struct lode_llm_config *config;
	const char *url; /* of the endpoint */
	bool loopback;	 /* works without a key */
	struct lode_http *http;
	struct lode_dialect dialect; /* its api as configured; the rest as learnt */
	pthread_mutex_t lock; /* zeroed is initialised; held for moments. Of what follows, which others look at while a round runs */
	struct lode_budget budget;
	struct lode_traffic traffic;
	struct lode_stumble {
		enum lode_call call; /* OK: the last round was none */
		long status;
		char why[400];
		uint64_t key; /* the key's file as it was (lode_key_stamp) */
	} last;
};

/* Blocks for up to twice the timeout of one call. Fills all of *out; answer is PROPOSAL, NOTHING or FAILED. complaint: what the guard has against
 * the last answer to this question, and the second half of its round, in which nothing else is complained about; NULL: a fresh question. */
void lode_round_run(struct lode_round *r, const struct lode_prompt *p, const char *complaint, struct lode_reply *out);

/* From any thread. Notices a key that has changed since it was refused: then it may be asked again. */
void lode_round_standing(struct lode_round *r, struct lode_standing *out);
void lode_round_resume(struct lode_round *r);
/* What a round may cost at the most: each call that it may make, with a prompt like the last. */
struct lode_cost lode_round_most(struct lode_round *r);

#endif
