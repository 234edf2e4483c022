/* What asking a model may cost: calls an hour, tokens and money a day, and no more calls to a server that keeps failing. */
#include "advise/budget.h"
#include "base/fmt.h"

#include <math.h>
#include <string.h>

#define SECOND 1000000000ull
#define FAILURES_MAX 3 /* in a row: then the circuit opens */
#define PAUSE_S 60     /* of the first opening; doubles each time */
#define PAUSE_MAX_S 3600

#define RATE_UNKNOWN 0.5 /* tokens a byte, before the server has counted any: English has 0.25, numbers in single digits up to 0.6 */
#define RATE_MARGIN 1.1	 /* over the most that it has counted: the next prompt has other numbers */
#define BYTES_UNKNOWN 12000 /* of a request, before the first */
#define TOKENS_MAX UINT32_MAX
#define MONEY_MAX 1e15 /* of one call, in 1e-9: thousands of them still fit into a sum */

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

/* Takes back what was added lately and not used, from the newest slots. */
static void meter_return(struct lode_meter *m, uint64_t now, uint64_t n)
{
	meter_turn(m, now);
	for (uint64_t back = 0; n && back < LODE_METER_SLOTS; back++) {
		uint64_t *slot = &m->slot[(m->head + LODE_METER_SLOTS - back) % LODE_METER_SLOTS];
		uint64_t part = *slot < n ? *slot : n;

		*slot -= part;
		m->sum -= part;
		n -= part;
	}
}

static bool meter_fits(const struct lode_meter *m, uint64_t max, uint64_t n)
{
	return !max || (n <= max && m->sum <= max - n);
}

