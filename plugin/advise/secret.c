/* A small heap outside of core dumps, for what libcurl allocates during a call.
 *
 * libcurl's memory functions have no argument of ours, so this one thing is the process's and not an object's. Blocks lie one behind the other, each with
 * its size before it; a call has some hundred of them at most, so they are simply walked. When the last one is freed the pages go back to the kernel. */
#include "advise/secret.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REGION (4u << 20) /* a call over TLS needs a quarter of one */
#define ALIGN 16u

struct block {
	size_t size; /* of what follows, a multiple of ALIGN */
	size_t used; /* 0: free */
};
_Static_assert(sizeof(struct block) == ALIGN, "blocks keep their alignment");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *_Atomic region; /* made by the first enter, for good */
static _Atomic uintptr_t inside;
static size_t blocks_used;

bool lode_secret_holds(const void *p)
{
	const char *r = atomic_load(&region);

	return r && (const char *)p >= r && (const char *)p < r + REGION;
}

static struct block *next_of(char *r, struct block *b)
{
	char *at = (char *)(b + 1) + b->size;

	return at < r + REGION ? (struct block *)at : NULL;
}

/* The first that is large enough, cut to size. NULL: none. Free neighbours are joined on the way. */
static void *take(char *r, size_t n)
{
	for (struct block *b = (struct block *)r, *next; b; b = next_of(r, b)) {
		if (b->used)
			continue;
		while ((next = next_of(r, b)) && !next->used)
			b->size += sizeof *next + next->size;
		if (b->size < n)
			continue;
		if (b->size >= n + 2 * sizeof *b) {
			next = (struct block *)((char *)(b + 1) + n);
			*next = (struct block){.size = b->size - n - sizeof *b};
			b->size = n;
		}
		b->used = 1;
		blocks_used++;
		return b + 1;
	}
	return NULL;
}

static void give_back(char *r, void *p)
{
	struct block *b = (struct block *)p - 1;

	explicit_bzero(p, b->size);
	b->used = 0;
	if (--blocks_used)
		return;
	madvise(r, REGION, MADV_DONTNEED);
	*(struct block *)r = (struct block){.size = REGION - sizeof(struct block)};
}

void *lode_secret_malloc(size_t n)
{
	char *r = atomic_load(&region);
	void *p = NULL;

	if (r && n && n < REGION && atomic_load(&inside) == (uintptr_t)pthread_self()) {
		pthread_mutex_lock(&lock);
		p = take(r, (n + ALIGN - 1) & ~(size_t)(ALIGN - 1));
		pthread_mutex_unlock(&lock);
	}
	return p ? p : malloc(n);
}

void lode_secret_free(void *p)
{
	if (!lode_secret_holds(p)) {
		free(p);
		return;
	}
	pthread_mutex_lock(&lock);
	give_back(atomic_load(&region), p);
	pthread_mutex_unlock(&lock);
}

void *lode_secret_calloc(size_t n, size_t each)
{
	size_t all;
	void *p;

	if (__builtin_mul_overflow(n, each, &all) || !(p = lode_secret_malloc(all)))
		return NULL;
	return memset(p, 0, all);
}

/* What has begun in the region stays there as long as there is room, whoever makes it grow. */
void *lode_secret_realloc(void *p, size_t n)
{
	size_t had;
	void *q;

	if (!p)
		return lode_secret_malloc(n);
	if (!lode_secret_holds(p))
		return realloc(p, n);
	had = ((struct block *)p - 1)->size;
	if (n <= had)
		return p;
	q = lode_secret_malloc(n);
	if (q) {
		memcpy(q, p, had);
		lode_secret_free(p);
	}
	return q;
}

char *lode_secret_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = lode_secret_malloc(n);

	return p ? memcpy(p, s, n) : NULL;
}

void lode_secret_enter(void)
{
	char *r = atomic_load(&region);

	if (!r) {
		r = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (r == MAP_FAILED)
			return;
		madvise(r, REGION, MADV_DONTDUMP);
		*(struct block *)r = (struct block){.size = REGION - sizeof(struct block)};
		atomic_store(&region, r);
	}
	atomic_store(&inside, (uintptr_t)pthread_self());
}

void lode_secret_leave(void)
{
	atomic_store(&inside, 0);
}
