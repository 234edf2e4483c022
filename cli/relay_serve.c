/* One client of the relay after the other: who is it, what does it want, may it have that, what came of it. Nothing of what is said gets into
 * the log. */
#include "relay.h"

#include "advise/key.h"
#include "advise/relay.h"
#include "advise/strict.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/stream.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_S 5 /* for a client to send all of its request, and to take the answer */

static uint64_t now_ns(void)
{
	return lode_clock_mono(&lode_clock_real);
}

static void refuse(struct lode_http_reply *out, enum lode_call call, const char *why)
{
	*out = (struct lode_http_reply){.call = call};
	lode_fmt(out->why, sizeof out->why, "%s", why);
}

static bool may_ask(const struct cli_relay *r, uid_t uid)
{
	bool may = uid == 0 || uid == geteuid();

	for (size_t i = 0; i < r->nusers && !may; i++)
		may = r->user[i] == uid;
	return may;
}

/* Only what we pay for anyhow: one JSON object, for the model that we were given. NULL, or what is wrong. */
static const char *check_body(const struct cli_relay *r, const struct lode_buf *body)
{
	cJSON *o = lode_strict_check(lode_buf_str(body), body->len, NULL) == LODE_STRICT_OK ? cJSON_ParseWithLength(body->data, body->len) : NULL;
	const char *model = cli_str(o, "model"), *wrong = NULL;

	if (!cJSON_IsObject(o))
		wrong = "the request is no JSON object";
	else if (r->llm.model[0] && strcmp(model, r->llm.model) != 0)
		wrong = "this relay is for another model (llm.model)";
	else if (cli_true(o, "stream"))
		wrong = "this relay gives whole answers only";
	cJSON_Delete(o);
	return wrong;
}

/* False: the limit of all clients, or the pause after failures; *out says it. */
static bool spend(struct cli_relay *r, struct lode_http_reply *out)
{
	const struct lode_cost one = {.calls = 1};
	char why[sizeof out->why];

	pthread_mutex_lock(&r->lock);
	enum lode_may may = lode_budget_ask(&r->budget, now_ns(), &one, why, sizeof why);
	if (may == LODE_MAY_CALL)
		lode_budget_reserve(&r->budget, now_ns(), &one);
	pthread_mutex_unlock(&r->lock);
	if (may == LODE_MAY_NOT_BUDGET)
		refuse(out, LODE_CALL_BUDGET, "the relay's own limit of calls in an hour is reached (relay.calls_per_hour)");
	else if (may != LODE_MAY_CALL)
		refuse(out, LODE_CALL_CIRCUIT, "the relay does not reach its endpoint, and tries again in a while");
	return may == LODE_MAY_CALL;
}

/* Whether the endpoint can be reached at all; what it answers is the clients' business. */
static void account(struct cli_relay *r, const struct lode_http_reply *reply)
{
	bool down = reply->call == LODE_CALL_CONNECT || reply->call == LODE_CALL_TLS || reply->call == LODE_CALL_TIMEOUT ||
		    reply->call == LODE_CALL_CLOSED;

	pthread_mutex_lock(&r->lock);
	bool news = down != r->down;
	r->down = down;
	if (down)
		lode_budget_failure(&r->budget, now_ns(), false, 0);
	else
		lode_budget_success(&r->budget);
	pthread_mutex_unlock(&r->lock);
	if (news)
		lode_log(down ? LODE_LOG_WARN : LODE_LOG_NOTICE, "relay: the endpoint %s%s", down ? "is not reached: " : "answers again",
			 down ? reply->why : "");
}

static void forward(struct cli_relay_worker *w, const struct lode_relay_ask *ask, const struct lode_buf *request, struct lode_buf *body,
		    struct lode_http_reply *out)
{
	struct cli_relay *r = w->relay;
	struct lode_http_request q = {.url = r->url, .api = r->llm.api, .body = lode_buf_str(request), .len = request->len, .ca_file = r->llm.ca_file, .proxy = r->llm.proxy,
				      .timeout_s = fmin(ask->timeout_s, r->llm.timeout_s)};
	struct lode_err err = {0};
	char key[LODE_KEY_MAX];
	int rc = lode_key_load(&r->llm, key, &err); /* each time: a new one counts at once */

