/* Small files, whole. */
#ifndef LODE_BASE_FS_H
#define LODE_BASE_FS_H

#include "base/buf.h"

#include <sys/types.h>

int lode_fs_read(const char *path, struct lode_buf *out);			       /* appends; -errno, -E2BIG beyond out->max */
int lode_fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode); /* tmp in the same directory, fsync, rename */
int lode_fs_mkdirs(const char *path, mode_t mode);				       /* like mkdir -p; 0 if it exists */

/* A descriptor that lives long inside someone else's process. A host may close every descriptor it does not know and get the number back
 * for a file of its own, so whoever keeps one asks lode_fs_still before writing to it. */
struct lode_fs_file {
	int fd; /* -1 = not open */
	dev_t dev;
	ino_t ino;
};
int lode_fs_open(struct lode_fs_file *f, const char *path, int flags, mode_t mode); /* O_CLOEXEC is added, never 0..2; 0 or -errno */
bool lode_fs_still(const struct lode_fs_file *f);				    /* the descriptor still is that file */
void lode_fs_close(struct lode_fs_file *f);					    /* only if it still is; -1 afterwards */
int lode_fs_write_all(int fd, const void *data, size_t len);			    /* 0 or -errno; goes on after EINTR and short writes */

#endif
