/* Is the database still there? Where the preload or a listener sees it closing, that is known. A program that attaches by itself promises to detach first;
 * this is for the day on which it does not. A database that is gone has another vtable pointer, or none, or is another one at the same address, with
 * another session. Nothing of it is touched then. RocksDB asserts when it closes that nobody holds a handle of
 * its families, so ours are given back whenever we rest. While we look it can still go: a promise is better. */
#include "host/calls.h"
#include "host/closing.h"
#include "host/probe.h"
#include "host/real_private.h"

#include <stdio.h>
#include <string.h>

static void take(void *ctx, const char *text, size_t len)
{
	char *out = ctx;

	if (len < LODE_SESSION_MAX)
		memcpy(out, text, len + 1);
}

static void session_of(const struct lode_real *r, char *out)
{
	out[0] = '\0';
	if (r->image.sym[SYM_DB_SESSION])
		lode_call_db_session(r->image.sym[SYM_DB_SESSION], r->db, take, out);
}

void lode_alive_begin(struct lode_real *r)
{
	r->unseen = true;
	session_of(r, r->session);
}

bool lode_alive_look(struct lode_real *r)
{
	const void *plain = lode_image_vptr(&r->image, SYM_DB_VTABLE);
	void *vptr;

	if (!r->gone && r->unseen && (!lode_probe_read(r->db, &vptr, sizeof(vptr)) || (vptr != plain && lode_watch_class(vptr) != plain)))
		r->gone = true;
	return !r->gone;
}

bool lode_alive_same(struct lode_real *r)
{
	char now[LODE_SESSION_MAX];

	if (!r->unseen || !lode_alive_look(r))
		return !r->gone;
	session_of(r, now);
	r->gone = strcmp(now, r->session) != 0;
	return !r->gone;
}

bool lode_host_real_alive(struct lode_host *h)
{
	struct lode_real *r = (struct lode_real *)h;
	bool alive;

	if (!r->unseen || !lode_gate_enter(&r->gate))
		return true; /* or it is closing in good order */
	alive = lode_alive_same(r);
	lode_gate_leave(&r->gate);
	return alive;
}

void lode_host_real_rest(struct lode_host *h)
{
	struct lode_real *r = (struct lode_real *)h;

	if (!r || !r->unseen || !lode_gate_enter(&r->gate))
		return;
	if (lode_alive_look(r))
		lode_families_rest(r);
	lode_gate_leave(&r->gate);
}
