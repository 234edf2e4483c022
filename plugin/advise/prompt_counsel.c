/* The section of our own rules' counsel: what they would do now, and why they do not. A yardstick for the model, which may know better. */
#include "advise/prompt_private.h"
#include "advise/catalogue.h"
#include "advise/expert.h"

#include <math.h>
#include <stdlib.h>

#define COUNSELS 2 /* that are spelt out; of the others the names */

static void advised(struct lode_buf *b, const struct lode_advised *a)
{
	lode_buf_addf(b, "- %s", a->rule->name);
	for (size_t i = 0; i < a->proposal.n && i < LODE_CHANGES_MAX; i++)
		lode_catalogue_change(b, &a->proposal.change[i], i ? ", " : ": ");
	if (isfinite(a->proposal.expect) && a->proposal.expect > 0)
		lode_buf_addf(b, "; it expects +%s", PCT(lode_num_round(a->proposal.expect, 1)));
	if (*a->held)
		lode_buf_addf(b, "; held back: %s", a->held);
	lode_buf_adds(b, "\n");
}

void lode_page_counsel(struct lode_page *p)
{
	struct lode_counsel *c = calloc(1, sizeof *c);

	if (c)
		lode_expert_counsel(p->q, c);
	else
		p->b->failed = true;
	if (c && c->n)
		lode_buf_adds(p->b, "\n# What the built-in rules would do, the best first\n");
	for (size_t i = 0; c && i < c->n && i < LODE_COUNSEL_MAX; i++) {
		if (i < COUNSELS)
			advised(p->b, &c->a[i]);
		else
			lode_buf_addf(p->b, "%s%s%s", i == COUNSELS ? "- further: " : ", ", c->a[i].rule->name, i + 1 == c->n || i + 1 == LODE_COUNSEL_MAX ? "\n" : "");
	}
	free(c);
}