/* Nanoseconds until so much fits under the cap because the oldest slots have left the window. UINT64_MAX: never. */
static uint64_t meter_wait(struct lode_meter *m, uint64_t now, uint64_t max, uint64_t n)
{
	uint64_t sum;

	meter_turn(m, now);
	if (meter_fits(m, max, n))
		return 0;
	if (n > max)
		return UINT64_MAX;
	sum = m->sum;
	for (uint64_t back = LODE_METER_SLOTS; back-- > 0;) {
		sum -= m->slot[(m->head + LODE_METER_SLOTS - back) % LODE_METER_SLOTS];
		if (sum <= max - n)
			return (m->head + LODE_METER_SLOTS - back) * m->slot_ns - now;
	}
	return 0;
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

static uint64_t tokens_of(double n)
{
	return n < TOKENS_MAX ? (uint64_t)ceil(n) : TOKENS_MAX;
}

static uint64_t nano_of(double money)
{
	return money > 0 ? (uint64_t)fmin(ceil(money * 1e9), MONEY_MAX) : 0;
}

const char *lode_may_name(enum lode_may m)
{
	static const char *const names[] = {"ready", "paused", "spent", "stopped"};

	return (unsigned)m < LODE_MAY_N ? names[m] : "unknown";
}

void lode_budget_init(struct lode_budget *b, uint64_t calls_per_hour, uint64_t tokens_per_day)
{
	*b = (struct lode_budget){.max = {.calls = calls_per_hour, .tokens = tokens_per_day}};
	b->calls.slot_ns = 3600 * SECOND / LODE_METER_PARTS;
	b->tokens.slot_ns = b->money.slot_ns = 86400 * SECOND / LODE_METER_PARTS;
}

void lode_budget_price(struct lode_budget *b, double price_in, double price_out, double money_per_day)
{
	b->price_in = price_in;
	b->price_out = price_out;
	b->max.nano = nano_of(money_per_day);
}

uint64_t lode_budget_nano(const struct lode_budget *b, uint64_t tokens_in, uint64_t tokens_out)
{
	return nano_of(((double)tokens_in * b->price_in + (double)tokens_out * b->price_out) / 1e6);
}

struct lode_cost lode_budget_most(struct lode_budget *b, uint64_t bytes, uint64_t max_tokens)
{
	double rate = b->rate > 0 ? fmin(1, b->rate * RATE_MARGIN) : RATE_UNKNOWN;
	uint64_t in;

	b->bytes = bytes ? bytes : b->bytes;
	in = tokens_of((double)(b->bytes ? b->bytes : BYTES_UNKNOWN) * rate);
	return (struct lode_cost){.calls = 1, .tokens = in + max_tokens, .nano = lode_budget_nano(b, in, max_tokens)};
}

void lode_budget_learn(struct lode_budget *b, uint64_t bytes, uint64_t tokens_in)
{
	if (bytes && tokens_in)
		b->rate = fmin(1, fmax(b->rate, (double)tokens_in / (double)bytes));
}

/* A cap on money without a price: nothing would ever reach it. */
static bool uncountable(const struct lode_budget *b)
{
	return b->max.nano && !(b->price_in > 0) && !(b->price_out > 0);
}

static double seconds_until(const struct lode_budget *b, uint64_t now)
{
	return now < b->closed_until ? (double)(b->closed_until - now) / 1e9 : 0;
}

double lode_budget_wait(struct lode_budget *b, uint64_t now, const struct lode_cost *most)
{
	uint64_t wait[] = {meter_wait(&b->calls, now, b->max.calls, most->calls), meter_wait(&b->tokens, now, b->max.tokens, most->tokens),
			   meter_wait(&b->money, now, b->max.nano, most->nano)};
	double longest = b->stopped || uncountable(b) ? INFINITY : seconds_until(b, now);

	for (size_t i = 0; i < sizeof wait / sizeof wait[0]; i++)
		longest = fmax(longest, wait[i] == UINT64_MAX ? INFINITY : (double)wait[i] / 1e9);
	return longest;
}

static void say_wait(double seconds, char *out, size_t len)
{
	if (isinf(seconds))
		lode_fmt(out, len, "a single call may take more than all that is allowed");
	else
		lode_fmt(out, len, "there is room again in %.0f s", ceil(seconds));
}

enum lode_may lode_budget_ask(struct lode_budget *b, uint64_t now, const struct lode_cost *most, char *why, size_t len)
{
	char room[80];

	if (b->stopped) {
		lode_fmt(why, len, "the configuration must be mended first");
		return LODE_MAY_NOT_STOPPED;
	}
	if (now < b->closed_until) {
		lode_fmt(why, len, "the model failed %u time%s in a row; it is asked again in %.0f s", b->failures, b->failures == 1 ? "" : "s",
			 ceil(seconds_until(b, now)));
		return LODE_MAY_NOT_CIRCUIT;
	}
	if (uncountable(b)) {
		lode_fmt(why, len, "llm.money_per_day is set and there is no price of a token, so money cannot be counted");
		return LODE_MAY_NOT_BUDGET;
	}
	say_wait(lode_budget_wait(b, now, most), room, sizeof room); /* turns the meters, too */
	if (!meter_fits(&b->calls, b->max.calls, most->calls))
		lode_fmt(why, len, "%llu calls in the last hour are the limit that llm.calls_per_hour sets; %s", (unsigned long long)b->calls.sum, room);
	else if (!meter_fits(&b->tokens, b->max.tokens, most->tokens))
		lode_fmt(why, len, "%llu of %llu tokens of llm.tokens_per_day are spent and a call may take %llu; %s", (unsigned long long)b->tokens.sum,
			 (unsigned long long)b->max.tokens, (unsigned long long)most->tokens, room);
	else if (!meter_fits(&b->money, b->max.nano, most->nano))
		lode_fmt(why, len, "%.6g of %.6g of llm.money_per_day are spent and a call may cost %.6g; %s", (double)b->money.sum / 1e9,
			 (double)b->max.nano / 1e9, (double)most->nano / 1e9, room);
	else
		return LODE_MAY_CALL;
	return LODE_MAY_NOT_BUDGET;
}

static uint64_t left_of(struct lode_meter *m, uint64_t now, uint64_t max)
{
	meter_turn(m, now);
	return !max ? LODE_UNLIMITED : max > m->sum ? max - m->sum : 0;
}

struct lode_cost lode_budget_left(struct lode_budget *b, uint64_t now)
{
	return (struct lode_cost){left_of(&b->calls, now, b->max.calls), left_of(&b->tokens, now, b->max.tokens), left_of(&b->money, now, b->max.nano)};
}

void lode_budget_reserve(struct lode_budget *b, uint64_t now, const struct lode_cost *most)
{
	meter_add(&b->calls, now, most->calls);
	meter_add(&b->tokens, now, most->tokens);
	meter_add(&b->money, now, most->nano);
}

static void settle(struct lode_meter *m, uint64_t now, uint64_t reserved, uint64_t real)
{
	if (real > reserved)
		meter_add(m, now, real - reserved);
	else
		meter_return(m, now, reserved - real);
}

void lode_budget_settle(struct lode_budget *b, uint64_t now, const struct lode_cost *reserved, const struct lode_cost *real)
{
	settle(&b->calls, now, reserved->calls, real->calls);
	settle(&b->tokens, now, reserved->tokens, real->tokens);
	settle(&b->money, now, reserved->nano, real->nano);
}

void lode_budget_recall(struct lode_budget *b, uint64_t now, uint64_t age, const struct lode_cost *spent)
{
	meter_recall(&b->calls, now, age, spent->calls);
	meter_recall(&b->tokens, now, age, spent->tokens);
	meter_recall(&b->money, now, age, spent->nano);
}

void lode_budget_take_over(struct lode_budget *b, struct lode_budget *other, uint64_t now)
{
	meter_take_over(&b->calls, &other->calls, now);
	meter_take_over(&b->tokens, &other->tokens, now);
	meter_take_over(&b->money, &other->money, now);
	if (other->closed_until > b->closed_until) {
		b->closed_until = other->closed_until;
		b->failures = other->failures;
		b->trips = other->trips;
	}
	other->closed_until = 0;
}

void lode_budget_success(struct lode_budget *b)
{
	b->failures = b->trips = 0;
	b->closed_until = 0;
	b->stopped = false;
}

void lode_budget_failure(struct lode_budget *b, uint64_t now, bool configuration, double at_least)
{
	double pause = 0;

	b->failures++;
	b->stopped |= configuration;
	if (b->failures >= FAILURES_MAX && !configuration) {
		pause = PAUSE_S;
		for (unsigned i = 0; i < b->trips && pause < PAUSE_MAX_S; i++)
			pause *= 2;
		b->trips++;
	}
	pause = fmin(fmax(pause, at_least), PAUSE_MAX_S);
	b->closed_until = now + (uint64_t)(pause * (double)SECOND);
}

void lode_budget_resume(struct lode_budget *b)
{
	b->stopped = false;
	b->closed_until = 0;
}
