/* What a language model has cost in earlier lives of a database. */
#include "record/spent.h"

#include "base/clock.h"
#include "record/record_json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TAIL (16u << 20) /* bytes at the end of a journal: more than is written in a day, and read in less than a tenth of a second */

#define MONEY_MAX 1e15	/* of one round, in 1e-9 */

struct reading {
	const struct lode_life *life;
	struct lode_budget *out;
	bool waiting, any, attached; /* a round without its end; something was spent; this life was here before */
	uint64_t asked_us;
	struct lode_cost asked;
};

/* What stands in the future has just been. */
static uint64_t age_us(const struct reading *g, uint64_t at_us)
{
	return at_us < g->life->now_us ? g->life->now_us - at_us : 0;
}

static void spend(struct reading *g, uint64_t at_us, const struct lode_cost *cost)
{
	g->waiting = false;
	g->any |= cost->calls || cost->tokens;
	if (age_us(g, at_us) < UINT64_MAX / 1000)
		lode_budget_recall(g->out, g->life->now_ns, age_us(g, at_us) * 1000, cost);
}

static void close_round(struct reading *g)
{
	if (g->waiting)
		spend(g, g->asked_us, &g->asked);
}

/* A journal of before calls were counted: one each. */
static struct lode_cost cost_of(const cJSON *record)
{
	struct lode_cost c = {.calls = 1};
	uint64_t prompt = 0, completion = 0;
	const cJSON *money = cJSON_GetObjectItemCaseSensitive(record, "money");

	lode_record_u64(record, "calls", UINT32_MAX, &c.calls);
	if (!lode_record_u64(record, "tokens", UINT32_MAX, &c.tokens)) {
		lode_record_u64(record, "prompt_tokens", UINT32_MAX, &prompt);
		lode_record_u64(record, "completion_tokens", UINT32_MAX, &completion);
		c.tokens = prompt + completion;
	}
	if (cJSON_IsNumber(money) && money->valuedouble > 0)
		c.nano = (uint64_t)fmin(ceil(money->valuedouble * 1e9), MONEY_MAX);
	return c;
}

static void asked(struct reading *g, uint64_t at_us, const cJSON *record)
{
	close_round(g);
	g->waiting = true;
	g->asked_us = at_us;
	g->asked = cost_of(record);
}

static void advice(struct reading *g, uint64_t at_us, const cJSON *record)
{
	struct lode_cost c = cost_of(record);

	spend(g, at_us, &c);
}

/* The last word on the model's state: a pause goes on for what is left of it. A stop does not: to start again is to ask again. */
static void state(struct reading *g, uint64_t at_us, const cJSON *record)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "state"));
	uint64_t seconds = 0, failures = 0, trips = 0, age = age_us(g, at_us);

	g->out->closed_until = 0;
	if (!name || strcmp(name, "paused") != 0 || !lode_record_u64(record, "seconds", 86400, &seconds) || age >= seconds * 1000000)
		return;
	lode_record_u64(record, "failures", 1000000, &failures);
	lode_record_u64(record, "trips", 1000000, &trips);
	g->out->closed_until = g->life->now_ns + (seconds * 1000000 - age) * 1000;
	g->out->failures = (unsigned)failures;
	g->out->trips = (unsigned)trips;
	g->any = true;
}

static void consider(void *ctx, const struct lode_record *r)
{
	static const struct {
		const char *kind;
		void (*read)(struct reading *g, uint64_t at_us, const cJSON *record);
	} kinds[] = {{"asked", asked}, {"advice", advice}, {"model", state}};
	struct reading *g = ctx;
	uint64_t at_us;

	if (!r->whole || lode_clock_parse(r->ts, &at_us))
		return;
	if (at_us >= g->life->since_us) {
		g->attached |= !strcmp(r->kind, "attach");
		return;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(r->kind, kinds[i].kind) != 0)
			continue;
		cJSON *record = lode_record_json(r);
		kinds[i].read(g, at_us, record);
		cJSON_Delete(record);
	}
}

bool lode_journal_spent(const char *path, const struct lode_life *life, struct lode_budget *out)
{
	struct reading g = {.life = life, .out = out};
	const char *const suffix[] = {".1", ""}; /* what was set aside, then what came after */
	char file[PATH_MAX];
	struct stat st;

	lode_budget_init(out, 0, 0);
	for (int i = 0; i < 2; i++)
		if (snprintf(file, sizeof file, "%s%s", path, suffix[i]) < (int)sizeof file && !stat(file, &st))
			lode_journal_each(file, st.st_size > (off_t)TAIL ? (uint64_t)st.st_size - TAIL : 0, consider, &g);
	close_round(&g);
	return g.any && !g.attached;
}
