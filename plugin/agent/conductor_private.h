/* The conductor's own memory, shared by its files: conductor.c (the tick), advice.c, asking.c (asking), experiment.c (trials and tripwires), memory.c (what was
 * learnt, by kind of work), watch.c (what was kept, afterwards), overrides.c (the options in force, and what others did to them), live.c (what is written and put back), settle.c (what stays in force), report.c (what is told). */
#ifndef LODE_AGENT_CONDUCTOR_PRIVATE_H
#define LODE_AGENT_CONDUCTOR_PRIVATE_H

#include "agent/asking.h"
#include "agent/capability.h"
#include "agent/conductor.h"
#include "agent/memory.h"
#include "guard/tripwire.h"
#include "judge/drift.h"
#include "record/journal.h"
#include "sense/others.h"

#define HISTORY 96   /* units kept: enough for the longest window and the A/A scales */
#define OUTCOMES 24
#define RECENT 20
#define KEPT_MAX 64
#define VISITS 12

struct recent { /* for status; the journal has it all */
	char ts[32];
	uint64_t trial;
	const char *what;
	char advisor[24], rule[48], summary[200], why[240];
	double effect, lo, hi;
};

struct kept { /* an option that is not as the application had it, because we proved better */
	int tunable;
	struct lode_write original, now;
	uint64_t trial; /* that proved it; 0: of an earlier life */
	double fill;    /* block cache: seconds that it took to fill then, 0 = not known */
};

struct visit { /* of a regime */
	char ts[32];
	uint32_t regime;
};

/* What a trial is for. From OTHER_WORK on it is a check: its treatment is kept already, its control the application's value. */
enum lode_purpose {
	LODE_PURPOSE_NEW,
	LODE_PURPOSE_STEP,       /* towards what is proven in this regime */
	LODE_PURPOSE_CONFIRM,    /* proven in this regime before */
	LODE_PURPOSE_OTHER_WORK, /* kept in another regime */
	LODE_PURPOSE_DRIFT,      /* kept, and slower than it was then */
	LODE_PURPOSE_SCHEDULED,  /* kept some time ago */
};
const char *lode_purpose_name(enum lode_purpose p);

struct lode_watch { /* watch.c */
	enum lode_purpose due;  /* the check that is wanted; NEW: none */
	uint64_t due_ns;        /* since when */
	uint64_t trial;         /* the last keep */
	uint64_t recheck_ns;    /* when that is looked at once more; 0: it has been */
	uint64_t changed_ns;    /* the last lasting change of options */
	uint64_t not_before_ns; /* no check for an alarm before this time */
	unsigned stood, invalid;
	struct lode_drift drift;
	struct lode_interval block; /* being filled */
	struct lode_baseline base;
	bool based;
};

struct lode_settle { /* settle.c: the last write, until no job is left that began before it */
	bool hazard, watching, undo;
	uint64_t jobs, installs;   /* running when it was made; versions installed by then */
	uint64_t since_ns;
	double wait_s;
	struct lode_write w[LODE_WRITE_MAX];
	size_t n;
};

struct counts {
	uint64_t proposals, refused, trials, kept, reverted, invalid, tripped, writes, calls, tokens, samples;
	uint64_t alarms, confirmed, put_back; /* of what was kept */
	uint64_t write_ns_max, write_ns, sample_ns;
};

struct lode_conductor {
	struct lode_host *host;
	struct lode_conductor_env env;
	const struct lode_config *config;
	struct lode_pace pace;
	struct lode_journal *journal;
	char id[64];
	uint64_t born_ns, born_wall_s;

	enum lode_phase phase;
	bool paused;
	enum { LODE_TIMERS_UNKNOWN, LODE_TIMERS_FIXED, LODE_TIMERS_DOWN, LODE_TIMERS_UP } timers; /* FIXED: not ours to switch */
	char why[240];          /* why nothing happens, or what does */
	uint64_t phase_ns;      /* since when */
	uint64_t ask_ns;        /* no question before this time */

