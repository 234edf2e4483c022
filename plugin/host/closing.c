/* A vtable for one object. What compilers agree on (Itanium C++ ABI): an object's first word points behind two words of its class's table, the offset
 * to the top and the type info, to the functions; a destructor that is called through it is the deleting one (D0) or the complete one (D1); a
 * constructor or destructor stores its own class's pointer there when it begins. So a copy with the same two words is the same class to every cast
 * and check, and is gone from the object as soon as ~DBImpl runs. */
#include "host/closing.h"
#include "base/clock.h"
#include "host/image.h"
#include "host/probe.h"
#include "host/real_private.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEAD 2		/* words before the first function */
#define WORDS_MAX 1024	/* of a table, as far as its symbol tells; DBImpl has 130 to 190 */
#define WORDS_GUESS 320 /* where no symbol tells: what follows the table is copied along and never used */
#define DYING_MAX 64

enum { SLOT_D0, SLOT_D1, SLOT_CLOSE, SLOT_N };

struct lode_watch {
	const void *tag; /* &tag: nothing else has that address */
	const struct lode_watch *self;
	const void *class_vptr;
	void *real[SLOT_N];
	lode_leave_fn *leave;
	_Atomic(int) state;
	uint64_t born_ns;
	pid_t home;
	void *table[];
};

static const char tag[] = "lodestone: the vtable of one database";

static struct lode_watch *owner_of(const void *vptr)
{
	return (struct lode_watch *)(uintptr_t)((const char *)vptr - HEAD * sizeof(void *) - offsetof(struct lode_watch, table));
}

static struct lode_watch *recognise(const void *vptr)
{
	struct lode_watch *w = owner_of(vptr), head;

	if ((uintptr_t)vptr < 4096 || !lode_probe_read(w, &head, sizeof(head)))
		return NULL;
	return head.tag == tag && head.self == w ? w : NULL;
}

const void *lode_watch_class(const void *vptr)
{
	const struct lode_watch *w = recognise(vptr);

	return w ? w->class_vptr : vptr;
}

struct lode_watch *lode_watch_of(const void *db)
{
	return recognise(*(void *const *)db);
}

uint64_t lode_watch_age(const struct lode_watch *w)
{
	return lode_clock_mono(&lode_clock_real) - w->born_ns;
}

enum lode_watched lode_watch_state(const struct lode_watch *w)
{
	return (enum lode_watched)atomic_load(&w->state);
}

bool lode_watch_move(struct lode_watch *w, enum lode_watched from, enum lode_watched to)
{
	int expected = from;

	return atomic_compare_exchange_strong(&w->state, &expected, to);
}

void lode_watch_leave(struct lode_watch *w, void *db)
{
	const struct timespec pause = {.tv_nsec = 200000};

	for (;;) {
		if (lode_watch_move(w, LODE_WATCHED_IN, LODE_WATCHED_BUSY)) {
			w->leave(db);
			atomic_store(&w->state, LODE_WATCHED_OUT);
			return;
		}
		if (lode_watch_state(w) == LODE_WATCHED_OUT || lode_watch_move(w, LODE_WATCHED_SEEN, LODE_WATCHED_OUT))
			return;
		if (getpid() != w->home) { /* who is busy with it is not in this child */
			lode_watch_move(w, LODE_WATCHED_BUSY, LODE_WATCHED_OUT);
			return;
		}
		nanosleep(&pause, NULL);
	}
}

/* ---- objects whose destructor runs ---- */

static _Atomic(const void *) dying[DYING_MAX];
static atomic_int crowd; /* those that found no room */

void lode_dying_add(const void *db)
{
	for (size_t i = 0; i < DYING_MAX; i++) {
		const void *expected = NULL;

		if (atomic_compare_exchange_strong(&dying[i], &expected, db))
			return;
	}
	atomic_fetch_add(&crowd, 1);
}

void lode_dying_remove(const void *db)
{
	for (size_t i = 0; i < DYING_MAX; i++) {
		const void *expected = db;

		if (atomic_compare_exchange_strong(&dying[i], &expected, NULL))
			return;
	}
	if (atomic_load(&crowd) > 0)
		atomic_fetch_sub(&crowd, 1);
}

