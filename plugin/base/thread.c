/* Starting threads that the host does not notice. */
#include "base/thread.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1u << 1)
#endif

/* Raised by the thread's own fault, and blocked they would end the process without its handler. SIGABRT is not among them: abort() opens it
 * for itself, and from outside (a watchdog) it is meant for the host. */
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

static void mask_of_ours(sigset_t *set)
{
	sigfillset(set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(set, faults[i]);
}

/* The C library takes the thread-local storage of every loaded object out of the stack, and a host may have a megabyte of it. How much it is
 * is not public, but this function has told other runtimes for ten years. */
static size_t stack_of_libc(const pthread_attr_t *attr)
{
	size_t (*minimum)(const pthread_attr_t *) =
	    (size_t(*)(const pthread_attr_t *))(uintptr_t)dlsym(RTLD_DEFAULT, "__pthread_get_minstack");

	return minimum ? minimum(attr) : 64u << 10;
}

static int start(pthread_t *thread, int state, void *(*fn)(void *), void *arg, size_t stack_bytes)
{
	pthread_attr_t attr;
	sigset_t ours, old;
	int rc = pthread_attr_init(&attr);

	if (rc)
		return -rc;
	rc = pthread_attr_setstacksize(&attr, (stack_bytes + stack_of_libc(&attr) + 4095) & ~(size_t)4095);
	if (!rc)
		rc = pthread_attr_setdetachstate(&attr, state);
	if (!rc) {
		mask_of_ours(&ours);
		pthread_sigmask(SIG_SETMASK, &ours, &old);
		rc = pthread_create(thread, &attr, fn, arg);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	pthread_attr_destroy(&attr);
	return -rc;
}

int lode_thread_start(void *(*fn)(void *), void *arg, size_t stack_bytes)
{
	pthread_t thread;

	return start(&thread, PTHREAD_CREATE_DETACHED, fn, arg, stack_bytes);
}

int lode_thread_start_joinable(pthread_t *thread, void *(*fn)(void *), void *arg, size_t stack_bytes)
{
	return start(thread, PTHREAD_CREATE_JOINABLE, fn, arg, stack_bytes);
}

/* ---- descriptors ---- */

/* Kernels before 5.9, and filters that do not know the call, have only the slow way. */
static void close_all(unsigned first, unsigned last)
{
	struct rlimit most;

	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur < last)
		last = (unsigned)most.rlim_cur;
	for (unsigned fd = first; fd <= last; fd++)
		close((int)fd);
}

int lode_thread_own_files(int keep)
{
	unsigned above = keep < 0 ? 0 : (unsigned)keep + 1;

	/* This runtime knows descriptors by number alone, and two tables would be one to it. */
	if (dlsym(RTLD_DEFAULT, "__tsan_init"))
		return -ENOTSUP;
	if (syscall(SYS_close_range, above, ~0u, CLOSE_RANGE_UNSHARE) != 0) {
		if (unshare(CLONE_FILES))
			return -errno;
		close_all(above, ~0u);
	}
	if (keep > 0)
		close_all(0, (unsigned)keep - 1);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fd != keep && open("/dev/null", O_RDWR | O_CLOEXEC) > STDERR_FILENO)
			break; /* keep is one of the three */
	return 0;
}
