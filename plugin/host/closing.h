/* Closing, seen without a preload. One object gets a vtable of its own: a copy of its class's in which Close and the destructors are ours, so that
 * whoever closes the database through it tells us first. The class and all other databases stay as they are. */
#ifndef LODE_HOST_CLOSING_H
#define LODE_HOST_CLOSING_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* SEEN -> BUSY -> IN -> BUSY -> OUT, or to OUT from anywhere but BUSY. OUT is for good. */
enum lode_watched { LODE_WATCHED_SEEN, LODE_WATCHED_BUSY, LODE_WATCHED_IN, LODE_WATCHED_OUT };

struct lode_watch; /* of one object; lives as long as that */

/* On the thread that closes db, before RocksDB does anything of it; only for a database that is IN, and once. */
typedef void lode_leave_fn(void *db);

/* Gives db, which must be a plain rocksdb::DBImpl, its vtable; it is SEEN then. -EALREADY: it has one. -ENOTSUP with a reason: it is of another class, or
 * what must be replaced was not found. The caller knows that nobody has begun to close it. */
int lode_watch_new(void *db, lode_leave_fn *leave, struct lode_err *err);
/* The caller knows that db is there. NULL: it is not watched, or no longer, because its destructor runs. */
struct lode_watch *lode_watch_of(const void *db);
uint64_t lode_watch_age(const struct lode_watch *w); /* nanoseconds */
enum lode_watched lode_watch_state(const struct lode_watch *w);
/* False: it was not in that state. */
bool lode_watch_move(struct lode_watch *w, enum lode_watched from, enum lode_watched to);
/* What happens when it is closed; afterwards it is OUT. Waits where another thread is BUSY with it. Any number of times. */
void lode_watch_leave(struct lode_watch *w, void *db);

/* The class's own vtable pointer, for one that may be a copy of ours. Any address. */
const void *lode_watch_class(const void *vptr);

/* Databases whose destructor runs, by whoever saw it begin: callbacks still come then, and the object looks like any other. */
void lode_dying_add(const void *db);
void lode_dying_remove(const void *db);
bool lode_dying(const void *db); /* true also where there are too many to tell */

#endif