	/* what is known */
	struct lode_sample *prev, *now; /* prev: the sample before */
	struct lode_interval last;      /* the last raw interval */
	struct lode_interval unit;      /* being filled */
	struct lode_interval *history;  /* ring of units, valid ones only */
	size_t history_n, history_at;
	struct lode_interval *window;   /* scratch: the last seconds added up */
	struct lode_state *state;
	struct lode_capability can;
	struct lode_machine machine;
	struct lode_others others;
	struct lode_workload workload;
	struct lode_workload trial_workload; /* what the trial's next block is compared with */
	struct lode_workload block_workload; /* of the block now running */
	uint64_t quiet_ns;      /* valid and undisturbed since */
	struct lode_policy policy;
	struct lode_steps steps;        /* policy borrows it */
	struct lode_account account;
	uint64_t pinned[(LODE_TUNABLE_MAX + 63) / 64]; /* by `lodestone pin`; those of guard.pin are in policy.locked alone */
	struct lode_tripwire trip;

	const char *own_why;    /* own.c: why the program's own metric is of no use now; NULL: it is */
	bool own_slow;
	char own_note[160];
	struct lode_goal {      /* goal.c: what the trial in flight, or the last one, is judged by */
		char judged_by[48], guards[160], note[200];
	} goal;

	/* what is in flight */
	struct lode_proposal proposal;
	int64_t from[LODE_CHANGES_MAX]; /* values before it; LODE_FROM_UNKNOWN */
	bool suggested;         /* proposal and plan wait for the operator */
	struct lode_plan plan;
	struct lode_trial *trial;
	enum lode_purpose purpose; /* of the plan that waits for its trial, or is on it */
	struct lode_proven offered; /* what the proposal is a part of, if it comes from memory */
	struct lode_pace trial_pace;
	double fill;            /* of the block cache on trial, seconds */
	bool treated;           /* plan.todo is live, or may be */
	bool doubt;             /* RocksDB could not write its OPTIONS file: what it shows may be the past */
	struct lode_settle settle;
	bool flushed_early;     /* in the last interval memtables went to disk long before they were full, which is not usual here */
	uint64_t early_flush_ns; /* when they did so last; 0: never */
	uint64_t arm_ns;        /* when the arm now live was applied */
	bool unsettled;         /* its block has not begun: jobs of the other arm are running */
	uint64_t next_id;
	unsigned failed_reverts;
	uint64_t watch_until_ns;

	/* what became of it all */
	struct kept kept[KEPT_MAX];
	size_t nkept;
	struct lode_memory memory;
	struct lode_watch watch;
	struct visit visit[VISITS]; /* regimes, the present one last */
	size_t nvisits;
	struct lode_outcome outcome[OUTCOMES];
	uint64_t outcome_ns[OUTCOMES];
	size_t noutcome;
	struct recent recent[RECENT];
	size_t nrecent;
	struct counts counts;
	struct lode_asking asking;
	uint32_t wants;         /* statistics that the advisor asked for: in its next question */
	struct lode_detail detail;
	const char *last_call;
	char advice[400], note[240];
	char statistics[8];
};

static inline uint64_t lode_seconds_ns(double s)
{
	return (uint64_t)(s * 1e9);
}

static inline uint64_t lode_conductor_now(const struct lode_conductor *c)
{
	return lode_clock_mono(c->env.clock);
}

/* overrides.c */
int lode_overrides_look(struct lode_conductor *c); /* the options as RocksDB has them; notices what others changed */
int lode_overrides_read(struct lode_conductor *c, const struct lode_write *w, size_t n); /* the same after these writes of ours */
/* The value found instead of ours is neither the old nor the new one: somebody else has written at the same moment. */
void lode_overrides_third(struct lode_conductor *c, const struct lode_write *w, const struct lode_write_report *rep);
void lode_overrides_release(struct lode_conductor *c, int tunable); /* its values stay as they are, and are not ours any more: nothing will put them back */
int lode_overrides_tunable(const struct lode_write *w); /* its row; -1: none */

