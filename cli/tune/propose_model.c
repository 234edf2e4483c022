/* A language model's wishes. One question an iteration, by the transport, dialects, budgets, keys and recordings of the live tuner (advise/round.h); the answer is waited
 * for here, because there is nothing else to do. */
#include "tune/propose_model.h"

#include "advise/carrier.h"
#include "advise/round.h"
#include "advise/text.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STACK_BYTES (512u << 10) /* enough for a TLS handshake */

struct model {
	struct tune_proposer base;
	struct lode_llm_config config; /* borrows from the spec's */
	struct lode_round round;
	struct lode_wording wording;
	char *url;
};

static bool set(const char *s)
{
	return s && *s;
}

static struct lode_llm_config config_of(const struct tune_spec *s)
{
	const struct lode_config *c = &s->config;

	return (struct lode_llm_config){.api = strcmp(c->api, "anthropic") ? LODE_API_CHAT : LODE_API_ANTHROPIC,
					.url = c->url,
					.model = set(c->replay) && !set(c->model) ? "recorded" : c->model,
					.key_file = c->key_file,
					.credentials_dir = c->credentials_dir,
					.key = set(c->key) ? c->key : NULL,
					.ca_file = c->ca_file,
					.proxy = c->proxy,
					.timeout_s = c->timeout > 0 ? c->timeout : 120,
					.retries = c->retries,
					.calls_per_hour = c->calls_per_hour,
					.tokens_per_day = c->tokens_per_day,
					.money_per_day = c->money_per_day,
					.price_in = c->price_in,
					.price_out = c->price_out,
					.max_tokens = c->max_tokens > 0 ? c->max_tokens : 2000,
					.temperature = c->temperature,
					.prompt_tokens = s->prompt_tokens,
					.prompt_dir = c->prompt_dir,
					.record = c->record,
					.replay = c->replay,
					.replay_loose = c->replay_loose,
					.clock = &lode_clock_real};
}

/* It will be the same next time. */
static bool for_good(enum lode_call c)
{
	return c == LODE_CALL_AUTH || c == LODE_CALL_QUOTA || c == LODE_CALL_NO_KEY || c == LODE_CALL_NOT_FOUND || c == LODE_CALL_REPLAY_END ||
	       c == LODE_CALL_REPLAY_DIFFERS || c == LODE_CALL_RELAY_REFUSED || c == LODE_CALL_TOO_LONG;
}

/* No word of the model's came: an outage, a limit, a key. */
static bool unasked(enum lode_call c)
{
	return c == LODE_CALL_NO_KEY || c == LODE_CALL_CONNECT || c == LODE_CALL_TIMEOUT || c == LODE_CALL_TLS || c == LODE_CALL_RELAY || c == LODE_CALL_RELAY_REFUSED ||
	       c == LODE_CALL_CLOSED || c == LODE_CALL_HTTP || c == LODE_CALL_AUTH || c == LODE_CALL_QUOTA || c == LODE_CALL_RATE_LIMIT || c == LODE_CALL_OVERLOADED ||
	       c == LODE_CALL_SERVER || c == LODE_CALL_REDIRECT || c == LODE_CALL_NOT_FOUND || c == LODE_CALL_BUDGET || c == LODE_CALL_CIRCUIT;
}

static void settle(const struct lode_reply *r, struct tune_proposal *out)
{
	out->calls = r->calls;
	out->tokens_in = r->prompt_tokens + r->completion_tokens ? r->prompt_tokens : r->cost.tokens;
	out->tokens_out = r->completion_tokens;
	lode_text_plain(out->rule, sizeof out->rule, r->model, strnlen(r->model, sizeof r->model));
	if (r->answer == LODE_ANSWER_PROPOSAL)
		return;
	out->n = 0;
	if (r->answer == LODE_ANSWER_FAILED) {
		lode_fmt(out->why, sizeof out->why, "the model gave no usable answer (%s): %.390s", lode_call_name(r->call), r->why);
		out->last = for_good(r->call);
		out->unasked = unasked(r->call);
	} else {
		lode_fmt(out->why, sizeof out->why, "%.390s", r->why);
	}
}

/* ---- the wait ---- */

