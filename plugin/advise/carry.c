/* Which way a request takes to the model: a recording, the relay, or libcurl. */
#include "advise/carrier.h"
#include "advise/relay.h"
#include "advise/tape.h"

#include <stddef.h>

static bool set(const char *s)
{
	return s && *s;
}

static struct lode_http *open_way(const struct lode_llm_config *c, struct lode_err *err)
{
	const char *path = lode_relay_path(c->url);
	struct lode_carrier *carrier;
	struct lode_http *h;

	if (!set(c->replay) && !path)
		return lode_http_open(err);
	carrier = set(c->replay) ? lode_carrier_replay(c->replay, c->replay_loose, err) : lode_carrier_relay(path, err);
	h = carrier ? lode_http_open_with(carrier, err) : NULL;
	if (carrier && !h)
		carrier->ops->free(carrier);
	return h;
}

struct lode_http *lode_carry(const struct lode_llm_config *c, struct lode_err *err)
{
	struct lode_http *h = open_way(c, err);
	struct lode_tape *t;

	if (!h || !set(c->record))
		return h;
	t = lode_tape_new(c->record, c->clock ? c->clock : &lode_clock_real, err);
	if (t) {
		lode_http_record(h, t);
		return h;
	}
	lode_http_close(h);
	return NULL;
}
