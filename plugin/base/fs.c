/* Small files, whole; and descriptors that outlive a careless host. */
#include "base/fs.h"
#include "base/fmt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int lode_fs_read(const char *path, struct lode_buf *out)
{
	char chunk[4096];
	ssize_t n;
	int rc = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	for (;;) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		size_t room = out->max - out->len;
		lode_buf_add(out, chunk, (size_t)n);
		if (out->failed) {
			rc = (size_t)n > room ? -E2BIG : -ENOMEM;
			goto out;
		}
	}
	if (n < 0)
		rc = -errno;
out:
	close(fd);
	return rc;
}

int lode_fs_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The rename is durable once its directory is; a file system that cannot sync a directory gets the benefit of the doubt. */
static void sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (lode_fmt(dir, sizeof dir, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".") >= (int)sizeof dir)
		return;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int lode_fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
	char tmp[PATH_MAX];
	int rc = 0;

	if (lode_fmt(tmp, sizeof tmp, "%s.XXXXXX", path) >= (int)sizeof tmp)
		return -ENAMETOOLONG;
	int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode))
		rc = -errno;
	if (!rc)
		rc = lode_fs_write_all(fd, data, len);
	if (!rc && fsync(fd))
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(tmp, path))
		rc = -errno;
	if (rc)
		unlink(tmp);
	else
		sync_parent(path);
	return rc;
}

static int make_dir(const char *path, mode_t mode)
{
	struct stat st;

	if (!mkdir(path, mode))
		return 0;
	int rc = -errno;
	/* Not only EEXIST: a read-only or foreign parent may answer otherwise although the directory stands. */
	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	return rc;
}

int lode_fs_mkdirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (!len)
		return -ENOENT;
	if (len >= sizeof part)
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/' || p[-1] == '/')
			continue;
		*p = '\0';
		int rc = make_dir(part, mode);
		if (rc)
			return rc;
		*p = '/';
	}
	return make_dir(part, mode);
}

int lode_fs_open(struct lode_fs_file *f, const char *path, int flags, mode_t mode)
{
	struct stat st;
	int fd;

	*f = (struct lode_fs_file){.fd = -1};
	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
	while (fd < 0 && errno == EINTR);
	if (fd >= 0 && fd <= STDERR_FILENO) {
		/* A host without standard streams would take our file for one. */
		int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		int saved = errno;

		close(fd);
		errno = saved;
		fd = high;
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	*f = (struct lode_fs_file){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
	return 0;
}

bool lode_fs_still(const struct lode_fs_file *f)
{
	struct stat st;

	return f->fd >= 0 && !fstat(f->fd, &st) && st.st_dev == f->dev && st.st_ino == f->ino;
}

void lode_fs_close(struct lode_fs_file *f)
{
	if (lode_fs_still(f))
		close(f->fd);
	f->fd = -1;
}
