/* The live tuner within a benchmark: `lodestone run` before the command, its journal in the run's own folder. */
#include "tune/live.h"

#include "base/buf.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "guard/tunable.h"
#include "record/journal_read.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define JOURNAL_MAX (64u << 20)

/* ---- the journal ---- */

static const char *text_of(const cJSON *object, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return s ? s : "";
}

/* The option's own name: SetOptions may be told another. NULL: it is none that stands in a file by itself. */
static const char *option_of(const char *scope, const char *key)
{
	if (!strcmp(scope, "cache"))
		return "block_cache_size";
	for (int i = 0; i < lode_tunable_count; i++)
		if (!strcmp(lode_tunables[i].key, key) && lode_tunables[i].kind != LODE_KIND_OTHER && lode_tunables[i].scope != LODE_SCOPE_CACHE)
			return lode_tunables[i].id;
	return NULL;
}

static bool has(const struct tune_proposal *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->wish[i].name, name))
			return true;
	return false;
}

/* Each such record has the whole list. The one that empties it, when the database closes, takes nothing back. */
static void take_kept(const cJSON *record, struct tune_proposal *out)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(record, "todo"), *w;

	if (cJSON_GetArraySize(list) > 0)
		out->n = 0;
	cJSON_ArrayForEach(w, list)
	{
		const char *name = option_of(text_of(w, "scope"), text_of(w, "key")), *value = text_of(w, "value");
		struct tune_wish *wish = &out->wish[out->n];

		if (!name || !*value || *value == '{' || strlen(value) >= sizeof wish->value || out->n == TUNE_WISHES_MAX || has(out, name))
			continue;
		*wish = (struct tune_wish){.reason = "proven by the live tuner within a run"};
		lode_fmt(wish->name, sizeof wish->name, "%s", name);
		lode_fmt(wish->value, sizeof wish->value, "%s", value);
		out->n++;
	}
}

void tune_live_read(const char *journal, struct tune_proposal *out)
{
	for (const char *at = journal; *at;) {
		size_t n = strcspn(at, "\n");
		struct lode_record r = {0};

		if (lode_record_parse(at, n, &r) && !strcmp(r.kind, "kept")) {
			cJSON *root = cJSON_ParseWithLength(at, n);

			take_kept(root, out);
			cJSON_Delete(root);
		}
		at += n + (at[n] == '\n');
	}
}

/* ---- the run ---- */

struct run { /* a run has one pointer for all that it calls */
	tune_watch_fn *watch;
	void *ctx;
	struct tune_proposal *out;
};

static bool look_on(void *ctx, double seconds, double ops)
{
	struct run *r = ctx;

	return !r->watch || r->watch(r->ctx, seconds, ops);
}

/* Where there are several databases, the last to be read that has something counts. */
static void look_back(void *ctx, const char *folder)
{
	struct run *r = ctx;
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d;

	lode_fmt(path, sizeof path, "%s/lodestone", folder);
	if (!(d = opendir(path)))
		return;
	while ((e = readdir(d))) {
		struct lode_buf b;

		if (e->d_name[0] == '.')
			continue;
		lode_fmt(path, sizeof path, "%s/lodestone/%s/journal.jsonl", folder, e->d_name);
		lode_buf_init(&b, JOURNAL_MAX);
		if (lode_fs_read(path, &b) == 0)
			tune_live_read(lode_buf_str(&b), r->out);
		lode_buf_fini(&b);
	}
	closedir(d);
}

static void say(struct tune_proposal *out, const struct tune_result *r)
{
	if (r->end != TUNE_RAN)
		lode_fmt(out->why, sizeof out->why, "the run with the live tuner did not come to its end: %.300s", r->why);
	else
		lode_fmt(out->why, sizeof out->why, out->n ? "what the live tuner has kept within a run" : "the live tuner has proven nothing within a run");
}

int tune_live_explore(struct tune_bench *b, const struct tune_spec *s, const char *file, uint64_t seed, tune_watch_fn *watch, void *ctx, struct tune_proposal *out)
{
	char self[PATH_MAX] = "";
	const char *const wrap[] = {self, "run", "-s", "agent.mode=auto", "-s", "judge.pace=bench", "-s", "advisor.kind=expert", "-s", "agent.state_dir=@RUN@/lodestone",
				    "-s", "agent.runtime_dir=@RUN@/lodestone-sockets", "--", NULL};
	struct run mine = {watch, ctx, out};
	struct tune_run how = {.options_file = file, .label = "live", .seed = seed, .seconds = s->live_seconds, .wrap = wrap, .watch = look_on, .ctx = &mine,
			       .look = look_back};
	struct tune_result r;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	int rc;

	*out = (struct tune_proposal){.advisor = "live", .rule = "live"};
	if (n <= 0) {
		lode_fmt(out->why, sizeof out->why, "the live tuner's command is not found");
		return 0;
	}
	self[n] = '\0';
	tune_result_init(&r);
	rc = tune_bench_run_with(b, &how, &r);
	if (rc == 0)
		say(out, &r);
	tune_result_fini(&r);
	return rc;
}
