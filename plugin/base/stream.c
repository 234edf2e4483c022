/* A local stream socket, read and written until a deadline or a cancel, whichever comes first. */
#include "base/stream.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define QUEUE_MS 20 /* between two looks at a listener's full queue: nothing tells when it has room */

/* Until fd is ready for `what` (0: only so many milliseconds pass). 0, -ETIMEDOUT or -ECANCELED. */
static int wait_for(const struct lode_stream *s, short what, int at_most_ms)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = what ? s->fd : -1, .events = what}, {.fd = s->cancel_fd, .events = POLLIN}};
		uint64_t now = lode_clock_mono(&lode_clock_real);
		uint64_t left = s->deadline_ns > now ? (s->deadline_ns - now + 999999) / 1000000 : 0;

		if (!left)
			return -ETIMEDOUT;
		if (at_most_ms >= 0 && left > (uint64_t)at_most_ms)
			left = (uint64_t)at_most_ms;
		int n = poll(p, 2, left < 3600000 ? (int)left : 3600000);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && p[1].revents)
			return -ECANCELED;
		if ((n > 0 && p[0].revents) || (n == 0 && at_most_ms >= 0))
			return 0;
	}
}

int lode_stream_connect(struct lode_stream *s, const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int rc;

	s->fd = -1;
	if (snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= (int)sizeof a.sun_path)
		return -ENAMETOOLONG;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	do {
		rc = connect(s->fd, (struct sockaddr *)&a, sizeof a) ? -errno : 0;
		if (rc == -EAGAIN) {
			int waited = wait_for(s, 0, QUEUE_MS);

			rc = waited ? waited : -EINTR;
		}
	} while (rc == -EINTR);
	if (rc) {
		close(s->fd);
		s->fd = -1;
	}
	return rc;
}

int lode_stream_write(const struct lode_stream *s, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(s->fd, p, len, MSG_NOSIGNAL);
		int rc = n < 0 && errno == EAGAIN ? wait_for(s, POLLOUT, -1) : n < 0 && errno != EINTR ? -errno : 0;

		if (rc)
			return rc == -EPIPE || rc == -ECONNRESET ? -ENODATA : rc;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int lode_stream_read(const struct lode_stream *s, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = recv(s->fd, p, len, 0);
		int rc = n < 0 && errno == EAGAIN ? wait_for(s, POLLIN, -1) : n < 0 && errno != EINTR ? -errno : 0;

		if (n == 0 || rc == -ECONNRESET)
			return -ENODATA;
		if (rc)
			return rc;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int lode_stream_line(const struct lode_stream *s, char *line, size_t len)
{
	for (size_t n = 0; n < len; n++) {
		int rc = lode_stream_read(s, line + n, 1);

		if (rc)
			return rc;
		if (line[n] == '\n') {
			line[n] = '\0';
			return 0;
		}
	}
	return -EMSGSIZE;
}
