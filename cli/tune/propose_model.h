/* Inside of the model's proposals: the prompt, and how an answer is read. Values in, values out; the network is propose_model.c's. */
#ifndef LODE_TUNE_PROPOSE_MODEL_H
#define LODE_TUNE_PROPOSE_MODEL_H

#include "advise/prompt.h"
#include "tune/propose.h"

#define TUNE_PROMPT_TOKENS 6000

/* The form of an answer; what was read goes to `out`. */
struct tune_form {
	struct lode_form base;
	struct tune_proposal *out;
};
void tune_form_init(struct tune_form *f, struct tune_proposal *out);

/* The whole prompt, never more than v->spec->prompt_tokens as tokens.h counts them: what has no room is cut in this order: options that are at their defaults and
 * of which nobody knows more than the default, what became of wishes, older iterations, ranges. No path, no name of the machine, of the database or of its
 * families; texts of RocksDB or of the benchmark only with whatever looks like a path blotted out. form is borrowed by the prompt. 0 or -ENOMEM. lode_prompt_fini
 * in any case. */
int tune_prompt_build(const struct tune_view *v, const struct lode_wording *w, const struct tune_form *form, struct lode_prompt *out);

#endif
