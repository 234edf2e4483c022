/* Who proposes. Two real advisors (expert, llm) and two for tests (random, adversarial) behind one face. No advisor can write an option:
 * all it has is values, and all it gives is a proposal. */
#ifndef LODE_ADVISE_ADVISOR_H
#define LODE_ADVISE_ADVISOR_H

#include "advise/budget.h"
#include "advise/lore.h"
#include "base/clock.h"
#include "guard/check.h"
#include "judge/objective.h"
#include "judge/regime.h"
#include "sense/detail.h"
#include "sense/moment.h"
#include "sense/workload.h"

#define LODE_FROM_UNKNOWN INT64_MIN

/* One earlier proposal and what became of it: the feedback of the loop. */
struct lode_outcome {
	struct lode_proposal proposal;
	uint64_t regime;
	double age_s;
	enum { LODE_OUT_REFUSED, LODE_OUT_KEPT, LODE_OUT_REVERTED, LODE_OUT_INVALID, LODE_OUT_TRIPPED } what;
	struct lode_refusal refusal; /* LODE_OUT_REFUSED */
	struct lode_verdict verdict; /* the rest */
	int64_t from[LODE_CHANGES_MAX]; /* the value before, of the first family that was to be changed; LODE_FROM_UNKNOWN */
};

struct lode_question { /* everything borrowed, valid during ask only */
	struct lode_situation now;      /* state, sample, machine, policy */
	const struct lode_interval *window;  /* the last ~30 s, added up */
	const struct lode_workload *workload;
	const struct lode_regimes *regimes;  /* the kinds of work that were seen here; may be NULL */
	const struct lode_outcome *history;  /* oldest first */
	size_t nhistory;
	const struct lode_objective *objective; /* NULL: balanced, no SLOs */
	const char *rocksdb_version;
	/* for the prompt; all of it may be missing (NULL, 0, NAN) */
	const struct lode_moment *trend; /* stretches of equal length of this work, without a trial, oldest first; the last ends now */
	size_t ntrend;
	enum lode_loop loop;             /* who sets the pace: clients that wait, or work that comes by itself */
	double waiting;                  /* share of a client's cycle that it waits for the database */
	double others;                   /* processors that others on this machine use */
	const struct lode_lore *lore;    /* the present kind of work first, then those left last */
	size_t nlore;
	double harm_left;                /* share of the day's harm budget */
	unsigned trials_left;            /* UINT_MAX: no limit */
	struct lode_cost left;          /* of the model's budget, before this call: LODE_UNLIMITED where there is no limit; all 0: not known */
	uint32_t wants;                 /* what the last answer about this database asked for: a bit per enum lode_extra (advise/extra.h) */
	const struct lode_detail *detail; /* what had to be read for that; NULL: nothing */
};

enum lode_answer {
	LODE_ANSWER_PROPOSAL,
	LODE_ANSWER_NOTHING, /* nothing to propose now: *why says it */
	LODE_ANSWER_WAIT,    /* the network is at work: poll again */
	LODE_ANSWER_FAILED,  /* outcome and why say what went wrong; nothing changes */
};

/* Names for what became of a model call, for journal and metrics (hosting.md 3.2). */
#define LODE_CALLS(X) \
	X(OK, "ok") X(NO_CHANGE, "no-change") X(WANTS, "wants-statistics") X(REFUSED, "refused-by-guard") X(NOT_CONFIGURED, "not-configured") X(NO_KEY, "no-key") X(CONNECT, "connect-failed") X(TIMEOUT, "timeout") \
	X(TLS, "tls-failed") X(RELAY, "relay-unreachable") X(RELAY_REFUSED, "relay-refused") X(CLOSED, "connection-closed") X(TOO_BIG, "reply-too-big") X(HTTP, "http-error") X(AUTH, "unauthorized") \
	X(QUOTA, "quota-exhausted") X(RATE_LIMIT, "rate-limited") X(OVERLOADED, "overloaded") X(SERVER, "server-error") X(REDIRECT, "redirected") X(NOT_FOUND, "not-found") \
	X(TOO_LONG, "prompt-too-long") X(STREAM, "event-stream") X(NOT_JSON, "not-json") X(API_ERROR, "api-error") X(NO_CHOICES, "no-choices") \
	X(TOOLS, "tool-call") X(UNFINISHED, "unknown-ending") X(REFUSAL, "model-refused") X(TRUNCATED, "truncated") X(FILTERED, "content-filtered") X(EMPTY, "empty-content") X(BAD_CONTENT, "content-not-json") \
	X(DUPLICATE_KEY, "duplicate-key") X(SCHEMA, "schema-violation") X(UNKNOWN_OPTION, "unknown-option") X(BAD_VALUE, "malformed-value") \
	X(BUDGET, "budget-exhausted") X(CIRCUIT, "circuit-open") X(REPLAY_DIFFERS, "replay-differs") X(REPLAY_END, "replay-ended") \
	X(CANCELLED, "cancelled") X(INTERNAL, "internal-error")
enum lode_call {
#define X(id, name) LODE_CALL_##id,
	LODE_CALLS(X)
#undef X
	LODE_CALL_N
};
const char *lode_call_name(enum lode_call c);

#define LODE_DIALECT_TEXT 96

