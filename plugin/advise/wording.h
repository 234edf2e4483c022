/* The fixed texts of the prompt: versioned files (prompts/NAME.txt), compiled in, and replaceable by the operator without a build. */
#ifndef LODE_ADVISE_WORDING_H
#define LODE_ADVISE_WORDING_H

#include "advise/advisor.h"

/* X(id, name): system and answer make the system text, task ends the user text. offline is the system text of the offline loop, which has no other. */
#define LODE_WORDINGS(X) X(SYSTEM, "system") X(ANSWER, "answer") X(TASK, "task") X(OFFLINE, "offline")
enum lode_wording_part {
#define X(id, name) LODE_WORDING_##id,
	LODE_WORDINGS(X)
#undef X
	LODE_WORDING_N
};
#define LODE_WORDING_LIVE LODE_WORDING_OFFLINE /* those before it belong to the live tuner */

#define LODE_WORDING_VERSION_MAX 24

struct lode_wording { /* zeroed: the built-in texts */
	char *own[LODE_WORDING_N]; /* the operator's, with its version line; NULL: the built-in one */
};

/* The file's first line is "version: WORD"; what follows is sent, with each {{placeholder}} replaced. A file of `dir` that is missing, too large (its tokens
 * are counted: all texts together may take half of `tokens`), without a version, not text, or with a placeholder that does not exist is not used: the
 * built-in text stands in, and notes gets a line that says why. dir NULL or "": the built-in texts. Returns the number of files that were not used. */
int lode_wording_load(struct lode_wording *w, const char *dir, unsigned tokens, struct lode_buf *notes);
int lode_wording_load_offline(struct lode_wording *w, const char *dir, unsigned tokens, struct lode_buf *notes); /* that one alone */
void lode_wording_free(struct lode_wording *w);

/* w NULL: the built-in texts. q NULL: what a placeholder would say of it is the default. */
void lode_wording_print(const struct lode_wording *w, enum lode_wording_part part, const struct lode_question *q, struct lode_buf *out);
/* "system.2 answer.1 task.1": goes into the prompt and the journal. Returns buf. */
const char *lode_wording_versions(const struct lode_wording *w, char *buf, size_t len);
const char *lode_wording_version_offline(const struct lode_wording *w, char *buf, size_t len); /* "offline.1" */

/* Of prompts/NAME.txt, by part. */
extern const char *const lode_wording_builtin[LODE_WORDING_N];

#endif
