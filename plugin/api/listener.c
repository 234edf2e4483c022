/* The listener's door. A database comes into sight with its first flush or compaction, on a thread of RocksDB, and must not be touched when it closes. So:
 *
 *   first callback    the object gets a vtable of its own (host/closing.h): from here on nobody closes it unseen
 *   a later one       attached, if nobody has begun to close it meanwhile
 *
 * What the vtable cannot show is a closing that had begun before it was there. Such a database soon sends no more callbacks (LOOKS_APART later),
 * unless what has not been written yet is flushed first; that flush says what it is for, and is the third rule: who has been attached just now leaves. */
#include "api/listener.h"
#include "api/attach.h"
#include "api/options.h"
#include "api/process.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/closing.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOKS_APART 50000000ull	 /* ns between the first look and attaching */
#define OPEN_BY_THEN 10000000000ull /* the same where the preload will have it as soon as its open is through */
#define YOUNG 60000000000ull	 /* ns: attached so lately that a closing may have begun before */
#define REMEMBERED 60000000000ull /* ns for which a database that was closed past us is not looked at */
#define GONE_MAX 64

static atomic_bool ready;			       /* there is a listener in this process */
static pthread_mutex_t attaching = PTHREAD_MUTEX_INITIALIZER; /* only ever tried: no callback waits for another */
static char maker[1200];			       /* the words of the entry that has made the agent; guarded by attaching */

/* ---- databases that nothing marks: closed by the program's word, or by RocksDB's ---- */

static struct {
	_Atomic(const void *) db;
	_Atomic(uint64_t) at;
} gone[GONE_MAX];
static atomic_uint ngone;

static void remember(const void *db)
{
	unsigned i = atomic_fetch_add(&ngone, 1) % GONE_MAX;

	atomic_store(&gone[i].at, lode_clock_mono(&lode_clock_real));
	atomic_store(&gone[i].db, db);
}

static bool is_gone(const void *db)
{
	uint64_t now = lode_clock_mono(&lode_clock_real);

	for (unsigned i = 0; i < GONE_MAX; i++)
		if (atomic_load(&gone[i].db) == db && now - atomic_load(&gone[i].at) < REMEMBERED)
			return true;
	return false;
}

/* ---- the entry ---- */

/* The entry's settings; NULL with *why, to be freed with lodestone_free: something in it is wrong. */
static lodestone_options_t *settings(const struct lodestone_entry_words *entry, char **why)
{
	lodestone_options_t *o = lodestone_options_create();

	*why = NULL;
	if (!o) {
		lode_api_fail(why, "no memory");
		return NULL;
	}
	if (*entry->close && strcmp(entry->close, "watch") != 0 && strcmp(entry->close, "detach") != 0)
		lode_api_fail(why, "close in the entry is watch (the default) or detach");
	else if (*entry->config)
		lodestone_options_load(o, entry->config, why);
	if (!*why && *entry->mode)
		lodestone_options_set(o, "agent.mode", entry->mode, why);
	if (!*why)
		return o;
	lodestone_options_destroy(o);
	return NULL;
}

/* ---- what is said ---- */

/* To RocksDB's LOG by way of the bridge, and to ours unless the operator has switched us off. */
static int refuse(char *line, size_t len, const char *why, bool quiet)
{
	snprintf(line, len, "this database is not tuned: %s", why);
	if (!quiet)
		lode_log(LODE_LOG_WARN, "the entry in the OPTIONS file: %s", line);
	return LODESTONE_LOOK_NEVER;
}

static int welcome(char *line, size_t len, const struct lode_attached *a, const struct lodestone_entry_words *entry)
{
	const char *strange = *entry->unknown ? "; the entry has properties that nobody knows, which are not looked at: " : "";

	snprintf(line, len, "%s is in by the entry in the OPTIONS file, mode %s; `lodestone status %d` shows more%s%s", lodestone_version(),
		 lode_mode_name((enum lode_mode)lode_agent_config(a->agent)->mode), (int)getpid(), strange, entry->unknown);
	if (*entry->unknown)
		lode_log(LODE_LOG_WARN, "the entry in the OPTIONS file: there is no property %s (there are config, mode and close)", entry->unknown);
	return LODESTONE_LOOK_SAY;
}

/* ---- looks ---- */

static void leave(void *db)
{
	struct lode_agent *agent = lode_process_there();

	if (agent)
		lode_api_leave(agent, db);
}

/* Another database with the same entry brings nothing new; with another entry, the log says that its settings are not taken. Inside `attaching`. */
static int attach(void *db, const struct lodestone_entry_words *entry, lodestone_options_t *o, struct lode_attached *out, struct lode_err *err)
{
	char words[sizeof(maker)];
	bool first;

	snprintf(words, sizeof(words), "%s;%s", entry->config, entry->mode);
	first = !lode_process_there();
	if (first)
		snprintf(maker, sizeof(maker), "%s", words);
	return lode_api_attach(db, first || strcmp(maker, words) ? o : NULL, out, err);
}

static int attach_as_told(void *db, const struct lodestone_entry_words *entry, char *line, size_t len, bool *in)
{
	struct lode_attached a;
	struct lode_err err = {0};
	char *why;
	lodestone_options_t *o = settings(entry, &why);
	int word;

	if (!o) {
		word = refuse(line, len, why, false);
		lodestone_free(why);
		return word;
	}
	*in = attach(db, entry, o, &a, &err) == 0;
	lodestone_options_destroy(o);
	return *in ? welcome(line, len, &a, entry) : refuse(line, len, err.msg, err.code == EPERM);
}

