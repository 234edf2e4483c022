/* See steps.h. */
#include "guard/steps.h"

#include <math.h>

static double scale_of(const struct lode_steps *s, int tunable, bool up)
{
	float v = s && tunable >= 0 && tunable < LODE_TUNABLE_MAX ? s->scale[up][tunable] : 0;

	return v > 0 ? (double)v : 1;
}

static double least(int tunable)
{
	return fmin(1, LODE_STEP_LEAST / lode_tunables[tunable].step);
}

double lode_steps_factor(const struct lode_steps *s, int tunable, bool up)
{
	double step = lode_tunables[tunable].step;

	return step > 0 ? step * scale_of(s, tunable, up) : 0;
}

bool lode_steps_learn(struct lode_steps *s, int tunable, bool up, enum lode_step_news news)
{
	float old, scale;

	if (tunable < 0 || tunable >= lode_tunable_count || !(lode_tunables[tunable].step > 0) || news == LODE_STEP_NOTHING)
		return false;
	old = (float)scale_of(s, tunable, up);
	scale = (float)(news == LODE_STEP_GOOD ? fmin(LODE_STEP_MOST, (double)old * LODE_STEP_WIDEN) : fmax(least(tunable), (double)old / LODE_STEP_SHRINK));
	s->scale[up][tunable] = scale;
	return scale != old;
}

void lode_steps_set(struct lode_steps *s, int tunable, bool up, double scale)
{
	if (tunable >= 0 && tunable < lode_tunable_count && lode_tunables[tunable].step > 0 && scale > 0 && scale <= LODE_STEP_MOST)
		s->scale[up][tunable] = (float)fmax(least(tunable), scale);
}
