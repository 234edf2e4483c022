/* The language model as an advisor: the question is turned into a prompt on the caller's thread, and asked on a thread of its own, so that
 * a slow network delays nothing. That thread begins with the first question, takes no signals of the host, and owns the connection and a
 * descriptor table.
 *
 * Lock order: one mutex, held for moments only; never during a call. cancel takes no lock at all. */
#include "advise/carrier.h"
#include "advise/catalogue.h"
#include "advise/round.h"
#include "advise/text.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STACK_BYTES (512u << 10) /* enough for a TLS handshake */
#define JOIN_MS 300		 /* a thread that does not come by then is left parked; exit does not wait for a network */

enum llm_state { IDLE, ASKED, RUNNING, DONE };

struct llm {
	struct lode_advisor base;
	struct lode_llm_config config;
	struct lode_round round; /* the thread's while RUNNING */
	char *url;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool quit;
	enum llm_state state;
	struct lode_prompt prompt;   /* of the question at hand: the thread's while RUNNING */
	char complaint[LODE_COMPLAINT_MAX]; /* the guard's about the last answer to it; "": none. Likewise */
	struct lode_reply reply;     /* valid when DONE */
	struct lode_dialect dialect; /* as configured and as learnt; under the lock */
	struct lode_wording wording;
};

/* What the prompt may be and what is left to it. */
static struct lode_prompt_options options_of(const struct llm *m)
{
	return (struct lode_prompt_options){.tokens = m->config.prompt_tokens, .wording = &m->wording};
}

