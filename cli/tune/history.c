/* The loop's history as JSON: every structure is a table of its members, and one writer and one reader go by the tables. */
#include "tune/history.h"

#include "base/cjson.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/json.h"

#include "cjson/cJSON.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256u << 20)
#define RATES_MAX 604800
#define HEAD "{\"lodestone_tune\":1,\"sum\":\"%016" PRIx64 "\",\"content\":"
#define HEAD_LEN (sizeof "{\"lodestone_tune\":1,\"sum\":\"0123456789abcdef\",\"content\":" - 1)

enum type {
	STRING,	 /* char[size] */
	NUMBER,	 /* double; null: NAN */
	COUNT,	 /* unsigned, or an enum: below `size`, where that is not 0 */
	BIG,	 /* uint64_t */
	FLAG,	 /* bool */
	OBJECT,	 /* a structure: `of` */
	LIST,	 /* an array of at most `max` of them, and its size_t at `n` */
	MADE,	 /* the same behind a pointer of ours */
	FLOATS,	 /* float *, and its size_t at `n` */
	TEXT,	 /* char * of ours, or NULL */
};

struct member {
	const char *name;
	enum type type;
	size_t at, size, n, max;
	const struct member *of;
};

/* ---- the structures ---- */

#define S struct tune_op
#define STR(m) {#m, STRING, offsetof(S, m), sizeof(((S *)0)->m), 0, 0, NULL}
#define NUM(m) {#m, NUMBER, offsetof(S, m), 0, 0, 0, NULL}
#define CNT(m, below) {#m, COUNT, offsetof(S, m), below, 0, 0, NULL}
#define U64(m) {#m, BIG, offsetof(S, m), 0, 0, 0, NULL}
#define FLG(m) {#m, FLAG, offsetof(S, m), 0, 0, 0, NULL}
#define OBJ(m, table) {#m, OBJECT, offsetof(S, m), 0, 0, 0, table}
#define LST(m, count, table) {#m, LIST, offsetof(S, m), sizeof(((S *)0)->m[0]), offsetof(S, count), sizeof(((S *)0)->m) / sizeof(((S *)0)->m[0]), table}
#define MAD(m, count, most, table) {#m, MADE, offsetof(S, m), sizeof(((S *)0)->m[0]), offsetof(S, count), most, table}
#define END {NULL, STRING, 0, 0, 0, 0, NULL}

static const struct member op_members[] = {STR(name), NUM(count), NUM(mean_us), NUM(p50_us), NUM(p99_us), NUM(p999_us), END};

#undef S
#define S struct tune_result
static const struct member result_members[] = {
    CNT(end, TUNE_SPACE + 1), STR(why), NUM(seconds), NUM(ops_per_sec), LST(op, nop, op_members), NUM(stall_share), NUM(write_amp), NUM(space_amp),
    NUM(read_amp), NUM(cache_hit), NUM(cpu_s), NUM(rss_bytes), NUM(db_bytes),
    {"rate", FLOATS, offsetof(S, rate), 0, offsetof(S, nrate), RATES_MAX, NULL},
    {"statistics", TEXT, offsetof(S, statistics), 0, 0, 0, NULL}, {"shape", TEXT, offsetof(S, shape), 0, 0, 0, NULL}, END};

#undef S
#define S struct tune_fix
static const struct member fix_members[] = {CNT(fate, TUNE_ADDED + 1), STR(name), STR(wished), STR(from), STR(to), STR(why), END};

#undef S
#define S struct tune_wish
static const struct member wish_members[] = {STR(section), STR(name), STR(value), STR(reason), END};

#undef S
#define S struct tune_summary
static const struct member summary_members[] = {CNT(runs, 0), NUM(ops_per_sec), NUM(spread), LST(op, nop, op_members), NUM(stall_share), NUM(write_amp),
						NUM(space_amp), NUM(read_amp), NUM(cache_hit), NUM(rss_bytes), NUM(db_bytes), END};

#undef S
#define S struct tune_trial
static const struct member trial_members[] = {
    CNT(number, 0), STR(advisor), STR(rule), STR(why), LST(fix, nfix, fix_members), CNT(verdict, TUNE_NOTHING + 1), STR(reason), NUM(gain), NUM(lo), NUM(hi),
    NUM(total), NUM(total_lo), NUM(total_hi), OBJ(best, summary_members), OBJ(candidate, summary_members), FLG(early), NUM(began_s), NUM(seconds),
    CNT(calls, 0), U64(tokens_in), U64(tokens_out), END};

#undef S
#define S struct tune_history
static const struct member history_members[] = {
    STR(command), STR(version), STR(objective), STR(machine), NUM(began), OBJ(baseline, summary_members), MAD(trial, ntrial, TUNE_TRIALS_MAX, trial_members),
    STR(ended), STR(file), NUM(gain), NUM(lo), NUM(hi), CNT(pairs, 0), NUM(active_s), END};

#undef S
#define S struct tune_shot
static const struct member shot_members[] = {CNT(pair, 0), FLG(candidate), OBJ(result, result_members), END};