/* LODESTONE_LOOK_NOTHING: another database is being taken right now, and no callback waits for that: the next one will do. */
static int come_in(void *db, const struct lodestone_entry_words *entry, char *line, size_t len, bool *in)
{
	int word;

	*in = false;
	if (pthread_mutex_trylock(&attaching))
		return LODESTONE_LOOK_NOTHING;
	word = attach_as_told(db, entry, line, len, in);
	pthread_mutex_unlock(&attaching);
	return word;
}

/* What can be told now is told now. */
static int first_look(void *db, const struct lodestone_entry_words *entry, char *line, size_t len)
{
	struct lode_err err = {0};
	char *why;
	lodestone_options_t *o = settings(entry, &why);
	bool in, unwatched = strcmp(entry->close, "detach") == 0;
	int rc;

	if (!o) {
		int word = refuse(line, len, why, false);

		lodestone_free(why);
		return word;
	}
	lodestone_options_destroy(o);
	rc = unwatched ? -ENOTSUP : lode_watch_new(db, leave, &err);
	if (!rc || rc == -EALREADY)
		return LODESTONE_LOOK_NOTHING;
	if (unwatched || entry->shutdown_hook)
		return come_in(db, entry, line, len, &in);
	return refuse(line, len, err.msg, false);
}

static int second_look(struct lode_watch *w, void *db, const struct lodestone_entry_words *entry, char *line, size_t len)
{
	uint64_t apart = lode_process_preloaded() ? OPEN_BY_THEN : LOOKS_APART;
	bool in;
	int word;

	if (lode_watch_state(w) != LODE_WATCHED_SEEN || lode_watch_age(w) < apart || !lode_watch_move(w, LODE_WATCHED_SEEN, LODE_WATCHED_BUSY))
		return LODESTONE_LOOK_NOTHING;
	word = come_in(db, entry, line, len, &in);
	lode_watch_move(w, LODE_WATCHED_BUSY, in ? LODE_WATCHED_IN : word == LODESTONE_LOOK_NOTHING ? LODE_WATCHED_SEEN : LODE_WATCHED_OUT);
	return word;
}

int lodestone_listener_look(void *db, const struct lodestone_entry_words *entry, char *line, size_t len, uint64_t *opening)
{
	struct lode_agent *agent = lode_process_there();
	struct lode_watch *w;

	if (lode_process_left() || lode_dying(db))
		return LODESTONE_LOOK_NOTHING;
	w = lode_watch_of(db);
	if (w && lode_watch_state(w) != LODE_WATCHED_SEEN)
		return LODESTONE_LOOK_NOTHING;
	*opening = agent ? lode_agent_number(agent, db) : 0;
	if (*opening) {
		if (w) /* the first jobs of a database may begin before the preload has heard that it is open */
			lode_watch_move(w, LODE_WATCHED_SEEN, LODE_WATCHED_OUT);
		else if (entry->shutdown_hook || strcmp(entry->close, "detach") == 0)
			return LODESTONE_LOOK_NOTHING; /* our own doing */
		snprintf(line, len, "%s is in already, preloaded or attached by the program; the entry in the OPTIONS file adds nothing", lodestone_version());
		return LODESTONE_LOOK_KNOWN;
	}
	if (w)
		return second_look(w, db, entry, line, len);
	return is_gone(db) ? LODESTONE_LOOK_NOTHING : first_look(db, entry, line, len);
}

void lodestone_listener_shutdown(void *db, int certain)
{
	struct lode_watch *w = lode_process_left() ? NULL : lode_watch_of(db);

	/* Its destructor may be running, and its first compactions may be part of that. */
	if (!lode_process_left() && (certain || (!w && !lode_dying(db))))
		remember(db);
	if (w && (certain || lode_watch_age(w) < YOUNG))
		lode_watch_leave(w, db);
	else if (certain && !lode_process_left())
		leave(db);
}

void lodestone_listener_ready(void)
{
	atomic_store(&ready, true);
}

void lodestone_listener_mismatch(const char *built, const char *found)
{
	lode_log(LODE_LOG_WARN,
		 "liblodestone-plugin.so is built for RocksDB %s and this process has %s: the entry lodestone in OPTIONS files is not known here and is "
		 "ignored; build the plugin with that version's headers, or use the preload (lodestone run)",
		 built, found);
}

/* ---- the program's word ---- */

/* It has taken the database back: the listener's next callback does not bring it in again. */
void lode_listener_forget(void *root)
{
	struct lode_watch *w = atomic_load(&ready) ? lode_watch_of(root) : NULL;

	if (!atomic_load(&ready) || (!w && lode_watch_new(root, leave, NULL)))
		return;
	if (!w)
		w = lode_watch_of(root);
	if (w)
		lode_watch_move(w, LODE_WATCHED_SEEN, LODE_WATCHED_OUT);
}

void lodestone_closing(void *db)
{
	void *root = db;
	struct lode_watch *w;

	if (!db || (!lode_process_left() && lode_host_real_root(db, &root, NULL)))
		return;
	w = lode_watch_of(root);
	if (w)
		lode_watch_leave(w, root);
	leave(root);
	remember(root);
}
