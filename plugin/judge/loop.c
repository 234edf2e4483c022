/* Closed or open? A client that waits for each answer asks less often when answers take longer: with a cycle of think time Z and service time S its rate
 * is 1 / (Z + S), and the slope of log(rate) over log(S) is -S / (Z + S). Work that comes at its own rate does not care: slope 0. The service time wanders
 * by itself, so a quiet history is experiment enough. */
#include "judge/loop.h"

#include <math.h>

#define LEAST_UNITS 8
#define LEAST_SPREAD 0.005 /* of log(service time): with less there is nothing to see */
#define CLOSED 0.5	   /* half of what a faster database gains would show as throughput */
#define SURE 2		   /* standard errors that the slope must be away from that line */

const char *lode_loop_name(enum lode_loop l)
{
	static const char *const names[] = {"unknown", "closed", "open"};

	return (unsigned)l < sizeof(names) / sizeof(names[0]) ? names[l] : "?";
}

/* log(rate) and log(mean service time), the latter at the mix of the whole history, so that a changed mix is no changed time. */
static bool point(const struct lode_interval *iv, const double mix[LODE_OP_N], double *rate, double *time)
{
	double cost = 0, n = 0;

	if (iv->invalid || !iv->has_timers || iv->stopped_s > 0 || !(iv->seconds > 0))
		return false;
	for (int k = 0; k < LODE_OP_N; k++) {
		if (!(mix[k] > 0))
			continue;
		if (!iv->op[k].count)
			return false;
		cost += mix[k] * (double)iv->op[k].sum_us / (double)iv->op[k].count;
		n += (double)iv->op[k].count;
	}
	if (!(cost > 0) || !(n > 0))
		return false;
	*rate = log(n / iv->seconds);
	*time = log(cost);
	return true;
}

static void mix_of(const struct lode_interval *history, size_t n, double mix[LODE_OP_N])
{
	double all = 0;

	for (int k = 0; k < LODE_OP_N; k++) {
		mix[k] = 0;
		for (size_t i = 0; i < n; i++)
			mix[k] += history[i].invalid ? 0 : (double)history[i].op[k].count;
		all += mix[k];
	}
	for (int k = 0; k < LODE_OP_N; k++) /* rare kinds only make noise, and are missing now and then */
		mix[k] = all > 0 && mix[k] / all >= 0.02 ? mix[k] / all : 0;
}

enum lode_loop lode_loop_of(const struct lode_interval *history, size_t n, double *share)
{
	double mix[LODE_OP_N], r, t, count = 0, sr = 0, st = 0, stt = 0, srt = 0, srr = 0, slope, error;

	if (share)
		*share = NAN;
	mix_of(history, n, mix);
	for (size_t i = 0; i < n; i++) {
		if (!point(&history[i], mix, &r, &t))
			continue;
		count++;
		sr += r, st += t, srr += r * r, stt += t * t, srt += r * t;
	}
	if (count < LEAST_UNITS)
		return LODE_LOOP_UNKNOWN;
	srr -= sr * sr / count, stt -= st * st / count, srt -= sr * st / count;
	if (stt / count < LEAST_SPREAD * LEAST_SPREAD)
		return LODE_LOOP_UNKNOWN;
	slope = -srt / stt;
	error = sqrt(fmax(0, srr - srt * srt / stt) / (count - 2) / stt);
	if (share)
		*share = fmax(0, fmin(1, slope));
	if (fabs(slope - CLOSED) < SURE * error)
		return LODE_LOOP_UNKNOWN;
	return slope > CLOSED ? LODE_LOOP_CLOSED : LODE_LOOP_OPEN;
}
