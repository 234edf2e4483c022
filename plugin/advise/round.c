/* One round with the model. Only two things are ever tried again: what the network did, and, once, what the model wrote. */
#include "advise/round.h"
#include "advise/key.h"
#include "advise/strict.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_MAX (1u << 20)
#define LADDER_STEPS 6 /* more than a dialect can take */

struct attempt {
	const struct lode_prompt *prompt;
	struct lode_buf request, body;
	char complaint[640];
	int max_tokens;
	unsigned network, words, keys, steps; /* tries that are left */
	unsigned calls;			      /* made */
	uint64_t deadline;
	struct lode_http_reply http;
};

static uint64_t now_ns(void)
{
	return lode_clock_mono(&lode_clock_real);
}

/* Worth another try without any change: the network, or a server that is busy. */
static bool transient(enum lode_call c)
{
	return c == LODE_CALL_CONNECT || c == LODE_CALL_CLOSED || c == LODE_CALL_SERVER || c == LODE_CALL_RATE_LIMIT;
}

/* The model's own fault: worth saying what was wrong. */
static bool malformed(enum lode_call c)
{
	return c == LODE_CALL_BAD_CONTENT || c == LODE_CALL_DUPLICATE_KEY || c == LODE_CALL_SCHEMA || c == LODE_CALL_UNKNOWN_OPTION ||
	       c == LODE_CALL_BAD_VALUE || c == LODE_CALL_TRUNCATED || c == LODE_CALL_EMPTY;
}

/* It will be the same next time, until someone changes the configuration. */
static bool configuration(enum lode_call c, long status)
{
	return c == LODE_CALL_AUTH || c == LODE_CALL_QUOTA || c == LODE_CALL_NO_KEY || c == LODE_CALL_TLS ||
	       (c == LODE_CALL_HTTP && status == 404);
}

/* The best guess where the server does not say: four bytes a token. */
static void count(struct lode_round *r, const struct attempt *a, const struct lode_reply *one, struct lode_reply *total)
{
	uint64_t tokens = one->prompt_tokens + one->completion_tokens;

	total->prompt_tokens += one->prompt_tokens;
	total->completion_tokens += one->completion_tokens;
	total->seconds += a->http.seconds;
	if (tokens == 0 && a->http.call == LODE_CALL_OK && a->http.status == 200)
		tokens = (a->request.len + a->body.len) / 4;
	lode_budget_spend_tokens(&r->budget, now_ns(), tokens);
}

/* One call. *out is as if it were the only one. */
static enum lode_call call_once(struct lode_round *r, struct attempt *a, struct lode_reply *out)
{
	const struct lode_llm_config *c = r->config;
	struct lode_letter letter = {
	    .model = c->model, .prompt = a->prompt, .complaint = a->complaint, .max_tokens = a->max_tokens, .temperature = c->temperature};
	double left = ((double)a->deadline - (double)now_ns()) / 1e9;
	struct lode_http_request q = {.url = r->url, .ca_file = c->ca_file, .proxy = c->proxy, .timeout_s = fmin(left, c->timeout_s)};
	struct lode_err err = {0};
	char key[LODE_KEY_MAX];

	if (left <= 0) {
		lode_fmt(out->why, sizeof out->why, "the time of this round is over");
		return LODE_CALL_TIMEOUT;
	}
	int k = lode_key_load(c, key, &err);
	if (k != 0 && !(k == -ENOKEY && r->loopback)) {
		lode_fmt(out->why, sizeof out->why, "%s", err.msg);
		return LODE_CALL_NO_KEY;
	}
	q.key = k == 0 ? key : NULL;
	lode_buf_clear(&a->request);
	lode_dialect_request(&r->dialect, &letter, &a->request);
	q.body = lode_buf_str(&a->request);
	q.len = a->request.len;
	if (a->request.failed) {
		explicit_bzero(key, sizeof key);
		lode_fmt(out->why, sizeof out->why, "the request could not be built");
		return LODE_CALL_INTERNAL;
	}
	lode_budget_spend_call(&r->budget, now_ns());
	a->calls++;
	lode_http_post(r->http, &q, &a->body, &a->http);
	explicit_bzero(key, sizeof key);
	if (a->http.call != LODE_CALL_OK) {
		lode_fmt(out->why, sizeof out->why, "%s", a->http.why);
		return a->http.call;
	}
	return lode_reply_read(a->http.status, lode_buf_str(&a->body), a->body.len, &a->prompt->offer, r->extract, out);
}

/* Waits before the next try, as long as the server asked or a little longer each time. False if that is not worth it or was cancelled. */
static bool back_off(struct lode_round *r, struct attempt *a)
{
	struct lode_rng rng;

	lode_rng_seed(&rng, now_ns());
	unsigned tried = r->config->retries - a->network;
	double wait = a->http.retry_after > 0 ? a->http.retry_after
					      : fmin(8, 0.5 * (1u << (tried < 4 ? tried : 4))) * (0.75 + 0.25 * lode_rng_unit(&rng));

	a->network--;
	if ((double)now_ns() + wait * 1e9 >= (double)a->deadline)
		return false;
	return !lode_http_sleep(r->http, wait);
}

