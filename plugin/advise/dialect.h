/* One request, in the words that the server at hand understands: what it refuses is left out from then on. */
#ifndef LODE_ADVISE_DIALECT_H
#define LODE_ADVISE_DIALECT_H

#include "advise/prompt.h"

enum lode_format {
	LODE_FORMAT_STRICT, /* response_format json_schema: {name, strict, schema} */
	LODE_FORMAT_FLAT,   /* the schema beside the type */
	LODE_FORMAT_OBJECT, /* json_object */
	LODE_FORMAT_NONE,   /* nothing; the object is looked for in the text */
};

struct lode_dialect { /* zeroed: the full request of a current server */
	enum lode_format format;
	bool max_tokens; /* instead of max_completion_tokens */
	bool no_temperature;
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
/* A refusal (400 or 422) that names something that we can leave out: leaves it out and returns true. */
bool lode_dialect_adapt(struct lode_dialect *d, long status, const char *body, size_t len);

#endif
