/* What differs between RocksDB versions, one row a range: the forms of functions, a place in DBOptions, and hazards to be careful of. A row is
 * looked up once, by the version that the image names, and checked against the image's own symbols before it is believed. Constant data. */
#ifndef LODE_HOST_VERSIONS_H
#define LODE_HOST_VERSIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* What a writer must expect of this RocksDB. */
enum lode_hazard {
	LODE_HAZARD_HANGS_STOPPED = 1u << 0,	   /* SetOptions and SetDBOptions wait for the write leader, which sleeps while writes are stopped */
	LODE_HAZARD_LOST_UPDATES = 1u << 1,	   /* SetDBOptions calls of two threads undo each other's values */
	LODE_HAZARD_FILE_ERROR_SILENT = 1u << 2,   /* no OPTIONS file could be written: the call says OK (fail_if_options_file_error is off by default) */
	LODE_HAZARD_FILE_ERROR_IS_LIVE = 1u << 3,  /* no OPTIONS file could be written: the call says IOError, yet the values are in force */
	LODE_HAZARD_TABLE_RACE = 1u << 4,	   /* table options change the live factory, shared by families and unlocked */
	LODE_HAZARD_QUIET_REVERT = 1u << 5,	   /* a job that began before SetOptions puts the old values in force again when it ends */
};

enum lode_open_form { LODE_OPEN_PLAIN, LODE_OPEN_RETRY, LODE_OPEN_UNIQUE }; /* DBImpl::Open: DB**, bb · DB**, bbbPb · unique_ptr<DB>*, bbbPb */
enum lode_set_form { LODE_SET_ONE, LODE_SET_MANY };			    /* SetOptions: one family · a map of families */

struct lode_version {
	unsigned from, before; /* major * 100 + minor: 629, 808 */
	const char *name;      /* "6.29 to 8.7" */
	enum lode_open_form open;
	enum lode_set_form set;
	unsigned char statistics_word; /* of DBOptions; 0: not known */
	unsigned hazards;	       /* enum lode_hazard */
};

/* The rows, ascending, without a gap. */
const struct lode_version *lode_versions(size_t *n);
/* The row for a version. Above the last row: the last one, and *newer. NULL and -ENOTSUP in *err: older than any version that was checked.
 * 0.0 (this RocksDB does not say): the first row, which has every hazard of an old one. */
const struct lode_version *lode_version_find(unsigned major, unsigned minor, bool *newer, struct lode_err *err);

#endif
