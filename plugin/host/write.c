/* Writing as read, compare, write, read again. What RocksDB's calls return is only a hint (some failures are live, some successes are
 * not); the OPTIONS file and the cache itself say what holds. */
#include "base/num.h"
#include "host/versions.h"
#include "host/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

/* ---- when not to write ---- */

#define ROOM (16u << 20) /* bytes free on the disk: a change writes an OPTIONS file and, up to 9.10, to the MANIFEST */

static uint64_t property(struct lode_host *h, const char *name)
{
	uint64_t value = 0;

	return h->ops->int_property && h->ops->int_property(h, 0, name, &value) == 0 ? value : 0;
}

static unsigned hazards(struct lode_host *h)
{
	return h->ops->info ? h->ops->info(h)->hazards : 0;
}

/* Every SetOptions recalculates the stall conditions, which cuts the rate of slowed writers by a fifth whatever the option; behind stopped
 * writers it hangs up to 8.7. A disk without room leaves a change that cannot be read back. None of this is worth an experiment. */
static int not_now(struct lode_host *h, bool stopped_is_fine, struct lode_err *err)
{
	const struct lode_host_info *info = h->ops->info ? h->ops->info(h) : NULL;
	struct statvfs disk;

	if (!stopped_is_fine && property(h, "rocksdb.is-write-stopped"))
		return lode_err_set(err, EAGAIN, "writes are stopped");
	if (property(h, "rocksdb.actual-delayed-write-rate"))
		return lode_err_set(err, EAGAIN, "writes are slowed down, and a change would slow them further");
	if (info && statvfs(info->path, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < ROOM)
		return lode_err_set(err, EAGAIN, "the disk is full: the change could not be written down");
	return 0;
}

/* ---- the calls ---- */

enum mode {
	FORWARD,   /* what does not hold its value yet, in calm times only */
	BACK,	   /* the same at any time, in the opposite order */
	BACK_ALL,  /* ... and what shows its value already, because what is shown is in doubt */
	AGAIN,	   /* what shows its value, in calm times only */
	AGAIN_STOPPED, /* ... or while writes are stopped */
};

/* The work of one write. */
struct job {
	struct lode_host *h;
	const struct lode_write *w;
	size_t n;
	enum mode mode;
	bool due[LODE_WRITE_MAX];    /* still to be written */
	bool taken[LODE_WRITE_MAX];  /* its call was made, and was not refused outright */
	uint64_t number;	     /* of the newest OPTIONS file */
	bool unproven;		     /* the last call left no OPTIONS file behind */
	bool no_sync;		     /* bytes_per_sync is 0 */
	struct lode_write_report *rep;
};

static bool back(const struct job *j)
{
	return j->mode == BACK || j->mode == BACK_ALL;
}

static bool same_call(const struct lode_write *a, const struct lode_write *b)
{
	return a->scope == b->scope && (a->scope != LODE_SCOPE_CF || a->cf == b->cf);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A change that went through has written a new OPTIONS file, with everything that is in force. Where there is none, the newest file shows
 * the past: 7.8.3 says OK all the same, later versions return an error for a change that is live. A host in memory numbers no files. */
static void look_for_file(struct job *j)
{
	struct lode_options *o = NULL;
	int rc = j->number ? j->h->ops->options(j->h, j->number, &o, NULL) : 0;

	j->unproven = rc != 0 && rc != -ESHUTDOWN;
	if (o)
		j->number = lode_options_number(o);
	lode_options_free(o);
}

/* SetDBOptions replaces bytes_per_sync=0 by 1 MiB, whatever it is called for, and 0 cannot be had back. Going along, a number that no file
 * reaches does what 0 does: RocksDB compares it with the bytes written since the last sync of a file, and with nothing else. */
static const char sync_key[] = "bytes_per_sync";

/* Makes the one call that entry `at` belongs to, with all its companions in their order. */
static int write_call(struct job *j, size_t at, struct lode_err *err)
{
	const struct lode_write *w = &j->w[at];
	struct lode_kv kv[LODE_WRITE_MAX + 1];
	bool mine[LODE_WRITE_MAX] = {false};
	int64_t bytes = 0;
	uint64_t from;
	size_t n = 0;
	bool at_any_time = back(j) || w->scope == LODE_SCOPE_CACHE;
	int rc = at_any_time ? 0 : not_now(j->h, j->mode == AGAIN_STOPPED, err);

	for (size_t i = 0; i < j->n; i++) {
		mine[i] = j->due[i] && same_call(&j->w[i], w);
		if (mine[i])
			kv[n++] = (struct lode_kv){j->w[i].key, j->w[i].value};
		j->due[i] &= !mine[i];
	}
	if (rc)
		return rc;
	if (w->scope == LODE_SCOPE_CACHE && (lode_num_parse(kv[n - 1].value, strlen(kv[n - 1].value), &bytes) || bytes < 0))
		return lode_err_set(err, EINVAL, "a cache capacity is a plain number of bytes");
	from = now_ns();
	if (w->scope == LODE_SCOPE_DB && j->no_sync) {
		kv[n++] = (struct lode_kv){sync_key, LODE_NO_SYNC};
		j->no_sync = false;
	}
	if (w->scope == LODE_SCOPE_DB)
		rc = j->h->ops->set_db_options(j->h, kv, n, err);
	else if (w->scope == LODE_SCOPE_CF)
		rc = j->h->ops->set_cf_options(j->h, w->cf, kv, n, err);
	else
		rc = j->h->ops->set_cache_capacity(j->h, (uint64_t)bytes, err);
	j->rep->ns += now_ns() - from;
	j->rep->calls++;
	for (size_t i = 0; i < j->n; i++)
		j->taken[i] |= mine[i] && rc != -EINVAL;
	if (w->scope != LODE_SCOPE_CACHE && rc != -EINVAL && rc != -ESHUTDOWN)
		look_for_file(j);
	return rc;
}

/* Database, then families in the order of their first entry, then the cache; an undo the other way round, so that what was changed last goes
 * back first. A write stops at the first call that fails; an undo goes on: what can be put back is put back. */
static int write_all(struct job *j, struct lode_err *err)
{
	static const enum lode_scope order[] = {LODE_SCOPE_DB, LODE_SCOPE_CF, LODE_SCOPE_CACHE};
	const size_t scopes = sizeof(order) / sizeof(*order);
	int first = 0, rc;

	for (size_t s = 0; s < scopes; s++) {
		enum lode_scope scope = order[back(j) ? scopes - 1 - s : s];

		for (size_t k = 0; k < j->n; k++) {
			size_t i = back(j) ? j->n - 1 - k : k;

			if (!j->due[i] || j->w[i].scope != scope)
				continue;
			rc = write_call(j, i, first ? NULL : err);
			first = first ? first : rc;
			if (rc == -ESHUTDOWN || (rc && !back(j)))
				return rc;
		}
	}
	return first;
}

static bool wants(const struct job *j, enum lode_scope scope)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->w[i].scope == scope)
			return true;
	return false;
}

