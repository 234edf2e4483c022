/* The only file that knows liburcu. Where that library cannot go on it calls abort(), which is not for us to risk in a foreign process: what
 * it would trip over is tried before it is opened, and the one call that a later seccomp filter could take away is switched off. */
#include "agent/rcu.h"

#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ThreadSanitizer cannot see the barriers in the library, so it is told. */
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *);
void __tsan_release(void *);
static char grace;
#define GRACE_RELEASE() __tsan_release(&grace)
#define GRACE_ACQUIRE() __tsan_acquire(&grace)
#else
#define GRACE_RELEASE() ((void)0)
#define GRACE_ACQUIRE() ((void)0)
#endif

static const char *const names[] = {"liburcu-bp.so.8", NULL};

/* Written once, inside `once`. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct lode_err problem;
static bool there;
static struct {
	void (*read_lock)(void), (*read_unlock)(void), (*synchronize)(void);
} rcu;

/* It registers for membarrier(2) where the kernel says that there is one, and wants a thread-specific key. */
static int try_what_it_needs(struct lode_err *err)
{
	pthread_key_t key;
	long can = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	if (can > 0 && (can & MEMBARRIER_CMD_PRIVATE_EXPEDITED) && syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		return lode_err_set(err, EPERM, "membarrier(2) is there and may not be used (%s): liburcu would end the process", strerror(errno));
	if (pthread_key_create(&key, NULL))
		return lode_err_set(err, EAGAIN, "the process has used up its thread-specific keys");
	pthread_key_delete(key);
	return 0;
}

static void open_library(void)
{
	const struct lode_symbol_row rows[] = {
	    {"urcu_bp_read_lock", (void **)&rcu.read_lock},
	    {"urcu_bp_read_unlock", (void **)&rcu.read_unlock},
	    {"urcu_bp_synchronize_rcu", (void **)&rcu.synchronize},
	};
	struct lode_err err = {0};
	bool shared = dlopen(names[0], RTLD_NOW | RTLD_NOLOAD) != NULL;
	void *library;
	int *membarrier;

	if (!shared && try_what_it_needs(&problem))
		return;
	library = lode_library_open(names, LODE_MEMORY_OWN);
	if (!library) {
		lode_err_set(&problem, ENOENT, "liburcu-bp.so.8 is not installed");
		return;
	}
	if (!lode_library_isolation(LODE_MEMORY_OWN) && lode_library_foreign("urcu_bp_read_lock", "liburcu-")) {
		lode_err_set(&problem, EEXIST, "this process has a urcu_bp_read_lock of its own and a sanitizer, so liburcu cannot be kept apart");
		return;
	}
	if (lode_library_bind(library, rows, sizeof(rows) / sizeof(rows[0]), &err)) {
		lode_err_set(&problem, ENOSYS, "liburcu-bp.so.8: %s", err.msg);
		return;
	}
	/* Without it readers use a barrier, a few nanoseconds. Not where the host uses the same copy: its readers may be inside. */
	membarrier = dlsym(library, "urcu_bp_has_sys_membarrier");
	if (!shared && membarrier)
		*membarrier = 0;
	there = true;
}

int lode_rcu_open(struct lode_err *err)
{
	pthread_once(&once, open_library);
	return there ? 0 : lode_err_set(err, problem.code ? problem.code : ENOENT, "%s", problem.msg);
}

void lode_rcu_read_lock(void)
{
	if (there)
		rcu.read_lock();
}

void lode_rcu_read_unlock(void)
{
	GRACE_RELEASE();
	if (there)
		rcu.read_unlock();
}

void lode_rcu_wait(void)
{
	if (there)
		rcu.synchronize();
	GRACE_ACQUIRE();
}
