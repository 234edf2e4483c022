/* What the preload shim and the agent library say to each other: one exported function, one table. The shim is C on libc alone and
 * knows nothing else of the agent. */
#ifndef LODE_HOST_ENTRY_H
#define LODE_HOST_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#define LODE_ENTRY_ABI 2u

/* Everything about a DBImpl::Open; pointers into the host are valid only during the call. */
struct lode_entry_open {
	void *image; /* dlopen handle that resolves the symbols of the RocksDB at hand; stays open for ever */
	const char *image_path;
	const char *path; /* database directory */
	const void *db_options; /* before: the host's own; after: those that db_opening has returned */
	const void *cf_descriptors;
	void *db;     /* NULL before, DBImpl* after */
	void *cookie; /* the agent's, carried from before to after */
};

/* All functions may be called on any host thread, at any time, any number of times; none throws or blocks, except db_closing, which waits for an operation in flight. */
struct lode_entry {
	uint32_t abi;
	/* Before RocksDB's own open. Returns the DBOptions to open with: the host's own, or a copy of it with Statistics added. */
	const void *(*db_opening)(struct lode_entry_open *o);
	/* After it, also when it failed (o->db == NULL). */
	void (*db_opened)(struct lode_entry_open *o);
	/* First of Close, ~DBImpl: settle what is in flight, then never touch db again. Unknown db: nothing happens. */
	void (*db_closing)(void *db);
	/* The destructor has run and the memory is not yet free (unless this RocksDB calls its destructors past us): release what had to
	 * outlive the database. */
	void (*db_closed)(void *db);
	/* A database is opened without the right to write: read-only, as a secondary or as a follower. opener: an address in the function
	 * of RocksDB that does it. path is valid during the call. The open may yet fail. */
	void (*db_read_only)(const char *path, const void *opener);
	/* exit() has begun: stop within the time a person does not notice. */
	void (*process_exit)(void);
	/* In the child of a fork: everything is off, for good, but for db_closing, which then lets go of the database and waits for nobody.
	 * Any number of times. Async-signal-safe. */
	void (*fork_child)(void);
};

/* Exported by liblodestone.so. env: a copy of the process's environment as it was at its start, or of what matters in it; stays for ever; may
 * be NULL. NULL if abi is not ours or the agent is disabled by configuration; then the shim stays inert. */
__attribute__((visibility("default"))) const struct lode_entry *lodestone_entry(uint32_t abi, char *const *env);

#endif
