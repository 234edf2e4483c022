/* The control socket's client: one question, one answer, within a time. */
#include "agent/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int left_ms(const struct timespec *until)
{
	struct timespec now;
	long long ms;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (until->tv_sec - now.tv_sec) * 1000ll + (until->tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, rc;
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static ssize_t receive(int fd, char *data, size_t len, const struct timespec *until)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int rc = poll(&p, 1, left_ms(until));
	if (rc == 0)
		return -ETIMEDOUT;
	if (rc < 0)
		return errno == EINTR ? -EINTR : -errno;
	rc = (int)recv(fd, data, len, 0);
	return rc < 0 ? -errno : rc;
}

/* "<code> <bytes>\n", read byte by byte so that nothing of the body is taken. */
static int read_head(int fd, const struct timespec *until, int *code, size_t *bytes)
{
	char head[48];
	size_t at = 0;
	while (at < sizeof(head) - 1) {
		ssize_t n = receive(fd, head + at, 1, until);
		if (n <= 0)
			return n < 0 ? (int)n : -EPROTO;
		if (head[at] == '\n')
			break;
		at++;
	}
	head[at] = 0;
	return sscanf(head, "%d %zu", code, bytes) == 2 ? 0 : -EPROTO;
}

int lode_control_ask(const char *socket_path, const char *request, double timeout_s, struct lode_buf *body)
{
	struct timespec until;
	char chunk[16384];
	size_t bytes = 0;
	int code = 0, rc, fd = connect_to(socket_path);
	if (fd < 0)
		return fd;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)timeout_s;
	until.tv_nsec += (long)((timeout_s - (double)(time_t)timeout_s) * 1e9);
	rc = -EPIPE;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 || send(fd, "\n", 1, MSG_NOSIGNAL) < 0)
		goto out;
	rc = read_head(fd, &until, &code, &bytes);
	while (rc == 0 && bytes) {
		ssize_t n = receive(fd, chunk, bytes < sizeof(chunk) ? bytes : sizeof(chunk), &until);
		if (n == -EINTR)
			continue;
		if (n <= 0) {
			rc = n < 0 ? (int)n : -EPROTO;
			break;
		}
		lode_buf_add(body, chunk, (size_t)n);
		bytes -= (size_t)n;
	}
out:
	close(fd);
	return rc ? rc : code;
}
