/* How far one change may go: a trust region for each tunable and direction. The first step is the row's; what was proven good may be followed a little
 * further (x1.1), what did harm is tried more gently (/1.5), as in OnlineTune's subspace adaptation (Zhang et al., SIGMOD 2022). Pure values. The hard bounds
 * and the memory budget hold whatever stands here. */
#ifndef LODE_GUARD_STEPS_H
#define LODE_GUARD_STEPS_H

#include "guard/state.h"

#define LODE_STEP_WIDEN 1.1
#define LODE_STEP_SHRINK 1.5
#define LODE_STEP_LEAST 1.25 /* a factor below this would be lost in the noise */
#define LODE_STEP_MOST 2.0	 /* times the row's step */

struct lode_steps {
	float scale[2][LODE_TUNABLE_MAX]; /* down, up: times the row's step; 0 = 1, nothing is known */
};

enum lode_step_news { LODE_STEP_BAD = -1, LODE_STEP_NOTHING /* invalid, or undecided: changes nothing */, LODE_STEP_GOOD };

/* The factor that one change may move this tunable by, down or up; 0 = any. */
double lode_steps_factor(const struct lode_steps *s, int tunable, bool up);
/* What a trial has taught. Returns whether the factor has changed. */
bool lode_steps_learn(struct lode_steps *s, int tunable, bool up, enum lode_step_news news);
/* Takes back what a journal remembers; a scale that cannot be is left out. */
void lode_steps_set(struct lode_steps *s, int tunable, bool up, double scale);

#endif