/* SetDBOptions leaves at once, and no file, where nothing changes: after an undo that is done at the second attempt, none would ever prove
 * it. SetOptions always writes one: the default family gets a value that it has. */
static void prove(struct job *j, const struct lode_view *before)
{
	static const char key[] = "report_bg_io_stats";
	const char *value = lode_options_get(before->options, LODE_SEC_CF, "default", key);
	const struct lode_kv kv = {key, value};

	if (!value || j->h->ops->set_cf_options(j->h, 0, &kv, 1, NULL) == -ESHUTDOWN)
		return;
	j->rep->calls++;
	look_for_file(j);
}

/* ---- the whole ---- */

static int check_request(const struct lode_write *w, size_t n, struct lode_err *err)
{
	if (n > LODE_WRITE_MAX)
		return lode_err_set(err, E2BIG, "more than %d values in one write", LODE_WRITE_MAX);
	for (size_t i = 0; i < n; i++) {
		if (w[i].scope == LODE_SCOPE_RESTART)
			return lode_err_set(err, EINVAL, "%s cannot be changed while the database is open", w[i].key);
	}
	return 0;
}

static bool syncs_nothing(const struct job *j, const struct lode_options *o)
{
	const char *now = lode_options_get(o, LODE_SEC_DB, NULL, sync_key);

	for (size_t i = 0; i < j->n; i++)
		if (j->w[i].scope == LODE_SCOPE_DB && strcmp(j->w[i].key, sync_key) == 0)
			return false;
	return now && strcmp(now, "0") == 0;
}

/* Which entries are to be written. */
static int plan(struct job *j, const struct lode_view *before, struct lode_err *err)
{
	bool again = j->mode == AGAIN || j->mode == AGAIN_STOPPED;
	char scratch[24];

	for (size_t i = 0; i < j->n; i++) {
		const char *value = lode_view_get(before, &j->w[i], scratch);

		if (!value)
			return lode_view_missing(&j->w[i], err);
		j->due[i] = j->mode == BACK_ALL || lode_value_equal(j->w[i].value, value) == again;
		j->rep->skipped += !j->due[i];
	}
	j->no_sync = before->options && syncs_nothing(j, before->options);
	j->number = before->options ? lode_options_number(before->options) : 0;
	return 0;
}

