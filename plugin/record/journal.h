/* The journal: one JSON object a line, append-only, written ahead of every change, enough to explain, replay and undo by hand. */
#ifndef LODE_RECORD_JOURNAL_H
#define LODE_RECORD_JOURNAL_H

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "host/write.h"
#include "judge/trial.h"
#include "advise/advisor.h"

struct lode_journal;

/* dir is state_dir/<db id>; made if missing, mode 0700. Continues an existing journal's seq; mends a torn last line by starting a new one.
 * A journal that cannot be written is not an error of the host: every call is safe on it, and lode_journal_ok says so; each record tries again. With dir
 * NULL nothing is written. A journal above LODE_JOURNAL_FILE_MAX becomes journal.jsonl.1 here. NULL only without memory. */
struct lode_journal *lode_journal_open(const char *dir, const struct lode_clock *clock);
void lode_journal_close(struct lode_journal *j);
bool lode_journal_ok(const struct lode_journal *j);
const char *lode_journal_path(const struct lode_journal *j);
uint64_t lode_journal_seq(const struct lode_journal *j); /* of the last record, over all lives of the journal */

/* A record: begin, add members with lode_json_*, end. Adds ts, seq, kind itself. sync: fdatasync before returning (write-ahead records).
 * Not nested, one thread at a time (the agent's). Returns 0 or -errno: a failed write-ahead means: do not write the option.
 * The last member is "crc" (record/journal_read.h), so that a torn or damaged line is recognised. seq counts on over failed records: a gap shows a loss. */
struct lode_json *lode_journal_begin(struct lode_journal *j, const char *kind);
int lode_journal_end(struct lode_journal *j, bool sync);

/* Members that several kinds share. */
void lode_json_proposal(struct lode_json *j, const char *key, const struct lode_proposal *p);
void lode_json_writes(struct lode_json *j, const char *key, const struct lode_write *w, size_t n);
void lode_json_verdict(struct lode_json *j, const char *key, const struct lode_verdict *v);
void lode_json_refusal(struct lode_json *j, const char *key, const struct lode_refusal *r);

/* What an earlier life left behind: writes whose intent stands in the journal without an end ("apply" without "settled").
 * kind "intent" carries trial, todo, undo; kind "settled" carries trial and how. */
struct lode_unfinished {
	uint64_t trial;
	struct lode_write todo[LODE_WRITE_MAX];
	struct lode_write undo[LODE_WRITE_MAX];
	size_t n;
};
/* 1 and *out filled, 0 none, or -errno. Torn or foreign lines are skipped. */
int lode_journal_unfinished(const char *path, struct lode_unfinished *out);
/* The same for changes that were kept and never restored: the last record "kept" (trial, todo: the values kept, undo: the application's own; the whole
 * list each time, and an empty one when all has been restored) without a later "close". */
int lode_journal_kept(const char *path, struct lode_unfinished *out);

/* A short, stable, path-safe id of a database directory: "rocksdb-1f3a9c..." (hash of the real path). */
void lode_journal_db_id(const char *dbdir, char *out, size_t len);

#endif
