/* A wish, who has it and why; and what becomes of it: a plan that can be done and undone, or a refusal that says what would pass. */
#ifndef LODE_GUARD_PROPOSAL_H
#define LODE_GUARD_PROPOSAL_H

#include "guard/state.h"

#define LODE_CHANGES_MAX 8

struct lode_change {
	int tunable;      /* index into lode_tunables */
	uint32_t cf;      /* RocksDB id or LODE_CF_ALL; ignored for DB and CACHE */
	int64_t value;
};

/* What an advisor expects of one metric. This room does not know them: the number is an enum lode_metric (judge/metric.h). */
struct lode_expectation {
	int metric;
	double gain; /* as lode_metric_gain says it: 0.2 = 20 %, positive is better. To hold against it afterwards: lode_verdict's metric[] */
};
#define LODE_EXPECT_MAX 16

struct lode_proposal {
	uint64_t id;      /* set by the agent; unique in a journal */
	char advisor[24]; /* "expert", "llm", ... */
	char rule[48];    /* expert rule or model name */
	char why[600];    /* for people; a model's text is escaped and cut, never interpreted */
	struct lode_change change[LODE_CHANGES_MAX];
	char reason[LODE_CHANGES_MAX][120]; /* of each change, as why is; "" = none given */
	size_t n;
	double expect;    /* expected relative improvement, 0.2 = 20 %; NAN = none stated. Of what the change is for: the first of expects */
	struct lode_expectation expects[LODE_EXPECT_MAX]; /* no metric twice */
	size_t nexpects;
	double confidence; /* 0..1; NAN */
};

/* The rule that refused, as a stable word for journal, metrics and prompt. */
#define LODE_RULES(X) \
	X(NONE, "none") X(UNKNOWN, "unknown-option") X(ABSENT, "not-in-this-rocksdb") X(FORBIDDEN, "forbidden") X(OPTIN, "needs-opt-in") \
	X(PINNED, "pinned") X(MANUAL, "changed-by-operator") X(CF, "unknown-column-family") X(VALUE, "malformed-value") X(BOUNDS, "out-of-bounds") \
	X(STEP, "step-too-large") X(RELATION, "relation") X(MEMORY, "memory-budget") X(DEBT, "compaction-debt") X(LAG, "cannot-be-judged-live") \
	X(STOPPED, "writes-stopped") X(UNSEEN, "reads-not-seen") X(EMPTY, "changes-nothing") X(DUPLICATE, "duplicate-change") X(COOLDOWN, "cooling-down") X(TOO_MANY, "too-many-changes") \
	X(IMAGE, "not-changeable-here")
enum lode_rule {
#define X(id, name) LODE_RULE_##id,
	LODE_RULES(X)
#undef X
	LODE_RULE_N
};
const char *lode_rule_name(enum lode_rule r);

struct lode_refusal {
	enum lode_rule rule;
	int change;       /* index into the proposal's changes, -1 = the whole */
	char why[400];    /* names option, value and what would pass; numbers and option names only: it goes into the next prompt */
};

struct lode_plan {
	struct lode_write todo[LODE_WRITE_MAX];
	struct lode_write undo[LODE_WRITE_MAX]; /* same order, old values to the byte */
	int tunable[LODE_WRITE_MAX];
	size_t n;
	enum lode_lag lag;  /* the slowest of its changes */
	uint64_t settle, cycle; /* bytes into level 0 until the tree has the shape that this asks for, and in one filling of level 0; 0: no leveled tree */
	int64_t memory;     /* additional bytes it may cost; negative frees */
	char note[160];     /* side effects that a person should know; empty if none */
};

#endif
