/* One HTTP POST at a time, by a libcurl that is opened at run time and only where a model is configured. */
#ifndef LODE_ADVISE_HTTP_H
#define LODE_ADVISE_HTTP_H

#include "advise/advisor.h"
#include "advise/retry_after.h"

#define LODE_HTTP_BODY_MAX (1u << 20) /* of a reply */

struct lode_http;
struct lode_carrier;
struct lode_tape;

struct lode_http_request {
	const char *url;
	const char *body;
	size_t len;
	const char *key;     /* or NULL; must be printable ASCII without spaces */
	enum lode_api api;   /* whose headers are sent; and what a relay is told */
	const char *ca_file; /* NULL or "": the system's */
	const char *proxy;   /* NULL, "" or "none": no proxy, whatever the environment says */
	double timeout_s;
};

struct lode_http_reply {
	enum lode_call call; /* OK: a whole reply came, whatever its status */
	long status;
	double retry_after; /* seconds, 0 = not said */
	enum lode_should should_retry;
	double seconds;
	char why[200]; /* call != OK: a sentence; never holds the key or the body */
	char note[240]; /* what else is to be told, or "" */
};

/* https anywhere; http only to this very machine (127.0.0.0/8, [::1], localhost); no user:password, no query but the ?api-version=V of an Azure
 * deployment; or unix: and the path of a relay's socket. -EINVAL with the mend. */
int lode_http_url_check(const char *url, bool *loopback, struct lode_err *err);

/* Opens the library. NULL with *err: it is not there, or it cannot be used inside another process (not thread-safe, resolver by signals).
 */
struct lode_http *lode_http_open(struct lode_err *err);
/* The same without a library: everything goes by the carrier, which is the new one's from then on. */
struct lode_http *lode_http_open_with(struct lode_carrier *carrier, struct lode_err *err);
/* From now on every exchange is recorded; the tape is the connection's from then on. */
void lode_http_record(struct lode_http *h, struct lode_tape *tape);
/* No key is wanted: the carrier has no use for one. */
bool lode_http_keyless(const struct lode_http *h);
/* Nothing ever waits here: it may be used on the asker's own thread. */
bool lode_http_instant(const struct lode_http *h);
/* No call may be running. exit() needs nothing from the caller: a call then ends before the TLS library's own exit handlers run. */
void lode_http_close(struct lode_http *h);
/* Blocks until the reply is there, the time is over or it is cancelled. One thread at a time. *body is cleared first; its max is the cap.
 * Leaves no handle, connection or copy of the key behind. */
void lode_http_post(struct lode_http *h, const struct lode_http_request *q, struct lode_buf *body, struct lode_http_reply *out);
/* Sleeps; true if it was cancelled. */
bool lode_http_sleep(struct lode_http *h, double seconds);
/* From any thread, returns at once: the running post or sleep, or else the next one, ends now. Stays so until lode_http_rearm. */
void lode_http_cancel(struct lode_http *h);
void lode_http_rearm(struct lode_http *h);
bool lode_http_cancelled(const struct lode_http *h);
/* The one descriptor that a thread needs to post and to be cancelled: see lode_thread_own_files. */
int lode_http_cancel_fd(const struct lode_http *h);

#endif
