/* Up to RocksDB 8.7, SetOptions during a write stop waits for the write leader, which sleeps in DelayWrite until some background job ends;
 * lifting the stop by that very SetOptions does not wake it. DisableFileDeletions followed by EnableFileDeletions(false) does: it signals
 * the condition that the leader waits on, and changes nothing where the application itself holds deletions disabled (then the end of the next
 * job wakes it). So a write is accompanied by a thread that looks on, and does this when the stop is over and the call still is not. While
 * the stop lasts it would be of no use: the leader would look and sleep on. It costs a scan of the database directory, so not at every look. */
#include "base/thread.h"
#include "host/calls.h"
#include "host/real_private.h"

#include <errno.h>
#include <string.h>

#define LOOK_NS 50000000u
#define BLIND 10 /* looks after which it is done although no stop was seen: it may have come and gone unseen within the call */
#define STACK (512u << 10) /* EnableFileDeletions may delete files and write RocksDB's log */

static bool stopped(const struct lode_nudge *n)
{
	uint64_t value = 0;

	lode_call_int_property(n->r->image.sym[SYM_GET_INT_PROPERTY], n->r->db, n->r->families.at[0].handle, "rocksdb.is-write-stopped",
			       &value);
	return value;
}

static void *nudge_main(void *arg)
{
	struct lode_nudge *n = arg;

	pthread_setname_np(pthread_self(), "lode-nudge");
	for (unsigned look = 1;; look++) {
		lode_futex_wait(&n->done, 0, LOOK_NS);
		if (atomic_load(&n->done))
			return NULL;
		if (stopped(n)) {
			n->seen = true;
			continue;
		}
		if (!n->seen && look % BLIND)
			continue;
		lode_call_deletions_off_on(n->r->image.sym[SYM_DISABLE_DELETIONS], n->r->image.sym[SYM_ENABLE_DELETIONS], n->r->db);
		n->seen = false;
	}
}

int lode_nudge_start(struct lode_nudge *n, struct lode_real *r, struct lode_err *err)
{
	memset(n, 0, sizeof(*n));
	n->r = r;
	if (!(r->image.row->hazards & LODE_HAZARD_HANGS_STOPPED))
		return 0;
	n->seen = stopped(n);
	if (r->image.sym[SYM_DISABLE_DELETIONS] && r->image.sym[SYM_ENABLE_DELETIONS])
		n->running = lode_thread_start_joinable(&n->thread, nudge_main, n, STACK) == 0;
	if (n->running)
		return 0;
	return n->seen ? lode_err_set(err, EAGAIN, "writes are stopped, and this RocksDB would hang on a change now") : 0;
}

void lode_nudge_stop(struct lode_nudge *n)
{
	if (!n->running)
		return;
	atomic_store(&n->done, 1);
	lode_futex_wake(&n->done);
	pthread_join(n->thread, NULL);
}
