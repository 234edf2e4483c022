/* The envelope: HTTP status, the server's JSON, its errors and reasons to stop. What stands inside is reply_content.c's. */
#include "advise/reply.h"
#include "advise/strict.h"
#include "advise/text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define RAW_MAX (16u << 10)

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

static const char *text_of(const cJSON *item)
{
	const char *s = cJSON_GetStringValue(item);

	return s && *s ? s : NULL;
}

/* Foreign words, safe to show. */
struct words {
	char s[160];
};

static struct words shown(const char *foreign)
{
	struct words w;

	lode_text_plain(w.s, sizeof w.s, foreign, strlen(foreign));
	return w;
}

/* {"error": "text"} or {"error": {"message", "code": text|number|null, "type"}}. NULL if there is none. */
static const char *error_text(const cJSON *root, bool *quota)
{
	const cJSON *e = member(root, "error");
	const char *code = text_of(member(e, "code")), *type = text_of(member(e, "type"));

	*quota = (code && !strcmp(code, "insufficient_quota")) || (type && !strcmp(type, "insufficient_quota"));
	if (!e || cJSON_IsNull(e) || cJSON_IsFalse(e))
		return NULL;
	if (text_of(e))
		return text_of(e);
	const char *message = text_of(member(e, "message"));
	return message ? message : code ? code : "without a message";
}

/* A status that is not 200. The body may be JSON with a reason, HTML of a proxy, or nothing. */
static enum lode_call status_call(long status, const char *body, size_t len, struct lode_reply *out)
{
	cJSON *root = lode_strict_check(body, len, NULL) == LODE_STRICT_OK ? cJSON_ParseWithLength(body, len) : NULL;
	bool quota = false;
	const char *reason = error_text(root, &quota);
	enum lode_call call = quota			       ? LODE_CALL_QUOTA
			      : status == 401 || status == 403 ? LODE_CALL_AUTH
			      : status == 402		       ? LODE_CALL_QUOTA
			      : status == 429		       ? LODE_CALL_RATE_LIMIT
			      : status >= 500		       ? LODE_CALL_SERVER
							       : LODE_CALL_HTTP;

	lode_reply_fail(out, call, "the server answered with status %ld%s%s", status, reason ? ": " : "", shown(reason ? reason : "").s);
	cJSON_Delete(root);
	return call;
}

static uint64_t count_of(const cJSON *usage, const char *name)
{
	const cJSON *n = member(usage, name);

	return cJSON_IsNumber(n) && n->valuedouble > 0 && n->valuedouble < 1e9 ? (uint64_t)n->valuedouble : 0;
}

/* Why a choice holds no answer, or OK. */
static enum lode_call choice_call(const cJSON *choice, const char **content, struct lode_reply *out)
{
	const cJSON *message = member(choice, "message");
	const char *refusal = text_of(member(message, "refusal"));
	const char *reason = text_of(member(choice, "finish_reason"));

	if (refusal)
		return lode_reply_fail(out, LODE_CALL_REFUSAL, "the model refused: %s", shown(refusal).s);
	if (reason && !strcmp(reason, "length"))
		return lode_reply_fail(out, LODE_CALL_TRUNCATED, "the answer was cut at the length limit");
	if (reason && !strcmp(reason, "content_filter"))
		return lode_reply_fail(out, LODE_CALL_FILTERED, "the answer was withheld by a content filter");
	if (!reason || strcmp(reason, "stop") != 0)
		return lode_reply_fail(out, LODE_CALL_API_ERROR, "the answer ended for the reason '%s', not by itself",
				       shown(reason ? reason : "null").s);
	*content = text_of(member(message, "content"));
	if (!*content)
		return lode_reply_fail(out, LODE_CALL_EMPTY, "the answer has no content");
	return LODE_CALL_OK;
}

/* Reasoning that some servers leave in the content: one block at its very beginning. */
static const char *skip_thinking(const char *s)
{
	s += strspn(s, " \t\r\n");
	if (strncmp(s, "<think>", 7) != 0)
		return s;
	const char *end = strstr(s, "</think>");
	return end ? end + 8 + strspn(end + 8, " \t\r\n") : s;
}

static enum lode_call answer_call(const char *content, const struct lode_offer *offer, bool extract, struct lode_reply *out)
{
	size_t n, at, len;

	content = skip_thinking(content);
	n = strlen(content);
	out->raw = strndup(content, n < RAW_MAX ? n : RAW_MAX);
	if (extract && lode_strict_object(content, n, &at, &len)) {
		content += at;
		n = len;
	}
	return lode_reply_content(content, n, offer, out);
}

enum lode_call lode_reply_read(long status, const char *body, size_t len, const struct lode_offer *offer, bool extract,
			       struct lode_reply *out)
{
	enum lode_call call;
	bool quota;
	const char *content = NULL, *reason;
	cJSON *root = NULL;

	if (status < 200 || status > 299) {
		out->call = status_call(status, body, len, out);
		return out->call;
	}
	if (lode_strict_check(body, len, NULL) == LODE_STRICT_OK)
		root = cJSON_ParseWithLength(body, len);
	if (!cJSON_IsObject(root)) {
		call = lode_reply_fail(out, LODE_CALL_NOT_JSON, "the server's reply is not a JSON object");
		goto out;
	}
	if (text_of(member(root, "model")))
		lode_text_plain(out->model, sizeof out->model, text_of(member(root, "model")), strlen(text_of(member(root, "model"))));
	out->prompt_tokens = count_of(member(root, "usage"), "prompt_tokens");
	out->completion_tokens = count_of(member(root, "usage"), "completion_tokens");
	if ((reason = error_text(root, &quota))) {
		call =
		    lode_reply_fail(out, quota ? LODE_CALL_QUOTA : LODE_CALL_API_ERROR, "the server reports an error: %s", shown(reason).s);
		goto out;
	}
	const cJSON *choice = cJSON_GetArrayItem(member(root, "choices"), 0);
	if (!cJSON_IsObject(choice)) {
		call = lode_reply_fail(out, LODE_CALL_NO_CHOICES, "the server's reply holds no answer");
		goto out;
	}
	call = choice_call(choice, &content, out);
	if (call == LODE_CALL_OK)
		call = answer_call(content, offer, extract, out);
out:
	cJSON_Delete(root);
	out->call = call;
	return call;
}
