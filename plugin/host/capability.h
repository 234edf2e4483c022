/* Asks an image which options it lets be changed in an open database: it is given option objects of our own, in memory of our own, and told to
 * change one value in them in just the way that SetOptions and SetDBOptions do. No database is touched. */
#ifndef LODE_HOST_CAPABILITY_H
#define LODE_HOST_CAPABILITY_H

#include "host/host.h"
#include "host/image.h"

struct lode_scratch;

/* NULL if the image cannot be asked; then *why is a static sentence. Every belief about the image is put to the test first: the size of its
 * objects, the form of its Status, the place of the switch "mutable options only". Takes a millisecond or so. One thread at a time. */
struct lode_scratch *lode_scratch_new(const struct lode_image *image, const char **why);
/* As struct lode_host_ops.changeable. */
int lode_scratch_ask(struct lode_scratch *s, enum lode_scope scope, const char *key, const char *value);
void lode_scratch_free(struct lode_scratch *s);

/* Is the layout of rocksdb::Status, in which every write of ours gets its answer, the one that we know? 1: yes. 0: no. -ENOTSUP: it cannot be
 * tried. lode_scratch_new asks this too. */
int lode_status_fits(const struct lode_image *image);

#endif
