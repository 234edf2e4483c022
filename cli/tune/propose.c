/* Proposers without a state of their own. */
#include "tune/propose.h"

#include <errno.h>
#include <stdlib.h>

struct tune_proposer *tune_proposer_plain(const struct tune_proposer_ops *ops, struct lode_err *err)
{
	struct tune_proposer *p = calloc(1, sizeof *p);

	if (p)
		p->ops = ops;
	else
		lode_err_set(err, ENOMEM, "no memory");
	return p;
}

void tune_proposer_plain_free(struct tune_proposer *p)
{
	free(p);
}