#undef S
#define S struct tune_state
static const struct member state_members[] = {
    STR(spec), STR(machine), CNT(stage, TUNE_AT_END + 1), OBJ(open, trial_members), LST(wish, nwish, wish_members), FLG(made),
    MAD(shot, nshot, TUNE_SHOTS_MAX, shot_members), LST(best, nbest, result_members), OBJ(last, result_members), NUM(noise_ss), NUM(noise_df),
    CNT(best_trial, 0), CNT(lived, 0), END};
#undef S

/* ---- out ---- */

/* To the last bit: what is decided after a resumption must be what would have been decided without. */
static void number(struct lode_json *j, const char *key, double v)
{
	char text[32];

	if (!isfinite(v)) {
		lode_json_raw(j, key, "null");
		return;
	}
	lode_fmt(text, sizeof text, "%.17g", v);
	lode_json_raw(j, key, text);
}

static void put(struct lode_json *j, const char *key, const struct member *table, const char *base);

static void put_list(struct lode_json *j, const struct member *m, const char *items, size_t n)
{
	lode_json_array(j, m->name);
	for (size_t i = 0; i < n; i++)
		put(j, NULL, m->of, items + i * m->size);
	lode_json_end(j);
}

static void put_floats(struct lode_json *j, const char *key, const float *v, size_t n)
{
	lode_json_array(j, key);
	for (size_t i = 0; i < n; i++)
		lode_json_num(j, NULL, (double)v[i]); /* nine digits are all that a float has */
	lode_json_end(j);
}

static void put_member(struct lode_json *j, const struct member *m, const char *base)
{
	const void *at = base + m->at, *n = base + m->n;

	switch (m->type) {
	case STRING:
		lode_json_strn(j, m->name, at, strnlen(at, m->size));
		break;
	case NUMBER:
		number(j, m->name, *(const double *)at);
		break;
	case COUNT:
		lode_json_u64(j, m->name, *(const unsigned *)at);
		break;
	case BIG:
		lode_json_u64(j, m->name, *(const uint64_t *)at);
		break;
	case FLAG:
		lode_json_bool(j, m->name, *(const bool *)at);
		break;
	case OBJECT:
		put(j, m->name, m->of, at);
		break;
	case LIST:
		put_list(j, m, at, *(const size_t *)n);
		break;
	case MADE:
		put_list(j, m, *(const char *const *)at, *(const size_t *)n);
		break;
	case FLOATS:
		put_floats(j, m->name, *(const float *const *)at, *(const size_t *)n);
		break;
	case TEXT:
		lode_json_str(j, m->name, *(const char *const *)at);
	}
}

static void put(struct lode_json *j, const char *key, const struct member *table, const char *base)
{
	lode_json_object(j, key);
	for (const struct member *m = table; m->name; m++)
		put_member(j, m, base);
	lode_json_end(j);
}

/* ---- in ---- */

static bool take(const cJSON *object, const struct member *table, char *base);

static bool take_list(const cJSON *v, const struct member *m, char *items, size_t *n)
{
	const cJSON *item;

	*n = 0;
	cJSON_ArrayForEach(item, v)
	{
		if (*n == m->max || !take(item, m->of, items + *n * m->size))
			return false;
		++*n;
	}
	return true;
}

/* Its owner frees what was read up to a fault: the items beyond are zeros. */
static bool take_made(const cJSON *v, const struct member *m, char **items, size_t *n)
{
	int count = cJSON_GetArraySize(v);

	if (count == 0)
		return true;
	if ((size_t)count > m->max || !(*items = calloc((size_t)count, m->size)))
		return false;
	if (take_list(v, m, *items, n))
		return true;
	*n = (size_t)count;
	return false;
}

static bool take_floats(const cJSON *v, const struct member *m, float **to, size_t *n)
{
	int count = cJSON_GetArraySize(v);
	const cJSON *item;

	if (count == 0)
		return true;
	if ((size_t)count > m->max || !(*to = calloc((size_t)count, sizeof **to)))
		return false;
	cJSON_ArrayForEach(item, v) (*to)[(*n)++] = cJSON_IsNumber(item) ? (float)item->valuedouble : NAN;
	return true;
}

static bool take_string(const cJSON *v, const struct member *m, char *to)
{
	const char *s = cJSON_GetStringValue(v);

	if (!s || strlen(s) >= m->size)
		return false;
	strcpy(to, s);
	return true;
}

static bool take_number(const cJSON *v, double *to)
{
	*to = cJSON_IsNumber(v) ? v->valuedouble : NAN;
	return cJSON_IsNumber(v) || cJSON_IsNull(v);
}

static bool take_count(const cJSON *v, const struct member *m, double most, double *out)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0) || v->valuedouble > most || v->valuedouble != floor(v->valuedouble))
		return false;
	*out = v->valuedouble;
	return !m->size || *out < (double)m->size;
}

static bool take_text(const cJSON *v, char **to)
{
	const char *s = cJSON_GetStringValue(v);

	return cJSON_IsNull(v) || (s && (*to = strdup(s)));
}