/* live.c */
/* todo or undo of the plan, in calm times only; 0 only if it reads back; -EAGAIN: nothing was done, try again later */
int lode_live_apply(struct lode_conductor *c, bool treatment);
bool lode_live_start(struct lode_conductor *c, uint64_t seed, const char *design, const struct lode_baseline *b, const struct lode_trial_spec *s); /* the intent, on disk before anything is written */
void lode_live_settled(struct lode_conductor *c, uint64_t trial, const char *how);
bool lode_live_undo(struct lode_conductor *c);       /* the trial's changes back, at any time; false: SAFE or try again */
void lode_live_count(struct lode_conductor *c, const struct lode_write_report *rep);
void lode_live_keep(struct lode_conductor *c);       /* the plan is the new normal */
void lode_live_unkeep(struct lode_conductor *c);     /* the plan has been undone after it was kept */
bool lode_live_put_back(struct lode_conductor *c, const char *why); /* the plan, of kept changes, to the application's values; false: SAFE or try again */
void lode_live_list_kept(struct lode_conductor *c);  /* in the journal */
int lode_live_restore_kept(struct lode_conductor *c, const char *how);
void lode_live_recover(struct lode_conductor *c);

/* settle.c */
void lode_settle_before(struct lode_conductor *c, const struct lode_write *w, size_t n); /* around every write */
void lode_settle_after(struct lode_conductor *c, const struct lode_write *w, size_t n, bool undo);
void lode_settle_forget(struct lode_conductor *c, uint32_t cf, const char *key); /* somebody else's from now on */
bool lode_settle_tick(struct lode_conductor *c); /* true: older options may have been in force since the last tick; ours are again */

/* validity.c */
void lode_validity_look(struct lode_conductor *c); /* every tick, trial or not: what is usual here */
/* Has something happened in this interval that makes the trial worthless, whatever it would have shown? */
bool lode_validity_broken(const struct lode_conductor *c, char *why, size_t len);

/* report.c */
void lode_report_changes(const struct lode_conductor *c, const struct lode_plan *p, char *out, size_t len); /* "block_cache_size 8 MiB -> 512 MiB" */
void lode_report_recent(struct lode_conductor *c, const char *what, const char *why, const struct lode_verdict *v);
const char *lode_report_cf_name(const struct lode_conductor *c, uint32_t cf); /* for the operator's own eyes: status */
const char *lode_report_cf(const struct lode_conductor *c, uint32_t cf, char *buf, size_t len); /* for what is written down: cf3, unless log.names */

/* conductor.c */
#define SHIFT_DISTANCE LODE_REGIME_RADIUS /* of workloads: beyond it this is other work */
#define SHIFT_MIX 1.0     /* ... in a trial, of the mix alone, while the change is not live. Threads that read beside threads that write drift
			   * against each other all the time; pairs of blocks are made for that */
