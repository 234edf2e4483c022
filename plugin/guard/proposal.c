/* Names of the rules. */
#include "guard/proposal.h"

const char *lode_rule_name(enum lode_rule r)
{
	static const char *const names[] = {
#define X(id, name) name,
	    LODE_RULES(X)
#undef X
	};

	return (size_t)r < LODE_RULE_N ? names[r] : "?";
}
