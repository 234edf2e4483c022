/* The interposed functions themselves, and everything that hangs on the x86-64 System V calling convention of C++: a class result goes to
 * memory that the caller names in a hidden first argument and comes back as the function's value; references are pointers; `this` is the
 * first argument after the hidden one; a std::string begins with the pointer to its characters. Read in RocksDB 6.11 to 11.8. */
#include "agent.h"
#include "image.h"

#include <stdint.h>
#include <string.h>

#if !defined(__x86_64__) || defined(__ILP32__)
#error "the preload knows the calling convention of x86-64 alone"
#endif

#define INTERPOSED(name) __asm__(name) __attribute__((visibility("default"), used))

const char *const shim_hook_name[HOOK_N] = {
    [HOOK_OPEN_BB] = NAME_OPEN_BB,
    [HOOK_OPEN_BBBP] = NAME_OPEN_BBBP,
    [HOOK_OPEN_UNIQUE] = NAME_OPEN_UNIQUE,
    [HOOK_CLOSE] = NAME_CLOSE,
    [HOOK_D0] = NAME_D0,
    [HOOK_D1] = NAME_D1,
    [HOOK_D2] = NAME_D2,
    [HOOK_BASE] = NAME_BASE,
};

typedef void *open_fn(void *status, const void *options, const void *name, const void *families, void *handles, void **db,
		      bool seq_per_batch, bool batch_per_txn, bool is_retry, bool *can_retry);
typedef void *close_fn(void *status, void *db);
typedef void destroy_fn(void *db);
typedef void base_fn(void *db, const void *options, const void *name, bool seq_per_batch, bool batch_per_txn, bool read_only);

/* The arguments of any of the three. The shorter form takes the last two from nowhere and its RocksDB never looks at them: arguments
 * beyond those a function has are the caller's to clean up. */
struct open_call {
	void *status;
	const void *options;
	const void *name;
	const void *families;
	void *handles;
	void **db; /* DB** or std::unique_ptr<DB>*: one pointer either way; NULL after a failed open */
	bool seq_per_batch;
	bool batch_per_txn;
	bool is_retry;
	bool *can_retry;
};

/* rocksdb::Status is 16 bytes in every version: a code, small flags, and the pointer to a message that may be NULL. */
enum { STATUS_SIZE = 16, STATUS_OK = 0, STATUS_NOT_SUPPORTED = 3 };

/* For the call that has nothing behind it, where the dynamic linker would have ended the process with "symbol lookup error". */
static void *status_make(void *status, unsigned char code)
{
	memset(status, 0, STATUS_SIZE);
	*(unsigned char *)status = code;
	return status;
}

static void *open_forward(void *real, const struct open_call *c, const void *options)
{
	open_fn *f = (open_fn *)(uintptr_t)real;

	if (!f)
		return status_make(c->status, STATUS_NOT_SUPPORTED);
	return f(c->status, options, c->name, c->families, c->handles, c->db, c->seq_per_batch, c->batch_per_txn, c->is_retry,
		 c->can_retry);
}

static void *open_caught(enum shim_hook hook, const void *caller, const struct open_call *c)
{
	const struct shim_image *image;
	void *real = shim_image_by_caller(hook, caller, &image);
	const struct lode_entry *agent = image ? shim_agent() : NULL;
	struct lode_entry_open o = {0};
	const void *options;
	void *result;

	if (!agent)
		return open_forward(real, c, c->options);
	o.image = image->handle;
	o.image_path = image->path;
	memcpy(&o.path, c->name, sizeof(o.path));
	o.db_options = c->options;
	o.cf_descriptors = c->families;
	options = agent->db_opening(&o);
	o.db_options = options ? options : c->options;
	result = open_forward(real, c, o.db_options);
	o.db = *c->db;
	if (o.db && !shim_db_add(o.db))
		o.db = NULL; /* too many open databases: this one is not the agent's to touch */
	agent->db_opened(&o);
	return result;
}

static void *close_caught(const void *caller, void *status, void *db)
{
	close_fn *real = (close_fn *)(uintptr_t)shim_image_by_object(HOOK_CLOSE, db, caller);

	shim_db_closing(db);
	return real ? real(status, db) : status_make(status, STATUS_OK);
}

/* D0 calls D1 or D2 through us again, before it frees the memory. So the agent hears of the end from the innermost, while nobody else
 * can have a database at this address; the outer ones find nothing left to say. */
