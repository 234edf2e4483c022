/* The loop's history as JSON: every structure is a table of its members (members.h). */
#include "tune/history.h"
#include "tune/members.h"

#include "base/cjson.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"

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

/* ---- the structures ---- */

#define S struct tune_op
#define STR(m) {#m, TUNE_M_STRING, offsetof(S, m), sizeof(((S *)0)->m), 0, 0, NULL}
#define NUM(m) {#m, TUNE_M_NUMBER, offsetof(S, m), 0, 0, 0, NULL}
#define CNT(m, below) {#m, TUNE_M_COUNT, offsetof(S, m), below, 0, 0, NULL}
#define U64(m) {#m, TUNE_M_BIG, offsetof(S, m), 0, 0, 0, NULL}
#define FLG(m) {#m, TUNE_M_FLAG, offsetof(S, m), 0, 0, 0, NULL}
#define OBJ(m, table) {#m, TUNE_M_OBJECT, offsetof(S, m), 0, 0, 0, table}
#define LST(m, count, table) {#m, TUNE_M_LIST, offsetof(S, m), sizeof(((S *)0)->m[0]), offsetof(S, count), sizeof(((S *)0)->m) / sizeof(((S *)0)->m[0]), table}
#define MAD(m, count, most, table) {#m, TUNE_M_MADE, offsetof(S, m), sizeof(((S *)0)->m[0]), offsetof(S, count), most, table}
#define END {NULL, TUNE_M_STRING, 0, 0, 0, 0, NULL}

static const struct tune_member op_members[] = {STR(name), NUM(count), NUM(mean_us), NUM(p50_us), NUM(p99_us), NUM(p999_us), END};

#undef S
#define S struct tune_result
static const struct tune_member result_members[] = {
    CNT(end, TUNE_SPACE + 1), STR(why), NUM(seconds), NUM(ops_per_sec), LST(op, nop, op_members), NUM(stall_share), NUM(write_amp), NUM(space_amp),
    NUM(read_amp), NUM(cache_hit), NUM(cpu_s), NUM(rss_bytes), NUM(db_bytes),
    {"rate", TUNE_M_FLOATS, offsetof(S, rate), 0, offsetof(S, nrate), RATES_MAX, NULL},
    {"statistics", TUNE_M_TEXT, offsetof(S, statistics), 0, 0, 0, NULL}, {"shape", TUNE_M_TEXT, offsetof(S, shape), 0, 0, 0, NULL}, END};

#undef S
#define S struct tune_fix
static const struct tune_member fix_members[] = {CNT(fate, TUNE_ADDED + 1), STR(name), STR(wished), STR(from), STR(to), STR(why), END};

#undef S
#define S struct tune_wish
static const struct tune_member wish_members[] = {STR(section), STR(name), STR(value), STR(reason), END};

#undef S
#define S struct tune_summary
static const struct tune_member summary_members[] = {CNT(runs, 0), NUM(ops_per_sec), NUM(spread), LST(op, nop, op_members), NUM(stall_share), NUM(write_amp),
						NUM(space_amp), NUM(read_amp), NUM(cache_hit), NUM(rss_bytes), NUM(db_bytes), END};

#undef S
#define S struct tune_trial
static const struct tune_member trial_members[] = {
    CNT(number, 0), STR(advisor), STR(rule), STR(why), LST(fix, nfix, fix_members), CNT(verdict, TUNE_NOTHING + 1), STR(reason), NUM(gain), NUM(lo), NUM(hi),
    NUM(total), NUM(total_lo), NUM(total_hi), OBJ(best, summary_members), OBJ(candidate, summary_members), FLG(early), FLG(unasked), NUM(began_s), NUM(seconds),
    CNT(calls, 0), U64(tokens_in), U64(tokens_out), END};

#undef S
#define S struct tune_history
static const struct tune_member history_members[] = {
    STR(command), STR(version), STR(objective), STR(machine), NUM(began), OBJ(baseline, summary_members), MAD(trial, ntrial, TUNE_TRIALS_MAX, trial_members),
    STR(ended), STR(file), NUM(gain), NUM(lo), NUM(hi), CNT(pairs, 0), NUM(active_s), END};

#undef S
#define S struct tune_shot
static const struct tune_member shot_members[] = {CNT(pair, 0), FLG(candidate), OBJ(result, result_members), END};

#undef S
#define S struct tune_state
static const struct tune_member state_members[] = {
    STR(spec), STR(machine), STR(given), CNT(stage, TUNE_AT_END + 1), OBJ(open, trial_members), LST(wish, nwish, wish_members), FLG(made),
    MAD(shot, nshot, TUNE_SHOTS_MAX, shot_members), LST(best, nbest, result_members), OBJ(last, result_members), NUM(noise_ss), NUM(noise_df),
    CNT(best_trial, 0), CNT(lived, 0), END};
#undef S

/* ---- the file ---- */

uint64_t tune_history_sum(const char *text, size_t len)
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
	tune_members_put(&j, "history", history_members, h);
	if (s)
		tune_members_put(&j, "state", state_members, s);
	lode_json_end(&j);
	if (!b.failed) {
		lode_fmt(head, sizeof head, HEAD, tune_history_sum(b.data + HEAD_LEN, b.len - HEAD_LEN));
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
	lode_fmt(head, sizeof head, HEAD, tune_history_sum(b->data + HEAD_LEN, *len));
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
	good = tune_members_take(cJSON_GetObjectItemCaseSensitive(root, "history"), history_members, h) && (!s || !state || tune_members_take(state, state_members, s));
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

void tune_history_text(const char *text, char *out, size_t len)
{
	struct lode_buf b;
	struct lode_json j;
	const char *back;
	cJSON *v;

	lode_buf_init(&b, FILE_MAX);
	lode_json_init(&j, &b);
	lode_json_str(&j, NULL, text);
	v = b.failed ? NULL : cJSON_ParseWithLength(b.data, b.len);
	back = cJSON_GetStringValue(v);
	lode_text_copy(out, len, back ? back : text);
	cJSON_Delete(v);
	lode_buf_fini(&b);
}
