/* A user's script: told by its environment, answers in a JSON file. docs/offline.md has the contract. */
#include "tune/adapter.h"
#include "tune/figures.h"

#include "base/fs.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tune_script_call(const struct tune_where *w, struct tune_call *out)
{
	char **words = NULL;

	if (w->errand == TUNE_FILL) {
		if (tune_words_split(w->spec->prepare, &words, NULL))
			out->failed = true;
	}
	for (char **word = words ? words : w->spec->argv; word && *word; word++)
		tune_call_word(out, "%s", *word);
	tune_words_free(words);
	tune_call_env(out, "LODESTONE_OPTIONS_FILE", "%s", w->options_file ? w->options_file : "");
	tune_call_env(out, "LODESTONE_DB_DIR", "%s", w->db);
	tune_call_env(out, "LODESTONE_RESULT", "%s/result.json", w->folder);
	tune_call_env(out, "LODESTONE_PROGRESS", "%s/progress", w->folder);
	tune_call_env(out, "LODESTONE_SECONDS", "%g", w->seconds);
	tune_call_env(out, "LODESTONE_SEED", "%llu", (unsigned long long)w->seed);
	if (w->cache >= 0)
		tune_call_env(out, "LODESTONE_BLOCK_CACHE_SIZE", "%lld", (long long)w->cache);
}

/* A number that is there and makes sense; NAN. -EBADMSG: it is there and makes none. */
static int number(const cJSON *o, const char *name, double *out, struct lode_err *err)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	*out = NAN;
	if (!v || cJSON_IsNull(v))
		return 0;
	if (!cJSON_IsNumber(v) || !isfinite(v->valuedouble) || v->valuedouble < 0)
		return lode_err_set(err, EBADMSG, "its result has a '%s' that is no number from 0 on", name);
	*out = v->valuedouble;
	return 0;
}

static int read_op(const cJSON *o, const char *name, struct tune_result *r, struct lode_err *err)
{
	struct tune_op *op = &r->op[r->nop];
	const struct {
		const char *name;
		double *at;
	} members[] = {{"count", &op->count}, {"mean_us", &op->mean_us}, {"p50_us", &op->p50_us}, {"p99_us", &op->p99_us}, {"p999_us", &op->p999_us}};

	if (r->nop == TUNE_OPS_MAX || !*name)
		return 0;
	lode_text_copy(op->name, sizeof(op->name), name);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (number(o, members[i].name, members[i].at, err))
			return -EBADMSG;
	r->nop++;
	return 0;
}

static int read_ops(const cJSON *root, struct tune_result *r, struct lode_err *err)
{
	const cJSON *ops = cJSON_GetObjectItemCaseSensitive(root, "ops"), *op;
	double p99;

	if (cJSON_IsObject(ops))
		cJSON_ArrayForEach(op, ops)
			if (read_op(op, op->string ? op->string : "", r, err))
				return -EBADMSG;
	if (number(root, "p99_us", &p99, err))
		return -EBADMSG;
	if (!r->nop && !isnan(p99))
		r->op[r->nop++] = (struct tune_op){.name = "op", .count = NAN, .mean_us = NAN, .p50_us = NAN, .p99_us = p99, .p999_us = NAN};
	return 0;
}

/* RocksDB's Statistics in a file of the run's folder, or by its whole path. */
static void read_statistics(const cJSON *root, const char *folder, struct tune_result *r)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(root, "statistics");
	char path[PATH_MAX];
	struct lode_buf text;

	if (!cJSON_IsString(name) || !*name->valuestring ||
	    snprintf(path, sizeof(path), "%s%s%s", *name->valuestring == '/' ? "" : folder, *name->valuestring == '/' ? "" : "/", name->valuestring) >= (int)sizeof(path))
		return;
	lode_buf_init(&text, 4 << 20);
	if (lode_fs_read(path, &text) == 0)
		tune_figures_take(lode_buf_str(&text), r);
	lode_buf_fini(&text);
}

static int read_root(const cJSON *root, const char *folder, struct tune_result *r, struct lode_err *err)
{
	double given[5];
	static const char *const names[] = {"write_amp", "space_amp", "read_amp", "cache_hit", "stall_share"};
	double *const at[] = {&r->write_amp, &r->space_amp, &r->read_amp, &r->cache_hit, &r->stall_share};

	if (!cJSON_IsObject(root))
		return lode_err_set(err, EBADMSG, "its result is no JSON object");
	if (number(root, "ops_per_sec", &r->ops_per_sec, err) || number(root, "seconds", &r->seconds, err))
		return -EBADMSG;
	if (isnan(r->ops_per_sec) || r->ops_per_sec <= 0)
		return lode_err_set(err, EBADMSG, "its result has no ops_per_sec above 0");
	for (size_t i = 0; i < 5; i++)
		if (number(root, names[i], &given[i], err))
			return -EBADMSG;
	read_statistics(root, folder, r);
	for (size_t i = 0; i < 5; i++)
		if (!isnan(given[i]))
			*at[i] = given[i];
	return read_ops(root, r, err);
}

int tune_script_read(const char *text, size_t len, const char *folder, struct tune_result *out, struct lode_err *err)
{
	cJSON *root = cJSON_ParseWithLength(text, len);
	int rc = read_root(root, folder, out, err);

	cJSON_Delete(root);
	return rc;
}
