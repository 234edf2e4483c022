/* A local stream socket, read and written until a deadline or a cancel, whichever comes first. Never a signal, never an endless wait. */
#ifndef LODE_BASE_STREAM_H
#define LODE_BASE_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct lode_stream {
	int fd;		      /* non-blocking */
	int cancel_fd;	      /* readable once nobody wants the result any more; -1 = none */
	uint64_t deadline_ns; /* of the real monotonic clock */
};

/* All return 0 or: -ETIMEDOUT, -ECANCELED, -ENODATA (the peer has closed), another negative errno. */
int lode_stream_connect(struct lode_stream *s, const char *path); /* sets fd; -1 on failure. Waits while the listener's queue is full */
int lode_stream_write(const struct lode_stream *s, const void *data, size_t len);
int lode_stream_read(const struct lode_stream *s, void *data, size_t len); /* exactly so many bytes */
/* Up to a newline, which is cut off. Reads nothing behind it. -EMSGSIZE: longer than len - 1. */
int lode_stream_line(const struct lode_stream *s, char *line, size_t len);

#endif
