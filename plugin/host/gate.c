/* Rundown protection with one word: a count and a bit. */
#include "host/gate.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SHUT 0x80000000u

void lode_futex_wait(_Atomic(uint32_t) *word, uint32_t expected, uint64_t ns)
{
	struct timespec ts = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, ns ? &ts : NULL, NULL, 0);
}

void lode_futex_wake(_Atomic(uint32_t) *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
}

bool lode_gate_enter(struct lode_gate *g)
{
	if (!(atomic_fetch_add(&g->word, 1) & SHUT))
		return true;
	lode_gate_leave(g);
	return false;
}

void lode_gate_leave(struct lode_gate *g)
{
	if (atomic_fetch_sub(&g->word, 1) - 1 == SHUT)
		lode_futex_wake(&g->word);
}

void lode_gate_shut(struct lode_gate *g)
{
	uint32_t word = atomic_fetch_or(&g->word, SHUT) | SHUT;

	while (word != SHUT) {
		lode_futex_wait(&g->word, word, 0);
		word = atomic_load(&g->word);
	}
}

bool lode_gate_is_shut(struct lode_gate *g)
{
	return atomic_load(&g->word) & SHUT;
}
