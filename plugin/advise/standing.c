/* Whether the model may be asked, and if not what was said, what mends it and when it is asked again. */
#include "advise/key.h"
#include "advise/round.h"
#include "base/fmt.h"

#include <math.h>
#include <string.h>

static uint64_t now_ns(const struct lode_round *r)
{
	return lode_clock_mono(r->config->clock ? r->config->clock : &lode_clock_real);
}

/* What only a person can put right. The first row that fits. */
static const char *mend_of(const struct lode_stumble *s)
{
	static const struct {
		enum lode_call call;
		long status; /* 0: any */
		const char *mend;
	} rows[] = {
	    {LODE_CALL_AUTH, 403, "see whether this key may use llm.model, at the provider, and whether llm.url is right"},
	    {LODE_CALL_AUTH, 0, "put a valid key into llm.key_file"},
	    {LODE_CALL_QUOTA, 0, "raise the limit or pay the bill at the provider"},
	    {LODE_CALL_NO_KEY, 0, "set llm.key_file to a file that holds the key, chmod 600"},
	    {LODE_CALL_NOT_FOUND, 0, "llm.model must be a model that the server has, and llm.url its base address"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].call == s->call && (!rows[i].status || rows[i].status == s->status))
			return rows[i].mend;
	return "see [llm] in the configuration";
}

static void stopped(const struct lode_stumble *last, struct lode_standing *out)
{
	lode_fmt(out->why, sizeof out->why, "the model is not asked any more (%s): %.300s", lode_call_name(last->call), last->why);
	lode_fmt(out->mend, sizeof out->mend, "%s; then a changed key file, `lodestone resume` or a restart makes it ask again", mend_of(last));
}

static void paused(const struct lode_stumble *last, struct lode_standing *out)
{
	size_t n = strlen(out->why);

	if (last->call != LODE_CALL_OK)
		lode_fmt(out->why + n, sizeof out->why - n, "; last (%s): %.200s", lode_call_name(last->call), last->why);
}

static void spent(const struct lode_budget *b, double wait_s, struct lode_standing *out)
{
	if (b->max.nano && !(b->price_in > 0) && !(b->price_out > 0))
		lode_fmt(out->mend, sizeof out->mend, "set llm.price_in and llm.price_out: without them money cannot be counted");
	else if (isinf(wait_s))
		lode_fmt(out->mend, sizeof out->mend, "raise the limit, or lower llm.max_tokens");
}

void lode_round_standing(struct lode_round *r, struct lode_standing *out)
{
	uint64_t now = now_ns(r), stamp = 0;
	struct lode_cost next;

	*out = (struct lode_standing){0};
	pthread_mutex_lock(&r->lock);
	if (r->budget.stopped && (stamp = lode_key_stamp(r->config)) != 0 && stamp != r->last.key)
		lode_budget_resume(&r->budget);
	next = lode_budget_most(&r->budget, 0, (uint64_t)r->config->max_tokens);
	out->may = lode_budget_ask(&r->budget, now, &next, out->why, sizeof out->why);
	out->wait_s = lode_budget_wait(&r->budget, now, &next);
	out->left = lode_budget_left(&r->budget, now);
	out->max = r->budget.max;
	out->call = r->last.call;
	out->failures = r->budget.failures;
	out->trips = r->budget.trips;
	if (out->may == LODE_MAY_NOT_STOPPED)
		stopped(&r->last, out);
	else if (out->may == LODE_MAY_NOT_CIRCUIT)
		paused(&r->last, out);
	else if (out->may == LODE_MAY_NOT_BUDGET)
		spent(&r->budget, out->wait_s, out);
	pthread_mutex_unlock(&r->lock);
}

void lode_round_resume(struct lode_round *r)
{
	pthread_mutex_lock(&r->lock);
	lode_budget_resume(&r->budget);
	pthread_mutex_unlock(&r->lock);
}

struct lode_cost lode_round_most(struct lode_round *r)
{
	uint64_t calls = 2 + r->config->retries; /* the first, the complaint, and what the network may need */
	struct lode_cost one;

	pthread_mutex_lock(&r->lock);
	one = lode_budget_most(&r->budget, 0, (uint64_t)r->config->max_tokens);
	pthread_mutex_unlock(&r->lock);
	return (struct lode_cost){calls, calls * one.tokens, calls * one.nano};
}
