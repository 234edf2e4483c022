/* What may carry a request to a model and its answer back in libcurl's place: the relay's socket, or a recording. Behind lode_http, so that
 * whoever asks need not know. */
#ifndef LODE_ADVISE_CARRIER_H
#define LODE_ADVISE_CARRIER_H

#include "advise/http.h"

struct lode_carrier_ops {
	/* Fills all of *out but seconds, which it may leave 0. *body is empty. Ends soon after cancel_fd becomes readable. */
	void (*post)(struct lode_carrier *c, const struct lode_http_request *q, int cancel_fd, struct lode_buf *body, struct lode_http_reply *out);
	void (*free)(struct lode_carrier *c);
	bool instant; /* takes no time: nothing is ever waited for, seconds are what it says, and it may be used on the asker's own thread */
};

struct lode_carrier { /* none of them is given a key */
	const struct lode_carrier_ops *ops;
};

struct lode_carrier *lode_carrier_relay(const char *path, struct lode_err *err);
/* loose: a request that is not the recorded one is answered all the same. */
struct lode_carrier *lode_carrier_replay(const char *file, bool loose, struct lode_err *err);

/* As the configuration says: llm.replay, else the relay of a unix: address, else libcurl; with a tape if llm.record is set. */
struct lode_http *lode_carry(const struct lode_llm_config *c, struct lode_err *err);

#endif
