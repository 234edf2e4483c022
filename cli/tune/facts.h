/* What a run's figures say about where its time goes: for the expert's rules and for the prompt. Values only. */
#ifndef LODE_TUNE_FACTS_H
#define LODE_TUNE_FACTS_H

#include "tune/tune.h"

struct tune_facts { /* NAN: not known */
	bool counted;	/* there are Statistics */
	double reads, writes, seeks;		     /* operations */
	double read_share, write_share, seek_share;  /* of the time of all operations where they are timed, else of their number; 0 where there are none */
	double absent;		   /* share of gets that found nothing */
	double memtable_hit;	   /* share of gets that ended in a memtable */
	double hit, misses;	   /* of the block cache: hits of all lookups; misses a read or seek */
	double index_misses;	   /* share of the misses that are index or filter blocks */
	double bloom_useful;	   /* lookups in a file that a filter saved, a get; 0: there is no filter, or it saves nothing */
	double flushed, compacted; /* bytes written */
	double ingest;		   /* bytes written by the application */
	double stall_share;	   /* of the time */
	double write_amp, space_amp;
	double syncs;		   /* of the log, a write */
	double db_bytes;
	double cpu;		   /* processors that it used */
};

void tune_facts_of(const struct tune_result *r, struct tune_facts *out);

#endif