struct call {
	struct model *m;
	const struct lode_prompt *prompt;
	struct lode_reply reply;
	atomic_bool done;
};

static void *call_thread(void *arg)
{
	struct call *c = arg;

	lode_round_run(&c->m->round, c->prompt, NULL, &c->reply);
	atomic_store(&c->done, true);
	return NULL;
}

/* On a thread of its own, so that whoever looks on may end it. */
static void wait_for(struct call *c, const struct tune_view *v)
{
	const struct timespec nap = {.tv_nsec = 100000000};
	pthread_t thread;

	lode_http_rearm(c->m->round.http);
	if (!v->pulse || lode_http_instant(c->m->round.http) || lode_thread_start_joinable(&thread, call_thread, c, STACK_BYTES) != 0) {
		call_thread(c);
		return;
	}
	while (!atomic_load(&c->done)) {
		nanosleep(&nap, NULL);
		if (!v->pulse(v->ctx))
			lode_http_cancel(c->m->round.http);
	}
	pthread_join(thread, NULL);
}

static void propose(struct tune_proposer *self, const struct tune_view *v, struct tune_proposal *out)
{
	struct model *m = (struct model *)self;
	struct lode_prompt prompt;
	struct call c = {.m = m, .prompt = &prompt};
	struct tune_form form;

	*out = (struct tune_proposal){.advisor = "llm"};
	tune_form_init(&form, out);
	if (tune_prompt_build(v, &m->wording, &form, &prompt) != 0) {
		lode_fmt(out->why, sizeof out->why, "no memory for the prompt");
	} else if ((double)prompt.tokens > v->tokens_left) {
		out->last = true;
		lode_fmt(out->why, sizeof out->why, "the token budget has no room for another question");
	} else {
		wait_for(&c, v);
		settle(&c.reply, out);
	}
	free(c.reply.raw);
	lode_prompt_fini(&prompt);
}

static void release(struct tune_proposer *self)
{
	struct model *m = (struct model *)self;

	if (m->round.http)
		lode_http_close(m->round.http);
	pthread_mutex_destroy(&m->round.lock);
	lode_wording_free(&m->wording);
	free(m->url);
	free(m);
}

/* What of the operator's text cannot be used is said once. */
static void load_wording(struct model *m)
{
	struct lode_buf notes;

	lode_buf_init(&notes, 8192);
	if (lode_wording_load_offline(&m->wording, m->config.prompt_dir, m->config.prompt_tokens, &notes))
		lode_log(LODE_LOG_WARN, "%.*s", (int)strcspn(lode_buf_str(&notes), "\n"), lode_buf_str(&notes));
	lode_buf_fini(&notes);
}

struct tune_proposer *tune_propose_model(const struct tune_spec *s, struct lode_err *err)
{
	static const struct tune_proposer_ops ops = {propose, release};
	struct model *m = calloc(1, sizeof *m);
	bool replay = set(s->config.replay), loopback = replay;

	if (!m) {
		lode_err_set(err, ENOMEM, "no memory");
		return NULL;
	}
	m->base.ops = &ops;
	m->config = config_of(s);
	pthread_mutex_init(&m->round.lock, NULL);
	if (!replay && (!set(m->config.url) || !set(m->config.model)))
		lode_err_set(err, EINVAL, "no model is configured: set llm.url and llm.model");
	else if (!replay && lode_http_url_check(m->config.url, &loopback, err) != 0)
		; /* it says why */
	else if (!(m->url = lode_dialect_url(m->config.api, replay ? "" : m->config.url)))
		lode_err_set(err, ENOMEM, "no memory");
	else
		m->round.http = lode_carry(&m->config, err);
	if (!m->round.http) {
		release(&m->base);
		return NULL;
	}
	m->round.config = &m->config;
	m->round.url = m->url;
	m->round.loopback = loopback;
	m->round.dialect = (struct lode_dialect){.api = m->config.api};
	lode_budget_init(&m->round.budget, m->config.calls_per_hour, m->config.tokens_per_day);
	lode_budget_price(&m->round.budget, m->config.price_in, m->config.price_out, m->config.money_per_day);
	load_wording(m);
	return &m->base;
}
