/* The agent's log: one write(2) a line. It may be called on the host's own threads, so it never waits for a slow reader, never raises
 * SIGPIPE and never writes into a descriptor that the host has taken back. */
#include "base/log.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024 /* below PIPE_BUF: lines of several threads do not mix */

static const char *const level_names[] = {"error", "warn", "notice", "info", "debug"};

/* The process has one log. A file once opened keeps its descriptor number for good (a reopening is put into it with dup3), so that a thread
 * in the middle of a line never finds the number closed. */
static _Atomic int threshold = LODE_LOG_NOTICE;
static _Atomic bool to_file;
static _Atomic unsigned lost; /* lines that found no room */
static _Atomic int file_fd = -1;
static _Atomic uint64_t file_dev, file_ino;
static pthread_mutex_t reopening = PTHREAD_MUTEX_INITIALIZER; /* lode_log_open only */

void lode_log_level_set(int level)
{
	atomic_store(&threshold, level);
}

int lode_log_level_parse(const char *word, int *level)
{
	for (int i = 0; i <= LODE_LOG_DEBUG; i++)
		if (!strcasecmp(word, level_names[i])) {
			*level = i;
			return 0;
		}
	if (strcasecmp(word, "off") != 0)
		return -EINVAL;
	*level = LODE_LOG_OFF;
	return 0;
}

/* path with every "%p" replaced by the process id. */
static int expand(const char *path, char *out, size_t len)
{
	size_t n = 0;

	while (*path) {
		int add =
		    !strncmp(path, "%p", 2) ? lode_fmt(out + n, len - n, "%d", (int)getpid()) : lode_fmt(out + n, len - n, "%c", *path);

		if (add < 0 || (size_t)add >= len - n)
			return -ENAMETOOLONG;
		n += (size_t)add;
		path += !strncmp(path, "%p", 2) ? 2 : 1;
	}
	return 0;
}

static struct lode_fs_file current(void)
{
	return (struct lode_fs_file){
	    .fd = atomic_load(&file_fd), .dev = (dev_t)atomic_load(&file_dev), .ino = (ino_t)atomic_load(&file_ino)};
}

static int install(struct lode_fs_file f)
{
	struct lode_fs_file old = current();

	if (lode_fs_still(&old)) {
		if (dup3(f.fd, old.fd, O_CLOEXEC) < 0) {
			int rc = -errno;

			close(f.fd);
			return rc;
		}
		close(f.fd);
		f.fd = old.fd;
	}
	atomic_store(&file_dev, (uint64_t)f.dev);
	atomic_store(&file_ino, (uint64_t)f.ino);
	atomic_store(&file_fd, f.fd);
	atomic_store(&to_file, true);
	return 0;
}

int lode_log_open(const char *path)
{
	char name[PATH_MAX] = "";
	struct lode_fs_file f;

	if (!path || !*path || !strcmp(path, "stderr")) {
		atomic_store(&to_file, false);
		return 0;
	}
	int rc = expand(path, name, sizeof name);
	if (rc)
		return rc;
	pthread_mutex_lock(&reopening);
	/* O_NONBLOCK: a pipe without a reader must not stop us. */
	rc = lode_fs_open(&f, name, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0600);
	if (!rc)
		rc = install(f);
	pthread_mutex_unlock(&reopening);
	return rc;
}

/* One line, or nothing: true if it went out. */
static bool emit(int fd, const char *line, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	sigset_t pipe_set, before, pending;

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT) || (p.revents & (POLLERR | POLLHUP | POLLNVAL)))
		return false;
	/* The reader may still go away before the write: hold the signal back and swallow the one we caused. */
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
	ssize_t n = write(fd, line, len);
	if (n < 0 && errno == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe_set, NULL, &(struct timespec){0});
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return n == (ssize_t)len;
}

void lode_log(int level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES], when[32];
	int saved = errno;
	va_list ap;

	if (level < 0 || level > LODE_LOG_DEBUG || level > atomic_load(&threshold))
		return;
	lode_clock_iso(lode_clock_wall(&lode_clock_real), when);
	unsigned missing = atomic_exchange(&lost, 0);
	int n = lode_fmt(line, sizeof line, "%s lodestone[%d] %s: ", when, (int)getpid(), level_names[level]);
	size_t head = n > 0 ? (size_t)n : 0;
	va_start(ap, fmt);
	errno = saved; /* for %m */
	n = lode_fmt_v(line + head, sizeof line - head - 1, fmt, ap);
	va_end(ap);
	size_t len = head + (n < 0 ? 0 : (size_t)n);
	if (missing && len < sizeof line - 1) {
		n = lode_fmt(line + len, sizeof line - len - 1, " (%u lines before this one were lost)", missing);
		len += n < 0 ? 0 : (size_t)n;
	}
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	for (size_t i = head; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' '; /* one line an event, and no escape sequence for the terminal */
	line[len++] = '\n';

	struct lode_fs_file f = current();
	bool ok = atomic_load(&to_file) ? lode_fs_still(&f) && emit(f.fd, line, len) : emit(STDERR_FILENO, line, len);
	if (!ok)
		atomic_fetch_add(&lost, missing + 1);
	errno = saved;
}