static void *llm_thread(void *arg)
{
	struct llm *m = arg;

	pthread_setname_np(pthread_self(), "lode-llm");
	/* Neither libcurl nor what it stands on sets close-on-exec everywhere. */
	lode_thread_own_files(lode_http_cancel_fd(m->round.http));
	pthread_mutex_lock(&m->lock);
	for (;;) {
		while (m->state != ASKED && !m->quit)
			pthread_cond_wait(&m->wake, &m->lock);
		if (m->quit)
			break;
		m->state = RUNNING;
		pthread_mutex_unlock(&m->lock);
		lode_round_run(&m->round, &m->prompt, m->complaint[0] ? m->complaint : NULL, &m->reply);
		lode_prompt_fini(&m->prompt);
		pthread_mutex_lock(&m->lock);
		m->dialect = m->round.dialect;
		m->state = DONE;
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

static void failed(struct lode_reply *out, enum lode_call call, const char *why)
{
	*out = (struct lode_reply){.answer = LODE_ANSWER_FAILED, .call = call};
	lode_fmt(out->why, sizeof out->why, "%s", why);
}

static void waiting(struct lode_reply *out)
{
	*out = (struct lode_reply){.answer = LODE_ANSWER_WAIT, .call = LODE_CALL_OK, .why = "the model is being asked"};
}

static uint64_t now_ns(const struct llm *m)
{
	return lode_clock_mono(m->config.clock);
}

static void begin(struct llm *m, const struct lode_question *q, const char *complaint, struct lode_reply *out)
{
	pthread_mutex_lock(&m->lock);
	bool left = m->state == ASKED && lode_http_instant(m->round.http); /* nobody came to poll, and there is no thread that would */
	bool busy = !left && (m->state == ASKED || m->state == RUNNING);
	if (!busy) {
		m->state = IDLE;
		m->round.dialect = m->dialect;
	}
	pthread_mutex_unlock(&m->lock);
	if (busy) { /* with the question of somebody who waits no longer; its answer is nobody's */
		*out = (struct lode_reply){.answer = LODE_ANSWER_NOTHING, .call = LODE_CALL_OK, .why = "the model is still busy with an earlier question"};
		return;
	}
	if (left)
		lode_prompt_fini(&m->prompt);
	/* Nobody else touches prompt, reply and round now: the thread waits. An answer that nobody fetched is dropped. */
	free(m->reply.raw);
	m->reply = (struct lode_reply){0};
	lode_fmt(m->complaint, sizeof m->complaint, "%s", complaint);
	struct lode_prompt_options options = options_of(m);
	if (lode_prompt_build(q, &options, &m->prompt) != 0) {
		lode_prompt_fini(&m->prompt);
		failed(out, LODE_CALL_INTERNAL, "the prompt could not be built");
		return;
	}
	if (!lode_offer_any(&m->prompt.offer)) {
		lode_prompt_fini(&m->prompt);
		*out = (struct lode_reply){.answer = LODE_ANSWER_NOTHING,
					   .call = LODE_CALL_NO_CHANGE,
					   .why = "no option may be changed at this moment, so the model is not asked"};
		return;
	}
	lode_http_rearm(m->round.http);
	if (lode_http_instant(m->round.http)) { /* poll does it: no thread, so that a simulation is the same each time */
		m->state = ASKED;
		waiting(out);
		out->cost = lode_round_most(&m->round);
		return;
	}
	if (!m->started)
		m->started = lode_thread_start_joinable(&m->thread, llm_thread, m, STACK_BYTES) == 0;
	if (!m->started) {
		lode_prompt_fini(&m->prompt);
		failed(out, LODE_CALL_INTERNAL, "no thread could be started");
		return;
	}
	pthread_mutex_lock(&m->lock);
	m->state = ASKED;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	waiting(out);
	out->cost = lode_round_most(&m->round);
}

static void llm_ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	begin((struct llm *)a, q, "", out);
}

/* The answer is quoted as the changes that were understood, not in its own words. */
static void llm_complain(struct lode_advisor *a, const struct lode_question *q, const struct lode_proposal *refused, const struct lode_refusal *why,
			 struct lode_reply *out)
{
	char plain[sizeof why->why], complaint[LODE_COMPLAINT_MAX];
	struct lode_buf changes;

	lode_buf_init(&changes, 4096);
	for (size_t i = 0; i < refused->n && i < LODE_CHANGES_MAX; i++)
		lode_catalogue_change(&changes, &refused->change[i], i ? ", " : "");
	lode_text_plain(plain, sizeof plain, why->why, strlen(why->why));
	lode_fmt(complaint, sizeof complaint, "%.400s may not be done (%s): %s", lode_buf_str(&changes), lode_rule_name(why->rule), plain);
	lode_buf_fini(&changes);
	begin((struct llm *)a, q, complaint, out);
}

/* Nobody else is there: no thread was started. */
static void run_here(struct llm *m)
{
	lode_round_run(&m->round, &m->prompt, m->complaint[0] ? m->complaint : NULL, &m->reply);
	lode_prompt_fini(&m->prompt);
	m->dialect = m->round.dialect;
	m->state = DONE;
}

static void llm_poll(struct lode_advisor *a, struct lode_reply *out)
{
	struct llm *m = (struct llm *)a;

	if (lode_http_instant(m->round.http) && m->state == ASKED)
		run_here(m);
	pthread_mutex_lock(&m->lock);
	switch (m->state) {
	case DONE:
		*out = m->reply;
		m->reply = (struct lode_reply){0};
		m->state = IDLE;
		break;
	case IDLE:
		*out = (struct lode_reply){.answer = LODE_ANSWER_NOTHING, .call = LODE_CALL_OK, .why = "nothing was asked"};
		break;
	default:
		waiting(out);
	}
	pthread_mutex_unlock(&m->lock);
}

static int llm_prompt(struct lode_advisor *a, const struct lode_question *q, struct lode_buf *out)
{
	struct llm *m = (struct llm *)a;
	struct lode_prompt p;
	struct lode_dialect d;

	pthread_mutex_lock(&m->lock);
	d = m->dialect;
	pthread_mutex_unlock(&m->lock);
	struct lode_prompt_options options = options_of(m);
	int r = lode_prompt_build(q, &options, &p);
	if (r == 0) {
		struct lode_letter l = {
		    .model = m->config.model, .prompt = &p, .max_tokens = m->config.max_tokens, .temperature = m->config.temperature};

		lode_dialect_request(&d, &l, out);
		r = out->failed ? -ENOMEM : 0;
	}
	lode_prompt_fini(&p);
	return r;
}

static void llm_recall(struct lode_advisor *a, struct lode_budget *spent)
{
	struct llm *m = (struct llm *)a;

	pthread_mutex_lock(&m->round.lock);
	lode_budget_take_over(&m->round.budget, spent, now_ns(m));
	pthread_mutex_unlock(&m->round.lock);
}

static void llm_standing(struct lode_advisor *a, struct lode_standing *out)
{
	lode_round_standing(&((struct llm *)a)->round, out);
}

static void llm_traffic(struct lode_advisor *a, struct lode_traffic *out)
{
	struct lode_round *r = &((struct llm *)a)->round;

	pthread_mutex_lock(&r->lock);
	*out = r->traffic;
	pthread_mutex_unlock(&r->lock);
}

static void llm_resume(struct lode_advisor *a)
{
	lode_round_resume(&((struct llm *)a)->round);
}

/* Only what nobody has learnt better in this life. */
static void llm_remember(struct lode_advisor *a, const char *dialect)
{
	struct llm *m = (struct llm *)a;
	const struct lode_dialect fresh = {.api = m->config.api};

	pthread_mutex_lock(&m->lock);
	if (lode_dialect_same(&m->dialect, &fresh))
		lode_dialect_recall(&m->dialect, m->url, m->config.model, dialect);
	pthread_mutex_unlock(&m->lock);
}

static void llm_cancel(struct lode_advisor *a)
{
	lode_http_cancel(((struct llm *)a)->round.http);
}

/* True if the thread is gone, or never was. */
static bool stop_thread(struct llm *m)
{
	struct timespec until;

	if (!m->started)
		return true;
	lode_http_cancel(m->round.http);
	pthread_mutex_lock(&m->lock);
	m->quit = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += JOIN_MS * 1000000l;
	until.tv_sec += until.tv_nsec / 1000000000l;
	until.tv_nsec %= 1000000000l;
	return pthread_timedjoin_np(m->thread, NULL, &until) == 0;
}

static void llm_free(struct lode_advisor *a)
{
	struct llm *m = (struct llm *)a;

	/* Parked inside a library: it still uses all of this, so all of this stays. */
	if (!stop_thread(m))
		return;
	if (m->state == ASKED)
		lode_prompt_fini(&m->prompt);
	free(m->reply.raw);
	lode_http_close(m->round.http);
	pthread_mutex_destroy(&m->lock);
	pthread_mutex_destroy(&m->round.lock);
	pthread_cond_destroy(&m->wake);
	lode_wording_free(&m->wording);
	free(m->url);
	free(m);
}

static const struct lode_advisor_ops llm_ops = {
    .name = "llm", .ask = llm_ask, .poll = llm_poll, .prompt = llm_prompt, .recall = llm_recall, .standing = llm_standing, .traffic = llm_traffic,
    .resume = llm_resume, .complain = llm_complain, .remember = llm_remember, .cancel = llm_cancel, .free = llm_free};

/* What of the operator's texts cannot be used is said once; the built-in ones stand in. */
static void load_wording(struct llm *m)
{
	struct lode_buf notes;

	lode_buf_init(&notes, 8192);
	lode_wording_load(&m->wording, m->config.prompt_dir, m->config.prompt_tokens ? m->config.prompt_tokens : LODE_PROMPT_TOKENS, &notes);
	char *text = notes.data;
	for (char *line; text && (line = strsep(&text, "\n"));)
		if (*line)
			lode_log(LODE_LOG_WARN, "%s", line);
	lode_buf_fini(&notes);
}

struct lode_advisor *lode_advisor_llm(const struct lode_llm_config *c, struct lode_err *err)
{
	struct llm *m;
	bool replay = c->replay && *c->replay, loopback = replay; /* neither needs a key */

	if (!replay && (!c->url || !*c->url || !c->model || !*c->model)) {
		lode_err_set(err, EINVAL, "no model is configured: set llm.url and llm.model");
		return NULL;
	}
	if (!replay && lode_http_url_check(c->url, &loopback, err) != 0)
		return NULL;
	if (!(m = calloc(1, sizeof *m)) || !(m->url = lode_dialect_url(c->api, replay ? "" : c->url))) {
		free(m);
		lode_err_set(err, ENOMEM, "no memory");
		return NULL;
	}
	m->base.ops = &llm_ops;
	m->config = *c;
	if (replay && !(c->model && *c->model))
		m->config.model = "recorded";
	if (!(m->config.timeout_s > 0))
		m->config.timeout_s = 120;
	if (m->config.max_tokens <= 0)
		m->config.max_tokens = 2000;
	if (!m->config.clock || !replay) /* a network keeps its own time */
		m->config.clock = &lode_clock_real;
	m->dialect = (struct lode_dialect){.api = c->api};
	m->round = (struct lode_round){.config = &m->config, .url = m->url, .loopback = loopback, .http = lode_carry(&m->config, err)};
	if (!m->round.http) {
		free(m->url);
		free(m);
		return NULL;
	}
	lode_budget_init(&m->round.budget, c->calls_per_hour, c->tokens_per_day);
	lode_budget_price(&m->round.budget, c->price_in, c->price_out, c->money_per_day);
	load_wording(m);
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->round.lock, NULL);
	pthread_cond_init(&m->wake, NULL);
	return &m->base;
}
