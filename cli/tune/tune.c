/* The values that the parts of the offline loop hand each other. */
#include "tune/tune.h"

#include <stdlib.h>
#include <string.h>

void tune_result_fini(struct tune_result *r)
{
	free(r->rate);
	free(r->statistics);
	free(r->shape);
	memset(r, 0, sizeof(*r));
}
