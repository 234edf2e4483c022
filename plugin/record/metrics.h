/* Prometheus text exposition, rendered from plain values. Names: lodestone_*; labels db, cf; the database label is the journal's id. */
#ifndef LODE_RECORD_METRICS_H
#define LODE_RECORD_METRICS_H

#include "base/buf.h"

#include <stdint.h>

enum lode_metric_type { LODE_COUNTER, LODE_GAUGE };

struct lode_expo; /* one exposition being written: every family's HELP and TYPE come once, samples of a family together */
struct lode_expo *lode_expo_new(void);
void lode_expo_free(struct lode_expo *e);
/* labels: NULL or "db=\"...\",cf=\"...\"" made with lode_expo_label. Samples may come in any order; they are grouped by family. */
void lode_expo_add(struct lode_expo *e, const char *family, enum lode_metric_type type, const char *help, const char *labels, double value);
/* Appends name="escaped value" to a label buffer, with a comma where due. */
void lode_expo_label(struct lode_buf *labels, const char *name, const char *value);
void lode_expo_render(const struct lode_expo *e, struct lode_buf *out);

#endif
