/* Asking a model: only when an answer could be used and is worth its price, less often where answers came to nothing, and no answer counts in a world other
 * than the one that was described. Advisors that cost nothing (no `standing`) are asked without any of this. docs/dialogue.md has the rules. */
#include "agent/conductor_private.h"

#include "advise/bottleneck.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WORTH_LEAST 0.03   /* of the time that options could win back; the judge proves 0.02 at the best */
#define LOOK_S 5.0	   /* between two looks at that */
#define DOUBLINGS_MAX 20
#define REST_MAX_S 86400.0 /* where llm.curiosity gives no longest time */

static const struct lode_advisor_ops *ops(const struct lode_conductor *c)
{
	return c->env.asker->advisor->ops;
}

double lode_asking_pause(const struct lode_conductor *c)
{
	return c->config->advisor_interval > 0 ? c->config->advisor_interval : fmax(c->pace.between, c->pace.observe);
}

/* ---- the world that a question is about ---- */

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	for (const unsigned char *p = data; len--; p++)
		h = (h ^ *p) * 0x100000001b3u;
	return h;
}

/* Of all options in force, and of whose they are. */
static uint64_t options_of(const struct lode_conductor *c)
{
	uint64_t h = mix(0xcbf29ce484222325u, c->policy.locked, sizeof(c->policy.locked));

	h = mix(h, c->policy.manual, sizeof(c->policy.manual));
	for (int t = 0; c->state && t < lode_tunable_count && t < LODE_TUNABLE_MAX; t++) {
		if (c->state->db[t].exists)
			h = mix(h, c->state->db[t].text, strlen(c->state->db[t].text) + 1);
		for (size_t i = 0; i < c->state->ncf; i++)
			if (c->state->cf[i].v[t].exists)
				h = mix(h, c->state->cf[i].v[t].text, strlen(c->state->cf[i].v[t].text) + 1);
	}
	return h;
}

void lode_asking_begun(struct lode_conductor *c)
{
	struct lode_asking *a = &c->asking;

	a->awaited = true;
	a->regime = lode_memory_regime(c);
	a->options = options_of(c);
	a->bottleneck = a->worst;
	a->asked_ns = lode_conductor_now(c);
}

const char *lode_asking_stale(struct lode_conductor *c)
{
	struct lode_asking *a = &c->asking;

	if (!a->awaited) /* it came at once */
		return NULL;
	if (c->paused)
		return "the operator has paused meanwhile";
	if (c->phase != LODE_OBSERVE)
		return "the database is busy with something else by now";
	if (c->memory.book.strange || lode_memory_regime(c) != a->regime)
		return "the work is another by now";
	if (options_of(c) != a->options)
		return "options were changed meanwhile";
	return NULL;
}

/* ---- what came to nothing ---- */

static struct lode_rest *rest_of(struct lode_conductor *c, uint32_t regime)
{
	struct lode_asking *a = &c->asking;
	struct lode_rest *oldest = &a->rest[0];

	for (size_t i = 0; i < a->nrest; i++) {
		if (a->rest[i].regime == regime)
			return &a->rest[i];
		if (a->rest[i].answered_ns < oldest->answered_ns)
			oldest = &a->rest[i];
	}
	if (a->nrest < LODE_RESTS)
		oldest = &a->rest[a->nrest++];
	*oldest = (struct lode_rest){.regime = regime};
	return oldest;
}

static void fruitless(struct lode_conductor *c)
{
	struct lode_rest *r = rest_of(c, c->asking.regime);

	r->fruitless += r->fruitless < DOUBLINGS_MAX;
	r->options = options_of(c);
	r->bottlenecks |= 1u << c->asking.bottleneck;
	r->answered_ns = lode_conductor_now(c);
}

/* A proposal was taken, and whatever became of it is over. What ended invalid is not its fault. */
static void close_round(struct lode_conductor *c)
{
	struct lode_asking *a = &c->asking;

	if (!a->open)
		return;
	a->open = false;
	if (c->counts.kept > a->kept)
		*rest_of(c, a->regime) = (struct lode_rest){.regime = a->regime};
	else if (c->counts.invalid == a->invalid)
		fruitless(c);
}

