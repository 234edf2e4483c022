/* Up to RocksDB 8.7, SetOptions during a write stop waits for the write leader, which sleeps in DelayWrite until some background job ends;
 * lifting the stop by that very SetOptions does not wake it. DisableFileDeletions followed by EnableFileDeletions(false) does: it signals
 * the condition that the leader waits on, and changes nothing where the application itself holds deletions disabled. So a write is
 * accompanied by a thread that sleeps, and does this only when the call takes suspiciously long. */
#include "host/calls.h"
#include "host/real_private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define FIRST_NS 100000000u
#define AGAIN_NS 200000000u
#define STACK (512u << 10) /* EnableFileDeletions may delete files and write RocksDB's log */

static void *nudge_main(void *arg)
{
	struct lode_nudge *n = arg;
	uint64_t wait = FIRST_NS;

	pthread_setname_np(pthread_self(), "lode-nudge");
	for (;;) {
		lode_futex_wait(&n->done, 0, wait);
		if (atomic_load(&n->done))
			return NULL;
		lode_call_deletions_off_on(n->r->image.sym[SYM_DISABLE_DELETIONS], n->r->image.sym[SYM_ENABLE_DELETIONS], n->r->db);
		wait = AGAIN_NS;
	}
}

static int spawn(struct lode_nudge *n)
{
	sigset_t all, old;
	pthread_attr_t attr;
	int rc;

	if (pthread_attr_init(&attr))
		return -EAGAIN;
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&n->thread, &attr, nudge_main, n);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}

int lode_nudge_start(struct lode_nudge *n, struct lode_real *r, struct lode_err *err)
{
	uint64_t stopped = 0;

	memset(n, 0, sizeof(*n));
	n->r = r;
	if (!lode_image_before(&r->image, 8, 8))
		return 0;
	if (r->image.sym[SYM_DISABLE_DELETIONS] && r->image.sym[SYM_ENABLE_DELETIONS])
		n->running = spawn(n) == 0;
	if (n->running)
		return 0;
	lode_call_int_property(r->image.sym[SYM_GET_INT_PROPERTY], r->db, r->families.at[0].handle, "rocksdb.is-write-stopped", &stopped);
	return stopped ? lode_err_set(err, EAGAIN, "writes are stopped, and this RocksDB would hang on a change now") : 0;
}

void lode_nudge_stop(struct lode_nudge *n)
{
	if (!n->running)
		return;
	atomic_store(&n->done, 1);
	lode_futex_wake(&n->done);
	pthread_join(n->thread, NULL);
}
