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
#define RELAY_PAUSE_S 600
#define LADDER_STEPS 6 /* more than a dialect can take */
#define SECRET_LEAST 8 /* characters: a shorter key is none, and may be any word */

struct attempt {
	const struct lode_prompt *prompt;
	struct lode_buf request, body;
	char complaint[LODE_COMPLAINT_MAX];
	int max_tokens;
	unsigned network, words, keys, steps; /* tries that are left */
	uint64_t deadline, stamp;	      /* of the key's file before the call */
	char *key;			      /* a page for it */
	bool keyed;
	bool complained;
	struct lode_cost reserved; /* for the call at hand */
	struct lode_http_reply http;
};

static uint64_t now_ns(const struct lode_round *r)
{
	return lode_clock_mono(r->config->clock ? r->config->clock : &lode_clock_real);
}

/* Worth another try without any change: the network, or a server that is busy. The server knows better, if it says so. */
static bool transient(enum lode_call c, const struct lode_http_reply *h)
{
	if (h->should_retry != LODE_SHOULD_UNSAID && h->status >= 400)
		return h->should_retry == LODE_SHOULD_RETRY;
	return c == LODE_CALL_CONNECT || c == LODE_CALL_RELAY || c == LODE_CALL_CLOSED || c == LODE_CALL_SERVER || c == LODE_CALL_OVERLOADED ||
	       c == LODE_CALL_RATE_LIMIT ||
	       (c == LODE_CALL_HTTP && (h->status == 408 || h->status == 409));
}

/* The model's own fault: worth saying what was wrong. */
static bool malformed(enum lode_call c)
{
	return c == LODE_CALL_BAD_CONTENT || c == LODE_CALL_DUPLICATE_KEY || c == LODE_CALL_SCHEMA || c == LODE_CALL_UNKNOWN_OPTION ||
	       c == LODE_CALL_BAD_VALUE || c == LODE_CALL_TRUNCATED || c == LODE_CALL_EMPTY;
}

/* It will be the same next time, until someone changes the configuration or the account. */
static bool configuration(enum lode_call c)
{
	return c == LODE_CALL_AUTH || c == LODE_CALL_QUOTA || c == LODE_CALL_NO_KEY || c == LODE_CALL_RELAY_REFUSED || c == LODE_CALL_NOT_FOUND;
}

/* ---- what it costs ---- */

/* What a call has really cost: the server's own count. Where it gives none, the prompt as reserved and two bytes a token of the answer; where it is not
 * known whether it has worked for us, all that was reserved. */
static struct lode_cost cost_of(const struct lode_round *r, const struct attempt *a, enum lode_call call, const struct lode_reply *one)
{
	uint64_t in = one->prompt_tokens, out = one->completion_tokens;

	if (call == LODE_CALL_CONNECT || call == LODE_CALL_TLS || call == LODE_CALL_RELAY_REFUSED || call == LODE_CALL_REPLAY_END || call == LODE_CALL_REPLAY_DIFFERS || (a->http.call == LODE_CALL_OK && (a->http.status < 200 || a->http.status > 299)))
		return (struct lode_cost){.calls = 1};
	if (a->http.call != LODE_CALL_OK)
		return a->reserved;
	if (in + out == 0) {
		in = a->reserved.tokens - (uint64_t)a->max_tokens;
		out = a->body.len / 2 < (uint64_t)a->max_tokens ? a->body.len / 2 : (uint64_t)a->max_tokens;
	}
	return (struct lode_cost){.calls = 1, .tokens = in + out, .nano = lode_budget_nano(&r->budget, in, out)};
}

static void add(struct lode_cost *to, const struct lode_cost *c)
{
	to->calls += c->calls;
	to->tokens += c->tokens;
	to->nano += c->nano;
}

/* After a call: the budget, the counters, and what the whole round has cost so far. */
static void count(struct lode_round *r, const struct attempt *a, enum lode_call call, const struct lode_reply *one, struct lode_reply *total)
{
	struct lode_cost cost = cost_of(r, a, call, one);

	pthread_mutex_lock(&r->lock);
	lode_budget_settle(&r->budget, now_ns(r), &a->reserved, &cost);
	lode_budget_learn(&r->budget, a->request.len, one->prompt_tokens);
	r->traffic.outcome[call]++;
	r->traffic.calls++;
	r->traffic.tokens_in += one->prompt_tokens;
	r->traffic.tokens_out += one->completion_tokens;
	r->traffic.nano += cost.nano;
	r->traffic.seconds += a->http.seconds;
	pthread_mutex_unlock(&r->lock);
	add(&total->cost, &cost);
	total->calls++;
	total->prompt_tokens += one->prompt_tokens;
	total->completion_tokens += one->completion_tokens;
	total->seconds += a->http.seconds;
	if (a->http.note[0])
		memcpy(total->note, a->http.note, sizeof total->note);
}

/* ---- one call ---- */

/* Whatever a server says may hold the key that it was sent: it must not get into the journal. */
static void scrub(const char *key, void *text, size_t len)
{
	size_t n = strlen(key);
	char *at = text, *end = at + len;

	if (n < SECRET_LEAST || !len) /* and there may be no text at all */
		return;
	while ((at = memmem(at, (size_t)(end - at), key, n)))
		memset(at, '*', n);
}

