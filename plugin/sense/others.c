/* See others.h. The kernel counts in ticks of a hundredth of a second, so short intervals are coarse; the mean evens that out. */
#include "sense/others.h"

#include <math.h>

#define FORGET_S 60.0
#define LEAST_S 0.05 /* between two readings: a few ticks */

void lode_others_feed(struct lode_others *o, double busy_s, const struct lode_sample *s)
{
	double seconds = o->at_ns && s->mono_ns > o->at_ns ? (double)(s->mono_ns - o->at_ns) / 1e9 : 0;

	if (isnan(busy_s) || busy_s <= 0 || (o->at_ns && (busy_s == o->busy_s || seconds < LEAST_S))) /* the same reading, or nobody did anything */
		return;
	if (seconds > 0 && busy_s > o->busy_s && s->process_cpu_ns >= o->own_ns) {
		double cores = fmax(0, (busy_s - o->busy_s) - (double)(s->process_cpu_ns - o->own_ns) / 1e9) / seconds;
		double weight = o->known ? fmin(1, seconds / FORGET_S) : 1;

		o->cores = o->known ? o->cores + weight * (cores - o->cores) : cores;
		o->known = true;
	}
	o->at_ns = s->mono_ns;
	o->own_ns = s->process_cpu_ns;
	o->busy_s = busy_s;
}

double lode_others_cores(const struct lode_others *o)
{
	return o->known ? o->cores : NAN;
}
