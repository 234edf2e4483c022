/* Is the load closed (clients that wait for an answer before they ask again) or open (work that comes at its own rate)? */
#ifndef LODE_JUDGE_LOOP_H
#define LODE_JUDGE_LOOP_H

#include "sense/interval.h"

enum lode_loop { LODE_LOOP_UNKNOWN, LODE_LOOP_CLOSED, LODE_LOOP_OPEN };
const char *lode_loop_name(enum lode_loop l);

/* From a history without changes, oldest first. *share (may be NULL): part of a client's cycle that it spends waiting for RocksDB, 1 in a closed loop
 * that does nothing else, about 0 in an open one; NAN if the history does not tell. */
enum lode_loop lode_loop_of(const struct lode_interval *history, size_t n, double *share);

#endif