static enum lode_call refuse(struct lode_reply *out, enum lode_call call, const char *why)
{
	lode_fmt(out->why, sizeof out->why, "%s", why);
	return call;
}

/* The key, the request, and the room in the budget for it. OK: the call may be made, and is paid for. */
static enum lode_call prepare(struct lode_round *r, struct attempt *a, struct lode_reply *out)
{
	const struct lode_llm_config *c = r->config;
	struct lode_letter letter = {
	    .model = c->model, .prompt = a->prompt, .complaint = a->complaint, .max_tokens = a->max_tokens, .temperature = c->temperature};
	struct lode_err err = {0};
	enum lode_may may;

	if (now_ns(r) >= a->deadline)
		return refuse(out, LODE_CALL_TIMEOUT, "the time of this round is over");
	a->stamp = lode_key_stamp(c);
	int k = lode_http_keyless(r->http) ? -ENOKEY : a->key ? lode_key_load(c, a->key, &err) : lode_err_set(&err, ENOMEM, "no memory for the key");
	a->keyed = k == 0;
	if (k != 0 && !(k == -ENOKEY && r->loopback))
		return refuse(out, LODE_CALL_NO_KEY, err.msg);
	lode_buf_clear(&a->request);
	lode_dialect_request(&r->dialect, &letter, &a->request);
	if (a->request.failed)
		return refuse(out, LODE_CALL_INTERNAL, "the request could not be built");
	pthread_mutex_lock(&r->lock);
	a->reserved = lode_budget_most(&r->budget, a->request.len, (uint64_t)a->max_tokens);
	may = lode_budget_ask(&r->budget, now_ns(r), &a->reserved, out->why, sizeof out->why);
	if (may == LODE_MAY_CALL)
		lode_budget_reserve(&r->budget, now_ns(r), &a->reserved);
	pthread_mutex_unlock(&r->lock);
	return may == LODE_MAY_CALL ? LODE_CALL_OK : may == LODE_MAY_NOT_BUDGET ? LODE_CALL_BUDGET : LODE_CALL_CIRCUIT;
}

/* *out is as if it were the only one. */
static enum lode_call call_once(struct lode_round *r, struct attempt *a, struct lode_reply *out)
{
	const struct lode_llm_config *c = r->config;
	double left = ((double)a->deadline - (double)now_ns(r)) / 1e9;
	struct lode_http_request q = {.url = r->url,
				      .ca_file = c->ca_file,
				      .proxy = c->proxy,
				      .timeout_s = fmax(0.001, fmin(left, c->timeout_s)),
				      .key = a->keyed ? a->key : NULL,
				      .api = r->dialect.api,
				      .body = lode_buf_str(&a->request),
				      .len = a->request.len};
	enum lode_call call;

	lode_http_post(r->http, &q, &a->body, &a->http);
	call = a->http.call;
	if (call != LODE_CALL_OK)
		refuse(out, call, a->http.why);
	else
		call = lode_reply_read(a->http.status, lode_buf_str(&a->body), a->body.len, &a->prompt->offer, &r->dialect, out);
	if (a->keyed) {
		scrub(a->key, out, sizeof *out);
		scrub(a->key, out->raw, out->raw ? strlen(out->raw) : 0);
		scrub(a->key, a->body.data, a->body.len);
	}
	return call;
}

/* ---- once more ---- */

/* Waits before the next try, as long as the server asked or a little longer each time. False if that is not worth it or was cancelled. */
static bool back_off(struct lode_round *r, struct attempt *a)
{
	struct lode_rng rng;

	lode_rng_seed(&rng, now_ns(r));
	unsigned tried = r->config->retries - a->network;
	double wait = a->http.retry_after > 0 ? a->http.retry_after
					      : fmin(8, 0.5 * (1u << (tried < 4 ? tried : 4))) * (0.75 + 0.25 * lode_rng_unit(&rng));

	a->network--;
	if ((double)now_ns(r) + wait * 1e9 >= (double)a->deadline)
		return false;
	return !lode_http_sleep(r->http, wait);
}

/* After a malformed answer: what to say, and what to ask for differently. */
static void complain(struct lode_round *r, struct attempt *a, const struct lode_reply *one, enum lode_call call)
{
	size_t start, len;

	a->words--;
	a->complained = true;
	if (call == LODE_CALL_TRUNCATED)
		a->max_tokens *= 2;
	else
		lode_fmt(a->complaint, sizeof a->complaint, "%s", one->why);
	/* A server that puts a whole object in prose or a fence did not follow response_format and will not the next time. */
	if (call == LODE_CALL_BAD_CONTENT && one->raw && lode_strict_object(one->raw, strlen(one->raw), &start, &len) &&
	    lode_strict_check(one->raw + start, len, NULL) == LODE_STRICT_OK)
		r->dialect.extract = true;
}

