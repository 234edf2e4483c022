/* How wishes become a file: calibrate.c takes them one by one, calibrate_draft.c is the file in the making, calibrate_relations.c looks at what they are together. */
#ifndef LODE_TUNE_CALIBRATE_PRIVATE_H
#define LODE_TUNE_CALIBRATE_PRIVATE_H

#include "tune/calibrate.h"
#include "tune/space_table.h"

enum tune_touch { TUNE_UNTOUCHED, TUNE_WISHED, TUNE_MOVED };

struct tune_draft {
	const struct tune_space *space;
	const struct tune_config *from;
	const struct tune_limits *limits;
	struct tune_config *c;
	size_t families;
	unsigned char *touch; /* [option][family], enum tune_touch */
	struct tune_fix *fix;
	size_t nfix, wishes; /* the first `wishes` of fix are those of wishes, in their order */
	bool failed;	     /* out of memory */
	bool dropped;	     /* a wish was, after others had been moved for it */
};

unsigned char *tune_draft_touch(const struct tune_draft *d, const struct tune_option *o, size_t family);
/* One family's value (family is not looked at for options of the database). The default where the file does not say. */
const char *tune_draft_text(const struct tune_draft *d, const struct tune_config *c, const struct tune_option *o, size_t family, char buf[TUNE_VALUE_MAX]);
bool tune_draft_number(const struct tune_draft *d, const struct tune_option *o, size_t family, int64_t *v);
/* Is the option there to be set: not table options of a family with another table? */
bool tune_draft_has(const struct tune_draft *d, const struct tune_option *o, size_t family);
/* Another value than wished, or one that nobody wished, and why. */
void tune_draft_move(struct tune_draft *d, const struct tune_option *o, size_t family, const char *text, const char *why);
/* A wish is given up: back to what it was, in all families. */
void tune_draft_drop(struct tune_draft *d, const struct tune_option *o, const char *why);
/* What was moved without being wished is as it was. */
void tune_draft_undo_added(struct tune_draft *d);
/* Has each family one of its own, or is it the database's? */
bool tune_draft_per_family(const struct tune_option *o);
/* The text into the draft; what was wished stays so. */
void tune_draft_set(struct tune_draft *d, const struct tune_option *o, size_t family, const char *text, enum tune_touch touch);
/* How many families an option has: one if it is the database's. */
size_t tune_draft_places(const struct tune_draft *d, const struct tune_option *o);

/* Changes d until relations, exclusions and the memory budget hold. False: they do not. */
bool tune_draft_settle(struct tune_draft *d);

#endif
