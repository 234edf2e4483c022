/* What a language model has cost in earlier lives of a database. */
#include "record/spent.h"

#include "base/clock.h"
#include "record/record_json.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TAIL (16u << 20) /* bytes at the end of a journal: more than is written in a day, and read in less than a tenth of a second */

struct reading {
	const struct lode_life *life;
	struct lode_budget *out;
	bool waiting, any, attached; /* a round without its end; something was spent; this life was here before */
	uint64_t asked_us;
};

static void spend(struct reading *g, uint64_t at_us, uint64_t calls, uint64_t tokens)
{
	uint64_t age_us = at_us < g->life->now_us ? g->life->now_us - at_us : 0;

	g->waiting = false;
	g->any |= calls || tokens;
	if (age_us < UINT64_MAX / 1000)
		lode_budget_recall(g->out, g->life->now_ns, age_us * 1000, calls, tokens);
}

static void close_round(struct reading *g)
{
	if (g->waiting)
		spend(g, g->asked_us, 1, 0);
}

static void close_with(struct reading *g, uint64_t at_us, const struct lode_record *r)
{
	uint64_t calls = 1, prompt = 0, completion = 0; /* a journal of before calls were counted: one each */
	cJSON *record = lode_record_json(r);

	lode_record_u64(record, "calls", UINT32_MAX, &calls);
	lode_record_u64(record, "prompt_tokens", UINT32_MAX, &prompt);
	lode_record_u64(record, "completion_tokens", UINT32_MAX, &completion);
	spend(g, at_us, calls, prompt + completion);
	cJSON_Delete(record);
}

static void consider(void *ctx, const struct lode_record *r)
{
	struct reading *g = ctx;
	uint64_t at_us;

	if (!r->whole || lode_clock_parse(r->ts, &at_us))
		return;
	if (at_us >= g->life->since_us) {
		g->attached |= !strcmp(r->kind, "attach");
	} else if (!strcmp(r->kind, "asked")) {
		close_round(g);
		g->waiting = true;
		g->asked_us = at_us;
	} else if (!strcmp(r->kind, "advice")) {
		close_with(g, at_us, r);
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
