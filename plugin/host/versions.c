/* The table of RocksDB versions. Read from the published sources of every release between 6.29.5 and 11.8.1; where a range of versions was
 * never released (11.2 to 11.7), what is not known stands as unknown. */
#include "host/versions.h"

#include <errno.h>

#define OLD (LODE_HAZARD_TABLE_RACE | LODE_HAZARD_QUIET_REVERT)

static const struct lode_version rows[] = {
    {629, 808, "6.29 to 8.7", LODE_OPEN_PLAIN, LODE_SET_ONE, 11,
     OLD | LODE_HAZARD_HANGS_STOPPED | LODE_HAZARD_LOST_UPDATES | LODE_HAZARD_FILE_ERROR_SILENT | LODE_HAZARD_FILE_ERROR_IS_LIVE},
    {808, 902, "8.8 to 9.1", LODE_OPEN_PLAIN, LODE_SET_ONE, 11, OLD | LODE_HAZARD_FILE_ERROR_IS_LIVE},
    {902, 908, "9.2 to 9.7", LODE_OPEN_RETRY, LODE_SET_ONE, 11, OLD | LODE_HAZARD_FILE_ERROR_IS_LIVE},
    {908, 911, "9.8 to 9.10", LODE_OPEN_RETRY, LODE_SET_ONE, 11, LODE_HAZARD_QUIET_REVERT | LODE_HAZARD_FILE_ERROR_IS_LIVE},
    {911, 1100, "9.11 to 10.10", LODE_OPEN_UNIQUE, LODE_SET_ONE, 12, LODE_HAZARD_FILE_ERROR_IS_LIVE},
    {1100, 1102, "11.0 to 11.1", LODE_OPEN_UNIQUE, LODE_SET_MANY, 12, LODE_HAZARD_FILE_ERROR_IS_LIVE},
    {1102, 1108, "11.2 to 11.7", LODE_OPEN_UNIQUE, LODE_SET_MANY, 0, LODE_HAZARD_FILE_ERROR_IS_LIVE},
    {1108, 1109, "11.8", LODE_OPEN_UNIQUE, LODE_SET_MANY, 13, LODE_HAZARD_FILE_ERROR_IS_LIVE},
};

#define ROWS (sizeof(rows) / sizeof(*rows))

const struct lode_version *lode_versions(size_t *n)
{
	*n = ROWS;
	return rows;
}

const struct lode_version *lode_version_find(unsigned major, unsigned minor, bool *newer, struct lode_err *err)
{
	unsigned version = major * 100 + minor;

	*newer = minor > 99 || version >= rows[ROWS - 1].before;
	if (*newer)
		return &rows[ROWS - 1];
	if (!version)
		return &rows[0];
	if (version < rows[0].from) {
		lode_err_set(err, ENOTSUP, "RocksDB %u.%u is older than any version that was checked (6.29)", major, minor);
		return NULL;
	}
	for (size_t i = ROWS; i > 0; i--) {
		if (version >= rows[i - 1].from)
			return &rows[i - 1];
	}
	return NULL;
}
