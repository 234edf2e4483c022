/* Verdicts in words: a sentence with numbers that an operator reads in the journal, and a model in its next prompt. */
#include "judge/design.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

const char *lode_verdict_name(enum lode_verdict_kind v)
{
	static const char *const name[] = {"none", "keep", "revert", "invalid"};

	return (unsigned)v < sizeof(name) / sizeof(name[0]) ? name[v] : "?";
}

void lode_trial_end(struct lode_trial *t, enum lode_verdict_kind kind, enum lode_metric worst, const char *fmt, ...)
{
	va_list ap;

	t->verdict.kind = kind;
	t->verdict.worst = worst;
	t->verdict.seconds = lode_trial_elapsed(t);
	va_start(ap, fmt);
	vsnprintf(t->verdict.why, sizeof(t->verdict.why), fmt, ap);
	va_end(ap);
	lode_trial_want(t, kind == LODE_VERDICT_KEEP ? LODE_TREATMENT : LODE_CONTROL);
}

const char *lode_verdict_effect(const struct lode_verdict *v, char *buf, size_t len)
{
	const char *name = lode_metric_name[v->primary];
	bool falls = lode_metric_falls(v->primary);

	if (!isfinite(v->effect))
		snprintf(buf, len, "%s: no effect measured", name);
	else if (isfinite(v->lo) && isfinite(v->hi))
		snprintf(buf, len, "%s %+.1f %% (%+.1f %% to %+.1f %%)", name, falls ? -100 * v->effect : 100 * v->effect,
			 falls ? -100 * v->hi : 100 * v->lo, falls ? -100 * v->lo : 100 * v->hi);
	else
		snprintf(buf, len, "%s %+.1f %%", name, falls ? -100 * v->effect : 100 * v->effect);
	return buf;
}

const char *lode_verdict_harm(enum lode_metric m, double d, char *buf, size_t len)
{
	if (m == LODE_M_STALL)
		snprintf(buf, len, "stalls take %.1f %% more of the time", -100 * d);
	else if (m >= LODE_M_GET_TAIL && m <= LODE_M_SEEK_TAIL)
		snprintf(buf, len, "%s: %.2f times as many slow operations", lode_metric_name[m], exp(-d));
	else
		snprintf(buf, len, "%s: %+.1f %%", lode_metric_name[m], 100 * expm1(lode_metric_falls(m) ? -d : d));
	return buf;
}
