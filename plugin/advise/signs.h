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
	double flush_speed, compact_speed; /* bytes/s that one flush writes; that one compaction reads and writes */
	double block_us;		   /* to get one block from a file, or from the kernel's cache of it */
	double read_amp, space_amp;
	double index_hit, filter_hit;	   /* of the block cache; NAN: such blocks are not looked up there */
	double bloom_useful, bloom_false;  /* lookups in a file that a filter saved; keys that it let through and the file did not have, of all not there */
	double syncs, sync_us, group;	   /* WAL: a second; each; writes that share one entry */
	double sync_share;		   /* of the time that writes take, at the most */
	double cache_part;		   /* capacity of the block cache / bytes in data files: above 1 all fits, as far as compression allows */
	size_t l0, immutable, busiest;	/* index of the family with the most L0 files, unflushed memtables, bytes in memtables */
};

void lode_signs_of(const struct lode_question *q, struct lode_signs *s);

#endif
