/* lodestone.h: the tuner in a program of one's own.
 *
 * For programs that own their RocksDB and can be built against this library; one that may not be touched takes the preload instead
 * (`lodestone run`). The database is opened as ever, then handed to lodestone_attach, and taken back with lodestone_detach before it is closed:
 *
 *     char *err = NULL;
 *     lodestone_options_t *o = lodestone_options_create();
 *     lodestone_options_set(o, "agent.mode", "auto", &err);
 *     lodestone_t *tuner = lodestone_attach(db, o, &err);      (db: rocksdb_t *)
 *     ...
 *     lodestone_detach(tuner);                                 (always before rocksdb_close)
 *     rocksdb_close(db);
 *
 * The manner is that of rocksdb/c.h: opaque types, create and destroy, errors through char **errptr. C99 and C++11 or later. Whole examples stand in
 * docs/examples, everything else about programs of one's own in docs/embedding.md.
 *
 * ERRORS. A function with `errptr` sets *errptr to a sentence that names the thing and the mend, and returns NULL (or does nothing). *errptr must
 * be NULL or a string to be freed when the function is called, as in rocksdb/c.h: it is freed, and replaced. Free the last one with lodestone_free. Where
 * nothing is wrong *errptr is not touched. errptr itself may be NULL. An error of ours is never one of your service: a program that cannot attach
 * goes on without the tuner. Nothing here ends the process, throws, or prints.
 *
 * OWNERSHIP. What a create or attach function returns is given back with the matching destroy or detach. Strings that are returned as char * are
 * yours, to be freed with lodestone_free. Strings and objects that are handed in are copied; nothing of yours is kept but functions and their ctx,
 * which must live as long as the process: the agent of a process, once made, is never unmade.
 *
 * THREADS. Functions may be called from any thread of the program, any number at a time, on different objects. On one lodestone_options_t or one
 * lodestone_t only one thread may be at work at a time. Callbacks come on the agent's thread (one, for all databases), or in lodestone_detach on its
 * caller's; no function of this library may be called from one, except lodestone_question_* in an advisor; what is called all the same says so.
 * All signals are blocked in threads of the agent.
 *
 * WHAT MUST NOT BE DONE
 *  - Closing a database that is attached: detach it first. It is noticed, as a rule, and the database then left alone, with a word in the log; but what is on
 *    trial is not put back before it is closed, and a close at the very moment at which the agent looks at the database ends the process. (Where
 *    the preload is present, too, it sees the closing and detaches by itself.)
 *  - Using a lodestone_t after lodestone_detach, or in two threads at once. (The last few hundred that were detached still say that they are.)
 *  - Detaching a database while another thread closes it.
 *  - Unloading this library (dlclose does nothing).
 *  - Counting on the tuner after fork: in the child there is none. Everything but lodestone_detach does nothing there and says so; lodestone_detach
 *    must be called before the child closes its copy of the database.
 *
 * ONE AGENT. There is one agent in a process, made by the first attach, or by the preload or an entry in an OPTIONS file if that was there before. It has
 * one configuration: settings and callbacks of a later attach are not taken, and a line in the log says so. What the operator sets in the environment
 * (LODESTONE_<SECTION>_<KEY>) is stronger than what the program sets, and LODESTONE_DISABLE=1 keeps every attach from doing anything.
 *
 * VERSIONS. This library is not linked to any RocksDB: it finds the functions at run time in the image that has opened the database, and refuses with a
 * reason what it does not know. Tests attach to 6.29.5, 7.8.3, 8.3.2, 9.5.0 and 9.7.4. From 9.8 to 11.8 it goes by the names and forms that the sources of
 * those versions have, which no test has run. That RocksDB must be a shared library, or export its symbols; where it is linked in and exports nothing,
 * liblodestone-static.a is linked in as well (docs/plugin.md).
 * A function is there since version 0.1.0 of this library, unless it says otherwise. Within 0.1.x none goes away and none changes. */
