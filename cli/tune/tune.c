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

const char *tune_fix_option(const char *name)
{
	size_t digits = strncmp(name, "cf", 2) == 0 ? strspn(name + 2, "0123456789") : 0;

	return digits && name[2 + digits] == '.' ? name + 3 + digits : name;
}
