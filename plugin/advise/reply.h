/* From what a server sent to a proposal, or to the name of what is wrong with it. Nothing is repaired, guessed or rounded. */
#ifndef LODE_ADVISE_REPLY_H
#define LODE_ADVISE_REPLY_H

#include "advise/dialect.h"

struct lode_json;

/* Another form of answer than a proposal: its schema, and who reads it. Fills why and raw's meaning as lode_reply_content does; what it reads is its own affair. */
struct lode_form {
	void (*schema)(const struct lode_form *f, struct lode_json *j, const char *key);
	enum lode_call (*read)(const struct lode_form *f, const char *text, size_t len, struct lode_reply *out);
};

/* What the prompt offered, and so what may be answered. */
struct lode_offer {
	const struct lode_form *form; /* NULL: a proposal, of what follows */
	bool option[LODE_TUNABLE_MAX];
	uint32_t cf[LODE_CF_MAX]; /* families that were named, by RocksDB's id: cf0, cf3, ... */
	size_t ncf;
	bool own; /* the objective is the program's own metric: expectations may be about that */
};

/* An HTTP reply's status and body, in the order of transport, status, envelope, content, meaning. Fills call, why, tokens, model, raw, wants, and
 * the proposal when the return is LODE_CALL_OK. dialect: how the question was asked, and so how the answer is to be read. */
enum lode_call lode_reply_read(long status, const char *body, size_t len, const struct lode_offer *offer, const struct lode_dialect *dialect,
			       struct lode_reply *out);

/* The content alone: one object as lode_schema_write asks for it. */
enum lode_call lode_reply_content(const char *text, size_t len, const struct lode_offer *offer, struct lode_reply *out);

/* For the two above: fills why, returns call. */
enum lode_call lode_reply_fail(struct lode_reply *out, enum lode_call call, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
