/* What was learnt about a model's server in earlier lives of a database: the last advice record that tells. */
#include "record/spoken.h"

#include "base/clock.h"
#include "record/record_json.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TAIL (16u << 20)
#define DAY_US 86400000000ull

struct reading {
	uint64_t now_us;
	char *out;
	size_t len;
	bool found;
};

static void consider(void *ctx, const struct lode_record *r)
{
	static const char member[] = "\"dialect\":";
	struct reading *g = ctx;
	uint64_t at_us;

	/* Most records have none, and some are long. */
	if (!r->whole || strcmp(r->kind, "advice") != 0 || !memmem(r->text, r->len, member, sizeof member - 1) || lode_clock_parse(r->ts, &at_us))
		return;
	cJSON *record = lode_record_json(r);
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "dialect"));

	if (text && strlen(text) < g->len) {
		g->found = at_us + LODE_SPOKEN_DAYS * DAY_US >= g->now_us;
		memcpy(g->out, text, strlen(text) + 1);
	}
	cJSON_Delete(record);
}

bool lode_journal_dialect(const char *path, uint64_t now_us, char *out, size_t len)
{
	struct reading g = {.now_us = now_us, .out = out, .len = len};
	const char *const suffix[] = {".1", ""}; /* what was set aside, then what came after */
	char file[PATH_MAX];
	struct stat st;

	for (int i = 0; i < 2; i++)
		if (snprintf(file, sizeof file, "%s%s", path, suffix[i]) < (int)sizeof file && !stat(file, &st))
			lode_journal_each(file, st.st_size > (off_t)TAIL ? (uint64_t)st.st_size - TAIL : 0, consider, &g);
	return g.found;
}
