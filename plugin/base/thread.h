/* A thread of ours in somebody else's process. */
#ifndef LODE_BASE_THREAD_H
#define LODE_BASE_THREAD_H

#include <stddef.h>

/* Starts a detached thread with all signals blocked in it: signals meant for the host must not be delivered to us. The caller's mask is as it was.
 * Returns 0 or a negative errno. */
int lode_thread_start(void *(*fn)(void *), void *arg, size_t stack_bytes);

#endif
