/* A recorder in place of the agent: it looks at the first database that opens once a second, as the agent in mode observe does, changes nothing, and when
 * the database closes (or the process ends) writes the intervals to LODE_RECORD_FILE. bench/record drives it. Statistics are added where the program has
 * none, and told to time, as the agent does around a trial. */
#include "host/entry.h"
#include "host/real.h"
#include "sim/trace.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
	void *db;
	struct lode_host *host;
	struct lode_injected *added;
	pthread_t thread;
	struct lode_interval *iv;
	size_t n;
	atomic_bool end;
} rec;
static atomic_bool taken, written;

/* What a server does by itself is no work. */
static bool idle(const struct lode_interval *iv)
{
	return iv->invalid || lode_interval_ops(iv) < 100;
}

static bool sleep_until(uint64_t ns)
{
	for (uint64_t now; !rec.end && (now = lode_clock_mono(&lode_clock_real)) < ns;) {
		uint64_t left = ns - now < 50000000 ? ns - now : 50000000;
		struct timespec t = {.tv_nsec = (long)left};

		nanosleep(&t, NULL);
	}
	return !rec.end;
}

static void *record(void *arg)
{
	struct lode_sample *s = calloc(2, sizeof(*s));
	struct lode_host *h = rec.host;
	uint64_t next = lode_clock_mono(&lode_clock_real);
	bool first = true;

	(void)arg;
	if (h->ops->statistics_level && !h->ops->info(h)->has_timers)
		(void)h->ops->statistics_level(h, true);
	for (unsigned at = 0; s && rec.n < TRACE_MAX && sleep_until(next); next += 1000000000, at ^= 1) {
		if (lode_sample_take(h, &lode_clock_real, true, first ? NULL : &s[at ^ 1], &s[at]))
			break;
		if (!first)
			lode_interval_diff(&s[at ^ 1], &s[at], 1, &rec.iv[rec.n]);
		rec.n += !first && (rec.n || !idle(&rec.iv[rec.n]));
		first = false;
	}
	free(s);
	return NULL;
}


/* Without the seconds before the work began and after it ended, and the two in which it did. */
static void write_down(void)
{
	const char *path = getenv("LODE_RECORD_FILE"), *what = getenv("LODE_RECORD_WHAT");
	size_t from = 0, to = rec.n;
	char text[300];
	int rc;

	if (!rec.db || atomic_exchange(&written, true))
		return;
	rec.end = true;
	pthread_join(rec.thread, NULL);
	for (to = rec.n; from < to && idle(&rec.iv[from]); from++)
		;
	while (to > from && idle(&rec.iv[to - 1]))
		to--;
	from += from < to;
	to -= from < to;
	snprintf(text, sizeof(text), "RocksDB %s; %s", rec.host->ops->info(rec.host)->version, what ? what : "");
	rc = trace_write(path, text, rec.iv + from, to - from);
	if (rc)
		fprintf(stderr, "recorder: %s: %s\n", path, strerror(-rc));
}

static const void *db_opening(struct lode_entry_open *o)
{
	struct lode_injected *keep = NULL;
	const char *why;
	const void *options = taken ? NULL : lode_statistics_inject(o->image, o->db_options, &keep, &why);

	o->cookie = keep;
	return options ? options : o->db_options;
}

static void db_opened(struct lode_entry_open *o)
{
	struct lode_open open = {o->image, o->image_path, o->db, o->path, o->db_options, o->cf_descriptors, o->cookie != NULL};
	struct lode_err err = {0};

	lode_statistics_view_done(o->cookie);
	if (!o->db || atomic_exchange(&taken, true))
		return;
	rec.added = o->cookie;
	if (!rec.iv)
		rec.iv = calloc(TRACE_MAX, sizeof(*rec.iv));
	if (!rec.iv || lode_host_real_new(&open, &rec.host, &err) || pthread_create(&rec.thread, NULL, record, NULL))
		fprintf(stderr, "recorder: nothing is recorded: %s\n", err.msg);
	else
		rec.db = o->db;
}

static void db_closing(void *db)
{
	if (!rec.db || db != rec.db)
		return;
	if (rec.n)
		write_down();
	lode_host_real_close(rec.host);
	if (atomic_load(&written))
		return;
	/* Nobody worked in this one (db_bench opens a database, empties it and opens it again): the next is the one. */
	rec.end = true;
	pthread_join(rec.thread, NULL);
	rec.end = false;
	rec.db = NULL;
	atomic_store(&taken, false);
}

static void nothing_closed(void *db)
{
	(void)db;
}

static void nothing_read_only(const char *path, const void *opener)
{
	(void)path, (void)opener;
}

static void fork_child(void)
{
	atomic_store(&written, true); /* it is the parent's to write */
}

const struct lode_entry *lodestone_entry(uint32_t abi, char *const *env)
{
	static const struct lode_entry entry = {LODE_ENTRY_ABI, db_opening, db_opened,	db_closing, nothing_closed,
						nothing_read_only, write_down, fork_child};
	(void)env;
	return abi == LODE_ENTRY_ABI && getenv("LODE_RECORD_FILE") ? &entry : NULL;
}
