/* What the numbers say: shares and rates derived from a question, as the expert reads them and the prompt prints them. */
#ifndef LODE_ADVISE_SIGNS_H
#define LODE_ADVISE_SIGNS_H

#include "advise/advisor.h"

struct lode_signs {  /* NAN: not known */
	bool usable; /* a valid window and a known workload; else the rest says nothing */
	const char *why_not;
	double seconds;
	double reads, writes; /* operations in the window: gets, multigets and seeks; writes */
	bool timed;	      /* the shares are of the time that the application spends in RocksDB; else of its operations */
	double read_share, write_share;
	double data_hit;   /* of the block cache, data blocks (all blocks where those are not counted) */
	double misses;	   /* blocks a read */
	double miss_share; /* part of the reads' time that went into reading blocks, at the most */
	double cache_full; /* usage / capacity */
	double sst_bytes;  /* live, all families */
	double stall_share, stopped_share, delayed_share; /* of the time */
	double cpu_share;				  /* of the usable cores */
	double debt, debt_rate;				  /* bytes, bytes/s (negative: shrinking) */
	double ingest;					  /* bytes/s written by the application */
	double write_amp;
	double flush_rate, flush_bytes; /* a second; each */
	double reseeks;			/* a seek or next */
	size_t l0, immutable, busiest;	/* index of the family with the most L0 files, unflushed memtables, bytes in memtables */
};

void lode_signs_of(const struct lode_question *q, struct lode_signs *s);

#endif
