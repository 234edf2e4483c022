/* Names of what can become of a model call. */
#include "advise/advisor.h"

const char *lode_call_name(enum lode_call c)
{
	static const char *const names[] = {
#define X(id, name) name,
	    LODE_CALLS(X)
#undef X
	};

	return (unsigned)c < LODE_CALL_N ? names[c] : "unknown";
}
