/* See ledger.h for the rule and where its bounds come from. */
#include "guard/ledger.h"
#include "guard/tripwire.h"

#include <math.h>
#include <string.h>

#define HOUR 3600u

void lode_ledger_init(struct lode_ledger *l, double alpha)
{
	memset(l, 0, sizeof *l);
	l->cap = alpha > 0 ? alpha * LODE_DAY_S : 0;
}

void lode_ledger_charge(struct lode_ledger *l, uint64_t now_s, double seconds)
{
	uint64_t hour = now_s / HOUR;
	size_t i = hour % LODE_LEDGER_HOURS;

	if (!(seconds > 0) || l->hour[i] > hour) /* nothing, or more than a day old */
		return;
	if (l->hour[i] != hour)
		l->spent[i] = 0;
	l->hour[i] = hour;
	l->spent[i] += seconds;
}

double lode_ledger_spent(const struct lode_ledger *l, uint64_t now_s)
{
	double sum = 0;

	for (size_t i = 0; i < LODE_LEDGER_HOURS; i++)
		if (l->hour[i] + LODE_LEDGER_HOURS > now_s / HOUR)
			sum += l->spent[i];
	return sum;
}

double lode_ledger_allowance(const struct lode_ledger *l)
{
	return l->cap / LODE_LEDGER_ALLOWANCE;
}

bool lode_ledger_fits(const struct lode_ledger *l, uint64_t now_s, double worst)
{
	return lode_ledger_spent(l, now_s) + l->held + worst <= l->cap;
}

uint64_t lode_ledger_when(const struct lode_ledger *l, uint64_t now_s, double worst)
{
	for (uint64_t hour = now_s / HOUR; hour <= now_s / HOUR + LODE_LEDGER_HOURS; hour++) {
		uint64_t at = hour * HOUR > now_s ? hour * HOUR : now_s;

		if (lode_ledger_fits(l, at, worst))
			return at;
	}
	return 0;
}

/* ---- one trial ---- */

double lode_harm_delay(double interval)
{
	return LODE_TRIP_INTERVALS * interval;
}

double lode_harm_worst(const struct lode_harm_limits *l, double allowance)
{
	double trips = 1 - 1.0 / LODE_COLLAPSE_FACTOR, heavy = fmin(2 * l->block, l->exposure);
	double worst = lode_harm_delay(l->interval) + trips * (heavy + l->washout) + l->heavy * (l->exposure - heavy);

	return fmin(worst, allowance);
}

void lode_harm_begin(struct lode_harm *h, double ref, double c, double block, double worst)
{
	memset(h, 0, sizeof *h);
	h->ref = ref;
	h->c = c;
	h->block = block;
	h->worst = worst;
	h->part = LODE_HARM_CLEAN;
}

static double upper_end(const struct lode_harm *h)
{
	return h->seconds > 0 ? fmax(0, h->loss / h->seconds + h->c) : 0;
}

static void close_piece(struct lode_harm *h)
{
	h->closed += upper_end(h) * h->seconds;
	if (h->seconds > 0)
		h->last = fmax(0, h->loss / h->seconds);
	h->loss = h->seconds = 0;
}

/* Without the change: nothing is charged, and what comes is compared with this. Half a block is enough to go by. */
static void feed_clean(struct lode_harm *h, double y, double seconds)
{
	if (h->part != LODE_HARM_CLEAN)
		h->clean = h->clean_s = 0;
	if (!isfinite(y))
		return;
	h->clean += y * seconds;
	h->clean_s += seconds;
	if (2 * h->clean_s >= h->block)
		h->ref = h->clean / h->clean_s;
}

void lode_harm_feed(struct lode_harm *h, enum lode_harm_part part, double y, double seconds)
{
	double loss;

	if (!(seconds > 0))
		return;
	if (part != h->part || h->seconds >= h->block)
		close_piece(h);
	if (part == LODE_HARM_CLEAN) {
		feed_clean(h, y, seconds);
		h->part = part;
		return;
	}
	loss = isfinite(y) && isfinite(h->ref) ? -expm1(y - h->ref) : h->seconds > 0 ? h->loss / h->seconds : h->last;
	h->part = part;
	h->loss += loss * seconds;
	h->seconds += seconds;
	h->treated += part == LODE_HARM_TREATED ? seconds : 0;
}

void lode_harm_add(struct lode_harm *h, double seconds)
{
	h->closed += seconds > 0 ? seconds : 0;
}

double lode_harm_charge(const struct lode_harm *h)
{
	return h->closed + upper_end(h) * h->seconds;
}

double lode_harm_rate(const struct lode_harm *h)
{
	return fmin(1, upper_end(h));
}

bool lode_harm_must_end(const struct lode_harm *h, double interval, double recovery)
{
	return lode_harm_charge(h) + lode_harm_delay(interval) + lode_harm_rate(h) * recovery >= h->worst;
}
