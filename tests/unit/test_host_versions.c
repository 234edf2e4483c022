/* The table of versions: every release that was read finds its row, and the row says what its sources say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/versions.h"

#include <errno.h>
#include <string.h>

#define WAITS (LODE_HAZARD_HANGS_STOPPED | LODE_HAZARD_LOST_UPDATES | LODE_HAZARD_FILE_ERROR_SILENT)

/* From the tags of the published sources: first and last release of everything that differs. */
static const struct {
	unsigned major, minor;
	enum lode_open_form open;
	enum lode_set_form set;
	unsigned word;
	bool waits, race, revert;
} releases[] = {
    {6, 29, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, true, true, true},      {7, 0, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, true, true, true},
    {7, 8, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, true, true, true},       {7, 10, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, true, true, true},
    {8, 0, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, true, true, true},       {8, 7, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, true, true, true},
    {8, 8, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, false, true, true},      {8, 11, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, false, true, true},
    {9, 0, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, false, true, true},      {9, 1, LODE_OPEN_PLAIN, LODE_SET_ONE, 11, false, true, true},
    {9, 2, LODE_OPEN_RETRY, LODE_SET_ONE, 11, false, true, true},      {9, 7, LODE_OPEN_RETRY, LODE_SET_ONE, 11, false, true, true},
    {9, 8, LODE_OPEN_RETRY, LODE_SET_ONE, 11, false, false, true},     {9, 10, LODE_OPEN_RETRY, LODE_SET_ONE, 11, false, false, true},
    {9, 11, LODE_OPEN_UNIQUE, LODE_SET_ONE, 12, false, false, false},  {10, 0, LODE_OPEN_UNIQUE, LODE_SET_ONE, 12, false, false, false},
    {10, 10, LODE_OPEN_UNIQUE, LODE_SET_ONE, 12, false, false, false}, {11, 0, LODE_OPEN_UNIQUE, LODE_SET_MANY, 12, false, false, false},
    {11, 1, LODE_OPEN_UNIQUE, LODE_SET_MANY, 12, false, false, false}, {11, 5, LODE_OPEN_UNIQUE, LODE_SET_MANY, 0, false, false, false},
    {11, 8, LODE_OPEN_UNIQUE, LODE_SET_MANY, 13, false, false, false},
};

static void every_release(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++) {
		struct lode_err err = {0};
		bool newer = true;
		const struct lode_version *row = lode_version_find(releases[i].major, releases[i].minor, &newer, &err);

		assert_non_null(row);
		assert_false(newer);
		assert_int_equal(row->open, releases[i].open);
		assert_int_equal(row->set, releases[i].set);
		assert_int_equal(row->statistics_word, releases[i].word);
		assert_int_equal(row->hazards & WAITS, releases[i].waits ? WAITS : 0);
		assert_int_equal(!!(row->hazards & LODE_HAZARD_TABLE_RACE), releases[i].race);
		assert_int_equal(!!(row->hazards & LODE_HAZARD_QUIET_REVERT), releases[i].revert);
		assert_true(row->hazards & LODE_HAZARD_FILE_ERROR_IS_LIVE);
	}
}

static void rows_are_whole(void **state)
{
	size_t n;
	const struct lode_version *rows = lode_versions(&n);

	(void)state;
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		bool newer = true;

		assert_true(rows[i].from < rows[i].before && strlen(rows[i].name) > 0);
		assert_true(i == 0 || rows[i - 1].before == rows[i].from);
		assert_ptr_equal(lode_version_find(rows[i].from / 100, rows[i].from % 100, &newer, NULL), &rows[i]);
		assert_false(newer);
	}
}

static void outside(void **state)
{
	size_t n;
	const struct lode_version *rows = lode_versions(&n);
	struct lode_err err = {0};
	bool newer = false;

	(void)state;
	assert_null(lode_version_find(6, 28, &newer, &err));
	assert_int_equal(err.code, ENOTSUP);
	assert_non_null(strstr(err.msg, "6.28"));
	assert_false(newer);
	assert_null(lode_version_find(5, 99, &newer, NULL));
	assert_ptr_equal(lode_version_find(11, 9, &newer, NULL), &rows[n - 1]);
	assert_true(newer);
	assert_ptr_equal(lode_version_find(12, 0, &newer, NULL), &rows[n - 1]);
	assert_true(newer);
	/* a version that is not told has every hazard of an old one */
	assert_ptr_equal(lode_version_find(0, 0, &newer, NULL), &rows[0]);
	assert_false(newer);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(rows[i].hazards & ~rows[0].hazards, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_release),
	    cmocka_unit_test(rows_are_whole),
	    cmocka_unit_test(outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