/* After a malformed answer: what to say, and what to ask for differently. */
static void complain(struct lode_round *r, struct attempt *a, const struct lode_reply *one, enum lode_call call)
{
	size_t start, len;

	a->words--;
	if (call == LODE_CALL_TRUNCATED)
		a->max_tokens *= 2;
	else
		lode_fmt(a->complaint, sizeof a->complaint, "%s", one->why);
	/* A server that puts a whole object in prose or a fence did not follow response_format and will not the next time. */
	if (call == LODE_CALL_BAD_CONTENT && one->raw && lode_strict_object(one->raw, strlen(one->raw), &start, &len) &&
	    lode_strict_check(one->raw + start, len, NULL) == LODE_STRICT_OK)
		r->extract = true;
}

/* Whether to call again; spends one of the tries if so. */
static bool again(struct lode_round *r, struct attempt *a, const struct lode_reply *one, enum lode_call call)
{
	if (lode_http_cancelled(r->http))
		return false;
	if (call == LODE_CALL_HTTP && a->steps && lode_dialect_adapt(&r->dialect, a->http.status, lode_buf_str(&a->body), a->body.len)) {
		a->steps--;
		r->extract = r->extract || r->dialect.format == LODE_FORMAT_NONE;
		return true;
	}
	if (call == LODE_CALL_AUTH && a->keys && r->config->key_file && *r->config->key_file) {
		a->keys--; /* the file is read anew: the key may have been changed under us */
		return true;
	}
	if (malformed(call) && a->words) {
		complain(r, a, one, call);
		return true;
	}
	return transient(call) && a->network && back_off(r, a);
}

static void settle(struct lode_round *r, const struct attempt *a, enum lode_call call, struct lode_reply *out)
{
	out->answer = call == LODE_CALL_OK ? LODE_ANSWER_PROPOSAL : call == LODE_CALL_NO_CHANGE ? LODE_ANSWER_NOTHING : LODE_ANSWER_FAILED;
	out->call = out->answer == LODE_ANSWER_FAILED && lode_http_cancelled(r->http) ? LODE_CALL_CANCELLED : call;
	if (out->answer != LODE_ANSWER_FAILED)
		lode_budget_success(&r->budget);
	else if (out->call != LODE_CALL_CANCELLED && call != LODE_CALL_BUDGET && call != LODE_CALL_CIRCUIT)
		lode_budget_failure(&r->budget, now_ns(), configuration(call, a->http.status),
				    call == LODE_CALL_RATE_LIMIT ? a->http.retry_after : 0);
	if (out->call == LODE_CALL_CANCELLED)
		lode_fmt(out->why, sizeof out->why, "the call was cancelled");
	lode_fmt(out->proposal.advisor, sizeof out->proposal.advisor, "llm");
	lode_fmt(out->proposal.rule, sizeof out->proposal.rule, "%.47s", out->model);
}

void lode_round_run(struct lode_round *r, const struct lode_prompt *p, struct lode_reply *out)
{
	struct attempt a = {
	    .prompt = p, .max_tokens = r->config->max_tokens, .network = r->config->retries, .words = 1, .keys = 1, .steps = LADDER_STEPS};
	struct lode_reply total = {0};
	enum lode_call call = LODE_CALL_INTERNAL;
	bool first = true, more;

	a.deadline = now_ns() + (uint64_t)(2e9 * r->config->timeout_s);
	lode_buf_init(&a.request, REQUEST_MAX);
	lode_buf_init(&a.body, LODE_HTTP_BODY_MAX);
	*out = (struct lode_reply){0};
	do {
		enum lode_may may = lode_budget_ask(&r->budget, now_ns(), total.why, sizeof total.why);

		if (may != LODE_MAY_CALL) {
			/* Not even the first call: that is the outcome. Otherwise the outcome of the last call stands. */
			if (first) {
				call = may == LODE_MAY_NOT_CIRCUIT ? LODE_CALL_CIRCUIT : LODE_CALL_BUDGET;
				memcpy(out->why, total.why, sizeof out->why);
			}
			break;
		}
		free(out->raw);
		*out = (struct lode_reply){0};
		memset(&a.http, 0, sizeof a.http);
		call = call_once(r, &a, out);
		first = false;
		count(r, &a, out, &total);
		more = again(r, &a, out, call);
	} while (more);
	out->prompt_tokens = total.prompt_tokens;
	out->completion_tokens = total.completion_tokens;
	out->seconds = total.seconds;
	out->calls = a.calls;
	settle(r, &a, call, out);
	lode_buf_fini(&a.request);
	lode_buf_fini(&a.body);
}
