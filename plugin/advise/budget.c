/* What asking a model may cost: calls an hour, tokens a day, and no more calls to a server that keeps failing. */
#include "advise/budget.h"
#include "base/fmt.h"

#include <string.h>

#define SECOND 1000000000ull
#define FAILURES_MAX 3 /* in a row: then the circuit opens */
#define PAUSE_S 60     /* of the first opening; doubles each time */
#define PAUSE_CONFIGURATION_S 600
#define PAUSE_MAX_S 3600

static void meter_turn(struct lode_meter *m, uint64_t now)
{
	uint64_t head = now / m->slot_ns;

	if (head - m->head >= LODE_METER_SLOTS) {
		memset(m->slot, 0, sizeof m->slot);
		m->sum = 0;
		m->head = head;
	}
	while (m->head < head) {
		m->head++;
		m->sum -= m->slot[m->head % LODE_METER_SLOTS];
		m->slot[m->head % LODE_METER_SLOTS] = 0;
	}
}

static void meter_add(struct lode_meter *m, uint64_t now, uint64_t n)
{
	meter_turn(m, now);
	m->slot[m->head % LODE_METER_SLOTS] += n;
	m->sum += n;
}

/* Slots are numbered from the beginning of the clock, which may have begun since: only their distance counts. */
static void meter_recall(struct lode_meter *m, uint64_t now, uint64_t age, uint64_t n)
{
	uint64_t back = age / m->slot_ns;

	meter_turn(m, now);
	if (back >= LODE_METER_SLOTS)
		return;
	m->slot[(m->head + LODE_METER_SLOTS - back) % LODE_METER_SLOTS] += n;
	m->sum += n;
}

static void meter_take_over(struct lode_meter *m, struct lode_meter *from, uint64_t now)
{
	meter_turn(m, now);
	meter_turn(from, now);
	for (int i = 0; i < LODE_METER_SLOTS; i++) {
		m->slot[i] += from->slot[i];
		from->slot[i] = 0;
	}
	m->sum += from->sum;
	from->sum = 0;
}

void lode_budget_init(struct lode_budget *b, uint64_t calls_per_hour, uint64_t tokens_per_day)
{
	*b = (struct lode_budget){.max_calls = calls_per_hour, .max_tokens = tokens_per_day};
	b->calls.slot_ns = 3600 * SECOND / LODE_METER_SLOTS;
	b->tokens.slot_ns = 86400 * SECOND / LODE_METER_SLOTS;
}

enum lode_may lode_budget_ask(struct lode_budget *b, uint64_t now, char *why, size_t len)
{
	meter_turn(&b->calls, now);
	meter_turn(&b->tokens, now);
	if (now < b->closed_until) {
		lode_fmt(why, len, "the model failed %u times in a row; it is asked again in %u s", b->failures,
			 (unsigned)((b->closed_until - now + SECOND - 1) / SECOND));
		return LODE_MAY_NOT_CIRCUIT;
	}
	if (b->max_calls && b->calls.sum >= b->max_calls) {
		lode_fmt(why, len, "%llu calls in the last hour are the limit that llm.calls_per_hour sets",
			 (unsigned long long)b->calls.sum);
		return LODE_MAY_NOT_BUDGET;
	}
	if (b->max_tokens && b->tokens.sum >= b->max_tokens) {
		lode_fmt(why, len, "%llu tokens in the last day reach the limit that llm.tokens_per_day sets",
			 (unsigned long long)b->tokens.sum);
		return LODE_MAY_NOT_BUDGET;
	}
	return LODE_MAY_CALL;
}

void lode_budget_spend_call(struct lode_budget *b, uint64_t now)
{
	meter_add(&b->calls, now, 1);
}

void lode_budget_spend_tokens(struct lode_budget *b, uint64_t now, uint64_t tokens)
{
	meter_add(&b->tokens, now, tokens < UINT32_MAX ? tokens : UINT32_MAX);
}

void lode_budget_recall(struct lode_budget *b, uint64_t now, uint64_t age, uint64_t calls, uint64_t tokens)
{
	meter_recall(&b->calls, now, age, calls);
	meter_recall(&b->tokens, now, age, tokens);
}

void lode_budget_take_over(struct lode_budget *b, struct lode_budget *other, uint64_t now)
{
	meter_take_over(&b->calls, &other->calls, now);
	meter_take_over(&b->tokens, &other->tokens, now);
}

void lode_budget_success(struct lode_budget *b)
{
	b->failures = b->trips = 0;
	b->closed_until = 0;
}

void lode_budget_failure(struct lode_budget *b, uint64_t now, int configuration, double at_least)
{
	double pause = 0;

	b->failures++;
	if (configuration || b->failures >= FAILURES_MAX) {
		pause = configuration ? PAUSE_CONFIGURATION_S : PAUSE_S;
		for (unsigned i = 0; i < b->trips && pause < PAUSE_MAX_S; i++)
			pause *= 2;
		b->trips++;
	}
	if (at_least > pause)
		pause = at_least;
	if (pause > PAUSE_MAX_S)
		pause = PAUSE_MAX_S;
	b->closed_until = now + (uint64_t)(pause * (double)SECOND);
}
