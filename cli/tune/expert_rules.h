/* What the built-in rules would do to an OPTIONS file, as a table: what each sees, what it would set, why, and who says so. */
#ifndef LODE_TUNE_EXPERT_RULES_H
#define LODE_TUNE_EXPERT_RULES_H

#include "tune/facts.h"
#include "tune/propose.h"

struct tune_eyes { /* what rules look at */
	const struct tune_view *v;
	struct tune_facts f;
	double memory, cores; /* that may be used; memory 0: not known */
	bool form;	      /* a file that would write the database in another form shows what that is worth */
};

enum tune_how {
	TUNE_NONE,
	TUNE_SET,   /* to the word */
	TUNE_AT_LEAST, /* the amount, if it is less now */
	TUNE_TIMES, /* the amount times what it is */
	TUNE_PART,  /* the amount of the memory that may be used, if it is less now */
	TUNE_CORES, /* the amount times the processors, at least 2, if it is less now */
	TUNE_LEVEL0, /* the amount times the size of level 0 when its compaction begins, if it is less now */
};

struct tune_step {
	const char *option;
	enum tune_how how;
	double amount;
	const char *word;
};

#define TUNE_STEPS_MAX 5
struct tune_expert_rule {
	const char *name;
	bool (*sees)(const struct tune_eyes *e);
	struct tune_step step[TUNE_STEPS_MAX];
	double sure;   /* that it pays where it sees its case, 0..1: also their order */
	bool climbs;   /* after it was kept it may go on the same way */
	const char *reason; /* a sentence, also shown to people */
	const char *source;
	bool form;     /* acts where files are written: reads of a database that is not filled anew do not see it */
};

extern const struct tune_expert_rule tune_expert_rules[];
extern const size_t tune_expert_rule_count;

/* The option's value in the best file: a number; NAN if it is none, is not there, or may not be changed. */
double tune_eyes_number(const struct tune_eyes *e, const char *option);
/* Its text; "" likewise. */
const char *tune_eyes_text(const struct tune_eyes *e, const char *option, char *buf, size_t len);

#endif
