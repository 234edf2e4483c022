/* RocksDB's printed histogram (HistogramStat::ToString), parsed. A pure function of text. */
#ifndef LODE_HOST_HISTOGRAM_H
#define LODE_HOST_HISTOGRAM_H

#include "host/host.h"

/* Fills *out; its sum is average * count. text need not be NUL-terminated. -EINVAL if this is not such a print, or one that contradicts
 * itself (limits not ascending, more buckets than fit, counts beyond the total); *out is then undefined. */
int lode_host_hist_parse(const char *text, size_t len, struct lode_hist *out);

#endif
