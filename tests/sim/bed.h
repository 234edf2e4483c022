/* One conductor over one simulated RocksDB on a virtual clock, with a journal in a directory of its own. For the tests of the agent. */
#ifndef LODE_SIM_BED_H
#define LODE_SIM_BED_H

#include "agent/conductor.h"
#include "lsm.h"

struct bed {
	struct lode_lsm_config lsm;
	struct lode_config config;
	struct lode_lsm *sim;
	struct lode_asker asker;
	struct lode_listener listener; /* of what is changed, if anybody wants to know */
	struct lode_own_metric meter; /* a metric of the program's own, if it has one */
	struct lode_conductor *c;
	char dir[64];         /* state and OPTIONS files; removed by bed_free */
	struct lode_buf before; /* the OPTIONS text at the start */
	uint64_t cache_before;
	uint64_t seed;
	const char *root;       /* of /proc and /sys, if it is not to be this machine's; then processor time is not, either */
	struct lode_clock clock;
	double stopped_longest; /* seconds in one piece that writes were stopped */
};

/* Defaults: readrandom, mode auto, pace bench, expert. Change what the test needs before bed_start. */
void bed_init(struct bed *b, uint64_t seed);
void bed_start(struct bed *b);
/* Lets it run in sampling intervals, with a look for write stops five times in each. */
void bed_run(struct bed *b, double seconds);
void bed_attach(struct bed *b);  /* a fresh conductor, as after a restart of the process */
void bed_crash(struct bed *b);   /* the conductor is gone in the middle of things; the database is as it was */
void bed_free(struct bed *b);

/* Until the status text contains this, at most so many seconds. */
bool bed_until(struct bed *b, const char *needle, double seconds);
/* The status of the database as JSON text; valid until the next call. */
const char *bed_status(struct bed *b);
/* Every option and the cache's capacity as at the start? Prints the difference if not. */
bool bed_as_before(struct bed *b);
size_t bed_journal(struct bed *b, struct lode_buf *out); /* its text; the number of lines */
unsigned bed_count(struct bed *b, const char *needle);   /* how often the journal has this */

/* An advisor that proposes what it is told, once each. value by tunable id. */
struct bed_wish {
	const char *id;
	int64_t value;
};
struct lode_advisor *bed_advisor(const struct bed_wish *wishes, size_t n);

#endif