	if (rc && !(rc == -ENOKEY && r->loopback)) {
		lode_log(LODE_LOG_WARN, "relay: %s", err.msg);
		refuse(out, LODE_CALL_NO_KEY, "the relay has no key that it can use; its log says why");
	} else if (spend(r, out)) {
		q.key = rc ? NULL : key;
		lode_http_post(w->http, &q, body, out);
		if (out->call == LODE_CALL_CANCELLED)
			refuse(out, LODE_CALL_RELAY, "the relay was ended in mid-call");
		else if (out->call != LODE_CALL_TIMEOUT || ask->timeout_s >= r->llm.timeout_s) /* a client in haste proves nothing */
			account(r, out);
	}
	explicit_bzero(key, sizeof key);
}

/* From the request to a reply, whatever it is. False: the client said nothing that could be answered. */
static bool answer(struct cli_relay_worker *w, struct lode_stream *s, const struct ucred *peer, struct lode_buf *request, struct lode_buf *body,
		   struct lode_http_reply *out)
{
	char line[LODE_RELAY_LINE_MAX];
	struct lode_relay_ask ask;
	const char *wrong;

	if (!may_ask(w->relay, peer->uid)) {
		refuse(out, LODE_CALL_RELAY_REFUSED, "this user may not ask here (relay.users)");
		return true;
	}
	if (lode_stream_line(s, line, sizeof line))
		return false;
	if (lode_relay_read_ask(line, &ask)) {
		refuse(out, LODE_CALL_RELAY_REFUSED, "the relay does not understand the request: is it of another version, or too large?");
		return true;
	}
	for (size_t left = ask.len; left;) {
		char part[4096];
		size_t n = left < sizeof part ? left : sizeof part;

		if (lode_stream_read(s, part, n))
			return false;
		lode_buf_add(request, part, n);
		left -= n;
	}
	wrong = request->failed ? "no memory" : check_body(w->relay, request);
	if (!wrong && strcmp(ask.api, w->relay->config.api) != 0)
		wrong = "the relay speaks another protocol to its endpoint: llm.api must be the same on both sides";
	if (wrong)
		refuse(out, LODE_CALL_RELAY_REFUSED, wrong);
	else
		forward(w, &ask, request, body, out);
	return true;
}

static void serve(struct cli_relay_worker *w, int fd)
{
	struct lode_stream s = {.fd = fd, .cancel_fd = w->relay->stop_fd, .deadline_ns = now_ns() + PEER_S * 1000000000ull};
	struct lode_http_reply reply = {0};
	struct lode_buf request, body;
	char line[LODE_RELAY_LINE_MAX];
	struct ucred peer;
	socklen_t n = sizeof peer;
	int rc = -EPROTO;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n))
		return;
	lode_buf_init(&request, LODE_RELAY_BODY_MAX);
	lode_buf_init(&body, LODE_HTTP_BODY_MAX);
	bool asked = answer(w, &s, &peer, &request, &body, &reply);
	if (asked) {
		const char *text = reply.call == LODE_CALL_OK ? lode_buf_str(&body) : reply.why;
		size_t len = reply.call == LODE_CALL_OK ? body.len : strlen(text);

		s.deadline_ns = now_ns() + PEER_S * 1000000000ull;
		s.cancel_fd = -1; /* what was paid for is delivered */
		lode_relay_print_told(line, &reply, len);
		rc = lode_stream_write(&s, line, strlen(line));
		if (!rc)
			rc = lode_stream_write(&s, text, len);
	}
	lode_log(asked || request.len ? LODE_LOG_NOTICE : LODE_LOG_DEBUG, "relay: user %u, process %d: %s, status %ld, %zu bytes there, %zu back, %.1f s%s", (unsigned)peer.uid, (int)peer.pid,
		 asked ? lode_call_name(reply.call) : "sent no whole request", reply.status, request.len, body.len, reply.seconds,
		 asked && rc ? "; the client was gone" : "");
	lode_buf_fini(&request);
	lode_buf_fini(&body);
}

void *cli_relay_worker(void *arg)
{
	struct cli_relay_worker *w = arg;
	struct pollfd p[2] = {{.fd = w->relay->listener, .events = POLLIN}, {.fd = w->relay->stop_fd, .events = POLLIN}};

	while (!atomic_load(&w->relay->stop)) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		int fd = atomic_load(&w->relay->stop) ? -1 : accept4(w->relay->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			continue;
		serve(w, fd);
		close(fd);
	}
	return NULL;
}
