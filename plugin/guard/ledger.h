/* The harm ledger: what trials may cost in all, with a hard limit. Pure: it is told of time and speed, and says what may begin and what must end.
 *
 * The rule is that of conservative bandits (Wu, Shariff, Lattimore, Szepesvari, ICML 2016): try something only while even its worst case leaves a
 * share 1 - alpha of what the known way would have brought,
 *
 *     spent + worst  <=  cap = alpha * the work of a day                                                        (lode_ledger_fits)
 *
 * in seconds of lost work: a second at 70 % of the speed loses 0.3, whatever the speed is. `spent` only ever grows, and falls when a loss is more than
 * a day old: gains refill nothing, for what was won must not be gambled with.
 *
 * What a trial can lose at the worst follows from what ends it (lode_harm_worst):
 *
 *     worst = min(allowance, 1 * d  +  2/3 * (2 block + washout)  +  h * (exposure - 2 block))
 *
 * d, the guard's delay, LODE_TRIP_INTERVALS intervals: a tripwire acts on two of three (tripwire.c), and until then everything may be lost. A collapse
 * to less than 1/LODE_COLLAPSE_FACTOR of the throughput trips, so no more than 2/3 is lost for longer than that. More than h = 30 % is lost for two pairs
 * at most (the heavy-loss rule of judge/switch.c), and until the change is forgotten (washout); what is lost less quickly may go on until the exposure
 * ends. `allowance` is a quarter of the cap: a trial that has used up what it was given is ended by the ledger itself (lode_harm_must_end), so it is
 * a bound like the others, and the one that holds whatever else fails.
 *
 * What it has lost is measured against the same database without the change, a piece at a time (a piece is at most a block long):
 *
 *     charge = sum over pieces of max(0, mean loss + c) * seconds         loss = 1 - exp(y - y0), y: log speed (judge/metric.h)
 *
 * c is what two blocks differ by that are alike (A/A), so each piece is charged with the upper end of its loss and none with a gain. y0 is the mean of the
 * last block without the change, washout left out; before the first, of the baseline. The time after the change, until it is forgotten, is charged as well. */
#ifndef LODE_GUARD_LEDGER_H
#define LODE_GUARD_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#define LODE_DAY_S 86400.0
#define LODE_LEDGER_HOURS 25	/* a loss counts until the hour that it fell into is a day old */
#define LODE_LEDGER_ALLOWANCE 4 /* a trial may have a quarter of the cap */

struct lode_ledger {
	double cap;			   /* seconds of lost work in a day */
	double held;			   /* reserved by the trial that runs */
	uint64_t hour[LODE_LEDGER_HOURS]; /* since 1970 */
	double spent[LODE_LEDGER_HOURS];
};

/* alpha: share of the day's work. All times are seconds since 1970. */
void lode_ledger_init(struct lode_ledger *l, double alpha);
void lode_ledger_charge(struct lode_ledger *l, uint64_t now_s, double seconds);
double lode_ledger_spent(const struct lode_ledger *l, uint64_t now_s); /* of the last day, without what is held */
double lode_ledger_allowance(const struct lode_ledger *l);
bool lode_ledger_fits(const struct lode_ledger *l, uint64_t now_s, double worst);
uint64_t lode_ledger_when(const struct lode_ledger *l, uint64_t now_s, double worst); /* it will fit, if nothing is spent till then; 0: never */

struct lode_harm_limits { /* all in seconds */
	double interval, block, washout;
	double exposure; /* time with the change, at the most */
	double heavy;	 /* h */
};
double lode_harm_delay(double interval);
double lode_harm_worst(const struct lode_harm_limits *l, double allowance);

enum lode_harm_part {
	LODE_HARM_TREATED, /* the change is live */
	LODE_HARM_AFTER,   /* it is not, but may be felt */
	LODE_HARM_CLEAN,   /* it is not, and what is seen is how it is without */
};

struct lode_harm { /* the account of one trial */
	double ref, c, block; /* y0; the doubt; seconds of a piece */
	double worst;	      /* what was reserved */
	double closed;	      /* charged for pieces that are over */
	enum lode_harm_part part;
	double loss, seconds; /* of the open piece: sum of loss * time, and time */
	double last;	      /* mean loss of the piece before, never below 0 */
	double clean, clean_s; /* sum of y * time since the change was last live */
	double treated;	      /* seconds */
};
void lode_harm_begin(struct lode_harm *h, double ref, double c, double block, double worst);
/* One interval. y NAN: work was done that was not measured; it counts like the rest of its piece, or the piece before. */
void lode_harm_feed(struct lode_harm *h, enum lode_harm_part part, double y, double seconds);
void lode_harm_add(struct lode_harm *h, double seconds); /* lost for certain */
double lode_harm_charge(const struct lode_harm *h);	  /* so far */
double lode_harm_rate(const struct lode_harm *h);	  /* upper end of the loss now, 0..1 */
/* Waiting for another look could cost more than was reserved. recovery: seconds in which an undone change is still felt. */
bool lode_harm_must_end(const struct lode_harm *h, double interval, double recovery);

#endif
