/* The host's side of the relay: the request goes to a process of the operator's that holds the key and speaks TLS. No key, no TLS library and
 * no network is needed here. */
#include "advise/carrier.h"
#include "advise/dialect.h"
#include "advise/relay.h"
#include "advise/text.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GRACE_S 2 /* the relay knows the time limit, and says better than we can what took so long */

struct relay {
	struct lode_carrier base;
	char path[];
};

static void fail(struct lode_http_reply *out, int rc, const char *doing)
{
	out->call = rc == -ETIMEDOUT ? LODE_CALL_TIMEOUT : rc == -ECANCELED ? LODE_CALL_CANCELLED : LODE_CALL_RELAY;
	if (rc == -ENODATA)
		lode_fmt(out->why, sizeof out->why, "the relay broke off %s", doing);
	else if (rc == -EPROTO)
		lode_fmt(out->why, sizeof out->why, "what answers at llm.url is no relay of this version");
	else if (rc == -ECANCELED)
		lode_fmt(out->why, sizeof out->why, "cancelled");
	else
		lode_fmt(out->why, sizeof out->why, "the relay at llm.url, %s: %s", doing, strerrordesc_np(-rc));
}

/* The reply's body, or the sentence in its place. */
static int take(const struct lode_stream *s, struct lode_buf *body, struct lode_http_reply *out)
{
	char line[LODE_RELAY_LINE_MAX], part[4096];
	struct lode_http_reply told;
	size_t len;
	int rc = lode_stream_line(s, line, sizeof line);

	if (rc)
		return rc == -EMSGSIZE ? -EPROTO : rc;
	if (lode_relay_read_told(line, &told, &len))
		return -EPROTO;
	while (len && !body->failed) {
		size_t n = len < sizeof part ? len : sizeof part;

		if ((rc = lode_stream_read(s, part, n)))
			return rc;
		lode_buf_add(body, part, n);
		len -= n;
	}
	*out = told;
	if (body->failed) {
		out->call = LODE_CALL_TOO_BIG;
		lode_fmt(out->why, sizeof out->why, "the reply is larger than %zu bytes", body->max);
	} else if (told.call != LODE_CALL_OK) {
		lode_text_plain(out->why, sizeof out->why, lode_buf_str(body), body->len);
		lode_buf_clear(body);
	}
	return 0;
}

static void relay_post(struct lode_carrier *c, const struct lode_http_request *q, int cancel_fd, struct lode_buf *body,
		       struct lode_http_reply *out)
{
	struct relay *r = (struct relay *)c;
	struct lode_relay_ask ask = {.timeout_s = q->timeout_s, .len = q->len};
	struct lode_stream s = {.cancel_fd = cancel_fd};
	char line[LODE_RELAY_LINE_MAX];
	const char *doing = "on connecting";
	int rc;

	lode_fmt(ask.api, sizeof ask.api, "%s", lode_api_name(q->api));
	s.deadline_ns = lode_clock_mono(&lode_clock_real) + (uint64_t)(fmin(q->timeout_s + GRACE_S, 86400) * 1e9);
	rc = q->len > LODE_RELAY_BODY_MAX ? -EMSGSIZE : lode_stream_connect(&s, r->path);
	if (rc) {
		fail(out, rc, doing);
		return;
	}
	lode_relay_print_ask(line, &ask);
	doing = "while it was asked";
	rc = lode_stream_write(&s, line, strlen(line));
	if (!rc)
		rc = lode_stream_write(&s, q->body, q->len);
	/* One that refuses may have answered and closed before it had read all: what it said counts. */
	if (!rc || rc == -ENODATA) {
		doing = "before its answer was whole";
		rc = take(&s, body, out);
	}
	if (rc)
		fail(out, rc, doing);
	close(s.fd);
}

static void relay_free(struct lode_carrier *c)
{
	free(c);
}

struct lode_carrier *lode_carrier_relay(const char *path, struct lode_err *err)
{
	static const struct lode_carrier_ops ops = {.post = relay_post, .free = relay_free};
	size_t n = strlen(path) + 1;
	struct relay *r = malloc(sizeof *r + n);

	if (!r) {
		lode_err_set(err, ENOMEM, "no memory");
		return NULL;
	}
	r->base.ops = &ops;
	memcpy(r->path, path, n);
	return &r->base;
}
