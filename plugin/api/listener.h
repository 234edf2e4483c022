/* What the listener of the OPTIONS entry (plugin/bridge, C++ and per version of RocksDB) says to the agent's library, which is neither. Exported, and not
 * for programs: these calls change with the bridge. Each is quick, throws nothing, and may come from any thread, inside a callback of RocksDB. */
#ifndef LODE_API_LISTENER_H
#define LODE_API_LISTENER_H

#include "lodestone.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The entry: listeners={{id=lodestone;config=...;mode=...;close=...}}. No pointer is NULL; "" is what was not said. */
struct lodestone_entry_words {
	const char *config, *mode, *close;
	const char *unknown; /* names of properties that nobody knows, separated by commas */
	int shutdown_hook;   /* this RocksDB tells its listeners when it begins to close (11.8) */
};

/* What the bridge does with the line it gets. */
enum {
	LODESTONE_LOOK_NOTHING, /* there is none */
	LODESTONE_LOOK_SAY,	/* writes it to RocksDB's LOG */
	LODESTONE_LOOK_KNOWN,	/* the same, once for each opening */
	LODESTONE_LOOK_NEVER	/* the same, and this listener need not call any more */
};

/* A callback has come with this DBImpl*, which so is there. Attaches at the second of two that are a moment apart.
 * *opening: for LODESTONE_LOOK_KNOWN, a number that no other opening has. */
LODESTONE_API int lodestone_listener_look(void *db, const struct lodestone_entry_words *entry, char *line, size_t len, uint64_t *opening);
/* It shuts down. certain: RocksDB says so itself, on the thread that closes; else a flush that usually belongs to it. */
LODESTONE_API void lodestone_listener_shutdown(void *db, int certain);
/* The entry is known to RocksDB from now on; or it cannot be, because built was compiled in and found is what runs. */
LODESTONE_API void lodestone_listener_ready(void);
LODESTONE_API void lodestone_listener_mismatch(const char *built, const char *found);

#ifdef __cplusplus
}
#endif

#endif
