/* What asking a model may cost: calls an hour, tokens a day, and no more calls to a server that keeps failing. Pure: time is handed in. */
#ifndef LODE_ADVISE_BUDGET_H
#define LODE_ADVISE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#define LODE_METER_SLOTS 60

struct lode_meter { /* a sum over a sliding window, exact to 1/60 of it */
	uint64_t slot_ns, head, sum;
	uint64_t slot[LODE_METER_SLOTS];
};

struct lode_budget {
	uint64_t max_calls, max_tokens; /* per hour, per day; 0 = no limit */
	struct lode_meter calls, tokens;
	unsigned failures;     /* in a row */
	uint64_t closed_until; /* ns; the circuit breaker */
	unsigned trips;	       /* in a row: each doubles the pause */
};

enum lode_may { LODE_MAY_CALL, LODE_MAY_NOT_CIRCUIT, LODE_MAY_NOT_BUDGET };

void lode_budget_init(struct lode_budget *b, uint64_t calls_per_hour, uint64_t tokens_per_day);
enum lode_may lode_budget_ask(struct lode_budget *b, uint64_t now_ns, char *why, size_t len);
void lode_budget_spend_call(struct lode_budget *b, uint64_t now_ns);
void lode_budget_spend_tokens(struct lode_budget *b, uint64_t now_ns, uint64_t tokens);
void lode_budget_success(struct lode_budget *b);
/* What was spent `age_ns` ago, be it before the clock began. */
void lode_budget_recall(struct lode_budget *b, uint64_t now_ns, uint64_t age_ns, uint64_t calls, uint64_t tokens);
/* Adds what the other has spent, and leaves it without. */
void lode_budget_take_over(struct lode_budget *b, struct lode_budget *other, uint64_t now_ns);
/* A round failed. configuration: it will not mend itself (wrong key, no such model, no quota), so the pause comes at once and is long.
 * at_least: seconds that the server asked us to wait, 0 = none. */
void lode_budget_failure(struct lode_budget *b, uint64_t now_ns, int configuration, double at_least);

#endif
