/* Sizes, offsets and numbers that programs have compiled into themselves: they stay as they are for as long as the SONAME does. A member may be added
 * behind the last, and a number after the highest; whoever changes one that is there raises SOVERSION in CMakeLists.txt. The compiler checks it all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lodestone.h"

#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")

#if defined __x86_64__ || defined __aarch64__
AT(lodestone_event_t, kind, 0);
AT(lodestone_event_t, database, 8);
AT(lodestone_event_t, trial, 16);
AT(lodestone_event_t, option, 24);
AT(lodestone_event_t, family, 32);
AT(lodestone_event_t, value, 40);
AT(lodestone_event_t, what, 48);
AT(lodestone_event_t, why, 56);
_Static_assert(sizeof(lodestone_event_t) >= 64, "lodestone_event_t has become smaller");
#endif

_Static_assert(LODESTONE_APPLIED == 1 && LODESTONE_REVERTED == 2 && LODESTONE_VERDICT == 3, "numbers of events have changed");

/* The types of functions: a program that passes other arguments was built against another interface. */
_Static_assert(_Generic(&lodestone_attach, lodestone_t *(*)(struct rocksdb_t *, const lodestone_options_t *, char **): 1, default: 0), "lodestone_attach");
_Static_assert(_Generic(&lodestone_attach_cpp, lodestone_t *(*)(void *, const lodestone_options_t *, char **): 1, default: 0), "lodestone_attach_cpp");
_Static_assert(_Generic(&lodestone_detach, void (*)(lodestone_t *): 1, default: 0), "lodestone_detach");
_Static_assert(_Generic(&lodestone_status_json, char *(*)(const lodestone_t *, char **): 1, default: 0), "lodestone_status_json");
_Static_assert(_Generic(&lodestone_options_set, void (*)(lodestone_options_t *, const char *, const char *, char **): 1, default: 0), "lodestone_options_set");
_Static_assert(_Generic(&lodestone_options_set_event_callback, void (*)(lodestone_options_t *, lodestone_event_fn *, void *): 1, default: 0),
	       "lodestone_options_set_event_callback");
_Static_assert(_Generic(&lodestone_options_set_advisor, void (*)(lodestone_options_t *, const char *, lodestone_advisor_fn *, void *): 1, default: 0),
	       "lodestone_options_set_advisor");
_Static_assert(_Generic(&lodestone_question_propose, int (*)(lodestone_question_t *, const char *, int64_t): 1, default: 0), "lodestone_question_propose");

extern const char lode_version[]; /* what `strings` finds in the libraries */

static void test_version(void **state)
{
	(void)state;
	assert_string_equal(lode_version + strlen("lodestone "), lodestone_version());
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_version)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
