/* Folders for databases of runs: made, copied, measured, removed. */
#include "tune/scratch.h"

#include "base/fs.h"
#include "base/num.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PREFIX "lodestone-tune-"
#define LOCK "lock"
#define MARK "The scratch folder of a running `lodestone tune`. The next one removes it if nobody holds a lock on this file.\n"

int tune_scratch_make(const char *dir, char *path, size_t len, int *lock, struct lode_err *err)
{
	char name[PATH_MAX];
	int fd;

	if (snprintf(path, len, "%s/" PREFIX "XXXXXX", dir) >= (int)len)
		return lode_err_set(err, ENAMETOOLONG, "%.100s: too long a path for a scratch folder", dir);
	if (!mkdtemp(path))
		return lode_err_set(err, errno, "no scratch folder can be made in %.120s: %s (--scratch names another place)", dir, strerror(errno));
	snprintf(name, sizeof(name), "%s/" LOCK, path);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) || lode_fs_write_all(fd, MARK, strlen(MARK))) {
		int failed = errno;

		if (fd >= 0)
			close(fd);
		tune_scratch_remove(path);
		return lode_err_set(err, failed, "%.120s: %s", name, strerror(failed));
	}
	*lock = fd;
	return 0;
}

/* Does this folder look like one of ours, and does nobody live in it? Then its lock, which is ours now; else -1. */
static int take_dead(int at, const char *name)
{
	char path[NAME_MAX + 8], text[sizeof(MARK)];
	struct stat dir, file;
	int fd;

	snprintf(path, sizeof(path), "%s/" LOCK, name);
	if (fstatat(at, name, &dir, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(dir.st_mode) || dir.st_uid != geteuid())
		return -1;
	fd = openat(at, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &file) || !S_ISREG(file.st_mode) || file.st_uid != geteuid() || flock(fd, LOCK_EX | LOCK_NB) ||
	    read(fd, text, strlen(MARK)) != (ssize_t)strlen(MARK) || memcmp(text, MARK, strlen(MARK)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

unsigned tune_scratch_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		char path[PATH_MAX];
		int lock;

		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		lock = take_dead(dirfd(d), e->d_name);
		if (lock < 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) < (int)sizeof(path))
			n += tune_scratch_remove(path) == 0;
		close(lock);
	}
	if (d)
		closedir(d);
	return n;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	if (kind == FTW_DNR)
		chmod(path, 0700);
	if (where->level == 0 || (where->level == 1 && strcmp(path + where->base, LOCK) == 0))
		return 0;
	remove(path);
	return 0;
}

int tune_scratch_remove(const char *path)
{
	char lock[PATH_MAX];

	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	if (snprintf(lock, sizeof(lock), "%s/" LOCK, path) < (int)sizeof(lock))
		unlink(lock);
	return rmdir(path) ? -errno : 0;
}

/* Adds up all files below an open folder, which is closed. */
static double add_up(int fd, bool disk, unsigned depth)
{
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	double sum = 0;

	if (!d && fd >= 0)
		close(fd);
	for (struct dirent *e; d && (e = readdir(d));) {
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(st.st_mode) && depth < 16)
			sum += add_up(openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), disk, depth + 1);
		else if (S_ISREG(st.st_mode) && disk)
			sum += (double)st.st_blocks * 512 / (double)(st.st_nlink ? st.st_nlink : 1);
		else if (S_ISREG(st.st_mode) && strncmp(e->d_name, "LOG", 3) != 0)
			sum += (double)st.st_size;
	}
	if (d)
		closedir(d);
	return sum;
}

double tune_scratch_used(const char *path)
{
	return add_up(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), true, 0);
}

double tune_scratch_database_bytes(const char *path)
{
	return add_up(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), false, 0);
}

double tune_scratch_free(const char *path)
{
	struct statvfs v;

	return statvfs(path, &v) ? INFINITY : (double)v.f_bavail * (double)v.f_frsize;
}

/* ---- copies ---- */

struct copying {
	const struct tune_scratch_bounds *bounds;
	double done;    /* bytes */
	char full[200]; /* why there is no room for a file; "" */
};

static int stopped(const struct copying *c)
{
	return c->bounds->stop && *c->bounds->stop ? -EINTR : 0;
}

