/* A recording in the network's place: the same answers in the same order, bit for bit, and a word about every request that is another. */
#include "advise/carrier.h"
#include "advise/strict.h"
#include "advise/tape.h"
#include "advise/text.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/json.h"

#include "cjson/cJSON.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct replay {
	struct lode_carrier base;
	struct lode_buf text; /* the whole recording */
	size_t at;	      /* the next line */
	unsigned n;	      /* answers given */
	bool loose;
};

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static double number_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble < 1e9 ? v->valuedouble : 0;
}

/* The line at `at`, its length without the newline; false at the end. A last line without one was cut short, and is none. */
static bool line_at(const struct lode_buf *text, size_t at, size_t *len)
{
	const char *end = at < text->len ? memchr(text->data + at, '\n', text->len - at) : NULL;

	if (end)
		*len = (size_t)(end - (text->data + at));
	return end != NULL;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool add_hex(struct lode_buf *out, const char *s)
{
	for (; s[0] && s[1]; s += 2) {
		int high = hex(s[0]), low = hex(s[1]);

		if (high < 0 || low < 0)
			return false;
		lode_buf_add(out, &(char){(char)(16 * high + low)}, 1);
	}
	return !*s;
}

/* What a model says, in the least envelope that there is. */
static void add_content(struct lode_buf *out, const char *content)
{
	struct lode_json j;

	lode_json_init(&j, out);
	lode_json_object(&j, NULL);
	lode_json_str(&j, "model", "recorded");
	lode_json_array(&j, "choices");
	lode_json_object(&j, NULL);
	lode_json_str(&j, "finish_reason", "stop");
	lode_json_object(&j, "message");
	lode_json_str(&j, "role", "assistant");
	lode_json_str(&j, "content", content);
	while (j.depth)
		lode_json_end(&j);
}

static enum lode_call call_of(const char *name)
{
	enum lode_call c = 0;

	while (name && c < LODE_CALL_N && strcmp(lode_call_name(c), name) != 0)
		c++;
	return name ? c : LODE_CALL_OK;
}

/* One line as the reply that it was. False: it is none. */
static bool give(const cJSON *o, struct lode_buf *body, struct lode_http_reply *out)
{
	const char *text = text_of(o, "body"), *bytes = text_of(o, "bytes"), *content = text_of(o, "content"), *why = text_of(o, "why");

	*out = (struct lode_http_reply){.call = call_of(text_of(o, "call")),
					.status = (long)number_of(o, "status"),
					.retry_after = number_of(o, "retry_after"),
					.seconds = number_of(o, "seconds")};
	if (why)
		lode_text_plain(out->why, sizeof out->why, why, strlen(why));
	if (content && !out->status)
		out->status = 200;
	if (content)
		add_content(body, content);
	else if (bytes && !add_hex(body, bytes))
		return false;
	else if (text)
		lode_buf_adds(body, text);
	return out->call < LODE_CALL_N && (out->call != LODE_CALL_OK || out->status) && (content || bytes || text || out->call != LODE_CALL_OK);
}

/* ---- at the beginning: is all of it sound? ---- */

/* A line that was changed, or follows one that is missing. Without a sum: a person's, taken as it is. */
static int check_sum(const char *line, size_t len, const cJSON *o, uint64_t *sum, unsigned n, struct lode_err *err)
{
	static const char mark[] = ",\"sum\":\"";
	const char *said = text_of(o, "sum");
	const size_t tail = sizeof mark - 1 + 16 + 2;
	char now[17];

	if (!said)
		return 0;
	if (len > tail && !memcmp(line + len - tail, mark, sizeof mark - 1)) {
		*sum = lode_tape_sum(*sum, line, len - tail);
		lode_fmt(now, sizeof now, "%016llx", (unsigned long long)*sum);
		if (!strcmp(now, said))
			return 0;
	}
	return lode_err_set(err, EBADMSG, "llm.replay, line %u: the sum is another: this line was changed, or one before it is missing", n);
}

static int check_line(const char *line, size_t len, unsigned n, uint64_t *sum, struct lode_err *err)
{
	cJSON *o = lode_strict_check(line, len, NULL) == LODE_STRICT_OK ? cJSON_ParseWithLength(line, len) : NULL;
	struct lode_http_reply reply;
	struct lode_buf body;
	int rc = 0;

	lode_buf_init(&body, LODE_HTTP_BODY_MAX);
	if (!cJSON_IsObject(o))
		rc = lode_err_set(err, EBADMSG, "llm.replay, line %u is no JSON object", n);
	else if (!give(o, &body, &reply))
		rc = lode_err_set(err, EBADMSG, "llm.replay, line %u: body and status, or content, are missing or wrong", n);
	else if (body.failed)
		rc = lode_err_set(err, EFBIG, "llm.replay, line %u: no reply may be so large", n);
	else
		rc = check_sum(line, len, o, sum, n, err);
	lode_buf_fini(&body);
	cJSON_Delete(o);
	return rc;
}

static int check(const struct lode_buf *text, struct lode_err *err)
{
	uint64_t sum = LODE_TAPE_SUM_FIRST;
	size_t at = 0, len;
	unsigned n = 0;

	for (; line_at(text, at, &len); at += len + 1) {
		int rc = check_line(text->data + at, len, ++n, &sum, err);

		if (rc)
			return rc;
	}
	return n ? 0 : lode_err_set(err, ENODATA, "llm.replay: there is nothing in this recording");
}

/* ---- call by call ---- */

/* Around the first byte that differs, as both have it. */
static void note_difference(const struct replay *r, const struct lode_http_request *q, const char *sent, char *out, size_t len)
{
	size_t n = strlen(sent), at = 0, from;
	char then[36], now[36];

	while (at < n && at < q->len && sent[at] == q->body[at])
		at++;
	if (at == n && at == q->len)
		return;
	from = at < 8 ? 0 : at - 8;
	lode_text_plain(then, sizeof then, sent + from, n - from);
	lode_text_plain(now, sizeof now, q->body + from, q->len - from);
	lode_fmt(out, len, "request %u is not the recorded one from byte %zu on: '%s' was '%s'", r->n + 1, at, now, then);
}

static void replay_post(struct lode_carrier *c, const struct lode_http_request *q, int cancel_fd, struct lode_buf *body,
			struct lode_http_reply *out)
{
	struct replay *r = (struct replay *)c;
	char note[sizeof out->note] = "";
	size_t len;

	(void)cancel_fd;
	if (!line_at(&r->text, r->at, &len)) {
		*out = (struct lode_http_reply){.call = LODE_CALL_REPLAY_END};
		lode_fmt(out->why, sizeof out->why, "the recording is at its end, after %u calls", r->n);
		return;
	}
	cJSON *o = cJSON_ParseWithLength(r->text.data + r->at, len);
	const char *sent = o ? text_of(o, "sent") : NULL;

	if (sent)
		note_difference(r, q, sent, note, sizeof note);
	if (!o || !give(o, body, out)) { /* it was sound at the beginning: no memory */
		*out = (struct lode_http_reply){.call = LODE_CALL_INTERNAL, .why = "no memory"};
	} else if (*note && !r->loose) {
		*out = (struct lode_http_reply){.call = LODE_CALL_REPLAY_DIFFERS};
		lode_fmt(out->why, sizeof out->why, "%s", note);
		lode_buf_clear(body);
	} else {
		r->at += len + 1;
		r->n++;
	}
	memcpy(out->note, note, sizeof note);
	cJSON_Delete(o);
}

static void replay_free(struct lode_carrier *c)
{
	struct replay *r = (struct replay *)c;

	lode_buf_fini(&r->text);
	free(r);
}

struct lode_carrier *lode_carrier_replay(const char *file, bool loose, struct lode_err *err)
{
	static const struct lode_carrier_ops ops = {.post = replay_post, .free = replay_free, .instant = true};
	struct replay *r = calloc(1, sizeof *r);
	int rc;

	if (!r) {
		lode_err_set(err, ENOMEM, "no memory");
		return NULL;
	}
	r->base.ops = &ops;
	r->loose = loose;
	lode_buf_init(&r->text, LODE_TAPE_MAX);
	rc = lode_fs_read(file, &r->text);
	if (rc)
		lode_err_set(err, -rc, "llm.replay %.120s: %s", file, strerrordesc_np(-rc));
	else
		rc = check(&r->text, err);
	if (!rc)
		return &r->base;
	replay_free(&r->base);
	return NULL;
}
