/* The folder that databases of runs live in. A lock says whether somebody lives in it: the kernel lets go of it with the last process that holds it. */
#ifndef LODE_TUNE_SCRATCH_H
#define LODE_TUNE_SCRATCH_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes "DIR/lodestone-tune-XXXXXX" and holds its lock in *lock, which is closed on exec. */
int tune_scratch_make(const char *dir, char *path, size_t len, int *lock, struct lode_err *err);
/* Removes such folders of this user that nobody lives in any more. How many. */
unsigned tune_scratch_sweep(const char *dir);
/* Removes one with all that is in it, its lock last: what is interrupted is found again by the next sweep. Links are not followed. */
int tune_scratch_remove(const char *path);
/* Bytes of the disk that a folder takes; a file with several names counts for its share. */
double tune_scratch_used(const char *path);
/* Lengths of the files of a database, without its LOG files. */
double tune_scratch_database_bytes(const char *path);
struct tune_scratch_bounds { /* what a copy keeps to */
	double reserve;			   /* bytes of its disk that must stay free */
	double most;			   /* bytes that it may copy; INFINITY: as many as there are */
	const volatile sig_atomic_t *stop; /* once it is not 0: -EINTR; may be NULL */
};
/* The whole database again under another name: hard links of SST and blob files, which RocksDB never changes once they are written; copies of the rest.
 * -ENOSPC: a file would go beyond the bounds, and is not begun. What was copied until an error stays. */
int tune_scratch_clone(const char *from, const char *to, const struct tune_scratch_bounds *b, struct lode_err *err);
/* -EBUSY if a process has this database open. */
int tune_scratch_idle(const char *database, struct lode_err *err);
double tune_scratch_free(const char *path); /* bytes of its disk that we may use; INFINITY if that is not to be had */

#endif