/* The model has spoken, and nothing can be made of it. What the network or the server did is the circuit breaker's. */
static bool empty_words(enum lode_call call)
{
	switch (call) {
	case LODE_CALL_NO_CHANGE:
	case LODE_CALL_REFUSAL:
	case LODE_CALL_TRUNCATED:
	case LODE_CALL_FILTERED:
	case LODE_CALL_TOOLS:
	case LODE_CALL_UNFINISHED:
	case LODE_CALL_EMPTY:
	case LODE_CALL_BAD_CONTENT:
	case LODE_CALL_DUPLICATE_KEY:
	case LODE_CALL_SCHEMA:
	case LODE_CALL_UNKNOWN_OPTION:
	case LODE_CALL_BAD_VALUE:
		return true;
	default:
		return false;
	}
}

void lode_asking_answered(struct lode_conductor *c, const struct lode_reply *r, bool taken)
{
	struct lode_asking *a = &c->asking;

	a->awaited = false;
	if (!ops(c)->standing)
		return;
	if (taken) {
		a->open = true;
		a->kept = c->counts.kept;
		a->invalid = c->counts.invalid;
	} else if (r->calls && (empty_words(r->call) || (r->call == LODE_CALL_WANTS && c->wants))) { /* a second question in place of an answer is none */
		fruitless(c);
	}
	lode_asking_tell(c);
}

void lode_asking_resume(struct lode_conductor *c)
{
	c->asking.nrest = 0;
	c->asking.due_ns = 0;
	if (ops(c)->resume)
		ops(c)->resume(c->env.asker->advisor);
}

/* pause x 2^n after n rounds that came to nothing, as long as nothing has changed since. */
static void find_due(struct lode_conductor *c)
{
	struct lode_asking *a = &c->asking;
	struct lode_rest *r = rest_of(c, lode_memory_regime(c));
	double longest = c->config->curiosity > 0 ? c->config->curiosity : REST_MAX_S;

	a->due_ns = 0;
	if (!r->fruitless)
		return;
	if (r->options != a->now_options)
		*r = (struct lode_rest){.regime = r->regime};
	else if (r->bottlenecks & 1u << a->worst)
		a->due_ns = r->answered_ns + lode_seconds_ns(fmin(lode_asking_pause(c) * exp2(r->fruitless), fmax(longest, lode_asking_pause(c))));
}

/* ---- is it worth it? ---- */

static void look(struct lode_conductor *c)
{
	struct lode_diagnosis d[LODE_DIAGNOSES_MAX];
	struct lode_asking *a = &c->asking;
	struct lode_asked asked;
	const struct lode_question *q;
	struct lode_signs s;
	size_t n;

	if (a->looked_ns && lode_conductor_now(c) - a->looked_ns < lode_seconds_ns(LOOK_S))
		return;
	a->looked_ns = lode_conductor_now(c);
	q = lode_question_now(c, &asked);
	lode_signs_of(q, &s);
	n = lode_diagnose(q, &s, d, LODE_DIAGNOSES_MAX);
	a->worth = n ? lode_diagnosis_worth(d, n) : NAN;
	a->worst = n ? d[0].what : LODE_BOTTLENECK_UNKNOWN;
	a->now_options = options_of(c);
	snprintf(a->evidence, sizeof(a->evidence), "%s", n ? d[0].evidence : "");
}

static bool worth_it(const struct lode_conductor *c)
{
	return c->asking.worst == LODE_BOTTLENECK_UNKNOWN || !(c->asking.worth < WORTH_LEAST);
}

static const char *wait_text(char *out, size_t len, double seconds)
{
	if (seconds >= 5400)
		snprintf(out, len, "in %.1f h", seconds / 3600);
	else if (seconds >= 90)
		snprintf(out, len, "in %.0f min", seconds / 60);
	else
		snprintf(out, len, "in %.0f s", ceil(seconds));
	return out;
}

