/* Rundown protection: operations pass through the gate; the closing thread shuts it and waits until the last one is out. */
#ifndef LODE_HOST_GATE_H
#define LODE_HOST_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lode_gate {
	_Atomic(uint32_t) word; /* operations inside, and one bit for "shut"; zero is an open, empty gate */
};

bool lode_gate_enter(struct lode_gate *g); /* false: shut; do not leave then */
void lode_gate_leave(struct lode_gate *g);
void lode_gate_shut(struct lode_gate *g); /* returns when nobody is inside; any number of times, from any thread that is not inside */
bool lode_gate_is_shut(struct lode_gate *g);

/* Sleeps while *word == expected, at most ns nanoseconds (0: without limit). May wake early. */
void lode_futex_wait(_Atomic(uint32_t) *word, uint32_t expected, uint64_t ns);
void lode_futex_wake(_Atomic(uint32_t) *word);

#endif