/* Is there room for a file of so many bytes in this folder? */
static int has_room(struct copying *c, int dir, const char *name, double size)
{
	struct statvfs v;
	double left = fstatvfs(dir, &v) ? INFINITY : (double)v.f_bavail * (double)v.f_frsize;
	char needs[24], is[24], may[24];

	lode_num_bytes(size, needs, sizeof(needs));
	if (c->done + size > c->bounds->most)
		snprintf(c->full, sizeof(c->full), "%.60s takes %s, and the scratch folder may only grow by %s (--scratch-limit)", name, needs,
			 lode_num_bytes(fmax(0, c->bounds->most - c->done), may, sizeof(may)));
	else if (left - size < c->bounds->reserve)
		snprintf(c->full, sizeof(c->full), "%.60s takes %s, only %s are free on the disk of the scratch folder, and %s must stay so (--reserve)", name, needs,
			 lode_num_bytes(left, is, sizeof(is)), lode_num_bytes(c->bounds->reserve, may, sizeof(may)));
	c->done += size;
	return *c->full ? -ENOSPC : 0;
}

static int copy_bytes(int from, int to, const struct copying *c)
{
	char data[65536];
	ssize_t n = 1;
	int rc;

	while (!(rc = stopped(c)) && (n = copy_file_range(from, NULL, to, NULL, 1 << 26, 0)) > 0)
		;
	if (rc || n == 0)
		return rc;
	/* Not between these two; from where it stopped. */
	while (!(rc = stopped(c)) && (n = read(from, data, sizeof(data))) > 0)
		if ((rc = lode_fs_write_all(to, data, (size_t)n)))
			return rc;
	return rc ? rc : n < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, struct copying *c)
{
	int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC),
	    to = from >= 0 ? openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1,
	    rc = from < 0 || to < 0 ? -errno : 0;
	struct stat st;

	if (!rc && ioctl(to, FICLONE, from) != 0) { /* which takes no room */
		rc = fstat(from, &st) ? -errno : has_room(c, to_dir, name, (double)st.st_size);
		rc = rc ? rc : copy_bytes(from, to, c);
	}
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) && !rc)
		rc = -errno;
	return rc;
}

static bool has_end(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

static bool left_out(const char *name)
{
	return name[0] == '.' || strcmp(name, "LOCK") == 0 || strcmp(name, "LOG") == 0 || strncmp(name, "LOG.old", 7) == 0;
}

static int clone_folder(const char *from, const char *to, unsigned depth, struct copying *c);

static int clone_one(DIR *from, int to, const char *name, const char *from_path, const char *to_path, unsigned depth, struct copying *c)
{
	char below[2][PATH_MAX];
	struct stat st;

	if (left_out(name) || fstatat(dirfd(from), name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISDIR(st.st_mode) && depth < 4) { /* several databases, or a folder for blobs */
		if (snprintf(below[0], PATH_MAX, "%s/%s", from_path, name) >= PATH_MAX || snprintf(below[1], PATH_MAX, "%s/%s", to_path, name) >= PATH_MAX)
			return -ENAMETOOLONG;
		return clone_folder(below[0], below[1], depth + 1, c);
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	if ((has_end(name, ".sst") || has_end(name, ".blob")) && linkat(dirfd(from), name, to, name, 0) == 0)
		return 0;
	return copy_file(dirfd(from), to, name, c);
}

static int clone_folder(const char *from, const char *to, unsigned depth, struct copying *c)
{
	DIR *d = opendir(from);
	int dir = d && mkdir(to, 0700) == 0 ? open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, rc = dir < 0 ? -errno : 0;

	for (struct dirent *e; !rc && !(rc = stopped(c)) && (e = readdir(d));)
		rc = clone_one(d, dir, e->d_name, from, to, depth, c);
	if (dir >= 0)
		close(dir);
	if (d)
		closedir(d);
	return rc;
}

int tune_scratch_clone(const char *from, const char *to, const struct tune_scratch_bounds *b, struct lode_err *err)
{
	struct copying c = {.bounds = b};
	int rc = clone_folder(from, to, 0, &c);

	if (*c.full)
		return lode_err_set(err, ENOSPC, "the database is not copied: %s", c.full);
	return rc ? lode_err_set(err, -rc, "the database cannot be copied from %.80s to %.80s: %s", from, to, strerror(-rc)) : 0;
}

int tune_scratch_idle(const char *database, struct lode_err *err)
{
	char path[PATH_MAX];
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd, rc;

	snprintf(path, sizeof(path), "%s/LOCK", database);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	rc = fcntl(fd, F_GETLK, &range);
	close(fd);
	if (rc == 0 && range.l_type != F_UNLCK)
		return lode_err_set(err, EBUSY, "%.120s is open in process %d: a database is copied while nobody writes to it", database, (int)range.l_pid);
	return 0;
}