/* Whether to call again; spends one of the tries if so. */
static bool again(struct lode_round *r, struct attempt *a, const struct lode_reply *one, enum lode_call call)
{
	if (lode_http_cancelled(r->http))
		return false;
	if ((call == LODE_CALL_HTTP || call == LODE_CALL_SERVER) && a->steps &&
	    lode_dialect_adapt(&r->dialect, a->http.status, lode_buf_str(&a->body), a->body.len)) {
		a->steps--;
		return true;
	}
	if (call == LODE_CALL_AUTH && a->keys && lode_key_stamp(r->config) != a->stamp) {
		a->keys--; /* the key was changed while the old one was on its way */
		return true;
	}
	if (malformed(call) && a->words) {
		complain(r, a, one, call);
		return true;
	}
	return transient(call, &a->http) && a->network && back_off(r, a);
}

/* ---- the whole ---- */

static void remember(struct lode_round *r, const struct attempt *a, enum lode_call call, const struct lode_reply *out)
{
	pthread_mutex_lock(&r->lock);
	r->last = (struct lode_stumble){0};
	if (out->answer != LODE_ANSWER_FAILED) {
		lode_budget_success(&r->budget);
	} else if (out->call != LODE_CALL_CANCELLED && call != LODE_CALL_BUDGET && call != LODE_CALL_CIRCUIT) {
		bool fixed = configuration(call), ours = !lode_http_keyless(r->http);

		/* What is wrong at a relay is mended there, and nobody tells us: so it is asked again, but late. */
		lode_budget_failure(&r->budget, now_ns(r), fixed && ours, fixed && !ours ? RELAY_PAUSE_S : a->http.retry_after);
		r->last = (struct lode_stumble){.call = call, .status = a->http.status, .key = a->stamp};
		lode_fmt(r->last.why, sizeof r->last.why, "%s", out->why);
	}
	pthread_mutex_unlock(&r->lock);
}

static void settle(struct lode_round *r, const struct attempt *a, enum lode_call call, struct lode_reply *out)
{
	out->answer = call == LODE_CALL_OK ? LODE_ANSWER_PROPOSAL : call == LODE_CALL_NO_CHANGE || call == LODE_CALL_WANTS ? LODE_ANSWER_NOTHING
																	   : LODE_ANSWER_FAILED;
	out->call = out->answer == LODE_ANSWER_FAILED && lode_http_cancelled(r->http) ? LODE_CALL_CANCELLED : call;
	if (out->call == LODE_CALL_CANCELLED)
		lode_fmt(out->why, sizeof out->why, "the call was cancelled");
	remember(r, a, call, out);
	lode_fmt(out->proposal.advisor, sizeof out->proposal.advisor, "llm");
	lode_fmt(out->proposal.rule, sizeof out->proposal.rule, "%.47s", out->model);
	lode_fmt(out->wording, sizeof out->wording, "%s", a->prompt->wording);
}

/* As many calls as it takes. *out is the last one's; where not even the first may be made, why. */
static enum lode_call calls(struct lode_round *r, struct attempt *a, struct lode_reply *total, struct lode_reply *out)
{
	enum lode_call call = LODE_CALL_INTERNAL;

	do {
		struct lode_reply one = {0};
		enum lode_call ready = prepare(r, a, &one);

		if (ready != LODE_CALL_OK && total->calls)
			break; /* the outcome of the last call stands */
		memset(&a->http, 0, sizeof a->http);
		call = ready == LODE_CALL_OK ? call_once(r, a, &one) : ready;
		free(out->raw);
		*out = one;
		if (ready != LODE_CALL_OK)
			break;
		count(r, a, call, out, total);
	} while (again(r, a, out, call));
	return call;
}

void lode_round_run(struct lode_round *r, const struct lode_prompt *p, const char *complaint, struct lode_reply *out)
{
	struct attempt a = {.prompt = p,
			    .max_tokens = r->config->max_tokens,
			    .network = r->config->retries,
			    .words = !complaint,
			    .keys = 1,
			    .steps = LADDER_STEPS,
			    .complained = complaint != NULL};
	const struct lode_dialect before = r->dialect;
	struct lode_reply total = {0};
	enum lode_call call;

	a.deadline = now_ns(r) + (uint64_t)(2e9 * r->config->timeout_s);
	a.key = lode_key_page();
	lode_fmt(a.complaint, sizeof a.complaint, "%s", complaint ? complaint : "");
	lode_buf_init(&a.request, REQUEST_MAX);
	lode_buf_init(&a.body, LODE_HTTP_BODY_MAX);
	*out = (struct lode_reply){0};
	call = calls(r, &a, &total, out);
	lode_key_page_free(a.key);
	out->prompt_tokens = total.prompt_tokens;
	out->completion_tokens = total.completion_tokens;
	out->seconds = total.seconds;
	memcpy(out->note, total.note, sizeof out->note);
	out->calls = total.calls;
	out->cost = total.cost;
	out->complained = a.complained;
	if (!lode_dialect_same(&before, &r->dialect))
		lode_dialect_print(&r->dialect, r->url, r->config->model, out->dialect, sizeof out->dialect);
	settle(r, &a, call, out);
	lode_buf_fini(&a.request);
	lode_buf_fini(&a.body);
}
