/* The control socket's server: one thread, one request at a time, nothing that a slow or hostile peer can hold up for long. */
#include "agent/control.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 4096
#define BODY_MAX (8u << 20)
#define PEER_MS 2000 /* a peer that neither sends nor reads for so long is dropped */
#define STACK (256u << 10)

struct lode_control {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd;
	lode_control_fn *fn;
	void *ctx;
	atomic_bool stop, ended;
};

static bool trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static bool ready(int fd, short what)
{
	struct pollfd p = {.fd = fd, .events = what};
	return poll(&p, 1, PEER_MS) > 0;
}

static int read_line(int fd, char *line, size_t len)
{
	size_t at = 0;
	while (at < len - 1 && ready(fd, POLLIN)) {
		ssize_t n = recv(fd, line + at, len - 1 - at, 0);
		char *end;
		if (n <= 0)
			return -EIO;
		at += (size_t)n;
		line[at] = 0;
		end = memchr(line, '\n', at);
		if (end) {
			*end = 0;
			return 0;
		}
	}
	return -EIO;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n;
		if (!ready(fd, POLLOUT))
			return -ETIMEDOUT;
		n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return -EIO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static void serve(struct lode_control *c, int fd)
{
	char line[REQUEST_MAX], head[48], *save = NULL, *verb, *db, *arg;
	struct lode_buf body;
	int code = 100;
	if (!trusted(fd) || read_line(fd, line, sizeof(line)))
		return;
	lode_buf_init(&body, BODY_MAX);
	verb = strtok_r(line, " \t\r", &save);
	db = strtok_r(NULL, " \t\r", &save);
	arg = strtok_r(NULL, "\r", &save); /* all that is left */
	for (size_t n = arg ? strlen(arg) : 0; n && strchr(" \t", arg[n - 1]);)
		arg[--n] = 0;
	if (verb)
		code = c->fn(c->ctx, verb, db, arg, &body);
	else
		lode_buf_adds(&body, "an empty request; `help` lists them\n");
	if (body.failed) {
		lode_buf_clear(&body);
		lode_buf_adds(&body, "the answer is too large\n");
		code = 400;
	}
	snprintf(head, sizeof(head), "%d %zu\n", code, body.len);
	if (write_all(fd, head, strlen(head)) == 0)
		write_all(fd, lode_buf_str(&body), body.len);
	lode_buf_fini(&body);
}

static void *control_main(void *arg)
{
	struct lode_control *c = arg;
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	pthread_setname_np(pthread_self(), "lode-control");
	while (!atomic_load(&c->stop)) {
		int fd;
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			break;
		if (atomic_load(&c->stop))
			break;
		fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			continue;
		serve(c, fd);
		close(fd);
	}
	atomic_store(&c->ended, true);
	return NULL;
}

/* A socket of a process that is gone keeps its name; one that still answers is not ours to take. */
static int bind_socket(int fd, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	unlink(path); /* named after our own pid: whoever had it is gone */
	fchmod(fd, 0600); /* Linux gives it to the name; the umask is the host's and stays */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return listen(fd, 16) ? -errno : 0;
}

struct lode_control *lode_control_start(const char *dir, lode_control_fn *fn, void *ctx)
{
	struct lode_control *c = calloc(1, sizeof(*c));
	int rc = -ENOMEM;
	if (!c)
		return NULL;
	c->fd = -1;
	c->fn = fn;
	c->ctx = ctx;
	if (snprintf(c->path, sizeof(c->path), "%s/%d.sock", dir, (int)getpid()) >= (int)sizeof(c->path)) {
		rc = -ENAMETOOLONG;
		goto fail;
	}
	rc = lode_fs_mkdirs(dir, 0700);
	if (rc)
		goto fail;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = -errno;
	if (c->fd < 0)
		goto fail;
	rc = bind_socket(c->fd, c->path);
	if (rc == 0)
		rc = lode_thread_start(control_main, c, STACK);
	if (rc == 0)
		return c;
fail:
	lode_log(LODE_LOG_WARN, "no control socket in %s: %s (agent.runtime_dir names another place)", dir, strerror(-rc));
	if (c->fd >= 0)
		close(c->fd);
	free(c);
	return NULL;
}

/* The memory stays: the thread may still be in it, and the process is about to end. */
void lode_control_stop(struct lode_control *c)
{
	if (!c || atomic_exchange(&c->stop, true))
		return;
	unlink(c->path);
	shutdown(c->fd, SHUT_RDWR); /* ends the poll */
	for (int i = 0; i < 100 && !atomic_load(&c->ended); i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

const char *lode_control_path(const struct lode_control *c)
{
	return c ? c->path : "";
}
