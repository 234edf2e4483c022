/* See moment.h. */
#include "sense/moment.h"

#include <math.h>

void lode_moment_of(const struct lode_interval *window, uint64_t now_ns, struct lode_moment *out)
{
	double n = 0, us = 0;

	for (int op = 0; op < LODE_OP_N; op++) {
		n += (double)window->op[op].count;
		us += (double)window->op[op].sum_us;
	}
	*out = (struct lode_moment){.seconds = window->seconds,
				    .age_s = now_ns > window->end_ns ? (double)(now_ns - window->end_ns) / 1e9 : 0,
				    .ops = lode_interval_ops(window),
				    .mean_us = window->has_timers && n > 0 ? us / n : NAN,
				    .data_hit = lode_interval_data_hit(window),
				    .stall_share = lode_interval_stall_share(window),
				    .debt = (double)window->debt,
				    .l0_files = (double)window->l0_files,
				    .own = lode_interval_own(window)};
}
