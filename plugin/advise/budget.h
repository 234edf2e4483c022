/* What asking a model may cost: calls an hour, tokens and money a day, and no more calls to a server that keeps failing. What a call may cost at the
 * most is reserved before it is made, so the caps hold. Pure: time is handed in. */
#ifndef LODE_ADVISE_BUDGET_H
#define LODE_ADVISE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LODE_METER_PARTS 60
#define LODE_METER_SLOTS (LODE_METER_PARTS + 1) /* the one at the end is only begun, so that there is never less than the whole window */
#define LODE_UNLIMITED UINT64_MAX

struct lode_meter { /* a sum over a sliding window, or up to 1/60 of it more */
	uint64_t slot_ns, head, sum;
	uint64_t slot[LODE_METER_SLOTS];
};

struct lode_cost { /* of calls that were made or may be made, or what is left for them */
	uint64_t calls, tokens;
	uint64_t nano; /* money: 1e-9 of the unit in which prices are given */
};

struct lode_budget {
	struct lode_cost max;	   /* calls an hour; tokens, money a day; 0 = no limit */
	double price_in, price_out; /* of a million tokens */
	struct lode_meter calls, tokens, money;
	double rate;	       /* tokens a byte of a request, as the server has counted them: the most so far; 0 = not known */
	uint64_t bytes;	       /* of the last request */
	unsigned failures;     /* in a row */
	uint64_t closed_until; /* ns; the circuit breaker */
	unsigned trips;	       /* in a row: each doubles the pause */
	bool stopped;	       /* it will not mend itself: nothing is asked until lode_budget_resume */
};

enum lode_may { LODE_MAY_CALL, LODE_MAY_NOT_CIRCUIT, LODE_MAY_NOT_BUDGET, LODE_MAY_NOT_STOPPED, LODE_MAY_N };
const char *lode_may_name(enum lode_may m); /* ready, paused, spent, stopped */

void lode_budget_init(struct lode_budget *b, uint64_t calls_per_hour, uint64_t tokens_per_day);
void lode_budget_price(struct lode_budget *b, double price_in, double price_out, double money_per_day);
/* The most that a request of so many bytes and an answer of so many tokens may cost. 0 bytes: as many as the last one had. */
struct lode_cost lode_budget_most(struct lode_budget *b, uint64_t bytes, uint64_t max_tokens);
uint64_t lode_budget_nano(const struct lode_budget *b, uint64_t tokens_in, uint64_t tokens_out);

/* May a call be made that costs this at the most? why is filled if not. */
enum lode_may lode_budget_ask(struct lode_budget *b, uint64_t now_ns, const struct lode_cost *most, char *why, size_t len);
/* Seconds until it may; 0: now; INFINITY: not by itself. */
double lode_budget_wait(struct lode_budget *b, uint64_t now_ns, const struct lode_cost *most);
/* What is left; LODE_UNLIMITED where there is no limit. */
struct lode_cost lode_budget_left(struct lode_budget *b, uint64_t now_ns);

/* Before a call, then once after it with what it has really cost, be it more or less. */
void lode_budget_reserve(struct lode_budget *b, uint64_t now_ns, const struct lode_cost *most);
void lode_budget_settle(struct lode_budget *b, uint64_t now_ns, const struct lode_cost *reserved, const struct lode_cost *real);
/* The server has counted so many tokens in a request of so many bytes. */
void lode_budget_learn(struct lode_budget *b, uint64_t bytes, uint64_t tokens_in);

/* What was spent `age_ns` ago, be it before the clock began. */
void lode_budget_recall(struct lode_budget *b, uint64_t now_ns, uint64_t age_ns, const struct lode_cost *spent);
/* Adds what the other has spent and takes over a pause that it is in, and leaves it without. */
void lode_budget_take_over(struct lode_budget *b, struct lode_budget *other, uint64_t now_ns);

void lode_budget_success(struct lode_budget *b);
/* A round failed. configuration: it will not mend itself (wrong key, no such model, no quota), so nothing is asked any more.
 * at_least: seconds that the server asked us to wait, 0 = none. */
void lode_budget_failure(struct lode_budget *b, uint64_t now_ns, bool configuration, double at_least);
void lode_budget_resume(struct lode_budget *b); /* somebody says that it is mended: the next call may be made at once */

#endif