#ifndef LODESTONE_H
#define LODESTONE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header; lodestone_version() says what is there at run time. */
#define LODESTONE_VERSION "0.1.0"
#define LODESTONE_VERSION_MAJOR 0
#define LODESTONE_VERSION_MINOR 1
#define LODESTONE_VERSION_PATCH 0

#define LODESTONE_API __attribute__((visibility("default")))

typedef struct lodestone_t lodestone_t;			  /* one attached database */
typedef struct lodestone_options_t lodestone_options_t;	  /* settings and callbacks of an attach */
typedef struct lodestone_question_t lodestone_question_t; /* what an advisor is asked; valid during the callback */

/* "0.1.0", of the library that is loaded. Static; not to be freed. Any thread, any time, callbacks and forked children too. */
LODESTONE_API const char *lodestone_version(void);
/* Frees a string that a function of this library has returned or put into *errptr. NULL is allowed. Any thread. */
LODESTONE_API void lodestone_free(void *string);

/* ---- options ---- */

/* Nothing set: everything is as in the operator's configuration, or at its default, which is to observe. NULL: no memory. Nothing is started or read yet.
 * Yours, until lodestone_options_destroy. */
LODESTONE_API lodestone_options_t *lodestone_options_create(void);
/* NULL is allowed. May be called as soon as the attach has returned, whatever it returned. */
LODESTONE_API void lodestone_options_destroy(lodestone_options_t *options);
/* One key of lodestone.conf(5), written section.key: "agent.mode" = "auto", "llm.url" = "http://127.0.0.1:8080/v1", "agent.interval" = "1s". key and value
 * are copied and must not be NULL. Checked at once: an unknown key (the error names the nearest), a value out of its range (it names the range), or no
 * memory; then what was set before still holds. The same key again: the later one holds. */
LODESTONE_API void lodestone_options_set(lodestone_options_t *options, const char *key, const char *value, char **errptr);
/* All settings of a file of that form (INI, 256 KiB at the most), as if set one by one. A file that cannot be read is an error with its name and the
 * reason; a line that is wrong one with file and line, and then nothing of the file is taken. */
LODESTONE_API void lodestone_options_load(lodestone_options_t *options, const char *path, char **errptr);

/* ---- events ---- */

enum {
	LODESTONE_APPLIED = 1,	/* RocksDB has been given a value of ours (within a trial: every time) */
	LODESTONE_REVERTED = 2, /* RocksDB has the value of before again */
	LODESTONE_VERDICT = 3,	/* what became of a proposal: `what` is kept, reverted, refused, invalid, tripped, confirmed, went away, put back */
	LODESTONE_OVERRIDDEN = 4 /* somebody else has given the option this value: it is theirs from now on, and nothing more is told of it */
};

typedef struct {
	int kind;
	const char *database; /* its id, as `lodestone status` shows it */
	uint64_t trial;	      /* counts the proposals of a database */
	const char *option;   /* APPLIED, REVERTED: RocksDB's name, or "block_cache_size"; else NULL */
	const char *family;   /* the column family, or "" for options of the database and its cache; else NULL */
	const char *value;    /* as RocksDB has it now; else NULL */
	const char *what;     /* VERDICT; else NULL */
	const char *why;      /* VERDICT: a sentence; else NULL */
} lodestone_event_t;

/* Called after the fact, on the agent's thread, or in lodestone_detach on its caller's; never two at a time for one database. Whoever follows the events
 * knows what is in force: a trial applies and reverts several times, a keep is announced by its verdict and stays applied, and whatever puts it back
 * (a tripwire, a check that fails, rollback, pause, detach, the next attach after a crash) reverts. It must return soon (the agent waits, and guards
 * nothing meanwhile), must not throw, and must not call this library. All strings are valid during the call only; none is a key or a value of the
 * database. event is never NULL; members may be added at its end. */
typedef void lodestone_event_fn(void *ctx, const lodestone_event_t *event);
/* fn NULL: nobody listens. ctx is handed to fn as it is, and must live as long as the process. */
LODESTONE_API void lodestone_options_set_event_callback(lodestone_options_t *options, lodestone_event_fn *fn, void *ctx);

