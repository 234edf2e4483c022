/* An advisor of the program's own: a callback that is asked where the expert or a model would be. */
#include "advise/signs.h"
#include "api/options.h"
#include "base/fmt.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own_advisor {
	struct lode_advisor base;
	struct lode_advisor_ops ops; /* its name is the program's */
	char name[24];
	lodestone_advisor_fn *fn;
	void *ctx;
};

struct lodestone_question_t {
	const struct lode_question *q;
	struct lode_signs signs;
	struct lode_proposal *proposal;
};

/* ---- what the callback may ask ---- */

#define SIGN(name, member) {name, offsetof(struct lode_signs, member)}
static const struct {
	const char *name;
	size_t at;
} signs[] = {
	SIGN("read_share", read_share), SIGN("write_share", write_share), SIGN("data_hit", data_hit),	  SIGN("misses", misses),	  SIGN("cache_full", cache_full),
	SIGN("sst_bytes", sst_bytes),	SIGN("stall_share", stall_share), SIGN("debt", debt),		  SIGN("ingest", ingest),	  SIGN("write_amp", write_amp),
	SIGN("flush_rate", flush_rate), SIGN("cpu_share", cpu_share),
};

double lodestone_question_number(const lodestone_question_t *question, const char *name)
{
	const struct lode_question *q = question->q;
	if (!strcmp(name, "cores"))
		return q->now.machine->cores;
	if (!strcmp(name, "memory_available"))
		return (double)q->now.machine->mem_available;
	if (!strcmp(name, "ops"))
		return q->window && q->window->seconds > 0 ? lode_interval_ops(q->window) : NAN;
	for (size_t i = 0; question->signs.usable && i < sizeof(signs) / sizeof(signs[0]); i++)
		if (!strcmp(name, signs[i].name)) {
			double v;
			memcpy(&v, (const char *)&question->signs + signs[i].at, sizeof(v));
			return v;
		}
	return NAN;
}

int lodestone_question_option(const lodestone_question_t *question, const char *option, int64_t *now, int64_t *lo, int64_t *hi)
{
	const struct lode_question *q = question->q;
	int t = lode_tunable_find(option);
	const struct lode_value *v = t >= 0 ? lode_state_value(q->now.state, t, 0) : NULL;
	int64_t from, to;
	if (!v || !v->numeric || !lode_guard_range(&q->now, t, 0, &from, &to))
		return 0;
	if (now)
		*now = v->value;
	if (lo)
		*lo = from;
	if (hi)
		*hi = to;
	return 1;
}

int lodestone_question_propose(lodestone_question_t *question, const char *option, int64_t value)
{
	struct lode_proposal *p = question->proposal;
	int t = lode_tunable_find(option);
	if (t < 0 || p->n == LODE_CHANGES_MAX)
		return 0;
	p->change[p->n++] = (struct lode_change){.tunable = t, .cf = LODE_CF_ALL, .value = value};
	return 1;
}

void lodestone_question_because(lodestone_question_t *question, const char *why)
{
	lode_fmt(question->proposal->why, sizeof(question->proposal->why), "%s", why);
}

/* ---- as an advisor ---- */

static void own_ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct own_advisor *own = (struct own_advisor *)a;
	lodestone_question_t question = {.q = q, .proposal = &out->proposal};
	*out = (struct lode_reply){.call = LODE_CALL_OK, .why = "the program's own advisor proposes nothing"};
	out->proposal.expect = NAN;
	lode_fmt(out->proposal.advisor, sizeof(out->proposal.advisor), "%s", own->name);
	lode_fmt(out->proposal.rule, sizeof(out->proposal.rule), "%s", own->name);
	lode_signs_of(q, &question.signs);
	own->fn(own->ctx, &question);
	out->answer = out->proposal.n ? LODE_ANSWER_PROPOSAL : LODE_ANSWER_NOTHING;
}

static void own_poll(struct lode_advisor *a, struct lode_reply *out)
{
	(void)a;
	*out = (struct lode_reply){.answer = LODE_ANSWER_NOTHING, .call = LODE_CALL_OK, .why = "the program's own advisor answers when it is asked"};
}

static int own_prompt(struct lode_advisor *a, const struct lode_question *q, struct lode_buf *out)
{
	(void)q;
	lode_buf_addf(out, "Proposals come from a function of the program itself (%s). Nothing is sent anywhere.\n", ((struct own_advisor *)a)->name);
	return out->failed ? -1 : 0;
}

static void own_cancel(struct lode_advisor *a)
{
	(void)a;
}

static void own_free(struct lode_advisor *a)
{
	free(a);
}

struct lode_advisor *lode_advisor_own(const char *name, lodestone_advisor_fn *fn, void *ctx)
{
	struct own_advisor *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	snprintf(a->name, sizeof(a->name), "%s", name);
	a->ops = (struct lode_advisor_ops){.name = a->name, .ask = own_ask, .poll = own_poll, .prompt = own_prompt, .cancel = own_cancel, .free = own_free};
	a->base.ops = &a->ops;
	a->fn = fn;
	a->ctx = ctx;
	return &a->base;
}
