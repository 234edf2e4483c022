/* The door through the linker: this program has one function and one class of RocksDB under their names, and exports neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/linked.c"
#include "base/err.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VTABLE "_ZTVN7rocksdb6DBImplE"
#define CREATE "rocksdb_options_create"

/* Defined in assembler, because linked.c has declared them; weak as there, for assemblers that want one binding. */
__asm__(".pushsection .data\n.balign 16\n.weak " VTABLE "\n" VTABLE ":\n.zero 256\n.popsection\n"
	".pushsection .text\n.weak " CREATE "\n" CREATE ":\nret\n.popsection\n");

static void names(void **state)
{
	void *linked = lode_image_around(lode_linked_SYM_DB_VTABLE + 16);

	(void)state;
	assert_true(lode_image_is_linked(linked));
	assert_null(dlsym(RTLD_DEFAULT, VTABLE)); /* else this test shows nothing */
	assert_ptr_equal(lode_image_symbol(linked, VTABLE), lode_linked_SYM_DB_VTABLE);
	assert_ptr_equal(lode_image_symbol(linked, CREATE), lode_linked_SYM_C_OPTIONS_CREATE);
	assert_non_null(lode_linked_SYM_C_OPTIONS_CREATE);
	assert_null(lode_image_symbol(linked, "rocksdb_options_destroy")); /* in the table, and not in this program */
	assert_null(lode_image_symbol(linked, "malloc"));		    /* in the program, and not in the table */
	assert_string_equal(lode_image_name(linked, lode_linked_SYM_DB_VTABLE), VTABLE);
	assert_null(lode_image_name(linked, lode_linked_SYM_DB_VTABLE + 1));
	assert_null(lode_image_name(linked, NULL));
}

/* Whose object is it? */
static void around(void **state)
{
	char *own_class = calloc(1, 256); /* the application's, around one of ours */

	(void)state;
	assert_true(lode_image_is_linked(lode_image_around(own_class)));
	assert_true(lode_image_is_linked(lode_image_around((const char *)&abs))); /* in a library without RocksDB */
	assert_false(lode_image_is_linked(NULL));
	assert_false(lode_image_is_linked(own_class));
	assert_true(lode_linked_ours(lode_linked) && lode_linked_ours((const void *)(uintptr_t)names));
	assert_false(lode_linked_ours(own_class) || lode_linked_ours(NULL) || lode_linked_ours((const void *)(uintptr_t)dlsym(RTLD_DEFAULT, "malloc")));
	free(own_class);
}

/* What is missing is said as it is elsewhere, and nothing is called. */
static void incomplete(void **state)
{
	struct lode_image image;
	struct lode_err err = {0};

	(void)state;
	assert_int_equal(lode_image_resolve(lode_image_around(lode_linked_SYM_DB_VTABLE), &image, &err), -ENOTSUP);
	assert_string_equal(err.msg, "this RocksDB has no DB::GetIntProperty");
}

/* Every name once, so that no row hides another; the mark behind them. */
static void table(void **state)
{
	const struct lode_linked *end = lode_linked;

	(void)state;
	assert_string_equal(lode_linked[SYM_DB_VTABLE].name, VTABLE);
	for (; end->name; end++)
		for (const struct lode_linked *l = lode_linked; l < end; l++)
			assert_string_not_equal(l->name, end->name);
	assert_true(end - lode_linked > SYM_N);
	assert_string_equal(end->address, LODE_LINKED_MARK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(around),
	    cmocka_unit_test(incomplete),
	    cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
