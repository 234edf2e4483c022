/* One request, in the words that the server at hand understands: what it refuses is left out from then on. Two interfaces: chat completions, as
 * OpenAI, Azure, vLLM, llama.cpp, Ollama and most gateways speak them, and Anthropic's messages. */
#ifndef LODE_ADVISE_DIALECT_H
#define LODE_ADVISE_DIALECT_H

#include "advise/advisor.h"

struct lode_prompt;

enum lode_format {
	LODE_FORMAT_STRICT, /* the schema, held by the server: response_format json_schema {name, strict, schema}; output_config for messages */
	LODE_FORMAT_FLAT,   /* chat: the schema beside the type */
	LODE_FORMAT_OBJECT, /* chat: json_object */
	LODE_FORMAT_NONE,   /* nothing; the object is looked for in the text */
};

struct lode_dialect { /* zeroed: the full request of a current server of chat completions */
	enum lode_api api;
	enum lode_format format;
	bool max_tokens; /* instead of max_completion_tokens */
	bool no_temperature;
	bool extract;    /* this server takes the format and does not follow it: the object is looked for in the text */
};

struct lode_letter {
	const char *model;
	const struct lode_prompt *prompt;
	const char *complaint; /* what was wrong with the answer before; NULL or "" */
	int max_tokens;
	double temperature; /* < 0: not sent */
};

/* The exact bytes of the request body. */
void lode_dialect_request(const struct lode_dialect *d, const struct lode_letter *l, struct lode_buf *out);
/* A refusal that names something that we can leave out: leaves it out and returns true. */
bool lode_dialect_adapt(struct lode_dialect *d, long status, const char *body, size_t len);
bool lode_dialect_same(const struct lode_dialect *a, const struct lode_dialect *b);
/* May prose or a code fence stand around the answer? */
bool lode_dialect_extracts(const struct lode_dialect *d);

const char *lode_api_name(enum lode_api api); /* as in llm.api: "chat", "anthropic" */
/* Where to post, from the configured base. The caller frees; NULL: no memory.
 *   chat      BASE/chat/completions
 *             BASE/chat/completions?api-version=V for a base that ends so (an Azure deployment)
 *   anthropic BASE/v1/messages; a /v1 at the end of the base is not doubled */
char *lode_dialect_url(enum lode_api api, const char *base);
/* What stands before the key in its header line, for that address; and a further header line, or NULL. */
const char *lode_dialect_key_header(enum lode_api api, const char *url);
const char *lode_dialect_header(enum lode_api api);

/* As one line for the journal, with a hash of address and model in front: what was learnt about one is of no use with another. */
void lode_dialect_print(const struct lode_dialect *d, const char *url, const char *model, char *out, size_t len);
/* Takes what it says; false, and *d untouched, if it is of another address, model or api, or nothing that we wrote. */
bool lode_dialect_recall(struct lode_dialect *d, const char *url, const char *model, const char *text);

#endif
