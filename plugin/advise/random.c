/* A test advisor: random values from the whole table, valid and absurd, and now and then a legal one. It shows that the guard holds whatever is
 * proposed and that everything is put back; never for use. */
#include "advise/advisor.h"
#include "base/fmt.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

struct random_advisor {
	struct lode_advisor base;
	struct lode_rng rng;
};

static int64_t between(struct lode_rng *r, int64_t lo, int64_t hi)
{
	uint64_t span = (uint64_t)hi - (uint64_t)lo + 1;

	return (int64_t)((uint64_t)lo + (span ? lode_rng_below(r, span) : lode_rng_u64(r)));
}

/* Half of them inside the hard bounds, and near the small end as often as the large one; half of them what a sane mind would not say. */
static int64_t any_value(struct lode_rng *r, const struct lode_tunable *t)
{
	const int64_t absurd[] = {0,
				  -1,
				  1,
				  INT64_MAX,
				  INT64_MIN,
				  INT32_MAX,
				  (int64_t)UINT32_MAX,
				  t->min,
				  t->max,
				  t->min > INT64_MIN ? t->min - 1 : t->min,
				  t->max < INT64_MAX ? t->max + 1 : t->max,
				  1000000};

	switch (lode_rng_below(r, 4)) {
	case 0:
		return between(r, t->min, t->max);
	case 1: {
		/* Spread over magnitudes: bounds reach from kibibytes to tebibytes. */
		double span = (double)t->max - (double)t->min;
		double v = (double)t->min + pow(2, lode_rng_unit(r) * log2(span + 1)) - 1;

		return v >= (double)t->max ? t->max : (int64_t)v;
	}
	case 2:
		return absurd[lode_rng_below(r, sizeof absurd / sizeof absurd[0])];
	default:
		return (int64_t)lode_rng_u64(r) >> lode_rng_below(r, 64);
	}
}

static uint32_t any_family(struct lode_rng *r, const struct lode_state *s)
{
	uint64_t pick = lode_rng_below(r, 8);

	if (pick == 0)
		return LODE_CF_ALL;
	if (pick == 1 || s->ncf == 0)
		return (uint32_t)lode_rng_u64(r);
	return s->cf[lode_rng_below(r, s->ncf)].cf.id;
}

/* Most of what is drawn blindly is refused. So that also applying and putting back is shown, some proposals change one option within the range that
 * the guard would let pass now. False if it lets nothing pass. */
static bool legal_change(struct lode_rng *r, const struct lode_question *q, struct lode_change *out)
{
	for (int tries = 0; tries < 4 * lode_tunable_count; tries++) {
		int t = (int)lode_rng_below(r, (uint64_t)lode_tunable_count);
		uint32_t cf = q->now.state->ncf ? q->now.state->cf[lode_rng_below(r, q->now.state->ncf)].cf.id : 0;
		int64_t lo, hi;

		if (!lode_guard_range(&q->now, t, cf, &lo, &hi) || lo >= hi)
			continue;
		*out = (struct lode_change){.tunable = t, .cf = cf, .value = between(r, lo, hi)};
		return true;
	}
	return false;
}

static void random_ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct lode_rng *r = &((struct random_advisor *)a)->rng;
	struct lode_proposal *p = &out->proposal;

	*out = (struct lode_reply){.answer = LODE_ANSWER_PROPOSAL, .call = LODE_CALL_OK};
	*p = (struct lode_proposal){.advisor = "random", .rule = "random", .expect = NAN, .confidence = NAN};
	if (lode_rng_below(r, 3) == 0 && legal_change(r, q, &p->change[0])) {
		p->n = 1;
		lode_fmt(p->why, sizeof p->why, "A test: one option drawn from the table, with a value drawn from what would pass now.");
		return;
	}
	p->n = 1 + lode_rng_below(r, 4);
	for (size_t i = 0; i < p->n; i++) {
		int t = (int)lode_rng_below(r, (uint64_t)lode_tunable_count);

		p->change[i] =
		    (struct lode_change){.tunable = t, .cf = any_family(r, q->now.state), .value = any_value(r, &lode_tunables[t])};
	}
	lode_fmt(p->why, sizeof p->why,
		 "A test: %zu options drawn from the whole table, with values drawn inside and outside of their bounds.", p->n);
}

static void random_poll(struct lode_advisor *a, struct lode_reply *out)
{
	(void)a;
	*out =
	    (struct lode_reply){.answer = LODE_ANSWER_NOTHING, .call = LODE_CALL_OK, .why = "the random advisor answers when it is asked"};
}

static int random_prompt(struct lode_advisor *a, const struct lode_question *q, struct lode_buf *out)
{
	(void)a;
	(void)q;
	lode_buf_adds(out, "The random advisor looks at nothing and sends nothing. It is a test of the guard.\n");
	return out->failed ? -1 : 0;
}

static void random_cancel(struct lode_advisor *a)
{
	(void)a;
}

static void random_free(struct lode_advisor *a)
{
	free(a);
}

static const struct lode_advisor_ops random_ops = {
    .name = "random", .ask = random_ask, .poll = random_poll, .prompt = random_prompt, .cancel = random_cancel, .free = random_free};

struct lode_advisor *lode_advisor_random(uint64_t seed)
{
	struct random_advisor *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->base.ops = &random_ops;
	lode_rng_seed(&a->rng, seed);
	return &a->base;
}