/* ---- an advisor of one's own ---- */

/* Proposes changes instead of the built-in expert or a model. It is asked when something could be tried: no trial runs, the work is steady, the budget
 * allows it. What it proposes is checked, tried and judged like any other proposal. Proposing nothing is an answer. Called on the agent's thread:
 * it must return within milliseconds and must not throw. question is valid during the call, and on that thread, only. */
typedef void lodestone_advisor_fn(void *ctx, lodestone_question_t *question);
/* fn NULL: as advisor.kind says. name: one word, for journal and status; copied, cut to 23 characters; NULL: "own". ctx must live as long as the process. */
LODESTONE_API void lodestone_options_set_advisor(lodestone_options_t *options, const char *name, lodestone_advisor_fn *fn, void *ctx);

/* These four: in an advisor's callback only, with the question that it got. No pointer may be NULL unless it says so. */

/* What was measured over the last half minute; NAN where it is not known. Names:
 *   ops (a second), read_share, write_share (of the time in RocksDB; of operations where nothing is timed), data_hit (block cache, data blocks),
 *   misses (blocks a read), cache_full (0 to 1), sst_bytes, stall_share (of the time), debt (bytes of compaction pending), ingest (bytes a second),
 *   write_amp, flush_rate (a second), cpu_share (of the usable cores), cores, memory_available (bytes). Any other name: NAN. */
LODESTONE_API double lodestone_question_number(const lodestone_question_t *question, const char *name);
/* 1 if the option may be changed now: *now is its value and *lo to *hi what would be let through if it were the only change. 0: it may not, or does not
 * exist here. A family's option is that of the default family. Enumerated options are numbered as the manual lists their words. Pointers may be NULL. */
LODESTONE_API int lodestone_question_option(const lodestone_question_t *question, const char *option, int64_t *now, int64_t *lo, int64_t *hi);
/* Adds a change, for all column families, to the one proposal of this question. 1: added; 0: there is no such option, or there are too many changes. */
LODESTONE_API int lodestone_question_propose(lodestone_question_t *question, const char *option, int64_t value);
/* Why, in a sentence, cut to 599 characters: goes into journal, log and status. Called again: the later one holds. */
LODESTONE_API void lodestone_question_because(lodestone_question_t *question, const char *why);

/* ---- an objective of one's own ---- */

/* The owner's own metric, which a change must make better to be kept: orders a second, time that jobs wait in a queue. It is asked once with every sample
 * (agent.interval, normally a second), for every attached database, on the agent's thread: it must return within milliseconds and must not throw.
 * Two counters that only grow: the metric of a stretch of time is the growth of *done by the growth of *over.
 *   work per second:            *done = orders so far; *over is left as it is, the time in seconds
 *   waiting per job:            *done = seconds that all jobs so far have waited, *over = their number
 *   a gauge, as a last resort:  *done += its value, *over += 1, in static variables
 * Returns 1; or 0 if it is not known now: nothing is judged by the stretches in which it was not known. Numbers that are not finite, counters that have
 * fallen, and a metric that stands still count as not known. database: its id, as in events; a metric of the whole service need not look at it. */
typedef int lodestone_objective_fn(void *ctx, const char *database, double *done, double *over);
/* Sets objective.kind to custom as well; what is set later, or by the operator, is stronger, and then the metric is shown and not judged. What RocksDB
 * itself shows (service time, slow operations, stalls, memory, ...) may not get worse by more than guard.margin_*, whatever the metric says.
 * name: one word, for status and journal; it is not in any prompt. more_is_better: 0 where less of it is better. */
LODESTONE_API void lodestone_options_set_objective(lodestone_options_t *options, const char *name, lodestone_objective_fn *fn, void *ctx, int more_is_better,
						   char **errptr);

/* ---- attaching ---- */

/* RocksDB's own types, as rocksdb/c.h declares them; that header need not be included. */
struct rocksdb_t;
struct rocksdb_transactiondb_t;
struct rocksdb_optimistictransactiondb_t;

