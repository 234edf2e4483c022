/* What was learnt, per kind of work: what is proven there, what failed there and until when not to try it again. Values: nothing here reads a database
 * or the time. lessons.c has the rules, memory_store.c writes and reads it as journal records, memory.c is the conductor's side. */
#ifndef LODE_AGENT_MEMORY_H
#define LODE_AGENT_MEMORY_H

#include "guard/proposal.h"
#include "judge/regime.h"
#include "judge/trial.h"
#include "record/journal.h"
#include "record/journal_read.h"

#define LODE_PROVEN_MAX 8
#define LODE_FAILED_MAX 24
#define LODE_EVERYWHERE 0u /* the lesson of no regime: what tripped a wire, what the operator rejected */
#define LODE_DOUBTS_MAX 2  /* unconfirmed so often in a row: no longer proven */
#define LODE_TIMES_MAX 16u

struct lode_proven {
	struct lode_change change[LODE_CHANGES_MAX];
	size_t n;
	double effect, lo, hi; /* relative, as in the verdict */
	unsigned pairs, times; /* of the last trial; trials that proved it */
	unsigned doubts;       /* trials since that did not */
	int decade;            /* of the data's bytes: floor(log10) */
	char rocksdb[32];
	unsigned tries;        /* in this visit; not written down */
};

struct lode_failed {
	int tunable;
	bool up;
	unsigned times;
	uint64_t until_ns; /* monotonic */
};

struct lode_lesson {
	uint32_t regime;
	struct lode_proven proven[LODE_PROVEN_MAX]; /* oldest first */
	size_t nproven;
	struct lode_failed failed[LODE_FAILED_MAX];
	size_t nfailed;
};

struct lode_memory {
	struct lode_regimes book;
	struct lode_lesson lesson[LODE_REGIMES_MAX + 1]; /* [0]: LODE_EVERYWHERE */
};

void lode_memory_init(struct lode_memory *m);
/* The regime's lesson. Makes one for a regime of the book; NULL for one that is not in it. */
struct lode_lesson *lode_memory_lesson(struct lode_memory *m, uint32_t regime);

/* This direction failed again: not before one cooldown has passed, the next time two, then four ... */
void lode_lesson_fail(struct lode_lesson *l, int tunable, bool up, uint64_t now_ns, double cooldown_s);
void lode_lesson_forgive(struct lode_lesson *l, int tunable, bool up);
/* Of this lesson and of what holds everywhere: the ban that lasts longest. NULL: none at this time. */
const struct lode_failed *lode_memory_banned(struct lode_memory *m, uint32_t regime, int tunable, bool up, uint64_t now_ns);
/* Proven: takes the place of what was proven for the same options. */
void lode_lesson_prove(struct lode_lesson *l, const struct lode_proven *p);
struct lode_proven *lode_lesson_find(struct lode_lesson *l, const struct lode_change *change, size_t n); /* the same options, whatever the values; NULL */
void lode_lesson_drop(struct lode_lesson *l, struct lode_proven *p);
void lode_lesson_withdraw(struct lode_lesson *l, int tunable); /* nothing that has to do with this option is proven any more */
/* Is this value of this option proven there? cf: RocksDB's id, ignored for other scopes. */
bool lode_lesson_holds(const struct lode_lesson *l, int tunable, uint32_t cf, int64_t value);

/* Members of a record "memory": one regime with all that is known of it. */
void lode_memory_write(struct lode_memory *m, uint32_t regime, uint64_t now_ns, uint64_t wall_us, struct lode_json *j);
/* Such a record replaces what is known of its regime. False: not such a record, or damaged; then nothing is changed. max_s: no ban is longer. */
bool lode_memory_read(struct lode_memory *m, const struct lode_record *r, uint64_t now_ns, uint64_t wall_us, double max_s);
/* All that stands in a journal and in the one that was set aside before it. True: only the latter knows anything, so write it down again. */
bool lode_memory_load(struct lode_memory *m, const char *path, uint64_t now_ns, uint64_t wall_us, double max_s);

#endif
