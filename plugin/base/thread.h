/* A thread of ours in somebody else's process. */
#ifndef LODE_BASE_THREAD_H
#define LODE_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Starts a detached thread in which signals meant for the host cannot be delivered to us: all are blocked but those that the thread itself
 * raises by a fault, so that the host's crash handler works for our faults as for its own. The caller's mask is as it was. stack_bytes is what
 * the thread can use; thread-local storage of the host comes on top. Returns 0 or a negative errno. */
int lode_thread_start(void *(*fn)(void *), void *arg, size_t stack_bytes);
/* The same, to be joined. */
int lode_thread_start_joinable(pthread_t *thread, void *(*fn)(void *), void *arg, size_t stack_bytes);

/* Gives the calling thread a descriptor table of its own, with nothing in it but `keep` (below 0: not even that) and /dev/null for the
 * standard streams: what the thread, the libraries that it calls and the threads that they start open from then on cannot be inherited by a
 * child of the host, and costs the host no descriptor. Returns 0 or a negative errno; then the thread shares the host's table as before. */
int lode_thread_own_files(int keep);

#endif
