/* What is remembered about asking a model in one database: what the question was about, and which questions came to nothing. Plain values. */
#ifndef LODE_AGENT_ASKING_H
#define LODE_AGENT_ASKING_H

#include "advise/advisor.h"

#define LODE_RESTS 16

struct lode_rest { /* in one kind of work */
	uint32_t regime;
	unsigned fruitless;   /* rounds in a row that came to nothing */
	uint64_t options;     /* the options in force, and whose they are, when the last of them did */
	uint32_t bottlenecks; /* bits: what was worst then */
	uint64_t answered_ns;
};

struct lode_asking {
	struct lode_rest rest[LODE_RESTS];
	size_t nrest;
	bool awaited;	      /* an answer: to what follows */
	uint32_t regime;
	uint64_t options;
	unsigned bottleneck;
	uint64_t asked_ns;    /* the last question; 0: none */
	bool open;	      /* a proposal was taken; its end will be known when the database is in OBSERVE again */
	uint64_t kept, invalid; /* counts before it */
	/* the last look at whether it is worth it */
	uint64_t looked_ns;   /* 0: none */
	double worth;	      /* NAN: not known */
	unsigned worst;
	uint64_t now_options;
	char evidence[240];
	uint64_t due_ns;      /* not before, by what came to nothing */
	char why[240];
};

#endif