static bool take_member(const cJSON *v, const struct member *m, char *base)
{
	void *at = base + m->at;
	size_t *n = (size_t *)(void *)(base + m->n);
	double d = 0;

	switch (m->type) {
	case STRING:
		return take_string(v, m, at);
	case NUMBER:
		return take_number(v, at);
	case COUNT:
		if (!take_count(v, m, 4294967295.0, &d))
			return false;
		*(unsigned *)at = (unsigned)d;
		return true;
	case BIG:
		if (!take_count(v, m, 9007199254740992.0, &d))
			return false;
		*(uint64_t *)at = (uint64_t)d;
		return true;
	case FLAG:
		*(bool *)at = cJSON_IsTrue(v);
		return cJSON_IsTrue(v) || cJSON_IsFalse(v);
	case OBJECT:
		return take(v, m->of, at);
	case LIST:
		return cJSON_IsArray(v) && take_list(v, m, at, n);
	case MADE:
		return cJSON_IsArray(v) && take_made(v, m, at, n);
	case FLOATS:
		return cJSON_IsArray(v) && take_floats(v, m, at, n);
	case TEXT:
		return take_text(v, at);
	}
	return false;
}

/* A member that the file does not have keeps what it is: a file of an earlier version is read as far as it goes. */
static bool take(const cJSON *object, const struct member *table, char *base)
{
	if (!cJSON_IsObject(object))
		return false;
	for (const struct member *m = table; m->name; m++) {
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, m->name);

		if (v && !take_member(v, m, base))
			return false;
	}
	return true;
}

/* ---- the file ---- */

static uint64_t sum_of(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3ull;
	return h;
}

int tune_history_save(const char *path, const struct tune_history *h, const struct tune_state *s, struct lode_err *err)
{
	char head[HEAD_LEN + 1];
	struct lode_buf b;
	struct lode_json j;
	int r;

	lode_buf_init(&b, FILE_MAX);
	lode_fmt(head, sizeof head, HEAD, (uint64_t)0);
	lode_buf_adds(&b, head);
	lode_json_init(&j, &b);
	lode_json_object(&j, NULL);
	put(&j, "history", history_members, (const char *)h);
	if (s)
		put(&j, "state", state_members, (const char *)s);
	lode_json_end(&j);
	if (!b.failed) {
		lode_fmt(head, sizeof head, HEAD, sum_of(b.data + HEAD_LEN, b.len - HEAD_LEN));
		memcpy(b.data, head, HEAD_LEN);
		lode_buf_adds(&b, "}\n");
	}
	r = b.failed ? -ENOMEM : lode_fs_write_atomic(path, b.data, b.len, 0644);
	lode_buf_fini(&b);
	return r ? lode_err_set(err, -r, "the history '%s' cannot be written: %s", path, strerror(-r)) : 0;
}

/* The content's text within the file; NULL: it is not what was written. */
static const char *content_of(const struct lode_buf *b, size_t *len)
{
	char head[HEAD_LEN + 1];

	if (b->len < HEAD_LEN + 4 || memcmp(b->data + b->len - 2, "}\n", 2) != 0)
		return NULL;
	*len = b->len - HEAD_LEN - 2;
	lode_fmt(head, sizeof head, HEAD, sum_of(b->data + HEAD_LEN, *len));
	return memcmp(b->data, head, HEAD_LEN) == 0 ? b->data + HEAD_LEN : NULL;
}

static int read_content(const char *path, const char *text, size_t len, struct tune_history *h, struct tune_state *s, struct lode_err *err)
{
	cJSON *root = lode_cjson_open(err) == 0 ? cJSON_ParseWithLength(text, len) : NULL;
	const cJSON *state;
	bool good;

	if (!root)
		return lode_err_set(err, EINVAL, "the history '%s' is not JSON that can be read", path);
	state = cJSON_GetObjectItemCaseSensitive(root, "state");
	good = take(cJSON_GetObjectItemCaseSensitive(root, "history"), history_members, (char *)h) && (!s || !state || take(state, state_members, (char *)s));
	cJSON_Delete(root);
	return good ? 0 : lode_err_set(err, EINVAL, "the history '%s' has a member that this version does not understand", path);
}

int tune_history_load(const char *path, struct tune_history *h, struct tune_state *s, struct lode_err *err)
{
	const char *text;
	struct lode_buf b;
	size_t len;
	int r;

	tune_history_init(h, s);
	lode_buf_init(&b, FILE_MAX);
	r = lode_fs_read(path, &b);
	if (r)
		lode_err_set(err, -r, "the history '%s' cannot be read: %s", path, strerror(-r));
	else if (!(text = content_of(&b, &len)))
		r = lode_err_set(err, EINVAL, "the history '%s' was cut or changed since it was written: move it away to begin anew", path);
	else
		r = read_content(path, text, len, h, s, err);
	lode_buf_fini(&b);
	if (r) {
		tune_history_fini(h, s);
		tune_history_init(h, s);
	}
	return r;
}