/* All of its column families are tuned, also those that are created later; those that are dropped are let go. options may be NULL, and may be destroyed
 * afterwards. Attaching what is attached already, by the preload, by an entry in its OPTIONS file or by the program, gives another lodestone_t for the same
 * tuner; each is to be detached, and the first detach ends it. Returns within milliseconds; tuning begins when enough is known.
 *
 * The database must be open, and stay so until lodestone_detach has returned. It is taken as it is: where it lies, its options, Statistics and block cache
 * are asked of itself. Without Statistics it is watched by its properties alone: rocksdb_options_enable_statistics before it is opened shows more.
 *
 * NULL with an error: db is NULL or no database; it was opened read-only or as a secondary; no RocksDB that exports its functions was found, or one of an
 * unknown version; LODESTONE_DISABLE or agent.include, agent.exclude keep us out of this process; a library is missing (liburcu, libcjson); no memory;
 * this is the child of a fork. The reasons of the first attach that are about the process stay as they are: there is no second try. */
LODESTONE_API lodestone_t *lodestone_attach(struct rocksdb_t *db, const lodestone_options_t *options, char **errptr);
LODESTONE_API lodestone_t *lodestone_attach_transactiondb(struct rocksdb_transactiondb_t *db, const lodestone_options_t *options, char **errptr);
LODESTONE_API lodestone_t *lodestone_attach_optimistictransactiondb(struct rocksdb_optimistictransactiondb_t *db, const lodestone_options_t *options,
								     char **errptr);
/* From C++: a rocksdb::DB *, or one of its subclasses converted to rocksdb::DB * (static_cast, because it may lie at another address): StackableDB,
 * TransactionDB, OptimisticTransactionDB, DBWithTTL, ... */
LODESTONE_API lodestone_t *lodestone_attach_cpp(void *rocksdb_db, const lodestone_options_t *options, char **errptr);

/* Ends a trial that runs, puts back or leaves what was kept as agent.on_close says (default: puts back), and touches the database no more. Waits for an
 * operation in flight: normally milliseconds, at the most as long as one SetOptions takes. Any thread, also another than the attach; events come on it.
 * tuner is gone afterwards. NULL is allowed. The database may be attached again. */
LODESTONE_API void lodestone_detach(lodestone_t *tuner);

/* This database is about to be closed: as lodestone_detach, for whatever door it was attached by. For programs whose database is tuned by an entry in its
 * OPTIONS file with close=detach, which have no lodestone_t; with other doors it does no harm. rocksdb_db: as in lodestone_attach_cpp; it is still open. */
LODESTONE_API void lodestone_closing(void *rocksdb_db);

/* Of liblodestone-plugin.so, which makes the entry known to RocksDB when it is loaded: "0.1.0". A program that is linked with it calls this once, so that a
 * linker with --as-needed keeps the library. */
LODESTONE_API const char *lodestone_plugin_version(void);

/* ---- while it runs ---- */

/* One JSON object, as in "databases" of `lodestone status -j`; docs/status.md describes its members. Yours, to be freed with lodestone_free. Never waits: it is
 * as old as the last sample. NULL with an error where the database has not been looked at yet (within the first agent.interval) or is closed. */
LODESTONE_API char *lodestone_status_json(const lodestone_t *tuner, char **errptr);
/* These are carried out by the agent's thread and waited for: a tick is milliseconds, an answer that takes ten seconds is an error, and may still come true.
 * What was done already is no error. */

/* Undoes a trial that runs, and tries nothing until lodestone_resume. What is kept stays; tripwires go on. */
LODESTONE_API void lodestone_pause(lodestone_t *tuner, char **errptr);
/* Also out of SAFE, where a change could not be put back and everything stopped; and a model that was given up is asked again. */
LODESTONE_API void lodestone_resume(lodestone_t *tuner, char **errptr);
/* Puts back everything that is kept, and a trial that runs; does not pause. An error says what could not be put back. */
LODESTONE_API void lodestone_rollback(lodestone_t *tuner, char **errptr);

#ifdef __cplusplus
}
#endif

#endif