static const char *not_worth_it(struct lode_conductor *c)
{
	struct lode_asking *a = &c->asking;
	double curious = c->config->curiosity;
	uint64_t since = a->asked_ns ? a->asked_ns : c->born_ns, now = lode_conductor_now(c);
	char when[32];

	if (worth_it(c) || (curious > 0 && now - since >= lode_seconds_ns(curious)))
		return NULL;
	if (curious > 0)
		wait_text(when, sizeof(when), curious - (double)(now - since) / 1e9);
	snprintf(a->why, sizeof(a->why), "nothing to win by our own reckoning (%s%s%.110s): the model is asked all the same %s", lode_bottleneck_name(a->worst),
		 a->evidence[0] ? ": " : "", a->evidence, curious > 0 ? when : "only if that changes");
	return a->why;
}

static const char *resting(struct lode_conductor *c)
{
	struct lode_asking *a = &c->asking;
	uint64_t now = lode_conductor_now(c);
	char when[32];

	find_due(c);
	if (now >= a->due_ns)
		return NULL;
	snprintf(a->why, sizeof(a->why), "%u answer%s in a row came to nothing in this work: the model is asked again %s, or at once if something changes",
		 rest_of(c, lode_memory_regime(c))->fruitless, rest_of(c, lode_memory_regime(c))->fruitless == 1 ? "" : "s",
		 wait_text(when, sizeof(when), (double)(a->due_ns - now) / 1e9));
	return a->why;
}

const char *lode_asking_not_yet(struct lode_conductor *c)
{
	struct lode_asking *a = &c->asking;
	struct lode_standing s;
	const char *wait;

	a->why[0] = 0;
	if (!ops(c)->standing)
		return NULL;
	close_round(c);
	lode_asking_tell(c);
	ops(c)->standing(c->env.asker->advisor, &s);
	if (s.may != LODE_MAY_CALL) {
		snprintf(a->why, sizeof(a->why), "%.238s", s.why);
		return a->why;
	}
	look(c);
	wait = resting(c);
	return wait ? wait : not_worth_it(c);
}

/* ---- what is told ---- */

/* To the journal whenever it changes, because a pause goes on in the next life; to the log when it is news. */
void lode_asking_tell(struct lode_conductor *c)
{
	struct lode_asker *asker = c->env.asker;
	struct lode_standing s;
	struct lode_json *j;
	bool news;

	if (!ops(c)->standing)
		return;
	ops(c)->standing(asker->advisor, &s);
	news = s.may != asker->told;
	if (!news && s.trips == asker->told_trips)
		return;
	asker->told = s.may;
	asker->told_trips = s.trips;
	j = lode_journal_begin(c->journal, "model");
	lode_json_str(j, "state", lode_may_name(s.may));
	lode_json_str(j, "outcome", lode_call_name(s.call));
	lode_json_str(j, "why", s.why);
	lode_json_str(j, "mend", s.mend);
	if (isfinite(s.wait_s))
		lode_json_u64(j, "seconds", (uint64_t)ceil(s.wait_s));
	lode_json_u64(j, "failures", s.failures);
	lode_json_u64(j, "trips", s.trips);
	lode_journal_end(c->journal, false);
	if (!news)
		return;
	if (s.may == LODE_MAY_CALL)
		lode_log(LODE_LOG_NOTICE, "the model may be asked again");
	else
		lode_log(s.may == LODE_MAY_NOT_STOPPED ? LODE_LOG_WARN : LODE_LOG_NOTICE, "%s%s%s", s.why, s.mend[0] ? ": " : "", s.mend);
}

void lode_asking_json(const struct lode_conductor *c, struct lode_json *j)
{
	const struct lode_asking *a = &c->asking;

	if (!ops(c)->standing || !a->looked_ns)
		return;
	lode_json_str(j, "bottleneck", lode_bottleneck_name(a->worst));
	lode_json_num(j, "worth", a->worth);
	lode_json_str(j, "evidence", a->evidence);
	lode_json_str(j, "held_back", a->why[0] ? a->why : NULL);
}
