/* The preload's door: its table of functions, each handed on to the agent. */
#include "api/process.h"

#include "base/log.h"
#include "host/closing.h"
#include "host/entry.h"

#include <dlfcn.h>
#include <string.h>

static struct lode_agent *_Atomic agent; /* as lodestone_entry has found it; before any function of the table is called */

/* The cookie from before an open to after it is our reference to the Statistics that were added, if they were. */
static const void *db_opening(struct lode_entry_open *o)
{
	struct lode_injected *statistics = NULL;
	const char *why = NULL;
	const void *options;
	o->cookie = NULL;
	if (lode_process_left() || !lode_agent_config(agent)->statistics)
		return o->db_options;
	options = lode_statistics_inject(o->image, o->db_options, &statistics, &why);
	if (!options)
		lode_log(LODE_LOG_DEBUG, "no Statistics added: %s", why);
	o->cookie = statistics;
	return options ? options : o->db_options;
}

static void db_opened(struct lode_entry_open *o)
{
	struct lode_injected *statistics = o->cookie;
	struct lode_open open = {.image = o->image, .image_path = o->image_path, .db = o->db, .path = o->path, .db_options = o->db_options,
				 .cf_descriptors = o->cf_descriptors, .statistics_ours = statistics != NULL};
	struct lode_host *h = NULL;
	struct lode_err err = {0};
	lode_statistics_view_done(statistics);
	if (lode_process_left())
		return;
	if (!o->db) {
		lode_statistics_release(statistics);
		return;
	}
	if (lode_host_real_new(&open, &h, &err)) {
		lode_agent_inert(agent, o->path, err.msg);
		return; /* Statistics of ours stay: the database uses them */
	}
	lode_agent_opened(agent, o->db, h, statistics);
}

/* A listener's callbacks still come while the destructor runs. */
static void db_closing(void *db)
{
	lode_dying_add(db);
	if (lode_process_left())
		lode_agent_orphaned(agent, db);
	else
		lode_agent_closing(agent, db);
}

static void db_closed(void *db)
{
	lode_dying_remove(db);
	if (!lode_process_left())
		lode_agent_closed(agent, db);
}

/* RocksDB's functions carry the kind in their names: DBImplSecondary, DBImplReadOnly, CompactedDBImpl. */
static void db_read_only(const char *path, const void *opener)
{
	Dl_info info;
	bool secondary;

	if (lode_process_left())
		return;
	secondary = dladdr(opener, &info) && info.dli_sname && strstr(info.dli_sname, "Secondary");
	lode_agent_inert(agent, path, secondary ? "opened as a secondary" : "opened read-only");
}

static void process_exit(void)
{
	if (!lode_process_left())
		lode_agent_exit(agent);
}

static void fork_child(void)
{
	lode_process_leave();
}

bool lode_process_preloaded(void)
{
	return agent;
}

const struct lode_entry *lodestone_entry(uint32_t abi, char *const *env)
{
	static const struct lode_entry entry = {.abi = LODE_ENTRY_ABI, .db_opening = db_opening, .db_opened = db_opened, .db_closing = db_closing,
						.db_closed = db_closed, .db_read_only = db_read_only, .process_exit = process_exit, .fork_child = fork_child};
	struct lode_err err;
	bool made;
	if (abi != LODE_ENTRY_ABI)
		return NULL;
	agent = lode_process_agent(env, NULL, &made, &err); /* if there is none, it has said so itself */
	return agent ? &entry : NULL;
}
