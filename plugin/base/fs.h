/* Small files, whole. */
#ifndef LODE_BASE_FS_H
#define LODE_BASE_FS_H

#include "base/buf.h"

#include <sys/types.h>

int lode_fs_read(const char *path, struct lode_buf *out); /* appends; -errno, -E2BIG beyond out->max */
int lode_fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode); /* tmp in the same directory, fsync, rename */
int lode_fs_mkdirs(const char *path, mode_t mode);        /* like mkdir -p; 0 if it exists */

#endif
