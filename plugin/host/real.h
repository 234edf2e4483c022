/* The real host: a RocksDB found in this process by the shim. Built without any RocksDB header: every symbol is resolved from the image
 * that opened the database and held in a table per image. */
#ifndef LODE_HOST_REAL_H
#define LODE_HOST_REAL_H

#include "host/host.h"

/* What the shim knows about an open; all pointers are valid only during the call, except db and image. */
struct lode_open {
	void *image;         /* dlopen handle to resolve symbols of the RocksDB that opened it */
	const char *image_path;
	void *db;            /* rocksdb::DBImpl* */
	const char *path;    /* database directory */
	const void *db_options; /* those that RocksDB was opened with: the host's own, or the result of lode_statistics_inject */
	const void *cf_descriptors; /* std::vector<ColumnFamilyDescriptor>: three pointers */
	bool statistics_ours;
};

/* Runs on the host's thread, inside open: must be quick (< 1 ms) and must not write. -ENOTSUP with a reason if this is not a DBImpl that we can tune
 * (wrong vtable, missing symbols, read-only, secondary). The object outlives the database; lode_host_real_free releases it. */
int lode_host_real_new(const struct lode_open *open, struct lode_host **out, struct lode_err *err);
void lode_host_real_free(struct lode_host *h);

/* For a database that is open already. db: rocksdb::DB* of any class on top of a DBImpl; *root: that DBImpl, by which every other door knows the
 * database. */
int lode_host_real_root(void *db, void **root, struct lode_err *err);
/* As lode_host_real_new, for such a database; db may be either. The caller keeps it open until lode_host_real_close has returned. */
int lode_host_real_late(void *db, struct lode_host **out, struct lode_err *err);

/* Between two looks: a database whose closing nobody would tell us keeps no handle of ours, which RocksDB must not find when it closes. Any other: nothing.
 * The thread that was inside last. */
void lode_host_real_rest(struct lode_host *h);
/* False: a database that came to us late (lode_host_real_late) was closed without lode_host_real_close, or another one is there in its place. Nothing of it will
 * be touched any more. One look; any thread. */
bool lode_host_real_alive(struct lode_host *h);

/* Rundown protection. Every op above enters and leaves this gate by itself and returns -ESHUTDOWN once closing.
 * lode_host_real_close runs on the host's closing thread: it waits for the op in flight, then drops our column family handles, then
 * nothing touches the database again. Idempotent. */
void lode_host_real_close(struct lode_host *h);
/* The same in the child of a fork, which has the database but not the thread that may have been inside: drops our handles, without which
 * RocksDB would not be rid of its column families, and waits for nobody. */
void lode_host_real_orphan(struct lode_host *h);

/* If the DBOptions given to open has no Statistics and this image's layout is known and verified: a shallow copy of it with a fresh
 * Statistics in place, to be handed to RocksDB's own open instead of the host's object, which stays untouched. NULL if not possible
 * (then *why is a static sentence). *keep owns our reference; release it with lode_statistics_release after the database is closed. */
struct lode_injected;
const void *lode_statistics_inject(void *image, const void *db_options, struct lode_injected **keep, const char **why);
void lode_statistics_view_done(struct lode_injected *keep); /* open has returned: the copy forgets the host, the Statistics stay in it */
void lode_statistics_release(struct lode_injected *keep);

#endif
