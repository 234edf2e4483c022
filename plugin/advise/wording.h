/* The fixed texts of the prompt: versioned files (prompts/NAME.txt), compiled in, and replaceable by the operator without a build. */
#ifndef LODE_ADVISE_WORDING_H
#define LODE_ADVISE_WORDING_H

#include "advise/advisor.h"

/* X(id, name): system and answer make the system text, task ends the user text. */
#define LODE_WORDINGS(X) X(SYSTEM, "system") X(ANSWER, "answer") X(TASK, "task")
enum lode_wording_part {
#define X(id, name) LODE_WORDING_##id,
	LODE_WORDINGS(X)
#undef X
	LODE_WORDING_N
};

#define LODE_WORDING_VERSION_MAX 24

struct lode_wording { /* zeroed: the built-in texts */
	char *own[LODE_WORDING_N]; /* the operator's, with its version line; NULL: the built-in one */
};

/* The file's first line is "version: WORD"; what follows is sent, with each {{placeholder}} replaced. A file of `dir` that is missing, too large (its tokens
 * are counted: all texts together may take half of `tokens`), without a version, not text, or with a placeholder that does not exist is not used: the
 * built-in text stands in, and notes gets a line that says why. dir NULL or "": the built-in texts. Returns the number of files that were not used. */
int lode_wording_load(struct lode_wording *w, const char *dir, unsigned tokens, struct lode_buf *notes);
void lode_wording_free(struct lode_wording *w);

/* w NULL: the built-in texts. */
void lode_wording_print(const struct lode_wording *w, enum lode_wording_part part, const struct lode_question *q, struct lode_buf *out);
/* "system.2 answer.1 task.1": goes into the prompt and the journal. Returns buf. */
const char *lode_wording_versions(const struct lode_wording *w, char *buf, size_t len);

/* Of prompts/NAME.txt, by part. */
extern const char *const lode_wording_builtin[LODE_WORDING_N];

#endif
