/* Looking at memory that may not be what we think it is, without the risk of a fault. */
#ifndef LODE_HOST_PROBE_H
#define LODE_HOST_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* May this process look at itself at all? A filter can forbid it at any time. */
bool lode_probe_works(void);
/* Copies len bytes from an address that may be wild. false: not (completely) readable, and out is undefined. */
bool lode_probe_read(const void *address, void *out, size_t len);
/* As many of len bytes as can be read in one piece; returns how many. */
size_t lode_probe_read_some(const void *address, void *out, size_t len);
/* Does `pointer` point to an object whose vtable pointer is `vptr`? */
bool lode_probe_is_a(const void *pointer, const void *vptr);
/* The word of words[0..n) that points to an object with this vtable pointer, or NULL. */
void *lode_probe_find(const void *const *words, size_t n, const void *vptr);

#endif
