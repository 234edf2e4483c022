/* What stands around an answer. Chat completions: choices[0].message.content and finish_reason. Messages: content blocks and stop_reason. */
#include "advise/envelope.h"
#include "advise/text.h"

#include <string.h>

const cJSON *lode_envelope_member(const cJSON *object, const char *name)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const char *lode_envelope_text(const cJSON *item)
{
	const char *s = cJSON_GetStringValue(item);

	return s && *s ? s : NULL;
}

static uint64_t count_of(const cJSON *usage, const char *name)
{
	const cJSON *n = lode_envelope_member(usage, name);

	return cJSON_IsNumber(n) && n->valuedouble > 0 && n->valuedouble < 1e9 ? (uint64_t)n->valuedouble : 0;
}

/* Tokens for reasoning are among the completion tokens already; tokens read from a cache are not among Anthropic's input tokens. */
static void usage_of(const cJSON *root, struct lode_reply *out)
{
	const cJSON *u = lode_envelope_member(root, "usage");

	out->prompt_tokens = count_of(u, "prompt_tokens") + count_of(u, "input_tokens") + count_of(u, "cache_creation_input_tokens") +
			     count_of(u, "cache_read_input_tokens");
	out->completion_tokens = count_of(u, "completion_tokens") + count_of(u, "output_tokens");
}

/* Why models stop, in the words of both interfaces and of the servers that speak them loosely. What is not here is no good ending. */
static const struct {
	const char *word;
	enum lode_call call;
	const char *why;
} endings[] = {
    {"stop", LODE_CALL_OK, NULL},
    {"end_turn", LODE_CALL_OK, NULL},
    {"eos", LODE_CALL_OK, NULL},
    {"eos_token", LODE_CALL_OK, NULL},
    {"length", LODE_CALL_TRUNCATED, "the answer was cut at the length limit"},
    {"max_tokens", LODE_CALL_TRUNCATED, "the answer was cut at the length limit"},
    {"model_length", LODE_CALL_TOO_LONG, "prompt and answer do not fit into the model's context"},
    {"model_context_window_exceeded", LODE_CALL_TOO_LONG, "prompt and answer do not fit into the model's context"},
    {"content_filter", LODE_CALL_FILTERED, "the answer was withheld by a content filter"},
    {"refusal", LODE_CALL_REFUSAL, "the model refused"},
    {"tool_calls", LODE_CALL_TOOLS, "the model wants to call a tool; it was given none"},
    {"function_call", LODE_CALL_TOOLS, "the model wants to call a tool; it was given none"},
    {"tool_use", LODE_CALL_TOOLS, "the model wants to call a tool; it was given none"},
    {"insufficient_system_resource", LODE_CALL_OVERLOADED, "the server gave up in the middle of the answer"},
    {"error", LODE_CALL_API_ERROR, "the server failed in the middle of the answer"},
};

static enum lode_call ending(const char *word, struct lode_reply *out)
{
	char plain[80];

	for (size_t i = 0; word && i < sizeof endings / sizeof endings[0]; i++)
		if (!strcmp(word, endings[i].word))
			return endings[i].call == LODE_CALL_OK ? LODE_CALL_OK : lode_reply_fail(out, endings[i].call, "%s", endings[i].why);
	lode_text_plain(plain, sizeof plain, word ? word : "null", word ? strlen(word) : 4);
	return lode_reply_fail(out, LODE_CALL_UNFINISHED, "the answer ended for the reason '%s', not by itself", plain);
}

/* A text, or blocks of which those of type text are the answer; thoughts are passed over. False if a block is something to be acted upon. */
static bool text_of(const cJSON *content, struct lode_buf *text)
{
	const cJSON *block;

	if (cJSON_IsString(content))
		lode_buf_adds(text, content->valuestring);
	if (!cJSON_IsArray(content))
		return true;
	cJSON_ArrayForEach(block, content)
	{
		const char *type = lode_envelope_text(lode_envelope_member(block, "type"));
		const char *words = lode_envelope_text(lode_envelope_member(block, "text"));

		if (type && strstr(type, "tool_use"))
			return false;
		if (type && words && !strcmp(type, "text"))
			lode_buf_adds(text, words);
	}
	return true;
}

static enum lode_call take_content(const cJSON *content, struct lode_buf *text, struct lode_reply *out)
{
	if (!text_of(content, text))
		return lode_reply_fail(out, LODE_CALL_TOOLS, "the model wants to call a tool; it was given none");
	if (text->failed)
		return lode_reply_fail(out, LODE_CALL_INTERNAL, "no memory for the answer");
	return text->len ? LODE_CALL_OK : lode_reply_fail(out, LODE_CALL_EMPTY, "the answer has no content");
}

static enum lode_call open_chat(const cJSON *root, struct lode_buf *text, struct lode_reply *out)
{
	const cJSON *choice = cJSON_GetArrayItem(lode_envelope_member(root, "choices"), 0);
	const cJSON *message = lode_envelope_member(choice, "message");
	const char *refusal = lode_envelope_text(lode_envelope_member(message, "refusal"));
	char plain[160];

	if (!cJSON_IsObject(choice))
		return lode_reply_fail(out, LODE_CALL_NO_CHOICES, "the server's reply holds no answer");
	if (refusal) {
		lode_text_plain(plain, sizeof plain, refusal, strlen(refusal));
		return lode_reply_fail(out, LODE_CALL_REFUSAL, "the model refused: %s", plain);
	}
	enum lode_call call = ending(lode_envelope_text(lode_envelope_member(choice, "finish_reason")), out);
	return call == LODE_CALL_OK ? take_content(lode_envelope_member(message, "content"), text, out) : call;
}

static enum lode_call open_messages(const cJSON *root, struct lode_buf *text, struct lode_reply *out)
{
	const cJSON *content = lode_envelope_member(root, "content");

	if (!cJSON_IsArray(content))
		return lode_reply_fail(out, LODE_CALL_NO_CHOICES, "the server's reply holds no answer");
	enum lode_call call = ending(lode_envelope_text(lode_envelope_member(root, "stop_reason")), out);
	return call == LODE_CALL_OK ? take_content(content, text, out) : call;
}

void lode_envelope_who(const cJSON *root, struct lode_reply *out)
{
	const char *model = lode_envelope_text(lode_envelope_member(root, "model"));

	if (model)
		lode_text_plain(out->model, sizeof out->model, model, strlen(model));
	usage_of(root, out);
}

enum lode_call lode_envelope_open(const cJSON *root, enum lode_api api, struct lode_buf *text, struct lode_reply *out)
{
	return api == LODE_API_ANTHROPIC ? open_messages(root, text, out) : open_chat(root, text, out);
}