/* Compares all entries with what holds now; the first difference goes into the report. Where a value that was taken still shows as before,
 * RocksDB may show the past. */
static int compare(struct job *j, const struct lode_view *before, const struct lode_view *after, struct lode_err *err)
{
	char old[24], now[24];

	for (size_t i = 0; i < j->n; i++) {
		const char *was = lode_view_get(before, &j->w[i], old), *is = lode_view_get(after, &j->w[i], now);

		if (!is)
			return lode_view_missing(&j->w[i], err);
		if (lode_value_equal(j->w[i].value, is)) {
			j->rep->written += !lode_value_equal(j->w[i].value, was);
			continue;
		}
		j->rep->doubt |= j->taken[i] && j->w[i].scope != LODE_SCOPE_CACHE && lode_value_equal(was, is);
		if (j->rep->failed >= 0)
			continue;
		j->rep->failed = (int)i;
		snprintf(j->rep->got, sizeof(j->rep->got), "%s", is);
	}
	j->rep->doubt |= j->unproven;
	return 0;
}

static int conclude(const struct job *j, int called, const struct lode_err *call, struct lode_err *err)
{
	const struct lode_write *w = &j->w[j->rep->failed < 0 ? 0 : j->rep->failed];

	if (called == -EAGAIN)
		return lode_err_set(err, EAGAIN, "%s", call->msg);
	if (j->rep->failed < 0 && !j->rep->doubt)
		return 0;
	if (j->unproven)
		return lode_err_set(err, EIO, "RocksDB could not write its OPTIONS file: what is in force cannot be read back%s%.120s",
				    called ? ": " : "", called ? call->msg : "");
	if (called)
		return lode_err_set(err, EIO, "%s is not %s but %s: %.120s", w->key, w->value, j->rep->got, call->msg);
	return lode_err_set(err, EIO, "RocksDB took %s = %s without complaint, yet holds %s", w->key, w->value, j->rep->got);
}

static int carry_out(struct job *j, struct lode_err *err)
{
	struct lode_err call = {0};
	struct lode_view before, after = {0};
	int rc = lode_view_open(&before, j->h, j->w, j->n, err), called;

	if (!rc)
		rc = plan(j, &before, err);
	if (rc || j->rep->skipped == j->n)
		goto out;
	called = write_all(j, &call);
	if (j->mode == BACK_ALL && j->unproven && wants(j, LODE_SCOPE_DB))
		prove(j, &before);
	rc = called == -ESHUTDOWN ? called : lode_view_open(&after, j->h, j->w, j->n, err);
	if (!rc && wants(j, LODE_SCOPE_DB) && hazards(j->h) & LODE_HAZARD_LOST_UPDATES)
		j->rep->mended = lode_lost_mend(j->h, before.options, after.options, j->w, j->n);
	if (!rc)
		rc = compare(j, &before, &after, err);
	if (!rc)
		rc = conclude(j, called, &call, err);
	else if (rc == -ESHUTDOWN)
		lode_err_set(err, ESHUTDOWN, "the database is closing");
out:
	lode_view_close(&after);
	lode_view_close(&before);
	return rc;
}

static int run(struct lode_host *h, const struct lode_write *w, size_t n, enum mode mode, struct lode_write_report *rep, struct lode_err *err)
{
	struct lode_write_report unused;
	struct job j = {.h = h, .w = w, .n = n, .mode = mode, .rep = rep ? rep : &unused};
	int rc;

	memset(j.rep, 0, sizeof(*j.rep));
	j.rep->failed = -1;
	rc = check_request(w, n, err);
	return rc ? rc : carry_out(&j, err);
}

int lode_host_write(struct lode_host *h, const struct lode_write *w, size_t n, struct lode_write_report *rep, struct lode_err *err)
{
	return run(h, w, n, FORWARD, rep, err);
}

int lode_host_undo(struct lode_host *h, const struct lode_write *w, size_t n, bool force, struct lode_write_report *rep, struct lode_err *err)
{
	return run(h, w, n, force ? BACK_ALL : BACK, rep, err);
}

int lode_host_renew(struct lode_host *h, const struct lode_write *w, size_t n, bool stopped, struct lode_write_report *rep, struct lode_err *err)
{
	return run(h, w, n, stopped ? AGAIN_STOPPED : AGAIN, rep, err);
}