bool lode_dying(const void *db)
{
	bool found = atomic_load(&crowd) > 0;

	for (size_t i = 0; i < DYING_MAX && !found; i++)
		found = atomic_load(&dying[i]) == db;
	return found;
}

/* ---- what stands in the copy. They are reached through it, so the object's first word is ours ---- */

typedef void destroy_fn(void *db);
typedef void *close_fn(void *status, void *db);

static void destroyed(void *db, int slot)
{
	struct lode_watch *w = owner_of(*(void **)db);

	lode_watch_leave(w, db);
	lode_dying_add(db);
	((destroy_fn *)(uintptr_t)w->real[slot])(db);
	lode_dying_remove(db);
	free(w); /* the destructor has waited for every job, and the object is no more */
}

static void destroyed_d0(void *db)
{
	destroyed(db, SLOT_D0);
}

static void destroyed_d1(void *db)
{
	destroyed(db, SLOT_D1);
}

/* The Status comes back in memory that the caller names. Whether it succeeds or not, the object stays, and so does its table. */
static void *closed(void *status, void *db)
{
	struct lode_watch *w = owner_of(*(void **)db);

	lode_watch_leave(w, db);
	return ((close_fn *)(uintptr_t)w->real[SLOT_CLOSE])(status, db);
}

/* ---- making it ---- */

static size_t words_of(const void *start)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	if (dladdr1(start, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol && info.dli_saddr == start && symbol->st_size &&
	    symbol->st_size <= WORDS_MAX * sizeof(void *))
		return symbol->st_size / sizeof(void *);
	return WORDS_GUESS;
}

/* Puts our function where the class has its own: the image's, or one that another preload has put in front of it. */
static bool replace(struct lode_watch *w, size_t words, const struct lode_image *image, int slot)
{
	static const struct {
		enum lode_symbol symbol;
		void (*ours)(void);
	} rows[SLOT_N] = {[SLOT_D0] = {SYM_DB_D0, (void (*)(void))destroyed_d0},
			  [SLOT_D1] = {SYM_DB_D1, (void (*)(void))destroyed_d1},
			  [SLOT_CLOSE] = {SYM_DB_CLOSE, (void (*)(void))closed}};
	const void *own = image->sym[rows[slot].symbol], *front = lode_image_global(rows[slot].symbol);

	for (size_t i = HEAD; i < words; i++) {
		void *f = w->table[i];

		if (!f || (f != own && f != front))
			continue;
		w->real[slot] = f;
		w->table[i] = (void *)(uintptr_t)rows[slot].ours;
		return true;
	}
	return false;
}

static int fill(struct lode_watch *w, size_t words, const struct lode_image *image, struct lode_err *err)
{
	const void *start = (const void *const *)w->class_vptr - HEAD;

	words = lode_probe_read_some(start, w->table, words * sizeof(void *)) / sizeof(void *);
	for (int slot = 0; slot < SLOT_N; slot++)
		if (!replace(w, words, image, slot))
			return lode_err_set(err, ENOTSUP,
					    "this RocksDB does not show where it closes a database, so that could not be made safe; "
					    "close=detach in the entry, and a call of lodestone_closing, would do");
	return 0;
}

int lode_watch_new(void *db, lode_leave_fn *leave, struct lode_err *err)
{
	struct lode_image image;
	struct lode_watch *w;
	void *root, *expected;
	size_t words;
	int rc = lode_host_find(db, &image, &root, err);

	if (rc)
		return rc;
	expected = (void *)(uintptr_t)lode_image_vptr(&image, SYM_DB_VTABLE);
	if (root != db)
		return lode_err_set(err, ENOTSUP, "the database is a wrapper around the real one");
	words = words_of((const void *const *)expected - HEAD);
	w = calloc(1, sizeof(*w) + words * sizeof(void *));
	if (!w)
		return lode_err_set(err, ENOMEM, "no memory");
	*w = (struct lode_watch){.tag = tag, .self = w, .class_vptr = expected, .leave = leave, .born_ns = lode_clock_mono(&lode_clock_real), .home = getpid()};
	rc = fill(w, words, &image, err);
	if (!rc && !atomic_compare_exchange_strong((_Atomic(void *) *)db, &expected, (void *)&w->table[HEAD]))
		rc = lode_err_set(err, EALREADY, "the database is watched already");
	if (rc)
		free(w);
	return rc;
}
