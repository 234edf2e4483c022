/* The envelope: HTTP status, the server's JSON, its errors and reasons to stop. What stands inside is reply_content.c's; where the two interfaces
 * differ, envelope.c knows. */
#include "advise/envelope.h"
#include "advise/strict.h"
#include "advise/text.h"

#include <stdlib.h>
#include <string.h>

#define RAW_MAX (16u << 10)
#define TEXT_MAX (1u << 20) /* no less than a body */

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

/* What a server's own word for an error is, whatever the status it comes with. */
static const struct {
	const char *word; /* of code or type */
	enum lode_call call;
} error_words[] = {
    {"insufficient_quota", LODE_CALL_QUOTA},	   {"billing_error", LODE_CALL_QUOTA},		    {"context_length_exceeded", LODE_CALL_TOO_LONG},
    {"request_too_large", LODE_CALL_TOO_LONG},	   {"exceed_context_size_error", LODE_CALL_TOO_LONG}, {"content_filter", LODE_CALL_FILTERED},
    {"overloaded_error", LODE_CALL_OVERLOADED},	   {"authentication_error", LODE_CALL_AUTH},	    {"permission_error", LODE_CALL_AUTH},
    {"invalid_api_key", LODE_CALL_AUTH},	   {"model_not_found", LODE_CALL_NOT_FOUND},	    {"DeploymentNotFound", LODE_CALL_NOT_FOUND},
    {"rate_limit_error", LODE_CALL_RATE_LIMIT},	   {"rate_limit_exceeded", LODE_CALL_RATE_LIMIT},
};

/* {"error": "text"} or {"error": {"message", "code": text|number|null, "type"}}. NULL if there is none. *call: what its own words say, or is left alone. */
static const char *error_text(const cJSON *root, enum lode_call *call)
{
	const cJSON *e = lode_envelope_member(root, "error");
	const char *code = lode_envelope_text(lode_envelope_member(e, "code")), *type = lode_envelope_text(lode_envelope_member(e, "type"));
	const char *message = lode_envelope_text(lode_envelope_member(e, "message"));

	if (!e || cJSON_IsNull(e) || cJSON_IsFalse(e))
		return NULL;
	for (size_t i = 0; i < sizeof error_words / sizeof error_words[0]; i++)
		if ((code && !strcmp(code, error_words[i].word)) || (type && !strcmp(type, error_words[i].word))) {
			*call = error_words[i].call;
			break;
		}
	if (message && strstr(message, "credit balance is too low")) /* an invalid request by its type */
		*call = LODE_CALL_QUOTA;
	if (lode_envelope_text(e))
		return lode_envelope_text(e);
	return message ? message : code ? code : type ? type : "without a message";
}

static enum lode_call status_call(long status)
{
	return status == 401 || status == 403	? LODE_CALL_AUTH
	       : status == 402			? LODE_CALL_QUOTA
	       : status == 404			? LODE_CALL_NOT_FOUND
	       : status == 413			? LODE_CALL_TOO_LONG
	       : status == 429			? LODE_CALL_RATE_LIMIT
	       : status == 503 || status == 529 ? LODE_CALL_OVERLOADED
	       : status >= 500			? LODE_CALL_SERVER
	       : status >= 300 && status < 400	? LODE_CALL_REDIRECT
						: LODE_CALL_HTTP;
}

/* A status that is not 2xx. The body may be JSON with a reason, HTML of a proxy, or nothing. */
static enum lode_call refused(long status, const char *body, size_t len, struct lode_reply *out)
{
	cJSON *root = lode_strict_check(body, len, NULL) == LODE_STRICT_OK ? cJSON_ParseWithLength(body, len) : NULL;
	enum lode_call call = status_call(status);
	const char *reason = error_text(root, &call);

	lode_reply_fail(out, call, "the server answered with status %ld%s%s", status, reason ? ": " : "", shown(reason ? reason : "").s);
	cJSON_Delete(root);
	return call;
}

/* Server-sent events, although none were asked for: "data: {...}" and the like. */
static bool is_stream(const char *body, size_t len)
{
	static const char *const starts[] = {"data:", "event:", "id:", "retry:", ":"};

	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (len >= strlen(starts[i]) && memcmp(body, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* Reasoning that some servers leave in the content: one block at its very beginning, or its end alone where their template had opened it. */
static const char *skip_thinking(const char *s)
{
	static const char *const tags[] = {"think>", "thinking>"};

	s += strspn(s, " \t\r\n");
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		char close[16] = "</";
		const char *end;

		strcat(close, tags[i]);
		if (*s == '{' || !(end = strstr(s, close)))
			continue;
		end += strlen(close);
		return end + strspn(end, " \t\r\n");
	}
	return s;
}

static bool is_unfinished_thought(const char *s)
{
	return !strncmp(s, "<think>", 7) || !strncmp(s, "<thinking>", 10);
}

static enum lode_call answer_call(const char *content, const struct lode_offer *offer, bool extract, struct lode_reply *out)
{
	size_t n, at, len;

	content = skip_thinking(content);
	n = strlen(content);
	out->raw = strndup(content, n < RAW_MAX ? n : RAW_MAX);
	if (n == 0)
		return lode_reply_fail(out, LODE_CALL_EMPTY, "the answer has no content");
	/* A draft within a thought is not an answer. */
	if (is_unfinished_thought(content))
		return lode_reply_fail(out, LODE_CALL_EMPTY, "the answer is a thought that does not end");
	if (extract && lode_strict_object(content, n, &at, &len)) {
		content += at;
		n = len;
	}
	return offer->form ? offer->form->read(offer->form, content, n, out) : lode_reply_content(content, n, offer, out);
}

static enum lode_call read_envelope(const cJSON *root, const struct lode_offer *offer, const struct lode_dialect *dialect, struct lode_reply *out)
{
	enum lode_call call = LODE_CALL_API_ERROR;
	const char *reason = error_text(root, &call);
	struct lode_buf text;

	lode_envelope_who(root, out);
	if (reason) {
		lode_reply_fail(out, call, "the server reports an error: %s", shown(reason).s);
		return call;
	}
	lode_buf_init(&text, TEXT_MAX);
	call = lode_envelope_open(root, dialect->api, &text, out);
	if (call == LODE_CALL_OK)
		call = answer_call(lode_buf_str(&text), offer, lode_dialect_extracts(dialect), out);
	lode_buf_fini(&text);
	return call;
}

enum lode_call lode_reply_read(long status, const char *body, size_t len, const struct lode_offer *offer, const struct lode_dialect *dialect,
			       struct lode_reply *out)
{
	cJSON *root = NULL;

	if (status < 200 || status > 299) {
		out->call = refused(status, body, len, out);
		return out->call;
	}
	if (lode_strict_check(body, len, NULL) == LODE_STRICT_OK)
		root = cJSON_ParseWithLength(body, len);
	if (cJSON_IsObject(root))
		out->call = read_envelope(root, offer, dialect, out);
	else if (is_stream(body, len))
		out->call = lode_reply_fail(out, LODE_CALL_STREAM, "the server sends its answer as a stream of events, which was not asked for");
	else
		out->call = lode_reply_fail(out, LODE_CALL_NOT_JSON, "the server's reply is not a JSON object");
	cJSON_Delete(root);
	return out->call;
}