#define SHIFT_MIX_LIVE 1.6 /* ... while it is live: it may move the mix itself. Beyond this a kind of operation came or went */
void lode_conductor_phase(struct lode_conductor *c, enum lode_phase p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The last `seconds` of history added up. Returns the seconds that there were. */
double lode_conductor_window(const struct lode_conductor *c, double seconds, struct lode_interval *out);
const struct lode_interval *lode_conductor_past(const struct lode_conductor *c, size_t back); /* a unit of history; 0 = the newest */
void lode_conductor_forget(struct lode_conductor *c); /* what went before no longer compares with what comes */
struct lode_situation lode_conductor_situation(const struct lode_conductor *c);

/* advice.c */
void lode_advice_observe(struct lode_conductor *c);  /* phase OBSERVE: learn, ask, consider */
struct lode_outcome *lode_advice_outcome(struct lode_conductor *c); /* a fresh entry for the present proposal; the caller fills the rest */

void lode_advice_recall(struct lode_conductor *c);   /* before the journal has our "attach": what advice has cost before this process */
void lode_advice_learn(struct lode_conductor *c);    /* tripwires: how it is while nothing of ours is live */
const char *lode_advice_not_yet(struct lode_conductor *c); /* why nothing can be tried at this moment; NULL: it can */
void lode_advice_refuse(struct lode_conductor *c, const struct lode_refusal *r); /* the present proposal: told to the journal, status and the advisor */
/* The guard once more on the present proposal; 0, or -EPERM with the refusal told everywhere and appended to out (may be NULL). */
int lode_advice_recheck(struct lode_conductor *c, struct lode_buf *out);

bool lode_advice_poll(struct lode_conductor *c); /* an answer that is awaited, in every phase; false: there is none */

/* asking.c: of advisors that cost something */
double lode_asking_pause(const struct lode_conductor *c); /* the least time between two questions */
const char *lode_asking_not_yet(struct lode_conductor *c); /* why the model is not asked now, although a trial could be made; NULL: it is */
void lode_asking_begun(struct lode_conductor *c);          /* the question is on its way */
const char *lode_asking_stale(struct lode_conductor *c);   /* why the answer belongs to another world; NULL: it does not */
void lode_asking_answered(struct lode_conductor *c, const struct lode_reply *r, bool taken); /* taken: its proposal is considered */
void lode_asking_resume(struct lode_conductor *c);         /* the operator wants to see it asked */
void lode_asking_tell(struct lode_conductor *c);           /* journal and log, if the model's standing has changed */
void lode_asking_json(const struct lode_conductor *c, struct lode_json *j);

/* question.c */
#define LODE_ASKED_TREND 5
#define LODE_ASKED_LORE 6
struct lode_asked { /* a question with what it borrows; the rest is the conductor's, valid until its next tick */
	struct lode_question question;
	struct lode_moment trend[LODE_ASKED_TREND];
	struct lode_lore lore[LODE_ASKED_LORE];
};
const struct lode_question *lode_question_now(struct lode_conductor *c, struct lode_asked *a);   /* the present alone: enough for a diagnosis */
const struct lode_question *lode_question_whole(struct lode_conductor *c, struct lode_asked *a); /* with the past, and what was asked for and is in no sample: read now */
void lode_question_note(struct lode_conductor *c); /* the values before the present proposal, for its outcome */

/* memory.c */
void lode_memory_open(struct lode_conductor *c);    /* what an earlier life has learnt */
void lode_memory_note(struct lode_conductor *c);    /* the present regime into the journal */
void lode_memory_meet(struct lode_conductor *c, struct lode_workload *w); /* the work of the last seconds: which regime is it? */
uint32_t lode_memory_regime(const struct lode_conductor *c); /* 0: none yet */
void lode_memory_ban(struct lode_conductor *c, bool everywhere); /* the present proposal has failed: not again for a while */
void lode_memory_rolled_back(struct lode_conductor *c); /* all that is kept, before it is restored */
bool lode_memory_bans(struct lode_conductor *c, const struct lode_proposal *p, struct lode_refusal *r);
void lode_memory_learn(struct lode_conductor *c, const struct lode_verdict *v, bool tripped);
bool lode_memory_offer(struct lode_conductor *c, struct lode_proposal *out, enum lode_purpose *purpose); /* what was proven in this regime and is not in force */
void lode_memory_json(const struct lode_conductor *c, struct lode_json *j);

/* watch.c */
void lode_watch_look(struct lode_conductor *c);     /* every tick: drift, calendar */
void lode_watch_feed(struct lode_conductor *c);     /* phase WATCH */
bool lode_watch_first(struct lode_conductor *c);    /* true: a check comes before anything new */
void lode_watch_entered(struct lode_conductor *c);  /* another regime */
bool lode_watch_checks(const struct lode_conductor *c); /* is the trial a check of what is kept? */
bool lode_watch_stands(const struct lode_conductor *c); /* ... that leaves it as it is if it ends invalid? */
bool lode_watch_settled(const struct lode_conductor *c);
void lode_watch_length(struct lode_conductor *c, struct lode_trial_spec *s);
double lode_watch_fill(const struct lode_conductor *c);
void lode_watch_ended(struct lode_conductor *c, enum lode_verdict_kind kind);
bool lode_watch_provisional(const struct lode_conductor *c); /* in WATCH: what was kept for other work */
void lode_watch_restart(struct lode_conductor *c);
void lode_watch_json(const struct lode_conductor *c, struct lode_json *j);

/* qualify.c */
void lode_qualify_begin(struct lode_conductor *c); /* the present plan goes on trial as soon as it can be timed */
void lode_qualify_feed(struct lode_conductor *c);
void lode_qualify_rest(struct lode_conductor *c);  /* after everything: no timers where nothing is judged */
void lode_qualify_close(struct lode_conductor *c);
bool lode_qualify_skips(const struct lode_conductor *c);
const char *lode_qualify_judged_by(const struct lode_conductor *c); /* what a trial in this database would hang on */

/* goal.c */
int lode_goal_prepare(struct lode_conductor *c, const struct lode_interval *past, size_t n, struct lode_baseline *b, struct lode_trial_spec *s);
void lode_goal_json(const struct lode_conductor *c, const struct lode_baseline *b, const struct lode_trial_spec *s, struct lode_json *j); /* members of the intent */
void lode_goal_status(const struct lode_conductor *c, struct lode_json *j);
const char *lode_goal_not_yet(struct lode_conductor *c); /* why the objective asks for nothing now; NULL: it does */
const char *lode_goal_judged_by(const struct lode_conductor *c);
void lode_goal_policy(const struct lode_conductor *c, struct lode_policy *p); /* SLOs for the tripwires */

/* own.c */
void lode_own_take(struct lode_conductor *c, const struct lode_sample *before, struct lode_sample *now);
const char *lode_own_not_yet(struct lode_conductor *c);
void lode_own_json(const struct lode_conductor *c, struct lode_json *j);   /* its name, and which way is better */
void lode_own_status(const struct lode_conductor *c, struct lode_json *j); /* member "metric"; nothing where there is none */

/* account.c */
struct lode_expo;
void lode_account_recall(struct lode_conductor *c);  /* what the journal remembers: harm, steps, pins */
const char *lode_account_not_yet(struct lode_conductor *c); /* the budget is used up; NULL: it is not */
/* Reserves the worst case of the trial that is about to begin. NULL, or why it must not. */
const char *lode_account_begin(struct lode_conductor *c, const struct lode_trial_spec *spec, const struct lode_baseline *b, const struct lode_interval *window);
void lode_account_cancel(struct lode_conductor *c);  /* it has not begun after all */
void lode_account_feed(struct lode_conductor *c);    /* every tick */
bool lode_account_exceeded(struct lode_conductor *c); /* ends the trial if it has used up its part */
void lode_account_end(struct lode_conductor *c, bool kept, bool tripped);
void lode_account_tripped_later(struct lode_conductor *c); /* after a keep */
void lode_account_close(struct lode_conductor *c);
void lode_account_free(struct lode_conductor *c);
void lode_account_json(const struct lode_conductor *c, struct lode_json *j);
void lode_account_metrics(const struct lode_conductor *c, struct lode_expo *e, const char *db);

/* pins.c */
void lode_pins_journal(struct lode_conductor *c);    /* both lists, whole */
void lode_pins_json(const struct lode_conductor *c, struct lode_json *j);

/* experiment.c */
void lode_experiment_begin(struct lode_conductor *c); /* the present plan goes on trial */
void lode_experiment_feed(struct lode_conductor *c);
void lode_experiment_cooldown(struct lode_conductor *c);
bool lode_experiment_tripped(struct lode_conductor *c);
void lode_experiment_stop(struct lode_conductor *c, enum lode_verdict_kind kind, const char *why, const char *trip);
void lode_experiment_give_up(struct lode_conductor *c, const char *why);
void lode_experiment_close(struct lode_conductor *c);

#endif
