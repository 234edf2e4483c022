/* One look at everything that can be written: the options in force and the block cache, each fetched once. For the files that write. */
#ifndef LODE_HOST_VIEW_H
#define LODE_HOST_VIEW_H

#include "host/write.h"

struct lode_view {
	struct lode_host *h;
	struct lode_options *options; /* NULL where no entry needs them */
	struct lode_cf families[LODE_CF_MAX];
	size_t family_n;
	struct lode_cache cache;
};

/* Fetches what the entries need. Undone by lode_view_close, also after an error. */
int lode_view_open(struct lode_view *v, struct lode_host *h, const struct lode_write *w, size_t n, struct lode_err *err);
void lode_view_close(struct lode_view *v);
/* What one entry holds, or NULL. scratch holds printed numbers. */
const char *lode_view_get(const struct lode_view *v, const struct lode_write *w, char scratch[24]);
/* -ENOENT, and the sentence that goes with an entry that holds nothing. */
int lode_view_missing(const struct lode_write *w, struct lode_err *err);

/* lost.c: after a SetDBOptions of ours; before and after as RocksDB showed them. Sets again what the application had set at the same moment and
 * ours has undone. How many options that were. */
unsigned lode_lost_mend(struct lode_host *h, const struct lode_options *before, const struct lode_options *after, const struct lode_write *w,
			size_t n);

#endif