static void destroy_caught(enum shim_hook hook, const void *caller, void *db)
{
	destroy_fn *real = (destroy_fn *)(uintptr_t)shim_image_by_object(hook, db, caller);

	shim_db_closing(db);
	if (real)
		real(db);
	shim_db_closed(db);
}

/* Every way to open without the right to write ends here, and nothing else does. Such an instance is not the agent's: it hears of the path
 * and of where the call came from, and no more. A constructor cannot fail quietly, so the call is forwarded whatever comes. */
static void base_caught(const void *caller, void *db, const void *options, const void *name, bool seq_per_batch, bool batch_per_txn,
			bool read_only)
{
	const struct shim_image *image;
	base_fn *real = (base_fn *)(uintptr_t)shim_image_by_caller(HOOK_BASE, caller, &image);
	const struct lode_entry *agent = read_only ? shim_agent() : NULL;

	if (agent)
		agent->db_read_only(*(const char *const *)name, caller);
	real(db, options, name, seq_per_batch, batch_per_txn, read_only);
}

/* Not one of these may ever be reached by a jump: __builtin_return_address(0) is how the caller's image is found. */
void *shim_open_bb(void *status, const void *options, const void *name, const void *families, void *handles, void **db, bool seq_per_batch,
		   bool batch_per_txn) INTERPOSED(NAME_OPEN_BB);
void *shim_open_bbbp(void *status, const void *options, const void *name, const void *families, void *handles, void **db,
		     bool seq_per_batch, bool batch_per_txn, bool is_retry, bool *can_retry) INTERPOSED(NAME_OPEN_BBBP);
void *shim_open_unique(void *status, const void *options, const void *name, const void *families, void *handles, void **db,
		       bool seq_per_batch, bool batch_per_txn, bool is_retry, bool *can_retry) INTERPOSED(NAME_OPEN_UNIQUE);
void *shim_close(void *status, void *db) INTERPOSED(NAME_CLOSE);
void shim_d0(void *db) INTERPOSED(NAME_D0);
void shim_d1(void *db) INTERPOSED(NAME_D1);
void shim_d2(void *db) INTERPOSED(NAME_D2);
void shim_base(void *db, const void *options, const void *name, bool seq_per_batch, bool batch_per_txn, bool read_only)
    INTERPOSED(NAME_BASE);

void *shim_open_bb(void *status, const void *options, const void *name, const void *families, void *handles, void **db, bool seq_per_batch,
		   bool batch_per_txn)
{
	const struct open_call c = {status, options, name, families, handles, db, seq_per_batch, batch_per_txn, false, NULL};

	return open_caught(HOOK_OPEN_BB, __builtin_return_address(0), &c);
}

void *shim_open_bbbp(void *status, const void *options, const void *name, const void *families, void *handles, void **db,
		     bool seq_per_batch, bool batch_per_txn, bool is_retry, bool *can_retry)
{
	const struct open_call c = {status, options, name, families, handles, db, seq_per_batch, batch_per_txn, is_retry, can_retry};

	return open_caught(HOOK_OPEN_BBBP, __builtin_return_address(0), &c);
}

void *shim_open_unique(void *status, const void *options, const void *name, const void *families, void *handles, void **db,
		       bool seq_per_batch, bool batch_per_txn, bool is_retry, bool *can_retry)
{
	const struct open_call c = {status, options, name, families, handles, db, seq_per_batch, batch_per_txn, is_retry, can_retry};

	return open_caught(HOOK_OPEN_UNIQUE, __builtin_return_address(0), &c);
}

void *shim_close(void *status, void *db)
{
	return close_caught(__builtin_return_address(0), status, db);
}

void shim_d0(void *db)
{
	destroy_caught(HOOK_D0, __builtin_return_address(0), db);
}

void shim_d1(void *db)
{
	destroy_caught(HOOK_D1, __builtin_return_address(0), db);
}

void shim_d2(void *db)
{
	destroy_caught(HOOK_D2, __builtin_return_address(0), db);
}

void shim_base(void *db, const void *options, const void *name, bool seq_per_batch, bool batch_per_txn, bool read_only)
{
	base_caught(__builtin_return_address(0), db, options, name, seq_per_batch, batch_per_txn, read_only);
}