struct lode_reply {
	enum lode_answer answer;
	struct lode_proposal proposal;
	enum lode_call call;     /* llm: what became of it; LODE_CALL_OK for others */
	char why[400];           /* NOTHING, FAILED: a sentence */
	uint32_t wants;          /* statistics for the next question about the same database, with or without a proposal: lode_question's */
	bool complained;         /* the round's one complaint about an answer was made; there is none left for the guard's */
	char dialect[LODE_DIALECT_TEXT];        /* llm: what this round taught about the server, for lode_advisor_ops' remember; "": nothing new */
	uint64_t prompt_tokens, completion_tokens; /* 0 = unknown */
	unsigned calls;          /* that were made */
	struct lode_cost cost;   /* of those, as booked; WAIT: what the round may cost at the most */
	double seconds;          /* network time */
	char model[64];          /* as the server named it */
	char wording[80];        /* llm: versions of the prompt's fixed texts */
	char note[240];          /* what else is to be told: where a replayed request was another */
	char *raw;               /* malloc'd: the model's content, cut to 16 KiB, for the journal; NULL. The caller frees. */
};

/* May it be asked, why not, and what is left. */
struct lode_standing {
	enum lode_may may;
	char why[400];            /* may != CALL: a sentence; after failures with what was said last */
	char mend[240];           /* what to do about it, or "" */
	enum lode_call call;      /* of the last failure; OK: the last round was none */
	double wait_s;            /* until it may be asked again; 0: now; INFINITY: not by itself */
	unsigned failures, trips; /* in a row; openings of the circuit in a row */
	struct lode_cost left;    /* of the hour and the day; LODE_UNLIMITED: no limit */
	struct lode_cost max;     /* 0: no limit */
};

/* All calls of this process so far. */
struct lode_traffic {
	uint64_t outcome[LODE_CALL_N]; /* calls by what became of each */
	uint64_t calls, tokens_in, tokens_out, nano;
	double seconds;
};

struct lode_advisor;
struct lode_advisor_ops {
	const char *name;
	/* Starts a round. expert, random and adversarial answer at once; llm answers WAIT and hands the work to its thread. */
	void (*ask)(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out);
	void (*poll)(struct lode_advisor *a, struct lode_reply *out); /* after WAIT */
	/* Exactly the bytes that would be sent (llm) or a description of what would be looked at. */
	int (*prompt)(struct lode_advisor *a, const struct lode_question *q, struct lode_buf *out);
	/* What advice has cost in an earlier life counts against the budget. From the thread that asks, at any time; NULL: advice is free. */
	void (*recall)(struct lode_advisor *a, struct lode_budget *spent);
	/* From any thread. NULL, all three: it is always ready, and costs nothing. */
	void (*standing)(struct lode_advisor *a, struct lode_standing *out);
	void (*traffic)(struct lode_advisor *a, struct lode_traffic *out);
	void (*resume)(struct lode_advisor *a); /* the operator says that whatever stopped it is mended */
	/* The guard refused a fresh proposal: the same question once more, seen from now, with the complaint. Fills *out as ask does. NULL: it cannot. */
	void (*complain)(struct lode_advisor *a, const struct lode_question *q, const struct lode_proposal *refused, const struct lode_refusal *why,
			 struct lode_reply *out);
	/* What an earlier life has learnt about the server (lode_reply's dialect). Before the first question; NULL: there is nothing to learn. */
	void (*remember)(struct lode_advisor *a, const char *dialect);
	void (*cancel)(struct lode_advisor *a); /* from any thread: make a running call end now; returns at once */
	void (*free)(struct lode_advisor *a);
};
struct lode_advisor {
	const struct lode_advisor_ops *ops;
};

enum lode_api { LODE_API_CHAT, LODE_API_ANTHROPIC }; /* chat completions; Anthropic's messages */

struct lode_llm_config { /* all strings borrowed for the advisor's life */
	enum lode_api api;
	const char *url;        /* base, "http://127.0.0.1:8080/v1", or a relay, "unix:/run/lodestone/relay.sock"; what is posted to: lode_dialect_url */
	const char *model;
	const char *key_file;   /* mode 0600, read when needed; NULL or "": credentials directory, then key */
	const char *credentials_dir; /* $CREDENTIALS_DIRECTORY as it was at start, or NULL; its file lodestone-api-key */
	const char *key;        /* from the environment, or NULL */
	const char *ca_file;
	const char *proxy;      /* "none" or a URL */
	double timeout_s;       /* of one call, default 120 */
	unsigned retries;       /* default 1 */
	unsigned calls_per_hour, tokens_per_day; /* 0 = no limit */
	double money_per_day;   /* in the unit of the prices; 0 = no limit */
	double price_in, price_out; /* of a million tokens */
	int max_tokens;         /* of the answer, default 2000 */
	double temperature;     /* default 0.2; < 0: do not send */
	unsigned prompt_tokens; /* of both texts, at the most; 0: the default */
	const char *prompt_dir; /* with texts in place of the built-in ones (wording.h); NULL or "": those */
	const char *record, *replay; /* files; NULL or "": none */
	bool replay_loose;
	const struct lode_clock *clock; /* NULL: the real one. Another only with replay, which takes no time */
};

struct lode_advisor *lode_advisor_expert(void);
struct lode_advisor *lode_advisor_random(uint64_t seed);      /* test: random values from the whole table, valid and absurd */
struct lode_advisor *lode_advisor_adversarial(uint64_t seed); /* test: the worst that can be said */
struct lode_advisor *lode_advisor_llm(const struct lode_llm_config *c, struct lode_err *err);

#endif
