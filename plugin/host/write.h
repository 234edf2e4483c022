/* The only way to change a live database: batched, skipped where nothing changes, read back, never trusting a return code. */
#ifndef LODE_HOST_WRITE_H
#define LODE_HOST_WRITE_H

#include "host/host.h"

#define LODE_WRITE_MAX 128
#define LODE_VALUE_MAX 160

/* One option to one value, as the exact text that RocksDB will see (for LODE_SCOPE_CACHE: plain decimal bytes, key ignored). */
struct lode_write {
	enum lode_scope scope;
	uint32_t cf; /* for LODE_SCOPE_CF */
	char key[64];
	char value[LODE_VALUE_MAX];
};

struct lode_write_report {
	unsigned calls;        /* SetOptions / SetDBOptions / SetCapacity calls made */
	unsigned skipped;      /* entries that already had the value */
	unsigned written;      /* entries that were written and read back as written */
	uint64_t ns;           /* time spent inside RocksDB's calls */
	int failed;            /* index of the first entry that is not as asked, or -1 */
	char got[LODE_VALUE_MAX]; /* what RocksDB holds there instead */
	unsigned mended;       /* options that the application had set at the same moment, which RocksDB then undid, and which were set again */
	bool doubt;            /* what RocksDB shows may not be what is in force: it could not write its OPTIONS file. Undo with force, until that
				* file can be written */
};

/* What stands for bytes_per_sync=0 once a database option has been changed: RocksDB would make it 1 MiB then. No file is ever synced with it. */
#define LODE_NO_SYNC "1152921504606846976"

/* Writes all n entries: first the database scope, then each column family in one call, then the cache. Order inside w is kept per family.
 * Returns 0 only if every entry reads back as asked (numbers compare as numbers: "1" == "1.000000"), from an OPTIONS file that was written
 * after the call. On -EIO some may be live and some not: *rep says which was first; the caller undoes with the old values.
 * -EAGAIN: not now (writes are stopped or slowed down, or the disk is full); calls made before that have rep->calls > 0 and are to be undone.
 * -ESHUTDOWN: the database is closing. */
int lode_host_write(struct lode_host *h, const struct lode_write *w, size_t n, struct lode_write_report *rep, struct lode_err *err);
/* The way back: also while writes are stopped or slowed down, in the opposite order, and on after a call that fails. force: writes values that
 * are shown already, because what is shown is in doubt. */
int lode_host_undo(struct lode_host *h, const struct lode_write *w, size_t n, bool force, struct lode_write_report *rep, struct lode_err *err);
/* Writes again those entries that still show these values (what shows another is somebody else's by now): RocksDB up to 9.10 may have put older
 * ones in force behind them. In calm times, as lode_host_write; stopped: also while writes are stopped. */
int lode_host_renew(struct lode_host *h, const struct lode_write *w, size_t n, bool stopped, struct lode_write_report *rep, struct lode_err *err);
/* What the entries hold now: fills value of each. -ENOENT names the first that does not exist. Used to record the undo before a write. */
int lode_host_read_back(struct lode_host *h, struct lode_write *w, size_t n, struct lode_err *err);
/* Same text, or both numbers of the same value, or both booleans ("true" == "1"). */
bool lode_value_equal(const char *a, const char *b);

#endif
